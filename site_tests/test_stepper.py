"""The interactive page shows what was recorded, by keyboard alone and on a phone."""

import json

import pytest

from site_tests.conftest import SITE, WAYS

RECORD = SITE.parent / "experiments" / "stepping" / "record.json"
PAGE = "start/step.html"


@pytest.fixture(scope="module")
def recorded():
    """Recordings by task and model."""
    records = json.loads(RECORD.read_text())["records"]
    return {(r["case"]["task"], r["case"]["model"]): r for r in records}


def shown(page, side):
    """The table of one side: names and numbers."""
    rows = page.locator(f"[data-side={side}] .stepper-values tr").all()
    return {row.locator("th").inner_text(): float(row.locator("td").inner_text()) for row in rows}


def expected(record, time, unit, recording=0):
    found = record["recordings"][recording]
    values = {name: rows[time][unit] for name, rows in found["steps"].items()}
    values |= {
        f"output: {name}": value
        for name, value in zip(record["outputs"], found["outputs"][time], strict=True)
    }
    return values


@pytest.mark.parametrize("way", WAYS)
def test_every_time_step_shows_what_was_recorded(visit, recorded, way):
    page = visit(PAGE, way).page
    count = len(recorded["counting", "LSTM"]["recordings"][0]["symbols"])
    for time in range(count):
        assert shown(page, "left") == pytest.approx(
            expected(recorded["counting", "LSTM"], time, 1), abs=0.0051
        )
        page.locator(".stepper-forward").click()
    assert page.locator(".stepper-status").inner_text() == f"Time step {count} of {count}, input b"
    page.locator(".stepper-model").nth(1).select_option("PeepholeLSTM")
    page.locator(".stepper-sequence").select_option("remembering: 1, -1 or 0")
    assert page.locator(".stepper-status").inner_text().startswith("Time step 1 of ")
    page.locator(".stepper-unit").select_option("1")
    assert shown(page, "right") == pytest.approx(
        expected(recorded["remembering", "PeepholeLSTM"], 0, 0), abs=0.0051
    )


def test_by_keyboard_alone(visit, recorded):
    page = visit(PAGE).page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'range'"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert shown(page, "left") == pytest.approx(
        expected(recorded["counting", "LSTM"], 1, 1), abs=0.0051
    )
    assert "Time step 2" in page.locator("input[type=range]").get_attribute("aria-valuetext")


def test_with_javascript_the_notice_is_hidden(visit):
    assert not visit(PAGE).page.locator(".stepper-static").is_visible()


def test_the_diagram_shows_the_gates(visit, recorded):
    page = visit(PAGE).page
    steps = recorded["counting", "LSTM"]["recordings"][0]["steps"]
    for gate in "ifo":
        box = page.locator(f"[data-side=left] [data-part={gate}] rect").first
        level = page.locator(f"[data-side=left] [data-part={gate}] .level")
        share = float(level.get_attribute("height")) / float(box.get_attribute("height"))
        assert share == pytest.approx(steps[gate][0][1], abs=1e-3)
    marked = page.locator(".stepper-symbols mark").all_inner_texts()
    assert marked == ["a"]


def test_coupled_gates_show_f_where_it_is_computed(visit, recorded):
    page = visit(PAGE).page
    page.locator(".stepper-model").first.select_option("CoupledLSTM")
    steps = recorded["counting", "CoupledLSTM"]["recordings"][0]["steps"]
    diagram = page.locator("[data-side=left] .stepper-diagram")
    assert diagram.locator(".removed .level").count() == 0
    part = diagram.locator("[data-part=coupling]")
    height = float(part.locator("rect").first.get_attribute("height"))
    share = float(part.locator(".level").get_attribute("height")) / height
    assert share == pytest.approx(steps["f"][0][1], abs=1e-3)


def test_the_unit_that_the_page_names_counts(recorded):
    steps = recorded["counting", "LSTM"]["recordings"][0]["steps"]
    letters = recorded["counting", "LSTM"]["recordings"][0]["symbols"]
    for time, letter in enumerate(letters):
        assert steps["i"][time][1] > 0.9
        assert steps["f"][time][1] > 0.9
        if time > 0 and letter == letters[time - 1]:  # the first letter of a kind is another case
            assert steps["g"][time][1] * (1 if letter == "a" else -1) > 0.8


def test_identifiers_on_both_sides_differ(visit):
    page = visit(PAGE).page
    page.locator(".stepper-model").nth(1).select_option("LSTM")
    found = page.locator(".stepper-diagram [id]").evaluate_all("all => all.map((one) => one.id)")
    assert len(set(found)) == len(found) > 0


def test_without_javascript_the_page_says_what_it_shows(visit):
    page = visit(PAGE, java_script_enabled=False).page
    assert page.locator("text=part of this page needs JavaScript").is_visible()
    assert not page.locator(".stepper").is_visible()
    assert page.locator("img[src*='stepping-light']").count() == 1


def test_it_works_after_instant_navigation(visit):
    visited = visit("start/walkthrough.html")
    page = visited.page
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Step through a cell").first.click()
    page.locator(".stepper-values tr").first.wait_for()
    assert page.evaluate("window.sameDocument")
    assert visited.errors == []


@pytest.mark.parametrize("way", WAYS)
def test_after_going_back_it_shows_what_its_controls_say(visit, recorded, way):
    """Browsers fill in forms again when they come back to a page."""
    page = visit(PAGE, way).page
    page.locator(".stepper-model").nth(1).select_option("RNN")
    page.locator(".stepper-unit").select_option("1")
    page.locator(".stepper-forward").click()
    page.goto("data:text/html,elsewhere")
    page.go_back()
    page.locator(".stepper-values tr").first.wait_for()
    model = page.locator(".stepper-model").nth(1).input_value()
    unit = int(page.locator(".stepper-unit").input_value()) - 1
    time = int(page.locator("input[type=range]").input_value()) - 1
    record = recorded["counting", model]
    assert shown(page, "right") == pytest.approx(expected(record, time, unit), abs=0.0051)
