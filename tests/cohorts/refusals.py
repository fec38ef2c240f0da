"""How the contract refuses a request (section 9)."""

from __future__ import annotations


class Refused(Exception):
    """A request that has no answer.

    Args:
        error_type: Name of the error.
        message: Its text, or None where the contract does not tell it exactly.
        status: Status of the response.
    """

    def __init__(self, error_type: str, message: str | None = None, status: int = 400) -> None:
        super().__init__(error_type, message)
        self.error_type = error_type
        self.message = message
        self.status = status


def invalid_filter() -> Refused:
    """A value or an operator does not fit a column."""
    return Refused(
        "InvalidFilterError",
        "Invalid match filter provided. Please verify that you are using the correct operators and values "
        "for the column used in the filter",
    )
