r"""The documented equations of a cell: read from its docstring, parsed, and evaluated.

They are stated once, in the cell's docstring, and read from there: what a page shows for a variant
and what a test evaluates are the same lines. Inside the docstring:

- `\begin{aligned}` ... `\end{aligned}` has one equation `c_t &= ...` per line, in the order of
  computation. The first such block is the general form.
- A later block replaces equations, or adds some, if its settings hold. The paragraph before it
  begins with them: "With `coupled=True`:", or "With a projection, `proj_size > 0`:". Several are
  joined by commas or "and".
- A row of a table, `` | `coupled=True` | $f_t = 1 - i_t$ | ``, does the same for a single setting.
  What is on the left of `=` or `\to` is an equation's left side, or else is replaced everywhere:
  $c^\ast = c_t$, $\tanh(c_t) \to c_t$. A letter without a subscript stands for all subscripts, and
  products with zero are left out: $p = 0$ removes $p_i \odot c_{t-1}$.

A setting is an attribute of the cell with a Python value, `coupled=True`, or `proj_size > 0` where
the output is projected. Anything else in these places is an error: a block without settings, a row
that does not have this form or changes no equation, a setting or value that the cell does not have.
"""

from lstm_variants.equations.document import documentation, equations_of
from lstm_variants.equations.evaluation import evaluate_step

__all__ = ["documentation", "equations_of", "evaluate_step"]
