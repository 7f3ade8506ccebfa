"""`adequate watch`: what it prints, whom it tells, and how it exits."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adequate.cli.main import cli
from adequate.errors import DataError, FormatError, ResourceError
from tests.foreign import HEAD
from tests.made import begun, mail
from tests.recorded import recorded


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project that has no model yet."""
    begun(tmp_path / "mail", mail(60).select(["body", "intent"]), HEAD)
    return tmp_path / "mail"


def ran(root: Path, *words: object) -> Result:
    """The verb, once; an error of ours comes as it is raised."""
    said = ["watch", "--once", *map(str, words), "--project", str(root)]
    return CliRunner(env={"COLUMNS": "160"}).invoke(cli, said, catch_exceptions=False, standalone_mode=False)


def traffic(root: Path, *, errors: int = 0, label: str = "fee") -> None:
    texts = [f"[bold]mail {i}[/bold]" for i in range(200)]
    said = [{"intent": {"label": label, "confidence": 0.9}} for _ in texts]
    recorded(root, "release-1", texts, said, start=time.time() - 600, seconds=500, errors=errors)


class Receiver(HTTPServer):
    """Takes what is sent, or says that it can't."""

    status = 200
    took: list[dict[str, Any]]
    said: list[dict[str, str]]  # the headers of each
    bodies: list[bytes]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.took.append(json.loads(body))
        self.server.said.append({name.lower(): value for name, value in self.headers.items()})
        self.server.bodies.append(body)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(("127.0.0.1", 0), _Handler) as server:
        server.took, server.said, server.bodies = [], [], []
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_with_nothing_recorded_it_says_what_to_do(root: Path) -> None:
    done = ran(root)
    assert done.exit_code == 0
    assert "no release is made yet: adequate run, then adequate ship" in done.output


def test_where_all_is_well_it_exits_with_0_and_shows_rates(root: Path) -> None:
    traffic(root)
    done = ran(root)
    assert done.exit_code == 0
    assert "200 requests, 200 texts" in done.output
    assert "fee" in done.output
    assert "can't see concept drift" in done.output


def test_an_alert_exits_with_1_and_says_what_to_do(root: Path) -> None:
    traffic(root, errors=100)
    done = ran(root)
    assert done.exit_code == 1
    assert "100 of 200 requests ended in an error" in done.output


def test_what_servers_recorded_is_never_markup(root: Path) -> None:
    traffic(root, label="[red]fee[/red]\x1b[31m")
    assert "[red]fee[/red]" in ran(root).output


def test_json_has_every_figure(root: Path) -> None:
    traffic(root, errors=100)
    done = ran(root, "--json")
    said = json.loads(done.output)
    assert (done.exit_code, said["texts"], said["alerts"][0]["key"]) == (1, 200, "errors")
    assert said["tasks"][0]["labels"][0]["count"] == 200


def test_a_webhook_is_told_each_alert_once_and_when_it_is_over(root: Path, receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    traffic(root, errors=100)
    receiver.status = 500
    with pytest.raises(ResourceError, match="didn't take the alerts"):
        ran(root, "--webhook", url)
    receiver.status = 200
    for _ in range(2):
        assert ran(root, "--webhook", url).exit_code == 1
    assert [[one["key"] for one in said["items"]] for said in receiver.took] == [["errors"], ["errors"]]
    for path in (root / ".adequate" / "recorded").rglob("*.jsonl"):
        path.unlink()
    traffic(root)
    assert ran(root, "--webhook", url).exit_code == 0
    assert receiver.took[-1]["over"] == ["errors"]
    ran(root, "--webhook", url)
    assert len(receiver.took) == 3


def test_with_a_secret_what_is_told_is_signed_and_keeps_its_id(
    root: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    monkeypatch.setenv("ADEQUATE_WEBHOOK_SECRET", "whsec_" + base64.b64encode(b"k" * 32).decode())
    traffic(root, errors=100)
    receiver.status = 500
    with pytest.raises(ResourceError, match="didn't take the alerts"):
        ran(root, "--webhook", url)
    receiver.status = 200
    ran(root, "--webhook", url)
    for told, body in zip(receiver.said, receiver.bodies, strict=True):
        signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(b"k" * 32, signed, "sha256")).decode()
        assert told["webhook-signature"] == f"v1,{expected}"
        assert abs(time.time() - int(told["webhook-timestamp"])) < 600
    assert len({told["webhook-id"] for told in receiver.said}) == 1


def test_an_address_that_is_none_is_refused_at_once(root: Path) -> None:
    with pytest.raises(DataError, match="no address"):
        ran(root, "--webhook", "file:///etc/passwd")


@pytest.mark.parametrize("text", ["release,wert\nr1,2\n", "release,value\nr1,many\n", "\x00"])
def test_a_file_of_the_product_that_cannot_be_read_is_refused(root: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "product.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match="release,value"):
        ran(root, "--product", path)


@pytest.mark.parametrize("said", ["7", "0d", "1 week", "-3d"])
def test_a_time_that_is_none_is_refused(root: Path, said: str) -> None:
    done = CliRunner().invoke(cli, ["watch", "--once", f"--since={said}", "--project", str(root)])
    assert done.exit_code == 2
    assert "7d" in done.output
