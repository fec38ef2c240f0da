"""Columnar copies: the SQL that fills tables of DuckDB with what PostgreSQL holds, and keeps them up to date.

Pure text: `tables` makes the tables, and `macros` what queries call; `changes` reads PostgreSQL, and `apply`
writes DuckDB.
"""
