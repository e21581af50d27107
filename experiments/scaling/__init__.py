r"""Speed over T and H.

How time grows with T and H, and where which backend is faster.

Claim: the CPU kernels make a peephole LSTM as fast as `torch.nn.LSTM`, and for the cells that torch
has too they are no slower than torch's own, so `backend="auto"` takes them wherever they can run.

Protocol: the contenders are timed in turn, round after round, and each shows its median. *Products*
is what the matrix products alone take, as `torch.mm` computes them: one for the input of all steps
and one for each step, and for training the three of the gradient. The crossover table has the
median of the ratios of neighbours in time, CPU kernels to torch's.

Deviations: none; these are measurements of this package.
"""
