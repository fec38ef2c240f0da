"""Fixtures of this folder."""

from tests.server.databases import admin, creates, database, database_uri, new_database, reads, watch

__all__ = ["admin", "creates", "database", "database_uri", "new_database", "reads", "watch"]
