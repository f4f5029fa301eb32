"""Two small classifiers that return logits. Softmax belongs into the loss, never into the model."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kdtutor import _check


class MLP(nn.Module):
    """Fully connected classifier: flatten, then Linear-ReLU for each hidden width, then a linear layer to the logits.

    Parameters
    ----------
    in_features : int
        Numbers in one flattened input.
    num_classes : int >= 2
    hidden : tuple of int
        Widths of the hidden layers; an empty tuple gives a linear model.
    dropout : float in [0, 1]
        After each hidden layer, in train mode only.

    Raises
    ------
    ValueError
        On a width below 1, fewer than two classes or a dropout outside [0, 1].

    Notes
    -----
    Students of chapter `the-loss`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.models import MLP
    >>> MLP(4, 3, hidden=(8,))(torch.zeros(2, 4)).shape
    torch.Size([2, 3])
    """

    def __init__(self, in_features: int, num_classes: int, *, hidden: tuple[int, ...] = (64,), dropout: float = 0.0) -> None:
        super().__init__()
        if not isinstance(hidden, tuple | list):
            raise ValueError(f"hidden: expected a tuple of widths such as (64,), got {_check.describe(hidden)}")
        widths = [_check.count("in_features", in_features), *(_check.count("hidden", h) for h in hidden)]
        _check.fraction("dropout", dropout)
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()] + ([nn.Dropout(dropout)] if dropout else [])
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], _check.count("num_classes", num_classes, least=2))

    def forward(self, x: Float[Tensor, "N ..."], *, return_features: bool = False) -> Any:
        """Logits `(N, C)`, or `(logits, features)` with the last hidden layer `(N, H)`."""
        features = self.features(x)
        return (self.head(features), features) if return_features else self.head(features)


class _MaxPool2d(nn.MaxPool2d):
    """The same numbers in half the time: PyTorch's CPU kernel is several times faster where the channels lie side by side."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        if x.requires_grad:
            # the layers before work fastest with a gradient in their own layout
            x.register_hook(Tensor.contiguous)  # type: ignore[no-untyped-call]  # torch gives it no types
        pooled: Tensor = super().forward(x)
        return pooled.contiguous()


class SmallCNN(nn.Module):
    """Two 3×3 convolutions with ReLU and max-pooling, one hidden layer, logits.

    Parameters
    ----------
    num_classes : int >= 2
    channels : tuple of two int
    hidden : int
        Width of the hidden layer.
    image_size : int >= 4
        Side of the square grey images; the default is that of `data.load_mnist5k`.
    dropout : float in [0, 1]
        Before the hidden layer and before the logits, in train mode only.

    Raises
    ------
    ValueError
        On a size below its minimum or a dropout outside [0, 1].

    Notes
    -----
    The default is the teacher of the book's standard set-up: 43,082 parameters. Chapter `the-loss`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.models import SmallCNN
    >>> SmallCNN(10)(torch.zeros(2, 1, 14, 14)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, num_classes: int, *, channels: tuple[int, int] = (16, 32), hidden: int = 128, image_size: int = 14, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if not isinstance(channels, tuple | list) or len(channels) != 2:
            raise ValueError(f"channels: expected two numbers such as (16, 32), got {_check.describe(channels)}")
        first, second = (_check.count("channels", c) for c in channels)
        side = _check.count("image_size", image_size, least=4) // 2 // 2
        hidden = _check.count("hidden", hidden)
        _check.fraction("dropout", dropout)
        self.maps = nn.Sequential(
            *(nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), _MaxPool2d(2)),
            *(nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), _MaxPool2d(2)),
        )
        self.features = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(second * side * side, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.head = nn.Linear(hidden, _check.count("num_classes", num_classes, least=2))

    def forward(self, x: Float[Tensor, "N 1 H W"], *, return_features: bool = False) -> Any:
        """Logits `(N, C)`, or `(logits, features)` with the feature maps `(N, C2, H/4, W/4)`."""
        maps = self.maps(x)
        logits = self.head(self.features(maps))
        return (logits, maps) if return_features else logits
