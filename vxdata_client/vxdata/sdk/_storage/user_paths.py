"""Paths as users write them: what `~` means, what is a file, and errors that name them as they were given."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vxdata.schemas.errors import LocalFileProblem, VxDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

StrPath = str | os.PathLike[str]

DIRECTORY: Final = "a directory"

_KINDS: Final = {
    stat.S_IFDIR: DIRECTORY,
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

_UNFIT_NAMES: Final = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
"""What systems answer where a file system cannot hold a name; the last one is that of FAT."""


def expanded(given: StrPath) -> Path:
    """Read a path, in which `~` and `~user` at the beginning are home folders, as in a shell.

    Args:
        given: What the user wrote. Without such a user it stays as it is.

    Returns:
        The path.

    Example:
        >>> expanded("~/scan.nii") == Path.home() / "scan.nii"
        True
    """
    return Path(os.path.expanduser(given))  # noqa: PTH111 - Path's raises where there is no such user


def special_kind(mode: int) -> str | None:
    """Tell what something is that is no regular file.

    Args:
        mode: Its mode, as `stat` tells it.

    Returns:
        A noun with its article, or None for a regular file.
    """
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no regular file")


@contextmanager
def named(given: StrPath) -> Iterator[None]:
    """Let errors of the system name a path as its user knows it, for the length of a block.

    Args:
        given: The path.

    Raises:
        LocalFileProblem: The file system cannot hold a name of that path.
        OSError: Whatever else the system has refused, of the same class.
    """
    try:
        yield
    except VxDataError:  # some are errors of the system too, and say what they are about
        raise
    except ValueError as error:
        problem = _problem_of_name(error, os.fspath(given))
        if problem is None:
            raise
        raise _unfit(given, problem) from error
    except OSError as error:
        if error.errno in _UNFIT_NAMES:
            raise _unfit(given, f"the file system cannot hold this name: {error.strerror}") from error
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(given)) from error


def _problem_of_name(error: ValueError, given: str) -> str | None:
    """Why Python gave no name to the system at all; None where the error is about something else."""
    if "\0" in given:
        return "no file has a NUL character in its name"
    if isinstance(error, UnicodeEncodeError) and error.encoding == sys.getfilesystemencoding():
        return f"this system writes names in {error.encoding}, which cannot hold this one"
    return None


def _unfit(given: StrPath, problem: str) -> LocalFileProblem:
    shown = os.fspath(given).replace("\0", r"\0").encode(errors="backslashreplace").decode()
    return LocalFileProblem.about(shown, f"{problem} ({shown})")
