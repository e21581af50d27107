"""Every figure, drawn from its record for wide and narrow pages."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

import experiments
from experiments.benchmarks import figure as bench
from experiments.plotting import (
    FOREGROUND,
    NARROW,
    THEMES,
    WIDE,
    inline,
    log_times,
    numbered,
    save_figures,
    strips,
    style,
)
from experiments.records import load
from experiments.report import pages, preview
from experiments.report.preview import preview_file

RECORDS = {
    name: experiments.FOLDER / name / "record.json"
    for name in experiments.names()
    if pages.has_figure(name) and (experiments.FOLDER / name / "record.json").exists()
}
SMALLEST = 8.25  # points, 11 px

DRAWN = {name: (experiments.part(name, "figure").figure, path) for name, path in RECORDS.items()}
BENCHES = sorted((experiments.FOLDER / "benchmarks").glob("bench-*.json"))
DRAWN |= {path.stem: (bench.figure, path) for path in BENCHES}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", DRAWN)
def test_text_is_large_enough_and_nothing_is_cut_off(name, width):
    draw, path = DRAWN[name]
    with style(width):
        made = draw(load(path), width)
        made.canvas.draw()
    box = made.get_tightbbox()
    assert box.x0 >= -0.01
    assert box.x1 <= made.get_figwidth() + 0.01
    assert made.get_figwidth() <= width
    texts = [text for text in made.findobj(Text) if text.get_visible() and text.get_text()]
    assert texts
    assert min(text.get_fontsize() for text in texts) >= SMALLEST
    plt.close(made)


def test_a_figure_in_a_page_has_the_text_colour_of_the_page():
    figure, axes = plt.subplots()
    axes.set_title("title")
    svg = inline(figure, "A title")
    assert svg.count("<text ") == svg.count('<text fill="currentColor"') > 1
    assert "stroke: currentColor" in svg
    assert not re.search("#000|black", svg)


def test_text_and_axes_have_the_colour_of_each_palette(tmp_path):
    def draw(label, width):
        made, panel = plt.subplots(figsize=(width, 2))
        panel.set_xlabel(label)
        return made

    save_figures(tmp_path, "example", draw, "time")
    drawn = {path.stem: path.read_text() for path in tmp_path.glob("*.svg")}
    assert len(drawn) == 2 * len(THEMES)
    for name, svg in drawn.items():
        assert FOREGROUND not in svg
        palettes = [palette for palette, color in THEMES.items() if color in svg]
        assert palettes == [name.rpartition("-")[2]]


def test_a_run_that_does_not_solve_its_task_is_no_value():
    """It has neither a dot nor a share in a bar: a triangle at the edge has the number of runs."""
    made, panel = plt.subplots()
    groups = {"solved": [10, 20, 30], "in part": [10, None, None], "never": [None, None]}
    strips(panel, groups, ["red", "green", "blue"])
    log_times(panel, 10, 1000)
    drawn = {"red": [], "green": [], "blue": []}
    for line in panel.lines:
        drawn[line.get_color()].append((line.get_marker(), list(line.get_xdata())))
    assert drawn["red"] == [("o", [10, 20, 30]), ("None", [20, 20])]
    assert drawn["green"] == [("o", [10]), (">", [1])]
    assert drawn["blue"] == [("o", []), (">", [1])]
    assert [text.get_text() for text in panel.texts] == ["2", "2"]
    assert panel.get_xlim() == (8, 1000)
    plt.close(made)


@pytest.mark.parametrize("name", ["adding", "initial_biases", "adding_both_halves", "conventions"])
def test_figures_of_times_have_no_row_without_runs(name):
    draw, path = DRAWN[name]
    with style(WIDE):
        made = draw(load(path), WIDE)
    panels = [panel for panel in made.findobj(Axes) if panel.get_ylabel() == "" and panel.lines]
    for panel in panels:
        labels = [text.get_text() for text in panel.get_yticklabels()]
        if any(label.startswith(("LSTM,", "GRU,")) for label in labels):
            rows = {
                row
                for line in panel.lines
                if line.get_marker() in ("o", ">") and len(line.get_xdata())
                for row in line.get_ydata()
            }
            assert rows == set(range(len(labels))), panel.get_title()
    plt.close(made)


@pytest.mark.parametrize("height", [1, 3, 12])
def test_a_preview_has_the_whole_figure_as_large_as_fits(tmp_path, height):
    def draw(color, width):
        made = plt.figure(figsize=(width, height))
        made.add_axes((0, 0, 1, 1), facecolor=color)
        return made

    save_figures(tmp_path, "example", draw, "black")
    picture = plt.imread(tmp_path / preview_file("example"))
    assert picture.shape[:2] == (preview.HEIGHT, preview.WIDTH)
    rows, columns = np.nonzero(picture[..., 0] < 0.5)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert tall / wide == pytest.approx(height / WIDE, rel=0.02)
    margins = [rows.min(), preview.HEIGHT - 1 - rows.max()]
    margins += [columns.min(), preview.WIDTH - 1 - columns.max()]
    assert min(margins) == pytest.approx(preview.MARGIN, abs=2)
    assert margins[0] == pytest.approx(margins[1], abs=2)
    assert margins[2] == pytest.approx(margins[3], abs=2)


def test_identifiers_do_not_depend_on_the_last_digits_of_a_layout():
    one = '<clipPath id="p0123456789"/><path id="mabcdef0123"/><g clip-path="url(#p0123456789)"/>'
    other = one.replace("0123456789", "9876543210").replace("abcdef", "fedcba")
    assert numbered(one) == numbered(other)
    assert numbered(one) == '<clipPath id="p0"/><path id="m1"/><g clip-path="url(#p0)"/>'
