r"""Both directions: chunking.

Chunking finds the noun phrases, verb phrases and other chunks of a sentence: a label for each word.
How much does a BiLSTM gain over an LSTM on this task, and how much of that does an LSTM gain that
may read one or two words more before it gives its label?

Claim: a BiLSTM finds chunks better than an LSTM (Huang, Xu & Yu 2015; the notebook says that
bidirectionality helps where both contexts matter).

Protocol: CoNLL-2000, chunk F1 on the test set as computed by seqeval. The input for a word is an
embedding of its lower-case form (50 numbers, initialised at random), its part-of-speech tag, its
last three letters, and features of its spelling (digits, capitals); words, tags and endings count
if the training set has them at least twice. One recurrent layer has 300 units in each direction,
followed by a label for each word. Every tenth sentence of the training set is the validation set;
the parameters of the epoch with the best validation F1 are tested.

There are two controls: an LSTM whose output is delayed by one or two words, and an LSTM with as
many parameters as the BiLSTM.

Deviations: training uses Adam with dropout on batches of 32 sentences of similar length for ten
epochs; the paper uses SGD with a learning rate of 0.1 on batches of 100. There are fewer features
than in the paper, all of the word itself, and no Senna embeddings. If some features of the paper
are those of neighbouring words, its unidirectional network has some information about the next
words.
"""
