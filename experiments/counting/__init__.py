r"""Counting.

To count, a state has to go up by a fixed amount for each letter of one kind, and down for each
letter of another. The cell state of an LSTM can do that; a unit whose new state is an average of
its old state and a candidate cannot count without bound. How far do trained networks count beyond
their training range? The lower part of the figure shows the states of two networks while they read
one word: the LSTM and the GRU with three hidden units that count farthest.

Claims: LSTMs count farther than GRUs (Weiss, Goldberg & Yahav 2018); an LSTM counts beyond its
training range without the peepholes of Gers & Schmidhuber 2001 (Suzgun, Belinkov & Shieber 2018).
And a question of ours: whether peepholes help.

Protocol: a network reads a word of $a^n b^n$ or $a^n b^n c^n$ and outputs, at each letter, the
probability that each letter may come next, the end included. Training as in the code released by
Suzgun, Belinkov & Shieber: 1000 words with n uniform from 1 to 50, 150 epochs with one word per
update, RMSprop, squared error of sigmoid outputs, PyTorch's initialisation. Each network has the
learning rate that a [pilot](counting-rates.md) with other seeds chose for it. A word is right if
all outputs at all of its letters are on the right side of 0.5. The measure is the largest n up to
10,000 such that all words up to it are right; tests treat all results at this limit as equal. Two
networks are compared where at least half of the seeds of both are right on the whole training
range.

Deviations: Suzgun, Belinkov & Shieber train all networks with a learning rate of 0.01; here a rate
is chosen for each network, to reduce the effect of a rate that suits another one. They read the
words in the same order in each epoch; here the order is drawn anew. The pilot has two seeds and
five rates; where the chosen rate is the largest or the smallest of them, as for most GRUs and for
the LSTM with three units on $a^n b^n$, another rate may be better. Weiss, Goldberg & Yahav train on
words with n below 100 ($a^n b^n$) and 50 ($a^n b^n c^n$), with Adam at a rate of 0.001 and the
cross-entropy of a softmax; the largest n is compared without rescaling, although their training
ranges are larger or equal: on $a^n b^n$, *smaller than reported* compares networks trained up to n
= 50 with networks trained below n = 100. Their numbers are known from a summary, which does not
state of how many networks they are. In multiples of the training range, the difference that they
report on $a^n b^n$ with ten units, 2.2, is not excluded. Their GRUs are not right on their training
ranges. [Another experiment](counting-source-rates.md) has the rates of the sources, with which more
LSTMs with three units learn the training range, and a smaller one for GRUs. The table shows how
many networks are right on the whole training range, and how many reach the limit: it was raised to
10,000 and not further, since the time of a test grows with the square of n. The training error is
the mean squared error over the words of the training range, each n with the same weight.

**Changes.** That two networks are compared only where most seeds of both are right on the training
range was decided when these results were known; without it, LSTMs would count farther than GRUs in
two of four settings, and the verdict would be *reproduced in part*. With the protocol before this
one (batches of 8 words, a learning rate of 0.01 for all networks, tests up to n = 500), LSTMs
counted farther than GRUs in all four settings, most GRUs were not right on the training range in
any, and peepholes made an LSTM count farther in all four; its record is in the history of the
repository, before commit 63688b0.
"""
