"""The Python client: what the page does, over a real studio, with a token."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

import adequate as aq
from adequate.client import Client
from adequate.errors import AccessError, AdequateError, UnknownNameError
from adequate.studio.auth.register import at_desk, token
from adequate.studio.roles import Role
from tests.studio.serving import Served


@pytest.fixture
def studio(served: Served) -> Client:
    """A client of an owner."""
    return connected(served)


def connected(served: Served, role: str = "owner") -> Client:
    """A client with a token of somebody with this role."""
    served.signed_in(role)
    _, secret = at_desk(served.studio.store.sql, role, lambda desk: token(desk, role, "test", Role(role)))
    return aq.connect(served.url, secret)


def test_items_are_handed_out_answered_and_labelled_and_what_happened_is_told(served: Served, studio: Client) -> None:
    with studio:
        (item,) = studio.next("intent")
        seq = studio.answer(item["id"], "fee")
        again = studio.label(item["example"], "intent", "card")
        told = list(islice(studio.events(f"example:{item['example']}", seq - 1), 2))
    assert again > seq
    assert [(event["seq"], event["body"]["value"]) for event in told] == [(seq, "fee"), (again, "card")]


def test_what_the_studio_refuses_is_raised_with_its_remedy(served: Served, studio: Client) -> None:
    with studio, pytest.raises(UnknownNameError, match="no task") as refused:
        studio.next("no such task")
    assert refused.value.remedy
    with connected(served, "viewer") as viewer, pytest.raises(AccessError):
        viewer.run()
    with connected(served, "viewer") as viewer, pytest.raises(AdequateError, match="viewer here; to label takes"):
        viewer.answer(1, "fee")


def test_a_token_that_opens_nothing_and_an_address_where_nobody_is_are_said(served: Served) -> None:
    with pytest.raises(AccessError):
        aq.connect(served.url, "adq_wrong")
    with pytest.raises(AdequateError, match="doesn't answer"):
        aq.connect("http://127.0.0.1:9", "adq_x")
    with pytest.raises(AdequateError, match="doesn't answer"):
        aq.connect("no address", "adq_x")


def test_the_board_search_and_an_export_are_had(studio: Client, tmp_path: Path) -> None:
    with studio:
        assert {task["name"] for task in studio.board()["tasks"]} == {"intent", "urgent", "topics"}
        assert studio.find("loan")
        file = studio.export(tmp_path / "out.jsonl")
    assert len(file.read_text().splitlines()) >= 200
