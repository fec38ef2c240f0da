"""Data frames as objects: Parquet files that any tool reads."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from vxdata.schemas.errors import InvalidRequest
from vxdata.sdk._storage.download import Wish, download
from vxdata.sdk._storage.upload import upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vxdata.sdk._storage.options import Reach

SUFFIX = ".parquet"


def upload_dataframes(
    reach: Reach, group: str | None, frames: Mapping[str, pl.DataFrame], *, progress: bool
) -> dict[str, str]:
    """Upload each frame as a Parquet file.

    Args:
        reach: How S3 is reached.
        group: The folder in the bucket.
        frames: The frames by name.
        progress: Whether to show a progress bar.

    Returns:
        The URL of each, by name.
    """
    with tempfile.TemporaryDirectory(prefix="vxdata-") as folder:
        paths = {name: Path(folder, f"{number}{SUFFIX}") for number, name in enumerate(frames)}
        for name, frame in frames.items():
            if not isinstance(frame, pl.DataFrame):
                kind = type(frame).__name__
                msg = f"{name!r} is no polars.DataFrame but {kind}; collect or convert it first."
                raise InvalidRequest(msg)
            frame.write_parquet(paths[name])
        files = [(path, f"{name}{SUFFIX}") for name, path in paths.items()]
        urls = upload(reach, group, files, progress=progress)
    return {name: urls[path] for name, path in paths.items()}


def download_dataframes(reach: Reach, urls: Mapping[str, str], *, progress: bool) -> dict[str, pl.DataFrame]:
    """Read Parquet files into frames.

    Args:
        reach: How S3 is reached.
        urls: The URLs by name.
        progress: Whether to show a progress bar.

    Returns:
        The frame of each, by name.
    """
    with tempfile.TemporaryDirectory(prefix="vxdata-") as folder:
        paths = download(reach, urls.values(), folder, Wish(progress=progress))
        return {name: _read(paths[url], name, url) for name, url in urls.items()}


def _read(path: Path, name: str, url: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        msg = f"{name!r}, {url}, is no Parquet file: {error}"
        raise InvalidRequest(msg, url=url) from error
