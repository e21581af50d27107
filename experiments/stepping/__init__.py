r"""Cells, step by step.

What do the gates of a small trained network do at each time step? Networks with two hidden units
are trained on two tasks; their gates and states are recorded while they read one or two sequences.
The page [Step through a cell](../start/step.md) shows the recordings on the diagram of each cell.

Question: what do gates and states do at each time step? The recordings are examples, one network
for each task and variant; no claim is tested.

Protocol: two tasks. *Counting*: words $a^n b^n$ with n uniform from 1 to 10; at each letter, the
network gives the probability that each letter comes next, the end included (one word per update,
RMSprop with a learning rate of 0.01, squared error, 60 epochs of 300 words). *Remembering*: 20 time
steps with an input of 1 or -1 now and then and 0 otherwise; at each time step, the network gives
the last input that was not 0, and 0 before the first one (32 sequences per update, Adam with a
learning rate of 0.02, squared error, 1,500 updates). All start from PyTorch's initialisation. Gates
and states are recorded by `trace`, for words with n = 4 and n = 9 and for one sequence of
remembering. The *error* is the mean squared error: on all words with n up to 10, or on 1,000 new
sequences.

Deviations: no paper has this protocol. There is one seed, and no learning rate was chosen for a
network. GRU and RNN do not learn to count exactly: see their errors. The state of this GRU stays
the same from the first a to the last: it does not count at all.
"""
