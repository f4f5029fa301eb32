"""Proper scores and calibration. NumPy arrays or tensors in, Python floats or arrays of the kind given out; float64 inside."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from kdtutor import _check

Binning = Literal["width", "mass"]


class ReliabilityBins(NamedTuple):
    """One entry a bin; `accuracy` and `confidence` are NaN where a bin is empty. `edges` has one entry more."""

    edges: ndarray | Tensor
    count: ndarray | Tensor  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    accuracy: ndarray | Tensor
    confidence: ndarray | Tensor


def negative_log_likelihood(logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], target: Int[ndarray, " N"] | Int[Tensor, " N"]) -> float:
    """Mean −log softmax(z)[target], in nats; lower is better, 0 at best.

    Parameters
    ----------
    logits : array or tensor (N, C)
        −inf is a class of probability 0.
    target : whole numbers (N,)
        Class numbers 0 .. C − 1.

    Returns
    -------
    float
        +inf if a target has probability 0.

    Raises
    ------
    ValueError
        On NaN, +inf, a wrong shape, a row of −inf only, or a label out of range.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, section 4. Chapter `the-loss`.

    Examples
    --------
    >>> round(negative_log_likelihood(np.log([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])), 4)
    0.4581
    """
    z = _check.logits_array("logits", logits)
    y = _check.class_numbers(target, *z.shape)
    top = z.max(axis=1)
    if np.isneginf(top).any():
        raise ValueError("logits: expected a finite logit in each row, got a row of -inf only; such a row is no distribution")
    log_total = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return float((log_total - z[np.arange(len(y)), y]).mean())


def brier_score(probs: Float[ndarray, "N C"] | Float[Tensor, "N C"], target: Int[ndarray, " N"] | Int[Tensor, " N"]) -> float:
    """Mean over examples of Σ (p − onehot)², summed over the classes; 0 at best, 2 at worst.

    Parameters
    ----------
    probs : array or tensor (N, C)
        Rows of probabilities.
    target : whole numbers (N,)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On NaN, rows that are no probabilities, or a label out of range.

    Notes
    -----
    For two classes some packages give (p₁ − y)², which is half of this.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability. Chapter `the-loss`.

    Examples
    --------
    >>> round(brier_score(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])), 4)
    0.29
    """
    p, y = _check.probs_and_target(probs, target)
    wanted = np.zeros_like(p)
    wanted[np.arange(len(y)), y] = 1.0
    return float(((p - wanted) ** 2).sum(axis=1).mean())


def _bin_edges(confidence: ndarray, n_bins: int, binning: Binning) -> ndarray:
    if binning == "width":
        return np.linspace(0.0, 1.0, n_bins + 1)
    last = -(-np.arange(1, n_bins) * len(confidence) // n_bins) - 1  # rank of the last example of each bin but the final one
    inner = np.sort(confidence)[last]
    return np.unique(np.concatenate([[0.0], inner[inner < confidence.max()], [1.0]]))


def reliability_bins(
    confidence: Float[ndarray, " N"] | Float[Tensor, " N"], correct: ndarray | Tensor, *, n_bins: int = 15, binning: Binning = "width"
) -> ReliabilityBins:
    """Sort predictions into bins of confidence: how many, how often right, how confident on average.

    Parameters
    ----------
    confidence : array or tensor (N,)
        Probability of the predicted class, in [0, 1].
    correct : array or tensor (N,)
        True or 1 where the prediction is right.
    n_bins : int >= 1
    binning : "width" or "mass"
        Bins of equal width, or of equal number of examples. Equal confidences are never parted, so "mass" can give fewer bins.

    Returns
    -------
    ReliabilityBins
        `(edges, count, accuracy, confidence)`. Bins are (a, b]; a confidence of 0 is in the first, 1.0 in the last.

    Raises
    ------
    ValueError
        On NaN, confidences outside [0, 1], entries of `correct` other than 0 and 1, or lengths that differ.

    References
    ----------
    DeGroot and Fienberg (1983); Guo et al. (2017), arXiv:1706.04599. Chapter `the-loss`.

    Examples
    --------
    >>> bins = reliability_bins(np.array([0.2, 0.5, 0.9, 1.0]), np.array([0, 1, 1, 1]), n_bins=2)
    >>> bins.count.tolist(), bins.accuracy.tolist(), bins.confidence.round(3).tolist()
    ([2, 2], [0.5, 1.0], [0.35, 0.95])
    """
    conf, right = _check.array("confidence", confidence, ndim=1), _check.array("correct", correct, ndim=1)
    if conf.min() < 0 or conf.max() > 1:
        raise ValueError(f"confidence: expected probabilities in [0, 1], got values from {conf.min():.4g} to {conf.max():.4g}; apply softmax first")
    if right.shape != conf.shape or not np.isin(right, (0, 1)).all():
        raise ValueError(f"correct: expected {len(conf)} entries 0 or 1 (predicted == target), got {_check.describe(correct)}")
    _check.choice("binning", binning, ("width", "mass"))
    edges = _bin_edges(conf, _check.count("n_bins", n_bins), binning)
    where = np.searchsorted(edges[1:-1], conf, side="left")
    bins = len(edges) - 1
    count = np.bincount(where, minlength=bins)
    with np.errstate(invalid="ignore"):
        columns = (edges, count, np.bincount(where, right, bins) / count, np.bincount(where, conf, bins) / count)
    return ReliabilityBins(*(torch.from_numpy(c) for c in columns)) if isinstance(confidence, Tensor) else ReliabilityBins(*columns)


def expected_calibration_error(
    probs: Float[ndarray, "N C"] | Float[Tensor, "N C"],
    target: Int[ndarray, " N"] | Int[Tensor, " N"],
    *,
    n_bins: int = 15,
    norm: Literal["l1", "l2", "max"] = "l1",
    binning: Binning = "width",
    debias: bool = False,
) -> float:
    """Gap between confidence and accuracy of the predicted class, over bins; 0 at best, 1 at worst.

    Parameters
    ----------
    probs : array or tensor (N, C)
        Rows of probabilities; the prediction is the first largest.
    target : whole numbers (N,)
    n_bins : int >= 1
    norm : "l1", "l2" or "max"
        Mean of the |gaps|, root of the mean square gap (both weighted by the size of the bin), or the largest gap.
    binning : "width" or "mass"
    debias : bool
        Only for "l2": take off the part of each squared gap that chance alone gives; a sum below 0 counts as 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On NaN, rows that are no probabilities, a label out of range, or `debias` with a norm other than "l2".

    Notes
    -----
    The gap is taken against the mean confidence of a bin, not its middle. Empty bins are skipped. The plain estimate is biased upwards: a
    perfectly calibrated model does not score 0 on a finite test set.

    References
    ----------
    Guo et al. (2017), arXiv:1706.04599; debiased form: Kumar, Liang and Ma (2019), arXiv:1909.10155. Chapter `the-loss`.

    Examples
    --------
    >>> probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    >>> round(expected_calibration_error(probs, np.array([0, 0, 0, 1])), 3)
    0.1
    """
    _check.choice("norm", norm, ("l1", "l2", "max"))
    if _check.flag("debias", debias) and norm != "l2":
        raise ValueError(f"debias: expected norm='l2', the only one with this correction, got norm={norm!r}")
    p, y = _check.probs_and_target(probs, target)
    # A float32 probability can exceed 1 by a rounding step.
    bins = reliability_bins(p.max(axis=1).clip(max=1.0), p.argmax(axis=1) == y, n_bins=n_bins, binning=binning)
    count, accuracy, confidence = (np.asarray(column)[np.asarray(bins.count) > 0] for column in bins[1:])
    gap, weight = np.abs(accuracy - confidence), count / count.sum()
    if norm == "max":
        return float(gap.max())
    if norm == "l1":
        return float(weight @ gap)
    square = gap**2
    if debias:
        # one example tells nothing about its variance, and its bin is left out
        square = np.where(count > 1, square - accuracy * (1 - accuracy) / np.maximum(count - 1, 1), 0.0)
    return float(np.sqrt(max(weight @ square, 0.0)))
