r"""Characters of a short text.

A network that is trained on little text soon fits it better than any other. Dropout and zoneout on
the recurrent part of an LSTM are to prevent that. Do they lower the loss on a text that the network
has not seen, and by how much?

Claims: recurrent dropout with one mask for all time steps lowers the loss (Gal & Ghahramani 2016);
so do zoneout (Krueger et al. 2017) and weight dropout (Merity, Keskar & Socher 2018).

Protocol: an LSTM with an embedding of 32 numbers for each character, 64 units, PyTorch's
initialisation and a linear output predicts each next character. It is trained on the first 10,000
characters of the text of CoNLL-2000; validation text and test set are those of
[Characters](characters.md). Training: 400 updates of Adam on 64 pieces of 25 characters each at
random places, cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0
from that of the LSTM in [Characters](characters.md). The loss is measured in bits per character on
the first 20,000 characters of the validation text after every 50 updates; when it is smallest, that
on the first 20,000 characters of the test set is taken, also without regularisation. A
[pilot](regularisation-rates.md) with other seeds chose the probability of each method.

Deviations: the papers use whole words or far more characters (Penn Treebank, WikiText-2, text8),
larger networks and more training. Those of Gal & Ghahramani have dropout of inputs, outputs and
words too, and those of Merity, Keskar & Socher several other ways to regularise (by memory); here
each method is used by itself, on the recurrent part alone. Zoneout has one probability for cell
state and hidden state, the paper one for each. The network without regularisation has the same
learning rate as the others and nothing else to choose. States start at zero in each piece of text.
Before the comparisons were declared, single runs with other learning rates and texts had been seen:
with 10,000 characters, each of the methods had a smaller loss than the LSTM without them, and with
30,000 characters and 500 updates none had.
"""
