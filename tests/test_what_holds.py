"""The page with all claims, and the plots of their comparisons."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import experiments
from experiments.plotting import GREEN, GREY, ORANGE, VIOLET
from experiments.records import load
from experiments.report.claims import OUTCOMES, anchor_of, slug
from experiments.report.intervals import RANGE, UNIT, WIDTH, plot
from experiments.report.what_holds import overview, what_holds
from experiments.statistics.comparisons import scores, times
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim, outcome_of
from tests.test_verdicts import pair

STYLE = (Path(__file__).parent.parent / "docs" / "assets" / "site.css").read_text()
HIGH, LOW = [5.0, 5.1, 5.2, 5.3, 5.4], [1.0, 1.1, 1.2, 1.3, 1.4]
MIXED = [1.0, 2.0, 5.0, 6.0, 5.2]
COMPARISONS = {
    "ahead": scores(pair("a < b & c"), HIGH, LOW, "points", of_interest=4.0),
    "smaller": scores(pair(""), HIGH, LOW, "points", reported=50.0),
    "behind": scores(pair(""), LOW, HIGH, "points", of_interest=2.0),
    "excluded": scores(pair(""), LOW, LOW, "points", of_interest=2.0),
    "open": scores(pair(""), MIXED, [2.0, 3.0, 4.0, 5.1, 4.4], "points", of_interest=2.0),
    "unsolved": times(pair(""), [9.0] * 5, [9.0] * 5, cap=9, of_interest=2.0),
}
SEARCHES = ("odyssey_", "music_search_")  # which take long to judge


def claim_of(*comparisons):
    return claim("A claim", question(), "our own task", comparisons)


def parts_of(svg):
    """The group of each comparison, as its kind, its text and its shapes."""
    groups = list(ElementTree.fromstring(svg).iter("g"))
    return [(g.get("class"), g.find("title").text, list(g)[1:]) for g in groups]


@pytest.mark.parametrize("outcome", COMPARISONS)
def test_a_plot_shows_each_outcome_in_its_colour(outcome):
    judged = claim_of(COMPARISONS[outcome])
    assert outcome_of(judged["comparisons"][0]) == outcome
    [(kind, text, shapes)] = parts_of(plot(judged))
    assert kind == outcome
    assert text.startswith(COMPARISONS[outcome].label)
    assert len(shapes) == (1 if outcome == "unsolved" else 2)
    grey = outcome in ("open", "unsolved")
    assert bool(re.search(rf"\.{outcome}\b", STYLE)) is not grey
    assert set(COMPARISONS) == set(OUTCOMES)


@pytest.mark.parametrize(
    ("kinds", "colour"),
    [(":is(.ahead, .smaller)", GREEN), (".behind", ORANGE), (".excluded", VIOLET), ("g", GREY)],
)
def test_colours_are_those_of_the_figures(kinds, colour):
    assert f".intervals {kinds} {{\n  color: {colour};" in STYLE


def test_dots_and_intervals_stand_at_their_values():
    """In units of the reference: an effect of 4 points where 4 are of interest is at 1."""
    judged = claim_of(COMPARISONS["ahead"])
    [comparison] = judged["comparisons"]
    [(_, _, (line, dot))] = parts_of(plot(judged))
    at = [float(dot.get("cx")), *map(float, re.match(r"M(\S+) \S+H(\S+)$", line.get("d")).groups())]
    expected = [comparison["effect"], *comparison["interval"]]
    assert at == pytest.approx([UNIT * (value / 4.0 - RANGE[0]) for value in expected], abs=0.06)
    labels = [text.text for text in ElementTree.fromstring(plot(judged)).iter("text")]
    assert labels == ["0", "1"]


def test_what_is_outside_is_a_triangle_at_the_edge():
    above = scores(pair(""), HIGH, LOW, "points", of_interest=1.0)
    below = scores(pair(""), LOW, HIGH, "points", of_interest=1.0)
    never = times(pair(""), [1.0] * 5, [9.0] * 5, cap=9, of_interest=2.0)
    drawn = [shapes[1].get("d") for _, _, shapes in parts_of(plot(claim_of(above, below, never)))]
    assert [re.match(r"M(\S+) ", path)[1] for path in drawn] == [str(WIDTH), "0", str(WIDTH)]
    assert [re.search(r"l(-?\d+)", path)[1] for path in drawn] == ["-5", "5", "-5"]


def test_a_claim_of_not_worse_has_its_margin_at_minus_one():
    judged = claim_of(scores(pair(""), HIGH, HIGH, "points", margin=2.0))
    labels = [text.text for text in ElementTree.fromstring(plot(judged)).iter("text")]
    assert labels == ["0", "-1"]


def test_a_comparison_without_a_unit_of_its_effect_is_a_cross():
    judged = claim_of(scores(pair(""), HIGH, LOW, "points"))
    [(kind, _, [cross])] = parts_of(plot(judged))
    assert (kind, cross.tag) == ("ahead", "path")


def test_the_page_has_every_claim_and_every_comparison():
    scored = {}
    for path in sorted(experiments.FOLDER.glob("*/record.json")):
        result, name = load(path), path.parent.name
        if not name.startswith(SEARCHES):
            scored[name] = result, experiments.part(name, "results").claims(result)
    page = what_holds(scored, ["music_search_muse"])
    plots = re.findall("<svg.*</svg>", page)
    claims = [(name, k, c) for name, (_, all_) in scored.items() for k, c in enumerate(all_, 1)]
    assert len(plots) == len(claims) > 20
    for svg, (name, number, one) in zip(plots, claims, strict=True):
        assert len(parts_of(svg)) == len(one["comparisons"])
        link = f"[{one['claim']}]({slug(name)}.md#{anchor_of(name, number)}): **"
        assert page.count(link) == 1
    papers, own = (int(n) for n in re.findall(r"(\d+) (?:claims|questions) of", page)[:2])
    assert papers + own == len(claims)
    assert "(music-search-muse.md)." in page
    # Experiments that test no claim have no heading.
    assert page.count("\n### ") == len({name for name, _, _ in claims}) < len(scored)


def test_verdicts_are_counted_without_their_numbers():
    verdicts = ["reproduced", "reproduced in part (1 of 2), reversed in 1", "reproduced, smaller"]
    judged = [{"verdict": verdict, "reading": {"source": "Breuel 2015"}} for verdict in verdicts]
    final = {"seeds": [0, 1], "planned_seeds": 2}
    text = "3 claims of papers or the notebook: 2 reproduced, 1 reproduced in part."
    assert overview({"a": (final, judged)}) == text
    own = [{"verdict": "reversed", "reading": {"source": "this project"}}]
    scored = {"a": (final, [*judged, *own]), "b": (final | {"seeds": [0]}, judged[:1])}
    assert overview(scored) == (
        "4 claims of papers or the notebook: 2 reproduced, 1 reproduced in part, "
        "1 with a preliminary verdict. 1 question of this project: 1 reversed."
    )
