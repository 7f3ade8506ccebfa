"""Routes of the studio: guide."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["guide"])
