"""How far a student follows its teacher: hand values, kinds and the edges of probability zero."""

import math

import numpy as np
import pytest
import torch

from kdtutor.fidelity import predictive_kl, top1_agreement
from kdtutor.losses import kd_loss

INF = math.inf


def logits(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(3 * torch.randn(20, 5, generator=generator, dtype=torch.float64) for _ in range(2))


def test_agreement_by_hand():
    student, teacher = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]), np.array([[9.0, 0, 0], [0, 9, 0], [0, 9, 0], [0, 0, 9]])
    assert top1_agreement(student, teacher) == 0.5
    assert top1_agreement(student, student * 7) == 1


def test_of_equal_logits_the_first_is_the_prediction():
    tie = np.array([[1.0, 1.0, 0.0]])
    assert top1_agreement(tie, np.array([[1.0, 0.0, 0.0]])) == 1
    assert top1_agreement(tie, np.array([[0.0, 1.0, 0.0]])) == 0


def test_agreement_takes_minus_infinity_as_the_smallest_logit():
    assert top1_agreement(np.array([[-INF, -5.0]]), np.array([[0.0, 1.0]])) == 1


def test_predictive_kl_by_hand_is_teacher_to_student():
    even, skew = np.zeros((1, 2)), np.log([[0.75, 0.25]])
    assert predictive_kl(even, skew) == pytest.approx(0.75 * math.log(1.5) - 0.25 * math.log(2))
    assert predictive_kl(skew, even) == pytest.approx(0.5 * math.log(4 / 3))


@pytest.mark.parametrize("seed", range(3))
def test_predictive_kl_is_kd_loss_at_temperature_one(seed):
    s, t = logits(seed)
    assert predictive_kl(s, t) == pytest.approx(float(kd_loss(s, t, temperature=1.0)), rel=1e-12)


@pytest.mark.parametrize("measure", [top1_agreement, predictive_kl])
def test_arrays_and_tensors_give_the_same_python_float(measure):
    s, t = logits()
    from_numpy, from_torch = measure(s.numpy(), t.numpy()), measure(s.clone().requires_grad_(), t)
    assert type(from_numpy) is type(from_torch) is float
    assert from_numpy == from_torch


def test_predictive_kl_of_classes_of_probability_zero():
    zero, even = np.array([[0.0, -INF]]), np.zeros((1, 2))
    assert predictive_kl(even, zero) == pytest.approx(math.log(2))
    assert predictive_kl(zero, even) == INF
    assert predictive_kl(zero, zero) == 0


def test_predictive_kl_is_infinite_not_nan_where_the_teachers_probability_underflows():
    assert predictive_kl(np.array([[0.0, -INF]]), np.array([[0.0, -1000.0]])) == INF


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_computed_in_float64(dtype):
    s, t = (z.to(dtype) for z in logits())
    assert predictive_kl(s, t) == predictive_kl(s.double(), t.double())
