"""TLS of both listeners: the files that it needs, and what a server lacks without it."""
