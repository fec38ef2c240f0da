"""Prepared statements: which of them a connection to PostgreSQL has, and which of them have to go."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PREPARED: Final = 16
"""Statements of a connection. PostgreSQL keeps 150 to 500 KB for each, by the columns and tables it reads."""

PREPARED_SECONDS: Final = 60.0
"""How long a plan is remembered.

PostgreSQL makes another by itself only once it has analysed a table anew; until then, what was planned for a
few rows would be run for the millions that came since.
"""


class Prepared:
    """The statements that one connection has prepared, by their SQL."""

    def __init__(self) -> None:
        """Begin with none."""
        self._names = count()
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._forgotten: deque[str] = deque()

    def name_of(self, sql: str) -> str | None:
        """The name of a statement that can be run, if it was prepared and not too long ago."""
        name, prepared = self._known.get(sql, (None, 0.0))
        if name is not None and time.monotonic() - prepared > PREPARED_SECONDS:
            self.forget(sql)
            return None
        if name is not None:
            self._known.move_to_end(sql)
        return name

    def new_name(self) -> str:
        """A name that no statement of the connection has had."""
        return f"prepared_{next(self._names)}"

    def remember(self, sql: str, name: str) -> None:
        """Take notice of a statement that was prepared; the one that was run the longest ago gives way."""
        self._known[sql] = (name, time.monotonic())
        if len(self._known) > MOST_PREPARED:
            self.forget(next(iter(self._known)))

    def forget(self, sql: str) -> None:
        """Give a statement up."""
        name, _ = self._known.pop(sql)
        self._forgotten.append(name)

    def forgotten(self) -> Iterator[str]:
        """The names that PostgreSQL should forget too; each is dropped once the next one is asked for."""
        while self._forgotten:
            yield self._forgotten[0]
            self._forgotten.popleft()
