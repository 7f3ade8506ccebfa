"""Heads: small convex models of one task each on frozen features, with all that has to be chosen for them.

Pure: arrays in, values out. `learn` is the whole of it; `fit` is one fit with everything given.

    Head, Weights, NEVER           what training makes, and the logit of a label that it never saw
    fit.fit                        weights by L-BFGS, from any start to the one optimum
    learn, Learned, Tried, Aim     blocks, penalty, temperature and decision rule chosen out of fold
    Copies                         changed copies of taught rows, fitted beside them
    suspicion, Suspicion           labels that look wrong
    temperature, calibration_error, log_loss, probabilities
    save, load, digest             a head in a folder, without pickle
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.lazy import lazily

if TYPE_CHECKING:
    from adequate.training.calibrate import calibration_error, log_loss, temperature
    from adequate.training.decide import Aim
    from adequate.training.heads import NEVER, Head, Weights, probabilities
    from adequate.training.noise import Suspicion, suspicion
    from adequate.training.saved import digest, load, save
    from adequate.training.select import Copies, Learned, Tried, learn

__all__ = [
    "NEVER",
    "Aim",
    "Copies",
    "Head",
    "Learned",
    "Suspicion",
    "Tried",
    "Weights",
    "calibration_error",
    "digest",
    "learn",
    "load",
    "log_loss",
    "probabilities",
    "save",
    "suspicion",
    "temperature",
]

__getattr__ = lazily(
    __name__,
    {
        "calibrate": "calibration_error log_loss temperature",
        "decide": "Aim",
        "heads": "NEVER Head Weights probabilities",
        "noise": "Suspicion suspicion",
        "saved": "digest load save",
        "select": "Copies Learned Tried learn",
    },
)
