"""What the processes of the concurrency test do: write and keep what was acknowledged, or read twice."""

from __future__ import annotations

import hashlib
import random
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.create import DataSourceCreate, VolumeCreate
from vxdata.schemas.errors import StateConflict, VersionConflict, VxDataError
from vxdata.schemas.models import models_of
from vxdata.schemas.update import ArtefactUpdate, VolumeUpdate
from vxdata.sdk import Client, F
from vxdata.sdk._resources.changes import tables_of_updates
from vxdata.sdk._resources.upload import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vxdata.schemas.resource_model import ResourceCreate
    from vxdata.sdk import Query

Answer = TypeVar("Answer")

DEADLINE = 120.0
"""Seconds that a writer insists; only a fault takes as long."""

PATIENCE = 0.05
COUNTERS = 3
MOVABLE = 6


@dataclass(frozen=True)
class Scene:
    """Where the processes meet: a corner of the store that nobody else uses.

    Args:
        url: Address of the server.
        corner: Licence of all that they write, and part of every name.
    """

    url: str
    corner: str

    @property
    def source(self) -> str:
        """The data source above everything."""
        return f"datasource/{self.corner}"

    @property
    def counters(self) -> list[str]:
        """Volumes whose `b_value` counts."""
        return [f"volume/{self.corner}/counter-{number}" for number in range(COUNTERS)]

    @property
    def contested(self) -> list[str]:
        """Names that the small writers create, delete, restore and move against each other."""
        return [
            f"{prefix}/{self.corner}/{number}"
            for prefix in ("patient", "imagingstudy", "volume", "artefact")
            for number in range(MOVABLE)
        ]

    def connect(self) -> Client:
        """A client of its own."""
        return Client(self.url)

    def prepare(self, client: Client) -> None:
        """Create the data source and the counters."""
        client.resources.create(
            [
                DataSourceCreate(identifier=self.source, license=self.corner),
                *(
                    VolumeCreate(
                        identifier=name, parent_identifier=self.source, license=self.corner, b_value=0
                    )
                    for name in self.counters
                ),
            ]
        )


def insist(act: Callable[[], Answer]) -> Answer:
    """Call again until there is an answer."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return act()
        except VxDataError as problem:
            if not problem.retryable or time.monotonic() > deadline:
                raise
            time.sleep(PATIENCE)


def count_up(scene: Scene, seed: int, steps: int, stop: Path | None = None) -> dict[str, int]:
    """Increment counters, each time by what was read; tell how often each was.

    Args:
        scene: Where.
        seed: Of the choice among the counters.
        steps: How often, at most.
        stop: A file that ends it earlier.

    Returns:
        By counter.
    """
    choose = random.Random(seed)
    counted = dict.fromkeys(scene.counters, 0)
    with scene.connect() as client:
        for _ in range(steps):
            if stop is not None and stop.exists():
                break
            name = choose.choice(scene.counters)
            while not _increment(client, name):
                pass
            counted[name] += 1
    return counted


def _increment(client: Client, name: str) -> bool:
    """Add one, unless somebody came in between; a lost answer is asked for again under one key."""
    found = insist(lambda: client.volumes.retrieve(name, include_children=False))
    assert found.b_value is not None
    tables = tables_of_updates(registry(), {name: VolumeUpdate(b_value=found.b_value + 1)}, found.version)
    upload = WriteRequest("update", tables, idempotency_key=secrets.token_hex(16))
    try:
        insist(partial(upload.send, client._session.transport))
    except VersionConflict:
        return False
    return True


def meddle(scene: Scene, seed: int, steps: int) -> list[str]:
    """Create, update, delete, restore and move contested names at random; tell which were created."""
    choose = random.Random(seed)
    created: list[str] = []
    with scene.connect() as client:
        for _ in range(steps):
            created += meddle_once(scene, client, choose)
    return created


def meddle_once(scene: Scene, client: Client, choose: random.Random) -> list[str]:
    """Change one or two contested names, unless their state forbids it; tell which were created."""
    names = choose.sample(scene.contested, choose.choice((1, 1, 2)))
    try:
        match choose.choice(("create", "create", "update", "move", "delete", "restore")):
            case "create":
                client.resources.create([_contested(scene, name, choose) for name in names])
                return names
            case "update":
                _reword(client, names, choose)
            case "move":
                name = choose.choice(scene.contested[-MOVABLE:])
                parent = choose.choice(scene.contested)
                client.artefacts.update(name, ArtefactUpdate(parent_identifier=parent))
            case "delete":
                client.resources.delete(names, cascade=choose.random() < 0.3)
            case "restore":
                client.resources.restore(names, cascade=choose.random() < 0.5)
    except StateConflict:
        return []
    return []


def _contested(scene: Scene, name: str, choose: random.Random) -> ResourceCreate:
    """A resource under one of the type above, which may be missing or deleted."""
    prefix = name.partition("/")[0]
    above = f"{scene.corner}/{choose.randrange(MOVABLE)}"
    parent = {
        "patient": scene.source,
        "imagingstudy": f"patient/{above}",
        "volume": f"imagingstudy/{above}",
        "artefact": f"volume/{above}",
    }[prefix]
    create = models_of(registry().get(prefix)).create
    return create(identifier=name, parent_identifier=parent, license=scene.corner)


def _reword(client: Client, names: list[str], choose: random.Random) -> None:
    volumes = [name for name in names if name.startswith("volume/")]
    client.volumes.update({name: VolumeUpdate(b_value=choose.randrange(1000)) for name in volumes})


def write_in_bulk(scene: Scene, number: int, rounds: int, rows: int) -> int:
    """Create, update and delete thousands of volumes, a frame a commit; tell how many commits that were."""
    with scene.connect() as client:
        for turn in range(rounds):
            names = [f"{scene.corner}/bulk-{number}-{turn}-{row}" for row in range(rows)]
            frame = pl.DataFrame({"identifier": names})
            client.volumes.create(
                frame.with_columns(
                    parent_identifier=pl.lit(scene.source), license=pl.lit(scene.corner), b_value=pl.lit(0.0)
                )
            )
            client.volumes.update(frame.with_columns(b_value=pl.int_range(rows).cast(pl.Float64) + 1.0))
            client.volumes.delete(frame.head(rows // 2))
    return 3 * rounds


@dataclass(frozen=True)
class Noted:
    """An answer: which question, at which instant, and a digest of the rows."""

    question: int
    as_of: datetime
    digest: str


@dataclass
class Reread:
    """What a reader found: how many answers it asked for again, and which of them differed."""

    count: int = 0
    differing: list[Noted] = field(default_factory=list)


@dataclass
class Reader:
    """Notes answers, and asks for them again.

    Args:
        scene: Where.
        client: Its client.
        choose: Chooses questions and instants.
    """

    scene: Scene
    client: Client
    choose: random.Random
    noted: list[Noted] = field(default_factory=list)
    outcome: Reread = field(default_factory=Reread)

    def read(self) -> None:
        """Put a question twice, and an earlier one again."""
        question = self.choose.choices(range(len(WEIGHTS)), WEIGHTS)[0]
        # Also instants between the last commit and now, which the read itself has to close.
        as_of = datetime.now(UTC) if self.choose.random() < 0.3 else None
        self.noted.append(self._ask(question, as_of))
        self.compare(self.noted[-1])
        self.compare(self.choose.choice(self.noted))

    def compare(self, earlier: Noted) -> None:
        """Ask again."""
        self.outcome.count += 1
        if self._ask(earlier.question, earlier.as_of) != earlier:
            self.outcome.differing.append(earlier)

    def _ask(self, question: int, as_of: datetime | None) -> Noted:
        return insist(lambda: _ask(self.client, self.scene, question, as_of))


def read_again(scene: Scene, seed: int, stop: Path, least: int) -> Reread:
    """Note answers and ask for them again, while others write and afterwards, so many times at least."""
    with scene.connect() as client:
        reader = Reader(scene, client, random.Random(seed))
        while not stop.exists():
            reader.read()
        reader.choose.shuffle(reader.noted)
        while reader.outcome.count < least:
            for earlier in reader.noted:
                reader.compare(earlier)
    return reader.outcome


WEIGHTS = (12, 1, 12, 12)
"""How often each question is put: the second reads all types, which takes longest."""


def _ask(client: Client, scene: Scene, question: int, as_of: datetime | None) -> Noted:
    """Put one of several small questions."""
    query: Query[Any]
    match question:
        case 0:
            query = client.volumes.query().filter(F.identifier.is_in(scene.counters))
        case 1:
            query = client.resources.query().filter(F.identifier.is_in(scene.contested))
        case 2:
            query = client.volumes.query().filter(F.datasource_id == scene.source, F.b_value > 0).limit(20)
        case _:
            patients = [name for name in scene.contested if name.startswith("patient/")]
            query = client.artefacts.query().filter(F.patient_id.is_in(patients))
    result = (query if as_of is None else query.as_of(as_of)).run()
    rows: list[dict[str, Any]] = result.frame.sort("identifier").to_dicts()
    return Noted(question, result.as_of, hashlib.sha256(repr(rows).encode()).hexdigest())
