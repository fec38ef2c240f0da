"""Errors of cohorts, as the contract of the CDA API words them.

Clients of that API know the name of an error (`error_type`) and its message; both are exact. What else there
is to say stands in the details.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from vxdata.schemas.errors.messages import abridged_name
from vxdata.schemas.errors.requests import InvalidRequest
from vxdata.schemas.errors.service import ServiceProblem


class CohortError(InvalidRequest):
    """A request for a cohort can never succeed as it stands."""

    error_type: ClassVar[str] = "InvalidRequest"
    """Name of the error in the CDA API."""


class FilterSyntaxError(CohortError):
    """The text of a filter is not of the form `COLUMN OPERATOR VALUE`."""

    error_type = "ParsingError"


class ColumnNotFound(CohortError):
    """No column has this public name."""

    error_type = "ColumnNotFound"

    @classmethod
    def from_name(cls, name: str, **details: Any) -> Self:
        """Name the column that is not there."""
        return cls(f"Column Not Found: {abridged_name(name)}", column=abridged_name(name), **details)


class TableNotFound(CohortError):
    """No table has this name."""

    error_type = "TableNotFound"

    @classmethod
    def from_name(cls, name: str, **details: Any) -> Self:
        """Name the table that is not there."""
        return cls(f"Table not found: {abridged_name(name)}", table=abridged_name(name), **details)


class SystemNotFound(CohortError):
    """No data source has this name."""

    error_type = "SystemNotFound"

    @classmethod
    def from_name(cls, name: str, **details: Any) -> Self:
        """Name the data source that is not there."""
        return cls(f"system: {abridged_name(name)} - not found", system=abridged_name(name), **details)


class FilterTypeMismatch(CohortError):
    """An operator or a value does not fit the type of the column."""

    error_type = "InvalidFilterError"

    @classmethod
    def from_reason(cls, reason: str, **details: Any) -> Self:
        """Give the one message of the contract; the reason goes into the details."""
        msg = (
            "Invalid match filter provided. Please verify that you are using the correct operators and "
            "values for the column used in the filter"
        )
        return cls(msg, reason=reason, **details)


class AmbiguousNegation(CohortError):
    """A negation does not say whether some row of an entity has to fulfil it, or every row."""


class NullNotFilterable(CohortError):
    """Columns of a table that entities share cannot be asked for being null in all rows of an entity."""

    error_type = "RelationshipError"


class RelationshipNotFound(CohortError):
    """Nothing connects an endpoint with a table."""

    error_type = "RelationshipNotFound"

    @classmethod
    def between(cls, endpoint: str, table: str) -> Self:
        """Name both."""
        msg = f"Relationship not found between {endpoint} and {table}"
        return cls(msg, endpoint=endpoint, table=table)


class EmptyCohortRow(CohortError):
    """All columns of the result are excluded."""

    error_type = "EmptyQueryError"


class SearchUnavailable(CohortError):
    """The catalog has no tables of keywords, so it cannot be searched by them."""

    error_type = "InvalidSearchError"


class InvalidCatalog(ServiceProblem):
    """A catalog's URI cannot be read, or its schema lacks what cohorts need; its operator has to mend it."""

    retryable = False


class UnknownCatalog(InvalidRequest):
    """The server has no catalog of this name."""
