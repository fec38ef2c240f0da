"""Signatures of addresses: nothing signed can be changed."""

from __future__ import annotations

import time

import pytest

from vxdata.schemas.errors import AddressExpired, InvalidSignature
from vxdata.server.services.signatures import require_signature, sign

KEY = b"key"
LATER = 4_000_000_000
"""An instant of the year 2096: test processes must agree on the parameters of tests."""


def test_what_was_signed_holds() -> None:
    require_signature(KEY, "a.csv", LATER, sign(KEY, "a.csv", LATER))


@pytest.mark.parametrize(
    ("key", "path", "expires"),
    [(b"other", "a.csv", LATER), (KEY, "b.csv", LATER), (KEY, "a.csv", LATER + 1)],
)
def test_nothing_can_be_changed(key: bytes, path: str, expires: int) -> None:
    with pytest.raises(InvalidSignature, match="does not belong"):
        require_signature(KEY, "a.csv", LATER, sign(key, path, expires))


@pytest.mark.parametrize("signature", ["", "x", "Ä" * 64, "0" * 64])
def test_other_text_is_no_signature(signature: str) -> None:
    with pytest.raises(InvalidSignature):
        require_signature(KEY, "a.csv", LATER, signature)


def test_it_ends() -> None:
    earlier = int(time.time()) - 1
    with pytest.raises(AddressExpired, match="has expired"):
        require_signature(KEY, "a.csv", earlier, sign(KEY, "a.csv", earlier))
