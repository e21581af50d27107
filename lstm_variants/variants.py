"""The table of variants that tests, benchmarks and documentation use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from lstm_variants.cells import (
    Cell,
    ElmanCell,
    GRUCell,
    IndRNNCell,
    JANETCell,
    LayerNormLSTMCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    MinLSTMCell,
    MultiplicativeLSTMCell,
    SLSTMCell,
)
from lstm_variants.models import GRU, BiLSTM, PeepholeLSTM, SequenceModel, StandardLSTM
from lstm_variants.names import Table
from lstm_variants.nn import Recurrent

__all__ = ["VARIANTS", "Variant"]


@dataclass(frozen=True)
class Variant:
    """One variant: its equations, its papers, and how it differs from the standard LSTM.

    Attributes:
        cell: The cell, which defines the equations.
        papers: The papers that it comes from, keys of [`PAPERS`][lstm_variants.papers.PAPERS].
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

        Arguments other than the two sizes are passed by name. The layer has biases unless
        `bias=False`, even where the notebook's model has none.

        Args:
            input_size: Number of features of one time step, `D`.
            hidden_size: Hidden size of each direction, `H`.
            **options: Any other argument of [`Recurrent`][lstm_variants.nn.Recurrent].

        Returns:
            The layer. Bidirectional by default if `directions` is 2.

        Examples:
            >>> import lstm_variants as lv
            >>> lv.VARIANTS["CIFG"].layer(8, 16, num_layers=2)
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


ENTRIES = {
    "RNN": Variant(
        cell=ElmanCell(),
        papers=("Elman 1990",),
        summary="no gates and no cell state",
        confusable_with="the network of Jordan 1986, whose recurrent input is the output layer",
    ),
    "LSTM": Variant(
        cell=LSTMCell(),
        papers=("Hochreiter & Schmidhuber 1997", "Gers, Schmidhuber & Cummins 2000"),
        summary="the standard LSTM: three gates and a cell state",
        confusable_with="LSTM-1997, which has no forget gate",
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
        summary="the notebook's peepholes: all gates depend on the previous cell state (its model "
        "has no biases)",
        confusable_with="PeepholeLSTM: the output gate depends on the new cell state, as in the "
        "paper",
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
        summary="two gates, no cell state; the reset gate is applied after the recurrent product, "
        "as in cuDNN",
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
        confusable_with="two stacked layers: here both directions have the same input; the LSTM of "
        "Graves & Schmidhuber has peepholes: PeepholeLSTM with bidirectional=True",
        model=BiLSTM,
        directions=2,
    ),
    "LSTM-1997": Variant(
        cell=LSTMCell(forget_gate=False),
        papers=("Hochreiter & Schmidhuber 1997",),
        summary="the LSTM as first published: no forget gate, c is a sum",
        confusable_with="NFG, which has peepholes; the paper has 2 tanh(x/2) for the candidate and "
        "tanh(x/2) for the output instead of tanh(x), connections between gates (as in FGR), gates "
        "that several cells share, and truncated gradients",
    ),
    "LayerNormLSTM": Variant(
        cell=LayerNormLSTMCell(),
        papers=("Ba, Kiros & Hinton 2016",),
        summary="an LSTM with layer normalisation of both matrix products and of the cell state",
        confusable_with="normalisation of each gate by itself; a LayerNorm between layers",
    ),
    "SLSTM": Variant(
        cell=SLSTMCell(),
        papers=("Beck et al. 2024",),
        summary="an exponential input gate; the output is a gated, weighted mean of all candidates",
        confusable_with="the mLSTM of the same paper, whose cell state is a matrix",
    ),
    "MultiplicativeLSTM": Variant(
        cell=MultiplicativeLSTMCell(),
        papers=("Krause et al. 2016",),
        summary="gates depend on a product of projected input and projected hidden state",
        confusable_with="the mLSTM of Beck et al. 2024, whose cell state is a matrix",
    ),
    "MGU": Variant(
        cell=MGUCell(),
        papers=("Zhou et al. 2016",),
        summary="a GRU with one gate, both reset gate and update gate",
        confusable_with="GRU-before: its update gate keeps the old state where it is 1",
    ),
    "JANET": Variant(
        cell=JANETCell(),
        papers=("van der Westhuizen & Lasenby 2018",),
        summary="an LSTM with the forget gate alone; the cell state is the output",
        confusable_with="CoupledLSTM, which has an output gate, and weights of an input gate",
    ),
    "IndRNN": Variant(
        cell=IndRNNCell(),
        papers=("Li et al. 2018",),
        summary="units of a layer are not connected: one recurrent weight for each; ReLU",
        confusable_with="RNN, whose units depend on one another",
    ),
    "MinGRU": Variant(
        cell=MinGRUCell(),
        papers=("Feng et al. 2024",),
        summary="a GRU whose gate and candidate depend on the input alone",
        confusable_with="its form in log space, whose candidate is always positive",
    ),
    "MinLSTM": Variant(
        cell=MinLSTMCell(),
        papers=("Feng et al. 2024",),
        summary="an LSTM whose gates, normalised to a sum of 1, depend on the input alone",
        confusable_with="its form in log space, whose candidate is always positive",
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
VARIANTS = Table("variant", ENTRIES)
"""Every variant, by name."""
