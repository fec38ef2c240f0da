"""What is collected here for the examples of its docstrings."""

from __future__ import annotations

from importlib.util import find_spec

# The tools for the site are not installed beside the lowest versions.
collect_ignore = [] if find_spec("griffe") else ["griffe_sections.py"]
