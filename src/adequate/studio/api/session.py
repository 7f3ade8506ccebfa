"""Routes of the studio: session."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["session"])
