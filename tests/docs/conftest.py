"""Fixtures of this folder."""

from tests.server.databases import admin, new_database

__all__ = ["admin", "new_database"]
