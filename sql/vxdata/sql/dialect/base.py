"""The protocol of a dialect: one function for each thing that engines write differently.

A function takes trees, and may put them into the one that it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

    from vxdata.schemas.binding.values import Scalar
    from vxdata.schemas.fields import FieldType, NumberMap, TextMap


class Dialect(Protocol):
    """How an engine writes a query; it must be hashable, since templates are remembered by it."""

    def __hash__(self) -> int:
        """Hash the dialect."""

    # --- statements ---

    @property
    def name(self) -> str:
        """The engine, as an explanation names it."""

    def render(self, tree: exp.Expr) -> str:
        """Write a tree as text; the tree is used up."""

    def tokens(self, sql: str) -> Sequence[Token]:
        """Read text as tokens."""

    @property
    def materializes_late(self) -> bool:
        """Whether of one table, not of a union, the first rows are found before other columns are read."""

    def no_columns(self) -> list[exp.Expr]:
        """What a query selects whose rows are counted alone."""

    # --- values ---

    def null_of(self, field_type: FieldType) -> exp.Expr:
        """A null of the type of a field's column."""

    def text_by_code_points(self, text: exp.Expr) -> exp.Expr:
        """A text that is compared by code points, as the columns are."""

    def stored_number(self, number: exp.Expr) -> exp.Expr:
        """A double as a table holds it."""

    def sort_key(self, number: exp.Expr) -> exp.Expr:
        """A double as rows are ordered or divided into groups by it: the two zeros are one place."""

    def finite(self, number: exp.Expr) -> exp.Expr:
        """A double that was computed; fails where it is infinite."""

    def array_of(self, values: Sequence[Scalar], item_type: FieldType) -> exp.Expr:
        """Many values of one type as one array."""

    def is_any_of(self, value: exp.Expr, array: exp.Expr) -> exp.Expr:
        """A value that an array holds."""

    def is_one_of_low_cardinality(self, value: exp.Expr, texts: Sequence[Scalar]) -> exp.Expr:
        """A text of a column with few different ones, each in many rows, that is one of a few others."""

    def is_among(self, value: exp.Expr, query: exp.Expr) -> exp.Expr:
        """A text in the array that a query finds, which is looked up in an index; false if it finds none."""

    # --- lists and mappings ---

    @property
    def max_has_any(self) -> int:
        """Most items that a list is best compared with by `has_any`."""

    def has_any(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """A list that has some of the texts; unknown for a null."""

    def has_all(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """A list that has all of the texts; unknown for a null."""

    def has_item(self, items: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """A list that has an item that passes a test; false for a null."""

    def has_any_key(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """A mapping that has some of the keys; unknown for a null."""

    def has_all_keys(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """A mapping that has all of the keys; unknown for a null."""

    def each_item(self, items: exp.Expr) -> exp.Expr:
        """The items of a list, a row each, as an output of a query."""

    def each_key(self, mapping: exp.Expr) -> exp.Expr:
        """The keys of a mapping, a row each, as an output of a query."""

    def entry(self, mapping: exp.Expr, key: str, *, is_number: bool) -> exp.Expr:
        """The value of a key; null where there is none."""

    def entries(self, mapping: exp.Expr, map_type: TextMap | NumberMap) -> exp.Expr:
        """A mapping as it leaves the database: a list of pairs, which is an Arrow map but for the name."""

    def n_items(self, items: exp.Expr) -> exp.Expr:
        """The number of items of a list, as an integer of 64 bits; null for a null."""

    # --- time ---

    def in_utc(self, instant: exp.Expr) -> exp.Expr:
        """An instant as the clocks of UTC show it."""

    def part_of_day(self, part: Literal["year", "month"], day: exp.Expr) -> exp.Expr:
        """The year of a date, or the month from 1 to 12, as an integer of 64 bits."""

    # --- text ---

    def contains(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """A text that contains another one."""

    def starts_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """A text that begins with another one."""

    def ends_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """A text that ends with another one."""

    def matches(self, value: exp.Expr, pattern: exp.Expr, *, ignore_case: bool) -> exp.Expr:
        """A text in which a regular expression finds something."""

    def fold(self, text: exp.Expr) -> exp.Expr:
        """A text without its case, by Unicode's rules."""

    def md5(self, text: exp.Expr) -> exp.Expr:
        """The MD5 of a text in UTF-8, as 32 hexadecimal digits in lower case."""

    # --- aggregates ---

    def sum_of_integers(self, value: exp.Expr) -> exp.Expr:
        """A sum as an integer of 64 bits."""

    def mean_of_integers(self, value: exp.Expr) -> exp.Expr:
        """A mean as a double: the double nearest to the sum, divided by the number."""

    def sum_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """The double nearest to the exact sum, in whatever order the rows come; fails where there is none."""

    def mean_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """A sum of doubles divided by their number; it overflows only where the sum does."""

    def quantile_of_integers(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """A quantile, interpolated linearly."""

    def quantile_of_doubles(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """A quantile, interpolated linearly; fails where values lie further apart than a double reaches."""

    # --- counts ---

    def live_count(self, resource_types: Sequence[str], as_of: exp.Expr) -> exp.Expr:
        """How many resources of some types are live at an instant, or now if it is null; null if unknown."""

    # --- planning ---

    @property
    def max_planned_terms(self) -> int:
        """Most terms of a conjunction that the planner should look at one by one."""

    def optimization_fence(self, query: exp.Query) -> exp.Query:
        """A query of one column beside each row of another one, to be run row by row and taken for small."""
