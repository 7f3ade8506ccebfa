"""Which release answers, and how another takes its place without a dropped request.

The one idea: what serves is one immutable value. A thread looks four times a second whether something else should,
or says something else by now (a rule of abstention is amended in its place), opens it, has it answer once, and puts
the new value in the old one's place; a request keeps the release that it began with. What can't be opened or asked
changes nothing: the server goes on with what it has, and says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

from adequate.bundles.bundle import Bundle
from adequate.bundles.manifest import NAME as MANIFEST
from adequate.errors import AdequateError
from adequate.serving.batcher import Loaded
from adequate.serving.metrics import Metrics

EVERY = 0.25  # seconds
LATE = 5.0  # seconds after which a store that doesn't answer is told of
GRACE = 2.0  # seconds that the end waits for it
SEVERAL = 8  # texts of a second call, which tells what a text costs and what the call
WARM = "a first text, which nobody waits for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What should serve: folders of bundles.

    Args:
        share: another one, and the fraction of requests that it answers.
        shadow: is asked beside, and not heard.
    """

    all: Path
    share: tuple[Path, float] | None = None
    shadow: Path | None = None

    def stamps(self) -> dict[Path, int]:
        """By bundle, what differs where another lies at the same path; 0 where none does."""
        return {one: _stamp(one) for one in (self.all, self.share and self.share[0], self.shadow) if one is not None}


Poll: TypeAlias = Callable[[], Wanted]
Seen: TypeAlias = tuple[Wanted, dict[Path, int]]  # what should serve, and its stamps


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What serves; the observer asks the shadow."""

    all: Loaded
    share: tuple[Loaded, float] | None = None
    shadow: Loaded | None = None

    def pick(self, key: str) -> Loaded:
        """The release for a request: the same for the same key.

        >>> one, other = Loaded("one", None, 1.0), Loaded("other", None, 1.0)
        >>> serving = Serving(all=one, share=(other, 0.25))
        >>> sum(serving.pick(str(key)) is other for key in range(1000))
        227
        """
        if self.share is None:
            return self.all
        place = int.from_bytes(blake2b(key.encode(errors="replace"), digest_size=8).digest()) / 2**64
        return self.share[0] if place < self.share[1] else self.all

    def named(self, name: str) -> Loaded | None:
        """The release of that id, if it serves."""
        both = (self.all, *([self.share[0]] if self.share else []))
        return next((one for one in both if one.name == name), None)


class Swap:
    """Keeps what serves up to date.

    Args:
        poll: what should serve, by now. It may fail.
        trust: a public key's file; a bundle must be signed by its owner.
        changed: told what serves, at first and, from the thread, before it does; what it refuses doesn't serve.
    """

    def __init__(
        self,
        poll: Poll,
        metrics: Metrics,
        *,
        trust: Path | None = None,
        changed: Callable[[Serving], None] = lambda _: None,
    ) -> None:
        self._poll = poll
        self._metrics = metrics
        self._trust = trust
        self._changed = changed
        self._open_now: dict[tuple[Path, int], Loaded] = {}  # what serves
        self._wanted = self._seen()
        self.now = self._open(self._wanted)
        changed(self.now)
        self._trouble = ""
        self._since: float | None = None  # when it began to ask what should serve, while nobody has said
        self._bad: Seen | None = None  # couldn't be opened: not tried again until it changes
        self._look = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._watch, name="swap", daemon=True)

    @property
    def trouble(self) -> str:
        """Why what should serve doesn't, or why nobody knows; "": it serves."""
        since = self._since
        late = 0.0 if since is None else time.monotonic() - since
        return self._trouble or (f"nobody says for {late:.0f} s what should serve" if late > LATE else "")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def look(self) -> None:
        """Look now, and try again what couldn't be opened: SIGHUP."""
        self._bad = None
        self._look.set()

    def close(self) -> None:
        """Look no more."""
        self._over = True
        self._look.set()
        if self._thread.is_alive():
            self._thread.join(GRACE)  # a store that hangs is no reason to stay

    def _watch(self) -> None:
        while not self._over:
            self._look.wait(EVERY)
            self._look.clear()
            if not self._over:
                self._once()

    def _once(self) -> None:
        wanted = self._bad
        try:
            self._since = time.monotonic()
            wanted = self._seen()
            self._since = None
            if wanted == self._wanted:
                self._trouble = ""
            elif wanted != self._bad:
                new = self._open(wanted)
                self._changed(new)  # first: what can't be recorded as it says doesn't serve
                self.now, self._wanted, self._trouble, self._bad = new, wanted, "", None
                self._metrics.swapped(failed=False)
        except Exception as error:  # a store that is away, a bundle that is broken: what serves, serves on
            self._bad = wanted
            if str(error) != self._trouble:
                self._metrics.swapped(failed=True)
            self._trouble, self._since = str(error), None

    def _seen(self) -> Seen:
        wanted = self._poll()
        return wanted, wanted.stamps()

    def _open(self, seen: Seen) -> Serving:
        wanted, stamps = seen
        self._open_now = {key: self._open_now.get(key) or self._loaded(key[0]) for key in stamps.items()}
        at = {folder: loaded for (folder, _), loaded in self._open_now.items()}
        return Serving(
            all=at[wanted.all],
            share=(at[wanted.share[0]], wanted.share[1]) if wanted.share else None,
            shadow=at[wanted.shadow] if wanted.shadow else None,
        )

    def _loaded(self, folder: Path) -> Loaded:
        bundle = Bundle.open(folder, trust=self._trust)
        bundle.answer([WARM])
        one, several = (_seconds(bundle, n) for n in (1, SEVERAL))
        pace = max(0.0, several - one) / (SEVERAL - 1)
        return Loaded(bundle.id, bundle, pace=pace, call=max(0.0, one - pace))


def _stamp(bundle: Path) -> int:
    try:
        return (bundle if bundle.is_file() else bundle / MANIFEST).stat().st_mtime_ns
    except OSError:
        return 0


def _seconds(bundle: Bundle, n: int) -> float:
    start = time.thread_time()
    bundle.answer([WARM] * n)
    return time.thread_time() - start


def following(path: Path) -> Poll:
    """What a path names by now: a bundle, or a link to one that may be pointed at another.

    Raises:
        AdequateError: nothing is there.
    """

    def poll() -> Wanted:
        folder = path.resolve()
        if not folder.exists():
            raise AdequateError(f"there is no bundle at {path}", remedy="adequate ship makes one")
        return Wanted(all=folder)

    return poll
