"""ONNX Runtime as an outsider: peepholes, coupled gates, lengths, directions, stacking."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from experiments.oracles import float64
from lstm_variants import VARIANTS
from tests.layers import random_hx, states_of

# Operator, order of the gate blocks there, and attributes. A gate that CIFG does not have is there
# in ONNX' matrices but unused.
OPERATORS = {
    "RNN": ("RNN", "h", {}),
    "LSTM": ("LSTM", "iofg", {}),
    "PeepholeLSTM": ("LSTM", "iofg", {}),
    "CoupledLSTM": ("LSTM", "iofg", {"input_forget": 1}),
    "CIFG": ("LSTM", "iofg", {"input_forget": 1}),
    "GRU": ("GRU", "zrn", {"linear_before_reset": 1}),
    "GRU-before": ("GRU", "zrn", {"linear_before_reset": 0}),
}
TOLERANCE = {"rtol": 0, "atol": 2e-6}


def reordered(stacked, have, want):
    """Row blocks in ONNX' order, with junk for gates that ONNX stores and does not use."""
    blocks = dict(zip(have, np.split(stacked, len(have)), strict=True))
    junk = np.full_like(blocks[have[0]], 9)
    return np.concatenate([blocks.get(gate, junk) for gate in want])


def onnx_model(name, layer):
    """A graph with one recurrent node per layer."""
    operator, order, attributes = OPERATORS[name]
    gates, cell = layer.cell.block_names, layer.cell
    weights, nodes = [], []
    state_names = [n for n in cell.state_type._fields if n in "hc"]
    suffixes = ["", "_reverse"] if layer.bidirectional else [""]

    def add(key, per_direction):
        weights.append(onnx.numpy_helper.from_array(np.stack(per_direction).astype("f4"), key))
        return key

    def add_gates(key, p, *kinds, have=gates, want=order):
        return add(key, [np.concatenate([reordered(q[k], have, want) for k in kinds]) for q in p])

    source = "x"
    for k in range(layer.num_layers):
        p = [
            {f: float64(getattr(layer, f"{f}_l{k}{s}")) for f in cell.parameter_shapes(1, 1)}
            for s in suffixes
        ]
        inputs = [
            source,
            add_gates(f"W{k}", p, "weight_ih"),
            add_gates(f"R{k}", p, "weight_hh"),
            add_gates(f"B{k}", p, "bias_ih", "bias_hh"),
            "lengths",
            *(f"{n}_0_{k}" for n in state_names),
        ]
        if cell.peepholes:
            inputs.append(add_gates(f"P{k}", p, "weight_ch", have=cell.peepholes, want="iof"))
        outputs = [f"y{k}", *(f"{n}_n_{k}" for n in state_names)]
        direction = "bidirectional" if layer.bidirectional else "forward"
        nodes.append(
            helper.make_node(
                operator,
                inputs,
                outputs,
                hidden_size=layer.hidden_size,
                direction=direction,
                **attributes,
                **({"activations": ["Tanh"] * len(suffixes)} if operator == "RNN" else {}),
            )
        )
        # [T, directions, B, H] to [T, B, directions * H]
        nodes.append(helper.make_node("Transpose", [f"y{k}"], [f"t{k}"], perm=[0, 2, 1, 3]))
        nodes.append(helper.make_node("Reshape", [f"t{k}", "flat"], [f"out{k}"]))
        source = f"out{k}"

    weights.append(onnx.numpy_helper.from_array(np.array([0, 0, -1]), "flat"))
    floats = ["x", *(f"{n}_0_{k}" for k in range(layer.num_layers) for n in state_names)]
    results = [source, *(f"{n}_n_{k}" for n in state_names for k in range(layer.num_layers))]
    graph = helper.make_graph(
        nodes,
        name.replace("-", "_"),
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 3) for n in floats]
        + [helper.make_tensor_value_info("lengths", TensorProto.INT32, [None])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 3) for n in results],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def run_in_onnx(name, layer, x, hx, lengths):
    """Outputs and the last state of each layer and direction, as ONNX Runtime computes them."""
    session = onnxruntime.InferenceSession(
        onnx_model(name, layer).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    directions = 1 + layer.bidirectional
    feed = {"x": x.numpy(), "lengths": lengths.numpy().astype("i4")}
    for field, state in zip(layer.cell.state_type._fields, states_of(hx), strict=True):
        for k, part in enumerate(state.split(directions)):
            feed[f"{field}_0_{k}"] = part.numpy()
    output, *last = session.run(None, feed)
    per_field = len(last) // len(states_of(hx))
    fields = [last[k : k + per_field] for k in range(0, len(last), per_field)]
    return output, [np.concatenate(field) for field in fields]


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("lengths", [[7, 7, 7], [3, 7, 1]], ids=["whole", "lengths"])
@pytest.mark.parametrize("H", [1, 5, 16])
def test_results_are_those_of_onnx_runtime(name, bidirectional, num_layers, lengths, H):
    layer = VARIANTS[name].layer(4, H, num_layers=num_layers, bidirectional=bidirectional)
    x = torch.randn(7, len(lengths), 4)
    hx = random_hx(layer, len(lengths), dtype=torch.float32)
    lengths = torch.tensor(lengths)
    with torch.no_grad():
        output, last = layer(x, hx, lengths=lengths)
    expected, expected_last = run_in_onnx(name, layer, x, hx, lengths)
    np.testing.assert_allclose(output.numpy(), expected, **TOLERANCE)
    for state, expected_state in zip(states_of(last), expected_last, strict=True):
        np.testing.assert_allclose(state.numpy(), expected_state, **TOLERANCE)


def test_the_previous_cell_state_is_not_what_onnx_looks_at():
    """The notebook's reading of the output gate differs from ONNX', measurably."""
    layer = VARIANTS["PeepholeLSTM-previous"].layer(4, 5)
    x, lengths = torch.randn(7, 3, 4), torch.tensor([7, 7, 7])
    hx = random_hx(layer, 3, dtype=torch.float32)
    expected, _ = run_in_onnx("PeepholeLSTM", layer, x, hx, lengths)
    assert np.abs(layer(x, hx)[0].detach().numpy() - expected).max() > 1e-3
