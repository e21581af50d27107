r"""Counting: the learning rates of the sources.

On the page about [counting](counting.md) every network has the learning rate that a pilot chose for
it. The rates that the sources use are others; and for most GRUs the pilot chose the smallest one of
those tried, so that a smaller one may be better. Here networks are trained with the rates of the
sources, and GRUs with a smaller one too.

Claims: LSTMs count farther than GRUs (Weiss, Goldberg & Yahav 2018); an LSTM counts beyond its
training range without peepholes (Suzgun, Belinkov & Shieber 2018). And two questions of this
project: whether an LSTM counts farther than GRUs with a smaller rate, and whether GRUs count
farther with it than with that of the source.

Protocol: languages, training and measure are those of [Counting](counting.md); weights and words
are drawn anew. With three units, an LSTM has the rate of Suzgun, Belinkov & Shieber, 0.01; with
ten, LSTM and GRU have that of Weiss, Goldberg & Yahav, 0.001. GRUs of both sizes are trained with
0.001 and 0.0003, the smallest rate of the pilot and a smaller one.

Deviations: of Weiss, Goldberg & Yahav, the learning rate alone is used. Their released code trains
with Adam and the cross-entropy of a softmax over the letters, on one word of each n below 100 or,
in $a^n b^n c^n$, 50, for 1,000 to 2,000 epochs; with RMSprop and squared errors, the same rate may
have another effect. The number of updates is similar: 100,000 to 200,000 there, half as many for
$a^n b^n c^n$, and 150,000 here. Suzgun, Belinkov & Shieber read the words in the same order in each
epoch; here the order is drawn anew. They have no GRU. On $a^n b^n$, *smaller than reported*
compares networks trained up to n = 50 with networks of Weiss, Goldberg & Yahav that were trained
below n = 100. The questions and the rates were chosen after the record of [Counting](counting.md)
was known, from which no run is used here; effects of interest are those declared there. When these
runs were made, the two comparisons of rates on $a^n b^n c^n$ were to be decided although most GRUs
do not fit the training range; [the rule](what-holds.md#the-rule), as it was published before,
leaves them undecided, and is followed. Without that rule, LSTMs would count farther than GRUs in
all comparisons of the first and the third claim, and GRUs with a smaller rate less far in two of
four. A comparison that was not declared: on $a^n b^n$, every LSTM with three units and the rate
0.01 counts farther than every GRU with three units and 0.001.
"""

SUZGUN = 0.01
"""The learning rate of Suzgun, Belinkov & Shieber 2018."""
WEISS = 0.001
"""The learning rate of Weiss, Goldberg & Yahav 2018, the smallest one of the pilot."""
SMALLER = 0.0003
"""A learning rate beyond those of the pilot."""
