"""What holds for every test run: the namespace is sound, where logs go, and how hard hypothesis tries."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

TOP = Path(__file__).resolve().parents[1]

# Machines differ in speed, so no profile has a deadline; print_blob lets anyone replay a failure of CI.
settings.register_profile("dev", max_examples=30, deadline=None, print_blob=True)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", max_examples=2000, deadline=None, print_blob=True)
settings.register_profile("exhaustive", max_examples=10_000, deadline=None, print_blob=True)


pytest_plugins = [
    "tests.fixtures.asking",
    "tests.fixtures.browser",
    "tests.fixtures.certificates",
    "tests.fixtures.commands",
    "tests.fixtures.disks",
    "tests.fixtures.hugging_face",
    "tests.fixtures.running",
]


def pytest_configure() -> None:
    """Refuse a stray `vxdata/__init__.py`, which would hide the other parts; set up logs and hypothesis."""
    stray = sorted(TOP.glob("*/vxdata/__init__.py"))
    if stray:
        names = ", ".join(str(path.relative_to(TOP)) for path in stray)
        message = (
            f"vxdata is a namespace over several folders and has no __init__.py of its own; delete {names}"
        )
        raise pytest.UsageError(message)
    # The threads of servers log at any moment: pytest keeps the lines, and no test reads them as what a
    # command has put out.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logging.getLogger("vxdata").setLevel(logging.INFO)
    # Most tests are not about who may do what; those that are say so in their settings.
    os.environ["VXDATA_AUTHENTICATION"] = "off"
    default = "ci" if os.environ.get("CI") else "dev"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", default))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the files, begin with those that take long, then with those of many tests.

    A file stays in one process: a long one at the end would keep the others waiting.
    """
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        number = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path not in slow, -number[item.path]))
