"""Bodies of requests: JSON that is measured, then read into a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from vxdata.schemas.errors import InvalidRequest, InvalidTicket
from vxdata.schemas.json_shape import MAX_KEYS, shape_of
from vxdata.schemas.plan.codec import parse
from vxdata.schemas.violations import said_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_PROBLEMS: Final = 20
"""Most problems of a body that are told one by one."""

Body = TypeVar("Body", bound=BaseModel)


def read_body(kind: type[Body], content: bytes) -> Body:
    """Read the body of a request.

    Args:
        kind: What it must be.
        content: Its JSON.

    Returns:
        The body.

    Raises:
        InvalidRequest: It is missing, no JSON, or of another form; `details["problems"]` tells where.
        InvalidPlan: It has too many objects or lists.
    """
    if not content:
        msg = "The request has no body: JSON is expected."
        raise InvalidRequest(msg)
    try:
        parsed = parse(content)
    except InvalidTicket as error:
        msg = f"The body of the request is no JSON: {error.__cause__}."
        raise InvalidRequest(msg) from None
    keys = shape_of(parsed).keys
    if keys > MAX_KEYS:
        msg = f"An object of the body has {keys:,} keys; at most {MAX_KEYS} are allowed."
        raise InvalidRequest(msg, keys=keys, limit=MAX_KEYS)
    try:
        return kind.model_validate_json(to_json(parsed))
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False, include_context=False)) from None


def malformed(errors: list[ErrorDetails]) -> InvalidRequest:
    """Describe what pydantic has found in a body, or FastAPI in the parameters of a request.

    Args:
        errors: What is wrong where.

    Returns:
        The error, with `problems` in its details.
    """
    problems = [
        {"place": ".".join(map(str, error["loc"]))[:200], "problem": said_of(error)}
        for error in errors[:MAX_PROBLEMS]
    ]
    told = "; ".join(f"{each['place'] or 'body'}: {each['problem']}" for each in problems[:5])
    return InvalidRequest(f"The request is malformed: {told}.", problems=problems, count=len(errors))
