r"""Encoder and decoder.

An encoder reads a sequence of symbols and passes its last hidden state on, a vector of fixed size.
A decoder has to write the sequence again from this vector. Is a gated unit needed for that?

Claims: with gated units an encoder and a decoder learn, and with tanh units without gates they do
not (Cho et al. 2014); gated units are better than tanh units (Chung et al. 2014).

Protocol: 16 symbols are drawn at random from an alphabet of eight. The encoder, one recurrent layer
of 64 units, reads them. The decoder, another layer of the same kind, starts from a tanh of a linear
function of the encoder's last hidden state. Its input at each time step is that state together with
the symbol before, the right one; its outputs are the logits of the 16 symbols in their order.
*GRU*: the reset gate is applied after the recurrent product; *GRU-before*: it is applied before. An
RNN with 64 units has fewer parameters than a GRU; a second one with 103 units has about as many.
All have PyTorch's initialisation. Training: 500 updates of Adam, each on 32 new sequences,
cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](encoder-decoder-rates.md) with other seeds chose the learning rate of each network. Measure:
the share of symbols that are right, of 2,000 new sequences. An effect of 5 percentage points is of
interest.

Deviations: Cho et al. translate phrases between English and French, with 1,000 units and a
vocabulary of 15,000 words; they report of preliminary experiments, without numbers, that tanh units
gave no meaningful results (by memory). In which of both ways their reset gate is applied differs
between versions of the paper (by memory). Chung et al. predict music and speech and have no
decoder. Which symbol is next does not depend on the one before: what a decoder writes has to come
from the encoder. Before the comparisons were declared, single runs with eight symbols and 300
updates on twice as many sequences had been seen, in which all kinds of units got above 96 % of the
symbols right; the sequences were made longer thereafter.
"""
