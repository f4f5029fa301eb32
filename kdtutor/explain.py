"""Explanations of a prediction, agreement between them, and what each is worth. All explain the logit of a class, not its probability.

Models run in eval mode and get their modes back; parameters collect no gradients. Signed attributions: positive speaks for the class.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from numpy import ndarray
from torch import Tensor, nn

from kdtutor import _check
from kdtutor._math import unit
from kdtutor.training import eval_mode, predict_logits

PATH_ROWS = 2048  # points of the path of integrated gradients in one pass through the model
MOST_PLAYERS = 20  # 2^20 coalitions, about a million calls


class Attribution(NamedTuple):
    """One number for each input entry, and for each example what the numbers leave unexplained."""

    attribution: Tensor
    delta: Tensor


class Agreement(NamedTuple):
    """How alike two sets of attributions are, mean over examples; the first three in [−1, 1], the last in [0, 1]."""

    cosine: float
    pearson: float
    spearman: float
    topk_iou: float


def _inputs(model: Any, x: Any, target: Any, *, name: str = "model") -> tuple[nn.Module, Tensor, Tensor]:
    _check.module(name, model)
    if not isinstance(x, Tensor) or x.ndim < 2 or x.numel() < 1 or not x.is_floating_point():
        raise ValueError(f"x: expected floating-point inputs of shape (N, ...), got {_check.describe(x)}; give one example as x[None]")
    return model, x.detach(), _check.target(target, len(x), 2**31)


def _finite_inputs(model: Any, x: Any, target: Any) -> tuple[nn.Module, Tensor, Tensor]:
    model, x, target = _inputs(model, x, target)
    bad = ~torch.isfinite(x).flatten(1).all(dim=1)
    if bool(bad.any()):
        raise ValueError(f"x: expected finite inputs, got {int(bad.sum())} row(s) with NaN or infinity, first row {int(bad.nonzero()[0])}")
    return model, x, target


def _class_logits(model: nn.Module, x: Tensor, target: Tensor, *, name: str = "model") -> Tensor:
    """The logit of each row's class, with a graph."""
    logits = model(x)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise ValueError(f"{name}: expected logits of shape (N, C), got {_check.describe(logits)}; wrap a model that returns more than logits")
    return logits.gather(1, _check.target(target, *logits.shape)[:, None])[:, 0]


def _input_gradient(model: nn.Module, x: Tensor, target: Tensor, *, create_graph: bool = False, name: str = "model") -> Tensor:
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(_class_logits(model, x, target, name=name).sum(), x, create_graph=create_graph)
    return gradient


def saliency(model: nn.Module, x: Float[Tensor, "N ..."], target: Int64[Tensor, " N"], *, absolute: bool = False) -> Float[Tensor, "N ..."]:
    """Gradient of the target's logit at the input: how the logit changes, per unit of each entry.

    Parameters
    ----------
    model : module
        Returns logits (N, C); rows must not influence each other.
    x : tensor (N, ...)
    target : int64 tensor (N,)
        Class to explain, as a rule the predicted one.
    absolute : bool
        Give the absolute values. Absolute maps of quite different models look alike: compare signed ones.

    Returns
    -------
    tensor, the shape of x

    Raises
    ------
    ValueError
        On a wrong shape or a class out of range.

    Notes
    -----
    The gradient of a log-probability, which some programs take, mixes in all other classes.

    References
    ----------
    Simonyan, Vedaldi and Zisserman (2014), arXiv:1312.6034, section 3. Chapter `explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import saliency
    >>> model = nn.Linear(2, 2, bias=False)
    >>> _ = model.weight.data.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
    >>> saliency(model, torch.zeros(1, 2), torch.tensor([0]))
    tensor([[ 1., -2.]])
    """
    model, x, target = _finite_inputs(model, x, target)
    with eval_mode(model):
        gradient = _input_gradient(model, x, target)
    return gradient.abs() if _check.flag("absolute", absolute) else gradient


def integrated_gradients(
    model: nn.Module, x: Float[Tensor, "N ..."], target: Int64[Tensor, " N"], *, baseline: Tensor | None = None, n_steps: int = 50
) -> Attribution:
    """(x − baseline) times the mean gradient on the straight path between them, by the midpoint rule.

    Parameters
    ----------
    model : module
        Returns logits (N, C); rows must not influence each other.
    x : tensor (N, ...)
    target : int64 tensor (N,)
    baseline : tensor that broadcasts to x, or None
        Where the path starts; None means zeros. On normalised images zero is the mean grey, not the background: pass the value of the background.
    n_steps : int >= 1
        Points on the path.

    Returns
    -------
    Attribution
        `(attribution, delta)`. Per example delta = f(x) − f(baseline) − Σ attribution: the error of the rule, which falls as n_steps grows.

    Raises
    ------
    ValueError
        On a wrong shape, a class out of range or `n_steps` below 1.

    Notes
    -----
    Completeness says that the numbers add up, not that they are right: it holds for each baseline, and each gives other numbers.

    References
    ----------
    Sundararajan, Taly and Yan (2017), Axiomatic attribution, arXiv:1703.01365. Chapter `explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import integrated_gradients
    >>> model = nn.Linear(2, 2, bias=False)
    >>> _ = model.weight.data.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
    >>> integrated_gradients(model, torch.tensor([[5.0, 1.0]]), torch.tensor([0])).attribution
    tensor([[ 5., -2.]])
    """
    model, x, target = _finite_inputs(model, x, target)
    n_steps = _check.count("n_steps", n_steps)
    start = _baseline(x, baseline)
    span = x - start
    total = torch.zeros_like(x, dtype=torch.promote_types(x.dtype, torch.float32))
    size = max(1, PATH_ROWS // len(x))
    with eval_mode(model):
        for steps in torch.split((torch.arange(n_steps, dtype=x.dtype, device=x.device) + 0.5) / n_steps, size):
            points = start + steps.view(-1, *[1] * x.ndim) * span  # (steps, N, ...)
            gradients = _input_gradient(model, points.flatten(0, 1), target.repeat(len(steps)))
            total += gradients.view_as(points).sum(dim=0)
        with torch.no_grad():
            change = _class_logits(model, x, target) - _class_logits(model, start, target)
    attribution = span * (total / n_steps)
    return Attribution(attribution.to(x.dtype), change - attribution.flatten(1).sum(dim=1))


def _baseline(x: Tensor, baseline: Any) -> Tensor:
    if baseline is None:
        return torch.zeros_like(x)
    try:
        return torch.as_tensor(baseline, dtype=x.dtype, device=x.device).detach().expand_as(x).contiguous()
    except (RuntimeError, TypeError, ValueError):
        got = _check.describe(baseline)
        raise ValueError(f"baseline: expected None, a number or a tensor that broadcasts to {tuple(x.shape)}, got {got}") from None


def grad_cam(
    model: nn.Module, layer: nn.Module, x: Float[Tensor, "N ..."], target: Int64[Tensor, " N"], *, relu: bool = True
) -> Float[Tensor, "N h w"]:
    """Feature maps of a layer, weighted by the mean gradient of each and added up.

    Parameters
    ----------
    model : module
        Returns logits (N, C).
    layer : module
        A part of the model whose output is (N, K, h, w), as a rule the last convolution.
    x : tensor (N, ...)
    target : int64 tensor (N,)
    relu : bool
        Keep what speaks for the class only, as in the paper; captum's default is not to.

    Returns
    -------
    tensor (N, h, w)
        In the size of the layer, not of the input.

    Raises
    ------
    ValueError
        On a wrong shape, a class out of range, or a layer that the model does not run or that gives no maps.

    References
    ----------
    Selvaraju et al. (2017), Grad-CAM, arXiv:1610.02391, section 3. Chapter `explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import grad_cam
    >>> conv = nn.Conv2d(1, 2, 1)
    >>> model = nn.Sequential(conv, nn.Flatten(), nn.Linear(2 * 9, 4))
    >>> grad_cam(model, conv, torch.ones(5, 1, 3, 3), torch.zeros(5, dtype=torch.int64)).shape
    torch.Size([5, 3, 3])
    """
    model, x, target = _finite_inputs(model, x, target)
    seen: list[Any] = []

    def keep(module: nn.Module, inputs: Any, output: Any) -> Any:
        seen.append(output)
        return output.clone() if isinstance(output, Tensor) else output  # what follows may write into its input

    handle = _check.module("layer", layer).register_forward_hook(keep)
    try:
        with eval_mode(model), torch.enable_grad():
            logit = _class_logits(model, x.requires_grad_(True), target).sum()
    finally:
        handle.remove()
    if len(seen) != 1 or not isinstance(seen[0], Tensor) or seen[0].ndim != 4:
        came = "no output" if not seen else _check.describe(seen[0]) if len(seen) == 1 else f"{len(seen)} outputs"
        raise ValueError(f"layer: expected a layer that runs once and gives maps (N, K, h, w), got {came}; take a convolution of this model")
    (gradient,) = torch.autograd.grad(logit, seen[0], allow_unused=True) if seen[0].requires_grad else (None,)
    if gradient is None:
        raise ValueError("layer: expected a layer that the logits depend on, got one that they do not; take a convolution before the head")
    cam = (gradient.mean(dim=(2, 3), keepdim=True) * seen[0].detach()).sum(dim=1)
    return cam.relu() if _check.flag("relu", relu) else cam


def shapley_values(value_function: Callable[[ndarray], float], n_features: int) -> Float[ndarray, " n_features"]:
    """Exact Shapley values: what each feature adds, mean over all orders in which the features can come.

    Parameters
    ----------
    value_function : function of a bool array (n_features,)
        Worth of a coalition, True for the features in it. Called 2^n times.
    n_features : int from 1 to 20

    Returns
    -------
    array (n_features,)
        They sum to value(all) − value(none).

    Raises
    ------
    ValueError
        If n lies outside 1 .. 20 or a value is not finite.

    Notes
    -----
    The result belongs to the value function as much as to the model: another background, another answer.

    References
    ----------
    Shapley (1953), A value for n-person games; Lundberg and Lee (2017), arXiv:1705.07874, equation 4. Chapter `explanations`.

    Examples
    --------
    >>> from kdtutor.explain import shapley_values
    >>> shapley_values(lambda coalition: 10.0 * coalition[0] + 4.0 * (coalition[1] and coalition[2]), 3).tolist()
    [10.0, 2.0, 2.0]
    """
    _check.function("value_function", value_function)
    n = _check.count("n_features", n_features)
    if n > MOST_PLAYERS:
        raise ValueError(f"n_features: expected at most {MOST_PLAYERS}, got {n}: 2^{n} coalitions; group features or sample orders")
    coalitions = np.array(list(itertools.product([False, True], repeat=n)))
    worth = np.array([_check.number("value_function", value_function(coalition.copy())) for coalition in coalitions])
    sizes = coalitions.sum(axis=1)
    # the share of orders in which exactly this coalition stands before a feature: |S|! (n − |S| − 1)! / n!
    weight = np.ones(n)
    for size in range(1, n):
        weight[size] = weight[size - 1] * size / (n - size)
    weight /= n
    values = np.empty(n)
    for feature in range(n):
        without = np.flatnonzero(~coalitions[:, feature])
        joined = without + 2 ** (n - 1 - feature)  # rows are in binary order, the first feature most significant
        values[feature] = (weight[sizes[without]] * (worth[joined] - worth[without])).sum()
    return values


def interventional_value(model: nn.Module, x: Float[Tensor, ...], background: Float[Tensor, "B ..."], target: int) -> Callable[[ndarray], float]:
    """Worth of a coalition of features: the mean logit when they come from x and all others from the background rows.

    Parameters
    ----------
    model : module
        Returns logits (N, C) for rows of features.
    x : tensor (D,)
        The example to explain.
    background : tensor (B, D)
    target : int
        Class to explain.

    Returns
    -------
    function of a bool array (D,)
        For `shapley_values`.

    Raises
    ------
    ValueError
        If shapes do not fit or the class is out of range.

    Notes
    -----
    Features are replaced as if they were independent: correlated ones give rows that no one has ever seen.

    References
    ----------
    Lundberg and Lee (2017), arXiv:1705.07874; Janzing, Minorics and Blöbaum (2020), arXiv:1910.13413. Chapter `explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import interventional_value, shapley_values
    >>> model = nn.Linear(2, 2, bias=False)
    >>> _ = model.weight.data.copy_(torch.tensor([[1.0, -2.0], [0.0, 3.0]]))
    >>> value = interventional_value(model, torch.tensor([5.0, 1.0]), torch.zeros(3, 2), 0)
    >>> shapley_values(value, 2).tolist()
    [5.0, -2.0]
    """
    _check.module("model", model)
    if not isinstance(x, Tensor) or x.ndim != 1 or not x.is_floating_point():
        raise ValueError(f"x: expected the features (D,) of one example, got {_check.describe(x)}; take one row")
    if (
        not isinstance(background, Tensor)
        or not background.is_floating_point()
        or background.shape[1:] != x.shape
        or background.ndim != 2
        or len(background) < 1
    ):
        raise ValueError(f"background: expected rows (B, {len(x)}), got {_check.describe(background)}")
    chosen = _check.count("target", target, least=0)
    classes = predict_logits(model, background[:1]).shape[-1]
    if chosen >= classes:
        raise ValueError(f"target: expected a class number 0 to {classes - 1}, got {chosen}")

    def value(coalition: ndarray) -> float:
        chosen_features = torch.as_tensor(coalition, dtype=torch.bool, device=x.device)
        if chosen_features.shape != x.shape:
            raise ValueError(f"coalition: expected one entry for each of the {len(x)} features, got {_check.describe(coalition)}")
        rows = torch.where(chosen_features, x, background)
        return float(predict_logits(model, rows)[:, chosen].double().mean())

    return value


def lime_weights(
    masks: Float[ndarray, "K F"] | Float[Tensor, "K F"],
    outputs: Float[ndarray, " K"] | Float[Tensor, " K"],
    distances: Float[ndarray, " K"] | Float[Tensor, " K"],
    *,
    kernel_width: float,
    ridge: float = 1.0,
) -> tuple[Any, float]:
    """The weighted ridge regression of LIME: a linear model of the outputs near the example.

    Parameters
    ----------
    masks : array or tensor (K, F)
        1 where a feature of a perturbed copy was kept, 0 where it was switched off.
    outputs : array or tensor (K,)
        What the model gave for each copy.
    distances : array or tensor (K,)
        Distance of each copy from the example, at least 0.
    kernel_width : float > 0
        Copy weight exp(−d² / (2 width²)). Some programs leave out the 2.
    ridge : float >= 0
        Penalty on the squared coefficients; the intercept is free.

    Returns
    -------
    tuple of array or tensor (F,) and float
        Coefficients and intercept.

    Raises
    ------
    ValueError
        On NaN, lengths that differ, a width of 0 or less, or a regression without a unique solution (ridge = 0 and too few copies).

    References
    ----------
    Ribeiro, Singh and Guestrin (2016), arXiv:1602.04938, section 3. Chapter `explanations`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.explain import lime_weights
    >>> masks = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> weights, intercept = lime_weights(masks, masks @ np.array([2.0, -1.0]) + 0.5, np.zeros(4), kernel_width=1.0, ridge=0.0)
    >>> weights.round(6).tolist(), round(intercept, 6)
    ([2.0, -1.0], 0.5)
    """
    z = _check.values("masks", masks, ndim=2).double()
    y, d = (_check.values(name, value, ndim=1).double() for name, value in (("outputs", outputs), ("distances", distances)))
    if not len(z) == len(y) == len(d):
        raise ValueError(f"masks, outputs and distances: expected one length, got {len(z)}, {len(y)} and {len(d)}")
    if float(d.amin()) < 0:
        raise ValueError(f"distances: expected numbers of at least 0, got {float(d.amin()):.4g}")
    width, penalty = _check.number("kernel_width", kernel_width), _check.number("ridge", ridge)
    if width <= 0 or penalty < 0:
        name, value, least = ("kernel_width", width, "above 0") if width <= 0 else ("ridge", penalty, "of at least 0")
        raise ValueError(f"{name}: expected a number {least}, got {value:g}")
    weight = torch.exp(-d.square() / (2 * width**2))
    total = weight.sum()
    if float(total) == 0:
        raise ValueError(
            f"kernel_width: expected a width near the distances, got {width:g}: all copies have weight 0; the least distance is {d.amin():g}"
        )
    mean_z, mean_y = weight @ z / total, weight @ y / total
    centred = (z - mean_z) * weight.sqrt()[:, None]
    gram = centred.T @ centred + penalty * torch.eye(z.shape[1], dtype=torch.float64)
    if int(torch.linalg.matrix_rank(gram, hermitian=True)) < z.shape[1]:
        raise ValueError("ridge: expected a number above 0, since the copies leave some coefficient open, got 0 or too few copies; add either")
    coefficients = torch.linalg.solve(gram, centred.T @ ((y - mean_y) * weight.sqrt()))
    return _check.as_given(coefficients, masks), float(mean_y - coefficients @ mean_z)


def _average_ranks(rows: Tensor) -> Tensor:
    """Ranks 1 .. D within each row; equal entries share their mean rank."""
    ranks = torch.empty_like(rows)
    for row, out in zip(rows, ranks, strict=True):
        _, group, count = torch.unique(row, return_inverse=True, return_counts=True)
        out.copy_((count.cumsum(0) - (count - 1) / 2.0)[group])
    return ranks


def attribution_agreement(
    a: Float[ndarray, "N ..."] | Float[Tensor, "N ..."], b: Float[ndarray, "N ..."] | Float[Tensor, "N ..."], *, top_fraction: float = 0.2
) -> Agreement:
    """How alike two sets of signed attributions are, example by example, then averaged.

    Parameters
    ----------
    a, b : array or tensor (N, ...)
        One shape. Signed: absolute maps agree even between a trained and an untrained model.
    top_fraction : float in (0, 1]
        Share of entries, largest first, whose overlap `topk_iou` measures.

    Returns
    -------
    Agreement
        `(cosine, pearson, spearman, topk_iou)`. The overlap is intersection over union; by chance it is f / (2 − f).

    Raises
    ------
    ValueError
        On NaN, shapes that differ, or a map that is constant in some example: it has no direction.

    Notes
    -----
    A number means something only beside its controls: a second teacher trained from another seed (how high can it get?) and an untrained
    network (how low?).

    References
    ----------
    Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292. Chapter `distilling-explanations`.

    Examples
    --------
    >>> import numpy as np
    >>> from kdtutor.explain import attribution_agreement
    >>> a, b = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), np.array([[1.0, 2.0, 3.0, 5.0, 4.0]])
    >>> [round(value, 3) for value in attribution_agreement(a, b)]
    [0.982, 0.9, 0.9, 0.0]
    """
    pair = [_check.values(name, value, ndim=None).double() for name, value in (("a", a), ("b", b))]
    _check.same_shape(("a", "b"), (pair[0], pair[1]))
    fraction = _check.fraction("top_fraction", top_fraction)
    if fraction == 0:
        raise ValueError("top_fraction: expected a share above 0, got 0; 0.2 compares the largest fifth")
    if pair[0].ndim < 2:
        raise ValueError(f"a and b: expected attributions of shape (N, ...), got {_check.describe(a)}; give one example as a[None]")
    maps = [m.flatten(1) / m.flatten(1).abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny) for m in pair]
    for name, rows in zip("ab", maps, strict=True):
        flat = rows.amax(dim=1) == rows.amin(dim=1)
        if bool(flat.any()):
            raise ValueError(f"{name}: expected attributions that vary, got {int(flat.sum())} constant map(s), first row {int(flat.nonzero()[0])}")

    def cosine(x: Tensor, y: Tensor) -> float:
        return float(F.cosine_similarity(x, y, dim=1, eps=0.0).clamp(-1.0, 1.0).mean())

    centred = [m - m.mean(dim=1, keepdim=True) for m in maps]
    ranks = [_average_ranks(m) for m in maps]
    middle = (maps[0].shape[1] + 1) / 2
    k = max(1, round(fraction * maps[0].shape[1]))
    top = [torch.zeros_like(m, dtype=torch.bool).scatter_(1, torch.sort(m, dim=1, descending=True, stable=True).indices[:, :k], True) for m in maps]
    overlap = (top[0] & top[1]).sum(dim=1).double() / (top[0] | top[1]).sum(dim=1)
    return Agreement(cosine(*maps), cosine(*centred), cosine(ranks[0] - middle, ranks[1] - middle), float(overlap.mean()))


def explanation_matching_loss(
    student: nn.Module, x: Float[Tensor, "N ..."], target: Int64[Tensor, " N"], teacher_attribution: Float[Tensor, "N ..."]
) -> Float[Tensor, ""]:
    """1 − cosine between the student's input gradient and the teacher's attribution, mean over examples; differentiable.

    Parameters
    ----------
    student : module
        Stays in the mode it is in: the loss is for training.
    x : tensor (N, ...)
    target : int64 tensor (N,)
        The class that both explain.
    teacher_attribution : tensor, the shape of x
        Saliency of the teacher for the same rows and classes. No gradient reaches it.

    Returns
    -------
    tensor ()
        From 0 (same direction) to 2 (opposite). An example where either is zero everywhere counts 1.

    Raises
    ------
    ValueError
        On a wrong shape or a class out of range.

    Notes
    -----
    Needs second derivatives: a step takes two to three times as long. With ReLU they exist, but the activation pattern has none.

    References
    ----------
    Ross, Hughes and Doshi-Velez (2017), Right for the right reasons, arXiv:1703.03717; Zagoruyko and Komodakis (2017), gradient-based
    attention transfer, arXiv:1612.03928. Chapter `distilling-explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import explanation_matching_loss, saliency
    >>> model = nn.Linear(3, 2)
    >>> x, y = torch.ones(4, 3), torch.tensor([0, 1, 0, 1])
    >>> round(explanation_matching_loss(model, x, y, -saliency(model, x, y)).item(), 4)
    2.0
    """
    student, x, target = _inputs(student, x, target, name="student")
    if not isinstance(teacher_attribution, Tensor) or teacher_attribution.shape != x.shape:
        raise ValueError(f"teacher_attribution: expected the shape of x, {tuple(x.shape)}, got {_check.describe(teacher_attribution)}")
    own = _input_gradient(student, x, target, create_graph=True, name="student")
    dtype = torch.promote_types(own.dtype, torch.float32)
    a, b = (unit(rows.to(dtype).flatten(1)) for rows in (own, teacher_attribution.detach()))
    return 1 - (a * b).sum(dim=1).mean() + (0.0 * x).sum()  # the last term is NaN where an input is not finite


def deletion_curve(
    model: nn.Module,
    x: Float[Tensor, "N ..."],
    target: Int64[Tensor, " N"],
    attribution: Float[Tensor, "N ..."],
    *,
    baseline: Tensor | None = None,
    n_steps: int = 20,
) -> Float[ndarray, " steps"]:
    """Mean probability of the target as more and more entries are deleted, those with the largest attribution first.

    Parameters
    ----------
    model : module
    x : tensor (N, ...)
    target : int64 tensor (N,)
        The class of the undeleted input; it stays the same all along.
    attribution : tensor, the shape of x
        Signed: what speaks most for the class goes first. Pass random numbers for the control.
    baseline : tensor that broadcasts to x, or None
        What replaces a deleted entry; None means 0. On normalised images pass the value of the background.
    n_steps : int >= 1

    Returns
    -------
    array (n_steps + 1,)
        From 0 % to 100 % deleted, in equal steps. A faithful attribution makes it fall early.

    Raises
    ------
    ValueError
        On a wrong shape or a class out of range.

    Notes
    -----
    Deleted images look like nothing the model was trained on: a fall can also come from that. Compare with random order.

    References
    ----------
    Samek et al. (2017), arXiv:1509.06321; Petsiuk, Das and Saenko (2018), RISE, arXiv:1806.07421. Chapter `explanations`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.explain import deletion_curve, saliency
    >>> model = nn.Linear(2, 2, bias=False)
    >>> _ = model.weight.data.copy_(torch.tensor([[4.0, 0.0], [0.0, 0.0]]))
    >>> x, y = torch.ones(1, 2), torch.tensor([0])
    >>> deletion_curve(model, x, y, saliency(model, x, y), n_steps=2).round(3).tolist()
    [0.982, 0.5, 0.5]
    """
    model, x, target = _finite_inputs(model, x, target)
    if not isinstance(attribution, Tensor) or attribution.shape != x.shape or not bool(torch.isfinite(attribution).all()):
        raise ValueError(f"attribution: expected finite numbers of the shape of x, {tuple(x.shape)}, got {_check.describe(attribution)}")
    n_steps = _check.count("n_steps", n_steps)
    flat, empty = x.flatten(1), _baseline(x, baseline).flatten(1)
    rank = attribution.flatten(1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    curve = []
    for step in range(n_steps + 1):
        deleted = torch.where(rank < round(step / n_steps * flat.shape[1]), empty, flat).view_as(x)
        logits = predict_logits(model, deleted)
        probs = torch.softmax(logits.double(), dim=1).gather(1, _check.target(target, *logits.shape)[:, None])
        curve.append(float(probs.mean()))
    return np.array(curve)
