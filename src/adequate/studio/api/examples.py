"""Routes of the studio: examples."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["examples"])
