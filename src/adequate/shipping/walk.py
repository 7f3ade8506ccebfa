"""Edit an encoder layer by layer, its teacher walking beside it.

The one idea: every layer of the edited encoder is made on the activations that *it* will have, which earlier edits
changed, towards what the teacher puts out at that place. So each solved matrix also mends what the ones before it
broke. The last matrix of a layer aims at the teacher's output after all layers dropped behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adequate.encoders.bert import depth
from adequate.shipping import forward
from adequate.shipping.factorise import factorised
from adequate.shipping.forward import Tokens, attended, linear, normed, widened
from adequate.shipping.layers import remaining
from adequate.shipping.repair import kept, solved
from adequate.types import Floats, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to take out of the layers.

    Args:
        layers: how many stay; None: all.
        attention, ffn: shares of the attention heads and the neurons that stay, in (0, 1].
        rank: of the feed-forward matrices; None: full.
    """

    layers: int | None = None
    attention: float = 1.0
    ffn: float = 1.0
    rank: int | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is to be taken."""
        return self == Plan()

    @property
    def said(self) -> tuple[str, ...]:
        """The steps, for a card."""
        shares = {"attention heads": self.attention, "neurons": self.ffn}
        layers = () if self.layers is None else (f"{self.layers} layers",)
        rank = () if self.rank is None else (f"feed-forward matrices of rank {self.rank}",)
        return (*layers, *(f"{what} x {share:g}" for what, share in shares.items() if share < 1), *rank)


def walked(weights: Mapping[str, Floats], tokens: Tokens, plan: Plan, *, heads: int) -> dict[str, Floats]:
    """The weights of the edited encoder, layers numbered anew. Seconds for some 5,000 tokens of MiniLM.

    Args:
        tokens: calibration texts; at least some times as many tokens as a layer has neurons.
        heads: attention heads of a whole layer.
    """
    total, size = depth(weights), forward.head_size(weights, heads)
    layers = remaining(total, plan.layers or total)
    made = {name: array for name, array in weights.items() if not name.startswith("encoder.layer.")}
    theirs = ours = forward.embedded(weights, tokens)
    for at, (first, end) in enumerate(zip(layers, (*layers[1:], total), strict=True)):
        made |= _renamed(weights, first, end - 1, at)
        aim, theirs = _attention(weights, first, theirs, tokens, size)
        ours = _edit_attention(made, at, ours, aim, tokens, size, plan)
        aim, theirs = _feed(weights, first, theirs)
        for layer in range(first + 1, end):
            _, theirs = _attention(weights, layer, theirs, tokens, size)
            aim, theirs = _feed(weights, layer, theirs)
        ours = _edit_feed(made, at, ours, aim, plan)
    return made


def _renamed(weights: Mapping[str, Floats], layer: int, last: int, at: int) -> dict[str, Floats]:
    """A layer under its new number, with the last norm of the layer whose output it is to give."""
    own = f"encoder.layer.{layer}."
    found = {f"encoder.layer.{at}.{name[len(own) :]}": array for name, array in weights.items() if name.startswith(own)}
    for part in ("weight", "bias"):
        norm = f"output.LayerNorm.{part}"
        found[f"encoder.layer.{at}.{norm}"] = weights[f"encoder.layer.{last}.{norm}"]
    return found


def _attention(
    weights: Mapping[str, Floats], layer: int, x: Floats, tokens: Tokens, size: int
) -> tuple[Floats, Floats]:
    """The first half of a layer: what goes into its norm, and what comes out."""
    name = f"encoder.layer.{layer}.attention.output"
    total = linear(weights, f"{name}.dense", attended(weights, layer, x, tokens, size)) + x
    return total, normed(weights, f"{name}.LayerNorm", total)


def _feed(weights: Mapping[str, Floats], layer: int, x: Floats) -> tuple[Floats, Floats]:
    """The second half."""
    name = f"encoder.layer.{layer}.output"
    total = linear(weights, f"{name}.dense", widened(weights, layer, x)) + x
    return total, normed(weights, f"{name}.LayerNorm", total)


def _edit_attention(
    made: dict[str, Floats], at: int, x: Floats, aim: Floats, tokens: Tokens, size: int, plan: Plan
) -> Floats:
    """Take heads out of a layer; returns what its second half reads."""
    layer = f"encoder.layer.{at}.attention"
    seen = attended(made, at, x, tokens, size)
    out = made[f"{layer}.output.dense.weight"]
    units = seen.shape[1] // size
    if (count := _share(plan.attention, units)) < units:
        columns = _columns(kept(seen, out, count, size=size), size)
        for part in ("query", "key", "value"):
            for what in ("weight", "bias"):
                made[f"{layer}.self.{part}.{what}"] = made[f"{layer}.self.{part}.{what}"][columns]
        seen, out = seen[:, columns], out[:, columns]
    _solve(made, f"{layer}.output.dense", seen, aim - x, out)
    total = linear(made, f"{layer}.output.dense", seen) + x
    return normed(made, f"{layer}.output.LayerNorm", total)


def _edit_feed(made: dict[str, Floats], at: int, x: Floats, aim: Floats, plan: Plan) -> Floats:
    """Take neurons out of a layer, or make its matrices thin; returns what the next layer reads."""
    layer = f"encoder.layer.{at}"
    first, second = f"{layer}.intermediate.dense", f"{layer}.output.dense"
    wide, out = widened(made, at, x), made[f"{second}.weight"]
    if (count := _share(plan.ffn, wide.shape[1])) < wide.shape[1]:
        keep = kept(wide, out, count)
        for what in ("weight", "bias"):
            made[f"{first}.{what}"] = made[f"{first}.{what}"][keep]
        wide, out = wide[:, keep], out[:, keep]
    if plan.rank is not None:
        _thin(made, first, x, plan.rank)
        wide = widened(made, at, x)
    _solve(made, second, wide, aim - x, out)
    if plan.rank is not None:
        _thin(made, second, wide, plan.rank)
    total = linear(made, second, wide) + x
    return normed(made, f"{layer}.output.LayerNorm", total)


def _solve(made: dict[str, Floats], name: str, x: Floats, y: Floats, weight: Floats) -> None:
    """Put the repaired matrix in its place."""
    made[f"{name}.weight"], made[f"{name}.bias"] = solved(x, y, weight)


def _thin(made: dict[str, Floats], name: str, x: Floats, rank: int) -> None:
    """Put two thin matrices in a matrix's place, where that is less."""
    weight = made[f"{name}.weight"]
    if rank < weight.size / sum(weight.shape):
        parts = factorised(x, weight, made[f"{name}.bias"], rank)
        made[f"{name}.narrow"], made[f"{name}.weight"], made[f"{name}.bias"] = parts


def _share(share: float, units: int) -> int:
    return max(1, round(share * units))


def _columns(units: Rows, size: int) -> Rows:
    return (units[:, None] * size + np.arange(size)).ravel()
