"""Small real data, the same on every machine: mail of six intents that words tell apart, some of it hard.

mail(n)             a table: body, intent, urgent, topics (several, by `;`), channel, thread, number
csv(path, table)    the table as a file
begun(root, ...)    a project made of it by `begin`, as `adequate init` does
adequate(...)       the command line in a process of its own
typed(...)          the same in this process, in a tenth of the time: where the process isn't the point
without_weights     a fixture: nothing is fetched, the engine works on words alone
weightless(folder)  the same for what lives longer than a module
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from click.testing import CliRunner

from adequate.cli.main import main
from adequate.loop.begin import Begun, begin

INTENTS = ("card", "fee", "login", "loan", "refund", "transfer")
_OWN = {
    "card": "card chip plastic pin swallowed machine stolen expired contactless terminal",
    "fee": "fee charge monthly cost overdraft penalty billed price expensive waive",
    "login": "login password account locked code reset browser email forgotten access",
    "loan": "loan mortgage interest rate borrow house credit application approved instalment",
    "refund": "refund return money back merchant dispute purchase cancelled shop wrong",
    "transfer": "transfer iban abroad payment sent recipient wire pending swift bank",
}
_COMMON = [
    "please",
    "the",
    "my",
    "a",
    "is",
    "was",
    "of",
    "with",
    "and",
    "help",
    "hello",
    "thanks",
    "today",
    "i",
    "need",
    "what",
    "how",
    "why",
    "since",
    "it",
    "not",
]
_RARER = [head + tail for head in ("bor", "lim", "tas", "ven", "kul") for tail in ("ito", "ane", "oup", "ick")]


@contextmanager
def weightless(folder: Path) -> Iterator[None]:
    """An empty cache, and a folder of resources that isn't there: that is said at once, where pip would be asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADEQUATE_CACHE", str(folder / "cache"))
        patch.setenv("ADEQUATE_RESOURCES", str(folder / "no resources"))
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture(autouse=True, scope="module")
def without_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For a module. What a session shares is made before it, so must say `weightless` itself."""
    empty = tmp_path_factory.mktemp("empty")
    with weightless(empty):
        yield empty


def mail(n: int = 300, *, seed: int = 0, hard: float = 0.05, weights: Sequence[float] | None = None) -> pa.Table:
    """n mails.

    Args:
        hard: share of texts whose words are those of another intent.
        weights: how common each intent is.
    """
    rng = np.random.default_rng(seed)
    chance = np.array(weights if weights is not None else [6, 5, 4, 3, 3, 2], float)
    intents = rng.choice(len(INTENTS), n, p=chance / chance.sum())
    said = np.where(rng.random(n) < hard, rng.integers(0, len(INTENTS), n), intents)
    own = {name: words.split() for name, words in _OWN.items()}
    bodies, urgent, topics = [], [], []
    for intent, words in zip(intents.tolist(), said.tolist(), strict=True):
        picked = [
            *rng.choice(own[INTENTS[words]], rng.integers(2, 5)),
            *rng.choice(_COMMON, rng.integers(3, 9)),
            *rng.choice(_RARER, 2),
        ]
        now = rng.random() < 0.25
        both = bool(rng.random() < 0.3)
        other = int((intent + 1 + rng.integers(0, 2)) % len(INTENTS))
        if now:
            picked += ["urgent", "immediately"]
        if both:
            picked += list(rng.choice(own[INTENTS[other]], 3))
        rng.shuffle(picked)
        bodies.append(" ".join(picked))
        urgent.append("yes" if now else "no")
        topics.append(";".join(sorted({INTENTS[intent], *([INTENTS[other]] if both else [])})))
    return pa.table(
        {
            "body": bodies,
            "intent": [INTENTS[i] for i in intents.tolist()],
            "urgent": urgent,
            "topics": topics,
            "channel": rng.choice(["app", "mail", "phone"], n).tolist(),
            "number": list(range(n)),
        }
    )


def csv(path: Path, table: pa.Table) -> Path:
    """Write a table as a CSV file."""
    pa.csv.write_csv(table, path)
    return path


def begun(root: Path, table: pa.Table | None = None, source: str | None = None, **options: object) -> Begun:
    """A project in `root`, of a file beside it.

    Args:
        source: of `project.py`, instead of what was inferred.
    """
    table = mail() if table is None else table
    made = begin(root, [csv(root.with_name(f"{root.name}.csv"), table)], **options)  # type: ignore[arg-type]
    if source is not None:
        (root / "project.py").write_text(source)
    return made


def adequate(*words: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "adequate.cli.main", *map(str, words)],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "200"} | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )


def typed(*words: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line in this process; an error that isn't ours is raised."""
    runner = CliRunner(env={"COLUMNS": "200"} | env)
    with pytest.MonkeyPatch.context() as patch, runner.isolation() as (out, err, _):
        patch.setattr(sys, "argv", ["adequate", *map(str, words)])
        if cwd is not None:
            patch.chdir(cwd)
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(sys.argv, ended.value.code, out.getvalue().decode(), err.getvalue().decode())
