"""Purges: the copies go on in a new file, which holds nothing of what was removed.

To delete rows would leave their bytes in the old file, until DuckDB needs the place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vxdata.server.copies.applied import read_applied
from vxdata.server.copies.connection import FETCHED_ROWS
from vxdata.server.copies.copying import run, tables_of, transaction
from vxdata.server.copies.errors import translated
from vxdata.server.copies.file import UNFINISHED, CopyFile
from vxdata.server.copies.loading import load
from vxdata.server.copies.source import read_clock, require_same_history, types_purged_after
from vxdata.sql.copies import apply, changes

if TYPE_CHECKING:
    import duckdb

    from vxdata.server.copies.copying import Copying
    from vxdata.server.copies.file import FileOptions
    from vxdata.sql.copies.apply import Applied


def without_purged(copying: Copying, options: FileOptions) -> CopyFile:
    """Make a file that holds what the present one does, but for the versions that were purged.

    Args:
        copying: What to work with.
        options: What DuckDB may use.

    Returns:
        The file. It was not brought up to date, but for the number of purges.

    Raises:
        OtherDatabase: The database has not the commits that the copies hold.
        DatabaseError: PostgreSQL failed.
        CopyError: DuckDB failed.
    """
    with copying.cursor() as cursor:
        with copying.snapshot() as source:
            clock = read_clock(source)
            with translated():
                applied = read_applied(cursor)
            require_same_history(source, applied.values())
            oldest = min(each.version for each in applied.values())
            touched = types_purged_after(source, oldest) & applied.keys()
            for name in touched:
                payload_type = copying.registry.get(name)
                run(cursor, apply.create_kept(payload_type))
                with source.stream(changes.kept_versions(payload_type)) as batches:
                    load(cursor, batches, apply.keep(payload_type), copying.check)
        file = CopyFile.create(options, copying.registry, suffix=UNFINISHED)
        try:
            followed = {name: replace(each, purge_epoch=clock.purge_epoch) for name, each in applied.items()}
            _fill(replace(copying, file=file), cursor, followed, touched)
            return file.finish(options)
        except BaseException:
            file.discard()
            raise


def _fill(
    into: Copying, cursor: duckdb.DuckDBPyConnection, applied: dict[str, Applied], touched: set[str]
) -> None:
    """Fill a file from another one, all of it in one transaction."""
    with into.cursor() as target, transaction(target):
        for name in applied:
            for table in tables_of(into.registry, name):
                query = apply.read_kept(table, into.registry.get(name) if name in touched else None)
                with translated():
                    reader = cursor.execute(query).to_arrow_reader(FETCHED_ROWS)
                load(target, reader, apply.take(table), into.check)
        run(target, *apply.mark(applied))
