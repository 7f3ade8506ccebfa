"""An encoder from which something was taken is still near to its teacher."""

from __future__ import annotations

import numpy as np
import pytest

from adequate.encoders.bert import depth
from adequate.shipping import trim
from adequate.shipping.forward import encoded, laid_out
from adequate.shipping.walk import Plan, walked
from adequate.types import Floats
from tests.encoders import made
from tests.shipping import small

WEIGHTS = made.weights()
IDS = trim.tokenised(small.tokenizer(), small.texts(300), small.TOKENS)
CALIBRATION, NEW = laid_out(IDS[:200]), laid_out(IDS[200:])
TEACHER = encoded(WEIGHTS, NEW, heads=made.HEADS)


def near(weights: dict[str, Floats]) -> float:
    """Mean cosine to the teacher's vectors, of texts that it was not edited on."""
    return float((encoded(weights, NEW, heads=made.HEADS) * TEACHER).sum(axis=1).mean())


def cut(plan: Plan) -> dict[str, Floats]:
    """The same sizes without a look at any activation."""
    weights = {name: x for name, x in WEIGHTS.items() if plan.layers is None or "layer.1." not in name}
    for layer in (f"encoder.layer.{n}" for n in range(depth(weights))):
        first, second = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        neurons, columns = round(plan.ffn * made.WIDE), round(plan.attention * made.WIDTH)
        for part in ("query", "key", "value"):
            for what in ("weight", "bias"):
                weights[f"{layer}.attention.self.{part}.{what}"] = weights[f"{layer}.attention.self.{part}.{what}"][
                    :columns
                ]
        out = f"{layer}.attention.output.dense.weight"
        weights[out] = weights[out][:, :columns]
        weights |= {f"{first}.{what}": weights[f"{first}.{what}"][:neurons] for what in ("weight", "bias")}
        weights[f"{second}.weight"] = weights[f"{second}.weight"][:, :neurons]
        for name in (first, second) if plan.rank else ():
            u, s, v = np.linalg.svd(weights[f"{name}.weight"], full_matrices=False)
            weights[f"{name}.weight"] = (u[:, : plan.rank] * s[: plan.rank]) @ v[: plan.rank]
    return weights


def test_an_empty_plan_gives_the_same_vectors() -> None:
    again = walked(WEIGHTS, CALIBRATION, Plan(), heads=made.HEADS)
    assert np.abs(encoded(again, NEW, heads=made.HEADS) - TEACHER).max() < 1e-5


@pytest.mark.parametrize("plan", [Plan(ffn=0.5), Plan(attention=0.5), Plan(rank=16), Plan(layers=1)])
def test_it_is_nearer_than_what_is_merely_cut(plan: Plan) -> None:
    edited = near(walked(WEIGHTS, CALIBRATION, plan, heads=made.HEADS))
    assert edited > near(cut(plan)) + 0.01
    assert edited > 0.8


def test_layers_have_the_sizes_that_were_asked_for() -> None:
    plan = Plan(layers=1, attention=0.5, ffn=0.25)
    small_one = walked(WEIGHTS, CALIBRATION, plan, heads=made.HEADS)
    assert depth(small_one) == 1
    assert small_one["encoder.layer.0.attention.self.query.weight"].shape == (made.WIDTH // 2, made.WIDTH)
    assert small_one["encoder.layer.0.intermediate.dense.bias"].shape == (made.WIDE // 4,)
    assert plan.said == ("1 layers", "attention heads x 0.5", "neurons x 0.25")


def test_thin_matrices_are_made_only_where_they_are_smaller() -> None:
    names = walked(WEIGHTS, CALIBRATION, Plan(rank=8), heads=made.HEADS)
    assert names["encoder.layer.1.output.dense.narrow"].shape == (8, made.WIDE)
    assert not any("narrow" in name for name in walked(WEIGHTS, CALIBRATION, Plan(rank=30), heads=made.HEADS))
