"""Takes the pictures of the README from the built site: `make screenshots`."""

from site_tests.conftest import SITE, Visit, chromium

FOLDER = SITE.parent / "docs" / "assets" / "screenshots"
PAGES = {"step": "start/step.html", "results": "results/adding.html"}
TOPS = {"step": ".stepper", "results": "figure.result"}  # what the picture begins with
SCHEMES = ("light", "dark")


def main():
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        for name, page in PAGES.items():
            for scheme in SCHEMES:
                viewport = {"width": 1240, "height": 820}
                visited = Visit(browser, page, "http", color_scheme=scheme, viewport=viewport)
                for button in visited.page.locator(".stepper-forward").all():
                    button.click(click_count=3)
                top = visited.page.locator(TOPS[name])
                top.evaluate("part => window.scrollTo(0, part.offsetTop - 64)")
                visited.page.wait_for_timeout(1000)  # ms: all figures are drawn
                path = FOLDER / f"{name}-{scheme}.png"
                visited.page.screenshot(path=path)
                print(f"written: {path}")


if __name__ == "__main__":
    main()
