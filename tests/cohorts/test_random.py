"""Random requests about random databases: the server says what the evaluator says."""

from __future__ import annotations

import os
from math import ceil
from typing import TYPE_CHECKING, Final

import pytest

from tests.cohorts.asking import random_catalogs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

REQUESTS: Final = int(os.environ.get("COHORT_REQUESTS", "400"))
"""Requests of a run; `python -m tests.cohorts` asks for more without the rest of the tests."""

REQUESTS_OF_A_DATABASE: Final = 50
SETS_OF_A_DATABASE: Final = 3
DATABASES_AT_ONCE: Final = 20


@pytest.mark.slow
def test_any_request_is_answered_as_the_contract_demands(
    request: pytest.FixtureRequest, new_database: Callable[[], SecretStr]
) -> None:
    first = request.config.getoption("randomly_seed", default=0) % 1_000_000
    number = ceil(REQUESTS / REQUESTS_OF_A_DATABASE)
    for begin in range(0, number, DATABASES_AT_ONCE):
        seeds = range(first + begin, first + min(begin + DATABASES_AT_ONCE, number))
        with random_catalogs(new_database(), seeds) as catalogs:
            for asked in catalogs:
                asked.check_lists()
                asked.check_sets(SETS_OF_A_DATABASE)
                asked.check(REQUESTS_OF_A_DATABASE)
