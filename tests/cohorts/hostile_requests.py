"""Requests as nobody in good faith makes them: filters, names and bodies, the same for the same seed.

Whatever a request compares with holds a mark, which is in no row and in no name of the database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

MARK: Final = "zqxv"

OPERATORS: Final = ("=", "!=", "<>", "<", "<=", ">", ">=", "like", "not like", "in", "not in", "is", "is not")
ODD_OPERATORS: Final = (
    "==", "=>", "not", "is like", "LIKE", "Not In", "IS  NOT", "~", "||", ";", "--", "or", "=\u00a0", "in(",
    "", "between", "similar to", "@>", "= ANY", "isnull", "\u2264", "/**/=", "=--",
)  # fmt: skip
PAYLOADS: Final = (
    "' OR '1'='1", "'; DROP TABLE subject; --", "x') OR 1=1 --", "$1", "$1::int", "%s", "%(a)s", ":name",
    "?", "{0}", "{key}", "\\", "\\'", "''", "'", '"', '""', "`", "E'\\047'", "U&'\\0027'", "$$x$$",
    "$t$x$t$", "/*", "*/", "--", ";", "\n", "\r\n", "\t", "\v", "\u2028", "\u00a0", "\u202e", "\u0000",
    "\ud800", "\U0001f9ec", "İ", "ß", "ǆ", "ﬃ", "*", "%", "_", "**", "%%", "\\%", "\\_", "null", "true",
    "nan", "infinity", "[", "]", "(", ")", "{", "}", "pg_sleep(9)", "(SELECT version())", "subject.id",
    '"cda"."subject"', "\u2019", "\uff07", "0x41", "1e400", "-1", "+-+1", "1_000", "1j", "b'x'", "f'{x}'",
    "lambda: 0", "...", "__import__('os')", "\ufeff", "a\u0301",
)  # fmt: skip
LITERALS: Final = (
    "1", "-1", "1.5", "1e3", "1e400", "-1e999", "9" * 30, "0x10", "1_000", "true", "NULL", "null", "FALSE",
    "None", "[]", "[1]", "[1, 'a']", "[[1]]", "[null]", "[true, false]", "(1,)", "{1, 2}", "{'a': 1}",
    "['a', ]", "[,]", "[1e400]", "[" * 50, "[" * 50 + "]" * 50, "(" * 2000, "-" * 5000 + "1",
    "+" * 300 + "1", "'", '"', "''", "'a", "b'a'", "r'a'", "'a' 'b'", "'a' + 'b'", "1 + 1", "2 ** 99",
    "'\\x00'", "'\\ud800'", "'\\N{BULLET}'", "\"a'b\"", "['" + "', '".join("abcdefgh") + "']", "'''a'''",
    "...", "()", "set()", "1j", "-0.0", "nan", "inf",
)  # fmt: skip
BODIES: Final = (
    b"", b"null", b"[]", b"{", b"{}x", b'"a"', b"1", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 20_000,
    b'{"MATCH_ALL":', b'{"MATCH_ALL": NaN}', b'{"MATCH_ALL": "species = human"}', b'{"MATCH_ALL": [1]}',
    b'{"MATCH_ALL": [null]}', b'{"MATCH_ALL": [["species = human"]]}', b'{"MATCH_ALL": {"a": 1}}',
    b'{"match_all": []}', b'{"LIMIT": 1}', b'{"MATCH_ALL": [], "MATCH_ALL": ["species = human"]}',
    b'{"COLLATE_RESULTS": "yes"}', b"\x00" * 100, b'{"COLLATE_RESULTS": 2}', b'{"EXTERNAL_REFERENCE": []}',
    b'{"SEARCH_LIST": ["brain"]}', b'{"a\\ud800": 1}', b'{"MATCH_ALL": ["\\ud800 = \\udfff"]}',
    b'{"MATCH_ALL": ["species = \\u0000"]}', b'{"ADD_COLUMNS": [".*"]}', b'{"ADD_COLUMNS": ["*"]}',
    b'{"EXCLUDE_COLUMNS": ["subject.*"]}', b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What the statement of a request may depend on, beside names: all but the value.

    Args:
        path: The path.
        column: Of the filter.
        op: Of the filter.
        is_ascii: Whether the value is: other texts in a list become upper case in PostgreSQL.
    """

    path: str
    column: str
    op: str
    is_ascii: bool


@dataclass(frozen=True)
class Hostile:
    """A request.

    Args:
        path: Its path and query.
        content: Its body.
        shape: Of a request with a single filter that may be right.
        headers: Further ones.
    """

    path: str
    content: bytes
    shape: Shape | None = None
    headers: dict[str, str] = field(default_factory=dict)


class HostileRequests:
    """Makes requests up.

    Args:
        random: What they follow from.
        columns: Public names of columns.
        tables: Names of tables.
    """

    def __init__(self, random: Random, columns: Sequence[str], tables: Sequence[str]) -> None:
        """Keep what there is."""
        self._random = random
        self._columns = columns
        self._tables = tables

    def request(self) -> Hostile:
        """Make any request."""
        kinds = (
            self._single,
            self._single,
            self._single,
            self._several,
            self._names,
            self._values,
            self._raw,
        )
        return self._random.choice(kinds)()

    def _single(self) -> Hostile:
        """One filter of a right form, whose value is hostile."""
        random = self._random
        path, column, op = self._path(), random.choice(self._columns), random.choice(OPERATORS)
        value = self._text()
        if op in {"in", "not in"}:
            written = repr([value, "x"])
        elif random.random() < 0.5:
            written = repr(value)
        else:
            written = random.choice((value, f"'{value}'", f'"{value}"'))
        is_literal = written == repr(value) or op in {"in", "not in"}
        shape = Shape(path, column, op, value.isascii()) if is_literal else None
        return Hostile(path, _body(MATCH_ALL=[f"{column} {op} {written}"]), shape)

    def _several(self) -> Hostile:
        filters = [self._filter() for _ in range(self._random.choice((1, 2, 3, 40)))]
        half = self._random.randint(0, len(filters))
        return Hostile(self._path(), _body(MATCH_ALL=filters[:half], MATCH_SOME=filters[half:]))

    def _filter(self) -> str:
        random = self._random
        column = random.choice(
            (random.choice(self._columns), self._text(), random.choice(self._columns).upper())
        )
        op = random.choice((*OPERATORS, random.choice(ODD_OPERATORS)))
        value = random.choice(
            (self._text(), random.choice(LITERALS), self._text() * random.choice((1, 1, 500)))
        )
        parts = random.choice(
            ((column, op, value), (value, "<", column, "<=", value), (column, op), (op, value))
        )
        text = random.choice((" ", " ", "  ", "\t", "\u00a0", "")).join(parts)
        return self._changed(text) if random.random() < 0.3 else text

    def _changed(self, text: str) -> str:
        place = self._random.randint(0, len(text))
        return self._random.choice(
            (text[:place], text[place:], text[:place] + self._payload() + text[place:])
        )

    def _names(self) -> Hostile:
        random = self._random
        asked = [random.choice((self._text(), random.choice(self._columns), self._table())) for _ in range(3)]
        key = random.choice(("ADD_COLUMNS", "EXCLUDE_COLUMNS"))
        return Hostile(self._path(), _body(**{key: asked, "COLLATE_RESULTS": random.random() < 0.3}))

    def _table(self) -> str:
        return f"{self._random.choice((self._random.choice(self._tables), self._text()))}.*"

    def _values(self) -> Hostile:
        random = self._random
        name = random.choice((random.choice(self._columns), self._text(), self._table()))
        page = {
            "limit": random.choice(("1", "-1", "9" * 30, "1e3", "x", "", "0")),
            "offset": random.choice(("0", "-5", "9" * 18, "null", "")),
            "data_source": random.choice(("GDC", self._text(), ",", " , ,gdc", "gdc," * 500)),
        }
        asked = [f"{key}={_quoted(value)}" for key, value in page.items() if random.random() < 0.4]
        return Hostile(f"/column_values/{_quoted(name)}?{'&'.join(asked)}", b"")

    def _raw(self) -> Hostile:
        random = self._random
        content = random.choice(BODIES)
        if random.random() < 0.5:
            right = bytearray(_body(MATCH_ALL=[self._filter()], ADD_COLUMNS=["sex"]))
            for _ in range(random.randint(1, 4)):
                right[random.randrange(len(right))] = random.randrange(256)
            content = bytes(right)
        kind = random.choice(
            ("application/json", "application/json", "text/plain", "multipart/form-data", "")
        )
        return Hostile(self._path(), content, headers={"Content-Type": kind})

    def _path(self) -> str:
        random = self._random
        kind, endpoint = random.choice(("data", "data", "summary")), random.choice(("subject", "file"))
        return f"/{kind}/{endpoint}"

    def _text(self) -> str:
        return MARK + "".join(self._payload() for _ in range(self._random.choice((1, 1, 2, 4))))

    def _payload(self) -> str:
        return self._random.choice(PAYLOADS)


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _body(**given: Any) -> bytes:
    return json.dumps(given).encode()
