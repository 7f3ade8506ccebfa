"""What a voice assistant must do: failing first, then passing, by nothing but labels that a failing test asked for.

    git clone https://github.com/sonos/nlu-benchmark
    python examples/behaviours/run.py nlu-benchmark/2017-06-custom-intent-engines FOLDER

Makes a project in FOLDER of the SNIPS sentences (CC0) with `project.py` and `golden.csv` of this folder, lets the loop
learn from a few labels, tests it, lets the loop go on with an oracle in the place of people, and tests it again. Every
command that it runs is printed, so that each can be run by hand.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ADEQUATE = str(Path(sys.executable).with_name("adequate"))  # the one of this Python, whatever PATH says
FIRST, MORE = 60, 3000  # answers taken from the oracle before the first test, and at most after it


def main() -> None:
    """Everything, from the data to the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with SNIPS: AddToPlaylist/train_AddToPlaylist_full.json, ...")
    parser.add_argument("folder", type=Path, help="where to make the project; must not be there yet")
    parser.add_argument("--rows", type=int, default=4000, help="sentences to take, by chance (default: 4000)")
    parser.add_argument("--seed", type=int, default=0, help="which of them (default: 0)")
    given = parser.parse_args()
    folder = given.folder.resolve()
    rows = sorted(sentences(given.data))
    if not rows:
        parser.error(f"{given.data} holds no SNIPS: there is no INTENT/train_INTENT_full.json in it")
    folder.mkdir(parents=True)
    write(folder / "snips.csv", random.Random(given.seed).sample(rows, min(given.rows, len(rows))))
    for name in ("project.py", "golden.csv"):
        shutil.copyfile(HERE / name, folder / name)

    adequate(folder, "add", "--hide-labels", "snips.csv", "--project", str(folder))
    adequate(folder, "run", "--oracle", "snips.csv", "--labels", str(FIRST))
    before = tested(folder, "before.json")
    adequate(folder, "run", "--oracle", "snips.csv", "--labels", str(MORE))
    after = tested(folder, "after.json")
    adequate(folder, "gate", before["model"], after["model"], "--release")


def sentences(data: Path) -> Iterator[tuple[str, str, str]]:
    """(text, intent, whether it says when) of every sentence."""
    seen = set()
    for file in sorted(data.glob("*/train_*_full.json")):
        held = json.loads("".join(map(decoded, file.read_bytes().splitlines())))
        for intent, all_of_it in held.items():
            for one in all_of_it:
                text = " ".join("".join(piece["text"] for piece in one["data"]).split())
                timed = any(piece.get("entity") == "timeRange" for piece in one["data"])
                if text not in seen:
                    seen.add(text)
                    yield text, intent, "yes" if timed else "no"


def decoded(line: bytes) -> str:
    """A line of SNIPS: one of its files is UTF-8 but for some lines in Latin-1."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def write(path: Path, rows: list[tuple[str, str, str]]) -> None:
    """A CSV file with the columns that `project.py` names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "intent", "timed"])
        writer.writerows(rows)


def adequate(folder: Path, *words: str) -> None:
    """Run a verb in the project, as a person would; what it prints is seen at once."""
    print(f"\n$ adequate {' '.join(words)}", flush=True)
    subprocess.run([ADEQUATE, *words], cwd=folder, check=False)


def tested(folder: Path, name: str) -> dict[str, Any]:
    """What the model that the gate accepted last does, kept as a file and printed as a table."""
    print(f"\n$ adequate test baseline --json > {name}", flush=True)
    done = subprocess.run([ADEQUATE, "test", "baseline", "--json"], cwd=folder, stdout=subprocess.PIPE, check=False)
    (folder / name).write_bytes(done.stdout)
    report: dict[str, Any] = json.loads(done.stdout)
    print(f"model {report['model']}\n\n{table(report)}\n")
    return report


def table(report: dict[str, Any]) -> str:
    """A row for each test, in Markdown: what holds, what is wanted, the state, a case that fails."""
    lines = ["| test | kind | holds | wanted | state | a case that fails |", "|---|---|---|---|---|---|"]
    for cell in report["cells"]:
        holds, wanted = f"{cell['held']:,} of {cell['n']:,}", f"{100 * cell['target']:.4g} %"
        if cell["metric"] == "envelope":
            holds, wanted = f"up to level {cell['value'] or 0:.2f}", f"{cell['target']:.2f}"
        case = next((said(one) for one in cell["failing"]), cell["error"])
        lines.append(f"| {cell['test']} | {cell['metric']} | {holds} | {wanted} | {cell['state']} | {case} |")
    return "\n".join(lines)


def said(case: dict[str, Any]) -> str:
    """A failing case in a line."""
    instead = f", not {case['expected']}" if case["expected"] else ""
    return f"*{case['text']}*: {case['answered']}{instead}"


if __name__ == "__main__":
    main()
