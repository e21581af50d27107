"""Diagrams and code of cells say what their equations say."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from torch import cat

from experiments.diagrams import DIAGRAMS, baseline, description, diagram
from experiments.diagrams.code import code, lines
from lstm_variants import VARIANTS
from lstm_variants.cells import ElmanCell, GRUCell, LSTMCell
from lstm_variants.equations import equations_of
from lstm_variants.equations.latex import FUNCTIONS, REDUCTIONS, parse

CELLS = {name: variant.cell for name, variant in VARIANTS.items()}
CELLS |= {"relu": ElmanCell(nonlinearity="relu")}
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
SVG = "{http://www.w3.org/2000/svg}"


def parts_of(cell, *statuses, **options):
    """The groups of a diagram by the names of its parts."""
    text = diagram(cell, "title", "id", **options)
    root = ElementTree.fromstring(text.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))
    groups = [g for g in root.iter(f"{SVG}g") if not statuses or g.get("class") in statuses]
    return {group.get("data-part"): group for group in groups}


def texts(groups):
    return ["".join(text.itertext()) for group in groups for text in group.iter(f"{SVG}text")]


@every_cell
def test_a_diagram_has_the_functions_and_letters_of_the_equations(cell):
    drawn = texts(parts_of(cell, "plain", "added").values())
    right = " ".join(equations_of(cell).values())
    functions = {
        "σ": r"\sigma",
        "tanh": r"\tanh",
        "ReLU": r"\mathrm{relu}",
        "LN": r"\mathrm{LN}",
        "exp": r"\exp",
        "log": r"\log",
        "max": r"\max",
        "1−": "1 - ",
    }
    for text, latex in functions.items():
        assert drawn.count(text) == right.count(latex), text
    state = cell.state_type._fields
    for letter in cell.block_names:
        # A unit whose only block is its state has no letter of its own for it.
        assert (letter in drawn) or letter in state
    for name in state:
        if f"{name}_{{t-1}}" in right:
            assert any(f"{name}t−1" in text or "i, f, ot−1" in text for text in drawn), name


@every_cell
def test_a_diagram_has_a_peephole_for_each_gate_that_has_one(cell):
    drawn = [name for name in parts_of(cell, "plain", "added") if name.startswith("peephole")]
    gates = {name.removeprefix("peephole ").partition(",")[0] for name in drawn}
    right = equations_of(cell)
    assert gates == {left[0] for left in right if f"p_{left[0]}" in right[left]}
    if "o" in gates:
        of_previous = r"p_o \odot c_{t-1}" in right["o_t"]
        assert ("peephole o, previous" in drawn) == of_previous


def test_differences_are_marked():
    def changed(cell):
        return set(parts_of(cell, "added")), set(parts_of(cell, "removed"))

    peepholes = {"peephole i", "peephole f", "peephole o"}
    assert changed(LSTMCell()) == (set(), set())
    assert changed(VARIANTS["NP"].cell) == (set(), set())
    assert changed(VARIANTS["PeepholeLSTM"].cell) == (peepholes, set())
    assert changed(LSTMCell(coupled=True)) == ({"coupling"}, {"f"})
    assert changed(LSTMCell(forget_gate=False)) == (set(), {"f", "times f"})
    assert changed(GRUCell(reset_after=False)) == ({"reset before"}, {"reset after"})
    assert set(parts_of(LSTMCell(), directions=2)) == {"x", "forward", "backward", "output"}


def test_ablations_lack_a_part_of_the_lstm_with_peepholes():
    vanilla = CELLS["PeepholeLSTM"]
    assert not parts_of(CELLS["NP"], "removed")
    removed = parts_of(CELLS["NP"], "removed", compared_with=vanilla)
    assert removed
    assert not parts_of(CELLS["NP"], "added", compared_with=vanilla)
    assert removed.keys() == parts_of(vanilla, "added").keys()


@every_cell
def test_a_diagram_is_described_in_words(cell):
    family = DIAGRAMS[type(cell)]
    words = description(family, cell, baseline(cell))
    assert words in diagram(cell, "title", "id")
    for part in family.parts:
        if part.text:
            assert (part.text in words) == bool(part.present(cell) or part.present(baseline(cell)))
    assert ("Added:" in words) == bool(parts_of(cell, "added"))
    assert ("Removed:" in words) == bool(set(parts_of(cell, "removed")) - {"times f"})


@pytest.mark.parametrize("directions", [1, 2])
def test_names_in_a_diagram_are_its_own(directions):
    text = diagram(LSTMCell(peephole="current"), "title", "mine", directions=directions)
    names = re.findall(r'\bid="([^"]*)"', text)
    assert len(set(names)) == len(names)
    assert all(name.startswith("mine-") for name in names)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(names)


@every_cell
def test_code_computes_what_the_cell_computes(cell):
    torch.manual_seed(0)
    D, H = 3, 2
    from_step = cell.initial_state(torch.zeros(1, D).double(), H)
    state = type(from_step)(*(torch.rand_like(value) for value in from_step))
    shapes = cell.parameters(D, H)
    weights = cell.weights_type(
        **{name: torch.randn(p.shape).double() for name, p in shapes.items()}
    )
    x = torch.randn(1, D).double()
    after, _ = cell.step(cell.project(x, weights), state, weights)

    names = {
        function.__name__: function for function in (*FUNCTIONS.values(), *REDUCTIONS.values())
    }
    names |= {"cat": cat, "x": x[0]} | {k: v for k, v in vars(cell).items() if type(v) is float}
    names |= {f"{name}_old": value[0] for name, value in state._asdict().items()}
    for name, parameter in shapes.items():
        value = getattr(weights, name)
        blocks = parameter.blocks
        parts = zip(blocks, value.chunk(len(blocks)), strict=True) if blocks else ()
        letter = parameter.letter.removeprefix("\\")
        for key, rows in ((letter, value), *((f"{letter}_{block}", rows) for block, rows in parts)):
            names[key] = names[key] + rows if key in names else rows  # two biases
    for line in lines(cell):
        exec(line, names)
    for name, value in after._asdict().items():
        torch.testing.assert_close(names[name], value[0])


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\exp(x_t) / 2", "exp(x) / 2"),
        (r"\max(x_t, c_{t-1})", "maximum(x, c_old)"),
        (r"\frac{x_t + 1}{k}", "((x + 1) / k)"),
        (r"-x_t^2", "-x ** 2"),
        (r"W_k x_t \odot 2 k", "W_k @ x * (2 * k)"),
        (r"p_k \odot W_k x_t", "p_k * (W_k @ x)"),
        (r"1 / 2 k", "1 / (2 * k)"),
    ],
)
def test_all_documented_notation_has_code(latex, expected):
    assert code(parse(latex)) == expected
