"""How far a student follows its teacher: hand values, kinds and the edges of probability zero."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from scipy.stats import entropy

from kdtutor.fidelity import predictive_js, predictive_kl, top1_agreement, total_variation
from kdtutor.losses import kd_loss

INF, NAN = math.inf, math.nan


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


# ------------------------------------------------------------------ Jensen-Shannon divergence and total variation

EVEN, SKEW = np.zeros((1, 2)), np.log([[0.75, 0.25]])
DISTANCES = {"predictive_js": predictive_js, "total_variation": total_variation}
each_distance = pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES.keys())


@st.composite
def pairs(draw):
    shape = draw(st.tuples(st.integers(1, 3), st.integers(2, 5)))
    matrix = arrays(np.float64, shape, elements=st.floats(-30, 30, width=32))
    return draw(matrix), draw(matrix)


def test_predictive_js_by_hand_is_the_mean_of_two_divergences_from_the_middle():
    of_skew = 0.75 * math.log(0.75 / 0.625) + 0.25 * math.log(0.25 / 0.375)
    of_even = 0.5 * math.log(0.5 / 0.625) + 0.5 * math.log(0.5 / 0.375)
    assert predictive_js(EVEN, SKEW) == pytest.approx((of_skew + of_even) / 2)


def test_total_variation_by_hand():
    assert total_variation(EVEN, SKEW) == pytest.approx(0.25)
    assert total_variation(np.log([[0.5, 0.25, 0.25]]), np.log([[0.125, 0.5, 0.375]])) == pytest.approx((0.375 + 0.25 + 0.125) / 2)


@each_distance
def test_distances_are_means_over_the_examples(distance):
    s, t = (z.numpy() for z in logits())
    each = [distance(s[[i]], t[[i]]) for i in range(len(s))]
    assert distance(s, t) == pytest.approx(np.mean(each), rel=1e-12)
    assert np.std(each) > 0.01


@pytest.mark.parametrize("seed", range(3))
def test_predictive_js_is_the_square_of_scipys_distance(seed):
    s, t = (z.numpy() for z in logits(seed))
    distance = jensenshannon(softmax(s, axis=1), softmax(t, axis=1), axis=1)
    assert predictive_js(s, t) == pytest.approx(np.mean(distance**2), rel=1e-10)
    assert predictive_js(s, t) != pytest.approx(np.mean(distance), rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_predictive_js_is_the_entropy_of_the_middle_less_the_mean_entropy(seed):
    s, t = (softmax(z.numpy(), axis=1) for z in logits(seed))
    expected = entropy((s + t) / 2, axis=1) - (entropy(s, axis=1) + entropy(t, axis=1)) / 2
    assert predictive_js(np.log(s), np.log(t)) == pytest.approx(expected.mean(), rel=1e-10)


@given(pairs())
def test_total_variation_is_the_largest_difference_that_any_event_has(pair):
    p, q = (softmax(z, axis=1) for z in pair)
    events = np.array(list(itertools.product([0, 1], repeat=p.shape[1])))
    assert total_variation(*pair) == pytest.approx(((p - q) @ events.T).max(axis=1).mean(), abs=1e-14)


@given(pairs(), st.floats(-20, 20))
def test_distances_are_symmetric_bounded_zero_for_equal_rows_and_blind_to_a_constant(pair, constant):
    s, t = pair
    for distance, worst in ((predictive_js, math.log(2)), (total_variation, 1)):
        assert 0 <= distance(s, t) <= worst + 1e-12
        assert distance(t, s) == pytest.approx(distance(s, t), rel=1e-9, abs=1e-15)
        assert distance(s, s.copy()) == pytest.approx(0, abs=1e-30)
        assert distance(s + constant, t) == pytest.approx(distance(s, t), rel=1e-9, abs=1e-12)


@given(pairs())
def test_the_divergences_bound_each_other_row_by_row(pair):
    for s, t in zip(*pair, strict=True):
        js, tv, kl = (measure(s[None], t[None]) for measure in (predictive_js, total_variation, predictive_kl))
        assert tv**2 / 2 <= js + 1e-12, "Pinsker, from each to the middle: KL >= 2 (TV / 2)^2"
        assert js <= tv * math.log(2) + 1e-12, "Lin, theorem 3, in nats"
        assert tv <= math.sqrt(kl / 2) + 1e-12, "Pinsker"


@each_distance
def test_models_that_share_no_class_are_as_far_apart_as_can_be(distance):
    worst = {predictive_js: math.log(2), total_variation: 1}[distance]
    assert distance(np.array([[0.0, -INF]]), np.array([[-INF, 0.0]])) == pytest.approx(worst, rel=1e-15)
    assert distance(np.array([[1e4, -1e4]]), np.array([[-1e4, 1e4]])) == pytest.approx(worst, rel=1e-15)


@each_distance
def test_distances_are_finite_where_one_rules_a_class_out_and_blind_to_a_class_of_neither(distance):
    by_hand = {predictive_js: (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2, total_variation: 0.5}[distance]
    assert distance(EVEN, np.array([[0.0, -INF]])) == pytest.approx(by_hand)
    assert distance(np.array([[0.0, -INF]]), EVEN) == pytest.approx(by_hand)
    s, t = (z.numpy() for z in logits())
    wide = (np.pad(z, ((0, 0), (0, 1)), constant_values=-INF) for z in (s, t))
    assert distance(*wide) == pytest.approx(distance(s, t), rel=1e-12)


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-7])
def test_predictive_js_of_nearly_equal_predictions_keeps_its_digits(gap):
    # logits (0, 0) and (g, 0): probabilities differ by g/4, the middle by g/8: JS = 2 (g/8)^2 + O(g^3)
    assert predictive_js(EVEN, np.array([[gap, 0.0]])) == pytest.approx(gap**2 / 32, rel=10 * gap)
    assert total_variation(EVEN, np.array([[gap, 0.0]])) == pytest.approx(gap / 4, rel=1e-6)


@each_distance
def test_distances_are_python_floats_equal_for_arrays_and_tensors(distance):
    s, t = logits()
    from_numpy, from_torch = distance(s.numpy(), t.numpy()), distance(s.clone().requires_grad_(), t)
    assert type(from_numpy) is type(from_torch) is float
    assert from_numpy == from_torch


@each_distance
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_distances_of_narrow_logits_are_computed_in_float64(distance, dtype):
    s, t = (z.to(dtype) for z in logits())
    assert distance(s, t) == distance(s.double(), t.double())


@pytest.mark.parametrize("measure", [top1_agreement, predictive_kl, predictive_js, total_variation])
def test_views_and_read_only_arrays_are_taken_without_a_warning_and_left_alone(measure):
    s, t = (z.numpy() for z in logits())
    fixed = s.copy()
    fixed.flags.writeable = False
    expected = measure(s, t)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measure(fixed, np.ascontiguousarray(t[::-1])[::-1]) == pytest.approx(expected, rel=1e-12)
        assert measure(np.asfortranarray(s), torch.from_numpy(t).T.contiguous().T) == pytest.approx(expected, rel=1e-12)
    assert (fixed == s).all()


@each_distance
@pytest.mark.parametrize("side", [0, 1], ids=["student", "teacher"])
@pytest.mark.parametrize("bad", [NAN, INF])
def test_distances_refuse_numbers_that_are_none(distance, side, bad):
    pair = [z.numpy() for z in logits()]
    pair[side][2, 1] = bad
    with pytest.raises(ValueError, match=r"expected no NaN and no infinity, got .*first row 2"):
        distance(*pair)


@each_distance
def test_distances_refuse_other_shapes_and_rows_without_a_class(distance):
    s, t = (z.numpy() for z in logits())
    for wrong in (t[1:], t[:1], t[:, :4], t[:, :1], t[0], np.full_like(t, -INF), t.tolist()):
        for pair in ((s, wrong), (wrong, s)):
            with pytest.raises(ValueError, match=r"_logits.*: expected .* got"):
                distance(*pair)
