"""What a team builds after the design document of the CDA API: FastAPI over SQLAlchemy.

At start it reflects the tables and makes the unique names of columns and the paths between tables. For each
call it puts a statement together with SQLAlchemy Core, its conditions first in a common table expression
`filtered_preselect`, and sends dictionaries as JSON. It is as quick as it gets on that road: rows are
aggregated for the page alone, lists of values are arrays, a summary is one statement, and orjson writes the
answer without FastAPI's check of it.

It answers what the benchmark asks as the contract wants it, and knows no typed errors, ranges or nulls.
"""

from __future__ import annotations

import ast
import re
import socket
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import aggregate_order_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from multiprocessing.connection import Connection

MAPPING_KEYS: Final = 2
OPERATORS: Final = r"(\S+)\s+(not in|not like|in|like|=|!=|<=|>=|<|>)\s+(.*)"
WORDS: Final = {"null": None, "true": True, "false": False}
TIMES: Final = "times"
EMPTY: Final = sa.literal_column("'{}'")


@dataclass(frozen=True)
class ColumnInfo:
    """A column under its unique name; a virtual one is shown in another table."""

    name: str
    table: str
    shown_in: str
    db: Any
    described: Any

    @property
    def is_returned(self) -> bool:
        """Whether rows show it."""
        return self.described is not None and bool(self.described.data_returns)


class DatabaseInfo:
    """What is known of the database, from reflection."""

    def __init__(self, engine: Any, schema: str) -> None:
        metadata = sa.MetaData()
        metadata.reflect(engine, schema=schema)
        self.tables = {each.name: each for each in metadata.sorted_tables}
        with engine.connect() as connection:
            rows = connection.execute(sa.select(self.tables["column_metadata"])).all()
        described = {(row.cda_table, row.cda_column): row for row in rows}
        times = Counter(column.name for each in self.tables.values() for column in each.columns)
        self.columns: dict[str, ColumnInfo] = {}
        for name, each in self.tables.items():
            for column in each.columns:
                row = described.get((name, column.name))
                virtual = row.virtual_table if row is not None else None
                is_own = times[column.name] == 1 or (virtual and column.name == "anatomic_site")
                public = column.name if is_own else f"{name}_{column.name}"
                self.columns[public] = ColumnInfo(public, name, virtual or name, column, row)

    def shown(self, table: str) -> list[ColumnInfo]:
        """The columns that a table shows."""
        return [each for each in self.columns.values() if each.shown_in == table and each.is_returned]

    def listed(self) -> list[dict[str, Any]]:
        """The columns as the API lists them."""
        names = {"BIGINT": "bigint", "INTEGER": "integer", "BOOLEAN": "boolean"}
        return [
            {
                "table": each.shown_in,
                "column": each.name,
                "data_type": names.get(str(each.db.type), "text"),
                "nullable": each.db.nullable,
                "description": each.db.comment or "",
            }
            for each in self.columns.values()
            if each.is_returned
        ]

    def owner(self, table: str, endpoint: str) -> tuple[str, Any]:
        """The table whose rows those of a table hang on, and the column that says which."""
        own = self.tables[table]
        if table == "upstream_identifiers":
            return endpoint, own.c.id_alias
        keys = list(own.foreign_keys)
        if len(keys) == 1:
            return keys[0].column.table.name, keys[0].parent
        return table, own.c.id_alias

    def mapping(self, endpoint: str, other: str) -> tuple[Any, Any]:
        """The columns of the table between two, for the one and for the other."""
        for each in self.tables.values():
            ends = {key.column.table.name: key.parent for key in each.foreign_keys}
            if len(ends) == MAPPING_KEYS and {endpoint, other} == set(ends):
                return ends[endpoint], ends[other]
        raise LookupError(other)


@dataclass(frozen=True)
class FilterInfo:
    """A filter, read and translated to a clause on the table of its column."""

    info: ColumnInfo
    table: str
    clause: Any

    @classmethod
    def of(cls, written: str, db: DatabaseInfo) -> FilterInfo:
        """Read a filter."""
        found = re.fullmatch(OPERATORS, written, re.IGNORECASE | re.DOTALL)
        assert found is not None
        info = db.columns[found[1].lower()]
        return cls(info, info.table, _clause(info.db, found[2].lower(), _value(found[3])))


def _value(written: str) -> Any:
    try:
        value = ast.literal_eval(written)
    except (SyntaxError, ValueError):
        value = written.strip("'\"")
    return WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _clause(column: Any, op: str, value: Any) -> Any:
    if value is None:
        return column.is_(None) if op == "=" else column.is_not(None)
    if not isinstance(column.type, sa.Text):
        return _compared(column, op, value)
    shown = sa.func.coalesce(sa.func.upper(column), "")
    if isinstance(value, list):
        return _compared(shown, op, [each.upper() for each in value])
    if op.endswith("like"):
        pattern = value.upper().replace("*", "%")
        return shown.not_like(pattern) if op.startswith("not") else shown.like(pattern)
    return _compared(shown, op, value.upper()) if op in {"=", "!="} else _compared(column, op, value)


def _compared(shown: Any, op: str, value: Any) -> Any:
    if op in {"in", "not in"}:
        kind = sa.Text if value and isinstance(value[0], str) else shown.type
        among = shown == sa.any_(sa.cast(value, sa.ARRAY(kind)))
        return among if op == "in" else ~among
    return shown.op({"!=": "<>"}.get(op, op))(value)


class Cohort:
    """The statements of one call."""

    def __init__(self, db: DatabaseInfo, endpoint: str, body: Summary) -> None:
        self.db, self.endpoint, self.body = db, endpoint, body
        self.own = db.tables[endpoint]
        self.every = [FilterInfo.of(each, db) for each in body.MATCH_ALL or ()]
        self.some = [FilterInfo.of(each, db) for each in body.MATCH_SOME or ()]
        owners = (db.owner(each.table, endpoint)[0] for each in (*self.every, *self.some))
        self.linked = sorted({each for each in owners if each != endpoint})
        self.found = self._preselect()

    def _preselect(self) -> Any:
        """The entities that are found, with the other entities of their tuples."""
        source, ends = self.own, {}
        for other in self.linked:
            here, there = self.db.mapping(self.endpoint, other)
            source = source.outerjoin(here.table, here == self.own.c.id_alias)
            ends[other] = there
        clauses = [self._on_tuple(each, ends) for each in self.every]
        if self.some:
            clauses.append(sa.or_(*(self._on_tuple(each, ends) for each in self.some)))
        labelled = [column.label(name) for name, column in ends.items()]
        found = (
            sa.select(self.own.c.id_alias, *labelled).select_from(source).where(sa.and_(sa.true(), *clauses))
        )
        return found.cte("filtered_preselect")

    def _on_tuple(self, each: FilterInfo, ends: Mapping[str, Any]) -> Any:
        owner, alias = self.db.owner(each.table, self.endpoint)
        if each.table == self.endpoint:
            return each.clause
        rows = sa.select(alias).where(each.clause)
        if each.table == "upstream_identifiers":
            rows = rows.where(alias.table.c.cda_table == self.endpoint)
        return ends.get(owner, self.own.c.id_alias).in_(rows)

    @property
    def keys(self) -> Any:
        """The keys of the entities that are found, each once."""
        keys = sa.select(self.found.c.id_alias)
        return keys.distinct() if self.linked else keys

    def count(self) -> Any:
        """Count them."""
        return sa.select(sa.func.count()).select_from(self.keys.subquery())

    def shown(self) -> list[ColumnInfo]:
        """The columns to show, in order."""
        asked = [self.db.shown(self.endpoint), [each.info for each in (*self.every, *self.some)]]
        asked += [self._named(each) for each in self.body.ADD_COLUMNS or ()]
        left_out = {each.name for name in self.body.EXCLUDE_COLUMNS or () for each in self._named(name)}
        return list(
            {each.name: each for part in asked for each in part if each.name not in left_out}.values()
        )

    def _named(self, name: str) -> list[ColumnInfo]:
        return self.db.shown(name[:-2]) if name.endswith(".*") else [self.db.columns[name]]

    def hanging(self, table: str, keys: Any) -> Any:
        """The rows of a table that hang on entities, with these."""
        owner, alias = self.db.owner(table, self.endpoint)
        if owner == self.endpoint:
            on = alias == keys.c.id_alias
            if table == "upstream_identifiers":
                on = sa.and_(on, alias.table.c.cda_table == self.endpoint)
            return keys.join(alias.table, on)
        if owner in self.linked:
            links = sa.select(
                self.found.c.id_alias.label("here"), self.found.c[owner].label("there")
            ).distinct()
        else:
            here, there = self.db.mapping(self.endpoint, owner)
            links = sa.select(here.label("here"), there.label("there"))
        pairs = links.subquery()
        return keys.join(pairs, pairs.c.here == keys.c.id_alias).join(alias.table, alias == pairs.c.there)


def page_of(cohort: Cohort, *, collated: bool, limit: int | None, offset: int) -> Any:
    """The statement of a page of rows."""
    page = cohort.keys.order_by(cohort.found.c.id_alias).limit(limit).offset(offset).cte("page")
    source = page.join(cohort.own, cohort.own.c.id_alias == page.c.id_alias)
    columns, tables = [], dict[str, list[ColumnInfo]]()
    for each in cohort.shown():
        is_nested = collated and each.shown_in != cohort.endpoint
        if each.table == cohort.endpoint:
            columns.append(each.db.label(each.name))
        else:
            tables.setdefault(f"{each.shown_in}_columns" if is_nested else each.table, []).append(each)
    for name, infos in tables.items():
        table = infos[0].shown_in if name.endswith("_columns") else name
        shown = [_records(infos).label(name)] if table != name else _lists(infos)
        grouped = sa.select(page.c.id_alias, *shown).select_from(cohort.hanging(table, page))
        part = grouped.group_by(page.c.id_alias).subquery()
        source = source.outerjoin(part, part.c.id_alias == page.c.id_alias)
        for each in shown:
            value = part.c[each.name]
            columns.append((value if table != name else sa.func.coalesce(value, EMPTY)).label(each.name))
    return sa.select(*columns).select_from(source).order_by(page.c.id_alias)


def _lists(infos: Iterable[ColumnInfo]) -> list[Any]:
    return [_values(each.db).label(each.name) for each in infos]


def _values(column: Any) -> Any:
    return sa.func.array_agg(aggregate_order_by(sa.distinct(column), column)).filter(column.is_not(None))


def _records(infos: Iterable[ColumnInfo]) -> Any:
    pairs = [part for each in infos for part in (sa.cast(each.name, sa.Text), each.db)]
    return sa.func.json_agg(sa.func.json_build_object(*pairs))


def summary_of(cohort: Cohort) -> Any:
    """The statement of a summary: each part is a subquery, and all share the entities that are found."""
    keys = cohort.keys.cte("keys")
    other = "file" if cohort.endpoint == "subject" else "subject"
    number = cohort.db.tables[other].c.id_alias
    linked = sa.select(sa.func.count(sa.distinct(number))).select_from(cohort.hanging(other, keys))
    total = sa.select(sa.func.count()).select_from(keys)
    parts = [total.scalar_subquery().label("total_count"), linked.scalar_subquery().label(f"{other}_count")]
    sources = dict[str, list[ColumnInfo]]()
    own_rows = keys.join(cohort.own, cohort.own.c.id_alias == keys.c.id_alias)
    for info in cohort.shown():
        is_own = info.table == cohort.endpoint
        rows = own_rows if is_own else cohort.hanging(info.table, keys)
        if info.described is None or not info.described.summary_returns:
            continue
        if info.described.process_before_display == "data_source":
            sources.setdefault(info.table, []).append(info)
        elif info.described.column_type == "categorical":
            statement = _frequencies(info, rows, None if is_own else keys.c.id_alias)
            parts.append(_as_json(statement).label(f"{info.name}_summary"))
        elif info.described.column_type == "numeric":
            parts.append(_as_json(_figures(info.db, rows)).label(f"{info.name}_summary"))
    for table, infos in sources.items():
        is_own = table == cohort.endpoint
        rows = own_rows if is_own else cohort.hanging(table, keys)
        columns = [info.db.label(re.sub(".*data_at_", "", info.name)) for info in infos]
        times = sa.func.count(sa.distinct(keys.c.id_alias)).label(TIMES)
        statement = sa.select(*columns, times).select_from(rows).group_by(*columns)
        parts.append(_as_json(statement).label("data_source" if is_own else f"{table}_data_source"))
    return sa.select(*parts)


def _as_json(statement: Any) -> Any:
    rows = statement.subquery()
    return sa.select(sa.func.json_agg(rows.table_valued())).scalar_subquery()


def _frequencies(info: ColumnInfo, rows: Any, entity: Any) -> Any:
    """How often each value comes: of rows, or of entities that have it in some row."""
    value, times = info.db.label(info.name), sa.func.count().label("count_result")
    if entity is None or info.table in {"subject", "file"}:
        return sa.select(value, times).select_from(rows).group_by(info.db)
    pairs = sa.select(value, entity).select_from(rows).where(info.db.is_not(None)).distinct().subquery()
    known = sa.select(pairs.c[info.name], times).group_by(pairs.c[info.name])
    empty = sa.select(entity).select_from(rows).group_by(entity).having(sa.func.count(info.db) == 0)
    nulls = sa.select(sa.cast(None, info.db.type), times).select_from(empty.subquery())
    return sa.union_all(known, nulls.having(sa.func.count() > 0))


def _figures(column: Any, rows: Any) -> Any:
    shares = {"median": 0.5, "lower_quartile": 0.25, "upper_quartile": 0.75}
    return sa.select(
        sa.func.min(column).label("min"),
        sa.func.max(column).label("max"),
        sa.func.round(sa.func.avg(column)).label("mean"),
        *(sa.func.percentile_disc(share).within_group(column).label(name) for name, share in shares.items()),
    ).select_from(rows)


def combinations(found: Sequence[dict[str, Any]] | None) -> dict[str, int]:
    """Entities of each combination of sources, from those of each row of flags."""
    rows = found or []
    times = {tuple(name for name, held in row.items() if held is True): row[TIMES] for row in rows}
    names = [name for row in rows[:1] for name in row if name != TIMES]
    answer = {}
    for number in range(1, 2 ** len(names)):
        held = tuple(name for place, name in enumerate(names) if number >> place & 1)
        suffix = "" if len(held) == len(names) else "_exclusive"
        answer[f"{'_'.join(held)}{suffix}"] = times.get(held, 0)
    return answer


def values_of(db: DatabaseInfo, name: str, data_source: str) -> Any:
    """The statement of the values of a column."""
    info = db.columns[name]
    shown, rows = db.tables[info.shown_in], db.tables[info.table]
    if data_source and info.table != info.shown_in:
        rows = rows.join(shown, db.owner(info.table, info.shown_in)[1] == shown.c.id_alias)
    held = [shown.c[f"data_at_{each.strip().lower()}"] for each in data_source.split(",") if each.strip()]
    statement = sa.select(info.db.label(name), sa.func.count().label("value_count")).select_from(rows)
    return statement.where(sa.and_(sa.true(), *held)).group_by(info.db).order_by(info.db.asc().nulls_last())


class Summary(BaseModel):
    """The body of a summary."""

    MATCH_ALL: list[str] | None = None
    MATCH_SOME: list[str] | None = None
    ADD_COLUMNS: list[str] | None = None
    EXCLUDE_COLUMNS: list[str] | None = None
    SEARCH_LIST: list[str] | None = None


class Data(Summary):
    """The body of a page of rows."""

    COLLATE_RESULTS: bool | None = None
    EXTERNAL_REFERENCE: bool | None = None


def _application(engine: Any, db: DatabaseInfo) -> FastAPI:
    application = FastAPI()

    def rows(endpoint: str) -> Any:
        def fetch_rows(request: Request, body: Data, limit: int = 100, offset: int = 0) -> Response:
            cohort = Cohort(db, endpoint, body)
            page = page_of(cohort, collated=bool(body.COLLATE_RESULTS), limit=limit, offset=offset)
            return _page(engine, page, cohort.count(), request, limit, offset)

        return fetch_rows

    def summary(endpoint: str) -> Any:
        def summarise(body: Summary) -> Response:
            statement = summary_of(Cohort(db, endpoint, body))
            with engine.connect() as connection:
                found = _rows(connection.execute(statement))[0]
            sources = {name: combinations(found[name]) for name in found if name.endswith("data_source")}
            return _json({"result": [found | sources], "query_sql": str(statement)})

        return summarise

    def column_values(
        request: Request, column: str, data_source: str = "", limit: int | None = None, offset: int = 0
    ) -> Response:
        values = values_of(db, column, data_source)
        count = sa.select(sa.func.count()).select_from(values.subquery())
        return _page(engine, values.limit(limit).offset(offset), count, request, limit, offset)

    def columns() -> Response:
        return _json({"result": db.listed()})

    def release_metadata() -> Response:
        with engine.connect() as connection:
            return _json({"result": _rows(connection.execute(sa.select(db.tables["release_metadata"])))})

    for endpoint in ("subject", "file"):
        application.add_api_route(f"/data/{endpoint}", rows(endpoint), methods=["POST"])
        application.add_api_route(f"/summary/{endpoint}", summary(endpoint), methods=["POST"])
    application.add_api_route("/column_values/{column}", column_values, methods=["POST"])
    application.add_api_route("/columns/", columns)
    application.add_api_route("/release_metadata/", release_metadata)
    return application


def _page(
    engine: Any, statement: Any, count: Any, request: Request, limit: int | None, offset: int
) -> Response:
    with engine.connect() as connection:
        rows = _rows(connection.execute(statement))
        total = connection.scalar(count)
    following = None
    if limit is not None:
        is_last = offset + limit >= total
        following = "" if is_last else str(request.url.include_query_params(offset=offset + limit))
    answer = {"result": rows, "query_sql": str(statement), "total_row_count": total, "next_url": following}
    return _json(answer)


def _rows(found: Any) -> list[dict[str, Any]]:
    columns = ["".join(column) for column in found.keys()]  # noqa: SIM118 - a result is no dictionary
    return [dict(zip(columns, row, strict=True)) for row in found]  # orjson takes only plain names


def _json(answer: object) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")


def serve(talk: Connection, uri: str, schema: str) -> None:
    """Serve a database until the other end of a pipe is closed.

    Args:
        talk: Gets the URL.
        uri: The database.
        schema: The schema of its tables.
    """
    engine = sa.create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), pool_size=10)
    # Only with the protocol named does asyncio switch Nagle's delay off, as where it listens by itself.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        application = _application(engine, DatabaseInfo(engine, schema))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
        serving = threading.Thread(target=server.run, args=([listener],))
        serving.start()
        while not server.started:
            serving.join(0.01)
        talk.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
        talk.poll(None)
        server.should_exit = True
        serving.join()
