r"""Long lags: smaller learning rates.

Does an LSTM without the chrono initialisation fail to learn a long lag because of the learning
rate? On the page of [initial biases](initial-biases.md) one rate was tried for LSTMs, and no LSTM
solved the task with PyTorch's initialisation or with a forget bias of 1.

Claims: the chrono initialisation is better than a forget bias of 1 (Tallec & Ollivier 2018); a
forget bias of 1 helps an LSTM (Jozefowicz, Zaremba & Sutskever 2015, on other tasks). Both are
tested here with smaller learning rates.

Protocol: that of [initial biases](initial-biases.md) for an LSTM and T = 100, with learning rates
of 0.0005 and 0.0015, and the initialisations *uniform*, *bias 1* and *chrono T*: the [adding
problem](adding.md), 32 units, Adam on batches of 20 new sequences, gradients clipped to norm 1. The
task is solved when the last 2,000 outputs are all correct (error below 0.04) and have a mean error
below 0.01. The lag counts as learned when the mean error of the last 2,000 outputs is below 0.1; a
network that does not learn it stays at about 0.16.

Deviations: those of [initial biases](initial-biases.md), except for the learning rate. Weights and
sequences are not those of that page, but those of the runs of an LSTM on the page of the [adding
problem](adding.md) with the same seed, initialisation and T = 100: the results of these two pages
are not independent. The rates are those of a plain recurrent network on the page of the adding
problem, and no rate above 0.005 was tried. A run ends unsolved after 1,000,000 sequences; such a
run is censored at this limit. The results of initial biases, with a rate of 0.005, were known when
this was planned, and the comparisons were declared before these runs. No search was made for the
best learning rate of each initialisation.
"""
