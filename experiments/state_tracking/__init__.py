r"""State tracking.

To track a state, each input has to be applied to the state that the inputs before it have led to:
the parity of a sequence of bits, a sum modulo 5, the order of three things that are swapped and
rotated. In MinGRU and MinLSTM, gates and candidate depend on the input alone. Which recurrent
networks learn to track a state on short sequences, and do so on longer ones?

Claims: linear recurrent networks whose transitions have positive eigenvalues alone cannot solve
parity, non-linear ones can (Grazzi et al. 2025); state-space models struggle with state tracking
that an RNN learns (Merrill, Petty & Sabharwal 2024); an sLSTM can track a state (Beck et al. 2024);
RNNs and LSTMs generalise to longer sequences on regular tasks (Delétang et al. 2023). MinGRU and
MinLSTM are linear recurrent networks of this kind: their state is a weighted mean of its old value
and a candidate, with weights between 0 and 1 that depend on the input alone. And a question of this
project: whether GRU, MGU, JANET and IndRNN track a state on longer sequences.

Protocol: the input at each time step is one of two symbols, each of which stands for a permutation.
The target at each time step is the product of all permutations so far. *Parity*: the identity and
the swap of two things, two states. *S3*: a swap and a rotation of three things, six states, in
which the order of the symbols matters. Symbols are drawn independently with equal probability. A
network has one or two recurrent layers of 32 units, with PyTorch's initialisation or that of the
variant, a hidden layer of 32 units with ReLU, and a logit for each state. Training: 500 updates of
Adam, each on 64 new sequences with T = 16, cross-entropy at all time steps, gradients clipped to
norm 1, a learning rate that falls linearly to 0. A [pilot](state-tracking-rates.md) with other
seeds chose the learning rate of each network on S3. Tests: 1,000 new sequences of up to 16 times
the length of those of the training. A task is *solved* at a length if at least 99 % of the last
states are right. Networks are compared at the largest length, T = 256: by the share of seeds that
solve the task, or by whether their accuracy is above 90 %, from which Delétang et al. say that a
network generalises (by memory).

Deviations: none of the sources has this protocol. Grazzi et al. and Merrill, Petty & Sabharwal test
Mamba, S4 and others, not MinGRU and MinLSTM; the latter use all elements of a group as symbols,
with up to 60 or 120 states. S3 is not among the groups of which they prove that state-space models
cannot multiply their elements; it contains parity. Beck et al. compare sLSTM with Transformers and
state-space models. Delétang et al. train on lengths up to 40 and test up to 500 (by memory), with
the answer at the end of a sequence alone; here a network learns from the state at each time step,
which is easier. S3 is not among their tasks. Accuracies are those of the last state, not an average
over lengths. The networks have the same number of units, not of parameters. Training is short, and
networks that do not solve a task here may do so with more updates. LayerNormLSTM was left out,
whose runs take three times as long. Single runs with other settings had been seen before the
comparisons were declared.
"""
