"""The OpenAPI document: what FastAPI finds in the routes, and the bodies, which are read by us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from vxdata.server.listeners.http.cda.models import (
    BODIES,
    ClientError,
    HTTPValidationError,
    InternalError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

REFERENCE: Final = "#/components/schemas/{model}"

REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ClientError, "description": "The request can never succeed as it stands."},
    413: {"model": ClientError, "description": "The request is too large, or costs too much."},
    422: {"model": HTTPValidationError, "description": "The request has another form."},
    429: {"model": ClientError, "description": "The caller has too many calls in progress."},
}
FAILED: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ClientError, "description": "There is no such path, or the catalog serves no cohorts."},
    500: {"model": InternalError, "description": "A fault of the server."},
    503: {"model": InternalError, "description": "The catalog cannot be read at present."},
    504: {"model": InternalError, "description": "The answer took too long."},
}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the document says of a route with a body.

    Args:
        model: The body.

    Returns:
        An addition to the operation.
    """
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_with_bodies(app: FastAPI) -> None:
    """Have an application tell the models of its bodies too.

    Args:
        app: The application of a catalog.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                servers=app.servers,
            )
            _, bodies = models_json_schema([(body, "validation") for body in BODIES], ref_template=REFERENCE)
            found["components"]["schemas"] |= bodies["$defs"]
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
