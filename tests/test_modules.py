"""The layers as modules of torch: copies, parameters, changes of them, hooks, parallel training."""

import copy
import gc
import io
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune, skip_init
from torch.nn.utils import weight_norm as old_weight_norm

from lstm_variants import VARIANTS
from tests.layers import OURS, SHAPES, TWINS, twins
from tests.tolerances import assert_exact

every_twin = pytest.mark.parametrize("name", TWINS)
every_layer = pytest.mark.parametrize("name", OURS)
WITH_RECURRENT_MATRIX = [
    name
    for name, layer in OURS.items()
    if getattr(layer(1, 2), "weight_hh_l0", torch.empty(0)).dim() == 2
]
every_layer_with_a_recurrent_matrix = pytest.mark.parametrize("name", WITH_RECURRENT_MATRIX)
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=list(SHAPES))
F64 = {"dtype": torch.float64}


@every_layer
def test_meta_device_and_empty_parameters(name):
    layer = OURS[name](3, 4, 2, bidirectional=True, device="meta", dtype=torch.float64)
    assert all(p.is_meta and p.dtype == torch.float64 for p in layer.parameters())
    x = torch.empty(5, 2, 3, device="meta", dtype=torch.float64)
    output, state = layer(x)
    assert output.is_meta
    assert output.shape == (5, 2, 8)
    assert layer(x, state)[0].shape == (5, 2, 8)
    single = OURS[name](3, 4, device="meta", dtype=torch.float64)
    assert single.step(x[0], single.step(x[0])[1])[0].shape == (2, 4)
    layer.to_empty(device="cpu").reset_parameters()
    assert layer(torch.zeros(5, 2, 3, dtype=torch.float64))[0].isfinite().all()
    skipped = skip_init(OURS[name], 3, 4, 2)
    assert skipped(torch.zeros(5, 2, 3))[0].shape == (5, 2, 4)


@every_variant
def test_copies_and_pickles(name):
    layer = VARIANTS[name].layer(3, 4, num_layers=2)
    x = torch.randn(5, 2, 3)
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    for twin in (
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.load(file, weights_only=False),
    ):
        assert torch.equal(twin(x)[0], layer(x)[0])


@every_twin
@every_shape
def test_state_dict_goes_both_ways(name, options):
    ours, theirs = (layer(3, 4, **options) for layer in TWINS[name])
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict(), strict=True)
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
    )
    fresh = TWINS[name][1](3, 4, **options)
    ours.load_state_dict(fresh.state_dict(), strict=True)
    assert all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), fresh.parameters(), strict=True)
    )
    assert [len(w) for w in ours.all_weights] == [len(w) for w in theirs.all_weights]
    for member in ("mode", "_all_weights", "_flat_weights_names"):  # of some code that is public
        assert getattr(ours, member) == getattr(theirs, member)


def test_only_layers_with_torchs_equations_have_torchs_undocumented_members():
    """Other libraries use them to compute these equations themselves."""
    for name, variant in VARIANTS.items():
        is_torchs = name in ("LSTM", "NP", "BiLSTM", "GRU", "RNN")
        for member in ("mode", "_all_weights", "_flat_weights_names"):
            assert hasattr(variant.layer(3, 4), member) == is_torchs


@every_twin
@every_shape
def test_the_same_seed_gives_torchs_parameters(name, options):
    ours, theirs = TWINS[name]
    torch.manual_seed(3)
    a = ours(3, 4, **options)
    torch.manual_seed(3)
    b = theirs(3, 4, **options)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_the_same_seed_gives_a_peephole_lstm_the_matrices_of_an_lstm():
    torch.manual_seed(3)
    peephole = OURS["PeepholeLSTM"](3, 4, 2, bidirectional=True)
    torch.manual_seed(3)
    plain = nn.LSTM(3, 4, 2, bidirectional=True)
    for name, parameter in plain.named_parameters():
        assert torch.equal(parameter, peephole.get_parameter(name))


def renormed(layer):
    return parametrizations.weight_norm(layer, "weight_hh_l0")


def renormed_the_old_way(layer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return old_weight_norm(layer, "weight_hh_l0")


def spectrally_normed(layer):
    return parametrizations.spectral_norm(layer.eval(), "weight_hh_l0")


def pruned(layer):
    prune.random_unstructured(layer, "weight_hh_l0", amount=0.5)
    return layer


def replaced(layer):
    layer.weight_hh_l0 = nn.Parameter(torch.zeros_like(layer.weight_hh_l0))
    return layer


@every_layer_with_a_recurrent_matrix
@pytest.mark.parametrize(
    "change", [renormed, renormed_the_old_way, spectrally_normed, pruned, replaced]
)
def test_changes_of_a_weight_take_effect(name, change):
    """The layer computes with what the attribute holds: as a fresh layer with those values."""
    layer = OURS[name](3, 4, **F64)
    x = torch.randn(5, 2, 3, **F64)
    layer(x)  # nothing may be remembered from before
    change(layer)
    if change is renormed:
        with torch.no_grad():
            layer.parametrizations.weight_hh_l0.original0.mul_(3)
    if change is renormed_the_old_way:
        with torch.no_grad():
            layer.weight_hh_l0_g.mul_(3)
    output = layer(x)[0]
    fresh = OURS[name](3, 4, **F64)
    with torch.no_grad():
        for parameter_name, parameter in fresh.named_parameters():
            parameter.copy_(getattr(layer, parameter_name))
    assert_exact(output, fresh(x)[0])


class Counted(torch.nn.Module):
    """A parametrisation that counts how often its value is computed."""

    count = 0

    def forward(self, weight):
        self.count += 1
        return weight


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "nobias"])
def test_a_parametrised_weight_is_computed_once_a_call(bias):
    layer, counted = OURS["LSTM"](3, 4, bias=bias), [Counted(), Counted()]
    for name, one in zip(("weight_ih_l0", "weight_hh_l0"), counted, strict=True):
        parametrize.register_parametrization(layer, name, one)
        one.count = 0
    layer(torch.randn(5, 2, 3))
    assert [one.count for one in counted] == [1, 1]


@every_layer_with_a_recurrent_matrix
def test_reset_parameters_of_a_parametrised_layer(name):
    """It draws the parameters behind a parametrisation, as torch's does."""
    layer = renormed(OURS[name](3, 4))
    before = layer.weight_hh_l0.detach().clone()
    layer.reset_parameters()
    assert not torch.isclose(layer.weight_hh_l0, before).any()


@every_variant
def test_functional_call_takes_effect(name):
    layer, other = (VARIANTS[name].layer(3, 4, num_layers=2) for _ in range(2))
    x = torch.randn(5, 2, 3)
    output, _ = torch.func.functional_call(layer, dict(other.named_parameters()), (x,))
    assert torch.equal(output, other(x)[0])
    assert not torch.equal(output, layer(x)[0])


@every_layer
def test_hooks_run(name):
    layer = OURS[name](3, 4)
    seen = []
    layer.register_forward_pre_hook(lambda module, args: seen.append("before"))
    layer.register_forward_hook(lambda module, args, result: seen.append("after"))
    layer.register_full_backward_hook(lambda module, inputs, outputs: seen.append("backward"))
    layer(torch.randn(5, 2, 3, requires_grad=True))[0].sum().backward()
    assert seen == ["before", "after", "backward"]


@every_variant
@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2])], ids=["whole", "lengths"])
def test_autocast(name, lengths):
    """Half-precision products, results near those in float32, gradients in float32."""
    layer = VARIANTS[name].layer(3, 4)
    x = torch.randn(5, 2, 3, requires_grad=True)
    exact = layer(x, lengths=lengths)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = layer(x, lengths=lengths)
    torch.testing.assert_close(output.float(), exact, rtol=0.05, atol=0.05)
    output.float().sum().backward()
    assert x.grad.dtype == torch.float32
    assert all(
        p.grad.dtype == torch.float32 and p.grad.isfinite().all() for p in layer.parameters()
    )


@pytest.fixture(scope="module")
def process_group(tmp_path_factory):
    """A group of one. It outlives what is wrapped: torch may hang where a wrapper goes last."""
    store = tmp_path_factory.mktemp("group") / "store"
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=0, world_size=1
    )
    yield
    gc.collect()
    torch.distributed.destroy_process_group()


@every_variant
@pytest.mark.usefixtures("process_group")
def test_distributed_data_parallel(name):
    layer = VARIANTS[name].layer(3, 4, num_layers=2)
    x = torch.randn(5, 2, 3)
    alone = torch.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters()))
    parallel = nn.parallel.DistributedDataParallel(layer)
    parallel(x)[0].square().sum().backward()
    for parameter, expected in zip(layer.parameters(), alone, strict=True):
        assert torch.equal(parameter.grad, expected)


@every_layer
def test_flatten_parameters_may_be_called(name):
    layer = OURS[name](3, 4)
    x = torch.randn(5, 2, 3)
    before = layer(x)[0]
    layer.flatten_parameters()
    assert torch.equal(layer(x)[0], before)


def test_a_subclass_of_the_rnn_initialises_it_for_its_nonlinearity():
    for base in (OURS["RNN"], nn.RNN):

        class Scaled(base):
            def reset_parameters(self):
                self.gain = nn.init.calculate_gain(self.nonlinearity)

        assert Scaled(3, 4, nonlinearity="relu").gain == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("GRU", {}),
        ("RNN", {}),
        ("GRU", {"bidirectional": True}),
        ("LSTM", {"bidirectional": True}),
        ("LSTM", {"proj_size": 3}),
        ("LSTM", {"dtype": torch.float64}),
        ("LSTM", {"bidirectional": True, "num_layers": 2}),
    ],
    ids=str,
)
@pytest.mark.parametrize("change", [torch.relu_, lambda y: y[0].zero_()], ids=["all", "a part"])
def test_an_output_may_be_changed_in_place(name, more, change):
    """As with torch's own; that of an LSTM in one direction, in float32, may not."""
    ours, theirs = twins(name, 3, 5, **more)
    x = torch.randn(7, 4, 3, dtype=more.get("dtype"))
    found = []
    for layer in (ours, theirs):
        output, _ = layer(x)
        change(output)
        found.append(torch.autograd.grad(output.square().sum(), list(layer.parameters())))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)
