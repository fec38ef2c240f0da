"""Cohorts: questions for the subjects or the files of a reflected database, as the CDA API asks them.

A cohort is written as a `CohortPlan`, which names columns by their public names. `bind_cohort` checks it
against the `CohortModel` of a catalog. What the names and rules are is the contract of the CDA API;
`docs/cda.md` tells it.
"""

from vxdata.schemas.cohorts.bind import bind_cohort, bind_summary, bind_values
from vxdata.schemas.cohorts.filters import parse_filter
from vxdata.schemas.cohorts.model import CohortModel
from vxdata.schemas.cohorts.plan import CohortCondition, CohortPlan, Linked, Match, SetOperation

__all__ = [
    "CohortCondition",
    "CohortModel",
    "CohortPlan",
    "Linked",
    "Match",
    "SetOperation",
    "bind_cohort",
    "bind_summary",
    "bind_values",
    "parse_filter",
]
