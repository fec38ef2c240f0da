"""Files of answers: each is made once, kept within bounds, and sent to whoever asks for its address.

An answer never changes, so its file can go and be made again: the bytes are the same, on any server of the
same version. They depend on what `key.py` names, and on nothing else: the rows come in a whole order, and
`batches.py` cuts them at fixed places.

```
key.py      what the bytes of a file depend on
batches.py  batches of a fixed number of rows, however they came
file.py     a finished file, and how it is lent to a reader
folder.py   where the files lie, for one server alone
making.py   a file that is being made, and those who wait for it
store.py    all files, within bounds; of those that nobody reads, the least recently used goes first
```
"""
