"""What a page shows at a glance: lines of text, edges of what scrolls, the whole navigation."""

import pytest

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}


def test_the_edge_of_what_scrolls_shows_on_which_side_there_is_more(visit):
    page = visit("results/adding.html", viewport=PHONE).page
    table = page.locator(".md-typeset__scrollwrap[data-more]").first
    assert table.get_attribute("data-more") == "right"
    assert table.get_attribute("tabindex") == "0"
    assert "gradient" in table.evaluate("one => getComputedStyle(one).maskImage")
    table.evaluate("one => (one.scrollLeft = one.scrollWidth)")
    page.locator(".md-typeset__scrollwrap[data-more='left']").first.wait_for()
    assert "gradient" not in table.evaluate("one => getComputedStyle(one).maskImage")


def test_all_results_are_in_view_in_the_navigation(visit):
    page = visit("results/timing.html", viewport=LAPTOP).page
    shown = [
        box
        for link in page.locator(".md-sidebar--primary .md-nav__link").all()
        if link.evaluate("one => one.checkVisibility({visibilityProperty: true})")
        and (box := link.bounding_box())["height"]
    ]
    assert len(shown) > 8
    assert max(box["y"] + box["height"] for box in shown) < LAPTOP["height"]


@pytest.mark.parametrize("page_name", ["start/step.html", "results/timing.html"])
def test_lines_of_text_have_eighty_characters_or_a_few_more(visit, page_name):
    page = visit(page_name, viewport=LAPTOP).page
    widths = page.locator("article > p, article > ul > li").evaluate_all("""all => all
        .filter((one) => one.checkVisibility() && !one.matches(".stepper-symbols"))
        .map((one) => one.getBoundingClientRect().width)""")
    assert len(widths) > 3
    assert max(widths) <= 620  # px
