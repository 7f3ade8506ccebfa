"""From version 1 to 2: labels become one kind of event among others, several may answer, people sign in."""

from __future__ import annotations

import sqlalchemy as sa

ADDED = {
    "event": (
        "kind TEXT NOT NULL DEFAULT 'label'",
        "topic TEXT NOT NULL DEFAULT ''",
        "guide BIGINT",
        "item BIGINT",
        "saw TEXT",
        "body TEXT",
    ),
    "queue_item": (
        "overlap BIGINT NOT NULL DEFAULT 1",
        "answers BIGINT NOT NULL DEFAULT 0",
        "blind BOOLEAN NOT NULL DEFAULT FALSE",
        "gold TEXT",
        "text TEXT",
        "suggestion TEXT",
    ),
}
MADE = """
CREATE INDEX event_by_row ON event (task, "row", seq);
CREATE INDEX event_by_example ON event (example, seq);
CREATE INDEX event_by_topic ON event (topic, seq) WHERE topic != '';
CREATE INDEX event_by_kind ON event (kind, seq);
CREATE TABLE answer (task TEXT NOT NULL, "row" BIGINT NOT NULL, actor TEXT NOT NULL, example TEXT NOT NULL,
    value TEXT NOT NULL, seq BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL, item BIGINT,
    PRIMARY KEY (task, "row", actor)) ROWLESS;
CREATE INDEX queue_item_waiting ON queue_item (task, cell, part)
    WHERE state = 'waiting' AND gold IS NULL;
CREATE TABLE part_codes (first_row BIGINT NOT NULL PRIMARY KEY, codes BYTES NOT NULL);
INSERT INTO answer (task, "row", actor, example, value, seq, at)
    SELECT task, "row", actor, example, value, seq, at FROM event WHERE value IS NOT NULL AND seq IN
    (SELECT max(seq) FROM event WHERE source = 'human' GROUP BY task, "row", actor);
CREATE TABLE lease (item BIGINT NOT NULL, actor TEXT NOT NULL, until DOUBLE PRECISION NOT NULL,
    done BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (item, actor)) ROWLESS;
CREATE INDEX lease_by_actor ON lease (actor);
CREATE TABLE person (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, password TEXT,
    subject TEXT UNIQUE, at DOUBLE PRECISION NOT NULL, revoked DOUBLE PRECISION);
CREATE TABLE session (hash TEXT NOT NULL PRIMARY KEY, person TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
    seen DOUBLE PRECISION NOT NULL, until DOUBLE PRECISION NOT NULL);
CREATE INDEX session_by_person ON session (person);
CREATE TABLE invite (hash TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, role TEXT NOT NULL, "by" TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL, until DOUBLE PRECISION NOT NULL, uses BIGINT NOT NULL, most BIGINT NOT NULL,
    person TEXT, revoked DOUBLE PRECISION);
CREATE TABLE token (hash TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, person TEXT NOT NULL,
    role TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, until DOUBLE PRECISION, used DOUBLE PRECISION,
    revoked DOUBLE PRECISION);
CREATE TABLE guide_section (task TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, markdown TEXT NOT NULL,
    place DOUBLE PRECISION NOT NULL, rev BIGINT NOT NULL, actor TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (task, id));
CREATE TABLE webhook (id TEXT NOT NULL PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, events TEXT NOT NULL,
    actor TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, last TEXT);
"""


SPELT = {  # where the two databases differ
    "sqlite": {"BYTES": "BLOB", "DOUBLE PRECISION": "DOUBLE", "FALSE": "0", "ROWLESS": "WITHOUT ROWID"},
    "postgresql": {"BYTES": "BYTEA", "ROWLESS": ""},
}
ALONE = {  # what only one of them needs
    "sqlite": """
ALTER TABLE current_label RENAME TO label_before;
CREATE TABLE current_label (task TEXT NOT NULL, "row" BIGINT NOT NULL, example TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL, probability DOUBLE NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (task, "row")) WITHOUT ROWID;
INSERT INTO current_label SELECT task, "row", example, value, source, probability, seq FROM label_before;
DROP TABLE label_before;
""",
    "postgresql": """
ALTER INDEX label_event_pkey RENAME TO event_pkey;
ALTER INDEX label_event_op_key RENAME TO event_op_key;
""",
}


def step(connection: sa.Connection) -> None:
    """Nothing recorded changes; who held what for two minutes is forgotten."""
    added = [f"ALTER TABLE {table} ADD COLUMN {column}" for table, columns in ADDED.items() for column in columns]
    statements = [
        "DROP INDEX label_event_by_row",
        "DROP INDEX label_event_by_example",
        "ALTER TABLE label_event RENAME TO event",
        *added,
        "DROP TABLE lease",
        *(MADE + ALONE[connection.dialect.name]).strip().removesuffix(";").split(";"),
    ]
    for statement in statements:
        for ours, theirs in SPELT[connection.dialect.name].items():
            statement = statement.replace(ours, theirs)
        connection.exec_driver_sql(statement)
