"""A random search over learning rate, batch and weight noise, on the data sets of Chung et al."""

from __future__ import annotations

DATA = {
    "jsb": "JSB Chorales",
    "nottingham": "Nottingham",
    "muse": "MuseData",
    "piano": "Piano-midi",
}
"""The data sets, by the end of the name of their experiment."""
PATIENCE = {"jsb": 15, "nottingham": 25, "muse": 15, "piano": 15}
"""Epochs without a new best validation NLL after which a trial ends."""
EPOCHS = 1000
"""Epochs at most."""

TEXT = """Music, random search: {data}.

The order of recurrent units on music may depend on how they are trained. Here the learning rate,
the number of sequences per update and the weight noise are drawn at random for each unit, so that
none of them is compared at settings that suit another one.

Claims: the order of the units in the table of Chung et al. (2014), and that peepholes are not
useful (Breuel 2015).

Protocol: units, sizes, optimiser and measure of [Music](music.md), on {data}. A trial draws a
learning rate (1e-4 to 1e-2, log-uniform), 1 or 8 sequences per update, and weight noise with a
standard deviation of 0.075 or none; it trains until the validation NLL has not improved for
{patience} epochs, {epochs:,} at most, and measures the test NLL of the epoch with the lowest
validation NLL. 40 trials for each unit. The tenth of the trials with the lowest validation NLL is
compared between units, by a test that permutes all trials (see
[the rule](what-holds.md#the-rule)). A test NLL above that of the frequency of each key alone, as
after divergence, counts as the latter.

Deviations: the paper draws ten learning rates for each unit, from a range that could not be read,
and always has weight noise; the number of sequences per update is not known. It reports one network
for each unit: the number beside it is the one trial with the lowest validation NLL of all. The
equations are those of [Music](music.md).
"""


def page_text(name: str) -> str:
    """Title, introduction, claims, protocol and deviations of the search on a key of `DATA`."""
    return TEXT.format(data=DATA[name], patience=PATIENCE[name], epochs=EPOCHS)
