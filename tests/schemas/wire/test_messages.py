"""Messages between versions: a request is understood whole or refused, a response may hold more."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vxdata.schemas.wire import (
    BlobStoreInfo,
    BlobUrls,
    CommitMarker,
    CommitReceipt,
    Explanation,
    Health,
    PresignRequest,
    WireError,
    WriteCommand,
)
from vxdata.schemas.wire.actions import ExternalUids, Listed, ListRequest, Presigned, Registered
from vxdata.schemas.wire.messages import Message, ServerMessage

RESPONSES: set[type[Message]] = {
    BlobStoreInfo,
    CommitReceipt,
    Explanation,
    Health,
    Listed,
    Presigned,
    Registered,
    WireError,
}
REQUESTS: set[type[Message]] = {
    BlobUrls,
    CommitMarker,
    ExternalUids,
    ListRequest,
    PresignRequest,
    WriteCommand,
}


@pytest.mark.parametrize("message", sorted(RESPONSES, key=str))
def test_a_response_of_a_newer_server_is_read(message: type[Message]) -> None:
    assert issubclass(message, ServerMessage)
    assert message.model_config["extra"] == "ignore"
    assert message.model_config["frozen"]


@pytest.mark.parametrize("message", sorted(REQUESTS, key=str))
def test_a_request_with_an_unknown_key_is_refused(message: type[Message]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        message.model_validate({"of_a_newer_client": 1})


def test_what_is_unknown_is_left_out() -> None:
    receipt = CommitReceipt.model_validate_json(
        b'{"version": 1, "as_of": "2025-01-31T12:00:00Z", "counts": {}, "later": true}'
    )
    assert receipt.version == 1
    assert "later" not in receipt.model_dump()
