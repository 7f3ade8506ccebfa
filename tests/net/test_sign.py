"""Signed as Standard Webhooks has it."""

from __future__ import annotations

import base64

import pytest

from adequate.errors import AccessError
from adequate.net.sign import headers, secret


def test_a_signature_is_the_one_that_the_convention_publishes() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")  # docs.svix.com/receiving/verifying-payloads/how-manual
    said = headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert said["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret() is None
    monkeypatch.setenv("ADEQUATE_WEBHOOK_SECRET", "whsec_" + base64.b64encode(b"k" * 32).decode())
    assert secret() == b"k" * 32


@pytest.mark.parametrize(
    "said", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", base64.b64encode(b"k" * 32).decode()]
)
def test_a_secret_that_is_none_is_refused_without_showing_it(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADEQUATE_WEBHOOK_SECRET", said)
    with pytest.raises(AccessError) as raised:
        secret()
    assert said.removeprefix("whsec_") not in str(raised.value) or said == "whsec_"
