"""All subjects of a database of the CDA's shape as a frame: by our client, and by the API's own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tools.environments import CDAPYTHON, environment_of
from vxdata.sdk import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench._harness.candidates import Work

SUBJECTS: Final = (
    "SELECT id AS subject_id, crdc_id AS subject_crdc_id, species, year_of_birth, year_of_death, "
    "cause_of_death, race, ethnicity, data_at_cds AS subject_data_at_cds, "
    "data_at_gdc AS subject_data_at_gdc, data_at_icdc AS subject_data_at_icdc, "
    "data_at_idc AS subject_data_at_idc, data_at_pdc AS subject_data_at_pdc, "
    "data_source_count AS subject_data_source_count FROM cda.subject ORDER BY id_alias"
)
"""The same columns in the same order, as a statement."""

SCRIPT: Final = """
import cdapython
cdapython.columns()
print("ready", flush=True)
input()
print(len(cdapython.get_subject_data()), flush=True)
"""


@contextmanager
def to_polars(_: int, url: str, catalog: str) -> Iterator[Work]:
    """Pull all subjects by our client."""
    with Client(url) as client:
        subjects = client.catalog(catalog).subjects
        subjects.limit(10).collect()
        yield subjects.collect


@contextmanager
def to_pandas(_: int, root: str) -> Iterator[Work]:
    """Pull all subjects by cdapython, in an environment of its own.

    Args:
        _: Number of the round.
        root: Root of the API.
    """
    command = [str(environment_of(CDAPYTHON)), "-c", SCRIPT]
    environment = os.environ | {"__CDA_API_URL": root}
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryDirectory(prefix="vxdata-bench-") as folder,  # it leaves a log where it runs
        subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        lines, pen = process.stdout, process.stdin
        if lines.readline().strip() != "ready":
            raise RuntimeError("cdapython did not come up; its traceback stands above.")

        def work() -> int:
            pen.write("begin\n")
            pen.flush()
            return int(lines.readline())

        yield work
