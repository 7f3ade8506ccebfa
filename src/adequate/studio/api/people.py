"""Routes of the studio: people."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["people"])
