"""Which predictions violate an assertion, how badly, and what is likely right instead?

One function, `violations`, for every kind of assertion and for every place: over a whole pool in a test, batch by
batch, and beside a server. Arrow in; a severity a prediction out, 0 where it holds. What looks across predictions
carries a `streams.State`; over a whole pool use `facts` and `settled` instead, which know what comes later, too.

Answers are compared as words: a label, or a multilabel's labels joined in their order (`words`).

Source: Kang et al., "Model Assertions for Monitoring and Improving ML Models", MLSys 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adequate.errors import TestError
from adequate.spec import source
from adequate.spec.assertions import Assertion, Kind
from adequate.testing.columns import mask, outside, strange
from adequate.testing.streams import SECONDS, Facts, State, disagreeing, flickering, hashed, moments, too_often
from adequate.types import Codes, Doubles, Mask

ACROSS = (Kind.CONSISTENCY, Kind.STEADINESS, Kind.RATE)  # kinds that look across predictions
COMPARED = (Kind.AGREEMENT, Kind.CONTRADICTION, Kind.INVARIANCE)  # kinds that hold an answer against another one
SAID = "\x1f"  # between the labels of one answer
FEWEST = 50  # predictions, before it is said that an assertion fires too often to be meant so


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Of n predictions.

    Args:
        severity: shape (n,), 0 where it holds.
        suggested: n answers in words, null where nothing is suggested; None: nowhere.
        looked: shape (n,), which predictions it says anything of; None: all.
    """

    severity: Doubles
    suggested: pa.Array | None = None
    looked: Mask | None = None


def violations(
    assertion: Assertion,
    inputs: pa.RecordBatch,
    outputs: pa.RecordBatch,
    state: State | None = None,
    *,
    other: pa.Array | None = None,
) -> Found:
    """Which predictions of a batch violate an assertion. O(n), with what looks across predictions O(n log n).

    Args:
        inputs: the examples' columns.
        outputs: of the same rows: a column TASK (labels, or lists of labels) and TASK_confidence for each task.
        state: carried from batch to batch; needed where a kind looks across predictions.
        other: for agreement, contradiction and invariance the answer to compare with, in words; null: none.

    Raises:
        TestError: the function fails, or what it returns isn't one severity a row; a column is missing.
    """
    state = State() if state is None else state
    if assertion.kind in ACROSS:
        found = _beside(assertion, facts(assertion, inputs, outputs, state), state)
    elif assertion.kind in COMPARED:
        found = _against(assertion, answers(assertion, outputs), other)
    elif assertion.kind is Kind.IMPLICATION:
        found = Found(severity=_implied(assertion, outputs).astype(np.float64))
    elif assertion.kind is Kind.RANGE:
        values = ranged(assertion, inputs, outputs)
        found = Found(severity=_outside(assertion, values).astype(np.float64), looked=~mask(pc.is_null(values)))
    else:
        if assertion.function is None:
            raise TestError(f"assertion {assertion.name!r} is SQL, and no engine was given to answer it")
        given = called(assertion, assertion.function, inputs, outputs, state.seen)
        found = Found(severity=severities(assertion, assertion.function, given, len(inputs), state.seen))
    state.seen += len(outputs)
    return suggesting(assertion, found, inputs, outputs, state.seen - len(outputs))


def facts(assertion: Assertion, inputs: pa.RecordBatch, outputs: pa.RecordBatch, state: State) -> Facts:
    """What a kind that looks across predictions sees of a batch."""
    n, options, name = len(outputs), assertion.options, f"assertion {assertion.name!r}"
    code = state.codes(answers(assertion, outputs))
    if assertion.kind is Kind.RATE:
        if not (column := options.get("by")):
            raise TestError(f"{name} needs a column of times", remedy='aq.Project(..., time="COLUMN")')
        order = moments(column_of(assertion, column, inputs), f"{name}: column {column!r}")
        known = np.isfinite(order)
        stretch = np.floor(np.where(known, order, 0) / (1e6 * SECONDS[options["per"]]))
        wanted = state.names.index(options["label"]) if options["label"] in state.names else -2
        codes: Codes = np.where(known & (code >= 0), (code == wanted).astype(np.int32), np.int32(-1))
        return Facts(keys=stretch.astype(np.int64).view(np.uint64), order=order, codes=codes)
    group = column_of(assertion, options["within"], inputs)
    by = options.get("by")
    order = np.arange(state.seen, state.seen + n, dtype=np.float64)
    if by:
        order = moments(column_of(assertion, by, inputs), f"{name}: column {by!r}")
    return Facts(keys=hashed(group), order=order, codes=np.where(mask(pc.is_null(group)), np.int32(-1), code))


def settled(assertion: Assertion, seen: Facts, state: State) -> Found:
    """The violations among all predictions at once, those that `facts` told of, in the same order."""
    return _judged(assertion, seen, state)[0]


def _judged(assertion: Assertion, seen: Facts, state: State) -> tuple[Found, NDArray[np.int64] | None]:
    """The violations, and of a flicker where each shows."""
    looked, shows = seen.codes >= 0, None
    if assertion.kind is Kind.RATE:
        return Found(severity=too_often(seen, assertion.options["most"]), looked=looked), None
    if assertion.kind is Kind.CONSISTENCY:
        severity, suggested = disagreeing(seen)
    else:
        severity, suggested, shows = flickering(seen, assertion.options["gap"])
    names = pa.array(state.names, pa.string())
    said = names.take(pa.array(suggested, mask=suggested < 0))
    return Found(severity=severity, suggested=said, looked=looked), shows


def _beside(assertion: Assertion, seen: Facts, state: State) -> Found:
    """The violations of a batch, among the predictions that came before it."""
    before = state.near(seen)
    found, shows = _judged(assertion, Facts.joined([before, seen]), state)
    new = len(before)
    severity = found.severity[new:]
    if shows is not None:
        late = shows[:new]  # flickers that lay in earlier batches, and show only now
        severity[late[late >= new] - new] = 1.0
    state.remember(seen)
    suggested = None if found.suggested is None else found.suggested.slice(new)
    return Found(severity=severity, suggested=suggested, looked=seen.codes >= 0)


def _against(assertion: Assertion, said: pa.Array, other: pa.Array | None) -> Found:
    """Where another answer is known and isn't the model's."""
    if other is None:
        raise TestError(f"assertion {assertion.name!r} has nothing to compare with")
    differs = mask(pc.not_equal(said, other))
    suggested = pc.if_else(pa.array(differs), other, None) if assertion.kind is Kind.CONTRADICTION else None
    return Found(severity=differs.astype(np.float64), suggested=suggested, looked=mask(pc.is_valid(other)))


def _implied(assertion: Assertion, outputs: pa.RecordBatch) -> Mask:
    """Where all of `when` is said, and not all of `then`."""

    def all_of(wanted: dict[str, str]) -> Mask:
        found = np.ones(len(outputs), bool)
        for task, label in wanted.items():
            found &= _has(column_of(assertion, task, outputs), label)
        return found

    return all_of(assertion.options["when"]) & ~all_of(assertion.options["then"])


def _has(said: pa.Array, label: str) -> Mask:
    """Whose answer is a label, or has it among others."""
    if not pa.types.is_list(said.type):
        return mask(pc.equal(said, label))
    found = np.zeros(len(said), bool)
    found[pc.list_parent_indices(said).to_numpy()[mask(pc.equal(said.flatten(), label))]] = True
    return found


def ranged(assertion: Assertion, inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> pa.Array:
    """The column that a range is about: of the outputs, or else of the inputs."""
    name = str(assertion.options["column"])
    return column_of(assertion, name, outputs if name in outputs.schema.names else inputs)


def _outside(assertion: Assertion, values: pa.Array) -> Mask:
    """Where a column holds what it may not; nulls hold nothing."""
    between, one_of = assertion.options.get("between"), assertion.options.get("one_of")
    found = np.zeros(len(values), bool)
    if between is not None:
        found |= outside(values, between, f"assertion {assertion.name!r}")
    return found | strange(values, one_of) if one_of is not None else found


def answers(assertion: Assertion, outputs: pa.RecordBatch) -> pa.Array:
    """What was answered for the assertion's task, in words."""
    return words(column_of(assertion, assertion.task, outputs))


def implied(assertion: Assertion, outputs: pa.RecordBatch) -> pa.Array:
    """What was answered for each task of an implication, in words: "intent RateBook, timed yes"."""
    tasks = dict.fromkeys([*assertion.options["when"], *assertion.options["then"]])
    said = [pc.binary_join_element_wise(task, words(column_of(assertion, task, outputs)), " ") for task in tasks]
    return pc.binary_join_element_wise(*said, ", ", null_handling="skip")


def words(said: pa.Array) -> pa.Array:
    """Answers as strings: a label, or several joined."""
    return pc.binary_join(said, SAID) if pa.types.is_list(said.type) else said


def column_of(assertion: Assertion, name: str, batch: pa.RecordBatch) -> pa.Array:
    """A column that an assertion needs.

    Raises:
        TestError: there is none.
    """
    at = batch.schema.get_field_index(name)
    if at < 0:
        raise TestError(
            f"assertion {assertion.name!r} needs a column {name!r}; there are: {', '.join(batch.schema.names)}",
            remedy="name one of these in project.py",
        )
    return batch.column(at)


def called(
    assertion: Assertion, function: Callable[..., Any], inputs: pa.RecordBatch, outputs: pa.RecordBatch, row: int
) -> Any:
    """What a function of the user's returns for a batch.

    Args:
        row: of the first of the batch, for the message.

    Raises:
        TestError: it raised; with the line, and the row where only some make it.
    """
    try:
        return function(inputs, outputs)
    except TestError:  # of an assertion in SQL: it says all
        raise
    except Exception as error:
        line = raised_at(function, error)
        bad = _first_bad(function, inputs, outputs)
        where = "" if bad is None else f", row {row + bad:,}"
        said = str(error).strip("'\"")
        columns = (
            f"; inputs: {', '.join(inputs.schema.names)}; outputs: {', '.join(outputs.schema.names)}"
            if isinstance(error, KeyError)
            else ""
        )
        raise TestError(
            f"assertion {assertion.name!r} ({line}{where}) raised {type(error).__name__}: {said}{columns}",
            remedy="correct it in project.py",
        ) from error


def raised_at(function: Callable[..., Any], error: Exception) -> str:
    """The line of the function's file at which it raised: `project.py:14`."""
    code, trace, line = getattr(function, "__code__", None), error.__traceback__, None
    while trace is not None:
        if code is not None and trace.tb_frame.f_code.co_filename == code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    place = source.place(function)
    return place if line is None else f"{place.rpartition(':')[0]}:{line}"


def _first_bad(function: Callable[..., Any], inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> int | None:
    """The first row that makes a function raise, found by halving; None where every row does, or none by itself."""

    def fails(first: int, count: int) -> bool:
        try:
            function(inputs.slice(first, count), outputs.slice(first, count))
        except Exception:
            return True
        return False

    low, high = 0, len(inputs)
    if high == 0 or (fails(0, 1) and fails(high - 1, 1)):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if fails(low, middle - low):
            high = middle
        elif fails(middle, high - middle):
            low = middle
        else:
            return None
    return low


def severities(assertion: Assertion, function: Callable[..., Any], given: Any, n: int, row: int) -> Doubles:
    """What a function returned, as one severity a row.

    Raises:
        TestError: it isn't that.
    """
    what = f"assertion {assertion.name!r} ({source.place(function)})"
    remedy = "return one boolean a row, true where it is violated, or one number, 0 where it isn't"
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if not isinstance(given, pa.Array | np.ndarray | list):
        raise TestError(f"{what} returned {type(given).__name__}", remedy=remedy)
    if len(given) != n:
        raise TestError(f"{what} returned {len(given):,} values for {n:,} rows", remedy=remedy)
    try:
        found = given if isinstance(given, pa.Array) else pa.array(given, from_pandas=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TestError(f"{what} returned values that aren't one type: {error}", remedy=remedy) from error
    kind = found.type
    numeric = pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not numeric and not pa.types.is_null(kind):
        raise TestError(f"{what} returned {kind}", remedy=remedy)
    if found.null_count:
        first = int(np.flatnonzero(mask(pc.is_null(found)))[0])
        raise TestError(
            f"{what} returned null for {found.null_count:,} of {n:,} rows, first for row {row + first:,}: neither "
            "violated nor not",
            remedy="pc.fill_null(..., False)",
        )
    severity = np.asarray(found.to_numpy(zero_copy_only=False), np.float64)
    wrong = ~(severity >= 0) | np.isinf(severity)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise TestError(f"{what} returned {severity[first]:g} for row {row + first:,}", remedy=remedy)
    return severity


def suggesting(assertion: Assertion, found: Found, inputs: pa.RecordBatch, outputs: pa.RecordBatch, row: int) -> Found:
    """The violations with what `suggest` says of them; it isn't asked where there are none.

    Raises:
        TestError: it fails, or doesn't say one label or null a row.
    """
    bad = found.severity > 0
    if assertion.suggest is None or not bad.any():
        return found
    given = called(assertion, assertion.suggest, inputs, outputs, row)
    what = f"assertion {assertion.name!r}: suggest ({source.place(assertion.suggest)})"
    remedy = "return one label a row, or null"
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if not isinstance(given, pa.Array | np.ndarray | list) or len(given) != len(inputs):
        size = f"{len(given):,} values for {len(inputs):,} rows" if isinstance(given, Sequence) else str(type(given))
        raise TestError(f"{what} returned {size}", remedy=remedy)
    try:
        array = words(given if isinstance(given, pa.Array) else pa.array(given))
        array = array.cast(pa.string()) if pa.types.is_null(array.type) or pa.types.is_dictionary(array.type) else array
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TestError(f"{what} returned no labels: {error}", remedy=remedy) from error
    if not pa.types.is_string(array.type):
        raise TestError(f"{what} returned {array.type}", remedy=remedy)
    return Found(severity=found.severity, suggested=pc.if_else(pa.array(bad), array, None), looked=found.looked)


def upside_down(assertion: Assertion, n: int, violated: int) -> bool:
    """Whether it fires so often that it was probably written the wrong way round, or in another unit.

    A function: on more than half. A rule about each prediction by itself: on every one.
    """
    if n < FEWEST:
        return False
    if assertion.kind is Kind.PREDICATE:
        return violated > n / 2
    return assertion.kind in (Kind.IMPLICATION, Kind.RANGE) and violated == n
