"""Losses of knowledge distillation.

All functions take logits, never probabilities, unless the name of the argument says so. float16 and bfloat16 are computed in float32 and
give float32. No gradient reaches the teacher. NaN or +inf in a logit gives NaN; a logit of −inf is a class of probability 0.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from kdtutor import _check
from kdtutor._math import kl_rows, log_softmax_at


class DistillationParts(NamedTuple):
    """The loss and its two unweighted terms; `soft` includes T²."""

    loss: Tensor
    soft: Tensor
    hard: Tensor


def soften(logits: Float[Tensor, "N C"], temperature: float) -> Float[Tensor, "N C"]:
    """Probabilities softmax(z / T): the soft targets.

    Parameters
    ----------
    logits : tensor (N, C)
        Any real numbers; −inf is a class of probability 0.
    temperature : float > 0
        1 leaves the distribution as it is, larger values flatten it, T → 0 gives a one-hot row.

    Returns
    -------
    tensor (N, C)
        Rows that sum to 1.

    Raises
    ------
    ValueError
        If the shape or dtype is wrong or T is not positive.

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, section 2. Chapter `the-loss`.

    Examples
    --------
    >>> soften(torch.tensor([[2.0, 0.0]]), 1.0)
    tensor([[0.8808, 0.1192]])
    >>> soften(torch.tensor([[2.0, 0.0]]), 4.0)
    tensor([[0.6225, 0.3775]])
    """
    return log_softmax_at(_check.logits("logits", logits), _check.temperature(temperature)).exp()


def kd_loss(
    student_logits: Float[Tensor, "N C"],
    teacher_logits: Float[Tensor, "N C"],
    *,
    temperature: float = 4.0,
    scale_by_t2: bool = True,
    reduction: Literal["batchmean", "mean", "none"] = "batchmean",
) -> Float[Tensor, ""] | Float[Tensor, " N"]:
    """T² · KL(teacher‖student) at temperature T, in nats: the soft term.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
        One shape. No gradient reaches the teacher.
    temperature : float > 0
        Divides both sets of logits.
    scale_by_t2 : bool
        Without T² the gradient falls like 1/T² for large T, and the term loses its weight against the hard one.
    reduction : "batchmean", "mean" or "none"
        "batchmean" divides by N. "mean" divides by N·C as ``torch.nn.KLDivLoss()`` does by default: its gradient is C times too small.
        "none" gives one value a row.

    Returns
    -------
    tensor () or (N,)
        At least 0; 0 only where the two distributions are equal.

    Raises
    ------
    ValueError
        If shapes differ, C < 2, T is not positive or the reduction is unknown.

    Notes
    -----
    The gradient at the student's logits is T·(softmax(s/T) − softmax(t/T)) / N. As T → ∞ the loss tends to ‖s − t‖² / (2C) for logits with
    the mean of each row taken off: logit matching. A class of teacher probability 0 adds nothing; a student probability 0 under a positive
    teacher gives +inf.

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, section 2 and 2.1. Chapter `the-loss`.

    Examples
    --------
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> kd_loss(student, teacher, temperature=1.0)
    tensor(0.3278)
    >>> kd_loss(student, teacher, temperature=4.0)
    tensor(0.4848)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    temperature = _check.temperature(temperature)
    _check.choice("reduction", reduction, ("batchmean", "mean", "none"))
    rows = kl_rows(log_softmax_at(t, temperature), log_softmax_at(s, temperature))
    if _check.flag("scale_by_t2", scale_by_t2):
        rows = rows * temperature**2
    if reduction == "none":
        return rows
    return rows.mean() / (s.shape[1] if reduction == "mean" else 1)


@overload
def distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor,
    *,
    temperature: float = ...,
    alpha: float = ...,
    return_parts: Literal[False] = ...,
) -> Tensor: ...
@overload
def distillation_loss(
    student_logits: Tensor, teacher_logits: Tensor, target: Tensor, *, temperature: float = ..., alpha: float = ..., return_parts: Literal[True]
) -> DistillationParts: ...
def distillation_loss(
    student_logits: Float[Tensor, "N C"],
    teacher_logits: Float[Tensor, "N C"],
    target: Int64[Tensor, " N"],
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
    return_parts: bool = False,
) -> Any:
    """alpha · T² · KL(teacher‖student at T) + (1 − alpha) · CE(target, student at T = 1), mean over the batch, in nats.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
    target : int64 tensor (N,)
        Class numbers 0 .. C − 1, for the hard term, which has no temperature.
    temperature : float > 0
    alpha : float in [0, 1]
        Weight of the **soft** term. Some libraries use the same letter for the hard term.
    return_parts : bool
        Give a named tuple `(loss, soft, hard)`; the terms are unweighted.

    Returns
    -------
    tensor () or DistillationParts

    Raises
    ------
    ValueError
        If shapes differ, a label is out of range, T is not positive or alpha lies outside [0, 1].

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, section 2. Chapter `the-loss`.

    Examples
    --------
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> distillation_loss(student, teacher, torch.tensor([0]), temperature=4.0, alpha=0.5, return_parts=True)
    DistillationParts(loss=tensor(0.5890), soft=tensor(0.4848), hard=tensor(0.6931))
    """
    alpha = _check.fraction("alpha", alpha)
    s, _ = _check.pair(student_logits, teacher_logits)
    soft = kd_loss(student_logits, teacher_logits, temperature=temperature)
    hard = F.cross_entropy(s, _check.target(target, *s.shape))
    # weight 0 switches off even an infinite term, but hides no NaN
    if alpha == 0 and not soft.isnan():
        loss = hard
    elif alpha == 1 and not hard.isnan():
        loss = soft
    else:
        loss = alpha * soft + (1 - alpha) * hard
    return DistillationParts(loss, soft, hard) if _check.flag("return_parts", return_parts) else loss


def soft_cross_entropy(student_logits: Float[Tensor, "N C"], target_probs: Float[Tensor, "N C"], *, temperature: float = 1.0) -> Float[Tensor, ""]:
    """Cross-entropy −Σ p·log softmax(s/T) against target probabilities, mean over the batch, in nats.

    Parameters
    ----------
    student_logits : tensor (N, C)
    target_probs : tensor (N, C)
        Rows of probabilities. No gradient reaches them.
    temperature : float > 0
        Divides the student's logits only; there is no T².

    Returns
    -------
    tensor ()
        Never below the mean entropy of the targets; the excess is KL(target‖student).

    Raises
    ------
    ValueError
        If shapes differ, T is not positive or a row of `target_probs` is no distribution.

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, section 2. Chapter `the-loss`.

    Examples
    --------
    >>> soft_cross_entropy(torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.8, 0.2]]))
    tensor(0.5448)
    """
    s, p = _check.pair(student_logits, target_probs, names=("student_logits", "target_probs"))
    _check.probability_rows("target_probs", p)
    log_q = log_softmax_at(s, _check.temperature(temperature))
    return -torch.where(p == 0, 0.0, p * log_q).sum(dim=-1).mean()


def reverse_kd_loss(student_logits: Float[Tensor, "N C"], teacher_logits: Float[Tensor, "N C"], *, temperature: float = 1.0) -> Float[Tensor, ""]:
    """KL(student‖teacher) at temperature T, mean over the batch, in nats, without T².

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
    temperature : float > 0

    Returns
    -------
    tensor ()
        +inf where the student gives weight to a class of teacher probability 0.

    Raises
    ------
    ValueError
        If shapes differ, C < 2 or T is not positive.

    Notes
    -----
    This direction seeks modes: a student too small for the whole teacher drops some of it. `kd_loss` covers all of it.

    References
    ----------
    Gu et al. (2024), MiniLLM, arXiv:2306.08543. Chapter `the-loss`.

    Examples
    --------
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> reverse_kd_loss(student, teacher)
    tensor(0.4338)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    temperature = _check.temperature(temperature)
    return kl_rows(log_softmax_at(s, temperature), log_softmax_at(t, temperature)).mean()


def logit_mse(student_logits: Float[Tensor, "N C"], teacher_logits: Float[Tensor, "N C"], *, temperature: float = 1.0) -> Float[Tensor, ""]:
    """Mean squared difference of the logits, both divided by T; mean over all N·C entries.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
    temperature : float > 0

    Returns
    -------
    tensor ()

    Raises
    ------
    ValueError
        If shapes differ, C < 2 or T is not positive.

    Notes
    -----
    Softmax ignores a constant added to all logits of a row, this loss does not: centre both first to compare with `kd_loss`.

    References
    ----------
    Ba and Caruana (2014), arXiv:1312.6184; Kim et al. (2021), arXiv:2105.08919. Chapter `the-loss`.

    Examples
    --------
    >>> logit_mse(torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]]))
    tensor(2.)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    s, t = (z.masked_fill(z == torch.inf, torch.nan) for z in (s, t))
    return ((s - t) / _check.temperature(temperature)).square().mean()


def smooth_labels(target: Int64[Tensor, " N"], num_classes: int, epsilon: float) -> Float[Tensor, "N C"]:
    """Label smoothing: (1 − ε) on the label plus ε spread evenly over all C classes, the label included.

    Parameters
    ----------
    target : int64 tensor (N,)
        Class numbers 0 .. C − 1.
    num_classes : int >= 2
    epsilon : float in [0, 1]

    Returns
    -------
    tensor (N, C)
        Rows that sum to 1, in the default dtype.

    Raises
    ------
    ValueError
        If a label is out of range, C < 2 or ε lies outside [0, 1].

    Notes
    -----
    Some texts spread ε over the C − 1 other classes: their ε is C/(C − 1) times smaller for the same row.

    References
    ----------
    Szegedy et al. (2016), arXiv:1512.00567, section 7. Chapter `the-loss`.

    Examples
    --------
    >>> smooth_labels(torch.tensor([0]), 4, 0.2)
    tensor([[0.8500, 0.0500, 0.0500, 0.0500]])
    """
    num_classes = _check.count("num_classes", num_classes, least=2)
    epsilon = _check.fraction("epsilon", epsilon)
    if not isinstance(target, Tensor) or target.ndim != 1 or target.shape[0] < 1:
        raise ValueError(f"target: expected int64 class numbers of shape (N,), got {_check.describe(target)}")
    one_hot = F.one_hot(_check.target(target, target.shape[0], num_classes), num_classes)
    return one_hot.to(torch.get_default_dtype()) * (1 - epsilon) + epsilon / num_classes
