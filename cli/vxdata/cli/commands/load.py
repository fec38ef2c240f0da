"""`vxdata load`: public data into a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import polars as pl
import typer

from vxdata.cli.console import console
from vxdata.cli.idc.load import ROWS_PER_BATCH, load
from vxdata.cli.idc.mapping import map_index
from vxdata.cli.idc.source import read_extract, read_index
from vxdata.cli.options import Insecure, TokenFile, Url, token_of
from vxdata.cli.progress import rows_progress
from vxdata.sdk import Client

if TYPE_CHECKING:
    from vxdata.cli.idc.load import Loaded
    from vxdata.cli.idc.mapping import Mapped
    from vxdata.cli.idc.source import Index

SHOWN_STUDIES: Final = 5
"""At most this many studies are named where series are set aside."""

commands = typer.Typer(no_args_is_help=True)


@commands.callback()
def load_command() -> None:
    """Load public data."""


@commands.command()
def idc(
    collection: Annotated[
        list[str] | None,
        typer.Option(help="Only this collection; give it again for more.", show_default="all"),
    ] = None,
    extract: Annotated[
        bool, typer.Option("--extract", help="Load the small extract that ships with vxdata.")
    ] = False,
    rows_per_batch: Annotated[
        int, typer.Option(help="Resources of one commit, about; no patient is cut in two.", min=1)
    ] = ROWS_PER_BATCH,
    url: Url = None,
    token_file: TokenFile = None,
    insecure: Insecure = False,
) -> None:
    """Load the index of NCI Imaging Data Commons; run it again to go on where it ended."""
    index = (read_extract() if extract else read_index()).only(collection or [])
    with Client(url, token=token_of(token_file), insecure=insecure) as client:
        load_index(client, index, rows_per_batch)


def load_index(client: Client, index: Index, rows_per_batch: int = ROWS_PER_BATCH) -> Loaded:
    """Map and load an index, with progress and a report on standard error.

    Args:
        client: Where to.
        index: What to load.
        rows_per_batch: Rows of a commit, about.

    Returns:
        What was created and what was there.
    """
    client.health()  # before a long mapping that would be in vain
    console.print(f"Mapping {index.series.height:,} series …")
    mapped = map_index(index)
    with rows_progress("Loading") as on_progress:
        loaded = load(client, mapped, on_progress, rows_per_batch)
    _report(mapped, loaded)
    return loaded


def _report(mapped: Mapped, loaded: Loaded) -> None:
    if not loaded.commits:
        console.print("Nothing to load: all of it is there already.")
    for name, count in loaded.created.items():
        console.print(f"  {name:<14}{count:>11,} created {loaded.present[name]:>11,} present before")
    for change, count in sorted(mapped.changes.items()):
        console.print(f"  {count:>11,} values  {change}")
    for (reason,), series in mapped.set_aside.group_by("reason", maintain_order=True):
        console.print(f"  set aside: {_describe_set_aside(str(reason), series)}")


def _describe_set_aside(reason: str, series: pl.DataFrame) -> str:
    studies = series["StudyInstanceUID"].drop_nulls().unique().sort()
    names = ", ".join(studies.head(SHOWN_STUDIES))
    more = f" and {len(studies) - SHOWN_STUDIES:,} more" if len(studies) > SHOWN_STUDIES else ""
    return f"{series.height:,} series, as {reason}; of the studies {names or 'without a name'}{more}"
