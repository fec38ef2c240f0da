"""Structured logs on standard error, never with a secret or a row's values."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(level: str = "INFO", *, as_json: bool = False) -> None:
    """Set up logging for the process.

    Args:
        level: Least severe level that is written.
        as_json: Whether each line is a JSON object; otherwise it is text for people.
    """
    # Plain tracebacks: the pretty ones show the values of local variables, which may be patients' data.
    render: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
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
