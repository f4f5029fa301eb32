"""How far a student does what its teacher does. Agreement is not accuracy: two models can agree on a wrong answer."""

from __future__ import annotations

from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from kdtutor import _check
from kdtutor._math import kl_and_gap, log_softmax_at
from kdtutor.losses import generalized_jsd


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
    >>> import numpy as np
    >>> from kdtutor.fidelity import top1_agreement
    >>> top1_agreement(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[3.0, 0.0], [0.0, 3.0]]))
    0.5
    """
    s, t = _check.metric_pair(student_logits, teacher_logits)
    return float((s.argmax(dim=1) == t.argmax(dim=1)).double().mean())


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
    >>> import numpy as np
    >>> from kdtutor.fidelity import predictive_kl
    >>> round(predictive_kl(np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]])), 4)
    0.3278
    """
    s, t = _check.metric_pair(student_logits, teacher_logits)
    return float(kl_and_gap(log_softmax_at(t, 1.0), log_softmax_at(s, 1.0))[0].mean())


def predictive_js(
    student_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], teacher_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"]
) -> float:
    """Jensen-Shannon divergence of the predictions at T = 1, mean over the examples, in nats; 0 at best, ln 2 at worst.

    Parameters
    ----------
    student_logits, teacher_logits : array or tensor (N, C)
        Logits; −inf is a class of probability 0.

    Returns
    -------
    float
        Finite even where one model rules a class out. The same if the two are swapped.

    Raises
    ------
    ValueError
        On NaN, +inf, shapes that differ, or a row of −inf only.

    Notes
    -----
    SciPy's `jensenshannon` is the square root of this, the distance.

    References
    ----------
    Lin (1991), Divergence measures based on the Shannon entropy. Chapter `measuring`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.fidelity import predictive_js
    >>> round(predictive_js(np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]])), 4)
    0.0895
    """
    s, t = _check.metric_pair(student_logits, teacher_logits)
    return float(generalized_jsd(s, t))


def total_variation(
    student_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"], teacher_logits: Float[ndarray, "N C"] | Float[Tensor, "N C"]
) -> float:
    """Total variation, half the sum of the absolute differences, of the predictions at T = 1, mean over the examples; 0 at best, 1 at worst.

    Parameters
    ----------
    student_logits, teacher_logits : array or tensor (N, C)
        Logits; −inf is a class of probability 0.

    Returns
    -------
    float
        How much probability sits on other classes; the largest difference that any event can have.

    Raises
    ------
    ValueError
        On NaN, +inf, shapes that differ, or a row of −inf only.

    References
    ----------
    Levin, Peres and Wilmer (2009), Markov chains and mixing times, proposition 4.2. Chapter `measuring`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.fidelity import total_variation
    >>> round(total_variation(np.array([[0.0, 0.0]]), np.array([[2.0, 0.0]])), 4)
    0.3808
    """
    s, t = _check.metric_pair(student_logits, teacher_logits)
    return float((log_softmax_at(s, 1.0).exp() - log_softmax_at(t, 1.0).exp()).abs().sum(dim=1).mean() / 2)
