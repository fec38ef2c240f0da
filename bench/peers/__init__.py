"""Ways to do the same work: ours, and what people use otherwise.

Each round runs in a process of its own, which imports nothing but the module here that it needs: what the
others import takes none of its memory.
"""
