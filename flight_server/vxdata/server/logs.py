"""Structured logs on standard error, never with a secret or a row's values."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Final, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import ExcInfo

MAX_FRAMES: Final = 100
"""Frames of a traceback in the log, at most."""


def configure_logs(level: str = "INFO", *, as_json: bool = False) -> None:
    """Set up logging for the process.

    Args:
        level: Least severe level that is written.
        as_json: Whether each line is a JSON object; otherwise it is text for people.
    """
    # pyarrow sends callers the traceback of what fails before a method of ours is called, such as headers
    # that are not UTF-8. Without frames it tells no paths; the log states its own limit.
    sys.tracebacklimit = 0
    render: list[structlog.typing.Processor] = (
        [structlog.processors.ExceptionRenderer(_as_text), structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_write_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _as_text(exc_info: ExcInfo) -> str:
    """Write a plain traceback: a pretty one shows local variables, which may be patients' data."""
    return "".join(traceback.format_exception(*exc_info, limit=MAX_FRAMES)).rstrip("\n")


def _write_traceback(sink: TextIO, exc_info: ExcInfo) -> None:
    sink.write("\n" + _as_text(exc_info))
