"""What sources report, and how that was read."""

import dataclasses

import pytest

import experiments
from experiments import FOLDER
from experiments.records import load
from experiments.report.claims import anchor_of, slug
from experiments.report.readings import reading_of, source_text, statistic_text, table
from experiments.statistics.papers import SOURCES
from experiments.statistics.readings import (
    ACCESS,
    BY_MEMORY,
    CLAIMED,
    NO_NUMBER,
    NOT_KNOWN,
    NOT_STATED,
    TRANSFERRED,
    Reading,
    question,
)

SEARCHES = ("odyssey_", "music_search_", "power")  # which take long to judge
PAPER = Reading("Breuel 2015", "a result", CLAIMED, "in full", "Table 1", "mean", 10, "points")
BAD = {
    "another source": ({"source": "nobody 1900"}, "source should be one of"),
    "another statistic": ({"statistic": "average"}, "statistic should be one of"),
    "another access": ({"access": "somehow"}, "access should be one of"),
    "no access": ({"access": ""}, "access should be one of"),
    "another attribution": ({"attribution": "nobody"}, "attribution should be one of"),
    "a paper without a claim": (
        {"attribution": question().attribution},
        "'Breuel 2015' does not match",
    ),
    "a project with a claim": (
        {"source": "this project", "access": ""},
        "'this project' does not match",
    ),
    "nothing reported": ({"reported": ""}, "reported should not be empty"),
    "no place": ({"place": ""}, "read in full should have a place"),
    "a mean of none": ({"n": 0}, "do not match"),
    "a mean without unit": ({"unit": ""}, "do not match"),
    "a count without a number": ({"statistic": NO_NUMBER, "unit": ""}, "do not match"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=list(BAD))
def test_a_reading_is_validated(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(PAPER, **changes)


def test_a_claim_about_other_tasks_is_read_in_the_same_way():
    other = PAPER.about_other_tasks()
    assert other == dataclasses.replace(PAPER, attribution=TRANSFERRED)
    assert TRANSFERRED in source_text({"reading": dataclasses.asdict(other)})


def test_what_is_reported_by_memory_needs_no_place():
    by_memory = dataclasses.replace(PAPER, access=BY_MEMORY, place="", n=None)
    assert "mean, n not known" in source_text({"reading": dataclasses.asdict(by_memory)})


@pytest.mark.parametrize(
    ("statistic", "n", "unit", "shown"),
    [
        ("median", 10, "n", "median, n = 10"),
        (NOT_KNOWN, None, "n", "statistic and n not known"),
        (NOT_STATED, None, "n", "statistic and n not stated"),
        (NO_NUMBER, None, "", ""),
    ],
    ids=["median", "not known", "not stated", "no number"],
)
def test_a_statistic_has_its_number_of_values(statistic, n, unit, shown):
    reading = dataclasses.replace(PAPER, statistic=statistic, n=n, unit=unit)
    assert statistic_text(reading) == shown


@pytest.mark.parametrize("access", ACCESS)
def test_the_source_of_a_claim_states_how_it_was_read(access):
    text = source_text({"reading": dataclasses.asdict(dataclasses.replace(PAPER, access=access))})
    assert access in text
    assert "Table 1" in text
    assert "mean, n = 10" in text
    assert CLAIMED in text
    assert text.endswith(": a result")


def test_the_table_lists_every_claim_with_a_source():
    scored = {
        name: ({}, experiments.part(name, "results").claims(load(FOLDER / name / "record.json")))
        for name in experiments.names()
        if not name.startswith(SEARCHES) and (FOLDER / name / "record.json").exists()
    }
    rows = table(scored, ["music_search_jsb"])
    listed = 0
    for name, (_, claims) in scored.items():
        for number, claim in enumerate(claims, 1):
            reading, address = reading_of(claim), f"{slug(name)}.md#{anchor_of(name, number)})"
            found = [row for row in rows.splitlines() if address in row]
            if not SOURCES[reading.source]:
                assert not found
                continue
            listed += 1
            [row] = found
            for shown in (reading.source, reading.reported, reading.place, reading.access):
                assert shown in row
            assert reading.attribution in row
    assert listed > 20
    assert "(music-search-jsb.md)." in rows
