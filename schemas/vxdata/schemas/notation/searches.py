"""Searches in texts, lists and mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vxdata.schemas.notation.literals import plain, plain_text, plain_values
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.notation.reference import Reference
from vxdata.schemas.notation.subqueries import SelectsOne
from vxdata.schemas.plan import IsInQuery, ItemsTest, TextTest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.plan import TextOperator, Value


class Searchable(Reference):
    """The searches in a text, in the items of a list and in the keys of a mapping.

    Every character of a text stands for itself, save in `matches`.
    """

    __slots__ = ()

    def equals(self, text: str, *, ignore_case: bool = True) -> Predicate:
        """Equal to a text, by default whatever the case of its letters.

        Args:
            text: The text.
            ignore_case: Whether "t2" equals "T2"; without, this means what ``==`` means.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: The argument is no text.

        Example:
            >>> from vxdata.sdk import F
            >>> F.volume_type.equals("t2")
            F.volume_type.equals('t2')
        """
        return self._search("equals", text, ignore_case=ignore_case)

    def contains(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Hold a text somewhere within; for lists, see `has` and `contains_any`.

        Args:
            text: The text; ``%``, ``_`` and ``*`` stand for themselves.
            ignore_case: Whether the case of letters does not count.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: The argument is no text.

        Example:
            >>> from vxdata.sdk import F
            >>> F.series_description.contains("t2", ignore_case=True)
            F.series_description.contains('t2', ignore_case=True)
        """
        return self._search("contains", text, ignore_case=ignore_case)

    def startswith(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Begin with a text.

        Args:
            text: The text; ``%``, ``_`` and ``*`` stand for themselves.
            ignore_case: Whether the case of letters does not count.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: The argument is no text.

        Example:
            >>> from vxdata.sdk import F
            >>> F.patient_id.startswith("patient/DA")
            F.patient_id.startswith('patient/DA')
        """
        return self._search("startswith", text, ignore_case=ignore_case)

    def endswith(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """End with a text.

        Args:
            text: The text; ``%``, ``_`` and ``*`` stand for themselves.
            ignore_case: Whether the case of letters does not count.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: The argument is no text.

        Example:
            >>> from vxdata.sdk import F
            >>> F.path_nii.endswith(".nii.gz")
            F.path_nii.endswith('.nii.gz')
        """
        return self._search("endswith", text, ignore_case=ignore_case)

    def matches(self, text: str, *, ignore_case: bool = False) -> Predicate:
        """Match a regular expression anywhere; anchor it with ``^`` and ``$`` to match the whole.

        Args:
            text: A regular expression as PostgreSQL reads it.
            ignore_case: Whether the case of letters does not count.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: The argument is no text.

        Example:
            >>> from vxdata.sdk import F
            >>> F.series_description.matches("^t[12]", ignore_case=True)
            F.series_description.matches('^t[12]', ignore_case=True)
        """
        return self._search("matches", text, ignore_case=ignore_case)

    def has(self, item: str) -> Predicate:
        """Have an item in the list, or a key in the mapping.

        Args:
            item: The item or key.

        Returns:
            The predicate.

        Raises:
            FieldTypeMismatch: No list holds such an item.

        Example:
            >>> from vxdata.sdk import F
            >>> F.derived_from.has("annotationsession/7")
            F.derived_from.has('annotationsession/7')
        """
        return self._items("contains_any", plain(self, item))

    def contains_any(self, items: Iterable[str] | SelectsOne) -> Predicate:
        """Have at least one of the items in the list, or of the keys in the mapping.

        Args:
            items: The items or keys; or, for a list, a query that selects one field.

        Returns:
            The predicate; of no items none is there, so it is false.

        Raises:
            FieldTypeMismatch: What is given is no collection, or one of the items is no text.
            InvalidPlan: There are too many items, the query does not select one field, or queries are
                nested too deeply.

        Example:
            >>> from vxdata.sdk import F
            >>> F.derived_from.contains_any(["volume/1", "volume/2"])
            F.derived_from.contains_any(['volume/1', 'volume/2'])
        """
        if isinstance(items, SelectsOne):
            return Predicate.of(IsInQuery(**self.place, query=items.as_subquery()))
        return self._items("contains_any", *plain_values(self, "contains_any", items))

    def contains_all(self, items: Iterable[str]) -> Predicate:
        """Have all of the items in the list, or of the keys in the mapping.

        Args:
            items: The items or keys.

        Returns:
            The predicate; of no items all are there, so it is true unless the field is null.

        Raises:
            FieldTypeMismatch: What is given is no collection, or one of the items is no text.
            InvalidPlan: There are too many items.

        Example:
            >>> from vxdata.sdk import F
            >>> F.derived_from.contains_all(["volume/1", "volume/2"])
            F.derived_from.contains_all(['volume/1', 'volume/2'])
        """
        return self._items("contains_all", *plain_values(self, "contains_all", items))

    def _search(self, op: TextOperator, text: object, *, ignore_case: bool) -> Predicate:
        node = TextTest(op=op, **self.place, text=plain_text(self, op, text), ignore_case=ignore_case)
        return Predicate(node)

    def _items(self, op: Literal["contains_any", "contains_all"], *items: Value) -> Predicate:
        return Predicate(ItemsTest(op=op, **self.place, values=items))
