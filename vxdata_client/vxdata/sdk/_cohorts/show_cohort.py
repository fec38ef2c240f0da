"""Cohorts as Python writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.schemas.cohorts import Linked, Match, SetOperation
from vxdata.sdk._cohorts.show import MAX_LISTED, show_arguments, show_condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vxdata.schemas.cohorts import CohortCondition, CohortModel, CohortPlan
    from vxdata.schemas.cohorts.plan import Entities

_SIGNS: Final = {"union": " | ", "intersection": " & ", "difference": " - "}
_OTHER: Final = {"subject": "file", "file": "subject"}


def show_cohort(plan: CohortPlan, model: CohortModel) -> str:
    """Write a cohort.

    Args:
        plan: The cohort.
        model: The columns of its catalog.

    Returns:
        Python that makes it, in the steps that it has been made in or others that mean the same.
    """
    entities = _entities(plan.entities, plan.endpoint, plan.catalog, model)
    steps = [("add", plan.add), ("exclude", plan.exclude)]
    if not isinstance(plan.nest, bool):
        steps.append(("nest", plan.nest))
    shown = "".join(f".{step}({_names(names)})" for step, names in steps if names)
    if plan.nest is True:
        shown += ".nest()"
    if plan.external_reference:
        shown += ".add_external_references()"
    if plan.offset:
        shown += f".offset({plan.offset})"
    if plan.limit is not None:
        shown += f".limit({plan.limit})"
    is_set = isinstance(plan.entities, SetOperation)
    return f"({entities}){shown}" if is_set and shown else f"{entities}{shown}"


def _entities(entities: Entities, endpoint: str, catalog: str, model: CohortModel) -> str:
    if isinstance(entities, Match):
        every, some = (
            _conditions(each, endpoint, model) for each in (entities.match_all, entities.match_some)
        )
        filters = f".filter({every})" if every else ""
        either = f".match_some({some})" if some else ""
        return f"client.catalog({catalog!r}).{endpoint}s{filters}{either}"
    if isinstance(entities, Linked):
        of = _entities(entities.of, _OTHER[endpoint], catalog, model)
        return f"{of}.{endpoint}s()" if isinstance(entities.of, Match | Linked) else f"({of}).{endpoint}s()"
    shown = [(each, _entities(each, endpoint, catalog, model)) for each in entities.of[:MAX_LISTED]]
    parts = [f"({text})" if isinstance(each, SetOperation) else text for each, text in shown]
    return show_arguments(parts, len(entities.of), _SIGNS[entities.op])


def _names(names: Sequence[str]) -> str:
    return show_arguments([repr(name) for name in names[:MAX_LISTED]], len(names))


def _conditions(conditions: Sequence[CohortCondition], endpoint: str, model: CohortModel) -> str:
    shown = [
        show_condition(each, is_bare=model.folded_column(each.column).table == endpoint)
        for each in conditions[:MAX_LISTED]
    ]
    return show_arguments(shown, len(conditions))
