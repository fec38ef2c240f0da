"""Fixtures of this folder: databases, and a way to fill them."""

from __future__ import annotations

from tests.server.databases import admin, new_database

__all__ = ["admin", "new_database"]
