r"""Characters again.

In [Characters](characters.md), an LSTM predicted better than a multiplicative LSTM. But the
learning rates of its pilot were a factor of 3 apart, and that of the multiplicative LSTM was the
last one before it diverged. Which of them is better if both have a rate from a finer grid?

Claims: a multiplicative LSTM is better per character than an LSTM (Krause et al. 2016).

Protocol: networks, training, texts and measure are those of [Characters](characters.md), with other
seeds. A [pilot](characters-finer-rates.md) chose the learning rate of each network from a grid with
a factor of about 1.4 between rates, with seeds that are used nowhere else. Claim, comparisons and
number of seeds were declared before any of these runs, and after the result of Characters was
known. An effect of interest is 0.05 bits per character, about two standard deviations of the runs
of Characters: with ten seeds the rule decides most such effects ([What few seeds can
show](power.md)).

Deviations: those of [Characters](characters.md): the text, the networks and the training are far
smaller than in the paper.
"""
