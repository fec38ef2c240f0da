"""Files to be moved to S3 and back, and where S3 is."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

THREADS: Final = 16
"""Files at a time, and parts of a large one: for all candidates."""

Variables = Mapping[str, str]
"""The settings of S3, as VxData finds them in its environment."""


@dataclass(frozen=True)
class Files:
    """Files of equal size.

    Args:
        folder: Holds them in `source`, and takes what is downloaded for the length of a round.
        count: How many.
        size: Bytes of each.
        label: What a reader calls them.
    """

    folder: Path
    count: int
    size: int
    label: str

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [self.folder / "source" / f"{number}.bin" for number in range(self.count)]

    @property
    def tiny(self) -> Path:
        """A file that is moved before the clock starts."""
        return self.folder / "source" / "tiny.bin"

    @property
    def total(self) -> int:
        """Bytes of all."""
        return self.count * self.size

    def write(self) -> None:
        """Write them, of random bytes: nothing that they pass can make them smaller."""
        self.tiny.parent.mkdir(parents=True)
        self.tiny.write_bytes(b"tiny")
        for path in self.paths:
            with path.open("wb") as file:
                for begin in range(0, self.size, 2**24):
                    file.write(random.randbytes(min(2**24, self.size - begin)))
