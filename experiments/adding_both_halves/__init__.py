r"""Long lags: marks in both halves.

Does it matter where the two numbers of the adding problem are? In the task of Hochreiter &
Schmidhuber both are in the first half, and every lag is at least T/2. In some later versions of the
task (Arjovsky, Shah & Bengio 2016; Tallec & Ollivier 2018), one number is in each half: the second
one can be close to the end, and a network can learn short lags first.

Claims: the chrono initialisation is better than a forget bias of 1 (Tallec & Ollivier 2018, on this
version of the task); on an adding problem with marks anywhere, a GRU does better than an LSTM (Bai,
Kolter & Koltun 2018). And two questions of this project: whether the chrono initialisation is
better than PyTorch's, and whether networks learn sooner if the second mark is in the second half.

Protocol: the input at each time step is a value from 0 to 1 and a marker, and a sequence has T time
steps, 200 or 750. The marker is 1 at a step that is drawn from the first half and at one that is
drawn from the second half, and 0 elsewhere. The target after the last time step is the mean of the
two marked values. For comparison, the second mark is drawn from the other steps of the first half,
with T = 200. Networks, initialisations, training and the criterion for a solved task are those of
the page on [initial biases](initial-biases.md): an LSTM and a GRU of 32 units, Adam with a learning
rate of 0.005 on batches of 20 new sequences, gradients clipped to norm 1; the task is solved when
the last 2,000 outputs are all correct (error below 0.04) and have a mean error below 0.01. The
three initialisations are *uniform*, *bias 1* and *chrono T*. The table also has the sequences after
which the mean error of the last 2,000 outputs is below 0.1. The best output without either of the
two values has a mean error of 1/6; with the second value alone it is 1/8, so that an error below
0.1 needs a part of the first one.

Deviations: Tallec & Ollivier use LSTMs of 128 units, trained by RMSprop with a learning rate of
0.001 and without gradient clipping, and the sum of the marked values, which is twice the target
here. They report how fast the loss decreases; here it is counted how many sequences it takes to
solve the task, and the factor depends on this criterion. GRUs are this project's addition. Bai,
Kolter & Koltun draw both marks from all time steps, with T = 600; their networks have about 70,000
parameters, the GRU as many as the LSTM, and optimiser, learning rate, gradient clipping and the
initial forget bias are searched. Here these are fixed: the learning rate was chosen for no network
and no initialisation, and no other was tried. A GRU has three quarters of the parameters of an LSTM
with as many units, and *bias 1* of its update gate also makes it write less. The tasks with the
second mark in different halves differ in more than the shortest lag of this mark: its mean lag is
T/4 or 3T/4, and the two marks are T/2 apart on average or about T/6. Which of these matters was not
tested. A run ends unsolved after 1,000,000 sequences; such a run is censored at this limit. Single
runs with T = 100 and values from -1 to 1 had been seen before the comparisons were declared, and so
had the results with both marks in the first half on the pages of the [adding problem](adding.md)
and of initial biases. The following comparisons were not declared. With the second mark in the
second half, an advantage of a forget bias of 1 over PyTorch's initialisation is not shown for the
LSTM, and an advantage of a factor of 2 is excluded at both lengths. The numbers of sequences that
an LSTM with the chrono initialisation needs for a mean error below 0.1 are compared by their
medians only.
"""
