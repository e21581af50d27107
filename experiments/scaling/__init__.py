r"""Speed over T and H.

How the time of a layer grows with the number of time steps T and of hidden units H, and which
backend is faster at which size.

Question: at which sizes are the CPU kernels as fast as PyTorch's? With the CPU kernels, in float32
and at most sizes of figure and table, a peephole LSTM is at most 5 % slower than `torch.nn.LSTM`,
and the cells that PyTorch has too are at most 5 % slower than PyTorch's own called by the same
layer (at T = 32). So `backend="auto"` takes the kernels (see [Backend
selection](../explanation/kernels.md#backend-selection)); the peephole LSTM is slower at T = 1 and
at a few sizes with more time steps. Other sizes, and half precision: [Speed](speed.md).

Protocol: the networks are timed in turn, round after round; the figure shows medians. *Products* is
the time of the matrix products alone, computed by `torch.mm`: one for the input of all time steps
and one for each time step; for training also one for each time step of the backward pass, and three
for the gradients of the input and of both weight matrices. It is no lower bound: the kernels' own
products take less time at many sizes. The table shows the median ratio of times that were measured
one after the other, CPU kernels over PyTorch's kernels. All are measured in one process: medians of
two processes may differ by more than 10 %.

Deviations: none; these are measurements of this package.
"""
