"""A project of the studio's tests as if it had been shipped and served, for tests of it and for a browser's.

python -m tests.studio.shipped FOLDER      three releases, traffic that the large one answered, a search
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

from adequate import store as stores
from adequate.store import Cell, Look, Release
from tests.made import mail
from tests.recorded import recorded

SMALL, LARGE, POOR = "aa11aa11aa11aa11", "bb22bb22bb22bb22", "cc33cc33cc33cc33"
TRIED = {
    "recipe": {"form": "static"},
    "seconds": 8e-6,
    "flips": 0.02,
    "loss": 0.001,
    "hopeful": True,
    "worst": ["", 0.0],
    "steps": [],
    "limits": {"bytes": None, "seconds": None},
}


def ship(root: Path) -> None:
    """Releases of which the gate passed two, and traffic with far more of one label than there was."""
    with stores.open(root, write=True, beside=True, verb="test", text="body") as store:
        model = store.models.list()[-1].id
        for name, verdict in ((SMALL, "passed"), (LARGE, "passed"), (POOR, "blocked")):
            path = f".adequate/releases/{name}"
            (root / path).mkdir(parents=True)
            store.releases.put(Release(id=name, model=model, path=path, bytes=1000), who="Ann", why="adequate ship")
            reasons = ["intent got worse overall"] if verdict == "blocked" else []
            detail = {"by": "ship", "reasons": reasons, "lost": 9, "won": 2}
            store.looks.spend(Look(candidate=name, baseline=model, alpha=0.05, verdict=verdict, detail=detail))
        names = [one.name for one in fields(Cell)]
        measured = [row for row in store.cells.read(model).to_pylist() if row["value"] is not None]
        cells = [Cell(**{name: row[name] for name in names}) for row in measured]
        fallen = [replace(one, value=max(0.0, (one.value or 0.0) - 0.01 * i)) for i, one in enumerate(cells)]
        store.cells.put(SMALL, [*fallen[:-1], replace(cells[-1], value=0.0, n=cells[-1].n + 1)])
    texts = mail(900, seed=8)["body"].to_pylist()
    outputs = [{"intent": {"label": "fee" if i % 3 else "loan", "confidence": 0.9}} for i in range(len(texts))]
    recorded(root, LARGE, texts, outputs, start=time.time() - 7200, rate=0.2)
    folder = root / ".adequate" / "ship" / "k"
    folder.mkdir(parents=True)
    lines = [
        TRIED | {"bundle": name, "bytes": size, "alone": size / 5e9}
        for name, size in ((SMALL, 400_000), (POOR, 90_000), ("dd44", 9_000_000))
    ] + [
        {name: TRIED[name] for name in ("worst", "steps", "limits")}
        | {"recipe": {"form": "words"}, "why": "no n-grams"}
    ]
    (folder / "tried.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"torn')


if __name__ == "__main__":
    ship(Path(sys.argv[1]))
