"""Data frames as objects: Parquet files that any tool reads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from vxdata.schemas.errors import InvalidRequest, LocalFileProblem
from vxdata.sdk._storage.download import DownloadOptions, download
from vxdata.sdk._storage.upload import FileUpload, upload

if TYPE_CHECKING:
    from vxdata.sdk._storage.options import StorageBackend

SUFFIX: Final = ".parquet"

_OF_THE_DISK: Final = re.compile(r"([\w ]+) \(os error \d+\)")
"""How Polars words what the system has refused, among its other errors."""


def upload_dataframes(
    backend: StorageBackend, group: str | None, frames: Mapping[str, pl.DataFrame], *, progress: bool
) -> dict[str, str]:
    """Upload each frame as a Parquet file.

    Args:
        backend: How S3 is reached.
        group: The folder in the bucket.
        frames: The frames by name.
        progress: Whether to show a progress bar.

    Returns:
        The URL of each, by name.
    """
    _require_mapping(frames, "upload_dataframes takes a dictionary of frames by name")
    for name, frame in frames.items():
        if not isinstance(frame, pl.DataFrame):
            kind = type(frame).__name__
            msg = f"{name!r} is no polars.DataFrame but {kind}; collect or convert it first."
            raise InvalidRequest(msg)
    with tempfile.TemporaryDirectory(prefix="vxdata-") as folder:
        files = {
            name: FileUpload(Path(folder, f"{number}{SUFFIX}"), f"{name}{SUFFIX}", str(name))
            for number, name in enumerate(frames)
        }
        for name, frame in frames.items():
            _write(frame, files[name])
        urls = upload(backend, group, files.values(), progress=progress)
    return {name: urls[file.path] for name, file in files.items()}


def download_dataframes(
    backend: StorageBackend, urls: Mapping[str, str], *, progress: bool
) -> dict[str, pl.DataFrame]:
    """Read Parquet files into frames.

    Args:
        backend: How S3 is reached.
        urls: The URLs by name.
        progress: Whether to show a progress bar.

    Returns:
        The frame of each, by name.
    """
    _require_mapping(urls, "download_dataframes takes a dictionary of URLs by name")
    with tempfile.TemporaryDirectory(prefix="vxdata-") as folder:
        paths = download(
            backend, urls.values(), folder, DownloadOptions(progress=progress, each_by_itself=True)
        )
        return {name: _read(paths[url], name, url) for name, url in urls.items()}


def _require_mapping(given: object, wanted: str) -> None:
    if not isinstance(given, Mapping):
        msg = f"{wanted}, not {type(given).__name__}."
        raise InvalidRequest(msg)


def _write(frame: pl.DataFrame, file: FileUpload) -> None:
    try:
        frame.write_parquet(file.path)
    except (pl.exceptions.PolarsError, OSError) as error:
        of_the_disk = _OF_THE_DISK.search(str(error))
        if of_the_disk:
            problem = f"{of_the_disk[1].strip()} ({file.path.parent})"
            raise LocalFileProblem.about(str(file), problem) from error
        msg = f"{str(file)!r} cannot be stored as Parquet: {error}"
        raise InvalidRequest(msg) from error


def _read(path: Path, name: str, url: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{name!r}, {url}, is no Parquet file: {error}"
        raise InvalidRequest(msg, url=url) from error
