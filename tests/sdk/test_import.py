"""Importing the SDK: what it does not load, and the names that it shows its classes under."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from types import FunctionType
from typing import Final

import polars as pl
import pytest

import vxdata.sdk
from tools.import_time import LIBRARIES, seconds_above
from vxdata.sdk import Client, F, ResourceNotFound, Result, Snapshot

EXPORTED: Final = {
    name: found
    for name in vxdata.sdk.__all__
    if isinstance(found := getattr(vxdata.sdk, name), type | FunctionType)
}

NOT_LOADED: Final = (
    "boto3",
    "botocore",
    "pyarrow.interchange",
    "pyarrow.parquet",
    "s3transfer",
    "tqdm",
    "urllib3",
    "vxdata.schemas.create",
    "vxdata.schemas.response",
    "vxdata.schemas.update",
)
"""What takes long to import, and is only needed by some programs."""


def loaded_after(statements: str) -> set[str]:
    """The modules of a process that has run some statements."""
    script = f"{statements}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("use", ["", "client = vxdata.sdk.Client(); client.storage; client.volumes.query()"])
def test_loads_what_every_program_needs(use: str) -> None:
    loaded = loaded_after(f"import vxdata.sdk\n{use}")
    assert "vxdata.sdk._client" in loaded
    assert not loaded.intersection(NOT_LOADED)


def test_loads_the_rest_when_it_is_used() -> None:
    loaded = loaded_after("import vxdata.sdk\nvxdata.sdk.Client().artefacts")
    assert {"vxdata.schemas.create", "vxdata.schemas.response", "vxdata.schemas.update"} <= loaded


def test_its_time_can_be_measured() -> None:
    assert seconds_above(LIBRARIES) > 0


@pytest.mark.parametrize("name", EXPORTED)
def test_is_shown_under_the_name_that_it_is_imported_by(name: str) -> None:
    found = EXPORTED[name]
    assert "._" not in found.__module__
    assert getattr(import_module(found.__module__), found.__qualname__) is found
    assert pickle.loads(pickle.dumps(found)) is found  # noqa: S301 - of our own making


def test_what_the_sdk_defines_is_its_own() -> None:
    assert repr(Client) == "<class 'vxdata.sdk.Client'>"
    assert {found.__module__ for found in EXPORTED.values()} == {
        "vxdata.sdk",
        "vxdata.schemas.errors",
        "vxdata.schemas.wire",
    }
    assert type(F).__module__ == "vxdata.sdk._expressions.fields"


def test_errors_are_told_by_their_public_name() -> None:
    assert (
        f"{ResourceNotFound.__module__}.{ResourceNotFound.__name__}"
        == "vxdata.schemas.errors.ResourceNotFound"
    )
    error = ResourceNotFound.from_identifiers(["volume/a"])
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copy), copy.args) == (ResourceNotFound, error.args)


def test_the_version_is_that_of_the_distribution() -> None:
    assert vxdata.sdk.__version__ == version("vxdata")


def test_values_are_pickled() -> None:
    snapshot = Snapshot(datetime(2026, 1, 2, tzinfo=UTC), 7)
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot  # noqa: S301
    result = Result(pl.DataFrame({"a": [1]}), snapshot.as_of, snapshot.version)
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301
    assert (copy.snapshot, copy.frame.to_dicts()) == (snapshot, [{"a": 1}])
