"""Ingest: what an upload brings is validated and staged."""
