"""The contract of torch.nn's recurrent layers, compared with torch.nn itself."""

import inspect
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from lstm_variants import VARIANTS
from lstm_variants.nn import Recurrent
from tests.layers import OURS, SHAPES, TWINS, gradients, random_hx, states_of, twins
from tests.tolerances import assert_exact

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # from imports inside
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

every_twin = pytest.mark.parametrize("name", TWINS)
every_layer = pytest.mark.parametrize("name", OURS)
every_variant = pytest.mark.parametrize("name", VARIANTS)
F64 = {"dtype": torch.float64}
# Checks and messages of torch 2.13 are the ones that the layers have; earlier ones check less.
SAME_WORDS = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 13)
MODULES = {info.name.removeprefix("nn."): info for info in module_db}
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


@every_layer
def test_signatures_are_complete(name):
    """What `inspect` and editors show: each argument by name, torch's first, then settings."""
    shown = inspect.signature(OURS[name]).parameters
    common = inspect.signature(Recurrent).parameters
    assert {p.kind for p in shown.values()} == {
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    }
    own = [argument for argument in shown if argument not in common]
    settings = {
        "PeepholeLSTM": ["output_peephole"],
        "GRU": ["reset_after"],
        "RNN": ["nonlinearity"],
        "SLSTM": ["forget_activation"],
        "JANET": ["beta"],
        "IndRNN": ["nonlinearity"],
    }
    assert own == settings.get(name, [])
    projects = OURS[name](3, 4).cell.projects or name in TWINS
    assert ("proj_size" in shown) == projects
    inherited = [argument for argument in common if argument in shown]
    assert [argument for argument in shown if argument in common] == inherited
    assert len(inherited) == len(common) - 1 - (not projects)  # without the cell
    assert all(shown[argument].default == common[argument].default for argument in inherited)


@every_layer
def test_arguments_may_be_given_by_position(name):
    shown = inspect.signature(OURS[name]).parameters
    values = {"input_size": 3, "hidden_size": 4, "num_layers": 2, "nonlinearity": "relu"}
    values |= {"bias": False, "batch_first": True, "dropout": 0.5, "bidirectional": True}
    values |= {"proj_size": 0, "device": "meta", "dtype": torch.float64}
    positional = [n for n, p in shown.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    layer = OURS[name](*(values[argument] for argument in positional))
    named = OURS[name](**{argument: values[argument] for argument in positional})
    assert repr(layer) == repr(named)
    assert layer.batch_first
    assert layer.weight_ih_l1_reverse.is_meta
    assert layer.weight_ih_l1.dtype == torch.float64
    with pytest.raises(TypeError, match="no positional arguments after dtype"):
        OURS[name](*(values[argument] for argument in positional), "auto")
    with pytest.raises(TypeError, match="got bias twice: by position and by name"):
        OURS[name](*(values[argument] for argument in positional), bias=True)


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
    assert len(cases) >= (10 if SAME_WORDS else 2)
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
BAD_PROJECTIONS = [None, 1.5, "2"]


@every_twin
@pytest.mark.parametrize("bad", BAD_ARGUMENTS, ids=str)
def test_bad_arguments_raise_as_in_torch(name, bad):
    if name != "LSTM" and "proj_size" in bad:
        bad = {"proj_size": 2}
    arguments = {"input_size": 3, "hidden_size": 4} | bad
    try:
        TWINS[name][1](**arguments)
    except (TypeError, ValueError) as error:
        theirs = error
    else:
        assert not SAME_WORDS, "torch accepts this"
    with pytest.raises((TypeError, ValueError)) as ours:
        TWINS[name][0](**arguments)
    if SAME_WORDS:
        assert type(ours.value) is type(theirs)
        assert str(ours.value).startswith(str(theirs).rstrip("."))


PROJECTING = [name for name in OURS if "proj_size" in inspect.signature(OURS[name]).parameters]


@pytest.mark.parametrize("name", PROJECTING)
@pytest.mark.parametrize("size", BAD_PROJECTIONS)
def test_a_projection_of_no_size(name, size):
    """torch compares it with 0 and fails; the message here is that of its other sizes."""
    with pytest.raises(
        TypeError, match=f"proj_size should be of type int, got: {type(size).__name__}"
    ):
        OURS[name](3, 4, proj_size=size)


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
        if SAME_WORDS:
            assert str(got.value) == str(expected.value).replace("D tensor instead", "D instead")


@every_twin
def test_states_that_do_not_fit_raise_as_in_torch(name):
    """The type is the same; the message says more."""
    h = torch.zeros(1, 2, 4)
    wrong = {"number": (h, h, h), "device": h.to("meta"), "dtype": h.double()}
    ours, theirs = twins(name, 3, 4)
    for kind, state in wrong.items():
        if name == "LSTM" and kind != "number":
            state = h, state
        elif name != "LSTM" and kind == "number":
            continue
        for layer in (theirs, ours):
            with pytest.raises(RuntimeError):
                layer(torch.zeros(5, 2, 3), state)
    if SAME_WORDS and name != "LSTM":
        for words in ("Input and hidden tensors are not at the same device", "at meta"):
            with pytest.raises(RuntimeError, match=words):
                theirs(torch.zeros(5, 2, 3), h.to("meta"))
            with pytest.raises(RuntimeError, match=words):
                ours(torch.zeros(5, 2, 3), h.to("meta"))


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
    assert repr(OURS["JANET"](3, 4, 2, beta=0)) == "JANET(3, 4, num_layers=2, beta=0.0)"
    assert repr(OURS["JANET"](3, 4)) == "JANET(3, 4)"


@pytest.mark.parametrize(
    ("name", "setting", "error", "message"),
    [
        ("MGU", {"beta": 1.0}, TypeError, "MGU has no argument 'beta', but input_size, hidden_s"),
        ("LSTM1997", {"coupled": True}, TypeError, "LSTM1997 has no argument 'coupled'"),
        ("JANET", {"betta": 1.0}, TypeError, r"no argument 'betta' \(did you mean 'beta'\?\), but"),
        ("SLSTM", {"forget_activation": "tanh"}, ValueError, "'sigmoid' or 'exp', got 'tanh'"),
        ("RNN", {"nonlinearity": "elu"}, ValueError, "Unknown nonlinearity 'elu'. Select from 't"),
        ("IndRNN", {"nonlinearity": "elu"}, ValueError, "'relu' or 'tanh', got 'elu'"),
        ("MinGRU", {"proj_size": 2}, TypeError, "MinGRU has no argument 'proj_size'"),
    ],
)
def test_wrong_settings(name, setting, error, message):
    with pytest.raises(error, match=message):
        OURS[name](3, 4, **setting)


def test_repr_of_projection_and_dropout():
    ours, theirs = twins("LSTM", 3, 4, 2, dropout=0.5, proj_size=2)
    assert repr(ours) == repr(theirs)


@every_twin
@every_shape
@pytest.mark.parametrize("given_hx", [False, True], ids=["zeros", "hx"])
@pytest.mark.parametrize("backend", ["torch", "reference"])
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


@pytest.mark.parametrize("backend", ["torch", "reference"])
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
@pytest.mark.parametrize("backend", ["torch", "reference"])
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
