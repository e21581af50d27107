"""The text of a study's page: what all data sets have in common, and what is special."""

from __future__ import annotations

TEXT = """{title}.

Which parts of an LSTM matter, and how much compared with its hyperparameters? A random
search over the LSTM with peepholes (vanilla), eight ablations, GRU and RNN, in the manner of Greff
et al. (2017), on {data}

Claims: no ablation is better than the vanilla LSTM (Greff et al. 2017); forget gate and output
activation are the most critical parts (Greff et al. 2017).

Protocol: {task} The vanilla LSTM has peepholes. Of its ablations, NIG, NFG and NOG lack the input,
forget or output gate, NIAF and NOAF the input or output activation function, and NP the peepholes;
CIFG couples the gates, f = 1 - i; FGR (full gate recurrence) makes each gate depend on the gates of
the previous time step. A trial draws the number of hidden units (20 to 200, log-uniform), the
learning rate of Adam (1e-5 to 1e-1, log-uniform), 1 minus the decay rate of its first moment (0.01
to 1, log-uniform) and the standard deviation of the noise that is added to inputs in training (0 to
1, uniform). It trains with {batch} per update until the validation loss has not improved for 15
epochs or is not finite, for 150 epochs at most. The test loss is measured at the epoch with the
lowest validation loss. There are 60 trials for each recurrent unit. The tenth of the trials with
the lowest validation losses is compared between recurrent units, by a test that permutes all trials
(see [the rule](what-holds.md#the-rule)). Test losses, for example after divergence, are capped at
chance: the loss of an output that does not depend on the input. Each recurrent unit draws other
values: by chance, one may have more trials with a good learning rate, or with little input noise,
than another. The importance of the hyperparameters, and of the recurrent unit beside them, is
computed by functional analysis of variance (fANOVA, on logarithms); the curve in the figure is the
partial dependence of a random forest of the same kind.

Deviations: Greff et al. use TIMIT, IAM Online and JSB Chorales, plain gradient descent with
Nesterov momentum (learning rate 1e-6 to 1e-2), initial weights of a normal distribution (standard
deviation 0.1), bidirectional networks on TIMIT and IAM Online, and 200 trials for each variant (by
summaries of the paper). On TIMIT their networks label every frame and on IAM Online they transcribe
a text, where those for spoken digits and pen strokes here give one answer after the last time step:
gates and the output activation may matter less or more for that. Here a trial has Adam with a range
of rates that contains its usual ones, PyTorch's initialisation, and one direction. No gradient is
clipped. Numbers of parameters are not equalised: with the same hidden size, a variant with more
gates has more parameters. The loss is compared, where the paper compares error rates on two of its
data sets (by memory). {deviations}

**Tests.** The paper compares the best tenths by Welch's t-test, corrected for the number of
variants (by memory: its text could not be read again), as if these were independent results. It
finds no significant improvement (abstract). What its test shows on the data sets here comes before
the verdicts. These are about a stricter statement: that an improvement as large as the margin is
excluded. The p-values of Welch's test, and the paper's findings beside those here, are in tables of
their own. The null hypothesis of the test of the claims is that
the trials of two units are equal up to a shift. If one of the units has good results at far fewer
settings than the other, for example NOAF on spoken digits, the p-values are too small (see [the
rule](what-holds.md#the-rule)). All comparisons share the trials of the vanilla LSTM: they are not
independent findings. A comparison in which most of the best trials of a unit end at the limit of
epochs is left undecided. All trials have the same validation and test data, whose choice is in no
interval. The margin of the first claim, and the smallest effect of interest of the second, were
declared before the trials.

**Not tested.** Whether the loss rises without forget gate or output activation is tested, and not
whether these two are more critical than all others. That the vanilla LSTM is the best of all
recurrent units is not among the claims. GRU and RNN are shown beside the others and are in no
claim. That hyperparameters hardly interact, another finding of the paper, is not tested either:
with this number of trials, interactions cannot be told from noise.

**Importance.** For the forest, the recurrent unit is encoded as a number, its rank by the median
loss of the same trials; this may make its share larger. Shares of the variance have
no interval; with other random numbers of the forests they differ by a few points, and with other
trials by more. The forest that they are computed from does not predict all of the variance of
trials that it has not seen; noise adds to all shares. A part of the share of the learning rate is
due to trials with a small rate that are not finished after 150 epochs; a table counts the trials
that end there.
"""


def page_text(title: str, *, data: str, task: str, batch: int, deviations: str) -> str:
    """Title, introduction, claims, protocol and deviations of the study of one data set.

    Args:
        title: Title of the page.
        data: The data set, the end of a sentence.
        task: What a network reads and answers, in sentences.
        batch: Sequences per update.
        deviations: What else differs from the paper, in sentences.
    """
    each = "1 sequence" if batch == 1 else f"{batch} sequences of similar length"
    return TEXT.format(title=title, data=data, task=task, batch=each, deviations=deviations)
