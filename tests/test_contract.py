"""The contract of torch.nn's recurrent layers, compared with torch.nn itself."""

import copy
import inspect
import io
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, skip_init
from torch.nn.utils import weight_norm as old_weight_norm
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from lstm_variants import VARIANTS
from tests.layers import OURS, TWINS, gradients, random_hx, states_of, twins
from tests.tolerances import assert_exact

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # from imports inside
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

every_twin = pytest.mark.parametrize("name", TWINS)
every_layer = pytest.mark.parametrize("name", OURS)
every_variant = pytest.mark.parametrize("name", VARIANTS)
F64 = {"dtype": torch.float64}
MODULES = {info.name.removeprefix("nn."): info for info in module_db}

SHAPES = {
    "plain": {},
    "nobias": {"bias": False},
    "batchfirst": {"batch_first": True},
    "bidirectional": {"bidirectional": True},
    "stacked": {"num_layers": 3},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
}
every_shape = pytest.mark.parametrize("options", SHAPES.values(), ids=list(SHAPES))


def assert_same_results(ours, theirs):
    """Outputs and states, packed or not."""
    (output, hx), (expected, expected_hx) = ours, theirs
    assert type(output) is type(expected)
    if isinstance(output, PackedSequence):
        for part in ("batch_sizes", "sorted_indices", "unsorted_indices"):
            a, b = getattr(output, part), getattr(expected, part)
            assert (a is None and b is None) or torch.equal(a, b)
        output, expected = output.data, expected.data
    assert_exact(output, expected)
    assert type(hx) is type(expected_hx)
    for a, b in zip(states_of(hx), states_of(expected_hx), strict=True):
        assert_exact(a, b)


def module_inputs(name):
    return MODULES[name].module_inputs_func(
        MODULES[name], device="cpu", dtype=torch.float64, requires_grad=False, training=True
    )


@every_twin
def test_signature_is_torchs(name):
    """Every argument that torch documents, in its place; what is ours is keyword-only."""
    ours = list(inspect.signature(TWINS[name][0]).parameters.values())
    documented = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout"]
    documented += ["bidirectional", "proj_size", "device", "dtype"]
    if name == "RNN":
        documented.insert(3, "nonlinearity")
    positional = [p.name for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == documented
    assert all(p.kind is p.KEYWORD_ONLY for p in ours[len(documented) :])
    base = inspect.signature(nn.RNNBase).parameters
    assert all(p.default == base[p.name].default for p in ours if p.name in base)


@every_twin
def test_torchs_own_inputs(name):
    samples = module_inputs(name)
    assert len(samples) >= 16
    for sample in samples:
        build, call = sample.constructor_input, sample.forward_input
        ours, theirs = twins(name, *build.args, **build.kwargs, **F64)
        assert_same_results(ours(*call.args, **call.kwargs), theirs(*call.args, **call.kwargs))


@every_twin
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torchs_own_error_cases(name, dtype):
    cases = MODULES[name].module_error_inputs_func(
        MODULES[name], device="cpu", dtype=dtype, requires_grad=False, training=True
    )
    assert len(cases) >= 10
    for case in cases:
        build = case.module_error_input.constructor_input
        call = case.module_error_input.forward_input
        if case.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(case.error_type, match=case.error_regex):
                TWINS[name][0](*build.args, **build.kwargs)
        else:
            layer = TWINS[name][0](*build.args, **build.kwargs)
            with pytest.raises(case.error_type, match=case.error_regex):
                layer(*call.args, **call.kwargs)


BAD_ARGUMENTS = [
    {"dropout": 1.5},
    {"dropout": True},
    {"dropout": "0.5"},
    {"num_layers": -1},
    {"hidden_size": -3},
    {"input_size": 2.0},
    {"hidden_size": None},
    {"bias": None},
    {"batch_first": 1},
    {"proj_size": -1},
    {"proj_size": 4},
    {"proj_size": 9},
]


@every_twin
@pytest.mark.parametrize("bad", BAD_ARGUMENTS, ids=str)
def test_bad_arguments_raise_as_in_torch(name, bad):
    if name != "LSTM" and "proj_size" in bad:
        bad = {"proj_size": 2}
    arguments = {"input_size": 3, "hidden_size": 4} | bad
    with pytest.raises((TypeError, ValueError)) as theirs:
        TWINS[name][1](**arguments)
    with pytest.raises(type(theirs.value)) as ours:
        TWINS[name][0](**arguments)
    assert str(ours.value).startswith(str(theirs.value).rstrip("."))


def bad_calls(name):
    """Inputs and states of a wrong shape, for a layer of sizes (3, 4)."""
    h, pair = torch.zeros(1, 2, 4), name == "LSTM"
    yield torch.zeros(3)
    yield torch.zeros(1, 5, 2, 3)
    yield torch.zeros(5, 2, 7)
    yield torch.zeros(5, 7)
    yield torch.zeros(5, 2, 3).double()
    yield torch.zeros(5, 2, 3).long()
    for wrong in (torch.zeros(1, 3, 4), torch.zeros(2, 2, 4), torch.zeros(1, 2, 5)):
        yield torch.zeros(5, 2, 3), (wrong, h) if pair else wrong
        if pair:
            yield torch.zeros(5, 2, 3), (h, wrong)
    yield torch.zeros(5, 2, 3), (h[0], h[0]) if pair else h[0]
    yield torch.zeros(5, 3), (h, h) if pair else h
    if not pair:  # torch's LSTM does not check this
        yield pack_sequence([torch.zeros(2, 5, 3)]), None


@every_twin
def test_bad_calls_raise_as_in_torch(name):
    ours, theirs = twins(name, 3, 4)
    for call in bad_calls(name):
        call = call if isinstance(call, tuple) and not isinstance(call, PackedSequence) else (call,)
        with pytest.raises((ValueError, RuntimeError)) as expected:
            theirs(*call)
        with pytest.raises(type(expected.value)) as got:
            ours(*call)
        assert str(got.value) == str(expected.value).replace("D tensor instead", "D instead")


@every_layer
def test_dropout_on_a_single_layer_warns(name):
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last") as seen:
        OURS[name](3, 4, dropout=0.5)
    assert seen[0].filename == __file__


@every_twin
@every_shape
def test_repr_is_torchs(name, options):
    ours, theirs = twins(name, 3, 4, **options)
    assert repr(ours) == repr(theirs)


def test_repr_of_what_torch_does_not_have():
    assert repr(OURS["PeepholeLSTM"](3, 4, output_peephole="previous")) == (
        "PeepholeLSTM(3, 4, output_peephole='previous')"
    )
    assert repr(OURS["GRU"](3, 4, reset_after=False, backend="reference")) == (
        "GRU(3, 4, backend='reference', reset_after=False)"
    )


def test_repr_of_projection_and_dropout():
    ours, theirs = twins("LSTM", 3, 4, 2, dropout=0.5, proj_size=2)
    assert repr(ours) == repr(theirs)


@every_twin
@every_shape
@pytest.mark.parametrize("given_hx", [False, True], ids=["zeros", "hx"])
@pytest.mark.parametrize("backend", ["library", "reference"])
def test_results_and_every_gradient(name, options, given_hx, backend):
    ours, theirs = twins(name, 3, 4, **options, **F64)
    ours.backend = backend
    x = torch.randn(*((2, 7) if ours.batch_first else (7, 2)), 3, **F64, requires_grad=True)
    hx = random_hx(ours, 2) if given_hx else None
    inputs = [x, *(s.requires_grad_() for s in (states_of(hx) if given_hx else ()))]
    results, expected = ours(x, hx), theirs(x, hx)
    assert_same_results(results, expected)
    for a, b in zip(
        gradients(ours, (results[0], *states_of(results[1])), inputs),
        gradients(theirs, (expected[0], *states_of(expected[1])), inputs),
        strict=True,
    ):
        assert_exact(a, b)


@pytest.mark.parametrize("backend", ["library", "reference"])
@every_shape
def test_projection(options, backend):
    ours, theirs = twins("LSTM", 3, 5, **options, proj_size=2, **F64)
    ours.backend = backend
    x = torch.randn(*((2, 7) if ours.batch_first else (7, 2)), 3, **F64, requires_grad=True)
    hx = random_hx(ours, 2)
    results, expected = ours(x, hx), theirs(x, hx)
    assert_same_results(results, expected)
    for a, b in zip(
        gradients(ours, (results[0], *results[1]), [x]),
        gradients(theirs, (expected[0], *expected[1]), [x]),
        strict=True,
    ):
        assert_exact(a, b)


@every_twin
@pytest.mark.parametrize("batch_first", [False, True], ids=["timefirst", "batchfirst"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
def test_unbatched_input(name, batch_first, bidirectional):
    ours, theirs = twins(name, 3, 4, 2, batch_first=batch_first, bidirectional=bidirectional, **F64)
    x, hx = torch.randn(6, 3, **F64), random_hx(ours)
    assert_same_results(ours(x), theirs(x))
    assert_same_results(ours(x, hx), theirs(x, hx))


@every_twin
@pytest.mark.parametrize("backend", ["library", "reference"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
@pytest.mark.parametrize(
    ("lengths", "in_order"),
    [([5, 3, 3, 1], True), ([5, 3, 3, 1], False), ([2, 5, 1, 5], False), ([4, 4, 4, 4], True)],
    ids=["sorted", "sorted-unclaimed", "unsorted", "equal"],
)
def test_packed_sequences(name, backend, bidirectional, lengths, in_order):
    ours, theirs = twins(name, 3, 4, 2, bidirectional=bidirectional, **F64)
    ours.backend = backend
    padded = torch.randn(max(lengths), 4, 3, **F64, requires_grad=True)
    for given in (None, random_hx(ours, 4)):
        packed, twin = (
            pack_padded_sequence(padded, torch.tensor(lengths), enforce_sorted=in_order)
            for _ in range(2)
        )
        results, expected = ours(packed, given), theirs(twin, given)
        assert_same_results(results, expected)
        for a, b in zip(
            gradients(ours, (results[0].data, *states_of(results[1])), [padded]),
            gradients(theirs, (expected[0].data, *states_of(expected[1])), [padded]),
            strict=True,
        ):
            assert_exact(a, b)


@every_twin
@pytest.mark.parametrize("batch_first", [False, True], ids=["timefirst", "batchfirst"])
def test_dropout_between_layers_is_torchs(name, batch_first):
    """The same seed drops the same outputs; in evaluation none."""
    ours, theirs = twins(name, 3, 4, 3, dropout=0.4, batch_first=batch_first, **F64)
    x = torch.randn(6, 6, 3, **F64)
    torch.manual_seed(5)
    results = ours(x)
    torch.manual_seed(5)
    assert_same_results(results, theirs(x))
    assert not torch.equal(results[0], ours(x)[0])
    assert_same_results(ours.eval()(x), theirs.eval()(x))


@every_layer
def test_meta_device_and_empty_parameters(name):
    layer = OURS[name](3, 4, 2, bidirectional=True, device="meta", dtype=torch.float64)
    assert all(p.is_meta and p.dtype == torch.float64 for p in layer.parameters())
    output, _ = layer(torch.empty(5, 2, 3, device="meta", dtype=torch.float64))
    assert output.is_meta
    assert output.shape == (5, 2, 8)
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


@every_layer
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


@every_variant
def test_distributed_data_parallel(name, tmp_path):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1
    )
    try:
        layer = VARIANTS[name].layer(3, 4, num_layers=2)
        x = torch.randn(5, 2, 3)
        alone = torch.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters()))
        parallel = nn.parallel.DistributedDataParallel(layer)
        parallel(x)[0].square().sum().backward()
        for parameter, expected in zip(layer.parameters(), alone, strict=True):
            assert torch.equal(parameter.grad, expected)
    finally:
        torch.distributed.destroy_process_group()


@every_layer
def test_flatten_parameters_may_be_called(name):
    layer = OURS[name](3, 4)
    x = torch.randn(5, 2, 3)
    before = layer(x)[0]
    layer.flatten_parameters()
    assert torch.equal(layer(x)[0], before)


@pytest.mark.parametrize("name", ["GRU", "RNN"])
def test_an_output_may_be_changed_in_place(name):
    """As with torch's own, but for the LSTM."""
    ours, theirs = twins(name, 3, 5)
    x = torch.randn(7, 4, 3)
    found = []
    for layer in (ours, theirs):
        output, _ = layer(x)
        output.relu_()
        found.append(torch.autograd.grad(output.square().sum(), list(layer.parameters())))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)
