"""Routes of the studio: setup."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["setup"])
