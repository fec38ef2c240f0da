"""Compression: the same rows with fewer bytes, where the network is what is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.flight
import pytest
from polars.testing import assert_frame_equal

from tests.store.relay import Relay
from vxdata.schemas.plan import encode
from vxdata.schemas.wire import COMPRESSION
from vxdata.sdk import Client, F, InvalidRequest
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.compression import codec_for

if TYPE_CHECKING:
    from vxdata.server.app import Server

ROWS = 2000


@pytest.fixture(scope="module")
def parent(client: Client) -> str:
    """A data source with artefacts that compress well."""
    identifier = "datasource/compressed"
    client.data_sources.create(pl.DataFrame({"identifier": [identifier], "license": ["CC BY 4.0"]}))
    client.artefacts.create(artefacts("before", identifier))
    return identifier


def artefacts(name: str, parent: str) -> pl.DataFrame:
    names = [f"artefact/compressed-{name}-{number}" for number in range(ROWS)]
    return pl.DataFrame({"identifier": names}).with_columns(
        license=pl.lit("CC BY 4.0"), parent_identifier=pl.lit(parent), description=pl.lit("again and " * 50)
    )


def pulled(server: Server, parent: str, compression: Any) -> tuple[pl.DataFrame, int]:
    """The artefacts, and the bytes that went over the network."""
    with Relay(server.flight_url) as relay:
        with Client(relay.url, compression=compression) as far:
            frame = far.artefacts.query().filter(F.parent_identifier == parent).collect()
        return frame, relay.carried


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_the_same_rows_in_fewer_bytes(server: Server, parent: str, codec: str) -> None:
    plain, plain_bytes = pulled(server, parent, None)
    packed, packed_bytes = pulled(server, parent, codec)
    assert plain.height >= ROWS
    assert_frame_equal(packed, plain, check_row_order=False)
    assert packed_bytes < plain_bytes / 5


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_uploads_too(server: Server, parent: str, codec: Any) -> None:
    with Relay(server.flight_url) as relay:
        with Client(relay.url, compression=codec) as far:
            receipt = far.artefacts.create(artefacts(codec, parent))
        assert receipt.counts == {"artefact": ROWS}
        assert relay.carried < ROWS * 100


@pytest.mark.parametrize("accepted", ["br", "", "br, lz4", "LZ4"])
def test_the_server_takes_what_it_knows(server: Server, client: Client, parent: str, accepted: str) -> None:
    plan = client.artefacts.query().filter(F.parent_identifier == parent).plan
    with Relay(server.flight_url) as relay:
        options = pyarrow.flight.FlightCallOptions(headers=[(COMPRESSION.encode(), accepted.encode())])
        with pyarrow.flight.connect(relay.url) as raw:
            assert raw.do_get(pyarrow.flight.Ticket(encode(plan)), options).read_all().num_rows >= ROWS
        assert (relay.carried < ROWS * 100) == ("lz4" in accepted)


@pytest.mark.parametrize(
    ("url", "codec"),
    [
        ("grpc://127.0.0.1:8815", None),
        ("grpc://127.8.8.8:8815", None),
        ("grpc://localhost:8815", None),
        ("grpc://[::1]:8815", None),
        ("grpc+unix:///run/vxdata.sock", None),
        ("grpc://10.0.0.7:8815", "zstd"),
        ("grpc+tls://data.example.org:8815", "zstd"),
    ],
)
def test_by_default_only_over_the_network(url: str, codec: str | None) -> None:
    assert codec_for(address_of(url), "auto") == codec


@pytest.mark.parametrize("wanted", ["gzip", "", 3, True])
def test_there_is_no_such_codec(wanted: Any) -> None:
    with pytest.raises(InvalidRequest, match="compression takes 'auto', 'zstd', 'lz4' or None"):
        Client(compression=wanted)
