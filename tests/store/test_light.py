"""What a server needs for labelling is light: no Lance, no DuckDB, no arithmetic libraries, little memory."""

from __future__ import annotations

import subprocess
import sys

from adequate.store import Store
from tests.store.made import batch, event, item

SERVE = """
import sys
from pathlib import Path
import fastapi, uvicorn
from adequate import labelling, store
from adequate.store import Cell

with store.open(Path(sys.argv[1])) as s:
    (first,) = s.queue.next("t", "ann")
    labelling.answer(s, first, "yes", actor="ann")
    assert s.labels.current("t").num_rows == 2
    assert s.labels.counts() == {"t": {"teach": 1, "steer": 1, "gate": 0}}
    assert len(s.examples.parts()) == s.examples.count == 6
    s.queue.counts(), s.models.list(), s.models.accepted(), s.cells.read(), s.overrides.list(), s.looks.list()
    s.journal.last(), s.labels.history(first.example), s.labels.last_seq(), s.labels.tasks()
    engines = ("lance", "duckdb", "scipy", "pyarrow.dataset", "torch", "onnxruntime")
    heavy = [name for name in engines if name in sys.modules]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(",".join(heavy) or "none", pages * 4096 // 10**6)
"""


def test_a_process_that_hands_out_questions_loads_no_engine(one: Store) -> None:
    one.examples.append([batch(0, 6)])
    one.queue.put([item(n) for n in range(3)])
    one.labels.record([event(4)])
    one.close()
    done = subprocess.run([sys.executable, "-c", SERVE, str(one.root)], check=True, capture_output=True, text=True)
    heavy, megabytes = done.stdout.split()
    assert heavy == "none"
    assert int(megabytes) < 150  # 118 when this was written; Lance alone takes 60
