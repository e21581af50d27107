"""Look-ups by name whose errors suggest similar names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn, TypeVar

__all__ = ["Table", "suggestion"]

Value = TypeVar("Value")


def suggestion(name: object, known: Iterable[object]) -> str:
    """The names that are most similar to one that is not known, as the end of a message.

    Args:
        name: The name that was given. Upper and lower case count as the same.
        known: The names that there are; those that are not text are left out.

    Returns:
        `" (did you mean 'a' or 'b'?)"`, at most three names: close ones, then those that contain
        the given one; empty if there are none.

    Examples:
        >>> from lstm_variants.names import suggestion
        >>> suggestion("lstm1997", ["LSTM", "LSTM-1997", "GRU"])
        " (did you mean 'LSTM-1997' or 'LSTM'?)"
    """
    if not isinstance(name, str):
        return ""
    by_lower = {text.lower(): text for text in known if isinstance(text, str)}
    close = get_close_matches(name.lower(), by_lower)
    parts = [text for text in by_lower if name and name.lower() in text and text not in close]
    similar = [by_lower[text] for text in [*close, *parts][:3]]
    return f" (did you mean {' or '.join(map(repr, similar))}?)" if similar else ""


class Table(dict[str, Value]):
    """A dictionary of things by name.

    Attributes:
        kind: What it holds, in the singular, for messages.
    """

    def __init__(self, kind: str, entries: dict[str, Value]) -> None:
        """Hold the entries."""
        super().__init__(entries)
        self.kind = kind

    def __missing__(self, name: object) -> NoReturn:
        known = ", ".join(self)
        raise KeyError(
            f"the {self.kind} should be one of {known}, got {name!r}{suggestion(name, self)}"
        )
