"""All that a project knows in one archive that needs nothing of ours to be read: Parquet, JSON lines, Python.

project.py, as it holds now; examples.parquet; one .jsonl for each table of decisions. What lets somebody in (hashes of
passwords, sessions, invites, tokens, the secrets of webhooks) stays behind.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import sqlalchemy as sa

from adequate.store import schema

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store

SECRET = {"session", "invite", "token"}
OWN = {"lease", "table_version", "prediction", "part_codes"}  # how the store finds its own files
HIDDEN = {"password", "subject", "secret"}
ROWS = 8192


def written(store: Store, project: Project, file: Path) -> None:
    """Write the archive. Memory doesn't grow with the data."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("project.py", project.as_python())
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".parquet") as made:
            with pq.ParquetWriter(made.name, store.examples.schema) as parquet:
                for batch in store.examples.scan(None, ROWS):
                    parquet.write_batch(batch)
            out.write(made.name, "examples.parquet")
        for table in schema.metadata.sorted_tables:
            if table.name in SECRET | OWN:
                continue
            names = [column for column in table.columns if column.name not in HIDDEN]
            with store.sql.reading() as connection, out.open(f"{table.name}.jsonl", "w") as lines:
                query = sa.select(*names).order_by(*table.primary_key)
                for rows in connection.execution_options(yield_per=ROWS).execute(query).mappings().partitions():
                    lines.write("".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows).encode())
