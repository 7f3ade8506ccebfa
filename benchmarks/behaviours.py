"""How fast are behaviours run, and how long does an envelope take?

    python benchmarks/behaviours.py [--clinc data_full.json] [--rows 3000] [--one 150] [--only lexical|minilm]

A project is made of CLINC150 (without it, of made mail), and its model is put to four invariances with their envelopes,
a direction and a template. A case is one changed input, answered; the answers to what it was changed from are not
counted, though they are needed too.

lexical: cases a second with a head on n-grams; the first run in a process also makes tables of Unicode and loads Lance.
    Goal: at least 5,000.
minilm: cases a second against running them one by one (change one example, answer it as it was and as it is, compare),
    for the first model of a project (cold: each changed text is encoded once; examples have their vectors) and for the
    next one, which finds the texts encoded (warm). Goal: 20 times. The slowest envelope. Goal: at most 30 s on 2 cores.

Cold can't reach 20: one by one encodes two texts a case, a batch one (that of the example is in the store), and int8
runs each text alone, so that its vector depends on nothing else. Fewer cases can be gained, not cheaper ones.

CPU seconds of all threads; compare within one run only. On c cores an envelope takes about 1/c of its CPU seconds.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy loads

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from adequate.encoders import onnx
from adequate.loop.begin import begin
from adequate.loop.checks.changes import Trial
from adequate.loop.checks.run import examples, run
from adequate.loop.engine import Engine
from adequate.loop.memory import kept
from adequate.loop.subjects import Trained
from adequate.loop.subjects.vectors import Vectors
from adequate.testing.outputs import Outputs
from adequate.testing.results import Result
from adequate.types import Floats, Metric, Part

SOURCE = """
import adequate as aq

project = aq.Project("bench", text="text")
intent = project.classify("intent", labels="infer", target=aq.Target(accuracy=0.5))

def put(batch, inputs):
    return batch.set_column(batch.schema.get_field_index("text"), "text", inputs)

@project.behaviour(intent, expect="same", target=0.9, reach=0.1)
def typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)

@project.behaviour(intent, expect="same", target=0.95, reach=0.05)
def few_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)

@project.behaviour(intent, expect="same", target=0.9, reach=0.5)
def courtesy(batch, level, rng):
    polite = rng.random(len(batch)) < level
    return put(batch, [t + " please" if p else t for t, p in zip(batch["text"].to_pylist(), polite)])

@project.behaviour(intent, expect="same", target=0.95, reach=0.5)
def stop(batch, level, rng):
    last = rng.random(len(batch)) < level
    return put(batch, [t + "." if p else t for t, p in zip(batch["text"].to_pylist(), last)])

@project.behaviour(intent, expect=aq.rises("LABEL"), by=0.0)
def helped(batch, level, rng):
    return put(batch, [t + " HINT" for t in batch["text"].to_pylist()])

@project.behaviour(intent, expect="LABEL")
def filled():
    yield from aq.cases("{please|hi|hello|} HINT {a} {b}", a=[str(i) for i in range(40)], b=["now", "today"])
"""


@dataclass
class Direct:
    """An encoder that keeps nothing."""

    encoder: Any

    def of(self, texts: Sequence[str]) -> Floats:
        return self.encoder.encode(texts)


def project(folder: Path, table: pa.Table, label: str, hint: str) -> Engine:
    """A project with one model."""
    file = folder.with_suffix(".csv")
    pa.csv.write_csv(table, file)
    begin(folder, [file])
    (folder / "project.py").write_text(SOURCE.replace("LABEL", label).replace("HINT", hint))
    Engine.open(folder).run(cycles=1)
    return Engine.open(folder)


def data(clinc: str | None, rows: int) -> tuple[pa.Table, str, str]:
    """Texts and intents; a label, and words that hint at it."""
    if clinc:
        said = json.loads(Path(clinc).read_text())["train"]
        order = np.random.default_rng(0).permutation(len(said))[:rows]
        texts, intents = zip(*(said[i] for i in order.tolist()), strict=True)
        return pa.table({"text": texts, "intent": intents}), "weather", "what is the weather"
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.made import mail

    made = mail(rows)
    return pa.table({"text": made["body"], "intent": made["intent"]}), "login", "login password"


@dataclass(eq=False)
class Counted(Trained):
    """A model that counts the inputs it is asked that aren't examples as they are."""

    known: frozenset[str] = frozenset()
    cases: int = 0

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What every head answers."""
        self.cases += sum(text not in self.known for text in batch.column("text").to_pylist())
        return super().answer(batch)


def tested(engine: Engine, subject: Trained) -> tuple[list[Result], int, float]:
    """Results, cases and CPU seconds."""
    with engine.store() as store:
        texts = store.examples.take(np.arange(store.examples.count), ["text"])["text"].to_pylist()
        counted = Counted(subject.name, subject.heads, subject.dense, subject.lexical, known=frozenset(texts))
        began = time.process_time()
        found = run(store, engine.project, counted, seed=0)
        seconds = time.process_time() - began
    for one in found:
        assert not one.error, one.error
    return found, counted.cases, seconds


def one_by_one(engine: Engine, subject: Trained, count: int) -> float:
    """CPU seconds a case, each by itself."""
    with engine.store() as store:
        gate = examples(store, engine.project, Part.GATE)
        trials = [
            Trial(behaviour=one, subject=subject, seed=0)
            for one in engine.project.behaviours.values()
            if one.form == "change"
        ]
        batches = [gate.at(np.array([i])) for i in range(count)]
        cases, began = 0, time.process_time()
        for i, before in enumerate(batches):
            trial = trials[i % len(trials)]
            after = trial.behaviour.function(before, 0.5, np.random.default_rng(i))
            if not after.column("text").equals(before.column("text")):
                trial.judge(before, after)
                cases += 1
        return (time.process_time() - began) / max(cases, 1)


def lexical(engine: Engine) -> None:
    """Cases a second."""
    with engine.store() as store:
        subject = Trained.of(store, engine.project, "last")
    for which in ("first in a process", "again"):
        _, cases, seconds = tested(engine, subject)
        print(f"lexical, {which}: {cases:,} cases in {seconds:.2f} s: {cases / seconds:,.0f} cases/s (goal 5,000)")


def minilm(engine: Engine, count: int) -> None:
    """Against one by one, and the slowest envelope."""
    with engine.store() as store:
        subject = Trained.of(store, engine.project, "last")
    if not subject.dense:
        print("minilm: the model reads n-grams alone")
        return
    encoder = kept(("bench",), onnx.load)
    alone = Trained(subject.name, subject.heads, dict.fromkeys(subject.dense, Direct(encoder)), subject.lexical)  # type: ignore[arg-type]
    each = one_by_one(engine, alone, count)
    vectors = Vectors(encoder)
    shared = Trained(subject.name, subject.heads, dict.fromkeys(subject.dense, vectors), subject.lexical)
    print(f"minilm: one by one {1 / each:,.0f} cases/s")
    for which in ("cold (first model)", "warm (next model)"):
        encoded = vectors.encoded
        found, cases, seconds = tested(engine, shared)
        ratio = each * cases / seconds
        print(
            f"minilm, {which}: {cases:,} cases in {seconds:.2f} s, {vectors.encoded - encoded:,} texts encoded: "
            f"{cases / seconds:,.0f} cases/s, {ratio:.1f} times one by one (goal 20)"
        )
        if encoded == 0:
            slowest = max((one for one in found if one.cell.metric is Metric.ENVELOPE), key=lambda one: one.seconds)
            print(
                f"minilm, slowest envelope: {slowest.cell.label}, {sum(n for _, n, _ in slowest.levels):,} cases at "
                f"{len(slowest.levels)} levels: {slowest.seconds:.1f} s as the machine is now (goal 30)"
            )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clinc", metavar="FILE", help="CLINC150's data_full.json")
    parser.add_argument("--rows", type=int, default=3000, help="examples in the project")
    parser.add_argument("--one", type=int, default=150, help="cases that are run one by one")
    parser.add_argument("--only", choices=["lexical", "minilm"])
    asked = parser.parse_args()
    table, label, hint = data(asked.clinc, asked.rows)
    with tempfile.TemporaryDirectory() as folder:
        if asked.only != "minilm":
            # Without weights the engine works on words alone.
            before = dict(os.environ)
            nothing = Path(folder) / "nothing"
            os.environ |= {"ADEQUATE_CACHE": str(nothing), "ADEQUATE_RESOURCES": str(nothing / "none")}
            os.environ |= {"PIP_NO_INDEX": "1", "HF_HUB_OFFLINE": "1"}
            lexical(project(Path(folder) / "words", table, label, hint))
            os.environ.clear()
            os.environ.update(before)
        if asked.only != "lexical":
            minilm(project(Path(folder) / "meaning", table, label, hint), asked.one)


if __name__ == "__main__":
    main()
