"""Queries: immutable builders of plans, and the ways to read their results."""
