"""The last search as it stands, for who looks on: what was tried, and what the gate said. It asks the gate nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adequate.loop.ship.confirm import BY, Confirmed
from adequate.loop.ship.journal import newest, trials
from adequate.loop.ship.report import Shipped
from adequate.shipping.search import Limits

if TYPE_CHECKING:
    from adequate.store import Store


def last(store: Store) -> dict[str, Any] | None:
    """The candidates of the search that was at work last, as `ship --json` has them; None: nothing was searched for.

    Returns:
        {model, at, candidates: [{bundle, in_words, bytes, seconds, alone, flips, loss, why, state, frontier, gate}]};
        `model` is None until the gate has looked at one of them, `at` is when the last was tried.
    """
    path = newest(store.root)
    tried = trials(path) if path is not None else []
    if path is None or not tried:
        return None
    looks = {look.candidate: look for look in store.looks.list() if look.detail.get("by") == BY}
    mine = [looks[one.bundle] for one in tried if one.bundle in looks]
    found = Shipped(
        model=next((look.baseline for look in mine if look.baseline), ""),
        limits=Limits(),
        trials=tuple(tried),
        verdicts={
            look.candidate: Confirmed(
                bundle=look.candidate,
                outcome=look.verdict,  # type: ignore[arg-type]  # `confirm` wrote it
                reasons=tuple(look.detail.get("reasons", ())),
                lost=look.detail.get("lost", 0),
                won=look.detail.get("won", 0),
                worst=(),
            )
            for look in mine
        },
    )
    said = found.to_json()
    return {"model": found.model or None, "at": path.stat().st_mtime, "candidates": said["candidates"]}
