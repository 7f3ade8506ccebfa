"""What lets somebody in is told once, to whom it is for: no log, audit, error or export holds it, nor its hash."""

from __future__ import annotations

import io
import logging
import zipfile

import httpx
import pyarrow.parquet as pq
import pytest

from adequate.studio.auth.secret import digest
from tests.studio.serving import Served
from tests.studio.test_webhooks import receiver

PASSWORD = "correct horse battery staple"


def test_secrets_and_their_hashes_are_in_no_log_audit_event_error_or_export(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    caplog.set_level(logging.DEBUG)
    with receiver() as (url, _), served.client() as client:
        token = client.post("/api/tokens", json={"name": "CI", "role": "viewer"}).json()["token"]
        key = client.post("/api/invites", json={"role": "labeller"}).json()["key"]
        hook = client.post("/api/webhooks", json={"url": url, "events": ["label"]}).json()["secret"]
        assert client.put("/api/people/me/password", json={"new": PASSWORD}).status_code == 204
        session = served.signed_in()["Cookie"].partition("=")[2]
        stranger = {"Sec-Fetch-Site": "same-origin"}
        joined = httpx.post(f"{served.url}/api/session", json={"key": key, "name": "Zoe"}, headers=stranger, timeout=60)
        assert joined.status_code == 200
        door = f"{served.url}/api/session"
        errors = [
            httpx.post(door, json={"key": key, "name": ["x"]}, headers=stranger, timeout=60),
            httpx.post(door, json={"key": key, "name": "Yan"}, headers=stranger, timeout=60),
            httpx.post(
                f"{served.url}/api/session",
                json={"name": "Owner", "password": PASSWORD + "!"},
                headers=stranger,
                timeout=60,
            ),
            httpx.get(f"{served.url}/api/people", headers={"Authorization": f"Bearer {token}x"}, timeout=60),
            client.put("/api/people/me/password", json={"old": "wrong wrong wrong", "new": PASSWORD}),
        ]
        assert all(answer.status_code >= 400 for answer in errors)
        said = [answer.text for answer in errors]
        paths = ("audit?n=500", "audit/file", "audit/file?form=jsonl", "people", "webhooks", "session", "openapi.json")
        said += [client.get(f"/api/{path}").raise_for_status().text for path in paths]
        said.append(client.get("/api/events?topic=people").raise_for_status().text)
        made = client.post("/api/files/everything").raise_for_status().json()
        archive = client.get(f"/api/files/exports/{made['id']}").raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(archive)) as all_of_it:
        said += [_read(name, all_of_it.read(name)) for name in all_of_it.namelist()]
    said.append(caplog.text)
    secrets = {"token": token, "key": key, "hook": hook, "password": PASSWORD, "session": session}
    known = [name for name, secret in secrets.items() if any(secret in text for text in said)]
    hashes = [name for name, secret in secrets.items() if any(digest(secret) in text for text in said)]
    assert (known, hashes) == ([], [])
    assert not any("$argon2" in text for text in said)


def _read(name: str, content: bytes) -> str:
    """A file of the archive as text: Parquet is compressed."""
    if name.endswith(".parquet"):
        return str(pq.read_table(io.BytesIO(content)).to_pylist())
    return content.decode(errors="replace")
