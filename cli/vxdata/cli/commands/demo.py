"""`vxdata demo`: the main job from end to end, on real data."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Annotated, Final

import polars as pl
import typer

from vxdata.cli.cda.demo import CATALOG, FEW_SUBJECTS, FILTERS, SUBJECTS, ask_over_http, served
from vxdata.cli.commands.load import load_index
from vxdata.cli.idc.mapping import LEVELS
from vxdata.cli.idc.source import read_extract, read_index
from vxdata.cli.options import DataDir
from vxdata.cli.running import embedded_server, owner_token
from vxdata.cli.sample import SAMPLE, find_sample, load_sample
from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.installation import install_command
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from pathlib import Path

    from vxdata.cli.idc.load import Loaded

MIN_WIDTH: Final = 100
"""Columns of a printed frame, at least, in a narrow window."""

LOG_WIDTH: Final = 140
"""Columns where the output goes to a file or a pipe."""

MAX_TEXT_LENGTH: Final = 48
"""Characters of a text that are shown; the identifier of a patient has as many."""


PICTURE_WIDTH: Final = 64
"""Columns of the image."""

NEXT: Final = """
The data stay in {folder}. To go on in Python:

    from vxdata.sdk import F, local
    client = local({folder!r})"""
"""What is said last."""


def demo(
    data_dir: DataDir = None,
    small: Annotated[
        bool, typer.Option("--small", help="Load the extract of 944 series, not the million.")
    ] = False,
    cda: Annotated[
        bool,
        typer.Option(
            "--cda",
            help="Show cohorts of a made-up database of the shape of the CDA instead; with --small, of 1,000 "
            "subjects, not 20,000.",
        ),
    ] = False,
) -> None:
    """Load Imaging Data Commons through the server and pull it back as Polars frames.

    Starts everything on free ports, loads what is not there yet, counts, queries, shows an image, and stops.
    """
    if cda:
        _demo_of_cohorts(data_dir, small=small)
        return
    index = read_extract() if small else read_index()
    with (
        embedded_server(data_dir, port=0, http_port=0, quiet=True) as (stack, server),
        Client(server.flight_url, token=owner_token(stack)) as client,
    ):
        _say(f"ready at {server.flight_url}")
        _show_load(load_index(client, index))
        _show_counts(client)
        _show_query(client)
        _show_pull(client)
        _show_image(client)
        _say(NEXT.format(folder=str(stack.data_dir)))


def _demo_of_cohorts(data_dir: Path | None, *, small: bool) -> None:
    """Ask for a cohort over HTTP and from Polars."""
    with served(data_dir, FEW_SUBJECTS if small else SUBJECTS, _say) as (stack, server):
        token = owner_token(stack)
        ask_over_http(server, token, _say)
        with Client(server.flight_url, token=token) as client:
            cohort = client.catalog(CATALOG).subjects.filter_text(*FILTERS).add("sex").nest("observation")
            _say(f"\n{cohort!r}")
            started = time.perf_counter()
            frame = cohort.collect()
            _say(f"{frame.height:,} subjects in {1000 * (time.perf_counter() - started):.0f} ms")
            _say_frame(
                frame.select("subject_id", "year_of_birth", "file_type", "observation_columns").head(5)
            )


def _show_load(loaded: Loaded) -> None:
    created = sum(loaded.created.values())
    if not created:
        _say(f"load: nothing to load, all {sum(loaded.present.values()):,} resources are there already")
        return
    _say(
        f"load: {created:,} resources in {loaded.seconds:.1f} s, {created / loaded.seconds:,.0f} rows/s "
        f"(commits: {loaded.commits})"
    )


def _show_counts(client: Client) -> None:
    _say("\nlive resources")
    for resource_type in LEVELS:
        rows = client.namespace(resource_type).query().select("identifier").to_arrow().num_rows
        _say(f"  {registry().get(resource_type).namespace:<16}{rows:>12,}")


def _show_query(client: Client) -> None:
    query = (
        client.volumes.query()
        .filter(F.body_part_examined == "PROSTATE", F.modality == "MR", F.volume_type.is_in(["T2", "ADC"]))
        .select("patient_id", "volume_type", "image_plane", "series_description", "instance_count")
    )
    _say(f"\n{query!r}")
    _say_frame(query.collect())


def _show_pull(client: Client) -> None:
    started = time.perf_counter()
    volumes = client.volumes.query().collect()
    seconds = time.perf_counter() - started
    _say(
        f"\npull: {volumes.height:,} volumes of {volumes.width} columns in {seconds:.2f} s, "
        f"{volumes.height / seconds:,.0f} rows/s"
    )


def _show_image(client: Client) -> None:
    file = find_sample()
    if file is None:
        _say(f"\nimage: none, as nibabel is not installed: {install_command('server', 'idc')}")
        return
    from vxdata.cli import picture  # noqa: PLC0415 - nibabel comes with an extra

    load_sample(client, file)
    volume = client.volumes.retrieve(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        pixels = picture.middle_slice(client.storage.download(str(volume.path_nii), folder, progress=False))
    _say(f"\nimage: the middle slice of {SAMPLE}, from {volume.path_nii}")
    has_colours = sys.stdout.isatty() and _has_boxes() and "NO_COLOR" not in os.environ
    _say(picture.as_text(pixels, PICTURE_WIDTH, has_colours=has_colours))


def _has_boxes() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()


def _say(line: str) -> None:
    """Print as it is: rich would wrap a wide frame in the middle of its rows."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_frame(frame: pl.DataFrame) -> None:
    width = max(MIN_WIDTH, shutil.get_terminal_size((LOG_WIDTH, 24)).columns)
    with pl.Config(
        tbl_width_chars=width,
        tbl_cols=-1,
        tbl_rows=10,
        fmt_str_lengths=MAX_TEXT_LENGTH,
        tbl_formatting="UTF8_FULL_CONDENSED" if _has_boxes() else "ASCII_FULL_CONDENSED",
    ):
        _say(str(frame))
