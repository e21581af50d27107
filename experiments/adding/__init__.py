r"""Long lags: the adding problem.

Two numbers far apart are to be added. What gates are for, how much depends on the bias that they
start with, and a figure that every course needs: how much of a gradient is left after k steps on
the way back.

Claims: an LSTM learns lags over which a plain recurrent network does not learn (Hochreiter &
Schmidhuber 1997); on the adding problem a GRU does better than an LSTM (Bai, Kolter & Koltun 2018);
the chrono initialisation makes long lags easier to learn (Tallec & Ollivier 2018).

Protocol: the task is Hochreiter & Schmidhuber's. A sequence of pairs, a value in -1 to 1 and a
marker; its length is uniform in T to 1.1 T. One mark is among the first ten steps, the other on one
of the T/2 - 2 others of the first T/2 - 1 steps; the first and last step have marker -1, all others
0. After the last step the network says $0.5 + (X_1 + X_2) / 4$; it is right if the error is below
0.04. The task is solved when the mean error is below 0.01 and all of the last 2000 sequences were
right.

Gated units are learned from two starts. *plain*: all weights and biases uniform, as PyTorch has
them. *chrono*: the bias of the forget gate is $\log u$ with a u for each unit, uniform in 1 to
T - 1, that of the input gate its negative; a GRU's update gate has the former, an LSTM without a
forget gate only the latter. At first a unit then keeps $u / (1 + u)$ of its memory at each step,
and remembers for about u steps.

For the figure, the Frobenius norm of $\partial h_T / \partial x_{T-k}$ is measured against the lag
k, before and after training, as a mean over sequences of T steps.

Deviations: Adam on batches of fresh sequences, and gradients clipped to norm 1, where the paper
learns online; one layer of 32 units. *LSTM 1997* is the paper's, without a forget gate. The chrono
start depends on T, the lag to be bridged; the paper's networks had no such information, and a
forget bias of 1 is not among the starts. "Solved" is judged with the parameters as they change. A
run ends unsolved after 200,000 sequences, which is less than the 209,000 and 853,000 of the paper's
networks at T = 500 and 1000: a network that does not solve these within the cap is undecided, not
worse than the paper's. The plain start is not tried at T = 1000. Bai, Kolter & Koltun run another
adding problem, with values in 0 to 1 and marks anywhere.
"""
