"""A hook of MkDocs: pages of several versions have a menu to choose one, see `make docs-version`.

A site of one version has none: the menu reads a file that only several versions have.
"""

import os


def on_config(config):
    if "MIKE_DOCS_VERSION" in os.environ:
        config.extra["version"] = {"provider": "mike"}
    return config
