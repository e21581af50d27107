r"""Long lags: marks in both halves.

Does it matter where the two numbers of the adding problem are? In the task of Hochreiter &
Schmidhuber both are in the first half, and every lag is at least T/2. In later versions of the
task, one number is in each half: the second one can be close to the end, and a network can learn
short lags first.

Claims: the chrono initialisation is better than a forget bias of 1 (Tallec & Ollivier 2018, on this
version of the task); on an adding problem with marks anywhere, a GRU does better than an LSTM (Bai,
Kolter & Koltun 2018). And a question of this project: whether networks learn sooner if the second
mark is in the second half.

Protocol: the input at each time step is a value from 0 to 1 and a marker, and a sequence has T time
steps, 200 or 750. The marker is 1 at a step that is drawn from the first half and at one that is
drawn from the second half, and 0 elsewhere. The target after the last time step is the mean of the
two marked values. For comparison, the second mark is drawn from the other steps of the first half,
with T = 200. Networks, initialisations, training and the criterion for a solved task are those of
the page on [initial biases](initial-biases.md): an LSTM and a GRU of 32 units, Adam with a learning
rate of 0.005 on batches of 20 new sequences, gradients clipped to norm 1; the task is solved when
the last 2,000 outputs are all correct (error below 0.04) and have a mean error below 0.01. The
three initialisations are *uniform*, *bias 1* and *chrono T*.

Deviations: Tallec & Ollivier use LSTMs of 128 units, trained by RMSprop with a learning rate of
0.001 and without gradient clipping, and the sum of the marked values, which is twice the target
here. They report how fast the loss decreases; here it is counted how many sequences it takes to
solve the task. Bai, Kolter & Koltun draw both marks from all time steps, with T = 600; their
networks have about 70,000 parameters, and optimiser, learning rate, gradient clipping and the
initial forget bias are searched; here they are fixed. A run ends unsolved after 1,000,000
sequences; such a run is censored at this limit. Single runs with T = 100 and values from -1 to 1
had been seen before the comparisons were declared, and so had the results with both marks in the
first half on the pages of the [adding problem](adding.md) and of initial biases.
"""
