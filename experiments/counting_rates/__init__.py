r"""Counting: learning rates.

Which learning rate does a network need to learn to count? A comparison of networks at one rate
depends on how well it suits each of them: this pilot chooses a rate for each network, with seeds
that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Counting](counting.md).

Protocol: a network reads a word of $a^n b^n$ or $a^n b^n c^n$ and gives, at each letter, the
probability that each letter may come next, the end included. Training as in the code released by
Suzgun, Belinkov & Shieber (2018): 1000 words with n uniform from 1 to 50, 150 epochs with one word
per update, RMSprop, squared error of sigmoid outputs, PyTorch's initialisation. A word is right if
all outputs at all of its letters are on the right side of 0.5. The *largest n* is the one up to
which all words are right, at most 10,000. For each network, the rate with the largest median of n
over the seeds is chosen (with two seeds, the smaller n is the median). In a tie, it is the rate
with the smaller error on the words of the training range. The dotted line in the figure is the end
of that range, n = 50: below it a network does not solve its training words.

Deviations: Suzgun, Belinkov & Shieber train with a rate of 0.01 alone. A rate is chosen by how far
a network counts and not by its error on the training range: where networks are right on all of that
range, the error says little about longer words. Two seeds are few for networks that differ this
much; where the chosen rate is the largest or the smallest one tried, a rate beyond it may be
better.
"""
