"""How small, fast and faithful is a student without a network, against the MiniLM that it learned from?

    python benchmarks/static.py [--data ../shared/data] [--only clinc150|hwu64]

The teacher is a head on MiniLM int8 (and n-grams where these help), learned from all training texts; the student is
`shipping.student.build`. Goals: at least 30 times smaller and, in batches with tokenising, 100 times faster a text than
MiniLM fp32 with a linear head, all on one thread; a process that opens the bundle answers within 0.5 s and holds at
most 120 MB. Flips (right -> wrong against the teacher) are of test texts that nobody trained on, as they are and with
two neighbouring letters swapped, twice. CPU seconds, the least of several rounds; compare within one run only.
Where the data sets aren't, made mail takes their place, and where MiniLM isn't, n-grams are the teacher.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before NumPy loads

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from adequate.bundles import Bundle, write
from adequate.bundles.blocks import Block, Graph, Words
from adequate.encoders import onnx
from adequate.encoders.lexical import Lexical
from adequate.shipping import student
from adequate.shipping.material import Material
from adequate.store.resources import cached
from adequate.training import learn
from adequate.types import Kind

ROOT = Path(__file__).resolve().parents[1]
HELD = 1000  # training texts that choose temperatures
CHOSEN = 3000  # training texts that choose what the teacher reads, and its penalty
ROUNDS = 5
COLD = """
import sys
from pathlib import Path
from adequate.bundles import Bundle
bundle = Bundle.open(Path(sys.argv[1]))
print(bundle.answer(["what is my balance"]).outputs["intent"].answers[0], flush=True)
sys.stdin.readline()
bundle.answer(["how much money do i have on my card"] * 10_000)
status = Path("/proc/self/status").read_text()  # getrusage would tell the most that this process's parent held
print(int(status.split("VmHWM:")[1].split()[0]) / 1024, flush=True)
"""

Said = list[tuple[str, str]]  # texts and their labels


def clinc150(data: Path) -> tuple[Said, Said]:
    found = json.loads((data / "clinc150/data_full.json").read_text("utf-8"))
    return found["train"], found["test"]


def hwu64(data: Path) -> tuple[Said, Said]:
    parts = []
    for folder in ("merged", "mergedTestset"):
        (file,) = (data / "hwu64" / folder).glob("*.json")
        rows = json.loads(file.read_text("utf-8"))["rasa_nlu_data"]["common_examples"]
        parts.append([(row["text"], row["intent"]) for row in rows])
    return parts[0], parts[1]


def made() -> tuple[Said, Said]:
    sys.path.insert(0, str(ROOT))
    from tests.made import mail

    train, test = mail(4000, seed=0), mail(1000, seed=1)
    return tuple(list(zip(t["body"].to_pylist(), t["intent"].to_pylist(), strict=True)) for t in (train, test))  # type: ignore[return-value]


def taught(train: Said, names: Sequence[str]) -> Material:
    """The teacher, and what a student is made of."""
    rows = dict(train)  # distinct
    texts = list(rows)
    texts = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))]
    gold = np.array([names.index(rows[text]) for text in texts], np.int32)
    lexical = Lexical().fit_idf([texts])
    blocks: list[Block] = [Words(lexical)]
    if onnx.available():
        blocks.append(minilm("int8"))
    xs = {block.name: lexical.hashed(texts) if isinstance(block, Words) else block.of(texts) for block in blocks}
    few = {name: x[:CHOSEN] for name, x in xs.items()}
    choice = learn(few, gold[:CHOSEN], kind=Kind.CLASSIFY, labels=names, task="intent").choice
    head = learn(xs, gold, kind=Kind.CLASSIFY, labels=names, task="intent", choice=choice).head
    return Material(
        texts=texts,
        held=min(HELD, len(texts) // 10),
        heads={"intent": head},
        logits={"intent": head.logits(xs)},
        weights=onnx.weights(),
        attention=onnx.HEADS,
        tokenizer=cached(onnx.TOKENIZER[0]).read_bytes() if onnx.available() else b"",
        tokens=0,
        vectors=xs[blocks[1].name] if len(blocks) > 1 else None,
        lexical=lexical,
        blocks=tuple(block for block in blocks if block.name in head.blocks),
    )


def minilm(precision: onnx.Precision) -> Graph:
    onnx.load(precision, threads=1)
    return Graph(
        name=onnx.digest(precision),
        width=onnx.WIDTH,
        model=onnx.graph_file(precision),
        tokenizer=cached(onnx.TOKENIZER[0]),
        alone=precision == "int8",
        tokens=onnx.TOKENS,
    )


def typo(text: str, rng: np.random.Generator) -> str:
    letters = list(text)
    for i in rng.integers(0, max(len(letters) - 1, 1), 2).tolist():
        letters[i : i + 2] = letters[i : i + 2][::-1]
    return "".join(letters)


def each(work: Callable[[list[str]], object], texts: list[str], size: int, *, rounds: int = ROUNDS) -> float:
    """CPU microseconds a text, in batches."""
    batches = [texts[i : i + size] for i in range(0, len(texts), size)]
    work(batches[0])
    times = []
    for _ in range(rounds):
        started = time.process_time()
        for batch in batches:
            work(batch)
        times.append(time.process_time() - started)
    return min(times) / len(texts) * 1e6


def cold(folder: Path) -> tuple[float, float]:
    """Seconds from the start of a process to its first answer, and MB it held after 10,000 more."""
    best, held = np.inf, 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", COLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            best = min(best, time.perf_counter() - started)
            process.stdin.write("\n")
            process.stdin.flush()
            held = float(process.stdout.readline())
    return best, held


def size(folder: Path) -> float:
    """MB of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def compare(name: str, train: Said, test: Said, scratch: Path) -> None:
    names = sorted({label for _, label in train})
    material = taught(train, names)
    started = time.process_time()
    candidate = student.build(material)
    print(f"\n{name}: {len(material.texts):,} texts, {len(names)} labels; {candidate.steps[0]}")
    print(f"made in {time.process_time() - started:.1f} CPU s, the teacher's answers to variants included")
    known = [(text, label) for text, label in test if label in names]
    texts, gold = [text for text, _ in known], np.array([names.index(label) for _, label in known])
    teacher = opened(scratch, material.blocks, material.heads)
    small = opened(scratch, candidate.blocks, candidate.heads)
    rng = np.random.default_rng(1)
    for kind, some in (("test", texts), ("two typos", [typo(text, rng) for text in texts])):
        said, told = (bundle.answer(some).outputs["intent"].answers for bundle in (small, teacher))
        right, before = said == gold, told == gold
        lost, won = (before & ~right).sum(), (right & ~before).sum()
        print(
            f"{kind:<10} right {right.mean():.4f}, teacher {before.mean():.4f}; same answer {(said == told).mean():.4f}"
            f"; right -> wrong {lost}, wrong -> right {won} of {len(gold):,}"
        )
    speeds(small, texts, rivals(material, scratch, len(names)))
    seconds, held = cold(small.folder)
    print(f"cold start {seconds:.2f} s (goal 0.5), {held:.0f} MB held (goal 120)")


def opened(scratch: Path, blocks: Sequence[Block], heads: object) -> Bundle:
    return Bundle.open(write(scratch, project="bench", text="text", blocks=blocks, heads=heads))  # type: ignore[arg-type]


def rivals(material: Material, scratch: Path, k: int) -> Iterator[tuple[str, Bundle]]:
    """MiniLM with a linear head of any weights: its speed is all that is asked of it."""
    if not onnx.available("fp32"):
        print("no MiniLM weights: no speed to compare with")
        return
    from dataclasses import replace

    from adequate.training.heads import Weights

    for precision in ("fp32", "int8"):
        block = minilm(precision)  # type: ignore[arg-type]
        weights = {block.name: Weights(width=block.width, columns=None, values=np.ones((block.width, k), np.float32))}
        head = replace(material.heads["intent"], weights=weights)
        yield f"MiniLM {precision}", opened(scratch, [block], {"intent": head})


def speeds(small: Bundle, texts: list[str], others: Iterator[tuple[str, Bundle]]) -> None:
    many = [texts[i % len(texts)] for i in range(8192)]
    ours = [each(small.answer, many[:512] if n == 1 else many, n) for n in (1, 32, 4096)]
    print(f"{'CPU us a text':<14}{'MB':>8}{'alone':>10}{'by 32':>10}{'by 4,096':>10}")
    print(f"{'student':<14}{size(small.folder):>8.2f}{ours[0]:>10.1f}{ours[1]:>10.2f}{ours[2]:>10.2f}")
    for name, bundle in others:
        theirs = [each(bundle.answer, texts[: 32 if n == 1 else 256], n, rounds=2) for n in (1, 32, 4096)]
        print(f"{name:<14}{size(bundle.folder):>8.2f}" + "".join(f"{us:>10.0f}" for us in theirs))
        print(
            f"  the student is {size(bundle.folder) / size(small.folder):.0f} times smaller, and faster "
            + ", ".join(f"{b / a:.0f}" for a, b in zip(ours, theirs, strict=True))
            + " times"
            + (" (goals 30 and 100)" if "fp32" in name else "")
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--only", choices=["clinc150", "hwu64"])
    asked = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sets = {"clinc150": clinc150, "hwu64": hwu64}
    there = {name: read for name, read in sets.items() if (asked.data / name).is_dir() and asked.only in (None, name)}
    with tempfile.TemporaryDirectory() as scratch:
        for name, read in there.items():
            compare(name, *read(asked.data), Path(scratch))
        if not there:
            compare("made mail", *made(), Path(scratch))


if __name__ == "__main__":
    main()
