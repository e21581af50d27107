r"""Selective copying.

A few symbols at random places among many blanks have to be given back at the end, in their order.
The gates of MinGRU and MinLSTM depend on the input alone: in a single layer, they cannot depend on
how many symbols came before. Do more layers help?

Claims: with more layers, MinGRU and MinLSTM copy more; with two or three layers they solve the task
(Feng et al. 2024).

Protocol: an input has 48 time steps with four symbols to copy, drawn from eight with equal
probability, at places that are drawn at random, and blanks at all others; then come four time steps
with a symbol that stands for a question. There, the network gives the four symbols in their order.
It has one, two or three recurrent layers of 64 units with the initialisation of the variant, and a
linear output. Training: 800 updates of Adam on 64 new sequences each, cross-entropy of the answers,
gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](selective-copying-rates.md) with other seeds chose the learning rate of each network.
Measure: the share of right answers on 1,000 new sequences. The task counts as solved by a unit with
a number of layers if its share is above 90 % over the seeds.

Deviations: in the paper, sequences have 4,096 time steps with 16 symbols to copy from 16, training
is much longer, and layers are wider (by memory). Its cells have their form in log space with
positive states; here states may be negative. Recurrent layers follow one another directly, without
residual connections or normalisation between them. Networks with more layers have more parameters.
The paper compares its cells with others on this task, which is not repeated here. Before the
comparisons were declared, single runs of other sizes had been seen, with 32 to 64 time steps and
four to six symbols to copy: a layer more gave more right answers in each of them.
"""
