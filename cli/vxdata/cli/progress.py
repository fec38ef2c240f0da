"""Progress of long work, on standard error: rows done, rate and time left."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from vxdata.cli.console import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def rows_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar for the length of a block.

    Args:
        what: The work, as one word.

    Yields:
        A function to call with the rows done and the rows to do.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None, rate="")

        def on_progress(done: int, total: int) -> None:
            speed = progress.tasks[task].speed
            progress.update(task, completed=done, total=total, rate=f"{speed:,.0f} rows/s" if speed else "")

        yield on_progress


@contextmanager
def count_progress(what: str) -> Iterator[Callable[..., None]]:
    """Show how many objects are done, and a bar where it is known of how many.

    Args:
        what: The work, as one word.

    Yields:
        A function to call with the objects done and, if known, the objects to do.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None)

        def on_progress(done: int, total: int | None = None) -> None:
            progress.update(task, completed=done, total=total)

        yield on_progress
