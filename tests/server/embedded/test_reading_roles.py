"""The reading roles of an embedded cluster: there after every start, and made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.databases import superuser
from vxdata.server.database.reading_role import role_of
from vxdata.server.embedded import EmbeddedStack
from vxdata.server.embedded.cluster import CATALOG_ROLE, READING_ROLE

if TYPE_CHECKING:
    from pathlib import Path

CREATED = (
    f"SELECT oid::text AS id FROM pg_roles WHERE rolname IN ('{READING_ROLE}', '{CATALOG_ROLE}') ORDER BY 1"
)


def test_a_cluster_of_an_earlier_version_gets_them(open_dir: Path) -> None:
    data_dir = open_dir / "data"
    with (
        EmbeddedStack.start(data_dir) as stack,
        superuser(stack, data_dir) as admin,
        admin.connection() as connection,
    ):
        assert role_of(stack.postgres_read_uri) == READING_ROLE
        assert role_of(stack.postgres_catalog_uri) == CATALOG_ROLE
        for role in (READING_ROLE, CATALOG_ROLE):
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")
    made = []
    for _ in range(2):
        with (
            EmbeddedStack.start(data_dir) as stack,
            superuser(stack, data_dir) as admin,
            admin.connection() as connection,
        ):
            assert role_of(stack.postgres_read_uri) == READING_ROLE
            assert role_of(stack.postgres_catalog_uri) == CATALOG_ROLE
            made.append(connection.rows(CREATED))
    assert made[0] == made[1]
