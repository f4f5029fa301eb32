"""Proper scores and calibration. NumPy arrays or tensors in, Python floats or arrays of the kind given out; float64 inside."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
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
    Gneiting and Raftery (2007), Strictly proper scoring rules, section 3. Chapter `the-loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.calibration import negative_log_likelihood
    >>> round(negative_log_likelihood(np.log([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])), 4)
    0.4581
    """
    z = _check.metric_logits("logits", logits)
    return float(F.cross_entropy(z, _check.class_numbers(target, *z.shape)))


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
    >>> import numpy as np
    >>> from kdtutor.calibration import brier_score
    >>> round(brier_score(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])), 4)
    0.29
    """
    p, y = _check.probs_and_target(probs, target)
    return float((p.double() - F.one_hot(y, p.shape[1])).square().sum(dim=1).mean())


def _bin_edges(confidence: Tensor, n_bins: int, binning: Binning) -> Tensor:
    """Edges from 0 to 1, float64; bins are (a, b]."""
    if binning == "width":
        return torch.arange(n_bins + 1, dtype=torch.float64) / n_bins
    last = -(-torch.arange(1, n_bins) * len(confidence) // n_bins) - 1  # rank of the last example of each bin but the final one
    inner = confidence.sort().values[last].double()
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    edges: Tensor = torch.unique_consecutive(torch.cat([ends[:1], inner[inner < confidence.amax()], ends[1:]]))
    return edges


def _sums(confidence: Tensor, correct: Tensor, edges: Tensor, binning: Binning = "width") -> tuple[Tensor, Tensor, Tensor]:
    """Count, number right and sum of confidences of each bin, float64."""
    bins = len(edges) - 1
    if binning == "width" and confidence.dtype == torch.float32:  # 24 binary digits times a bin number: exact in float64, and fast
        number = (confidence.double() * bins).ceil_().sub_(1).clamp_(min=0)
        where = number.to(torch.uint8 if bins < 256 else torch.int64)
    else:
        where = torch.bucketize(confidence, edges[1:-1].to(confidence.dtype))
    return (
        torch.bincount(where, minlength=bins).double(),
        torch.bincount(where, correct.double(), bins),
        torch.bincount(where, confidence.double(), bins),
    )


def _ece(sums: tuple[Tensor, Tensor, Tensor], norm: str, debias: bool) -> float:
    """Calibration error from the sums of the bins."""
    count, right, confidence = (column[sums[0] > 0] for column in sums)
    gap, weight, accuracy = (right - confidence).abs() / count, count / count.sum(), right / count
    if norm == "max":
        return float(gap.max())
    if norm == "l1":
        return float(weight @ gap)
    square = gap.square()
    if debias:
        # one example tells nothing about its variance, and its bin is left out
        square = torch.where(count > 1, square - accuracy * (1 - accuracy) / (count - 1).clamp(min=1), 0.0)
    return math.sqrt(max(float(weight @ square), 0.0))


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
    DeGroot and Fienberg (1983), The comparison and evaluation of forecasters; Guo et al. (2017), arXiv:1706.04599. Chapter `the-loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.calibration import reliability_bins
    >>> bins = reliability_bins(np.array([0.2, 0.5, 0.9, 1.0]), np.array([0, 1, 1, 1]), n_bins=2)
    >>> bins.count.tolist(), bins.accuracy.tolist(), bins.confidence.round(3).tolist()
    ([2, 2], [0.5, 1.0], [0.35, 0.95])
    """
    conf = _check.values("confidence", confidence, ndim=1)
    low, high = (float(v) for v in torch.aminmax(conf))
    if low < 0 or high > 1:
        raise ValueError(f"confidence: expected probabilities in [0, 1], got values from {low:.4g} to {high:.4g}; apply softmax first")
    right = _check.zero_or_one("correct", correct, len(conf), "predicted == target")
    _check.choice("binning", binning, ("width", "mass"))
    edges = _bin_edges(conf, _check.count("n_bins", n_bins), binning)
    count, hits, total = _sums(conf, right, edges, binning)
    return ReliabilityBins(*(_check.as_given(column, confidence) for column in (edges, count.long(), hits / count, total / count)))


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
        Mean of the absolute gaps, root of the mean square gap (both weighted by the size of the bin), or the largest gap.
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
    >>> import numpy as np
    >>> from kdtutor.calibration import expected_calibration_error
    >>> probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    >>> round(expected_calibration_error(probs, np.array([0, 0, 0, 1])), 3)
    0.1
    """
    _check.choice("norm", norm, ("l1", "l2", "max"))
    if _check.flag("debias", debias) and norm != "l2":
        raise ValueError(f"debias: expected norm='l2', the only one with this correction, got norm={norm!r}")
    _check.choice("binning", binning, ("width", "mass"))
    p, y = _check.probs_and_target(probs, target)
    conf, predicted = p.max(dim=1)
    conf = conf.clamp_(max=1.0)  # a float32 probability can exceed 1 by a rounding step
    return _ece(_sums(conf, predicted == y, _bin_edges(conf, _check.count("n_bins", n_bins), binning), binning), norm, debias)


class ClasswiseECE(NamedTuple):
    """Calibration error of each class's probability, (C,), and their plain mean."""

    per_class: ndarray | Tensor
    mean: float


def classwise_ece(
    probs: Float[ndarray, "N C"] | Float[Tensor, "N C"], target: Int[ndarray, " N"] | Int[Tensor, " N"], *, n_bins: int = 15
) -> ClasswiseECE:
    """Calibration error of each class's own probability, not only of the predicted class; 0 at best.

    Parameters
    ----------
    probs : array or tensor (N, C)
        Rows of probabilities.
    target : whole numbers (N,)
    n_bins : int >= 1
        Bins of equal width, (a, b], for each class.

    Returns
    -------
    ClasswiseECE
        `(per_class, mean)`.

    Raises
    ------
    ValueError
        On NaN, rows that are no probabilities, or a label out of range.

    Notes
    -----
    For class k, probability p[k] is compared with how often the label is k. With many classes most probabilities are near 0 and so is the mean:
    values for different C cannot be compared.

    References
    ----------
    Nixon et al. (2019), Measuring calibration in deep learning, arXiv:1904.01685; Kull et al. (2019), arXiv:1910.12656.
    Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.calibration import classwise_ece
    >>> result = classwise_ece(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 0]))
    >>> result.per_class.round(3).tolist(), round(result.mean, 3)
    ([0.25, 0.25], 0.25)
    """
    p, y = _check.probs_and_target(probs, target)
    edges = _bin_edges(p, _check.count("n_bins", n_bins), "width")
    columns = p.clamp(max=1.0).t().contiguous()
    errors = torch.tensor([_ece(_sums(column, y == k, edges), "l1", False) for k, column in enumerate(columns)], dtype=torch.float64)
    return ClasswiseECE(_check.as_given(errors, probs), float(errors.mean()))


class BrierDecomposition(NamedTuple):
    """Brier score = reliability − resolution + uncertainty."""

    reliability: float
    resolution: float
    uncertainty: float


def brier_decomposition(probs: Float[ndarray, "N C"] | Float[Tensor, "N C"], target: Int[ndarray, " N"] | Int[Tensor, " N"]) -> BrierDecomposition:
    """Brier score split into reliability (0 at best), resolution (more is better) and uncertainty of the labels.

    Parameters
    ----------
    probs : array or tensor (N, C)
        Rows of probabilities.
    target : whole numbers (N,)

    Returns
    -------
    BrierDecomposition
        `(reliability, resolution, uncertainty)`; reliability − resolution + uncertainty is `brier_score`, exactly.

    Raises
    ------
    ValueError
        On NaN, rows that are no probabilities, or a label out of range.

    Notes
    -----
    Examples with identical rows form a group. Where every row is different, as with a network's outputs, each example is a group of its own:
    reliability is then the Brier score, and resolution equals uncertainty. Round the probabilities first if you want groups.

    References
    ----------
    Murphy (1973), A new vector partition of the probability score. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.calibration import brier_decomposition
    >>> probs, target = np.array([[0.8, 0.2]] * 4 + [[0.4, 0.6]] * 4), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    >>> [round(part, 4) for part in brier_decomposition(probs, target)]
    [0.025, 0.125, 0.5]
    """
    p, y = _check.probs_and_target(probs, target)
    rows, group, count = torch.unique(p.double(), dim=0, return_inverse=True, return_counts=True)
    labels = F.one_hot(y, p.shape[1]).double()
    share = count.double() / len(p)
    observed = torch.zeros_like(rows).index_add_(0, group, labels) / count[:, None]
    base = labels.mean(dim=0)
    reliability, resolution = (share @ (observed - other).square().sum(dim=1) for other in (rows, base))
    return BrierDecomposition(float(reliability), float(resolution), float((base * (1 - base)).sum()))


def fit_temperature(logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], target: Int[ndarray, " N"] | Int[Tensor, " N"]) -> float:
    """The temperature T that makes the NLL of softmax(z / T) least: temperature scaling.

    Parameters
    ----------
    logits : array or tensor (N, C)
        Of a validation split, never of the training or the test rows.
    target : whole numbers (N,)

    Returns
    -------
    float
        Above 1 where the model was over-confident. Dividing by it never changes a prediction.

    Raises
    ------
    ValueError
        On NaN or a label out of range; where every prediction is right, since T → 0 would be best; where the logits are no better than chance,
        since T → ∞ would be; where a label has probability 0, since no T mends that.

    Notes
    -----
    The NLL has one minimum in 1/T. There the mean logit of the label equals the mean logit expected under softmax(z / T); the root is found by
    bisection on log T, to the last digit. The much-copied L-BFGS with 50 steps and learning rate 0.01 can stop short of it.

    References
    ----------
    Guo et al. (2017), On calibration of modern neural networks, arXiv:1706.04599, section 4.2. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.calibration import fit_temperature
    >>> logits = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    >>> round(fit_temperature(logits, np.array([0, 0, 0, 1])), 4)  # 2 / ln 3: confidence 3/4
    1.8205
    """
    z = _check.metric_logits("logits", logits)
    y = _check.class_numbers(target, *z.shape)
    possible = ~z.isneginf()
    label = z.gather(1, y[:, None])[:, 0]
    if bool(label.isneginf().any()):
        raise ValueError("logits: expected a finite logit for each label, got -inf; the NLL is infinite at every temperature")
    top = z.amax(dim=1, keepdim=True)
    gap, label = torch.where(possible, z - top, 0.0), label - top[:, 0]  # at most 0
    if not bool(label.any()):
        raise ValueError("logits: expected some wrong predictions, got none: the NLL falls as T -> 0; use more validation rows")
    unit = -float(gap.amin())
    gap, label = gap / unit, label / unit
    if float((label - gap.sum(dim=1) / possible.sum(dim=1)).mean()) <= 1e-12:
        raise ValueError("logits: expected logits better than chance, got none such: the NLL falls as T -> infinity; check the labels' order")
    shifted = torch.where(possible, gap, -torch.inf)

    def too_hot(log_t: float) -> bool:
        """Whether the least NLL lies at a smaller T."""
        return float((label - (torch.softmax(shifted / math.exp(log_t), dim=1) * gap).sum(dim=1)).mean()) > 0

    low, high = -700.0, 40.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (low, middle) if too_hot(middle) else (middle, high)
    return unit * math.exp((low + high) / 2)
