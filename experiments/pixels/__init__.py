r"""Digits, pixel by pixel.

A network reads an image of a handwritten digit one pixel at each time step and says at the end
which digit it is. What is seen at the beginning has to be kept for the whole image. How good are
units with a single gate, or with none, on this task?

Claims: a JANET with the chrono initialisation is better than an LSTM (van der Westhuizen & Lasenby
2018); an IndRNN is better than an LSTM (Li et al. 2018); an MGU is as good as a GRU, with fewer
parameters (Zhou et al. 2016). And a question of this project: whether a JANET is as good as an LSTM
if both have the chrono initialisation.

Protocol: the 1,797 images of 8 x 8 pixels that scikit-learn provides are divided at random into
1,000 for training, 297 for validation and 500 for testing, in the same way for all networks. A
network reads the 64 pixels row by row, or in a *permuted* order, which is drawn once. It has one
recurrent layer of 32 units and a linear output that depends on the last hidden state; the IndRNN
has two layers of 64 units, with about as many parameters as the LSTM. All have PyTorch's
initialisation or that of the variant; with *chrono*, gates have the chrono initialisation for lags
of up to 64 steps. The recurrent weights of the IndRNN are limited as in its paper, so that an old
state at most doubles within a sequence. Training: 40 epochs of Adam on batches of 50 images,
cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](pixels-rates.md) with other seeds chose the learning rate of each network, row by row.
Measure: the share of images of the test set that are recognised after the last epoch. Two units are
*as good* as one another if the difference is less than 2 percentage points.

Deviations: the papers use MNIST, with 784 pixels and 60,000 images for training, and wider
networks: 128 units for the JANET, 128 in each of six layers for the IndRNN (by memory). Here
sequences are a twelfth as long, and there is far less data. The JANET of the paper has the chrono
initialisation, its LSTM has not, so that the comparison with PyTorch's initialisation is about unit
and initialisation together; the question separates them. The paper about the MGU reads MNIST row by
row with a row as one input, beside tasks of language (by memory). The IndRNN of the paper has batch
normalisation and more layers, and the recurrent weights of its last layer start near the limit (by
memory); here those of both layers start evenly between 0 and 1. Training has a fixed number of
epochs and no early stopping. Before the comparisons were declared, single runs with 40 epochs had
been seen, in which an IndRNN recognised fewer digits than the others.
"""
