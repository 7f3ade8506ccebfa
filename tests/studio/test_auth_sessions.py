"""Signing in by a link or a password, and what ends it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from adequate.store import people
from adequate.store.schema import event, invite, person, session
from adequate.studio.auth.limits import AT_ONCE
from adequate.studio.auth.secret import digest
from adequate.studio.auth.sessions import LASTS, Sessions
from tests.studio.serving import Served


def invited(served: Served, **asked: object) -> str:
    with served.client("owner") as owner:
        key: str = owner.post("/api/invites", json=asked).raise_for_status().json()["key"]
    return key


def enter(served: Served, key: str, **more: str) -> httpx.Response:
    with served.client("") as browser:
        return browser.post("/api/session", json={"key": key, **more})


def closed_by(socket: ClientConnection, seconds: float = 60) -> int | None:
    """The code with which the server closes a socket."""
    try:
        while True:
            socket.recv(timeout=seconds)
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code


def test_whoever_has_only_the_link_is_in_with_a_name(served: Served) -> None:
    key = invited(served, role="labeller")
    with served.client("") as browser:
        look = browser.post("/api/invites/look", json={"key": key}).json()
        assert (look["role"], look["person"], look["can"]) == ("labeller", None, ["look", "label"])
        assert browser.post("/api/session", json={"key": key, "name": "Ann  Lee"}).json() == {"id": "ann-lee"}
        assert browser.get("/api/session").json()["you"]["name"] == "Ann Lee"


def test_the_cookie_is_out_of_scripts_reach_and_only_its_hash_is_kept(served: Served) -> None:
    answer = enter(served, invited(served), name="Ann")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert "Secure" not in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    kept = served.studio.store.sql.rows(sa.select(session.c.hash))
    assert digest(secret) in [row.hash for row in kept]
    assert secret not in str(kept)


def test_where_the_page_came_by_https_the_cookie_stays_there(served: Served) -> None:
    with served.client("") as browser:
        headers = {"Origin": served.url.replace("http", "https")}
        answer = browser.post("/api/session", json={"key": invited(served), "name": "Ann"}, headers=headers)
    assert "Secure" in answer.headers["set-cookie"]


def test_a_link_that_was_used_is_spent(served: Served) -> None:
    key = invited(served)
    assert enter(served, key, name="Ann").status_code == 200
    again = enter(served, key, name="Bob")
    assert again.status_code == 403
    assert "used already" in again.json()["message"]
    assert "adequate people invite" in again.json()["remedy"]


def test_a_link_for_several_is_good_so_often(served: Served) -> None:
    key = invited(served, uses=2)
    told = [enter(served, key, name=name).status_code for name in ("Ann", "Bob", "Cid")]
    assert told == [200, 200, 403]


@pytest.mark.parametrize(("change", "says"), [({"until": 1.0}, "has expired"), ({"revoked": 1.0}, "was taken back")])
def test_a_link_that_is_over_says_why(served: Served, change: dict[str, float], says: str) -> None:
    key = invited(served)
    served.studio.store.sql.write(lambda connection: connection.execute(sa.update(invite).values(**change)))
    assert says in enter(served, key, name="Ann").json()["message"]


def test_a_name_that_is_refused_leaves_the_link_good(served: Served) -> None:
    key = invited(served)
    assert enter(served, key, name="Owner").status_code == 409  # somebody is called so
    assert enter(served, key, name="  ").status_code == 422
    assert enter(served, key, name="Ann").status_code == 200


@pytest.mark.parametrize(
    "name", ["Ann\r\nSet-Cookie: a=b", "Ann\u202eboB", "Ann\u0000", "\u2066Ann", "Ann\u200b", "x" * 61]
)
def test_names_that_hide_or_reorder_what_stands_beside_them_are_refused(served: Served, name: str) -> None:
    answer = enter(served, invited(served), name=name)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("李小龙", "李小龙"),
        ("<img src=x onerror=alert(1)>", "img-src-x-onerror-alert-1"),
        ("Zoë", "zoë"),
        ("नेहा", "नेहा"),
        ("Engine", "engine-2"),
    ],
)
def test_names_in_any_script_are_kept_as_they_are(served: Served, name: str, id: str) -> None:  # noqa: A002
    assert enter(served, invited(served), name=name).json() == {"id": id}
    with served.client("owner") as owner:
        assert {"id": id, "name": name}.items() <= owner.get("/api/people").json()["people"][-1].items()


def test_an_id_that_stands_in_the_record_is_nobody_elses(served: Served) -> None:
    said = sa.select(event.c.actor).where(event.c.source == "import").limit(1)
    actor = served.studio.store.sql.value(said)
    found = enter(served, invited(served), name=str(actor)).json()["id"]
    assert found != actor


def test_a_session_prepared_by_somebody_else_is_not_taken_over(served: Served) -> None:
    theirs = served.signed_in("viewer")["Cookie"]
    with served.client("") as victim:
        answer = victim.post("/api/session", json={"key": invited(served), "name": "Ann"}, headers={"Cookie": theirs})
    mine = answer.headers["set-cookie"].partition(";")[0]
    assert mine != theirs
    with served.client("") as other:
        assert other.get("/api/session", headers={"Cookie": mine}).json()["you"]["name"] == "Ann"
        assert other.get("/api/people", headers={"Cookie": theirs}).status_code == 401


def test_a_password_signs_in_by_name_or_id_whatever_the_case(served: Served) -> None:
    enter(served, invited(served), name="Ann Lee", password="correct horse")
    with served.client("") as browser:
        for name in ("ann lee", "ANN LEE", "ann-lee"):
            assert browser.post("/api/session", json={"name": name, "password": "correct horse"}).status_code == 200
        wrong = browser.post("/api/session", json={"name": "ann lee", "password": "correct house"})
        nobody = browser.post("/api/session", json={"name": "nobody", "password": "correct horse"})
        none = browser.post("/api/session", json={"name": "Owner", "password": ""})
    assert wrong.status_code == nobody.status_code == none.status_code == 403
    assert wrong.json() == nobody.json() == none.json()


def test_passwords_are_kept_as_argon2_hashes_and_short_ones_refused(served: Served) -> None:
    key = invited(served)
    assert enter(served, key, name="Ann", password="short").status_code == 422
    enter(served, key, name="Ann", password="long enough")
    kept = served.studio.store.sql.value(sa.select(person.c.password).where(person.c.id == "ann"))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_wrong_tries_are_counted_and_right_ones_are_not(served: Served) -> None:
    with served.client("") as guesser:
        told = [guesser.post("/api/invites/look", json={"key": f"guess {n}"}).status_code for n in range(11)]
    assert told == [403] * 10 + [429]
    assert enter(served, "guess").status_code == 429


def test_a_new_password_signs_out_every_other_browser(served: Served) -> None:
    first = enter(served, invited(served), name="Ann", password="long enough").headers["set-cookie"].partition(";")[0]
    with served.client("") as browser:
        browser.post("/api/session", json={"name": "ann", "password": "long enough"})
        assert browser.put("/api/people/me/password", json={"old": "wrong", "new": "longer still"}).status_code == 403
        changed = browser.put("/api/people/me/password", json={"old": "long enough", "new": "longer still"})
        assert changed.status_code == 204
        assert browser.get("/api/session").status_code == 200
    with served.client("") as other:
        assert other.get("/api/people", headers={"Cookie": first}).status_code == 401


def test_signing_out_ends_the_session_and_not_only_the_cookie(served: Served) -> None:
    cookie = served.signed_in("labeller")["Cookie"]
    with served.client("labeller") as browser:
        assert browser.delete("/api/session").status_code == 204
    with served.client("") as other:
        assert other.get("/api/people", headers={"Cookie": cookie}).status_code == 401


def test_a_role_that_is_taken_away_holds_in_the_same_moment(served: Served) -> None:
    with served.client("engineer") as engineer, served.client("owner") as owner, served.live("engineer") as socket:
        assert engineer.get("/api/session").json()["you"]["role"] == "engineer"
        owner.put("/api/people/engineer/role", json={"role": "viewer"}).raise_for_status()
        assert engineer.get("/api/session").json()["you"]["role"] == "viewer"
        assert closed_by(socket) == 4401


def test_who_is_shut_out_is_out_tokens_and_sockets_included(served: Served) -> None:
    with served.client("labeller") as labeller, served.client("owner") as owner:
        made = labeller.post("/api/tokens", json={"name": "mine", "role": "labeller"}).json()["token"]
        owner.delete("/api/people/labeller").raise_for_status()
        assert labeller.get("/api/people").status_code == 401
        bearer = {"Authorization": f"Bearer {made}"}
        assert httpx.get(f"{served.url}/api/session", headers=bearer, timeout=60).status_code == 401


def test_what_another_process_does_to_people_holds_within_seconds(served: Served) -> None:
    with served.client("labeller") as labeller, served.live("labeller") as socket:
        assert labeller.get("/api/session").status_code == 200
        served.studio.store.sql.write(lambda c: people.change_member(c, "labeller", revoked=time.time()))
        assert closed_by(socket) == 4401
        assert labeller.get("/api/people").status_code == 401


def test_the_last_owner_stays(served: Served) -> None:
    with served.client("owner") as owner:
        lowered = owner.put("/api/people/owner/role", json={"role": "viewer"})
        gone = owner.delete("/api/people/owner")
    assert lowered.status_code == gone.status_code == 409
    assert "only owner" in gone.json()["message"]


@pytest.mark.parametrize("role", ["viewer", "labeller", "reviewer", "engineer"])
def test_only_owners_see_and_change_people(served: Served, role: str) -> None:
    with served.client(role) as one:
        refused = [
            one.post("/api/invites", json={}),
            one.put("/api/people/owner/role", json={"role": "viewer"}),
            one.delete(f"/api/people/{role}"),
            one.get("/api/audit"),
            one.get("/api/audit/file"),
        ]
        assert [answer.status_code for answer in refused] == [403] * len(refused)
        assert one.get("/api/people").json()["invites"] == []
        raised = one.post("/api/tokens", json={"name": "up", "role": "owner"})
        assert raised.status_code == 403


def test_all_that_is_done_about_people_is_in_the_record_without_a_secret(served: Served) -> None:
    key = invited(served, role="labeller")
    enter(served, key, name="Ann", password="long enough")
    with served.client("owner") as owner:
        owner.put("/api/people/ann/role", json={"role": "reviewer"})
        made = owner.post("/api/tokens", json={"name": "CI", "role": "viewer"}).json()["token"]
        owner.delete("/api/people/ann")
        said = owner.get("/api/audit", params={"kind": "people"}).json()["events"]
        whole = owner.get("/api/audit/file", params={"form": "jsonl"}).text
    assert [one["value"] for one in said[:6]] == ["shut out", "token", "role", "signed in", "joined", "invited"]
    assert said[4]["actor"] == "ann"
    assert not any(secret in whole for secret in (key, made, "long enough", digest(key)))
    assert len(whole.splitlines()) == served.studio.store.sql.value(sa.select(sa.func.count()).select_from(event))


def test_the_audit_walks_by_pages_and_its_csv_holds_no_formula(served: Served) -> None:
    with served.client("owner") as owner:
        first = owner.get("/api/audit", params={"n": 2}).json()
        second = owner.get("/api/audit", params={"n": 2, "before": first["next"]}).json()
        assert first["events"][-1]["seq"] == second["events"][0]["seq"] + 1
        served.studio.store.sql.write(
            lambda c: c.execute(sa.update(event).where(event.c.seq == 1).values(why='=HYPERLINK("http://evil")'))
        )
        table = owner.get("/api/audit/file").text
    assert "'=HYPERLINK" in table
    assert ",=HYPERLINK" not in table


def test_a_clock_that_jumps_neither_lets_anybody_in_nor_forgets_them(served: Served) -> None:
    at = time.time()
    secret = digest(served.signed_in("labeller")["Cookie"].partition("=")[2])
    sql = served.studio.store.sql

    def who(now: float) -> bool:
        return asyncio.run(Sessions(sql, clock=lambda: now).person(secret)) is not None

    assert who(at - 86400)
    assert who(at + LASTS - 60)
    sql.write(lambda c: c.execute(sa.update(session).values(until=at + 100, seen=at + 10 * 86400)))
    assert not who(at + 101)
    assert who(at)  # seen in the future: nothing is written, nobody is thrown out


def test_a_storm_of_sign_ins_is_turned_away_and_not_kept_waiting(served: Served) -> None:
    enter(served, invited(served), name="Ann", password="long enough")

    def guess(_: int) -> int:
        with served.client("") as browser:
            return browser.post("/api/session", json={"name": "ann", "password": "a wrong one"}).status_code

    with ThreadPoolExecutor(60) as guessers:
        told = Counter(guessers.map(guess, range(60)))
    assert set(told) == {403, 429}
    assert told[403] <= AT_ONCE + 10
