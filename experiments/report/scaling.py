"""How time grows, and where which backend is faster."""

from __future__ import annotations

from collections.abc import Sequence

import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import BLUE, GREY, ORANGE, VIOLET, images
from experiments.report.results import Result, provenance

LINES = {
    "nn.LSTM": ORANGE,
    "PeepholeLSTM, CPU kernels": BLUE,
    "PeepholeLSTM, reference": VIOLET,
    "products": GREY,
}
LINE_STYLES = ("o-", "s-", "^-", "--")


def score(records: Sequence[Record]) -> Record:
    """How often torch's kernels are faster than ours, and `nn.LSTM` than our peephole LSTM."""
    grid = [point for record in records for point in record["grid"]]
    curves = [point["milliseconds"] for record in records for point in record["curves"]]
    slower = [point for point in grid if point["ratio"] > 1.05]
    behind = [c for c in curves if c["PeepholeLSTM, CPU kernels"] > 1.05 * c["nn.LSTM"]]
    return {
        "points_of_the_grid": len(grid),
        "torch_is_faster_by_5_percent_at": len(slower),
        "largest_ratio": max(point["ratio"] for point in grid),
        "points_of_the_curves": len(curves),
        "nn_lstm_is_faster_than_peephole_by_5_percent_at": len(behind),
    }


def section(result: Result) -> str:
    """Figure, crossover table and what they add up to."""
    alt = "Time of a peephole LSTM against the number of steps and of hidden units"
    found = score(result["records"])
    summary = (
        f"At {found['torch_is_faster_by_5_percent_at']} of the table's "
        f"{found['points_of_the_grid']} points torch's own kernels are faster by more than 5 %, "
        f"and the largest ratio is {found['largest_ratio']:.2f}. At "
        f"{found['nn_lstm_is_faster_than_peephole_by_5_percent_at']} of the curves' "
        f"{found['points_of_the_curves']} points `nn.LSTM` is faster than the peephole LSTM by "
        f"more than 5 %."
    )
    parts = (images("scaling", alt), table(result["records"]), summary, provenance(result))
    return "\n\n".join(parts) + "\n"


def table(records: Sequence[Record]) -> str:
    """Ratios of the CPU kernels to torch's own, a row for each cell, mode and number of threads."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for point in records[0]["grid"]:
        key = {name: str(point[name]) for name in ("cell", "mode", "threads")}
        row = rows.setdefault(tuple(key.values()), key)
        row[f"B={point['B']} H={point['H']}"] = f"{point['ratio']:.2f}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)


def figure(result: Result) -> Figure:
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
