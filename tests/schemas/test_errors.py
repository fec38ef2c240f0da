"""The tree of errors: complete in its drawing, and whole after pickling and the wire."""

from __future__ import annotations

import json
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas import errors
from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    InternalError,
    InvalidRequest,
    LineageCycle,
    ParentNotFound,
    ResourceAlreadyExists,
    ResourceNotFound,
    ServiceProblem,
    StateConflict,
    UnexpectedPayload,
    UnknownField,
    UnknownResourceType,
    ValidationFailed,
    VxDataError,
)
from vxdata.schemas.errors.messages import (
    MAX_NAME_LENGTH,
    SHOWN_IN_MESSAGE,
    abridged,
    abridged_name,
    did_you_mean,
)


def tree(root: type[VxDataError]) -> list[type[VxDataError]]:
    return [root, *(found for child in root.__subclasses__() for found in tree(child))]


# Only those of the contract: other parts of the project may refine the tree for themselves.
CLASSES = [found for found in tree(VxDataError) if found.__module__ == errors.__name__]
BY_NAME = pytest.mark.parametrize("error_class", CLASSES, ids=lambda each: each.__name__)


def drawn() -> dict[str, str]:
    """Read the drawing: class name to the name of its parent."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│ ├└─]*)([A-Z]\w+)", line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            parents[found[2]] = path[depth - 1] if depth else ""
    return parents


def test_the_drawing_is_the_tree() -> None:
    own = {each.__name__ for each in CLASSES}
    actual = {
        each.__name__: next((base.__name__ for base in each.__bases__ if base.__name__ in own), "")
        for each in CLASSES
    }

    assert drawn() == actual


def test_codes_are_unique() -> None:
    assert len({each.code for each in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("error_class", "code"),
    [(ResourceNotFound, "RESOURCE_NOT_FOUND"), (InvalidRequest, "INVALID_REQUEST"), (VxDataError, "ERROR")],
)
def test_codes_follow_from_the_names(error_class: type[VxDataError], code: str) -> None:
    assert error_class.code == code


@BY_NAME
def test_pickling_keeps_everything(error_class: type[VxDataError]) -> None:
    error = error_class("What was wrong.", identifiers=["volume/a"], count=1)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(again) is error_class
    assert (str(again), again.message, again.details) == (str(error), error.message, error.details)


@BY_NAME
def test_the_wire_keeps_everything(error_class: type[VxDataError]) -> None:
    error = error_class("What was wrong.", identifiers=["volume/a"])

    again = VxDataError.from_wire(json.loads(json.dumps(error.to_wire())))

    assert type(again) is error_class
    assert (again.message, again.details) == (error.message, error.details)
    assert again.to_wire() == error.to_wire()


def test_details_may_hold_any_key() -> None:
    error = VxDataError.from_wire(
        {"code": "RESOURCE_NOT_FOUND", "message": "m", "details": {"message": 1, "self": 2}}
    )

    assert error.details == {"message": 1, "self": 2}
    assert pickle.loads(pickle.dumps(error)).details == error.details  # noqa: S301 - our own bytes


@given(
    wire=st.dictionaries(
        st.sampled_from(["code", "message", "details", "retryable"]), st.none() | st.text() | st.just({})
    ).filter(lambda wire: not isinstance(wire.get("details"), str))
)
def test_whatever_arrives_becomes_an_error(wire: dict[str, object]) -> None:
    assert isinstance(VxDataError.from_wire(wire), VxDataError)


def test_an_unknown_code_is_named() -> None:
    error = VxDataError.from_wire({"code": "FROM_THE_FUTURE", "message": "m", "details": {"a": 1}})

    assert type(error) is InternalError
    assert "FROM_THE_FUTURE" in error.message
    assert error.details == {"a": 1}


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InvalidRequest", ValueError),
        ("FieldTypeMismatch", TypeError),
        ("ResourceNotFound", LookupError),
        ("ParentNotFound", LookupError),
        ("RequestTimedOut", TimeoutError),
        ("ServerUnavailable", ConnectionError),
        ("BlobNotFound", LookupError),
        ("BlobForbidden", PermissionError),
        ("LocalFileProblem", OSError),
    ],
)
def test_errors_are_also_the_builtin_that_callers_expect(name: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(errors, name), builtin)


@BY_NAME
def test_only_problems_of_the_service_may_pass_by_themselves(error_class: type[VxDataError]) -> None:
    assert not (error_class.retryable and issubclass(error_class, InvalidRequest | StateConflict))


def test_which_problems_may_be_retried() -> None:
    retryable = {each.__name__ for each in CLASSES if each.retryable}

    assert retryable == {
        "ServiceProblem",
        "ServerUnavailable",
        "ServerBusy",
        "DiskFull",
        "QuotaExceeded",
        "RequestTimedOut",
        "TransferFailed",
    }
    assert issubclass(InternalError, ServiceProblem)


def test_a_message_names_a_few_and_the_details_all() -> None:
    identifiers = [f"volume/{number}" for number in range(1_000)]

    error = ResourceNotFound.from_identifiers(identifiers)

    assert error.details["identifiers"] == identifiers
    assert error.message.count("volume/") == SHOWN_IN_MESSAGE
    assert "and 980 more" in error.message


def test_what_exists_is_told_apart_from_what_was_deleted() -> None:
    error = ResourceAlreadyExists.from_identifiers(["volume/a"], ["volume/b"])

    assert "Already exists: volume/a." in error.message
    assert "restore" in error.message
    assert error.details == {
        "identifiers": ["volume/a", "volume/b"],
        "live": ["volume/a"],
        "deleted": ["volume/b"],
    }


def test_what_only_exists_or_was_only_deleted_is_said_alone() -> None:
    assert "restore" not in ResourceAlreadyExists.from_identifiers(["volume/a"], []).message
    assert "Already" not in ResourceAlreadyExists.from_identifiers([], ["volume/b"]).message


def test_unknown_names_come_with_suggestions() -> None:
    assert "Did you mean b_value?" in UnknownField.from_names("volume", ["b_valu"], ["b_value"]).message
    assert "Did you mean volume?" in UnknownResourceType.from_name("volum", ["volume"]).message
    assert did_you_mean("zzz", ["b", "a"]) == "Known: a, b."


def test_near_what_is_too_long_to_be_a_name_nothing_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("difflib.get_close_matches")
    long = "volume" * MAX_NAME_LENGTH
    assert did_you_mean(long, ["b", "a"]) == "Known: a, b."
    error = UnknownResourceType.from_name(long, ["volume"])
    assert len(error.message) < 2 * MAX_NAME_LENGTH
    assert error.details["resource_type"] == abridged_name(long)
    assert len(UnknownField.from_names("volume", [long], ["b_value"]).message) < 2 * MAX_NAME_LENGTH


def test_batch_errors_name_their_identifiers() -> None:
    assert DuplicateIdentifiers.from_identifiers(["volume/a"]).details == {"identifiers": ["volume/a"]}
    assert LineageCycle.from_identifiers(["volume/a"]).details == {"identifiers": ["volume/a"]}
    missing = ParentNotFound.from_identifiers(["patient/a"], ["volume/a"])
    assert missing.details == {"identifiers": ["patient/a"], "children": ["volume/a"]}
    assert "volume" in UnexpectedPayload.from_identifiers(["patient/a"], "volume").message


def test_violations_are_counted_beyond_those_shown() -> None:
    violation = {
        "resource_type": "volume",
        "row": 7,
        "identifier": "volume/a",
        "field": "b_value",
        "problem": "too small",
        "value": "-1",
    }

    error = ValidationFailed.from_violations([violation] * 4, count=1_200)

    assert error.message.startswith("volume row 7 (volume/a), b_value: too small; ")
    assert error.message.endswith("(1,197 more).")
    assert error.violations == [violation] * 4
    assert error.details["count"] == 1_200
    assert ValidationFailed("bare").violations == []


def test_few_items_are_not_abridged() -> None:
    assert abridged([]) == ""
    assert abridged(["a"] * SHOWN_IN_MESSAGE).count("a") == SHOWN_IN_MESSAGE
