r"""Counting: learning rates.

Which learning rate does a network need to learn to count? A comparison of networks at one rate is a
comparison of their rates: this pilot chooses one for each network, with seeds that are used nowhere
else.

Claims: none. The rates chosen here are for the comparison of networks that count.

Protocol: a network reads a word of $a^n b^n$ or $a^n b^n c^n$ and gives, at each letter, the
probability that each letter comes next, the end included. Training as in the code released by
Suzgun, Belinkov & Shieber (2018): 1000 words with n uniform in 1 to 50, 150 epochs of one word an
update, RMSprop, squared error of sigmoid outputs. The *error* is the mean squared error after
training over all words with n up to 50, each with the same weight. The rate with the smallest
median error over the seeds is chosen. A word is right if all outputs at all of its letters are on
the right side of 0.5; the *largest n* is the one up to which all words are right, and is shown for
information.

Deviations: Suzgun, Belinkov & Shieber train with a rate of 0.01 alone. One seed is run so far.
Where the chosen rate is the largest or the smallest one tried, a rate beyond it may be better: the
comparison of networks at their own rates waits for a wider grid.
"""
