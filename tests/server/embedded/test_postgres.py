from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import adbc_driver_postgresql.dbapi
import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from vxdata.server.embedded import EmbeddedStack


@pytest.fixture
def query(stack: EmbeddedStack, ask: Callable[..., list[tuple[Any, ...]]]) -> Callable[[str], list[Any]]:
    return lambda statement: [row[0] for row in ask(stack.postgres_uri.get_secret_value(), statement)]


def test_the_role_owns_its_database_and_little_else(query: Callable[[str], list[Any]]) -> None:
    assert query("SELECT current_user || ' ' || current_database()") == ["vxdata vxdata"]
    assert query(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'vxdata'"
    ) == [False]
    query("CREATE EXTENSION pg_trgm")
    assert query("SELECT array_to_string(show_trgm('é'), '') <> ''") == [True]
    query("DROP EXTENSION pg_trgm")


def test_the_cluster_is_made_as_intended(query: Callable[[str], list[Any]]) -> None:
    assert query("SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'vxdata'") == [
        "bC.UTF-8"
    ]
    for name, value in (
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("fsync", "on"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("wal_compression", "off"),
        ("io_method", "worker"),
    ):
        assert query(f"SELECT current_setting('{name}')") == [value]
    assert query("SELECT count(*) FROM pg_settings WHERE pending_restart") == [0]


def test_wrong_passwords_and_other_roles_are_refused(stack: EmbeddedStack) -> None:
    uri = stack.postgres_uri.get_secret_value()
    password = urlsplit(uri).password
    assert password
    for wrong in (
        uri.replace(password, "wrong"),
        uri.replace(f":{password}", ""),
        uri.replace("//vxdata:", "//vxdata_admin:"),
    ):
        with pytest.raises(adbc_driver_postgresql.dbapi.Error, match="password"):
            adbc_driver_postgresql.dbapi.connect(wrong)


def test_the_socket_directory_is_private_and_outside_the_data(stack: EmbeddedStack) -> None:
    (directory,) = parse_qs(urlsplit(stack.postgres_uri.get_secret_value()).query)["host"]
    status = os.stat(directory)  # noqa: PTH116 - a string from the URI
    assert status.st_mode & 0o777 == 0o700
    assert status.st_uid == psutil.Process(stack.pids["postgres"]).uids().real
    assert not directory.startswith(psutil.Process(stack.pids["postgres"]).cwd())
    assert psutil.Process(stack.pids["postgres"]).net_connections("inet") == []
