"""Dialects: what each engine writes in a way of its own.

Rewrites and conditions say what a query means, and ask the dialect for the rest, which is passed to them.

```
base.py           what a dialect has to know
postgres.py       PostgreSQL, with the functions of VxData's own schema
bare_postgres.py  PostgreSQL without them
duckdb.py         DuckDB, with the macros of the copies
```
"""
