"""Tables and figures for the documentation, from the stored results alone: `make report`.

Imports no torch and computes nothing anew: what the JSON files hold is all there is to show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import tabulate
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments import RESULTS

GENERATED = Path(__file__).parent.parent / "docs" / "generated"
THEMES = {"light": "#1f2933", "dark": "#dfe3e8"}
# On the coloured cells of a grid, whatever the page's palette.
INK = THEMES["light"]
# Ratios from here on are on dark cells.
PALE = 3.7

Result = dict[str, Any]


def main() -> None:
    """Write everything that the documentation includes."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    results = [load(path) for path in sorted(RESULTS.glob("bench-*.json"))]
    if not results:
        raise SystemExit(f"No bench-*.json in {RESULTS}: run 'make bench' first.")
    for result in results:
        save_figures(bench_figure, result)
    (GENERATED / "bench.md").write_text("\n".join(map(bench_section, results)))
    print(f"written: {GENERATED}")


def load(path: Path) -> Result:
    """A stored result."""
    result: Result = json.loads(path.read_text())
    return result


def save_figures(draw: Any, result: Result) -> None:
    """Draw a figure once for each palette, as `<experiment>-<palette>.svg`."""
    for theme, ink in THEMES.items():
        path = GENERATED / f"{result['experiment']}-{theme}.svg"
        with style(ink):
            figure = draw(result)
            figure.savefig(path, metadata={"Date": None}, transparent=True)
        plt.close(figure)


@contextmanager
def style(ink: str) -> Iterator[None]:
    """Matplotlib's settings for a figure drawn in one ink; the same input gives the same file."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    settings: Any = dict.fromkeys(inked, ink) | {
        "svg.hashsalt": "lstm_variants",
        "svg.fonttype": "path",
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(settings):
        yield


def provenance(result: Result) -> str:
    """One line that says where the numbers come from."""
    machine = result["machine"]
    where = f"{machine['gpu']}, " if result["experiment"].endswith("cuda") else ""
    return (
        f"`{result['command']}` at commit `{result['commit'][:12]}`, {result['date'][:10]}: "
        f"{where}{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"{machine['simd']}, torch {machine['torch']}, Python {machine['python']}"
    )


def bench_section(result: Result) -> str:
    """The part of the benchmark page for one device."""
    name = result["experiment"]
    alt = "Time relative to torch.nn, by variant and size"
    figures = "\n".join(
        f"![{alt}](../generated/{name}-{theme}.svg#only-{theme})" for theme in THEMES
    )
    device = name.removeprefix("bench-").upper().replace("CUDA", "GPU (CUDA)")
    return f"## {device}\n\n{figures}\n\n{bench_table(result)}\n\n{provenance(result)}\n"


def bench_table(result: Result) -> str:
    """Ratios and times in Markdown, a row for each size and model."""
    rows: dict[tuple[str, str], dict[str, Result]] = {}
    for record in result["records"]:
        key = (size_text(record["size"]), record["variant"])
        rows.setdefault(key, {})[record["mode"]] = record
    table = [
        [size, variant, modes["forward"]["baseline"]]
        + [spread(modes[mode]["ratio"]) for mode in ("forward", "training")]
        + [times(modes[mode]) for mode in ("forward", "training")]
        for (size, variant), modes in rows.items()
    ]
    headers = [
        "B, T, D, H",
        "variant",
        "against",
        "forward, ratio",
        "training, ratio",
        "forward, ms",
        "training, ms",
    ]
    return tabulate.tabulate(table, headers, tablefmt="pipe", disable_numparse=True)


def size_text(size: dict[str, int]) -> str:
    """A size as in the headers, `B, T, D, H`."""
    return ", ".join(map(str, size.values()))


def spread(q: dict[str, float]) -> str:
    """A ratio with its quartiles."""
    return f"{q['median']:.2f} ({q['q1']:.2f} to {q['q3']:.2f})"


def times(record: Result) -> str:
    """Our median time and the baseline's."""
    ours, theirs = record["milliseconds"]["median"], record["baseline_milliseconds"]["median"]
    return f"{ours:.3g} : {theirs:.3g}"


def bench_figure(result: Result) -> Figure:
    """Ratios by variant and size, a panel for each mode: green is faster than torch.nn."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_text(r["size"]) for r in records))
    variants = list(dict.fromkeys(r["variant"] for r in records))
    figure, panels = plt.subplots(
        1, 2, sharey=True, figsize=(9, 1.6 + 0.3 * len(variants)), layout="constrained"
    )
    for panel, mode in zip(panels, ("forward", "training"), strict=True):
        ratios = {
            (r["variant"], size_text(r["size"])): r["ratio"]["median"]
            for r in records
            if r["mode"] == mode
        }
        grid = [[ratios[variant, size] for size in sizes] for variant in variants]
        panel.imshow(grid, cmap="PiYG_r", norm=LogNorm(1 / 8, 8), aspect="auto")
        for row, line in enumerate(grid):
            for column, ratio in enumerate(line):
                pale = 1 / PALE < ratio < PALE
                panel.text(
                    column,
                    row,
                    f"{ratio:.2f}",
                    ha="center",
                    va="center",
                    size=9,
                    color=INK if pale else "white",
                )
        panel.set_xticks(range(len(sizes)), [size.replace(", ", ",\n") for size in sizes], size=9)
        panel.set_title(f"{mode}: time / time of torch.nn", loc="left", size=11)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    panels[0].set_yticks(range(len(variants)), variants)
    panels[0].set_xlabel("B, T, D, H", loc="left", size=9)
    return figure


if __name__ == "__main__":
    main()
