"""`adequate studio` and `adequate people` as processes: the link, where it listens, people beside a running studio."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.made import adequate, begun, csv, mail, typed

LINK = re.compile(r"(http://\S+)/join#(\S+)")
PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was begun, and nothing more."""
    root = tmp_path_factory.mktemp("studio") / "mail"
    begun(root, mail(60))
    return root


@contextmanager
def running(*words: object, cwd: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """`adequate studio` on a free port: the process, its address, the key of its link."""
    command = [sys.executable, "-m", "adequate.cli.main", "studio", "--port", "0", *map(str, words)]
    env = os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    # A shell's background jobs ignore Ctrl-C, and hand that on to their children: here it must be heard.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, text=True, env=env, cwd=cwd, **pipes) as process:  # type: ignore[call-overload]
        signal.signal(signal.SIGINT, before)
        try:
            found = LINK.search(process.stdout.readline())
            assert found, process.stdout.read()
            yield process, found[1], found[2]
        finally:
            process.kill()


def enter(url: str, key: str, **more: str) -> httpx.Response:
    return httpx.post(f"{url}/api/session", json={"key": key, **more}, headers=PAGE, timeout=60)


def test_the_link_signs_in_the_owner_of_this_machine_once(project: Path) -> None:
    with running("--project", project) as (process, url, key):
        first = enter(url, key)
        cookie = first.headers["set-cookie"].partition(";")[0]
        you = httpx.get(f"{url}/api/session", headers={"Cookie": cookie}, timeout=60).json()["you"]
        assert you["role"] == "owner"
        assert "used already" in enter(url, key).json()["message"]
        process.send_signal(signal.SIGINT)
        assert "everything answered is kept" in process.communicate(timeout=60)[0]
        assert process.returncode == 0
    with running("--project", project) as (_, url, again):
        assert again != key
        port = url.rpartition(":")[2]
        cookie = f"adequate_{port}={cookie.partition('=')[2]}"  # the browser stays signed in over a restart
        assert httpx.get(f"{url}/api/session", headers={"Cookie": cookie}, timeout=60).json()["you"] == you
        assert typed("people", "list", "--project", project).stdout.count("owner") == 2  # they, and their link


def test_asked_to_end_by_the_system_it_ends_as_by_ctrl_c(project: Path) -> None:
    with running("--project", project) as (process, _, _):
        process.send_signal(signal.SIGTERM)
        assert "everything answered is kept" in process.communicate(timeout=60)[0]


def test_people_are_invited_changed_and_shut_out_while_it_runs(project: Path) -> None:
    with running("--project", project) as (_, url, _):
        said = typed("people", "invite", "--role", "labeller", "--project", project)
        base, key = LINK.search(said.stdout).groups()  # type: ignore[union-attr]
        assert base == url  # as the studio that runs has it
        assert "shown this once" in said.stdout
        cookie = {"Cookie": enter(url, key, name="Ann").headers["set-cookie"].partition(";")[0]}
        assert typed("people", "role", "ann", "reviewer", "--project", project).returncode == 0
        token = typed("people", "token", "--name", "CI", "--role", "viewer", "--project", project).stdout.split()[0]
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{url}/api/session", headers=bearer, timeout=60).json()["you"]["role"] == "viewer"
        listed = typed("people", "list", "--project", project).stdout
        assert re.search(r"ann\s+Ann\s+reviewer", listed)
        assert "CI, viewer" in listed
        assert token not in listed
        assert typed("people", "revoke", "ann", "--project", project).returncode == 0
        until = time.monotonic() + 60
        while httpx.get(f"{url}/api/people", headers=cookie, timeout=60).status_code != 401:
            assert time.monotonic() < until, "who was shut out is still in"
        assert "no person" in typed("people", "role", "ann", "owner", "--project", project).stderr


def test_a_second_one_is_told_who_holds_the_project(project: Path) -> None:
    with running("--project", project) as (process, _, _):
        refused = adequate("studio", "--port", "0", "--project", project)
    assert refused.returncode == 3
    assert f"process {process.pid}" in refused.stderr


def test_a_port_that_is_taken_is_said_before_anything_else(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = typed("studio", "--port", taken.getsockname()[1], "--project", project)
    assert refused.returncode == 3
    assert "--port 0" in refused.stderr


def test_it_listens_to_others_only_where_somebody_owns_the_project(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    begun(root, mail(60))
    refused = typed("studio", "--host", "0.0.0.0", "--port", "0", "--project", root)
    assert refused.returncode == 3
    assert "adequate people invite --role owner" in refused.stderr
    typed("people", "invite", "--role", "owner", "--project", root)
    with running("--host", "0.0.0.0", "--project", root) as (_, url, key):
        assert enter(url, key).status_code == 200


def test_in_an_empty_folder_it_opens_at_the_screen_that_makes_a_project(tmp_path: Path) -> None:
    with running(cwd=tmp_path) as (_, url, key):
        assert httpx.get(f"{url}/api/session", timeout=60).json() == {"you": None}
        assert httpx.get(f"{url}/api/setup/files", timeout=60).status_code in (401, 404, 405)
        cookie = {"Cookie": enter(url, key).headers["set-cookie"].partition(";")[0]}
        found = httpx.get(f"{url}/api/session", headers=cookie, timeout=60).json()
        assert (found["project"], found["you"]["role"]) == (None, "owner")
        assert enter(url, key).status_code == 403
    assert list(tmp_path.iterdir()) == []


def test_the_screen_that_makes_a_project_leads_into_it_on_the_same_address(tmp_path: Path) -> None:
    data = csv(tmp_path / "mail.csv", mail(60)).read_bytes()
    root = tmp_path / "new"
    root.mkdir()
    with running(cwd=root) as (_, url, key), httpx.Client(base_url=url, headers=PAGE, timeout=180) as browser:
        browser.post("/api/session", json={"key": key}).raise_for_status()
        browser.post("/api/setup/file", params={"name": "mail.csv"}, content=data).raise_for_status()
        said = browser.post("/api/setup/start", json={"files": ["mail.csv"], "name": "mail"}).raise_for_status().json()
        until = time.monotonic() + 60
        while True:
            try:
                if browser.get("/api/session/ways").json()["project"] == "mail":
                    break
            except httpx.TransportError:  # between the two there is a moment without a server
                pass
            assert time.monotonic() < until, "the project isn't served"
            time.sleep(0.1)
        assert browser.get("/api/session").json() == {"you": None}  # what let in there doesn't here
        browser.post("/api/session", json={"key": said["then"].partition("#")[2]}).raise_for_status()
        assert browser.get("/api/session").json()["you"]["role"] == "owner"
