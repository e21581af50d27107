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
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from experiments import RESULTS

GENERATED = Path(__file__).parent.parent / "docs" / "generated"
THEMES = {"light": "#1f2933", "dark": "#dfe3e8"}
# Told apart by colour-blind readers and on both backgrounds; shapes say the same again.
MARKS = (("#0f8b8d", "o"), ("#d9622b", "D"), ("#7a5cc9", "s"), ("#c2478f", "^"))

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
    alt = "Time relative to torch.nn, by model and size"
    figures = "\n".join(
        f"![{alt}](../generated/{name}-{theme}.svg#only-{theme})" for theme in THEMES
    )
    device = name.removeprefix("bench-").upper().replace("CUDA", "GPU (CUDA)")
    return f"## {device}\n\n{figures}\n\n{bench_table(result)}\n\n{provenance(result)}\n"


def bench_table(result: Result) -> str:
    """Ratios and times in Markdown, a row for each size and model."""
    rows: dict[tuple[str, str], dict[str, Result]] = {}
    for record in result["records"]:
        key = (size_text(record["size"]), record["model"])
        rows.setdefault(key, {})[record["mode"]] = record
    table = [
        [size, model, modes["forward"]["baseline"]]
        + [spread(modes[mode]["ratio"]) for mode in ("forward", "training")]
        + [times(modes[mode]) for mode in ("forward", "training")]
        for (size, model), modes in rows.items()
    ]
    headers = [
        "B, T, D, H",
        "model",
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
    """Ratios by size and model: a panel for each mode, quartiles as bars."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_text(r["size"]) for r in records))
    models = list(dict.fromkeys(r["model"] for r in records))
    figure, panels = plt.subplots(
        1, 2, sharey=True, figsize=(8.5, 1.2 + 0.75 * len(sizes)), layout="constrained"
    )
    for panel, mode in zip(panels, ("forward", "training"), strict=True):
        for m, (model, (colour, mark)) in enumerate(zip(models, MARKS, strict=True)):
            chosen = [r for r in records if r["model"] == model and r["mode"] == mode]
            ratio = [r["ratio"] for r in chosen]
            median = [q["median"] for q in ratio]
            panel.errorbar(
                median,
                [sizes.index(size_text(r["size"])) + 0.18 * (m - 1.5) for r in chosen],
                xerr=[
                    [q["median"] - q["q1"] for q in ratio],
                    [q["q3"] - q["median"] for q in ratio],
                ],
                fmt=mark,
                color=colour,
                label=model,
            )
        panel.axvline(1, color=mpl.rcParams["axes.edgecolor"], linewidth=0.8, linestyle=":")
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_formatter("")
        panel.set_title(mode, loc="left")
        panel.set_xlabel("time / time of torch.nn")
    panels[0].set_yticks(range(len(sizes)), sizes)
    panels[0].set_ylabel("B, T, D, H")
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1))  # type: ignore[union-attr, call-arg]
    return figure


if __name__ == "__main__":
    main()
