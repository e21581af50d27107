"""The study of random search on drawn digits."""

from experiments.odyssey.text import page_text

__doc__ = page_text(
    "Search space odyssey: pen strokes",
    data="digits as movements of a pen.",
    task="The data are stroke sequences of MNIST: the first 3,000 of the published training set "
    "(2,000 for training, 1,000 for validation) and the first 2,000 of its test set. A "
    "network reads the steps of the pen, standardised over the training set, and names the "
    "digit after the last time step. The share of wrong digits is measured too.",
    batch=32,
    deviations="With 2,000 drawings of digits for training, the results say little about IAM "
    "Online. Each update uses 32 sequences; in the paper, it uses one. "
    "The strokes are computed from images, where IAM Online has recorded handwriting. They are "
    "read from arrays that another contributor made of the published sequences. A few drawings are "
    "twice in the data: 5 of the 2,000 for testing and 3 of the 1,000 for validation are also "
    "among those for training.",
)
