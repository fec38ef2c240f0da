"""What an identity is told does not depend on what it does not see; `interference` asks more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.query.data import NAMES
from tests.server.grants.changes import change_alike
from tests.server.grants.interference import Twins, ask_random_plans, twins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SecretStr

    from vxdata.server.database.pool import ConnectionPool

PLANS: Final = 60
CHANGES: Final = 40


@pytest.fixture(scope="module", params=[3])
def pair(
    request: pytest.FixtureRequest,
    admin: ConnectionPool,
    new_database: Callable[[], SecretStr],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Twins]:
    """Two servers, and an identity from which all is hidden in which they differ."""
    with twins(admin, new_database, tmp_path_factory.mktemp("twins"), request.param) as made:
        assert made.hidden > 20
        yield made


@pytest.mark.slow
def test_what_is_hidden_is_not_told(pair: Twins) -> None:
    assert ask_random_plans(pair, PLANS) > PLANS / 20
    pair.check_wholes()
    for name in NAMES:
        pair.check_resource(name)
    pair.check_health()
    assert change_alike(pair, CHANGES, 3) > CHANGES / 10
