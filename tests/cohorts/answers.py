"""Answers to random requests: the right one, and the comparison with what a server says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.cohorts.compare import without_order
from tests.cohorts.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cohorts.evaluator import Evaluator
    from tests.cohorts.random_requests import Call

OK: Final = 200
BAD_REQUEST: Final = 400


@dataclass(frozen=True)
class Answer:
    """What comes back.

    Args:
        status: Status of HTTP.
        payload: What the body says: of a page, `result`, `total` and `has_next`; of a refusal with status
            400, `error_type` and `message`; of another one nothing.
    """

    status: int
    payload: Any = None


def right_answer(evaluator: Evaluator, call: Call) -> Answer:
    """Work out what must come back.

    Args:
        evaluator: Knows the answers.
        call: The request.
    """
    kind, _, name = call.path.partition("/")
    try:
        if kind == "summary":
            return Answer(OK, evaluator.summary(name, call.body or {}))
        if kind == "data":
            page = evaluator.data(name, call.body or {}, **call.query)
        else:
            page = evaluator.column_values(name, **call.query)
    except Refused as refused:
        told = {"error_type": refused.error_type, "message": refused.message}
        return Answer(refused.status, told if refused.status == BAD_REQUEST else None)
    return Answer(OK, {"result": page.rows, "total": page.total, "has_next": page.has_next})


def check(evaluator: Evaluator, call: Call, found: Answer) -> None:
    """Compare an answer with the right one.

    Args:
        evaluator: Knows the answers.
        call: The request.
        found: What came back.

    Raises:
        AssertionError: They differ in what the contract tells.
    """
    right = right_answer(evaluator, call)
    if right.status != OK:
        refusals = list(_refusals(evaluator, call, right))
        assert any(_is_same_refusal(found, refusal) for refusal in refusals), (found, refusals)
        return
    assert _shown(call, found) == _shown(call, right), (found, right)


def _shown(call: Call, answer: Answer) -> Any:
    """What is compared of an answer: the order of rows is told, that of objects in them is not."""
    if answer.status != OK or call.path.startswith("summary/"):
        return answer.status, without_order(answer.payload)
    return answer.status, {**answer.payload, "result": list(map(without_order, answer.payload["result"]))}


def _refusals(evaluator: Evaluator, call: Call, whole: Answer) -> Iterator[Answer]:
    """All refusals that a request deserves: which of several faults is told is left open."""
    yield whole
    for name, value in (call.body or {}).items():
        for part in value if isinstance(value, list) else [value]:
            alone = {name: [part] if isinstance(value, list) else part}
            answer = right_answer(evaluator, type(call)(call.path, alone))
            if answer.status != OK:
                yield answer


def _is_same_refusal(found: Answer, right: Answer) -> bool:
    if found.status != right.status or right.payload is None:
        return found.status == right.status
    is_worded = None in {right.payload["message"], found.payload["message"]} or (
        right.payload["message"] == found.payload["message"]
    )
    return is_worded and bool(found.payload["error_type"] == right.payload["error_type"])
