"""A hook of MkDocs: `llms.txt`, a list of all pages with their descriptions."""

from pathlib import Path

PAGES = {}


def on_pre_build(**_):
    """Forget the pages of an earlier build."""
    PAGES.clear()


def on_page_context(context, page, **_):
    """Note the title and the description of a page."""
    PAGES[page.url] = page.title, page.meta.get("description", "")
    return context


def on_post_build(config):
    """Write the list beside the pages."""
    # That of a version has no slash at its end; without an address, links are relative.
    base = f"{config.site_url.rstrip('/')}/" if config.site_url else ""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", "", "## Pages", ""]
    lines += [
        f"- [{title}]({base}{url}): {description}" for url, (title, description) in PAGES.items()
    ]
    (Path(config.site_dir) / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
