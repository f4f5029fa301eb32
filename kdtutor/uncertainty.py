"""How uncertain a prediction is, and why: entropy, its split over an ensemble, MC dropout, Dirichlet students.

Metrics take NumPy arrays or tensors and give arrays of the kind given, one entry an example, in nats; float64 inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from kdtutor import _check
from kdtutor._math import kl_and_gap
from kdtutor.training import eval_mode, predict_logits

DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
Rows = Float[ndarray, "N C"] | Float[Tensor, "N C"]
Members = Float[ndarray, "M N C"] | Float[Tensor, "M N C"]


class Decomposition(NamedTuple):
    """total = aleatoric + epistemic, one entry an example."""

    total: ndarray | Tensor
    aleatoric: ndarray | Tensor
    epistemic: ndarray | Tensor


def _entropy(probs: Tensor) -> Tensor:
    entropy: Tensor = torch.special.entr(probs.clamp(max=1.0)).sum(dim=-1)  # a float32 probability can exceed 1 by a rounding step
    return entropy


def _parts(aleatoric: Tensor, epistemic: Tensor, given: Any) -> Decomposition:
    return Decomposition(*(_check.as_given(part, given) for part in (aleatoric + epistemic, aleatoric, epistemic)))


def predictive_entropy(probs: Rows) -> Any:
    """Entropy −Σ p ln p of each row, in nats: 0 for a certain prediction, ln C for a uniform one.

    Parameters
    ----------
    probs : array or tensor (N, C)
        Rows of probabilities.

    Returns
    -------
    array or tensor (N,)

    Raises
    ------
    ValueError
        On NaN or rows that are no probabilities.

    Notes
    -----
    For one model this is all the uncertainty it states; it cannot be split.

    References
    ----------
    Shannon (1948), A mathematical theory of communication. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import predictive_entropy
    >>> predictive_entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(4).tolist()
    [0.0, 0.6931]
    """
    return _check.as_given(_entropy(_check.metric_probs("probs", probs).double()), probs)


def decompose_entropy(member_probs: Members) -> Decomposition:
    """Entropy of an ensemble's mean prediction, split into the members' mean entropy and their disagreement; in nats.

    Parameters
    ----------
    member_probs : array or tensor (M, N, C)
        Probabilities of each member.

    Returns
    -------
    Decomposition
        `(total, aleatoric, epistemic)`, each (N,). The epistemic part is the mutual information of prediction and member: at least 0, 0 for
        members that agree, at most min(ln M, ln C).

    Raises
    ------
    ValueError
        On NaN, a wrong shape or rows that are no probabilities.

    Notes
    -----
    The disagreement is computed as the mean KL of the members to their mean, so that it cannot become negative. The split is as good as the
    ensemble: members that err alike show no epistemic uncertainty.

    References
    ----------
    Depeweg et al. (2018), arXiv:1710.07283; Malinin et al. (2020), arXiv:1905.00076. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import decompose_entropy
    >>> parts = decompose_entropy(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))
    >>> [round(float(part[0]), 4) for part in parts]
    [0.6931, 0.0, 0.6931]
    """
    p = _check.metric_probs("member_probs", member_probs, ndim=3).double()
    log_p = p.log()
    log_mean = torch.logsumexp(log_p, dim=0) - math.log(len(p))  # the mean itself can underflow
    return _parts(_entropy(p).mean(dim=0), kl_and_gap(log_p, log_mean.expand_as(p))[0].mean(dim=0), member_probs)


def decompose_variance(means: Rows, variances: Rows) -> Decomposition:
    """Variance of an ensemble of regressors, split into the mean of the variances and the variance of the means.

    Parameters
    ----------
    means : array or tensor (M, N)
        Predicted mean of each member for each example.
    variances : array or tensor (M, N)
        Predicted variances, at least 0; zeros for members that give none.

    Returns
    -------
    Decomposition
        `(total, aleatoric, epistemic)`, each (N,), in the square of the target's unit.

    Raises
    ------
    ValueError
        On NaN, shapes that differ or a negative variance.

    Notes
    -----
    Law of total variance for a member drawn at random, so the variance over members divides by M, not M − 1.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell (2017), arXiv:1612.01474, section 2.4. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import decompose_variance
    >>> [float(part[0]) for part in decompose_variance(np.array([[1.0], [3.0]]), np.array([[0.5], [1.5]]))]
    [2.0, 1.0, 1.0]
    """
    m, v = _check.values("means", means, ndim=2).double(), _check.values("variances", variances, ndim=2).double()
    _check.same_shape(("means", "variances"), (m, v))
    if float(v.amin()) < 0:
        raise ValueError(f"variances: expected numbers of at least 0, got {float(v.amin()):.4g}; square standard deviations, exponentiate logarithms")
    return _parts(v.mean(dim=0), m.var(dim=0, correction=0), means)


def variation_ratio(member_probs: Members) -> Any:
    """Share of members that do not vote for the class with the most votes, for each example.

    Parameters
    ----------
    member_probs : array or tensor (M, N, C)
        Each member votes for its first largest class.

    Returns
    -------
    array or tensor (N,)
        0 where all agree, at most 1 − 1/min(M, C).

    Raises
    ------
    ValueError
        On NaN, a wrong shape or rows that are no probabilities.

    Notes
    -----
    One package takes the mean over examples in place of members.

    References
    ----------
    Freeman (1965), Elementary applied statistics; Gal (2016), Uncertainty in deep learning, section 3.3.1. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import variation_ratio
    >>> variation_ratio(np.array([[[0.9, 0.1]], [[0.6, 0.4]], [[0.2, 0.8]], [[0.7, 0.3]]])).tolist()
    [0.25]
    """
    p = _check.metric_probs("member_probs", member_probs, ndim=3)
    votes = nn.functional.one_hot(p.argmax(dim=2), p.shape[2]).sum(dim=0)
    return _check.as_given(1 - votes.amax(dim=1).double() / len(p), member_probs)


def mc_dropout_probs(
    model: nn.Module, x: Float[Tensor, "N ..."], *, n_samples: int, generator: torch.Generator | None = None
) -> Float[Tensor, "S N C"]:
    """Probabilities of `n_samples` passes with dropout on; everything else in the model stays in eval mode.

    Parameters
    ----------
    model : module
        Has dropout layers with p > 0; its modes are restored.
    x : tensor (N, ...)
    n_samples : int >= 1
    generator : torch.Generator or None
        Source of the random numbers; the global state is left as it was. None draws from the global state.

    Returns
    -------
    tensor (S, N, C)
        One set of probabilities a pass, to be used like an ensemble.

    Raises
    ------
    ValueError
        If the model has no active dropout: all passes would be equal.

    Notes
    -----
    `model.train()` would also put batch-norm into train mode and change its statistics.

    References
    ----------
    Gal and Ghahramani (2016), Dropout as a Bayesian approximation, arXiv:1506.02142. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.uncertainty import mc_dropout_probs
    >>> model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
    >>> mc_dropout_probs(model, torch.ones(4, 3), n_samples=5).shape
    torch.Size([5, 4, 2])
    """
    n_samples = _check.count("n_samples", n_samples)
    _check.module("model", model)
    _check.inputs("x", x)
    noisy = [m for m in model.modules() if isinstance(m, DROPOUT) and m.p > 0]
    if not noisy:
        raise ValueError("model: expected dropout layers with p > 0, got none; all passes would be equal. Use ensemble_probs with several models")
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ValueError(f"generator: expected a torch.Generator or None, got {_check.describe(generator)}")
    with torch.random.fork_rng(enabled=generator is not None), eval_mode(model):
        if generator is not None:
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator, device=generator.device)))
        for module in noisy:
            module.training = True
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # the fused transformer layer has no dropout
        try:
            with torch.no_grad():
                return torch.stack([torch.softmax(_check.logits("model(x)", model(x)), dim=-1) for _ in range(n_samples)])
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)


def ensemble_probs(models: Sequence[nn.Module], x: Float[Tensor, "N ..."]) -> Float[Tensor, "M N C"]:
    """Probabilities of each model, in eval mode and without gradients.

    Parameters
    ----------
    models : sequence of modules
        At least one; modes are restored.
    x : tensor (N, ...)

    Returns
    -------
    tensor (M, N, C)

    Raises
    ------
    ValueError
        If there is no model or one gives logits of another shape.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell (2017), arXiv:1612.01474. Chapter `measuring-uncertainty`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.uncertainty import ensemble_probs
    >>> ensemble_probs([nn.Linear(3, 2), nn.Linear(3, 2)], torch.ones(4, 3)).shape
    torch.Size([2, 4, 2])
    """
    models = list(models) if isinstance(models, Sequence | nn.ModuleList) else []
    if not models:
        raise ValueError("models: expected a sequence of at least one torch module, got none; put a single model into a list")
    members = [torch.softmax(_check.logits("model(x)", predict_logits(_check.module("models", m), x)), dim=-1) for m in models]
    if len({member.shape for member in members}) > 1:
        raise ValueError(f"models: expected logits of one shape, got {[tuple(member.shape) for member in members]}")
    return torch.stack(members)


def dirichlet_nll(concentration_logits: Float[Tensor, "N C"], member_probs: Float[Tensor, "M N C"]) -> Float[Tensor, ""]:
    """−ln Dirichlet(member probabilities | exp(z)), mean over members and examples: the loss of ensemble distribution distillation.

    Parameters
    ----------
    concentration_logits : tensor (N, C)
        Concentration = exp(z); nothing is added.
    member_probs : tensor (M, N, C)
        Probabilities of the members. No gradient reaches them.

    Returns
    -------
    tensor ()
        In nats. A density can exceed 1, so the loss can be negative.

    Raises
    ------
    ValueError
        If shapes do not fit or rows are no probabilities.

    Notes
    -----
    A member probability of exactly 0 lies at the edge of the simplex, where the density is 0 or infinite unless that concentration is 1. Smooth
    or temper the members first: the paper does both.

    References
    ----------
    Malinin, Mlodozeniec and Gales (2020), Ensemble distribution distillation, arXiv:1905.00076. Chapter `uncertainty-of-students`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.uncertainty import dirichlet_nll
    >>> dirichlet_nll(torch.zeros(1, 3), torch.tensor([[[0.2, 0.3, 0.5]]]))  # the flat one has density 2! = 2
    tensor(-0.6931)
    """
    z = _check.logits("concentration_logits", concentration_logits)
    if not isinstance(member_probs, Tensor) or member_probs.ndim != 3 or member_probs.shape[1:] != z.shape or len(member_probs) < 1:
        raise ValueError(f"member_probs: expected shape (M, {z.shape[0]}, {z.shape[1]}), got {_check.describe(member_probs)}")
    p = torch.stack([_check.logits("member_probs", member) for member in member_probs.detach()])
    z, p = z.to(torch.promote_types(z.dtype, p.dtype)), p.to(torch.promote_types(z.dtype, p.dtype))
    _check.probability_rows("member_probs", p)
    concentration = z.exp()
    # ln G(a) = ln G(1 + a) - ln a: exact for concentrations too small for the dtype
    log_norm = torch.lgamma(1 + concentration.sum(dim=-1)) - torch.logsumexp(z, dim=-1) - (torch.lgamma(1 + concentration) - z).sum(dim=-1)
    return -(log_norm + torch.xlogy(concentration - 1, p).sum(dim=-1)).mean()


def _concentration(name: str, value: Any) -> Tensor:
    a = _check.values(name, value, ndim=2).double()
    if a.shape[1] < 2 or float(a.amin()) <= 0:
        raise ValueError(f"{name}: expected concentrations above 0 for at least 2 classes, got {float(a.amin()):.4g} in shape {tuple(a.shape)}")
    return a


def decompose_dirichlet(concentration: Rows) -> Decomposition:
    """Entropy of a Dirichlet's mean, split into the mean entropy of its draws and the rest; in nats.

    Parameters
    ----------
    concentration : array or tensor (N, C)
        Above 0. Their sum says how much the draws agree.

    Returns
    -------
    Decomposition
        `(total, aleatoric, epistemic)`, each (N,): what `decompose_entropy` gives for infinitely many draws.

    Raises
    ------
    ValueError
        On NaN, a wrong shape or a concentration of 0 or less.

    References
    ----------
    Malinin and Gales (2018), Prior networks, arXiv:1802.10501, section 4. Chapter `uncertainty-of-students`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import decompose_dirichlet
    >>> [round(float(part[0]), 4) for part in decompose_dirichlet(np.array([[1.0, 1.0]]))]
    [0.6931, 0.5, 0.1931]
    """
    a = _concentration("concentration", concentration)
    total = a.sum(dim=1, keepdim=True)
    mean = a / total
    aleatoric = -(mean * (torch.digamma(a + 1) - torch.digamma(total + 1))).sum(dim=1)
    return _parts(aleatoric, (_entropy(mean) - aleatoric).clamp_(min=0.0), concentration)


def dirichlet_kl(a: Rows, b: Rows) -> Any:
    """KL(Dirichlet(a)‖Dirichlet(b)) of each row, in nats.

    Parameters
    ----------
    a, b : array or tensor (N, C)
        Concentrations above 0, one shape.

    Returns
    -------
    array or tensor (N,)
        At least 0.

    Raises
    ------
    ValueError
        On NaN, shapes that differ or a concentration of 0 or less.

    Notes
    -----
    Not symmetric. With the target as a and the model as b this is the forward KL, with which prior networks were first trained; they do better
    with the reverse one, the model as a and the target as b.

    References
    ----------
    Malinin and Gales (2019), Reverse KL-divergence training of prior networks, arXiv:1905.13472. Chapter `uncertainty-of-students`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.uncertainty import dirichlet_kl
    >>> dirichlet_kl(np.array([[1.0, 1.0]]), np.array([[2.0, 1.0]])).round(4).tolist()
    [0.3069]
    """
    p, q = _concentration("a", a), _concentration("b", b)
    _check.same_shape(("a", "b"), (p, q))
    total_p, total_q = p.sum(dim=1), q.sum(dim=1)
    norm = torch.lgamma(total_p) - torch.lgamma(total_q) + (torch.lgamma(q) - torch.lgamma(p)).sum(dim=1)
    return _check.as_given((norm + ((p - q) * (torch.digamma(p) - torch.digamma(total_p)[:, None])).sum(dim=1)).clamp_(min=0.0), a)
