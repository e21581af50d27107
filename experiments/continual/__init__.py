r"""Continual streams.

A network that reads one string after another, without a mark between them and without a reset of
its state, has to forget by itself. The LSTM of 1997 has no forget gate: its cell state is a sum.
Does it learn such a stream?

Claims: to be declared after the pilot.

Protocol: strings of the embedded Reber grammar follow one another directly. A string is B, then T
or P, a string of the Reber grammar, the same T or P again, and E; each branch has a probability of
0.5. At each symbol, a network gives for each of the seven symbols whether it may come next. A
prediction is right if no output differs from its target by 0.49 or more. A network has one
recurrent layer of 8 units with PyTorch's initialisation; the output depends on the hidden state and
on the symbol itself. Training: 1,500 updates of Adam on 16 streams, 60 symbols of each per update,
cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. States are
carried from one update to the next, gradients are not. *Without resets*, a stream in which a
prediction was wrong ends: its state is reset at its next start of a string. *With resets*, the
state of an LSTM of 1997 is reset from outside at each start of a string, with `resets=`, so that it
reads each string by itself. A [pilot](continual-rates.md) with other seeds chose the learning
rates. Tests: 10 new streams of 20,000 symbols. A network solves the task if all predictions on all
of them are right.

Deviations: to be completed with the claims.
"""
