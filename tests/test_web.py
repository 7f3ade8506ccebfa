"""The hook that builds the page into wheels."""

from __future__ import annotations

import os
from pathlib import Path

import build_web
import pytest


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a page of one file, and no Node on the PATH."""
    for name in ("package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", "index.html"):
        (tmp_path / "web").mkdir(exist_ok=True)
        (tmp_path / "web" / name).write_text(name)
    for folder in ("src", "public"):
        (tmp_path / "web" / folder).mkdir()
    (tmp_path / "web" / "src" / "main.ts").write_text("one")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(build_web, "ROOT", tmp_path)
    monkeypatch.setattr(build_web, "WEB", tmp_path / "web")
    monkeypatch.setattr(build_web, "BUILT", tmp_path / "out" / ".built")
    monkeypatch.setenv("PATH", os.devnull)
    return tmp_path


def test_a_page_that_is_built_from_these_sources_is_not_built_again(web: Path) -> None:
    (web / "out" / ".built").write_text(build_web.digest(build_web.sources()))
    assert build_web.build() is False


@pytest.mark.skipif(build_web.in_wheel() is not None, reason="Node is installed here as a wheel")
def test_without_node_it_says_what_to_install(web: Path) -> None:
    with pytest.raises(build_web.NoNodeError, match=r"Node 20 or newer.*nodejs\.org"):
        build_web.build()


def test_any_source_that_changes_changes_what_it_is_built_from_but_a_test_does_not(web: Path) -> None:
    before = build_web.digest(build_web.sources())
    (web / "web" / "src" / "main.test.ts").write_text("a test")
    assert build_web.digest(build_web.sources()) == before
    (web / "web" / "src" / "main.ts").write_text("two")
    assert build_web.digest(build_web.sources()) != before


@pytest.mark.parametrize(("said", "enough"), [("v20.20.2", True), ("v18.1.0", False), ("", False), ("v24.1", True)])
def test_only_a_node_that_is_new_enough_is_used(
    web: Path, monkeypatch: pytest.MonkeyPatch, said: str, enough: bool
) -> None:
    for name in ("node", "npm"):
        program = web / name
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(web))
    assert (build_web.on_path() is not None) is enough


def test_nothing_is_built_where_the_user_wants_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADEQUATE_SKIP_WEB", "1")
    assert build_web.skipped()
    monkeypatch.setenv("ADEQUATE_SKIP_WEB", "0")
    assert not build_web.skipped()
