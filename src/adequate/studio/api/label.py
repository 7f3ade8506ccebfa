"""Routes of the studio: label."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api", tags=["label"])
