"""Engines: which plans only PostgreSQL can answer, or answers faster; copies can answer all others.

The rules say what holds for every state of the copies. Whether a copy holds what a plan must see is found out
when the plan is run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Protocol

from vxdata.schemas.binding.bound_predicates import BoundAncestry, BoundTextTest, walk
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.catalog import RelationKind
from vxdata.sql.query.patterns import is_common
from vxdata.sql.query.whole_count import counts_everything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.bound_predicates import BoundPredicate


MAX_CONDITIONS: Final = 100
"""Most conditions of a plan that DuckDB runs, wherever they stand."""


@dataclass(frozen=True)
class Abilities:
    """What the copies can do with the database that they are copies of.

    Args:
        folds_case: Whether both engines have the same lower case for every character.
    """

    folds_case: bool


class Rule(Protocol):
    """Tells why a plan stays with PostgreSQL; None if nothing speaks against a copy."""

    def __call__(self, plan: BoundPlan, abilities: Abilities) -> str | None:
        """Apply the rule."""


def reason_for_postgresql(plan: BoundPlan, abilities: Abilities) -> str | None:
    """Tell why a plan is PostgreSQL's, whatever the copies hold.

    Args:
        plan: A bound plan that is no point lookup.
        abilities: What the copies can do.

    Returns:
        The reason, in words that follow "because"; None if a copy can answer the plan.
    """
    return next((reason for rule in RULES if (reason := rule(plan, abilities)) is not None), None)


def plain_tables(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001 - one shape for all rules
    """Nothing tells when such a table changes, so no copy of it could prove that it is current."""
    return "it reads tables that have no copies" if plan.is_timeless else None


def whole_counts(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """PostgreSQL keeps the numbers of live resources with each commit, and looks them up."""
    return "the number of all resources is kept" if counts_everything(plan) else None


def seen_commits(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """Of few commits, PostgreSQL counts the visible versions by an index."""
    is_partial = any(each.kind is RelationKind.COMMIT and each.visible is not None for each in plan.reads)
    return "what commits wrote of the visible resources is counted by an index" if is_partial else None


def ancestry(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """Such conditions follow parents from few rows to few rows, for which PostgreSQL has indexes."""
    asked = any(isinstance(node, BoundAncestry) for node in _conditions(plan))
    return "conditions on ancestors follow an index" if asked else None


def patterns(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """Regular expressions are a language of each engine; only a part of it is common to both."""
    for node in _conditions(plan):
        match node:
            case BoundTextTest(op="matches", ignore_case=True):
                return "a regular expression that ignores case depends on the engine"
            case BoundTextTest(op="matches", text=Literal(str(pattern))) if is_common(pattern):
                continue
            case BoundTextTest(op="matches"):
                return "a regular expression has parts that depend on the engine"
    return None


def case(plan: BoundPlan, abilities: Abilities) -> str | None:
    """Versions of Unicode differ in the case of characters that were added later."""
    ignored = any(isinstance(node, BoundTextTest) and node.ignore_case for node in _conditions(plan))
    return "the engines differ in the case of characters" if ignored and not abilities.folds_case else None


def names(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """DuckDB takes columns for one whose names differ in nothing but case."""
    found = Counter(output.field.name.casefold() for output in plan.outputs)
    return "names of columns differ in nothing but case" if max(found.values(), default=0) > 1 else None


def many_conditions(plan: BoundPlan, abilities: Abilities) -> str | None:  # noqa: ARG001
    """DuckDB ends a cancelled statement at the next row that fulfils the condition, or after 122,880 rows.

    A thousand conditions on texts are asked of so many rows in ten seconds; PostgreSQL ends at once.
    """
    is_more = next(islice(_conditions(plan), MAX_CONDITIONS, None), None) is not None
    return f"more than {MAX_CONDITIONS} conditions could not be cancelled soon" if is_more else None


RULES: Final[tuple[Rule, ...]] = (
    plain_tables,
    whole_counts,
    seen_commits,
    ancestry,
    patterns,
    case,
    names,
    many_conditions,
)
"""All rules; the first one that has a reason tells it."""


def _conditions(plan: BoundPlan) -> Iterator[BoundPredicate]:
    """Every condition of a plan, those of subqueries included."""
    return chain.from_iterable(map(walk, plan.conditions))
