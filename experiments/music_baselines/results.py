"""What the record of the baselines means."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

import tabulate

from experiments import FOLDER, Record, Result
from experiments.music.results import CHUNG, PUBLISHED
from experiments.records import grouped, load

GROUP = "Music"

LABELS = {"marginal": "frequencies of keys", "Markov chain": "Markov chain for each key"}


def claims(result: Result) -> list[Record]:
    """There is no claim to judge: the measurements are exact."""
    return []


def nlls(result: Result) -> dict[str, dict[str, float]]:
    """For each data set, the test NLL of each model, in nats per frame."""
    found: dict[str, dict[str, float]] = {}
    for record in result["records"]:
        of_models = found.setdefault(record["case"]["data"], {})
        of_models[record["case"]["model"]] = record["test"]["per_frame"]
    return found


def stored(data: str) -> dict[str, float]:
    """The test NLL of each model on a data set, from the published record; none without one."""
    path = FOLDER / "music_baselines" / "record.json"
    return nlls(load(path))[data] if path.exists() else {}


def searched(data: str, units: Iterable[str]) -> str:
    """The test NLL of each unit's trial with the lowest validation NLL, of the random search."""
    for path in FOLDER.glob("music_search_*/record.json"):
        result = load(path)
        if result["config"]["data_set"] == data:
            trials = grouped(result["records"], "model")
            best = {unit: min(trials[unit], key=itemgetter("valid")) for unit in units}
            found = [
                f"{unit} {min(trial['test']['per_frame'], trial['chance']):.2f}"
                for unit, trial in best.items()
            ]
            return f"{', '.join(found)} (of {len(result['seeds'])} trials each)"
    return "not run yet"


def table(result: Result) -> str:
    """Test NLL of both models on each data set, beside that of networks, published and here."""
    frames = {record["case"]["data"]: record["frames"] for record in result["records"]}
    rows = []
    for data, found in nlls(result).items():
        published = PUBLISHED[data][CHUNG]
        below = [unit for unit, nll in published.items() if found["Markov chain"] < nll]
        rows.append(
            {"data": data}
            | {LABELS[model]: f"{nll:.2f}" for model, nll in found.items()}
            | {
                CHUNG: ", ".join(f"{unit} {nll:.2f}" for unit, nll in published.items()),
                "above the Markov chain": ", ".join(below) or "none",
                "here, best by validation": searched(data, published),
                "all frames for training": f"{frames[data]['train']:,}",
                "all frames for testing": f"{frames[data]['test']:,}",
            }
        )
    return "Test NLL in nats per frame; lower is better.\n\n" + tabulate.tabulate(
        rows, "keys", tablefmt="pipe", disable_numparse=True
    )
