r"""Framewise classification of speech.

Which digit is being spoken? A network answers at each frame of a stream of digits. What follows is
as useful as what came before. Are networks that read in both directions better than those that read
forwards, and better than those that answer a few frames later? Is an LSTM better than an RNN, and
does it need an input gate and a forget gate of their own?

Claims: bidirectional networks classify frames better than unidirectional ones, and LSTMs better
than RNNs (Graves & Schmidhuber 2005); a bidirectional network is better than a unidirectional one
whose output is delayed (Schuster & Paliwal 1997); coupling the input gate and the forget gate does
not decrease the performance significantly (Greff et al. 2017).

Protocol: the recordings of the Free Spoken Digit Dataset, as 13 mel-frequency cepstral coefficients
each 20 ms, with the split into training, validation and test set of [spoken
digits](odyssey-speech.md). Those of a set are joined in random order, cut into pieces of 80
frames, about four digits, and the target of each frame is the digit that it belongs to. Recordings
of the training set are joined anew for each epoch. A network has one recurrent layer and a linear
output with ten logits. All have about 8,000 parameters in the recurrent layer, as in the paper,
whose networks have about as many weights as one another; all have PyTorch's initialisation. With
*delay*, the answer to a frame is given 5 frames, 100 ms, later. *Coupled*: the forget gate is one
minus the input gate, without peepholes. Training: 10 epochs of Adam on batches of 32 pieces,
cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](framewise-rates.md) with other seeds chose the learning rate of each network; those with a
delay have the rate of those without. Measure: the share of frames of the test set that are right
after the last epoch. A coupled LSTM is *not worse* if it is less than 2 percentage points behind.
An effect of 2 percentage points is of interest.

Deviations: Graves & Schmidhuber classify phonemes of TIMIT, with 26 coefficients each 10 ms, larger
networks with peepholes, and gradient descent with momentum; the LSTM trained with a modified, full
gradient (by memory). That an LSTM is much faster is not tested. Schuster & Paliwal compare RNNs, on
TIMIT and on artificial data (by memory); the comparison of LSTMs is ours. They choose the best
delay; here it is the same for all. The units of Greff et al. have peepholes, and their networks for
speech read in both directions; the margin is ours. Their claim about phonemes is about frames, as
here.
"""
