r"""Encoder and decoder: learning rates.

Which learning rate do an encoder and a decoder need to write a sequence again? This pilot chooses a
rate for each network of [Encoder and decoder](encoder-decoder.md), with seeds that are used nowhere
else.

Claims: none. The networks are compared, each with its own rate, in [Encoder and
decoder](encoder-decoder.md).

Protocol: networks and training are those of [Encoder and decoder](encoder-decoder.md). The measure
is the cross-entropy on 2,000 new sequences. For each network, the rate with the smallest mean over
the three seeds is chosen. If that rate is the smallest or the largest one, a further rate is added
at this end before the networks are compared.

Deviations: no paper has this protocol. The rate 0.1 was added by this rule, since both networks
with gates had the smallest loss at 0.03, the largest rate that was planned.
"""
