"""Errors of files that are moved to or from S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vxdata.schemas.errors.base import VxDataError
from vxdata.schemas.errors.messages import abridged

if TYPE_CHECKING:
    from collections.abc import Sequence


class StorageProblem(VxDataError):
    """Files were not all moved; `details["failures"]` names each that failed.

    A failure is a dictionary with `name` (the URL of an object, or the path of a local file), `code` (of
    the error class it would be alone) and `problem`. Where the rest was given up, as on a full disk,
    `details["not_tried"]` names what was not tried. All other files are whole and in place.
    """

    @property
    def failures(self) -> list[dict[str, str]]:
        """Every file that failed, with its problem."""
        return list(self.details.get("failures", ()))

    @property
    def not_tried(self) -> list[str]:
        """Files that were left out because going on made no sense."""
        return list(self.details.get("not_tried", ()))

    @classmethod
    def about(cls, name: str, problem: str) -> Self:
        """Say what is wrong with one file.

        Args:
            name: The URL of an object, or the path of a local file.
            problem: What is wrong, without a full stop.

        Returns:
            The error, with the one failure in its details.
        """
        return cls(f"{name}: {problem}.", failures=[{"name": name, "code": cls.code, "problem": problem}])

    @staticmethod
    def from_failures(failures: Sequence[dict[str, str]], not_tried: Sequence[str] = ()) -> StorageProblem:
        """Make one error of many: of their class if they have one in common, else `TransferFailed`.

        Args:
            failures: The failures, at least one.
            not_tried: What was not tried any more.

        Returns:
            The error; its message names the first files, its details all of them.
        """
        codes = {failure["code"] for failure in failures}
        common = [each for each in StorageProblem.__subclasses__() if codes == {each.code}]
        named = abridged([f"{failure['name']}: {failure['problem']}" for failure in failures])
        rest = f" Not tried after that: {abridged(not_tried)}." if not_tried else ""
        error_class = common[0] if common else TransferFailed
        return error_class(f"{named}.{rest}", failures=list(failures), not_tried=list(not_tried))


class BlobNotFound(StorageProblem, LookupError):
    """S3 has no such object, or nothing below a prefix."""


class BlobForbidden(StorageProblem, PermissionError):
    """S3 does not let the caller read or write the object."""


class BlobCorrupted(StorageProblem):
    """The bytes of an object differ from the stored ones in size or hash."""


class LocalFileProblem(StorageProblem, OSError):
    """A local file cannot be read or written: the disk is full, it is forbidden, or its name impossible."""


class TransferFailed(StorageProblem):
    """S3 cannot be reached or broke off, or files failed for different reasons."""

    retryable = True
