"""What the pages about security show can be run: settings, commands and clients."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.commands import in_shell
from tests.fixtures.pages import Block, blocks, run
from tests.server.identities.issuer import AUDIENCE, running_issuer
from tools.tree import TOP
from vxdata.schemas.identity import Grants
from vxdata.server.app import Server
from vxdata.server.config import Settings

if TYPE_CHECKING:
    from tests.fixtures.certificates import Pki

TLS_PAGE = TOP / "docs/security/tls.md"
OIDC_PAGE = TOP / "docs/security/oidc.md"


@pytest.fixture
def trusted(pki: Pki, tmp_path: Path) -> Path:
    """A folder in which the authority of the session's certificates lies where the page has it."""
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/ca.pem").write_bytes(pki.root.certificate.read_bytes())
    return tmp_path


def shown_at(code: str, server: Server) -> str:
    """Code of the page with the addresses of a server."""
    http, flight = (url.rpartition(":")[2] for url in (server.http_url, server.flight_url))
    return code.replace("localhost:8816", f"localhost:{http}").replace(
        "localhost:8815", f"localhost:{flight}"
    )


@pytest.mark.parametrize(
    "block",
    [*blocks(TLS_PAGE, "toml"), *blocks(OIDC_PAGE, "toml")],
    ids=lambda block: f"{block.heading}, line {block.line}",
)
def test_settings_are_taken(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(block.code, encoding="utf-8")
    monkeypatch.setenv("VXDATA_CONFIG", str(file))
    settings = Settings()
    assert settings.tls_certificate == Path("certs/server.pem") or settings.oidc_audience == ("vxdata",)


def test_certificates_are_made(tmp_path: Path) -> None:
    (made,) = (block for block in blocks(TLS_PAGE, "sh") if "certs dev" in block.code)
    printed = in_shell(
        f"{made.code}\n{made.code}\necho $VXDATA_URL\n"
        "echo $VXDATA_CA_FILE $VXDATA_TLS_CERTIFICATE $VXDATA_TLS_KEY",
        tmp_path,
    )
    url, files = printed.splitlines()[-2:]
    assert url == "grpc+tls://localhost:8815"
    assert all(Path(path).is_file() for path in shlex.split(files))


def test_other_programs_trust_the_authority(tls_server: Server, trusted: Path) -> None:
    (asking,) = (block for block in blocks(TLS_PAGE, "sh") if "curl" in block.code)
    printed = in_shell(shown_at(asking.code, tls_server), trusted)
    assert '{"status":"ok"}' in printed
    assert "Verify return code: 0 (ok)" in printed


def test_a_client_trusts_the_authority(
    tls_server: Server, trusted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(trusted)
    (block,) = blocks(TLS_PAGE)
    run(Block(block.heading, block.line, shown_at(block.code, tls_server)), {})
    assert capsys.readouterr().out == "[]\n"


def test_grants_are_in_the_form_of_tokens() -> None:
    (block,) = blocks(OIDC_PAGE, "json")
    assert Grants.model_validate_json(block.code).write == ("datasource/a",)


def test_clients_show_jwts(settings: Settings, tmp_path: Path) -> None:
    with running_issuer() as issuer:
        given = {"authentication": "required", "oidc_issuer": issuer.url, "oidc_audience": (AUDIENCE,)}
        with Server(settings.model_copy(update={**given, "cache_dir": None})) as server:
            (block,) = blocks(OIDC_PAGE)
            code = block.code.replace("https://login.example.org/realms/research", issuer.url)
            code = code.replace("grpc+tls://data.example.org:8815", server.flight_url)
            names: dict[str, Any] = {}
            run(Block(block.heading, block.line, code), names)
            assert names["patients"] >= 0
            (asking,) = blocks(OIDC_PAGE, "sh")
            code = asking.code.replace("https://data.example.org:8816", server.http_url)
            printed = in_shell(f"{code} --fail-with-body", tmp_path, {"VXDATA_TOKEN": issuer.sign()})
            assert '"volume"' in printed
