"""Signing in by an OpenID provider: authorization code with PKCE and a nonce. The extra `adequate[oidc]`.

What must survive the way there and back (state, nonce, verifier) lies in a cookie of ten minutes, so that any process
can take the browser back; the provider's answer counts only in the browser that set out.

Sources: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9700, best practice for OAuth 2.0.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from adequate.errors import AccessError, AdequateError, MissingExtraError
from adequate.studio.auth import names, register
from adequate.studio.auth.register import Desk
from adequate.studio.auth.secret import fresh
from adequate.studio.roles import Role

SIGNED = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")  # with a key of the provider's alone
LEEWAY = 60  # seconds that its clock and ours may differ
KEPT = 3600.0  # seconds that what it says of itself is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One browser on its way to the provider and back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Trip:
        """Three secrets."""
        return cls(state=fresh(), nonce=fresh(), verifier=fresh())

    @classmethod
    def of(cls, cookie: str) -> Trip:
        """As its cookie has it.

        Raises:
            AccessError: the browser didn't set out from here, or too long ago.
        """
        parts = cookie.split(".")
        if len(parts) != 3 or not all(parts):
            raise AccessError("this sign-in didn't begin in this browser, or too long ago", remedy="begin again")
        return cls(state=parts[0], nonce=parts[1], verifier=parts[2])

    def cookie(self) -> str:
        """What the browser keeps."""
        return f"{self.state}.{self.nonce}.{self.verifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, as the provider says.

    Args:
        subject: issuer and subject: never given to another.
        email: where the provider has verified it.
    """

    subject: str
    name: str
    email: str


class Provider:
    """An OpenID provider.

    Args:
        issuer: its URL, as it signs it.
        client_id, client_secret: what it knows this studio by.
        domain: whoever has a verified address there joins as labeller; others as viewer.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str, *, domain: str = "") -> None:
        try:
            import authlib.integrations.httpx_client
            import joserfc  # noqa: F401
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "signing in by a provider needs authlib and httpx", remedy="pip install 'adequate[oidc]'"
            ) from error
        self._client = authlib.integrations.httpx_client.AsyncOAuth2Client
        self.issuer = issuer
        self.name = issuer.partition("://")[2].strip("/")
        self._id, self._secret, self._domain = client_id, client_secret, domain.lower().lstrip("@")
        self._known: tuple[float, dict[str, Any]] | None = None

    async def away(self, trip: Trip, back: str) -> str:
        """The address at the provider to send a browser to.

        Args:
            back: ours, to which it returns.
        """
        async with self._open(back) as client:
            there = await self._about(client)
            url, _ = client.create_authorization_url(
                there["authorization_endpoint"], state=trip.state, nonce=trip.nonce, code_verifier=trip.verifier
            )
        return str(url)

    async def identity(self, trip: Trip, state: str, code: str, back: str) -> Identity:
        """Who came back.

        Raises:
            AccessError: not from this browser, refused over there, or not signed as it should be.
        """
        import httpx
        from authlib.integrations.base_client import OAuthError
        from joserfc.errors import JoseError

        if not state or state != trip.state:
            raise AccessError("this sign-in didn't begin in this browser", remedy="begin again")
        try:
            async with self._open(back) as client:
                there = await self._about(client)
                given = await client.fetch_token(there["token_endpoint"], code=code, code_verifier=trip.verifier)
                keys = (await client.request("GET", there["jwks_uri"], withhold_token=True)).raise_for_status().json()
            claims = self._checked(str(given["id_token"]), keys, trip.nonce)
        except (OAuthError, JoseError, httpx.HTTPError, KeyError, ValueError) as error:
            raise AccessError(
                f"{self.name} didn't vouch for you: {type(error).__name__}", remedy="begin again"
            ) from error
        email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
        name = str(claims.get("name") or claims.get("preferred_username") or email.partition("@")[0] or "somebody")
        return Identity(subject=f"{self.issuer} {claims['sub']}", name=name, email=email)

    def welcome(self, desk: Desk, one: Identity) -> str:
        """The id of somebody who came by the provider; the first time they join.

        Raises:
            AccessError: they were shut out.
        """
        from adequate.store import people

        known = people.by_subject(desk.connection, one.subject)
        if known is not None:
            if known.revoked is not None:
                raise AccessError("you may no longer come in here", remedy="ask an owner of the project")
            desk.actor = known.id
            return known.id
        at_home = bool(self._domain) and one.email.lower().endswith(f"@{self._domain}")
        role = Role.LABELLER if at_home else Role.VIEWER
        here = {names.same(member.name) for member in people.members(desk.connection)}
        name, number = names.cleaned(one.name), 1
        while names.same(found := name if number == 1 else f"{name} {number}") in here:
            number += 1
        return register.add(desk, found, role, subject=one.subject).id

    def _open(self, back: str) -> Any:
        return self._client(
            self._id,
            self._secret,
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=10,
        )

    async def _about(self, client: Any) -> dict[str, Any]:
        """What the provider says of itself."""
        import httpx

        if self._known is not None and time.monotonic() - self._known[0] < KEPT:
            return self._known[1]
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found: dict[str, Any] = (await client.request("GET", url, withhold_token=True)).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise AdequateError(f"{self.name} can't be asked: {error}", remedy="try again in a moment") from error
        if found.get("issuer") != self.issuer:
            raise AdequateError(f"{url} is of {found.get('issuer')!r}", remedy="name it so: --oidc-issuer")
        self._known = (time.monotonic(), found)
        return found

    def _checked(self, token: str, keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.jwk import KeySet

        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(SIGNED))  # type: ignore[arg-type]
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(found.claims)
        return dict(found.claims)
