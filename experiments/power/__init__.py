r"""What few seeds can show.

Error and power of the rule for verdicts with 5 to 20 seeds, by simulation.

Claim: the verdict rule keeps the error of all directions of a claim at 5 % or less if the results
of both networks have the same distribution, whichever that is. Whether an effect is smaller than
reported, and whether it is larger, are each tested one-sided at 2.5 %, so that the probability of
any false statement is at most 10 %. (For shares of seeds that is shown for one pair of shares
only.) The power of the rule determines how many seeds a claim with $m$ comparisons needs.

Protocol: each of the ten seeds of the simulation draws 400 claims of each kind. A claim has $m$
independent comparisons of two networks with $n$ seeds each. The results of the seeds are drawn from
known distributions and judged with the code that judges the experiments: a two-sided test for each
comparison, and Holm's procedure at 5 % for the claim. With equal networks, the *family-wise error*
is the share of claims in which the direction of any comparison is decided. With an effect in one of
the $m$ comparisons and none in the others, the *power* is the share of claims in which that
comparison is decided in the right direction. With the reported effect in every other comparison and
none in the others, *any false statement* is a direction that is wrong or that does not exist, or
an effect that is called smaller or larger than reported although it is as reported; Holm's
procedure is that of the rule for each of the two.

The outcomes are normally distributed scores, lognormal scores ($\sigma = 1$), times to solve a
task, and shares of seeds that solve it. For false statements, the reported effect is 1.5 standard
deviations, 4 times sooner, or 80 % against 10 %. Times are exponential and censored at a cap that
40 % of the runs of the slower network exceed. Equal networks solve a task with probability 0.5. Two
more outcomes have equal medians and different distributions: normally distributed scores with
standard deviations of 3 and 1, and lognormal scores of which one is mirrored.

In a simulated *random search*, a trial has good settings with a probability that differs between
the two units. The losses of good settings are normally distributed, the same for both units; other
settings lose an exponentially distributed amount more. Validation and test loss of a trial have
independent noise. The best tenths of n = 20 or 60 trials are compared by the test of the rule. It
is counted how often a direction is decided, and how often a reported effect is excluded that the
good settings of the unit with fewer of them have.

Deviations: the comparisons of a simulated claim are independent; those of a real claim often share
a network. Holm's procedure is valid for both. The power of the tests for random searches, against a
bound, and of *not worse* is not simulated here. For comparisons that are undecided for too few
runs, the pages state the power of their own tests.
"""

FALSE = "any false statement"
"""In the place of an effect: claims with and without effects, of which false statements count."""
