"""The standard set-up of the book: one data set, one teacher and one student, so that chapters can be compared.

MNIST-5k at 14 × 14 pixels; per seed 2,000 images to train, 1,000 to choose, 2,000 to test. The teacher is a CNN trained with random shifts
by one pixel, the student a narrow MLP trained without them.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kdtutor import _check
from kdtutor.data import Dataset, Split, load_mnist5k, random_shift
from kdtutor.fidelity import top1_agreement
from kdtutor.models import MLP, SmallCNN
from kdtutor.training import distill, evaluate, predict_logits, train_supervised


@functools.cache
def _version() -> str:
    """Changes with the package's source and with torch, so that no stale weights are loaded."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def train_once(name: str, model: nn.Module, train: Callable[[nn.Module], object], *, folder: str | os.PathLike[str] | None = None) -> nn.Module:
    """Train a model, or load its weights if the same package trained it under the same name before.

    Parameters
    ----------
    name : str
        File name of the weights; letters, digits, dots, hyphens and underscores.
    model : module
        Untrained; changed in place and returned, in eval mode.
    train : function of the model
        Trains in place.
    folder : path or None
        Where weights are kept; None means the environment variable KDTUTOR_CACHE, else ``~/.cache/kdtutor``.

    Returns
    -------
    module

    Raises
    ------
    ValueError
        If the name would leave the folder.

    Notes
    -----
    A change of the package or of torch trains anew. Chapter `the-loss`.
    """
    if not isinstance(name, str) or not name or not all(c.isalnum() or c in "._-" for c in name):
        raise ValueError(f"name: expected letters, digits, dots, hyphens and underscores, got {name!r}")
    _check.module("model", model)
    _check.function("train", train)
    if folder is not None and not isinstance(folder, str | os.PathLike):
        raise ValueError(f"folder: expected a path or None, got {_check.describe(folder)}")
    root = Path(folder or os.environ.get("KDTUTOR_CACHE") or Path.home() / ".cache" / "kdtutor")
    path = root / _version() / f"{name}.pt"
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    train(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    # written aside and renamed: two pages that run at the same time never see half a file
    with tempfile.TemporaryDirectory(dir=path.parent) as aside:
        torch.save(model.state_dict(), Path(aside, path.name))
        os.replace(Path(aside, path.name), path)
    return model.eval()


def standard_teacher(seed: int, *, start: int | None = None, epochs: int = 20) -> tuple[Dataset, nn.Module]:
    """Data and teacher of one seed: MNIST-5k and a CNN with 43,082 parameters, about 97 % right on the test images.

    Parameters
    ----------
    seed : int >= 0
        Chooses the split and, without `start`, all else that is random.
    start : int >= 0 or None
        Initial weights, order of the batches and shifts: another value gives a twin that learned from the same images.
    epochs : int >= 1
        Fewer give a teacher that knows less.

    Returns
    -------
    tuple of Dataset and module

    Raises
    ------
    ValueError
        If `seed` or `start` is negative or `epochs` below 1.

    Notes
    -----
    Adam, learning rate 4e-3, batches of 50, dropout 0.1, shifts by one pixel; 20 epochs take about 2 s on one core. Chapter `the-loss`.
    """
    data = load_mnist5k(seed=_check.count("seed", seed, least=0))
    start, epochs = seed if start is None else _check.count("start", start, least=0), _check.count("epochs", epochs)
    with torch.random.fork_rng():
        torch.manual_seed(start)
        model = SmallCNN(data.num_classes, dropout=0.1)

    def train(cnn: nn.Module) -> None:
        train_supervised(cnn, data.train, epochs=epochs, batch_size=50, learning_rate=4e-3, augment=random_shift, seed=start)

    return data, train_once(f"mnist5k-teacher-{seed}-{start}-{epochs}", model, train)


def standard_student(seed: int, *, width: int = 64) -> MLP:
    """An untrained MLP 196-width-10 whose weights depend on the seed alone, so that arms of one seed start alike.

    Parameters
    ----------
    seed : int >= 0
    width : int >= 1
        Hidden units; 64 gives 13,258 parameters.

    Returns
    -------
    MLP

    Raises
    ------
    ValueError
        If the seed is negative or the width below 1.

    Notes
    -----
    Chapter `the-loss`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(_check.count("seed", seed, least=0))
        return MLP(196, 10, hidden=(_check.count("width", width),))


def train_student(seed: int, split: Split, teacher: nn.Module | Float[Tensor, "N C"] | None = None, *, width: int = 64, **options: Any) -> MLP:
    """A standard student, trained on the labels of a split, or from a teacher if there is one.

    Parameters
    ----------
    seed : int >= 0
        Of the initial weights and of the order of the batches, so that arms of one seed differ in nothing but their targets.
    split : Split
    teacher : module, tensor (N, C) or None
        As in `training.distill`; None means labels.
    width : int >= 1
        Hidden units.
    options : keyword arguments
        For `training.train_supervised` or `training.distill`.

    Returns
    -------
    MLP

    Raises
    ------
    ValueError
        On a malformed argument.

    Notes
    -----
    Chapter `what-distillation-is`.
    """
    student = standard_student(seed, width=width)
    if teacher is None:
        train_supervised(student, split, seed=seed, **options)
    else:
        distill(student, teacher, split, seed=seed, **options)
    return student


def scores(model: nn.Module, split: Split, *, teacher_logits: Float[Tensor, "N C"] | None = None) -> dict[str, float]:
    """What the chapters' tables show of a model on a split.

    Parameters
    ----------
    model : module
        Returns logits.
    split : Split
    teacher_logits : tensor (N, C) or None
        Of the same rows; adds "agreement", the share of rows with the teacher's prediction.

    Returns
    -------
    dict
        "accuracy", "ECE" and "agreement" in per cent, "NLL" in nats.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    For `kdtutor.training.repeat_over_seeds`. Chapter `what-distillation-is`.
    """
    found = evaluate(model, split)
    result = {"accuracy": 100 * found.accuracy, "NLL": found.nll, "ECE": 100 * found.ece}
    if teacher_logits is not None:
        result["agreement"] = 100 * top1_agreement(predict_logits(model, split.x), teacher_logits)
    return result
