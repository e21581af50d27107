"""A hook of MkDocs: cells of tables do not repeat the alignment that they have by default.

It would be nearly half of the largest page of tables.
"""


def on_page_content(html, **_):
    """Remove the alignment to the left."""
    return html.replace(' style="text-align: left;"', "")
