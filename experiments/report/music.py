"""What the music experiment says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate

from experiments import Record
from experiments.verdicts import claim, compare

# Test NLL of Chung et al. (their LSTM has peepholes) and of Bai, Kolter & Koltun.
PUBLISHED = {
    "JSB Chorales": {
        "Chung et al. 2014": {"RNN": 9.10, "GRU": 8.54, "PeepholeLSTM": 8.67},
        "Bai, Kolter & Koltun 2018": {"RNN": 8.91, "GRU": 8.43, "LSTM": 8.45},
    },
    "Nottingham": {
        "Chung et al. 2014": {"RNN": 3.13, "GRU": 3.23, "PeepholeLSTM": 3.20},
        "Bai, Kolter & Koltun 2018": {"RNN": 4.05, "GRU": 3.46, "LSTM": 3.29},
    },
}


def chosen(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """For each data set and model, in the order of seeds, the record of the best learning rate."""
    best: dict[tuple[str, str, int], Record] = {}
    for record in records:
        key = record["case"]["data"], record["case"]["model"], record["seed"]
        if key not in best or record["valid"] < best[key]["valid"]:
            best[key] = record
    found: dict[tuple[str, str], list[Record]] = {}
    for (data, model, _), record in sorted(best.items(), key=lambda item: item[0][2]):
        found.setdefault((data, model), []).append(record)
    return found


def score(records: Sequence[Record]) -> Record:
    """Differences of the test NLL, in nats per frame."""
    found = chosen(records)
    nll = {key: [-r["test"]["per_frame"] for r in rs] for key, rs in found.items()}
    sets = list(dict.fromkeys(data for data, _ in nll))
    chung = {data: PUBLISHED[data]["Chung et al. 2014"] for data in sets}

    def better(data: str, ahead: str, behind: str, margin: float = 0.0) -> Record:
        label = f"{data}: nats per frame, {ahead} below {behind}"
        return compare(label, nll[data, ahead], nll[data, behind], margin=margin)

    def reported(*models: str) -> str:
        return "; ".join(
            f"{data} " + ", ".join(f"{model} {chung[data][model]:.2f}" for model in models)
            for data in sets
        )

    return {
        "claims": [
            claim(
                "Gated units beat tanh units",
                "Chung et al. 2014",
                reported("RNN", "GRU", "PeepholeLSTM"),
                [better(d, m, "RNN") for d in sets for m in ("GRU", "PeepholeLSTM")],
            ),
            claim(
                "The GRU is better than the LSTM on chorales, the LSTM on folk tunes",
                "Chung et al. 2014",
                reported("GRU", "PeepholeLSTM"),
                [
                    better(
                        d,
                        *sorted(("GRU", "PeepholeLSTM"), key=chung[d].__getitem__),
                    )
                    for d in sets
                ],
            ),
            claim(
                "Without peepholes an LSTM is no worse",
                "Greff et al. 2017",
                "no significant difference on JSB Chorales, TIMIT and IAM",
                [better(d, "LSTM", "PeepholeLSTM", margin=0.05) for d in sets],
            ),
        ]
    }


def table(records: Sequence[Record]) -> str:
    """Ours beside both papers' and both trivial baselines."""
    found = chosen(records)
    rows: list[dict[str, Any]] = []
    for (data, model), best in found.items():
        nll = np.array([r["test"]["per_frame"] for r in best])
        row = {
            "data": data,
            "model": model,
            "parameters": f"{best[0]['parameters']:,}" if "parameters" in best[0] else "",
            "test NLL": f"{nll.mean():.2f} ± {nll.std(ddof=min(1, len(nll) - 1)):.2f}",
            "learning rates": ", ".join(
                sorted({f"{r['case']['rate']:g}" for r in best if r["case"]["rate"]})
            ),
        }
        for source, numbers in PUBLISHED[data].items():
            row[source] = f"{numbers[model]:.2f}" if model in numbers else ""
        rows.append(row)
    rows.sort(key=lambda row: row["data"])
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
