"""How far a student does what its teacher does. Agreement is not accuracy: two models can agree on a wrong answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from kdtutor import _check
from kdtutor._math import kl_rows, log_softmax_at


def _pair(student_logits: Any, teacher_logits: Any) -> tuple[ndarray, ndarray]:
    s, t = _check.logits_array("student_logits", student_logits), _check.logits_array("teacher_logits", teacher_logits)
    if s.shape != t.shape:
        raise ValueError(f"student_logits and teacher_logits: expected one shape, got {s.shape} and {t.shape}; both models must see the same inputs")
    return s, t


def top1_agreement(
    student_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], teacher_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"]
) -> float:
    """Share of examples on which student and teacher predict the same class, in [0, 1].

    Parameters
    ----------
    student_logits, teacher_logits : array or tensor (N, C)
        Logits or probabilities; of equal entries the first counts.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        On NaN, +inf, or shapes that differ.

    References
    ----------
    Stanton et al. (2021), Does knowledge distillation really work?, arXiv:2106.05945. Chapter `the-loss`.

    Examples
    --------
    >>> top1_agreement(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[3.0, 0.0], [0.0, 3.0]]))
    0.5
    """
    s, t = _pair(student_logits, teacher_logits)
    return float((s.argmax(axis=1) == t.argmax(axis=1)).mean())


def predictive_kl(
    student_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], teacher_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"]
) -> float:
    """KL(teacher‖student) of the predictions at T = 1, mean over the examples, in nats; 0 at best.

    Parameters
    ----------
    student_logits, teacher_logits : array or tensor (N, C)
        Logits; −inf is a class of probability 0.

    Returns
    -------
    float
        +inf where the student gives probability 0 to a class to which the teacher gives more.

    Raises
    ------
    ValueError
        On NaN, +inf, shapes that differ, or a row of −inf only.

    References
    ----------
    Stanton et al. (2021), arXiv:2106.05945. Chapter `the-loss`.

    Examples
    --------
    >>> round(predictive_kl(np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]])), 4)
    0.3278
    """
    s, t = _pair(student_logits, teacher_logits)
    for name, z in (("student_logits", s), ("teacher_logits", t)):
        if np.isneginf(z).all(axis=1).any():
            raise ValueError(f"{name}: expected a finite logit in each row, got a row of -inf only; such a row is no distribution")
    return float(kl_rows(log_softmax_at(torch.from_numpy(t), 1.0), log_softmax_at(torch.from_numpy(s), 1.0)).mean())
