r"""Both directions: chunking.

Chunking finds the noun phrases, verb phrases and other chunks of a sentence: a label for each word.
How much does a BiLSTM gain over an LSTM on this task, and how much of this gain does an LSTM reach
if its output is delayed by one or two words?

Claim: a BiLSTM finds chunks better than an LSTM (Huang, Xu & Yu 2015; the notebook says that
bidirectionality helps where both contexts matter).

Protocol: CoNLL-2000, chunk F1 on the test set as computed by seqeval. The input for a word is an
embedding of its lower-case form (50 numbers, initialised at random), its part-of-speech tag, its
last three letters, and features of its spelling (digits, capitals). The network has one recurrent
layer with 300 units in each direction and a linear output layer that labels each word; weights and
biases start as PyTorch's do. Every tenth sentence of the training set is in the validation set; a
value that occurs only once in the others is replaced by an *unknown* one. The parameters of the
epoch with the best validation F1 are tested. Of the 2,012 sentences for testing, 14 have the words
of one for training; of the 894 for validation, 8.

There are two controls: an LSTM whose output is delayed by one or two words, and an LSTM with as
many parameters as the BiLSTM.

Deviations: training uses Adam (learning rate 0.001) with dropout of 0.5 of embeddings and outputs
on batches of 32 sentences of similar length for ten epochs, none of which was tuned for a network;
the last is the best in all runs of the LSTM and in most of every other network. The paper uses SGD
with a learning rate of 0.1 on batches of sentences with at most 100 words in all. There are fewer
features than in the paper, all of the word itself, and no Senna embeddings. The paper has context
features too: bigrams of words, and bigrams and trigrams of parts of speech, connected to the
outputs directly. If some of them contain the next word, its unidirectional network has some
information about it; with word features alone, the paper reports 90.11 (LSTM) and 93.80 (BiLSTM),
with Senna embeddings. An LSTM that has both a delayed output and as many parameters as the BiLSTM
was not trained.
"""
