r"""State tracking.

To track a state, each input has to be applied to the state that the inputs before it have led to:
the parity of a sequence of bits, a sum modulo 5, the order of three things that are swapped and
rotated. In MinGRU and MinLSTM, gates and candidate depend on the input alone. Which recurrent
networks learn to track a state on short sequences, and do so on longer ones?

Claims: to be declared after the pilot.

Protocol: the input at each time step is one of two symbols, each of which stands for a permutation.
The target at each time step is the product of all permutations so far. *Parity*: the identity and
the swap of two things, two states. *Addition modulo 5*: the identity and a rotation of five things,
five states. *S3*: a swap and a rotation of three things, six states, in which the order of the
symbols matters. Symbols are drawn independently with equal probability, so that no answer can be
guessed without the whole sequence. A network has one or two recurrent layers of 32 units, with
PyTorch's initialisation or that of the variant, a hidden layer of 32 units with ReLU, and a logit
for each state. Training: 500 updates of Adam, each on 64 new sequences with T = 16, cross-entropy
at all time steps, gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](state-tracking-rates.md) with other seeds chose the learning rate of each network. Tests:
1,000 new sequences of up to 16 times the length of those of the training.

Deviations: to be completed with the claims.
"""
