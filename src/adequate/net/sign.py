"""Signing what is sent to a webhook, so that its receiver knows from whom it is, that it is whole, and that it is new.

The convention is that of Standard Webhooks, which has libraries in a dozen languages: HMAC-SHA256 over
`ID.TIMESTAMP.BODY`. The time is signed, too: a receiver turns down what is minutes old, so nothing can be sent again by
who listened in.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os

from adequate.errors import AccessError

SECRET = "ADEQUATE_WEBHOOK_SECRET"
PREFIX = "whsec_"
LEAST, MOST = 24, 64  # bytes of a secret


def secret() -> bytes | None:
    """The secret of the environment's `ADEQUATE_WEBHOOK_SECRET`; None where there is none.

    Raises:
        AccessError: it isn't `whsec_` and 24 to 64 bytes in base64.
    """
    said = os.environ.get(SECRET, "").strip()
    if not said:
        return None
    try:
        found = base64.b64decode(said.removeprefix(PREFIX), validate=True) if said.startswith(PREFIX) else b""
    except binascii.Error:
        found = b""
    if not LEAST <= len(found) <= MOST:
        raise AccessError(
            f"{SECRET} isn't {PREFIX} and {LEAST} to {MOST} bytes in base64",
            remedy=f'echo "{PREFIX}$(openssl rand -base64 32)" makes one',
        )
    return found


def headers(key: bytes, name: str, at: int, body: bytes) -> dict[str, str]:
    """What tells a receiver that a message is ours.

    Args:
        name: of the message, the same when it is sent again.
        at: seconds since 1970, now.

    >>> headers(b"k" * 24, "msg_1", 1700000000, b"{}")["webhook-signature"]
    'v1,E3sCg9uS8x43RKlJqcda1EcaYZxNkN+l2u7RBZBSZQQ='
    """
    signature = hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
