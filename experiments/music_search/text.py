"""The text of a search's page: what all data sets have in common."""

from __future__ import annotations

from experiments.music_search import DATA, LIMIT, PATIENCE, TRIALS

TEXT = """Music, random search: {data}.

Which recurrent unit is best on music may depend on how the networks are trained. Here the learning
rate, the number of sequences per update and the weight noise are drawn at random for each trial, so
that no unit is compared at settings that were chosen for another one.

Claims: the order of the units in the table of Chung et al. (2014), a reading of the table; the
paper concludes, from music and speech together, that gated units are better than tanh units, more
clearly on speech, and that neither GRU nor LSTM is better. Peepholes are not useful (Breuel 2015,
on other tasks).

Protocol: units, sizes, optimiser and measure of [Music](music.md), on {data}. A trial draws a
learning rate (1e-4 to 1e-2, log-uniform), 1 or 8 sequences of similar length per update, and weight
noise with a standard deviation of 0.075 or none. It trains until the validation NLL, computed after
each epoch, has not improved for {patience:,} updates or is not finite, for {limit:,} updates at
most, rounded up to whole epochs. The test NLL is measured at the epoch with the lowest validation
NLL. The patience is a number of updates: with 1 sequence per update, it is an eighth as many epochs
as with 8. {trials} trials are planned for each unit. The tenth of the trials with the lowest
validation NLL is compared between units, by a test that permutes all trials (see [the
rule](what-holds.md#the-rule)). Test NLLs, for example after divergence, are capped at that of a
model of the frequency of each key alone.

Deviations: the paper also compares the units on two sets of speech of Ubisoft, which are not
public, and on which gated units are far ahead (by memory); speech is not tried here. Of music
alone, its text says that all three are close, and that the GRU is ahead on all sets but Nottingham
(by memory). The paper draws ten learning rates for each unit and always has weight noise. The range
of its rates could not be checked; it is probably exp(-12) to exp(-6). The range here leaves out the
lower part of that, where training takes longest, and extends beyond its upper end. The paper does
not state the number of sequences per update; the example configuration that its authors released
(JSB Chorales) has one, RMSProp with momentum 0.9 and a learning rate that decays linearly. Here
there is no momentum and no decay. Where the best trials have learning rates near an end of the
range, which the table shows, others outside may be better. The paper reports one network for each
unit; the column *best by validation* shows the trial with the lowest validation NLL. The other
deviations of [Music](music.md) apply: the loss, the norm that is limited, the parameters that have
noise, the initialisation, the reset gate, two biases for each gate and the count of parameters.
Where all units are better than in the paper, or all worse, the reason is not known, and differences
between units are compared across these levels. In the analysis of variance, the recurrent unit is
encoded as a number, its rank by the median loss of the same trials; this may make its share larger.
Margins were declared before the trials; the results of [Music](music.md) on JSB Chorales and
Nottingham were known{known}.
"""

REDUCED = (
    ". 60 trials were planned at first; before the first one, their number was reduced to save "
    "computing time, when the results of the search on JSB Chorales, and of eight trials on "
    "Piano-midi, were known"
)
KNOWN = {
    "nottingham": f"{REDUCED}. The data are folk tunes. In the published split, 1 sequence for "
    "testing and 1 for validation are also among those for training",
    "muse": REDUCED,
}
"""What was known before the trials of a data set, and what is special about it."""


def page_text(name: str) -> str:
    """Title, introduction, claims, protocol and deviations of the search on a key of `DATA`."""
    return TEXT.format(
        data=DATA[name],
        patience=PATIENCE,
        limit=LIMIT[name],
        trials=TRIALS[name],
        known=KNOWN.get(name, ""),
    )
