"""Binding conditions: every name resolved, every value and operator fit for its field, or a named error."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from vxdata.schemas.binding import bind
from vxdata.schemas.binding.bound_predicates import (
    BoundAnd,
    BoundComparison,
    BoundIsIn,
    BoundIsInQuery,
    BoundIsNull,
    BoundItemsTest,
    BoundNot,
    BoundOr,
    BoundQuantified,
    BoundTextTest,
    Operand,
)
from vxdata.schemas.binding.values import Literal, type_name
from vxdata.schemas.catalog import Catalog, Relation, default_catalog
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    InvalidIdentifier,
    InvalidPlan,
    UnknownField,
    UnknownResourceType,
)
from vxdata.schemas.fields import (
    BlobUrl,
    Boolean,
    Date,
    Enum,
    Field,
    Float,
    Integer,
    NumberMap,
    Text,
    TextList,
    TextMap,
    Timestamp,
)
from vxdata.schemas.plan import (
    And,
    Comparison,
    HasAncestor,
    HasDescendant,
    IsIn,
    IsInQuery,
    IsNull,
    ItemsTest,
    Not,
    Or,
    Plan,
    Quantified,
    Subquery,
    TextTest,
)
from vxdata.schemas.plan.predicates import MAX_PATTERN_LENGTH

if TYPE_CHECKING:
    from vxdata.schemas.fields import FieldType
    from vxdata.schemas.plan import Predicate

TYPES: Final[dict[str, FieldType]] = {
    "text": Text(),
    "word": Enum(values=("a", "b")),
    "url": BlobUrl(),
    "whole": Integer(),
    "real": Float(),
    "flag": Boolean(),
    "day": Date(),
    "instant": Timestamp(),
    "texts": TextList(),
    "text_map": TextMap(),
    "number_map": NumberMap(),
}
COLUMNS: Final = tuple(Field(name=name, type=kind, description="") for name, kind in TYPES.items())
THING: Final = Relation("thing", COLUMNS, ("thing",))
OTHER: Final = Relation("other", COLUMNS, ("other",))
CATALOG: Final = Catalog({"thing": THING, "other": OTHER}, registry())

TEXTUAL: Final = ("text", "word", "url")
MAPS: Final = ("text_map", "number_map")
NESTED: Final = ("texts", *MAPS)
PLAIN: Final = tuple(name for name in TYPES if name not in NESTED)
KIND: Final = {name: name for name in PLAIN} | dict.fromkeys((*TEXTUAL, "texts"), "text") | {"real": "whole"}
"""What can be compared with each other."""

VALUE: Final[dict[str, tuple[Any, Any]]] = {
    "text": ("a", "a"),
    "word": ("a", "a"),
    "url": ("s3://b/k", "s3://b/k"),
    "whole": (1, 1),
    "real": (1, 1.0),
    "flag": (True, True),
    "day": ("2024-02-29", date(2024, 2, 29)),
    "instant": ("2024-02-29T12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
}
"""A value of each type that has single ones, as a plan carries it and as it is typed."""

WRONG: Final[dict[str, Any]] = {
    "text": 1,
    "word": True,
    "url": 1,
    "whole": "1",
    "real": "1.5",
    "flag": 1,
    "day": "today",
    "instant": 0,
}


def bound(where: Predicate) -> Any:
    return bind(Plan(relation="thing", where=where), CATALOG).where


def operand(name: str, key: str | None = None) -> Operand:
    return Operand(THING.column_by_name[name], key)


def other(select: str, **parts: Any) -> Subquery:
    return Subquery(relation="other", select=select, **parts)


def require_mismatch(where: Predicate, field: str, operator: str, field_type: str | None = None) -> str:
    """The message with which a condition is refused; field, type and operator are in the details."""
    with pytest.raises(FieldTypeMismatch) as caught:
        bound(where)
    details = caught.value.details
    assert field in caught.value.message
    assert details["operator"] == operator
    if "fields" in details:
        assert details["fields"][0] == f"thing.{field}"
        assert len(details["field_types"]) == 2
    else:
        assert details["field"] == field
        assert details["field_type"] == (field_type or type_name(TYPES[field]))
    assert len(caught.value.message) < 300
    return caught.value.message


def all_tests(field: str) -> list[Predicate]:
    """A condition of every kind on a field."""
    return [
        Comparison(op="==", field=field, value=1),
        IsIn(field=field, values=()),
        IsNull(op="is_null", field=field),
        TextTest(op="contains", field=field, text=""),
        ItemsTest(op="contains_any", field=field, values=()),
        IsInQuery(field=field, query=other("text")),
        Quantified(op="any", comparison="<", field=field, query=other("text")),
    ]


class TestNames:
    def test_unknown_type(self) -> None:
        with pytest.raises(UnknownResourceType, match=r"Did you mean volume\?") as caught:
            bind(Plan(relation="volumme"), default_catalog())
        assert caught.value.details["resource_type"] == "volumme"

    @pytest.mark.parametrize("where", all_tests("instnt"), ids=lambda where: where.op)
    @pytest.mark.parametrize(
        "wrap",
        [
            lambda where: where,
            lambda where: Not(term=where),
            lambda where: Or(terms=(And(terms=(where,)),)),
        ],
    )
    def test_unknown_field(self, where: Predicate, wrap: Any) -> None:
        with pytest.raises(
            UnknownField, match=r"thing has no field instnt\. Did you mean instant\?"
        ) as caught:
            bound(wrap(where))
        assert caught.value.details == {
            "resource_type": "thing",
            "fields": ["instnt"],
            "known": list(TYPES),
            "did_you_mean": {"instnt": ["instant"]},
        }

    @pytest.mark.parametrize("name", ["tombstone", "TEXT", 'text"', "thing.text", "*", "", "children"])
    def test_a_name_is_looked_up_as_it_stands(self, name: str) -> None:
        with pytest.raises(UnknownField):
            bound(IsNull(op="is_null", field=name))
        with pytest.raises(UnknownField):
            bind(Plan(relation="thing", select=(name,)), CATALOG)

    def test_the_registry_is_offered_whole(self) -> None:
        for payload_type in registry():
            plan = bind(Plan(relation=payload_type.prefix), default_catalog())
            assert plan.columns == payload_type.response_fields


class TestComparisons:
    @pytest.mark.parametrize("field", PLAIN)
    @pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
    def test_typed_by_the_field(self, field: str, op: Any) -> None:
        value, typed = VALUE[field]
        where = Comparison(op=op, field=field, value=value)
        assert bound(where) == BoundComparison(op, operand(field), Literal(typed))

    @pytest.mark.parametrize("field", PLAIN)
    def test_values_of_other_types_are_refused(self, field: str) -> None:
        for op in ("==", "<"):
            message = require_mismatch(Comparison(op=op, field=field, value=WRONG[field]), field, op)
            assert message.startswith(f"{field} is of type {type_name(TYPES[field])} and cannot be compared")
        require_mismatch(IsIn(field=field, values=(VALUE[field][0], WRONG[field])), field, "is_in")

    @pytest.mark.parametrize("field", PLAIN)
    def test_lookups(self, field: str) -> None:
        value, typed = VALUE[field]
        assert bound(IsIn(field=field, values=(value,))) == BoundIsIn(operand(field), (Literal(typed),))
        assert bound(IsIn(field=field, values=())) == BoundIsIn(operand(field), ())

    @pytest.mark.parametrize("field", NESTED)
    def test_lists_and_mappings_are_not_compared_as_a_whole(self, field: str) -> None:
        message = require_mismatch(Comparison(op="==", field=field, value="a"), field, "==")
        assert "cannot be compared as a whole; use " in message
        assert ("contains_any" if field == "texts" else f'F.{field}["key"]') in message

    @pytest.mark.parametrize("field", MAPS)
    def test_mappings_are_not_looked_up(self, field: str) -> None:
        require_mismatch(IsIn(field=field, values=("a",)), field, "is_in")

    def test_a_list_is_looked_up_item_by_item(self) -> None:
        where = IsIn(field="texts", values=("a", "b"))
        found = BoundItemsTest("contains_any", operand("texts"), (Literal("a"), Literal("b")))
        assert bound(where) == found
        with pytest.raises(FieldTypeMismatch, match=r"An item of texts is of type text.*compared with 1"):
            bound(IsIn(field="texts", values=(1,)))

    @pytest.mark.parametrize("field", TYPES)
    def test_every_type_can_be_null(self, field: str) -> None:
        assert bound(IsNull(op="is_null", field=field)) == BoundIsNull(operand(field), negated=False)
        assert bound(IsNull(op="is_not_null", field=field)) == BoundIsNull(operand(field), negated=True)

    def test_every_type_is_covered(self) -> None:
        assert VALUE.keys() == WRONG.keys() == set(PLAIN)
        assert set(KIND) == TYPES.keys() - set(MAPS)


class TestEntries:
    def test_they_have_the_type_of_the_values(self) -> None:
        number = Comparison(op=">", field="number_map", key="k", value=1)
        assert bound(number) == BoundComparison(">", operand("number_map", "k"), Literal(1.0))
        text = TextTest(op="contains", field="text_map", key="k", text="a")
        assert bound(text) == BoundTextTest(
            "contains", operand("text_map", "k"), Literal("a"), ignore_case=False
        )
        null = IsNull(op="is_null", field="text_map", key="k")
        assert bound(null) == BoundIsNull(operand("text_map", "k"), negated=False)

    def test_they_are_never_required(self) -> None:
        assert not operand("number_map", "k").required

    @pytest.mark.parametrize("field", [name for name in TYPES if name not in MAPS])
    def test_other_fields_have_none(self, field: str) -> None:
        for where in all_tests(field):
            message = require_mismatch(where.model_copy(update={"key": "k"}), field, where.op)
            assert message == f"thing.{field} is of type {type_name(TYPES[field])} and has no entries."

    def test_wrong_values_name_the_entry(self) -> None:
        name = "number_map['k']"
        require_mismatch(Comparison(op="<", field="number_map", key="k", value="a"), name, "<", "float")
        require_mismatch(IsIn(field="text_map", key="k", values=(1,)), "text_map['k']", "is_in", "text")
        require_mismatch(
            ItemsTest(op="contains_all", field="number_map", key="k", values=()),
            name,
            "contains_all",
            "float",
        )

    def test_a_key_without_nul(self) -> None:
        with pytest.raises(FieldTypeMismatch, match="The key of text_map holds a NUL character"):
            bound(IsNull(op="is_null", field="text_map", key="a\x00"))


class TestTexts:
    @pytest.mark.parametrize("op", ["equals", "contains", "startswith", "endswith", "matches"])
    @pytest.mark.parametrize("field", TYPES)
    def test_texts_alone_are_searched(self, op: Any, field: str) -> None:
        where = TextTest(op=op, field=field, text="a%_", ignore_case=True)
        if field in TEXTUAL:
            assert bound(where) == BoundTextTest(op, operand(field), Literal("a%_"), ignore_case=True)
        else:
            message = require_mismatch(where, field, op)
            assert f"{op} needs a text field." in message
            assert message.endswith("use has or contains_any.") == (field == "texts")

    def test_numbers_of_a_mapping_are_no_texts(self) -> None:
        where = TextTest(op="contains", field="number_map", key="k", text="a")
        require_mismatch(where, "number_map['k']", "contains", "float")

    @pytest.mark.parametrize("op", ["equals", "contains", "matches"])
    def test_no_nul(self, op: Any) -> None:
        require_mismatch(TextTest(op=op, field="text", text="a\x00"), "text", op)

    def test_a_regular_expression_has_a_limit(self) -> None:
        longest = TextTest(op="matches", field="text", text="a" * MAX_PATTERN_LENGTH)
        assert bound(longest).text == Literal(longest.text)
        assert bound(TextTest(op="contains", field="text", text="a" * 1_001)).op == "contains"
        with pytest.raises(InvalidPlan, match="has 1,001 characters, over 1,000") as caught:
            bound(TextTest(op="matches", field="text", text="a" * 1_001))
        assert caught.value.details == {"field": "text", "length": 1_001, "limit": 1_000}


class TestItems:
    @pytest.mark.parametrize("op", ["contains_any", "contains_all"])
    @pytest.mark.parametrize("field", TYPES)
    def test_lists_and_mappings_alone_have_them(self, op: Any, field: str) -> None:
        where = ItemsTest(op=op, field=field, values=("a",))
        if field in NESTED:
            found = bound(where)
            assert found == BoundItemsTest(op, operand(field), (Literal("a"),))
            assert found.is_mapping == (field in MAPS)
        else:
            assert "need a list or a mapping" in require_mismatch(where, field, op)

    @pytest.mark.parametrize("field", NESTED)
    @pytest.mark.parametrize("value", [1, 1.5, True, "\x00"])
    def test_they_are_texts(self, field: str, value: Any) -> None:
        with pytest.raises(FieldTypeMismatch, match=f"^An item of {field} is of type text") as caught:
            bound(ItemsTest(op="contains_any", field=field, values=("a", value)))
        assert caught.value.details["operator"] == "contains_any"


class TestSubqueries:
    @pytest.mark.parametrize("inner", TYPES)
    @pytest.mark.parametrize("outer", TYPES)
    def test_lookups_need_the_same_kind(self, outer: str, inner: str) -> None:
        where = IsInQuery(field=outer, query=other(inner))
        if KIND.get(outer) is not None and KIND.get(outer) == KIND.get(inner):
            found = bound(where)
            assert isinstance(found, BoundIsInQuery)
            assert (found.operand, found.query.operand.column.name) == (operand(outer), inner)
        else:
            message = require_mismatch(where, outer, "is_in_query")
            assert f"thing.{outer} is of type" in message
            assert f"other.{inner} of type" in message

    @pytest.mark.parametrize("inner", TYPES)
    @pytest.mark.parametrize("outer", TYPES)
    @pytest.mark.parametrize("op", ["any", "all"])
    def test_quantifiers_need_an_order_too(self, op: Any, outer: str, inner: str) -> None:
        where = Quantified(op=op, comparison=">", field=outer, query=other(inner))
        if {outer, inner} <= set(PLAIN) - {"flag"} and KIND[outer] == KIND[inner]:
            found = bound(where)
            assert isinstance(found, BoundQuantified)
            assert (found.quantifier, found.op, found.operand) == (op, ">", operand(outer))
        else:
            with pytest.raises(FieldTypeMismatch) as caught:
                bound(where)
            assert caught.value.details["operator"] == op
            assert {"field", "fields"} & caught.value.details.keys()

    def test_truth_has_no_order(self) -> None:
        where = Quantified(op="any", comparison=">", field="flag", query=other("flag"))
        assert "has no order" in require_mismatch(where, "flag", "any")

    def test_entries_are_looked_up(self) -> None:
        found = bound(IsInQuery(field="number_map", key="k", query=other("whole")))
        assert found.operand == operand("number_map", "k")
        require_mismatch(
            IsInQuery(field="number_map", key="k", query=other("text")), "number_map['k']", "is_in_query"
        )

    def test_names_belong_to_the_inner_type(self) -> None:
        for query in (other("txt"), other("text", where=Comparison(op="==", field="txt", value="a"))):
            with pytest.raises(UnknownField, match=r"other has no field txt\. Did you mean text or texts\?"):
                bound(IsInQuery(field="text", query=query))
        with pytest.raises(UnknownResourceType, match=r"Did you mean other\?"):
            bound(IsInQuery(field="text", query=Subquery(relation="othr", select="text")))

    def test_conditions_inside_are_checked(self) -> None:
        inner = IsInQuery(
            field="whole", query=other("whole", where=Comparison(op="<", field="flag", value=1))
        )
        for where in (inner, IsInQuery(field="text", query=other("text", where=inner))):
            with pytest.raises(FieldTypeMismatch, match=r"^flag is of type boolean") as caught:
                bound(where)
            assert caught.value.details["operator"] == "<"

    def test_what_is_read_is_known(self) -> None:
        inner = other("text", where=IsInQuery(field="text", query=other("word")))
        plan = Plan(relation="thing", where=Not(term=IsInQuery(field="texts", query=inner)))
        found = bind(plan, CATALOG)
        assert found.reads == {THING, OTHER}
        assert found.members == ("other", "thing")
        assert bind(Plan(relation="thing"), CATALOG).reads == {THING}


class TestNegation:
    def test_nesting_is_kept(self) -> None:
        yes, no = (Comparison(op="==", field="flag", value=value) for value in (True, False))
        where = And(terms=(Or(terms=(yes, Not(term=no))), yes))
        bound_yes, bound_no = (
            BoundComparison("==", operand("flag"), Literal(value)) for value in (True, False)
        )
        assert bound(where) == BoundAnd((BoundOr((bound_yes, BoundNot(bound_no))), bound_yes))


class TestLineage:
    def ancestry(self, where: Predicate, resource_type: str = "volume") -> Any:
        return bind(Plan(relation=resource_type, where=where), default_catalog()).where

    def test_what_lineage_columns_name_is_found_by_them(self) -> None:
        found = self.ancestry(HasAncestor(identifier="patients/BB00017"))
        assert (found.identifier.value, found.below, found.column.name) == (
            "patient/BB00017",
            True,
            "patient_id",
        )
        assert self.ancestry(HasAncestor(identifier="volume/1")).column is None

    def test_descendants(self) -> None:
        found = self.ancestry(HasDescendant(identifier="volume/1"), "patient")
        assert (found.identifier.value, found.below, found.family.name) == ("volume/1", False, "volume")

    @pytest.mark.parametrize("node", [HasAncestor, HasDescendant])
    def test_identifiers_are_checked(self, node: Any) -> None:
        for malformed in ("dasa", "", "volume/", "volume/a\x00", "volume/a/"):
            with pytest.raises(InvalidIdentifier) as caught:
                self.ancestry(node(identifier=malformed))
            assert caught.value.details == {"identifiers": [malformed]}
        with pytest.raises(UnknownResourceType, match=r"Did you mean volume\?"):
            self.ancestry(node(identifier="volum/1"))

    @pytest.mark.parametrize("node", [HasAncestor, HasDescendant])
    def test_commits_have_none(self, node: Any) -> None:
        with pytest.raises(InvalidPlan, match="commit has no lineage"):
            self.ancestry(node(identifier="volume/1"), "commit")

    def test_what_is_read_is_known(self) -> None:
        plan = Plan(relation="volume", where=HasAncestor(identifier="patient/1"))
        found = bind(plan, default_catalog())
        assert {"volume", "patient"} <= {relation.name for relation in found.reads}
        assert set(found.members) == set(registry().by_prefix)


class TestAsOf:
    def test_naive(self) -> None:
        with pytest.raises(InvalidPlan, match="has no time zone"):
            bind(Plan(relation="thing", as_of=datetime(2024, 2, 29)), CATALOG)  # noqa: DTZ001

    def test_brought_to_utc(self) -> None:
        plan = Plan(relation="thing", as_of=datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2))))
        found = bind(plan, CATALOG)
        assert found.as_of == datetime(2024, 2, 28, 23, tzinfo=UTC)
        assert found.as_of.tzinfo is UTC

    @pytest.mark.parametrize(
        "as_of",
        [
            datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        ],
    )
    def test_outside_the_calendar(self, as_of: datetime) -> None:
        with pytest.raises(InvalidPlan, match="outside the years 1 to 9999"):
            bind(Plan(relation="thing", as_of=as_of), CATALOG)

    def test_none(self) -> None:
        assert bind(Plan(relation="thing"), CATALOG).as_of is None


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        ({}, None),
        ({"limit": 7}, 7),
        ({"where": Comparison(op="==", field="identifier", value="volume/a")}, 1),
        ({"where": IsIn(field="identifier", values=("volume/a", "volume/b"))}, 2),
        ({"where": IsIn(field="identifier", values=("volume/a", "volume/b")), "limit": 1}, 1),
        ({"where": Comparison(op="!=", field="identifier", value="volume/a")}, None),
        ({"where": Comparison(op="==", field="license", value="a")}, None),
        ({"where": Comparison(op="==", field="identifier", value="volume/a"), "history": True}, None),
    ],
)
def test_the_most_rows_that_a_plan_can_give(asked: dict[str, Any], most: int | None) -> None:
    assert bind(Plan(relation="volume", **asked), default_catalog()).max_rows == most
