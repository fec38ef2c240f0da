"""JWTs: those that the issuer has signed for this server are identities, and no others are."""

from __future__ import annotations

import base64
import json
import random
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.server.identities.issuer import AUDIENCE, Issuer, running_issuer
from tests.server.support import until
from vxdata.schemas.errors import NotAuthenticated, NotPermitted
from vxdata.schemas.identity import EVERYTHING, Role
from vxdata.server.call import Principal
from vxdata.server.identities.authenticator import Presented, refused
from vxdata.server.identities.claims import ClaimRules
from vxdata.server.identities.jwks import Jwks
from vxdata.server.identities.oidc import REMEMBER_SECONDS, Accepted, JwtAuthenticator
from vxdata.server.identities.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def authenticator(
    issuer: Issuer, rules: ClaimRules | None = None, clock: Callable[[], float] = time.time, **changed: Any
) -> JwtAuthenticator:
    """Make an authenticator that accepts what the issuer signs for this server."""
    usual: dict[str, Any] = {"audiences": [AUDIENCE], "algorithms": ["RS256", "ES256"], "leeway": 30.0}
    accepted = Accepted(issuer.url, **{**usual, **changed})
    return JwtAuthenticator(accepted, Jwks(Provider(issuer.url).keys), rules or ClaimRules(), clock)


@pytest.fixture
def known(issuer: Issuer) -> JwtAuthenticator:
    return authenticator(issuer)


def shown(text: str) -> Presented:
    return Presented(authorization=f"Bearer {text}")


def part(value: object) -> str:
    """Encode a part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_who_has_a_jwt_is_known(issuer: Issuer, known: JwtAuthenticator) -> None:
    principal = known.identify(shown(issuer.sign(roles=["staff", "vxdata-reader", "vxdata-curator"])))
    assert principal is not None
    assert (principal.name, principal.role, principal.how) == ("oidc:ada", Role.CURATOR, "oidc")
    assert principal.grants == EVERYTHING


@pytest.mark.parametrize("audience", [AUDIENCE, ["other", AUDIENCE]])
def test_audiences(issuer: Issuer, known: JwtAuthenticator, audience: object) -> None:
    assert known.identify(shown(issuer.sign(aud=audience))) is not None


def test_clocks_may_differ_a_little(issuer: Issuer, known: JwtAuthenticator) -> None:
    now = int(time.time())
    assert known.identify(shown(issuer.sign(exp=now - 5))) is not None
    assert known.identify(shown(issuer.sign(iat=now + 5, nbf=now + 5))) is not None


@pytest.mark.parametrize(
    "text", ["vxd_" + "a" * 16 + "_" + "b" * 43, "", "a", "a.b", "a.b.c.d", "ä.b.c"], ids=ascii
)
def test_other_credentials_are_left_to_others(known: JwtAuthenticator, text: str) -> None:
    assert known.identify(shown(text)) is None
    assert known.identify(Presented(certificate="ada")) is None
    assert known.identify(Presented(authorization="Basic YTpi.b.c")) is None


def forgeries(issuer: Issuer) -> dict[str, str]:
    """JWTs that nobody should take, by what is wrong with them."""
    now = int(time.time())
    good = issuer.sign()
    head, body, tail = good.split(".")
    stranger = ec.generate_private_key(ec.SECP256R1())
    public = jwt.PyJWK(issuer.published[issuer.kid]).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    rs256 = issuer.add_key("RS256")
    administrator = part(issuer.claims(roles=["vxdata-administrator"]))
    alone = {"alg": "HS256", "kid": issuer.kid, "typ": "JWT"}
    shared = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = f"{part(alone)}.{administrator}"
    by_public_key = base64.urlsafe_b64encode(shared.sign(signed.encode(), pem)).rstrip(b"=").decode()
    return {
        "no algorithm": f"{part({'alg': 'none', 'kid': issuer.kid})}.{administrator}.",
        "No Algorithm": f"{part({'alg': 'NoNe', 'kid': issuer.kid})}.{administrator}.",
        "no algorithm, with a signature": f"{part({'alg': 'none', 'kid': issuer.kid})}.{body}.{tail}",
        "the public key as a secret": f"{signed}.{by_public_key}",
        "the key of a stranger": jwt.encode(issuer.claims(), stranger, "ES256", {"kid": issuer.kid}),
        "a key that the caller brings": jwt.encode(
            issuer.claims(),
            stranger,
            "ES256",
            {"kid": "mine", "jwk": jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key(), as_dict=True)},
        ),
        "an address that the caller brings": jwt.encode(
            issuer.claims(), stranger, "ES256", {"kid": "mine", "jku": "https://evil.example.org/keys"}
        ),
        "an unknown key": jwt.encode(issuer.claims(), stranger, "ES256", {"kid": "invented"}),
        "no key named": jwt.encode(issuer.claims(), stranger, "ES256"),
        "a key that is no text": f"{part({'alg': 'ES256', 'kid': 1})}.{body}.{tail}",
        "another key than it says": issuer.sign(kid=rs256, header={"kid": issuer.kid}),
        "other claims": f"{head}.{administrator}.{tail}",
        "another issuer": issuer.sign(iss="https://evil.example.org"),
        "an issuer with a slash more": issuer.sign(iss=f"{issuer.url}/"),
        "no issuer": issuer.sign(iss=None),
        "another audience": issuer.sign(aud="someone-else"),
        "a longer audience": issuer.sign(aud=f"{AUDIENCE}2"),
        "no audience": issuer.sign(aud=None),
        "expired": issuer.sign(exp=now - 60),
        "no end": issuer.sign(exp=None),
        "an end that is no number": issuer.sign(exp="never"),
        "of the future": issuer.sign(nbf=now + 600),
        "issued in the future": issuer.sign(iat=now + 600),
        "no beginning": issuer.sign(iat=None),
        "nobody": issuer.sign(sub=None),
        "a critical extension": issuer.sign(header={"crit": ["b64"], "b64": False}),
        "for another use": issuer.sign(header={"typ": "logout+jwt"}),
        "two dots": "..",
        "empty parts": f"{head}..{tail}",
        "no signature": f"{head}.{body}.",
        "brackets": f"{base64.urlsafe_b64encode(b'[' * 6000).decode().rstrip('=')}.{body}.{tail}",
        "braces": f"{part({'alg': 'ES256', 'kid': issuer.kid})}.{'e30' * 2000}.{tail}",
        "padding": f"{good}==",
        "no object": f"{part([])}.{body}.{tail}",
        "bytes": f"{base64.urlsafe_b64encode(bytes(range(256))).decode()}.{body}.{tail}",
    }


def outcome(known: JwtAuthenticator, text: str) -> Principal | str | None:
    """Show a JWT; return who it is about, or why it is refused."""
    try:
        return known.identify(shown(text))
    except NotAuthenticated as error:
        return str(error.to_wire())


def test_no_forgery_is_taken(issuer: Issuer, known: JwtAuthenticator) -> None:
    assert known.identify(shown(issuer.sign())) is not None
    outcomes = {what: outcome(known, text) for what, text in forgeries(issuer).items()}
    assert outcomes == dict.fromkeys(outcomes, str(refused().to_wire()))


def test_no_part_of_a_jwt_is_enough(issuer: Issuer, known: JwtAuthenticator) -> None:
    """Truncations, and flipped bits anywhere, are refused: also of a JWT that is remembered."""
    text = issuer.sign()
    principal = known.identify(shown(text))
    assert principal is not None
    generator = random.Random(7)
    changed = [text[:length] for length in range(0, len(text), 3)]
    for _ in range(300):
        place = generator.randrange(len(text))
        flipped = chr(ord(text[place]) ^ (1 << generator.randrange(7)))
        changed.append(text[:place] + flipped + text[place + 1 :])
    assert [each for each in changed if isinstance(outcome(known, each), Principal)] == []


def test_algorithms_are_those_of_the_settings(issuer: Issuer) -> None:
    kid = issuer.add_key("EdDSA")
    text = issuer.sign(kid=kid)
    with pytest.raises(NotAuthenticated):
        authenticator(issuer).identify(shown(text))
    assert authenticator(issuer, algorithms=["EdDSA"]).identify(shown(text)) is not None


class TestRemembered:
    def test_a_jwt_is_checked_once(self, issuer: Issuer) -> None:
        clock = [time.time()]
        known = authenticator(issuer, clock=lambda: clock[0])
        text = issuer.sign(exp=int(clock[0]) + 3600)
        first = known.identify(shown(text))
        for _ in range(10):
            assert known.identify(shown(text)) is first
        clock[0] += REMEMBER_SECONDS + 1
        assert known.identify(shown(text)) == first
        assert known.identify(shown(text)) is not first

    def test_a_remembered_jwt_ends_when_it_says(self, issuer: Issuer) -> None:
        now = time.time()
        clock = [now - 20]
        known = authenticator(issuer, clock=lambda: clock[0], leeway=0.0)
        end = int(now) + 4  # a busy machine takes its time to check the JWT
        text = issuer.sign(exp=end)
        assert known.identify(shown(text)) is not None
        until(lambda: time.time() >= end, "it has ended")
        clock[0] = time.time()
        with pytest.raises(NotAuthenticated):
            known.identify(shown(text))


class TestClaims:
    def test_grants(self, issuer: Issuer) -> None:
        known = authenticator(issuer, ClaimRules(grants="vxdata_grants"))
        principal = known.identify(shown(issuer.sign(vxdata_grants={"read": ["datasource/a"]})))
        assert principal is not None
        assert principal.grants.read == ("datasource/a",)

    def test_everything_is_said_in_a_word(self, issuer: Issuer) -> None:
        known = authenticator(issuer, ClaimRules(grants="vxdata_grants"))
        principal = known.identify(shown(issuer.sign(vxdata_grants="everything")))
        assert principal is not None
        assert principal.grants == EVERYTHING

    def test_an_empty_part_grants_nothing(self, issuer: Issuer) -> None:
        known = authenticator(issuer, ClaimRules(grants="vxdata_grants"))
        principal = known.identify(shown(issuer.sign(vxdata_grants={"read": [], "catalogs": {}})))
        assert principal is not None
        assert principal.grants.read == ()
        assert not principal.grants.may_write("datasource/a")
        assert not principal.grants.shows_catalog("cda")

    @pytest.mark.parametrize(
        "grants",
        [
            None,
            "all",
            [],
            {},
            {"read": None},
            {"read": ["datasource/a"], "types": None},
            {"reed": ["datasource/a"]},
            {"read": "datasource/a"},
        ],
    )
    def test_no_grants_are_not_all_grants(self, issuer: Issuer, grants: object) -> None:
        known = authenticator(issuer, ClaimRules(grants="vxdata_grants"))
        with pytest.raises(NotPermitted, match="no grants in the claim 'vxdata_grants'"):
            known.identify(shown(issuer.sign(vxdata_grants=grants)))

    @pytest.mark.parametrize(
        "roles", [None, [], "", ["reader"], ["administrator"], {"vxdata-reader": 1}, [["vxdata-reader"]], 7]
    )
    def test_no_role(self, issuer: Issuer, known: JwtAuthenticator, roles: object) -> None:
        with pytest.raises(NotPermitted, match="none of this server's roles in the claim 'roles'"):
            known.identify(shown(issuer.sign(roles=roles)))

    def test_roles_of_the_settings(self, issuer: Issuer) -> None:
        rules = ClaimRules("preferred_username", "realm_access.roles", {"radiology": Role.WRITER})
        text = issuer.sign(preferred_username="Ada", realm_access={"roles": ["radiology", "vxdata-reader"]})
        principal = authenticator(issuer, rules).identify(shown(text))
        assert principal is not None
        assert (principal.name, principal.role) == ("oidc:Ada", Role.WRITER)

    @pytest.mark.parametrize("name", ["", "a\nb", "a\0b", "a" * 201, 7, ["ada"]])
    def test_names_that_are_none(self, issuer: Issuer, name: object) -> None:
        known = authenticator(issuer, ClaimRules("preferred_username"))
        with pytest.raises(NotPermitted, match="no name"):
            known.identify(shown(issuer.sign(preferred_username=name)))
