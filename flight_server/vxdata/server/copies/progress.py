"""Progress: what the copier tells, and what others ask or wait for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from vxdata.server.copies.errors import CopiesUnavailable, CopyError
from vxdata.server.copies.status import CopiesState, CopiesStatus
from vxdata.sql.query.engines import Abilities

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

    from vxdata.server.copies.file import CopyFile
    from vxdata.sql.copies.apply import Applied

NO_ABILITIES: Final = Abilities(folds_case=False)


class Progress:
    """The present file, and how far it is; any thread may ask."""

    def __init__(self) -> None:
        """Begin without a file."""
        self._changed = threading.Condition()
        self._file: CopyFile | None = None
        self._is_proved = False
        self._state = CopiesState.OPENING
        self._reason: str | None = None
        self._abilities = NO_ABILITIES
        self._applied: Mapping[str, Applied] = {}
        self._rows: Mapping[str, int] = {}
        self._version = 0
        self._purge_epoch = -1

    def cursor(self) -> tuple[duckdb.DuckDBPyConnection, Abilities]:
        """Return a cursor of the present file, if it may be asked.

        Raises:
            CopiesUnavailable: It may not.
        """
        with self._changed:
            file, is_proved, abilities = self._file, self._is_proved, self._abilities
            reason = self._reason or self._state.value
        if file is None or not is_proved:
            raise CopiesUnavailable(reason)
        try:
            return file.cursor(), abilities
        except CopyError as error:  # it was replaced just now
            raise CopiesUnavailable(error.kind) from error

    def publish(self, file: CopyFile, abilities: Abilities) -> CopyFile | None:
        """Put a file in the place of the present one.

        Returns:
            The one before.
        """
        with self._changed:
            before, self._file, self._abilities = self._file, file, abilities
            return before

    def replace(self, file: CopyFile, abilities: Abilities) -> CopyFile | None:
        """Put a file in the place of the present one, and return that; if that was withdrawn, the new one."""
        with self._changed:
            if self._file is None:
                return file
            before, self._file, self._abilities = self._file, file, abilities
            return before

    def withdraw(self) -> CopyFile | None:
        """Let nobody ask the present file any more, and return it."""
        with self._changed:
            file, self._file, self._is_proved = self._file, None, False
            self._state, self._reason = CopiesState.OPENING, None
            self._applied, self._rows, self._purge_epoch = {}, {}, -1
            self._changed.notify_all()
            return file

    def note(
        self,
        state: CopiesState,
        *,
        applied: Mapping[str, Applied],
        rows: Mapping[str, int],
        version: int,
        purge_epoch: int,
    ) -> None:
        """Tell what the present file holds, after it was compared with the database.

        Args:
            state: What the copier does next.
            applied: By resource type, what was applied.
            rows: By resource type, how many versions there are.
            version: Number of the last commit that is known.
            purge_epoch: Number of purges that the file has followed.
        """
        with self._changed:
            self._state, self._reason, self._is_proved = state, None, self._file is not None
            self._applied, self._rows = dict(applied), dict(rows)
            self._version, self._purge_epoch = version, purge_epoch
            self._changed.notify_all()

    def set_state(self, state: CopiesState, reason: str | None = None) -> None:
        """Tell what the copier does, and why it waits."""
        with self._changed:
            self._state, self._reason = state, reason
            self._changed.notify_all()

    def distrust(self) -> None:
        """Let nobody ask the present file until it was compared with the database once more."""
        with self._changed:
            self._is_proved = False

    @property
    def is_proved(self) -> bool:
        """Whether the present file may be asked."""
        with self._changed:
            return self._is_proved

    def trust(self) -> None:
        """Tell that the database has not moved since the present file was compared with it."""
        with self._changed:
            self._is_proved = self._file is not None

    def status(self) -> CopiesStatus:
        """Tell how the copies are."""
        with self._changed:
            file = self._file
            oldest = min((each.version for each in self._applied.values()), default=0)
            return CopiesStatus(
                self._state,
                self._reason,
                self._applied,
                self._rows,
                0 if file is None else file.size_bytes,
                max(self._version - oldest, 0),
            )

    def wait_for(self, version: int, types: int, timeout: float) -> bool:
        """Wait until so many types have applied a commit; return whether they have in time."""
        return self._wait(
            lambda: (
                len(self._applied) >= types
                and all(each.version >= version for each in self._applied.values())
            ),
            timeout,
        )

    def wait_for_purge(self, epoch: int, timeout: float) -> bool:
        """Wait until the file holds nothing that so many purges have removed; return whether in time."""
        return self._wait(lambda: self._purge_epoch >= epoch, timeout)

    def _wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        until = time.monotonic() + timeout
        with self._changed:
            while not condition():
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True
