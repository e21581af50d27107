"""Docstrings that a program reads: an edited one gives the same equations or an error."""

import re
import subprocess
import sys

import pytest

from lstm_variants import VARIANTS
from lstm_variants.cells import GRUCell, LSTMCell
from lstm_variants.equations import equations_of
from lstm_variants.equations.document import BLOCK, SETTING, is_row
from tests.test_equations import documented

CELLS = list(dict.fromkeys(variant.cell for variant in VARIANTS.values()))
KINDS = list(dict.fromkeys(map(type, CELLS)))
SETTINGS = [
    kind for kind in KINDS if any(is_row(line.strip()) for line in kind.__doc__.splitlines())
]


def edited(kind):
    """Each docstring of a class with a word or a sign of its prose and its tables left out.

    Mathematics, which is compared with the step, is left alone. So are the paragraphs behind the
    last block and table, which no program reads.
    """
    doc = kind.__doc__
    rows = [line for line in doc.splitlines() if is_row(line.strip())]
    end = max(
        [block.end() for block in BLOCK.finditer(doc)] + [doc.index(row) + len(row) for row in rows]
    )
    maths = [m.span() for m in re.finditer(r"\$\$.*?\$\$|\$[^$\n]+\$", doc, re.DOTALL)]
    for word in re.finditer(r"`[^`\n]+`|[\w-]+|[`|:,=>]", doc[:end]):
        if not any(start <= word.start() < stop for start, stop in maths):
            yield doc[: word.start()] + doc[word.end() :]
    for setting in SETTING.finditer(doc[:end]):
        for group, text in ((1, "another_name"), (3, "'another value'"), (3, "another value")):
            yield doc[: setting.start(group)] + text + doc[setting.end(group) :]


@pytest.mark.parametrize("kind", SETTINGS)
def test_an_edited_docstring_gives_the_same_equations_or_an_error(kind, monkeypatch):
    cells = [(cell, size) for cell in CELLS if type(cell) is kind for size in (0, 2)]
    cells = [(cell, size) for cell, size in cells if cell.projects or not size]
    expected = [equations_of(cell, proj_size=size) for cell, size in cells]
    same = errors = 0
    for doc in edited(kind):
        monkeypatch.setattr(kind, "__doc__", doc)
        try:
            found = [equations_of(cell, proj_size=size) for cell, size in cells]
        except ValueError:
            errors += 1
        else:
            assert found == expected, doc
            same += 1
    assert same >= 3
    assert errors >= 4


PROJECTION = "With a projection, `proj_size > 0`:"
WRONG = {
    "no settings": (PROJECTION, "With a projection:", "a further block of equations should begin"),
    "another word": (
        PROJECTION,
        "Not with a projection, `proj_size > 0`:",
        "should begin with",
    ),
    "or": (
        PROJECTION,
        "If `proj_size > 0` or `coupled=True`:",
        "joined by commas or and",
    ),
    "later": (
        PROJECTION,
        PROJECTION + " unlike `coupled=True`,",
        "at the beginning of a",
    ),
    "first": (
        "one specification:",
        "one specification.\n\n    With `coupled=True`:",
        "before the first",
    ),
    "a value": ("`coupled=True`", "`coupled=Yes`", r"expected a value of Python in `coupled=Yes`"),
    "a literal": ('`peephole="current"`', '`peephole="now"`', r"peephole of .* cannot be 'now'"),
    "a bool": ("`coupled=True`", "`coupled=1`", r"coupled of LSTMCell\(\) cannot be 1, which its"),
    "a name": ("`coupled=True`", "`couple=True`", r"no setting couple, .*did you mean 'coupled'"),
    "a row": ("| `coupled=True` |", "| coupled=True |", r"expected a row \| `setting=value`"),
    "no maths": ("| $f_t = 1 - i_t$ |", "| f = 1 - i |", r"expected a row \| `setting=value`"),
    "a letter": ("$f_t = 1 - i_t$", "$k_t = 1 - i_t$", "k_t should be a quantity or an expression"),
    "a term": (r"$\tanh(c_t) \to", r"$\tanh(q_t) \to", "should be a quantity or an expression of"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_a_docstring_is_an_error(what):
    old, new, message = WRONG[what]
    with pytest.raises(ValueError, match=message):
        equations_of(documented(LSTMCell(), old, new))


def test_several_settings_may_hold_for_a_block():
    for joined in ("`proj_size > 0`, `coupled=False`", "`proj_size > 0` and `coupled=False`"):
        cell = documented(LSTMCell(), "With a projection, `proj_size > 0`:", f"If {joined}:")
        assert equations_of(cell, proj_size=2) == equations_of(LSTMCell(), proj_size=2)
        coupled = type(cell)(coupled=True)
        assert equations_of(coupled, proj_size=2) == equations_of(LSTMCell(coupled=True))


WITHOUT_DOCSTRINGS = """
import torch
import lstm_variants as lv
from lstm_variants.equations import equations_of, evaluate_step
assert False, "assertions are left out too"
for name, variant in lv.VARIANTS.items():
    for backend in ("auto", "reference"):
        layer = variant.layer(3, 4, backend=backend)
        output, _ = layer(torch.randn(5, 2, 3), lengths=[5, 2])
        output.sum().backward()
        steps = lv.trace(layer, torch.randn(5, 2, 3))
        if steps[0]["h"].shape != (5, 2, 4) or layer.weight_ih_l0.grad is None:
            raise SystemExit(name)
lv.replace_layers(torch.nn.Sequential(torch.nn.LSTM(3, 4)))
lv.models.PeepholeLSTM(3, 4)(torch.randn(2, 5, 3))
for function in (equations_of, lv.testing.check_cell):
    try:
        function(lv.cells.GRUCell())
    except (ValueError, RuntimeError) as error:
        print(error)
"""


def test_layers_and_traces_run_without_docstrings():
    done = subprocess.run(
        [sys.executable, "-OO", "-W", "error", "-c", WITHOUT_DOCSTRINGS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    no_equations, no_assertions = done.stdout.splitlines()
    assert no_equations.startswith("GRUCell has no documented equations: expected \\begin{aligned}")
    assert no_equations.endswith("which python -OO removes")
    assert no_assertions == "check_cell needs assertions: run Python without -O"


def test_a_docstring_is_read_once(monkeypatch):
    first = equations_of(GRUCell())
    first["z_t"] = "changed by the caller"
    assert equations_of(GRUCell())["z_t"] != "changed by the caller"
