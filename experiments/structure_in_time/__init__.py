r"""Structure in time.

A network predicts the next element of a sequence in which some elements follow from those before
them and the others are random. Its error then shows where there is something to predict. Is the
error of an Elman network smaller there?

Claims: the error of a recurrent network is smaller where the next element depends on those before
it; and where a letter is random, the network predicts what all letters that are possible there have
in common (Elman 1990).

Protocol: *XOR*: two random bits are followed by their exclusive or, two new bits, and so on. The
network has one input, two hidden units and one output. *Letters*: one of the consonants b, d and g
at random, followed by its vowels: ba, dii, guuu. A letter is a vector of six features: consonant,
vowel, interrupted, high, back, voiced. The network has 20 hidden units. Hidden units have tanh,
outputs a sigmoid; PyTorch's initialisation. Training: 1,000 updates of Adam with a learning rate of
0.01 that falls linearly to 0, each on 32 new sequences of 60 elements, cross-entropy for each
output, gradients clipped to norm 1. A sequence begins at a random place of its pattern. Tests:
1,000 new sequences of 60 elements, of which the first 12 are not counted. Measure: the root mean
square error of the outputs, over the elements that follow from those before them, the third bits
and the vowels, and over the others; for the consonants, also over the feature that all of them
have in common (consonant) and over those in which they differ (high and back). A difference of 0.05
is of interest.

Deviations: Elman's hidden units are sigmoids, and errors flow back through one step alone; here
they flow through whole sequences. He trains with a single sequence of 3,000 bits in 600 passes, or
of 1,000 consonants with their vowels in 200 passes, and shows the error of a single network in a
figure, without a test (by memory). After a vowel, that the next letter is a consonant follows from
the letters before; that it is random is about which of them it is. The learning rate was not tuned:
what is compared are errors of the same network.
"""
