r"""What few seeds can show.

Error and power of the rule for verdicts with 5 to 20 seeds, by simulation.

Claim: the verdict rule keeps the family-wise error of a claim at 5 % or less if the results of both
networks have the same distribution, whatever it is; its power determines how many seeds a claim
with $m$ comparisons needs.

Protocol: a claim has $m$ independent comparisons of two networks with $n$ seeds each. The results
of the seeds are drawn from known distributions and judged with the code that judges the
experiments: a two-sided test for each comparison, and Holm's procedure at 5 % for the claim. With
equal networks, the *family-wise error* is the share of claims in which the direction of any
comparison is decided. With an effect in one of the $m$ comparisons and none in the others, the
*power* is the share of claims in which that comparison is decided in the right direction.

The outcomes are normal scores, lognormal scores ($\sigma = 1$), times to solve a task, and shares
of seeds that solve it. Times are exponential and censored at a cap that 40 % of the runs of the
slower network exceed. Equal networks solve a task with probability 0.5.

Deviations: the comparisons of a simulated claim are independent; those of a real claim often share
a network. Holm's procedure is valid for both. The test of the reported effect is not simulated.
"""
