r"""Timing: do peepholes help?

The notebook says that peepholes improve learning in timing tasks. The paper on peepholes (Gers,
Schraudolph & Schmidhuber 2002) says something narrower, about networks that were trained in another
way than networks are today. Here the tasks are learned in both ways: *online*, one time step after
the other, as in the paper, and in *batches*, as they would be learned today. The tasks are to
measure an interval of F or F + 1 time steps (*NMSD*), to output a spike at its end (*GTS*), and to
output a function with period F (*cosine*, *triangle* and *rectangle*).

Claims: peepholes improve learning in timing tasks (the notebook, which says no more); they are not
needed to measure a delay, and they help to generate spikes and functions (Gers, Schraudolph &
Schmidhuber 2002).

Protocol: three tasks of the paper; F is the length of an interval.

- *NMSD*, measuring: two spikes are F or F + 1 time steps apart; the target at the second spike is 1
  for F + 1 and 0 for F.
- *GTS*, generating spikes: during an interval, the input states whether it has F or F + 1 time
  steps; the target is a spike at its end and 0 elsewhere.
- *PFG*, generating functions: without input, a cosine, triangle or rectangle with period F.

A failure is an error of 0.49 or more at any time step, in PFG of 0.3. A task is solved if 1,000
intervals (GTS in batches: 1,000 F time steps) pass without a failure.

*Online* is the training of the paper: gradient descent after each time step with a learning rate of
1e-5 and a momentum of 0.99 (GTS: 0.999), with a single hidden unit. Its candidate and its cell
output have no activation function, except in the GRU. The output of the network is a sigmoid, or
linear in PFG. Initial weights are uniform between -0.1 and 0.1, the initial biases of input, forget
and output gate are 0, 2 and 2 (of a GRU's reset and update gate 0 and 2). A stream of 100 intervals
(NMSD: of one) ends at its first failure; after 100 intervals without one, the network is tested on
1,000 with fixed parameters. Gradients are *truncated*, as in the paper, or *full*. The table shows
the number of streams; comparisons use the number of time steps, which is what is limited.

*Batches* is how one would train today: three units, also with a linear candidate and output (not
the GRU), Adam with a learning rate of 0.01, PyTorch's initial weights, cross-entropy (PFG: squared
error), full gradients clipped to norm 1, and batches of 16 sequences (PFG: one) of ten intervals
(NMSD: of one) that continue after a failure. The initial bias of the forget gate is 2, as is that
of a GRU's update gate. A run has 3,000 updates at most. Every ten updates, if the batch had no
failure, the network is tested on 1,000 intervals. The measure is the number of updates. With a
linear candidate the cell state is not bounded: a run has *diverged* if the magnitude of a logit
(PFG: of an output) exceeds 1e6.

The unit *previous* is the variant of the notebook, whose output gate depends on the previous cell
state. The initial weights of a seed are the same for all tasks and units with as many of them:
results on two tasks are not independent.

Deviations: of the tasks for measuring, only the one without interruption for two lengths of the
interval is run; the paper has a continual one and others with more lengths. In *online*, the coding
of the input of GTS is not known from the paper. Another replication gives the initial forget bias
as -2; the sign depends on a convention, so -2 is also tried, on NMSD with F = 10. A run ends
unsolved after 100 million time steps; the limit of the paper is 10 million streams (by a summary of
the paper, 100 million for measuring). At F = 30, 100 million time steps are about 3.2 million
streams. Nearly all unsolved runs end before 10 million streams, except on functions with F = 10,
where more than a third of them reach that number. For the cosine with F = 10 and all functions with
F = 25, every unsolved run that the verdicts compare ends before it. An unsolved run is censored at
its limit. A run that diverged is unsolved too, although a bounded candidate or a smaller learning
rate might have solved the task: with a linear candidate and output, a recurrent weight of the
candidate can act as positive feedback. The rectangle starts at 1; by the summary, it starts at 0 in
the paper. *Batches* is not a protocol of the paper. The verdicts compare networks trained with
truncated gradients online, and with full gradients in batches; the table shows all runs. Online
runs that diverge are counted in [Timing: divergence, codings and limits](timing-variations.md),
with the limit of the paper. There, the unit *peepholes* learns the triangle with F = 25 as often as
*previous*, and the cosine with F = 25 with every seed. Within the limit of this page, only
*previous* learns the triangle with F = 25, because it needs fewer streams, and fewer time steps in
each. The paper says that networks without peepholes cannot generate spikes at all, and runs none on
that task (by the summary); here they are run, and some learn it, one online and more in batches.
The authors suppose that functions can be generated without peepholes, but that truncated gradients
make this hard to learn (by the summary). The paper reports (abstract) that an LSTM with peepholes
learns to distinguish intervals of 49 and 50 time steps; here, most online runs fail at 20. It also
reports that an LSTM with peepholes learns to generate spikes and functions; here, within the limit
of this page, no run of it with truncated gradients learns spikes at F = 20, the triangle, or the
rectangle. Its protocol must differ from this one in some unknown detail.
"""
