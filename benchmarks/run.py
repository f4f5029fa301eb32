"""Time kdtutor beside what people use instead, one thread, in turns. Run: python benchmarks/run.py [--write] [group ...]

Prints one table: milliseconds (median of the rounds), the ratio kdtutor / other as the median of the rounds' ratios with the smallest and the
largest, and the same for a floor: the plain torch operation, or the pass over memory, that nothing can beat. Rows whose package is missing
say so. --write puts the table into benchmarks/README.md.
"""

from __future__ import annotations

import datetime
import importlib
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from kdtutor import calibration, data, explain, features, losses, models, recipes, selective, training

Call = Callable[[], object]
README = Path(__file__).parent / "README.md"
START, END = "<!-- table -->", "<!-- end of table -->"
HEAD = "| what | kdtutor, ms | beside it | ms | ratio (least, most) | floor | ms | ratio |\n|---|---:|---|---:|---:|---|---:|---:|"


def seconds(function: Call, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def in_turns(functions: list[Call], repeats: int, rounds: int) -> list[tuple[float, ...]]:
    """Seconds of each function, a tuple a round."""
    for function in functions:
        seconds(function, max(1, repeats // 4))  # warm-up
    return [tuple(seconds(function, repeats) for function in functions) for _ in range(rounds)]


def row(name: str, ours: Call, other: tuple[str, Call | str], floor: tuple[str, Call] | None, *, repeats: int, rounds: int = 9) -> str:
    label, peer = other
    calls = [ours] + ([peer] if callable(peer) else []) + ([floor[1]] if floor else [])
    times = in_turns(calls, repeats, rounds)
    columns = list(zip(*times, strict=True))

    def compared(column: int) -> tuple[str, str]:
        ratios = sorted(a / b for a, b in zip(columns[0], columns[column], strict=True))
        return f"{statistics.median(columns[column]) * 1e3:.3f}", f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f})"

    first = [label, *compared(1)] if callable(peer) else [label, str(peer), ""]
    last = [floor[0], *compared(len(columns) - 1)] if floor else ["", "", ""]
    return "| " + " | ".join([name, f"{statistics.median(columns[0]) * 1e3:.3f}", *first, *last]) + " |"


def package(name: str) -> Any:
    """A module, or a sentence that stands in its column."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except Exception as error:  # a peer that is installed but broken is no reason to stop
        return f"not installed ({type(error).__name__})"


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ------------------------------------------------------------------ losses


def plain_kd(s: Tensor, t: Tensor, temperature: float = 4.0) -> Tensor:
    log_q, log_p = F.log_softmax(s / temperature, -1), F.log_softmax(t / temperature, -1)
    return temperature**2 * F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")


def probability_kd(s: Tensor, t: Tensor, temperature: float = 4.0) -> Tensor:
    """The form of torchdistill: the teacher's probabilities as target."""
    return temperature**2 * F.kl_div(F.log_softmax(s / temperature, dim=1), F.softmax(t / temperature, dim=1), reduction="batchmean")


def loss_rows() -> list[Callable[[], str]]:
    made = []
    for n, c, repeats in ((64, 10, 500), (1024, 1000, 8)):
        s, t = normal(n, c).requires_grad_(), normal(n, c, seed=1)
        y = torch.arange(n) % c
        for label, form in (("F.kl_div, log target", plain_kd), ("torchdistill's form", probability_kd)):
            made.append(
                lambda s=s, t=t, n=n, c=c, repeats=repeats, label=label, form=form: row(
                    f"KD loss, forward and backward, {n} × {c}",
                    lambda: losses.kd_loss(s, t).backward(),
                    (label, lambda: form(s, t).backward()),
                    ("two softmax, no graph", lambda: (torch.softmax(s.detach(), -1), torch.softmax(t, -1))),
                    repeats=repeats,
                )
            )
        made.append(
            lambda s=s, t=t, y=y, n=n, c=c, repeats=repeats: row(
                f"KD loss with labels, {n} × {c}",
                lambda: losses.distillation_loss(s, t, y).backward(),
                ("F.kl_div + F.cross_entropy", lambda: (0.9 * plain_kd(s, t) + 0.1 * F.cross_entropy(s, y)).backward()),
                None,
                repeats=repeats,
            )
        )
    return made


# ------------------------------------------------------------------ metrics


def metric_rows() -> list[Callable[[], str]]:
    n, c = 1_000_000, 10
    probs = torch.softmax(normal(n, c) * 3, -1)
    y = torch.randint(0, c, (n,), generator=torch.Generator().manual_seed(1))
    confidence, predicted = probs.max(1)
    error = (predicted != y).float()
    metrics, netcal, uncertain = package("torchmetrics.functional.classification"), package("netcal.metrics"), package("torch_uncertainty.metrics")
    floor = ("probs.max(1)", lambda: probs.max(1))

    def ours() -> float:
        return calibration.expected_calibration_error(probs, y)

    def netcal_ece() -> Call | str:
        if isinstance(netcal, str):
            return netcal
        return lambda: netcal.ECE(15).measure(probs.numpy(), y.numpy())

    def area() -> Call | str:
        if isinstance(uncertain, str):
            return uncertain

        def call() -> object:
            metric = uncertain.AURC()
            metric.update(probs, y)
            return metric.compute()

        return call

    def classwise() -> object:
        return [metrics.binary_calibration_error(probs[:, k], (y == k).long(), n_bins=15) for k in range(c)]

    torchmetrics_ece = metrics if isinstance(metrics, str) else lambda: metrics.multiclass_calibration_error(probs, y, num_classes=c, n_bins=15)
    size = "10⁶ × 10"
    return [
        lambda: row(f"ECE, {size}", ours, ("torchmetrics", torchmetrics_ece), floor, repeats=1),
        lambda: row(f"ECE, {size}", ours, ("netcal", netcal_ece()), floor, repeats=1, rounds=5),
        lambda: row(
            f"classwise ECE, {size}",
            lambda: calibration.classwise_ece(probs, y),
            ("torchmetrics, class by class", metrics if isinstance(metrics, str) else classwise),
            floor,
            repeats=1,
            rounds=5,
        ),
        lambda: row(
            "AURC, 10⁶",
            lambda: selective.aurc(confidence, error),
            ("torch-uncertainty", area()),
            ("sort with indices", lambda: confidence.sort()),
            repeats=1,
            rounds=5,
        ),
    ]


# ------------------------------------------------------------------ relations between examples


def all_distances(rows: Tensor) -> Tensor:
    square = rows.square().sum(1)
    distances = (square[:, None] + square - 2 * rows @ rows.T).clamp(min=1e-12).sqrt() * (1 - torch.eye(len(rows)))
    return distances / distances[distances > 0].mean()


def all_cosines(rows: Tensor) -> Tensor:
    sides = F.normalize(rows[None] - rows[:, None], dim=2)
    return torch.bmm(sides, sides.mT)


def usual(form: Callable[[Tensor], Tensor], s: Tensor, t: Tensor) -> Tensor:
    """As published programs do it: all pairs or triples at once."""
    with torch.no_grad():
        wanted = form(t)
    return F.smooth_l1_loss(form(s), wanted)


def pair_of_batches() -> tuple[Tensor, Tensor]:
    return normal(512, 128).requires_grad_(), normal(512, 128, seed=1)


def _peak(which: str, queue: Any) -> None:
    torch.set_num_threads(1)
    s, t = pair_of_batches()
    features.rkd_angle_loss(s[:8], t[:8]).backward()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (features.rkd_angle_loss(s, t) if which == "kdtutor" else usual(all_cosines, s, t)).backward()
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20)


def peak_gib(which: str) -> float:
    """Memory on top of what was there, in GiB, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=_peak, args=(which, queue))
    process.start()
    process.join()
    return float(queue.get())


def relation_rows() -> list[Callable[[], str]]:
    s, t = pair_of_batches()

    def angles() -> str:
        memory = [peak_gib(which) for which in ("kdtutor", "usual")]
        return row(
            f"RKD angle, 512 × 128, forward and backward; peak {memory[0]:.2f} GiB",
            lambda: features.rkd_angle_loss(s, t).backward(),
            (f"all triples at once; peak {memory[1]:.2f} GiB", lambda: usual(all_cosines, s, t).backward()),
            ("one matrix product of the sides", lambda: torch.bmm(normal(512, 512, 128), normal(512, 128, 512))),
            repeats=1,
            rounds=4,
        )

    return [
        lambda: row(
            "RKD distance, 512 × 128, forward and backward",
            lambda: features.rkd_distance_loss(s, t).backward(),
            ("all pairs at once", lambda: usual(all_distances, s, t).backward()),
            ("F.pdist of both", lambda: (F.pdist(s.detach()), F.pdist(t))),
            repeats=10,
        ),
        angles,
    ]


# ------------------------------------------------------------------ explanations and training


def explanation_rows() -> list[Callable[[], str]]:
    captum = package("captum.attr")
    model, x, y = models.SmallCNN(10).eval(), normal(64, 1, 14, 14), torch.arange(64) % 10

    def peer() -> object:
        return captum.IntegratedGradients(model).attribute(x, target=y, n_steps=50, method="riemann_middle", return_convergence_delta=True)

    return [
        lambda: row(
            "integrated gradients, 50 steps, 64 images, CNN",
            lambda: explain.integrated_gradients(model, x, y, n_steps=50),
            ("captum", captum if isinstance(captum, str) else peer),
            None,
            repeats=1,
        )
    ]


def training_rows() -> list[Callable[[], str]]:
    teacher, student = models.SmallCNN(10, hidden=173), models.SmallCNN(10, channels=(4, 8), hidden=34)
    x, y = normal(128, 1, 14, 14), torch.arange(128) % 10
    optimizer = torch.optim.Adam(student.parameters(), fused=True)
    cached = training.predict_logits(teacher, x)

    def step(teacher_logits: Callable[[], Tensor]) -> None:
        optimizer.zero_grad()
        losses.distillation_loss(student(x), teacher_logits(), y).backward()
        optimizer.step()

    def in_graph() -> None:
        optimizer.zero_grad()
        s, t = student(x), teacher(x)
        (0.9 * plain_kd(s, t) + 0.1 * F.cross_entropy(s, y)).backward()
        optimizer.step()

    sizes = f"{sum(p.numel() for p in teacher.parameters()):,} to {sum(p.numel() for p in student.parameters()):,} parameters, batch 128"
    labels = ("labels alone", lambda: (optimizer.zero_grad(), F.cross_entropy(student(x), y).backward(), optimizer.step()))
    return [
        lambda name=name, other=other: row(
            f"one step with cached logits, {sizes}", lambda: step(lambda: cached), (name, other), labels, repeats=20, rounds=7
        )
        for name, other in (("teacher in the graph", in_graph), ("teacher under no_grad", lambda: step(lambda: training.predict_logits(teacher, x))))
    ] + [lambda: together_row("labels", None), lambda: together_row("teacher's logits", normal(2000, 10))]


def together_row(what: str, teacher: Tensor | None) -> str:
    split = data.Split(normal(2000, 1, 14, 14), torch.arange(2000) % 10)

    def student(seed: int) -> object:
        return recipes.train_student(seed, split, teacher, epochs=4)

    each = ("one by one", lambda: [student(seed) for seed in range(5)])
    return row(f"five students of 13,258 parameters, 4 epochs, {what}", lambda: training.for_each_seed(student, range(5)), each, None, repeats=1)


def processor() -> str:
    """Name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    words = [argument.lower() for argument in arguments if argument != "--write"]
    groups = {"loss": loss_rows, "metric": metric_rows, "relation": relation_rows, "explanation": explanation_rows, "training": training_rows}
    rows = []
    print(HEAD)
    for name, group in groups.items():
        if words and name not in words:
            continue
        for make in group():
            rows.append(make())
            print(rows[-1], flush=True)
    if "--write" in arguments:
        text = README.read_text("utf-8")
        where = f"{datetime.date.today().isoformat()}, {processor()}, Python {platform.python_version()}, torch {torch.__version__}, one thread.\n\n"
        before, after = text[: text.index(START)], text[text.index(END) :]
        README.write_text(f"{before}{START}\n{where}" + "\n".join([HEAD, *rows]) + f"\n{after}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
