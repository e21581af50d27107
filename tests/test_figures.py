"""Every figure, drawn from its record for wide and narrow pages."""

import re

import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import experiments
from experiments.benchmarks import figure as bench
from experiments.plotting import FOREGROUND, NARROW, THEMES, WIDE, inline, save_figures, style
from experiments.records import load
from experiments.report import pages

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
    drawn = {path.stem: path.read_text() for path in tmp_path.iterdir()}
    assert len(drawn) == 2 * len(THEMES)
    for name, svg in drawn.items():
        assert FOREGROUND not in svg
        palettes = [palette for palette, color in THEMES.items() if color in svg]
        assert palettes == [name.rpartition("-")[2]]
