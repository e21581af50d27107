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
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from experiments import RESULTS
from experiments.benchmarks.goals import compare

GENERATED = Path(__file__).parent.parent / "docs" / "generated"
THEMES = {"light": "#1f2933", "dark": "#dfe3e8"}
# On the coloured cells of a grid, whatever the page's palette.
INK = THEMES["light"]
# Ratios from here on are on dark cells.
PALE = 3.7
# The contenders of the scaling figure, in colours that are seen on light and dark pages alike.
LINES = {
    "nn.LSTM": "#d9822b",
    "PeepholeLSTM, CPU kernels": "#2b95d6",
    "PeepholeLSTM, reference": "#9179f2",
    "products": "#7a8793",
}
LINE_STYLES = ("o-", "s-", "^-", "--")

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
    scaling = load(RESULTS / "scaling.json")
    save_figures(scaling_figure, scaling)
    (GENERATED / "scaling.md").write_text(scaling_section(scaling))
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


def images(name: str, alt: str) -> str:
    """A figure in Markdown, once for each palette."""
    return "\n".join(f"![{alt}](../generated/{name}-{theme}.svg#only-{theme})" for theme in THEMES)


def bench_section(result: Result) -> str:
    """The part of the benchmark page for one device."""
    name = result["experiment"]
    alt = "Time relative to torch.nn, by variant and size"
    device = name.removeprefix("bench-").upper().replace("CUDA", "GPU (CUDA)")
    parts = (
        f"## {device}",
        images(name, alt),
        '<details markdown="1"><summary>All numbers</summary>',
        bench_table(result),
        "</details>",
        f"### Memory on the {device.partition(' ')[0]}",
        "Megabytes that a training step takes at its worst, beyond what it starts with, "
        "ours : torch's.",
        memory_table(result),
        *(goals_section(result) if name == "bench-cpu" else ()),
        provenance(result),
    )
    return "\n\n".join(parts) + "\n"


def bench_table(result: Result) -> str:
    """Ratios and times in Markdown, a row for each size, number of threads and variant."""
    rows: dict[tuple[str, int, str], dict[str, Result]] = {}
    for record in result["records"]:
        key = (size_text(record["size"]), record["threads"], record["variant"])
        rows.setdefault(key, {})[record["mode"]] = record
    table = [
        [size, threads, variant, modes["forward"]["baseline"]]
        + [spread(modes[mode]["ratio"]) for mode in ("forward", "training")]
        + [times(modes[mode]) for mode in ("forward", "training")]
        for (size, threads, variant), modes in rows.items()
    ]
    headers = [
        "B, T, D, H",
        "threads",
        "variant",
        "against",
        "forward, ratio",
        "training, ratio",
        "forward, ms",
        "training, ms",
    ]
    return tabulate.tabulate(table, headers, tablefmt="pipe", disable_numparse=True)


def goals_section(result: Result) -> tuple[str, ...]:
    """How many of the kernels' goals are reached, and which are not."""
    compared = compare(result["records"])
    missed = [
        {
            "variant": record["variant"],
            "mode": record["mode"],
            "threads": record["threads"],
            "B, T, D, H": size_text(record["size"]),
            "goal": goal,
            "reached": f"{record['ratio']['median']:.2f}",
        }
        for record, goal in compared
        if round(record["ratio"]["median"], 2) > goal
    ]
    said = (
        "The kernels were written with a goal for each size, the largest ratio that is meant to "
        f"be. Of {len(compared)} goals, for one thread and for all, "
        f"{len(compared) - len(missed)} are reached. These are not:"
    )
    table = tabulate.tabulate(missed, "keys", tablefmt="pipe", disable_numparse=True)
    return ("### Goals that are missed", said, table) if missed else ()


def memory_table(result: Result) -> str:
    """Peak memory of a training step in Markdown, ours : torch's, a row for each variant."""
    rows: dict[str, dict[str, str]] = {}
    for record in result["records"]:
        if record["mode"] == "training" and record["megabytes"] is not None:
            ours, theirs = record["megabytes"], record["baseline_megabytes"]
            row = rows.setdefault(record["variant"], {"variant": record["variant"]})
            row[size_text(record["size"])] = f"{ours:.1f} : {theirs:.1f}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def size_text(size: dict[str, int]) -> str:
    """A size as in the headers, `B, T, D, H`."""
    return ", ".join(map(str, size.values()))


def spread(q: dict[str, float]) -> str:
    """A ratio with its quartiles."""
    return f"{q['median']:.2f} ({q['q1']:.2f} to {q['q3']:.2f})"


def times(record: Result) -> str:
    """Our median time and the baseline's."""
    ours, theirs = record["milliseconds"]["median"], record["baseline_milliseconds"]["median"]
    return " : ".join(f"{t:,.0f}" if t >= 100 else f"{t:.3g}" for t in (ours, theirs))


def bench_figure(result: Result) -> Figure:
    """Ratios by variant and size, a panel for each mode and number of threads."""
    records = result["records"]
    sizes = list(dict.fromkeys(size_text(r["size"]) for r in records))
    variants = list(dict.fromkeys(r["variant"] for r in records))
    threads = list(dict.fromkeys(r["threads"] for r in records))
    ratios = {
        (r["threads"], r["mode"], r["variant"], size_text(r["size"])): r["ratio"]["median"]
        for r in records
    }
    figure, panels = plt.subplots(
        *(len(threads), 2),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(9, 0.8 + (0.8 + 0.3 * len(variants)) * len(threads)),
        layout="constrained",
    )
    for row, number in zip(panels, threads, strict=True):
        for panel, mode in zip(row, ("forward", "training"), strict=True):
            grid = [[ratios[number, mode, name, size] for size in sizes] for name in variants]
            draw_ratios(panel, grid)
            of = f", {number} thread{'s' if number > 1 else ''}" if len(threads) > 1 else ""
            panel.set_title(f"{mode}{of}: time / time of torch.nn", loc="left", size=11)
            panel.set_yticks(range(len(variants)), variants)
            panel.tick_params(length=0)
            panel.spines[:].set_visible(False)
    for panel in panels[-1]:
        panel.set_xticks(range(len(sizes)), [size.replace(", ", ",\n") for size in sizes], size=9)
    panels[-1][0].set_xlabel("B, T, D, H", loc="left", size=9)
    return figure


def draw_ratios(panel: Axes, grid: list[list[float]]) -> None:
    """Coloured cells with their numbers: green is faster than torch.nn."""
    panel.imshow(grid, cmap="PiYG_r", norm=LogNorm(1 / 8, 8), aspect="auto")
    for row, line in enumerate(grid):
        for column, ratio in enumerate(line):
            color = INK if 1 / PALE < ratio < PALE else "white"
            text = f"{ratio:.2f}"
            panel.text(column, row, text, ha="center", va="center", size=9, color=color)


def scaling_section(result: Result) -> str:
    """Figure, crossover table and what they add up to."""
    alt = "Time of a peephole LSTM against the number of steps and of hidden units"
    score = result["score"]
    summary = (
        f"At {score['torch_is_faster_by_5_percent_at']} of the table's "
        f"{score['points_of_the_grid']} points torch's own kernels are faster by more than 5 %, "
        f"and the largest ratio is {score['largest_ratio']:.2f}. At "
        f"{score['nn_lstm_is_faster_than_peephole_by_5_percent_at']} of the curves' "
        f"{score['points_of_the_curves']} points `nn.LSTM` is faster than the peephole LSTM by "
        f"more than 5 %."
    )
    parts = (images("scaling", alt), crossover_table(result), summary, provenance(result))
    return "\n\n".join(parts) + "\n"


def crossover_table(result: Result) -> str:
    """Ratios of the CPU kernels to torch's own, a row for each cell, mode and number of threads."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for point in result["records"][0]["grid"]:
        key = {name: str(point[name]) for name in ("cell", "mode", "threads")}
        row = rows.setdefault(tuple(key.values()), key)
        row[f"B={point['B']} H={point['H']}"] = f"{point['ratio']:.2f}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def scaling_figure(result: Result) -> Figure:
    """Milliseconds over H and over T, log-log, a row of panels for each mode."""
    record, config = result["records"][0], result["config"]
    B = config["batch"]
    fixed = {
        "H": f"B = {B}, T = {config['fixed_steps']}, D = H",
        "T": f"B = {B}, D = H = {config['fixed_hidden']}",
    }
    figure, panels = plt.subplots(2, 2, figsize=(9, 7), sharex="col", layout="constrained")
    for row, mode in zip(panels, ("forward", "training"), strict=True):
        for panel, over in zip(row, fixed, strict=True):
            points = [p for p in record["curves"] if p["mode"] == mode and p["over"] == over]
            xs = [point[over] for point in points]
            for (name, color), line in zip(LINES.items(), LINE_STYLES, strict=True):
                ys = [point["milliseconds"][name] for point in points]
                panel.plot(xs, ys, line, color=color, label=name, markersize=4)
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_title(f"{mode}, {fixed[over]}", loc="left", size=11)
            panel.set_xticks(xs, [str(x) for x in xs])
    for panel, over in zip(panels[-1], ("H, hidden units", "T, steps"), strict=True):
        panel.set_xlabel(over)
    for row in panels:
        row[0].set_ylabel("milliseconds")
    panels[0][0].legend(frameon=False, fontsize=9)
    return figure


if __name__ == "__main__":
    main()
