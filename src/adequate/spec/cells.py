"""How a cell is written: TASK/SLICE/METRIC, or TASK/SLICE/LABEL/METRIC where it measures a label or a test.

This name is in ledgers, on the board, in addresses and on command lines; nobody else puts it together or apart.
A label may hold a "/"; the names of tasks, slices and metrics may not.
"""

from __future__ import annotations


def spelt(task: str, among: str, label: str | None, metric: str) -> str:
    """The name of a cell.

    Args:
        among: name of the slice.
        label: that it measures, or name of the test; None or "": none.

    >>> spelt("intent", "all", None, "accuracy")
    'intent/all/accuracy'
    """
    return "/".join((task, among, *([label] if label else []), metric))


def label_in(key: str) -> str:
    """The label, or the test, in a cell's name; "" where it is of none.

    >>> label_in("intent/all/card/debit/recall"), label_in("intent/all/accuracy")
    ('card/debit', '')
    """
    return key.split("/", 2)[-1].rpartition("/")[0]
