"""Losses on features instead of logits: hints, attention transfer, relations between examples, contrast.

Features are floating-point tensors, example first. float16 and bfloat16 are computed in float32 and give float32. No gradient reaches the
teacher. NaN or infinity in a feature gives NaN or infinity, never a finite number that looks right.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from kdtutor import _check
from kdtutor._math import log_softmax_at, unit

CHUNK_BYTES = 2**24  # of the angles that rkd_angle_loss holds at a time when no chunk size is given


def _scaled(features: Tensor, *, examples: bool) -> Tensor:
    """Divided by the largest magnitude, of each example or of all, so that no square overflows or vanishes."""
    size = features.detach().abs()
    largest = size.flatten(1).amax(dim=1).view(-1, *[1] * (features.ndim - 1)) if examples else size.amax()
    return features / torch.where(largest == 0, 1.0, largest)


def hint_loss(
    student_features: Float[Tensor, "N ..."], teacher_features: Float[Tensor, "N ..."], *, regressor: nn.Module | None = None
) -> Float[Tensor, ""]:
    """Mean squared difference of features, over all entries: the hint of FitNets.

    Parameters
    ----------
    student_features, teacher_features : tensor (N, ...)
        One shape, once the regressor has been applied.
    regressor : module or None
        Maps the student's features to the teacher's shape, a 1 × 1 convolution or a linear layer as a rule. Train it with the student: hand
        its parameters to the optimiser.

    Returns
    -------
    tensor ()

    Raises
    ------
    ValueError
        If the shapes differ after the regressor.

    Notes
    -----
    The paper sums half the squares; some libraries leave out the ½ or the mean. Only the weight of the term changes.

    References
    ----------
    Romero et al. (2015), FitNets, arXiv:1412.6550, equation 3. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import hint_loss
    >>> hint_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
    tensor(2.)
    """
    student_features = _check.features("student_features", student_features)
    teacher = _check.features("teacher_features", teacher_features).detach()
    student = student_features if regressor is None else _check.module("regressor", regressor)(student_features)
    if student.shape != teacher.shape:
        raise ValueError(
            f"student_features and teacher_features: expected one shape, got {tuple(student.shape)} and {tuple(teacher.shape)}; "
            "pass a regressor that maps the student's features to the teacher's shape, such as nn.LazyLinear or a 1 x 1 convolution"
        )
    return (student - teacher).square().mean()


def attention_map(features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N HW"]:
    """Where a layer is active: the mean square over the channels, flattened, each row of length 1.

    Parameters
    ----------
    features : tensor (N, C, H, W)

    Returns
    -------
    tensor (N, H·W)
        At least 0; a map that is zero everywhere stays zero.

    Raises
    ------
    ValueError
        If `features` has not four axes.

    Notes
    -----
    A map of activity. It is no attention mechanism, and by itself no explanation of a decision.

    References
    ----------
    Zagoruyko and Komodakis (2017), arXiv:1612.03928. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import attention_map
    >>> attention_map(torch.tensor([[[[3.0, 0.0], [0.0, 2.0]]]]))
    tensor([[0.9138, 0.0000, 0.0000, 0.4061]])
    """
    return unit(_scaled(_check.features("features", features, ndim=4), examples=True).square().mean(dim=1).flatten(1))


def attention_transfer_loss(
    student_features: Float[Tensor, "N C H W"], teacher_features: Float[Tensor, "N D H W"], *, mode: Literal["code", "paper"] = "code"
) -> Float[Tensor, ""]:
    """Distance between the attention maps of student and teacher.

    Parameters
    ----------
    student_features, teacher_features : tensor (N, C, H, W)
        The numbers of channels may differ, N, H and W may not.
    mode : "code" or "paper"
        The authors' program takes the mean of the squares over all N·H·W entries; their paper the L2 length of the difference, here the mean
        over the batch. "paper" is larger and has a different gradient.

    Returns
    -------
    tensor ()

    Raises
    ------
    ValueError
        If N, H or W differ or the mode is unknown.

    References
    ----------
    Zagoruyko and Komodakis (2017), arXiv:1612.03928. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import attention_transfer_loss
    >>> student, teacher = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.0, 5.0]]]])
    >>> attention_transfer_loss(student, teacher), attention_transfer_loss(student, teacher, mode="paper")
    (tensor(1.), tensor(1.4142))
    """
    student = _check.features("student_features", student_features, ndim=4)
    teacher = _check.features("teacher_features", teacher_features, ndim=4).detach()
    _check.choice("mode", mode, ("code", "paper"))
    if student.shape[0] != teacher.shape[0] or student.shape[2:] != teacher.shape[2:]:
        raise ValueError(
            f"student_features and teacher_features: expected one N, H and W, got {tuple(student.shape)} and {tuple(teacher.shape)}; "
            "bring the larger maps to the size of the smaller with torch.nn.functional.adaptive_avg_pool2d"
        )
    difference = attention_map(student) - attention_map(teacher)
    return difference.square().mean() if mode == "code" else torch.linalg.vector_norm(difference, dim=1).mean()


def _two_batches(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Check two batches of one length and flatten each example; the teacher comes back without a graph."""
    s, t = _check.features("student", student), _check.features("teacher", teacher)
    if len(s) != len(t):
        raise ValueError(f"student and teacher: expected as many rows in both, got {len(s)} and {len(t)}; both models must see the same inputs")
    dtype = torch.promote_types(s.dtype, t.dtype)
    return s.flatten(1).to(dtype), t.detach().flatten(1).to(dtype)


def rkd_distance_loss(student: Float[Tensor, "B ..."], teacher: Float[Tensor, "B ..."]) -> Float[Tensor, ""]:
    """Smooth L1 between the distances of all pairs of examples, each set divided by its mean distance.

    Parameters
    ----------
    student, teacher : tensor (B, ...)
        Features of one batch; their widths may differ.

    Returns
    -------
    tensor ()
        Mean over all B · B pairs, a pair with itself included; 0 for a batch of one.

    Raises
    ------
    ValueError
        If the batches differ in length.

    Notes
    -----
    The mean distance is taken over the pairs that are apart. Distances are Euclidean and taken from differences, not from a matrix product:
    rows that are nearly equal keep their digits.

    References
    ----------
    Park et al. (2019), Relational knowledge distillation, arXiv:1904.05068, section 3.2.1. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import rkd_distance_loss
    >>> student, teacher = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[0.0], [1.0], [2.0]])
    >>> round(float(rkd_distance_loss(student, teacher)), 4)
    0.0139
    """
    s, t = _two_batches(student, teacher)
    if len(s) == 1:
        return (s * 0.0).sum() + (t * 0.0).sum()

    def relative(rows: Tensor) -> Tensor:
        distances = F.pdist(rows)
        return distances / (distances.sum() / (distances > 0).sum().clamp(min=1)).clamp(min=torch.finfo(rows.dtype).tiny)

    return F.smooth_l1_loss(relative(s), relative(t), reduction="sum") * 2 / len(s) ** 2


def rkd_angle_loss(student: Float[Tensor, "B ..."], teacher: Float[Tensor, "B ..."], *, chunk_size: int | None = None) -> Float[Tensor, ""]:
    """Smooth L1 between the cosines of the angles that all triples of examples form.

    Parameters
    ----------
    student, teacher : tensor (B, ...)
        Features of one batch; their widths may differ.
    chunk_size : int or None
        Corners of the angles that are held in memory at a time; None chooses so many that their cosines take 16 MiB. The result is the same.

    Returns
    -------
    tensor ()
        Mean over all B · B · B triples, degenerate ones included (their cosine is 0).

    Raises
    ------
    ValueError
        If the batches differ in length or `chunk_size` is below 1.

    Notes
    -----
    All cosines at once take 4·B³ bytes, 0.5 GiB at B = 512, several times over with a graph. Here each chunk is thrown away and computed
    again in the backward pass.

    References
    ----------
    Park et al. (2019), Relational knowledge distillation, arXiv:1904.05068, section 3.2.2. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import rkd_angle_loss
    >>> student = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> float(rkd_angle_loss(student, 2 * student)) < 1e-12
    True
    """
    s, t = _two_batches(student, teacher)
    size = _check.count("chunk_size", chunk_size) if chunk_size is not None else max(1, CHUNK_BYTES // (s.element_size() * len(s) ** 2))

    def part(start: int, s: Tensor, t: Tensor) -> Tensor:
        sides = [unit(rows[None] - rows[start : start + size, None]) for rows in (s, t)]  # (corners, B, D)
        return F.smooth_l1_loss(sides[0] @ sides[0].mT, sides[1] @ sides[1].mT, reduction="sum")

    total = s.new_zeros(())
    for start in range(0, len(s), size):
        total = total + checkpoint(part, start, s, t, use_reentrant=False)
    return total / len(s) ** 3


def similarity_preserving_loss(student: Float[Tensor, "B ..."], teacher: Float[Tensor, "B ..."]) -> Float[Tensor, ""]:
    """Squared difference between the similarity matrices of the batch, divided by B².

    Parameters
    ----------
    student, teacher : tensor (B, ...)
        Features of one batch; their widths may differ.

    Returns
    -------
    tensor ()

    Raises
    ------
    ValueError
        If the batches differ in length.

    Notes
    -----
    A similarity matrix is F Fᵀ, its rows divided by their L2 length. Some libraries divide by the L1 length instead.

    References
    ----------
    Tung and Mori (2019), arXiv:1907.09682, equation 4. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import similarity_preserving_loss
    >>> round(float(similarity_preserving_loss(torch.tensor([[1.0], [1.0]]), torch.eye(2))), 4)
    0.2929
    """
    s, t = _two_batches(student, teacher)
    a, b = (unit(rows @ rows.T) for rows in (_scaled(s, examples=False), _scaled(t, examples=False)))
    return (a - b).square().sum() / len(s) ** 2


def info_nce_loss(student: Float[Tensor, "B D"], teacher: Float[Tensor, "B D"], *, temperature: float = 0.1) -> Float[Tensor, ""]:
    """Cross-entropy of finding, for each student row, the teacher row of the same example among the batch; in nats.

    Parameters
    ----------
    student, teacher : tensor (B, D)
        Embeddings of one width; rows are brought to length 1.
    temperature : float > 0
        Divides the cosines.

    Returns
    -------
    tensor ()
        About ln B for unrelated rows; 0 for a batch of one.

    Raises
    ------
    ValueError
        If the shapes differ or T is not positive.

    Notes
    -----
    One direction, student to teacher. The other rows of the batch are the negatives, so the value depends on B. Contrastive representation
    distillation proper draws its negatives from a memory bank.

    References
    ----------
    van den Oord et al. (2018), arXiv:1807.03748, equation 4; Tian et al. (2020), arXiv:1910.10699. Chapter `variants`.

    Examples
    --------
    >>> import torch
    >>> from kdtutor.features import info_nce_loss
    >>> round(float(info_nce_loss(torch.eye(2), torch.eye(2), temperature=1.0)), 4)
    0.3133
    """
    s, t = _check.features("student", student, ndim=2), _check.features("teacher", teacher, ndim=2).detach()
    _check.same_shape(("student", "teacher"), (s, t))
    log_probs = log_softmax_at(unit(s) @ unit(t.to(s.dtype)).T, _check.temperature(temperature))
    return -log_probs.diagonal().mean()
