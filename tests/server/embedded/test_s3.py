from __future__ import annotations

import random
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from botocore.exceptions import ClientError

from vxdata.server.embedded import ChildFailed, S3Endpoint, weed
from vxdata.server.embedded.s3 import S3Probe, s3_client

if TYPE_CHECKING:
    from pydantic import SecretStr

    from vxdata.server.embedded import EmbeddedStack


def refusal(caught: pytest.ExceptionInfo[ClientError]) -> int:
    status: int = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


@pytest.mark.parametrize("size", [0, 1, 100_000, 9_000_000])
def test_objects_come_back(stack: EmbeddedStack, blobs: Any, size: int) -> None:
    body = random.randbytes(size)
    blobs.put_object(Bucket=stack.s3.bucket, Key=f"some/{size}", Body=body)
    assert blobs.get_object(Bucket=stack.s3.bucket, Key=f"some/{size}")["Body"].read() == body


def test_the_readiness_probe_leaves_nothing_behind(stack: EmbeddedStack, blobs: Any) -> None:
    assert S3Probe(blobs).succeeds()
    assert "Contents" not in blobs.list_objects_v2(Bucket=stack.s3.bucket, Prefix=".vxdata-ready")


def test_anonymous_and_wrong_keys_are_refused(stack: EmbeddedStack, blobs: Any) -> None:
    blobs.put_object(Bucket=stack.s3.bucket, Key="private", Body=b"x")
    url = f"{stack.s3.url}/{stack.s3.bucket}/private"
    assert httpx.get(url).status_code == 403
    assert httpx.put(url, content=b"y").status_code == 403
    endpoint = stack.s3
    for access_key in (endpoint.access_key, "VXNOBODY"):
        wrong: SecretStr = type(endpoint.secret_key)("wrong")
        client = s3_client(S3Endpoint(endpoint.url, endpoint.region, endpoint.bucket, access_key, wrong))
        with pytest.raises(ClientError) as caught:
            client.get_object(Bucket=endpoint.bucket, Key="private")
        assert refusal(caught) == 403


def test_the_ports_behind_s3_ask_for_a_token_too(stack: EmbeddedStack, blobs: Any) -> None:
    blobs.put_object(Bucket=stack.s3.bucket, Key="behind", Body=b"x")
    ports, home = stack._blobs.ports, stack._blobs.directory / "home"
    context = ssl.create_default_context(cafile=home / weed.AUTHORITY)
    context.load_cert_chain(home / weed.CERTIFICATE, home / weed.KEY)
    with httpx.Client(verify=context) as part:
        url = f"https://127.0.0.1:{ports.filer}/buckets/{stack.s3.bucket}/behind"
        assert part.get(url).status_code == 401
        assert part.put(url, content=b"y").status_code == 401
        assert part.delete(url).status_code == 401
        assigned = part.get(f"https://127.0.0.1:{ports.master}/dir/assign").json()
        volume = f"https://127.0.0.1:{ports.volume}/{assigned['fid']}"
        assert part.get(volume).status_code == 401
        assert part.put(volume, files={"file": b"y"}).status_code == 401


def test_it_listens_on_loopback_only_and_calls_nobody(stack: EmbeddedStack) -> None:
    connections = psutil.Process(stack.pids["s3"]).net_connections("inet")
    listening = {found.laddr.port for found in connections if found.status == psutil.CONN_LISTEN}
    assert listening == set(stack._blobs.ports.every)
    assert {found.laddr.ip for found in connections} == {"127.0.0.1"}
    assert {getattr(found.raddr, "ip", "127.0.0.1") for found in connections} == {"127.0.0.1"}


def test_writes_to_the_bucket_are_synced(stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without options the command changes nothing and prints the configuration in force.
    monkeypatch.setattr(weed, "fsync_script", lambda _: "fs.configure\n")
    stack._blobs._make_durable()
    monkeypatch.setattr(weed, "fsync_script", lambda _: "help\n")
    with pytest.raises(ChildFailed, match="weed shell"):
        stack._blobs._make_durable()
