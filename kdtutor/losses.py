"""Losses of knowledge distillation.

All functions take logits, never probabilities, unless the name of the argument says so. float16 and bfloat16 are computed in float32 and
give float32. No gradient reaches the teacher. NaN or +inf in a logit gives NaN; a logit of −inf is a class of probability 0.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, overload

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from kdtutor import _check
from kdtutor._math import kl_and_gap, log_softmax_at, softened_kl, unit, weighted


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
    >>> import torch
    >>> from kdtutor.losses import soften
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
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, sections 2 and 2.1. Chapter `the-loss`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import kd_loss
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> kd_loss(student, teacher, temperature=1.0)
    tensor(0.3278)
    >>> kd_loss(student, teacher, temperature=4.0)
    tensor(0.4848)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    temperature = _check.temperature(temperature)
    _check.choice("reduction", reduction, ("batchmean", "mean", "none"))
    factor = temperature**2 if _check.flag("scale_by_t2", scale_by_t2) else 1.0
    return softened_kl(s, t, temperature, factor / (s.shape[1] if reduction == "mean" else 1), mean=reduction != "none")


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
    >>> import torch
    >>> from kdtutor.losses import distillation_loss
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> distillation_loss(student, teacher, torch.tensor([0]), temperature=4.0, alpha=0.5, return_parts=True)
    DistillationParts(loss=tensor(0.5890), soft=tensor(0.4848), hard=tensor(0.6931))
    """
    alpha = _check.fraction("alpha", alpha)
    s, t = _check.pair(student_logits, teacher_logits)
    temperature = _check.temperature(temperature)
    soft = softened_kl(s, t, temperature, temperature**2, mean=True)
    hard = F.cross_entropy(s, _check.target(target, *s.shape))
    loss = weighted(alpha, soft, hard)
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
    >>> import torch
    >>> from kdtutor.losses import soft_cross_entropy
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
    >>> import torch
    >>> from kdtutor.losses import reverse_kd_loss
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> reverse_kd_loss(student, teacher)
    tensor(0.4338)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    temperature = _check.temperature(temperature)
    return kl_and_gap(log_softmax_at(s, temperature), log_softmax_at(t, temperature))[0].mean()


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
    >>> import torch
    >>> from kdtutor.losses import logit_mse
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
    >>> import torch
    >>> from kdtutor.losses import smooth_labels
    >>> smooth_labels(torch.tensor([0]), 4, 0.2)
    tensor([[0.8500, 0.0500, 0.0500, 0.0500]])
    """
    num_classes = _check.count("num_classes", num_classes, least=2)
    epsilon = _check.fraction("epsilon", epsilon)
    if not isinstance(target, Tensor) or target.ndim != 1 or target.shape[0] < 1:
        raise ValueError(f"target: expected int64 class numbers of shape (N,), got {_check.describe(target)}")
    one_hot = F.one_hot(_check.target(target, target.shape[0], num_classes), num_classes)
    return one_hot.to(torch.get_default_dtype()) * (1 - epsilon) + epsilon / num_classes


def generalized_jsd(
    student_logits: Float[Tensor, "N C"], teacher_logits: Float[Tensor, "N C"], *, beta: float = 0.5, temperature: float = 1.0
) -> Float[Tensor, ""]:
    """beta · KL(teacher‖M) + (1 − beta) · KL(student‖M) with M = beta · teacher + (1 − beta) · student; mean over the batch, in nats, no T².

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
    beta : float in (0, 1)
        At 0.5 the Jensen-Shannon divergence. At either end the loss is 0 whatever the student does.
    temperature : float > 0

    Returns
    -------
    tensor ()
        From 0 to the entropy of (beta, 1 − beta), at most ln 2: finite even where the two share no class.

    Raises
    ------
    ValueError
        If shapes differ, C < 2, T is not positive or beta does not lie between 0 and 1.

    Notes
    -----
    Divided by beta it tends to KL(teacher‖student) as beta → 0, divided by 1 − beta to KL(student‖teacher) as beta → 1. Programs differ in
    which model beta belongs to.

    References
    ----------
    Agarwal et al. (2024), On-policy distillation of language models, arXiv:2306.13649, equation 1. Chapter `language-models`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import generalized_jsd
    >>> student, teacher = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    >>> generalized_jsd(student, teacher)
    tensor(0.0895)
    """
    s, t = _check.pair(student_logits, teacher_logits)
    beta = _check.fraction("beta", beta)
    if beta in (0, 1):
        raise ValueError(f"beta: expected a number between 0 and 1, got {beta:g}, where the loss is always 0; use kd_loss or reverse_kd_loss there")
    temperature = _check.temperature(temperature)
    log_s, log_t = log_softmax_at(s, temperature), log_softmax_at(t, temperature)
    both = (log_s == -torch.inf) & (log_t == -torch.inf)  # logaddexp of two of them has no gradient
    a, b = (x.masked_fill(both, 0.0) + math.log(w) for x, w in ((log_t, beta), (log_s, 1 - beta)))
    log_m = torch.logaddexp(a, b).masked_fill(both, -torch.inf)
    return beta * kl_and_gap(log_t, log_m)[0].mean() + (1 - beta) * kl_and_gap(log_s, log_m)[0].mean()


def _with_rest(log_probs: Tensor, kept: Tensor) -> Tensor:
    """Log-probabilities (N, k + 1) of the k classes kept and of all others together."""
    rest = log_probs.scatter(1, kept, -torch.inf)
    none = (rest == -torch.inf).all(dim=1, keepdim=True)  # the gradient of their logsumexp would be NaN
    rest = torch.where(none, 0.0, rest).logsumexp(dim=1, keepdim=True)
    return torch.cat([log_probs.gather(1, kept), rest.masked_fill(none, -torch.inf)], dim=1)


class DKDParts(NamedTuple):
    """The loss and its two unweighted terms; both include T²."""

    loss: Tensor
    target_class: Tensor
    non_target_class: Tensor


@overload
def dkd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor,
    *,
    alpha: float = ...,
    beta: float = ...,
    temperature: float = ...,
    return_parts: Literal[False] = ...,
) -> Tensor: ...
@overload
def dkd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    target: Tensor,
    *,
    alpha: float = ...,
    beta: float = ...,
    temperature: float = ...,
    return_parts: Literal[True],
) -> DKDParts: ...
def dkd_loss(
    student_logits: Float[Tensor, "N C"],
    teacher_logits: Float[Tensor, "N C"],
    target: Int64[Tensor, " N"],
    *,
    alpha: float = 1.0,
    beta: float = 8.0,
    temperature: float = 4.0,
    return_parts: bool = False,
) -> Any:
    """Decoupled KD: alpha · T² · KL over (target, rest) + beta · T² · KL among the other classes; mean over the batch, in nats.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
        At least three classes.
    target : int64 tensor (N,)
        Class numbers 0 .. C − 1.
    alpha, beta : float >= 0
        Free weights of the two terms, named as in the paper. This alpha is no weight of a soft term against a hard one.
    temperature : float > 0
    return_parts : bool
        Give a named tuple `(loss, target_class, non_target_class)`; the terms are unweighted.

    Returns
    -------
    tensor () or DKDParts

    Raises
    ------
    ValueError
        If shapes differ, C < 3, a label is out of range, T is not positive or a weight is negative.

    Notes
    -----
    Row by row, KL = target term + (1 − p) · non-target term, where p is the *teacher's* probability of the target at T. So alpha = beta = 1 is
    not plain KD: it weights the second term by 1 instead of 1 − p. A row in which one model gives every class but the target probability 0
    gives NaN: there is nothing to compare among the others.

    References
    ----------
    Zhao et al. (2022), Decoupled knowledge distillation, arXiv:2203.08679, equation 7. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import dkd_loss
    >>> student, teacher = torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[2.0, 1.0, 0.0]])
    >>> dkd_loss(student, teacher, torch.tensor([0]), temperature=1.0, return_parts=True)
    DKDParts(loss=tensor(1.1166), target_class=tensor(0.2291), non_target_class=tensor(0.1109))
    """
    weights = (_check.weight("alpha", alpha), _check.weight("beta", beta))
    s, t = _check.pair(student_logits, teacher_logits)
    if s.shape[1] < 3:
        raise ValueError(f"student_logits and teacher_logits: expected at least 3 classes, got {s.shape[1]}; use kd_loss for two")
    temperature = _check.temperature(temperature)
    index = _check.target(target, *s.shape)[:, None]

    def split(logits: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of (target, rest) and among the rest; the target is impossible there."""
        log_probs = log_softmax_at(logits, temperature)
        return _with_rest(log_probs, index), torch.log_softmax(log_probs.scatter(1, index, -torch.inf), dim=1)

    terms = [temperature**2 * kl_and_gap(of, against)[0].mean() for of, against in zip(split(t), split(s), strict=True)]
    # weight 0 switches a term off even where it is infinite; NaN stays NaN
    loss = torch.stack([w * term if w else torch.where(term.isnan(), term, 0.0) for w, term in zip(weights, terms, strict=True)]).sum()
    return DKDParts(loss, *terms) if _check.flag("return_parts", return_parts) else loss


def dist_loss(
    student_logits: Float[Tensor, "N C"], teacher_logits: Float[Tensor, "N C"], *, beta: float = 1.0, gamma: float = 1.0, temperature: float = 1.0
) -> Float[Tensor, ""]:
    """DIST: T² · (beta · (1 − correlation of the rows) + gamma · (1 − correlation of the columns)) of the softened probabilities.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, C)
        At least two rows.
    beta : float >= 0
        Weight of the row term: how one example's classes are related.
    gamma : float >= 0
        Weight of the column term: how one class is spread over the examples.
    temperature : float > 0

    Returns
    -------
    tensor ()
        From 0 to 2 T² (beta + gamma).

    Raises
    ------
    ValueError
        If shapes differ, N < 2, C < 2, T is not positive or a weight is negative.

    Notes
    -----
    Pearson's correlation ignores shift and scale: the student need not match the teacher's probabilities. A constant row or column has no
    correlation and counts as 0.

    References
    ----------
    Huang et al. (2022), Knowledge distillation from a stronger teacher, arXiv:2205.10536, equations 8 to 10. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import dist_loss
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    >>> round(float(dist_loss(teacher.flip(0), teacher)), 4)
    3.2578
    """
    weights = (_check.weight("beta", beta), _check.weight("gamma", gamma))
    s, t = _check.pair(student_logits, teacher_logits)
    if len(s) < 2:
        raise ValueError("student_logits and teacher_logits: expected at least 2 rows, got 1; the column term compares examples with each other")
    temperature = _check.temperature(temperature)
    p, q = log_softmax_at(t, temperature).exp(), log_softmax_at(s, temperature).exp()

    def centred(rows: Tensor) -> Tensor:
        """Rows of mean 0 and length 1; a row that is constant but for rounding becomes zero."""
        spread = rows - rows.mean(dim=1, keepdim=True)
        size = torch.finfo(rows.dtype).eps * rows.detach().amax(dim=1, keepdim=True)
        return unit(spread.masked_fill(spread.detach().abs().amax(dim=1, keepdim=True) <= 4 * size, 0.0))

    distances = [1 - (centred(a) * centred(b)).sum(dim=1).mean() for a, b in ((p, q), (p.T, q.T))]
    return temperature**2 * (weights[0] * distances[0] + weights[1] * distances[1])


def token_kd_loss(
    student_logits: Float[Tensor, "N L V"],
    teacher_logits: Float[Tensor, "N L V"],
    mask: Bool[Tensor, "N L"],
    *,
    temperature: float = 1.0,
    direction: Literal["forward", "reverse"] = "forward",
    top_k: int | None = None,
) -> Float[Tensor, ""]:
    """T² · KL between the next-token distributions, mean over the tokens that count, in nats.

    Parameters
    ----------
    student_logits, teacher_logits : tensor (N, L, V)
        Sequences, positions, vocabulary.
    mask : bool tensor (N, L)
        True where a token counts: not the prompt, not the padding.
    temperature : float > 0
    direction : "forward" or "reverse"
        KL(teacher‖student) or KL(student‖teacher).
    top_k : int or None
        Keep the teacher's k likeliest tokens and put all others into one. None keeps the whole vocabulary.

    Returns
    -------
    tensor ()

    Raises
    ------
    ValueError
        If shapes differ, no token counts, T is not positive or `top_k` lies outside 1 .. V − 1.

    Notes
    -----
    The mean is over tokens, so long answers weigh more than short ones. With `top_k` the rest stays one token with its whole probability: the
    result is a lower bound of the full KL. To renormalise the k probabilities instead would tell the student that the rest is impossible.

    References
    ----------
    Gu et al. (2024), MiniLLM, arXiv:2306.08543; Agarwal et al. (2024), arXiv:2306.13649. Chapter `language-models`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import token_kd_loss
    >>> student, teacher = torch.zeros(1, 2, 3), torch.tensor([[[2.0, 1.0, 0.0], [9.0, 9.0, 9.0]]])
    >>> mask = torch.tensor([[True, False]])
    >>> token_kd_loss(student, teacher, mask), token_kd_loss(student, teacher, mask, top_k=1)
    (tensor(0.2662), tensor(0.2291))
    """
    for name, value in (("student_logits", student_logits), ("teacher_logits", teacher_logits)):
        if not isinstance(value, Tensor) or value.ndim != 3:
            raise ValueError(f"{name}: expected logits of shape (N, L, V), got {_check.describe(value)}; for single rows use kd_loss")
    _check.same_shape(("student_logits", "teacher_logits"), (student_logits, teacher_logits))
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool or mask.shape != student_logits.shape[:2] or not bool(mask.any()):
        raise ValueError(
            f"mask: expected booleans of shape {tuple(student_logits.shape[:2])} with at least one True, got {_check.describe(mask)}; "
            "use attention_mask.bool() without the prompt"
        )
    s, t = _check.pair(student_logits[mask], teacher_logits[mask])
    temperature = _check.temperature(temperature)
    scale = temperature**2
    _check.choice("direction", direction, ("forward", "reverse"))
    if top_k is not None:
        if _check.count("top_k", top_k) >= s.shape[1]:
            raise ValueError(f"top_k: expected 1 to {s.shape[1] - 1} of the {s.shape[1]} tokens, got {top_k}; None keeps them all")
        kept = t.topk(top_k, dim=1).indices
        # one token in place of the rest; log-probabilities at T are logits at temperature 1
        s, t = (_with_rest(log_softmax_at(z, temperature), kept) for z in (s, t))
        temperature = 1.0
    if direction == "forward":
        return scale * kd_loss(s, t, temperature=temperature, scale_by_t2=False)
    return scale * reverse_kd_loss(s, t, temperature=temperature)


def average_teachers(
    teacher_logits: Float[Tensor, "M N C"], *, temperature: float = 1.0, space: Literal["probability", "logit"] = "probability"
) -> Float[Tensor, "N C"]:
    """Soft targets of several teachers: the mean of their probabilities, or the softmax of their mean logits, at temperature T.

    Parameters
    ----------
    teacher_logits : tensor (M, N, C)
        One set of logits a teacher.
    temperature : float > 0
    space : "probability" or "logit"
        The mean of logits is a geometric mean of probabilities: one teacher with large logits, or one that rules a class out, decides alone.

    Returns
    -------
    tensor (N, C)
        Rows that sum to 1, without a graph.

    Raises
    ------
    ValueError
        If the shape is wrong, T is not positive or `space` is unknown.

    Notes
    -----
    The mean of the KLs to several teachers exceeds the KL to their mean probability by the teachers' mutual information, which does not depend
    on the student: the gradients are equal.

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531, section 1; You et al. (2017), Learning from multiple teacher networks. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.losses import average_teachers
    >>> teachers = torch.tensor([[[4.0, 0.0]], [[0.0, 0.0]]])
    >>> average_teachers(teachers), average_teachers(teachers, space="logit")
    (tensor([[0.7410, 0.2590]]), tensor([[0.8808, 0.1192]]))
    """
    if not isinstance(teacher_logits, Tensor) or teacher_logits.ndim != 3 or teacher_logits.shape[0] < 1:
        raise ValueError(f"teacher_logits: expected shape (M, N, C), got {_check.describe(teacher_logits)}; stack the teachers with torch.stack")
    members = torch.stack([_check.logits("teacher_logits", member) for member in teacher_logits.detach()])
    _check.choice("space", space, ("probability", "logit"))
    temperature = _check.temperature(temperature)
    if space == "probability":
        return log_softmax_at(members, temperature).exp().mean(dim=0)
    return log_softmax_at(members.mean(dim=0), temperature).exp()


@torch.no_grad()
def ema_update(teacher: torch.nn.Module, student: torch.nn.Module, *, decay: float) -> None:
    """teacher ← decay · teacher + (1 − decay) · student, in place, for each parameter; buffers are copied.

    Parameters
    ----------
    teacher, student : module
        One architecture. The first is changed.
    decay : float in [0, 1]
        1 leaves the teacher as it is, 0 copies the student.

    Raises
    ------
    ValueError
        If decay lies outside [0, 1] or the two differ in names or shapes of parameters or buffers.

    References
    ----------
    Tarvainen and Valpola (2017), Mean teachers are better role models, arXiv:1703.01780. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.losses import ema_update
    >>> teacher, student = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    >>> _ = torch.nn.init.constant_(teacher.weight, 1.0), torch.nn.init.constant_(student.weight, 3.0)
    >>> ema_update(teacher, student, decay=0.75)
    >>> teacher.weight.item()
    1.5
    """
    decay = _check.fraction("decay", decay)
    models = [_check.module(name, model) for name, model in (("teacher", teacher), ("student", student))]
    old, new = ({**dict(model.named_parameters()), **dict(model.named_buffers())} for model in models)  # each once, whatever its names
    shapes = [{name: tuple(value.shape) for name, value in state.items()} for state in (old, new)]
    if shapes[0] != shapes[1]:
        differ = sorted(name for name in shapes[0].keys() | shapes[1].keys() if shapes[0].get(name) != shapes[1].get(name))
        raise ValueError(f"teacher and student: expected the same parameters and buffers, got different {', '.join(differ)}; copy the student first")
    for name, value in old.items():
        value.lerp_(new[name], 1 - decay) if isinstance(value, torch.nn.Parameter) else value.copy_(new[name])
