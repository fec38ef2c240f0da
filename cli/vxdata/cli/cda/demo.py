"""The demo of cohorts: a made-up database of the shape of the CDA, asked over HTTP and from Polars."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.request import Request, urlopen

from pydantic import SecretStr

from vxdata.cli.cda.generate import generate
from vxdata.cli.cda.load import load
from vxdata.cli.embedded_catalogs import EMBEDDED
from vxdata.cli.running import (
    allow_many_files,
    owned,
    settings_on,
    start_stack,
    upgrade_database,
)
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import read_schema
from vxdata.server.embedded import default_data_dir
from vxdata.server.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vxdata.server.embedded import EmbeddedStack


CATALOG: Final = "cda"
"""Name of the catalog, and of the PostgreSQL schema that it lies in."""

SUBJECTS: Final = 20_000
FEW_SUBJECTS: Final = 1_000
"""Subjects of the small demo."""

FILTERS: Final = ("diagnosis = glioblastoma", "age_at_observation >= 60", "file_type like *image*")
"""The cohort that is asked for both ways."""

SHOWN: Final = ("subject_id", "year_of_birth", "sex", "diagnosis")
"""Columns of a row that are printed."""

NEXT: Final = """
The server has stopped; the data stay in {folder}. To go on with them:

    vxdata up --data-dir {folder} --catalog {catalog}=embedded:{catalog}"""
"""What is said last."""

TIMEOUT: Final = 60
"""Seconds that an answer over HTTP may take."""

Say = Callable[[str], None]
"""Shows a line."""


@contextmanager
def served(data_dir: Path | None, subjects: int, say: Say) -> Iterator[tuple[EmbeddedStack, Server]]:
    """Start the embedded stack with the made-up database as a catalog, and stop it at the end of the block.

    Args:
        data_dir: Folder of all data; the user's default one if None.
        subjects: Number of subjects to make up, if the database is not there yet.
        say: Shows a line.

    Yields:
        The stack and the server.
    """
    catalog = CatalogSettings(uri=SecretStr(f"{EMBEDDED}{CATALOG}"))
    given = Settings(port=0, http_port=0, catalogs={CATALOG: catalog})
    configure_logs("WARNING", as_json=given.log_json)
    with start_stack(data_dir or default_data_dir()) as stack:
        upgrade_database(stack.postgres_uri, stack.postgres_read_uri)
        _load(stack.postgres_uri, subjects, say)
        allow_many_files()
        settings = settings_on(stack, given)
        with Server(settings) as server, owned(stack, server, settings):
            yield stack, server
        say(NEXT.format(folder=stack.data_dir, catalog=CATALOG))


def ask_over_http(server: Server, token: Callable[[], str] | None, say: Say) -> None:
    """Ask for a page of the cohort as clients of the CDA API do, and show it."""
    address = f"{server.http_url}/{CATALOG}/data/subject?limit=3"
    body = {"MATCH_ALL": FILTERS, "ADD_COLUMNS": ["sex", "diagnosis"]}
    shown = "" if token is None else ' --oauth2-bearer "$VXDATA_TOKEN"'
    say(f"\ncurl{shown} -H 'Content-Type: application/json' '{address}' -d '{json.dumps(body)}'")
    started = time.perf_counter()
    answer = _post(address, body, token)
    milliseconds = 1000 * (time.perf_counter() - started)
    say(f"{answer['total_row_count']:,} subjects in {milliseconds:.0f} ms; the first of them:")
    for row in answer["result"]:
        say(f"  {json.dumps({name: row[name] for name in SHOWN})}")


def _post(address: str, body: dict[str, Any], token: Callable[[], str] | None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token()}"
    request = Request(address, json.dumps(body).encode(), headers)  # noqa: S310 - our own server
    with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


def _load(uri: SecretStr, subjects: int, say: Say) -> None:
    """Make the database up and load it, unless it is there."""
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        is_there = bool(read_schema(connection, CATALOG).tables)
    if is_there:
        say("load: nothing to load, the made-up database is there already")
        return
    started = time.perf_counter()
    rows = load(uri, generate(subjects), schema=CATALOG, indexes_texts=True)
    say(f"load: {rows:,} rows of a made-up database in {time.perf_counter() - started:.1f} s")
