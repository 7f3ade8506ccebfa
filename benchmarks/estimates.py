"""How far off are estimates of accuracy without labels, and what does drift see?

    python benchmarks/estimates.py CLINC150/data_full.json [--hwu HWU64/mergedTestset] [--weights]

A head for 150 intents learns from CLINC150's `train` (a third of it: a model that errs), is validated on `val`, and
answers traffic made of `test`: as it was, with other shares of intents, with changed texts (`aq.perturb`), and with
out-of-scope texts that no label fits. For each: the true accuracy, the three estimates, their range with its interval,
the chance in 20 draws that the range holds the truth; how well inputs are told apart; and whether `watch` would alarm.
Then false alarms: 100 days of traffic that didn't change, each day's window looked at twice.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from adequate import perturb
from adequate.encoders.lexical import Lexical
from adequate.monitoring.alerts import APART
from adequate.monitoring.drift import drifted
from adequate.monitoring.estimate import Answers, estimates
from adequate.monitoring.rates import moved
from adequate.training.calibrate import temperature
from adequate.training.fit import fit
from adequate.types import Codes, Doubles, Floats, Kind

DRAWS, SIZE, DAYS, LOOKS, L2 = 20, 1500, 100, 2, 0.01


def main() -> None:
    """Print the table."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("clinc", type=Path)
    said.add_argument("--hwu", type=Path, help="HWU64's folder `mergedTestset`, as another domain")
    said.add_argument("--weights", action="store_true", help="vectors by MiniLM, else by words")
    told = said.parse_args()
    data = json.loads(told.clinc.read_text())
    encode = encoder(told.weights, [text for text, _ in data["train"]])
    names = sorted({label for _, label in data["train"]})
    code = {name: i for i, name in enumerate(names)}
    x, gold = {}, {}
    for part in ("train", "val", "test"):
        x[part] = encode([text for text, _ in data[part]])
        gold[part] = np.array([code[label] for _, label in data[part]], np.int32)
    rng = np.random.default_rng(0)
    some = rng.permutation(len(gold["train"]))[:5000]
    head = fit(
        {"x": x["train"][some]}, gold["train"][some], kind=Kind.CLASSIFY, k=len(names), l2=L2, labels=tuple(names)
    )
    head = replace(head, temperature=temperature(head.logits({"x": x["val"]}), gold["val"], Kind.CLASSIFY))

    def answers(of: Floats, truth: Codes) -> tuple[Doubles, np.ndarray, Codes]:
        logits = head.logits({"x": of})
        given = head.decide(logits)
        return head.probs(logits).max(axis=1).astype(float), given == truth, given

    texts = [text for text, _ in data["test"]]
    validation = answers(x["val"], gold["val"])
    kinds = {"as tested": (x["test"], gold["test"])}
    for name, change in (("typos", perturb.swap_letters), ("typos x3", perturb.swap_letters)):
        changed = change(texts, 0.3 if name == "typos" else 0.9, np.random.default_rng(1))
        kinds[name] = encode([str(one) for one in changed]), gold["test"]
    out = encode([text for text, _ in data["oos_test"]])
    kinds["out of scope"] = out, np.full(len(out), -1, np.int32)
    if told.hwu:
        other = hwu(told.hwu)
        kinds["another domain"] = encode(other), np.full(len(other), -1, np.int32)
    pools = {name: (vectors, *answers(vectors, truth)) for name, (vectors, truth) in kinds.items()}
    plain = np.full(len(gold["test"]), 1.0)
    few = np.isin(gold["test"], rng.permutation(150)[:15])
    mixes = {
        "as tested": [("as tested", 1.0, plain)],
        "15 intents are half": [("as tested", 0.5, plain), ("as tested", 0.5, few.astype(float))],
        "15 intents only": [("as tested", 1.0, few.astype(float))],
        "typos": [("typos", 1.0, plain)],
        "many typos": [("typos x3", 1.0, plain)],
        "10% out of scope": [("as tested", 0.9, plain), ("out of scope", 0.1, None)],
        "30% out of scope": [("as tested", 0.7, plain), ("out of scope", 0.3, None)],
    }
    if told.hwu:
        mixes["50% another domain"] = [("as tested", 0.5, plain), ("another domain", 0.5, None)]
    print(f"validation: {validation[1].mean():.3f} right, mean confidence {validation[0].mean():.3f}")
    print(f"{'traffic':<22}{'true':>6} {'calibr.':>8}{'thresh.':>8}{'differ.':>8}  {'range':<14}{'holds':>6}"
          f"  {'apart':>6}{'low':>6}{'alarm':>7}{'labels':>8}{'moved':>7}")  # fmt: skip
    for name, mix in mixes.items():
        report(name, mix, pools, validation, x["val"], np.bincount(validation[2], minlength=150))
    false_alarms(pools["as tested"], x["val"], np.bincount(validation[2], minlength=150))


def report(name, mix, pools, validation, reference, before) -> None:  # type: ignore[no-untyped-def]
    """One line."""
    found, held, alarms, labels = [], 0, 0, 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = [(kind, draw(len(pools[kind][0]), int(share * SIZE), weight, rng)) for kind, share, weight in mix]
        order = rng.permutation(sum(len(at) for _, at in drawn))
        vectors, sure, right, given = (
            np.concatenate([pools[kind][i][at] for kind, at in drawn])[order] for i in range(4)
        )
        live = Answers(confidence=sure, weight=np.ones(len(sure)))
        valid = Answers(confidence=validation[0], weight=np.ones(len(validation[0])))
        drift = drifted(reference, vectors, np.random.default_rng(0))
        unlike = 2 * drift.value - 1 if drift.is_beyond(APART) else 0.0
        made = estimates(valid, validation[1], live, rng, repeats=60, unlike=unlike)
        change = moved(before, int(before.sum()), np.bincount(given, minlength=150), len(given))
        held += made["together"].low <= right.mean() <= made["together"].high
        alarms += drift.low > APART
        labels += change.total >= 0.05
        ways = [made[way].value for way in ("calibrated", "threshold", "difference")]
        ends = [made["together"].low, made["together"].high]
        found.append([right.mean(), *ways, *ends, drift.value, drift.low, change.total])
    true, a, b, c, low, high, apart, least, total = np.mean(found, axis=0)
    print(f"{name:<22}{true:6.3f} {a:8.3f}{b:8.3f}{c:8.3f}  {low:.3f} - {high:.3f} {held:3d}/{DRAWS}"
          f"  {apart:6.3f}{least:6.2f}{alarms:4d}/{DRAWS}{labels:5d}/{DRAWS}{total:7.3f}")  # fmt: skip


def false_alarms(pool, reference, before) -> None:  # type: ignore[no-untyped-def]
    """How often a year of unchanged traffic is called changed."""
    said = {"inputs": 0, "inputs at all": 0, "labels": 0, "labels at all": 0}
    for day in range(DAYS):
        rng = np.random.default_rng(10_000 + day)
        at = rng.permutation(len(pool[0]))[:1000]  # each text once, as `watch` takes them
        looks = [drifted(reference, pool[0][at[: 500 * (i + 1)]], np.random.default_rng(0)) for i in range(LOOKS)]
        change = moved(before, int(before.sum()), np.bincount(pool[3][at], minlength=150), len(at))
        said["inputs"] += max(one.low for one in looks) > APART
        said["inputs at all"] += max(one.low for one in looks) > 0.5
        said["labels"] += change.total >= 0.05
        said["labels at all"] += change.total > 0
    print(f"{DAYS} days unchanged, {LOOKS} looks a day: {said} days with an alarm")


def draw(n: int, size: int, weight: Doubles | None, rng: np.random.Generator) -> np.ndarray:
    """Rows of a pool; the test set is what traffic is drawn from."""
    return rng.choice(n, size, p=None if weight is None else weight / weight.sum())


def encoder(weights: bool, texts: list[str]):  # type: ignore[no-untyped-def]
    """What makes vectors."""
    if weights:
        from adequate.encoders import onnx

        return onnx.load().encode
    return Lexical().fit_idf([texts]).dense().encode


def hwu(folder: Path) -> list[str]:
    """Its texts, from files in the format of Rasa."""
    read = [json.loads(path.read_text())["rasa_nlu_data"]["common_examples"] for path in sorted(folder.glob("*.json"))]
    return [one["text"] for file in read for one in file][:5000]


if __name__ == "__main__":
    main()
