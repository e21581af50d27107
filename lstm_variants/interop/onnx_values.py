"""The values of tensors that an ONNX model stores, or computes from those that it stores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

RANDOM = {
    *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike"),
    *("RandomUniform", "RandomUniformLike"),
}
GRAPHS = AttributeProto.GRAPH, AttributeProto.GRAPHS


def value_of(model: ModelProto, name: str) -> NDArray[Any] | None:
    """The value of a tensor, if it depends on nothing but what the model stores.

    PyTorch's exporter reorders gates in the model, and computes in advance only small ones.

    Args:
        model: The model.
        name: The name of the tensor.

    Returns:
        The value; `None` if it depends on an input of the model, is random, or is computed by an
        operator with a graph of its own.

    Raises:
        ValueError: If stored values are in a file that was not loaded, or an operator cannot be
            evaluated.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    if name in stored:
        check_loaded(stored[name])
        return numpy_helper.to_array(stored[name])
    makers = {output: node for node in model.graph.node for output in node.output if output}
    needed, used, left = set(), {}, [name]
    while left:
        wanted = left.pop()
        if wanted in stored:
            check_loaded(stored[wanted])
            used[wanted] = stored[wanted]
        elif wanted not in makers or not is_determined(makers[wanted]):
            return None
        elif wanted not in needed:
            needed.update(makers[wanted].output)
            left += filter(None, makers[wanted].input)
    nodes = [node for node in model.graph.node if needed & {*node.output}]
    output = helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None)
    graph = helper.make_graph(nodes, "values", [], [output], [*used.values()])
    part = helper.make_model(
        graph,
        opset_imports=model.opset_import,
        functions=model.functions,
        ir_version=model.ir_version,
    )
    try:
        [value] = ReferenceEvaluator(part).run(None, {})
    except Exception as error:  # of any kind: operators of others, shapes that do not fit
        raise ValueError(f"{name!r} of the model cannot be evaluated: {error}") from error
    return np.asarray(value)


def is_determined(node: NodeProto) -> bool:
    """Whether equal inputs give equal outputs, and no other values are read."""
    reads_others = any(attribute.type in GRAPHS for attribute in node.attribute)
    return node.op_type not in RANDOM and not reads_others


def check_loaded(tensor: TensorProto) -> None:
    """Raise ValueError if the values of a tensor are in a file of their own."""
    if tensor.data_location == TensorProto.EXTERNAL:
        raise ValueError(
            f"the values of {tensor.name!r} are in another file: load it with "
            "onnx.load_external_data_for_model(model, folder)"
        )
