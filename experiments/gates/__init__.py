r"""Gates of trained networks.

The gates of trained LSTMs with peepholes and without. The networks shown have learned to output a
spike at the end of each interval.

Question: how do trained networks of each kind use their gates? While the output gate of a unit is
0, no gate depends on its cell state, unless there are peepholes (Gers, Schraudolph & Schmidhuber
2002). The figure is an example; no claim is tested.

Protocol: the task *GTS* with F = 10 of [Timing](timing.md), in its protocol *batches*: during an
interval, the input states whether the interval has 10 or 11 time steps; the target is a spike at
its end. Networks of three units with a linear candidate and output are trained with and without
peepholes for up to 6,000 updates, twice as many as in that experiment. Gates, cell state and output
are recorded over four intervals. The figure shows the network that solved the task after the fewest
updates (in a tie, the one with the smallest seed), and the ranges of the gates in all that solved
it. Those that did not solve it within 6,000 updates, some of which diverged as defined in
[Timing](timing.md), are counted in the table and not drawn. Of each network, one unit is shown: the
one whose contribution to the output (hidden state times output weight) varies most over time. Two
networks with peepholes tie; the one that is not drawn closes its output gate, and the one that is
drawn does not.

Deviations: the paper has one unit, and shows other tasks.
"""
