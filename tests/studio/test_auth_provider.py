"""Signing in by an OpenID provider: a small one, in process, that signs as a real one does."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adequate.studio.auth.provider import Provider
from tests.studio.serving import Served, serving

CLIENT, SECRET = "studio", "between us"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)


@dataclass
class There:
    """The provider. `asked`: what the browser brought; `says`: changes what the token claims."""

    url: str
    asked: dict[str, str] = field(default_factory=dict)
    says: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: KEY)

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorise",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if form["code"] != "a-code" or challenge.decode() != self.asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        claims = {"iss": self.url, "aud": CLIENT, "sub": "42", "exp": time.time() + 60, "nonce": self.asked["nonce"]}
        claims |= {"name": "Ann Lee", "email": "ann@example.com", "email_verified": True}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, self.says(claims), self.key)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def there() -> Iterator[There]:
    class Answers(BaseHTTPRequestHandler):
        def _say(self, status: int, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            keys = {"keys": [KEY.as_dict(private=False)]}
            self._say(200, keys if self.path == "/keys" else provider.about())

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(*provider.token({name: values[0] for name, values in parse_qs(sent).items()}))

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    provider = There(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


def visit(served: Served, there: There, *, browser: httpx.Client | None = None) -> httpx.Response:
    """Away and back again: what the studio answers at the end."""
    browser = browser or served.client("")
    with browser:
        away = browser.get("/api/provider/start")
        there.asked = {name: values[0] for name, values in parse_qs(urlsplit(away.headers["location"]).query).items()}
        assert there.asked["code_challenge_method"] == "S256"
        return browser.get("/api/provider/back", params={"state": there.asked["state"], "code": "a-code"})


@pytest.fixture
def known(root: Path, there: There) -> Iterator[Served]:
    """A studio that knows the provider."""
    with serving(root, provider=Provider(there.url, CLIENT, SECRET, domain="example.com")) as one:
        yield one


def you(served: Served, answer: httpx.Response) -> dict[str, Any]:
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("adequate_") and "trip" not in c)
    with served.client("") as browser:
        found: dict[str, Any] = browser.get("/api/session", headers={"Cookie": cookie.partition(";")[0]}).json()["you"]
    return found


def test_somebody_new_joins_by_the_provider_and_comes_back_as_the_same(known: Served, there: There) -> None:
    answer = visit(known, there)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    first = you(known, answer)
    assert (first["name"], first["role"]) == ("Ann Lee", "labeller")  # a verified address of our domain
    assert you(known, visit(known, there)) == first


@pytest.mark.parametrize(
    "more", [{"email": "ann@elsewhere.com"}, {"email_verified": False}, {"email": "a@bexample.com"}]
)
def test_an_address_that_is_not_ours_or_not_verified_makes_a_viewer(
    known: Served, there: There, more: dict[str, Any]
) -> None:
    there.says = lambda claims: claims | more
    assert you(known, visit(known, there))["role"] == "viewer"


@pytest.mark.parametrize(
    "more",
    [
        {"nonce": "another"},
        {"aud": "somebody else"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(known: Served, there: There, more: dict[str, Any]) -> None:
    there.says = lambda claims: claims | more
    assert visit(known, there).headers["location"] == "/join?refused=provider"


def test_a_token_signed_by_somebody_else_opens_nothing(known: Served, there: There) -> None:
    there.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
    assert visit(known, there).headers["location"] == "/join?refused=provider"


def test_an_answer_counts_only_in_the_browser_that_set_out(known: Served, there: There) -> None:
    with known.client("") as victim:
        visit(known, there)
        theirs = {"state": there.asked["state"], "code": "a-code"}
        refused = victim.get("/api/provider/back", params=theirs)
        victim.get("/api/provider/start")  # on a trip of their own, the other's answer is still not theirs
        refused_too = victim.get("/api/provider/back", params=theirs)
    for answer in (refused, refused_too):
        assert answer.headers["location"] == "/join?refused=provider"


def test_a_name_from_the_provider_is_made_fit_and_never_somebody_elses(known: Served, there: There) -> None:
    known.signed_in("owner")
    there.says = lambda claims: claims | {"name": "Own\u202eer\r\n"}
    assert you(known, visit(known, there))["name"] == "Owner 2"


def test_who_was_shut_out_is_not_let_in_by_the_provider(known: Served, there: There) -> None:
    visit(known, there)
    with known.client("owner") as owner:
        owner.delete("/api/people/ann-lee").raise_for_status()
    assert visit(known, there).headers["location"] == "/join?refused=provider"


def test_without_a_provider_there_is_no_such_way(served: Served) -> None:
    with served.client("") as browser:
        assert browser.get("/api/session/ways").json()["provider"] is None
        assert browser.get("/api/provider/start").status_code == 404
