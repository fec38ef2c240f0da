"""`client.storage`: files and frames in S3."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, overload

from vxdata.sdk._storage import frames
from vxdata.sdk._storage.download import DownloadOptions, download
from vxdata.sdk._storage.materialize import find_urls, replaced
from vxdata.sdk._storage.options import StorageBackend, StorageOptions
from vxdata.sdk._storage.upload import FileUpload, upload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from vxdata.schemas.catalog.registry import Registry
    from vxdata.sdk._storage.user_paths import StrPath
    from vxdata.sdk._transport.base import Transport


class Storage:
    """Files in S3: uploaded under keys that hold their hash, downloaded in parallel and verified.

    Args:
        transport: The way to the server.
        registry: The payload types, whose blob fields `materialize` looks at.
        options: How S3 is reached; by default as the environment says.
    """

    def __init__(
        self, transport: Transport, registry: Registry, options: StorageOptions | None = None
    ) -> None:
        """Prepare; S3 and the server are asked at the first use."""
        self._registry = registry
        self._backend = StorageBackend(transport, options or StorageOptions())

    # A text is a sequence of texts too: the first overload that fits counts.
    @overload
    def upload(  # type: ignore[overload-overlap]
        self, paths: StrPath, *, group: str | None = None, fail_fast: bool = False, progress: bool = True
    ) -> str: ...
    @overload
    def upload(
        self,
        paths: Sequence[StrPath],
        *,
        group: str | None = None,
        fail_fast: bool = False,
        progress: bool = True,
    ) -> list[str]: ...

    def upload(
        self,
        paths: StrPath | Sequence[StrPath],
        *,
        group: str | None = None,
        fail_fast: bool = False,
        progress: bool = True,
    ) -> str | list[str]:
        """Upload files; one that is there already, with the same name and content, is not sent again.

        Args:
            paths: A local file, or several; ``~`` is the home folder.
            group: Folder for them in the bucket, such as ``"benchmarking/task-1"``; ``"files"`` by default.
            fail_fast: Whether the first failure ends it all; by default all are named at the end.
            progress: Whether to show a progress bar.

        Returns:
            The ``s3://`` URL, or a list in the order given.

        Raises:
            InvalidRequest: A path is no file, but a directory or a pipe for instance, or a name cannot be
                part of a key; nothing is uploaded.
            StorageProblem: Something failed; it names every file that did. The others are uploaded.

        Example:
            >>> client.storage.upload("scan.nii.gz")  # doctest: +SKIP
            's3://vxdata/files/2c26…/scan.nii.gz'
        """
        files = [FileUpload.of(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
        urls = upload(self._backend, group, files, fail_fast=fail_fast, progress=progress)
        found = [urls[file.path] for file in files]
        return found[0] if isinstance(paths, str | os.PathLike) else found

    @overload
    def download(  # type: ignore[overload-overlap]
        self,
        urls: str,
        dest_dir: StrPath,
        *,
        fail_fast: bool = False,
        verify: bool = False,
        progress: bool = True,
    ) -> Path: ...
    @overload
    def download(
        self,
        urls: Sequence[str],
        dest_dir: StrPath,
        *,
        fail_fast: bool = False,
        verify: bool = False,
        progress: bool = True,
    ) -> list[Path]: ...

    def download(
        self,
        urls: str | Sequence[str],
        dest_dir: StrPath,
        *,
        fail_fast: bool = False,
        verify: bool = False,
        progress: bool = True,
    ) -> Path | list[Path]:
        """Download objects that are not there yet, each to ``<dest_dir>/<bucket>/<key>``.

        A URL that ends in ``/`` or ``/*`` is a prefix: all that lies below it goes to one folder. Each file
        appears under its name when it is whole and verified.

        Args:
            urls: A URL, or several.
            dest_dir: Folder below which all files go; made if missing. ``~`` is the home folder.
            fail_fast: Whether the first failure ends it all; by default all are named at the end.
            verify: Whether to hash files that are there already; by default their size decides.
            progress: Whether to show a progress bar.

        Returns:
            The absolute path of the file, or of a prefix's folder; a list in the order given for several.

        Raises:
            InvalidBlobUrl: A URL has a form that is not allowed; then nothing is fetched.
            BlobNotFound: All failures are objects or prefixes that are not there.
            BlobCorrupted: All failures are objects whose bytes are not those that were stored.
            StorageProblem: Whatever else failed; it names every object that did. The others are in place.

        Example:
            >>> client.storage.download("s3://bucket/scan.nii.gz", "data")  # doctest: +SKIP
            PosixPath('/home/me/data/bucket/scan.nii.gz')
        """
        options = DownloadOptions(fail_fast=fail_fast, verify=verify, progress=progress)
        places = download(self._backend, [urls] if isinstance(urls, str) else urls, dest_dir, options)
        return places[urls] if isinstance(urls, str) else [places[url] for url in urls]

    def upload_dataframes(
        self, dataframes: Mapping[str, pl.DataFrame], *, group: str | None = None, progress: bool = True
    ) -> dict[str, str]:
        """Upload frames as Parquet files.

        Args:
            dataframes: The frames by name.
            group: Folder for them in the bucket; ``"files"`` by default.
            progress: Whether to show a progress bar.

        Returns:
            The ``s3://`` URL of each, by name, as `BenchmarkingResultCreate.other_data` takes them.

        Raises:
            InvalidRequest: A value is no data frame or cannot be stored as Parquet, or a name cannot be part
                of a key.
            StorageProblem: Something failed; it names every frame that did.
        """
        return frames.upload_dataframes(self._backend, group, dataframes, progress=progress)

    def download_dataframes(
        self, urls: Mapping[str, str], *, progress: bool = True
    ) -> dict[str, pl.DataFrame]:
        """Read Parquet files of S3 into frames; nothing stays on the disk.

        Args:
            urls: ``s3://`` URLs by name, as `upload_dataframes` returns them.
            progress: Whether to show a progress bar.

        Returns:
            The frames, by name.

        Raises:
            InvalidRequest: An object is no Parquet file.
            StorageProblem: Something failed; it names every object that did.
        """
        return frames.download_dataframes(self._backend, urls, progress=progress)

    def materialize(
        self,
        frame: pl.DataFrame,
        dest_dir: StrPath,
        *,
        columns: Sequence[str] | None = None,
        fail_fast: bool = False,
        verify: bool = False,
        progress: bool = True,
    ) -> pl.DataFrame:
        """Download every object that a frame names, and put local paths in the place of the URLs.

        Lists and mappings are searched too, nulls stay, and each object is fetched once. Run again, it
        fetches only what is missing.

        Args:
            frame: Rows with ``s3://`` URLs, such as a query gives.
            dest_dir: Folder below which all files go; made if missing. ``~`` is the home folder.
            columns: Columns to look at. By default those named like a blob field of some payload type, and
                those whose texts are all S3 URLs.
            fail_fast: Whether the first failure ends it all; by default all are named at the end.
            verify: Whether to hash files that are there already; by default their size decides.
            progress: Whether to show a progress bar.

        Returns:
            The frame with absolute paths as texts; everything else is as it was.

        Raises:
            InvalidRequest: It is no data frame, but a lazy one for instance.
            UnknownField: The frame has no such column.
            StorageProblem: Something failed, or a URL has a form that is not allowed, which has the code of
                `InvalidBlobUrl`; it names every object that did. The others are in place.

        Example:
            >>> volumes = client.volumes.query().collect()  # doctest: +SKIP
            >>> local = client.storage.materialize(volumes, "data")  # doctest: +SKIP
        """
        found = find_urls(self._registry, frame, columns)
        if not found:
            return frame
        urls = [url for several in found.values() for url in several]
        options = DownloadOptions(fail_fast=fail_fast, verify=verify, progress=progress, each_by_itself=True)
        places = download(self._backend, urls, dest_dir, options)
        return replaced(frame, list(found), {url: str(place) for url, place in places.items()})

    def close(self) -> None:
        """Close the connections to S3; the next call would make new ones."""
        self._backend.close()
