"""Releases go forward where the gate passed them, and back; servers that watch follow."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adequate import store
from adequate.errors import ConflictError, FormatError
from adequate.loop.promote import Anyway, promote, rollback, watching
from adequate.store import Look, Release, Store, Trigger
from tests.store.conftest import make

__all__ = ["make"]

NAMES = ("aa1", "bb2", "cc3")


def made(one: Store, name: str, verdict: str | None = "passed", *reasons: str) -> None:
    """A release with a folder, and what the gate said of it."""
    path = f".adequate/releases/{name}"
    (one.root / path).mkdir(parents=True)
    one.releases.put(Release(id=name, model="m", path=path), who="ann")
    if verdict is not None:
        said = {"reasons": list(reasons)}
        one.looks.spend(Look(candidate=name, baseline="m", alpha=0.05, verdict=verdict, detail=said))


@pytest.fixture
def one(make: Callable[..., Store]) -> Store:
    """Three releases that the gate passed."""
    made_of = make()
    for name in NAMES:
        made(made_of, name)
    return made_of


def states(one: Store) -> dict[str, str]:
    return {found.id: found.state for found in one.releases.list()}


def test_a_release_takes_over_in_steps_and_the_one_before_retires(one: Store) -> None:
    assert promote(one, "aa1", who="ann").before is None
    promote(one, "bb2", who="ann", shadow=True)
    promote(one, "bb2", who="ann", share=0.05)
    done = promote(one, "bb2", who="ben", why="smaller")
    assert (done.release.state, done.before, done.changed) == ("all", "aa1", True)
    assert states(one) == {"aa1": "retired", "bb2": "all", "cc3": "candidate"}
    assert (one.releases.steps("bb2")[-1].who, one.releases.steps("bb2")[-1].why) == ("ben", "smaller")
    assert not promote(one, "bb2", who="ann").changed


@pytest.mark.parametrize(
    ("verdict", "said"), [(None, "hasn't looked"), ("blocked", "blocked: intent/short fell"), ("needs_labels", "needs")]
)
def test_what_the_gate_did_not_pass_answers_nobody(one: Store, verdict: str | None, said: str) -> None:
    made(one, "dd4", verdict, "intent/short fell")
    for share in (0.05, 1.0):
        with pytest.raises(ConflictError, match=said):
            promote(one, "dd4", who="ann", share=share)
    with pytest.raises(ConflictError, match=said):
        rollback(one, to="dd4", who="ann")
    assert promote(one, "dd4", who="ann", shadow=True).release.state == "shadow"  # nobody hears it


def test_the_newest_verdict_counts(one: Store) -> None:
    one.looks.spend(Look(candidate="aa1", baseline="m", alpha=0.05, verdict="blocked"))
    with pytest.raises(ConflictError, match="blocked"):
        promote(one, "aa1", who="ann")


def test_a_person_may_overrule_the_gate_with_a_reason_until_a_day(one: Store) -> None:
    made(one, "dd4", "blocked")
    with pytest.raises(ConflictError, match="without a reason"):
        promote(one, "dd4", who="ann", anyway=Anyway())
    promote(one, "dd4", who="ann", why="hotfix", anyway=Anyway(until=time.time() + 60))
    (said,) = one.overrides.list()
    assert (said.what, said.value, said.who, said.why) == ("gate:dd4", "accepted", "ann", "hotfix")
    made(one, "ee5", "blocked")
    with pytest.raises(ConflictError, match="isn't passed"):
        promote(one, "ee5", who="ann", why="hotfix", anyway=Anyway(until=time.time() - 1))


def test_a_word_against_the_gate_stays_only_where_its_step_was_taken(one: Store) -> None:
    made(one, "dd4", "blocked")
    with pytest.raises(ConflictError, match="would answer the requests"):  # no release answers all
        promote(one, "dd4", who="ann", why="hotfix", share=0.05, anyway=Anyway())
    assert one.overrides.list() == []


def test_a_release_whose_bundle_is_gone_is_refused(one: Store) -> None:
    (one.root / ".adequate/releases/aa1").rmdir()
    with pytest.raises(FormatError, match="aa1"):
        promote(one, "aa1", who="ann")


def test_going_back_twice_goes_back_further(one: Store) -> None:
    for name in NAMES:
        promote(one, name, who="ann")
    assert rollback(one, who="ann", why="complaints").release.id == "bb2"
    assert rollback(one, who="ann").release.id == "aa1"
    with pytest.raises(ConflictError, match="no release answered before"):
        rollback(one, who="ann")
    promote(one, "cc3", who="ann")
    assert rollback(one, who="ann").release.id == "aa1"  # what answered before, not what came before once
    assert rollback(one, who="ann", to="bb2").release.state == "all"


def test_going_back_knows_what_answered_twice(one: Store) -> None:
    for name in ("aa1", "bb2", "aa1", "cc3"):
        promote(one, name, who="ann")
    assert [rollback(one, who="ann").release.id for _ in range(3)] == ["aa1", "bb2", "aa1"]


def test_nothing_goes_back_to_a_bundle_that_is_gone(one: Store) -> None:
    promote(one, "aa1", who="ann")
    promote(one, "bb2", who="ann")
    (one.root / ".adequate/releases/aa1").rmdir()
    for to in (None, "aa1"):
        with pytest.raises(FormatError, match="aa1"):
            rollback(one, to=to, who="ann")
    assert states(one)["bb2"] == "all"


def test_going_back_ends_a_share_first(one: Store) -> None:
    promote(one, "aa1", who="ann")
    promote(one, "bb2", who="ann", share=0.5)
    assert rollback(one, who="ann").release.id == "bb2"
    assert states(one) == {"aa1": "all", "bb2": "retired", "cc3": "candidate"}


def test_who_watches_sees_each_step_and_what_triggers_are_at_work(one: Store) -> None:
    look = watching(one.root)
    assert (look().all, look().share, look().triggers) == (None, None, ())
    promote(one, "aa1", who="ann")
    promote(one, "bb2", who="ann", share=0.25)
    promote(one, "cc3", who="ann", shadow=True)
    weights = np.ones(3, np.float32)
    given = {"task": "t", "block": "b", "weights": weights, "threshold": 0.0, "per_day": 1, "who": "ann"}
    one.triggers.put(Trigger(cell="t/all/recall", release="", **given))  # type: ignore[arg-type]
    one.triggers.stop(one.triggers.put(Trigger(cell="t/fees/recall", release="", **given)))  # type: ignore[arg-type]
    seen = look()
    folders = one.root / ".adequate" / "releases"
    assert (seen.all, seen.share, seen.shadow) == (folders / "aa1", (folders / "bb2", 0.25), folders / "cc3")
    assert [trigger.cell for trigger in seen.triggers] == ["t/all/recall"]
    rollback(one, who="ann")
    assert look().share is None


def test_who_watches_is_told_that_the_store_is_away_and_sees_it_when_it_is_back(one: Store, tmp_path: Path) -> None:
    promote(one, "aa1", who="ann")
    one.close()
    look = watching(one.root)
    assert look().all is not None
    one.root.rename(tmp_path / "away")
    with pytest.raises(OSError, match="database"):
        look()
    (tmp_path / "away").rename(one.root)
    database = one.root / ".adequate" / "store.sqlite"
    database.rename(tmp_path / "moved")
    with pytest.raises(OSError, match=r"store\.sqlite"):
        look()
    assert not database.exists()  # nobody made an empty one in its place
    (tmp_path / "moved").rename(database)
    with store.open(one.root) as again:
        promote(again, "bb2", who="ann")
    assert look().all == one.root / ".adequate" / "releases" / "bb2"


PROMOTE = """
import sys, time
from pathlib import Path
from adequate import store
from adequate.errors import ConflictError
from adequate.loop.promote import promote

root, name = Path(sys.argv[1]), sys.argv[2]
with store.open(root, beside=True) as one:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        promote(one, name, who=name)
    except ConflictError as error:
        print("conflict", error.current["release"])
    else:
        print("done")
"""


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told(one: Store) -> None:
    words = [sys.executable, "-c", PROMOTE, str(one.root)]
    many = [
        subprocess.Popen([*words, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in NAMES[:2]
    ]
    for process in many:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in many:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate()[0].strip() for process in many]
    answering = [name for name, state in states(one).items() if state == "all"]
    assert len(answering) == 1
    steps = [step.release for step in one.releases.steps() if step.state == "all"]
    assert len(steps) == said.count("done")
    assert steps[-1] == answering[0]
    for words_of in said:  # who was late is told what is there now
        assert words_of in ("done", f"conflict {answering[0]}")
