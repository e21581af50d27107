"""Tables and figures for the documentation, from the stored results alone: `make report`.

Imports no torch and runs no experiment: what the JSON files hold is all there is to show. One
module for each result says what it means (`score`), in a table and in a figure.
"""

from pathlib import Path

GENERATED = Path(__file__).parents[2] / "docs" / "generated"
