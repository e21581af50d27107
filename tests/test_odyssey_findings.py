"""The findings of Greff et al. 2017 beside those of a study."""

import pytest

from experiments import odyssey
from experiments.odyssey import results, study
from experiments.odyssey.findings import FINDINGS, adjusted_text, findings
from experiments.odyssey.preface import disagreement, preface
from experiments.odyssey.results import best_losses, claims
from experiments.odyssey.welch import BETTER, NO_CHANGE, WORSE, adjusted
from tests.test_odyssey import study_of

pytestmark = pytest.mark.records


def by_text(result, share=0.5):
    return {row["Greff et al. 2017"]: row for row in findings(result, share)}


def test_a_finding_agrees_where_the_papers_test_shows_the_same():
    """The best tenth of each unit spreads by 0.005: 0.1 is significant, 0.001 is not."""
    result = study_of({"NFG": 0.2, "CIFG": 0.0, "FGR": 0.101})
    rows = by_text(result)
    assert rows["NFG and NOAF are worse"]["agrees"] == "for 1 of 2"
    assert rows["NFG and NOAF are worse"]["here"].startswith("NFG worse (< 0.001)")
    assert rows["no variant is better than vanilla"]["agrees"] == "for 7 of 8"
    assert rows["CIFG and NP: no change"]["here"].startswith("CIFG better (< 0.001)")
    assert rows["FGR: no change"]["agrees"] == "yes"
    assert rows["NIG, NOG and NIAF are worse"]["agrees"] == "no"
    assert adjusted_text(result).endswith("variants: NFG worse, CIFG better.")


def test_holms_adjustment_needs_a_larger_difference():
    """One of eight p-values of 0.017 is not significant after the adjustment."""
    result = study_of({"NP": 0.1031})
    assert by_text(result)["CIFG and NP: no change"]["here"] == "NP worse (0.017)"
    assert adjusted_text(result).endswith("variants: no change.")


@pytest.mark.parametrize(("share", "agrees"), [(0.66, "no"), (0.67, "yes")])
def test_the_share_of_the_learning_rate_agrees_above_two_thirds(share, agrees):
    *_, last = findings(study_of({}), share)
    assert last["here"].startswith(f"{100 * share:.0f} %")
    assert last["agrees"] == agrees


def test_without_a_unit_of_the_paper_nothing_is_compared():
    result = study_of({})
    few = [trial for trial in result["records"] if trial["case"]["unit"] != "NIG"]
    assert findings(result | {"records": few}, 0.5) == []


def test_findings_are_about_the_units_of_the_paper():
    assert set(FINDINGS) == set(study.STUDIES)
    for found in FINDINGS.values():
        for finding in found:
            assert set(finding.variants) <= set(odyssey.ABLATIONS)


def test_the_page_begins_with_the_papers_test():
    result = study_of({"CIFG": 0.0})
    text = preface(result, claims(result))
    task = result["config"]["task"]
    assert f"{results.DATA[task]}: CIFG better" in text
    assert "by memory" in text


@pytest.mark.parametrize(
    ("differences", "shown"),
    [({"CIFG": 0.0}, "better: CIFG. "), ({}, "no ablation is better, as in the paper. ")],
    ids=["coupled", "equal"],
)
def test_a_lesson_begins_with_the_papers_test(differences, shown):
    marks, lesson = results.with_own_test(study_of(differences), ("..", "And this."))
    assert marks == ".."
    assert lesson.startswith("By the test of the paper, Welch's t-test")
    assert lesson.endswith(f"{shown}And this.")


def test_a_study_without_a_unit_has_no_preface():
    result = study_of({})
    few = [trial for trial in result["records"] if trial["case"]["unit"] != "NIG"]
    assert preface(result | {"records": few}, []) == ""


@pytest.mark.parametrize(
    ("verdict", "welch", "disagree"),
    [
        ("ahead", WORSE, False),
        ("ahead", NO_CHANGE, True),
        ("open", NO_CHANGE, False),
        ("excluded", WORSE, True),
    ],
)
def test_a_sentence_states_where_the_two_tests_disagree(verdict, welch, disagree):
    losses = best_losses(study_of({}))
    comparisons = [{"outcome": "open", "open_because": "", "label": ""}] * 2
    comparisons[1] = comparisons[1] | {"outcome": verdict}
    outcomes = adjusted(losses) | {"NOAF": welch}
    found = disagreement(losses, outcomes, [{"comparisons": comparisons}])
    assert bool(found) == disagree
    if found:
        assert "disagree on NOAF" in found[0]
        assert ("is higher than" in found[0]) == (verdict == "ahead")


def test_a_comparison_that_is_left_undecided_does_not_disagree():
    losses = best_losses(study_of({}))
    comparisons = [{"outcome": "open", "open_because": "most end at the limit"}] * 2
    outcomes = adjusted(losses) | {"NFG": WORSE, "NOAF": BETTER}
    assert disagreement(losses, outcomes, [{"comparisons": comparisons}]) == []
