"""Releases, their rollout, triggers, and what production recorded."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from adequate.errors import ConflictError, UnknownNameError
from adequate.store import Recorded, Release, Rollout, Serving, Store, Trigger, traffic


def release(name: str, **options: object) -> Release:
    return Release(id=name, model="m1", path=f".adequate/releases/{name}", **options)  # type: ignore[arg-type]


def step(name: str, state: str, share: float = 0.0, **options: object) -> Rollout:
    return Rollout(release=name, state=state, share=share, who="ann", why="", **options)  # type: ignore[arg-type]


def states(one: Store) -> dict[str, str]:
    return {found.id: found.state for found in one.releases.list()}


def test_a_release_goes_from_candidate_to_all_and_retires_the_one_before(both: Store) -> None:
    for name in ("aa1", "bb2"):
        both.releases.put(release(name), who="ann")
    assert states(both) == {"aa1": "candidate", "bb2": "candidate"}
    assert both.releases.serving() == Serving(seq=2)
    both.releases.rollout(step("aa1", "all", 1.0))
    both.releases.rollout(step("bb2", "shadow"))
    assert both.releases.serving() == Serving(all="aa1", shadow="bb2", seq=4)
    both.releases.rollout(step("bb2", "share", 0.05))
    assert both.releases.serving() == Serving(all="aa1", share=("bb2", 0.05), seq=5)
    both.releases.rollout(step("bb2", "all", 1.0))
    assert states(both) == {"aa1": "retired", "bb2": "all"}
    assert both.releases.serving() == Serving(all="bb2", seq=7)
    assert [one.state for one in both.releases.steps("bb2")] == ["candidate", "shadow", "share", "all"]


@pytest.mark.parametrize("state", ["shadow", "share"])
def test_a_place_is_taken_by_one_release_at_a_time(one: Store, state: str) -> None:
    for name in ("aa1", "bb2", "cc3"):
        one.releases.put(release(name), who="ann")
    one.releases.rollout(step("cc3", "all", 1.0))
    for name in ("aa1", "bb2"):
        one.releases.rollout(step(name, state, 0.1))
    assert states(one) == {"aa1": "candidate", "bb2": state, "cc3": "all"}


def test_something_always_answers(one: Store) -> None:
    for name in ("aa1", "bb2"):
        one.releases.put(release(name), who="ann")
    with pytest.raises(ConflictError, match="no release would answer the requests that aa1 doesn't"):
        one.releases.rollout(step("aa1", "share", 0.1))
    one.releases.rollout(step("aa1", "all", 1.0))
    for state in ("shadow", "share", "retired"):
        with pytest.raises(ConflictError, match=f"it can't become {state}"):
            one.releases.rollout(step("aa1", state))


def test_who_decided_on_what_is_past_is_told_so(both: Store) -> None:
    for name in ("aa1", "bb2"):
        both.releases.put(release(name), who="ann")
    seen = both.releases.serving().seq
    both.releases.rollout(step("aa1", "all", 1.0), seen=seen)
    with pytest.raises(ConflictError, match="aa1 is all since ann said so"):
        both.releases.rollout(step("bb2", "all", 1.0), seen=seen)
    assert both.releases.rollout(step("aa1", "all", 1.0), seen=seen) == 3  # the same, said twice
    assert states(both) == {"aa1": "all", "bb2": "candidate"}


def test_recording_a_release_again_keeps_its_state(both: Store) -> None:
    both.releases.put(release("aa1"), who="ann")
    both.releases.rollout(step("aa1", "all", 1.0))
    again = both.releases.put(release("aa1", card={"steps": ["int8"]}, bytes=7), who="ben")
    assert (again.state, again.bytes, again.card, again.number) == ("all", 7, {"steps": ["int8"]}, 1)


def test_a_release_is_found_by_the_beginning_of_its_name(one: Store) -> None:
    with pytest.raises(UnknownNameError, match="there is none yet"):
        one.releases.get("last")
    for name in ("aa1", "bb2", "bb3"):
        one.releases.put(release(name), who="ann")
    with pytest.raises(UnknownNameError, match="no release is serving"):
        one.releases.get("serving")
    one.releases.rollout(step("bb2", "all", 1.0))
    assert [one.releases.get(name).id for name in ("a", "last", "serving")] == ["aa1", "bb3", "bb2"]
    with pytest.raises(UnknownNameError, match="2 releases begin"):
        one.releases.get("b")
    with pytest.raises(UnknownNameError, match="no release 'zz'"):
        one.releases.rollout(step("zz", "all", 1.0))


def test_a_trigger_works_until_it_ends(both: Store) -> None:
    made = {"task": "t", "release": "r", "block": "encoder", "threshold": 0.5, "per_day": 9, "who": "ann"}
    weights = np.array([0.5, -1.0], np.float32)
    first = both.triggers.put(Trigger(cell="t/all/recall", weights=weights, **made))  # type: ignore[arg-type]
    other = both.triggers.put(Trigger(cell="t/fees/recall", weights=weights, **made))  # type: ignore[arg-type]
    again = both.triggers.put(Trigger(cell="t/all/recall", weights=weights * 2, **made))  # type: ignore[arg-type]
    assert [found.id for found in both.triggers.list(active=True)] == [other, again]
    assert both.triggers.list()[0].weights.tolist() == [0.5, -1.0]
    assert both.triggers.stop(other).ended is not None
    assert [found.id for found in both.triggers.list()] == [first, other, again]
    with pytest.raises(UnknownNameError, match="no trigger 99"):
        both.triggers.stop(99)


def test_tallies_of_a_minute_add_up_and_are_counted_once_with_their_place(both: Store) -> None:
    def tally(start: float, n: int) -> dict[str, object]:
        counts = {"requests": n, "tasks": {"t": {"labels": {"a": n}, "confidence": [0, n]}}}
        return {"kind": "tally", "server": "s", "release": "r", "start": start, "end": start + 10, **counts}

    def job(connection: sa.Connection) -> None:
        traffic.count(connection, [tally(60, 1), tally(70, 2), tally(120, 4)])
        traffic.mark(connection, "s", "000000", 300)

    both.sql.write(job)
    both.sql.write(lambda connection: traffic.count(connection, [tally(80, 8)]))
    first, second = both.traffic.minutes()
    assert (first.start, first.seconds, second.start, second.seconds) == (60, 30, 120, 10)
    assert first.body == {"requests": 11, "tasks": {"t": {"labels": {"a": 11}, "confidence": [0, 11]}}}
    assert both.traffic.read("s") == {"000000": 300}
    assert both.traffic.minutes(90) == [second]


def test_a_recorded_row_is_kept_once(both: Store) -> None:
    def row(name: str, reason: str, at: float, *others: str) -> Recorded:
        body = {"why": dict.fromkeys((reason, *others), 0.5), "outputs": {"t": {"label": '"trigger:1,"drawn":'}}}
        body |= {"drawn": 1.0} if name == "d" else {}
        return Recorded(id=name, example="e", row=1, release="r", reason=reason, probability=0.5, at=at, body=body)

    rows = [row("a", "audit", 1.0), row("b", "assertion:x", 2.0, "trigger:1"), row("a", "shadow", 3.0)]
    both.sql.write(lambda connection: traffic.keep(connection, rows[:2]))
    both.sql.write(lambda connection: traffic.keep(connection, rows))
    assert both.traffic.recorded() == rows[:2]
    assert both.traffic.recorded(why="trigger:") == rows[1:2]
    drawn = row("d", "audit", 4.0)
    both.sql.write(lambda connection: traffic.keep(connection, [drawn]))
    assert both.traffic.recorded(reason="audit", drawn=True) == [drawn]
    assert both.traffic.recorded(1.5, 4.0, reason="audit") == []


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.just("n"), st.integers(0, 9)))))
def test_the_order_in_which_counts_come_does_not_matter(counts: list[dict[str, object]]) -> None:
    forth: dict[str, object] = {}
    back: dict[str, object] = {}
    for one, other in zip(counts, reversed(counts), strict=True):
        forth, back = traffic.added(forth, one), traffic.added(back, other)
    assert forth == back
