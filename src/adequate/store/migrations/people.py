"""From version 1 to 2: labels become one kind of event among others, several may answer, people sign in."""

from __future__ import annotations

import sqlalchemy as sa

ADDED = {
    "event": (
        "kind TEXT NOT NULL DEFAULT 'label'",
        "topic TEXT NOT NULL DEFAULT ''",
        "guide BIGINT",
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
CREATE INDEX event_by_topic ON event (topic, seq);
CREATE INDEX event_by_kind ON event (kind, seq);
CREATE TABLE answer (task TEXT NOT NULL, "row" BIGINT NOT NULL, actor TEXT NOT NULL, example TEXT NOT NULL,
    value TEXT NOT NULL, seq BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (task, "row", actor));
INSERT INTO answer (task, "row", actor, example, value, seq, at)
    SELECT task, "row", actor, example, value, seq, at FROM event WHERE value IS NOT NULL AND seq IN
    (SELECT max(seq) FROM event WHERE source = 'human' GROUP BY task, "row", actor);
CREATE TABLE lease (item BIGINT NOT NULL, actor TEXT NOT NULL, until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (item, actor));
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


def step(connection: sa.Connection) -> None:
    """Nothing recorded changes; who held what for two minutes is forgotten."""
    for index in ("label_event_by_row", "label_event_by_example"):
        connection.execute(sa.text(f"DROP INDEX {index}"))
    connection.execute(sa.text("ALTER TABLE label_event RENAME TO event"))
    for table, columns in ADDED.items():
        for column in columns:
            connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    connection.execute(sa.text("UPDATE event SET topic = 'example:' || example"))
    connection.execute(sa.text("DROP TABLE lease"))
    for statement in MADE.split(";"):
        if statement.strip():
            connection.execute(sa.text(statement))
