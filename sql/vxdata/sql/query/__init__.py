"""Queries: one way from a bound plan to the statement that reads its result.

```
target.py     what a query is written for: an instant and a dialect
clauses.py   the rewrites that make WHERE, DISTINCT, ORDER BY, LIMIT and OFFSET
template.py   statements with parameters, made once for all plans of a shape
lookups.py    point lookups: a few resources of the present, with the commit clock beside them
engines.py    the plans that stay with PostgreSQL, each with its reason
patterns.py   the regular expressions that mean the same to every engine
prepared.py   the prepared plan: which of these a plan becomes
```
"""
