"""Expressions: fields, predicates, aggregates and orders, as data."""
