"""Fixtures of this folder."""

from tests.server.databases import admin, creates, database, database_uri, monitor, new_database, reads

__all__ = ["admin", "creates", "database", "database_uri", "monitor", "new_database", "reads"]
