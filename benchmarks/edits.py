"""What does each edit of the encoder save, and which right answers does it cost?

    python benchmarks/edits.py [--data ../shared/data] [--only clinc150|hwu64] [--few]

The teacher: frozen MiniLM in int8 beside n-grams, a head learned on all training texts of CLINC150 (150 intents) and of
HWU64 (64). Every edit is made, and its head refitted, without a label; it is judged on the published test texts, which
neither the teacher nor an edit has seen. --few: every third line.

MB: graph and tokeniser. lost: test texts that the teacher answers right and the edit wrong, with the teacher's own head
on the edited vectors (as is) and after the refit; won: the other way round. sure: mean log loss of the truth, a text.
us: CPU microseconds a text, tokenising included, one thread, and how many times faster than fp32 in the same run. make:
CPU seconds to build the candidate. Vectors of the teacher are kept in .bench/.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy loads

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from adequate.bundles.blocks import Graph
from adequate.encoders import onnx
from adequate.encoders.lexical import Lexical
from adequate.errors import AdequateError
from adequate.shipping.encoder import build
from adequate.shipping.material import Material
from adequate.store.resources import fetch
from adequate.training import learn
from adequate.training.heads import Head
from adequate.types import Codes, Floats, Kind, Matrix

BENCH = Path(".bench")
TASK = "intent"
TIMED = 1_000  # texts
EDITS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fp32", {"precision": "fp32"}),
    ("fp16", {"precision": "fp16"}),
    ("int8", {}),
    ("vocabulary", {"vocabulary": 0}),
    ("vocabulary, no n-grams", {"vocabulary": 0, "keep": 0}),
    ("3/4 of the neurons", {"ffn": 0.75}),
    ("1/2 of the neurons", {"ffn": 0.5}),
    ("1/4 of the neurons", {"ffn": 0.25}),
    ("rank 192", {"rank": 192}),
    ("rank 96", {"rank": 96}),
    ("3/4 of the heads", {"attention": 0.75}),
    ("1/2 of the heads", {"attention": 0.5}),
    ("5 layers", {"layers": 5}),
    ("4 layers", {"layers": 4}),
    ("3 layers", {"layers": 3}),
    ("2 layers", {"layers": 2}),
    ("vocabulary, 1/2 neurons", {"vocabulary": 0, "ffn": 0.5}),
    ("vocabulary, 4 layers", {"vocabulary": 0, "layers": 4}),
    ("vocabulary, 4 layers, 1/2 neurons", {"vocabulary": 0, "layers": 4, "ffn": 0.5}),
    ("vocabulary, 4 layers, 1/2, 1/2", {"vocabulary": 0, "layers": 4, "ffn": 0.5, "attention": 0.5}),
    ("vocabulary, 2 layers, 1/4, 1/2", {"vocabulary": 0, "layers": 2, "ffn": 0.25, "attention": 0.5}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Test texts with the truth and what the teacher makes of them."""

    texts: list[str]
    gold: Codes
    words: Matrix
    teacher: Codes
    logits: Floats


def clinc150(data: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    found = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    train, test = ([(text, label) for text, label in found[part]] for part in ("train", "test"))
    return train, test


def hwu64(data: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    def read(folder: str) -> list[tuple[str, str]]:
        (file,) = (data / "hwu64" / folder).glob("*.json")
        rows = json.loads(file.read_text("utf-8"))["rasa_nlu_data"]["common_examples"]
        return [(row["text"], row["intent"]) for row in rows]

    return read("merged"), read("mergedTestset")


SETS = {"clinc150": clinc150, "hwu64": hwu64}


def prepared(name: str, data: Path) -> tuple[Material, Judged]:
    train, test = SETS[name](data)
    tested = {text for text, _ in test}
    train = list({text: label for text, label in train if text not in tested}.items())
    train = [train[at] for at in np.random.default_rng(0).permutation(len(train))]
    names = sorted({label for _, label in train})
    code = {label: at for at, label in enumerate(names)}
    texts, new = [text for text, _ in train], [text for text, _ in test]
    gold, truth = (np.array([code[label] for _, label in rows], np.int32) for rows in (train, test))
    lexical, dense = Lexical().fit_idf([texts]), onnx.digest("int8")
    kept = BENCH / f"edits-{name}-{dense}.npz"
    if not kept.exists():
        encoder = onnx.load()
        BENCH.mkdir(exist_ok=True)
        np.savez(kept, texts=encoder.encode(texts), new=encoder.encode(new))
    vectors = np.load(kept)
    xs, unseen = (
        {dense: vectors[part], lexical.digest: lexical.hashed(of)} for part, of in (("texts", texts), ("new", new))
    )
    head = learn(xs, gold, kind=Kind.CLASSIFY, labels=names, task=TASK).head
    weights = load_file(fetch(*onnx.WEIGHTS))
    material = Material(
        texts=texts,
        held=len(texts) // 5,
        heads={TASK: head},
        logits={TASK: head.logits(xs)},
        weights={part: array for part, array in weights.items() if array.dtype == np.float32},
        attention=onnx.HEADS,
        tokenizer=fetch(*onnx.TOKENIZER).read_bytes(),
        tokens=onnx.TOKENS,
        vectors=xs[dense],
        lexical=lexical,
        blocks=(),
    )
    logits = head.logits(unseen)
    teacher = np.asarray(head.decide(logits), np.int32)
    return material, Judged(texts=new, gold=truth, words=unseen[lexical.digest], teacher=teacher, logits=logits)


def surprise(head: Head, logits: Floats, gold: Codes) -> float:
    own = head.probs(logits)[np.arange(len(gold)), gold]
    return float(-np.log(np.maximum(own, 1e-9)).mean())


def bench(name: str, data: Path, edits: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    material, judged = prepared(name, data)
    teacher, dense, own = material.heads[TASK], onnx.digest("int8"), material.lexical.digest
    right = judged.teacher == judged.gold
    print(f"\n{name}: {len(material.texts):,} texts, tested on {len(right):,}; a head on {len(teacher.blocks)} blocks")
    print(f"{'':<36}{'MB':>6}{'accuracy':>10}{'as is':>7}{'lost':>6}{'won':>6}{'sure':>7}{'us':>7}{'':>7}{'make':>7}")
    print(
        f"{'the teacher':<36}{'':>6}{right.mean():>10.4f}{'':>19}{surprise(teacher, judged.logits, judged.gold):>7.3f}"
    )
    slowest = 0.0
    for said, options in edits:
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            made = build(material, **options, folder=Path(folder))
            took = time.process_time() - began
            block, head = made.blocks[0], made.heads[TASK]
            assert isinstance(block, Graph)
            size = sum(file.stat().st_size for file in (block.model, block.tokenizer)) / 1e6
            began = time.process_time()
            block.of(judged.texts[:TIMED])
            us = (time.process_time() - began) / min(TIMED, len(right)) * 1e6
            slowest = slowest or us
            xs: dict[str, Matrix] = {block.name: block.of(judged.texts), own: judged.words, dense: np.empty(0)}
        logits = head.logits(xs)
        new = head.decide(logits) == judged.gold
        before = teacher.decide(teacher.logits(xs | {dense: xs[block.name]})) == judged.gold
        lost, won = (right & ~new).sum(), (~right & new).sum()
        print(
            f"{said:<36}{size:>6.1f}{new.mean():>10.4f}{(right & ~before).sum():>7}{lost:>6}{won:>6}"
            f"{surprise(head, logits, judged.gold):>7.3f}{us:>7.0f}{slowest / us:>6.1f}x{took:>6.1f}s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", choices=sorted(SETS))
    parser.add_argument("--few", action="store_true")
    asked = parser.parse_args()
    for name in (asked.only,) if asked.only else sorted(SETS):
        if not (asked.data / name).is_dir():
            print(f"skipped: no {asked.data / name} (name the folder of the data sets with --data)")
            continue
        try:
            bench(name, asked.data, EDITS[::3] if asked.few else EDITS)
        except AdequateError as error:
            print(f"skipped: {error}")


if __name__ == "__main__":
    main()
