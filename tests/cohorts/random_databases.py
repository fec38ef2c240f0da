"""Small databases of random shape and content, the same for the same random numbers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.database import database, table
from tests.cohorts.example import METADATA_TABLES

if TYPE_CHECKING:
    from random import Random

    from tests.cohorts.database import Database
    from vxdata.schemas.catalog.reflected import ReflectedTable

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]

SOURCES: Final = ("cds", "gdc", "idc")
TEXTS: Final = (
    *("human", "Human", "HUMAN", "glioma", "Glioblastoma", "brain", "lung", "x y", "x  y", "", "5", "-1.5"),
    *(
        "it's",
        "'quoted'",
        '"both"',
        "ä",
        "Ä",
        "straße",
        "éß",
        "a_b",
        "a%b",
        "a*b",
        "a+b",
        "100%",
        "not reported",
    ),
    *("null", "true", "is", "like", "[1, 2]", "{}", "腺癌", " lead", "trail ", "a;b--", "$1", "Z", "_"),
)
"""What a text may be: few enough for values to meet again, and all that a reader can trip over."""

TYPES: Final = (
    "text",
    "text",
    "text",
    "character varying",
    "integer",
    "smallint",
    "bigint",
    "boolean",
    "date",
    "double precision",
)
NAMES: Final = ("type", "name", "stage", "score", "flag", "note", "grade", "count", "order")
"""Names of columns: several tables draw from them, so that some have to be told apart."""

SUMMARIES: Final = dict.fromkeys(("text", "character varying", "boolean", "date"), "categorical")


def random_database(random: Random) -> Database:
    """Make a database up.

    Args:
        random: What it follows from.
    """
    return _Maker(random).make()


class _Maker:
    """Collects tables, their rows and what describes them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tables: list[ReflectedTable] = list(METADATA_TABLES)
        self._rows: Rows = {"column_metadata": []}
        self._sources = SOURCES[: random.randint(1, len(SOURCES))]
        self._keys: dict[str, list[int]] = {}

    def make(self) -> Database:
        random = self._random
        self._entities("subject", random.choice((0, 3, 6, 8, 10, 12)))
        self._entities("file", random.choice((0, 4, 8, 10, 12, 14)))
        self._mapping("file_describes_subject", ("file", "subject"), random.choice((0.05, 0.15, 0.3)))
        if random.random() < 0.8:
            self._entities("project", random.randint(0, 4))
            self._mapping("subject_in_project", ("subject", "project"), 0.35)
            self._mapping("file_in_project", ("file", "project"), 0.35)
        for name, owner in (("observation", "subject"), ("treatment", "subject"), ("slide", "file")):
            if random.random() < 0.7:
                self._linked(name, owner)
        for name in ("anatomic_site", "tumor_vs_normal"):
            if random.random() < 0.8:
                self._virtual(name)
        if random.random() < 0.7:
            self._upstream()
        if random.random() < 0.5:
            self._references()
        sources = (*self._sources, "cda")
        self._rows["release_metadata"] = [("subject", "id", source.upper()) for source in sources]
        return database(self._tables, self._rows)

    def _describe(self, owner: str, columns: list[str], **virtual: str) -> None:
        """Describe most columns, so that some can be had by name alone."""
        random = self._random
        for declared in columns:
            name, _, sql_type = declared.partition(" ")
            is_source = name.startswith("data_at_")
            if not is_source and random.random() < 0.12:
                continue
            usual = "unbounded" if name == "id" else SUMMARIES.get(sql_type.rstrip("!"), "numeric")
            kind = usual if is_source or random.random() < 0.9 else random.choice(("unbounded", None))
            summarised = is_source or random.random() < 0.85
            returned = is_source or random.random() < 0.9
            process = "data_source" if is_source else None
            row = (owner, name, kind, summarised, returned, process, virtual.get("table"))
            self._rows["column_metadata"].append(row)

    def _own_columns(self) -> list[str]:
        names = self._random.sample(NAMES, self._random.randint(1, 4))
        return [f"{name} {self._random.choice(TYPES)}" for name in names]

    def _local_sources(self) -> list[str]:
        return [f"data_at_{name} boolean!" for name in self._sources]

    def _cells(self, columns: list[str]) -> list[Any]:
        return [self._cell(declared.partition(" ")[2]) for declared in columns]

    def _cell(self, sql_type: str) -> Any:
        random = self._random
        if not sql_type.endswith("!") and random.random() < 0.3:
            return None
        match sql_type.rstrip("!"):
            case "boolean":
                return random.random() < 0.5
            case "double precision":
                return random.choice((-2.5, 0.0, 0.5, 1.25, 3.0, 3.0, 1e6))
            case "date":
                return date(2024, random.randint(1, 12), random.choice((1, 28)))
            case "integer" | "smallint" | "bigint":
                return random.choice((-7, 0, 1, 2, 3, 5, 5, 8, 30_000))
            case _:
                return random.choice(TEXTS[:10] if random.random() < 0.6 else TEXTS)

    def _entities(self, name: str, size: int) -> None:
        """Add a table of entities: with an identifier, and with sources."""
        columns = ["id text!", *self._own_columns(), *self._local_sources()]
        self._tables.append(table(name, "id_alias bigint", *columns, key=("id_alias",)))
        # Keys with gaps, in no order, below and above zero.
        keys = self._random.sample(range(-3, 60), size)
        self._keys[name] = keys
        self._rows[name] = [(key, f"{name[0].upper()}{key}", *self._cells(columns[1:])) for key in keys]
        self._describe(name, columns)

    def _pairs(self, one: str, other: str, share: float) -> list[tuple[int, int]]:
        pairs = [(left, right) for left in self._keys[one] for right in self._keys[other]]
        return [pair for pair in pairs if self._random.random() < share]

    def _mapping(self, name: str, sides: tuple[str, str], share: float) -> None:
        columns = [f"{side}_alias bigint -> {side}" for side in sides]
        self._tables.append(table(name, *columns, key=tuple(f"{side}_alias" for side in sides)))
        self._rows[name] = [*self._pairs(*sides, share)]

    def _linked(self, name: str, owner: str) -> None:
        """Add a table whose rows hang on an entity, mostly with one that tells who has no value at all."""
        random, keys = self._random, self._keys[owner]
        columns = [*self._own_columns(), *(self._local_sources() if random.random() < 0.7 else [])]
        declared = table(
            name, "id_alias bigint", f"{owner}_alias bigint! -> {owner}", *columns, key=("id_alias",)
        )
        self._tables.append(declared)
        rows = [(number, random.choice(keys), *self._cells(columns)) for number in range(16) if keys]
        self._rows[name] = rows
        self._describe(name, columns)
        if random.random() < 0.75:
            self._nulls(name, owner, [column.name for column in declared.columns if column.is_nullable])

    def _nulls(self, name: str, owner: str, columns: list[str]) -> None:
        declared = next(one for one in self._tables if one.name == name)
        places = {column.name: place for place, column in enumerate(declared.columns)}
        marks = [f"{column}_null boolean" for column in columns]
        self._tables.append(
            table(f"{name}_nulls", f"{owner}_alias bigint -> {owner}", *marks, key=(f"{owner}_alias",))
        )
        own = {key: [row for row in self._rows[name] if row[1] == key] for key in self._keys[owner]}
        self._rows[f"{name}_nulls"] = [
            (key, *(all(row[places[column]] is None for row in rows) for column in columns))
            for key, rows in own.items()
        ]

    def _virtual(self, name: str) -> None:
        """Add a column of files that has a table of its own."""
        owner = f"file_{name}"
        self._tables.append(table(owner, "file_alias bigint! -> file", f"{name} text!"))
        held = [
            (key, text) for key in self._keys["file"] for text in TEXTS[:8] if self._random.random() < 0.15
        ]
        self._rows[owner] = [*held]
        self._rows["column_metadata"].append((owner, name, "categorical", True, True, None, "file"))
        if self._random.random() < 0.85:
            self._tables.append(table(f"{owner}_nulls", "file_alias bigint -> file", key=("file_alias",)))
            without = set(self._keys["file"]) - {key for key, _ in held}
            self._rows[f"{owner}_nulls"] = [(key,) for key in sorted(without)]

    def _upstream(self) -> None:
        columns = ["upstream_source text", "upstream_id text"]
        self._tables.append(table("upstream_identifiers", "cda_table text!", "id_alias bigint!", *columns))
        self._rows["upstream_identifiers"] = [
            (name, key, self._random.choice(self._sources).upper(), self._random.choice(TEXTS))
            for name in ("subject", "file")
            for key in range(-3, 60)
            if self._random.random() < 0.3
        ]
        for column in ("upstream_source", "upstream_id"):
            self._rows["column_metadata"].append(
                ("upstream_identifiers", column, "categorical", False, True, None, None)
            )

    def _references(self) -> None:
        columns = ["uri text", "type text", "last_updated text"]
        self._tables.append(table("external_reference", "id_alias bigint", *columns, key=("id_alias",)))
        self._keys["external_reference"] = [*range(3)]
        self._rows["external_reference"] = [(key, *self._cells(columns)) for key in range(3)]
        sides = ("subject", "external_reference")
        self._mapping("subject_external_reference", sides, 0.2)
        for column in columns:
            name = column.partition(" ")[0]
            self._rows["column_metadata"].append(
                ("external_reference", name, "unbounded", False, False, "external_reference_metadata", None)
            )
