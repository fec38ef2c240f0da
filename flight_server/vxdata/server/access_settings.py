"""Settings of access: encryption, and the identities that others vouch for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from vxdata.schemas.identity import Role
from vxdata.server.loopback import is_loopback

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a private key. Those by a shared secret (``HS256``), and ``none``, cannot be allowed."""


def require_encrypted(url: str) -> str:
    """Refuse an address whose answers others on the way could change.

    Args:
        url: An address of an identity provider.

    Returns:
        The same.

    Raises:
        ValueError: It is neither ``https`` nor on this machine.

    Example:
        >>> require_encrypted("http://idp.example.org/keys")
        Traceback (most recent call last):
        ValueError: give an address that begins with https://; http:// is for loopback alone
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        msg = "give an address that begins with https://; http:// is for loopback alone"
        raise ValueError(msg)
    return url


EncryptedUrl = Annotated[str, AfterValidator(require_encrypted)]


class AccessSettings(BaseModel, frozen=True):
    """How connections are encrypted, and which certificates and JWTs are identities."""

    tls_certificate: Path | None = Field(
        None,
        description="File with the certificate of both listeners and its intermediate certificates, in PEM; "
        "without it they do not use TLS. [Encryption](security/tls.md) explains more.",
    )
    tls_key: Path | None = Field(
        None,
        description="File with the private key of that certificate, in PEM, which only the server may read.",
    )
    tls_client_ca: Path | None = Field(
        None,
        description="File with the certificates of client authorities, in PEM. If set, both listeners "
        "refuse clients without a certificate that one of these has signed.",
    )
    certificate_roles: Mapping[str, Role] = Field(
        {},
        description="Roles of clients by the name in their certificates, as a JSON object: the first "
        "subject alternative name, or the common name where there is none.",
    )
    insecure: bool = Field(
        False,  # noqa: FBT003 - pydantic's default
        description="Whether to listen beyond loopback without TLS, or without asking callers who they are.",
    )
    oidc_issuer: EncryptedUrl | None = Field(
        None,
        description="Issuer of accepted JWTs, as in their claim `iss`; if unset, no JWT is accepted. "
        "[OpenID Connect](security/oidc.md) explains more.",
    )
    oidc_audience: tuple[str, ...] = Field(
        (), description="Accepted audiences (`aud`) of JWTs, as a JSON list."
    )
    oidc_jwks_url: EncryptedUrl | None = Field(
        None, description="Address of the issuer's public keys (JWKS); by default the issuer is asked for it."
    )
    oidc_ca: Path | None = Field(
        None,
        description="File with the certificates of authorities, in PEM, to verify the issuer's HTTPS; by "
        "default those of the system.",
    )
    oidc_algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = Field(
        ("RS256", "ES256"), description="Accepted signature algorithms, as a JSON list."
    )
    oidc_leeway: Annotated[float, Field(ge=0, le=300)] = Field(
        30.0, description="Seconds that the clocks of the issuer and of this server may differ."
    )
    oidc_name_claim: Annotated[str, Field(min_length=1)] = Field(
        "sub", description="Claim with the name of the caller, for the commit log and the audit."
    )
    oidc_role_claim: Annotated[str, Field(min_length=1)] = Field(
        "roles",
        description="Claim with the caller's roles or groups, one or a list; dots lead into objects, as in "
        "`realm_access.roles`.",
    )
    oidc_roles: Mapping[str, Role] | None = Field(
        None,
        description="Roles by the values of that claim, as a JSON object; the highest counts. By default "
        "`vxdata-reader`, `vxdata-writer`, `vxdata-curator` and `vxdata-administrator`.",
    )
    oidc_grants_claim: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Claim with the caller's grants, an object; JWTs without it are refused. If it is not "
        "set, the grants of JWTs are not limited.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            msg = "tls_certificate and tls_key belong together: set both, or neither"
            raise ValueError(msg)
        if self.tls_client_ca is not None and self.tls_certificate is None:
            msg = "tls_client_ca needs tls_certificate: only TLS asks clients for their certificates"
            raise ValueError(msg)
        if self.certificate_roles and self.tls_client_ca is None:
            msg = "certificate_roles needs tls_client_ca: without it, no client shows a certificate"
            raise ValueError(msg)
        if self.oidc_issuer is not None and not self.oidc_audience:
            msg = "oidc_issuer needs oidc_audience: else JWTs for any other service would be accepted"
            raise ValueError(msg)
        return self
