"""Random requests to a server, each compared with what the evaluator says."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow.flight

from tests.cohorts.answers import OK, Answer, check
from tests.cohorts.asking_flight import FlightDoor
from tests.cohorts.asking_polars import PolarsDoor
from tests.cohorts.compare import without_order
from tests.cohorts.evaluator import Evaluator
from tests.cohorts.random_databases import random_database
from tests.cohorts.random_requests import RandomRequests
from tests.cohorts.set_checks import SetChecks
from vxdata.sdk import Client
from vxdata.server.app import Server
from vxdata.server.catalog_settings import CatalogSettings
from vxdata.server.config import Settings
from vxdata.server.database.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import SecretStr

    from tests.cohorts.database import Database
    from tests.cohorts.random_requests import Call


@dataclass(frozen=True)
class Asked:
    """A random database on a server.

    Args:
        seed: What the database and the requests follow from.
        url: Where its API begins.
        http: Connections to the server.
        flight: The same catalog over Flight.
        polars: The same as the client has it.
        evaluator: Knows the answers.
        requests: Makes requests up.
    """

    seed: int
    url: str
    http: httpx.Client
    flight: FlightDoor
    polars: PolarsDoor
    evaluator: Evaluator
    requests: RandomRequests

    def check_lists(self) -> None:
        """Compare what the two lists of the API say.

        Raises:
            AssertionError: One of them is wrong.
        """
        columns = self.http.get(f"{self.url}/columns/").json()["result"]
        assert without_order(columns) == without_order(self.evaluator.columns()), self.seed
        release = self.http.get(f"{self.url}/release_metadata/").json()["result"]
        assert without_order(release) == without_order(self.evaluator.release_metadata()), self.seed

    def check_sets(self, number: int) -> None:
        """Ask for sets of entities, in every relation to each other.

        Args:
            number: How often.

        Raises:
            AssertionError: A set is wrong.
        """
        checks = SetChecks(self.polars, self.evaluator, self.requests, Random(self.seed))
        for _ in range(number):
            try:
                checks.check()
            except Exception as error:
                error.add_note(f"database of seed {self.seed}")
                raise

    def check(self, number: int) -> None:
        """Ask the next requests, and compare.

        Args:
            number: How many.

        Raises:
            AssertionError: An answer is wrong; its note names the request.
        """
        for turn in range(number):
            call = self.requests.call()
            try:
                check(self.evaluator, call, ask(self.http, self.url, call))
                if (found := (self.flight if turn % 2 else self.polars).ask(call)) is not None:
                    check(self.evaluator, call, found)
            except Exception as error:
                error.add_note(f"database of seed {self.seed}, {call}")
                raise


def ask(http: httpx.Client, url: str, call: Call) -> Answer:
    """Send a request.

    Args:
        http: Connections to the server.
        url: Where the API begins.
        call: The request.

    Returns:
        The answer, in the form that is compared.
    """
    response = http.post(f"{url}/{call.path}", json=call.body, params=call.query)
    content = response.json()
    if response.status_code != OK:
        return Answer(response.status_code, content)
    if call.path.startswith("summary/"):
        (summary,) = content["result"]
        return Answer(OK, summary)
    assert isinstance(content["query_sql"], str)
    following = _following(content["next_url"])
    if following is not None:
        # Other parameters are kept, and 100 is how many rows there are by default.
        offset = call.query.get("offset", 0) + call.query.get("limit", 100)
        assert following == {name: str(value) for name, value in (call.query | {"offset": offset}).items()}
    page = {
        "result": content["result"],
        "total": content["total_row_count"],
        "has_next": following is not None,
    }
    return Answer(OK, page)


def _following(url: str | None) -> dict[str, Any] | None:
    """The parameters of the next page, if there is one."""
    return dict(httpx.URL(url).params) if url else None


@contextmanager
def random_catalogs(uri: SecretStr, seeds: Sequence[int]) -> Iterator[list[Asked]]:
    """Make random databases, each a schema of one real one, and serve them.

    Args:
        uri: A database for them.
        seeds: What they follow from.

    Yields:
        One for each seed.
    """
    made = {seed: Random(seed) for seed in seeds}
    databases = {seed: random_database(random) for seed, random in made.items()}
    with _schemas(uri, databases), served(uri, databases, made) as catalogs:
        yield catalogs


@contextmanager
def _schemas(uri: SecretStr, databases: Mapping[int, Database]) -> Iterator[None]:
    """Make the schemas, and drop them in the end."""
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        for seed, database in databases.items():
            connection.execute(*database.statements(schema_of(seed)))
        yield
        for seed in databases:
            connection.execute(f"DROP SCHEMA {schema_of(seed)} CASCADE")


def schema_of(seed: int) -> str:
    """Name of the PostgreSQL schema that a database is in."""
    return f"random_{seed}"


@contextmanager
def served(
    uri: SecretStr, databases: Mapping[int, Database], randoms: Mapping[int, Random]
) -> Iterator[list[Asked]]:
    """Serve databases that are there.

    Args:
        uri: The real database whose schemas they are.
        databases: The databases by their seeds.
        randoms: What the requests about each follow from.

    Yields:
        One for each seed.
    """
    catalogs = {f"c{seed}": CatalogSettings(uri=uri, schema_name=schema_of(seed)) for seed in databases}
    settings = Settings(port=0, http_port=0, catalogs=catalogs, authentication="off")
    with (
        Server(settings) as server,
        httpx.Client(trust_env=False, timeout=60) as http,
        pyarrow.flight.connect(server.flight_url) as flight,
        Client(server.flight_url) as client,
    ):
        yield [
            Asked(
                seed,
                f"{server.http_url}/c{seed}",
                http,
                FlightDoor(flight, f"c{seed}"),
                PolarsDoor(client.catalog(f"c{seed}")),
                evaluator := Evaluator(database),
                RandomRequests(randoms[seed], database, evaluator.names),
            )
            for seed, database in databases.items()
        ]
