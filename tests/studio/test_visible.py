"""Who may see an event: whatever happens in whatever order, a labeller in a blind queue learns nothing of others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequate.store import Event, Override
from adequate.studio.live.policies import Seen
from adequate.studio.live.visible import SAID, visible
from adequate.studio.roles import Can, Person, Role
from adequate.types import PARTS, Part, Source
from tests.studio.serving import Served
from tests.studio.tabs import heard, joined, say, until

KINDS = (*SAID, "comment", "flag", "resolved", "guide", "target", "whatever comes")
ROLES = st.sampled_from(list(Role))


def _event(kind: str, actor: str, **more: Any) -> Event:
    said: dict[str, Any] = {"example": "x", "row": 0, "task": "intent", "value": "secret", "source": Source.HUMAN}
    return Event(**said | {"kind": kind, "actor": actor} | more)


@given(
    kind=st.sampled_from(KINDS),
    role=ROLES,
    actor=st.sampled_from(["me", "you", "consensus"]),
    blind=st.booleans(),
    sealed=st.booleans(),
)
def test_below_reviewer_others_are_hidden_where_the_queue_is_blind_or_the_example_sealed(
    kind: str, role: Role, actor: str, blind: bool, sealed: bool
) -> None:
    me = Person(id="me", name="Me", role=role)
    seen = visible(_event(kind, actor), me, Seen(blind=blind), sealed=sealed)
    if actor == "me" or me.can(Can.REVIEW):
        assert seen
    elif blind or (sealed and kind in SAID):
        assert not seen
    else:
        assert seen


@pytest.mark.parametrize("role", list(Role))
def test_what_concerns_people_is_for_owners_and_for_whom_it_is_about(role: Role) -> None:
    event = Event(
        example="", row=-1, task="", value=None, actor="boss", source=Source.HUMAN, kind="role", topic="people"
    )
    for id_, right in (("boss", True), ("other", role is Role.OWNER)):
        assert visible(event, Person(id=id_, name="", role=role), Seen(), sealed=False) is right


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_frame_to_a_labeller_ever_holds_anothers_answer_in_blind_mode(served: Served, data: st.DataObject) -> None:
    """Live, missed, over HTTP, presence: everything that a labeller is sent is searched for what others did."""
    store = served.studio.store
    how = data.draw(st.sampled_from([{}, {"blind": True}, {"gold": 0.1}]), label="how")  # gold is looked up else
    blind = bool(how)
    store.overrides.put(Override(what="queue:intent", value=how, who="owner", why="test"))
    parts = store.examples.parts()
    rows = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=6), label="rows")
    ids = store.examples.ids(rows)
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=len(rows), max_size=len(rows)), label="kinds")
    topics = sorted({"board", "queue:intent", *(f"example:{example}" for example in ids)})
    before = served.studio.hub.told
    with served.live("labeller", "ann") as ann, served.live("labeller", "ben") as ben:
        joined(ann, *topics)
        for kind, row, example in zip(kinds, rows, ids, strict=True):
            topic = data.draw(st.sampled_from(["", "queue:intent"]))
            marks = {"gold": "SECRET", "suggestion": "SECRET"} if data.draw(st.booleans()) else None
            event = _event(kind, "ben", example=example, row=row, value="SECRET", topic=topic, body=marks)
            store.labels.record([event])
            say(ben, t="seen", at={"example": example, "typed": "SECRET"})
        served.studio.hub.loop.call_soon_threadsafe(served.studio.hub.nudge)
        with served.live("reviewer") as eve:
            joined(eve, *topics, since=dict.fromkeys(topics, before))
        with served.client("labeller", "ann") as client:
            pages = [client.get("/api/events", params={"topic": t, "since": before}).json() for t in topics]
        joined(ann, *topics, since=dict.fromkeys(topics, before))
        frames = heard(ann)
    everything = [*frames, *(frame for page in pages for frame in page["events"])]
    hidden = [row for row in rows if blind or PARTS[parts[row]] is Part.GATE]
    told = [frame for frame in everything if frame["t"] == "ev" and frame["by"] == "ben"]
    if blind:
        assert not told
        assert "SECRET" not in json.dumps(everything)
        assert all(one["id"] == "ann" for frame in everything for one in frame.get("who", ()))
    for frame in told:
        assert not {"gold", "suggestion", "saw"} & set(frame["body"])
        sealed = frame["body"]["example"] in store.examples.ids(hidden)
        assert not (sealed and frame["kind"] in SAID)


def test_a_reviewer_sees_what_a_labeller_does_not(served: Served) -> None:
    store = served.studio.store
    store.overrides.put(Override(what="queue:intent", value={"blind": True}, who="owner", why="test"))
    example = store.examples.ids([3])[0]
    with served.live("reviewer") as eve, served.live("labeller", "ann") as ann:
        joined(eve, f"example:{example}")
        joined(ann, f"example:{example}")
        event = _event("label", "ben", example=example, row=3, value="fee", body={"gold": "fee"})
        store.labels.record([event])
        assert until(eve, "ev")["body"]["gold"] == "fee"
        assert not [frame for frame in heard(ann) if frame["t"] == "ev"]
