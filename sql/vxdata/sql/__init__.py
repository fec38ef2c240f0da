"""Query plans, writes and table definitions rendered as PostgreSQL text; nothing here opens a connection."""
