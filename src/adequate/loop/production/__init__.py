"""What production recorded comes back into the loop: counts, examples, questions; and triggers that ask for more.

ingest      new segments of the servers into the store, each row once
asked       which recorded rows become questions, why, and what their labels may be used for
seek        triggers: small heads that find, in production, more of what a cell lacks
yields      what they brought
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.loop.production.bring import Brought, ingest

__all__ = ["Brought", "ingest"]

__getattr__ = lazily(__name__, {"bring": "Brought ingest"})
