"""`vxdata demo`: the main job from end to end, on real data."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vxdata.cli.commands.load import load_index
from vxdata.cli.idc.mapping import LEVELS
from vxdata.cli.idc.source import read_extract, read_index
from vxdata.cli.options import DataDir
from vxdata.cli.running import embedded_server
from vxdata.schemas.registry import registry
from vxdata.sdk import Client, F

out = Console(file=sys.stdout, highlight=False)


def demo(
    data_dir: DataDir = None,
    small: Annotated[
        bool, typer.Option("--small", help="Load the extract of 944 series, not the million.")
    ] = False,
) -> None:
    """Load Imaging Data Commons through the server and pull it back as Polars frames.

    Starts everything on free ports, loads what is not there yet, counts, queries, and stops.
    """
    index = read_extract() if small else read_index()
    with embedded_server(data_dir, port=0, http_port=0) as (_, server), Client(server.flight_url) as client:
        out.print(f"ready at {server.flight_url}")
        started = time.perf_counter()
        loaded = load_index(client, index)
        seconds = time.perf_counter() - started
        created = sum(loaded.created.values())
        out.print(_counts(client))
        out.print(f"load: {created:,} resources in {seconds:.1f} s, {created / seconds:,.0f} rows/s")
        _show_query(client)
        _show_pull(client)


def _counts(client: Client) -> Table:
    table = Table("resource type", "live", title="Resources")
    for resource_type in LEVELS:
        rows = client.namespace(resource_type).query().select("identifier").to_arrow().num_rows
        table.add_row(registry().get(resource_type).namespace, f"{rows:,}")
    return table


def _show_query(client: Client) -> None:
    query = (
        client.volumes.query()
        .filter(F.body_part_examined == "PROSTATE", F.modality == "MR", F.volume_type.is_in(["T2", "ADC"]))
        .select(
            "patient_id", "volume_type", "image_plane", "series_description", "instance_count", "path_dicom"
        )
    )
    out.print(query, markup=False)
    out.print(query.collect(), markup=False)


def _show_pull(client: Client) -> None:
    started = time.perf_counter()
    volumes = client.volumes.query().collect()
    seconds = time.perf_counter() - started
    out.print(
        f"pull: {volumes.height:,} volumes of {volumes.width} columns in {seconds:.2f} s, "
        f"{volumes.height / seconds:,.0f} rows/s"
    )
