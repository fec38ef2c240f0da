"""Signatures of addresses: nothing signed can be changed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from vxdata.schemas.errors import AddressExpired, InvalidSignature
from vxdata.server.identities.signatures import require_signature, sign

KEY = b"key"
LATER = 4_000_000_000
"""An instant of the year 2096: test processes must agree on the parameters of tests."""

SIGNED = sign(KEY, "a.csv", LATER, "abc")


def test_what_was_signed_holds() -> None:
    require_signature(KEY, SIGNED)


@pytest.mark.parametrize(
    "change",
    [
        {"path": "b.csv"},
        {"expires": LATER + 1},
        {"signer": ""},
        {"signer": "abd"},
        {"path": "a.csv\n4000000000", "expires": 1},
        {"signature": ""},
        {"signature": "x"},
        {"signature": "Ä" * 64},
        {"signature": "0" * 64},
    ],
    ids=str,
)
def test_nothing_can_be_changed(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature, match="does not belong"):
        require_signature(KEY, replace(SIGNED, **change))


def test_another_key_signs_otherwise() -> None:
    with pytest.raises(InvalidSignature):
        require_signature(b"other", SIGNED)


def test_it_ends() -> None:
    with pytest.raises(AddressExpired, match="has expired"):
        require_signature(KEY, sign(KEY, "a.csv", int(time.time()) - 1, ""))


def test_it_shows_no_signature() -> None:
    assert SIGNED.signature not in repr(SIGNED)
