"""Fixtures of this folder: databases, and a way to fill them."""

from __future__ import annotations

from importlib.util import find_spec

from tests.server.databases import admin, new_database

__all__ = ["admin", "new_database"]

# It runs in an environment of its own, which has the published client.
collect_ignore = [] if find_spec("cdapython") else ["cdapython_calls.py"]
