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

from vxdata.schemas.arrow import response_schema
from vxdata.schemas.create import PatientCreate
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan, UnknownField, UnknownResourceType
from vxdata.schemas.fields import Integer, Nested
from vxdata.schemas.registry import registry
from vxdata.sdk import Client, F, Predicate, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

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


class TestBuilding:
    def test_every_step_leaves_the_query_before_as_it_was(self, client: Client) -> None:
        whole = client.volumes.query()
        plan = whole.plan
        steps = [whole.filter(F.b_value > 1), whole.select("identifier"), whole.limit(1)]
        assert whole.plan is plan
        assert len({step.plan.model_dump_json() for step in [whole, *steps]}) == 4

    def test_filters_add_up_to_one_flat_conjunction(self, client: Client) -> None:
        one, two, three = F.b_value > 1, F.b_value < 5, F.volume_type == "T2"
        query = client.volumes.query()
        assert query.filter(one, two, three).plan == query.filter(one).filter(two).filter(three).plan
        assert query.filter(one & two & three).plan == query.filter(one, two, three).plan
        assert query.filter(one | two).filter(three).plan == query.filter((one | two) & three).plan
        assert query.filter().plan == query.plan

    def test_select_takes_names_and_references(self, client: Client) -> None:
        query = client.volumes.query()
        assert query.select("b_value", F.identifier).plan.select == ("b_value", "identifier")

    def test_the_last_select_and_limit_count(self, client: Client) -> None:
        query = client.volumes.query().select("b_value").select("identifier").limit(5).limit(3)
        assert (query.plan.select, query.plan.limit) == (("identifier",), 3)

    @pytest.mark.parametrize("broken", [True, "b_value > 1", F.b_value, [F.b_value > 1], None])
    def test_filter_takes_predicates_only(self, client: Client, broken: Any) -> None:
        with pytest.raises(TypeError, match="filter takes predicates such as"):
            client.volumes.query().filter(broken)

    @pytest.mark.parametrize("broken", [["identifier"], 3, None, F.b_value > 1])
    def test_select_takes_names_only(self, client: Client, broken: Any) -> None:
        with pytest.raises(TypeError, match="select takes names such as"):
            client.volumes.query().select(broken)

    def test_select_of_nothing_or_twice_is_refused(self, client: Client) -> None:
        with pytest.raises(InvalidPlan, match="at least one field"):
            client.volumes.query().select()
        with pytest.raises(InvalidPlan, match="selected more than once: b_value") as caught:
            client.volumes.query().select("b_value", "identifier", F.b_value)
        assert caught.value.details == {"fields": ["b_value"]}

    @pytest.mark.parametrize("rows", [-1, 1.0, "1", True, None, 2**63])
    def test_limit_takes_whole_numbers(self, client: Client, rows: Any) -> None:
        with pytest.raises(InvalidPlan, match="limit takes a whole number of rows, 0 or more, not"):
            client.volumes.query().limit(rows)

    def test_shown_as_it_is_written(self, client: Client) -> None:
        query = client.volumes.query().filter(F.b_value > 1, F.volume_type == "T2").select("b_value").limit(3)
        assert repr(query) == (
            "volumes.query().filter((F.b_value > 1) & (F.volume_type == 'T2')).select('b_value').limit(3)"
        )
        assert repr(client.patients.query()) == "patients.query()"


class TestUnknownNames:
    @pytest.fixture
    def nowhere(self) -> Iterator[Client]:
        """A client that would fail if it made a call."""
        with Client("grpc://127.0.0.1:1") as client:
            yield client

    @pytest.mark.parametrize(
        "ask",
        [
            lambda query: query.filter(F.b_valu > 1),
            lambda query: query.filter((F.b_value > 1) | F.b_valu.is_null()),
            lambda query: query.select("identifier", "b_valu"),
            lambda query: query.select(F.b_valu),
        ],
    )
    def test_a_field_is_refused_before_any_call(self, nowhere: Client, ask: Callable[[Query], Query]) -> None:
        with pytest.raises(
            UnknownField, match=r"volume has no field b_valu\. Did you mean b_value\?"
        ) as caught:
            ask(nowhere.volumes.query())
        assert caught.value.details["fields"] == ["b_valu"]
        assert "b_value" in caught.value.details["known"]

    def test_a_type_is_refused_before_any_call(self, nowhere: Client) -> None:
        with pytest.raises(UnknownResourceType, match=r"'volumes'\. Did you mean volume\?"):
            nowhere.namespace("volumes")


class TestAnswers:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_the_schema_is_that_of_the_registry_also_when_empty(self, client: Client, prefix: str) -> None:
        query = client.namespace(prefix).query()
        for narrow in (query.limit(0), query.filter(F.identifier == f"{prefix}/nowhere")):
            table = narrow.to_arrow()
            assert table.num_rows == 0
            assert table.schema.equals(response_schema(registry().get(prefix)), check_metadata=True)

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

    def test_run_tells_the_instant_and_the_version(
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


class TestRefusedByTheServer:
    @pytest.mark.parametrize(
        "predicate",
        [
            F.b_value == "T2",
            F.volume_type == 2,
            F.series_number == "1",
            F.series_number == 2**63,
            F.series_date == "2024-13-01",
            F.acquisition_datetime > "yesterday",
            F.is_contrast_enhanced == 1,
            F.b_value == True,  # noqa: E712 - the subject
            F.b_value.is_in([1, "2"]),
        ],
    )
    def test_a_literal_of_another_type(self, client: Client, predicate: Predicate) -> None:
        with pytest.raises(FieldTypeMismatch):
            client.volumes.query().filter(predicate).collect()

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

    def test_an_unknown_field_over_the_wire(self, client: Client) -> None:
        # As an older client would send it: the check on this side is passed over.
        query = client.volumes.query()
        unchecked = query.plan.model_copy(update={"select": ("b_valu",)})
        with pytest.raises(UnknownField, match=r"Did you mean b_value\?"):
            Query(query._transport, unchecked).collect()

    def test_bounds_of_integers_are_kept(self, client: Client, root: str) -> None:
        bounds = Integer()
        query = client.volumes.query().filter(F.parent_identifier == root)
        assert query.filter(F.series_number > bounds.le).collect().height == 0
        assert query.filter(F.series_number < bounds.ge).collect().height == 0
