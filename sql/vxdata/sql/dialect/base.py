"""The protocol of a dialect: one method for each expression that engines write differently.

A method takes sqlglot trees and returns one. It may use its arguments in the result without copying them.
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
    """How an engine writes queries. Dialects are hashable, since they are part of the keys of templates."""

    def __hash__(self) -> int:
        """Hash the dialect."""

    # --- statements ---

    @property
    def name(self) -> str:
        """The name of the engine, as `explain` shows it."""

    def render(self, tree: exp.Expr) -> str:
        """Write a tree as SQL text. The tree must not be used afterwards."""

    def tokens(self, sql: str) -> Sequence[Token]:
        """Split SQL text into tokens."""

    @property
    def materializes_late(self) -> bool:
        """Whether the first rows of a table (not of a union) are found before other columns are read."""

    def no_columns(self) -> list[exp.Expr]:
        """The select list of a query whose rows are only counted."""

    # --- values ---

    def null_of(self, field_type: FieldType) -> exp.Expr:
        """Null, in the column type of a field."""

    def text_by_code_points(self, text: exp.Expr) -> exp.Expr:
        """A text with the collation of the columns: by code points."""

    def stored_number(self, number: exp.Expr) -> exp.Expr:
        """A double as tables store it."""

    def sort_key(self, number: exp.Expr) -> exp.Expr:
        """A double as a key to order or to group by, for which 0.0 and -0.0 are equal."""

    def finite(self, number: exp.Expr) -> exp.Expr:
        """A computed double; the query fails if it is infinite."""

    def array_of(self, values: Sequence[Scalar], item_type: FieldType) -> exp.Expr:
        """An array of values of one type."""

    def is_any_of(self, value: exp.Expr, array: exp.Expr) -> exp.Expr:
        """Test whether an array contains a value."""

    def is_one_of_low_cardinality(self, value: exp.Expr, texts: Sequence[Scalar]) -> exp.Expr:
        """Test whether a text is one of a few, for a column with few distinct values."""

    def is_among(self, value: exp.Expr, query: exp.Expr) -> exp.Expr:
        """Test whether a query returns a text, by an index on the text; false if the query returns no row."""

    # --- lists and mappings ---

    @property
    def max_has_any(self) -> int:
        """The number of texts up to which `has_any` is the fastest test."""

    def has_any(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """Test whether a list contains any of the texts; null for a null list."""

    def has_all(self, items: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """Test whether a list contains all of the texts; null for a null list."""

    def has_item(self, items: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """Test whether any item of a list passes a test; false for a null list."""

    def has_any_key(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """Test whether a mapping has any of the keys; null for a null mapping."""

    def has_all_keys(self, mapping: exp.Expr, wanted: Sequence[Scalar]) -> exp.Expr:
        """Test whether a mapping has all of the keys; null for a null mapping."""

    def each_item(self, items: exp.Expr) -> exp.Expr:
        """The items of a list, one per row, as an output of a query."""

    def each_key(self, mapping: exp.Expr) -> exp.Expr:
        """The keys of a mapping, one per row, as an output of a query."""

    def entry(self, mapping: exp.Expr, key: str, *, is_number: bool) -> exp.Expr:
        """The value of a key; null if the mapping lacks the key."""

    def entries(self, mapping: exp.Expr, map_type: TextMap | NumberMap) -> exp.Expr:
        """A mapping as the driver can read it: a list of key-value pairs, laid out like an Arrow map."""

    def n_items(self, items: exp.Expr) -> exp.Expr:
        """The number of items of a list, as a 64-bit integer; null for a null list."""

    # --- time ---

    def in_utc(self, instant: exp.Expr) -> exp.Expr:
        """An instant as a date and time without zone, in UTC."""

    def part_of_day(self, part: Literal["year", "month"], day: exp.Expr) -> exp.Expr:
        """The year of a date, or its month from 1 to 12, as a 64-bit integer."""

    # --- text ---

    def contains(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """Test whether a text contains another one."""

    def starts_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """Test whether a text begins with another one."""

    def ends_with(self, value: exp.Expr, text: exp.Expr) -> exp.Expr:
        """Test whether a text ends with another one."""

    def matches(self, value: exp.Expr, pattern: exp.Expr, *, ignore_case: bool) -> exp.Expr:
        """Test whether a regular expression matches anywhere in a text."""

    def fold(self, text: exp.Expr) -> exp.Expr:
        """A text in lower case, by the rules of Unicode."""

    def md5(self, text: exp.Expr) -> exp.Expr:
        """The MD5 digest of a text in UTF-8, as 32 hexadecimal digits in lower case."""

    # --- aggregates ---

    def sum_of_integers(self, value: exp.Expr) -> exp.Expr:
        """The sum of integers, as a 64-bit integer."""

    def mean_of_integers(self, value: exp.Expr) -> exp.Expr:
        """The mean of integers: the double nearest to their sum, divided by their number."""

    def sum_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """The double nearest to the exact sum, whatever the order of the rows; fails if there is none."""

    def mean_of_doubles(self, value: exp.Expr) -> exp.Expr:
        """The sum of doubles, divided by their number; overflows only if the sum does."""

    def quantile_of_integers(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """A quantile of integers, interpolated linearly."""

    def quantile_of_doubles(self, value: exp.Expr, quantile: float) -> exp.Expr:
        """A quantile of doubles, interpolated linearly; fails if the difference of two values overflows."""

    # --- counts ---

    def live_count(self, resource_types: Sequence[str], as_of: exp.Expr) -> exp.Expr:
        """The number of live resources of some types at an instant, or now if it is null; null if unknown."""

    # --- planning ---

    @property
    def max_planned_terms(self) -> int:
        """The number of terms of a conjunction up to which the planner looks at each."""

    def optimization_fence(self, query: exp.Query) -> exp.Query:
        """A correlated query of one column that the planner must run row by row, and estimate at few rows."""
