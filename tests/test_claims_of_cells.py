"""Every cell has a claim of its own paper with a verdict."""

import pytest

import experiments
from experiments import FOLDER
from experiments.records import load
from lstm_variants import VARIANTS

LABELS = {
    "RNN": ("error of elements that follow",),  # errors of one network are compared
    "LSTM-1997": ("LSTM 1997",),
    "PeepholeLSTM": ("LSTM with peepholes",),
    "PeepholeLSTM-previous": ("LSTM whose output gate depends on the previous cell state",),
}
"""How comparisons name a variant, if not by its own name."""
JUDGED_LONG = ("odyssey_", "music_search_", "power")
"""Experiments that take long to judge; the ablations have their claims in the first."""
OTHER_SOURCES = {"PeepholeLSTM-previous": ("this project",)}
"""Of variants whose papers make no claim about them: this one is known from teaching code."""


@pytest.fixture(scope="module")
def judged():
    """For each claim, its source and the networks that are compared."""
    found = []
    for name in experiments.names():
        path = FOLDER / name / "record.json"
        if name.startswith(JUDGED_LONG) or not path.exists():
            continue
        for claim in experiments.part(name, "results").claims(load(path)):
            pairs = [comparison["pair"] for comparison in claim["comparisons"]]
            networks = {str(network) for pair in pairs for network in (pair.ahead, pair.behind)}
            found.append((claim["reading"]["source"], networks))
    return found


@pytest.mark.records
@pytest.mark.parametrize("variant", [name for name, v in VARIANTS.items() if not v.ablation])
def test_every_variant_has_a_claim_of_its_own_paper(variant, judged):
    labels = (variant, *LABELS.get(variant, ()))
    sources = OTHER_SOURCES.get(variant, VARIANTS[variant].papers)
    assert any(
        source in sources and any(network.partition(",")[0] in labels for network in networks)
        for source, networks in judged
    )
