"""Checks of arguments. Each error says what was expected, what came and how to mend it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

PROBABILITY_TOLERANCE = 2e-2  # rows of bfloat16 probabilities miss 1 by up to about this much


def describe(value: object) -> str:
    """Name a value for an error text: its type, and its shape and dtype where it has them."""
    if isinstance(value, Tensor | np.ndarray):
        return f"{type(value).__name__} of shape {tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}"
    return f"{type(value).__name__} {value!r}"


def at_least_float32(value: Tensor) -> Tensor:
    """Half-precision numbers are computed in float32; float32 and float64 stay."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def logits(name: str, value: Tensor, *, min_classes: int = 2) -> Tensor:
    """Check logits `(N, C)` and return them in float32 or float64."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{name}: expected a tensor of logits (N, C), got {describe(value)}; convert it with torch.as_tensor(...)")
    if value.ndim != 2:
        raise ValueError(
            f"{name}: expected logits of shape (N, C), got {describe(value)}; "
            "flatten sequences or images to rows first, and give one example as shape (1, C)"
        )
    if not value.is_floating_point():
        raise ValueError(f"{name}: expected floating-point logits, got {describe(value)}; pass the network's raw outputs, not labels")
    if value.shape[0] < 1 or value.shape[1] < min_classes:
        raise ValueError(f"{name}: expected at least 1 row and {min_classes} classes, got {describe(value)}")
    return at_least_float32(value)


def features(name: str, value: Tensor, *, ndim: int | None = None) -> Tensor:
    """Check features, example first, and return them in float32 or float64."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise ValueError(f"{name}: expected a tensor of floating-point features, got {describe(value)}")
    if value.ndim < 2 or (ndim is not None and value.ndim != ndim) or value.numel() < 1:
        shape = {None: "(N, ...)", 2: "(N, D)", 4: "(N, C, H, W)"}[ndim]
        raise ValueError(f"{name}: expected features of shape {shape} with at least one entry, got {describe(value)}")
    return at_least_float32(value)


def pair(student: Tensor, teacher: Tensor, *, names: tuple[str, str] = ("student_logits", "teacher_logits")) -> tuple[Tensor, Tensor]:
    """Check two sets of logits of one shape; the second comes back without a graph and in the dtype of the first."""
    s, t = logits(names[0], student), logits(names[1], teacher)
    same_shape(names, (s, t))
    dtype = torch.promote_types(s.dtype, t.dtype)
    return s.to(dtype), t.detach().to(dtype)


def same_shape(names: tuple[str, str], values: tuple[Tensor, Tensor]) -> None:
    """Refuse two tensors of different shapes: broadcasting would hide a mistake."""
    if values[0].shape != values[1].shape:
        raise ValueError(
            f"{names[0]} and {names[1]}: expected one shape, got {tuple(values[0].shape)} and {tuple(values[1].shape)}; "
            "both models must see the same inputs and have the same classes"
        )


def target(value: Tensor, rows: int, classes: int, *, name: str = "target") -> Tensor:
    """Check class numbers `(N,)` in `0 .. C-1`."""
    if not isinstance(value, Tensor) or value.dtype != torch.int64 or value.shape != (rows,):
        raise ValueError(f"{name}: expected int64 class numbers of shape ({rows},), got {describe(value)}; use target.long(), not one-hot rows")
    low, high = (int(v) for v in torch.aminmax(value))
    if low < 0 or high >= classes:
        raise ValueError(f"{name}: expected class numbers 0 to {classes - 1}, got values from {low} to {high}; map labels to 0 .. C-1 first")
    return value


def number(name: str, value: Any) -> float:
    """Check a finite real number."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating) or not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {describe(value)}")
    return float(value)


def temperature(value: Any) -> float:
    """Check a temperature `T > 0`."""
    t = number("temperature", value)
    if t <= 0:
        raise ValueError(f"temperature: expected T > 0, got {t:g}; T = 1 leaves the logits as they are, T > 1 softens them")
    return t


def fraction(name: str, value: Any) -> float:
    """Check a number in `[0, 1]`."""
    x = number(name, value)
    if not 0 <= x <= 1:
        raise ValueError(f"{name}: expected a number from 0 to 1, got {x:g}")
    return x


def weight(name: str, value: Any) -> float:
    """Check the weight of a loss term, at least 0."""
    w = number(name, value)
    if w < 0:
        raise ValueError(f"{name}: expected a weight of at least 0, got {w:g}; a negative weight would push away from the teacher")
    return w


def choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Check one of a few words."""
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, allowed))}, got {value!r}")


def flag(name: str, value: object) -> bool:
    """Check True or False: a word such as "no" would count as True."""
    if not isinstance(value, bool):
        raise ValueError(f"{name}: expected True or False, got {describe(value)}")
    return value


def function(name: str, value: object) -> None:
    """Check something that can be called; a class is taken for a mistake."""
    if not callable(value) or isinstance(value, type):
        raise ValueError(f"{name}: expected a function, got {describe(value)}")


def inputs(name: str, value: object) -> Tensor:
    """Check a tensor with at least one row."""
    if not isinstance(value, Tensor) or value.ndim < 1 or value.numel() < 1:
        raise ValueError(f"{name}: expected a tensor with at least one row, got {describe(value)}; convert arrays with torch.as_tensor(...)")
    return value


def module(name: str, value: object) -> torch.nn.Module:
    """Check a torch module."""
    if not isinstance(value, torch.nn.Module):
        raise ValueError(f"{name}: expected a torch module (an instance, not a class), got {describe(value)}")
    return value


def count(name: str, value: Any, *, least: int = 1) -> int:
    """Check a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name}: expected a whole number of at least {least}, got {describe(value)}")
    return int(value)


def probability_rows(name: str, rows: Tensor) -> None:
    """Refuse rows that are no probabilities; rows with NaN pass, the loss is NaN then."""
    low = float(rows.amin())
    if low < 0 or (math.isnan(low) and bool((rows < 0).any())):
        raise ValueError(
            f"{name}: expected probabilities, got {float(rows.nan_to_num(0.0).amin()):.4g}; "
            "these look like logits: apply softmax once, along the last axis"
        )
    total = rows @ torch.ones(rows.shape[-1], dtype=rows.dtype, device=rows.device)
    worst = max(abs(float(v) - 1) for v in torch.aminmax(total.nan_to_num_(1.0)))
    if worst > PROBABILITY_TOLERANCE:
        raise ValueError(f"{name}: expected rows that sum to 1, got a row that misses 1 by {worst:.4g}; apply softmax once, along the last axis")


# ------------------------------------------------------------------ metrics: NumPy or torch in; tensors on the CPU inside

SHAPES = {1: "(N,)", 2: "(N, C)", 3: "(M, N, C)"}


def values(name: str, value: Any, *, ndim: int | None, kinds: str = "fiub", logits: bool = False) -> Tensor:
    """Return a float32 or float64 tensor without NaN and infinity; `kinds` are NumPy's letters for the dtypes allowed, `logits` may be −inf."""
    numbers = "floating-point numbers" if kinds == "f" else "numbers"
    error = ValueError(f"{name}: expected a NumPy array or a torch tensor of {numbers}, got {describe(value)}")
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in kinds:
            raise error
        kept = value.dtype if value.dtype in (np.float32, np.float64) else np.float64
        out = torch.from_numpy(np.require(value, dtype=kept, requirements=["C", "W"]))
    elif isinstance(value, Tensor) and not value.is_complex() and (value.is_floating_point() or "i" in kinds):
        out = value.detach().cpu()
        out = out if out.dtype in (torch.float32, torch.float64) else out.double()
    else:
        raise error
    if (ndim is not None and out.ndim != ndim) or out.numel() < 1:
        shape = SHAPES[ndim] if ndim else "(N, ...)"
        raise ValueError(f"{name}: expected shape {shape} with at least one row, got {describe(value)}")
    low, high = (float(v) for v in torch.aminmax(out))
    if math.isnan(low) or high == math.inf or (low == -math.inf and not logits):
        bad = out.isnan() | out.isposinf() | (out.isneginf() & (not logits))
        rows = torch.unique(torch.nonzero(bad)[:, -2 if out.ndim > 1 else 0])
        raise ValueError(
            f"{name}: expected no NaN and no infinity, got {len(rows)} such row(s), first row {int(rows[0])}; "
            "mend the model or the data before measuring"
        )
    return out


def metric_logits(name: str, value: Any) -> Tensor:
    """Check logits `(N, C)` for a metric; float64. A row of −inf only is no distribution."""
    z = values(name, value, ndim=2, kinds="f", logits=True)
    if z.shape[1] < 2:
        raise ValueError(f"{name}: expected at least 2 classes, got shape {tuple(z.shape)}; for one logit z a row pass (0, z)")
    if bool(torch.isneginf(z.amax(dim=1)).any()):
        raise ValueError(f"{name}: expected a finite logit in each row, got a row of -inf only; such a row is no distribution")
    return z.double()


def metric_pair(student_logits: Any, teacher_logits: Any) -> tuple[Tensor, Tensor]:
    """Check two sets of logits `(N, C)` of one shape for a metric."""
    names = ("student_logits", "teacher_logits")
    pair = (metric_logits(names[0], student_logits), metric_logits(names[1], teacher_logits))
    same_shape(names, pair)
    return pair


def metric_probs(name: str, value: Any, *, ndim: int = 2) -> Tensor:
    """Check probabilities `(N, C)` or, for an ensemble, `(M, N, C)`."""
    p = values(name, value, ndim=ndim)
    if p.shape[-1] < 2:
        raise ValueError(f"{name}: expected at least 2 classes, got shape {tuple(p.shape)}; for one probability a row pass (1 - p, p)")
    probability_rows(name, p)
    return p


def probs_and_target(probs: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Check probabilities `(N, C)` with class numbers `(N,)`."""
    p = metric_probs("probs", probs)
    return p, class_numbers(target, *p.shape)


def class_numbers(target: Any, rows: int, classes: int) -> Tensor:
    """Check whole class numbers `(N,)` for a metric."""
    y = target.detach().cpu() if isinstance(target, Tensor) and target.dtype == torch.int64 and target.ndim == 1 else None
    y = values("target", target, ndim=1) if y is None or not len(y) else y
    if y.shape != (rows,):
        raise ValueError(f"target: expected one class number for each of the {rows} rows, got shape {tuple(y.shape)}")
    low, high = (float(v) for v in torch.aminmax(y))
    if low < 0 or high >= classes or (y.is_floating_point() and bool((y != y.round()).any())):
        raise ValueError(f"target: expected class numbers 0 to {classes - 1}, got values from {low:g} to {high:g}")
    return y.long()


def zero_or_one(name: str, value: Any, rows: int, meaning: str) -> Tensor:
    """Check `(N,)` entries 0 and 1; float64."""
    y = values(name, value, ndim=1)
    if len(y) != rows or not bool(((y == 0) | (y == 1)).all()):
        raise ValueError(f"{name}: expected {rows} entries 0 or 1 ({meaning}), got {describe(value)}")
    return y.double()


def as_given(result: Tensor, given: Any) -> Any:
    """A tensor if a tensor was given, else a NumPy array."""
    return result if isinstance(given, Tensor) else result.numpy()
