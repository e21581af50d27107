"""Every variant in one table; tests, benchmarks and documentation read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell
from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, SequenceModel, StandardLSTM
from lstm_variants.nn import Recurrent

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
    "Elman 1990": Paper(
        "Finding structure in time",
        "Cognitive Science 14(2), 179-211",
        "https://doi.org/10.1207/s15516709cog1402_1",
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
    "Chung et al. 2014": Paper(
        "Empirical evaluation of gated recurrent neural networks on sequence modeling",
        "NIPS 2014 Workshop on Deep Learning",
        "https://arxiv.org/abs/1412.3555",
    ),
    "Sak, Senior & Beaufays 2014": Paper(
        "Long short-term memory based recurrent neural network architectures for large vocabulary "
        "speech recognition",
        "Interspeech 2014",
        "https://arxiv.org/abs/1402.1128",
    ),
    "Greff et al. 2017": Paper(
        "LSTM: a search space odyssey",
        "IEEE Transactions on Neural Networks and Learning Systems 28(10), 2222-2232",
        "https://doi.org/10.1109/TNNLS.2016.2582924",
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
        not_with: What it must not be confused with, if anything.
        model: The notebook's model of it, if the notebook has one.
        bias: Whether that model has biases.
        directions: 2 if the input is read from both ends, else 1.
        ablation: Whether it is of interest for what it lacks: one of Greff et al.'s eight.
    """

    cell: Cell
    papers: tuple[str, ...]
    differs: str
    not_with: str = ""
    model: type[SequenceModel] | None = None
    bias: bool = True
    directions: Literal[1, 2] = 1
    ablation: bool = False

    def layer(self, input_size: int, hidden_size: int, **options: Any) -> Recurrent:
        """A layer of this variant, with the contract of [torch.nn.LSTM][].

        Args:
            input_size: Features of one time step, `D`.
            hidden_size: Hidden size of each direction, `H`.
            **options: As for [`Recurrent`][lstm_variants.nn.Recurrent].

        Examples:
            >>> from lstm_variants import VARIANTS
            >>> VARIANTS["CIFG"].layer(8, 16, num_layers=2)
            Recurrent(LSTMCell(peephole='current', coupled=True), 8, 16, num_layers=2)
        """
        options = {"bidirectional": self.directions == 2} | options
        return Recurrent(self.cell, input_size, hidden_size, **options)


VANILLA = LSTMCell(peephole="current")
"""What Greff et al. take things away from."""


def ablation(differs: str, not_with: str = "", **settings: Any) -> Variant:
    """One of Greff et al.'s eight variants: the vanilla LSTM with one thing changed."""
    cell = replace(VANILLA, **settings)
    return Variant(cell, ("Greff et al. 2017",), differs, not_with, ablation=True)


VARIANTS = {
    "RNN": Variant(
        cell=ElmanCell(),
        papers=("Elman 1990",),
        differs="no gates, no memory cell: the baseline",
        not_with="the network of Jordan 1986, which feeds back its output layer",
    ),
    "LSTM": Variant(
        cell=LSTMCell(),
        papers=("Hochreiter & Schmidhuber 1997", "Gers, Schmidhuber & Cummins 2000"),
        differs="the yardstick: three gates and a memory cell",
        not_with="the LSTM of 1997, which has no forget gate; that is NFG without peepholes",
        model=StandardLSTM,
    ),
    "PeepholeLSTM": Variant(
        cell=VANILLA,
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        differs="gates see the cell state; the output gate sees the new one",
        not_with="PeepholeLSTM-previous, which teaching code often has under this name",
    ),
    "PeepholeLSTM-previous": Variant(
        cell=LSTMCell(peephole="previous"),
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        differs="the notebook's reading: all gates see the previous cell state; no biases",
        not_with="the paper's own equations, PeepholeLSTM",
        model=PeepholeLSTM,
        bias=False,
    ),
    "CoupledLSTM": Variant(
        cell=LSTMCell(coupled=True),
        papers=("Greff et al. 2017",),
        differs="what is forgotten makes room: f = 1 - i; no peepholes",
        not_with="CIFG, which has peepholes; and i = 1 - f, where other weights survive",
    ),
    "GRU": Variant(
        cell=GRUCell(),
        papers=("Cho et al. 2014",),
        differs="no memory cell, two gates; the reset gate acts after the recurrent product",
        not_with="GRU-before: weights trained with one do not carry over to the other",
        model=GRU,
    ),
    "GRU-before": Variant(
        cell=GRUCell(reset_after=False),
        papers=("Chung et al. 2014",),
        differs="a GRU whose reset gate acts before the recurrent product",
        not_with="the convention of the paper, in which z weighs the candidate",
    ),
    "BiLSTM": Variant(
        cell=LSTMCell(),
        papers=("Schuster & Paliwal 1997", "Graves & Schmidhuber 2005"),
        differs="two LSTMs, one from each end of the sequence",
        not_with="two stacked layers: here both directions read the input",
        model=BiLSTM,
        directions=2,
    ),
    "NIG": ablation("no input gate: everything is written", input_gate=False),
    "NFG": ablation("no forget gate: nothing is forgotten", forget_gate=False),
    "NOG": ablation("no output gate: everything is shown", output_gate=False),
    "NIAF": ablation("no input activation: the candidate is not squashed", input_activation=False),
    "NOAF": ablation("no output activation: memory is shown as it is", output_activation=False),
    "NP": ablation("no peepholes: the same as LSTM", peephole=None),
    "CIFG": ablation(
        "coupled input and forget gate: f = 1 - i",
        "CoupledLSTM, which has no peepholes",
        coupled=True,
    ),
    "FGR": ablation(
        "full gate recurrence: gates see the gates of the last step", gate_recurrence=True
    ),
}
"""Name of each variant and what it is."""
