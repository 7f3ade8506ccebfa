"""Routes of the studio: schema."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["schema"])
