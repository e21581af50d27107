r"""Characters.

A network reads a text and predicts each next character. Does a multiplicative LSTM, whose
transition depends on the character that is read, predict better than an LSTM, and does layer
normalisation make an LSTM learn faster?

Claims: a multiplicative LSTM is better per character than an LSTM (Krause et al. 2016); layer
normalisation reduces the training time (Ba, Kiros & Hinton 2016).

Protocol: the text is that of CoNLL-2000, a line for each sentence with a space after each word. The
last tenth of the training set is the validation text. A network has an embedding of 32 numbers for
each character, one recurrent layer of 64 units with the initialisation of the variant, and a linear
output. A multiplicative LSTM with 64 units has more parameters than an LSTM; a second one with 56
units has about as many. Training: 800 updates of Adam on 32 pieces of 50 characters each at random
places, cross-entropy, gradients clipped to norm 1, a learning rate that falls linearly to 0. A
[pilot](characters-rates.md) with other seeds chose the learning rate of each network. The loss is
measured in bits per character on the first 20,000 characters of the validation text after every 40
updates; when it is smallest, that on the first 20,000 characters of the test set is taken. *Time*
is the number of updates after which the loss on the validation text is at most that of the pilot's
LSTM after half of its updates.

Deviations: Krause et al. train on up to 100 million characters with far larger networks of up to
1,900 units, and carry states from one piece to the next (by memory). Here states start at zero in
each piece, in training and tests, and the training sees about as many characters as the text has.
Ba, Kiros & Hinton use layer normalisation in other tasks and models: order embeddings, reading
comprehension, skip-thoughts, handwriting and a generative model of images (by memory). Their claim
is about time, of which the updates are one part: an update with layer normalisation takes longer,
and how long depends on the implementation. Before the comparisons were declared, a single run with
200 updates had been seen, of a multiplicative LSTM alone.
"""
