"""How small and how fast can a model get before the gate finds that it got worse?

    python benchmarks/ship.py [--data ../shared/data] [--only clinc150,hwu64] [--search 600] [--plot frontier.png]

A project from the train rows of CLINC150 and of HWU64, all labelled; the model that its first cycle accepts; then
`adequate ship`. Printed: what is adequate and on the frontier, the best ratios in size and speed against MiniLM in fp32
with the same head (measured in the same run; CPU time of one thread), beside the goals of 30x and 100x within ten
minutes on 2 cores, and what each bundle is worth on the published test set, which nobody saw.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from adequate.bundles import Bundle
from adequate.encoders import onnx
from adequate.loop.begin import begin
from adequate.loop.engine import Engine
from adequate.loop.ship.make import Measured, bundled, made, measured
from adequate.loop.ship.material import gather, teacher
from adequate.loop.ship.report import Shipped, in_bytes, in_seconds
from adequate.loop.ship.screen import answered
from adequate.shipping.search import Recipe, Trial
from adequate.types import Mask

HERE = Path(__file__).resolve().parents[1]
SMALLER, FASTER = 30, 100  # times: the goals
Rows = list[tuple[str, str]]


def main() -> None:
    """Run what was asked for, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--data", type=Path, default=HERE.parent / "shared" / "data")
    asked.add_argument("--only", default="clinc150,hwu64")
    asked.add_argument("--search", type=float, default=600.0, help="seconds")
    asked.add_argument("--plot", type=Path, help="draw the first set's frontier")
    args = asked.parse_args()
    if not onnx.available():
        print("skipped: MiniLM's weights aren't in the cache")
        return
    for i, name in enumerate(args.only.split(",")):
        if not (args.data / name).is_dir():
            print(f"{name}: skipped, there is no {args.data / name}")
            continue
        with tempfile.TemporaryDirectory(prefix="adequate-benchmark-") as folder:
            shipped(name, *SETS[name](args.data / name), Path(folder), args.search, args.plot if i == 0 else None)


def clinc150(folder: Path) -> tuple[Rows, Rows]:
    """Train and test, without what is out of scope."""
    full = json.loads((folder / "data_full.json").read_text())
    return [tuple(row) for row in full["train"]], [tuple(row) for row in full["test"]]


def hwu64(folder: Path) -> tuple[Rows, Rows]:
    """Train and test of its first fold."""

    def read(part: str) -> Rows:
        (file,) = (folder / part).glob("*.json")
        found = json.loads(file.read_text())["rasa_nlu_data"]["common_examples"]
        return [(one["text"], one["intent"]) for one in found]

    return read("merged"), read("mergedTestset")


SETS = {"clinc150": clinc150, "hwu64": hwu64}


def shipped(name: str, train: Rows, test: Rows, folder: Path, seconds: float, plot: Path | None) -> None:
    """One data set."""
    file = folder / "train.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("text", "intent"), *train])
    engine = begin(folder / name, [file], tasks=["intent"]).engine
    engine.run(cycles=1)
    whole, model = reference(engine, folder / "reference")
    print(f"\n{name}: {len(train):,} rows; MiniLM fp32 {in_bytes(whole.bytes)}, {in_seconds(whole.seconds)} a text")
    began = time.perf_counter()
    found = engine.ship(search=seconds, told=lambda _trial, _verdict: None)
    took = time.perf_counter() - began
    print(f"searched {took:.0f} s, {len(found.trials)} candidates, {found.looks} looks of the gate")
    show(found, whole, truths(engine, found, model, test))
    if plot is not None:
        found.plot(plot)
        print(f"wrote {plot}")


def reference(engine: Engine, folder: Path) -> tuple[Measured, Bundle]:
    """MiniLM in fp32 with the model's head, measured as a bundle; and the accepted model as it is."""
    folder.mkdir()
    with engine.store() as store:
        material, _ = gather(store, engine.project, teacher(store, engine.project))
    recipes = Recipe(form="encoder", precision="fp32"), Recipe(form="exact")
    whole, model = (
        bundled(made(one, material, folder), folder, project=engine.project.name, text=engine.project.text)
        for one in recipes
    )
    return measured(whole, material.texts[material.made :]), model


def truths(engine: Engine, found: Shipped, model: Bundle, test: Rows) -> dict[str, tuple[float, int, int]]:
    """By bundle that is still there: accuracy on the test set, and what it lost and won there against the model."""
    (place,) = (path for path in (engine.root / ".adequate" / "ship").iterdir() if path.is_dir())
    texts, gold = [text for text, _ in test], np.array([label for _, label in test])

    def right(bundle: Bundle) -> Mask:
        return np.asarray(np.array(bundle.heads["intent"].labels)[answered(bundle, texts)["intent"]] == gold)

    was = right(model)
    there = {one.bundle for one in found.trials if one.made and (place / one.bundle).exists()}
    answers = {bundle: right(Bundle.open(place / bundle)) for bundle in sorted(there)} | {model.id: was}
    return {
        bundle: (float(now.mean()), int((was & ~now).sum()), int((now & ~was).sum())) for bundle, now in answers.items()
    }


def show(found: Shipped, whole: Measured, truth: dict[str, tuple[float, int, int]]) -> None:
    """The frontier, and the best ratios."""
    print(f"{'':52}{'size':>8}{'x':>6}{'a text':>9}{'x':>6}{'differs':>9}{'gate -/+':>10}{'test':>7}{'-/+':>9}")
    for one in found.frontier:
        verdict = found.verdicts.get(one.bundle)
        lost = f"{verdict.lost}/{verdict.won}" if verdict else ""
        accuracy, worse, better = truth.get(one.bundle, (float("nan"), 0, 0))
        print(
            f"{str(one.recipe)[:38]:38}{found.state(one):>14}{in_bytes(one.bytes):>8}{whole.bytes / one.bytes:6.1f}"
            f"{in_seconds(one.seconds):>9}{whole.seconds / one.seconds:6.0f}{one.flips:9.1%}{lost:>10}"
            f"{accuracy:7.4f}{f'{worse}/{better}':>9}"
        )
    if not found.adequate:
        print("nothing is adequate")
        return
    both = max(found.adequate, key=lambda one: min(_ratios(one, whole, goals=True)))
    size, speed = _ratios(both, whole)
    print(
        f"adequate: {size:.1f}x smaller and {speed:.0f}x faster at once (goal {SMALLER}x and {FASTER}x): {both.recipe}"
    )
    for line in found.sentences():
        print(line)


def _ratios(one: Trial, whole: Measured, *, goals: bool = False) -> tuple[float, float]:
    """Times smaller and faster; as shares of the goals."""
    by = (SMALLER, FASTER) if goals else (1, 1)
    return whole.bytes / one.bytes / by[0], whole.seconds / one.seconds / by[1]


if __name__ == "__main__":
    main()
