"""Compare: what a query finds at one instant and not at another, or in another version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pyarrow.compute as pc

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.plan import And, Comparison, IsIn, ItemsTest, Plan
from vxdata.schemas.plan.relatives import BOOKKEEPING
from vxdata.schemas.plan.traverse import levels
from vxdata.server.services.facet_plans import rows_of_question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from vxdata.schemas.catalog import Relation
    from vxdata.schemas.plan import Predicate
    from vxdata.server.services.pinned import PinnedReads

Change = Literal["added", "changed", "gone"]

MAX_CANDIDATES: Final = 20_000
"""Resources that are looked up one by one; of more, both states are read whole."""

KEY: Final = "identifier"
VERSION: Final = "version"


@dataclass(frozen=True)
class Difference:
    """A resource that differs.

    Args:
        identifier: Its full identifier.
        change: How the answer of the query differs.
        fields: Field to its value before and after, where they differ; null where there was no resource.
    """

    identifier: str
    change: Change
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Differences:
    """How the answer of a query differs between two instants.

    Args:
        counts: Resources by change.
        differences: The first of them, in identifier order.
    """

    counts: dict[Change, int]
    differences: list[Difference]


def compare(
    since: PinnedReads, commit: int, until: PinnedReads, plan: Plan, relation: Relation, limit: int
) -> Differences:
    """Compare what a query finds at two instants.

    Args:
        since: Reads at the earlier instant.
        commit: Number of the last commit at the earlier instant, 0 before the first.
        until: Reads at the later one.
        plan: The query; its order and limit do not count.
        relation: What it reads.
        limit: Most differences that are told one by one.

    Returns:
        What is different.

    Raises:
        InvalidRequest: The query groups its rows.
        InvalidPlan: What it reads has no history.
    """
    rows = compared_rows(plan, relation)
    candidates = _candidates(commit, until, rows, relation)
    if candidates is not None and len(candidates) == 0:
        return Differences({"added": 0, "changed": 0, "gone": 0}, [])
    narrowed = rows if candidates is None else _among(rows, candidates.to_pylist())
    states = narrowed.model_copy(update={"select": (KEY, VERSION)})
    by_change = _different(since.table(states), until.table(states))
    told = sorted((name, change) for change, names in by_change.items() for name in names.to_pylist())[:limit]
    names = [name for name, _ in told]
    before, after = (_full(reads, relation, names) for reads in (since, until))
    differences = [
        Difference(name, change, _fields(before.get(name, {}), after.get(name, {}))) for name, change in told
    ]
    return Differences({change: len(names) for change, names in by_change.items()}, differences)


def compared_rows(plan: Plan, relation: Relation) -> Plan:
    """Make the plan of the resources that are compared.

    Args:
        plan: The query; its order and limit do not count.
        relation: What it reads.

    Returns:
        The plan.

    Raises:
        InvalidRequest: The query groups its rows, or reads versions.
        InvalidPlan: What it reads has no history.
    """
    relation.with_history()
    if plan.history:
        msg = "The query reads versions; what is compared are resources, as they are at two instants."
        raise InvalidRequest(msg)
    return rows_of_question(plan)


def _candidates(commit: int, until: PinnedReads, rows: Plan, relation: Relation) -> pa.ChunkedArray | None:
    """The resources of which something was written in between; None if others can differ, too, or many do.

    A condition that reads other rows, or a choice among rows, can change for a resource that does not.
    Numbers of commits have the order of their instants, and the tables have an index of them.
    """
    written = Plan(
        relation=relation.name,
        where=Comparison(op=">", field=VERSION, value=commit),
        select=(KEY,),
        distinct=True,
        history=True,
        limit=MAX_CANDIDATES + 1,
    )
    if not _is_local(rows) or relation.visible is not None:  # a change can hide a resource, and be hidden
        return None
    is_written = _is_written(commit, until, relation)
    found = until.table(written if is_written else written.model_copy(update={"limit": 0}))[KEY]
    return found if len(found) <= MAX_CANDIDATES else None


def _is_written(commit: int, until: PinnedReads, relation: Relation) -> bool:
    """Whether a commit in between has written resources of the types; the log tells it at once."""
    of_types = ItemsTest(op="contains_any", field="counts", values=relation.members)
    later = Comparison(op=">", field=VERSION, value=commit)
    plan = Plan(relation=COMMIT, where=And(terms=(later, of_types)), select=(VERSION,), limit=1)
    return bool(until.table(plan).num_rows)


def _is_local(rows: Plan) -> bool:
    """Whether each row is found or not whatever other rows there are."""
    if rows.first_per is not None:
        return False
    return not any(node.reads_other_rows for level in levels(rows.where) for node in level)


def _among(rows: Plan, names: Sequence[str]) -> Plan:
    is_candidate = IsIn(field=KEY, values=tuple(names))
    where: Predicate = is_candidate if rows.where is None else And(terms=(rows.where, is_candidate))
    return rows.model_copy(update={"where": where})


def _different(before: pa.Table, after: pa.Table) -> dict[Change, pa.ChunkedArray]:
    """The identifiers that are in only one state, or in both with different versions."""
    both = before.join(after, KEY, join_type="full outer", left_suffix=" before", right_suffix=" after")
    old, new = both[f"{VERSION} before"], both[f"{VERSION} after"]
    return {
        "added": both.filter(pc.is_null(old))[KEY],
        "changed": both.filter(pc.not_equal(old, new))[KEY],
        "gone": both.filter(pc.is_null(new))[KEY],
    }


def _full(reads: PinnedReads, relation: Relation, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    plan = Plan(relation=relation.name, where=IsIn(field=KEY, values=tuple(names)))
    return {row[KEY]: row for row in reads.rows(plan)}


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The values that differ, without those that differ between any two versions."""
    names = [name for name in after or before if name not in BOOKKEEPING and name != KEY]
    pairs = {name: (before.get(name), after.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
