"""A model in production whose users begin to ask what it was never taught: seen, labelled, learned, put right.

    git clone https://github.com/clinc/oos-eval
    python examples/production/run.py oos-eval/data FOLDER

Makes a project in FOLDER of some domains of CLINC150 (CC BY 3.0), ships a release, serves it and sends it traffic. Then
the traffic changes: half of it is out of scope, which the model has no example of. What the server recorded is brought
back, an oracle answers in the place of people, the new model passes the gate, is shipped and promoted under traffic.
Every command that it runs is printed, so that each can be run by hand; FOLDER/production.png shows what happened, and
FOLDER/told.json says it.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ADEQUATE = str(Path(sys.executable).with_name("adequate"))  # the one of this Python, whatever PATH says
OUT = "out of scope"
UNSURE = 0.5  # as project.py says: an answer below is a violation


@dataclass(kw_only=True)
class Traffic:
    """Clients that ask one text at a time, until they are stopped, and what they were answered.

    Args:
        texts: (text, right answer), drawn from by chance; may be changed while they ask.
        seen: (seconds since the start, release, right?, violates?) of each answer.
        dropped: what was said instead of an answer.
    """

    port: int
    texts: Sequence[tuple[str, str]]
    pause: float
    seen: list[tuple[float, str, bool, bool]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def ask(self, seed: int) -> None:
        """One client."""
        rng = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self._stop.is_set():
            text, right = rng.choice(self.texts)
            try:
                body = json.dumps({"text": text, "tasks": ["intent"]})
                connection.request("POST", "/predict", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                said = json.loads(answer.read())
                if answer.status != 200:
                    raise OSError(f"{answer.status}: {said}")
                told = said["outputs"]["intent"]
                unsure = told["confidence"][0] < UNSURE
                self.seen.append((self.seconds, said["release"], told["labels"][0] == right, unsure))
            except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
                self.dropped.append(str(error))
                connection.close()
            time.sleep(self.pause)
        connection.close()

    @contextmanager
    def going(self, clients: int = 4) -> Iterator[Traffic]:
        """Ask while something else happens."""
        asking = [threading.Thread(target=self.ask, args=(seed,)) for seed in range(clients)]
        for one in asking:
            one.start()
        try:
            yield self
        finally:
            self._stop.set()
            for one in asking:
                one.join()

    def until(self, more: int) -> None:
        """Wait for so many more answers."""
        wanted = len(self.seen) + more
        while len(self.seen) < wanted and not self.dropped:
            time.sleep(0.05)


def main() -> None:
    """Everything, from the data to the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with CLINC150: data_full.json and domains.json")
    parser.add_argument("folder", type=Path, help="where to make the project; must not be there yet")
    parser.add_argument("--domains", default="banking,travel,credit_cards", help="which to teach (default: three)")
    parser.add_argument("--requests", type=int, default=3000, help="of a phase, twice in the second (default: 3000)")
    parser.add_argument("--labels", type=int, default=400, help="answers to take from the oracle (default: 400)")
    parser.add_argument("--search", default="2m", help="time for each search of a bundle (default: 2m)")
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between two requests of a client")
    given = parser.parse_args()
    told = produce(
        given.data,
        given.folder.resolve(),
        domains=given.domains.split(","),
        requests=given.requests,
        labels=given.labels,
        search=given.search,
        pause=given.pause,
    )
    print(json.dumps(told, indent=1, ensure_ascii=False))


def produce(
    data: Path, folder: Path, *, domains: Sequence[str], requests: int, labels: int, search: str, pause: float
) -> dict[str, Any]:
    """Train, ship, serve, shift, label, retrain, promote; returns what was seen, phase by phase."""
    known, strange = make(data, folder, domains)
    adequate(folder, "add", "pool.csv")
    adequate(folder, "run", "--until", "waiting", "--cycles", "1")
    adequate(folder, "ship", "--search", search)
    adequate(folder, "promote", "last", "--why", "the first")
    told: dict[str, Any] = {"phases": []}
    with served(folder) as port, Traffic(port=port, texts=known, pause=pause).going() as traffic:
        marks = []
        for name, texts, many in (("as tested", known, 1), ("shifted", [*known, *strange], 2)):
            traffic.texts = texts
            marks.append((traffic.seconds, name))
            told["phases"].append(phase(folder, traffic, many * requests, name))
        # What came back waits in the queue: a file answers in the place of people.
        adequate(folder, "run", "--oracle", "answers.csv", "--labels", str(labels))
        adequate(folder, "ship", "--search", search)
        marks.append((traffic.seconds, "promoted"))
        adequate(folder, "promote", "last", "--why", "knows what is out of scope")
        time.sleep(1.0)
        told["phases"].append(phase(folder, traffic, requests, "promoted"))
    told["dropped"] = traffic.dropped
    (folder / "told.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")
    draw(traffic, marks, folder / "production.png")
    return told


def make(data: Path, folder: Path, domains: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The project's folder; returns what users ask: of the domains taught, and out of scope."""
    parts: dict[str, list[list[str]]] = json.loads((data / "data_full.json").read_text("utf-8"))
    of = json.loads((data / "domains.json").read_text("utf-8"))
    intents = {intent for domain in domains for intent in of[domain]}
    taught = [(text, intent) for text, intent in parts["train"] if intent in intents]
    known = [(text, intent) for text, intent in parts["test"] if intent in intents]
    strange = [(text, OUT) for part in ("oos_train", "oos_val", "oos_test") for text, _ in parts[part]]
    # As many strange requests as known ones, and the oracle knows both.
    strange = random.Random(0).sample(strange, min(len(strange), len(known)))
    folder.mkdir(parents=True)
    write(folder / "pool.csv", taught)
    write(folder / "answers.csv", [*taught, *known, *strange])
    shutil.copyfile(HERE / "project.py", folder / "project.py")
    (folder / "intents.json").write_text(json.dumps([*sorted(intents), OUT]), "utf-8")
    return known, strange


def write(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    """A CSV file with the columns that `project.py` names; each text once."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "intent"])
        writer.writerows(dict(rows).items())


def adequate(folder: Path, *words: str) -> str:
    """Run a verb in the project, as a person would; what it prints is seen at once, and returned."""
    print(f"\n$ adequate {' '.join(words)}", flush=True)
    done = subprocess.run([ADEQUATE, *words], cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, flush=True)
    return done.stdout


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """`adequate serve` as long as the block lasts; gives its port."""
    print("\n$ adequate serve --port 0 --record 50% &", flush=True)
    command = [ADEQUATE, "serve", "--port", "0", "--record", "50%"]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield port_of(folder / "serve.log", process)
        finally:
            process.terminate()
            process.wait(30)


def port_of(log: Path, process: subprocess.Popen[bytes]) -> int:
    """What the server says that it listens on."""
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text("utf-8"))
        if found:
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the server didn't start:\n{log.read_text('utf-8')}")


def phase(folder: Path, traffic: Traffic, requests: int, name: str) -> dict[str, Any]:
    """So many requests, then a look at production."""
    start = len(traffic.seen)
    traffic.until(requests)
    mine = traffic.seen[start:]
    time.sleep(11)  # a server tells its counts every ten seconds
    look = json.loads(adequate(folder, "watch", "--once", "--json"))
    return {
        "name": name,
        "requests": len(mine),
        "releases": dict(Counter(release for _, release, _, _ in mine)),
        "accuracy": sum(right for _, _, right, _ in mine) / len(mine),
        "unsure": sum(bad for _, _, _, bad in mine) / len(mine),
        "release": look["release"],
        "alerts": [one["what"] for one in look["alerts"]],
        "keys": [one["key"] for one in look["alerts"]],
    }


def draw(traffic: Traffic, marks: Sequence[tuple[float, str]], path: Path) -> None:
    """Violations and right answers over time, in steps of a fiftieth of it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    at = np.array([one[0] for one in traffic.seen])
    edges = np.linspace(0, at.max(), 51)
    middle = (edges[1:] + edges[:-1]) / 2
    where = np.clip(np.digitize(at, edges) - 1, 0, 49)
    n = np.maximum(np.bincount(where, minlength=50), 1)
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    for column, colour, said in (
        (2, "#1f77b4", "answered right"),
        (3, "#d62728", "less sure than the assertion allows"),
    ):
        share = np.bincount(where, [float(one[column]) for one in traffic.seen], minlength=50) / n
        axes.plot(middle, 100 * share, color=colour, label=said)
    for second, name in marks:
        axes.axvline(second, color="grey", linewidth=0.8, linestyle=":")
        axes.annotate(name, (second, 103), fontsize=9, annotation_clip=False)
    axes.set(xlabel="seconds", ylabel="% of requests", ylim=(0, 100), xlim=(0, at.max()))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center", bbox_to_anchor=(0.5, 0.72), frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    main()
