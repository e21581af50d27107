"""Models of torch.nn whose layers are replaced."""

import copy
import re
import warnings
from functools import partial

import pytest
import torch
from torch import nn

import lstm_variants
from lstm_variants import VARIANTS, replace_layers
from lstm_variants.cells import LSTMCell
from lstm_variants.nn import GRU, LSTM, MGU, RNN, CoupledLSTM, IndRNN, PeepholeLSTM, Recurrent

pytestmark = [
    pytest.mark.filterwarnings("ignore:replaced by layers with other blocks"),
    pytest.mark.filterwarnings("ignore:replaced by layers with another number of states"),
]
LAYERS = {
    "lstm": lambda: nn.LSTM(4, 6),
    "two layers": lambda: nn.LSTM(4, 6, 2, bidirectional=True, dropout=0.5),
    "projection": lambda: nn.LSTM(4, 6, proj_size=3),
    "batch first": lambda: nn.LSTM(4, 6, batch_first=True),
    "float64": lambda: nn.LSTM(4, 6, dtype=torch.float64),
    "gru": lambda: nn.GRU(4, 6, 2, bias=False),
    "tanh": lambda: nn.RNN(4, 6),
    "relu": lambda: nn.RNN(4, 6, nonlinearity="relu", bidirectional=True),
}


class Encoder(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.parts = nn.ModuleDict({"rnn": layer, "norm": nn.Identity()})

    def forward(self, x):
        return self.parts["norm"](self.parts["rnn"](x)[0])


@pytest.mark.parametrize("name", LAYERS)
def test_results_gradients_and_parameters_stay(name):
    model = nn.Sequential(Encoder(LAYERS[name]()), nn.Flatten()).eval()
    plain = copy.deepcopy(model)
    parameters = dict(model.named_parameters())
    random_state = torch.get_rng_state()
    assert replace_layers(model) is model
    assert torch.equal(torch.get_rng_state(), random_state)
    layer = model[0].parts["rnn"]
    assert isinstance(layer, Recurrent)
    assert not layer.training
    assert layer.dropout == plain[0].parts["rnn"].dropout
    after = dict(model.named_parameters())
    assert list(after) == list(parameters)
    assert all(after[key] is value for key, value in parameters.items())
    x = torch.randn(5, 3, 4, dtype=layer.weight_ih_l0.dtype)
    torch.testing.assert_close(model(x), plain(x))
    model(x).square().sum().backward()
    plain(x).square().sum().backward()
    for ours, torchs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, torchs.grad)


def test_an_optimizer_that_exists_trains_the_new_layers():
    model = nn.Sequential(nn.LSTM(4, 6), nn.Identity())
    plain = copy.deepcopy(model)
    optimizers = [torch.optim.Adam(m.parameters(), lr=0.1) for m in (model, plain)]
    replace_layers(model)
    x = torch.randn(5, 3, 4)
    for m, optimizer in zip((model, plain), optimizers, strict=True):
        m[0](x)[0].square().sum().backward()
        optimizer.step()
    torch.testing.assert_close(model[0](x)[0], plain[0](x)[0])


def test_shared_layers_and_tied_weights_stay_so():
    shared, tied = nn.GRU(4, 4), nn.GRU(4, 4)
    tied.weight_hh_l0 = shared.weight_hh_l0
    model = nn.ModuleList([shared, nn.ModuleDict({"again": shared}), tied])
    replace_layers(model)
    assert type(model[0]) is GRU
    assert model[1]["again"] is model[0]
    assert model[2] is not model[0]
    assert model[2].weight_hh_l0 is model[0].weight_hh_l0


def test_weights_that_are_tied_inside_a_layer_stay_so():
    layer = nn.GRU(4, 6, bidirectional=True)
    layer.weight_ih_l0_reverse = layer.weight_ih_l0
    new = replace_layers(layer)
    assert new.weight_ih_l0_reverse is new.weight_ih_l0 is layer.weight_ih_l0


def test_attributes_of_a_user_stay():
    layer = nn.LSTM(4, 6)
    layer.output_size, layer.kind = 6, dict
    new = replace_layers(layer)
    assert (new.output_size, new.kind) == (6, dict)


def test_there_is_no_second_warning_about_dropout():
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        layer = nn.LSTM(4, 6, dropout=0.5)
    with warnings.catch_warnings(action="error"):
        assert replace_layers(layer).dropout == 0.5


def test_frozen_parameters_stay_frozen():
    model = nn.Sequential(nn.LSTM(4, 6).requires_grad_(requires_grad=False))
    assert not any(p.requires_grad for p in replace_layers(model).parameters())


def test_new_parameters_of_a_frozen_layer_are_trained():
    frozen = nn.LSTM(4, 6, dtype=torch.float64).requires_grad_(requires_grad=False)
    layer = replace_layers(frozen, lstm=PeepholeLSTM)
    trained = {name for name, p in layer.named_parameters() if p.requires_grad}
    assert trained == {"weight_ch_l0"}
    assert layer.weight_ch_l0.dtype == torch.float64


def test_an_attribute_with_the_name_of_an_argument_of_other_layers():
    layer = nn.LSTM(4, 6)
    layer.nonlinearity = "relu"  # an argument of an RNN
    assert replace_layers(layer).cell == LSTMCell()


class WithExtra(LSTM):
    """A layer with an attribute that only its instances have."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.extra = 3


OWN_NAMES = [("spec", LSTM), ("settings", CoupledLSTM), ("extra", WithExtra)]
OWN_NAMES += [("extra", partial(WithExtra, backend="reference"))]


@pytest.mark.parametrize(("name", "new"), OWN_NAMES, ids=str)
def test_attributes_that_only_instances_or_subclasses_have(name, new):
    layer = nn.LSTM(4, 6)
    setattr(layer, name, {"a": 1})
    with pytest.raises(ValueError, match=f"with its own {name}"):
        replace_layers(layer, lstm=new)


def test_a_layer_alone_is_returned():
    layer = nn.LSTM(4, 6)
    new = replace_layers(layer)
    assert type(new) is LSTM
    assert new.weight_ih_l0 is layer.weight_ih_l0


def test_a_variant_with_another_number_of_states_is_named():
    model = nn.ModuleDict({"a": nn.LSTM(4, 6, 2), "b": nn.GRU(4, 6), "c": nn.LSTM(4, 6)})
    with pytest.warns(UserWarning, match=r"another number of states") as caught:
        replace_layers(model, lstm=MGU)
    [text] = [str(w.message) for w in caught if "another number" in str(w.message)]
    assert text.endswith(
        "error: a (MGU(4, 6, num_layers=2)) returns h_n; c (MGU(4, 6)) returns h_n"
    )


def test_a_variant_with_as_many_states_is_replaced_without_a_warning():
    model = nn.ModuleList([nn.LSTM(4, 6), nn.GRU(4, 6), nn.RNN(4, 6)])
    with warnings.catch_warnings(action="error"):
        replace_layers(model, lstm=PeepholeLSTM)


def test_other_variants():
    model = nn.ModuleList([nn.LSTM(4, 6), nn.GRU(4, 6), nn.RNN(4, 6)])
    weight = model[0].weight_hh_l0
    no_forget_gate = VARIANTS["NFG"].layer
    fixed = partial(IndRNN, backend="reference")
    with pytest.warns(UserWarning, match=r"none of the old weights .* anew: 1 \([^;]*\)$"):
        replace_layers(model, lstm=PeepholeLSTM, gru=no_forget_gate, rnn=fixed)
    assert [type(layer) for layer in model] == [PeepholeLSTM, Recurrent, IndRNN]
    assert model[0].weight_hh_l0 is weight
    assert model[0].weight_ch_l0.shape == (18,)
    assert model[2].weight_hh_l0.shape == (6,)
    for layer in model:
        assert layer(torch.randn(5, 3, 4))[0].isfinite().all()
    assert replace_layers(nn.LSTM(4, 6, device="meta"), lstm=PeepholeLSTM).weight_ch_l0.is_meta


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_the_nonlinearity_is_that_of_the_old_layer(nonlinearity):
    model = nn.Sequential(nn.RNN(4, 6, nonlinearity=nonlinearity))
    del model[0].nonlinearity  # torch computes by mode
    replace_layers(model, rnn=IndRNN)
    assert model[0].cell == IndRNN(4, 6, nonlinearity=nonlinearity).cell
    assert type(replace_layers(nn.RNN(4, 6), rnn=MGU)) is MGU


class Subclass(nn.LSTM):
    pass


def with_hook():
    layer = nn.GRU(4, 6)
    layer.register_forward_hook(lambda *_: None)
    return layer


def with_weight_norm():
    return nn.utils.parametrizations.weight_norm(nn.RNN(4, 6), "weight_hh_l0")


BUFFER = nn.Buffer(torch.ones(1))
ROW = "bias_ih_l0", nn.Parameter(torch.ones(1, 18))


def with_more(part):
    layer = nn.LSTM(4, 6)
    layer.more = part
    return layer


def with_its_own(name, value=0.5):
    layer = nn.GRU(4, 6)
    setattr(layer, name, value)
    return layer


def with_a_hook_of_the_state():
    layer = nn.LSTM(4, 6)
    layer.register_load_state_dict_pre_hook(lambda *_: None)
    return layer


LEFT = {
    r"tests\.test_replace\.Subclass, a subclass of torch\.nn\.LSTM": lambda: Subclass(4, 6),
    r"torch\.\S+\.ParametrizedRNN, a subclass of torch\.nn\.RNN": with_weight_norm,
    r"torch\.\S+\.GRU with hooks": with_hook,
    r"torch\.\S+\.LSTM with hooks": with_a_hook_of_the_state,
    r"torch\.\S+\.LSTM with added or missing parameters": lambda: with_more(nn.Parameter()),
    r"torch\.\S+\.LSTM with (added) or missing parameters": lambda: with_more(nn.Identity()),
    r"torch\.\S+\.LSTM with added (or) missing parameters": lambda: with_more(BUFFER),
    r"torch\.\S+\.GRU with parameters of another shape": partial(with_its_own, *ROW),
    r"torch\.\S+\.GRU with its own forward": partial(with_its_own, "forward"),
    r"torch\.\S+\.GRU with its own zoneout": partial(with_its_own, "zoneout"),  # as ours have
    r"torch\.\S+\.GRU with its own step": partial(with_its_own, "step"),
}


@pytest.mark.parametrize("reason", LEFT)
def test_what_is_left_alone_is_named(reason):
    left = LEFT[reason]()
    model = nn.ModuleDict({"encoder": nn.ModuleList([left]), "decoder": nn.LSTM(4, 6)})
    with pytest.warns(UserWarning, match=f"^not replaced: encoder.0: {reason}$"):
        replace_layers(model)
    assert model["encoder"][0] is left
    assert type(model["decoder"]) is LSTM
    with pytest.raises(ValueError, match=f"nothing to replace in Sequential: 0: {reason}"):
        replace_layers(nn.Sequential(left))


def test_a_compiled_layer_is_kept():
    compiled = torch.compile(nn.LSTM(4, 6), backend="eager")
    alone, twice = nn.Sequential(compiled), nn.Sequential(compiled._orig_mod, compiled)
    for model, name in ((alone, r"0\._orig_mod"), (twice, "0")):
        with pytest.raises(ValueError, match=rf"{name}: .* inside torch\.compile"):
            replace_layers(model)


def test_one_kind_alone():
    model = nn.ModuleList([nn.LSTM(4, 6), nn.GRU(4, 6)])
    gru = model[1]
    with warnings.catch_warnings(action="error"):
        replace_layers(model, gru=None)
    assert type(model[0]) is LSTM
    assert model[1] is gru


def test_a_subclass_of_a_layer_that_is_left_out_is_not_named():
    model = nn.Sequential(Subclass(4, 6), nn.GRU(6, 6))
    with warnings.catch_warnings(action="error"):
        replace_layers(model, lstm=None)
    assert type(model[0]) is Subclass
    assert type(model[1]) is GRU


def test_where_torchs_classes_have_been_replaced(monkeypatch):
    model = nn.Sequential(nn.LSTM(4, 6))
    subclass = Subclass(4, 6)
    for name, ours in {"LSTM": LSTM, "GRU": GRU, "RNN": RNN, "RNNBase": Recurrent}.items():
        monkeypatch.setattr(nn, name, ours)
    assert type(replace_layers(model)[0]) is LSTM
    with pytest.raises(ValueError, match=r"a subclass of torch\.nn\.LSTM"):
        replace_layers(subclass)
    with pytest.raises(ValueError, match=r"there is no LSTM, GRU or RNN of torch\.nn"):
        replace_layers(model, lstm=PeepholeLSTM)


def test_gates_are_not_mixed_up():
    gru = nn.GRU(4, 6)
    new = replace_layers(gru, gru=VARIANTS["NIG"].layer)
    assert new.weight_ih_l0.shape == gru.weight_ih_l0.shape
    assert new.weight_ih_l0 is not gru.weight_ih_l0


def test_only_layers_of_this_package_in_modules():
    with pytest.raises(TypeError, match="expects a module, got <class 'list'>"):
        replace_layers([nn.LSTM(4, 6)])
    model = nn.Sequential(before := nn.LSTM(4, 6))
    with pytest.raises(TypeError, match=r"a class of layers, .*, got 'PeepholeLSTM'"):
        replace_layers(model, lstm="PeepholeLSTM")
    with pytest.raises(TypeError, match=r"or a cell, such as GRUCell\(\), got .*\.LSTMCell'>"):
        replace_layers(model, lstm=LSTMCell)
    with pytest.raises(TypeError, match=r"expects a class of layers, .*, got PeepholeLSTM\(4, 6\)"):
        replace_layers(model, lstm=PeepholeLSTM(4, 6))
    for other in (nn.LSTM, lstm_variants.models.PeepholeLSTM, Recurrent):  # a model; without a cell
        with pytest.raises(TypeError, match=f"a class of layers, .*{re.escape(repr(other))}"):
            replace_layers(model, lstm=other)
    with pytest.raises(TypeError, match=r"of lstm_variants\.nn, got <class 'torch\S*LSTM"):
        replace_layers(model, lstm=lambda *sizes, **settings: nn.LSTM(*sizes, **settings))
    assert model[0] is before


@pytest.mark.parametrize("name", LAYERS)
def test_a_cell_makes_layers_of_it(name):
    torch_layer = LAYERS[name]()
    cell = LSTMCell(coupled=True)
    made = replace_layers(torch_layer, lstm=cell, gru=cell, rnn=cell)
    assert type(made) is Recurrent
    assert made.cell == cell
    assert made(torch.randn(5, 5, 4, dtype=made.weight_ih_l0.dtype))[0].shape[-1] == (
        (made.proj_size or 6) * (1 + torch_layer.bidirectional)
    )


class ReluByDefault(RNN):
    def __init__(self, *arguments, nonlinearity="relu", **keywords):
        super().__init__(*arguments, nonlinearity=nonlinearity, **keywords)


def test_settings_of_torch_override_those_of_what_replaces_it():
    for nonlinearity in ("tanh", "relu"):
        layer = nn.RNN(4, 6, nonlinearity=nonlinearity)
        assert replace_layers(layer, rnn=ReluByDefault).cell.nonlinearity == nonlinearity
    assert replace_layers(nn.LSTM(4, 6), lstm=partial(LSTM, bias=False)).bias
    with pytest.raises(ValueError, match=r"proj_size should be 0, that of torch's layer, got LSTM"):
        replace_layers(nn.LSTM(4, 6), lstm=partial(LSTM, proj_size=3))


def test_nothing_to_replace():
    for model in (nn.Sequential(nn.Linear(2, 3)), nn.Sequential(LSTM(4, 6), RNN(4, 6))):
        with pytest.raises(ValueError, match=r"there is no LSTM, GRU or RNN of torch\.nn"):
            replace_layers(model)
    with pytest.raises(ValueError, match=r"in Subclass: the model: tests\.\S+Subclass"):
        replace_layers(Subclass(4, 6))


def test_a_model_that_cannot_be_converted_is_left_as_it_was():
    model = nn.ModuleList([nn.LSTM(4, 6), nn.LSTM(4, 6, proj_size=3)])
    before = list(model)
    with pytest.raises(ValueError, match="proj"):
        replace_layers(model, lstm=lstm_variants.nn.SLSTM)
    assert list(model) == before


def test_a_compiled_copy_computes_with_the_new_layers():
    model = nn.Sequential(Encoder(nn.LSTM(4, 6)))
    x = torch.randn(5, 3, 4)
    before = model(x)
    with warnings.catch_warnings(action="error"):
        replace_layers(model)
    torch.testing.assert_close(torch.compile(model, backend="eager")(x), before)
