"""What is shown of a failure to connect: no part of the URI that can be a password, and what helps."""

from __future__ import annotations

from contextlib import closing
from typing import Final

import pytest
from pydantic import SecretStr

from vxdata.server.database.connect_failures import without_secrets
from vxdata.server.database.connection import ConnectionFactory
from vxdata.server.database.errors import DatabaseError, MalformedUri
from vxdata.server.database.statement_limits import StatementLimits

UNREADABLE: Final = (
    "postgresql://u:sekret/x@127.0.0.1:1/db",
    "postgresql://u:pa/sekret@h.invalid/db",
    "postgresql://u:5/pa?sekret@h.invalid/db",
    "postgresql://u:sekret%zz@h/db",
    'postgresql://u:pa"sekret%zz@h/db',
    "postgresql://u:sekret\nword%zz@h/db",
    "postgresql://u:%00sekret@h/db",
    "postgresql://u:%ffsekret@h/db?sslmode=%ffsekret",
    "postgresql://u:pa\udcffsekret@h/db",
    "postgresql://u:pa\x00sekret@h/db",
    "postgresql://u:sekret with spaces@h.invalid/db",
    "postgresql://u:sekret@[::1/db",
    "postgresql://u@h.invalid/db?password=sekret&no_option=1",
    "postgresql://u@h.invalid/db?password=sekret=more",
    "postgresql://u@h.invalid/db?password=sekret%",
    "postgresql:/u:sekret@h/db",
    "host=h.invalid password='sekret",
    "host=h.invalid password=a sekret=b",
    "host=h.invalid sslmode='pa\\'sekret'",
    "sekret",
)
"""URIs of which libpq makes nothing."""

MISREAD: Final = (
    "postgresql://u:5/sekret@h.invalid/db",
    "postgresql://u:pa@sekret@h.invalid/db",
    "postgresql://u:pa@sekret/x@h.invalid/db",
    "postgresql://u:pa?sekret@h.invalid/db",
    "postgresql://u:pa?sekret=1@h.invalid/db",
    "postgresql://u:sekret@h.invalid/db",
)
"""URIs that libpq takes for those of other hosts, which may come up."""

MALFORMED: Final = (*UNREADABLE, *MISREAD)


@pytest.mark.parametrize("uri", MALFORMED, ids=ascii)
def test_the_password_is_not_told(uri: str) -> None:
    factory = ConnectionFactory(SecretStr(uri), StatementLimits())
    with closing(factory), pytest.raises(DatabaseError) as caught:
        factory.connect()
    assert isinstance(caught.value, MalformedUri) is (uri in UNREADABLE)
    assert "sekret" not in repr(caught.value)
    assert len(str(caught.value)) > len("IO: [libpq] Failed to connect: ")


AT: Final = 'connection to server at "localhost" (::1), port 5432 failed: '
"""What libpq says first of a server that it has reached."""


@pytest.mark.parametrize(
    ("uri", "told", "shown"),
    [
        (
            "postgresql://me:x@localhost/none",
            f'{AT}FATAL:  database "none" does not exist',
            f'{AT}FATAL:  database "none" does not exist',
        ),
        (
            "postgresql://me:x@[::1]/db",
            'connection to server at "::1", port 5432 failed: no entry for host "10.0.0.1", user "me"',
            'connection to server at "::1", port 5432 failed: no entry for host "10.0.0.1", user "me"',
        ),
        (
            "postgresql://localhost:5432/sekret@h/db",
            f'{AT}FATAL:  database "sekret@h/db" does not exist',
            f'{AT}FATAL:  database "…" does not exist',
        ),
        (
            'postgresql://localhost:5432/a"sekret@h/db',
            f'{AT}FATAL:  database "a"sekret@h/db" does not exist',
            f'{AT}FATAL:  database "…"',
        ),
        (
            "postgresql://u:p@localhost/db?sslrootcert=/here",
            f'{AT}root certificate file "/here" does not exist\nHint',
            f'{AT}root certificate file "/here" does not exist',
        ),
        ("postgresql://u:5a@h/db", 'invalid value "5a" for "port"', 'invalid value "…" for "port"'),
        ("postgresql://u:5a@h/db", "", "ValueError"),
    ],
)
def test_what_helps_is_told(uri: str, told: str, shown: str) -> None:
    assert without_secrets(ValueError(told), uri) == shown
