"""Links, keyboards and colours of the system that the theme does not think of."""

import pytest
from playwright.sync_api import expect

from site_tests.conftest import WAYS

every_way = pytest.mark.parametrize("way", WAYS)


@every_way
def test_a_link_into_a_closed_tab_opens_it(visit, way):
    page = visit("results/speed.html", way).page
    heading = page.locator(".tabbed-block h3[id^='half-precision']").last
    expect(heading).not_to_be_visible()
    name = heading.get_attribute("id")
    page = visit(f"results/speed.html#{name}", way).page
    expect(page.locator(f"h3[id='{name}']")).to_be_in_viewport()


def test_headings_in_tabs_differ(visit):
    headings = visit("results/speed.html").page.locator(".tabbed-block h3").all_inner_texts()
    assert len(set(headings)) == len(headings) > 2


def test_what_cannot_scroll_is_no_stop_of_the_keyboard(visit):
    """In Firefox, a text in a line has a scrollWidth, and a clientWidth of 0."""
    page = visit("explanation/symbols.html").page
    page.evaluate("""() => {
        const inline = (one) => getComputedStyle(one).display === "inline";
        const { get } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollWidth");
        Object.defineProperty(Element.prototype, "scrollWidth", {
            get() { return inline(this) ? 40 : get.call(this); },
        });
        document.fonts.dispatchEvent(new Event("loadingdone"));
    }""")
    assert page.locator("article span.arithmatex").count() > 20
    assert page.locator("article span.arithmatex[tabindex]").count() == 0


def test_the_navigation_of_a_narrow_page_opens_by_keyboard(visit):
    page = visit("index.html", viewport={"width": 640, "height": 800}).page
    links = page.locator(".md-sidebar--primary a").all()
    assert len(links) > 20
    assert not any(
        link.evaluate("one => one.checkVisibility({visibilityProperty: true})") for link in links
    )
    burger = page.get_by_role("button", name="Navigation")
    for _ in range(5):  # after the link to the content
        page.keyboard.press("Tab")
        if burger.evaluate("one => one === document.activeElement"):
            break
    expect(burger).to_be_focused()
    expect(burger).to_have_attribute("aria-expanded", "false")
    for key in ("Space", "Space", "Enter"):
        page.keyboard.press(key)
    expect(burger).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".md-sidebar--primary a:visible").first).to_be_in_viewport()
    page.locator(".md-sidebar--primary a:visible").first.focus()
    page.keyboard.press("Escape")
    expect(burger).to_have_attribute("aria-expanded", "false")
    expect(burger).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("chosen", [1, 2])
def test_diagrams_are_seen_in_high_contrast(visit, scheme, chosen):
    """Whatever palette was chosen on the page."""
    page = visit("explanation/variants.html", color_scheme=scheme, forced_colors="active").page
    for _ in range(chosen):
        page.locator("form.md-header__option label:not([hidden])").first.click()
    diagram = page.locator("svg.cell-diagram").first
    text, canvas = page.evaluate("""() => ["CanvasText", "Canvas"].map((name) => {
        const one = document.body.appendChild(document.createElement("p"));
        one.style.color = name;
        return getComputedStyle(one).color;
    })""")
    assert diagram.evaluate("one => getComputedStyle(one).color") == text
    box = diagram.locator("rect").first
    assert box.evaluate("one => getComputedStyle(one).fill") == canvas
