"""`vxdata db answers`: answers that nobody uses lose their addresses, when an administrator says so."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from tests.fixtures.commands import vxdata
from vxdata.cli.running import upgrade_database
from vxdata.server.database.pool import ConnectionPool
from vxdata.sql.write import answers as statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr


def test_unused_ones_are_counted_and_forgotten(new_database: Callable[[], SecretStr]) -> None:
    uri = new_database()
    upgrade_database(uri)
    env = {"VXDATA_DATABASE_URI": uri.get_secret_value()}
    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        for number in range(3):
            connection.execute(statements.add(f"{number:032}", "{}", 10))
        connection.execute(
            f"UPDATE vxdata.answered_plan SET used_on = current_date - 30 WHERE digest <> '{0:032}'"
        )
        told = vxdata("db", "answers", "--unused-for", "30", env=env)
        assert (told.returncode, told.stdout) == (0, "")
        assert " ".join(told.stderr.split()) == (
            "3 answers have addresses; nobody has asked for 2 of them in 30 days."
        )
        done = vxdata("db", "answers", "--unused-for", "31", "--forget", env=env)
        assert done.stderr.endswith("Forgotten: 0.\n")
        done = vxdata("db", "answers", "--unused-for", "30", "--forget", env=env)
        assert done.stderr.endswith("Forgotten: 2.\n")
        (left,) = connection.rows("SELECT digest FROM vxdata.answered_plan")
        assert left == {"digest": f"{0:032}"}
