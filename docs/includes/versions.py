"""A hook of MkDocs: the footer has the version.

Pages of several versions also have a menu to choose one, see `make docs-version`. A site of one
version has none: the menu reads a file that only several versions have.
"""

import os
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "lstm_variants" / "__init__.py"


def on_config(config):
    [version] = re.findall(
        r'^__version__ = "(.*)"$', PACKAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    config.copyright = f"lstm_variants {version}, {config.copyright}"
    if "MIKE_DOCS_VERSION" in os.environ:
        config.extra["version"] = {"provider": "mike"}
    return config
