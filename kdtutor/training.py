"""Training loops, evaluation and repetition over seeds. The teacher is in eval mode, frozen and never in the optimiser."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import random
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict, Unpack

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from kdtutor import _check
from kdtutor._estimate import Estimate as Estimate
from kdtutor._run import Run, Settings, checkpoint_path, describe_function, fingerprint
from kdtutor._together import join, run_together
from kdtutor.calibration import brier_score, expected_calibration_error, negative_log_likelihood
from kdtutor.data import Split, _check_split
from kdtutor.losses import distillation_loss

RowLoss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (logits, inputs, row numbers of the batch) -> loss
KDLoss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (student logits, teacher logits, target) -> loss


class History(NamedTuple):
    """What a training run did: mean loss of each epoch, validation NLL of each epoch, and the epoch whose weights were kept."""

    train_loss: list[float]
    validation_nll: list[float]
    kept_epoch: int


class Evaluation(NamedTuple):
    """Accuracy in [0, 1], NLL in nats, Brier score in [0, 2], ECE in [0, 1] with 15 bins of equal width."""

    accuracy: float
    nll: float
    brier: float
    ece: float


class FitOptions(TypedDict, total=False):
    """Options that `train_supervised` and `distill` share, with their defaults.

    epochs (40), batch_size (100), learning_rate (5e-3), optimizer ("adam" or "sgd" with momentum 0.9), augment (None or a function of a batch
    and a generator), validation (None or a Split: its NLL is recorded each epoch), patience (None or the epochs without a better validation
    NLL after which training stops; the best weights are kept then), seed (0: order of the rows, dropout, augmentation), progress (False),
    checkpoint (None or a path: the state is saved there after each epoch, and a run that was cut off goes on from it to the same weights).
    The learning rate falls to 0 along a half cosine. Batches go to the device of the model.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: Literal["adam", "sgd"]
    augment: Callable[[Tensor, torch.Generator], Tensor] | None
    validation: Split | None
    patience: int | None
    seed: int
    progress: bool
    checkpoint: str | os.PathLike[str] | None


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators and let torch use deterministic algorithms.

    Parameters
    ----------
    seed : int >= 0

    Raises
    ------
    ValueError
        If the seed is no whole number or negative.

    Notes
    -----
    Same seed and same machine: same bits. Another processor or number of threads can change the last digits. Used by every chapter.
    """
    seed = _check.count("seed", seed, least=0)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


@contextlib.contextmanager
def _modes_restored(model: nn.Module) -> Iterator[None]:
    """Give each module its own train or eval mode back after a block of code, whatever happens in it."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def eval_mode(model: nn.Module) -> Iterator[nn.Module]:
    """Put a model into eval mode for a block of code, then give each of its modules its own mode back.

    Notes
    -----
    `model.eval()` stops dropout and fixes batch-norm. It does not stop gradients; `torch.no_grad()` does. Chapter `the-loss`.
    """
    with _modes_restored(_check.module("model", model)):
        yield model.eval()


def predict_logits(model: nn.Module, x: Float[Tensor, "N ..."], *, batch_size: int = 256) -> Float[Tensor, "N C"]:
    """Logits of all rows, in order, in eval mode and without gradients; the model's modes are restored.

    Parameters
    ----------
    model : module
    x : tensor (N, ...)
    batch_size : int >= 1

    Returns
    -------
    tensor (N, C)
        On the device of the model.

    Raises
    ------
    ValueError
        If `model` is no module, x has no rows or `batch_size` is below 1.

    Notes
    -----
    Chapter `the-loss`.
    """
    device = _device(_check.module("model", model), _check.inputs("x", x))
    with eval_mode(model), torch.no_grad():
        return torch.cat([model(batch.to(device)) for batch in torch.split(x, _check.count("batch_size", batch_size))])


def _device(model: nn.Module, x: Tensor) -> torch.device:
    """Where the model's parameters lie; a model without any runs where x lies."""
    first = next(model.parameters(), None)
    return x.device if first is None else first.device


def evaluate(model: nn.Module, split: Split) -> Evaluation:
    """Accuracy, NLL, Brier score and ECE of a model on a split.

    Parameters
    ----------
    model : module
        Returns logits.
    split : Split

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If the split is malformed or the model gives NaN.

    Notes
    -----
    Chapter `the-loss`.
    """
    split = _check_split("split", split)
    logits = predict_logits(model, split.x)
    probs = torch.softmax(logits.double(), dim=-1)
    return Evaluation(
        accuracy=float((logits.argmax(-1).cpu() == split.target.cpu()).double().mean()),
        nll=negative_log_likelihood(logits, split.target),
        brier=brier_score(probs, split.target),
        ece=expected_calibration_error(probs, split.target),
    )


def _fit(
    model: nn.Module,
    split: Split,
    loss_of: RowLoss,
    what: tuple[object, ...],
    teacher: nn.Module | Tensor | None = None,
    *,
    epochs: int = 40,
    batch_size: int = 100,
    learning_rate: float = 5e-3,
    optimizer: Literal["adam", "sgd"] = "adam",
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    validation: Split | None = None,
    patience: int | None = None,
    seed: int = 0,
    progress: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
) -> History:
    """Minimise `loss_of` over the model's parameters. Random numbers come from `seed` alone; the global state is left as it was."""
    epochs, batch_size = _check.count("epochs", epochs), _check.count("batch_size", batch_size)
    _check.choice("optimizer", optimizer, ("adam", "sgd"))
    if not _check.number("learning_rate", learning_rate) > 0:
        raise ValueError(f"learning_rate: expected a number above 0, got {learning_rate}")
    if patience is not None and (validation is None or _check.count("patience", patience) < 1):
        raise ValueError("patience: expected a validation split beside it, got none; pass validation=data.validation, never the test split")
    if validation is not None:
        _check_split("validation", validation)
    if augment is not None:
        _check.function("augment", augment)
    _check.flag("progress", progress)
    file = None if checkpoint is None else checkpoint_path(checkpoint)
    seed, device = _check.count("seed", seed, least=0), _device(model, split.x)
    how = Settings(epochs, batch_size, learning_rate, optimizer)
    # what a stack can train: labels, or a teacher's logits with the loss of losses.distillation_loss
    plain = augment is None and validation is None and file is None and (teacher is None or (isinstance(teacher, Tensor) and len(what) == 3))
    if plain and (losses := join(model, split, teacher, what, how, seed)) is not None:
        return History(losses, [], epochs)
    with _modes_restored(model), torch.random.fork_rng():
        run = Run(model, how, len(split.x), seed)
        if file is not None:
            run.load(file, settings := fingerprint((what, *how, seed, patience), augment, model, (*split, *(validation or ())), teacher))
        for epoch in tqdm(range(run.epoch + 1, epochs + 1), initial=run.epoch, total=epochs, disable=not progress, unit="epoch"):
            if patience is not None and run.epoch - run.best_epoch >= patience:
                break
            model.train()
            total = 0.0
            for rows in torch.split(torch.randperm(len(split.x), generator=run.generator), batch_size):
                x = split.x[rows].to(device) if augment is None else augment(split.x[rows].to(device), run.generator)
                loss = loss_of(model(x), x, rows)
                if not math.isfinite(value := loss.item()):
                    raise FloatingPointError(f"loss: expected a finite number, got {value} in epoch {epoch}; lower learning_rate or check the inputs")
                run.step(loss)
                total += value * len(rows)
            run.train_loss.append(total / len(split.x))
            if validation is not None:
                run.validation_nll.append(negative_log_likelihood(predict_logits(model, validation.x), validation.target))
            run.finish(epoch, keep_best=patience is not None)
            if file is not None:
                run.save(file, settings)
    if run.best_state is not None:
        model.load_state_dict(run.best_state)
    return History(run.train_loss, run.validation_nll, run.best_epoch if run.best_state is not None else run.epoch)


def train_supervised(model: nn.Module, split: Split, *, label_smoothing: float = 0.0, **options: Unpack[FitOptions]) -> History:
    """Train a classifier in place on hard labels with cross-entropy.

    Parameters
    ----------
    model : module
        Changed in place; its train or eval mode is restored.
    split : Split
        Rows to fit, never the test rows.
    label_smoothing : float in [0, 1]
        Spread evenly over all classes, as in `losses.smooth_labels`.
    options : keyword arguments
        See `FitOptions`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        On a malformed split or option.
    FloatingPointError
        If the loss is not finite.

    Notes
    -----
    Chapter `the-loss`.
    """
    split = _check_split("split", split)
    _check.module("model", model)
    smoothing = _check.fraction("label_smoothing", label_smoothing)

    def loss_of(logits: Tensor, x: Tensor, rows: Tensor) -> Tensor:
        target = _check.target(split.target[rows].to(x.device), *logits.shape)  # cross_entropy would pass over a label of -100
        return F.cross_entropy(logits, target, label_smoothing=smoothing)

    return _fit(model, split, loss_of, ("supervised", smoothing), **options)


def distill(
    student: nn.Module,
    teacher: nn.Module | Float[Tensor, "N C"],
    split: Split,
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
    loss: KDLoss | None = None,
    cache_teacher: bool | None = None,
    **options: Unpack[FitOptions],
) -> History:
    """Train a student in place on a frozen teacher's soft targets and on the labels.

    Parameters
    ----------
    student : module
        Changed in place; the only one in the optimiser.
    teacher : module or tensor (N, C)
        A model, or its logits for the rows of `split`. Never changed: eval mode, no gradients, modes restored.
    split : Split
    temperature : float > 0
    alpha : float in [0, 1]
        Weight of the soft term.
    loss : function (student_logits, teacher_logits, target) -> loss, or None
        In place of `losses.distillation_loss`; `temperature` and `alpha` are not used then.
    cache_teacher : bool or None
        True runs the teacher once over all rows, False on each batch. None caches unless `augment` changes the inputs: teacher and student
        must see the same images.
    options : keyword arguments
        See `FitOptions`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        On a malformed split or option, if student and teacher share parameters, or if cached logits cannot belong to the inputs.
    FloatingPointError
        If the loss is not finite.

    References
    ----------
    Hinton, Vinyals and Dean (2015), arXiv:1503.02531; same inputs for both: Beyer et al. (2022), arXiv:2106.05237. Chapter `the-loss`.
    """
    split = _check_split("split", split)
    _check.module("student", student)
    if loss is not None:
        _check.function("loss", loss)
    if cache_teacher is not None:
        _check.flag("cache_teacher", cache_teacher)
    if loss is None:
        temperature, alpha = _check.temperature(temperature), _check.fraction("alpha", alpha)
        loss = functools.partial(distillation_loss, temperature=temperature, alpha=alpha)
        what: tuple[object, ...] = ("distillation", temperature, alpha)
    else:
        what = ("distillation", describe_function(loss))
    augmented = options.get("augment") is not None
    cache_teacher = not augmented if cache_teacher is None else cache_teacher
    if augmented and (cache_teacher or isinstance(teacher, Tensor)):
        raise ValueError("cache_teacher: expected False with augment, got cached logits; they belong to the images before augmentation")
    cached: Tensor | None
    if isinstance(teacher, nn.Module):
        network = teacher
        if {id(p) for p in teacher.parameters()} & {id(p) for p in student.parameters()}:
            raise ValueError("teacher: expected a model of its own, got one that shares parameters with the student; pass copy.deepcopy(teacher)")
        cached = predict_logits(network, split.x) if cache_teacher else None
    else:
        cached = _check.logits("teacher", teacher).detach()
        if len(cached) != len(split.x):
            raise ValueError(f"teacher: expected logits for the {len(split.x)} rows of the split, got {len(cached)} rows")

    def loss_of(logits: Tensor, x: Tensor, rows: Tensor) -> Tensor:
        teacher_logits = cached[rows] if cached is not None else predict_logits(network, x)
        return loss(logits, teacher_logits.to(x.device), split.target[rows].to(x.device))

    return _fit(student, split, loss_of, what, network if cached is None else cached, **options)


# ------------------------------------------------------------------ repetition


def _estimate(values: np.ndarray) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


class Repeats(NamedTuple):
    """Results of one experiment over several seeds: `values[arm][metric]` is an array with one entry a seed."""

    values: dict[Hashable, dict[str, np.ndarray]]
    seeds: tuple[int, ...]

    def _row(self, arm: Hashable, metric: str) -> np.ndarray:
        if arm not in self.values or metric not in self.values[arm]:
            known = {name: list(row) for name, row in self.values.items()}
            raise ValueError(f"arm and metric: expected one of {known}, got {arm!r} and {metric!r}")
        return self.values[arm][metric]

    def mean(self, arm: Hashable, metric: str) -> Estimate:
        """Mean over the seeds with its standard error (sample standard deviation / √seeds)."""
        return _estimate(self._row(arm, metric))

    def difference(self, arm: Hashable, baseline: Hashable, metric: str) -> Estimate:
        """Mean of arm − baseline, paired seed by seed, with its standard error."""
        return _estimate(self._row(arm, metric) - self._row(baseline, metric))

    def table(self) -> str:
        """Means and standard errors as text, one line an arm, one column a metric."""
        metrics = list(next(iter(self.values.values())))
        rows = [["", *metrics], *([str(arm), *(str(self.mean(arm, metric)) for metric in metrics)] for arm in self.values)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join(
            "   ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))) for row in rows
        )


def _check_seeds(seeds: Any) -> tuple[int, ...]:
    if not isinstance(seeds, Sequence | range) or isinstance(seeds, str):
        raise ValueError(f"seeds: expected a sequence of whole numbers, got {_check.describe(seeds)}")
    found = tuple(_check.count("seeds", seed, least=0) for seed in seeds)
    if len(found) < 2 or len(set(found)) < len(found):
        raise ValueError(f"seeds: expected at least two different seeds, got {list(found)}; one run says nothing about chance")
    return found


def for_each_seed(function: Callable[[int], Any], seeds: Sequence[int]) -> dict[int, Any]:
    """Call a function once a seed, and train networks of equal shape together: a stack of matrices costs little more than one of them.

    Parameters
    ----------
    function : function of a seed
        Calls `train_supervised` or `distill`, in the same order for each seed. It takes all its random numbers from its seed, and runs in a
        thread of its own; one runs at a time, up to its next training.
    seeds : sequence of int
        At least two different ones.

    Returns
    -------
    dict
        Result of each seed, in their order.

    Raises
    ------
    ValueError
        With fewer than two seeds or equal ones.

    Notes
    -----
    Networks `MLP` without dropout that lie on the CPU and are trained with the same options, without `augment`, `validation` and
    `checkpoint`, train together; all others alone. Each ends with the weights that it has alone, but for rounding where the processor
    multiplies a stack in another order. Chapter `the-loss`.
    """
    _check.function("function", function)
    return run_together(function, _check_seeds(seeds))


def repeat_over_seeds(experiment: Callable[[int], Mapping[Any, Mapping[str, float]]], seeds: Sequence[int], *, together: bool = False) -> Repeats:
    """Run an experiment once a seed and collect its numbers, for means, standard errors and paired differences.

    Parameters
    ----------
    experiment : function of a seed
        Returns `{arm: {metric: number}}`, with the same arms and metrics for each seed. All arms of one seed must share the split, the
        teacher and the initial weights, so that their difference is paired.
    seeds : sequence of int
        At least two different ones.
    together : bool
        Train the seeds as `for_each_seed` does: the same numbers, sooner.

    Returns
    -------
    Repeats

    Raises
    ------
    ValueError
        With fewer than two seeds, equal seeds, or arms or metrics that differ between seeds.

    Notes
    -----
    The paired difference takes out what all arms of a seed share; its standard error is usually far below that of the means. The error
    speaks for the seeds tried (split and initialisation), not for another data set. Chapter `the-loss`.

    Examples
    --------
    >>> from kdtutor.training import repeat_over_seeds
    >>> result = repeat_over_seeds(lambda seed: {"plain": {"accuracy": 0.90 + seed / 100}, "kd": {"accuracy": 0.92 + seed / 100}}, [0, 1, 2])
    >>> print(result.mean("kd", "accuracy"), "|", result.difference("kd", "plain", "accuracy"))
    0.930 ± 0.006 | 0.020 ± 0.000
    """
    _check.function("experiment", experiment)
    seeds = _check_seeds(seeds)
    runs = list(run_together(experiment, seeds).values()) if _check.flag("together", together) else [experiment(seed) for seed in seeds]
    for seed, run in zip(seeds, runs, strict=True):
        if not (isinstance(run, Mapping) and run and all(isinstance(row, Mapping) and row for row in run.values())):
            raise ValueError(f"experiment: expected {{arm: {{metric: number}}}}, got {run!r} for seed {seed}")
        for arm, row in run.items():
            for metric, value in row.items():
                if not isinstance(value, int | float | np.number | np.bool_) and not (isinstance(value, Tensor) and value.ndim == 0):
                    raise ValueError(f"experiment: expected a number for {metric!r} of {arm!r}, got {_check.describe(value)} for seed {seed}")
    shape = {arm: list(row) for arm, row in runs[0].items()}
    for seed, run in zip(seeds, runs, strict=True):
        if {arm: set(row) for arm, row in run.items()} != {arm: set(row) for arm, row in shape.items()}:
            raise ValueError(f"experiment: expected the arms and metrics of the first seed, {shape}, got others for seed {seed}")
    values = {arm: {metric: np.array([float(run[arm][metric]) for run in runs]) for metric in metrics} for arm, metrics in shape.items()}
    return Repeats(values, seeds)
