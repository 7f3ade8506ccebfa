"""What was tried, one JSON object a line, so that a search that was interrupted goes on where it was.

    .adequate/ship/KEY/tried.jsonl     KEY names the model and all that candidates are made of
    .adequate/ship/KEY/ID/             bundles that may yet be released

A line is appended with one write; one that was torn by a kill is left out, and its candidate is tried again.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from adequate import __version__
from adequate.shipping.material import Material
from adequate.shipping.search import Limits, Trial
from adequate.store.connect import FOLDER
from adequate.store.faults import guarded
from adequate.store.lock import locked

RECIPE = f"{__version__}/3"  # names the code that makes candidates; the number changes when what it makes does
FILE = "tried.jsonl"


def key(model: str, material: Material) -> str:
    """What a search is called: 16 hexadecimal digits of its model, its texts, its labels and the code."""
    made = hashlib.sha256(f"{RECIPE} {model} {material.seed} {material.held}".encode())
    for text in material.texts:
        made.update(text.encode("utf-8", "surrogatepass") + b"\0")
    for task, taught in material.taught.items():
        made.update(task.encode() + taught.rows.tobytes() + taught.gold.tobytes())
    return made.hexdigest()[:16]


@dataclass(slots=True)
class Journal:
    """The trials of one search.

    Args:
        folder: of the search.
        limits: within which it looks now.
        trials: all so far, in the order in which they were tried, whatever the limits then.
        took: seconds spent on trials within these limits, in all sittings.
    """

    folder: Path
    limits: Limits = field(default_factory=Limits)
    trials: list[Trial] = field(default_factory=list)
    took: float = 0.0

    def bundle(self, trial: Trial) -> Path:
        """Where the trial's bundle is, or was."""
        return self.folder / trial.bundle

    def add(self, trial: Trial) -> None:
        """Write a trial down."""
        with guarded("writing down what was tried"), (self.folder / FILE).open("ab") as file:
            file.write(orjson.dumps(trial.to_json() | {"limits": asdict(self.limits)}) + b"\n")
        self.trials.append(trial)
        self.took += trial.took

    def keep(self, trials: Iterable[Trial]) -> None:
        """Remove all bundles but these."""
        names = {one.bundle for one in trials} | {FILE}
        for path in self.folder.iterdir():
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def opened(root: Path, name: str, limits: Limits) -> Iterator[Journal]:
    """The journal of a search; one process at a time has the project's searches.

    Raises:
        BusyError: another `adequate ship` is at work in this project.
    """
    place = root / FOLDER / "ship"
    with guarded("making a folder for candidates"):
        place.mkdir(parents=True, exist_ok=True)
    with locked(place / "lock", "ship"):
        for old in place.iterdir():  # of a model, or of data, that has changed since
            if old.is_dir() and old.name != name:
                shutil.rmtree(old, ignore_errors=True)
        (place / name).mkdir(exist_ok=True)
        _mend(place / name / FILE)
        tried = _lines(place / name / FILE)
        took = sum(one.took for one, within in tried if within == limits)
        yield Journal(place / name, limits, [one for one, _ in tried], took)


def newest(root: Path) -> Path | None:
    """The file of the search that was at work last; None: nothing was searched for."""
    files = (root / FOLDER / "ship").glob(f"*/{FILE}")
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def trials(path: Path) -> list[Trial]:
    """What a file says was tried, in order; a search may be writing to it."""
    return [one for one, _ in _lines(path)]


def _lines(path: Path) -> list[tuple[Trial, Limits]]:
    """Trials, and the limits within which the search looked then."""
    if not path.exists():
        return []
    found, raw = [], path.read_bytes()
    for line in raw[: raw.rfind(b"\n") + 1].splitlines():
        try:
            said = orjson.loads(line)
            limits = Limits(**said.pop("limits"))
            found.append((Trial.from_json(said), limits))
        except (ValueError, KeyError, TypeError):  # torn, or of another version
            continue
    return found


def _mend(path: Path) -> None:
    """What comes next begins a line of its own."""
    raw = path.read_bytes() if path.exists() else b""
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        path.write_bytes(whole)
