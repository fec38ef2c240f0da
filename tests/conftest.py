"""What holds for every test run: the namespace is sound, and how hard hypothesis tries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
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
    "tests.fixtures.browser",
    "tests.fixtures.commands",
    "tests.fixtures.disks",
    "tests.fixtures.running",
]


def pytest_configure() -> None:
    """Refuse a stray `vxdata/__init__.py`, which would hide the other parts, and choose the profile."""
    stray = sorted(TOP.glob("*/vxdata/__init__.py"))
    if stray:
        names = ", ".join(str(path.relative_to(TOP)) for path in stray)
        message = (
            f"vxdata is a namespace over several folders and has no __init__.py of its own; delete {names}"
        )
        raise pytest.UsageError(message)
    default = "ci" if os.environ.get("CI") else "dev"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", default))
