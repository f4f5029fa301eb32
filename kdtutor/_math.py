"""The two stable formulas that all losses and metrics share."""

from __future__ import annotations

import torch
from torch import Tensor


def log_softmax_at(logits: Tensor, temperature: float) -> Tensor:
    """Log-probabilities at temperature T. The largest logit becomes 0 first."""
    temperature = max(temperature, torch.finfo(logits.dtype).tiny)
    shifted = logits - logits.detach().amax(dim=-1, keepdim=True)
    return torch.log_softmax(shifted / temperature, dim=-1)


def kl_rows(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p‖q) of each row, in nats, from log-probabilities (..., C).

    With d = log q - log p, a class adds p (e^d - 1 - d), which is never
    negative. The sum is Σ p log(p/q), since p and q both sum to one, but
    nothing cancels where they are nearly equal. A class with p = 0 adds q;
    one with q = 0 < p makes the row infinite.
    """
    p = log_p.exp()
    possible = log_p != -torch.inf
    d = torch.where(possible, log_q - log_p, 0.0)
    near = possible & (d.abs() < 1)
    small = torch.where(near, d, 0.0)
    far = torch.where(d == -torch.inf, torch.inf, log_q.exp() - p - p * d)
    return torch.where(near, p * (torch.expm1(small) - small), far).sum(dim=-1)
