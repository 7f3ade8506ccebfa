"""Does any request make the server fail? Its own OpenAPI document says what may be sent; schemathesis makes that,
and what may not be sent, too.

    python benchmarks/fuzz.py [--calls 2000]

Prints calls, answers by status, and how many were 5xx (the goal: 0) or contradict the document.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.bundles.made import bundle  # noqa: E402 - the folder of the tests has just been named
from tests.serving.fuzzing import fuzzed  # noqa: E402
from tests.serving.running import serving  # noqa: E402

FEW = ("--max-texts", "50")  # so that one too many is soon made


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, serving(bundle(Path(folder))[0], *FEW) as running:
        statuses: Counter[int] = Counter()
        wrong: list[Any] = fuzzed(running.url, args.calls, statuses)
    for status, calls in sorted(statuses.items()):
        print(f"{status}: {calls}")
    bad = sum(calls for status, calls in statuses.items() if status >= 500)
    print(f"{sum(statuses.values())} calls, {bad} of them 5xx, {len(wrong)} against the document")
    for one in wrong[:20]:
        print(one)
    sys.exit(bool(bad or wrong))


if __name__ == "__main__":
    main()
