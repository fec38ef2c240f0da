"""Conversion: models and frames to Arrow tables, and back."""
