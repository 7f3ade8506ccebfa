"""Files in and out: CSV, TSV, JSON lines, JSON, Parquet, Orange's .tab and plain lines; gzip or not.

read: the examples of a file, as batches. inspect: what is in it first (schema, rows, notices), then the same.
together: several files as one. write: a table as CSV, TSV, JSON lines or Parquet.
"""

from __future__ import annotations

from adequate.store.formats.reading import Data, inspect, read
from adequate.store.formats.together import together
from adequate.store.formats.writing import write

__all__ = ["Data", "inspect", "read", "together", "write"]
