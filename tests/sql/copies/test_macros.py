"""The macros give the numbers that exact arithmetic gives, to the last bit."""

from __future__ import annotations

import math
from contextlib import closing
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pytest

from vxdata.sql.copies.macros import MACROS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CASES: Final = 10_000
LARGEST: Final = 87
"""Bits of a sum of ten million parts."""

HOSTILE: Final = (
    *(
        1e16,
        1.0,
        -1e16,
        0.1,
        0.0,
        -0.0,
        2.0**-72,
        -(2.0**-72),
        2.0**62,
        -(2.0**62),
        math.nextafter(2.0**63, 0),
    ),
    *(1 / 3, 123456.789, -1e-5, 2.0**53 + 2, 1e-21, -3e-20),
)
ADDED: Final = ", ".join(f"sum(vxdata.{part}_part(value))" for part in ("first", "second", "third"))

Sums = tuple[int, int, int]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the macros."""
    with closing(duckdb.connect()) as connection:
        connection.execute("CREATE SCHEMA vxdata")
        for statement in MACROS:
            connection.execute(statement)
        yield connection


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """Numbers that follow from the seed that the test run prints."""
    return Random(f"macros {request.config.getoption('randomly_seed', default=0)}")


def any_sums(random: Random) -> Sums:
    """Sums of any size and sign, many of them by powers of two."""
    first, second, third = (_whole(random) for _ in range(3))
    return first, second, third


def _whole(random: Random) -> int:
    bits = random.randrange(LARGEST)
    near = (1 << bits) + random.choice((-1, 0, 1))
    return random.choice((1, -1)) * random.choice((0, near, random.getrandbits(bits + 1)))


def half_way(random: Random) -> Sums:
    """Sums between two doubles, or close to that, which the parts share in any way."""
    shift = random.randrange(LARGEST + 124 - 54)
    total = (2 * (random.getrandbits(52) | 1 << 52) + 1) << shift
    total += random.choice((0, 1, -1, 1 << random.randrange(shift + 1)))
    first, rest = divmod(total, 1 << 124)
    second, third = divmod(rest, 1 << 62)
    moved, others = random.randrange(-(1 << 23), 1 << 23), random.randrange(-(1 << 23), 1 << 23)
    sums = (first - moved, second + (moved << 62) - others, third + (others << 62))
    return sums if random.random() < 0.5 else (-sums[0], -sums[1], -sums[2])


def nearest(sums: Sums) -> float:
    first, second, third = sums
    return float(first + Fraction(second, 1 << 62) + Fraction(third, 1 << 124))


def in_bits(values: Sequence[Any]) -> list[str]:
    """Values to compare, in which the zeros differ."""
    return [repr(value) for value in values]


def computed(engine: duckdb.DuckDBPyConnection, sql: str, **columns: Sequence[Any]) -> list[Any]:
    """One value for each row of some columns, or for each of their groups, in order."""
    engine.register("given", pa.table({name: pa.array(values) for name, values in columns.items()}))
    return [value for (value,) in engine.execute(sql).fetchall()]


@pytest.mark.parametrize("make", [any_sums, half_way])
def test_the_double_nearest_to_the_sums_of_parts(
    make: Any, random: Random, engine: duckdb.DuckDBPyConnection
) -> None:
    cases = [make(random) for _ in range(CASES)]
    parts = ", ".join(f"CAST({name} AS HUGEINT)" for name in "abc")
    texts = {name: [str(sums[place]) for sums in cases] for place, name in enumerate("abc")}
    sql = f"SELECT vxdata.nearest({parts}) FROM given ORDER BY number"
    found = computed(engine, sql, number=range(len(cases)), **texts)
    assert in_bits(found) == in_bits([nearest(sums) for sums in cases])


def test_sums_and_means_of_doubles(random: Random, engine: duckdb.DuckDBPyConnection) -> None:
    groups = [[_double(random) for _ in range(random.choice((1, 2, 3, 10, 30)))] for _ in range(CASES // 10)]
    for group in groups:  # cancellation, complete or not
        group.extend([-value for value in group if random.random() < random.choice((0.1, 0.9, 1.0))])
    columns: dict[str, Sequence[Any]] = {
        "number": [number for number, group in enumerate(groups) for _ in group],
        "value": [value for group in groups for value in group],
    }
    totals = [float(sum(map(Fraction, group), Fraction(0))) for group in groups]
    grouped = "FROM given GROUP BY number ORDER BY number"
    assert in_bits(computed(engine, f"SELECT vxdata.nearest({ADDED}) {grouped}", **columns)) == in_bits(
        totals
    )
    means = [total / len(group) + 0.0 for total, group in zip(totals, groups, strict=True)]
    mean = f"SELECT vxdata.quotient(vxdata.nearest({ADDED}), count(value)) {grouped}"
    assert in_bits(computed(engine, mean, **columns)) == in_bits(means)


def _double(random: Random) -> float:
    if random.random() < 0.4:
        return random.choice(HOSTILE)
    value = random.uniform(-1, 1) * 10.0 ** random.randint(-19, 18)
    return value if abs(value) >= 2.0**-72 else 0.0


def test_nothing_has_no_sum(engine: duckdb.DuckDBPyConnection) -> None:
    nothing = pa.array([None, None], pa.float64())
    sql = f"SELECT vxdata.nearest({ADDED}) FROM given"
    assert (
        computed(engine, sql, value=nothing)
        == computed(engine, f"{sql} WHERE FALSE", value=nothing)
        == [None]
    )


@pytest.mark.parametrize(
    "value", [2.0**63, math.nextafter(-(2.0**63), -math.inf), 1e300, math.nextafter(2.0**-72, 0), -5e-324]
)
def test_what_has_no_three_parts_fails(engine: duckdb.DuckDBPyConnection, value: float) -> None:
    with pytest.raises((duckdb.ConversionException, duckdb.InvalidInputException)):
        computed(engine, f"SELECT vxdata.nearest({ADDED}) FROM given", value=[1.0, value])


def test_quotients_have_no_negative_zero(engine: duckdb.DuckDBPyConnection) -> None:
    totals = (-5e-324, 5e-324, -5e-324, 1.5e-323, -0.0, 1e308)
    numbers = (2, 2, 1, 2, 7, 10)
    found = computed(engine, "SELECT vxdata.quotient(total, number) FROM given", total=totals, number=numbers)
    assert in_bits(found) == ["0.0", "0.0", "-5e-324", "1e-323", "0.0", "1e+307"]


def test_infinity_fails(engine: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT vxdata.finite(value) FROM given"
    assert computed(engine, sql, value=[1.7976931348623157e308, None]) == [1.7976931348623157e308, None]
    with pytest.raises(duckdb.InvalidInputException, match="too large"):
        computed(engine, sql, value=[math.inf])


def test_a_quantile_of_values_too_far_apart_fails(engine: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="too far apart"):
        computed(engine, "SELECT vxdata.quantile(list(value), 0.0) FROM given", value=[-1e308, 1e308])


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 3, 0.5, 1.0, 1e-7])
def test_quantiles(random: Random, engine: duckdb.DuckDBPyConnection, share: float) -> None:
    values = [_double(random) + 0.0 for _ in range(101)]
    sql = f"SELECT vxdata.quantile(list(value), CAST('{share!r}' AS DOUBLE)) FROM given"
    for number in (1, 2, 3, 100, 101):
        (found,) = computed(engine, sql, value=values[:number])
        in_order, place = sorted(values[:number]), share * (number - 1)
        low, high = in_order[math.floor(place)], in_order[math.ceil(place)]
        expected = low if low == high else low + (place - math.floor(place)) * (high - low)
        assert in_bits([found]) == in_bits([expected])


ZEROS: Final = {
    "both": [-0.0, 0.0] * 3_000,
    "with nulls": [-0.0, None, 0.0] * 2_000,
    "in runs": [*([-0.0] * 100), *([0.0] * 100), *([1.0] * 100)] * 20,
    "among others": [-0.0, 0.0, 1 / 3, 5.0] * 1_500,
    "one sign": [-0.0] * 6_000,
}


@pytest.mark.parametrize("values", ZEROS.values(), ids=list(ZEROS))
def test_zeros_keep_their_sign_in_a_file(tmp_path: Path, values: list[float | None]) -> None:
    """DuckDB compresses what it writes when it closes the file."""
    path = tmp_path / "zeros.duckdb"
    with closing(duckdb.connect(path)) as engine:
        engine.execute("CREATE SCHEMA vxdata")
        for statement in MACROS:
            engine.execute(statement)
        given = pa.table({"place": range(len(values)), "x": pa.array(values, pa.float64())})
        engine.register("given", given)
        stored = "vxdata.to_store(x)"
        engine.execute(
            f"CREATE TABLE t AS SELECT place, {stored} AS x, MAP {{'a': {stored}, 'b': 1.0}} AS m FROM given"
        )
    with closing(duckdb.connect(path)) as engine:
        read = "vxdata.from_store(x), map_extract_value(vxdata.entries_from_store(m), 'a')"
        rows = engine.execute(f"SELECT {read} FROM t ORDER BY place").fetchall()
    assert in_bits(rows) == in_bits([(value, value) for value in values])
