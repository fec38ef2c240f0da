"""Whether what is stored hangs together, as anybody can read it: clock, log, versions and parents."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Comparison, Plan

if TYPE_CHECKING:
    from tests.store.journal import Attempt
    from tests.store.load import Scene
    from vxdata.sdk import Client

COLUMNS = ("identifier", "parent_identifier", "version", "valid_from", "valid_to", "created_at", "deleted")


@dataclass(frozen=True)
class Records:
    """All that was written after a commit.

    Args:
        commits: The commit log.
        versions: Versions of all types.
    """

    commits: pl.DataFrame
    versions: pl.DataFrame

    def keys(self) -> dict[str, int]:
        """Version by idempotency key; a key that stands twice fails."""
        keyed = self.commits.filter(pl.col("idempotency_key").is_not_null())
        assert keyed["idempotency_key"].is_unique().all()
        return dict(keyed.select("idempotency_key", "version").iter_rows())


def records(client: Client, since: int) -> Records:
    """Read everything that was written after a commit, at one instant."""
    as_of = client.now().as_of
    where = Comparison(op=">", field="version", value=since)

    def read(plan: Plan) -> pl.DataFrame:
        stream = client._session.transport.read(plan)
        frame = pl.from_arrow(pa.Table.from_batches(stream.batches, schema=stream.arrow_schema))
        assert isinstance(frame, pl.DataFrame)
        return frame

    commits = read(Plan(relation=COMMIT, where=where, as_of=as_of)).sort("version")
    versions = [
        read(
            Plan(relation=payload_type.prefix, where=where, select=COLUMNS, history=True, as_of=as_of)
        ).with_columns(resource_type=pl.lit(payload_type.prefix))
        for payload_type in registry()
    ]
    return Records(commits, pl.concat(versions).sort("identifier", "version"))


def assert_sound(found: Records, since: int) -> None:
    """Check all that must hold whoever wrote what when."""
    assert_clock(found, since)
    assert_counts(found)
    assert_chains(found)
    assert_no_orphans(found)


def assert_clock(found: Records, since: int) -> None:
    """Numbers without a gap, and stamps that grow with them."""
    numbers = found.commits["version"].to_list()
    assert numbers == list(range(since + 1, since + 1 + len(numbers)))
    stamps = found.commits["as_of"].to_list()
    assert all(earlier < later for earlier, later in pairwise(stamps))


def assert_counts(found: Records) -> None:
    """Every commit wrote as many versions of each type as its log says, under its own stamp."""
    logged = {
        (row["version"], name): count
        for row in found.commits.iter_rows(named=True)
        for name, count in row["counts"].items()
    }
    counted = found.versions.group_by("version", "resource_type").len()
    assert {(version, name): rows for version, name, rows in counted.iter_rows()} == logged
    stamps = found.versions.join(found.commits, on="version", how="left")
    assert (stamps["valid_from"] == stamps["as_of"]).all()


def assert_chains(found: Records) -> None:
    """The versions of a resource follow each other without gap or overlap, and exactly one is open."""
    chained = found.versions.with_columns(
        next_from=pl.col("valid_from").shift(-1).over("identifier"),
        first_from=pl.col("created_at").first().over("identifier"),
    )
    assert chained["valid_to"].eq_missing(chained["next_from"]).all()
    assert (chained["created_at"] == chained["first_from"]).all()
    assert not chained.select("identifier", "version").is_duplicated().any()


def assert_no_orphans(found: Records) -> None:
    """Whoever came below a parent, by create or by move, found it live in that very commit."""
    alive: dict[str, list[tuple[int, bool]]] = {}
    for row in found.versions.iter_rows(named=True):
        alive.setdefault(row["identifier"], []).append((row["version"], not row["deleted"]))

    def is_live(name: str, version: int) -> bool:
        return next((live for number, live in reversed(alive.get(name, [])) if number <= version), False)

    hung = found.versions.with_columns(before=pl.col("parent_identifier").shift(1).over("identifier")).filter(
        pl.col("parent_identifier").ne_missing(pl.col("before")) & pl.col("parent_identifier").is_not_null()
    )
    orphans = [
        (row["identifier"], row["parent_identifier"], row["version"])
        for row in hung.iter_rows(named=True)
        if not is_live(row["parent_identifier"], row["version"])
    ]
    assert orphans == []


def assert_counters(client: Client, scene: Scene, counted: list[dict[str, int]]) -> None:
    """No increment was lost, and none applied twice."""
    stored = {found.identifier: found.b_value for found in client.volumes.retrieve(scene.counters)}
    assert stored == {name: sum(counts[name] for counts in counted) for name in scene.counters}
    for name in scene.counters:
        values = [version.resource.model_dump()["b_value"] for version in client.volumes.history(name)]
        assert values == [float(number) for number in range(len(values))]


def assert_whole_or_absent(attempts: list[Attempt], found: Records) -> None:
    """Each write is there once, with all its rows in one commit, or not at all; none is that was answered."""
    stored = found.keys()
    key = pl.col("identifier").str.extract(r"^volume/(.*)-\d+$")
    written: dict[str, list[tuple[int, int]]] = {}
    for name, version, rows in found.versions.group_by(key, "version").len().iter_rows():
        written.setdefault(name, []).append((version, rows))
    for attempt in attempts:
        expected = [(stored[attempt.key], attempt.rows)] if attempt.key in stored else []
        assert written.get(attempt.key, []) == expected
        assert attempt.version in {None, stored.get(attempt.key)}
