"""Time kdtutor beside the usual form of the same thing, in one run, in turns. Run: python benchmarks/losses.py

Printed: microseconds (median of 15 rounds) and the ratio kdtutor / other, as the median of the rounds' ratios with the smallest and the largest.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torchmetrics.functional.classification import multiclass_calibration_error

from kdtutor.calibration import expected_calibration_error
from kdtutor.losses import distillation_loss, kd_loss

ROUNDS = 15


def seconds(function: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def compare(name: str, ours: Callable[[], object], other: Callable[[], object], *, repeats: int = 200) -> None:
    for function in (ours, other):
        seconds(function, repeats)  # warm-up
    rounds = [(seconds(ours, repeats), seconds(other, repeats)) for _ in range(ROUNDS)]
    ratios = sorted(a / b for a, b in rounds)
    a, b = (statistics.median(values) * 1e6 for values in zip(*rounds, strict=True))
    print(f"{name:44s} kdtutor {a:8.0f}   other {b:8.0f}   ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def plain_kd(s: torch.Tensor, t: torch.Tensor, temperature: float = 4.0) -> torch.Tensor:
    log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
    return temperature**2 * F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    for rows, classes in ((100, 10), (256, 100), (64, 1000)):
        s, t = (torch.randn(rows, classes, generator=generator) for _ in range(2))
        y = torch.randint(0, classes, (rows,), generator=generator)
        s.requires_grad_()
        size = f"{rows} x {classes}"
        compare(f"kd_loss, forward and backward, {size}", lambda s=s, t=t: kd_loss(s, t).backward(), lambda s=s, t=t: plain_kd(s, t).backward())
        compare(
            f"distillation_loss, forward and backward, {size}",
            lambda s=s, t=t, y=y: distillation_loss(s, t, y).backward(),
            lambda s=s, t=t, y=y: (0.9 * plain_kd(s, t) + 0.1 * F.cross_entropy(s, y)).backward(),
        )
    probs = torch.softmax(torch.randn(10_000, 10, generator=generator) * 3, -1)
    y = torch.randint(0, 10, (10_000,), generator=generator)
    compare(
        "expected_calibration_error, 10,000 x 10",
        lambda: expected_calibration_error(probs, y),
        lambda: multiclass_calibration_error(probs, y, num_classes=10, n_bins=15),
        repeats=20,
    )


if __name__ == "__main__":
    main()
