"""May the candidate take the place of the baseline? Two stages: screen cheaply, then label where the models disagree.

Between equal models a third of a thousand cells goes down by chance, so thresholds block every release; corrected
tests alone miss half of the real losses. So: both models answer the same examples, and each cell whose losses are
surprising (mid-p McNemar <= 0.10) is a *suspect*, not a verdict. In suspects only, labels are asked for where the two
models disagree: nothing else can tell them apart. A likelihood ratio ("lost `CARE`" against "not worse") is carried
along; below `CLEARED` the cell is let go, and e-BH over all cells confirms regressions. It may be looked at after each
label. Where no disagreement is left to label there is but one look, and Benjamini-Hochberg on p sees more. A small loss
everywhere shows in no cell: that is for one pooled test a task, and one over all, with Holm.

Two levels. `accept`, inside the loop: nothing regressed, no suspect unresolved that labels could resolve. `release`
also wants every critical cell adequate and no cell inadequate.

Labels asked for here have a known probability like all others: the disagreements of a cell are labelled in the order of
their permanent random numbers. They decide the comparison; `testing.sampling` keeps them out of estimates that they
would bend.

Sources: McNemar, Psychometrika 12 (1947); Wang & Ramdas, JRSS-B 84 (2022); Renggli et al., "Continuous Integration of
Machine Learning Models with ease.ml/ci", SysML (2019), for labelling disagreements only. Figures: docs/gate.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from adequate.testing.bounds import benjamini_hochberg, e_benjamini_hochberg, holm, mid_p
from adequate.testing.cells import ALL, Answers, Cell, by_slice
from adequate.testing.sampling import Sample
from adequate.testing.states import Judgement
from adequate.types import BY_LABELS, Change, Doubles, Mask, Metric, Rows, State

CARE = 0.05  # the loss that is worth finding, a fraction of a cell's members
SCREEN = 0.10
CLEARED = 0.10  # a suspect is let go when "lost CARE" is ten times less likely than "not worse"
ALPHA = 0.05  # share of false alarms among confirmed cells, half by e and half by p
POOLED = 0.02  # chance of a false alarm by the pooled tests; with the cells' it stays at 3 % a release

Level = Literal["accept", "release"]
Outcome = Literal["passed", "blocked", "needs_labels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Candidate against baseline on the cells of one task, arrays of shape (c,).

    Args:
        lost, won: labelled members that only the baseline, only the candidate got right.
        p: how surprising the losses are, were the two equal.
        e: how many times likelier they are had the candidate lost `CARE`.
        gained: how surprising the wins are.
        pooled: lost and won over all examples of the task; None where labels have no say (tests that need none).
        open: for each suspect, its disagreements without a label, in the order in which to ask.
        disagree: for each suspect, all examples of its disagreement (n,).
        expected: for each suspect, how many of the open ones it likely takes.
        exact: where the members are all that is meant: what was lost was lost, and chance has no part in it.
        broken: of exact cells that lost more than they may: what to say of it.
    """

    cells: tuple[Cell, ...]
    lost: Rows
    won: Rows
    p: Doubles
    e: Doubles
    gained: Doubles
    pooled: tuple[int, int] | None
    open: dict[int, Rows]
    disagree: dict[int, Rows]
    expected: dict[int, int]
    exact: Mask
    broken: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        cells: Sequence[Cell],
        lost: Rows,
        won: Rows,
        rate: Doubles,
        pooled: tuple[int, int] | None,
        unlabelled: Callable[[int], Rows],
        disagree: Mapping[int, Rows] | None = None,
        exact: Mask | None = None,
        broken: Mapping[int, str] | None = None,
    ) -> Comparison:
        """From counts; `unlabelled` gives a cell's disagreements without a label, in the order in which to ask."""
        p, e = mid_p(lost, won), likelihood_ratio(lost, won, rate)
        exact = np.zeros(len(cells), bool) if exact is None else exact
        suspects = np.flatnonzero(_suspect(p, e) & ~exact).tolist()
        queue = {i: unlabelled(i) for i in suspects}
        return cls(
            cells=tuple(cells),
            lost=lost,
            won=won,
            p=p,
            e=e,
            gained=mid_p(won, lost),
            pooled=pooled,
            open=queue,
            disagree={i: (disagree or queue)[i] for i in suspects},
            expected={
                i: min(len(queue[i]), _expected(float(e[i]), float(rate[i]), cells[i], len(cells))) for i in suspects
            },
            exact=exact,
            broken=broken or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says.

    Args:
        outcome: passed, blocked or needs_labels.
        reasons: one line each, worst first; empty where passed.
        changes: for each comparison, of each of its cells.
        ask: for each comparison, the rows to label next (positions in the arrays that were compared).
        expected: labels that are likely needed until there is a verdict.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    changes: tuple[tuple[Change, ...], ...] = ()
    ask: tuple[Rows, ...] = ()
    expected: int = 0


def compare(
    cells: Sequence[Cell],
    labels: Sequence[str],
    gold: Answers,
    candidate: Answers,
    baseline: Answers,
    slices: Mapping[str, Mask] | None = None,
    *,
    sample: Sample | None = None,
) -> Comparison:
    """Losses and wins in each cell of one task, from the labelled examples on which the two models differ.

    Precision is compared by false alarms among the examples that exactly one model gave the label.

    Args:
        cells, labels, gold, slices, sample: as for `cells.count`.
        candidate, baseline: predictions of the two models, of all n examples, labelled or not.
    """
    sample = sample or Sample.all(gold >= 0 if gold.ndim == 1 else np.ones(len(gold), bool))
    moved = candidate != baseline if gold.ndim == 1 else (candidate != baseline).any(axis=1)
    lost, won = np.zeros((2, len(cells)), np.int64)
    rate = np.zeros(len(cells))
    differ: dict[int, Rows] = {}
    for name, (at, codes) in by_slice(cells, labels, slices or {}).items():
        members = np.ones(len(gold), bool) if name == ALL else (slices or {})[name]
        rows = np.flatnonzero(moved & members)
        g, new, old = gold[rows], candidate[rows], baseline[rows]
        for i, code in zip(at.tolist(), codes.tolist(), strict=True):
            if code < 0:
                size = int(np.count_nonzero(members))
                here = np.arange(len(rows))
                right = [_same(x, g) for x in (new, old)]
                worse, better = right[1] & ~right[0], right[0] & ~right[1]
            else:
                has, given, was = (_has(x, code) for x in (g, new, old))
                here = np.flatnonzero(given ^ was)
                # Of what one model alone calls L, half decide recall and half precision, before any label is known.
                size = sum(int(np.count_nonzero(_has(x, code) & members)) for x in (candidate, baseline))
                recall = cells[i].metric is Metric.RECALL
                worse, better = (has & was, has & given) if recall else (~has & given, ~has & was)
            differ[i] = rows[here]
            rate[i] = len(here) / max(size, 1)
            even = sample.at(differ[i]).even()
            lost[i] = np.count_nonzero(worse[here] & even)
            won[i] = np.count_nonzero(better[here] & even)
    return Comparison.of(
        cells,
        lost,
        won,
        rate,
        _pooled(gold, candidate, baseline, np.flatnonzero(moved), sample),
        lambda i: _in_order(differ[i][~sample.known[differ[i]]], sample.uniform),
        differ,
    )


def likelihood_ratio(lost: ArrayLike, won: ArrayLike, rate: ArrayLike) -> Doubles:
    """How many times likelier these changes are had the candidate lost `CARE` than were it as good; an e-value.

    Args:
        rate: share of the members on which the two models disagree, known without labels.

    >>> likelihood_ratio([14, 3, 2], [4, 3, 6], 0.09).round(2)
    array([18.95,  0.33,  0.02])
    """
    share = _losing(np.asarray(rate, float))
    log_e = np.asarray(lost) * np.log(2 * share) + np.asarray(won) * np.log(2 * (1 - share))
    e: Doubles = np.exp(np.clip(log_e, -700, 700))
    return e


def _losing(rate: Doubles) -> Doubles:
    """The share of changes that are losses had the candidate lost `CARE`."""
    return np.clip(0.5 + CARE / (2 * np.maximum(rate, 1e-9)), 0.55, 0.95)


def _expected(e: float, rate: float, cell: Cell, cells: int) -> int:
    """Disagreements to label until the cell is cleared or confirmed, whichever lies nearer; some decide neither way."""
    q = float(_losing(np.asarray(rate)))
    falls = -np.log(4 * q * (1 - q)) / 2  # of log e a decisive label, were the two equal
    rises = q * np.log(2 * q) + (1 - q) * np.log(2 * (1 - q))  # had the candidate lost CARE
    decisive = min(np.log(e / CLEARED) / falls, max(np.log(2 * cells / ALPHA / e), 0.0) / rises)
    return int(np.ceil(decisive / (0.8 if cell.label is None else 0.5))) + 1


def _pooled(gold: Answers, new: Answers, old: Answers, rows: Rows, sample: Sample) -> tuple[int, int]:
    even = rows[sample.at(rows).even()]
    right, was = _same(new[even], gold[even]), _same(old[even], gold[even])
    return int(np.count_nonzero(was & ~right)), int(np.count_nonzero(right & ~was))


def _same(x: Answers, y: Answers) -> Mask:
    return x == y if x.ndim == 1 else np.asarray((x == y).all(axis=1))


def _has(x: Answers, code: int) -> Mask:
    return x == code if x.ndim == 1 else np.asarray(x[:, code], bool)


def _in_order(rows: Rows, uniform: Doubles) -> Rows:
    return rows[np.argsort(uniform[rows], kind="stable")]


def decide(
    comparisons: Sequence[Comparison],
    judged: Sequence[tuple[Sequence[Cell], Judgement]] = (),
    *,
    level: Level = "accept",
    pooled: float = POOLED,
) -> Verdict:
    """The verdict over all tasks.

    Args:
        comparisons: one a task; none where there is no baseline: then there is nothing to be worse than.
        judged: the candidate's cells and their states, for `release`; both, in any grouping.
        level: `accept` as the loop's next baseline, or `release`.
        pooled: level of the pooled tests; whoever tries one candidate after another raises it with every refusal.
    """
    ends = np.cumsum([len(c.cells) for c in comparisons])[:-1]
    exact = np.concatenate([np.zeros(0, bool), *(c.exact for c in comparisons)])
    e, final, gained = (
        np.concatenate([np.zeros(0), *each])
        for each in ([c.e for c in comparisons], [_final(c) for c in comparisons], [c.gained for c in comparisons])
    )
    worse = np.zeros(len(e), bool)  # what leaves nothing to chance is none of the cells that chance is shared out over
    worse[~exact] = e_benjamini_hochberg(e[~exact], ALPHA / 2) | benjamini_hochberg(final[~exact], ALPHA / 2)
    for c, at in zip(comparisons, np.split(np.arange(len(e)), ends), strict=False):
        worse[at[[*c.broken]]] = True
    confirmed = np.split(worse, ends)
    improved = np.split(benjamini_hochberg(gained, ALPHA), ends)
    changes = tuple(_changes(c, bad, good) for c, bad, good in zip(comparisons, confirmed, improved, strict=False))
    blocks = [
        c.broken.get(i) or f"{c.cells[i].key} got worse: {c.lost[i]} lost, {c.won[i]} won"
        for c, change in zip(comparisons, changes, strict=True)
        for i in sorted(range(len(change)), key=lambda i: (i not in c.broken, -c.e[i]))
        if change[i] is Change.REGRESSED
    ]
    blocks += _pooled_losses(comparisons, pooled)
    ask = tuple(_ask(c, change) for c, change in zip(comparisons, changes, strict=True))
    waits = [
        f"{c.cells[i].key} is suspect: {c.lost[i]} lost, {c.won[i]} won; {len(rows)} disagreements have no label"
        for c, change in zip(comparisons, changes, strict=True)
        for i, rows in c.open.items()
        if len(rows) and change[i] is Change.SUSPECT
    ]
    expected = sum(len(rows) for rows in ask)
    if level == "release":
        for cells, states in judged:
            for cell, state, need in zip(cells, states.states, states.need.tolist(), strict=True):
                if state is State.INADEQUATE:
                    blocks.append(f"{cell.key} is inadequate: below {cell.target:g}")
                elif cell.critical and state is State.UNKNOWN:
                    decides = (
                        f"{_labels(need)} would decide it" if cell.metric in BY_LABELS else "adequate test says why"
                    )
                    waits.append(f"{cell.key} is critical and unknown: {decides}")
                    expected += int(need) if np.isfinite(need) else 0
    outcome: Outcome = "blocked" if blocks else "needs_labels" if waits else "passed"
    return Verdict(outcome=outcome, reasons=tuple(blocks + waits), changes=changes, ask=ask, expected=expected)


def _suspect(p: Doubles, e: Doubles) -> Mask:
    """Losses that surprise, and don't look like chance once all are weighed."""
    return np.asarray((p <= SCREEN) & (e > CLEARED))


def _final(c: Comparison) -> Doubles:
    """p of the cells whose disagreements all have labels, 1 elsewhere."""
    done = [i for i, rows in c.open.items() if not len(rows)]
    p = np.ones(len(c.cells))
    p[done] = c.p[done]
    return p


def _changes(c: Comparison, confirmed: Mask, improved: Mask) -> tuple[Change, ...]:
    suspect = _suspect(c.p, c.e) & ~c.exact
    return tuple(
        Change.REGRESSED if bad else Change.SUSPECT if doubt else Change.IMPROVED if good else Change.NOT_REGRESSED
        for bad, doubt, good in zip(confirmed, suspect, improved, strict=True)
    )


def _pooled_losses(comparisons: Sequence[Comparison], level: float) -> list[str]:
    """The pooled tests that find a loss: each task's, and where there are several, all together."""
    names = [c.cells[0].task for c in comparisons if c.cells and c.pooled is not None]
    pooled = [c.pooled for c in comparisons if c.cells and c.pooled is not None]
    if len(pooled) > 1:
        names.append("all tasks")
        pooled.append((sum(lost for lost, _ in pooled), sum(won for _, won in pooled)))
    if not pooled:
        return []
    lost, won = np.array(pooled).T
    worse = holm(mid_p(lost, won), level)
    return [f"{names[i]} got worse overall: {lost[i]} lost, {won[i]} won" for i in np.flatnonzero(worse)]


def _ask(c: Comparison, change: Sequence[Change]) -> Rows:
    """For each open suspect the disagreements that it likely takes, without those shared twice."""
    chosen = [c.open[i][: c.expected[i]] for i in c.open if change[i] is Change.SUSPECT]
    return np.unique(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def _labels(need: float) -> str:
    return f"{need:.0f} labels" if np.isfinite(need) else "more labels than can be had (its value is near the target)"


def raised(c: Comparison, asked: Rows, sample: Sample) -> Doubles:
    """The probability of every example once `asked` are labelled, shape (n,).

    A suspect's disagreements are labelled in the order of their permanent random numbers, so that all of them up to
    the last one asked had the chance of that number.
    """
    probability = sample.probability.copy()
    for i, rows in c.open.items():
        # Up to the first one not asked: a row of this cell that was asked for another's sake is no draw of this cell.
        rest, everyone = rows[~np.isin(rows, asked)], c.disagree[i]
        stop = sample.uniform[rest].min(initial=np.inf)
        within = sample.uniform[everyone]
        last = within[within < stop].max(initial=0.0)
        probability[everyone] = np.maximum(probability[everyone], last)
    return probability
