"""Experiments: one folder each, with all there is of it.

- `__init__.py`: its title, claims, protocol and deviations;
- `run.py`: how it runs, an `EXPERIMENT`;
- `results.py`: what its record means, in `claims` and a `table`, without torch or plotting;
- `figure.py`: the figure of its record;
- `record.json`: what was measured, written by `python -m experiments NAME`.

A folder with a `run.py` is an experiment: the command line, the report, the site and the tests find
it there.
"""

import importlib
import inspect
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
Record = dict[str, Any]
"""Something measured, ready for JSON."""
Result = dict[str, Any]
"""The content of a record file: records of all units, configuration and provenance."""
DIVERGED = 1e30
"""In a record, a number that was not finite, which JSON cannot hold."""
SECTIONS = ("Claim", "Claims", "Question", "Questions", "Protocol", "Deviations")


def names() -> list[str]:
    """The names of all experiments."""
    return sorted(path.parent.name for path in FOLDER.glob("*/run.py"))


def part(name: str, module: str) -> Any:
    """A module of an experiment: `run`, `results` or `figure`."""
    return importlib.import_module(f"experiments.{name}.{module}")


def text(name: str) -> str:
    """Title, introduction, claims or question, protocol and deviations, in Markdown."""
    return inspect.cleandoc(importlib.import_module(f"experiments.{name}").__doc__ or "")


def repeated(name: str) -> str:
    """What an experiment is repeated over: seeds, unless its results name another word."""
    word: str = getattr(part(name, "results"), "REPEATED", "seeds")
    return word


def title(name: str) -> str:
    """The title of an experiment."""
    return text(name).partition("\n")[0].removesuffix(".")


def sections(name: str) -> dict[str, str]:
    """The text of an experiment, by the words that its sections begin with.

    What comes between the title and the first section has the key `""`.

    Raises:
        ValueError: If a section is missing.
    """
    found: dict[str, list[str]] = {"": []}
    current = found[""]
    for paragraph in text(name).split("\n\n")[1:]:
        first, _, rest = paragraph.partition(": ")
        if first in SECTIONS and rest:
            found[first.removesuffix("s") if first != "Deviations" else first] = current = [
                rest[0].upper() + rest[1:]
            ]
        else:
            current.append(paragraph)
    missing = [section for section in ("Protocol", "Deviations") if section not in found]
    if found.keys().isdisjoint({"Claim", "Question"}):
        missing = ["Claim", "Question", *missing]
    if missing:
        raise ValueError(
            f"the docstring of {name} has no paragraph that begins with "
            f"{' or '.join(sorted(missing))}, a colon and a space"
        )
    return {first: "\n\n".join(paragraphs) for first, paragraphs in found.items()}
