"""The reader in docs/bundles.md answers as adequate does, where adequate isn't."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adequate.bundles import Bundle, write
from adequate.bundles.blocks import Block
from adequate.bundles.halves import packed
from adequate.bundles.static import Static, words
from tests.bundles.made import encoder, heads, texts
from tests.light import ABSENT, BARE, light

DOCS = Path(__file__).parents[2] / "docs" / "bundles.md"
ODD = ["", "Café ÜBER don't", "字は a card", "cardd cards", "ﬁne ½", "x" * 3000, "card\u2019s\u00a0fee", "a, b. (c)!"]


def program() -> str:
    """The last Python of the page."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return blocks[-1]


def static() -> Static:
    """Vectors of the words of mail, and of some pairs."""
    rng = np.random.default_rng(0)
    known = tuple(sorted({word for word in words(texts(100)) if word != "\0"}))
    v = len(known)
    pairs = np.unique(rng.integers(0, (v + 1) * (v + 2), 4000)).astype(np.uint32)
    values = rng.integers(-127, 128, (v + len(pairs), 24), dtype=np.int8)
    return Static(known, pairs, values, rng.uniform(0.01, 0.02, v + len(pairs)).astype(np.float16))


def halves() -> Static:
    """The same in numbers of 4 bits."""
    return replace(static(), values=packed(static().values >> 4))


@pytest.mark.parametrize("kinds", [["graph"], ["static"], ["graph", "halves"]], ids=" and ".join)
def test_the_reader_answers_as_adequate_does(tmp_path: Path, kinds: Sequence[str]) -> None:
    made: dict[str, Callable[[], Block]] = {
        "graph": lambda: encoder(tmp_path / "made"),
        "static": static,
        "halves": halves,
    }
    blocks: list[Block] = [made[kind]() for kind in kinds]
    folder = write(tmp_path / "b", project="mail", text="body", blocks=blocks, heads=heads(blocks))
    asked = [*texts(40, seed=2), *ODD]
    (tmp_path / "ask.py").write_text(program())
    code = f"sys.argv = ['ask.py', {str(folder)!r}]\nimport runpy\nrunpy.run_path('ask.py', run_name='__main__')"
    done = light(code, absent=[*ABSENT, *BARE, "adequate"], cwd=tmp_path, asked="\n".join(asked))
    assert done.returncode == 0, done.stderr
    found = [line.split("\t") for line in done.stdout.splitlines()]
    outputs = Bundle.open(folder).answer(asked).outputs
    expected, sure = [], []
    for row in range(len(asked)):
        for task, output in outputs.items():
            assert output.probs is not None
            if output.answers.ndim == 2:
                expected.append(
                    [task, str([one for one, on in zip(output.labels, output.answers[row], strict=True) if on])]
                )
            else:
                best = int(output.answers[row])
                expected.append([task, output.labels[best]])
                sure.append(float(output.probs[row, best]))
    assert [line[:2] for line in found] == expected
    assert np.allclose([float(line[2]) for line in found if len(line) > 2], sure, atol=1e-4)


def test_it_takes_at_most_sixty_lines() -> None:
    lines = [line for line in program().splitlines() if line.strip()]
    assert len(lines) <= 60


def test_it_sees_a_changed_byte(made: tuple[Path, object, object], copied: Path, tmp_path: Path) -> None:
    (copied / "card.md").write_text("better than it is")
    (tmp_path / "ask.py").write_text(program())
    done = subprocess.run([sys.executable, "ask.py", copied], input="a", capture_output=True, text=True, cwd=tmp_path)
    assert "AssertionError" in done.stderr
