"""Verification: whether the files of an audit are as they were written, and where the first fault lies."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from vxdata.server.audit.chain import START, Line, Link, NotALine, parse_link, read_line
from vxdata.server.audit.files import HEAD, End, FileName, lines_of, names_in, read_head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_FINDINGS: Final = 100
"""Findings that are told; what follows a fault is often its consequence."""

MAX_GONE: Final = 20
"""Files that are gone, of which a finding gives the names."""

WRONG: Final = {
    "missing": "when the server began this file, the last record that it had written was not there",
    "unreadable": "when the server began this file, the one before it did not end with a record",
    "changed": "when the server began this file, another process had changed the one before it",
}
"""What the first record of a file tells of the one before, by key."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    Args:
        file: Name of the file.
        line: Number of the line, from 1; 0 for the file as a whole.
        message: What it is.
        is_fault: Whether records were changed or lost; a line that a crash has cut is told, and no fault.
    """

    file: str
    line: int
    message: str
    is_fault: bool = True

    def __str__(self) -> str:
        """Write it with its place."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


@dataclass
class Verification:
    """What a verification has found.

    Args:
        files: Number of files.
        records: Number of lines that could be read.
        first: The first of them.
        last: The last of them: whoever notes it elsewhere can tell later whether the audit still has it.
        findings: What is wrong, in the order of the files.
    """

    files: int = 0
    records: int = 0
    first: Link | None = None
    last: Link = START
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether no record was changed or lost."""
        return not any(finding.is_fault for finding in self.findings)


def verify(folder: Path, noted: Sequence[Link] = ()) -> Verification:
    """Verify the files of an audit; memory stays the same however many there are.

    Args:
        folder: The folder.
        noted: Links that were noted at earlier verifications, and kept elsewhere.

    Returns:
        What was found.

    Raises:
        OSError: The files cannot be read.
    """
    head = read_head(folder)
    names = names_in(folder)
    check = _Check({link.number: link for link in noted}, names)
    for name in names:
        check.result.files += 1
        for number, line in enumerate((line for _, line in lines_of(folder / str(name))), start=1):
            check.line(str(name), number, line)
    check.end(head, has_head=(folder / HEAD).exists())
    return check.result


class _Check:
    """Goes along the chain.

    Args:
        noted: Links that have to be in the chain, by number.
        names: The files that there are.
    """

    def __init__(self, noted: Mapping[int, Link], names: Sequence[FileName]) -> None:
        self.result = Verification()
        self._noted = dict(noted)
        self._names = frozenset(names)
        self._removed: set[Link] = set()
        self._removed_files: set[str] = set()
        self._before_first: tuple[str, Link] | None = None
        self._place: tuple[str, int] = (HEAD, 0)
        self._broken: tuple[str, int, End] | None = None

    def line(self, file: str, number: int, content: bytes) -> None:
        """Check a line against the one before."""
        if not content.endswith(b"\n"):
            self._broken = (file, number, End(None, content))
            return
        try:
            line = read_line(content[:-1])
        except NotALine as error:
            self._find(file, number, f"this is not a record: {error}")
            return
        self._settle_broken(line.content)
        self._compare(file, number, line)
        self._read_marks(file, number, line.content)
        noted = self._noted.pop(line.link.number, line.link)
        if noted != line.link:
            self._find(file, number, f"record {noted.number} is not the one that was noted elsewhere")
        self.result.records += 1
        self.result.last = line.link
        self._place = (file, number)

    def end(self, head: Link | None, *, has_head: bool) -> None:
        """Check what can be told once all lines were read."""
        last = self.result.last
        if self._broken is not None:
            file, number, _ = self._broken
            message = "the file ends within a line: it is being written or copied, or its server was killed"
            self._find(file, number, message, is_fault=False)
        if self._before_first is not None:
            file, before = self._before_first
            if before not in self._removed and file not in self._removed_files:
                self._find(file, 1, f"{_missing(1, before.number)}, and no record tells why")
        if head is not None and head.number > last.number:
            where = "" if last == START else " behind this line"
            self._find(*self._place, _missing(last.number + 1, head.number) + where)
        elif head is not None and head.number == last.number and head != last:
            self._find(*self._place, f"record {last.number} was changed")
        elif head is None and last != START:
            self._find(HEAD, 0, "it is not what the server wrote" if has_head else "the file is missing")
        elif head is None and not self.result.files:
            self._find(HEAD, 0, "neither this file nor a record is there; every server begins with one")
        for number in sorted(self._noted):
            self._find(*self._place, f"record {number}, which was noted elsewhere, is missing")
        self.result.findings.sort(key=lambda finding: (finding.file, finding.line))

    def _compare(self, file: str, number: int, line: Line) -> None:
        last, link = self.result.last, line.link
        if self.result.first is None:
            self.result.first = link
            if (link.number, line.before) != (1, START.digest):
                self._before_first = (file, Link(link.number - 1, line.before))
            return
        if link.number > last.number + 1:
            message = f"{_missing(last.number + 1, link.number - 1)} before it"
            self._find(file, number, message + self._gone_between(self._place[0], file))
        elif link.number <= last.number:
            self._find(file, number, f"record {link.number} comes after record {last.number}")
        elif line.before != last.digest:
            where, at = self._place
            self._find(
                where, at, f"record {last.number} was changed: record {link.number} names another digest"
            )

    def _gone_between(self, before: str, after: str) -> str:
        """Name the first files that are gone between two others, as far as their numbers tell.

        Whoever adds a file gives it any number, so those before it are not counted.
        """
        last, following = FileName.parse(before), FileName.parse(after)
        if last is None or following is None:
            return ""
        # Nobody knows how many files an earlier day had.
        begin = last.number + 1 if last.day == following.day else 1
        every = (FileName(following.day, number) for number in range(begin, following.number))
        gone = [
            str(name) for name in islice((name for name in every if name not in self._names), MAX_GONE + 1)
        ]
        others = " and others" if len(gone) > MAX_GONE else ""
        return f"; these files are gone: {', '.join(gone[:MAX_GONE])}{others}" if gone else ""

    def _read_marks(self, file: str, number: int, content: Mapping[str, Any]) -> None:
        """Take up what records say of the log itself."""
        match content:
            case {"kind": "removed", "files": list(files), "last": str(last)}:
                self._removed_files |= set(map(str, files))
                with suppress(ValueError):  # then it accounts for nothing
                    self._removed.add(parse_link(last))
            case {"kind": "missed", "calls": calls}:
                message = f"{calls} calls left no record, because none could be written"
                self._find(file, number, message, is_fault=False)
            case {"kind": "begun"}:
                for key in WRONG.keys() & content.keys():
                    self._find(file, number, f"{WRONG[key]}: {content[key]}")

    def _settle_broken(self, content: Mapping[str, Any]) -> None:
        """A line that is cut is a fault unless the server has told of it when it began again."""
        if self._broken is None:
            return
        file, number, end = self._broken
        self._broken = None
        told = content.get("broken")
        is_told = isinstance(told, dict) and (told.get("file"), told.get("sha256")) == (file, end.rest_digest)
        message = "a line is cut" + (
            ": the server was ended while it wrote, and told of it" if is_told else ""
        )
        self._find(file, number, message, is_fault=not is_told)

    def _find(self, file: str, line: int, message: str, *, is_fault: bool = True) -> None:
        if len(self.result.findings) < MAX_FINDINGS:
            self.result.findings.append(Finding(file, line, message, is_fault))


def _missing(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"
