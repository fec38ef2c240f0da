"""Whether what is stored hangs together, as anybody can read it: clock, log, versions and parents."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from tests.store.model import LINEAGE
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.plan import Comparison, Plan

if TYPE_CHECKING:
    from tests.store.journal import Attempt
    from tests.store.load import Scene
    from vxdata.sdk import Client

SHOWN = 20
"""Findings that a message names."""

COLUMNS = (
    "identifier",
    "parent_identifier",
    "version",
    "valid_from",
    "valid_to",
    "created_at",
    "deleted",
    *LINEAGE,
)


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
        twice = keyed.filter(pl.col("idempotency_key").is_duplicated())
        assert twice.is_empty(), f"applied twice: {twice.rows(named=True)[:SHOWN]}"
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
    assert_lineage(found)


def assert_clock(found: Records, since: int) -> None:
    """Numbers without a gap, and stamps that grow with them."""
    numbers = found.commits["version"].to_list()
    gaps = [
        number
        for number, due in zip(numbers, range(since + 1, since + 1 + len(numbers)), strict=True)
        if number != due
    ]
    assert gaps == [], f"commits after a gap: {gaps[:SHOWN]}"
    stamps = found.commits["as_of"].to_list()
    back = [later for earlier, later in pairwise(stamps) if later <= earlier]
    assert back == [], f"stamps that do not grow: {back[:SHOWN]}"


def assert_counts(found: Records) -> None:
    """Every commit wrote as many versions of each type as its log says, under its own stamp."""
    logged = {
        (row["version"], name): count
        for row in found.commits.iter_rows(named=True)
        for name, count in row["counts"].items()
    }
    counted = found.versions.group_by("version", "resource_type").len()
    stored = {(version, name): rows for version, name, rows in counted.iter_rows()}
    differing = sorted(key for key in stored.keys() | logged.keys() if stored.get(key) != logged.get(key))
    assert differing == [], f"counts (commit, type) that differ from the log: {differing[:SHOWN]}"
    stamps = found.versions.join(found.commits, on="version", how="left")
    wrong = stamps.filter(pl.col("valid_from").ne_missing(pl.col("as_of")))
    assert wrong.is_empty(), f"stamps other than the commit's: {wrong.rows(named=True)[:SHOWN]}"


def assert_chains(found: Records) -> None:
    """The versions of a resource follow each other without gap or overlap, and exactly one is open."""
    chained = found.versions.with_columns(
        next_from=pl.col("valid_from").shift(-1).over("identifier"),
        first_from=pl.col("created_at").first().over("identifier"),
    )
    broken = chained.filter(
        pl.col("valid_to").ne_missing(pl.col("next_from"))
        | pl.col("created_at").ne_missing(pl.col("first_from"))
        | pl.struct("identifier", "version").is_duplicated()
    )
    assert broken.is_empty(), f"broken chains: {broken.rows(named=True)[:SHOWN]}"


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
    assert orphans == [], f"orphans (resource, parent, commit): {orphans[:SHOWN]}"


def assert_lineage(found: Records) -> None:
    """After every commit, whatever is live and was written, or lies below it, has the nearest ancestors."""
    stored: dict[str, dict[str, Any]] = {}
    below: dict[str, set[str]] = {}
    wrong: list[tuple[int, str]] = []
    for (number,), written in found.versions.sort("version").group_by("version", maintain_order=True):
        assert isinstance(number, int)
        rows = written.to_dicts()
        moved = {row["identifier"] for row in rows if _is_moved(row, stored, below)}
        names = {row["identifier"] for row in rows} | _all_below(moved, below)
        wrong += [(number, name) for name in sorted(names) if not _has_its_lineage(name, stored)]
    assert wrong == [], f"wrong lineage (commit, resource): {wrong[:SHOWN]}"


def _is_moved(row: dict[str, Any], stored: dict[str, dict[str, Any]], below: dict[str, set[str]]) -> bool:
    """Take a version into the state; tell whether it brought another parent."""
    name, parent = row["identifier"], row["parent_identifier"]
    before = stored.get(name)
    stored[name] = row
    if before is not None and before["parent_identifier"] == parent:
        return False
    if before is not None:
        below.get(before["parent_identifier"], set()).discard(name)
    below.setdefault(parent, set()).add(name)
    return before is not None


def _all_below(names: set[str], below: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    level = names
    while level:
        level = {child for name in level for child in below.get(name, ())} - found
        found |= level
    return found


def _has_its_lineage(name: str, stored: dict[str, dict[str, Any]]) -> bool:
    """Whether a resource names its nearest ancestors, itself included; a deleted one keeps what it had."""
    row = stored[name]
    nearest: dict[str, str] = {}
    current: str | None = name
    while current is not None:
        nearest.setdefault(current.partition("/")[0], current)
        current = stored[current]["parent_identifier"]
    return row["deleted"] or all(row[column] == nearest.get(prefix) for column, prefix in LINEAGE.items())


def assert_counters(client: Client, scene: Scene, counted: list[dict[str, int]]) -> None:
    """No increment was lost, and none applied twice."""
    stored = {found.identifier: found.b_value for found in client.volumes.retrieve(scene.counters)}
    counted_all = {name: sum(counts[name] for counts in counted) for name in scene.counters}
    assert stored == counted_all, f"stored {stored}, counted {counted_all}"
    for name in scene.counters:
        values = [version.resource.model_dump()["b_value"] for version in client.volumes.history(name)]
        assert values == [float(number) for number in range(len(values))], f"{name} did not count by one"


def assert_whole_or_absent(attempts: list[Attempt], found: Records) -> None:
    """Each write is there once, with all its rows in one commit, or not at all; none is that was answered."""
    stored = found.keys()
    key = pl.col("identifier").str.extract(r"^volume/(.*)-\d+$")
    written: dict[str, list[tuple[int, int]]] = {}
    for name, version, rows in found.versions.group_by(key, "version").len().iter_rows():
        written.setdefault(name, []).append((version, rows))
    for attempt in attempts:
        expected = [(stored[attempt.key], attempt.rows)] if attempt.key in stored else []
        rows_found = written.get(attempt.key, [])
        assert rows_found == expected, f"{attempt}: expected {expected}, found {rows_found}"
        assert attempt.version in {None, stored.get(attempt.key)}, f"{attempt}: not in the log"
