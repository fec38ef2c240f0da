"""`vxdata db answers`: answers that nobody uses lose their addresses, when an administrator says so."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from vxdata.cli.commands.database import answers
from vxdata.cli.running import upgrade_database
from vxdata.server.database.pool import ConnectionPool
from vxdata.sql.write import answers as statements

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from pydantic import SecretStr


def test_unused_ones_are_counted_and_forgotten(
    new_database: Callable[[], SecretStr], capsys: pytest.CaptureFixture[str]
) -> None:
    uri = new_database()
    upgrade_database(uri)

    def said(unused_for: int, *, forget: bool) -> str:
        answers(unused_for, forget, uri.get_secret_value(), None)
        told = capsys.readouterr()
        assert told.out == ""
        return " ".join(told.err.split())

    with closing(ConnectionPool(uri, size=1)) as database, database.connection() as connection:
        for number in range(3):
            connection.execute(statements.add(f"{number:032}", "{}", 10))
        connection.execute(
            f"UPDATE vxdata.answered_plan SET used_on = current_date - 30 WHERE digest <> '{0:032}'"
        )
        of_two = "3 answers have addresses; nobody has asked for 2 of them in 30 days."
        assert said(30, forget=False) == of_two
        assert said(31, forget=True).endswith("for 0 of them in 31 days. Forgotten: 0.")
        assert said(30, forget=True) == f"{of_two} Forgotten: 2."
        (left,) = connection.rows("SELECT digest FROM vxdata.answered_plan")
        assert left == {"digest": f"{0:032}"}
