"""Limits on what clients send: each is a setting, and each refusal names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vxdata.schemas.errors import LimitExceeded
from vxdata.schemas.plan.codec import MAX_PLAN_BYTES
from vxdata.schemas.wire.tickets import ENVELOPE_BYTES


@dataclass(frozen=True)
class Limits:
    """The limits of one server.

    Args:
        header_bytes: Bytes of the headers of a call, with 32 for each as HTTP/2 counts them.
        ticket_bytes: Bytes of a ticket, or of a plan in a descriptor or an action.
        message_bytes: Bytes of one message of an upload, inflated, and of the body of an action.
        section_bytes: Bytes of a record batch of a section, inflated.
        section_rows: Rows of a record batch of a section.
        section_columns: Columns of a section.
        upload_sections: Record batches of one upload.
    """

    header_bytes: int = 8 * 1024
    ticket_bytes: int = MAX_PLAN_BYTES + ENVELOPE_BYTES
    message_bytes: int = 64 * 1024**2
    section_bytes: int = 256 * 1024**2
    section_rows: int = 5_000_000
    section_columns: int = 1_000
    upload_sections: int = 100_000

    def check(self, name: str, found: int, what: str) -> None:
        """Refuse what is larger than a limit.

        Args:
            name: The limit, as a field is named.
            found: The size.
            what: What has the size, as the beginning of a sentence, such as ``"The ticket takes bytes"``.

        Raises:
            LimitExceeded: It is larger.
        """
        limit: int = getattr(self, name)
        if found > limit:
            setting = f"VXDATA_{name.upper()}"
            msg = f"{what}: {found:,}, over the limit of {limit:,} ({setting})."
            raise LimitExceeded(msg, limit=limit, found=found, setting=setting)


DEFAULT_LIMITS: Final = Limits()
"""What holds where the settings say nothing else."""
