"""The file of the copies: one DuckDB database in a folder of one server, which may be deleted at any time.

Files are numbered. One that takes the place of another has a higher number, and gets its name only once it is
complete; so after a crash the one with the highest number is the one to use.
"""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb
import structlog

from vxdata.server.copies.errors import CopyError, translated
from vxdata.sql.copies.tables import copied_tables, create_all, layout_digest, read_layout, read_through
from vxdata.sql.dialect.duckdb import DISABLED_OPTIMIZERS

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.schemas.catalog.registry import Registry

SUFFIX: Final = ".duckdb"
UNFINISHED: Final = ".part"
_NAME: Final = re.compile(r"copies-([0-9]{1,20})\.duckdb")

TEMPORARY: Final = "temporary"
"""Folder in which DuckDB puts what does not fit into memory."""

OPENING: Final = "opening"
"""A file that is there while DuckDB opens a database: found later, it tells that this ended the process."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FileOptions:
    """What DuckDB may use.

    Args:
        folder: Folder of the file and of what DuckDB writes beside it.
        memory_bytes: Bytes of memory, at most.
        threads: Threads, at most.
        temp_bytes: Bytes of temporary files, at most.
    """

    folder: Path
    memory_bytes: int
    threads: int
    temp_bytes: int

    @property
    def config(self) -> dict[str, Any]:
        """The settings with which DuckDB opens a file."""
        return {
            "memory_limit": f"{self.memory_bytes // 1024}KiB",
            "threads": self.threads,
            "temp_directory": str(self.folder / TEMPORARY),
            "max_temp_directory_size": f"{self.temp_bytes // 1024}KiB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "storage_compatibility_version": "latest",
            "disabled_optimizers": DISABLED_OPTIMIZERS,
        }


class CopyFile:
    """An open file.

    Args:
        path: The file.
        root: The connection that keeps it open.
    """

    def __init__(self, path: Path, root: duckdb.DuckDBPyConnection) -> None:
        """Take an open file."""
        self.path = path
        self._root: duckdb.DuckDBPyConnection | None = root

    @classmethod
    def open_newest(cls, options: FileOptions, registry: Registry) -> Self:
        """Open the file of an earlier server, or a new one if there is none that can be used.

        Args:
            options: What DuckDB may use; the folder is locked.
            registry: The types that have copies.

        Raises:
            FileDamaged: A new file cannot be made either.
            OSError: The folder cannot be used.
        """
        marker = options.folder / OPENING
        _remove_temporary(options.folder)
        found = sorted(options.folder.glob(f"copies-*{SUFFIX}"), key=_number)
        if marker.exists():
            log.warning("copies_made_anew", reason="the server ended while it opened them")
            found = []
        for path in reversed(found):
            marker.touch()
            file = cls._adopt(path, options, registry)
            marker.unlink()
            if file is not None:
                remove_files(options.folder, besides=path)
                return file
        remove_files(options.folder)
        return cls.create(options, registry)

    @classmethod
    def create(cls, options: FileOptions, registry: Registry, *, suffix: str = SUFFIX) -> Self:
        """Make a new file without rows.

        Its number is the time, so that no file gets the name of one that a reader may still have open: DuckDB
        would open that one.

        Args:
            options: What DuckDB may use.
            registry: The types that have copies.
            suffix: What its name ends with; `UNFINISHED` keeps it from being used after a crash.

        Raises:
            CopyError: It cannot be made.
        """
        path = options.folder / f"copies-{time.time_ns()}{suffix}"
        file = cls._connect(path, options)
        with translated():
            for statement in create_all(registry):
                file.cursor().execute(statement)
        return file

    def finish(self, options: FileOptions) -> Self:
        """Give a file its name, now that it is complete, and return it, opened anew."""
        self.close()
        path = self.path.with_suffix(SUFFIX)
        self.path.rename(path)
        return self._connect(path, options)

    @property
    def is_there(self) -> bool:
        """Whether the file still has its name."""
        return self.path.exists()

    @property
    def size_bytes(self) -> int:
        """Bytes of the file and of its log."""
        return sum(path.stat().st_size for path in self._paths if path.exists())

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor of its own transactions; the file stays open as long as there is one.

        Raises:
            CopyError: The file is closed, or DuckDB has given it up.
        """
        root = self._root
        if root is None:
            kind = "Closed"
            raise CopyError(kind)
        with translated():
            return root.cursor()

    def verify(self, registry: Registry) -> None:
        """Read everything once, so that DuckDB compares every block with its checksum.

        Args:
            registry: The types that have copies.

        Raises:
            FileDamaged: The file is damaged.
        """
        cursor = self.cursor()
        try:
            with translated():
                for table in copied_tables(registry):
                    cursor.execute(read_through(table)).fetchall()
        finally:
            cursor.close()

    def close(self) -> None:
        """Let the file be closed with its last cursor. To close the connection would close them all."""
        self._root = None

    def discard(self) -> None:
        """Remove the file; those who still read it go on until they end."""
        for path in self._paths:
            path.unlink(missing_ok=True)
        self.close()

    @property
    def _paths(self) -> tuple[Path, Path]:
        return self.path, self.path.with_name(f"{self.path.name}.wal")

    @classmethod
    def _adopt(cls, path: Path, options: FileOptions, registry: Registry) -> Self | None:
        """Open an earlier file; None if it is damaged, or has other tables."""
        try:
            file = cls._connect(path, options)
        except CopyError as error:
            log.warning("copies_made_anew", reason="the file cannot be read", kind=error.kind)
            return None
        try:
            with translated():
                found = file.cursor().execute(read_layout()).fetchone()
        except CopyError:
            found = None
        if found == (layout_digest(registry),):
            return file
        log.warning("copies_made_anew", reason="the file is unfinished, or of another version")
        file.close()
        return None

    @classmethod
    def _connect(cls, path: Path, options: FileOptions) -> Self:
        """Open a file, and lock DuckDB down: no other file, no extension, no setting."""
        with translated():
            root = duckdb.connect(path, config=options.config)
            path.chmod(0o600)
            root.execute("SET GLOBAL TimeZone = 'UTC'")
            root.execute("SET GLOBAL enable_external_access = false")
            root.execute("SET GLOBAL lock_configuration = true")
        return cls(path, root)


def remove_files(folder: Path, besides: Path | None = None) -> None:
    """Remove the files of earlier servers; the copier may rename or remove some of them meanwhile.

    Args:
        folder: Folder of the files, which is locked.
        besides: The file that stays.
    """
    for path in folder.glob("copies-*"):
        if besides is None or path.name not in {besides.name, f"{besides.name}.wal"}:
            path.unlink(missing_ok=True)
    (folder / OPENING).unlink(missing_ok=True)


def _remove_temporary(folder: Path) -> None:
    if (folder / TEMPORARY).exists():
        shutil.rmtree(folder / TEMPORARY)


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return 0 if match is None else int(match[1])
