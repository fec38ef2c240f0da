"""Queries: builders that never change, and answers that agree with Polars on the same rows."""

from __future__ import annotations

import operator
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField, UnknownResourceType
from vxdata.schemas.fields import Integer, Nested
from vxdata.schemas.plan import MAX_NESTING, And, OrderBy, Plan, Subquery, decode, encode
from vxdata.schemas.types.arrow import response_schema
from vxdata.sdk import (
    ALL,
    ANY,
    COUNT,
    MAX,
    MEAN,
    MIN,
    Client,
    F,
    MemoryTransport,
    Predicate,
    Query,
    count,
    has_ancestor,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from vxdata.schemas.response import VolumeResponse

PREFIXES = [payload_type.prefix for payload_type in registry()]
ROWS = 240
WORDS = [
    "T2",
    "ADC",
    "t2",
    "T2 tra",
    "",
    " ",
    "Ä",
    "é",
    "zz",
    "Z",
    "z",
    "日本",
    "\U0001f600",
    "a'b",
    'a"b',
    "a\\b",
    "a%b_",
]
START = datetime(2024, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# What is compared with, by field: values that the rows hold, and values beside them.
LITERALS: dict[str, SearchStrategy[Any]] = {
    "series_description": st.sampled_from([*WORDS, "nowhere"]),
    "volume_type": st.sampled_from(["T2", "ADC", "DWI"]),
    "b_value": st.sampled_from([0.0, 0.1, 50.0, 1000.0, 1000.5]) | st.integers(-1, 1001),
    "series_number": st.integers(-3, 12),
    "is_contrast_enhanced": st.booleans(),
    "series_date": st.integers(0, 12).map(lambda days: date(2024, 2, 25) + timedelta(days)),
    "acquisition_datetime": st.integers(-2, 12).map(lambda steps: START + timedelta(microseconds=steps)),
}

MISTYPED = [
    F.b_value == "T2",
    F.volume_type == 2,
    F.series_number == "1",
    F.series_number == 2**63,
    F.series_date == "2024-13-01",
    F.acquisition_datetime > "yesterday",
    F.is_contrast_enhanced == 1,
    F.b_value == True,  # noqa: E712 - the subject
    F.b_value.is_in([1, "2"]),
]


def cycle(values: list[Any]) -> list[Any]:
    return [values[number % len(values)] for number in range(ROWS)]


@pytest.fixture(scope="module")
def volumes(client: Client, root: str) -> pl.DataFrame:
    """Volumes with few values and nulls in every column, so that predicates meet all of them."""
    frame = pl.DataFrame(
        {
            "identifier": [f"{root.rpartition('-')[2]}-{number:03}" for number in range(ROWS)],
            "parent_identifier": cycle([root]),
            "license": cycle(["CC BY 4.0"]),
            "series_description": cycle([*WORDS, None, None]),
            "volume_type": cycle(["T2", "ADC", "DWI", None, "OTHER"]),
            "b_value": cycle([0.0, -0.0, 50.0, 1000.0, None, 0.1, 1000.5]),
            "series_number": cycle([-2, 0, 1, 5, 9, None, 10, 11]),
            "is_contrast_enhanced": cycle([True, False, None]),
            "series_date": cycle([date(2024, 2, 26) + timedelta(days) for days in range(9)] + [None]),
            "acquisition_datetime": cycle(
                [START + timedelta(microseconds=step) for step in range(10)] + [None]
            ),
        }
    )
    client.volumes.create(frame)
    return client.volumes.query().filter(F.parent_identifier == root).collect()


def in_polars(predicate: tuple[Any, ...]) -> pl.Expr:
    match predicate:
        case ("and", *terms):
            return reduce(operator.and_, map(in_polars, terms))
        case ("or", *terms):
            return reduce(operator.or_, map(in_polars, terms))
        case ("is_in", name, values):
            literals = pl.Series(values, dtype=pl.Float64 if name == "b_value" else None)
            return pl.col(name).is_in(literals) if values else pl.lit(value=False)
        case ("is_null", name):
            return pl.col(name).is_null()
        case ("is_not_null", name):
            return pl.col(name).is_not_null()
        case (op, name, value):
            compared: pl.Expr = OPERATORS[op](pl.col(name), pl.lit(value))
            return compared
    raise AssertionError(predicate)


def in_sdk(predicate: tuple[Any, ...]) -> Predicate:
    match predicate:
        case ("and", *terms):
            return reduce(operator.and_, map(in_sdk, terms))
        case ("or", *terms):
            return reduce(operator.or_, map(in_sdk, terms))
        case ("is_in", name, values):
            return F[name].is_in(values)
        case ("is_null", name):
            return F[name].is_null()
        case ("is_not_null", name):
            return F[name].is_not_null()
        case (op, name, value):
            compared: Predicate = OPERATORS[op](F[name], value)
            return compared
    raise AssertionError(predicate)


def leaves() -> SearchStrategy[tuple[Any, ...]]:
    names = st.sampled_from(sorted(LITERALS))
    compared = names.flatmap(
        lambda name: st.tuples(st.sampled_from(sorted(OPERATORS)), st.just(name), LITERALS[name])
    )
    listed = names.flatmap(
        lambda name: st.tuples(st.just("is_in"), st.just(name), st.lists(LITERALS[name], max_size=5))
    )
    null = st.tuples(st.sampled_from(["is_null", "is_not_null"]), names)
    return compared | listed | null


def trees() -> SearchStrategy[tuple[Any, ...]]:
    kinds = st.sampled_from(["and", "or"])
    return st.recursive(leaves(), lambda inner: st.tuples(kinds, inner, inner), max_leaves=8)


@pytest.fixture(scope="module")
def nowhere() -> Iterator[Client]:
    """A client that would fail if it made a call."""
    with Client(transport=MemoryTransport()) as client:
        yield client


@pytest.fixture(scope="module")
def query(nowhere: Client) -> Query[VolumeResponse]:
    return nowhere.volumes.query()


class TestBuilding:
    def test_every_step_leaves_the_query_before_as_it_was(self, query: Query) -> None:
        plan = query.plan
        steps = [
            query.filter(F.b_value > 1),
            query.select("identifier"),
            query.distinct("b_value"),
            query.group_by("volume_type").agg(count()),
            query.order_by("b_value"),
            query.limit(1),
            query.offset(1),
            query.as_of("2024-01-01T00:00Z"),
        ]
        assert query.plan is plan
        assert len({step.digest for step in [query, *steps]}) == 9

    def test_filters_add_up_to_one_flat_conjunction(self, query: Query) -> None:
        one, two, three = F.b_value > 1, F.b_value < 5, F.volume_type == "T2"
        assert query.filter(one, two, three).plan == query.filter(one).filter(two).filter(three).plan
        assert query.filter(one & two & three).plan == query.filter(one, two, three).plan
        assert query.filter(one | two).filter(three).plan == query.filter((one | two) & three).plan
        assert query.filter() is query

    def test_ten_thousand_filters_one_by_one(self, query: Query) -> None:
        narrow = query
        for number in range(10_000):
            narrow = narrow.filter(F.series_number != number)
        assert isinstance(narrow.plan.where, And)
        assert len(narrow.plan.where.terms) == 10_000
        assert len(narrow.digest) == 32

    def test_filters_on_what_is_as_deep_as_allowed(self, query: Query) -> None:
        deep = F.series_number == 0
        while deep.depth < MAX_NESTING - 1:
            deep = ~(deep & (F.b_value > deep.depth)) if deep.depth % 2 else deep | (F.b_value < deep.depth)
        filtered = query.filter(deep).filter(F.b_value > 1).filter(F.b_value > 2)
        assert decode(encode(filtered.plan)).where is not None
        with pytest.raises(InvalidPlan, match="nested"):
            query.filter(deep & (F.b_value > 1) | (F.b_value > 2)).filter(F.b_value > 3)

    def test_select_takes_names_and_references(self, query: Query) -> None:
        assert query.select("b_value", F.identifier).plan.select == ("b_value", "identifier")

    def test_the_last_select_and_order_count(self, query: Query) -> None:
        plan = query.select("b_value").select("identifier").order_by("b_value").order_by("version").plan
        assert plan.select == ("identifier",)
        assert plan.order_by == (OrderBy(field="version"),)

    def test_the_least_limit_counts(self, query: Query) -> None:
        assert query.limit(5).limit(3).plan.limit == query.limit(3).limit(5).plan.limit == 3

    def test_a_limit_and_an_offset_may_stand_in_any_order(self, query: Query) -> None:
        assert query.limit(5).offset(3).plan == query.offset(3).limit(5).plan
        with pytest.raises(InvalidPlan, match="already leaves out the first 3 rows"):
            query.offset(3).offset(5)

    def test_orders_state_their_direction(self, query: Query) -> None:
        steps = query.order_by(F.b_value, "version", F.license.asc(nulls_first=True), descending=True)
        assert steps.plan.order_by == (
            OrderBy(field="b_value", descending=True),
            OrderBy(field="version", descending=True),
            OrderBy(field="license", nulls_first=True),
        )

    def test_an_entry_of_a_mapping_orders(self, nowhere: Client) -> None:
        ordered = nowhere.benchmarking_results.query().order_by(F.summary_metrics["auc"].desc())
        assert ordered.plan.order_by == (OrderBy(field="summary_metrics", key="auc", descending=True),)

    def test_distinct_takes_fields_or_those_selected(self, query: Query) -> None:
        assert query.distinct("b_value").plan == query.select("b_value").distinct().plan

    def test_equal_questions_have_one_digest(self, query: Query) -> None:
        one, two = F.b_value > 1, F.volume_type.is_in(["T2", "ADC"])
        assert query.filter(one, two).digest == query.filter(F.volume_type.is_in(["ADC", "T2"]) & one).digest
        assert query.filter(one).digest != query.filter(~one).digest


class TestRefusedSteps:
    @pytest.mark.parametrize("broken", [True, "b_value > 1", F.b_value, [[F.b_value > 1]], ["x"], None])
    def test_filter_takes_predicates_only(self, query: Query, broken: Any) -> None:
        with pytest.raises(TypeError, match="filter takes predicates such as"):
            query.filter(broken)

    @pytest.mark.parametrize("broken", [[["identifier"]], {"identifier"}, 3, None, F.b_value > 1])
    @pytest.mark.parametrize("step", ["select", "distinct", "group_by", "order_by"])
    def test_steps_take_names_only(self, query: Query, step: str, broken: Any) -> None:
        with pytest.raises(TypeError, match=f"{step} takes names such as"):
            getattr(query, step)(broken)

    @pytest.mark.parametrize("step", ["select", "distinct"])
    def test_an_entry_is_no_whole_field(self, nowhere: Client, step: str) -> None:
        with pytest.raises(FieldTypeMismatch, match=f"{step} takes whole fields") as caught:
            getattr(nowhere.benchmarking_results.query(), step)(F.summary_metrics["auc"])
        assert caught.value.details == {"field": "summary_metrics['auc']"}

    def test_fields_are_named_once(self, query: Query) -> None:
        for step in (query.select, query.distinct):
            with pytest.raises(InvalidPlan, match="one name: b_value") as caught:
                step("b_value", "identifier", F.b_value)
            assert caught.value.details == {"fields": ["b_value"]}

    @pytest.mark.parametrize("step", ["select", "distinct", "order_by"])
    def test_some_field_is_needed(self, query: Query, step: str) -> None:
        with pytest.raises(InvalidPlan, match=f"{step} needs at least one field"):
            getattr(query, step)()

    @pytest.mark.parametrize("rows", [-1, 1.0, "1", True, None, 2**63])
    @pytest.mark.parametrize("step", ["limit", "offset"])
    def test_numbers_of_rows_are_whole(self, query: Query, step: str, rows: Any) -> None:
        with pytest.raises(
            InvalidPlan, match=f"{step} takes a whole number of rows, 0 or more, not"
        ) as caught:
            getattr(query, step)(rows)
        assert caught.value.details == {step: repr(rows)}

    @pytest.mark.parametrize("earlier", ["limit", "offset", "distinct", "agg"])
    @pytest.mark.parametrize("step", ["filter", "distinct", "group_by"])
    def test_a_step_that_comes_too_late(self, query: Query, earlier: str, step: str) -> None:
        asked = {
            "limit": query.limit(10),
            "offset": query.offset(10),
            "distinct": query.distinct("b_value"),
            "agg": query.group_by("b_value").agg(count()),
        }[earlier]
        argument: Any = F.b_value > 1 if step == "filter" else "b_value"
        if (step, earlier) == ("filter", "agg"):  # it keeps groups
            assert asked.filter(argument).plan.having == argument.node
            return
        with pytest.raises(InvalidPlan, match=f"Write {step} before {earlier}") as caught:
            getattr(asked, step)(argument)
        assert caught.value.details == {"step": step, "earlier": earlier}

    def test_an_order_after_a_limit_comes_too_late(self, query: Query) -> None:
        for earlier in ("limit", "offset"):
            with pytest.raises(InvalidPlan, match=f"Write order_by before {earlier}"):
                getattr(query, earlier)(10).order_by("b_value")

    def test_a_select_after_a_limit_is_fine(self, query: Query) -> None:
        assert query.limit(3).select("b_value").plan == query.select("b_value").limit(3).plan

    def test_a_select_of_groups_comes_too_late(self, query: Query) -> None:
        for settled in (query.distinct("b_value"), query.group_by("b_value").agg(count())):
            with pytest.raises(InvalidPlan, match="select comes too late"):
                settled.select("b_value")

    def test_lists_have_no_order_and_are_not_compared(self, query: Query) -> None:
        for step in (query.order_by, query.distinct):
            with pytest.raises(FieldTypeMismatch, match="a list or a mapping"):
                step("derived_from")


class TestRefusedBeforeAnyCall:
    @pytest.mark.parametrize(
        "ask",
        [
            lambda query: query.filter(F.b_valu > 1),
            lambda query: query.filter((F.b_value > 1) | F.b_valu.is_null()),
            lambda query: query.filter(F.b_value.is_in(query.filter(F.b_valu == 1).select("b_value"))),
            lambda query: query.select("identifier", "b_valu"),
            lambda query: query.select(F.b_valu),
            lambda query: query.distinct("b_valu"),
            lambda query: query.order_by(F.b_valu.desc()),
            lambda query: query.group_by("b_valu"),
            lambda query: query.group_by().agg(F.b_valu.mean()),
        ],
    )
    def test_an_unknown_field(self, query: Query, ask: Callable[[Query], object]) -> None:
        with pytest.raises(
            UnknownField, match=r"volume has no field b_valu\. Did you mean b_value\?"
        ) as caught:
            ask(query)
        assert caught.value.details["fields"] == ["b_valu"]
        assert "b_value" in caught.value.details["known"]

    @pytest.mark.parametrize("predicate", MISTYPED)
    def test_a_literal_of_another_type(self, query: Query, predicate: Predicate) -> None:
        with pytest.raises(FieldTypeMismatch):
            query.filter(predicate)

    def test_a_literal_of_another_type_far_inside(self, query: Query) -> None:
        inner = Query(query._session, query.plan.model_copy(update={"where": (F.b_value == "T2").node}))
        with pytest.raises(FieldTypeMismatch, match="b_value is of type float"):
            query.filter(~(F.volume_type.is_null() | F.b_value.is_in(inner.select("b_value"))))

    def test_a_type(self, nowhere: Client) -> None:
        with pytest.raises(UnknownResourceType, match=r"'volumes'\. Did you mean volume\?"):
            nowhere.namespace("volumes")

    def test_the_schema_is_known(self, query: Query) -> None:
        assert query.select("b_value", "valid_from", "derived_from").schema == {
            "b_value": pl.Float64,
            "valid_from": pl.Datetime("us", "UTC"),
            "derived_from": pl.List(pl.String),
        }
        assert list(query.schema) == [field.name for field in registry().get("volume").response_fields]


class TestSubqueries:
    def test_a_query_becomes_a_node(self, query: Query) -> None:
        asked = query.filter(F.b_value > 1).order_by("b_value").offset(1).limit(2).select("identifier")
        expected = Subquery(
            relation="volume",
            where=(F.b_value > 1).node,
            select="identifier",
            order_by=(OrderBy(field="b_value"),),
            limit=2,
            offset=1,
        )
        assert asked.as_subquery().model_dump() == expected.model_dump()

    @pytest.mark.parametrize("stamps", [("2025-01-01T00:00:00Z", None), (None, "2025-01-01T00:00:00Z")])
    def test_of_a_client_at_another_instant(self, stamps: tuple[str | None, str | None]) -> None:
        url = "grpc://127.0.0.1:1"
        with Client(url, timestamp=stamps[0]) as one, Client(url, timestamp=stamps[1]) as other:
            inner = other.volumes.query().select("b_value")
            for predicate in (F.b_value.is_in(inner), ~(F.b_value > ALL(inner)), F.b_value.is_null()):
                one.volumes.query().filter(F.b_value.is_in(one.volumes.query().select("b_value")))
                if predicate.node.op == "is_null":
                    one.volumes.query().filter(predicate)
                else:
                    with pytest.raises(InvalidPlan, match=r"that of its subquery at .*; use one client"):
                        one.volumes.query().filter(F.b_value.is_null() | predicate)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda query: query, "selects exactly one field.*this one selects none"),
            (lambda query: query.select("b_value", "version"), "this one selects b_value, version"),
            (lambda query: query.distinct("b_value"), "no groups, no distinct and no history"),
            (lambda query: query.group_by("b_value").agg(), "no groups, no distinct and no history"),
            (lambda query: query.select("b_value").as_of("2024-01-01T00:00Z"), "put as_of or pin there"),
        ],
    )
    def test_what_cannot_be_one(self, query: Query, make: Callable[[Query], Query], message: str) -> None:
        for use in (F.b_value.is_in, ANY, ALL, MIN, MAX, MEAN, COUNT):
            with pytest.raises(InvalidPlan, match=message):
                use(make(query))

    def test_the_instant_of_a_client_is_left_to_the_query_around(self) -> None:
        with Client(transport=MemoryTransport(), timestamp="2024-01-01T00:00Z") as past:
            inner = past.volumes.query().select("b_value")
            asked = past.volumes.query().filter(F.b_value.is_in(inner))
        assert asked.plan.as_of == datetime(2024, 1, 1, tzinfo=UTC)
        assert asked._plan.as_of is None


class TestShown:
    @pytest.mark.parametrize(
        "make",
        [
            lambda client: client.volumes.query(),
            lambda client: client.resources.query().filter(has_ancestor("patient/1")).limit(1),
            lambda client: (
                client.volumes.query()
                .filter(F.b_value > 1, (F.volume_type == "T2") | ~F.volume_type.is_null())
                .order_by("b_value", F.version.desc(nulls_first=True))
                .offset(3)
                .limit(2)
                .select("identifier", "b_value")
                .as_of("2024-01-01T00:00Z")
            ),
            lambda client: client.patients.query().distinct("sex").order_by("sex", descending=True).limit(1),
            lambda client: (
                client.volumes.query()
                .filter(F.b_value > ANY(client.volumes.query().select("b_value")))
                .group_by("volume_type", "patient_id")
                .agg(count(), F.b_value.quantile(0.5), top=F.b_value.max())
                .order_by("count")
                .limit(5)
            ),
            lambda client: client.volumes.query().group_by().agg(n=count()),
            lambda client: (
                client.imaging_studies.query()
                .filter(F.study_date.year().between(2000, 2010), F.modalities.n_items() > 1)
                .group_by(
                    "patient_id",
                    F.study_date.month(),
                    item=F.modalities.each_item(),
                    **{"my year": F.study_date.year()},
                )
                .agg(F.modalities.n_items().max(), F.study_date.year().min().alias("first"))
                .order_by("item")
            ),
            lambda client: client.volumes.query().filter(
                F.version == MAX(client.resources.query().select("version")),
                ~(F.series_number > COUNT(client.volumes.query().select("b_value"))),
            ),
            lambda client: client.imaging_studies.query().order_by(
                F.study_date.month(), F.modalities.n_items().desc()
            ),
            lambda client: (
                client.volumes.query()
                .filter(F.b_value > 1)
                .group_by("patient_id")
                .agg(count(), top=F.b_value.max())
                .filter(
                    F.count > 2, F.top.is_null() | (F.top > ANY(client.volumes.query().select("b_value")))
                )
                .order_by("count")
                .limit(5)
            ),
        ],
    )
    def test_it_evaluates_as_it_is_written(self, nowhere: Client, make: Callable[[Client], Query]) -> None:
        query = make(nowhere)
        names = {
            "client": nowhere,
            "F": F,
            "ANY": ANY,
            "MAX": MAX,
            "COUNT": COUNT,
            "ALL": ALL,
            "count": count,
            "has_ancestor": has_ancestor,
        }
        again = eval(repr(query), names)  # noqa: S307 - the subject
        assert again.plan == query.plan
        assert repr(again) == repr(query)

    def test_in_the_order_in_which_it_is_done(self, query: Query) -> None:
        shown = query.filter(F.b_value > 1).filter(F.volume_type == "T2").limit(3).select("b_value")
        assert repr(shown) == (
            "client.volumes.query().filter(F.b_value > 1, F.volume_type == 'T2').limit(3).select('b_value')"
        )


class TestAnswers:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_the_schema_is_that_of_the_registry_also_when_empty(self, client: Client, prefix: str) -> None:
        query = client.namespace(prefix).query()
        for narrow in (query.limit(0), query.filter(F.identifier == f"{prefix}/nowhere")):
            table = narrow.to_arrow()
            assert table.num_rows == 0
            assert table.schema.equals(response_schema(registry().get(prefix)))

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_empty_and_full_frames_have_the_same_types(self, client: Client, root: str, prefix: str) -> None:
        client.patients.create(
            PatientCreate(
                identifier=f"{root}-{prefix}".replace("/", "-"), parent_identifier=root, license="x"
            )
        )
        query = client.namespace(prefix).query()
        assert query.collect().schema == query.limit(0).collect().schema

    def test_select_gives_these_columns_in_this_order(
        self, client: Client, volumes: pl.DataFrame, root: str
    ) -> None:
        query = client.volumes.query().filter(F.parent_identifier == root).select("volume_type", "identifier")
        frame = query.collect().sort("identifier")
        assert frame.equals(volumes.sort("identifier").select("volume_type", "identifier"))

    @pytest.mark.parametrize("rows", [0, 1, 7, ROWS, ROWS + 1])
    def test_limit_gives_the_first_in_identifier_order(
        self, client: Client, volumes: pl.DataFrame, root: str, rows: int
    ) -> None:
        frame = client.volumes.query().filter(F.parent_identifier == root).limit(rows).collect()
        assert frame["identifier"].to_list() == sorted(volumes["identifier"])[:rows]

    def test_identifier_order_is_that_of_bytes(self, client: Client, root: str, unique: str) -> None:
        names = [f"{unique}{end}" for end in ("B", "a", "C", "b", "-1", "_", "~", "/x", " x", "10", "9")]
        client.patients.create(
            [PatientCreate(identifier=name, parent_identifier=root, license="x") for name in names]
        )
        found = (
            client.patients.query().filter(F.identifier >= f"patient/{unique}").limit(len(names)).collect()
        )
        assert found["identifier"].to_list() == sorted(f"patient/{name}" for name in names)

    def test_lineage_and_metadata_fields_filter(
        self, client: Client, volumes: pl.DataFrame, root: str
    ) -> None:
        first = volumes["identifier"].min()
        stamp, version = volumes["valid_from"][0], volumes["version"][0]
        mine = client.volumes.query().filter(F.datasource_id == root)
        wanted: tuple[tuple[Any, int], ...] = (
            (F.parent_identifier == root, ROWS),
            (F.identifier == first, 1),
            (F.license == "CC BY 4.0", ROWS),
            (F.license != "CC BY 4.0", 0),
            (F.valid_from == stamp, ROWS),
            (F.valid_from > stamp, 0),
            (F.created_at <= stamp, ROWS),
            (F.valid_to.is_null(), ROWS),
            (F.version == version, ROWS),
            (F.version < version, 0),
            (F.patient_id.is_null(), ROWS),
            (F.study_id.is_not_null(), 0),
            (F.datasource_id.is_in([root, "datasource/nowhere"]), ROWS),
        )
        for predicate, rows in wanted:
            assert mine.filter(predicate).collect().height == rows, predicate

    def test_fetch_tells_the_instant_and_the_version(
        self, client: Client, volumes: pl.DataFrame, root: str
    ) -> None:
        before = client.health()
        result = client.volumes.query().filter(F.parent_identifier == root).run()
        assert (result.version, result.as_of) == (before.version, before.as_of)
        assert result.as_of.utcoffset() == timedelta(0)
        assert result.frame.sort("identifier").equals(volumes.sort("identifier"))

    def test_a_later_commit_has_a_later_instant(self, client: Client, root: str, unique: str) -> None:
        earlier = client.patients.query().limit(0).run()
        created = client.patients.create(
            PatientCreate(identifier=unique, parent_identifier=root, license="x")
        )
        later = client.patients.query().limit(0).run()
        assert (later.version, later.as_of) == (created.version, created.valid_from)
        assert later.version > earlier.version
        assert later.as_of > earlier.as_of


class TestAgainstPolars:
    @pytest.mark.parametrize("op", sorted(OPERATORS))
    @pytest.mark.parametrize("name", sorted(LITERALS))
    def test_every_operator(
        self, client: Client, volumes: pl.DataFrame, root: str, name: str, op: str
    ) -> None:
        # No field has an order of booleans that anybody would ask for, but there is one.
        for value in volumes[name].drop_nulls().unique():
            predicate = (op, name, value)
            wanted = volumes.filter(in_polars(predicate))["identifier"]
            found = client.volumes.query().filter(F.parent_identifier == root, in_sdk(predicate))
            assert set(found.select("identifier").collect()["identifier"]) == set(wanted), predicate

    @settings(
        max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    )
    @given(predicate=trees())
    def test_every_combination(
        self, client: Client, volumes: pl.DataFrame, root: str, predicate: tuple[Any, ...]
    ) -> None:
        wanted = volumes.filter(in_polars(predicate))["identifier"]
        found = client.volumes.query().filter(F.parent_identifier == root, in_sdk(predicate)).collect()
        assert set(found["identifier"]) == set(wanted)

    @pytest.mark.parametrize("op", sorted(OPERATORS))
    def test_integers_compare_with_fractions(
        self, client: Client, volumes: pl.DataFrame, root: str, op: str
    ) -> None:
        for value in (-2.0, 0.5, 9.0, 9.999):
            wanted = volumes.filter(in_polars((op, "series_number", value)))["identifier"]
            predicate = in_sdk((op, "series_number", value))
            found = client.volumes.query().filter(F.parent_identifier == root, predicate).collect()
            assert set(found["identifier"]) == set(wanted), value

    def test_ten_thousand_values(self, client: Client, volumes: pl.DataFrame, root: str) -> None:
        wanted = sorted(volumes["identifier"])[::3]
        values = [*(f"volume/nowhere-{number}-{'x' * 100}" for number in range(10_000)), *wanted]
        found = client.volumes.query().filter(F.identifier.is_in(values)).select("identifier").collect()
        assert sorted(found["identifier"]) == wanted
        numbers = client.volumes.query().filter(
            F.parent_identifier == root, F.series_number.is_in(range(10_000))
        )
        assert numbers.collect().height == volumes.filter(pl.col("series_number") >= 0).height


def unchecked(client: Client, **parts: Any) -> Query:
    return Query(client._session, Plan(relation="volume", **parts))


class TestRefusedByTheServer:
    """As an older or a hostile client would send it: the checks on this side are passed over."""

    @pytest.mark.parametrize("predicate", MISTYPED)
    def test_a_literal_of_another_type(self, client: Client, predicate: Predicate) -> None:
        with pytest.raises(FieldTypeMismatch):
            unchecked(client, where=predicate.node).collect()

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_nested_fields_have_no_comparison(self, client: Client, prefix: str) -> None:
        query = client.namespace(prefix).query()
        for field in registry().get(prefix).fields:
            if isinstance(field.type, Nested):
                with pytest.raises(FieldTypeMismatch, match="cannot be compared as a whole"):
                    query.filter(F[field.name] == "x").collect()
                assert (
                    query.filter(F[field.name].is_null(), F[field.name].is_not_null()).collect().height == 0
                )

    def test_an_unknown_field(self, client: Client) -> None:
        with pytest.raises(UnknownField, match=r"Did you mean b_value\?"):
            unchecked(client, select=("b_valu",)).collect()

    def test_bounds_of_integers_are_kept(self, client: Client, root: str) -> None:
        bounds = Integer()
        query = client.volumes.query().filter(F.parent_identifier == root)
        assert query.filter(F.series_number > bounds.le).collect().height == 0
        assert query.filter(F.series_number < bounds.ge).collect().height == 0


class TestAggregatesOfQueries:
    @pytest.mark.parametrize(
        ("make", "same"),
        [
            (lambda inner: F.b_value == MAX(inner), lambda b: b == b.max()),
            (lambda inner: F.b_value == MIN(inner), lambda b: b == b.min()),
            (lambda inner: F.b_value < MEAN(inner), lambda b: b < b.mean()),
            (lambda inner: ~(F.b_value < MEAN(inner)), lambda b: ~(b < b.mean())),
            (lambda inner: F.b_value > COUNT(inner), lambda b: b > b.count()),
            (lambda inner: F.b_value > MAX(inner.filter(F.b_value < 0)), lambda _: pl.lit(value=False)),
        ],
    )
    def test_they_are_those_of_polars(
        self,
        client: Client,
        volumes: pl.DataFrame,
        root: str,
        make: Callable[[Query], Predicate],
        same: Callable[[pl.Expr], pl.Expr],
    ) -> None:
        of_root = client.volumes.query().filter(F.parent_identifier == root)
        found = of_root.filter(make(of_root.select("b_value"))).collect().sort("identifier")
        assert found.equals(volumes.filter(same(pl.col("b_value"))).sort("identifier"))

    def test_groups_are_compared_with_them(self, client: Client, volumes: pl.DataFrame, root: str) -> None:
        of_root = client.volumes.query().filter(F.parent_identifier == root)
        groups = of_root.group_by("volume_type").agg(top=F.b_value.max())
        found = groups.filter(F.top == MAX(of_root.select("b_value"))).order_by("volume_type").collect()
        tops = volumes.group_by("volume_type").agg(top=pl.col("b_value").max())
        assert found.equals(tops.filter(pl.col("top") == 1000.5).sort("volume_type", nulls_last=True))

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda query: F.volume_type == MAX(query.select("b_value")), "they cannot be compared"),
            (lambda query: F.b_value == MEAN(query.select("volume_type")), "has no mean"),
            (lambda query: F.volume_type == COUNT(query.select("b_value")), "COUNT of type integer"),
            (lambda query: F.series_date < MEAN(query.select("b_value")), "MEAN of type float"),
            (lambda query: F.b_value > COUNT(query.select("derived_from")), "a list or a mapping"),
            (lambda query: F.is_contrast_enhanced == MAX(query.select("is_contrast_enhanced")), "has no max"),
        ],
    )
    def test_kinds_are_kept_apart(
        self, nowhere: Client, make: Callable[[Query], Predicate], message: str
    ) -> None:
        query = nowhere.volumes.query()
        with pytest.raises(FieldTypeMismatch, match=message):
            query.filter(make(query))
