"""The steps of a cycle, each `step(cycle, state) -> state`: embed, train, predict, test, gate, mine.

A step writes what it makes to the store and hands on ids and versions only. Each can be repeated: what is there already
is left as it is, so that a cycle that was killed in the middle of a step runs that step again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.labelling import policy, spread
from adequate.loop.answers import answered
from adequate.loop.candidates import copied
from adequate.loop.checks import step as tests
from adequate.loop.checks.suggested import beside
from adequate.loop.measuring import Measuring, measuring
from adequate.loop.turn import Survey, dried_up, know, ruled, sealed, split
from adequate.loop.verdicts import Judged, pronounce
from adequate.mining import batch_size, outlook, select, share_out
from adequate.store import Cell as Measured
from adequate.store import Look as Entry
from adequate.store import Model, QueueItem
from adequate.testing.gate import ALPHA, Comparison, Verdict, compare, decide, raised
from adequate.testing.looks import Look
from adequate.testing.sampling import Sample
from adequate.training import save
from adequate.types import Codes, Doubles, Kind, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State
    from adequate.spec.tasks import Task

EVER = 0.01  # a task that is where it should be still gets a share of labels this large
START = 100  # labels of the first round, before there is a model
SHOWN = 2_000  # characters of a text that a question carries along; longer ones are looked up
CANDIDATES = 5  # questions whose answer is known, for each that is asked beside: among them are some that look like it
CHUNK = 1 << 16  # predictions written at once


def embed(cycle: Cycle, state: State) -> State:
    """Vectors for the examples that have none."""
    return state.but(rows=len(cycle.world))


def train(cycle: Cycle, state: State) -> State:
    """A head for every task that has something to learn."""
    tasks = cycle.teachable()
    if not tasks:
        return state.but(model=None)
    name = cycle.identity()
    store = cycle.store
    if not store.models.folder(name).exists():
        with store.models.writing(name) as folder:
            for task in tasks:
                save(cycle.learned(task).head, folder / task.name)
            if cycle.encoders is not None and cycle.encoders.lexical.idf is not None:
                # A head on n-grams is no model without the weights that the pool of its day gave them.
                np.save(folder / "idf.npy", cycle.encoders.lexical.idf, allow_pickle=False)
    card = {
        task.name: {"taught": len(split(cycle.labels(task), cycle.world, Part.TEACH)), "labels": cycle.names[task.name]}
        | _at_the_edge(cycle, task, name)
        for task in tasks
    }
    baseline = store.models.accepted()
    store.models.put(
        Model(
            id=name,
            data=f"{state.rows}",
            label_seq=state.seq,
            project=cycle.project.digest(),
            seed=cycle.seed,
            code=cycle.recipe,
            parent=baseline,
            card=card,
        )
    )
    return state.but(model=name, baseline=baseline if baseline != name else None)


def _at_the_edge(cycle: Cycle, task: Task, model: str) -> dict[str, object]:
    """What came of teaching a task's head changed copies of examples; nothing where no envelope asks for it."""
    made = cycle.edges.get(task.name)
    if made is None:  # the model is there already: so is what its record says
        known = {one.id: one.card for one in cycle.store.models.list()}.get(model, {}).get(task.name, {})
        return {"edge": known["edge"]} if "edge" in known else {}
    if made.copies == 0:
        return {}
    names = ("copies", "before", "after", "kept", "why")
    return {"edge": {name: getattr(made, name) for name in names}}


def predict(cycle: Cycle, state: State) -> State:
    """What the model answers for every example, kept for whoever asks later."""
    if state.model is None:
        return state
    for task in cycle.teachable():
        if cycle.store.predictions.count(task.name, state.model) < state.rows:
            answers = _answers(cycle, task, cycle.seen(task), cycle.store.predictions.count(task.name, state.model))
            first = cycle.store.predictions.count(task.name, state.model)
            cycle.store.predictions.append(task.name, state.model, first, answers)
    return state


def _answers(cycle: Cycle, task: Task, seen: Survey, first: int) -> Iterator[pa.RecordBatch]:
    names = pa.array(cycle.names[task.name])
    for start in range(first, len(cycle.world), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(cycle.world)))
        if task.kind is Kind.MULTILABEL:
            chosen = np.asarray(seen.answers(rows), bool)
            ends = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]).astype(np.int32)
            label = pa.ListArray.from_arrays(ends, names.take(pa.array(np.nonzero(chosen)[1])))
        else:
            label = names.take(pa.array(seen.look.top[rows]))
        columns = {
            "label": label,
            "confidence": pa.array(seen.sure[rows]),
            "margin": pa.array(seen.look.margin[rows]),
            "runner_up": names.take(pa.array(seen.look.second[rows])),
        }
        yield pa.record_batch(list(columns.values()), names=list(columns))


def test(cycle: Cycle, state: State) -> State:
    """A value, bounds and a state for every cell."""
    if state.model is None:
        return state
    spent: list[Look] = []
    measured: list[Measured] = []
    for task in cycle.teachable():
        judged = judge(cycle, task, state.model)
        spent += judged.spent
        measured += rows_of(cycle, task, judged)
    if spent:
        detail = {"looks": [asdict(look) for look in spent]}
        alpha = sum(look.spent for look in spent)
        cycle.store.looks.spend(
            Entry(candidate=state.model, baseline=None, alpha=alpha, verdict="cells", detail=detail)
        )
    cycle.store.cells.put(state.model, measured)
    tests.tested(cycle, state.model)
    return state


def judge(cycle: Cycle, task: Task, model: str) -> Judged:
    """The cells of one task, as the gate's labels have them now."""
    return pronounce(
        cycle.world,
        task,
        cycle.cells[task.name],
        cycle.names[task.name],
        cycle.labels(task),
        cycle.chance(task),
        cycle.learned(task),
        cycle.seen(task),
        ledger=cycle.ledger(),
        model=model,
    )


def rows_of(cycle: Cycle, task: Task, judged: Judged) -> list[Measured]:
    """Judged cells as the store keeps them."""
    taught = len(split(cycle.labels(task), cycle.world, Part.TEACH))
    value = judged.counts.value
    found = []
    for i, cell in enumerate(judged.cells):
        need = judged.states.need[i]
        found.append(
            Measured(
                task=cell.task,
                slice=cell.slice,
                label=cell.label or "",
                metric=str(cell.metric),
                target=cell.target,
                critical=cell.critical,
                n=int(judged.counts.n[i]),
                n_eff=float(judged.counts.n[i]),
                value=float(value[i]) if np.isfinite(value[i]) else None,
                low=float(judged.states.low[i]),
                high=float(judged.states.high[i]),
                state=str(judged.states.states[i]),
                need=int(need) if np.isfinite(need) and need > 0 else None,
                labels=taught,
            )
        )
    return found


def gate(cycle: Cycle, state: State) -> State:
    """May the candidate take the baseline's place? If so it does; if labels would tell, they are asked for first."""
    store = cycle.store
    if state.model is None:
        return state
    if store.models.accepted() == state.model:
        return state.but(outcome="passed", reasons=("the model is the baseline already",))
    if (said := _rejected(cycle, state.model)) is not None:
        return state.but(outcome="blocked", reasons=(said,))
    compared = comparisons(cycle, state)
    verdict = decide([comparison for _, comparison in compared])
    _write_down(cycle, state, compared, verdict)
    if verdict.outcome == "passed":
        store.models.accept(state.model)
    elif verdict.outcome == "blocked":
        store.models.reject(state.model)
    return state.but(outcome=verdict.outcome, reasons=verdict.reasons)


def _rejected(cycle: Cycle, model: str) -> str | None:
    """What the person said who rejected this very model: the gate doesn't accept it behind their back."""
    said = [one for one in cycle.store.overrides.list(now=time.time()) if one.what == f"gate:{model}"]
    return f"{said[-1].who} rejected it: {said[-1].why}" if said and said[-1].value == "rejected" else None


def comparisons(cycle: Cycle, state: State) -> list[tuple[Task | None, Comparison]]:
    """Candidate against baseline, task by task, and then on all tests; none where there is no baseline."""
    if state.baseline is None or state.model is None:
        return []
    found: list[tuple[Task | None, Comparison]] = [
        (task, compare_with(cycle, task, state.baseline))
        for task in cycle.teachable()
        if cycle.store.predictions.has(task.name, state.baseline)
    ]
    if cycle.tests is None and (made := tests.compared(cycle, state.model, state.baseline)) is not None:
        cycle.tests = made
    return found if cycle.tests is None else [*found, (None, cycle.tests)]


def compare_with(cycle: Cycle, task: Task, baseline: str) -> Comparison:
    """One task of the candidate against a model whose answers are kept."""
    names = cycle.names[task.name]
    rows, gold, sample = _sealed(cycle, task)
    new = cycle.seen(task).answers(rows)
    old = new.copy()
    # Examples that came after the baseline have no answer of it: they count as agreed on.
    known = rows < cycle.store.predictions.count(task.name, baseline)
    old[known] = answered(cycle.store, task, baseline, rows[known], names)
    cells = cycle.cells[task.name]
    return compare(cells, names, gold, new, old, cycle.world.sliced(rows), sample=sample)


def _sealed(cycle: Cycle, task: Task) -> tuple[Rows, Codes | Mask, Sample]:
    labels = split(cycle.labels(task), cycle.world, Part.GATE)
    return sealed(cycle.world, task.kind, labels, cycle.chance(task))


def _write_down(
    cycle: Cycle, state: State, compared: Sequence[tuple[Task | None, Comparison]], verdict: Verdict
) -> None:
    """The look in the ledger, and each cell's change beside its state."""
    assert state.model is not None
    store = cycle.store
    now = {
        "reasons": list(verdict.reasons),
        "gate_labels": {
            task.name: len(split(cycle.labels(task), cycle.world, Part.GATE))
            for task, _ in compared
            if task is not None
        },
    }
    entry = Entry(candidate=state.model, baseline=state.baseline, alpha=ALPHA, verdict=verdict.outcome, detail=now)
    same = [look for look in store.looks.list(state.model) if look.verdict == entry.verdict and look.detail == now]
    if state.baseline is not None and not same:
        store.looks.spend(entry)
    change = {
        (cell.task, cell.slice, cell.label or "", str(cell.metric)): str(changed)
        for (_, comparison), changes in zip(compared, verdict.changes, strict=True)
        for cell, changed in zip(comparison.cells, changes, strict=True)
    }
    rows = store.cells.read(state.model).drop_columns(["model", "number"]).to_pylist()
    store.cells.put(
        state.model,
        [
            Measured(**row | {"change": change.get((row["task"], row["slice"], row["label"], row["metric"]))})
            for row in rows
        ],
    )


def mine(cycle: Cycle, state: State) -> State:
    """Fill the queue: what the gate needs to decide comes alone; else what teaches, steers and measures next."""
    if state.outcome == "needs_labels":
        items = _disagreements(cycle, state)
    else:
        batches = _batches(cycle, state)
        items = [
            item for task, batch in batches.items() for item in _picks(cycle, state, cycle.project.tasks[task], batch)
        ]
    items += [item for task in cycle.project.tasks.values() if not task.learnable for item in _collect(cycle, task)]
    cycle.store.queue.clear()
    cycle.store.queue.put(_as_asked(cycle, _together(spread(items))))
    return state.but(asked=len(items))


def _as_asked(cycle: Cycle, items: Sequence[QueueItem]) -> list[QueueItem]:
    """The questions as the policies of their tasks ask them, some whose answer is known between them."""
    found = []
    for task in cycle.project.tasks.values():
        how, these = policy.of(cycle.store.overrides, task.name), [item for item in items if item.task == task.name]
        if how.gold and these:
            rng = np.random.default_rng([cycle.seed, cycle.number])
            candidates = known(cycle, task, {item.row for item in these}, CANDIDATES * len(these), rng)
            these = policy.mixed_with(these, candidates, how, rng)
        found += policy.asked(these, how)
    return found


def known(cycle: Cycle, task: Task, beside: Collection[int], most: int, rng: np.random.Generator) -> list[QueueItem]:
    """Questions whose answer people have given already, of examples that teach and aren't asked beside; at most so
    many."""
    now = cycle.store.labels.current(task.name)
    usable = (now["part"].to_numpy() == str(Part.TEACH)) & np.isin(now["source"].to_numpy(), ["human", "import"])
    usable &= ~np.isin(now["row"].to_numpy(), list(beside))
    at = rng.permutation(np.flatnonzero(usable))[:most]
    rows = now["row"].to_numpy()[at]
    asked = _items(cycle, task, rows, Part.TEACH, [""] * len(at), [""] * len(at), np.ones(len(at)))
    return [replace(item, gold=gold) for item, gold in zip(asked, now["value"].take(at).to_pylist(), strict=True)]


def _batches(cycle: Cycle, state: State) -> dict[str, int]:
    """How many teaching labels to ask for, by task: a fifth of those there are, moved to tasks that are further off."""
    usual, short = {}, []
    for task in cycle.project.learnable.values():
        taught = len(split(cycle.labels(task), cycle.world, Part.TEACH))
        usual[task.name] = cycle.batch or (batch_size(taught) if taught else START)
        far = 1.0
        if state.model is not None and task in cycle.teachable():
            judged = judge(cycle, task, state.model)
            targets = np.array([cell.target for cell in judged.cells])
            far = float(np.maximum(targets - judged.belief, 0).mean()) if len(targets) else 0.0
            far += tests.behind(cycle, task, state.model) / max(len(targets), 1)
        short.append(far + EVER)
    if len(usual) < 2:
        return usual
    return dict(zip(usual, share_out(short, sum(usual.values())), strict=True))


def _together(items: Sequence[QueueItem]) -> list[QueueItem]:
    """The same questions, those about one example side by side: it is read once for all tasks that want it."""
    first: dict[int, float] = {}
    for item in items:
        first[item.row] = min(item.rank, first.get(item.row, item.rank))
    return [replace(item, rank=first[item.row]) for item in sorted(items, key=lambda item: (first[item.row], item.row))]


def _disagreements(cycle: Cycle, state: State) -> list[QueueItem]:
    """The gate examples on which suspects would be decided."""
    compared = comparisons(cycle, state)
    verdict = decide([comparison for _, comparison in compared])
    found = []
    for (task, comparison), asked in zip(compared, verdict.ask, strict=True):
        if task is None:  # tests need no labels
            continue
        rows, _, sample = _sealed(cycle, task)
        chance = raised(comparison, asked, sample)
        cycle.chances.raise_to(task.name, chance)
        why = "measures: the new model and the one before disagree on it"
        found += _items(cycle, task, rows[asked], Part.GATE, [why] * len(asked), [""] * len(asked), chance[asked])
    return found


def _picks(cycle: Cycle, state: State, task: Task, batch: int) -> list[QueueItem]:
    """What to ask of one task: `batch` examples that teach, and what steers and measures beside them."""
    names, labels = cycle.names[task.name], cycle.labels(task)
    ready = state.model is not None and task.name in {one.name for one in cycle.teachable()}
    learned, seen = (cycle.learned(task), cycle.seen(task)) if ready else (None, None)
    judged = judge(cycle, task, state.model) if ready and state.model is not None else None
    violated = tests.violated(cycle, task, state.model) if ready and state.model is not None else {}
    failing = tests.shortfalls(cycle, task, state.model, violated) if ready and state.model is not None else ()
    if judged is not None and judged.states.adequate().all() and not failing:
        return []
    world = cycle.world  # a cycle that goes on here has no encoders before it
    assert cycle.encoders is not None
    phrases = cycle.encoders.phrases(names) if cycle.encoders.meaning else None
    gone = dried_up(labels, names, cycle.store.queue.sought(task.name))
    knowledge = know(world, task, names, labels, learned, seen, cycle.cells[task.name], phrases, gone, failing)
    taught = len(knowledge.taught)
    picks = select("adequate", batch, knowledge, np.random.default_rng([cycle.seed, taught]))
    chance = np.where(np.isfinite(picks.probability), picks.probability, 1.0)
    found = _items(cycle, task, picks.rows, Part.TEACH, picks.reason, picks.cell, chance, picks.policy)
    found = beside(found, violated, task)
    if judged is not None and seen is not None:
        more = measuring(world, task, names, labels, cycle.chance(task), judged, seen, batch=batch)
        found += _measuring(cycle, task, more)
    return found


def _collect(cycle: Cycle, task: Task) -> list[QueueItem]:
    """Questions of a task that no head is trained for: drawn evenly, so that whoever trains one has a fair sample."""
    cycle.notice(f"{task.name}: the loop doesn't train a {task.kind} task; it collects labels for it")
    pool = np.setdiff1d(cycle.world.rows(Part.TEACH), cycle.store.labels.current(task.name)["row"].to_numpy())
    pool = np.setdiff1d(pool, copied(cycle.store))
    rng = np.random.default_rng([cycle.seed, len(pool)])
    rows = rng.choice(pool, min(START, len(pool)), replace=False)
    return _items(
        cycle,
        task,
        rows,
        Part.TEACH,
        ["drawn evenly from the pool"] * len(rows),
        [""] * len(rows),
        np.full(len(rows), len(rows) / max(len(pool), 1)),
        ["even"] * len(rows),
    )


def _measuring(cycle: Cycle, task: Task, more: Measuring) -> list[QueueItem]:
    cycle.chances.raise_to(task.name, more.probability)
    gate_rows = cycle.world.rows(Part.GATE)
    chance = more.probability[np.searchsorted(gate_rows, more.gate)]
    why = [f"measures: would decide {cell}" if cell else "measures: drawn evenly" for cell in more.why]
    steer = ["steers: shows where the model fails"] * len(more.steer)
    return [
        *_items(cycle, task, more.steer, Part.STEER, steer, [""] * len(steer), np.ones(len(steer))),
        *_items(cycle, task, more.gate, Part.GATE, why, more.why, chance),
    ]


def _items(
    cycle: Cycle,
    task: Task,
    rows: Rows,
    part: Part,
    why: Sequence[str],
    cells: Sequence[str],
    chance: Doubles,
    policies: Sequence[str] = (),
) -> list[QueueItem]:
    """Questions about these rows, in this order, with all that a labeller's screen needs of each."""
    ids = cycle.store.examples.ids(rows)
    texts = cycle.store.examples.take(rows, [cycle.project.text]).column(0).to_pylist()
    suggestions = _suggestions(cycle, task, rows) if part is not Part.GATE else [None] * len(rows)
    return [
        QueueItem(
            task=task.name,
            row=int(row),
            example=ids[i],
            part=str(part),
            cell=cells[i],
            policy=policies[i] if policies else str(part),
            why=why[i],
            probability=float(chance[i]),
            cycle=cycle.number,
            text=texts[i] if texts[i] is not None and len(texts[i]) <= SHOWN else None,
            suggestion=suggestions[i],
        )
        for i, row in enumerate(rows.tolist())
    ]


def _suggestions(cycle: Cycle, task: Task, rows: Rows) -> list[str | None]:
    """What the new model answers for these rows, JSON; `label` comes first, so that SQL can find items by it.

    Of an example that it learned from, what it answered while that was held out: else it would be surer of it than of
    any other, and a question whose answer is known would stand out.
    """
    model = cycle.state.model
    if not len(rows) or model is None or cycle.store.predictions.count(task.name, model) < len(cycle.world):
        return [None] * len(rows)
    learned, names = cycle.learned(task), cycle.names[task.name]
    head = learned.head
    logits = head.logits(cycle.world.take(rows))
    taught = split(cycle.labels(task), cycle.world, Part.TEACH).rows
    held, at, _ = np.intersect1d(rows, taught, return_indices=True)
    logits[at] = learned.out_of_fold[np.searchsorted(taught, held)]
    # As the answer's own confidence is: calibrated, and before the decision rule weighs misses against alarms.
    probs, answers = head.probs(logits), head.decide(logits)
    if task.kind is Kind.MULTILABEL:
        labels: list[str | list[str]] = [[names[code] for code in np.flatnonzero(row).tolist()] for row in answers]
        sure = np.where(answers, probs, 1 - probs).prod(axis=1)
        second = outlook(ruled(head, logits), kind=head.kind).second  # the label in doubt
    else:  # the likeliest beside the answer: where the rule prefers a rare label, the one that it was preferred to
        labels, each = [names[code] for code in answers.tolist()], np.arange(len(answers))
        sure, beside = probs[each, answers], probs.copy()
        beside[each, answers] = -1
        second = beside.argmax(axis=1).astype(np.int32)
    return [
        json.dumps(
            {
                "label": labels[i],
                "confidence": round(float(sure[i]), 4),
                "second": names[other],
                "second_confidence": round(float(probs[i, other]), 4),
                "model": model,
            },
            ensure_ascii=False,
        )
        for i, other in enumerate(second.tolist())
    ]


Step = Callable[["Cycle", "State"], "State"]
STEPS: tuple[Step, ...] = (embed, train, predict, test, gate, mine)
