"""All that changes while a model is trained, and the file from which a run that was cut off goes on."""

from __future__ import annotations

import copy
import functools
import hashlib
import math
import os
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from kdtutor import _check


def checkpoint_path(value: Any) -> Path:
    """Check the name of a checkpoint before any time is spent on training."""
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"checkpoint: expected a path or None, got {_check.describe(value)}")
    path = Path(value)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"checkpoint: expected a file in a folder that exists, got {os.fspath(path)!r}; make the folder first")
    return path


def describe_function(function: Any) -> str:
    """A name that is the same in the next process; of a partial function with its arguments."""
    if isinstance(function, functools.partial):
        return f"{describe_function(function.func)}{function.args}{sorted(function.keywords.items())}"
    return getattr(function, "__qualname__", None) or type(function).__qualname__


def fingerprint(settings: tuple[object, ...], augment: Any, model: nn.Module, data: tuple[Tensor, ...], teacher: nn.Module | Tensor | None) -> str:
    """What must be equal for a run to be the same: settings, shapes of the model, inputs, targets and teacher."""
    digest = hashlib.sha256()
    for tensor in (*data, *(teacher.state_dict().values() if isinstance(teacher, nn.Module) else [teacher] if teacher is not None else [])):
        digest.update(repr((tuple(tensor.shape), tensor.dtype)).encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    digest.update(repr((shapes, str(model))).encode())
    return f"{settings}, augment {describe_function(augment) if augment else None}, data and model {digest.hexdigest()[:12]}"


class Settings(NamedTuple):
    """What two trainings share that can run as one."""

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str


class Run:
    """Model, optimiser, schedule, random numbers and the best weights so far."""

    def __init__(self, model: nn.Module, settings: Settings, rows: int, seed: int) -> None:
        parameters = [p for p in model.parameters() if p.requires_grad]
        self.model, self.epoch = model, 0
        self.train_loss: list[float] = []
        self.validation_nll: list[float] = []
        self.best_nll, self.best_epoch = math.inf, 0
        self.best_state: dict[str, Any] | None = None
        self.optimizer: torch.optim.Optimizer = (
            torch.optim.Adam(parameters, lr=settings.learning_rate, fused=True)
            if settings.optimizer == "adam"
            else torch.optim.SGD(parameters, lr=settings.learning_rate, momentum=0.9)
        )
        steps = settings.epochs * math.ceil(rows / settings.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0))))
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)

    def step(self, loss: Tensor) -> None:
        """Compute the gradients of a loss and follow them."""
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives backward no types
        self.advance()

    def advance(self) -> None:
        """One step of the optimiser and of the schedule."""
        self.optimizer.step()
        self.schedule.step()

    def finish(self, epoch: int, *, keep_best: bool) -> None:
        """Count an epoch, and keep its weights if they are the best."""
        self.epoch = epoch
        if keep_best and self.validation_nll[-1] < self.best_nll:
            self.best_nll, self.best_epoch = self.validation_nll[-1], epoch
            self.best_state = copy.deepcopy(self.model.state_dict())

    def save(self, path: Path, settings: str) -> None:
        """Write all of it aside, then rename: a run that is killed meanwhile leaves the old file whole."""
        state = {
            "settings": settings,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
            "random": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "history": [self.train_loss, self.validation_nll],
            "best": [self.best_nll, self.best_epoch, self.best_state],
            "epoch": self.epoch,
        }
        aside = path.with_name(path.name + ".part")
        torch.save(state, aside)
        os.replace(aside, path)

    def load(self, path: Path, settings: str) -> None:
        """Take up the run of a file, if there is one."""
        if not path.exists():
            return
        try:
            state = torch.load(path, weights_only=True, map_location="cpu")
            found = state["settings"]
        except (RuntimeError, EOFError, LookupError, TypeError, ValueError, OSError, pickle.UnpicklingError) as error:
            raise ValueError(f"checkpoint: expected a file that training wrote, got {path} ({type(error).__name__}); give another name") from None
        if found != settings:
            raise ValueError(f"checkpoint: expected the file of this run, {settings}, got {path} of another, {found}; delete it or give another name")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["random"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])
        self.train_loss, self.validation_nll = state["history"]
        self.best_nll, self.best_epoch, self.best_state = state["best"]
        self.epoch = state["epoch"]
