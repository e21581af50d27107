"""The interactive page shows what was recorded, by keyboard alone and on a phone."""

import json

import pytest

from site_tests.conftest import SITE, WAYS

RECORD = SITE.parent / "experiments" / "stepping" / "record.json"
PAGE = "start/step.html"
PHONE = {"width": 390, "height": 844}
SHOWN = "remembering"  # the task that the page begins with, hidden unit 1


@pytest.fixture(scope="module")
def recorded():
    """Recordings by task and model."""
    records = json.loads(RECORD.read_text())["records"]
    return {(r["case"]["task"], r["case"]["model"]): r for r in records}


def shown(page, side):
    """The table of one side: names and numbers."""
    rows = page.locator(f".stepper-values[data-side={side}] tr").all()
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
    symbols = recorded[SHOWN, "LSTM"]["recordings"][0]["symbols"]
    count = len(symbols)
    for time in range(count):
        for side, model in (("left", "LSTM"), ("right", "GRU")):
            assert shown(page, side) == pytest.approx(
                expected(recorded[SHOWN, model], time, 0), abs=0.0051
            )
        assert page.locator(".stepper-count").inner_text() == f"{time + 1} of {count}"
        page.locator(".stepper-forward").click()
    status = page.locator(".stepper-status").inner_text()
    assert status == f"Time step {count} of {count}, input {symbols[-1]}"
    page.locator(".stepper-model").nth(1).select_option("PeepholeLSTM")
    page.locator(".stepper-sequence").select_option("counting: aⁿbⁿ, n = 4")
    assert page.locator(".stepper-status").inner_text().startswith("Time step 1 of ")
    page.locator(".stepper-unit").select_option("2")
    assert shown(page, "right") == pytest.approx(
        expected(recorded["counting", "PeepholeLSTM"], 0, 1), abs=0.0051
    )


def test_the_gates_that_are_shown_at_first_move(visit, recorded):
    """Each gate of both networks opens and shuts: its values differ by more than a half."""
    page = visit(PAGE).page
    assert page.locator(".stepper-sequence").input_value().startswith(SHOWN)
    unit = int(page.locator(".stepper-unit").input_value()) - 1
    for model, gates in {"LSTM": "ifo", "GRU": "rz"}.items():
        steps = recorded[SHOWN, model]["recordings"][0]["steps"]
        for gate in gates:
            values = [row[unit] for row in steps[gate]]
            assert max(values) - min(values) > 0.5, (model, gate)


@pytest.mark.parametrize(
    ("width", "height", "sides"), [(1280, 800, 2), (PHONE["width"], PHONE["height"], 1)]
)
def test_controls_diagram_and_plot_are_in_one_view(visit, width, height, sides):
    page = visit(PAGE, viewport={"width": width, "height": height}).page
    parts = ["input[type=range]", ".stepper-play", ".stepper-diagram svg", ".stepper-plot"]
    for part in parts:
        for box in page.locator(f".stepper {part}").all()[:sides]:
            place = box.bounding_box()
            assert place["y"] > 0, part
            assert place["y"] + place["height"] <= height, part


@pytest.mark.parametrize("width", [1280, PHONE["width"]])
def test_letters_of_the_diagrams_are_large_enough(visit, width):
    page = visit(PAGE, viewport={"width": width, "height": 800}).page
    texts = page.locator(".stepper-diagram text, .stepper-diagram tspan, .stepper-plot text")
    sizes = texts.evaluate_all("""all => all.map((text) =>
        parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)""")
    assert len(sizes) > 20
    assert min(sizes) >= 12  # px


def test_it_plays_when_asked_and_stops(visit):
    """It does not start by itself; Play and Pause are one button; at the end, it stops."""
    page = visit(PAGE).page
    page.clock.install()
    count, button = page.locator(".stepper-count"), page.get_by_role("button", name="Play")
    page.clock.run_for(5000)
    assert count.inner_text().startswith("1 of ")
    button.focus()
    page.keyboard.press("Enter")
    page.clock.run_for(1500)
    assert count.inner_text().startswith("3 of ")
    assert page.locator(".stepper-status").inner_text() == ""
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert count.inner_text().startswith("3 of ")
    assert page.locator(".stepper-status").inner_text().startswith("Time step 3 of ")
    button.click()
    page.clock.run_for(60_000)
    last = page.locator("input[type=range]").get_attribute("max")
    assert count.inner_text() == f"{last} of {last}"
    button.click()
    assert count.inner_text() == f"1 of {last}"


def test_the_peepholes_of_two_gates_are_two_lines(visit):
    page = visit(PAGE).page
    page.locator(".stepper-model").first.select_option("PeepholeLSTM")
    lines = page.locator("[data-side=left] .peephole").evaluate_all("""all => all.map((line) => {
        const points = [];
        for (let at = 0; at <= line.getTotalLength(); at += 1) {
            const { x, y } = line.getPointAtLength(at);
            points.push(`${Math.round(x / 8)} ${Math.round(y / 8)}`);
        }
        return points;
    })""")
    assert len(lines) == 3
    f, i, _ = (set(points) for points in lines)
    assert len(f & i) <= 1  # where they leave the cell state


def test_by_keyboard_alone(visit, recorded):
    page = visit(PAGE).page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'range'"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert shown(page, "left") == pytest.approx(expected(recorded[SHOWN, "LSTM"], 1, 0), abs=0.0051)
    assert "Time step 2" in page.locator("input[type=range]").get_attribute("aria-valuetext")


def test_with_javascript_the_notice_is_hidden(visit):
    assert not visit(PAGE).page.locator(".stepper-static").is_visible()


def test_the_diagram_shows_the_gates(visit, recorded):
    page = visit(PAGE).page
    steps = recorded[SHOWN, "LSTM"]["recordings"][0]["steps"]
    for gate in "ifo":
        box = page.locator(f"[data-side=left] [data-part={gate}] rect").first
        level = page.locator(f"[data-side=left] [data-part={gate}] .level")
        share = float(level.get_attribute("height")) / float(box.get_attribute("height"))
        assert share == pytest.approx(steps[gate][0][0], abs=1e-3)
    marked = page.locator(".stepper-symbols mark").all_inner_texts()
    assert marked == recorded[SHOWN, "LSTM"]["recordings"][0]["symbols"][:1]


def test_coupled_gates_show_f_where_it_is_computed(visit, recorded):
    page = visit(PAGE).page
    page.locator(".stepper-model").first.select_option("CoupledLSTM")
    steps = recorded[SHOWN, "CoupledLSTM"]["recordings"][0]["steps"]
    diagram = page.locator("[data-side=left] .stepper-diagram")
    assert diagram.locator(".removed .level").count() == 0
    part = diagram.locator("[data-part=coupling]")
    height = float(part.locator("rect").first.get_attribute("height"))
    share = float(part.locator(".level").get_attribute("height")) / height
    assert share == pytest.approx(steps["f"][0][0], abs=1e-3)


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
    page.locator(".stepper-unit").select_option("2")
    page.locator(".stepper-forward").click()
    page.goto("data:text/html,elsewhere")
    page.go_back()
    page.locator(".stepper-values tr").first.wait_for()
    model = page.locator(".stepper-model").nth(1).input_value()
    unit = int(page.locator(".stepper-unit").input_value()) - 1
    time = int(page.locator("input[type=range]").input_value()) - 1
    record = recorded[SHOWN, model]
    assert shown(page, "right") == pytest.approx(expected(record, time, unit), abs=0.0051)
