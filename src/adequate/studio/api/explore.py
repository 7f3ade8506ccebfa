"""Routes of the studio: explore."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["explore"])
