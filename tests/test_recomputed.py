"""Comparisons of the newer records, computed again with other code.

What is compared is written from the text of the pages; the project's results are compared with.
"""

import math
from functools import cache

import numpy as np
import pytest

import experiments
from experiments import FOLDER
from experiments.records import load
from tests.other_statistics import Bound, Scores, Shares, Times, compare, marks


@cache
def record_of(name):
    return load(FOLDER / name / "record.json")


def runs(name, **case):
    """The runs of an experiment with some settings."""
    found = [r for r in record_of(name)["records"] if case.items() <= r["case"].items()]
    assert len(found) == len(record_of(name)["seeds"])
    return found


def framewise():
    right = {m: [100 * r["accuracy"] for r in runs("framewise", model=m)] for m in (
        "RNN", "RNN, delayed", "BiRNN", "LSTM", "LSTM, delayed", "BiLSTM", "CoupledLSTM",
        "CoupledLSTM, both directions",
    )}  # fmt: skip

    def two(first, second, **sizes):
        return [compare(Scores(*(right[m] for m in p), 100.0), **sizes) for p in (first, second)]

    return [
        two(("BiLSTM", "LSTM"), ("BiRNN", "RNN"), of_interest=2.0),
        two(("LSTM", "RNN"), ("BiLSTM", "BiRNN"), of_interest=2.0),
        two(("BiRNN", "RNN, delayed"), ("BiLSTM", "LSTM, delayed"), of_interest=2.0),
        two(("CoupledLSTM", "LSTM"), ("CoupledLSTM, both directions", "BiLSTM"), margin=2.0),
    ]


def encoder_decoder():
    def right(model):
        return [100 * r["accuracy"] for r in runs("encoder_decoder", model=model)]

    plain = ("RNN", "RNN, 103 units")
    return [
        [compare(Scores(right(gated), right(m), 100.0), of_interest=5.0) for m in plain]
        for gated in ("GRU", "GRU-before")
    ]


def structure_in_time():
    def smaller(task, error, than):
        found = [r[than] - r[error] for r in runs("structure_in_time", task=task)]
        return compare(Bound(found, 0.0), of_interest=0.05)

    return [
        [smaller(task, "follows", "random") for task in ("XOR", "letters")],
        [smaller("letters", "common", "different")],
    ]


def state_tracking():
    def last(task, model):
        return [100 * r["accuracies"][-1] for r in runs("state_tracking", task=task, model=model)]

    def oftener(task, ahead, others):
        solved = {m: [v >= 99 for v in last(task, m)] for m in (ahead, *others)}
        return [compare(Shares(solved[ahead], solved[m])) for m in others]

    def above(task, models):
        return [compare(Bound(last(task, model), 90)) for model in models]

    minimal = ("MinGRU", "MinGRU, 2 layers", "MinLSTM", "MinLSTM, 2 layers")
    return [
        oftener("parity", "LSTM", minimal),
        oftener("S3", "RNN", minimal),
        [c for task in ("parity", "S3") for c in oftener(task, "SLSTM", ("MinGRU", "MinLSTM"))],
        [*above("parity", ("RNN", "LSTM")), *above("S3", ("RNN", "LSTM"))],
        above("parity", ("GRU", "MGU", "JANET", "IndRNN")),
        above("S3", ("GRU", "MGU", "JANET", "IndRNN")),
    ]


def pixels():
    def both(ahead, behind, reported=(None, None), **other):
        return [
            compare(
                Scores(
                    *(
                        [100 * r["accuracy"] for r in runs("pixels", order=order, model=model)]
                        for model in (ahead, behind)
                    ),
                    100.0,
                ),
                reported=size,
                **other,
            )
            for order, size in zip(("row by row", "permuted"), reported, strict=True)
        ]

    return [
        both("JANET, chrono", "LSTM", (99 - 98.5, 92.5 - 91), of_interest=2.0),
        both("JANET, chrono", "LSTM, chrono", margin=2.0),
        both("IndRNN, 2 layers", "LSTM", of_interest=2.0),
        both("MGU", "GRU", margin=2.0),
    ]


def selective_copying():
    def right(unit, layers):
        model = f"{unit}, {layers} layer{'s' * (layers > 1)}"
        return [100 * r["accuracy"] for r in runs("selective_copying", model=model)]

    deep = [(unit, layers) for unit in ("MinGRU", "MinLSTM") for layers in (2, 3)]
    return [
        [compare(Scores(right(*d), right(d[0], 1), 100.0), of_interest=10.0) for d in deep],
        [compare(Bound(right(*d), 90)) for d in deep],
    ]


def multiplicative(name):
    def losses(model):
        return [-r["test"] for r in runs(name, model=model)]

    larger = ("MultiplicativeLSTM", "MultiplicativeLSTM, 56 units")
    return [compare(Scores(losses(m), losses("LSTM")), of_interest=0.05) for m in larger]


def characters_finer():
    return [multiplicative("characters_finer")]


def characters():
    pilot = {}
    for r in record_of("characters_rates")["records"]:
        if r["case"]["model"] == "LSTM":
            pilot.setdefault(r["case"]["rate"], []).append(r)
    best = min(pilot.values(), key=lambda rs: sum(r["loss"] for r in rs))
    curves = [r["curve"] for r in best]
    half = np.mean([curve[len(curve) // 2 - 1] for curve in curves])

    def updates(model):
        curves = [r["curve"] for r in runs("characters", model=model)]
        return [40.0 * (1 + next(k for k, v in enumerate(c) if v <= half)) for c in curves]

    return [
        multiplicative("characters"),
        [compare(Times(updates("LayerNormLSTM"), updates("LSTM"), 800.0), None, math.log(1.5))],
    ]


def regularisation():
    def losses(model):
        return [-r["test"] for r in runs("regularisation", model=model)]

    return [
        [compare(Scores(losses(method), losses("none")), of_interest=0.02)]
        for method in ("recurrent dropout", "zoneout", "weight dropout")
    ]


def streams(name, ahead, behind, reported=None):
    """Seeds without an error on any stream, and symbols before the first error, the mean."""
    cap = record_of(name)["config"]["tested_steps"]
    read = [
        [r["before_first_error"] for r in runs(name, model=m, resets=resets)]
        for m, resets in (ahead, behind)
    ]
    right = [[min(one) == cap for one in network] for network in read]
    orders = [[math.log10(1 + np.mean(one)) for one in network] for network in read]
    return [
        compare(Shares(*right), reported),
        compare(Scores(*orders, math.log10(1 + cap)), of_interest=1.0),
    ]


def continual():
    old, kept = ("LSTM-1997", "none"), ("LSTM-1997", "at each string")

    def growth(model):
        sizes = [r["sizes"] for r in runs("continual", model=model, resets="none")]
        return [math.log10(s[-1][1] / s[0][1]) for s in sizes]

    others = [streams("continual", (model, "none"), old) for model in ("PeepholeLSTM", "GRU")]
    return [
        streams("continual", ("LSTM", "none"), old, 62.0),
        streams("continual", kept, old, 74.0),
        [compare(Scores(growth("LSTM-1997"), growth("LSTM")), of_interest=1.0)],
        [*others[0], *others[1]],
    ]


def continual_longer():
    return [streams("continual_longer", ("LSTM", "none"), ("LSTM-1997", "none"), 62.0)]


AGAIN = (
    state_tracking, pixels, selective_copying, characters, characters_finer, regularisation,
    continual, continual_longer, framewise, encoder_decoder, structure_in_time,
)  # fmt: skip


def close(given, again, tolerance):
    """Whether two numbers agree, infinite ones included."""
    return given == again or abs(given - again) <= tolerance * max(1.0, abs(again))


@pytest.mark.records
@pytest.mark.parametrize("again", AGAIN, ids=lambda again: again.__name__)
def test_other_code_has_the_same_results(again):
    name = again.__name__
    published = experiments.part(name, "results").claims(record_of(name))
    computed = again()
    assert [len(claim["comparisons"]) for claim in published] == list(map(len, computed))
    for claim, comparisons in zip(published, computed, strict=True):
        outcomes, adjusted = marks(comparisons)
        assert claim["marks"] == outcomes, claim["claim"]
        for one, (sample, *_), p in zip(claim["comparisons"], comparisons, adjusted, strict=True):
            assert close(one["effect"], sample.effect, 1e-6), one["pair"]
            assert math.isclose(one["p"], p, rel_tol=1e-3), one["pair"]
            for end, other in zip(one["interval"], sample.interval(one["level"]), strict=True):
                assert close(end, other, 1e-6), one["pair"]
