"""Benchmarks beside peers, in the same run: a ratio on one machine means something, a time does not."""
