r"""Characters again: learning rates.

Which learning rate, on a finer grid than before, do an LSTM and a multiplicative LSTM need to
predict the characters of a text? This pilot chooses a rate for each network of [Characters
again](characters-finer.md), with seeds that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Characters
again](characters-finer.md).

Protocol: networks, training and texts are those of [Characters](characters.md). The measure is the
smallest loss on the validation text. For each network, the rate with the smallest mean over the
three seeds is chosen. If that rate is the smallest or the largest one, a further rate is added at
this end before the networks are compared.

Deviations: no paper has this protocol.
"""
