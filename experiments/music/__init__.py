r"""Music: GRU or LSTM?

A network reads a piece of music, and predicts at each time step which notes sound next. This is the
comparison with which GRUs became known, rerun with the same numbers of units, and with an LSTM
without peepholes in addition.

Claims: gated units are better than tanh units (Chung et al. 2014, who conclude this from music and
speech together, find it more evident on speech, and find neither of GRU and LSTM better). In their
table this holds for the chorales, where the GRU is ahead of the LSTM; for the folk tunes, tanh
units are the best and the LSTM is ahead of the GRU. These are readings of the table, not
conclusions of the paper. Peepholes are not useful (Breuel 2015, on other tasks).

Protocol: that of Chung et al., on JSB Chorales and Nottingham (folk tunes). One layer of 100 tanh,
46 GRU or 36 LSTM units reads a piano roll and gives, for each of the 88 keys, the probability that
it sounds in the next frame. Training uses RMSProp, gradients rescaled to norm 1 if theirs is
larger, and weight noise with a standard deviation of 0.075; the learning rate and the epoch are
those with the best result on the validation set. Weights, peepholes and biases start from PyTorch's
initialisation; RMSProp has the constants of PyTorch, a decay of 0.99.

The measure is the negative log-likelihood (NLL) in nats per frame: the cross-entropy summed over
the keys and over all frames but the first of each sequence, summed over all sequences and divided
by the number of frames. Padding is excluded; some replications include it, which is one reason why
published numbers differ. The mean over sequences of the NLL per frame of each is also stored. In
the published split of Nottingham, 1 sequence for testing and 1 for validation are also among those
for training.

Deviations: Chung et al. also compare the units on two sets of speech of Ubisoft, which are not
public, and on which gated units are far ahead of tanh units (by memory); speech is not tried here.
Of music alone, their text says that all three are close, and that the GRU is ahead on all sets but
Nottingham (by memory). Two or three learning rates are tried, the same for all networks, where the
paper draws ten; random searches on [JSB Chorales](music-search-jsb.md) and
[Nottingham](music-search-nottingham.md) draw them. Where a network prefers the smallest or largest
of them, another rate may be better for it, and the comparison may be to its disadvantage. This is
so for all gated networks with most seeds on the chorales, and for every network on the folk tunes,
where only two rates are tried. Batches have 8 sequences of similar length. Training ends after 15
epochs (chorales) or 40 epochs (folk tunes) without a new best validation NLL, or at a limit; the
table shows the best epochs. Where these are near the limit, longer training might give a better
result. So might more patience on the folk tunes: the two runs of the GRU that ended by it are its
worst. On the chorales, 15 epochs are about 430 updates; the random search there waits for 3,000,
and its estimates of the advantage of gated units are about half of those here; the intervals
overlap. On the folk tunes, the search trains for up to 60,000 updates, and tanh units are ahead
there. The reset gate of the GRU acts after the matrix product, as in PyTorch; in the paper it acts
before. There are two biases for each gate, as in PyTorch. In the example configuration that the
authors released (JSB Chorales), RMSProp has momentum 0.9, the norm of an update is limited and not
that of a gradient, the loss is a sum over all frames of one sequence, the learning rate decays
linearly over 500 epochs, and the output layer has no weight noise. Here there is no momentum and no
decay, the loss is the mean per frame, and all parameters have noise: that of the output weights may
be a disadvantage for networks with more units, which are those of tanh. The networks of Bai, Kolter
& Koltun are larger: about 300,000 parameters (chorales) and 1,000,000 (folk tunes). The numbers of
units are those of the paper, which counts 20,000 parameters for each network; counted with all
parameters here, the tanh network is the largest. Levels differ from those of the paper, for reasons
that are not known: all units are better here on the chorales, tanh units most, and all are worse on
the folk tunes. Differences between units are compared across these levels.

**Changes.** Settings were changed when results were known. In an earlier run on the folk tunes,
with batches of 2, learning rates of 0.003 and 0.01, at most 200 epochs and 15 of patience, no run
ended at the limit, and neither tanh nor gated units were ahead: the median test NLL was 3.80 (RNN),
3.81 (GRU) and 3.77 (PeepholeLSTM). Patience and limit were raised since weight noise makes a new
best rare. On the chorales, a rate of 0.01 was replaced by 0.0003. The records are in the history of
the repository, before commits da84966 and 7ce000e.
"""
