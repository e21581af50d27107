"""What the record of times over T and H means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result

GROUP = "Size, speed and power"

NOTICEABLE = 1.05
"""From this ratio of times on, the slower one counts as slower."""


def claims(result: Result) -> list[Record]:
    """There is no claim of a paper to judge."""
    return []


def counts(result: Result) -> dict[str, float]:
    """How often torch's kernels are faster than ours, and `nn.LSTM` than our peephole LSTM."""
    grid = [point for record in result["records"] for point in record["grid"]]
    curves = [point["milliseconds"] for record in result["records"] for point in record["curves"]]
    slower = [point for point in grid if point["ratio"] > NOTICEABLE]
    behind = [c for c in curves if c["PeepholeLSTM, CPU kernels"] > NOTICEABLE * c["nn.LSTM"]]
    return {
        "points_of_the_grid": len(grid),
        "torch_is_faster_at": len(slower),
        "largest_ratio": max(point["ratio"] for point in grid),
        "points_of_the_curves": len(curves),
        "nn_lstm_is_faster_than_peephole_at": len(behind),
    }


def count_text(count: float) -> str:
    """A count for a sentence: `none` instead of 0."""
    return f"{count:g}" if count else "none"


def table(result: Result) -> str:
    """Ratios of the CPU kernels to torch's own, a row for each cell, mode, threads and B."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for point in result["records"][0]["grid"]:
        key = {name: str(point[name]) for name in ("cell", "mode", "threads", "B")}
        row = rows.setdefault(tuple(key.values()), key)
        row[f"H = {point['H']}"] = f"{point['ratio']:.2f}"
    shown = tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe", disable_numparse=True)
    counted, config = counts(result), result["config"]
    return (
        "Median ratio of times, CPU kernels over PyTorch's kernels: below 1, the CPU kernels are "
        f"faster. float32, T = {config['fixed_steps']}, D = H.\n\n{shown}\n\n"
        f"PyTorch's kernels are faster by more than {100 * NOTICEABLE - 100:.0f} % at "
        f"{count_text(counted['torch_is_faster_at'])} of the table's "
        f"{counted['points_of_the_grid']} points, and the largest ratio is "
        f"{counted['largest_ratio']:.2f}; the machine is named below. The curves of the figure are "
        f"those with {config['threads'][-1]} threads. "
        f"`torch.nn.LSTM` is faster than the peephole LSTM by more than "
        f"{100 * NOTICEABLE - 100:.0f} % at "
        f"{count_text(counted['nn_lstm_is_faster_than_peephole_at'])} of the curves' "
        f"{counted['points_of_the_curves']} points."
    )
