"""Settings of catalogs: databases that VxData did not design, each under a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

RESERVED_NAMES: Final = frozenset(
    {"docs", "health", "livez", "metrics", "openapi", "query", "readyz", "redoc", "static", "v1", "vxdata"}
)
"""Names that no catalog may have: paths of the HTTP listener begin with them, now or later."""


NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")
"""What a catalog is called: it begins the paths of its HTTP listener."""

SHOWN: Final = re.compile("[A-Za-z0-9_-]{1,63}")
"""Names that an error may show; everything else could be a URI, with a password in it."""


def check_names(catalogs: Any) -> Any:
    """Refuse names of catalogs that cannot be the beginning of a path.

    Args:
        catalogs: Settings of catalogs by name, before anything is known of them.

    Returns:
        The same.

    Raises:
        ValueError: A name is malformed, or reserved.

    Example:
        >>> check_names({"query": {}})
        Traceback (most recent call last):
        ValueError: the name query is reserved
    """
    for name in catalogs if isinstance(catalogs, Mapping) else ():
        shown = name if isinstance(name, str) and SHOWN.fullmatch(name) else "of a catalog"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            msg = f"the name {shown} is none: lower-case letters, digits and underscores, a letter first"
            raise ValueError(msg)
        if name in RESERVED_NAMES:
            msg = f"the name {shown} is reserved"
            raise ValueError(msg)
    return catalogs


class CatalogSettings(BaseModel):
    """A catalog: where its tables are, and what is offered of them.

    Args:
        uri: libpq URI of the database.
        schema_name: PostgreSQL schema of the tables; `schema` in the environment and the file.
        api: `cda` to serve the CDA API, `none` to serve plain tables alone; if unset, the CDA API is served
            where there are the tables `subject` and `file`.
        release: A SELECT that tells the release of the data in one row. Results are kept for as long as it
            stays the same. By default the content of the table `release_metadata` tells it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )

    uri: SecretStr
    schema_name: Annotated[str, Field(alias="schema", min_length=1)] = "public"
    api: Literal["cda", "none"] | None = None
    release: Annotated[str, Field(min_length=1)] | None = None


class OwnCatalog(CatalogSettings):
    """A catalog in the server's own database, whose owner gives the role of its URI the right to read it.

    No setting says this of a catalog: `vxdata up` does, of those in the database that it runs.

    Args:
        role: Name of the role of its URI.
    """

    role: str


CatalogsByName = Annotated[dict[str, CatalogSettings], BeforeValidator(check_names)]
"""Settings of all catalogs."""
