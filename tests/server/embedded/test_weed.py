from __future__ import annotations

import json
import tomllib
from pathlib import Path

from vxdata.server.embedded import weed
from vxdata.server.embedded.secrets import StackSecrets
from vxdata.server.embedded.weed import (
    WeedPorts,
    confirms_fsync,
    fsync_script,
    identities_text,
    mini_arguments,
    security_text,
)

HERE = Path("/d")
PORTS = WeedPorts(s3=11001, master=11002, volume=11003, filer=11004, admin=11005)


def test_every_port_is_ours_and_nothing_listens_or_reports_outside() -> None:
    arguments = mini_arguments(Path("/d"), Path("/s3.json"), Path("/run"), PORTS)
    options = dict(argument.lstrip("-").split("=", 1) for argument in arguments if "=" in argument)
    assert {int(value) for name, value in options.items() if ".port" in name} == {0, *PORTS.every}
    assert options["ip.bind"] == options["ip"] == "127.0.0.1"
    assert options["master.telemetry"] == "false"
    assert options["s3.config"] == "/s3.json"
    assert len(set(PORTS.every)) == 10


def test_secrets_reach_the_files_and_not_the_arguments() -> None:
    secrets = StackSecrets()
    identity = json.loads(identities_text(secrets))["identities"][0]
    assert identity["credentials"][0]["secretKey"] == secrets.s3_secret_key.get_secret_value()
    keys = tomllib.loads(security_text(secrets))["jwt"]
    assert secrets.volume_write_key.get_secret_value() not in str(mini_arguments(HERE, HERE, HERE, PORTS))
    assert keys["signing"]["key"] == secrets.volume_write_key.get_secret_value()
    assert keys["filer_signing"]["read"]["key"] == secrets.filer_read_key.get_secret_value()


def test_every_part_has_a_certificate_and_asks_for_one() -> None:
    told = tomllib.loads(security_text(StackSecrets()))
    grpc, https = told["grpc"], told["https"]
    assert {"master", "volume", "filer", "s3", "admin", "worker", "client"} == grpc.keys() - {"ca"}
    assert {"master", "volume", "filer", "admin", "client"} == https.keys()
    for part in (*(grpc[name] for name in grpc.keys() - {"ca"}), *https.values()):
        assert (part["cert"], part["key"]) == (weed.CERTIFICATE, weed.KEY)
    assert {grpc["ca"], *(part["ca"] for part in https.values())} == {weed.AUTHORITY}
    assert https["client"]["enabled"] is True


def test_only_a_configuration_with_the_setting_confirms() -> None:
    place = {"locationPrefix": "/buckets/vxdata/", "fsync": True}
    assert "/buckets/vxdata/ -fsync=true" in fsync_script("vxdata")
    assert confirms_fsync(f"> {json.dumps({'locations': [place]})}\n", "vxdata")
    assert not confirms_fsync(json.dumps({"locations": [{**place, "fsync": False}]}), "vxdata")
    assert not confirms_fsync(json.dumps({"locations": [place]}), "other")
    assert not confirms_fsync("error: no master", "vxdata")
    assert not confirms_fsync("{}", "vxdata")
