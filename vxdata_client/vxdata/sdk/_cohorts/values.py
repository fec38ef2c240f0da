"""Values that come as JSON, in the types of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from vxdata.schemas.cohorts.result import value_type
from vxdata.schemas.fields import Boolean, Float, Integer, Text
from vxdata.schemas.types.arrow import arrow_type
from vxdata.sdk._conversion.frames import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from vxdata.schemas.cohorts.model import CohortColumn

AS_THEY_ARE: Final = (Boolean, Float, Integer, Text)
"""Types whose values are the same in JSON."""


def series_of(name: str, values: Sequence[Any], column: CohortColumn) -> pl.Series:
    """Make a series of values.

    Args:
        name: Its name.
        values: Values as JSON has them; None for null.
        column: The column that they are of.

    Returns:
        The series, of the type that rows have it in.
    """
    wanted = arrow_type(found := value_type(column))
    given = wanted if isinstance(found, AS_THEY_ARE) else pa.string()
    if isinstance(found, Float):  # JSON has no words for what is no number: such doubles come as texts
        values = [None if value is None else float(value) for value in values]
    array = pa.array(values, given).cast(wanted)
    return frame_of(pa.table({name: array})).to_series()
