"""VxData's writes, as its users call them; ids and values are new in every round."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from bench.data import read_volumes
from vxdata.schemas.create import VolumeCreate
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench._harness.candidates import Work


@contextmanager
def create(number: int, url: str, path: Path, rows: int) -> Iterator[Work]:
    """Create volumes from a frame."""
    frame = read_volumes(path, rows, f"/copy-{number}")
    with Client(url) as client:
        client.health()
        yield lambda: client.volumes.create(frame).counts["volume"]


@contextmanager
def create_models(number: int, url: str, path: Path, rows: int) -> Iterator[Work]:
    """Make models and create them; once before a single one."""
    first, *given = model_values(path, rows + 1, f"/model-{number}")
    with Client(url) as client:
        client.volumes.create(_models([first]))
        yield lambda: len(client.volumes.create(_models(given)))


@contextmanager
def create_ready_models(number: int, url: str, path: Path, rows: int) -> Iterator[Work]:
    """Create models that were made before the clock starts; once before a single one."""
    first, *made = _models(model_values(path, rows + 1, f"/ready-{number}"))
    with Client(url) as client:
        client.volumes.create(first)
        yield lambda: len(client.volumes.create(made))


def model_values(path: Path, rows: int, label: str) -> list[dict[str, Any]]:
    """The values of each model; fields without a value are left out."""
    frame = read_volumes(path, rows, label)
    return [{name: value for name, value in row.items() if value is not None} for row in frame.to_dicts()]


def _models(given: list[dict[str, Any]]) -> list[VolumeCreate]:
    return [VolumeCreate(**values) for values in given]


@contextmanager
def update(number: int, url: str, names: Path) -> Iterator[Work]:
    """Set a value of every volume."""
    frame = pl.read_ipc(names.read_bytes()).with_columns(b_value=pl.lit(float(number + 1)))
    with Client(url) as client:
        client.health()
        yield lambda: client.volumes.update(frame).counts["volume"]


@contextmanager
def delete(_: int, url: str, names: Path) -> Iterator[Work]:
    """Delete the volumes."""
    frame = pl.read_ipc(names.read_bytes())
    with Client(url) as client:
        client.health()
        yield lambda: client.volumes.delete(frame).counts["volume"]


@contextmanager
def restore(_: int, url: str, names: Path) -> Iterator[Work]:
    """Restore the volumes, and read them back as models: restore returns them."""
    identifiers = pl.read_ipc(names.read_bytes())["identifier"].to_list()
    with Client(url) as client:
        client.health()
        yield lambda: len(client.volumes.restore(identifiers))


@contextmanager
def retrieve(_: int, url: str, names: Path, most: int) -> Iterator[Work]:
    """Retrieve some of them as models."""
    identifiers = pl.read_ipc(names.read_bytes())["identifier"].head(most).to_list()
    with Client(url) as client:
        client.health()
        yield lambda: len(client.volumes.retrieve(identifiers, include_children=False))
