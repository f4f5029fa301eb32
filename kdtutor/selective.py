"""When to trust a prediction: risk against coverage, and telling two groups apart by a score. NumPy arrays or tensors in, float64 inside."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from kdtutor import _check

Vector = Float[ndarray, " N"] | Float[Tensor, " N"]


class RiskCoverage(NamedTuple):
    """For each number k of accepted examples: the share k / N and the mean error among them."""

    coverage: ndarray | Tensor
    risk: ndarray | Tensor


def _risks(confidence: ndarray, error: ndarray) -> ndarray:
    """Mean error of the k most confident examples, k = 1 .. N; equal confidences are taken in the mean over all orders."""
    order = np.argsort(-confidence)
    ranked, errors = confidence[order], error[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    sizes = np.diff(np.r_[starts, len(ranked)])
    expected = np.repeat(np.add.reduceat(errors, starts) / sizes, sizes)
    return np.cumsum(expected) / np.arange(1, len(ranked) + 1)


def _confidence_and_error(confidence: Any, error: Any) -> tuple[ndarray, ndarray]:
    c, e = _check.values("confidence", confidence, ndim=1), _check.values("error", error, ndim=1).double()
    if len(c) != len(e):
        raise ValueError(f"confidence and error: expected one length, got {len(c)} and {len(e)}; give one error for each prediction")
    if float(e.amin()) < 0:
        raise ValueError(f"error: expected numbers of at least 0 (1 where the prediction is wrong, or a loss), got {float(e.amin()):.4g}")
    return c.numpy(), e.numpy()


def risk_coverage_curve(confidence: Vector, error: Any) -> RiskCoverage:
    """Mean error among the most confident examples, for each share of examples that is accepted.

    Parameters
    ----------
    confidence : array or tensor (N,)
        Any score that is higher where the prediction is more to be trusted.
    error : array or tensor (N,)
        1 or True where the prediction is wrong, or any loss of at least 0.

    Returns
    -------
    RiskCoverage
        `(coverage, risk)`, each (N,), coverage 1/N .. 1. The last risk is the plain error.

    Raises
    ------
    ValueError
        On NaN, lengths that differ or a negative error.

    Notes
    -----
    Examples of equal confidence are taken in random order, on average: the order of the rows never matters.

    References
    ----------
    El-Yaniv and Wiener (2010), On the foundations of noise-free selective classification; Geifman and El-Yaniv (2017), arXiv:1705.08500.
    Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.selective import risk_coverage_curve
    >>> curve = risk_coverage_curve(np.array([0.9, 0.6, 0.8]), np.array([0, 1, 0]))
    >>> curve.coverage.round(2).tolist(), curve.risk.round(2).tolist()
    ([0.33, 0.67, 1.0], [0.0, 0.0, 0.33])
    """
    c, e = _confidence_and_error(confidence, error)
    risk = _risks(c, e)
    columns = (np.arange(1, len(c) + 1) / len(c), risk)
    return RiskCoverage(*(_check.as_given(torch.from_numpy(column), confidence) for column in columns))


def aurc(confidence: Vector, error: Any) -> float:
    """Area under the risk-coverage curve: the mean of its N risks; lower is better.

    Parameters
    ----------
    confidence, error : array or tensor (N,)
        As in `risk_coverage_curve`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On NaN, lengths that differ or a negative error.

    Notes
    -----
    Some packages take the trapezoid rule, which leaves out half of the first and the last risk. A model with fewer errors has a lower AURC even
    if its confidence ranks them no better: compare `excess_aurc` as well.

    References
    ----------
    Geifman, Uziel and El-Yaniv (2019), arXiv:1805.08206. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.selective import aurc
    >>> round(aurc(np.array([0.9, 0.6, 0.8]), np.array([0, 1, 0])), 4)
    0.1111
    """
    return float(_risks(*_confidence_and_error(confidence, error)).mean())


def excess_aurc(confidence: Vector, error: Any) -> float:
    """AURC less that of the best ranking with the same errors; 0 at best.

    Parameters
    ----------
    confidence, error : array or tensor (N,)
        As in `risk_coverage_curve`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On NaN, lengths that differ or a negative error.

    Notes
    -----
    The best ranking is the one of these N errors, smallest first. The formula r + (1 − r) ln(1 − r) for it is its limit for many examples.

    References
    ----------
    Geifman, Uziel and El-Yaniv (2019), arXiv:1805.08206. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.selective import excess_aurc
    >>> excess_aurc(np.array([0.9, 0.6, 0.8]), np.array([0, 1, 0]))
    0.0
    """
    c, e = _confidence_and_error(confidence, error)
    best = np.cumsum(np.sort(e)) / np.arange(1, len(e) + 1)
    return max(float(_risks(c, e).mean() - best.mean()), 0.0)


def auroc(scores_in: Vector, scores_out: Float[ndarray, " K"] | Float[Tensor, " K"]) -> float:
    """Probability that an in-distribution example scores higher than an outside one; ties count ½.

    Parameters
    ----------
    scores_in : array or tensor (N,)
        Scores of the in-distribution examples; higher means more in-distribution, as confidence does. Negate an entropy.
    scores_out : array or tensor (K,)
        Scores of the other examples.

    Returns
    -------
    float
        1 at best, 0.5 for scores that tell nothing.

    Raises
    ------
    ValueError
        On NaN, infinity or no rows.

    Notes
    -----
    Does not depend on the shares of the two groups, unlike precision. Telling right from wrong predictions is the same function: scores of the
    right ones first.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a receiver operating characteristic (ROC) curve. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.selective import auroc
    >>> auroc(np.array([0.9, 0.8, 0.5]), np.array([0.5, 0.4]))
    0.9166666666666666
    """
    inside, outside = (_check.values(name, x, ndim=1).double().numpy() for name, x in (("scores_in", scores_in), ("scores_out", scores_out)))
    ranked = np.sort(outside)
    below, up_to = (np.searchsorted(ranked, inside, side=side).astype(np.float64) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(ranked)))
