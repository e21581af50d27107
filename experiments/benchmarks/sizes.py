"""Names of the sizes that are timed."""

from __future__ import annotations

from collections.abc import Sequence

from experiments import Record

NAMES: dict[tuple[int, ...], str] = {
    (32, 10, 8, 16): "notebook",
    (32, 100, 64, 128): "small",
    (64, 100, 256, 256): "medium",
    (32, 200, 512, 512): "large",
    (1, 100, 128, 256): "single",
}
"""By B, T, D, H: that of the notebook, three others, and a single sequence."""


def size_of(name: str) -> dict[str, int]:
    """The size with a name."""
    [numbers] = [numbers for numbers, of in NAMES.items() if of == name]
    return dict(zip("BTDH", numbers, strict=True))


def letters(size: dict[str, int]) -> str:
    """A size, with the letter of each number."""
    return ", ".join(f"{letter} = {number}" for letter, number in size.items())


def size_text(size: dict[str, int]) -> str:
    """A size as in the headers, `B, T, D, H`."""
    return ", ".join(map(str, size.values()))


def size_name(size: dict[str, int]) -> str:
    """The name of a size, or its numbers if it has none."""
    return NAMES.get(tuple(size.values()), size_text(size))


def legend(records: Sequence[Record]) -> str:
    """The sizes of timings with their names, a sentence."""
    sizes = {size_text(r["size"]): r["size"] for r in records}
    named = "; ".join(f"*{size_name(size)}* {letters(size)}" for size in sizes.values())
    return f"Sizes: {named}."
