"""Seeds of an experiment that take turns, and train networks of one shape as one stack of matrices."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdtutor import _check
from kdtutor._math import softened_kl, weighted
from kdtutor._run import Run, Settings
from kdtutor.data import Split
from kdtutor.models import MLP

_here = threading.local()


@dataclasses.dataclass
class _Job:
    """A training that waits until all seeds have come to one. The result stays None if it has to run alone."""

    model: nn.Module
    split: Split
    teacher: Tensor | None  # logits
    what: tuple[Any, ...]  # ("distillation", temperature, alpha) with a teacher, else ("supervised", label smoothing)
    settings: Settings
    seed: int
    result: list[float] | None = None
    done: bool = False

    def kind(self) -> object:
        """Equal for trainings that fit into one stack; nothing is like a network that is no plain MLP on the CPU."""
        parameters, layers = list(self.model.parameters()), list(self.model.modules())[2:]
        plain = [nn.Flatten, *[nn.Linear, nn.ReLU] * (len(layers) // 2 - 1), nn.Linear]
        fits = (
            type(self.model) is MLP
            and [type(m) for m in layers] == plain
            and not any(m._forward_hooks or m._forward_pre_hooks for m in self.model.modules())
        )
        numbers = {(t.device.type, t.dtype) for t in (*parameters, self.split.x, self.teacher) if t is not None}
        if not fits or len(numbers) > 1 or numbers - {("cpu", torch.float32), ("cpu", torch.float64)} or not all(p.requires_grad for p in parameters):
            return id(self)
        return self.what, self.settings, self.split.x.shape, *((p.shape, p.dtype) for p in parameters)


def _logits(stacks: Sequence[Tensor], x: Tensor) -> Tensor:
    """Forward pass of several MLPs; `stacks` has their weights and biases in turn: (S, N, features) -> (S, N, C)."""
    for i, (weight, bias) in enumerate(zip(stacks[::2], stacks[1::2], strict=True)):
        x = torch.baddbmm(bias[:, None], torch.relu(x) if i else x, weight.transpose(1, 2))
    return x


def _train(jobs: list[_Job]) -> None:
    """Minimise each job's loss as if it were alone: the sum of the losses has the gradient of each."""
    settings, size, models = jobs[0].settings, len(jobs[0].split.x), [copy.deepcopy(job.model) for job in jobs]
    rows = list(zip(*(model.parameters() for model in models), strict=True))
    stacks = [torch.stack([own.detach() for own in row]).requires_grad_() for row in rows]
    for row, stack in zip(rows, stacks, strict=True):  # the optimiser sees each network's own part, and rounds as if it were alone
        for own, part in zip(row, stack.detach(), strict=True):
            own.data = part
    run = Run(nn.ModuleList(models), settings, size, seed=0)
    generators = [torch.Generator().manual_seed(job.seed) for job in jobs]
    x, target = torch.cat([job.split.x.flatten(1) for job in jobs]), torch.cat([job.split.target for job in jobs])
    _check.target(target, len(target), stacks[-1].shape[-1])
    logits_of = [job.teacher for job in jobs if job.teacher is not None]
    teacher = torch.cat(logits_of) if logits_of else None
    smoothing = jobs[0].what[1] if teacher is None else 0.0
    total = torch.zeros(len(jobs), dtype=torch.float64)
    history = []
    for _ in range(settings.epochs):
        order = torch.stack([torch.randperm(size, generator=g) + i * size for i, g in enumerate(generators)])
        for batch in torch.split(order, settings.batch_size, dim=1):
            rows_of = batch.flatten()
            logits = _logits(stacks, x.index_select(0, rows_of).view(*batch.shape, -1))
            losses = F.cross_entropy(logits.flatten(0, 1), target[rows_of], reduction="none", label_smoothing=smoothing)
            losses = losses.view(batch.shape).mean(dim=1)
            if teacher is not None:
                _, temperature, alpha = jobs[0].what
                losses = weighted(alpha, softened_kl(logits, teacher[batch], temperature, temperature**2, mean=True), losses)
            total += losses.detach() * batch.shape[1]
            for row, slopes in zip(rows, torch.autograd.grad(losses.sum(), stacks), strict=True):
                for own, slope in zip(row, slopes.contiguous(), strict=True):  # the fused optimiser walks both in order of memory
                    own.grad = slope
            run.advance()
        history.append((total / size).tolist())
        if not all(map(math.isfinite, history[-1])):
            return  # each alone then says in which epoch
        total.zero_()
    for i, (job, model) in enumerate(zip(jobs, models, strict=True)):
        job.model.load_state_dict(model.state_dict())
        job.result = [losses[i] for losses in history]


class _Group:
    """One thread a seed, of which one runs at a time. When all wait for a training, the caller's thread does it for all."""

    def __init__(self, size: int) -> None:
        self.turn, self.random = threading.Condition(), torch.get_rng_state()
        self.running, self.jobs, self.results = size, list[_Job](), dict[int, Any]()
        self.error: BaseException | None = None

    def run(self, function: Callable[[int], Any], seed: int) -> None:
        _here.group = self
        with self.turn:
            try:
                if self.error is None:
                    torch.set_rng_state(self.random)
                    self.results[seed] = function(seed)
            except BaseException as error:  # raised again in the caller's thread
                self.error = self.error or error
                self.jobs.clear()
            self.running -= 1
            self.turn.notify_all()

    def wait_for(self, job: _Job) -> list[float] | None:
        self.jobs.append(job)
        with torch.random.fork_rng():
            self.turn.notify_all()
            self.turn.wait_for(lambda: job.done or self.error is not None)
        if self.error is not None:
            raise threading.BrokenBarrierError  # another seed failed; run() ends this one
        return job.result

    def conduct(self) -> None:
        while self.turn.wait_for(lambda: len(self.jobs) == self.running) and self.running:
            kinds: dict[object, list[_Job]] = {}
            for job in self.jobs:
                kinds.setdefault(job.kind(), []).append(job)
            for jobs in kinds.values():
                if len(jobs) > 1:
                    with contextlib.suppress(ValueError, RuntimeError):  # each alone then says what is wrong
                        _train(jobs)
            for job in self.jobs:
                job.done = True
            self.jobs.clear()
            self.turn.notify_all()


def join(*job: Any) -> list[float] | None:
    """Train together with the other seeds and return the mean loss of each epoch; None if the network has to be trained alone."""
    group: _Group | None = getattr(_here, "group", None)
    return None if group is None else group.wait_for(_Job(*job))


def run_together(function: Callable[[int], Any], seeds: Sequence[int]) -> dict[int, Any]:
    """Call a function of a seed for each seed, so that their trainings meet. Global random numbers are left as they were."""
    group = _Group(len(seeds))
    with group.turn, torch.random.fork_rng():
        for seed in seeds:
            threading.Thread(target=group.run, args=(function, seed), name=f"seed {seed}", daemon=True).start()
        try:
            group.conduct()
        except BaseException as error:
            group.error = error
            group.turn.notify_all()
            raise
    if group.error is not None:
        raise group.error
    return {seed: group.results[seed] for seed in seeds}
