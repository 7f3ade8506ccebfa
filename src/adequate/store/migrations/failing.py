"""From version 2 to 3: the cases that fail a test are kept."""

from __future__ import annotations

import sqlalchemy as sa

MADE = """
CREATE TABLE failure (model TEXT NOT NULL, cell TEXT NOT NULL, place BIGINT NOT NULL, "row" BIGINT NOT NULL,
    example TEXT NOT NULL, text TEXT NOT NULL, origin TEXT, expected TEXT NOT NULL, answered TEXT NOT NULL,
    level DOUBLE PRECISION, confidence DOUBLE PRECISION, severity DOUBLE PRECISION NOT NULL, suggested TEXT,
    detail TEXT NOT NULL, source TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (model, cell, place));
CREATE INDEX failure_by_row ON failure ("row");
"""


def step(connection: sa.Connection) -> None:
    """Make the table."""
    for statement in filter(str.strip, MADE.split(";")):
        if connection.dialect.name == "sqlite":
            statement = statement.replace("DOUBLE PRECISION", "DOUBLE")
        connection.execute(sa.text(statement))
