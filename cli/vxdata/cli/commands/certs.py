"""`vxdata certs`: certificates for trials."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Final

import trustme
import typer
from cryptography.x509 import load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from vxdata.schemas.identity import Role

commands = typer.Typer(no_args_is_help=True)

HOSTS: Final = ("localhost", "127.0.0.1", "::1")
"""Names of this machine for itself."""

CLIENT_NAME: Final = "trial-client"

FILES: Final = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")

URL: Final = "grpc+tls://localhost:8815"
"""Address of a server at the default port."""


@commands.callback()
def certs() -> None:
    """Make certificates for trials."""


@commands.command("dev")
def dev(
    folder: Annotated[Path, typer.Argument(help="Folder for the files; made if missing.", file_okay=False)],
    host: Annotated[
        list[str] | None,
        typer.Option(help="A further name or address of the server; can be repeated.", show_default="none"),
    ] = None,
    client: Annotated[str, typer.Option(help="Name in the client's certificate.")] = CLIENT_NAME,
    days: Annotated[int, typer.Option(help="Days until the certificates expire.", min=1, max=825)] = 30,
) -> None:
    """Make an authority, a certificate for a server on this machine, and one for a client.

    They are for trials: whoever can read the folder can pretend to be the server or the client. The key of
    the authority is not kept, so it signs nothing else. What a folder has is kept, and its variables are
    printed again, as another shell needs them.
    """
    if all((folder / name).is_file() for name in FILES):
        sys.stderr.write(f"{folder} has certificates, which are kept; remove it to have new ones.\n")
    else:
        files = _certificates((*HOSTS, *(host or ())), client, dt.timedelta(days=days))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in zip(FILES, files, strict=True):
            _write_new(folder / name, content)
    sys.stdout.write(
        f"export {_assigned(folder, VXDATA_TLS_CERTIFICATE='server.pem', VXDATA_TLS_KEY='server.key')}\n"
        f"export {_assigned(folder, VXDATA_CA_FILE='ca.pem')} VXDATA_URL={URL}\n"
    )
    roles = shlex.quote(json.dumps({_name(folder / "client.pem"): Role.READER}))
    sys.stderr.write(
        "For a server that asks clients for certificates, and a client that has one:\n"
        f"export {_assigned(folder, VXDATA_TLS_CLIENT_CA='ca.pem')} VXDATA_CERTIFICATE_ROLES={roles}\n"
        f"export {_assigned(folder, VXDATA_CERTIFICATE_FILE='client.pem', VXDATA_KEY_FILE='client.key')}\n"
    )


def _assigned(folder: Path, **files: str) -> str:
    """Assign the full paths of files to variables, as a shell reads it."""
    return " ".join(f"{name}={shlex.quote(str(folder.absolute() / file))}" for name, file in files.items())


def _certificates(hosts: tuple[str, ...], client: str, lifetime: dt.timedelta) -> tuple[bytes, ...]:
    """Return the content of the files, in their order."""
    ends = dt.datetime.now(dt.UTC) + lifetime
    authority = trustme.CA(organization_name="VxData trial")
    server = authority.issue_cert(*hosts, not_after=ends)
    named = authority.issue_cert(common_name=client, not_after=ends)
    return (
        authority.cert_pem.bytes(),
        b"".join(each.bytes() for each in server.cert_chain_pems),
        server.private_key_pem.bytes(),
        b"".join(each.bytes() for each in named.cert_chain_pems),
        named.private_key_pem.bytes(),
    )


def _name(certificate: Path) -> str:
    """Return the common name in a certificate."""
    (name,) = load_pem_x509_certificate(certificate.read_bytes()).subject.get_attributes_for_oid(
        NameOID.COMMON_NAME
    )
    return str(name.value)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file for the user alone; one that exists may be in use, and stays."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
