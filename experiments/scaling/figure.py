"""The figure of the record."""

from __future__ import annotations

from matplotlib.figure import Figure

from experiments import Result
from experiments.plotting import BLUE, GREY, ORANGE, VIOLET, WIDE, first_of_rows, grid

ALT = (
    "Time of a peephole LSTM, of torch.nn.LSTM and of matrix products alone, against the number of "
    "time steps and of hidden units"
)
LINES = {
    "nn.LSTM": ORANGE,
    "PeepholeLSTM, CPU kernels": BLUE,
    "PeepholeLSTM, reference": VIOLET,
    "products": GREY,
}


LINE_STYLES = ("o-", "s-", "^-", "--")


def figure(result: Result, width: float) -> Figure:
    """Milliseconds over H and over T, log-log, a row of panels for each mode."""
    record, config = result["records"][0], result["config"]
    B = config["batch"]
    fixed = {
        "H": f"B = {B}, T = {config['fixed_steps']}, D = H",
        "T": f"B = {B}, D = H = {config['fixed_hidden']}",
    }
    figure, panels = grid(width, 2, 2, 3.5 if width == WIDE else 2.8, sharex=True)
    for row, mode in zip(panels, ("forward", "training"), strict=True):
        for panel, over in zip(row, fixed, strict=True):
            points = [p for p in record["curves"] if p["mode"] == mode and p["over"] == over]
            xs = [point[over] for point in points]
            for (name, color), line in zip(LINES.items(), LINE_STYLES, strict=True):
                ys = [point["milliseconds"][name] for point in points]
                panel.plot(
                    xs,
                    ys,
                    line,
                    color=color,
                    label=name.replace("nn.LSTM", "torch.nn.LSTM"),
                    markersize=4,
                )
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_title(f"{mode}, {fixed[over]}")
            panel.set_xticks(xs, [str(x) for x in xs])
    for panel, over in zip(panels[-1], ("H, hidden units", "T, steps"), strict=True):
        panel.set_xlabel(over)
    for panel in first_of_rows(panels, width):
        panel.set_ylabel("milliseconds")
    handles, labels = panels[0][0].get_legend_handles_labels()
    columns = 2 if width == WIDE else 1
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)
    return figure
