"""What the record of learning rates means."""

from __future__ import annotations

import tabulate

from experiments import Record, Result
from experiments.counting_rates.choice import by_rate, chosen
from experiments.statistics.choices import Choice

GROUP = "Counting and formal languages"


def claims(result: Result) -> list[Record]:
    """There is no claim to judge."""
    return []


def table(result: Result) -> str:
    """The largest n of each seed, a row for each network, and the rate that is chosen."""
    rates_of = chosen(result)
    rows = [
        {"language": language, "H": hidden, "model": model}
        | {
            f"{rate:g}": ", ".join(str(n) for n in sorted(r["max_correct_n"] for r in records))
            for rate, records in rates.items()
        }
        | {"chosen": f"{rates_of[language, model, hidden]:g}"}
        for (language, model, hidden), rates in by_rate(result).items()
    ]
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return f"Largest n of each seed, by learning rate.\n\n{shown}"


def choices(result: Result) -> list[Choice]:
    """The learning rates of the networks that count, with what was tried."""
    rates, tried = chosen(result), tuple(result["config"]["rates"])
    by = f"the largest n of {len(result['seeds'])} seeds"
    return [
        Choice(
            "learning rate",
            f"{model}, {language}, H = {hidden}",
            tried,
            (rate,),
            by,
            is_compared=True,
        )
        for (language, model, hidden), rate in rates.items()
    ]
