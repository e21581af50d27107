"""The publications that introduced the variants, and ways to initialise and regularise them."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_variants.names import Table

__all__ = ["PAPERS", "Paper"]


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


ENTRIES = {
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
    "Ba, Kiros & Hinton 2016": Paper(
        "Layer normalization",
        "arXiv:1607.06450, 2016",
        "https://arxiv.org/abs/1607.06450",
    ),
    "Krause et al. 2016": Paper(
        "Multiplicative LSTM for sequence modelling",
        "arXiv:1609.07959, 2016",
        "https://arxiv.org/abs/1609.07959",
    ),
    "Zhou et al. 2016": Paper(
        "Minimal gated unit for recurrent neural networks",
        "International Journal of Automation and Computing 13(3), 226-234",
        "https://doi.org/10.1007/s11633-016-1006-2",
    ),
    "Greff et al. 2017": Paper(
        "LSTM: a search space odyssey",
        "IEEE Transactions on Neural Networks and Learning Systems 28(10), 2222-2232",
        "https://doi.org/10.1109/TNNLS.2016.2582924",
    ),
    "Li et al. 2018": Paper(
        "Independently recurrent neural network (IndRNN): building a longer and deeper RNN",
        "CVPR 2018, 5457-5466",
        "https://arxiv.org/abs/1803.04831",
    ),
    "van der Westhuizen & Lasenby 2018": Paper(
        "The unreasonable effectiveness of the forget gate",
        "arXiv:1804.04849, 2018",
        "https://arxiv.org/abs/1804.04849",
    ),
    "Beck et al. 2024": Paper(
        "xLSTM: extended long short-term memory",
        "NeurIPS 2024",
        "https://arxiv.org/abs/2405.04517",
    ),
    "Feng et al. 2024": Paper(
        "Were RNNs all we needed?",
        "arXiv:2410.01201, 2024",
        "https://arxiv.org/abs/2410.01201",
    ),
    "Tallec & Ollivier 2018": Paper(
        "Can recurrent neural networks warp time?",
        "ICLR 2018",
        "https://arxiv.org/abs/1804.11188",
    ),
    "Gal & Ghahramani 2016": Paper(
        "A theoretically grounded application of dropout in recurrent neural networks",
        "NIPS 2016",
        "https://arxiv.org/abs/1512.05287",
    ),
    "Krueger et al. 2017": Paper(
        "Zoneout: regularizing RNNs by randomly preserving hidden activations",
        "ICLR 2017",
        "https://arxiv.org/abs/1606.01305",
    ),
    "Merity, Keskar & Socher 2018": Paper(
        "Regularizing and optimizing LSTM language models",
        "ICLR 2018",
        "https://arxiv.org/abs/1708.02182",
    ),
}
PAPERS = Table("paper", ENTRIES)
"""The papers of variants, initialisation and regularisation, by their short citations."""
