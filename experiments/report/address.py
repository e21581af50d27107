"""Where the repository is, for pages and the notebook: the variable REPO_URL, if it is set."""

from __future__ import annotations

import os
import re

NOTEBOOKS = "notebooks"
"""The branch that Colab opens the notebook from; the workflow of Pages writes it."""


def repository() -> str:
    """The address of the repository; empty if it is not known."""
    return os.environ.get("REPO_URL", "").rstrip("/").removesuffix(".git")


def source() -> str:
    """What pip installs the package from: the repository, or a clone of it."""
    return f"git+{repository()}" if repository() else "."


def colab() -> str:
    """Where Colab opens the notebook; empty for a repository that Colab cannot read."""
    found = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", repository())
    if not found:
        return ""
    return f"https://colab.research.google.com/github/{found[1]}/blob/{NOTEBOOKS}/walkthrough.ipynb"
