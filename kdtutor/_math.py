"""The stable formulas that losses and metrics share."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

FAR = 40.0  # from e^40 on, the smaller of two probabilities is below the last digit of the larger one


def log_softmax_at(logits: Tensor, temperature: float) -> Tensor:
    """Log-probabilities at temperature T. Where z / T could overflow, the largest logit becomes 0 first."""
    if temperature == 1:
        return torch.log_softmax(logits, dim=-1)
    if temperature < 1:
        logits = logits - logits.detach().amax(dim=-1, keepdim=True)
        temperature = max(temperature, torch.finfo(logits.dtype).tiny)
    return torch.log_softmax(logits / temperature, dim=-1)


def unit(rows: Tensor) -> Tensor:
    """Rows of length 1 along the last axis; a row of zeros stays one, with a finite gradient, and no square overflows or vanishes."""
    largest = rows.detach().abs().amax(dim=-1, keepdim=True)
    rows = rows / torch.where(largest == 0, 1.0, largest)
    length = torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
    return rows / torch.where(length == 0, 1.0, length)


def kl_and_gap(log_p: Tensor, log_q: Tensor) -> tuple[Tensor, Tensor]:
    """KL(p‖q) of each row, in nats, and q − p, from log-probabilities (..., C).

    With d = log q − log p, a class adds p (e^d − 1 − d), which is never
    negative. The sum is Σ p log(p/q), since p and q both sum to one, but
    nothing cancels where they are nearly equal. A class with p = 0 adds q;
    one with q = 0 < p makes the row infinite.
    """
    p, q, impossible = log_p.exp(), log_q.exp(), log_p == -torch.inf
    d = torch.where(impossible, 0.0, log_q - log_p)
    far = impossible | (d > FAR)
    gap = torch.where(far, q - p, p * torch.expm1(torch.where(far, 0.0, d)))
    rows: Tensor = (gap - torch.where(d == -torch.inf, d, p * d)).sum(dim=-1)
    return rows, gap


class _SoftenedKL(torch.autograd.Function):
    """See `softened_kl`."""

    @staticmethod
    def forward(ctx: Any, student: Tensor, teacher: Tensor, temperature: float, factor: float, mean: bool) -> Tensor:
        # the formula of kl_and_gap where no probability is 0, in place: half the time of torch's own operations with their graph
        p = log_softmax_at(teacher, temperature)
        d = log_softmax_at(student, temperature).sub_(p)
        gap = torch.expm1(d)
        rows = torch.linalg.vecdot(p.exp_(), d.sub_(gap)).neg_()
        gap.mul_(p)
        if not math.isfinite(float(rows.sum())):
            rows, gap = kl_and_gap(log_softmax_at(teacher, temperature), log_softmax_at(student, temperature))
        ctx.save_for_backward(student, teacher, gap)
        ctx.temperature, ctx.factor = temperature, factor / rows.shape[-1] if mean else factor
        value: Tensor = (rows.sum(dim=-1) if mean else rows) * ctx.factor
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        student, teacher, gap = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: q must know that it depends on the student
            gap = log_softmax_at(student, ctx.temperature).exp() - log_softmax_at(teacher, ctx.temperature).exp()
        grad = grad * (ctx.factor / ctx.temperature)
        return gap * grad.view(*grad.shape, *(1,) * (gap.ndim - grad.ndim)), None, None, None, None


def softened_kl(student: Tensor, teacher: Tensor, temperature: float, factor: float, *, mean: bool) -> Tensor:
    """factor · KL(teacher‖student at T), of each row or their mean (of a stack: one each), with the gradient factor · (q − p) / T in closed form."""
    # torch gives Function.apply no types
    result: Tensor = _SoftenedKL.apply(student, teacher, temperature, factor, mean)  # type: ignore[no-untyped-call]
    return result


def weighted(alpha: float, soft: Tensor, hard: Tensor) -> Tensor:
    """alpha · soft + (1 − alpha) · hard. Weight 0 switches off even an infinite term, but hides no NaN."""
    if alpha == 0 and not soft.isnan().any():
        return hard
    if alpha == 1 and not hard.isnan().any():
        return soft
    return alpha * soft + (1 - alpha) * hard
