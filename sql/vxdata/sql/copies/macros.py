"""Macros of DuckDB: numbers as PostgreSQL works them out, bit for bit.

Sums of doubles are those of migration 0009: a double between 2^-72 and 2^63 is the sum of three whole numbers
times 1, 2^-62 and 2^-124, which are added exactly, as integers of 128 bits. Any other value fails, save 0.

Zeros with a sign are stored as NaN, which no resource has: DuckDB's compression takes the two zeros for
equal, and gives all of a segment the sign of one of them.

A macro puts its arguments into its text. What stands there several times is given a name first: it becomes
the parameter of a lambda over a list of one item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vxdata.sql.names import text

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNIT: Final = "CAST(4611686018427387904 AS HUGEINT)"
"""2^62 as an integer of 128 bits."""

_SCALE: Final = "CAST(4611686018427387904 AS DOUBLE)"
"""2^62 as a double."""

_LEAST: Final = "CAST('2.117582368135751e-22' AS DOUBLE)"
"""2^-72: the last bit of what is as large stands for 2^-124 or more."""

PARTS: Final = (
    "CREATE MACRO vxdata.first_part(value) AS CAST(value AS BIGINT)",
    f"CREATE MACRO vxdata.behind_first(value) AS (value - CAST(CAST(value AS BIGINT) AS DOUBLE)) * {_SCALE}",
    "CREATE MACRO vxdata.second_part(value) AS CAST(vxdata.behind_first(value) AS BIGINT)",
    f"""CREATE MACRO vxdata.third_part(value) AS CASE
    WHEN vxdata.behind_first(value) = CAST(vxdata.second_part(value) AS DOUBLE) THEN 0
    WHEN abs(value) < {_LEAST} THEN CAST(error('a value is too small to be added here') AS BIGINT)
    ELSE CAST((vxdata.behind_first(value) - CAST(vxdata.second_part(value) AS DOUBLE)) * {_SCALE} AS BIGINT)
END""",
)
"""The whole numbers that a double is made of, each the nearest one to what those before it leave.

Most doubles leave nothing for the third. One that is too large is refused by the first cast.
"""

SUMS: Final = (
    f"CREATE MACRO vxdata.below_unit(part) AS ((part % {_UNIT}) + {_UNIT}) % {_UNIT}",
    f"""CREATE MACRO vxdata.carried(sums) AS list_transform(
    list_transform([sums], lambda s: {{
        'a': s.a, 'b': s.b + (s.c - vxdata.below_unit(s.c)) // {_UNIT}, 'c': vxdata.below_unit(s.c)
    }}),
    lambda s: {{'a': s.a + (s.b - vxdata.below_unit(s.b)) // {_UNIT}, 'b': vxdata.below_unit(s.b), 'c': s.c}}
)""",
    f"""CREATE MACRO vxdata.leading(sums) AS CASE
    WHEN sums.a >= {_UNIT} THEN {{'bits': sums.a, 'has_more': sums.b > 0 OR sums.c > 0, 'power': 0}}
    WHEN sums.a > 0 THEN {{'bits': sums.a * {_UNIT} + sums.b, 'has_more': sums.c > 0, 'power': -62}}
    ELSE {{'bits': sums.b * {_UNIT} + sums.c, 'has_more': FALSE, 'power': -124}}
END""",
    """CREATE MACRO vxdata.surplus(bits) AS
    CAST(greatest(0, floor(log2(CAST(greatest(bits, 1) AS DOUBLE))) - 60) AS INTEGER)""",
    """CREATE MACRO vxdata.two_to(power) AS CASE
    WHEN power >= 0 THEN CAST(CAST(1 AS HUGEINT) << power AS DOUBLE)
    ELSE 1 / CAST(CAST(1 AS HUGEINT) << -power AS DOUBLE)
END""",
    """CREATE MACRO vxdata.rounded(whole) AS list_transform(
    list_transform([whole], lambda n: {
        'kept': n.bits >> vxdata.surplus(n.bits),
        'surplus': vxdata.surplus(n.bits),
        'is_odd': n.has_more OR n.bits % (CAST(1 AS HUGEINT) << vxdata.surplus(n.bits)) > 0,
        'power': n.power
    }),
    lambda n: CAST(CAST(n.kept | CAST(n.is_odd AS HUGEINT) AS BIGINT) AS DOUBLE)
        * vxdata.two_to(n.surplus) * vxdata.two_to(n.power)
)[1]""",
    """CREATE MACRO vxdata.nearest(first, second, third) AS CASE WHEN first IS NOT NULL THEN list_transform(
    list_transform(
        vxdata.carried({'a': first, 'b': second, 'c': third}),
        lambda s: {'is_negative': s.a < 0, 's': CASE
            WHEN s.a < 0 THEN vxdata.carried({'a': -s.a, 'b': -s.b, 'c': -s.c})[1] ELSE s
        END}
    ),
    lambda n: CASE WHEN n.is_negative THEN -1 ELSE 1 END * vxdata.rounded(vxdata.leading(n.s))
)[1] END""",
)
"""The double nearest to the sum of the sums of the parts; null if there were no values.

The sums are carried into each other, so that the last two lie between 0 and 2^62, and the sign is taken off.
Of the leading bits 60 or so are kept; if any bit after them is set, so is the last one that is kept. Then
the conversion to a double rounds once, to the nearest, and a power of two does not round.
"""

OTHERS: Final = (
    """CREATE MACRO vxdata.quotient(total, number) AS CASE
    WHEN abs(total) < 1 AND abs(total) * 2 <= number * CAST('5e-324' AS DOUBLE) THEN 0
    ELSE total / number
END""",
    """CREATE MACRO vxdata.finite(value) AS CASE
    WHEN isinf(value) THEN CAST(error('a number is too large') AS DOUBLE) ELSE value
END""",
    """CREATE MACRO vxdata.quantile(items, quantile) AS list_transform(
    list_transform([list_sort(items)], lambda s: {'s': s, 'place': quantile * (len(s) - 1)}),
    lambda n: CASE
        WHEN isinf(n.s[len(n.s)] - n.s[1]) THEN CAST(error('values are too far apart') AS DOUBLE)
        WHEN floor(n.place) = ceil(n.place) THEN n.s[CAST(n.place AS BIGINT) + 1]
        ELSE n.s[CAST(floor(n.place) AS BIGINT) + 1] + (n.place - floor(n.place))
            * (n.s[CAST(ceil(n.place) AS BIGINT) + 1] - n.s[CAST(floor(n.place) AS BIGINT) + 1])
    END
)[1]""",
)
"""Quotients without a sign of zero, numbers that must be finite, and quantiles of lists without nulls.

A quantile fails where the least and the largest value lie further apart than a double reaches.
"""


_NAN: Final = "CAST('nan' AS DOUBLE)"

STORED: Final = (
    f"""CREATE MACRO vxdata.to_store(value) AS CASE
    WHEN value = 0 AND signbit(value) THEN {_NAN} ELSE value
END""",
    """CREATE MACRO vxdata.from_store(value) AS CASE
    WHEN isnan(value) THEN CAST('-0.0' AS DOUBLE) ELSE value
END""",
    f"""CREATE MACRO vxdata.entries_from_store(mapping) AS CASE
    WHEN list_contains(map_values(mapping), {_NAN}) THEN map_from_entries(list_transform(
        map_entries(mapping), lambda e: {{'key': e.key, 'value': vxdata.from_store(e.value)}}
    ))
    ELSE mapping
END""",
)
"""Doubles, and mappings to doubles, on their way into tables and out of them."""


def create_fold(letters: Mapping[str, str]) -> str:
    """Render the macro that takes the case from a text as PostgreSQL does.

    Args:
        letters: Lower case by letter, for letters that DuckDB leaves as they are: PostgreSQL may know a later
            version of Unicode. Texts of ASCII alone are not searched for them.

    Returns:
        A statement, which replaces the macro of an earlier one.
    """
    fold = "lower(value)"
    if letters:
        others = f"translate({fold}, {text(''.join(letters))}, {text(''.join(letters.values()))})"
        fold = f"CASE WHEN strlen(value) = length(value) THEN {fold} ELSE {others} END"
    return f"CREATE OR REPLACE MACRO vxdata.fold(value) AS {fold}"


MACROS: Final[tuple[str, ...]] = (*PARTS, *SUMS, *OTHERS, *STORED, create_fold({}))
"""The statements that make the macros, in an order in which each finds those that it names."""
