r"""Selective copying: learning rates.

Which learning rate does a network need to copy a few symbols out of many? This pilot chooses a rate
for each network of [Selective copying](selective-copying.md), with seeds that are used nowhere
else.

Claims: none. The networks are compared, each with its own rate, in [Selective
copying](selective-copying.md).

Protocol: networks, training and sequences are those of [Selective copying](selective-copying.md).
The measure is the cross-entropy of the answers on 1,000 new sequences. For each network, the rate
with the smallest mean over the three seeds is chosen. If that rate is the smallest or the largest
one, a further rate is added at this end before the networks are compared.

Deviations: no paper has this protocol. Three rates, from 0.003 to 0.03, were tried first; all
networks had the smallest loss with the largest of them, so that 0.1 and 0.3 were added.
"""
