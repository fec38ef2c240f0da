"""Random requests about a generated database: large enough for pages that are read in portions."""

from __future__ import annotations

from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.cohorts.asking import schema_of, served
from tests.cohorts.database import Database
from vxdata.cli.cda import generate, load
from vxdata.server.database.pool import ConnectionPool
from vxdata.server.database.reflection import reflect

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

SUBJECTS: Final = 700
"""With four times as many files: rows of both come in several portions."""

REQUESTS: Final = 60


@pytest.mark.slow
def test_any_request_about_generated_data_is_answered(
    request: pytest.FixtureRequest, new_database: Callable[[], SecretStr]
) -> None:
    seed = request.config.getoption("randomly_seed", default=0) % 1_000_000
    uri, frames = new_database(), generate(SUBJECTS, seed=seed, shared=0.05)
    load(uri, frames, schema=schema_of(seed))
    with closing(ConnectionPool(uri, size=1)) as pool, pool.connection() as connection:
        database = Database(reflect(connection, schema_of(seed)).schema, frames)
    with served(uri, {seed: database}, {seed: Random(seed)}) as (asked,):
        asked.check_lists()
        asked.check(REQUESTS)
