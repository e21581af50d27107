r"""Characters of a short text: probabilities.

With which probability should recurrent dropout, zoneout and weight dropout be used on a short text?
This pilot chooses one for each of them in [Characters of a short text](regularisation.md), with
seeds that are used nowhere else.

Claims: none. The methods are compared, each with its own probability, in [Characters of a short
text](regularisation.md).

Protocol: network, training and texts are those of [Characters of a short text](regularisation.md).
The measure is the smallest loss on the validation text. For each method, the probability with the
smallest mean over the three seeds is chosen. If that is the smallest or the largest one, a further
one is added at this end before the methods are compared.

Deviations: no paper has this protocol. Zoneout has the same probability for cell state and hidden
state; its paper has others for each.
"""
