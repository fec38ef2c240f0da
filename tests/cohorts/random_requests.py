"""Random requests about a database: mostly right, some wrong, in many spellings.

What the contract leaves open is not asked for: a backslash in a pattern, null in a list of `not in`, a
pattern that is null, and columns of mapping tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.random_databases import TEXTS
from tests.cohorts.requests import REFERENCES

if TYPE_CHECKING:
    from random import Random

    from tests.cohorts.database import Database
    from tests.cohorts.names import Column, Names

OPERATORS: Final = {
    "text": ("=", "=", "!=", "<>", "like", "like", "not like", "in", "not in", "<", "<=", ">", ">=", "null"),
    "number": ("=", "!=", "<>", "in", "not in", "<", "<=", ">", ">=", "range", "null"),
    "boolean": ("=", "=", "!=", "is", "is not", "in", "not in", "null"),
}
"""Kind of column -> operators; `range` and `null` stand for forms of their own."""

WRONG: Final = (
    "nothing = x",
    "species",
    "",
    "  =  ",
    "{} ~ x",
    "{} not x",
    "{} is x",
    "{} is not 5",
    "{} = [1, 2]",
    "{} in x",
    "{} not in 'x'",
    "{} = {{'a': 1}}",
    "{} like 5",
    "{} < true",
    "{} in [1, 'a']",
    "subject.{} = 1",
)
"""Filters of which nearly none is right, whatever the column."""


@dataclass(frozen=True)
class Call:
    """A request over HTTP.

    Args:
        path: Its path below the catalog's.
        body: Its body, if it has one.
        query: Parameters of its URL.
    """

    path: str
    body: dict[str, Any] | None = None
    query: dict[str, Any] = field(default_factory=dict)


class RandomRequests:
    """Makes requests up.

    Args:
        random: What they follow from.
        database: What they are about.
        names: Its names.
    """

    def __init__(self, random: Random, database: Database, names: Names) -> None:
        """List the columns that can be asked for."""
        self._random = random
        self._database = database
        self._tables = names.data_tables
        every = [column for column in names.by_public_name.values() if column.table in self._tables]
        self._listed = [column for column in every if column.is_returned]
        self._unlisted = [column for column in every if not column.is_returned]

    def call(self) -> Call:
        """Make any request."""
        kind = self._random.choice(("data", "data", "data", "summary", "summary", "column_values"))
        if kind == "column_values":
            return self._values()
        endpoint = self._random.choice(("subject", "subject", "file"))
        body = self._body(endpoint, is_summary=kind == "summary")
        return Call(f"{kind}/{endpoint}", body, self._page() if kind == "data" else {})

    def match(self) -> dict[str, Any]:
        """Make filters alone."""
        counts = self._random.choice(((1, 0), (1, 0), (2, 0), (0, 2), (1, 2)))
        names = ("MATCH_ALL", "MATCH_SOME")
        return {name: [self._filter() for _ in range(n)] for name, n in zip(names, counts, strict=True)}

    def _page(self) -> dict[str, Any]:
        if self._random.random() < 0.5:
            return {}
        return {
            "limit": self._random.choice((0, 1, 2, 5, 100, 500_000)),
            "offset": self._random.choice((0, 0, 1, 3, 50)),
        }

    def _values(self) -> Call:
        page = {name: value for name, value in self._page().items() if self._random.random() < 0.8}
        if self._random.random() < 0.5:
            sources = self._random.sample(("GDC", "idc", "Cds", "PDC"), self._random.randint(1, 2))
            page["data_source"] = self._random.choice((",", ", ")).join(sources)
        name = "nothing" if self._random.random() < 0.03 else self._column().public
        return Call(f"column_values/{name}", None, page)

    def _column(self) -> Column:
        if not self._listed or (self._unlisted and self._random.random() < 0.1):
            return self._random.choice(self._unlisted)
        return self._random.choice(self._listed)

    def _body(self, endpoint: str, *, is_summary: bool) -> dict[str, Any]:
        random = self._random
        counts = random.choice(((0, 0), (1, 0), (2, 0), (0, 2), (1, 2), (3, 0), (2, 3)))
        body: dict[str, Any] = {
            "MATCH_ALL": [self._filter() for _ in range(counts[0])],
            "MATCH_SOME": [self._filter() for _ in range(counts[1])],
            "ADD_COLUMNS": [self._choice() for _ in range(random.choice((0, 0, 1, 2, 4)))],
            "EXCLUDE_COLUMNS": [self._choice() for _ in range(random.choice((0, 0, 0, 1, 2)))],
        }
        if not is_summary:
            body["COLLATE_RESULTS"] = random.random() < 0.35
            share = 0.3 if endpoint == "subject" else 0.03
            body["EXTERNAL_REFERENCE"] = REFERENCES in self._tables and random.random() < share
        if random.random() < 0.05:
            body["MATCH_ANY"] = [self._filter()]
        if random.random() < 0.02:
            body |= random.choice(({"SEARCH_LIST": ["brain"]}, {"ADD_COLUMN": ["x"]}, {"MATCH_ALL": "x = 1"}))
        # What is empty may as well be missing or null.
        return {name: value or None for name, value in body.items() if value or random.random() < 0.5}

    def _choice(self) -> str:
        """A column or a table to add or to leave out."""
        random = self._random
        if random.random() < 0.3:
            # Tables of virtual columns and of nulls show nothing, and references have a flag of their own.
            tables = [
                name
                for name in self._tables
                if not name.startswith("file_") and not name.endswith("_nulls") and name != REFERENCES
            ]
            return f"{random.choice(tables)}.*"
        if random.random() < 0.02:
            return random.choice(("nothing", "nothing.*", "SUBJECT_ID", ""))
        return self._column().public

    def _filter(self) -> str:
        random, column = self._random, self._column()
        if column.table == REFERENCES:
            # For files they are one fault already, and a second one in the same filter could be told instead.
            return f"{column.public} {random.choice(('is null', 'is not null', '= null', '!= null'))}"
        if random.random() < 0.02:
            return random.choice(WRONG).format(column.public)
        name = random.choice((column.public, column.public, column.public.upper(), column.public.title()))
        op = random.choice(OPERATORS[column.kind])
        if op == "null":
            op = random.choice(("is", "is", "is not", "=", "!="))
            return f"{name} {self._case(op)} {random.choice(('null', 'NULL', 'Null', repr('null')))}"
        if op == "range":
            low, high = random.choice(("<", "<=")), random.choice(("<", "<="))
            return f"{random.randint(-8, 3)} {low} {name} {high} {random.choice((1, 5, 5.5, 40_000))}"
        kind = column.kind if random.random() < 0.98 else random.choice(("text", "number", "boolean"))
        if op in {"in", "not in"}:
            value = self._list(column, kind, may_hold_null=op == "in")
        elif op in {"like", "not like"}:
            value = self._pattern(str(self._value(column, "text")))
        else:
            value = self._spelled(self._value(column, kind))
        return f"{name} {self._case(op)} {value}"

    def _case(self, op: str) -> str:
        return self._random.choice((op, op, op.upper()))

    def _value(self, column: Column, kind: str) -> Any:
        """A value of the column, or another one of a kind."""
        random = self._random
        rows = self._database.rows(column.table)
        held = [row[column.name] for row in rows if row[column.name] is not None]
        if held and kind == column.kind and random.random() < 0.8:
            return random.choice(held)
        match kind:
            case "text":
                return random.choice(TEXTS)
            case "boolean":
                return random.random() < 0.5
            case _:
                return random.choice((-7, 0, 1, 2, 5, 2.5, 5.0, 99))

    def _list(self, column: Column, kind: str, *, may_hold_null: bool) -> str:
        values = [self._value(column, kind) for _ in range(self._random.choice((0, 1, 2, 4)))]
        if values and may_hold_null and self._random.random() < 0.1:
            values.append(None)
        form = self._random.choice((list, list, tuple))
        return repr(form(values))

    def _pattern(self, text: str) -> str:
        """A text with wildcards in it."""
        random = self._random
        if random.random() < 0.15:
            return random.choice(("*", "%", "_*", "'*'", "''"))
        end = random.randint(0, len(text))
        begin = random.randint(0, end)
        joker = random.choice("*%")
        text = random.choice(
            (
                f"{text[:end]}{joker}",
                f"{joker}{text[begin:end]}{joker}",
                f"{text[:begin]}_{text[begin + 1 :]}",
            )
        )
        return self._spelled(text)

    def _spelled(self, value: Any) -> str:
        """A value as a user writes it: a text bare or in quotes, a boolean in any case."""
        random = self._random
        if isinstance(value, bool):
            return random.choice((str(value), str(value).lower(), str(value).upper()))
        if not isinstance(value, str):
            return repr(value)
        text = random.choice((value, value, value.upper(), value.lower()))
        if text.strip() and random.random() < 0.5:
            return text
        return random.choice((repr(text), f"'{text}'", f'"{text}"'))
