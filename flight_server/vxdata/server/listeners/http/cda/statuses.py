"""The statuses of failed requests, as the OpenAPI document of the CDA API tells them."""

from __future__ import annotations

from typing import Any, Final

from vxdata.server.listeners.http.cda.models import ClientError, HTTPValidationError, InternalError

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
