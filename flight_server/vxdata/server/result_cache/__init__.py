"""Answers: each query is run once, by whoever asks first, and kept for whoever asks again.

An answer never changes: its key holds the statement and the last commit of the types that it reads. So
there is nothing to expire and nothing to invalidate; only space is short.

A caller comes to the *desk* with a query that is ready to run. If its answer is *kept* on the *shelf*, that
is handed out. If it is *running*, the caller joins those who read it. Else the query begins, with a *draft*
on the shelf into which its readers write what they fetch. The draft of a whole answer becomes a kept one.

```
key.py      what makes two answers the same
desk.py     what a caller gets
running.py  an answer on its way, and its readers, who pull it on together
draft.py    an answer while it is written down
kept.py     an answer that is whole: in memory if it is small, else in a file
file.py     the files: record batches that are mapped into memory, not read
shelf.py    all drafts and kept answers, within bounds; the least recently used go first
```
"""
