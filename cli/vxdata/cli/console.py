"""Standard error, as commands write to it."""

from __future__ import annotations

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)
"""Standard error. Long lines are left to the terminal, so that other programs can read them."""
