"""Answers: each query is run once, by whoever asks first, and kept for whoever asks again.

An answer never changes: its key holds the statement and the last commit of the types that it reads. So
there is nothing to expire and nothing to invalidate; only space is short.

```
key.py      what makes two answers the same
running.py  an answer on its way: its readers pull it on, together
file.py     an answer on disk: record batches that are mapped into memory, not read
shelf.py    the files that are kept: the least recently used go when space runs out
desk.py     what a caller gets: a kept answer, one on its way, or one that is begun
```
"""
