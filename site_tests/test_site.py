"""The built site in a real browser: every page, light and dark, wide and narrow."""

import html
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from site_tests.conftest import SITE, WAYS

PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))
WIDTHS = {"desktop": 1280, "phone": 375, "paper": 718}  # paper: A4 with margins of 1 cm
PALETTES = {"light": "default", "dark": "slate"}
FORMS = [("light", "desktop"), ("dark", "phone"), ("light", "phone"), ("dark", "desktop")]
MAX_WEIGHT = 2_000_000  # bytes of a page with all that it loads at first, uncompressed
every_way = pytest.mark.parametrize("way", WAYS)


def test_the_site_has_pages():
    assert {"index.html", "start/walkthrough.html", "results/speed.html", "api/models.html"} <= set(
        PAGES
    )


@pytest.mark.parametrize("page_name", PAGES)
def test_a_page_over_http(visit, page_name, request):
    """In all forms, one after the other; the next page begins with another one.

    Accessibility takes the longest: it is checked in the first form.
    """
    number = PAGES.index(page_name)
    first = number % len(FORMS)
    forms = FORMS[first:] + FORMS[:first]
    is_short = request.config.getoption("short")
    if is_short:
        forms = forms[:1]
    visited = visit(page_name, **form_of_a_window(*forms[0]))
    page = visited.page
    assert visited.weight < MAX_WEIGHT
    check_maths(page)
    check_references(page)
    for place, (scheme, width) in enumerate(forms):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(form_of_a_window(scheme, width)["viewport"])
        page.locator(f"body[data-md-color-scheme={PALETTES[scheme]}]").wait_for()
        check_figures(page, scheme, is_first=place == 0)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
        if place == 0 and (not is_short or number // len(FORMS) % 3 == 0):
            check_accessibility(page)
    check_print(page)
    assert visited.foreign == []
    assert visited.errors == []


def form_of_a_window(scheme, width):
    """A form as Playwright takes it."""
    return {"color_scheme": scheme, "viewport": {"width": WIDTHS[width], "height": 900}}


def pytest_generate_tests(metafunc):
    if metafunc.function is test_a_page_from_disk:
        # The links of 404.html start at the root of the address; from disk nothing leads to it.
        pages = [page for page in PAGES if page != "404.html"]
        some = pages[:: 4 if metafunc.config.getoption("short") else 1]
        metafunc.parametrize("page_name", some)


def test_a_page_from_disk(visit, page_name):
    visited = visit(page_name, "disk")
    assert visited.foreign == []
    assert visited.errors == []
    check_maths(visited.page)


def check_maths(page):
    """Every equation is rendered."""
    assert page.locator(".katex-error").count() == 0
    # In one call: there are pages with hundreds.
    missing = page.locator("article .arithmatex").evaluate_all(
        "all => all.filter((one) => !one.querySelector('.katex')).map((one) => one.textContent)"
    )
    assert missing == []


def check_references(page):
    """No reference is left unresolved."""
    text = page.evaluate("""() => {
        const article = document.querySelector("article").cloneNode(true);
        article.querySelectorAll("pre, code").forEach((code) => code.remove());
        return article.textContent;
    }""")
    assert "][" not in text


def check_figures(page, scheme, *, is_first):
    """The figures of the palette are visible, those of the other one are not.

    On a page that has just been opened, a figure takes the same place before and after it has been
    loaded. Sizes in the page are rounded to whole pixels.
    """
    other = {"light": "dark", "dark": "light"}[scheme]
    figures = page.locator(f"img[src*='#only-{scheme}']").all()
    heights = []
    for image in figures:
        open_tab_of(image)
        heights.append(image.bounding_box()["height"])
    assert all(height > 50 for height in heights) or not is_first
    for image, height in zip(figures, heights, strict=True):
        open_tab_of(image)
        image.scroll_into_view_if_needed()  # before, it is not loaded
        image.wait_for(state="visible")
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert not is_first or image.bounding_box()["height"] == pytest.approx(height, rel=0.01)
    for image in page.locator(f"img[src*='#only-{other}']").all():
        assert not image.is_visible()


def open_tab_of(image):
    """Open the tab that an image is in, if it is in one."""
    image.evaluate("""image => {
        const block = image.closest(".tabbed-block");
        if (!block) return;
        const place = [...block.parentElement.children].indexOf(block);
        block.closest(".tabbed-set").querySelectorAll(":scope > input")[place].click();
    }""")


def check_accessibility(page):
    """Axe finds no serious or critical violation.

    The names of the elements that have passed take half of its time: only violations are reported
    in full. What KaTeX draws is left out: it is hidden from screen readers, which are given MathML,
    and some pages have ten thousand elements of it.
    """
    run = Axe().run(
        page,
        context={"exclude": [[".katex-html"]]},
        options={"resultTypes": ["violations"]},
    )
    assert [
        (violation["id"], [node["target"] for node in violation["nodes"]])
        for violation in run.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ] == []


def check_print(page):
    """On paper of A4, nothing is cut off at the right, and figures are those for white paper.

    Before a page is printed, the theme opens what is folded.
    """
    page.set_viewport_size({"width": WIDTHS["paper"], "height": 900})
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    shown = page.locator("article img").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.src)"
    )
    assert not [source for source in shown if source.endswith("#only-dark")]
    light = [source for source in shown if source.endswith("#only-light")]
    assert len(light) == page.locator("article img[src$='#only-light']").count()
    # Not all elements: KaTeX's MathML, which is hidden, has positions of its own.
    kinds = "table, pre, pre > code, img, svg, .arithmatex, .md-typeset__scrollwrap"
    outside = page.locator(f"article :is({kinds})").evaluate_all(
        """(all, width) => all
            .filter((one) => one.getBoundingClientRect().right > width + 1
                || getComputedStyle(one).overflowX !== "visible"
                && one.clientWidth && one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.tagName + " " + one.textContent.slice(0, 40))""",
        WIDTHS["paper"],
    )
    assert outside == []


def test_no_inclusion_is_left_unresolved():
    """A line that includes a file has been replaced by the file, also inside code."""
    for page in PAGES:
        text = re.sub("<[^>]*>", "", html.unescape((SITE / page).read_text()))
        assert not re.search(r"--8 ?< ?--", text), page


@pytest.mark.parametrize("page_name", ["howto/replace.html", "start/walkthrough.html"])
def test_what_a_page_says_is_the_same_is_the_same(visit, page_name):
    """Comparisons that a page makes while it is built come out as its prose says."""
    lines = "\n".join(visit(page_name).page.locator("article pre").all_inner_texts()).splitlines()
    assert "True" in lines
    assert "False" not in lines


def test_there_is_maths_to_render(visit):
    assert visit("api/cells.html").page.locator("article .katex").count() > 10


def test_maths_survives_navigation_without_reload(visit):
    page = visit("api/models.html").page
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="LSTMCell").first.click()
    page.wait_for_url("**/api/cells.html*")
    page.locator("article .katex").first.wait_for()
    assert page.evaluate("window.sameDocument")


@pytest.mark.parametrize(
    ("page_name", "table"),
    [
        ("results/shapes.html", "formula"),
        ("results/speed.html", "medium"),
        ("results/scaling.html", "H = 512"),
        ("explanation/variants.html", "backends"),
        ("explanation/contract.html", "torchrecurrent"),
    ],
)
def test_the_table_is_seen(visit, page_name, table):
    header = visit(page_name).page.locator("article th", has_text=table).first
    assert header.is_visible()


def test_all_numbers_unfold(visit):
    page = visit("results/speed.html").page
    header = page.locator("article th", has_text="training, ratio").first
    assert not header.is_visible()
    page.locator("summary", has_text="All numbers").first.click()
    assert header.is_visible()


def test_there_are_figures(visit):
    assert visit("results/speed.html").page.locator("img[src*='#only-']").count() >= 2


@every_way
def test_search_finds_a_word(visit, way):
    page = visit("index.html", way).page
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("peephole")  # it listens to keys
    page.locator(".md-search-result__item").first.wait_for()
    assert page.locator(".md-search-result__item").count() > 1


@every_way
def test_a_search_result_leads_to_its_page(visit, way):
    page = visit("results/speed.html", way).page
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("coupled")
    result = page.locator(".md-search-result__item a[href*='explanation/variants.html']").first
    result.wait_for()
    result.click()
    page.wait_for_url("**/explanation/variants.html*")
    page.locator("article h1[id='the-variants']").wait_for()


def test_words_that_the_search_marks_may_be_in_equations(visit):
    page = visit("index.html").page
    page.locator("input.md-search__input").click()
    page.locator("input.md-search__input").press_sequentially("tanh")
    page.locator(".md-search-result__item a[href*='explanation/variants.html']").first.click()
    page.wait_for_url("**/explanation/variants.html?h=tanh*")
    page.locator("article mark").first.wait_for(state="attached")
    page.locator("article .katex").first.wait_for()
    check_maths(page)


@every_way
def test_the_palette_changes_and_is_remembered(visit, way):
    page = visit("index.html", way, color_scheme="light").page
    scheme = "document.body.getAttribute('data-md-color-scheme')"
    assert page.evaluate(scheme) == "default"
    for _ in range(2):  # from automatic to light, then to dark
        page.locator("form.md-header__option label:not([hidden])").first.click()
    assert page.evaluate(scheme) == "slate"
    page.reload()
    assert page.evaluate(scheme) == "slate"


@pytest.mark.parametrize("scheme", PALETTES)
def test_a_first_visit_loads_the_figures_of_its_palette_alone(visit, scheme):
    page = visit("results/counting.html", color_scheme=scheme).page
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    figures = {re.findall("-(light|dark).svg", name)[0] for name in names if "counting" in name}
    assert figures == {scheme}


@every_way
def test_code_can_be_copied(visit, way):
    page = visit("howto/replace.html", way).page
    block = page.locator("article .highlight").first
    block.hover()
    block.locator(".md-code__button[data-md-type='copy'], button.md-clipboard").first.click()
    page.locator("[data-md-component='dialog'] .md-dialog__inner").wait_for()
    assert "opied" in page.locator("[data-md-component='dialog']").inner_text()


def test_an_example_is_copied_without_prompts_and_results(visit):
    visited = visit("api/layers.html", permissions=["clipboard-read", "clipboard-write"])
    block = visited.page.locator("article .highlight", has_text=">>> ").first
    assert "torch.Size(" in block.inner_text()
    block.locator(".md-code__button[data-md-type='copy']").click(force=True)
    visited.page.locator("[data-md-component='dialog'] .md-dialog__inner").wait_for()
    copied = visited.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import torch\n")
    assert ">>>" not in copied
    assert "torch.Size(" not in copied
    compile(copied, "copied", "exec")


@every_way
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_leads_to_its_file_for_white_pages(visit, way, scheme):
    page = visit("results/counting.html", way, color_scheme=scheme).page
    page.locator("figure.result a").first.click()
    page.wait_for_url("**/generated/counting-light.svg")
    assert page.evaluate("document.documentElement.tagName") == "svg"
    page.go_back()
    page.locator("figure.result img").first.wait_for(state="attached")


@every_way
def test_a_link_into_a_closed_section_opens_it(visit, way):
    page = visit("explanation/contract.html", way).page
    link = page.locator("article td a[href*='#']").first
    name = link.get_attribute("href").partition("#")[2]
    section = f"details[id='{name}']"
    assert not page.locator(f"{section}[open]").count()
    link.click()
    page.locator(f"{section}[open]").wait_for()
    page = visit(f"explanation/contract.html#{name}", way).page
    page.locator(f"{section}[open]").wait_for()
