"""What only users of Polars can ask: sets of entities, linked ones, and conditions that no row meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.asking_polars import NoForm
from tests.cohorts.filters import parse
from tests.cohorts.refusals import Refused
from vxdata.schemas.errors import FieldTypeMismatch
from vxdata.schemas.errors.cohorts import CohortError

if TYPE_CHECKING:
    from random import Random

    from tests.cohorts.asking_polars import PolarsDoor
    from tests.cohorts.evaluator import Evaluator
    from tests.cohorts.random_requests import RandomRequests

ALL: Final = 10**9
"""A limit that leaves nothing out."""

Body = dict[str, Any]


class SetChecks:
    """Checks sets of entities against those that the evaluator finds one by one.

    Args:
        door: The catalog as the client has it.
        evaluator: Knows the answers.
        requests: Makes filters up.
        random: Chooses what is asked.
    """

    def __init__(
        self, door: PolarsDoor, evaluator: Evaluator, requests: RandomRequests, random: Random
    ) -> None:
        self._door = door
        self._evaluator = evaluator
        self._requests = requests
        self._random = random

    def check(self) -> None:
        """Ask for two random sets in every relation to each other.

        Raises:
            AssertionError: A set is wrong.
        """
        endpoint = self._random.choice(("subject", "file"))
        (one, some), (other, others) = self._set(endpoint), self._set(endpoint)
        first, second = self._door.cohort(endpoint, one), self._door.cohort(endpoint, other)
        for cohort, expected in (
            (first | second, some | others),
            (first & second, some & others),
            (first - second, some - others),
            ((first | second) - (first & second), some ^ others),
        ):
            assert _found(cohort, endpoint) == expected, (one, other)
            assert cohort.count() == len(expected), (one, other)
        self._check_linked(endpoint, first, some)
        self._check_none(endpoint, one, some)

    def _check_linked(self, endpoint: str, cohort: Any, found: set[str]) -> None:
        """The other entities of those that were found."""
        other = "file" if endpoint == "subject" else "subject"
        mine, theirs = f"{endpoint}_id", f"{other}_id"
        rows = self._evaluator.data(endpoint, {"ADD_COLUMNS": [mine, theirs]}, limit=ALL).rows
        expected = {name for row in rows if row[mine] in found for name in row[theirs]}
        assert _found(getattr(cohort, f"{other}s")(), other) == expected

    def _check_none(self, endpoint: str, body: Body, found: set[str]) -> None:
        """Entities of which no row meets a condition are all but those of which some row does.

        So it is beside other conditions, whatever they are about, and among several of which one must be met.
        """
        while len(filters := self._set(endpoint)[0]["MATCH_ALL"]) != 1:
            pass
        every = self._find(endpoint, {})
        some = self._find(endpoint, {"MATCH_ALL": filters})
        condition = self._door.condition(parse(filters[0])).in_no_row()
        cohort = self._door.cohort(endpoint, {})
        assert _found(cohort.filter(condition), endpoint) == every - some, filters
        both = self._door.cohort(endpoint, body).filter(condition)
        assert _found(both, endpoint) == found - some, (body, filters)
        if not body["MATCH_ALL"]:
            either = self._door.cohort(endpoint, body).match_some(condition)
            assert _found(either, endpoint) == found | (every - some), (body, filters)

    def _set(self, endpoint: str) -> tuple[Body, set[str]]:
        """Filters that can be asked, and the entities that they find."""
        while True:
            body = self._requests.match()
            try:
                self._door.cohort(endpoint, body)
                return body, self._find(endpoint, body)
            except (NoForm, Refused, CohortError, FieldTypeMismatch):
                continue

    def _find(self, endpoint: str, body: Body) -> set[str]:
        rows = self._evaluator.data(endpoint, body | {"ADD_COLUMNS": [f"{endpoint}_id"]}, limit=ALL).rows
        return {row[f"{endpoint}_id"] for row in rows}


def _found(cohort: Any, endpoint: str) -> set[str]:
    name = f"{endpoint}_id"
    return set(cohort.add(name).collect()[name])
