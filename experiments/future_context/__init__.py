r"""Both directions: an exact case.

A task that no model can do which reads from left to right and answers at once: the bound is known
and not measured. And what even a bidirectional layer cannot do alone.

Claim: a network that reads in both directions helps where both contexts matter (Schuster & Paliwal
1997; the notebook says so of its biLSTM).

Protocol: a sequence of random bits; the answer at each step is $y_t = x_{t-1} \oplus x_{t+1}$, for
all steps but the first and the last. The bit $x_{t+1}$ is independent of all before it, so no
causal model is right more often than half the time; that is a bound and not a measurement. A model
of both directions can be right always. The honest control is a causal network that answers one
step later: *delayed* by one it has seen all that it needs.

Every network reads its states out through a hidden layer, but for one that has none. There the
logit is a sum of a function of the past and one of the future, and no such sum has the sign of an
exclusive or: it is right on three of the four pairs at most.

Deviations: none, the task is ours.
"""
