"""Formats: record batches as the bytes of a file, made while they are asked for."""
