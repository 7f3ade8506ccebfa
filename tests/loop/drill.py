"""`kill -9` at random moments of real commands, and what must hold after each.

add     whatever was said to be added is there, adding again ends where an undisturbed `add` ends
run     every resume follows the course of an undisturbed run: the same models, labels, verdicts
label   every answer that the screen called saved is there; what is asked next is what was asked

The benchmark `benchmarks/kill.py` kills a hundred times, the test a few.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adequate import store
from adequate.encoders import content_ids
from adequate.loop.chances import Chances
from adequate.loop.engine import Engine
from adequate.types import PARTS, Part
from tests.cli.mail import Terminal, terminal
from tests.made import INTENTS, adequate, begun, csv, mail, typed

SOURCE = """
import adequate as aq

project = aq.Project("mail", text="body")
project.classify(
    "intent",
    labels=["card", "fee", "loan", "login", "refund", "transfer"],
    target=aq.Target(accuracy=0.99),
)
project.slice("app", sql="channel = 'app'", target=0.9)
"""
DATA = mail(120).select(["body", "intent", "channel"])
MORE = mail(3000, seed=1).select(["body", "intent", "channel"])
ASKED = 12  # questions of a sitting


@dataclass(slots=True)
class Tally:
    """What happened: kills by command, how many hit a process at work, and what was checked."""

    kills: dict[str, int] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=dict)
    answers: int = 0

    def count(self, verb: str, *, killed: bool) -> None:
        """One process that was started: killed, or done before that."""
        of = self.kills if killed else self.finished
        of[verb] = of.get(verb, 0) + 1


def start(folder: Path) -> Path:
    """A folder with a project without labels, and the files that the commands read."""
    folder.mkdir(parents=True, exist_ok=True)
    begun(folder / "mail", DATA, SOURCE, with_labels=False)
    csv(folder / "more.csv", MORE)
    return folder


def course(root: Path) -> dict[str, Any]:
    """All that a project holds, but for times and what is named by chance."""
    engine = Engine.open(root)
    with engine.store() as held:
        table = held.examples.take(range(held.examples.count), ["aq_id", "aq_group", "aq_part"])
        ids = table["aq_id"].to_pylist()
        said = [(seq, event) for example in ids for seq, event in held.labels.history(example)]
        gate = sum(part == PARTS.index(Part.GATE) for part in table["aq_part"].to_pylist())
        return {
            "examples": table.to_pydict(),
            "labels": sorted((seq, e.example, e.value, e.policy, e.probability, e.why) for seq, e in said),
            "models": [(made.id, made.state, made.parent) for made in held.models.list()],
            "cells": held.cells.read().to_pylist(),
            "looks": [(look.candidate, look.verdict, look.alpha) for look in held.looks.list()],
            "chances": Chances(root).read("intent", gate).tolist(),
            "waiting": [(item.example, item.rank) for item in held.queue.waiting()],
        }


def killed(words: list[str], seconds: float) -> tuple[bool, str]:
    """Start a command and kill it after so long; (whether it was still at work, what it had said)."""
    command = [sys.executable, "-m", "adequate.cli.main", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        said, complaint = process.communicate()
        return True, said
    assert process.returncode == 0, complaint
    return False, said


def drill(folder: Path, verb: str, kills: int, rng: random.Random, tally: Tally) -> None:
    """Kill a command so many times, each time on what the kill before left, and check."""
    begin = start(folder)
    {"add": _add, "run": _run, "label": _label}[verb](begin, kills, rng, tally)


def _add(begin: Path, kills: int, rng: random.Random, tally: Tally) -> None:
    words = ["add", str(begin / "more.csv"), "--project"]
    whole, seconds = _undisturbed(begin, words)
    while kills:
        root = _copy(begin / "mail")
        while True:
            hit, said = killed([*words, str(root)], rng.uniform(0.2, 1.0) * seconds) if kills else (False, "")
            kills -= hit
            tally.count("add", killed=hit)
            with store.open(root, write=False, text="body") as held:
                n = held.examples.count
                assert held.examples.ids(range(n)) == whole["examples"]["aq_id"][:n]
                assert "added" not in said or n == len(whole["examples"]["aq_id"])
            if not hit:
                break
        done = typed(*words, root)
        assert done.returncode == 0, done.stderr
        assert course(root) == whole


def _run(begin: Path, kills: int, rng: random.Random, tally: Tally) -> None:
    words = ["run", "--oracle", str(begin / "mail.csv"), "--batch", "40", "--project"]
    whole, seconds = _undisturbed(begin, words)
    assert len(whole["models"]) > 2
    while kills:
        root = _copy(begin / "mail")
        acknowledged = 0
        while True:
            hit, _ = killed([*words, str(root)], rng.uniform(0.2, 1.0) * seconds) if kills else (False, "")
            kills -= hit
            tally.count("run", killed=hit)
            with store.open(root, write=False, text="body") as held:
                assert held.labels.last_seq() >= acknowledged
                acknowledged = held.labels.last_seq()
                known = [made.id for made in held.models.list()]
            assert known == [made[0] for made in whole["models"]][: len(known)]
            if not hit:
                break
        done = typed(*words, root)
        assert done.returncode == 0, done.stderr
        assert course(root) == whole


def _label(begin: Path, kills: int, rng: random.Random, tally: Tally) -> None:
    asked = _copy(begin / "mail")
    assert typed("run", "--batch", ASKED, "--project", asked).returncode == 0
    truth = dict(zip(content_ids(DATA["body"].to_pylist()), DATA["intent"].to_pylist(), strict=True))
    whole = None
    while kills or whole is None:
        root = _copy(asked)
        undisturbed = whole is None
        saved: list[str] = []
        while len(saved) < ASKED:
            with terminal(root) as screen:
                for _ in range(ASKED - len(saved)):
                    # Rather at work than at the start: a kill in the middle of an answer is what may lose one.
                    dies = kills > 0 and not undisturbed and rng.random() < 0.4
                    if not _answered(root, screen, truth, saved, rng.uniform(0, 0.03) if dies else None):
                        kills -= 1
                        tally.count("label", killed=True)
                        break
                else:
                    tally.count("label", killed=False)
            have = _labels(root)
            lost = [example for example in saved if have.get(example) != truth[example]]
            assert not lost, f"{len(lost)} answers that were called saved are gone"
            assert len(have) <= len(saved) + 1
            saved = list(have)  # the one that was being saved may be there as well
        tally.answers += len(saved)
        assert typed("run", "--project", root).returncode == 0
        made = course(root)
        final = {name: made[name] for name in ("models", "cells", "waiting", "chances")}
        whole = whole or final
        assert final == whole


def _answered(root: Path, screen: Terminal, truth: dict[str, str], saved: list[str], dies: float | None) -> bool:
    """Give the true answer to the next question; or press its key, and die so many seconds later."""
    with store.open(root, write=False, text="body") as held:
        example = held.queue.waiting("intent")[0].example
    number = sorted(INTENTS).index(truth[example]) + 1
    screen.until("space skip")
    screen.type(str(number))
    if dies is not None:
        time.sleep(dies)
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.process.wait()
        return False
    screen.until(f"saved: {truth[example]}")
    saved.append(example)
    return True


def _labels(root: Path) -> dict[str, str]:
    with store.open(root, write=False, text="body") as held:
        now = held.labels.current("intent")
        values = [value.strip('"') for value in now["value"].to_pylist()]
        return dict(zip(now["example"].to_pylist(), values, strict=True))


def _undisturbed(begin: Path, words: list[str]) -> tuple[dict[str, Any], float]:
    root = _copy(begin / "mail")
    before = time.monotonic()
    done = adequate(*words, root)
    assert done.returncode == 0, done.stderr
    return course(root), time.monotonic() - before


def _copy(source: Path) -> Path:
    """A copy in a folder of its own, beside the original's."""
    return Path(shutil.copytree(source, Path(tempfile.mkdtemp(dir=source.parent)) / "mail"))
