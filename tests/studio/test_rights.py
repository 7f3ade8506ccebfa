"""Who may do what: every route and every operation, tried by everybody, against one table.

A route or an operation that is in neither list fails: whoever adds one says here who may use it.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from adequate.studio.ops import OPERATIONS
from adequate.studio.roles import ORDER, Role
from tests.studio.serving import Served

# The least role that a route takes; "anybody" isn't signed in yet.
ROUTES = {
    "anybody": """
        DELETE /api/session
        GET /api/provider/back
        GET /api/provider/start
        GET /api/session
        GET /api/session/ways
        POST /api/invites/look
        POST /api/session
    """,
    "viewer": """
        DELETE /api/tokens/{id}
        GET /api/board
        GET /api/board/cell
        GET /api/confusion
        GET /api/cycles
        GET /api/cycles/{pair}
        GET /api/events
        GET /api/examples/{example}
        GET /api/examples/{example}/chip
        GET /api/examples/{example}/near
        GET /api/guides
        GET /api/guides/{task}
        GET /api/guides/{task}.md
        GET /api/guides/{task}/affected
        GET /api/hits
        GET /api/map
        GET /api/people
        GET /api/production
        GET /api/queues
        GET /api/queues/{task}/scores
        GET /api/releases
        GET /api/run
        GET /api/schema
        GET /api/schema/{task}
        GET /api/schema/{task}/predicted
        GET /api/search
        GET /api/search/names
        GET /api/search/rows
        GET /api/suspects
        GET /api/tests
        GET /api/tests/case
        GET /api/tests/discovered
        GET /api/tests/names
        GET /api/tests/perturbations
        POST /api/ops
        POST /api/selections
        POST /api/tests/selection
        POST /api/tokens
        PUT /api/people/me/password
    """,
    "labeller": """
        GET /api/examples/{example}/talk
        GET /api/label/{task}/{example}
        GET /api/queues/{task}/pairs
        GET /api/queues/{task}/practice
        GET /api/queues/{task}/predicted
        GET /api/texts/{example}
        POST /api/queues/give-back
        POST /api/queues/hold
        POST /api/queues/{task}/next
    """,
    "reviewer": """
        GET /api/guides/{task}/questions
        GET /api/queues/{task}/disputed
        GET /api/queues/{task}/flagged
        GET /api/together/{task}
        POST /api/board/mine
        POST /api/selections/{key}/questions
        POST /api/tests/label
    """,
    "engineer": """
        GET /api/files/exports/{export}
        GET /api/files/formats
        GET /api/files/jobs
        GET /api/files/jobs/{job}
        GET /api/search/sql
        GET /api/selections/{key}/bulk
        POST /api/cycles/{pair}/gate
        POST /api/files/export
        POST /api/files/import
        POST /api/production/stop-trigger
        POST /api/releases/promote
        POST /api/releases/rollback
        POST /api/run
        POST /api/schema/{task}/preview
        POST /api/slices/preview
        POST /api/tests/make
        POST /api/tests/propose
        POST /api/tests/run
    """,
    "owner": """
        DELETE /api/invites/{id}
        DELETE /api/people/{id}
        DELETE /api/webhooks/{id}
        GET /api/audit
        GET /api/audit/file
        GET /api/setup/progress
        GET /api/webhooks
        POST /api/examples/{example}/erase
        POST /api/files/everything
        POST /api/invites
        POST /api/setup/file
        POST /api/setup/look
        POST /api/setup/start
        POST /api/webhooks
        PUT /api/people/{id}/role
    """,
}
OPS = {
    "labeller": """
        answer.skip answer.submit answer.sweep answer.undo comment.add comment.resolve flag.set
        label.set pair.put span.del span.put suspect.keep
    """,
    "reviewer": """
        adjudicate decision.add guide.answer guide.del guide.put guide.recheck queue.fill
        queue.unfill selection.queue
    """,
    "engineer": """
        bulk.label bulk.undo model.accept model.reject queue.policy schema.add schema.merge
        schema.rename schema.retire schema.split schema.undo setting.put slice.put target.set
        test.aim test.back test.drop test.put
    """,
}
OF_ONES_OWN = {"DELETE /api/tokens/{id}"}  # refused by what it is about
# By those who may: they take long.
NOT_TRIED = {"POST /api/run", "POST /api/tests/run", "POST /api/tests/propose", "POST /api/files/everything"}
MEANT = {"task": "intent", "pair": "1..1"}


def test_every_route_takes_the_role_that_it_is_said_to_take_and_no_lesser(served: Served) -> None:
    least = {route.strip(): role for role, some in ROUTES.items() for route in some.strip().splitlines()}
    with served.client() as owner:
        paths: dict[str, Any] = owner.get("/api/openapi.json").json()["paths"]
    assert set(least) == {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    wrong = []
    for role in ("", *Role):
        with served.client(role, name=f"{role}-tries" if role else "") as client:
            wrong += [found for route, needs in least.items() if (found := _tried(client, role, route, needs))]
    assert not wrong, "\n".join(wrong)


def _tried(client: httpx.Client, role: str, route: str, needs: str) -> str:
    method, path = route.split()
    allowed = needs == "anybody" or (role != "" and ORDER.index(Role(role)) >= ORDER.index(Role(needs)))
    if (allowed and route in NOT_TRIED | OF_ONES_OWN) or (method, path) == ("DELETE", "/api/session"):
        return ""
    url = re.sub(r"{(\w+)}", lambda name: MEANT.get(name[1], "x"), path)
    answer = client.request(method, url, json=None if method == "GET" else {})
    if needs == "anybody":
        return "" if answer.status_code != 401 else f"{route}: nobody may come in"
    if allowed:
        return "" if answer.status_code not in (401, 403) else f"{route}: {role} may not: {answer.text[:100]}"
    return "" if answer.status_code == (403 if role else 401) else f"{route}: {role or 'a stranger'} may"


@pytest.mark.parametrize("role", list(Role))
def test_every_operation_takes_the_role_that_it_is_said_to_take_and_no_lesser(served: Served, role: Role) -> None:
    least = {kind: needs for needs, some in OPS.items() for kind in some.split()}
    assert set(least) == set(OPERATIONS)
    with served.client(role) as client:
        asked = [{"op": kind, "kind": kind, "topic": "board", "body": {}} for kind in least]
        answers = client.post("/api/ops", json=asked).json()
    refused = {answer["op"] for answer in answers if f" takes {least[answer['op']]}" in answer.get("why", "")}
    assert refused == {kind for kind, needs in least.items() if ORDER.index(role) < ORDER.index(Role(needs))}
    assert not [answer for answer in answers if answer["t"] == "ack"]
