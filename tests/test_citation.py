"""How results are cited, as BibTeX."""

import re

import pytest

import experiments
from experiments import FOLDER
from experiments.records import load
from experiments.report import citation, pages

NAME = "continual"


@pytest.fixture(scope="module")
def record():
    return load(FOLDER / NAME / "record.json")


@pytest.fixture(scope="module")
def claims(record):
    return experiments.part(NAME, "results").claims(record)


def test_an_entry_names_claim_effect_interval_seeds_and_commit(record, claims):
    cited = citation.result(NAME, 3, record, claims[2])
    one = claims[2]["comparisons"][0]
    assert cited.startswith("@software{lstm_variants:continual-3,\n")
    assert f"``{claims[2]['claim']}'' (Gers, Schmidhuber \\& Cummins 2000):" in cited
    for number in (one["effect"], *one["interval"]):
        assert f"{number:.3g}" in cited
    assert f"{len(record['seeds'])} seeds, commit {record['commit'][:12]}, " in cited
    assert claims[2]["verdict"] in cited


def test_an_entry_is_one_field_a_row_with_balanced_braces_and_escaped_signs(record, claims):
    for number, claim in enumerate(claims, 1):
        cited = citation.result(NAME, number, record, claim)
        depth = 0
        for sign in re.sub(r"\\.", "", cited):
            depth += {"{": 1, "}": -1}.get(sign, 0)
            assert depth >= 0
        assert depth == 0
        fields = cited.partition("\n")[2]
        assert not re.search(r"(?<!\\)[%&#_]", fields)
        assert re.findall(r"^  (\w+) ", cited, re.MULTILINE)[-1] == "note"


def test_a_note_has_the_first_comparisons_and_counts_the_others(record, claims):
    longer = claims[3] | {"comparisons": [*claims[3]["comparisons"], claims[2]["comparisons"][0]]}
    assert "more comparisons" not in citation.result(NAME, 4, record, claims[3])
    assert "and 1 more comparison;" in citation.result(NAME, 4, record, longer)


def test_a_question_of_this_project_names_no_source(record, claims):
    assert f"``{claims[3]['claim']}'':" in citation.result(NAME, 4, record, claims[3])


def test_the_address_of_the_repository_is_named_if_it_is_known(monkeypatch):
    monkeypatch.delenv("REPO_URL", raising=False)
    assert "url" not in citation.package()
    monkeypatch.setenv("REPO_URL", "https://example.org/it")
    assert "url     = {https://example.org/it}" in citation.package()


def test_a_page_has_an_entry_below_each_claim(record, claims):
    page = pages.page(NAME, pages.results_of(NAME, record))
    after = page.split("\n### ")[1:]
    assert len(after) == len(claims)
    for number, text in enumerate(after, 1):
        assert f"@software{{lstm_variants:continual-{number}," in text
