"""Identities from outside, as the settings allow them: JWTs of an identity provider, client certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vxdata.server.identities.certificates import CertificateRoles
from vxdata.server.identities.claims import DEFAULT_ROLES, ClaimRules
from vxdata.server.identities.jwks import Jwks
from vxdata.server.identities.oidc import Accepted, JwtAuthenticator
from vxdata.server.identities.provider import Provider
from vxdata.server.tls.files import read_authorities

if TYPE_CHECKING:
    import datetime as dt

    from vxdata.server.access_settings import AccessSettings
    from vxdata.server.identities.authenticator import Authenticator

OIDC_CA = "VXDATA_OIDC_CA"


def vouched_identities(settings: AccessSettings, now: dt.datetime) -> list[Authenticator]:
    """Make the authenticators that the settings ask for.

    Args:
        settings: The settings of access.
        now: The present instant.

    Returns:
        The one of JWTs before the one of certificates: the connection of a program can have a certificate,
        while a JWT says on whose behalf each of its calls is.

    Raises:
        UnusableTlsFile: The file of the authorities of the identity provider cannot be used.
    """
    found: list[Authenticator] = []
    if settings.oidc_issuer is not None:
        found.append(_jwt_authenticator(settings, settings.oidc_issuer, now))
    if settings.certificate_roles:
        found.append(CertificateRoles(settings.certificate_roles))
    return found


def _jwt_authenticator(settings: AccessSettings, issuer: str, now: dt.datetime) -> JwtAuthenticator:
    ca = settings.oidc_ca
    authorities = None if ca is None else read_authorities(OIDC_CA, ca, now).decode("ascii")
    provider = Provider(issuer, settings.oidc_jwks_url, authorities)
    rules = ClaimRules(
        settings.oidc_name_claim,
        settings.oidc_role_claim,
        DEFAULT_ROLES if settings.oidc_roles is None else settings.oidc_roles,
        settings.oidc_grants_claim,
    )
    accepted = Accepted(issuer, settings.oidc_audience, settings.oidc_algorithms, settings.oidc_leeway)
    return JwtAuthenticator(accepted, Jwks(provider.keys), rules)
