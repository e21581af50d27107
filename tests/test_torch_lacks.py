"""What the table of features says torch.nn lacks, it lacks. A failure here is good news for torch.

On the CPU, with the version of torch that the tests run on.
"""

from functools import partial

import pytest
import torch
from torch import nn
from torch._dynamo.exc import UserError
from torch.nn.utils import skip_init
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    create_selective_checkpoint_contexts,
)

from tests.layers import TWINS

every_layer = pytest.mark.parametrize("layer_type", [theirs for _, theirs in TWINS.values()])


@every_layer
def test_no_lengths(layer_type):
    with pytest.raises(TypeError, match="lengths"):
        layer_type(3, 4)(torch.zeros(5, 2, 3), lengths=torch.tensor([5, 2]))


@every_layer
def test_no_resets_and_no_regularisation(layer_type):
    with pytest.raises(TypeError, match="resets"):
        layer_type(3, 4)(torch.zeros(5, 2, 3), resets=torch.zeros(5, 2).bool())
    for name in ("weight_dropout", "recurrent_dropout", "zoneout"):
        with pytest.raises(TypeError, match=name):
            layer_type(3, 4, **{name: 0.1})


@every_layer
def test_no_empty_sequences(layer_type):
    with pytest.raises(RuntimeError, match="larger than 0"):
        layer_type(3, 4)(torch.zeros(0, 2, 3))
    with pytest.raises(RuntimeError, match="greater than 0"):
        pack_padded_sequence(torch.zeros(5, 2, 3), torch.tensor([5, 0]))


@every_layer
def test_no_vmap(layer_type):
    with pytest.raises(RuntimeError, match="Batching rule not implemented"):
        torch.func.vmap(layer_type(3, 4))(torch.zeros(7, 5, 2, 3))


def test_no_forward_mode_for_the_lstm_in_single_precision():
    x = torch.zeros(5, 2, 3)
    with pytest.raises(NotImplementedError, match="forward AD"):
        torch.func.jvp(nn.LSTM(3, 4), (x,), (x,))


@pytest.mark.parametrize("layer_type", [nn.GRU, nn.RNN])
def test_no_selective_checkpoint_that_saves_everything(layer_type):
    """A limit of our layers too where torch's kernels compute."""
    x = torch.zeros(5, 2, 3, requires_grad=True)
    contexts = partial(
        create_selective_checkpoint_contexts, lambda *_, **__: CheckpointPolicy.MUST_SAVE
    )
    output, _ = checkpoint(layer_type(3, 4), x, use_reentrant=False, context_fn=contexts)
    with pytest.raises(RuntimeError, match="has been mutated"):
        output.sum().backward()


@every_layer
def test_no_compilation_in_one_graph(layer_type):
    compiled = torch.compile(layer_type(3, 4), fullgraph=True, backend="eager")
    with pytest.raises(torch._dynamo.exc.Unsupported, match="does not support RNN, GRU, or LSTM"):
        compiled(torch.zeros(5, 2, 3))


@every_layer
@pytest.mark.filterwarnings("ignore:The tensor attributes self._flat_weights:UserWarning")
def test_no_export_with_dynamic_time(layer_type):
    shapes = ({0: torch.export.Dim("T", min=1, max=1000)},)
    with pytest.raises((UserError, ValueError), match=r"T as dynamic|assigned during export"):
        torch.export.export(layer_type(3, 4), (torch.zeros(5, 2, 3),), dynamic_shapes=shapes)


@every_layer
def test_no_skip_init(layer_type):
    with pytest.raises(RuntimeError, match="device"):
        skip_init(layer_type, 3, 4)


def test_an_error_does_not_name_the_wrong_state():
    x, h = torch.zeros(5, 2, 3), torch.zeros(1, 2, 4)
    with pytest.raises(IndexError, match="index 1 is out of bounds"):
        nn.LSTM(3, 4)(x, h)
    with pytest.raises(RuntimeError, match="get_mkldnn_dtype"):
        nn.LSTM(3, 4)(x, (h, h.double()))


@pytest.mark.parametrize(("dtype", "limit"), [(torch.bfloat16, 256), (torch.float16, 2048)])
def test_no_counting_in_half_precision(dtype, limit):
    """With all gates open and a candidate of 1, the memory should count 3000 steps."""
    layer = nn.LSTM(1, 1)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    nn.init.constant_(layer.bias_ih_l0, 30)
    _, (_, c_n) = layer.to(dtype)(torch.zeros(3000, 1, 1, dtype=dtype))
    assert c_n.item() == limit
