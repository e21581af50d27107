r"""Gates of trained networks.

What the gates of a trained network do, step by step, with peepholes and without.

Claims: none. A unit whose output gate is 0 hides its cell state from all gates, unless they have
peepholes (Gers, Schraudolph & Schmidhuber 2002). The figure shows how one trained network of each
kind uses its gates; it tests nothing.

Protocol: the task GTS with F = 10 of the timing experiment, in its protocol *batches*: the input
says through an interval whether it has 10 or 11 steps, and the network gives a spike at its end.
Networks of three units with linear candidate and output are trained with peepholes and without
them, for up to 6000 updates, twice as many as there. Gates, memory and output are kept through four
intervals. The figure shows, of the network that solved the task first, the unit that the output
listens to most.

Deviations: the paper has one unit, and shows other tasks.
"""
