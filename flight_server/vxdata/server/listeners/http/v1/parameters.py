"""Parameters that several routes of `/v1` take."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

MAX_PAGE: Final = 1_000
"""Most entries of a page."""

PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most entries of the page.")]
TypeName = Annotated[str | None, Query(alias="type", description="A resource type; all without it.")]
