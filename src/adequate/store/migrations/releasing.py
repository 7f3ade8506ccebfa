"""From version 3 to 4: releases and their rollout, triggers, and what production recorded."""

from __future__ import annotations

import sqlalchemy as sa

MADE = """
CREATE TABLE release (id TEXT NOT NULL PRIMARY KEY, number BIGINT NOT NULL UNIQUE, model TEXT NOT NULL,
    path TEXT NOT NULL, bytes BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL, card TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL);
CREATE TABLE rollout (id NUMBERED, release TEXT NOT NULL, state TEXT NOT NULL, share DOUBLE PRECISION NOT NULL,
    back BOOLEAN NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at DOUBLE PRECISION NOT NULL);
CREATE INDEX rollout_by_release ON rollout (release, id);
CREATE TABLE "trigger" (id NUMBERED, cell TEXT NOT NULL, task TEXT NOT NULL, release TEXT NOT NULL, block TEXT NOT NULL,
    weights BYTES NOT NULL, threshold DOUBLE PRECISION NOT NULL, per_day BIGINT NOT NULL, card TEXT NOT NULL,
    who TEXT NOT NULL, why TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION);
CREATE TABLE traffic (server TEXT NOT NULL, start DOUBLE PRECISION NOT NULL, release TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL, body TEXT NOT NULL, PRIMARY KEY (server, start, release));
CREATE INDEX traffic_by_start ON traffic (start);
CREATE TABLE recorded (id TEXT NOT NULL PRIMARY KEY, example TEXT NOT NULL, "row" BIGINT NOT NULL,
    release TEXT NOT NULL, reason TEXT NOT NULL, probability DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX recorded_by_at ON recorded (at);
CREATE INDEX recorded_by_example ON recorded (example);
CREATE TABLE spooled (server TEXT NOT NULL, segment TEXT NOT NULL, bytes BIGINT NOT NULL,
    PRIMARY KEY (server, segment));
"""

SPELT = {  # where the two databases differ
    "sqlite": {"NUMBERED": "INTEGER NOT NULL PRIMARY KEY", "BYTES": "BLOB", "DOUBLE PRECISION": "DOUBLE"},
    "postgresql": {"NUMBERED": "BIGSERIAL NOT NULL PRIMARY KEY", "BYTES": "BYTEA"},
}


def step(connection: sa.Connection) -> None:
    """Make the tables."""
    for statement in filter(str.strip, MADE.split(";")):
        for ours, theirs in SPELT[connection.dialect.name].items():
            statement = statement.replace(ours, theirs)
        connection.exec_driver_sql(statement)
