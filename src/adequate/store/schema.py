"""The SQL tables, as the newest version of the store has them. `migrations/` takes older stores here.

Values that vary by task (labels, states, cards) are JSON text; times are seconds since 1970, UTC; every fraction is in
[0, 1]. `label_event` is append-only and the truth; `current_label` is derived from it in the same transaction.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

VERSION = 1  # of the store as a whole, files included; one more for each migration

metadata = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers only plain INTEGER keys by itself


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


def _count(name: str, *, null: bool = False, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, **options)


meta = sa.Table("meta", metadata, _text("key", primary_key=True), _text("value"))

table_version = sa.Table(  # the Lance versions that exist; the highest of a table is its present state
    "table_version",
    metadata,
    _text("name", primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _count("rows"),
    _real("at"),
)

prediction = sa.Table(  # which stretch of which Lance table holds a model's answers for rows first_row..+rows
    "prediction",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("task"),
    _text("model"),
    _text("name"),
    _count("start"),
    _count("first_row"),
    _count("rows"),
    sa.Index("prediction_by_model", "task", "model", "first_row", unique=True),
)

label_event = sa.Table(
    "label_event",
    metadata,
    sa.Column("seq", _Id, primary_key=True, autoincrement=False),
    _text("op", unique=True),  # named by whoever asks, so that asking twice records once
    _text("example"),
    _count("row"),
    _text("task"),
    sa.Column("value", sa.Text),  # JSON; null withdraws the label
    _text("actor"),
    _text("source"),
    _real("at"),
    _text("why"),
    _text("policy"),
    _real("probability"),
    sa.Index("label_event_by_row", "task", "row", "seq"),
    sa.Index("label_event_by_example", "example", "seq"),
)

current_label = sa.Table(
    "current_label",
    metadata,
    _text("task", primary_key=True),
    sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("example"),
    _text("value"),
    _text("source"),
    _real("probability"),
    _count("seq"),
)

queue_item = sa.Table(
    "queue_item",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("task"),
    _count("row"),
    _text("example"),
    _text("part"),
    _text("cell"),
    _text("policy"),
    _text("why"),
    _real("probability"),
    _real("rank"),
    _count("cycle"),
    _text("state"),  # waiting, answered, skipped or withdrawn
    _real("at"),
    sa.Index("queue_item_by_rank", "task", "state", "rank", "id"),
    sa.Index("queue_item_by_row", "task", "row"),
)

lease = sa.Table(  # who has which item before them, and until when nobody else gets it
    "lease",
    metadata,
    sa.Column("item", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("actor"),
    _real("until"),
)

model = sa.Table(
    "model",
    metadata,
    _text("id", primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),  # the order in which they were made
    sa.Column("parent", sa.Text),
    _text("data"),
    _count("label_seq"),
    _text("project"),
    _count("seed"),
    _text("code"),
    _text("state"),  # candidate, accepted or rejected
    _text("card"),  # JSON
    _real("at"),
    _count("accepted", null=True, unique=True),  # 1, 2, 3 ... in the order of acceptance; the highest is the baseline
)

cell = sa.Table(
    "cell",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("slice", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),  # "" where the cell is of no single label
    sa.Column("metric", sa.Text, primary_key=True),
    _real("target"),
    sa.Column("critical", sa.Boolean, nullable=False),
    _count("n"),
    _real("n_eff"),
    _real("value", null=True),
    _real("low"),
    _real("high"),
    _text("state"),
    sa.Column("change", sa.Text),
    _count("need", null=True),
    _count("labels"),  # spent on the task when this was measured: the x of the cell's curve
    _real("forecast", null=True),
    _real("forecast_low", null=True),
    _real("forecast_high", null=True),
)

look = sa.Table(  # every time verdicts came out of the sealed part
    "look",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("candidate"),
    sa.Column("baseline", sa.Text),
    _real("alpha"),
    _text("verdict"),
    _text("detail"),  # JSON
    _real("at"),
    sa.Index("look_by_candidate", "candidate"),
)

override = sa.Table(
    "override",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("what"),
    _text("value"),  # JSON
    _text("who"),
    _text("why"),
    _real("until", null=True),
    _real("at"),
)

cycle = sa.Table(
    "cycle",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _real("started"),
    _real("ended", null=True),
    _text("state"),  # JSON, as the cycle began
)

step = sa.Table(
    "step",
    metadata,
    sa.Column("cycle", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("name"),
    _text("state"),  # JSON, as the step left it
    _real("ended"),
)
