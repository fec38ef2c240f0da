"""A server that is killed while its copies follow leaves files that are right, or that are made anew."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.server.copies.kills import kill_again_and_again

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from tests.server.services.verbs.support import Store

KILLS = 5


@pytest.mark.slow
def test_kills(store: Store, database_uri: SecretStr, tmp_path: Path) -> None:
    went_on, made = kill_again_and_again(store, database_uri, tmp_path, KILLS, secrets.randbelow(10**6))
    assert went_on + made == KILLS
