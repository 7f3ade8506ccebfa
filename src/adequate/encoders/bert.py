"""A BERT sentence encoder's weights written as an ONNX graph: token ids in, one unit vector a text out.

The graph is written node by node from the weights, so no torch and no exporter are needed (1 s instead of 5-14), with
ONNX Runtime's fused operators from the start. Its only input is `ids`, zero where padded: the mask is their sign,
because the tokeniser never makes the padding id out of text. Mean pooling and L2 normalisation are inside. The bias
rides with the product and the residual is a plain sum: `SkipLayerNormalization`, which fuses both with the norm,
takes 1.2 times as long in the whole encoder (ONNX Runtime 1.32, texts of 11 tokens).

In int8, every matrix is quantised per output channel and the word table per row; activations are quantised as it
runs, by the largest value in the whole batch. **In int8 a vector thus depends on what else is in its batch**, so
`onnx.py` runs one text at a time. Per-tensor weights or static activations ruin this encoder's accuracy. In fp16 the
file is half as large and computes in fp32: ONNX Runtime widens the matrices once, when it loads them.

Sizes are those of the weights, layer by layer, so that an edited encoder is written too (`adequate.shipping`): fewer
words, layers, attention heads or neurons; and a matrix may be given as the product of two, `NAME.narrow` (r, in) and
`NAME.weight` (out, r).

Sources: J. Devlin et al., "BERT" (2019); N. Reimers, I. Gurevych, "Sentence-BERT" (2019), for the mean of the tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adequate.types import Floats

Precision: TypeAlias = Literal["int8", "fp16", "fp32"]

WRITER = 2  # part of the encoder's digest: raise it when the graph changes
FUSED = "com.microsoft"  # ONNX Runtime's own operators


def graph(weights: Mapping[str, Floats], *, heads: int, precision: Precision) -> bytes:
    """The encoder as a serialised ONNX model: `ids` (texts, tokens) int32 -> `vectors` (texts, width) float32.

    Args:
        weights: the state dict of a BERT encoder, by its published names.
        heads: attention heads of a layer from which none was taken; the weights don't tell.
        precision: `int8` is a quarter of the size and about twice as fast.
    """
    import onnx

    write = _Writer(weights, precision)
    mask = write.node("Sign", "ids")
    x = _embed(write)
    for layer in range(depth(weights)):
        x = _layer(write, f"encoder.layer.{layer}", x, mask, heads)
    _pool(write, x, mask)
    describe = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        write.nodes,
        "bert",
        [describe("ids", onnx.TensorProto.INT32, ["texts", "tokens"])],
        [describe("vectors", onnx.TensorProto.FLOAT, ["texts", len(weights["embeddings.LayerNorm.weight"])])],
        write.tensors,
    )
    versions = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid(FUSED, 1)]
    model = onnx.helper.make_model(body, opset_imports=versions, ir_version=10, producer_name="adequate")
    return bytes(model.SerializeToString())


def depth(weights: Mapping[str, Floats]) -> int:
    """Layers of an encoder."""
    return 1 + max((int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")), default=-1)


def _embed(write: _Writer) -> str:
    words = write.table("embeddings.word_embeddings.weight", "ids")
    # Every token is of the first type, so the type's vector goes into the positions.
    first = write.weights["embeddings.token_type_embeddings.weight"][0]
    positions = write.tensor("positions", write.weights["embeddings.position_embeddings.weight"] + first)
    places = write.node("Slice", positions, write.ints(0), write.node("Shape", "ids", start=1, end=2))
    return write.norm("embeddings.LayerNorm", words, places)


def _layer(write: _Writer, layer: str, x: str, mask: str, heads: int) -> str:
    parts = [f"{layer}.attention.self.{name}" for name in ("query", "key", "value")]
    query, key, value = write.split(write.linear(x, *parts), 3)  # one product: the input is quantised once
    rows, width = write.weights[f"{parts[0]}.weight"].shape
    left = heads * rows // width
    seen = write.node("MultiHeadAttention", query, key, value, "", mask, domain=FUSED, num_heads=left)
    x = write.norm(f"{layer}.attention.output.LayerNorm", write.linear(seen, f"{layer}.attention.output.dense"), x)
    wide = write.node("Gelu", write.linear(x, f"{layer}.intermediate.dense"), domain=FUSED)
    return write.norm(f"{layer}.output.LayerNorm", write.linear(wide, f"{layer}.output.dense"), x)


def _pool(write: _Writer, x: str, mask: str) -> None:
    """Mean over the real tokens, at unit length; their sum has the same direction, so nothing is divided."""
    real = write.node("Unsqueeze", write.node("Cast", mask, to=1), write.ints(1))
    total = write.node("Squeeze", write.node("MatMul", real, x), write.ints(1))
    write.node("LpNormalization", total, axis=-1, p=2, output="vectors")


class _Writer:
    """Nodes and tensors so far. Tensors and outputs share one space of names, so outputs are numbered."""

    def __init__(self, weights: Mapping[str, Floats], precision: Precision) -> None:
        self.weights = weights
        self.precision = precision
        self.stored = np.float16 if precision == "fp16" else np.float32
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []

    def tensor(self, name: str, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def ints(self, *values: int) -> str:
        return self.tensor(f"ints{len(self.tensors)}", np.array(values, dtype=np.int64))

    def node(self, kind: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], domain=domain, **attributes))
        return output

    def split(self, x: str, ways: int) -> list[str]:
        from onnx import helper

        outputs = [f"t{len(self.nodes)}.{way}" for way in range(ways)]
        self.nodes.append(helper.make_node("Split", [x], outputs, axis=-1, num_outputs=ways))
        return outputs

    def norm(self, name: str, x: str, skip: str) -> str:
        scale, shift = (self.tensor(f"{name}.{part}", self.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.node("LayerNormalization", self.node("Add", x, skip), scale, shift, epsilon=1e-12)

    def linear(self, x: str, *names: str) -> str:
        """The products with several matrices at once, side by side."""
        if f"{names[0]}.narrow" in self.weights:
            x = self.product(x, f"{names[0]}.narrow", self.weights[f"{names[0]}.narrow"].T)
        weight = np.concatenate([self.weights[f"{name}.weight"].T for name in names], axis=1)
        bias = self.tensor(f"{names[0]}.bias", np.concatenate([self.weights[f"{name}.bias"] for name in names]))
        return self.product(x, names[0], weight, bias)

    def product(self, x: str, name: str, weight: Floats, bias: str = "") -> str:
        if self.precision == "int8":
            whole, scale = quantised(weight, axis=0)
            tensors = [self.tensor(name, whole), self.tensor(f"{name}.scale", scale.ravel())]
            return self.node("DynamicQuantizeMatMul", x, *tensors, *(["", bias] if bias else []), domain=FUSED)
        matrix = self.tensor(name, weight.astype(self.stored))
        if self.precision == "fp16":
            matrix = self.node("Cast", matrix, to=1)
        out = self.node("MatMul", x, matrix)
        return self.node("Add", out, bias) if bias else out

    def table(self, name: str, rows: str) -> str:
        if self.precision == "fp32":
            return self.node("Gather", self.tensor(name, self.weights[name]), rows)
        if self.precision == "fp16":
            taken = self.node("Gather", self.tensor(name, self.weights[name].astype(self.stored)), rows)
            return self.node("Cast", taken, to=1)
        whole, scale = quantised(self.weights[name], axis=1)
        taken = self.node("Cast", self.node("Gather", self.tensor(name, whole), rows), to=1)
        return self.node("Mul", taken, self.node("Gather", self.tensor(f"{name}.scale", scale), rows))


def quantised(weight: Floats, *, axis: int) -> tuple[NDArray[np.int8], Floats]:
    """The weight as int8, and the scale of each of its lines along `axis`: their product is nearest to it.

    >>> whole, scale = quantised(np.array([[0.5, -2.0], [1.0, 1.0]], dtype=np.float32), axis=1)
    >>> whole.tolist(), (whole * scale).round(2).tolist()
    ([[32, -127], [127, 127]], [[0.5, -2.0], [1.0, 1.0]])
    """
    scale = np.maximum(np.abs(weight).max(axis=axis, keepdims=True), 1e-12) / 127
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
