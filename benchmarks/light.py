"""What does the light installation cost, and does it serve? In a clean environment, over HTTP.

    python benchmarks/light.py [BUNDLE]

The wheel is built and installed as `adequate[serve]` into an environment of its own, then a bundle is served there and
asked. Without BUNDLE one is made of n-grams, which needs no weights. Cold start is from the process to its first
answer over HTTP; the limits are those for a bundle without a transformer.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
NEVER = ("pylance", "duckdb", "torch", "scipy", "sqlalchemy", "onnx", "safetensors", "matplotlib", "fastapi")
COLD, RSS = 0.5, 120.0  # seconds, MB


def bundle(folder: Path) -> Path:
    """A bundle of n-grams and one head."""
    from adequate.bundles import write
    from adequate.bundles.blocks import Words
    from adequate.encoders.lexical import Lexical
    from adequate.training.fit import fit
    from adequate.types import Kind

    texts = [f"{word} {n}" for n in range(200) for word in ("my card is lost", "what is the fee", "a new loan")]
    words = Words(Lexical(bits=14).fit_idf([texts]))
    gold = np.tile(np.arange(3, dtype=np.int32), 200)
    rows = {words.name: words.lexical.hashed(texts)}
    head = fit(rows, gold, kind=Kind.CLASSIFY, k=3, l2=0.03, labels=("card", "fee", "loan"), task="intent")
    return write(folder, project="mail", text="body", blocks=[words], heads={"intent": head})


def installed(folder: Path) -> Path:
    """The wheel in an environment of its own; returns its Python."""
    quiet = ["--quiet", "--disable-pip-version-check"]
    environment = os.environ | {"ADEQUATE_SKIP_WEB": "1"}
    pip = [sys.executable, "-m", "pip"]
    wheels = ["wheel", *quiet, "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*pip, *wheels], check=True, env=environment)
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    (wheel,) = folder.glob("adequate-*.whl")
    wanted = ["install", *quiet, "--constraint", str(ROOT / "constraints.txt"), f"adequate[serve] @ {wheel.as_uri()}"]
    subprocess.run([python, "-m", "pip", *wanted], check=True)
    return python


def megabytes(folder: Path) -> float:
    """All files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def importing(python: Path) -> float:
    """Seconds of `import adequate.bundles.bundle`, the median of five processes' own clocks."""
    code = "import time; t = time.perf_counter(); import adequate.bundles.bundle; print(time.perf_counter() - t)"
    runs = [subprocess.run([python, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return float(np.median([float(run.stdout) for run in runs]))


def served(python: Path, path: Path) -> tuple[float, float, object]:
    """Seconds to the first answer, MB resident then, and the answer."""
    begun = time.perf_counter()
    command = [python, "-m", "adequate.cli.main", "serve", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=path.parent) as server:
        try:
            assert server.stdout is not None
            where = re.search(r"http://\S+", server.stdout.readline())
            if where is None:
                raise SystemExit("the server did not start")
            body = json.dumps({"text": "my card is lost"}).encode()
            request = urllib.request.Request(f"{where[0]}/predict", body, {"content-type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                said = json.load(answer)
            seconds = time.perf_counter() - begun
            resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
        finally:
            server.terminate()
    return seconds, float(resident[1]) / 1e3 if resident else float("nan"), said


def main() -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        python = installed(folder)
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        names = sorted(each["name"].lower() for each in json.loads(listed))
        there = sorted(set(names) & set(NEVER))
        print(f"installed           {', '.join(names)}")
        print(f"of the engine       {', '.join(there) or 'nothing'}")
        (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
        total, pip = megabytes(packages), megabytes(packages / "pip")
        print(f"size                {total - pip:.0f} MB (without pip)")
        print(f"import              {importing(python):.3f} s")
        path = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else bundle(folder / "bundles")
        runs = [served(python, path) for _ in range(5)]
        cold, rss = (float(np.median([run[i] for run in runs])) for i in (0, 1))
        print(f"process to answer   {cold:.2f} s  (limit {COLD} s)  {'ok' if cold <= COLD else 'MISSED'}")
        print(f"resident            {rss:.0f} MB  (limit {RSS:.0f} MB)  {'ok' if rss <= RSS else 'MISSED'}")
        print(f"answer              {json.dumps(runs[0][2])}")
        if there:
            raise SystemExit(f"the light installation brings {', '.join(there)}")


if __name__ == "__main__":
    main()
