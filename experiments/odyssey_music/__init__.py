"""The study of random search on chorales."""

from experiments.odyssey.text import page_text

__doc__ = page_text(
    "Search space odyssey: chorales",
    data="piano rolls of chorales.",
    task="The data are the JSB Chorales with the usual split. A network reads a frame of 88 keys "
    "at each time step and gives the probability of each key in the next frame; the loss is "
    "in nats per frame.",
    batch=1,
    deviations="On JSB Chorales, one of its data sets, the paper compares the loss too (by "
    "memory).",
)
