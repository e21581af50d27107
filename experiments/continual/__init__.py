r"""Continual streams.

A network that reads one string after another, without a mark between them and without a reset of
its state, has to forget by itself. The LSTM of 1997 has no forget gate: its cell state is a sum.
Does it learn such a stream?

Claims: without a forget gate, an LSTM does not learn a continual stream, its cell state grows, and
resets from outside are a cure; with a forget gate it learns the stream (Gers, Schmidhuber & Cummins
2000). And a question of this project: whether an LSTM with peepholes and a GRU learn it too.

Protocol: strings of the embedded Reber grammar follow one another directly. A string is B, then T
or P, a string of the Reber grammar, the same T or P again, and E; each branch has a probability of
0.5. At each symbol, a network gives for each of the seven symbols whether it may come next. A
prediction is right if no output differs from its target by 0.49 or more. A network has one
recurrent layer of 8 units with PyTorch's initialisation; the output depends on the hidden state and
on the symbol itself. Training: 1,500 updates of Adam on 16 streams, 60 symbols of each per update,
cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. States are
carried from one update to the next, gradients are not. *Without resets*, a stream in which a
prediction was wrong ends: its state is reset at its next start of a string. *With resets*, the
state of an LSTM of 1997 is reset from outside at each start of a string, with `resets=`, so that it
reads each string by itself. A [pilot](continual-rates.md) with other seeds chose the learning
rates. Tests: 10 new streams of 20,000 symbols. A network solves the task if all predictions on all
of them are right.

Deviations: the paper updates weights after each symbol by stochastic gradient descent with
truncated gradients and a learning rate of 0.5, fixed or decaying; a stream ends at the first error
or after 1,000,000 symbols, training ends after 30,000 streams, and results are those of 100
networks. Its networks have eight cells in four blocks, each with one gate of each kind, initial
biases that differ from block to block, and positive ones of the forget gates. (Protocol and table
of the paper were read in summaries by others.) Here Adam with gradients through 60 symbols trains
all networks on 16 streams for 1,500 updates, each unit has gates of its own, and PyTorch's
initialisation gives no gate a positive bias. Streams of the test have 20,000 symbols. The target is
the set of symbols that may come next, and the loss is cross-entropy. Of the paper's results with a
forget gate, the one with a decaying learning rate is compared with. Reading each string by itself
is tested with the LSTM of 1997 alone. Single runs with other settings had been seen before the
comparisons were declared. In some of them, with 12 units or with 4,000 updates on 40 symbols, an
LSTM of 1997 learned the stream without resets too, with few or no errors on 20,000 symbols,
although its cell state grew; that of an LSTM with peepholes grew as well. Number of units (that of
the paper) and updates were chosen so that the runs fit a budget; what is shown here about the LSTM
of 1997 holds for this amount of training. [Longer training](continual-longer.md) has four times as
many updates.
"""
