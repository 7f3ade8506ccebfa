"""The assertions that a release carries, put to what production asks it, off the request path.

Every prediction is looked at, some thousand at a time. What violates one is kept with its reason, up to a budget: an
assertion that was written the wrong way round is counted, and floods nobody. One that fails (a column that requests
don't give, a mistake in a function) is counted as failed, and the others go on.

Agreement, contradiction and invariance need another answer than the one at hand, and those of one slice need the store:
they are for tests. What disagrees with another model shows in `serving.shadow`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.bundles.abstain import column
from adequate.errors import TestError
from adequate.serving.budget import Budget
from adequate.serving.seen import Reason, Seen
from adequate.serving.tally import Tally
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.slices import EVERYTHING

if TYPE_CHECKING:
    import pyarrow as pa

    from adequate.testing.streams import State

_log = logging.getLogger("adequate")

HOUR = 3_600.0
ALONE = (Kind.AGREEMENT, Kind.CONTRADICTION, Kind.INVARIANCE)  # those that a server can't look at


@dataclass(slots=True)
class Asserted:
    """The assertions of one release.

    Args:
        an_hour: rows that each may ask for.
        faults: by name, why one failed the last time.
    """

    assertions: Sequence[Assertion]
    an_hour: int
    rng: np.random.Generator
    faults: dict[str, str] = field(default_factory=dict)
    _states: dict[str, State] = field(default_factory=dict)
    _budgets: dict[str, Budget] = field(default_factory=dict)

    def look(self, seen: Seen, tally: Tally) -> None:
        """Count what violates each, and add to `seen` what is kept of it."""
        live = [one for one in self.assertions if one.kind not in ALONE and one.slice == EVERYTHING]
        if not live or not len(seen):
            return
        from adequate.testing.streams import State

        inputs, outputs = _inputs(seen, live), _outputs(seen)
        for one in live:
            state = self._states.setdefault(one.name, State())
            try:
                self._put(one, inputs, outputs, state, seen, tally)
            except (TestError, ValueError, TypeError, ArithmeticError, LookupError) as error:
                if self.faults.get(one.name) != str(error):
                    _log.warning("assertion %s: %s", one.name, error)
                self.faults[one.name] = str(error)
                tally.asserted(one.name, looked=0, violated=0, failed=True)

    def _put(
        self,
        one: Assertion,
        inputs: pa.RecordBatch,
        outputs: pa.RecordBatch,
        state: State,
        seen: Seen,
        tally: Tally,
    ) -> None:
        from adequate.testing.assertions import violations

        found = violations(one, inputs, outputs, state)
        bad = found.severity > 0
        looked = len(seen) if found.looked is None else int(found.looked.sum())
        tally.asserted(one.name, looked=looked, violated=int(bad.sum()))
        if not bad.any():
            return
        budget = self._budgets.setdefault(one.name, Budget(self.an_hour, HOUR, 0.5))
        kept, chance = budget.draw(bad, self.rng)
        seen.reasons.append(Reason(f"assertion:{one.name}", kept, np.where(bad, chance, 0.0)))
        if found.suggested is not None and one.task in seen.outputs:
            several = seen.outputs[one.task].answers.ndim == 2
            for place in np.flatnonzero(kept).tolist():
                if (said := found.suggested[place].as_py()) is not None:
                    seen.suggested.setdefault(place, {}).setdefault(one.task, _as_answered(said, several))


def _as_answered(words: str, several: bool) -> Any:
    from adequate.testing.assertions import SAID

    return [one for one in words.split(SAID) if one] if several else words


def _inputs(seen: Seen, assertions: Sequence[Assertion]) -> pa.RecordBatch:
    """What the requests gave; where an assertion goes by a time that they don't give, the time at which they came."""
    import pyarrow as pa

    columns = {name: column(values) for name, values in seen.inputs.items()}
    for one in assertions:
        if (by := one.options.get("by")) and by not in columns:
            columns[by] = pa.array((seen.at * 1e6).astype("datetime64[us]"))
    return pa.record_batch(columns)


def _outputs(seen: Seen) -> pa.RecordBatch:
    import pyarrow as pa

    from adequate.testing.outputs import confidence, said

    columns: dict[str, pa.Array] = {}
    for task, output in seen.outputs.items():
        columns[task] = said(output)
        if (sure := confidence(output)) is not None:
            columns[f"{task}_confidence"] = pa.array(sure.astype(np.float32))
    return pa.record_batch(columns)
