"""Fixtures of this folder: identities that see a part of what there is."""

from __future__ import annotations

from tests.server.databases import admin, creates, database, database_uri, monitor, new_database, reads

__all__ = ["admin", "creates", "database", "database_uri", "monitor", "new_database", "reads"]
