r"""Shapes and parameters.

The shapes of inputs and outputs of the notebook's four models, and their numbers of parameters.

Claim: the notebook prints the output shapes of its four models for one setting, and calls the GRU a
simplified LSTM. Both can be checked exactly.

Protocol: each model is created and called. The number of its parameters is compared with the
formula that follows from the row blocks of its weight matrices: row blocks times hidden units times
(inputs + hidden units + biases), plus the peephole weights, twice if there are two directions. A
GRU has three row blocks, an LSTM has four. The first rows have the sizes of the notebook's last
cell.

Deviations: none. `torch.nn` has two biases for each row block, of which one would be sufficient for
the LSTM; both are counted.
"""
