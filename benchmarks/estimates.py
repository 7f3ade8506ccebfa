"""How far off are estimates of accuracy without labels, and what does drift see?

    python benchmarks/estimates.py CLINC150/data_full.json [--hwu HWU64] [--weights]

A head for 150 intents learns from CLINC150's `train` (a third of it: a model that errs), is validated on `val`, and
answers traffic made of `test`: as it was, with other shares of intents, with changed texts (`aq.perturb`), and with
texts that no label fits: out of scope, or of another domain (HWU64's test set). A second head learns HWU64's intents
but nine, which come as traffic all the same; there CLINC150's test set is the other domain. For each kind of traffic:
the true accuracy, the three estimates, their range with its interval, the chance in 20 draws that the range holds the
truth; how well inputs are told apart; and whether `watch` would alarm. Then false alarms: 100 days of traffic that
didn't change, each day's window looked at twice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from adequate.types import Codes, Doubles, Floats, Kind, Mask

DRAWS, SIZE, DAYS, LOOKS, L2 = 20, 1500, 100, 2, 0.01
TAUGHT, HELD, NEW = 5000, 2000, 9  # texts that a head learns from; of HWU64 that validate; intents that are left out

Said = tuple[Sequence[str], Sequence[str]]  # texts and labels
Encode = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True, kw_only=True)
class World:
    """A model and what comes its way.

    Args:
        reference: vectors of the examples that validate.
        confidence, right, given: of its answers to them.
        pools: by kind of traffic: vectors, confidence, right, given.
        gold: of the traffic as tested.
    """

    k: int
    reference: Floats
    confidence: Doubles
    right: Mask
    given: Codes
    pools: dict[str, tuple[Floats, Doubles, Mask, Codes]]
    gold: Codes


def main() -> None:
    """Print the tables."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("clinc", type=Path)
    said.add_argument("--hwu", type=Path, help="HWU64's folder: it has `merged` and `mergedTestset`")
    said.add_argument("--weights", action="store_true", help="vectors by MiniLM, else by words")
    told = said.parse_args()
    data = json.loads(told.clinc.read_text())
    clinc = {part: pair(data[part]) for part in ("train", "val", "test", "oos_test")}
    encode = encoder(told.weights, clinc["train"][0])
    other = rasa(told.hwu / "mergedTestset") if told.hwu else None
    strange = {"out of scope": clinc["oos_test"][0]} | ({"another domain": other[0]} if other else {})
    world = made(some(clinc["train"], TAUGHT), clinc["val"], clinc["test"], strange, encode)
    shifts = [("10% out of scope", 0.1, "out of scope"), ("30% out of scope", 0.3, "out of scope")]
    if other:
        shifts += [(f"{share:.0%} another domain", share, "another domain") for share in (0.1, 0.3, 0.5)]
    table("CLINC150", world, shifts)
    false_alarms(world)
    if told.hwu:
        texts, labels = some(rasa(told.hwu / "merged"), None)
        left_out = np.isin(labels, np.random.default_rng(3).permutation(sorted(set(labels)))[:NEW])
        known = [part(texts, labels, at) for at in np.split(np.flatnonzero(~left_out), [TAUGHT, TAUGHT + HELD])]
        strange = {"new intents": part(texts, labels, np.flatnonzero(left_out))[0], "another domain": clinc["test"][0]}
        shifts = [(f"{share:.0%} {kind}", share, kind) for kind in strange for share in (0.1, 0.3, 0.5)]
        table("HWU64", made(*known, strange, encode), shifts)


def made(taught: Said, held: Said, tested: Said, strange: dict[str, Sequence[str]], encode: Encode) -> World:
    """A head, and its answers to everything; `strange`: texts that no label fits, by what they are."""
    names = sorted(set(taught[1]))
    code = {name: i for i, name in enumerate(names)}

    def codes(labels: Sequence[str]) -> Codes:
        return np.array([code.get(label, -1) for label in labels], np.int32)

    x, reference, gold = encode(taught[0]), encode(held[0]), codes(held[1])
    head = fit({"x": x}, codes(taught[1]), kind=Kind.CLASSIFY, k=len(names), l2=L2, labels=tuple(names))
    head = replace(head, temperature=temperature(head.logits({"x": reference}), gold, Kind.CLASSIFY))

    def answers(of: Floats, truth: Codes) -> tuple[Doubles, Mask, Codes]:
        logits = head.logits({"x": of})
        given = head.decide(logits)
        return head.probs(logits).max(axis=1).astype(float), given == truth, given

    texts, truth = tested[0], codes(tested[1])
    kinds = {"as tested": (encode(texts), truth)}
    for name, amount in (("typos", 0.3), ("typos x3", 0.9)):
        changed = perturb.swap_letters(texts, amount, np.random.default_rng(1))
        kinds[name] = encode([str(one) for one in changed]), truth
    for name, some_texts in strange.items():
        kinds[name] = encode(some_texts), np.full(len(some_texts), -1, np.int32)
    confidence, right, given = answers(reference, gold)
    pools = {name: (vectors, *answers(vectors, wanted)) for name, (vectors, wanted) in kinds.items()}
    return World(
        k=len(names),
        reference=reference,
        confidence=confidence,
        right=right,
        given=given,
        pools=pools,
        gold=truth,
    )


def table(title: str, world: World, shifts: Sequence[tuple[str, float, str]]) -> None:
    """A line a kind of traffic."""
    plain = np.full(len(world.pools["as tested"][0]), 1.0)
    picked = np.random.default_rng(0).permutation(world.k)[: world.k // 10]
    few = np.isin(world.gold, picked).astype(float)
    mixes = {
        "as tested": [("as tested", 1.0, plain)],
        f"{len(picked)} intents are half": [("as tested", 0.5, plain), ("as tested", 0.5, few)],
        f"{len(picked)} intents only": [("as tested", 1.0, few)],
        "typos": [("typos", 1.0, plain)],
        "many typos": [("typos x3", 1.0, plain)],
    }
    for name, share, kind in shifts:
        mixes[name] = [("as tested", 1 - share, plain), (kind, share, None)]
    print(f"{title}: validation {world.right.mean():.3f} right, mean confidence {world.confidence.mean():.3f}")
    print(f"{'traffic':<22}{'true':>6} {'calibr.':>8}{'thresh.':>8}{'differ.':>8}  {'range':<14}{'holds':>6}"
          f"  {'apart':>6}{'low':>6}{'alarm':>7}{'labels':>8}{'moved':>7}")  # fmt: skip
    for name, mix in mixes.items():
        report(name, mix, world)


def report(name: str, mix: Sequence[tuple[str, float, Doubles | None]], world: World) -> None:
    """One line."""
    found, held, alarms, labels = [], 0, 0, 0
    before = np.bincount(world.given, minlength=world.k)
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = [(kind, draw(len(world.pools[kind][0]), int(share * SIZE), weight, rng)) for kind, share, weight in mix]
        order = rng.permutation(sum(len(at) for _, at in drawn))
        vectors, sure, right, given = (
            np.concatenate([world.pools[kind][i][at] for kind, at in drawn])[order] for i in range(4)
        )
        live = Answers(confidence=sure, weight=np.ones(len(sure)))
        valid = Answers(confidence=world.confidence, weight=np.ones(len(world.confidence)))
        drift = drifted(world.reference, vectors, np.random.default_rng(0))
        guess = estimates(valid, world.right, live, rng, repeats=60)
        change = moved(before, int(before.sum()), np.bincount(given, minlength=world.k), len(given))
        held += guess["together"].low <= right.mean() <= guess["together"].high
        alarms += drift.low > APART
        labels += change.total >= 0.05
        ways = [guess[way].value for way in ("calibrated", "threshold", "difference")]
        ends = [guess["together"].low, guess["together"].high]
        found.append([right.mean(), *ways, *ends, drift.value, drift.low, change.total])
    true, a, b, c, low, high, apart, least, total = np.mean(found, axis=0)
    print(f"{name:<22}{true:6.3f} {a:8.3f}{b:8.3f}{c:8.3f}  {low:.3f} - {high:.3f} {held:3d}/{DRAWS}"
          f"  {apart:6.3f}{least:6.2f}{alarms:4d}/{DRAWS}{labels:5d}/{DRAWS}{total:7.3f}", flush=True)  # fmt: skip


def false_alarms(world: World) -> None:
    """How often a year of unchanged traffic is called changed."""
    said = {"inputs": 0, "inputs at all": 0, "labels": 0, "labels at all": 0}
    vectors, _, _, given = world.pools["as tested"]
    before = np.bincount(world.given, minlength=world.k)
    for day in range(DAYS):
        rng = np.random.default_rng(10_000 + day)
        at = rng.permutation(len(vectors))[:1000]  # each text once, as `watch` takes them
        looks = [drifted(world.reference, vectors[at[: 500 * (i + 1)]], np.random.default_rng(0)) for i in range(LOOKS)]
        change = moved(before, int(before.sum()), np.bincount(given[at], minlength=world.k), len(at))
        said["inputs"] += max(one.low for one in looks) > APART
        said["inputs at all"] += max(one.low for one in looks) > 0.5
        said["labels"] += change.total >= 0.05
        said["labels at all"] += change.total > 0
    print(f"{DAYS} days unchanged, {LOOKS} looks a day: {said} days with an alarm")


def draw(n: int, size: int, weight: Doubles | None, rng: np.random.Generator) -> np.ndarray:
    """Rows of a pool; the test set is what traffic is drawn from."""
    return rng.choice(n, size, p=None if weight is None else weight / weight.sum())


def encoder(weights: bool, texts: Sequence[str]) -> Encode:
    """What makes vectors."""
    if weights:
        from adequate.encoders import onnx

        return onnx.load().encode
    return Lexical().fit_idf([texts]).dense().encode


def pair(rows: Sequence[Sequence[str]]) -> Said:
    """Of rows of text and label."""
    return [text for text, _ in rows], [label for _, label in rows]


def some(said: Said, n: int | None) -> Said:
    """So many of them, or all, in an order of chance."""
    return part(*said, np.random.default_rng(0).permutation(len(said[0]))[:n])


def part(texts: Sequence[str], labels: Sequence[str], at: np.ndarray) -> Said:
    """Those at some places."""
    return [texts[i] for i in at], [labels[i] for i in at]


def rasa(folder: Path) -> Said:
    """Texts and intents, from files in the format of Rasa."""
    read = [json.loads(path.read_text())["rasa_nlu_data"]["common_examples"] for path in sorted(folder.glob("*.json"))]
    return [one["text"] for file in read for one in file], [one["intent"] for file in read for one in file]


if __name__ == "__main__":
    main()
