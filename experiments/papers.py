"""Whose claims are rerun."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """Where a claim stands.

    Attributes:
        title: Its title.
        url: A stable address.
    """

    title: str
    url: str


SOURCES = {
    "Hochreiter & Schmidhuber 1997": Source(
        "Long short-term memory", "https://doi.org/10.1162/neco.1997.9.8.1735"
    ),
    "Schuster & Paliwal 1997": Source(
        "Bidirectional recurrent neural networks", "https://doi.org/10.1109/78.650093"
    ),
    "Gers & Schmidhuber 2001": Source(
        "LSTM recurrent networks learn simple context-free and context-sensitive languages",
        "https://doi.org/10.1109/72.963769",
    ),
    "Gers, Schraudolph & Schmidhuber 2002": Source(
        "Learning precise timing with LSTM recurrent networks",
        "https://www.jmlr.org/papers/v3/gers02a.html",
    ),
    "Graves & Schmidhuber 2005": Source(
        "Framewise phoneme classification with bidirectional LSTM and other neural network "
        "architectures",
        "https://doi.org/10.1016/j.neunet.2005.06.042",
    ),
    "Chung et al. 2014": Source(
        "Empirical evaluation of gated recurrent neural networks on sequence modeling",
        "https://arxiv.org/abs/1412.3555",
    ),
    "Huang, Xu & Yu 2015": Source(
        "Bidirectional LSTM-CRF models for sequence tagging", "https://arxiv.org/abs/1508.01991"
    ),
    "Greff et al. 2017": Source(
        "LSTM: a search space odyssey", "https://doi.org/10.1109/TNNLS.2016.2582924"
    ),
    "Bai, Kolter & Koltun 2018": Source(
        "An empirical evaluation of generic convolutional and recurrent networks for sequence "
        "modeling",
        "https://arxiv.org/abs/1803.01271",
    ),
    "Suzgun, Belinkov & Shieber 2018": Source(
        "On evaluating the generalization of LSTM models in formal languages",
        "https://arxiv.org/abs/1811.01001",
    ),
    "Weiss, Goldberg & Yahav 2018": Source(
        "On the practical computational power of finite precision RNNs for language recognition",
        "https://arxiv.org/abs/1805.04908",
    ),
    "Breuel 2015": Source("Benchmarking of LSTM networks", "https://arxiv.org/abs/1508.02774"),
    "this project": Source("A control of ours", ""),
    "the teaching notebook": Source("LSTM variants, the notebook this project grew from", ""),
}
