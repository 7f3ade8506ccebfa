"""Since when each alert holds, and telling a webhook of those that are new or over.

What was seen lies in `.adequate/watch.json`, so that `adequate watch --once` from cron tells each alert once. An alert
counts as told when the receiver took it (2xx): at least once each, never lost. What is sent again has the same id.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from adequate.errors import ResourceError
from adequate.monitoring.alerts import Alert
from adequate.net import sign
from adequate.net.post import REFUSED, check, post
from adequate.store.faults import guarded
from adequate.store.sync import write_atomically

FILE = "watch.json"
TIMEOUT = 10.0  # seconds a receiver has


def dated(root: Path, alerts: Iterable[Alert], now: float) -> tuple[Alert, ...]:
    """The alerts with the time since when each holds, as remembered; what is over is forgotten once it was told."""
    found = {alert.key: alert for alert in alerts}
    known = _known(root)
    since = {key: dict(one) for key, one in known.items() if key in found or one["told"]}
    for key in found:
        if key not in since or since[key].get("over"):
            since[key] = {"at": now, "told": False}
    for key, one in since.items():
        if key not in found:
            one["over"] = True
    if since != known:
        with guarded("remembering alerts"):
            write_atomically(_path(root), json.dumps(since).encode())
    return tuple(replace(alert, since=since[key]["at"]) for key, alert in found.items())


def tell(
    root: Path, url: str, project: str, alerts: Iterable[Alert], now: float, *, secret: bytes | None = None
) -> int:
    """Tell a receiver of alerts that it wasn't told of, and of those that are over; returns how many.

    Args:
        secret: what it is told is signed with it (`net.sign`).

    Raises:
        DataError: that is no address.
        ResourceError: the receiver isn't there or doesn't take it; the next look tells it again.
    """
    check(url)
    known = _known(root)
    fresh = [alert for alert in alerts if not known.get(alert.key, {}).get("told")]
    over = [key for key, one in known.items() if one.get("over")]
    if not fresh and not over:
        return 0
    said = {"event": "alert", "project": project, "sent": now, "items": [one.to_json() for one in fresh], "over": over}
    what = sorted([[one.key, one.since] for one in fresh]), sorted([key, known[key]["at"]] for key in over)
    name = f"msg_{hashlib.sha256(json.dumps([project, *what]).encode()).hexdigest()[:32]}"
    _post(url, name, json.dumps(said, ensure_ascii=False).encode(), secret)
    left = {key: one for key, one in known.items() if key not in over}
    left |= {alert.key: {"at": alert.since, "told": True} for alert in fresh}
    with guarded("remembering alerts"):
        write_atomically(_path(root), json.dumps(left).encode())
    return len(fresh) + len(over)


def _post(url: str, name: str, body: bytes, secret: bytes | None) -> None:
    headers = {"Content-Type": "application/json", "User-Agent": "adequate", "X-Adequate-Event": "alert"}
    headers |= {"webhook-id": name} if secret is None else sign.headers(secret, name, int(time.time()), body)
    try:
        post(url, body, headers, seconds=TIMEOUT)
    except REFUSED as error:
        raise ResourceError(
            f"the webhook didn't take the alerts: {error}", remedy="they are sent again at the next look"
        ) from error


def _known(root: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(_path(root).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _path(root: Path) -> Path:
    return root / ".adequate" / FILE
