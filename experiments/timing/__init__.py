r"""Timing: do peepholes help?

The notebook says that peepholes improve learning in timing tasks. The paper behind it says
something narrower, and its training differs from what anyone does today in every respect. So both
are run: the tasks as they were learned then, step by step, and as they would be learned now.

Claims: peepholes improve learning in timing tasks (the notebook, which says no more); they are not
needed to measure a delay, and what they help with is to generate (Gers, Schraudolph & Schmidhuber
2002).

Protocol: three of their tasks; F is the length of an interval.

- *NMSD*, measuring: two spikes are F or F + 1 steps apart; at the second, the network says which.
- *GTS*, making spikes: the input says through an interval whether it has F or F + 1 steps, and the
  network gives a spike at its end and nothing else.
- *PFG*, making functions: without input, a cosine, a triangle or a rectangle of period F.

A failure is an error of 0.49 or more at any step, in PFG of 0.3. A task is solved when a thousand
intervals (GTS in batches: 1000 F steps) go without one.

*Online* is how the paper trains: one unit learns step by step, by gradient descent with rate 1e-5
and momentum 0.99 (GTS 0.999). Its candidate and output are linear, the network's output is a
sigmoid, in PFG linear. Weights are uniform in -0.1 to 0.1, the biases of input, forget and output
gate 0, 2 and 2. A stream of 100 intervals (NMSD: of one) ends with its first failure; after 100
intervals without one, a thousand are tried. Gradients are the paper's truncated ones, or full ones.
Measured is how many streams it takes, and for comparisons how many steps, which is what is limited.

*Batches* are how one would train today: three units, with linear candidate and output too, Adam,
cross-entropy (PFG: squared error), batches of 16 sequences of ten intervals (NMSD: of one) that go
on after a failure, gradients through all steps. The forget gate has a bias of 2 at first, and a
GRU's update gate too. Every ten updates, if there was no failure in the batch, a thousand intervals
are tried. Measured is how many updates it takes. With a linear candidate nothing bounds the memory:
where outputs exceed a million, a run has *diverged*.

The unit *previous* is the notebook's variant, whose output gate sees the cell state of the step
before.

Deviations: of *online*, the coding of the GTS's input and the shape of the rectangle are not known
to us from the paper; its forget bias is -2 in another replication, which we try too, on one task,
since the sign depends on a convention; a run ends unsolved after 100 million steps, where the paper
allows 10 million streams (at F = 30, 100 million steps are about 3.2 million streams). An unsolved
run counts as cut off at its cap. A run that diverged counts as unsolved, too, although a bounded
candidate or a smaller rate might have solved the task: with a linear candidate and output, a
recurrent weight of the candidate is positive feedback. The rectangle starts at 1. *Batches* is not
the paper's at all. The verdicts compare truncated gradients online and full ones in batches; all
other runs are in the table.
"""
