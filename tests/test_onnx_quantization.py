"""ONNX Runtime's int8 quantization of exported layers, as the how-to describes it."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from lstm_variants.nn import GRU, LSTM, PeepholeLSTM

pytestmark = [
    pytest.mark.filterwarnings("ignore", "error:::lstm_variants"),  # the exporter's own
    pytest.mark.xdist_group("onnx_export"),  # one process: importing the exporter takes seconds
]


def operators(path):
    """How many nodes of each operator a file has."""
    return Counter(node.op_type for node in onnx.load(path).graph.node)


@pytest.mark.parametrize("size", [45, 46])  # 4 * 45 * 45 < 8192 < 4 * 46 * 46
@pytest.mark.parametrize("kind", [LSTM, PeepholeLSTM, GRU, torch.nn.LSTM])
def test_int8_needs_preprocessing(kind, size, tmp_path):
    layer, x = kind(size, size).eval(), torch.randn(6, 2, size)
    if kind is PeepholeLSTM:  # large, so that an operator that ignores them would differ
        torch.nn.init.normal_(layer.weight_ch_l0)
    exported, skipped, folded, int8 = (tmp_path / f"{k}.onnx" for k in range(4))
    torch.onnx.export(layer, (x,), exported, dynamo=True, verbose=False)
    quantize_dynamic(exported, skipped)
    quant_pre_process(exported, folded)
    quantize_dynamic(folded, int8)

    is_lstm = kind is not GRU
    assert operators(skipped)["DynamicQuantizeLSTM"] == (is_lstm and size == 45)
    assert operators(int8)["DynamicQuantizeLSTM"] == is_lstm
    session = onnxruntime.InferenceSession(int8)
    output = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    error = np.abs(output - layer(x)[0].detach().numpy()).max()
    assert error < (0.03 if is_lstm else 1e-5)
    assert (error > 1e-5) == is_lstm
