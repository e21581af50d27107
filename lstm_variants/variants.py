"""The table of variants that tests, benchmarks and documentation use."""

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
        title: Title.
        venue: Journal or conference, with volume and pages.
        url: A permanent link.
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
        "arXiv:1402.1128, 2014",
        "https://arxiv.org/abs/1402.1128",
    ),
    "Greff et al. 2017": Paper(
        "LSTM: a search space odyssey",
        "IEEE Transactions on Neural Networks and Learning Systems 28(10), 2222-2232",
        "https://doi.org/10.1109/TNNLS.2016.2582924",
    ),
}
"""Every cited paper, by its short citation."""


@dataclass(frozen=True)
class Variant:
    """One variant: its equations, its papers, and how it differs from the standard LSTM.

    Attributes:
        cell: The cell, which defines the equations.
        papers: The papers that introduced it, keys of `PAPERS`.
        summary: The distinguishing feature, in one line.
        confusable_with: Similar variants or conventions, and the difference; empty if none.
        model: The notebook's model of this variant; `None` if the notebook has none.
        bias: Whether that model has biases.
        directions: 2 for a bidirectional variant, else 1.
        ablation: Whether it is one of the eight ablations of Greff et al. 2017.
    """

    cell: Cell
    papers: tuple[str, ...]
    summary: str
    confusable_with: str = ""
    model: type[SequenceModel] | None = None
    bias: bool = True
    directions: Literal[1, 2] = 1
    ablation: bool = False

    def layer(self, input_size: int, hidden_size: int, **options: Any) -> Recurrent:
        """Create a layer of this variant, with the API of [torch.nn.LSTM][].

        Args:
            input_size: Number of features of one time step, `D`.
            hidden_size: Hidden size of each direction, `H`.
            **options: Any other argument of [`Recurrent`][lstm_variants.nn.Recurrent].

        Returns:
            The layer. Bidirectional by default if `directions` is 2.

        Examples:
            >>> from lstm_variants import VARIANTS
            >>> VARIANTS["CIFG"].layer(8, 16, num_layers=2)
            Recurrent(LSTMCell(peephole='current', coupled=True), 8, 16, num_layers=2)
        """
        options = {"bidirectional": self.directions == 2} | options
        return Recurrent(self.cell, input_size, hidden_size, **options)


VANILLA = LSTMCell(peephole="current")
"""The baseline of Greff et al. 2017, of which each ablation changes one part."""


def ablation(summary: str, confusable_with: str = "", **settings: Any) -> Variant:
    """Create one of Greff et al.'s eight ablations: the vanilla LSTM with one setting changed."""
    cell = replace(VANILLA, **settings)
    return Variant(cell, ("Greff et al. 2017",), summary, confusable_with, ablation=True)


VARIANTS = {
    "RNN": Variant(
        cell=ElmanCell(),
        papers=("Elman 1990",),
        summary="no gates and no cell state: the baseline",
        confusable_with="the network of Jordan 1986, whose recurrent input is the output layer",
    ),
    "LSTM": Variant(
        cell=LSTMCell(),
        papers=("Hochreiter & Schmidhuber 1997", "Gers, Schmidhuber & Cummins 2000"),
        summary="the standard LSTM: three gates and a cell state",
        confusable_with="the LSTM of 1997, which has no forget gate: NFG without peepholes",
        model=StandardLSTM,
    ),
    "PeepholeLSTM": Variant(
        cell=VANILLA,
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        summary="peepholes: gates depend on the cell state, the output gate on the new one",
        confusable_with="PeepholeLSTM-previous, often called peephole LSTM in teaching code",
    ),
    "PeepholeLSTM-previous": Variant(
        cell=LSTMCell(peephole="previous"),
        papers=("Gers, Schraudolph & Schmidhuber 2002",),
        summary="the notebook's peepholes: all gates depend on the previous cell state; no biases",
        confusable_with="PeepholeLSTM, the paper's own equations",
        model=PeepholeLSTM,
        bias=False,
    ),
    "CoupledLSTM": Variant(
        cell=LSTMCell(coupled=True),
        papers=("Greff et al. 2017",),
        summary="coupled gates: f = 1 - i; no peepholes",
        confusable_with="CIFG, which has peepholes; i = 1 - f, which has weights for f, not for i",
    ),
    "GRU": Variant(
        cell=GRUCell(),
        papers=("Cho et al. 2014",),
        summary="two gates, no cell state; the reset gate is applied after the recurrent product",
        confusable_with="GRU-before: weights trained for one are not valid for the other",
        model=GRU,
    ),
    "GRU-before": Variant(
        cell=GRUCell(reset_after=False),
        papers=("Chung et al. 2014",),
        summary="a GRU whose reset gate is applied before the recurrent product",
        confusable_with="the paper's convention: z = 0 keeps the old state there, z = 1 here",
    ),
    "BiLSTM": Variant(
        cell=LSTMCell(),
        papers=("Schuster & Paliwal 1997", "Graves & Schmidhuber 2005"),
        summary="two LSTMs over the same input, one in each direction",
        confusable_with="two stacked layers: here both directions have the same input",
        model=BiLSTM,
        directions=2,
    ),
    "NIG": ablation("no input gate: i = 1", input_gate=False),
    "NFG": ablation("no forget gate: f = 1", forget_gate=False),
    "NOG": ablation("no output gate: o = 1", output_gate=False),
    "NIAF": ablation("no input activation: the candidate g without tanh", input_activation=False),
    "NOAF": ablation("no output activation: h = o * c, without tanh", output_activation=False),
    "NP": ablation("no peepholes: the same as LSTM", peephole=None),
    "CIFG": ablation(
        "coupled input and forget gates: f = 1 - i",
        "CoupledLSTM, which has no peepholes",
        coupled=True,
    ),
    "FGR": ablation(
        "full gate recurrence: gates depend on the gates of the previous step", gate_recurrence=True
    ),
}
"""Every variant, by name."""
