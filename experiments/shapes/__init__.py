r"""Shapes and parameters.

The shapes of inputs and outputs of the notebook's four models, and their numbers of parameters.

Claim: the notebook prints the output shapes of its four models for one setting, and calls the GRU a
simplified LSTM. Both are arithmetic, so both are checked exactly.

Protocol: each model is built and run. Its parameters are counted and set beside the formula that
follows from the weight blocks of its cell: row blocks times hidden units times (inputs + hidden
units + biases), peepholes on top, everything twice for two directions. A GRU has three row blocks
where an LSTM has four. The first rows have the sizes of the notebook's last cell.

Deviations: none. `torch.nn` keeps two bias vectors per gate, of which one would do for the LSTM;
they are counted as they are.
"""
