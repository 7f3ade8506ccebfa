"""The SQL tables, as the newest version of the store has them. `migrations/` takes older stores here.

Values that vary by task (labels, states, cards) are JSON text; times are seconds since 1970, UTC; every fraction is in
[0, 1]. `event` is append-only and the truth, of labels and of all else that people do; `current_label` (what an example
is) and `answer` (what each person last said of it) are derived from it in the same transaction.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

VERSION = 4  # of the store as a whole, files included; one more for each migration

metadata = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers only plain INTEGER keys by itself


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


def _count(name: str, *, null: bool = False, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, **options)


def _where(index: sa.Index, condition: sa.ColumnElement[bool]) -> None:
    """Keep only such rows in an index: it stays small where few of many are asked for."""
    for name in ("sqlite", "postgresql"):
        index.dialect_options[name]["where"] = condition


meta = sa.Table("meta", metadata, _text("key", primary_key=True), _text("value"))

table_version = sa.Table(  # the Lance versions that exist; the highest of a table is its present state
    "table_version",
    metadata,
    _text("name", primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _count("rows"),
    _real("at"),
)

part_codes = sa.Table(  # the part of each example, so that whoever only counts labels needs no Lance
    "part_codes",
    metadata,
    sa.Column("first_row", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("codes", sa.LargeBinary, nullable=False),  # a byte each, into `types.PARTS`; 255: erased, of no part
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

event = sa.Table(
    "event",
    metadata,
    sa.Column("seq", _Id, primary_key=True, autoincrement=False),
    _text("op", unique=True),  # named by whoever asks, so that asking twice records once
    _text("kind", server_default="label"),  # `label` changes what an example is; the others are in `events.KINDS`
    _text("topic", server_default=""),  # of the live protocol: who is told; "": those who watch the example
    _text("example"),  # "" where it is of no example, as is `row` -1 and `task` ""
    _count("row"),
    _text("task"),
    sa.Column("value", sa.Text),  # JSON; null withdraws the label
    _text("actor"),
    _text("source"),
    _real("at"),
    _text("why"),
    _text("policy"),
    _real("probability"),
    _count("guide", null=True),  # revision of the task's guide that was before the labeller
    _count("item", null=True),  # of the queue, which it answers
    sa.Column("saw", sa.Text),  # JSON: the suggestion that was before them
    sa.Column("body", sa.Text),  # JSON: what else the operation said
    sa.Index("event_by_row", "task", "row", "seq"),
    sa.Index("event_by_example", "example", "seq"),
    sa.Index("event_by_kind", "kind", "seq"),
)
_where(sa.Index("event_by_topic", event.c.topic, event.c.seq), event.c.topic != "")

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
    sqlite_with_rowid=False,  # one tree instead of two: each page written costs every commit
)

answer = sa.Table(  # what each person last said of an example: agreement and skill are worked out from these
    "answer",
    metadata,
    _text("task", primary_key=True),
    sa.Column("row", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("actor", primary_key=True),
    _text("example"),
    _text("value"),
    _count("seq"),
    _real("at"),
    _count("item", null=True),  # of the queue, which it answers
    sqlite_with_rowid=False,
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
    _text("state"),  # waiting, answered, disputed, skipped or withdrawn
    _real("at"),
    _count("overlap", server_default="1"),  # different people who are to answer
    _count("answers", server_default="0"),  # how many of them have, where more than one is to
    sa.Column("blind", sa.Boolean, nullable=False, server_default=sa.false()),  # nobody sees others, or the model
    sa.Column("gold", sa.Text),  # JSON: the answer that is known; asked to learn about the labeller
    sa.Column("text", sa.Text),  # of the example, where it is short: asking then needs no other table
    sa.Column("suggestion", sa.Text),  # JSON: what the model says, with its confidence
    sa.Index("queue_item_by_rank", "task", "state", "rank", "id"),
    sa.Index("queue_item_by_row", "task", "row"),
)
_where(
    sa.Index("queue_item_waiting", queue_item.c.task, queue_item.c.cell, queue_item.c.part),
    sa.and_(queue_item.c.state == "waiting", queue_item.c.gold.is_(None)),
)

lease = sa.Table(  # who has which item before them, and until when no more people get it than are to answer
    "lease",
    metadata,
    sa.Column("item", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("actor", primary_key=True),
    _real("until"),
    sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),  # answered or passed over: not again
    sa.Index("lease_by_actor", "actor"),
    sqlite_with_rowid=False,
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

failure = sa.Table(  # cases that don't hold: of behaviours and suites, and violations of assertions
    "failure",
    metadata,
    _text("model", primary_key=True),
    _text("cell", primary_key=True),  # the key of the cell
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),  # 0, 1, 2 ...: the worst first
    _count("row"),  # -1 where it is no example of the project
    _text("example"),
    _text("text"),
    sa.Column("origin", sa.Text),  # what the text was changed from
    _text("expected"),
    _text("answered"),
    _real("level", null=True),
    _real("confidence", null=True),
    _real("severity"),
    sa.Column("suggested", sa.Text),  # the label that is likely right
    _text("detail"),  # JSON
    _text("source"),  # test, batch or live
    _real("at"),
    sa.Index("failure_by_row", "row"),
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

person = sa.Table(
    "person",
    metadata,
    _text("id", primary_key=True),  # short, readable, for good: the `actor` of events
    _text("name"),
    _text("role"),  # viewer, labeller, reviewer, engineer or owner
    sa.Column("password", sa.Text),  # an argon2 hash; null where they come by link or provider
    sa.Column("subject", sa.Text, unique=True),  # of an OIDC provider: issuer and subject
    _real("at"),
    _real("revoked", null=True),
)

session = sa.Table(  # a browser that is signed in
    "session",
    metadata,
    _text("hash", primary_key=True),  # SHA-256 of the cookie
    _text("person"),
    _real("at"),
    _real("seen"),
    _real("until"),
    sa.Index("session_by_person", "person"),
)

invite = sa.Table(
    "invite",
    metadata,
    _text("hash", primary_key=True),  # SHA-256 of the 32 bytes in the link
    _text("id", unique=True),  # to name it by
    _text("role"),
    _text("by"),
    _real("at"),
    _real("until"),
    _count("uses"),
    _count("most"),
    sa.Column("person", sa.Text),  # who it signs in; null: it makes a new person
    _real("revoked", null=True),
)

token = sa.Table(  # `adq_...`, for programs
    "token",
    metadata,
    _text("hash", primary_key=True),
    _text("id", unique=True),
    _text("name"),
    _text("person"),
    _text("role"),
    _real("at"),
    _real("until", null=True),
    _real("used", null=True),
    _real("revoked", null=True),
)

guide_section = sa.Table(  # the guide as it is; what it was is in the events
    "guide_section",
    metadata,
    _text("task", primary_key=True),
    _text("id", primary_key=True),
    _text("title"),
    _text("markdown"),
    _real("place"),
    _count("rev"),  # the `seq` of the event that wrote it
    _text("actor"),
    _real("at"),
)

webhook = sa.Table(
    "webhook",
    metadata,
    _text("id", primary_key=True),
    _text("url"),
    _text("secret"),
    _text("events"),  # JSON list of `label`, `cycle`, `cell`
    _text("actor"),
    _real("at"),
    sa.Column("last", sa.Text),  # JSON: when it was last called, and what came back
)

release = sa.Table(
    "release",
    metadata,
    _text("id", primary_key=True),  # of its bundle
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),  # the order in which they were made
    _text("model"),  # the accepted model that it was made from
    _text("path"),  # of its bundle; inside the project's folder where it is relative
    _count("bytes"),
    _real("seconds"),  # a text, in batches
    _text("card"),  # JSON
    _real("at"),
)

rollout = sa.Table(  # append-only: the newest row of a release is its state
    "rollout",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("release"),
    _text("state"),  # candidate, shadow, share, all or retired
    _real("share"),  # of requests that it answers
    sa.Column("back", sa.Boolean, nullable=False),  # it puts back what was before
    _text("who"),
    _text("why"),
    _real("at"),
    sa.Index("rollout_by_release", "release", "id"),
)

trigger = sa.Table(  # small heads that ask production for more of what a cell lacks
    "trigger",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    _text("cell"),
    _text("task"),
    _text("release"),  # whose block it reads; "": of whichever has it
    _text("block"),
    sa.Column("weights", sa.LargeBinary, nullable=False),  # float32
    _real("threshold"),
    _count("per_day"),
    _text("card"),  # JSON: what it seeks, and what was expected of it
    _text("who"),
    _text("why"),
    _real("at"),
    _real("ended", null=True),
)

traffic = sa.Table(  # what a server counted in a minute, of all requests
    "traffic",
    metadata,
    _text("server", primary_key=True),
    sa.Column("start", sa.Double, primary_key=True),
    _text("release", primary_key=True),
    _real("seconds"),  # that it was counted over
    _text("body"),  # JSON
    sa.Index("traffic_by_start", "start"),
)

recorded = sa.Table(  # rows of production that became examples
    "recorded",
    metadata,
    _text("id", primary_key=True),  # given by the server that recorded it
    _text("example"),
    _count("row"),
    _text("release"),
    _text("reason"),  # audit, assertion:NAME, trigger:ID or shadow
    _real("probability"),  # of being recorded for that reason
    _real("at"),
    _text("body"),  # JSON: what was answered, and all reasons
    sa.Index("recorded_by_at", "at"),
    sa.Index("recorded_by_example", "example"),
)

spooled = sa.Table(  # how far each file of recorded rows was read
    "spooled",
    metadata,
    _text("server", primary_key=True),
    _text("segment", primary_key=True),
    _count("bytes"),
)
