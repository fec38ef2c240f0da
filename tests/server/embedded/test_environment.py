from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.fixtures.hostile import AWS, HOSTILE, PROXIES
from vxdata.server.embedded.environment import clean_environment, isolated_session
from vxdata.server.embedded.s3 import S3Probe, s3_client

if TYPE_CHECKING:
    from vxdata.server.embedded import EmbeddedStack

OURS = {"PATH": "/bin", "HOME": "/root", "VXDATA_PORT": "1", "LANG": "C", "PAGER": "less"}


def test_what_is_meant_for_other_servers_is_removed_and_nothing_else() -> None:
    environ = HOSTILE | OURS | {"No_Proxy": "x", "REQUESTS_CA_BUNDLE": "x"}
    removed = clean_environment(environ)
    assert set(removed) == {*HOSTILE, "No_Proxy", "REQUESTS_CA_BUNDLE"}
    # botocore is told of empty files, as it would read those in the home directory otherwise.
    added = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    assert environ == OURS | added
    assert clean_environment(environ) == []


@pytest.mark.parametrize("name", [name for name, value in AWS.items() if value in {"nope", "/etc/passwd"}])
def test_no_variable_reaches_an_isolated_session(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, AWS[name])
    keys: dict[str, Any] = {
        "aws_access_key_id": "a",
        "aws_secret_access_key": "b",
        "region_name": "us-east-1",
    }
    with pytest.raises(BotoCoreError):
        boto3.Session().client("s3", **keys)
    isolated_session().client("s3", **keys).close()


def test_the_embedded_s3_is_reached_whatever_the_environment(
    stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (AWS | PROXIES).items():
        monkeypatch.setenv(name, value)
    probe = S3Probe(s3_client(stack.s3))
    assert probe.succeeds(), probe.last_answer
