"""The application: errors as people can use them, and the page."""

from __future__ import annotations

from tests.studio.serving import Served


def test_a_route_that_is_not_there_says_so_in_json(served: Served) -> None:
    with served.client() as client:
        answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"] == "UnknownNameError"


def test_the_routes_are_described_as_openapi(served: Served) -> None:
    with served.client() as client:
        assert client.get("/api/openapi.json").json()["openapi"].startswith("3.")
