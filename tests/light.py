"""A Python that has only the light part: whatever else is imported isn't there, as in a clean environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ABSENT = (
    *(
        "argon2",
        "cryptography",
        "duckdb",
        "fastapi",
        "httpx",
        "jinja2",
        "lance",
        "limits",
        "matplotlib",
        "onnx",
        "pandas",
    ),
    *("pip", "platformdirs", "safetensors", "scipy", "sqlalchemy", "sqlglot", "torch", "websockets"),
)
BARE = ("httptools", "pyarrow", "starlette", "uvicorn", "uvloop")  # absent too, without the extra `serve`

_BEGIN = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def light(
    code: str, *, absent: Sequence[str] = ABSENT, cwd: Path | None = None, asked: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run some Python there, with `asked` on its standard input."""
    whole = _BEGIN.format(absent=list(absent)) + code
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", whole], capture_output=True, text=True, input=asked, cwd=cwd
    )


def verb(*arguments: str, absent: Sequence[str] = ABSENT, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line there."""
    code = f"sys.argv = ['adequate', *{arguments!r}]\nfrom adequate.cli.main import main\nmain()"
    return light(code, absent=absent, cwd=cwd)
