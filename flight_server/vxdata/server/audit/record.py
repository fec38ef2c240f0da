"""Records: what the audit keeps of a call, and of the log itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json

from vxdata.schemas.cohorts import CohortPlan
from vxdata.schemas.cohorts.codec import encode_cohort
from vxdata.schemas.errors import VxDataError
from vxdata.schemas.plan import Plan, encode
from vxdata.server.call import NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vxdata.server.call import Call
    from vxdata.server.trail import Question

MAX_TEXT_BYTES: Final = 8 * 1024
"""Bytes of the questions of one record; what does not fit is cut, and its digest tells what it was."""

MAX_NAME: Final = 200
"""Characters of a name that are kept."""

CALL: Final = "call"
BEGUN: Final = "begun"
MISSED: Final = "missed"
REMOVED: Final = "removed"
REFUSED: Final = "refused"


@dataclass(frozen=True)
class Record:
    """A record that has not been written yet.

    Args:
        instant: When what it tells of had ended.
        content: What it says, as JSON values.
    """

    instant: datetime
    content: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes of what it says."""
        return len(to_json(self.content))

    @classmethod
    def of_call(
        cls, listener: str, door: str, call: Call, code: str, seconds: float, instant: datetime
    ) -> Record:
        """Record a call that has ended.

        Args:
            listener: Name of the listener that received it.
            door: The operation that was asked for.
            call: The call.
            code: ``OK``, or the code of the error.
            seconds: How long it took.
            instant: When it ended.

        Returns:
            The record.
        """
        trail, who = call.trail, call.principal
        is_known = who != NOBODY
        content = {
            "kind": CALL,
            "instant": instant,
            "request_id": call.request_id,
            "principal": shown(who.name) if is_known else None,
            "role": who.role.value if is_known else None,
            "how": who.how if is_known else None,
            "peer": shown(call.peer),
            "listener": listener,
            "door": shown(door),
            "questions": _questions(trail.questions),
            "asked": trail.asked,
            "rows": trail.rows,
            "bytes": trail.bytes,
            "code": code,
            "seconds": round(seconds, 6),
        }
        return cls(instant, content)

    @classmethod
    def of_log(cls, kind: str, **told: Any) -> Record:
        """Record something about the log itself: its begin, calls that it counts, files that it removed."""
        instant = datetime.now(UTC)
        return cls(instant, {"kind": kind, "instant": instant, **told})


def _questions(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Describe questions; together their texts take no more than they may."""
    described = []
    room = MAX_TEXT_BYTES
    for question in questions:
        kind, text = _text(question)
        kept = text[:room]
        room -= len(kept)
        described.append(
            {
                "kind": kind,
                "catalog": None if question.catalog is None else shown(question.catalog),
                "digest": question.digest or _digest(text),
                "text": kept.decode("utf-8", "ignore"),
                "is_cut": len(kept) < len(text),
                "as_of": question.as_of,
                "version": question.version,
            }
        )
    return described


def _text(question: Question) -> tuple[str, bytes]:
    """Name the kind of a question, and write it in its one form."""
    if question.content is None:
        return "address", b""
    try:
        match question.content:
            case Plan() as plan:
                return "plan", encode(plan)
            case CohortPlan() as cohort:
                return "cohort", encode_cohort(cohort)
            case message:
                return type(message).__name__, message.model_dump_json(exclude_defaults=True).encode()
    except (VxDataError, ValueError) as error:  # too large to be sent as a plan, or no Unicode
        return type(question.content).__name__, f"This cannot be written: {type(error).__name__}.".encode()


def _digest(text: bytes) -> str:
    """The digest of a question; that of a plan is the one in the address of its answer."""
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def shown(text: str) -> str:
    """The beginning of a text that a caller may have chosen, as something that can be written."""
    return text[:MAX_NAME].encode("utf-8", "replace").decode()
