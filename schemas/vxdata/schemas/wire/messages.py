"""Messages: frozen values that travel as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of the messages: frozen, without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Write the message as JSON."""
        return self.model_dump_json().encode()


class ServerMessage(Message):
    """What a server says: a newer one may say more, which an older client leaves out of account."""

    model_config = ConfigDict(extra="ignore")
