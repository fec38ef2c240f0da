"""Fixtures of this folder: databases."""

from tests.server.databases import admin, database_uri, new_database

__all__ = ["admin", "database_uri", "new_database"]
