"""Which release answers: forward where the gate passed it, and back.

    candidate -> shadow -> share -> all -> retired

A release answers somebody only if the newest verdict of the gate on it is `passed`, or a person said otherwise: a row
with who, why and until when. A shadow is asked and not heard, so any candidate may be one. Every step is a row, and
servers that watch the store (`watching`) follow it within a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.errors import ConflictError, FormatError
from adequate.store.connect import FOLDER, connect, known
from adequate.store.looks import Override, decide
from adequate.store.releases import ReleaseState, Rollout, Serving, paths, serving, take
from adequate.store.triggers import Trigger, triggers

if TYPE_CHECKING:
    import sqlalchemy as sa

    from adequate.store.releases import Release
    from adequate.store.sql import Sql
    from adequate.store.store import Store

PASSED = "passed"  # of the gate
ACCEPTED = "accepted"  # of a person, as where the studio decides about a model


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """What came of a step.

    Args:
        release: as it is now.
        before: the release that answered all requests before; None where none did.
        changed: False where it was so already.
    """

    release: Release
    before: str | None
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Anyway:
    """A person's word against the gate's.

    Args:
        until: seconds since 1970 when it ends; None: it stays.
    """

    until: float | None = None


def promote(
    store: Store,
    name: str,
    *,
    who: str,
    why: str = "",
    share: float = 1.0,
    shadow: bool = False,
    anyway: Anyway | None = None,
) -> Promoted:
    """Let a release answer a share of requests, or all; or answer beside as a shadow.

    Args:
        name: id of a release (a beginning will do), or `last`.
        share: of requests, in (0, 1]; 1 retires the release before.
        shadow: it is asked beside, and not heard.
        anyway: whatever the gate says; `why` has to say why.

    Raises:
        ConflictError: the gate didn't pass it, or somebody else took a step at the same time.
        FormatError: its bundle is gone.
        UnknownNameError: there is no such release.
    """
    seen, one = store.releases.serving(), _there(store, name)
    word = None if anyway is None or shadow else _word(one, who, why, anyway)
    if not shadow and (word is None or (word.until is not None and word.until <= time.time())):
        check(store, one)
    state: ReleaseState = "shadow" if shadow else "all" if share >= 1 else "share"
    step = Rollout(release=one.id, state=state, share=0.0 if shadow else min(share, 1.0), who=who, why=why)
    return _taken(store, step, seen, word)


def rollback(store: Store, *, who: str, why: str = "", to: str | None = None) -> Promoted:
    """Undo the newest promotion: end a share, else put back what answered all requests before.

    Args:
        to: put this release back instead; one that never answered has to be passed by the gate.

    Raises:
        ConflictError: nothing answered before, or somebody else took a step at the same time.
        FormatError: its bundle is gone.
        UnknownNameError: there is no such release.
    """
    seen, steps = store.releases.serving(), store.releases.steps()
    if to is None and seen.share is not None:
        ended = Rollout(release=seen.share[0], state="retired", back=True, who=who, why=why)
        return _taken(store, ended, seen)
    one = _there(store, _before(steps) if to is None else to)
    if to is not None and not any(step.release == one.id and step.state == "all" for step in steps):
        check(store, one)
    return _taken(store, Rollout(release=one.id, state="all", share=1.0, back=True, who=who, why=why), seen)


def check(store: Store, one: Release) -> None:
    """Refuse what the gate didn't pass and nobody overruled.

    Raises:
        ConflictError: what the gate said, and what to do.
    """
    said = [row for row in store.overrides.list(now=time.time()) if row.what == f"gate:{one.id}"]
    if said and said[-1].value == ACCEPTED:
        return
    looks = store.looks.list(one.id)
    if not looks:
        raise ConflictError(
            f"the gate hasn't looked at release {one.id}", remedy="adequate ship tests what it makes and asks the gate"
        )
    newest = looks[-1]
    if newest.verdict == PASSED and not said:
        return
    reasons: Sequence[str] = newest.detail.get("reasons", ())
    told = f"{said[-1].who} rejected it: {said[-1].why}" if said else "; ".join(reasons[:3])
    verdict = "rejected" if said else newest.verdict.replace("_", " ")
    raise ConflictError(
        f"release {one.id} isn't passed by the gate: {verdict}{': ' + told if told else ''}",
        remedy="adequate promote --shadow lets it answer beside; --anyway --why '...' overrules the gate",
        current={"release": one.id, "verdict": verdict},
    )


def watching(root: Path) -> Callable[[], Watched]:
    """Asks which releases answer, and which triggers are at work: for a server, several times a second.

    Each call is two small queries. Nothing is locked, and the engine of the store (Lance, DuckDB) isn't imported.

    Raises:
        OSError, StoreError: from the call: the store is away; whoever serves goes on with what they have.
    """
    held: tuple[tuple[int, int], Sql] | None = None

    def look() -> Watched:
        nonlocal held
        found = _file(root).stat()
        if held is None or held[0] != (found.st_dev, found.st_ino):  # a store that was put back is another file
            if held is not None:
                held[1].close()
            held = (found.st_dev, found.st_ino), connect(root)
        with held[1].reading("asking which release serves") as connection:
            return _watched(connection, root)

    return look


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a server should do now.

    Args:
        all, shadow: bundles, None where there is none.
        share: (bundle, fraction of requests in (0, 1]).
        triggers: at work; a release without the block that one reads passes it over.
        seq: grows with every step of a release.
    """

    all: Path | None
    share: tuple[Path, float] | None
    shadow: Path | None
    triggers: tuple[Trigger, ...]
    seq: int


def _watched(connection: sa.Connection, root: Path) -> Watched:
    now = serving(connection)
    of = paths(connection, [name for name in (now.all, now.share and now.share[0], now.shadow) if name])
    folder = {name: root / path for name, path in of.items()}
    return Watched(
        all=folder[now.all] if now.all else None,
        share=(folder[now.share[0]], now.share[1]) if now.share else None,
        shadow=folder[now.shadow] if now.shadow else None,
        triggers=tuple(triggers(connection, active=True)),
        seq=now.seq,
    )


def _file(root: Path) -> Path:
    """What is away when the store is: its own database, or what names its server."""
    return root / FOLDER / ("database" if known(root)["url"] else "store.sqlite")


def _there(store: Store, name: str) -> Release:
    """A release whose bundle is where it was put: servers that can't open it would go on with what they have."""
    one = store.releases.get(name)
    if not store.releases.folder(one).exists():
        raise FormatError(f"the bundle of release {one.id} isn't in {one.path}", remedy="adequate ship makes it again")
    return one


def _word(one: Release, who: str, why: str, anyway: Anyway) -> Override:
    if not why.strip():
        raise ConflictError(
            f"release {one.id} can't be promoted against the gate without a reason", remedy="say it with --why"
        )
    return Override(what=f"gate:{one.id}", value=ACCEPTED, who=who, why=why, until=anyway.until)


def _taken(store: Store, step: Rollout, seen: Serving, word: Override | None = None) -> Promoted:
    """Take a step, and write down the word that it needs: both or neither."""

    def job(connection: sa.Connection) -> int:
        if word is not None:
            decide(connection, word)
        return take(connection, step, seen=seen.seq)

    number = store.sql.write(job, "rolling out")
    return Promoted(release=store.releases.get(step.release), before=seen.all, changed=number > seen.seq)


def _before(steps: Sequence[Rollout]) -> str:
    """What answered all requests before what does now: steps back are taken off, so that the next goes further."""
    answered: list[str] = []
    for step in steps:
        if step.state == "all":
            if step.back and step.release in answered:
                while answered[-1] != step.release:
                    answered.pop()
            else:
                answered.append(step.release)
    if len(answered) < 2:
        raise ConflictError(
            "no release answered before this one", remedy="adequate show releases; adequate promote RELEASE"
        )
    return answered[-2]
