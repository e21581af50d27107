r"""Both directions: an exact case.

In this task the target at each time step depends on the next input. The best possible accuracy of a
network that gives its output before it reads that input is therefore known exactly. The task also
shows what a bidirectional layer cannot compute on its own.

Claim: a question of this project, whether an LSTM whose output comes one time step later does as
well as one that reads in both directions. That a network which reads in both directions is better
than a causal one where both contexts matter (Schuster & Paliwal 1997, by memory; the notebook says
so of its biLSTM) holds on this task by construction. It is a check, in the section with the
numbers, and not a claim that is counted.

Protocol: the input is a sequence of independent, fair bits; the target is $y_t = x_{t-1} \oplus
x_{t+1}$ at all time steps but the first and the last. Since $x_{t+1}$ is independent of all inputs
before it, no model that outputs $y_t$ before it reads $x_{t+1}$ has an expected accuracy above 50
%. A model that reads in both directions can reach 100 %, and so can a causal model whose output is
*delayed* by one time step. The controls are this delayed LSTM and a wider one. A sequence has 50
time steps and a layer 16 units in each direction, with PyTorch's initialisation; training makes
1,500 updates of Adam with a learning rate of 0.01 on batches of 64 sequences.

Each network has a hidden layer between its states and its output, except the one named *no hidden
layer*. The logit of that one is a sum of a function of the past and a function of the future. No
such sum has the sign of an exclusive or for all four pairs of bits; it is correct for at most three
of them. The cross-entropy, by which it is trained, is lowest for the sum 0. There, accuracy is that
of chance; near it, the sign may be right for up to three of the four pairs. Of the ten networks
without a hidden layer, three differ from chance in accuracy, two of them by more than one
percentage point. The other seven, like the LSTMs with the same seed, give the same answer at all
time steps: their accuracy is the share of that answer in the test sequences.

Deviations: none, the task is this project's. Until 3 December 2026, the check was counted as a
claim, with the verdict *reproduced*. One biLSTM with peepholes stays at chance; why is not
explained.
"""
