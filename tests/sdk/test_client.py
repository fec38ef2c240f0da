"""The client: where it connects, and what it says when it cannot."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from vxdata.schemas.catalog.registry import registry
from vxdata.schemas.errors import InvalidRequest, RequestTimedOut, ServerUnavailable, UnknownResourceType
from vxdata.sdk import Client, F

if TYPE_CHECKING:
    from vxdata.server.app import Server


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class TestAddress:
    def test_is_the_one_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VXDATA_URL", "grpc://127.0.0.1:1")
        with Client(base_url="grpc://127.0.0.1:2") as client:
            assert client.base_url == "grpc://127.0.0.1:2"

    def test_is_that_of_the_environment_without_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VXDATA_URL", "grpc://127.0.0.1:1")
        with Client() as client:
            assert client.base_url == "grpc://127.0.0.1:1"

    @pytest.mark.parametrize("value", [None, ""])
    def test_is_this_machine_at_last(self, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
        if value is None:
            monkeypatch.delenv("VXDATA_URL", raising=False)
        else:
            monkeypatch.setenv("VXDATA_URL", value)
        with Client() as client:
            assert client.base_url == "grpc://127.0.0.1:8815"

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8815", "127.0.0.1:8815", "localhost", "grpc:127.0.0.1"]
    )
    def test_of_another_scheme_is_refused(self, url: str) -> None:
        with pytest.raises(
            InvalidRequest, match=r"has no scheme: write 'grpc://|must begin with one of"
        ) as caught:
            Client(url)
        assert caught.value.details == {"base_url": url}

    @pytest.mark.parametrize("url", ["grpc://localhost:port", "grpc://127.0.0.1:99999999", "grpc://[::1"])
    def test_that_is_malformed_is_refused(self, url: str) -> None:
        with pytest.raises(InvalidRequest, match="is no address such as") as caught:
            Client(url)
        assert caught.value.details == {"base_url": url}


class TestReach:
    def test_nothing_listens(self) -> None:
        url = f"grpc://127.0.0.1:{unused_port()}"
        with Client(url) as client:
            for call in (client.health, client.volumes.query().collect):
                with pytest.raises(
                    ServerUnavailable, match=r"Is the server running\? \(`vxdata up` starts"
                ) as caught:
                    call()
                assert url in caught.value.message
                assert caught.value.details["base_url"] == url
                assert "Connection refused" in caught.value.details["reason"]
                assert caught.value.retryable
                assert isinstance(caught.value, ConnectionError)

    def test_nobody_answers_in_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            with (
                Client(f"grpc://127.0.0.1:{port}", timeout=0.2) as client,
                pytest.raises(RequestTimedOut, match="longer than the client's timeout"),
            ):
                client.health()

    def test_a_closed_client_says_so(self, server: Server) -> None:
        client = Client(server.flight_url)
        client.health()
        client.close()
        client.close()
        with pytest.raises(InvalidRequest, match="client is closed; make a new one"):
            client.health()

    def test_the_block_closes(self, server: Server) -> None:
        with Client(server.flight_url) as client:
            assert client.health().status == "ok"
        with pytest.raises(InvalidRequest, match="client is closed"):
            client.volumes.query().collect()


def test_health_tells_version_and_last_commit(client: Client, datasource: str) -> None:
    health = client.health()
    assert health.status == "ok"
    assert health.server_version == version("vxdata")
    latest = client.data_sources.query().run()
    assert health.as_of is not None
    assert (health.version, health.as_of) == (latest.version, latest.as_of)
    assert latest.frame["version"].max() == health.version
    assert health.as_of <= datetime.now(UTC)


def test_shown_with_its_address(server: Server) -> None:
    with Client(server.flight_url) as client:
        assert repr(client) == f"Client('{server.flight_url}')"


def test_there_is_a_namespace_for_every_type(alone: Client) -> None:
    for payload_type in registry():
        by_name = getattr(alone, payload_type.namespace)
        assert by_name.query().plan == alone.namespace(payload_type.prefix).query().plan


def test_an_unknown_type_has_none(alone: Client) -> None:
    with pytest.raises(UnknownResourceType, match="Did you mean patient"):
        alone.namespace("patiant")


def test_now_is_the_last_commit(client: Client, datasource: str) -> None:
    snapshot, health = client.now(), client.health()
    assert (snapshot.version, snapshot.as_of) == (health.version, health.as_of)
    with Client(client.base_url, timestamp=snapshot) as past:
        client.data_sources.delete(datasource)
        assert past.now() == client.now() > snapshot


def test_the_log_of_commits_is_a_query(client: Client, datasource: str) -> None:
    version = client.now().version
    (row,) = client.commits().filter(F.version == version).select("verb", "version").collect().to_dicts()
    assert row == {"verb": "create", "version": version}
    newest = client.commits().order_by("version", descending=True).limit(1)
    assert newest.collect()["version"].item() == version
    assert client.commits().filter(F.verb == "create").exists()
    with Client(client.base_url, timestamp=client.now()) as past:
        client.data_sources.delete(datasource)
        assert past.commits().filter(F.version > version).count() == 0
        assert client.commits().filter(F.version > version).count() == 1
