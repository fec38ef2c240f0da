"""Case: both engines take it from letters alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.copies.errors import translated
from vxdata.sql.copies import apply, changes
from vxdata.sql.copies.macros import create_fold

if TYPE_CHECKING:
    import duckdb

    from vxdata.server.database.connection import Connection


def fold_alike(connection: Connection, cursor: duckdb.DuckDBPyConnection) -> bool:
    """Make a file take the case from letters as PostgreSQL does, if it can.

    PostgreSQL's answer depends on its version and on the libraries of its machine. DuckDB is told of letters
    that it does not know; of what it folds itself, it can be told nothing.

    Args:
        connection: A connection to PostgreSQL.
        cursor: A cursor of DuckDB, outside a transaction.

    Returns:
        Whether every letter, and one at the end of a word, loses its case alike.
    """
    theirs = {each["point"]: each["folded"] for each in connection.rows(changes.FOLDED)}
    fold_sigma = changes.fold_of_text(changes.FINAL_SIGMA)
    (row,) = connection.rows(fold_sigma)
    with translated():
        ours = dict(cursor.execute(apply.FOLDED).fetchall())
        unknown = {chr(point): folded for point, folded in theirs.items() if point not in ours}
        if any(len(folded) != 1 for folded in unknown.values()):
            return False
        cursor.execute(create_fold(unknown))
        sigma = cursor.execute(fold_sigma).fetchone()
    return sigma == (row["folded"],) and all(theirs.get(point) == folded for point, folded in ours.items())
