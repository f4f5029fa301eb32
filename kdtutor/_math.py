"""The two stable formulas that all losses and metrics share."""

from __future__ import annotations

import torch
from torch import Tensor


def log_softmax_at(logits: Tensor, temperature: float) -> Tensor:
    """Log-probabilities at a temperature. The maximum goes first, so that a small T cannot overflow."""
    shifted = logits - logits.detach().amax(dim=-1, keepdim=True)
    return torch.log_softmax(shifted / temperature, dim=-1)


def kl_rows(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p‖q) of each row, in nats, from log-probabilities `(..., C)`.

    With d = log q − log p, each class adds p·(eᵈ − 1 − d), which is never negative. The sum equals Σ p·log(p/q), since p and q both sum
    to one, but nothing cancels where p and q are nearly equal. A class with p = 0 adds q; one with q = 0 < p makes the row +inf.
    """
    p = log_p.exp()
    possible = log_p != -torch.inf
    d = torch.where(possible, log_q - log_p, 0.0)
    near = possible & (d.abs() < 1)
    d_near = torch.where(near, d, 0.0)
    return torch.where(near, p * (torch.expm1(d_near) - d_near), log_q.exp() - p - p * d).sum(dim=-1)
