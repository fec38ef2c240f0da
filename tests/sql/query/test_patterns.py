"""Regular expressions that are common to all engines find the same in both."""

# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import duckdb
from sqlglot import exp

from tests.query.values import TEXTS
from tests.server.databases import admin, database, database_uri, new_database
from vxdata.schemas.binding.values import Literal
from vxdata.schemas.fields import Text
from vxdata.sql.dialect.duckdb import DUCKDB
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.names import column
from vxdata.sql.query.patterns import MAX_DEPTH, MAX_REPEATED, is_common

if TYPE_CHECKING:
    import pytest

    from vxdata.server.database.pool import ConnectionPool
    from vxdata.sql.dialect.base import Dialect

__all__ = ["admin", "database", "database_uri", "new_database"]

PATTERNS: Final = 5_000
AT_ONCE: Final = 500

LETTERS: Final = (*"abkKsSİıſΣσςéÉäßx '\"%_-/#&~=!<>:,;@`\n\t🩻\u0308\u2028\uffff\U0010ffff",)
ESCAPED: Final = tuple(f"\\{mark}" for mark in "\\^$.[](){}*+?|/-")
CLASSES: Final = (
    *("[ab]", "[^a]", "[ aÄ]", "[0-9]", "[^0-9x]", "[a-z]", "[A-Z0-9]", "[^a-z]", "[_.]", "[٣½ß]", "[a-a]"),
    *("[^ä]", "[ſK]", "[ΣΟ]", "[,:/ ]", "[aa]"),
)


def made(random: Random, depth: int = 0) -> str:
    """A pattern of the grammar; a few repeat too much."""
    ends = random.choice((("", ""), ("^", ""), ("", "$"), ("^", "$"))) if depth == 0 else ("", "")
    branches = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        atoms = [_atom(random, depth) for _ in range(random.choice((0, 1, 1, 2, 3, 4)))]
        body = "".join(atom + random.choice(("", "", "*", "+", "?")) for atom in atoms)
        branches.append(body.join(ends))
    return "|".join(branches)


def _atom(random: Random, depth: int) -> str:
    if random.random() < 0.2 and depth < 3:
        return f"({made(random, depth + 1)})"
    return random.choice((random.choice(random.choice((LETTERS, LETTERS, CLASSES, ESCAPED))), "."))


def found_by_duckdb(patterns: list[str]) -> set[tuple[str, str]]:
    """Pairs of pattern and text; the patterns are constants, as they are in queries."""
    text = column("text", "texts")
    found = set()
    with duckdb.connect() as connection:
        for start in range(0, len(patterns), AT_ONCE):
            part = patterns[start : start + AT_ONCE]
            query = exp.select(text.copy(), *(_test(DUCKDB, text, pattern) for pattern in part)).from_(
                _texts(DUCKDB)
            )
            for row in connection.execute(DUCKDB.render(query)).fetchall():
                found |= {
                    (pattern, row[0]) for pattern, matches in zip(part, row[1:], strict=True) if matches
                }
    return found


def _test(dialect: Dialect, text: exp.Expr, pattern: str) -> exp.Expr:
    return dialect.matches(text.copy(), exp.Literal.string(pattern), ignore_case=False)


def _texts(dialect: Dialect) -> exp.Expr:
    array = dialect.array_of([Literal(text) for text in TEXTS], Text())
    return exp.alias_(
        exp.select(exp.alias_(exp.Explode(this=array), "text", quoted=True)).subquery(),
        "texts",
        quoted=True,
        table=True,
    )


def found_by_postgresql(database: ConnectionPool, patterns: list[str]) -> set[tuple[str, str]]:
    """The same pairs; each pattern is compiled once."""
    array = POSTGRESQL.render(POSTGRESQL.array_of([Literal(pattern) for pattern in patterns], Text()))
    test = POSTGRESQL.render(
        POSTGRESQL.matches(column("text", "texts"), column("pattern", "patterns"), ignore_case=False)
    )
    texts = POSTGRESQL.render(exp.select("*").from_(_texts(POSTGRESQL)))
    with database.connection() as connection:
        rows = connection.rows(
            f"SELECT patterns.pattern, texts.text FROM unnest({array}) AS patterns (pattern) "
            f"CROSS JOIN LATERAL ({texts} OFFSET 0) AS texts WHERE {test}"
        )
    return {(row["pattern"], row["text"]) for row in rows}


def test_both_engines_find_the_same(database: ConnectionPool, request: pytest.FixtureRequest) -> None:
    random = Random(f"patterns {request.config.getoption('randomly_seed', default=0)}")
    made_up = {made(random) for _ in range(PATTERNS)}
    patterns = [pattern for pattern in sorted(made_up) if is_common(pattern)]
    assert len(patterns) > 0.9 * len(made_up)
    by_duckdb, by_postgresql = found_by_duckdb(patterns), found_by_postgresql(database, patterns)
    assert (sorted(by_duckdb - by_postgresql), sorted(by_postgresql - by_duckdb)) == ([], [])
    assert len(by_duckdb) > len(patterns)


OTHERS: Final = (
    r"\d \ba \1 \x41 a\z \ \_ \ä [\d] a{2} a{ { } ] (a a) )( [a []a] [a]b] [[:alpha:]] [a-] [-a] [z-a] [a-Z]",
    r"[é-z] [] [^] *a a** a*? a++ ^* $+ (*a) (?:a) (?i)a a|* ***=a ^^a a^ $a a$$ (^a) (a$) a$b a|b^",
    f"{'(' * (MAX_DEPTH + 1)}{')' * (MAX_DEPTH + 1)} {'a*' * (MAX_REPEATED + 1)}",
)


def test_what_is_not_common() -> None:
    assert [pattern for pattern in " ".join(OTHERS).split() if is_common(pattern)] == []
