r"""Both directions: chunking.

Noun phrase, verb phrase, noun phrase: where does each begin and end? What a BiLSTM gains on a real
task, and how much of it a causal LSTM gets by waiting for a word or two.

Claim: a BiLSTM finds chunks better than an LSTM (Huang, Xu & Yu 2015; the notebook says that
bidirectionality helps where both contexts matter).

Protocol: CoNLL-2000, chunk F1 on the test set as seqeval counts it. A word is given by a random
embedding of 50 numbers (in lower case), its tag, its last three letters and how it is spelt
(digits, capitals), each if the training set has it twice; one recurrent layer of 300 units in each
direction, and a label for each word. Every tenth sentence of the training set is kept aside, and
the epoch that is best there is tested.

Two controls ask what else could close the gap: a causal network that answers one or two words
later, and one with as many parameters as the BiLSTM.

Deviations: Adam with dropout on batches of 32 sentences of similar length, where the paper has SGD
with rate 0.1 on batches of 100; ten epochs; fewer features than the paper's, all of the word
itself, and none of its Senna embeddings. If some of the paper's features are of neighbouring words,
they show its causal network something of the future.
"""
