"""Plans over data that nobody has written: every node, on every kind of field, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tests.query.data import Dump
from tests.query.material import Material
from tests.query.plans import plans
from tests.query.values import KEYS
from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.fields import NumberMap, TextMap

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from tests.query.material import Place
    from vxdata.schemas.plan import Plan

INSTANTS: Final = (
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
NOTHING: Final = Dump(
    versions={prefix: pl.DataFrame() for prefix in default_catalog().registry.by_prefix},
    commits=pl.DataFrame(),
    instants=INSTANTS,
)


class Imagined(Material):
    """Fields and literals, of which none is stored."""

    def values(self, relation: str, place: Place) -> list[Any]:
        """Literals to compare a place with; of a whole mapping, keys."""
        found = super().values(relation, place)
        return found or (list(KEYS) if isinstance(place.type, TextMap | NumberMap) else ["a", "'"])


def any_plan() -> SearchStrategy[Plan]:
    """Any plan that can be bound."""
    return plans(Imagined(NOTHING, default_catalog()))
