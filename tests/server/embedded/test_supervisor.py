from __future__ import annotations

import itertools

from vxdata.server.embedded.supervisor import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MAX_FAILURES,
    STABLE_SECONDS,
    Backoff,
)


def test_pauses_double_up_to_a_limit() -> None:
    backoff = Backoff()
    pauses = [backoff.note_failure(float(number)) for number in range(MAX_FAILURES)]
    assert pauses[0] == FIRST_PAUSE
    assert all(later == min(2 * earlier, LONGEST_PAUSE) for earlier, later in itertools.pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE
    assert backoff.failures == MAX_FAILURES
    assert backoff.seconds(60.0) == 60.0


def test_a_child_that_was_ready_for_a_while_has_recovered_and_one_that_was_not_has_not() -> None:
    backoff = Backoff()
    for number in range(3):
        backoff.note_failure(float(number))
    backoff.note_ready(10.0)
    assert backoff.note_failure(10.0 + STABLE_SECONDS / 2) == 8 * FIRST_PAUSE
    backoff.note_ready(20.0)
    assert backoff.note_failure(20.0 + STABLE_SECONDS) == FIRST_PAUSE
    assert backoff.failures == 1
