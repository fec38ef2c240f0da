"""Catalogs and cohorts: databases that the server reflects, and questions for their subjects and files."""
