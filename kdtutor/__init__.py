"""Knowledge distillation, exact and small: the functions behind the book.

Modules: `losses`, `calibration`, `fidelity`, `training`, `data`, `models`, `plots`, `recipes`.

Conventions that hold everywhere: logits `(N, C)`, targets `int64 (N,)`, natural logarithm, student before teacher before target,
`alpha` weights the soft term, the teacher is a constant, options are keyword-only.
"""

__version__ = "0.1.0"
