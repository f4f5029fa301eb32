"""Pruning, quantisation and the price of a model in parameters, bytes and seconds."""

from __future__ import annotations

import io
import statistics
import time
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kdtutor import _check
from kdtutor.training import eval_mode


@torch.no_grad()
def magnitude_prune(module: nn.Module, amount: float) -> Bool[Tensor, ...]:
    """Set the weights of one layer that are smallest in magnitude to 0, in place.

    Parameters
    ----------
    module : module
        A layer with a `weight`, such as Linear or Conv2d. The bias stays.
    amount : float in [0, 1]
        Share of the weights; round(amount · n) of them are set to 0.

    Returns
    -------
    bool tensor, the shape of the weight
        True where a weight was kept. Multiply the weight by it after each step of fine-tuning, or it grows back.

    Raises
    ------
    ValueError
        If the module has no weight or the amount lies outside [0, 1].

    Notes
    -----
    Zeros take as many bytes and as much time as other numbers, unless they are stored and multiplied as a sparse matrix.

    References
    ----------
    Han et al. (2015), Learning both weights and connections, arXiv:1506.02626. Chapter `compression`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.compress import magnitude_prune
    >>> layer = nn.Linear(4, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.1, -3.0, 2.0, -0.2]]))
    >>> magnitude_prune(layer, 0.5).tolist(), layer.weight.tolist()
    ([[False, True, True, False]], [[0.0, -3.0, 2.0, 0.0]])
    """
    weight = getattr(_check.module("module", module), "weight", None)
    if not isinstance(weight, nn.Parameter):
        raise ValueError(f"module: expected a layer with a weight, such as nn.Linear, got {type(module).__name__}; prune layer by layer")
    if bool(weight.isnan().any()):
        raise ValueError("module: expected a weight without NaN, got one with NaN; train again with a smaller learning rate")
    smallest = torch.argsort(weight.abs().flatten(), stable=True)[: round(_check.fraction("amount", amount) * weight.numel())]
    kept = torch.ones(weight.numel(), dtype=torch.bool, device=weight.device)
    kept[smallest] = False
    weight.masked_fill_(~kept.view_as(weight), 0.0)
    return kept.view_as(weight)


def fake_quantize(tensor: Float[Tensor, ...], *, bits: int = 8) -> Float[Tensor, ...]:
    """Round to the values that signed integers of so many bits can hold, symmetric, one scale for the whole tensor.

    Parameters
    ----------
    tensor : tensor, any shape
    bits : int from 2 to 16

    Returns
    -------
    tensor, the same shape and dtype
        scale · round(tensor / scale), halves to even, scale = max|tensor| / (2^(bits − 1) − 1). A tensor of zeros stays one.

    Raises
    ------
    ValueError
        If the tensor is not floating-point, holds NaN or infinity, or `bits` lies outside 2 .. 16.

    Notes
    -----
    The gradient passes as if nothing had been rounded (straight-through), so this serves for training as well. The least integer, −2^(bits − 1),
    is left out: the grid is symmetric. "Fake": the numbers stay floats, nothing becomes smaller or faster.

    References
    ----------
    Jacob et al. (2018), Quantization and training of neural networks, arXiv:1712.05877; Bengio et al. (2013), arXiv:1308.3432.
    Chapter `compression`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.compress import fake_quantize
    >>> fake_quantize(torch.tensor([0.0, 0.4, -1.0]), bits=2)
    tensor([ 0.,  0., -1.])
    """
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point() or tensor.numel() < 1 or not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"tensor: expected finite floating-point numbers, got {_check.describe(tensor)}; look for NaN and infinity first")
    bits = _check.count("bits", bits)
    if not 2 <= bits <= 16:
        raise ValueError(f"bits: expected 2 to 16, got {bits}; one bit has no symmetric grid, more than 16 is no saving over float16")
    values = _check.at_least_float32(tensor.detach())
    largest = values.abs().amax()
    scale = largest / (2 ** (bits - 1) - 1)
    rounded = torch.where(scale == 0, values, torch.round(values / scale) * scale).clamp(-largest, largest).to(tensor.dtype)
    return tensor + (rounded - tensor.detach()) if tensor.requires_grad else rounded


def count_parameters(model: nn.Module) -> int:
    """Number of parameters, shared ones once, pruned ones included.

    Parameters
    ----------
    model : module

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is no module.

    Notes
    -----
    Batch-norm's running statistics are buffers and do not count. Chapter `compression`.

    Examples
    --------
    >>> from torch import nn
    >>> from kdtutor.compress import count_parameters
    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in _check.module("model", model).parameters())


def serialized_bytes(model: nn.Module) -> int:
    """Bytes of the file that torch.save makes of the model's state.

    Parameters
    ----------
    model : module

    Returns
    -------
    int
        Parameters, buffers and a kilobyte or more of names and format.

    Raises
    ------
    ValueError
        If it is no module.

    Notes
    -----
    The file is not compressed: pruned weights are stored as zeros. Chapter `compression`.

    Examples
    --------
    >>> from torch import nn
    >>> from kdtutor.compress import serialized_bytes
    >>> 4 * 300 < serialized_bytes(nn.Linear(20, 15)) < 4 * 315 + 4000
    True
    """
    buffer = io.BytesIO()
    torch.save(_check.module("model", model).state_dict(), buffer)
    return buffer.getbuffer().nbytes


class Latency(NamedTuple):
    """Seconds a call: median and the quartiles. `ratio` = model / reference, paired round by round: median and quartiles; None without one."""

    seconds: float
    low: float
    high: float
    ratio: tuple[float, float, float] | None


def latency(model: nn.Module, x: Float[Tensor, "N ..."], *, reference: nn.Module | None = None, rounds: int = 20, calls: int = 20) -> Latency:
    """Time of one forward pass, in seconds, in eval mode and without gradients.

    Parameters
    ----------
    model : module
        Modes are restored.
    x : tensor (N, ...)
        One batch; its size decides what is measured.
    reference : module or None
        Timed in turns with the model, round by round, for a ratio that a busy machine spoils less.
    rounds : int >= 4
    calls : int >= 1
        Passes in each round; one round before the first is not counted.

    Returns
    -------
    Latency

    Raises
    ------
    ValueError
        If a model is no module, x no tensor or a number too small.

    Notes
    -----
    Waits for the GPU where x lies on one. Fix the number of threads first. No time carries over to another machine. Chapter `compression`.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from kdtutor.compress import latency
    >>> latency(nn.Linear(3, 2), torch.zeros(1, 3), rounds=4, calls=1).seconds > 0
    True
    """
    models = [_check.module(name, m) for name, m in (("model", model), ("reference", reference)) if m is not None or name == "model"]
    if not isinstance(x, Tensor) or x.ndim < 1 or len(x) < 1:
        raise ValueError(f"x: expected a tensor with at least one row, got {_check.describe(x)}")
    rounds, calls = _check.count("rounds", rounds, least=4), _check.count("calls", calls)

    def seconds(network: nn.Module) -> float:
        with eval_mode(network), torch.no_grad():
            start = time.perf_counter()
            for _ in range(calls):
                network(x)
            if x.is_cuda:
                torch.cuda.synchronize(x.device)
            return (time.perf_counter() - start) / calls

    times = [[seconds(network) for network in models] for _ in range(rounds + 1)][1:]
    low, middle, high = statistics.quantiles([row[0] for row in times], n=4)
    if reference is None:
        return Latency(middle, low, high, None)
    ratio_low, ratio, ratio_high = statistics.quantiles([row[0] / row[1] for row in times], n=4)
    return Latency(middle, low, high, (ratio, ratio_low, ratio_high))
