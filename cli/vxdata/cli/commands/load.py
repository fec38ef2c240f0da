"""`vxdata load`: public data into a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vxdata.cli.idc.load import load
from vxdata.cli.idc.mapping import map_index
from vxdata.cli.idc.source import read_extract, read_index
from vxdata.cli.options import Url
from vxdata.cli.progress import rows_progress
from vxdata.cli.running import console
from vxdata.sdk import Client

if TYPE_CHECKING:
    from vxdata.cli.idc.load import Loaded
    from vxdata.cli.idc.mapping import Mapped
    from vxdata.cli.idc.source import Index

commands = typer.Typer(help="Load public data.", no_args_is_help=True)


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
    url: Url = None,
) -> None:
    """Load the index of NCI Imaging Data Commons; run it again to go on where it ended."""
    index = (read_extract() if extract else read_index()).only(collection or [])
    with Client(url) as client:
        load_index(client, index)


def load_index(client: Client, index: Index) -> Loaded:
    """Map and load an index, with progress and a report on standard error.

    Args:
        client: Where to.
        index: What to load.

    Returns:
        What was created and what was there.
    """
    console.print(f"Mapping {index.series.height:,} series …")
    mapped = map_index(index)
    with rows_progress("Loading") as on_progress:
        loaded = load(client, mapped, on_progress)
    _report(mapped, loaded)
    return loaded


def _report(mapped: Mapped, loaded: Loaded) -> None:
    for name, count in loaded.created.items():
        console.print(f"  {name:<14}{count:>11,} created {loaded.present[name]:>11,} present before")
    for change, count in sorted(mapped.changes.items()):
        console.print(f"  {count:>11,} values  {change}")
    if mapped.set_aside.height:
        studies = mapped.set_aside["StudyInstanceUID"].unique().sort().to_list()
        console.print(
            f"  set aside: {mapped.set_aside.height} series of {len(studies)} studies that the index gives "
            f"to more than one patient: {', '.join(studies)}"
        )
