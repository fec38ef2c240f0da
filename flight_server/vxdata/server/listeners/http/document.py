"""The OpenAPI document: what FastAPI finds in the routes, and the bodies, which are read by us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI
    from pydantic import BaseModel

REFERENCE: Final = "#/components/schemas/{model}"


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
    """Have an application tell the models of its bodies too.

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
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
