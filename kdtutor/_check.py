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
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


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
    low, high = int(value.min()), int(value.max())
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


def choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Check one of a few words."""
    if value not in allowed:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, allowed))}, got {value!r}")


def flag(name: str, value: object) -> bool:
    """Check True or False: a word such as "no" would count as True."""
    if not isinstance(value, bool):
        raise ValueError(f"{name}: expected True or False, got {describe(value)}")
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
    if bool((rows < 0).any()):
        raise ValueError(
            f"{name}: expected probabilities, got {float(rows.min()):.4g}; these look like logits: apply softmax once, along the last axis"
        )
    worst = float((rows.sum(-1) - 1).abs().nan_to_num(0.0).max())
    if worst > PROBABILITY_TOLERANCE:
        raise ValueError(f"{name}: expected rows that sum to 1, got a row that misses 1 by {worst:.4g}; apply softmax once, along the last axis")


# ------------------------------------------------------------------ metrics: NumPy or torch in, float64 inside


def array(name: str, value: Any, *, ndim: int, kinds: str = "fiub") -> np.ndarray:
    """Return a float64 array without NaN or +inf from an array or tensor; `kinds` are NumPy's letters for the dtypes allowed."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        value = value.float().numpy() if value.dtype == torch.bfloat16 else value.numpy()
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        numbers = "floating-point numbers" if kinds == "f" else "numbers"
        raise ValueError(f"{name}: expected a NumPy array or a torch tensor of {numbers}, got {describe(value)}")
    if value.ndim != ndim or value.shape[0] < 1:
        shape = {1: "(N,)", 2: "(N, C)"}[ndim]
        raise ValueError(f"{name}: expected shape {shape} with at least one row, got {describe(value)}")
    out = value.astype(np.float64)
    if np.isnan(out).any() or np.isposinf(out).any():
        bad = np.unique(np.nonzero(np.isnan(out) | np.isposinf(out))[0])
        raise ValueError(
            f"{name}: expected no NaN and no +inf, got {len(bad)} such row(s), first row {bad[0]}; mend the model or the data before measuring"
        )
    return out


def logits_array(name: str, value: Any) -> np.ndarray:
    """Check logits `(N, C)` for a metric."""
    z = array(name, value, ndim=2, kinds="f")
    if z.shape[1] < 2:
        raise ValueError(f"{name}: expected at least 2 classes, got shape {z.shape}; for one logit z a row pass (0, z)")
    return z


def probs_and_target(probs: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check probabilities `(N, C)` with class numbers `(N,)`."""
    p = array("probs", probs, ndim=2)
    if p.shape[1] < 2:
        raise ValueError(f"probs: expected at least 2 classes, got shape {p.shape}; for one probability a row pass (1 - p, p)")
    probability_rows("probs", torch.from_numpy(p))
    return p, class_numbers(target, *p.shape)


def class_numbers(target: Any, rows: int, classes: int) -> np.ndarray:
    """Check whole class numbers `(N,)` for a metric."""
    y = array("target", target, ndim=1)
    if y.shape != (rows,):
        raise ValueError(f"target: expected one class number for each of the {rows} rows, got shape {y.shape}")
    if (y != np.round(y)).any() or y.min() < 0 or y.max() >= classes:
        raise ValueError(f"target: expected class numbers 0 to {classes - 1}, got values from {y.min():g} to {y.max():g}")
    return y.astype(np.int64)
