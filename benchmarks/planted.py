"""Are bad slices that were planted found, and is nothing found where there is none? Against two peers and a tree.

    python benchmarks/planted.py DATA [--runs 12] [--labels 300 1000 3000] [--nulls 60]

DATA is CLINC150's `data_full.json`. A real model, fitted to 1,500 texts, answers the others. Its errors are shuffled,
so that it is known what is true, and then a planted slice errs on a quarter more: a value of a column, a range of
numbers, a word, two columns together, what lies near one text among the vectors. Texts come with columns made up here.
Each search sees some labelled examples:

found       a slice among its first five is the planted one (Jaccard above 0.5; near one text, 0.35)
false       of the slices offered, those that hold hardly more of the planted one than the rest does
nothing     the same search where nothing is planted: how often it offers something. Ours promises 5 % at most

Peers (skipped, with a line, where they aren't installed): SliceLine (Sagadeeva & Boehm, SIGMOD 2021), `sliceline`;
`pysubgroup` (Lemmerich & Becker, ECML 2018), beam search of depth 2; a decision tree of scikit-learn, its worst leaves.
They get the columns cut in tenths and the 150 commonest words with meaning, and correct for nothing. So each is also
tried as a careful person would: it searches one half of the labels, and its five best must hold in the other at 1 %.
CPU seconds a search, one thread.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders import onnx
from adequate.testing.bounds import at_most
from adequate.testing.discover import discover, jaccard
from adequate.testing.rules import conditions
from adequate.training.fit import fit
from adequate.types import Floats, Kind, Mask

FIRST, DROP, TRUE = 5, 0.25, 0.02
KINDS = ("value", "range", "word", "pair", "near")
TOPICS = ("card", "account", "book", "credit", "bank", "flight", "list", "time", "song", "car", "travel", "tell")
Finder = Callable[["Seen", Mask, int], list[Mask]]


class Seen:
    """What a search is given of some labelled examples: columns, vectors, and for the peers a table of categories."""

    def __init__(self, table: pa.Table, vectors: Floats, rows: np.ndarray) -> None:
        self.rows, self.table, self.vectors = rows, table.take(pa.array(rows)), vectors[rows]
        self.said = conditions(self.table, "text", least=max(10, len(rows) // 200))

    def categories(self) -> dict[str, np.ndarray]:
        """Every column as a few categories, and the commonest words as yes and no."""
        lengths = pc.utf8_length(self.table["text"]).to_numpy()
        made: dict[str, np.ndarray] = {name: np.array(self.table[name].to_pylist()) for name in ("channel", "region")}
        for name, x in (("length", lengths), *((name, self.table[name].to_numpy()) for name in ("age", "amount"))):
            made[name] = np.searchsorted(np.unique(np.quantile(x, np.arange(0.1, 1, 0.1))), x, side="right")
        words = [i for i in range(len(self.said.words)) if "\\W" not in self.said.words[i]]
        often = sorted(words, key=lambda i: -int(self.said.mask(i).sum()))[:150]
        return made | {f"has {self.said.words[i]}": self.said.mask(i) for i in often}


def ours(seen: Seen, wrong: Mask, seed: int) -> list[Mask]:
    """What is proven."""
    n, rng = len(wrong), np.random.default_rng(seed)
    found = discover(seen.said, wrong, np.arange(n), rng, vectors=seen.vectors)
    return [one.mask for one in found if one.proven]


def suspected(seen: Seen, wrong: Mask, seed: int) -> list[Mask]:
    """What is proven, then what is suspected."""
    rng = np.random.default_rng(seed)
    return [one.mask for one in discover(seen.said, wrong, np.arange(len(wrong)), rng, vectors=seen.vectors)]


def sliceline(seen: Seen, wrong: Mask, _: int) -> list[Mask]:
    """SliceLine as its readme has it, but for the five best slices of at most two conditions."""
    table = seen.categories()
    x = np.stack([np.unique(values, return_inverse=True)[1] for values in table.values()], axis=1)
    finder = importlib.import_module("sliceline").slicefinder.Slicefinder(
        alpha=0.95, k=FIRST, max_l=2, min_sup=max(10, len(wrong) // 100), verbose=False
    )
    finder.fit(x, wrong.astype(float))
    slices = finder.top_slices_
    return [np.all([x[:, i] == value for i, value in enumerate(one) if value is not None], axis=0) for one in slices]


def pysubgroup(seen: Seen, wrong: Mask, _: int) -> list[Mask]:
    """Beam search of depth 2 by weighted relative accuracy with the square root of the size."""
    ps, pd = importlib.import_module("pysubgroup"), importlib.import_module("pandas")
    frame = pd.DataFrame(seen.categories() | {"wrong": wrong})
    task = ps.SubgroupDiscoveryTask(
        frame,
        ps.BinaryTarget("wrong", True),
        ps.create_nominal_selectors(frame, ignore=["wrong"]),
        result_set_size=FIRST,
        depth=2,
        qf=ps.StandardQF(a=0.5),
    )
    found = ps.BeamSearch(beam_width=30).execute(task).to_dataframe()["subgroup"]
    return [np.asarray(one.covers(frame), np.bool_) for one in found]


def tree(seen: Seen, wrong: Mask, seed: int) -> list[Mask]:
    """The leaves of a decision tree that err most."""
    table = seen.categories()
    x = np.stack([np.unique(values, return_inverse=True)[1] for values in table.values()], axis=1)
    least = max(10, len(wrong) // 100)
    made = importlib.import_module("sklearn.tree").DecisionTreeClassifier(
        max_leaf_nodes=16, min_samples_leaf=least, random_state=seed
    )
    leaves = made.fit(x, wrong).apply(x)
    worst = sorted(np.unique(leaves).tolist(), key=lambda leaf: -float(wrong[leaves == leaf].mean()))[:FIRST]
    return [leaves == leaf for leaf in worst]


def careful(finder: Finder) -> Finder:
    """The same in one half of the labels; kept is what is worse in the other, at 5 % for all five together."""

    def halved(seen: Seen, wrong: Mask, seed: int) -> list[Mask]:
        half = np.random.default_rng([seed, 1]).random(len(wrong)) < 0.5
        # Slices are masks of all labelled examples: those that don't count have the usual error.
        blank = np.where(half, wrong, np.random.default_rng(seed).random(len(wrong)) < wrong[half].mean())
        kept = []
        for mask in finder(seen, blank, seed):
            inside, outside = mask & ~half, ~mask & ~half
            n, bad = int(inside.sum()), int(wrong[inside].sum())
            usual = wrong[outside].mean() if outside.any() else 1.0
            if n and 1 - float(at_most(bad - 1, n, usual)) <= 0.05 / FIRST:
                kept.append(mask)
        return kept

    return halved


def columns(texts: Sequence[str], rng: np.random.Generator) -> pa.Table:
    """The texts with columns that say nothing yet."""
    n = len(texts)
    channel = rng.choice(10, n, p=[0.25, 0.2, 0.14, 0.1, 0.08, 0.07, 0.06, 0.05, 0.03, 0.02])
    region = rng.choice(["north", "south", "east", "west", "islands"], n, p=[0.3, 0.3, 0.2, 0.12, 0.08])
    made = {"text": texts, "channel": [f"c{i}" for i in channel], "region": region.tolist()}
    return pa.table(made | {"age": rng.integers(18, 90, n), "amount": rng.lognormal(3, 1, n).round(2)})


def plant(kind: str, table: pa.Table, vectors: Floats, rng: np.random.Generator) -> Mask:
    """Members of a slice of 4 to 8 % of the examples."""
    if kind == "value":
        return np.asarray(pc.equal(table["channel"], str(rng.choice(["c4", "c5", "c6", "c7"]))))
    if kind == "range":
        x = table[str(rng.choice(["age", "amount"]))].to_numpy()
        return np.asarray(x >= np.quantile(x, 0.93))
    if kind == "word":
        return np.asarray(pc.match_substring_regex(pc.utf8_lower(table["text"]), rf"\b{rng.choice(TOPICS)}\b"))
    if kind == "pair":
        channel, region = rng.choice(["c0", "c1"]), rng.choice(["north", "south"])
        return np.asarray(pc.and_(pc.equal(table["channel"], str(channel)), pc.equal(table["region"], str(region))))
    near = vectors @ vectors[rng.integers(len(vectors))]
    return np.asarray(near >= np.quantile(near, 0.95))


def answered(path: Path) -> tuple[list[str], Floats, Mask]:
    """Texts that a model didn't learn from, their vectors, and where it is wrong."""
    data = json.loads(path.read_text())
    pairs = data["train"] + data["val"] + data["test"]
    texts, labels = [text for text, _ in pairs], np.unique([label for _, label in pairs], return_inverse=True)[1]
    vectors = np.asarray(onnx.load().encode(texts), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.random.default_rng(0).permutation(len(texts))
    taught, rest = order[:1500], np.sort(order[1500:])
    k = int(labels.max()) + 1
    head = fit({"text": vectors[taught]}, labels[taught].astype(np.int32), kind=Kind.CLASSIFY, k=k, l2=0.03)
    wrong = np.asarray(head.logits({"text": vectors[rest]})).argmax(axis=1) != labels[rest]
    return [texts[i] for i in rest.tolist()], vectors[rest], wrong


def peers() -> dict[str, Finder]:
    """Those that are installed."""
    found: dict[str, Finder] = {}
    for module, finder in (("sliceline", sliceline), ("pysubgroup", pysubgroup), ("sklearn", tree)):
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f"{module} is skipped: {error}")
            continue
        found |= {finder.__name__: finder, f"{finder.__name__}, careful": careful(finder)}
    return found


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("data", type=Path)
    options.add_argument("--runs", type=int, default=12)
    options.add_argument("--nulls", type=int, default=60)
    options.add_argument("--labels", type=int, nargs="+", default=[300, 1000, 3000])
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    texts, vectors, errors = answered(asked.data)
    finders: dict[str, Finder] = {"ours, proven": ours, "ours, all": suspected, **peers()}
    print(f"{len(texts):,} texts, {errors.mean():.0%} answered wrongly")
    for m in asked.labels:
        print(f"\n{m:,} labels          " + "".join(f"{kind:>8}" for kind in (*KINDS, "mean", "false", "nothing", "s")))
        for name, finder in finders.items():
            print(f"{name:<20}" + scored(finder, texts, vectors, errors, m, asked.runs, asked.nulls), flush=True)


def scored(finder: Finder, texts: Sequence[str], vectors: Floats, errors: Mask, m: int, runs: int, nulls: int) -> str:
    """One row: found by kind, their mean, false ones, searches over nothing that offer something, seconds."""
    hits = np.zeros((len(KINDS), runs))
    offered = false = 0
    spent = 0.0
    for i, kind in enumerate(KINDS):
        for run in range(runs):
            rng = np.random.default_rng([run, i])
            table = columns(texts, rng)
            members = plant(kind, table, vectors, rng)
            wrong = rng.permutation(errors) | (members & (rng.random(len(errors)) < DROP))
            rows = np.sort(rng.choice(len(texts), m, replace=False))
            seen = Seen(table, vectors, rows)
            begun = time.process_time()
            found = finder(seen, wrong[rows], run)[:FIRST]
            spent += time.process_time() - begun
            alike = 0.35 if kind == "near" else 0.5
            hits[i, run] = any(jaccard(mask, members[rows]) > alike for mask in found)
            offered += len(found)
            inside = members[rows]
            false += sum(DROP * (inside[mask].mean() - inside[~mask].mean()) < TRUE for mask in found)
    rng = np.random.default_rng(1)
    seen = Seen(columns(texts, rng), vectors, np.sort(rng.choice(len(texts), m, replace=False)))
    nothing = np.mean([bool(finder(seen, rng.permutation(errors[seen.rows]), run)) for run in range(nulls)])
    shares = [*hits.mean(axis=1), hits.mean(), false / max(offered, 1), nothing]
    return "".join(f"{share:>8.0%}" for share in shares) + f"{spent / hits.size:>8.2f}"


if __name__ == "__main__":
    main()
