r"""Long lags: initial biases.

How should the biases of gates be initialised if a network has to learn a long lag? PyTorch's
initialisation, a forget bias of 1 or 2, and the chrono initialisation are compared, the last also
with an assumed lag that is ten times too long or ten times too short.

Claims: a forget bias of 1 helps an LSTM (Jozefowicz, Zaremba & Sutskever 2015, on other tasks); the
chrono initialisation is better than a forget bias of 1 (Tallec & Ollivier 2018). And two questions
of this project: whether the chrono initialisation is better than PyTorch's, and how accurately the
lag has to be known for it.

Protocol: the [adding problem](adding.md) with T = 100 and 500, an LSTM and a GRU of 32 units, Adam
with a learning rate of 0.005 on batches of 20 new sequences, gradients clipped to norm 1. The task
is solved when the last 2,000 outputs are all correct (error below 0.04) and have a mean error below
0.01. The initialisations are

- *uniform*: that of PyTorch, with all weights and biases uniform in $\pm 1 / \sqrt{H}$;
- *bias 1* and *bias 2*: the bias of an LSTM's forget gate, or of a GRU's update gate, is 1 or 2;
- *chrono T*: this bias is $\log u$, with a $u$ for each unit that is uniform from 1 to
  $T_{max} - 1$, and the bias of an LSTM's input gate is $-\log u$; $T_{max} = T$;
- *chrono 10 T* and *chrono T/10*: the same with a $T_{max}$ that is ten times too long or too
  short.

The lag counts as learned when the mean error of the last 2,000 outputs is below 0.1; a network that
does not learn it stays at about 0.16. From there to a solved task, the noise of training matters
too.

Deviations: Tallec & Ollivier compare LSTMs of 128 units with T = 200 and 750, trained by RMSprop
with a learning rate of 0.001 and without gradient clipping; their baseline has a forget bias of 1.
In their adding problem, one mark is in each half of a sequence, and short lags occur; here every
lag is at least T/2. [Another page](adding-both-halves.md) has their version. GRUs are this
project's addition. Their baseline became known when two of ten seeds had been run: until then, the
comparison with *uniform* was attributed to them and that with *bias 1* was the control; the
comparisons are the same. Jozefowicz, Zaremba & Sutskever use other tasks. Weights and sequences
differ from those on the page of the adding problem. The learning rate was chosen for no network and
no initialisation, and no other was tried here. With two [smaller ones](initial-biases-rates.md),
those of the RNN on the page of the adding problem, LSTMs with *uniform* or *bias 1* do not solve
the task for T = 100 either; *bias 2*, *chrono 10 T* and *chrono T/10* were not tried with them. A
run ends unsolved after 1,000,000 sequences; such a run is censored at this limit.
"""
