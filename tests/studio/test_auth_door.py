"""The guard at the door: where a request may come from, who it is, and what every answer carries."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from adequate.studio.auth.guard import BODY
from tests.studio.serving import Served


def test_nobody_gets_past_the_page_without_being_signed_in(served: Served) -> None:
    with served.client("") as stranger:
        assert stranger.get("/api/session").json() == {"you": None}
        assert stranger.get("/api/people").status_code == 401
        assert stranger.get("/api/audit").status_code == 401
        assert "script" in stranger.get("/").text or stranger.get("/").status_code == 503  # the page isn't built here
    with pytest.raises(InvalidStatus):
        served.live("")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_another_sites_page_changes_nothing_with_somebodys_cookie(served: Served, headers: dict[str, str]) -> None:
    with served.client("owner") as owner:
        del owner.headers["Sec-Fetch-Site"]
        said = {name: value for name, value in headers.items() if value}
        refused = owner.post("/api/invites", json={}, headers=said)
        assert refused.status_code == 403
        assert "own page" in refused.json()["message"]
        assert owner.get("/api/people", headers=said).json()["invites"] == []


def test_an_older_browser_is_known_by_its_origin(served: Served) -> None:
    with served.client("owner") as owner:
        del owner.headers["Sec-Fetch-Site"]
        assert owner.post("/api/invites", json={}, headers={"Origin": served.url}).status_code == 201


@pytest.mark.parametrize("origin", ["https://evil.example", None])
def test_another_sites_page_opens_no_socket_with_somebodys_cookie(served: Served, origin: str | None) -> None:
    url = served.url.replace("http", "ws") + "/api/live"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=origin, additional_headers=served.signed_in("owner"))  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]", "0.0.0.0"])
def test_a_name_that_was_bound_to_this_machine_from_elsewhere_is_not_answered_to(served: Served, host: str) -> None:
    with served.client("owner") as owner:
        for path in ("/", "/api/session"):
            assert owner.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}", "localhost.:1"])
def test_this_machines_own_names_are_answered_to(served: Served, host: str) -> None:
    with served.client("") as stranger:
        answer = stranger.get("/api/session/ways", headers={"Host": host.format(port=served.url.rpartition(":")[2])})
    assert answer.status_code == 200


def test_a_token_needs_no_page_and_acts_with_its_own_role_at_most(served: Served) -> None:
    with served.client("owner") as owner:
        made = owner.post("/api/tokens", json={"name": "CI", "role": "viewer"}).json()
    with served.client("") as program:
        del program.headers["Sec-Fetch-Site"]
        program.headers["Authorization"] = f"Bearer {made['token']}"
        assert program.get("/api/session").json()["you"]["role"] == "viewer"
        assert program.post("/api/invites", json={}).status_code == 403
        assert program.post("/api/tokens", json={"name": "more", "role": "owner"}).status_code == 403
    with served.client("owner") as owner:
        shown = owner.get("/api/people").json()["tokens"][0]
        assert made["token"] not in str(shown)
        assert owner.delete(f"/api/tokens/{made['id']}").status_code == 204
    with served.client("") as program:
        program.headers["Authorization"] = f"Bearer {made['token']}"
        assert program.get("/api/session").status_code == 401


def test_a_cookie_beside_a_wrong_token_opens_nothing(served: Served) -> None:
    with served.client("owner") as owner:
        assert owner.get("/api/session", headers={"Authorization": "Bearer adq_wrong"}).status_code == 401


def test_guessing_tokens_is_slowed_down(served: Served) -> None:
    with served.client("") as guesser:
        told = [
            guesser.get("/api/session", headers={"Authorization": f"Bearer adq_{n}"}).status_code for n in range(12)
        ]
    assert told[:10] == [401] * 10
    assert told[-1] == 429


def test_every_answer_keeps_the_page_to_itself(served: Served) -> None:
    with served.client("owner") as owner:
        for path in ("/", "/api/session", "/api/nothing", "/api/people"):
            headers = owner.get(path).headers
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers
        assert owner.get("/api/session").headers["cache-control"] == "no-store"
    with served.client("") as stranger:
        assert stranger.get("/api/session").headers["x-content-type-options"] == "nosniff"


def test_a_body_beyond_the_limit_is_refused_announced_or_not(served: Served) -> None:
    large = b'{"name": "' + b"x" * BODY + b'"}'
    with served.client("owner") as owner:
        announced = owner.post("/api/invites", content=large, headers={"Content-Type": "application/json"})
        pieces = (large[at : at + 100_000] for at in range(0, len(large), 100_000))
        streamed = owner.post("/api/invites", content=pieces, headers={"Content-Type": "application/json"})
    assert announced.status_code == streamed.status_code == 413


def test_two_studios_on_one_machine_dont_sign_each_other_out(served: Served) -> None:
    port = served.url.rpartition(":")[2]
    other = f"adequate_{int(port) + 1}=not-ours; adequate=nor-this"
    with served.client("") as browser:
        ours = served.signed_in("owner")["Cookie"]
        assert browser.get("/api/session", headers={"Cookie": f"{other}; {ours}"}).status_code == 200
