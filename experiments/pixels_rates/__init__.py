r"""Digits, pixel by pixel: learning rates.

Which learning rate does a network need to recognise a digit from its pixels, one after the other?
This pilot chooses a rate for each network of [Digits, pixel by pixel](pixels.md), with seeds that
are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Digits, pixel by
pixel](pixels.md).

Protocol: networks, training and images are those of [Digits, pixel by pixel](pixels.md), with the
pixels row by row. The measure is the cross-entropy on the validation set after the last epoch. For
each network, the rate with the smallest mean over the three seeds is chosen. If that rate is the
smallest or the largest one, a further rate is added at this end before the networks are compared.

Deviations: no paper has this protocol. The rate that is chosen for pixels in the order of rows is
used for permuted pixels too; it may not be the best one for them. All seeds have the same
validation set.
"""
