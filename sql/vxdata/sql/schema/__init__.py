"""The schema of the database: tables derived from the registry, and numbered migrations."""
