"""The result cache: each query runs once, and its result is kept for the next caller.

A result never changes: its key holds the statement and the last commit of the types that it reads. So no
entry becomes stale. Entries go when space is short, and when a purge removes resources.

A caller asks `ResultCache` with a prepared query. If the store holds a finished entry, its batches are
returned. If the query is already running, the caller becomes another reader of the `SharedQuery`. Otherwise
the query begins, with a pending entry that records the batches as its readers fetch them. Once the result is
complete, the pending entry becomes a finished one.

```
key.py           the parts of a cache key
cache.py         ResultCache: a finished entry, a running query, or a new one
shared_query.py  a running query and its readers, who fetch its batches together
pending.py       the entry of a result that is still being fetched
entry.py         a finished entry: in memory if it is small, else in a file
file.py          cache files: record batches that are mapped into memory
store.py         all entries, within bounds; the least recently used are evicted first
```
"""
