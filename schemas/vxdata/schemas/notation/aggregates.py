"""Orders of rows, and aggregates of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import InvalidPlan
from vxdata.schemas.notation.draws import whole
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.notation.show import show
from vxdata.schemas.notation.show_names import default_name
from vxdata.schemas.plan import Aggregate, OrderBy
from vxdata.schemas.plan.predicates import MAX_ROWS

if TYPE_CHECKING:
    from vxdata.schemas.plan import AggregateFunction


@dataclass(frozen=True)
class Order:
    """An order of rows; the `asc` and `desc` of a field make it.

    Args:
        node: The plan node that it stands for.
    """

    node: OrderBy

    def __repr__(self) -> str:
        """Show the order as it is written."""
        return show(self.node)


@dataclass(frozen=True)
class Aggregation:
    """An aggregate of a group, as a column of the result; nulls are left out.

    Args:
        node: The plan node that it stands for.
    """

    node: Aggregate

    def alias(self, name: str) -> Aggregation:
        """Name the column.

        Args:
            name: Its name in the result.

        Returns:
            The same under that name.

        Raises:
            TypeError: The name is no text, or empty, or holds a NUL.

        Example:
            >>> from vxdata.sdk import F
            >>> F.slice_thickness.mean().alias("thickness")
            F.slice_thickness.mean().alias('thickness')
        """
        given: object = name
        if not isinstance(given, str) or not given or "\x00" in given:
            msg = f"alias takes a name such as 'thickness', not {name!r:.80}."
            raise TypeError(msg)
        return Aggregation(self.node.model_copy(update={"name": str.__str__(name)}))

    def __repr__(self) -> str:
        """Show the aggregation as it is written."""
        return show(self.node)


def count() -> Aggregation:
    """Count the rows of a group; the `count` of a field counts its values.

    Returns:
        A column named ``count``, unless `Aggregation.alias` names it.

    Example:
        >>> count(), count().alias("volumes")
        (count(), count().alias('volumes'))
    """
    return Aggregation(Aggregate(function="count", name="count"))


class Orderable(Reference):
    """The directions of a field."""

    __slots__ = ()

    def asc(self, *, nulls_first: bool = False) -> Order:
        """Order by the field, the smallest value first.

        Args:
            nulls_first: Whether resources without a value come first, not last.

        Returns:
            The order.

        Example:
            >>> from vxdata.sdk import F
            >>> F.b_value.asc(nulls_first=True)
            F.b_value.asc(nulls_first=True)
        """
        return Order(OrderBy(**self.place, nulls_first=nulls_first))

    def desc(self, *, nulls_first: bool = False) -> Order:
        """Order by the field, the largest value first.

        Args:
            nulls_first: Whether resources without a value come first, not last.

        Returns:
            The order.

        Example:
            >>> from vxdata.sdk import F
            >>> F.summary_metrics["auc"].desc()
            F.summary_metrics['auc'].desc()
        """
        return Order(OrderBy(**self.place, descending=True, nulls_first=nulls_first))

    def shuffled(self, seed: int) -> Order:
        """Order by a hash of the field, as if the rows were shuffled; rows with equal values stay together.

        Args:
            seed: Which order; the same seed gives the same order.

        Returns:
            The order; rows without a value come last.

        Raises:
            InvalidPlan: The seed is no whole number.

        Example:
            >>> from vxdata.sdk import F
            >>> F.patient_id.shuffled(7)
            F.patient_id.shuffled(7)
        """
        number = whole("shuffled", "seed", seed, 0, MAX_ROWS)
        return Order(OrderBy(**self.place, seed=number))


class Summable(Reference):
    """The aggregates of a field's values in a group; nulls are left out."""

    __slots__ = ()

    def count(self) -> Aggregation:
        """Count the values.

        Returns:
            A column named after the field and ``count``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.b_value.count().node.name
            'b_value_count'
        """
        return self._aggregate("count")

    def n_unique(self) -> Aggregation:
        """Count the distinct values.

        Returns:
            A column named after the field and ``n_unique``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.patient_id.n_unique().node.name
            'patient_id_n_unique'
        """
        return self._aggregate("n_unique")

    def min(self) -> Aggregation:
        """Take the smallest value; null if there is none.

        Returns:
            A column named after the field and ``min``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.acquisition_datetime.min()
            F.acquisition_datetime.min()
        """
        return self._aggregate("min")

    def max(self) -> Aggregation:
        """Take the largest value; null if there is none.

        Returns:
            A column named after the field and ``max``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.isup.max().alias("max_isup")
            F.isup.max().alias('max_isup')
        """
        return self._aggregate("max")

    def mean(self) -> Aggregation:
        """Take the mean of the numbers; null if there is none.

        Returns:
            A column named after the field and ``mean``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.summary_metrics["auc"].mean().node.name
            'summary_metrics_auc_mean'
        """
        return self._aggregate("mean")

    def sum(self) -> Aggregation:
        """Add the numbers up; null, not zero, if there is none.

        Returns:
            A column named after the field and ``sum``.

        Example:
            >>> from vxdata.sdk import F
            >>> F.num_slices.sum().node.name
            'num_slices_sum'
        """
        return self._aggregate("sum")

    def quantile(self, quantile: float) -> Aggregation:
        """Take a quantile of the numbers, interpolated linearly; null if there is none.

        Args:
            quantile: From 0 for the smallest to 1 for the largest; 0.5 is the median.

        Returns:
            A column named after the field and the quantile.

        Raises:
            InvalidPlan: The quantile is no number from 0 to 1.

        Example:
            >>> from vxdata.sdk import F
            >>> F.slice_thickness.quantile(0.9).node.name
            'slice_thickness_quantile_0.9'
        """
        given: object = quantile
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
            msg = f"{self!r}.quantile takes a number from 0 to 1, not {quantile!r:.80}."
            raise InvalidPlan(msg, field=self.label)
        return self._aggregate("quantile", float(quantile))

    def _aggregate(self, function: AggregateFunction, quantile: float | None = None) -> Aggregation:
        name = default_name(function, self.name, self.key, quantile, self.part)
        return Aggregation(Aggregate(function=function, **self.place, quantile=quantile, name=name))
