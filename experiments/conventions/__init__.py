r"""Two conventions: output gate and reset gate.

Two equations are written in two ways, and both are in use. The output gate of a peephole LSTM
depends on the new cell state (the paper) or on the previous one (the teaching notebook and other
code). The reset gate of a GRU is applied after the recurrent matrix product (PyTorch, cuDNN) or
before it (the paper, in its later versions). Does it make a difference to what the networks learn?

Claims: none of a paper. Gers, Schraudolph & Schmidhuber 2002 and Cho et al. 2014 state their
equations without a comparison. The questions are this project's: whether the convention of the
paper is better, on four tasks.

Protocol: four tasks of other pages, each with one setting; the networks of a pair have biases,
the same number of units, the same learning rate and, for each seed, the same data.

- [Counting](counting.md): $a^n b^n$ with 10 units, at the rate chosen for the peephole LSTM and the
  GRU; the measure is the largest n up to which all words are right, at most 10,000.
- [Adding](adding.md): T = 500 from the chrono initialisation, for at most 200,000 sequences; the
  measure is the number of sequences until the task is solved.
- [Music](music.md): JSB Chorales with 36 units (peephole LSTM) or 46 (GRU) and a learning rate of
  0.001; the measure is the test NLL in nats per frame.
- [Timing](timing.md): a cosine with F = 10, in batches; the measure is the number of updates until
  the task is solved.

Deviations: the learning rates were chosen for networks with one of the conventions (counting), or
not chosen at all. No convention is tuned for itself. In counting, the smallest effect of interest,
50 in n, is twice that of [Counting](counting.md), and about the largest n that a GRU reaches: that
it is excluded says little about GRUs. With 25 instead, and the correction for four comparisons,
only the adding problem would be decided for the reset gate, and its verdict would be
*inconclusive*. Runs of PeepholeLSTM and GRU with the same seeds as on the pages of counting and
music, and in an earlier run of adding, repeat runs of those, whose results were known when the
effects of interest were declared; in music, some of them differ in the fourth digit. The timing
task has the seeds and settings of its page, and other numbers: training there amplifies rounding
errors, which differ between processors and versions of the kernels. The result of a seed on
such a task is one random draw; another machine does not reproduce it.
"""
