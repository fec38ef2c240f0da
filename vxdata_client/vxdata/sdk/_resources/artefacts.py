"""Artefacts: the files that a run left, attached once and read back by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import polars as pl

from vxdata.schemas.create import ArtefactCreate
from vxdata.schemas.errors import (
    FieldTypeMismatch,
    InvalidRequest,
    ResourceNotFound,
    StateConflict,
    StorageProblem,
    VersionConflict,
)
from vxdata.schemas.errors.messages import abridged
from vxdata.schemas.response import ArtefactResponse
from vxdata.schemas.update import ArtefactUpdate
from vxdata.sdk._expressions.fields_generated import ArtefactFields
from vxdata.sdk._resources.namespace import Namespace
from vxdata.sdk._resources.retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.sdk._snapshot import AsOf
    from vxdata.sdk._storage.user_paths import StrPath

Moved = TypeVar("Moved")

FRAME_ENDING: Final = ".parquet"
"""How the names of stored frames end."""

_NO_FOLDERS: Final = {"": "%", ".": "%2E", "..": "%2E%2E"}


class Artefacts(Namespace[ArtefactCreate, ArtefactUpdate, ArtefactResponse, ArtefactFields]):
    """The artefacts, with the files that belong to them."""

    def attach_files(
        self, files: Mapping[str, pl.DataFrame | str | os.PathLike[str]], artefact_id: str
    ) -> ArtefactResponse:
        """Upload the files of an artefact that has none yet, and store their URLs in its `files`.

        Of two callers who attach at the same time, one succeeds.

        Args:
            files: Name of each output to a frame, which is stored as Parquet, or to the path of a local
                file; ``~`` is the home folder.
            artefact_id: Identifier of the artefact, bare or in full.

        Returns:
            The artefact with its files.

        Raises:
            ResourceNotFound: The artefact is missing or deleted.
            StateConflict: It has files already.
            InvalidRequest: There is nothing to attach, or it has no names.
            FieldTypeMismatch: Something is neither a frame nor a path.
            StorageProblem: A file cannot be uploaded.
        """
        frames, paths = _sorted_out(files)
        (identifier,) = self._full([artefact_id])
        present = self._without_files(identifier)
        # Equal files share an object: what is uploaded in vain stays, since the one who won may use it.
        storage, group = self._session.storage, _folder_of(identifier)
        urls = _together(
            lambda: storage.upload_dataframes(frames, group=group) if frames else {},
            lambda: (
                dict(zip(paths, storage.upload([*paths.values()], group=group), strict=True)) if paths else {}
            ),
        )
        update = ArtefactUpdate(files={name: urls[name] for name in files})
        while True:
            try:
                return self.update(identifier, update, expected_version=present.version)
            except VersionConflict:
                # Another client changed it in between: its files, which raises, or another field.
                present = self._without_files(identifier)

    def download(
        self, artefact_id: str, dest_dir: str | os.PathLike[str] | None = None, *, as_of: AsOf | None = None
    ) -> pl.DataFrame | Path | dict[str, pl.DataFrame | Path]:
        """Fetch the files of an artefact.

        Args:
            artefact_id: Identifier of the artefact, bare or in full.
            dest_dir: Folder for files that are no frames; ``~`` is the home folder.
            as_of: Instant to read the artefact at, as in `retrieve`.

        Returns:
            Of one file, the frame, or the local path if it is no Parquet file. Of several, a dictionary
            with the same by name.

        Raises:
            ResourceNotFound: The artefact is missing or deleted, or has no files.
            InvalidRequest: There are files that are no frames, and no folder for them.
            StorageProblem: A file cannot be fetched.
        """
        artefact = self.retrieve(artefact_id, include_children=False, as_of=as_of)
        files = artefact.files or {}
        if not files:
            msg = f"{artefact.identifier} has no files; attach_files stores some."
            raise ResourceNotFound(msg, identifiers=[artefact.identifier])
        frames = {name: url for name, url in files.items() if url.endswith(FRAME_ENDING)}
        others = {name: url for name, url in files.items() if name not in frames}
        found: dict[str, pl.DataFrame | Path] = _together(
            lambda: self._fetched(others, dest_dir) if others else {},
            lambda: dict(self._session.storage.download_dataframes(frames)) if frames else {},
        )
        return next(iter(found.values())) if len(found) == 1 else {name: found[name] for name in files}

    def _without_files(self, identifier: str) -> ArtefactResponse:
        """The artefact as it is now, whatever instant the client reads at."""
        (found,) = retrieve(self._session, [identifier], None, include_children=False)
        assert isinstance(found, ArtefactResponse)  # noqa: S101 - for the type checker: its identifier says so
        if found.files:  # an empty mapping, as a create may store, is as good as none
            msg = f"{identifier} has files already: {abridged(list(found.files))}."
            raise StateConflict(msg, identifiers=[identifier], files=found.files)
        return found

    def _fetched(
        self, files: Mapping[str, str], dest_dir: str | os.PathLike[str] | None
    ) -> dict[str, pl.DataFrame | Path]:
        if dest_dir is None:
            names = abridged(list(files))
            msg = f"Not all files are Parquet frames: {names}. Give dest_dir, a folder for them."
            raise InvalidRequest(msg, files=dict(files))
        frame = pl.DataFrame({"url": list(files.values())})
        paths = self._session.storage.materialize(frame, dest_dir, columns=["url"])["url"]
        return dict(zip(files, map(Path, paths), strict=True))


def _folder_of(identifier: str) -> str:
    """The folder of an artefact's files: its identifier, which may have parts that no S3 URL may have."""
    return "/".join(_NO_FOLDERS.get(part, part) for part in identifier.split("/"))


def _together(*moves: Callable[[], dict[str, Moved]]) -> dict[str, Moved]:
    """Do all of them, and name what failed in any."""
    done: dict[str, Moved] = {}
    problems: list[StorageProblem] = []
    for move in moves:
        try:
            done |= move()
        except StorageProblem as problem:
            problems.append(problem)
    if problems:
        failures = [failure for problem in problems for failure in problem.failures]
        raise StorageProblem.from_failures(failures, [name for each in problems for name in each.not_tried])
    return done


def _sorted_out(files: object) -> tuple[dict[str, pl.DataFrame], dict[str, StrPath]]:
    """Tell frames from paths, and refuse all else."""
    if not isinstance(files, Mapping) or not files:
        msg = "attach_files takes a dictionary of frames or paths by name, with at least one."
        raise InvalidRequest(msg)
    frames: dict[str, pl.DataFrame] = {}
    paths: dict[str, StrPath] = {}
    for name, content in files.items():
        if isinstance(content, pl.DataFrame):
            frames[name] = content
        elif isinstance(content, str | os.PathLike):
            paths[name] = content
        else:
            got = type(content).__name__
            hint = " Call collect() on it first." if isinstance(content, pl.LazyFrame) else ""
            msg = f"{name!r} must be a Polars DataFrame or a path, not {got}.{hint}"
            raise FieldTypeMismatch(msg, name=name, got=got)
    return frames, paths
