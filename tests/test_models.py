"""The notebook's four models: equations, names, initialisation, errors."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from experiments import oracles
from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, StandardLSTM
from tests.tolerances import assert_exact

MODELS = (StandardLSTM, PeepholeLSTM, GRU, BiLSTM)
SIZES = (
    dict(B=1, T=1, D=1, H=1),
    dict(B=2, T=63, D=5, H=37),
    dict(B=17, T=2, D=3, H=8),
    dict(B=32, T=10, D=8, H=16),
)
TORCH_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
NOTEBOOK_NAMES = {
    StandardLSTM: {f"lstm.{n}" for n in TORCH_NAMES},
    GRU: {f"gru.{n}" for n in TORCH_NAMES},
    BiLSTM: {f"bilstm.{n}{s}" for n in TORCH_NAMES for s in ("", "_reverse")},
    PeepholeLSTM: {f"{kind}_{gate}" for kind in "WUC" for gate in "ifoc"} - {"C_c"},
}

every_model = pytest.mark.parametrize("model_type", MODELS)


def random_model(model_type, D, H, dtype=torch.float32):
    """A model none of whose parameters is zero."""
    model = model_type(D, H).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.7, 0.7)
    return model


@every_model
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", SIZES)
def test_output_is_the_oracles(model_type, dtype, size):
    model = random_model(model_type, size["D"], size["H"], dtype)
    x = torch.randn(size["B"], size["T"], size["D"], dtype=dtype)
    output = model(x)
    assert output.dtype == dtype
    assert_exact(output, torch.from_numpy(oracles.model_output(model, x)), dtype)


@every_model
def test_output_shape(model_type):
    width = 32 if model_type is BiLSTM else 16
    output = model_type(8, 16)(torch.randn(32, 10, 8))
    assert isinstance(output, torch.Tensor)
    assert output.shape == (32, 10, width)


@every_model
def test_no_steps_give_no_outputs(model_type):
    width = 8 if model_type is BiLSTM else 4
    assert model_type(3, 4)(torch.zeros(2, 0, 3)).shape == (2, 0, width)


def test_the_peephole_models_output_can_be_viewed_as_the_notebooks():
    assert PeepholeLSTM(3, 4)(torch.randn(2, 5, 3)).view(2, -1).shape == (2, 20)


@every_model
def test_gradients_of_input_and_parameters(model_type):
    model = random_model(model_type, 3, 4, torch.float64)
    names, parameters = zip(*model.named_parameters(), strict=True)

    def run(x, *values):
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), (x,))

    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (x, *(p.detach().requires_grad_() for p in parameters)))


@every_model
def test_every_parameter_gets_a_gradient(model_type):
    model = model_type(3, 4)
    model(torch.randn(2, 5, 3)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@every_model
def test_a_state_dict_with_the_notebooks_names_loads(model_type):
    saved = random_model(model_type, 3, 4)
    assert set(saved.state_dict()) == NOTEBOOK_NAMES[model_type]
    file = io.BytesIO()
    torch.save(saved.state_dict(), file)
    file.seek(0)

    loaded = model_type(3, 4)
    loaded.load_state_dict(torch.load(file, weights_only=True), strict=True)
    x = torch.randn(2, 5, 3)
    assert torch.equal(loaded(x), saved(x))


def test_shapes_of_the_peephole_models_parameters():
    shapes = {k: tuple(v.shape) for k, v in PeepholeLSTM(3, 4).state_dict().items()}
    assert shapes == {
        name: {"W": (3, 4), "U": (4, 4), "C": (4,)}[name[0]]
        for name in NOTEBOOK_NAMES[PeepholeLSTM]
    }


def test_initialisation_of_the_peephole_model_is_the_notebooks():
    torch.manual_seed(7)
    model = PeepholeLSTM(3, 4)
    torch.manual_seed(7)
    for gate in "ifoc":  # the order in which the notebook draws
        assert torch.equal(getattr(model, f"W_{gate}"), nn.init.xavier_uniform_(torch.empty(3, 4)))
        assert torch.equal(getattr(model, f"U_{gate}"), nn.init.xavier_uniform_(torch.empty(4, 4)))
    assert not any(getattr(model, f"C_{gate}").any() for gate in "ifo")


@pytest.mark.parametrize(
    ("model_type", "layer"),
    [
        (StandardLSTM, lambda: nn.LSTM(3, 4)),
        (GRU, lambda: nn.GRU(3, 4)),
        (BiLSTM, lambda: nn.LSTM(3, 4, bidirectional=True)),
    ],
    ids=["StandardLSTM", "GRU", "BiLSTM"],
)
def test_initialisation_of_the_others_is_torchs(model_type, layer):
    torch.manual_seed(7)
    ours = list(model_type(3, 4).parameters())
    torch.manual_seed(7)
    theirs = list(layer().parameters())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_zero_peepholes_are_a_plain_lstm():
    model = PeepholeLSTM(3, 4).double()
    w = model.weights()
    plain = nn.LSTM(3, 4, bias=False, batch_first=True).double()
    plain.load_state_dict({"weight_ih_l0": w.weight_ih, "weight_hh_l0": w.weight_hh})
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    assert_exact(model(x), plain(x)[0])


def replica_of(module):
    """As torch.nn.DataParallel makes it: its parameters are tensors computed from the module's."""
    replica = module._replicate_for_data_parallel()
    for name, child in module.named_children():
        replica._modules[name] = replica_of(child)
    for name, parameter in module.named_parameters(recurse=False):
        setattr(replica, name, parameter.view_as(parameter))
    return replica


@every_model
def test_replicas_of_data_parallel(model_type):
    model, x = random_model(model_type, 3, 4), torch.randn(2, 5, 3)
    replica = replica_of(model)
    assert not list(replica.parameters())
    assert torch.equal(replica(x), model(x))
    replica(x).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with pytest.raises(ValueError, match="float64"):
        replica(x.double())


@every_model
def test_copies_and_pickles(model_type):
    model = random_model(model_type, 3, 4)
    x = torch.randn(2, 5, 3)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(x), model(x))


@every_model
@pytest.mark.parametrize("sizes", [(0, 4), (3, 0), (-1, 4), (3, -2)])
def test_sizes_that_are_not_positive(model_type, sizes):
    with pytest.raises(ValueError, match=r"should be a positive integer, got (0|-1|-2)"):
        model_type(*sizes)


@every_model
@pytest.mark.parametrize("sizes", [(3.0, 4), (3, "4"), (None, 4), (3, True), (torch.tensor(3), 4)])
def test_sizes_that_are_no_integers(model_type, sizes):
    with pytest.raises(TypeError, match=r"should be of type int and positive, got .* of type"):
        model_type(*sizes)


@every_model
@pytest.mark.parametrize("shape", [(), (3,), (5, 3), (1, 2, 5, 3)])
def test_input_of_wrong_rank(model_type, shape):
    message = rf"3-D input \[batch, time, 3\], got a {len(shape)}-D input"
    with pytest.raises(ValueError, match=message):
        model_type(3, 4)(torch.zeros(shape))


@every_model
def test_input_of_wrong_feature_size(model_type):
    with pytest.raises(ValueError, match=r"3 features in the last dimension, got 7"):
        model_type(3, 4)(torch.zeros(2, 5, 7))


@every_model
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_input_of_a_dtype_without_real_numbers(model_type, dtype):
    with pytest.raises(TypeError, match=rf"floating-point input, got {dtype}"):
        model_type(3, 4)(torch.zeros(2, 5, 3, dtype=dtype))


@every_model
def test_input_of_another_precision(model_type):
    with pytest.raises(ValueError, match=r"input dtype \(torch.float64\) .* weight dtype"):
        model_type(3, 4)(torch.zeros(2, 5, 3, dtype=torch.float64))


@every_model
def test_input_that_is_no_tensor(model_type):
    with pytest.raises(TypeError, match=r"expects a torch.Tensor, got list"):
        model_type(3, 4)([[1.0, 2.0, 3.0]])
