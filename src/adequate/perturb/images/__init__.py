"""Perturbations of images, given as the bytes of PNG or JPEG files; they need `pip install 'adequate[images]'`.

pixels: bytes to pixels and back. place: where things stand. light: how they look.
"""

from __future__ import annotations

from adequate.perturb.images.light import blur, brightness, contrast, gamma, jpeg, noise, occlusion
from adequate.perturb.images.place import crop, flip, rotate, scale, shift

IMAGES = (rotate, shift, scale, crop, flip, brightness, contrast, gamma, blur, noise, jpeg, occlusion)

__all__ = [
    "IMAGES",
    "blur",
    "brightness",
    "contrast",
    "crop",
    "flip",
    "gamma",
    "jpeg",
    "noise",
    "occlusion",
    "rotate",
    "scale",
    "shift",
]
