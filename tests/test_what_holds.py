"""The page with all claims, and the plots of their comparisons."""

import re
import xml.etree.ElementTree as ElementTree
from html import escape
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control

import experiments
from experiments.plotting import GREEN, GREY, ORANGE, VIOLET
from experiments.records import load
from experiments.report.choose import QUESTIONS, choose
from experiments.report.claims import OUTCOMES, anchor_of, sentence, slug
from experiments.report.intervals import EDGE, RANGE, UNIT, WIDTH, plot
from experiments.report.what_holds import (
    by_fidelity,
    comparisons_text,
    largest_accepted,
    what_holds,
)
from experiments.statistics.comparisons import scores, times
from experiments.statistics.readings import NO_PEEPHOLES, question
from experiments.statistics.verdicts import claim, outcome_of
from tests.test_verdicts import pair

pytestmark = pytest.mark.records

STYLE = (Path(__file__).parent.parent / "docs" / "assets" / "site.css").read_text()
HIGH, LOW = [5.0, 5.1, 5.2, 5.3, 5.4], [1.0, 1.1, 1.2, 1.3, 1.4]
MIXED = [1.0, 2.0, 5.0, 6.0, 5.2]
COMPARISONS = {
    "ahead": scores(pair("a < b & c"), HIGH, LOW, "points", of_interest=4.0),
    "smaller": scores(pair(""), HIGH, LOW, "points", reported=50.0),
    "larger": scores(pair(""), HIGH, LOW, "points", reported=1.0),
    "barred": scores(pair(""), HIGH, LOW, "points", reported=1.0, open_because="a rule"),
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
    assert text.startswith(sentence(judged["comparisons"][0]))
    assert len(shapes) == (1 if outcome == "unsolved" else 2)
    grey = outcome in ("open", "unsolved", "barred")
    assert bool(re.search(rf"\.{outcome}\b", STYLE)) is not grey
    assert set(COMPARISONS) == set(OUTCOMES)


@pytest.mark.parametrize(
    ("kinds", "colour"),
    [
        (":is(.ahead, .smaller, .larger)", GREEN),
        (".behind", ORANGE),
        (".excluded", VIOLET),
        ("g", GREY),
    ],
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
    places = [UNIT * (value / 4.0 - RANGE[0]) + EDGE for value in expected]
    assert at == pytest.approx(places, abs=0.06)
    labels = [text.text for text in ElementTree.fromstring(plot(judged)).iter("text")]
    assert labels == ["0", "1"]
    words = ElementTree.fromstring(plot(judged, in_words=True)).iter("text")
    assert [text.text for text in words] == ["no effect", "effect of interest"]


def test_what_is_outside_is_a_triangle_at_the_edge():
    above = scores(pair(""), HIGH, LOW, "points", of_interest=1.0)
    below = scores(pair(""), LOW, HIGH, "points", of_interest=1.0)
    never = times(pair(""), [1.0] * 5, [9.0] * 5, cap=9, of_interest=2.0)
    drawn = [shapes[1].get("d") for _, _, shapes in parts_of(plot(claim_of(above, below, never)))]
    assert [re.match(r"M(\S+) ", path)[1] for path in drawn] == [str(WIDTH), "0", str(WIDTH)]
    assert [re.search(r"l(-?\d+)", path)[1] for path in drawn] == ["-5", "5", "-5"]
    lines = [shapes[0].get("d") for _, _, shapes in parts_of(plot(claim_of(above, below, never)))]
    for line in lines:
        start, end = map(float, re.match(r"M(\S+) \S+H(\S+)$", line).groups())
        assert end - start >= EDGE


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
    total, papers, own = map(
        int, re.search(r"tested (\d+) claims .*: (\d+) of .* (\d+) questions of", page).groups()
    )
    assert papers + own == total == len(claims)
    for svg, (_, _, one) in zip(plots, claims, strict=True):
        assert ("no effect" in svg) == (one is scored_first(scored, one))
    for _, _, one in claims:
        assert all(escape(sentence(comparison)) in page for comparison in one["comparisons"])
    assert "(music-search-muse.md)." in page
    # Experiments that test no claim have no heading.
    assert page.count("\n### ") == len({name for name, _, _ in claims}) < len(scored)


def scored_first(scored, claim):
    """The claim itself, if it is the first one of its experiment."""
    return next((all_[0] for _, all_ in scored.values() if all_ and all_[0] is claim), None)


FINAL = {"seeds": [0, 1], "planned_seeds": 2}
AS_CLAIMED, OPEN, UNSOLVED = (COMPARISONS[name] for name in ("ahead", "open", "unsolved"))


def rows_of(table):
    """The numbers of each row of a table in Markdown."""
    lines = [line.strip("| ").split("|") for line in table.splitlines()[2:]]
    return {cells[0].strip(): [int(cell) for cell in cells[1:]] for cells in lines}


def test_verdicts_are_counted_by_fidelity():
    adapted = claim("A", NO_PEEPHOLES, "adapted", [AS_CLAIMED])
    own = [claim_of(AS_CLAIMED), claim_of(UNSOLVED), claim_of(OPEN)]
    judged = [(FINAL, one) for one in (adapted, *own)]
    judged.append((FINAL | {"seeds": [0]}, adapted))
    assert rows_of(by_fidelity(judged)) == {
        "replicated": [0, 1, 0, 0, 1],
        "supported": [0, 0, 0, 1, 1],
        "undecided: nobody solves it": [0, 0, 0, 1, 1],
        "undecided: too few runs": [0, 0, 0, 1, 1],
        "preliminary": [0, 1, 0, 0, 1],
        "all": [0, 2, 0, 3, 5],
    }


def test_comparisons_are_counted_by_their_outcomes():
    text = comparisons_text([claim_of(one) for one in COMPARISONS.values()])
    assert text.startswith(
        "The claims consist of 8 comparisons: 3 as claimed, the reverse in 1, an effect excluded "
        "in 1, and 3 undecided (nobody solves it in 1, not decidable here in 1, too few runs in 1)."
    )


@pytest.mark.parametrize(
    ("p_values", "largest"),
    [
        ([0.01, 0.04, 0.06], 0.01),
        ([0.01, 0.03, 0.04], 0.04),
        ([0.2, 0.9], 0.0),
        ([0.001, 0.0249, 0.9, 0.9], 0.0249),
    ],
)
def test_the_procedure_of_benjamini_and_hochberg(p_values, largest):
    assert largest_accepted(p_values, 0.05) == largest
    rejected = false_discovery_control(p_values) <= 0.05
    assert max(np.array(p_values)[rejected], default=0.0) == largest


def test_a_direction_that_a_correction_across_claims_takes_back_is_named():
    weak = scores(pair("weak"), [1.25, *HIGH[1:]], LOW, "points")
    alone = claim_of(weak)
    assert alone["comparisons"][0]["outcome"] == "ahead"
    assert "take back 0 of the 1 direction that" in comparisons_text([alone])
    text = comparisons_text([alone, claim_of(OPEN)])
    assert "take back 1 of the 1 direction that are shown (weak: first against second)" in text


def test_choose_has_claims_of_the_experiments():
    result = load(experiments.FOLDER / "chunking" / "record.json")
    page = choose({"chunking": (result, experiments.part("chunking", "results").claims(result))})
    found = re.findall(r"^- \[", page, re.MULTILINE)
    asked = [name for all_ in QUESTIONS.values() for name, _ in all_ if name == "chunking"]
    assert len(found) == len(asked) == page.count("chunking.md#") > 2
    assert page.count("### ") == len(QUESTIONS)
    with pytest.raises(ValueError, match="chunking has no claim"):
        choose({"chunking": (result, [])})
