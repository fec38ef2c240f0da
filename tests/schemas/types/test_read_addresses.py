"""Addresses to read by are those of boto3, whoever signs them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from vxdata.schemas.types.object_url import ObjectUrl
from vxdata.schemas.types.read_addresses import ReadSigner

if TYPE_CHECKING:
    from collections.abc import Callable

Method = Literal["get", "head"]

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/")
PARTS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda part: part not in {".", "..", "*"})
KEYS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)

SERVICES = {
    "here": {"endpoint_url": "http://127.0.0.1:9000", "region_name": "us-east-1"},
    "by name": {"endpoint_url": "https://s3.example.org", "region_name": "eu-north-1"},
    "below a path": {"endpoint_url": "https://example.org/s3/", "region_name": "eu-north-1"},
    "AWS": {"region_name": "eu-central-1"},
    "the oldest region of AWS": {"region_name": "us-east-1"},
}


class Service:
    """An S3 client that counts what it signs, and its credentials.

    Args:
        token: Token of a session, as roles have one.
        service: Arguments of the client.
    """

    def __init__(self, token: str | None = None, **service: Any) -> None:
        session = boto3.Session("AKIA0123456789", "secret+/secret", token)
        config = Config(signature_version="s3v4", request_checksum_calculation="when_required")
        self.client: Any = session.client("s3", config=config, **service)
        self.credentials: Any = session.get_credentials()
        self.signed = 0
        self.client.meta.events.register("provide-client-params.s3", self._count)

    def signer(self) -> ReadSigner:
        return ReadSigner(self.client, self.credentials, 900)

    def by_boto(self, method: Method, url: ObjectUrl) -> str:
        where = {"Bucket": url.bucket, "Key": url.key}
        return str(self.client.generate_presigned_url(f"{method}_object", Params=where, ExpiresIn=900))

    def _count(self, **_: object) -> None:
        self.signed += 1


def same_second(*makers: Callable[[], str]) -> list[str]:
    """What they make, all within one second, which addresses tell."""
    for _ in range(20):
        before, *made, after = makers[0](), *(make() for make in makers), makers[0]()
        if before == after:
            return made
    pytest.fail("no two addresses were signed in one second")


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("bucket", ["vxdata", "with.dots-and-dashes"])
@pytest.mark.parametrize("token", [None, "token/of+a=session"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_every_service_gets_the_addresses_of_boto(
    service: dict[str, str], bucket: str, token: str | None, method: Method
) -> None:
    made = Service(token, **service)
    signer = made.signer()
    url = ObjectUrl(bucket, "files/a b#c?d=e&f+g/100%/~'ä你😀\\{}^`[]|<>\":;,@!$()*.nii.gz")
    ours, boto = same_second(lambda: signer.sign(method, url), lambda: made.by_boto(method, url))
    assert ours == boto
    before = made.signed
    signer.sign(method, url)
    assert made.signed == before, "boto3 is not asked again"


LOCAL = Service(**SERVICES["here"])
LOCAL_SIGNER = LOCAL.signer()


@given(key=KEYS)
def test_every_key_gets_the_address_of_boto(key: str) -> None:
    url = ObjectUrl.parse(f"s3://vxdata/{key}")
    ours, boto = same_second(lambda: LOCAL_SIGNER.sign("get", url), lambda: LOCAL.by_boto("get", url))
    assert ours == boto


def test_keys_that_change_are_heeded() -> None:
    """As those of a role do, which boto3 renews."""
    made = Service(**SERVICES["here"])
    signer, url = made.signer(), ObjectUrl("vxdata", "a")
    assert "AKIA0123456789" in signer.sign("get", url)
    made.credentials.access_key, made.credentials.secret_key = "second", "other"
    ours, boto = same_second(lambda: signer.sign("get", url), lambda: made.by_boto("get", url))
    assert ours == boto
    assert "second" in ours


def test_where_boto_signs_with_other_keys_it_goes_on_to_sign() -> None:
    made = Service(**SERVICES["here"])
    made.credentials = Credentials("somebody", "else")
    signer = made.signer()
    assert "AKIA0123456789" in signer.sign("get", ObjectUrl("vxdata", "a"))
    before = made.signed
    signer.sign("get", ObjectUrl("vxdata", "b"))
    assert made.signed == before + 1


def test_without_credentials_boto_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session = boto3.Session(region_name="us-east-1")
    signer = ReadSigner(session.client("s3"), session.get_credentials(), 900)
    with pytest.raises(NoCredentialsError):
        signer.sign("get", ObjectUrl("vxdata", "a"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ALLOW_HTTP", "perhaps"),
        ("AWS_ENDPOINT", "http://elsewhere:1"),
        ("AWS_ENDPOINT_URL", "http://elsewhere:1"),
        ("AWS_ENDPOINT_URL_S3", "http://elsewhere:1"),
        ("AWS_REGION", "elsewhere-1"),
        ("AWS_REQUEST_PAYER", "true"),
        ("AWS_S3_EXPRESS", "true"),
        ("AWS_SERVER_SIDE_ENCRYPTION", "none"),
        ("AWS_SESSION_TOKEN", "of-another-session"),
        ("AWS_SKIP_SIGNATURE", "true"),
        ("AWS_TIMEOUT", "30"),
        ("AWS_TOKEN", "of-another-session"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "false"),
        ("HTTPS_PROXY", "::"),
        ("SSL_CERT_FILE", "/nowhere"),
    ],
)
def test_variables_of_the_environment_change_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    made = Service(**SERVICES["here"])
    monkeypatch.setenv(name, value)
    signer, url = made.signer(), ObjectUrl("vxdata", "a b")
    ours, boto = same_second(lambda: signer.sign("get", url), lambda: made.by_boto("get", url))
    assert ours == boto
    assert ours.startswith("http://127.0.0.1:9000/vxdata/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&")


# A child signs with a signer that its parent has used, and with one of its own.
FORKING = """
import os, signal
from tests.schemas.types.test_read_addresses import SERVICES, ObjectUrl, Service, same_second

made, url = Service(**SERVICES["here"]), ObjectUrl("vxdata", "a")
signer = made.signer()
signer.sign("get", url)
if os.fork() == 0:
    signal.alarm(20)
    for each in (signer, made.signer()):
        ours, boto = same_second(lambda: each.sign("get", url), lambda: made.by_boto("get", url))
        print(ours == boto, flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_signs_too() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\nTrue\n"), done.stderr
