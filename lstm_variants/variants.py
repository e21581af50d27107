"""Every variant in one table; tests, benchmarks and documentation read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstm_variants.cells import Cell, GRUCell, LSTMCell
from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, SequenceModel, StandardLSTM

__all__ = ["PAPERS", "VARIANTS", "Paper", "Variant"]


@dataclass(frozen=True)
class Paper:
    """A publication.

    Attributes:
        title: Its title.
        venue: Where it appeared.
        url: A stable address.
    """

    title: str
    venue: str
    url: str


PAPERS = {
    "Hochreiter & Schmidhuber 1997": Paper(
        "Long short-term memory",
        "Neural Computation 9(8), 1735-1780",
        "https://doi.org/10.1162/neco.1997.9.8.1735",
    ),
    "Schuster & Paliwal 1997": Paper(
        "Bidirectional recurrent neural networks",
        "IEEE Transactions on Signal Processing 45(11), 2673-2681",
        "https://doi.org/10.1109/78.650093",
    ),
    "Gers, Schmidhuber & Cummins 2000": Paper(
        "Learning to forget: continual prediction with LSTM",
        "Neural Computation 12(10), 2451-2471",
        "https://doi.org/10.1162/089976600300015015",
    ),
    "Gers, Schraudolph & Schmidhuber 2002": Paper(
        "Learning precise timing with LSTM recurrent networks",
        "Journal of Machine Learning Research 3, 115-143",
        "https://www.jmlr.org/papers/v3/gers02a.html",
    ),
    "Graves & Schmidhuber 2005": Paper(
        "Framewise phoneme classification with bidirectional LSTM and other neural network "
        "architectures",
        "Neural Networks 18(5-6), 602-610",
        "https://doi.org/10.1016/j.neunet.2005.06.042",
    ),
    "Cho et al. 2014": Paper(
        "Learning phrase representations using RNN encoder-decoder for statistical machine "
        "translation",
        "EMNLP 2014",
        "https://arxiv.org/abs/1406.1078",
    ),
}
"""The papers, by the short name that the documentation uses."""


@dataclass(frozen=True)
class Variant:
    """One member of the family.

    Attributes:
        cell: Its equations.
        papers: The papers it comes from, keys of `PAPERS`.
        differs: What sets it apart, in one line.
        model: The notebook's model of it, if the notebook has one.
        bias: Whether that model has biases.
        directions: 2 if the input is read from both ends, else 1.
    """

    cell: Cell
    papers: tuple[str, ...]
    differs: str
    model: type[SequenceModel] | None = None
    bias: bool = True
    directions: Literal[1, 2] = 1


VARIANTS = {
    "LSTM": Variant(
        cell=LSTMCell(),
        papers=("Hochreiter & Schmidhuber 1997", "Gers, Schmidhuber & Cummins 2000"),
        differs="the yardstick: three gates and a memory cell",
        model=StandardLSTM,
    ),
    "PeepholeLSTM": Variant(
        cell=LSTMCell(peephole="current"),
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        differs="gates see the cell state; the output gate sees the new one",
    ),
    "PeepholeLSTM-previous": Variant(
        cell=LSTMCell(peephole="previous"),
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        differs="the notebook's reading: all gates see the previous cell state; no biases",
        model=PeepholeLSTM,
        bias=False,
    ),
    "GRU": Variant(
        cell=GRUCell(),
        papers=("Cho et al. 2014",),
        differs="no memory cell, two gates; the reset gate acts after the recurrent product",
        model=GRU,
    ),
    "BiLSTM": Variant(
        cell=LSTMCell(),
        papers=("Schuster & Paliwal 1997", "Graves & Schmidhuber 2005"),
        differs="two LSTMs, one from each end of the sequence",
        model=BiLSTM,
        directions=2,
    ),
}
"""Name of each variant and what it is."""
