r"""Music: GRU or LSTM?

Which notes sound next in a chorale, or in a folk tune? The comparison that made the GRU known is
rerun with the same numbers of units, and with an LSTM without peepholes, which it left out.

Claims: gated units are better than tanh units (the conclusion of Chung et al. 2014, who find GRU
and LSTM comparable). In their table this holds for the chorales, where the GRU is ahead of the
LSTM; for the folk tunes, tanh units are the best and the LSTM is ahead of the GRU. These are
readings of the table, not conclusions of the paper. Peepholes are not useful (Breuel 2015).

Protocol: Chung et al.'s, on JSB Chorales and Nottingham. One layer of 100 tanh, 46 GRU or 36 LSTM
units reads a piano roll and gives, for each of the 88 keys, the probability that it sounds in the
next frame. RMSProp, gradients rescaled to norm 1, weight noise of standard deviation 0.075, the
learning rate that is best on the validation set, and the parameters of the best epoch there.

The measure is the negative log-likelihood in nats per frame: cross-entropy summed over the keys,
for all frames but the first of each sequence, summed over all sequences and divided by the number
of frames. Padding counts nowhere; that it does in some replications is why published numbers differ
so wildly. The mean of the sequences' own means is stored too.

Deviations: two or three learning rates, the same for all, where the paper draws ten. Batches of 8
sequences of similar length. Training ends after so many epochs without a new best, 15 on chorales
and 40 on folk tunes, or when there were enough; the table says how far it got. Where that is the
limit, longer training might do better. A GRU whose reset gate acts after the product, as PyTorch's
does, where the paper's acts before; two biases for each gate, as PyTorch has; gradients are
rescaled only where their norm is above 1. The units are the paper's, which counts 20 thousand
parameters for each network; with all that a network has here, the tanh network is the largest.
"""
