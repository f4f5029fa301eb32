"""The result of several seeds, in a module of its own, so that `plots` needs nothing of the training."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """A mean over seeds and its standard error, both in the unit of the metric."""

    mean: float
    standard_error: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.standard_error:.3f}"
