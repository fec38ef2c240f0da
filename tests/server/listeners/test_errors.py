"""Errors on their way out: translated, bounded, and kept whole for whoever asks."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from vxdata.schemas.errors import (
    DuplicateIdentifiers,
    InternalError,
    InvalidTicket,
    NotAuthenticated,
    RequestCancelled,
    ServerBusy,
    ServerUnavailable,
    UnknownField,
    VxDataError,
)
from vxdata.schemas.wire import WireError
from vxdata.server.call import ANONYMOUS, NOBODY
from vxdata.server.database import errors as database_errors
from vxdata.server.database.errors import (
    SQLSTATE_CLASSES,
    ConnectionLost,
    DatabaseError,
    MalformedUri,
    OutOfResources,
    StatementCancelled,
    TooManyConnections,
    UndefinedObject,
    UniqueViolation,
    classify,
)
from vxdata.server.listeners import errors
from vxdata.server.listeners.errors import (
    MAX_ERRORS_KEPT,
    MAX_MESSAGE_LENGTH,
    MAX_WIRE_BYTES,
    STRANGERS,
    ErrorReporter,
    translate,
)
from vxdata.server.listeners.flight.status import FLIGHT_ERRORS


class TestClassify:
    @pytest.mark.parametrize(
        ("sqlstate", "expected"),
        [
            ("23505", UniqueViolation),
            ("57014", StatementCancelled),
            ("57P01", ConnectionLost),
            ("57P03", ConnectionLost),
            ("08006", ConnectionLost),
            ("08P01", DatabaseError),
            ("53100", OutOfResources),
            ("53300", TooManyConnections),
            ("42P01", UndefinedObject),
            ("42703", UndefinedObject),
            ("23514", DatabaseError),
            ("22P02", DatabaseError),
            ("XX000", DatabaseError),
            ("\x00\x00\x00\x00\x00", DatabaseError),
            ("", DatabaseError),
            (None, DatabaseError),
        ],
    )
    def test_by_sqlstate(self, sqlstate: str | None, expected: type[DatabaseError]) -> None:
        assert type(classify(sqlstate, {}, "text")) is expected

    def test_the_code_among_the_diagnostics_counts_too(self) -> None:
        found = classify(
            None, {b"PG_DIAG_SQLSTATE": b"23505", b"PG_DIAG_MESSAGE_PRIMARY": "é".encode()}, "all"
        )
        assert type(found) is UniqueViolation
        assert found.diagnostics == {"PG_DIAG_SQLSTATE": "23505", "PG_DIAG_MESSAGE_PRIMARY": "é"}
        assert str(found) == "é (SQLSTATE 23505)"

    def test_the_text_leaves_out_what_holds_values(self) -> None:
        details: dict[str | bytes, str | bytes] = {
            "PG_DIAG_MESSAGE_PRIMARY": "duplicate key",
            "PG_DIAG_MESSAGE_DETAIL": "Key (a)=(s3kret) already exists.",
        }
        assert str(classify("23505", details, "Query was: s3kret")) == "duplicate key (SQLSTATE 23505)"

    def test_every_class_can_come_out(self) -> None:
        subclasses = {found for found in vars(database_errors).values() if isinstance(found, type)}
        assert {found for found in subclasses if issubclass(found, DatabaseError)} == {
            *(found for _, found in SQLSTATE_CLASSES),
            MalformedUri,  # PostgreSQL never sees it
        }


class TestTranslate:
    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (ConnectionLost("s3kret"), ServerUnavailable),
            (StatementCancelled("s3kret"), RequestCancelled),
            (OutOfResources("s3kret"), ServerBusy),
            (UndefinedObject("s3kret"), InternalError),
            (UniqueViolation("s3kret"), InternalError),
            (DatabaseError("s3kret"), InternalError),
            (KeyError("s3kret"), InternalError),
            (MemoryError("s3kret"), InternalError),
            (OSError(2, "s3kret", "/etc/s3kret"), InternalError),
        ],
        ids=lambda value: getattr(value, "__name__", type(value).__name__),
    )
    def test_what_is_not_ours_tells_nothing(self, error: Exception, expected: type[VxDataError]) -> None:
        shown = translate(error)
        assert type(shown) is expected
        assert "s3kret" not in str(shown.to_wire())

    def test_ours_stays_itself(self) -> None:
        error = UnknownField.from_names("volume", ["x"], ["y"])
        assert translate(error) is error

    def test_every_error_has_a_status(self) -> None:
        def tree(root: type[VxDataError]) -> list[type[VxDataError]]:
            return [root, *(found for child in root.__subclasses__() for found in tree(child))]

        for found in tree(VxDataError):
            assert [flight for ours, flight in FLIGHT_ERRORS if issubclass(found, ours)]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=800)


class TestDesk:
    def test_a_short_error_travels_whole(self) -> None:
        result_cache = ErrorReporter()
        _, wire = result_cache.to_wire(DuplicateIdentifiers.from_identifiers(["volume/a"]), "r1")
        assert wire.details == {"identifiers": ["volume/a"]}
        assert not wire.abridged
        with pytest.raises(InvalidTicket):
            result_cache.full_error("r1")

    @given(
        message=TEXT,
        details=st.dictionaries(st.text("ab", max_size=3), TEXT | st.lists(TEXT, max_size=4), max_size=3),
    )
    def test_what_travels_is_bounded_and_the_rest_is_kept(
        self, message: str, details: dict[str, Any]
    ) -> None:
        error = VxDataError(message)
        error.details = details
        result_cache = ErrorReporter()
        shown, wire = result_cache.to_wire(error, "r" * 16)
        assert shown is error
        assert len(wire.to_bytes()) <= MAX_WIRE_BYTES
        assert len(wire.message) <= MAX_MESSAGE_LENGTH
        assert message.startswith(wire.message)
        if wire.abridged:
            wire = WireError.model_validate_json(result_cache.full_error("r" * 16))
        assert (wire.message, wire.details, wire.abridged) == (message, details, False)

    @pytest.mark.parametrize("letter", ["a", "é", "🩻", "\x01", '"', "\\", "%"])
    def test_a_long_message_keeps_its_beginning(self, letter: str) -> None:
        _, wire = ErrorReporter().to_wire(VxDataError(letter * 100_000), "r1")
        assert wire.abridged
        assert len(wire.message) > 50
        escaped = sum(
            3 if ord(char) > 126 or ord(char) < 32 else 1 for char in wire.message for _ in char.encode()
        )
        assert escaped < 1_500

    def test_the_oldest_goes_first(self) -> None:
        result_cache = ErrorReporter()
        for number in range(MAX_ERRORS_KEPT + 3):
            result_cache.to_wire(VxDataError("x" * 600), f"r{number}")
        for number in range(3):
            with pytest.raises(InvalidTicket, match="No error is kept"):
                result_cache.full_error(f"r{number}")
        assert json.loads(result_cache.full_error("r3"))["message"] == "x" * 600

    def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(errors, "MAX_KEPT_BYTES", 5_000)
        result_cache = ErrorReporter()
        for number in range(4):
            result_cache.to_wire(VxDataError("x" * 2_000), f"r{number}")
        assert list(result_cache._kept) == [("", "r2"), ("", "r3")]
        result_cache.to_wire(VxDataError("x" * 20_000), "large")
        assert list(result_cache._kept) == [("", "large")]


@pytest.mark.parametrize(
    ("error", "caller"), [(NotAuthenticated("no"), ""), (InvalidTicket("no"), NOBODY.name)], ids=str
)
def test_strangers_do_not_fill_the_log(error: VxDataError, caller: str) -> None:
    reporter = ErrorReporter()
    with capture_logs() as logs:
        for number in range(1_000):
            shown, _ = reporter.to_wire(error, f"{number}", caller)
            assert shown is error
        reporter.to_wire(ServerBusy("no"), "last", ANONYMOUS.name)
    events = Counter(entry["event"] for entry in logs)
    # The minute may have passed meanwhile.
    assert STRANGERS.amount < events["request_refused"] <= 2 * STRANGERS.amount + 1
    assert 1 <= events["refusals_not_logged"] <= 2
