"""Whose claims are tested, and where they are stated."""

SOURCES = {
    "Hochreiter & Schmidhuber 1997": "https://doi.org/10.1162/neco.1997.9.8.1735",
    "Gers, Schraudolph & Schmidhuber 2002": "https://www.jmlr.org/papers/v3/gers02a.html",
    "Jozefowicz, Zaremba & Sutskever 2015": "https://proceedings.mlr.press/v37/jozefowicz15.html",
    "Chung et al. 2014": "https://arxiv.org/abs/1412.3555",
    "Huang, Xu & Yu 2015": "https://arxiv.org/abs/1508.01991",
    "Bai, Kolter & Koltun 2018": "https://arxiv.org/abs/1803.01271",
    "Suzgun, Belinkov & Shieber 2018": "https://arxiv.org/abs/1811.01001",
    "Weiss, Goldberg & Yahav 2018": "https://arxiv.org/abs/1805.04908",
    "Tallec & Ollivier 2018": "https://arxiv.org/abs/1804.11188",
    "Greff et al. 2017": "https://doi.org/10.1109/TNNLS.2016.2582924",
    "Breuel 2015": "https://arxiv.org/abs/1508.02774",
    "Gers, Schmidhuber & Cummins 2000": "https://doi.org/10.1162/089976600300015015",
    "Delétang et al. 2023": "https://arxiv.org/abs/2207.02098",
    "Merrill, Petty & Sabharwal 2024": "https://arxiv.org/abs/2404.08819",
    "Beck et al. 2024": "https://arxiv.org/abs/2405.04517",
    "Grazzi et al. 2025": "https://arxiv.org/abs/2411.12537",
    "van der Westhuizen & Lasenby 2018": "https://arxiv.org/abs/1804.04849",
    "Li et al. 2018": "https://arxiv.org/abs/1803.04831",
    "Zhou et al. 2016": "https://doi.org/10.1007/s11633-016-1006-2",
    "Feng et al. 2024": "https://arxiv.org/abs/2410.01201",
    "Krause et al. 2016": "https://arxiv.org/abs/1609.07959",
    "Ba, Kiros & Hinton 2016": "https://arxiv.org/abs/1607.06450",
    "Gal & Ghahramani 2016": "https://arxiv.org/abs/1512.05287",
    "Krueger et al. 2017": "https://arxiv.org/abs/1606.01305",
    "Merity, Keskar & Socher 2018": "https://arxiv.org/abs/1708.02182",
    "this project": "",
    "the teaching notebook": "https://github.com/rhiosutoyo/Teaching-Deep-Learning-and-Its-Applications/blob/main/8_3_lstm_variants.ipynb",
}
MENTIONED = {
    "Schuster & Paliwal 1997": "https://doi.org/10.1109/78.650093",
    "Gers & Schmidhuber 2001": "https://doi.org/10.1109/72.963769",
    "Le, Jaitly & Hinton 2015": "https://arxiv.org/abs/1504.00941",
    "Arjovsky, Shah & Bengio 2016": "https://arxiv.org/abs/1511.06464",
}
"""Others that the texts of experiments name."""
