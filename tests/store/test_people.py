"""People, sessions, invites and tokens as rows, on both databases."""

from __future__ import annotations

import time

import sqlalchemy as sa

from adequate.store import Store, people
from adequate.store.people import Member, Token
from adequate.store.schema import session

NOW = 1_800_000_000.0
ANN = Member(id="ann", name="Ann", role="labeller", at=NOW, revoked=None, password=None, subject=None)


def test_a_cookie_and_a_token_open_the_door_until_they_end(both: Store) -> None:
    token = Token(id="t", name="CI", person="ann", role="viewer", at=NOW, until=NOW + 50, used=None, revoked=None)

    def begin(connection: sa.Connection) -> None:
        people.add_member(connection, ANN)
        people.start_session(connection, "cookie", "ann", at=NOW, until=NOW + 100)
        people.add_token(connection, token, hash="token")

    both.sql.write(begin)

    def open_at(at: float) -> set[str]:
        with both.sql.reading() as connection:
            return set(people.passes(connection, ["cookie", "token", "neither"], at=at))

    assert open_at(NOW) == {"cookie", "token"}
    assert open_at(NOW + 60) == {"cookie"}
    assert open_at(NOW + 100) == set()
    both.sql.write(lambda connection: people.change_member(connection, "ann", revoked=NOW))
    assert open_at(NOW) == set()


def test_being_seen_moves_a_sessions_end_on_and_not_a_tokens(both: Store) -> None:
    def begin(connection: sa.Connection) -> None:
        people.add_member(connection, ANN)
        people.start_session(connection, "cookie", "ann", at=NOW, until=NOW + 100)
        one = people.passes(connection, ["cookie"], at=NOW)["cookie"]
        people.seen(connection, one, at=NOW + 50, until=NOW + 500)

    both.sql.write(begin)
    with both.sql.reading() as connection:
        found = people.passes(connection, ["cookie"], at=NOW + 400)["cookie"]
    assert (found.seen, found.until, found.limit) == (NOW + 50, NOW + 500, None)


def test_sessions_that_have_ended_are_cleared_away(both: Store) -> None:
    both.sql.write(lambda c: people.start_session(c, "old", "ann", at=NOW, until=NOW + 1))
    both.sql.write(lambda c: people.start_session(c, "new", "ann", at=NOW + 2, until=NOW + 100))
    assert [row.hash for row in both.sql.rows(sa.select(session.c.hash))] == ["new"]


def test_where_the_studio_was_is_remembered(both: Store) -> None:
    for url in ("http://127.0.0.1:8321", f"https://{time.time():.0f}.example"):
        both.sql.write(lambda connection, url=url: people.remember_address(connection, url))
        with both.sql.reading() as connection:
            assert people.address(connection) == url
