"""The OpenAPI document: what FastAPI finds in the routes, and the bodies and the header that we read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from vxdata.schemas.wire import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from pydantic import BaseModel

REFERENCE: Final = "#/components/schemas/{model}"

TIMEOUT_HEADER: Final[dict[str, Any]] = {
    "name": TIMEOUT,
    "in": "header",
    "required": False,
    "schema": {"type": "number", "exclusiveMinimum": 0},
    "description": "Seconds that the caller waits. The query is ended then, and the status is 504; an answer "
    "whose first bytes have been sent is broken off.",
}
"""The header that every route reads."""


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the document says of a route with a body.

    Args:
        model: The body.

    Returns:
        An addition to the operation.
    """
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_with_bodies(app: FastAPI, bodies: Sequence[type[BaseModel]]) -> None:
    """Have an application tell the models of its bodies, and the header of timeouts, too.

    Args:
        app: The application.
        bodies: The models.
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
            _, told = models_json_schema([(body, "validation") for body in bodies], ref_template=REFERENCE)
            found["components"]["schemas"] |= told["$defs"]
            for operations in found["paths"].values():
                for operation in operations.values():
                    operation.setdefault("parameters", []).append(TIMEOUT_HEADER)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
