r"""Counting.

To count, a cell state has to increase by one for each letter and decrease again. An LSTM can do
that; a unit that averages its old state and a candidate cannot. How far do trained networks count
beyond their training range? The lower part of the figure shows the states of two networks while
they read one word: of the LSTM and of the GRU with three units that count farthest.

Claims: LSTMs count farther than GRUs (Weiss, Goldberg & Yahav 2018); an LSTM counts beyond its
training without peepholes, though Gers & Schmidhuber 2001 had them (Suzgun, Belinkov & Shieber
2018). And a question of ours: whether they make a difference all the same.

Protocol: a network reads a word of $a^n b^n$ or $a^n b^n c^n$ and names, at each letter, every
letter that may come next, the end included. Training as in Suzgun et al.: 1000 words with n uniform
in 1 to 50, 150 epochs, RMSprop, squared error of sigmoid outputs, which count as "yes" above 0.5. A
word is right if every answer at each of its letters is. The measure is the largest n up to 500 such
that all words up to it are right.

Deviations: batches of 8 words, so 18,750 updates, where the code released by Suzgun et al. makes
150,000 updates of one word; the learning rate of RMSprop, 0.01, is the same there. All models train
with this rate. The GRU then does not fit its training range (see the table), so that an LSTM counts
farther is in part that it is trained better. Weiss, Goldberg & Yahav train n below 100 and 50 at a
rate of 0.001. Networks that count to 500, the largest n that is tested, may count farther.
"""
