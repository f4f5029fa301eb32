"""Proper scores and calibration against hand values, torchmetrics and scikit-learn."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from torchmetrics.classification import BinaryCalibrationError, MulticlassCalibrationError

from kdtutor.calibration import (
    brier_decomposition,
    brier_score,
    classwise_ece,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
)

PROBS, TARGET = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]), np.array([0, 0, 0, 1])


def forecast(seed=0, n=500, c=10, calibrated=False):
    rng = np.random.default_rng(seed)
    z = 2 * rng.standard_normal((n, c))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    y = (p.cumsum(1) > rng.random((n, 1))).argmax(1) if calibrated else rng.integers(0, c, n)
    return z, p, y


# ------------------------------------------------------------------ proper scores


def test_nll_by_hand():
    z = np.log([[0.8, 0.2], [0.5, 0.5]]) + np.array([[100.0], [-100.0]])
    assert negative_log_likelihood(z, np.array([0, 1])) == pytest.approx((-np.log(0.8) - np.log(0.5)) / 2)


def test_brier_by_hand_is_summed_over_classes():
    assert brier_score(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1])) == pytest.approx((0.08 + 0.5) / 2)
    assert brier_score(np.array([[1.0, 0.0]]), np.array([1])) == 2


@pytest.mark.parametrize("seed", range(3))
def test_scores_agree_with_independent_forms(seed):
    z, p, y = forecast(seed)
    assert negative_log_likelihood(z, y) == pytest.approx(sklearn.metrics.log_loss(y, p, labels=range(10)), rel=1e-12)
    assert brier_score(p, y) == pytest.approx(np.square(p - np.eye(10)[y]).sum() / len(y), rel=1e-12)


def test_binary_brier_is_twice_scikit_learns():
    _, p, y = forecast(c=2)
    assert brier_score(p, y) == pytest.approx(2 * sklearn.metrics.brier_score_loss(y, p[:, 1]))


def test_nll_of_a_class_of_probability_zero():
    z = np.array([[0.0, 0.0, -np.inf]])
    assert negative_log_likelihood(z, np.array([0])) == pytest.approx(np.log(2))
    assert negative_log_likelihood(z, np.array([2])) == np.inf


def test_nll_of_huge_logits_is_finite():
    assert negative_log_likelihood(np.array([[1e4, -1e4]]), np.array([1])) == 2e4


# ------------------------------------------------------------------ bins


def test_reliability_bins_by_hand():
    bins = reliability_bins(np.array([0.2, 0.5, 0.9, 1.0]), np.array([0, 1, 1, 1]), n_bins=2)
    assert bins._fields == ("edges", "count", "accuracy", "confidence")
    assert bins.edges.tolist() == [0, 0.5, 1]
    assert bins.count.tolist() == [2, 2]
    assert bins.accuracy.tolist() == [0.5, 1]
    assert bins.confidence.tolist() == pytest.approx([0.35, 0.95])


@pytest.mark.parametrize("n_bins", [1, 2, 10, 15])
def test_an_edge_belongs_to_the_bin_below_it(n_bins):
    edges = np.arange(n_bins + 1) / n_bins
    assert reliability_bins(edges[1:], np.ones(n_bins), n_bins=n_bins).count.tolist() == [1] * n_bins
    above = np.nextafter(edges[:-1], 1)
    assert reliability_bins(above, np.ones(n_bins), n_bins=n_bins).count.tolist() == [1] * n_bins


@pytest.mark.parametrize("binning", ["width", "mass"])
def test_confidence_zero_is_in_the_first_bin_and_one_in_the_last(binning):
    count = reliability_bins(np.array([0.0, 0.25, 0.75, 1.0]), np.ones(4), n_bins=2, binning=binning).count
    assert count.tolist() == [2, 2]


def test_torchmetrics_opens_a_hidden_extra_bin_at_confidence_one():
    p, y = torch.tensor([[1.0, 0.0], [0.96, 0.04], [0.96, 0.04]]), torch.tensor([1, 0, 0])
    one_bin = abs(2 / 3 - (1 + 2 * 0.96) / 3)  # all three lie in (0.9, 1]
    two_bins = 1 / 3 * abs(0 - 1) + 2 / 3 * abs(1 - 0.96)
    assert expected_calibration_error(p, y, n_bins=10) == pytest.approx(one_bin)
    assert float(MulticlassCalibrationError(2, n_bins=10)(p, y)) == pytest.approx(two_bins)


def test_empty_bins_are_nan_without_a_warning_and_skipped():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bins = reliability_bins(np.array([0.55, 0.95]), np.array([1, 0]), n_bins=10)
        score = expected_calibration_error(np.array([[0.55, 0.45], [0.95, 0.05]]), np.array([0, 1]), n_bins=10)
    empty = bins.count == 0
    assert empty.sum() == 8
    assert (np.isnan(bins.accuracy) == empty).all()
    assert (np.isnan(bins.confidence) == empty).all()
    assert score == pytest.approx((0.45 + 0.95) / 2)


def test_mass_bins_hold_equal_counts_when_no_confidences_are_equal():
    unequal = []
    for n in range(1, 121):
        confidence = np.random.default_rng(n).permutation((np.arange(n) + 0.5) / n)
        for n_bins in (b for b in range(1, n + 1) if n % b == 0):
            count = reliability_bins(confidence, np.ones(n), n_bins=n_bins, binning="mass").count
            if count.tolist() != [n // n_bins] * n_bins:
                unequal.append((n, n_bins))
    assert not unequal


def test_mass_bins_differ_by_at_most_one_example_when_n_is_no_multiple():
    confidence = np.random.default_rng(0).random(1000)
    count = reliability_bins(confidence, np.ones(1000), binning="mass").count
    assert len(count) == 15
    assert count.max() - count.min() <= 1


def test_mass_bins_never_part_equal_confidences():
    confidence = np.array([0.3, 0.3, 0.3, 0.6, 0.7, 0.8])
    assert reliability_bins(confidence, np.ones(6), n_bins=3, binning="mass").count.tolist() == [3, 1, 2]
    few = reliability_bins(np.array([0.4] * 9 + [0.9]), np.ones(10), n_bins=5, binning="mass")
    assert few.count.tolist() == [9, 1]


@pytest.mark.parametrize("confidence", [[0.3, 0.9, 0.9, 0.9], [0.5, 0.5], [0.7]])
def test_mass_bins_are_never_empty(confidence):
    bins = reliability_bins(np.array(confidence), np.ones(len(confidence)), n_bins=3, binning="mass")
    assert bins.count.min() > 0
    assert bins.count.sum() == len(confidence)


@pytest.mark.parametrize("binning", ["width", "mass"])
def test_bins_cover_zero_to_one_and_lose_nobody(binning):
    bins = reliability_bins(np.random.default_rng(0).random(100), np.ones(100), binning=binning)
    assert (bins.edges[0], bins.edges[-1]) == (0, 1)
    assert (np.diff(bins.edges) > 0).all()
    assert bins.count.sum() == 100
    assert len(bins.edges) == len(bins.count) + 1


# ------------------------------------------------------------------ expected calibration error


@pytest.mark.parametrize(
    ("norm", "expected"), [("l1", 0.5 * 0.1 + 0.5 * 0.1), ("l2", np.sqrt(0.5 * 0.1**2 + 0.5 * 0.1**2)), ("max", 0.1)], ids=["l1", "l2", "max"]
)
def test_ece_by_hand_of_two_equal_gaps(norm, expected):
    assert expected_calibration_error(PROBS, TARGET, norm=norm) == pytest.approx(expected)


@pytest.mark.parametrize(("norm", "expected"), [("l1", 0.75 * 0.1 + 0.25 * 0.4), ("l2", np.sqrt(0.75 * 0.1**2 + 0.25 * 0.4**2)), ("max", 0.4)])
def test_ece_by_hand_weighs_bins_by_their_size(norm, expected):
    probs = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    assert expected_calibration_error(probs, np.zeros(4, int), norm=norm) == pytest.approx(expected)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_bins", [5, 15])
def test_ece_agrees_with_torchmetrics(norm, seed, n_bins):
    _, p, y = forecast(seed, calibrated=True)  # gaps of both signs: with one sign the bins would not matter
    assert p.max() < 1
    peer = MulticlassCalibrationError(10, n_bins=n_bins, norm=norm)(torch.from_numpy(p), torch.from_numpy(y))
    assert expected_calibration_error(p, y, n_bins=n_bins, norm=norm) == pytest.approx(float(peer), abs=1e-6)


def test_mass_binning_changes_the_score_and_follows_its_bins():
    _, p, y = forecast(calibrated=True)
    bins = reliability_bins(p.max(1), p.argmax(1) == y, binning="mass")
    expected = (bins.count / 500) @ np.abs(bins.accuracy - bins.confidence)
    assert expected_calibration_error(p, y, binning="mass") == pytest.approx(expected)
    assert expected_calibration_error(p, y, binning="mass") != expected_calibration_error(p, y)


def test_debias_by_hand():
    probs = np.array([[0.8, 0.2]] * 4)
    biased = 0.3**2
    assert expected_calibration_error(probs, np.array([0, 0, 1, 1]), norm="l2", debias=True) == pytest.approx(np.sqrt(biased - 0.25 / 3))


def test_debias_leaves_out_a_bin_of_one_example_and_never_goes_below_zero():
    assert expected_calibration_error(np.array([[0.8, 0.2]]), np.array([1]), norm="l2", debias=True) == 0
    assert expected_calibration_error(np.array([[0.5, 0.5]] * 2), np.array([0, 1]), norm="l2", debias=True) == 0


def test_debias_lowers_the_l2_error_of_a_calibrated_model():
    for seed in range(5):
        _, p, y = forecast(seed, n=1000, calibrated=True)
        assert expected_calibration_error(p, y, norm="l2", debias=True) < expected_calibration_error(p, y, norm="l2")


@pytest.mark.parametrize("norm", ["l1", "max"])
def test_debias_needs_the_l2_norm(norm):
    with pytest.raises(ValueError, match="debias"):
        expected_calibration_error(PROBS, TARGET, norm=norm, debias=True)


def test_a_perfectly_calibrated_model_scores_above_zero_and_less_with_more_examples():
    few, many = ([expected_calibration_error(*forecast(seed, n, calibrated=True)[1:]) for seed in range(10)] for n in (100, 10_000))
    assert min(few) > 0
    assert max(many) < min(few)
    assert 0.03 < np.mean(few) < 0.15


def test_of_equal_probabilities_the_first_is_the_prediction():
    assert expected_calibration_error(np.array([[0.5, 0.5]]), np.array([0])) == 0.5
    assert expected_calibration_error(np.array([[0.4, 0.4, 0.2]]), np.array([1])) == pytest.approx(0.4)


def test_a_float32_probability_one_rounding_step_above_one_is_taken_as_one():
    p = torch.tensor([[np.nextafter(np.float32(1), np.float32(2)), 0.0]])
    assert expected_calibration_error(p, torch.tensor([0])) == 0


# ------------------------------------------------------------------ kinds


def test_numpy_in_gives_arrays_out_and_tensors_in_tensors_out():
    confidence, correct = np.array([0.2, 0.7]), np.array([True, False])
    from_numpy = reliability_bins(confidence, correct, n_bins=2)
    from_torch = reliability_bins(torch.from_numpy(confidence), torch.from_numpy(correct), n_bins=2)
    assert all(isinstance(column, np.ndarray) for column in from_numpy)
    assert all(isinstance(column, torch.Tensor) for column in from_torch)
    for a, b in zip(from_numpy, from_torch, strict=True):
        np.testing.assert_array_equal(a, b.numpy())


@pytest.mark.parametrize("score", [negative_log_likelihood, brier_score, expected_calibration_error])
def test_scores_are_python_floats_equal_for_arrays_and_tensors(score):
    z, p, y = forecast()
    first = z if score is negative_log_likelihood else p
    from_numpy, from_torch = score(first, y), score(torch.from_numpy(first).requires_grad_(), torch.from_numpy(y))
    assert type(from_numpy) is type(from_torch) is float
    assert from_numpy == from_torch


@pytest.mark.parametrize("score", [brier_score, expected_calibration_error])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_probabilities_are_taken(score, dtype):
    z, p, y = forecast()
    half = torch.softmax(torch.from_numpy(z).to(dtype), -1)
    assert score(half, torch.from_numpy(y)) == pytest.approx(score(p, y), abs=0.02)


# ------------------------------------------------------------------ narrow dtypes and odd arrays

NARROW = {
    "float32 tensor": lambda p: torch.from_numpy(p).float(),
    "float32 array": lambda p: p.astype(np.float32),
    "float16": lambda p: torch.from_numpy(p).half(),
    "bfloat16": lambda p: torch.from_numpy(p).bfloat16(),
    "float16 array": lambda p: p.astype(np.float16),
}
each_narrow = pytest.mark.parametrize("narrow", NARROW.values(), ids=NARROW.keys())


def to_list(values):
    return [float(v) for v in values]


@each_narrow
@pytest.mark.parametrize("n_bins", [1, 3, 10, 15, 100, 300])
def test_narrow_confidences_are_binned_by_the_real_edges(narrow, n_bins):
    near = narrow(np.arange(1, n_bins + 1) / n_bins)  # each k / n_bins rounded to the dtype: on the edge, below or above it
    places = [max(math.ceil(Fraction(v) * n_bins) - 1, 0) for v in to_list(near)]
    bins = reliability_bins(near, np.ones(n_bins), n_bins=n_bins)
    assert bins.count.tolist() == np.bincount(places, minlength=n_bins).tolist()


def test_float32_of_three_tenths_is_above_the_edge_and_of_seven_tenths_below_it():
    confidence = np.array([0.3, 0.7], np.float32)  # 0.300000012 and 0.699999988
    assert np.flatnonzero(reliability_bins(confidence, np.ones(2), n_bins=10).count).tolist() == [3, 6]
    assert np.flatnonzero(reliability_bins(confidence.astype(float), np.ones(2), n_bins=10).count).tolist() == [3, 6]
    assert np.flatnonzero(reliability_bins(np.array([0.3, 0.7]), np.ones(2), n_bins=10).count).tolist() == [2, 6]


@pytest.mark.parametrize("kind", [torch.from_numpy, lambda p: p])
def test_ece_of_float32_parts_what_lies_on_two_sides_of_the_real_edge(kind):
    rows = np.array([[0.3, 0.25, 0.25, 0.2], [0.29, 0.25, 0.25, 0.21]])
    target = kind(np.array([0, 3]))
    in_two_bins, in_one_bin = (abs(1 - 0.3) + abs(0 - 0.29)) / 2, abs(0.5 - 0.295)
    assert expected_calibration_error(kind(rows.astype(np.float32)), target, n_bins=10) == pytest.approx(in_two_bins)
    assert expected_calibration_error(kind(rows), target, n_bins=10) == pytest.approx(in_one_bin)
    assert classwise_ece(kind(rows.astype(np.float32)), target, n_bins=10).per_class.tolist()[0] == pytest.approx(in_two_bins)
    assert classwise_ece(kind(rows), target, n_bins=10).per_class.tolist()[0] == pytest.approx(in_one_bin)


@each_narrow
@pytest.mark.parametrize("options", [{}, {"n_bins": 10}, {"binning": "mass"}, {"norm": "l2", "debias": True}, {"norm": "max"}], ids=str)
def test_ece_of_narrow_probabilities_is_that_of_the_same_numbers_in_float64(narrow, options):
    _, p, y = forecast(calibrated=True)
    given = narrow(p)
    wide = given.double() if isinstance(given, torch.Tensor) else given.astype(float)
    assert expected_calibration_error(given, y, **options) == pytest.approx(expected_calibration_error(wide, y, **options), rel=1e-12)


PROBABILITY_SCORES = {
    "brier_score": brier_score,
    "expected_calibration_error": expected_calibration_error,
    "mass": lambda p, y: expected_calibration_error(p, y, binning="mass"),
    "classwise_ece": lambda p, y: classwise_ece(p, y).mean,
    "brier_decomposition": brier_decomposition,
    "negative_log_likelihood": lambda p, y: negative_log_likelihood(torch.as_tensor(p).log(), y),
    "fit_temperature": lambda p, y: fit_temperature(p, y),
}
each_score = pytest.mark.parametrize("score", PROBABILITY_SCORES.values(), ids=PROBABILITY_SCORES.keys())


@pytest.mark.parametrize("score", [v for k, v in PROBABILITY_SCORES.items() if k != "negative_log_likelihood"])
def test_read_only_and_reversed_arrays_are_taken_without_a_warning_and_left_alone(score):
    _, p, y = forecast(calibrated=True)
    fixed, labels = p.copy(), y.copy()
    fixed.flags.writeable = labels.flags.writeable = False
    expected = score(p, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        views = [
            (fixed, labels),
            (np.ascontiguousarray(p[::-1])[::-1], np.ascontiguousarray(y[::-1])[::-1]),
            (np.ascontiguousarray(p[:, ::-1])[:, ::-1], np.repeat(y, 2)[::2]),
            (p.astype(">f8"), y.astype(np.uint8)),
            (np.asfortranarray(p), y.astype(">i4")),
        ]
        for view in views:
            assert score(*view) == pytest.approx(expected, rel=1e-12)
    assert (fixed == p).all()
    assert (labels == y).all()


@each_score
@pytest.mark.parametrize("layout", ["rows", "columns", "one row"])
def test_a_metric_leaves_its_tensor_alone_and_the_graph_behind_it_usable(score, layout):
    _, z, y = forecast(calibrated=True)
    z, y = (z[:1], 1 - y[:1].clip(0, 1)) if layout == "one row" else (z, y)
    logits = torch.from_numpy(z).float().requires_grad_()
    probs = torch.softmax(logits.T, 0).T if layout == "columns" else torch.softmax(logits, 1)
    before = probs.detach().clone()
    try:
        score(probs, torch.from_numpy(y))
    except ValueError:
        assert score is fit_temperature or layout == "one row"
    assert torch.equal(probs, before)
    probs.log().sum().backward()
    assert logits.grad is not None


@each_score
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_tensors_made_in_inference_mode_are_taken(score, layout):
    _, p, y = forecast(calibrated=True)
    with torch.inference_mode():
        probs = torch.from_numpy(p).float().T.contiguous().T if layout == "columns" else torch.from_numpy(p).float()
    score(probs, torch.from_numpy(y))


# ------------------------------------------------------------------ classwise calibration error


def test_classwise_ece_by_hand():
    probs, target = np.array([[0.7, 0.2, 0.1], [0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.5, 0.5, 0.0]]), np.array([0, 1, 1, 2])
    per_class, mean = classwise_ece(probs, target, n_bins=2)
    first = (2 * abs(0.6 - 0) + 2 * abs(1.4 - 1)) / 2 / 4  # (0.1, 0.5) right 0 of 2; (0.7, 0.7) right 1 of 2
    second = (3 * abs(0.8 - 1) / 3 + 1 * abs(0.6 - 1)) / 4  # (0.2, 0.1, 0.5) right 1 of 3; 0.6 right
    third = 4 * abs(0.6 - 1) / 4 / 4  # all four in the first bin, one right
    assert per_class.tolist() == pytest.approx([first, second, third])
    assert mean == pytest.approx((first + second + third) / 3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_bins", [5, 15])
def test_classwise_ece_is_torchmetrics_binary_one_of_each_class_against_the_rest(seed, n_bins):
    _, p, y = forecast(seed, calibrated=True)
    assert 0 < p.min() < p.max() < 1
    per_class, mean = classwise_ece(p, y, n_bins=n_bins)
    peers = [float(BinaryCalibrationError(n_bins=n_bins)(torch.from_numpy(p[:, k]), torch.from_numpy(y == k))) for k in range(10)]
    assert per_class.tolist() == pytest.approx(peers, abs=1e-6)
    assert mean == pytest.approx(np.mean(peers), abs=1e-6)


def test_classwise_ece_puts_probability_one_into_the_last_bin_where_torchmetrics_opens_another():
    p, y = np.array([[1.0, 0.0], [0.96, 0.04], [0.96, 0.04]]), np.array([1, 0, 0])
    one_bin, two_bins = abs(2 / 3 - (1 + 2 * 0.96) / 3), 1 / 3 * 1 + 2 / 3 * 0.04
    assert classwise_ece(p, y, n_bins=10).per_class.tolist() == pytest.approx([one_bin, one_bin])
    assert float(BinaryCalibrationError(n_bins=10)(torch.from_numpy(p[:, 0]), torch.from_numpy(y == 0))) == pytest.approx(two_bins)


@pytest.mark.parametrize("n_bins", [1, 7, 15])
def test_classwise_ece_follows_the_bins_of_each_column(n_bins):
    _, p, y = forecast(c=4, calibrated=True)
    for k, error in enumerate(classwise_ece(p, y, n_bins=n_bins).per_class):
        bins = reliability_bins(p[:, k], y == k, n_bins=n_bins)
        assert error == pytest.approx(np.nansum(bins.count * np.abs(bins.accuracy - bins.confidence)) / 500)
    assert classwise_ece(p, y, n_bins=1).per_class.tolist() == pytest.approx(np.abs(p.mean(0) - np.eye(4)[y].mean(0)).tolist())


def test_classwise_ece_of_two_classes_is_the_same_for_both_and_of_renamed_classes_the_same():
    _, p, y = forecast(c=2, calibrated=True)
    assert classwise_ece(p, y).per_class[0] == pytest.approx(classwise_ece(p, y).per_class[1])
    _, p, y = forecast(c=5, calibrated=True)
    order = np.array([3, 0, 4, 1, 2])
    renamed = classwise_ece(p[:, order], np.argsort(order)[y])
    assert renamed.per_class == pytest.approx(classwise_ece(p, y).per_class[order])


def test_classwise_ece_of_certain_predictions_and_of_one_row():
    eye = np.eye(3)
    assert classwise_ece(eye, np.arange(3)).per_class.tolist() == [0, 0, 0]
    assert classwise_ece(eye, np.array([1, 2, 0])).per_class.tolist() == pytest.approx([2 / 3] * 3), "one 1 is wrong, one 0 too"
    assert classwise_ece(np.array([[0.5, 0.3, 0.2]]), np.array([1])).per_class.tolist() == pytest.approx([0.5, 0.7, 0.2])


def test_classwise_ece_sees_what_the_error_of_the_predicted_class_does_not():
    probs, target = np.array([[0.5, 0.3, 0.2]] * 10), np.array([0] * 5 + [1] * 1 + [2] * 4)
    assert expected_calibration_error(probs, target) == 0
    assert classwise_ece(probs, target).per_class.tolist() == pytest.approx([0, 0.2, 0.2])


def test_classwise_ece_is_of_the_kind_of_the_probabilities():
    _, p, y = forecast(c=3)
    from_numpy, from_torch = classwise_ece(p, torch.from_numpy(y)), classwise_ece(torch.from_numpy(p).requires_grad_(), y)
    assert from_numpy._fields == ("per_class", "mean")
    assert isinstance(from_numpy.per_class, np.ndarray)
    assert isinstance(from_torch.per_class, torch.Tensor)
    assert type(from_numpy.mean) is type(from_torch.mean) is float
    assert from_numpy.per_class.tolist() == from_torch.per_class.tolist()


def test_classwise_ece_does_not_alter_a_tensor_whose_columns_lie_together():
    above_one = torch.tensor([[float(np.nextafter(np.float32(1), np.float32(2))), 0.0]])
    before = above_one.clone()
    assert classwise_ece(above_one, torch.tensor([0])).mean == 0
    assert torch.equal(above_one, before)


# ------------------------------------------------------------------ decomposition of the Brier score


def test_brier_decomposition_by_hand():
    probs, target = np.array([[0.8, 0.2]] * 4 + [[0.4, 0.6]] * 2), np.array([0, 0, 0, 1, 1, 1])
    observed, base = np.array([[0.75, 0.25], [0.0, 1.0]]), 0.5
    parts = brier_decomposition(probs, target)
    assert parts._fields == ("reliability", "resolution", "uncertainty")
    assert parts.reliability == pytest.approx((4 * 2 * 0.05**2 + 2 * 2 * 0.4**2) / 6)
    assert parts.resolution == pytest.approx((4 * np.square(observed[0] - base).sum() + 2 * np.square(observed[1] - base).sum()) / 6)
    assert parts.uncertainty == pytest.approx(2 * 0.5 * 0.5)


@st.composite
def grouped_forecasts(draw):
    """Few different rows, often repeated, of whole numbers over their sum."""
    n, c = draw(st.integers(1, 8)), draw(st.integers(2, 4))
    kinds = draw(arrays(np.int64, (3, c), elements=st.integers(0, 4)))
    kinds[:, 0] += kinds.sum(1) == 0
    rows = draw(arrays(np.int64, n, elements=st.integers(0, 2)))
    return kinds[rows], draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))


@given(grouped_forecasts())
def test_brier_decomposition_is_that_of_exact_fractions_group_by_group(case):
    counts, target = case
    n, c = counts.shape
    forecasts = [tuple(Fraction(int(v), int(row.sum())) for v in row) for row in counts]
    onehot = [[int(k == y) for k in range(c)] for y in target]
    base = [Fraction(sum(column), n) for column in zip(*onehot, strict=True)]
    reliability = resolution = Fraction(0)
    for forecast_row in set(forecasts):
        group = [label for row, label in zip(forecasts, onehot, strict=True) if row == forecast_row]
        observed = [Fraction(sum(column), len(group)) for column in zip(*group, strict=True)]
        reliability += len(group) * sum((p - o) ** 2 for p, o in zip(forecast_row, observed, strict=True)) / n
        resolution += len(group) * sum((o - b) ** 2 for o, b in zip(observed, base, strict=True)) / n
    uncertainty = sum(b * (1 - b) for b in base)
    score = sum((p - o) ** 2 for row, label in zip(forecasts, onehot, strict=True) for p, o in zip(row, label, strict=True)) / n
    assert reliability - resolution + uncertainty == score
    probs = counts / counts.sum(1, keepdims=True)
    assert brier_decomposition(probs, target) == pytest.approx([float(part) for part in (reliability, resolution, uncertainty)], abs=1e-14)
    assert brier_score(probs, target) == pytest.approx(float(score), abs=1e-14)


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_the_parts_give_the_brier_score_exactly_whatever_the_groups(decimals):
    _, p, y = forecast(c=4, calibrated=True)
    rounded = p.round(decimals)
    rounded[:, 0] += 1 - rounded.sum(1)
    rounded = rounded.clip(0)
    rounded /= rounded.sum(1, keepdims=True)
    reliability, resolution, uncertainty = brier_decomposition(rounded, y)
    assert reliability - resolution + uncertainty == pytest.approx(brier_score(rounded, y), rel=1e-12)
    assert len(np.unique(rounded, axis=0)) < 500 or decimals == 2
    assert resolution <= uncertainty + 1e-12


def test_rows_that_all_differ_leave_nothing_to_group():
    _, p, y = forecast()
    reliability, resolution, uncertainty = brier_decomposition(p, y)
    assert reliability == pytest.approx(brier_score(p, y))
    assert resolution == pytest.approx(uncertainty)


def test_the_base_rate_resolves_nothing_and_a_perfect_forecast_everything():
    target = np.array([0, 0, 0, 1])
    assert brier_decomposition(np.array([[0.75, 0.25]] * 4), target) == pytest.approx([0, 0, 2 * 0.75 * 0.25])
    assert brier_decomposition(np.eye(2)[target], target) == pytest.approx([0, 2 * 0.75 * 0.25, 2 * 0.75 * 0.25])
    assert brier_decomposition(np.eye(2)[1 - target], target) == pytest.approx([2, 2 * 0.75 * 0.25, 2 * 0.75 * 0.25])
    assert brier_decomposition(np.array([[0.3, 0.7]]), np.array([0])) == pytest.approx([2 * 0.7**2, 0, 0])


def test_brier_decomposition_groups_equal_rows_wherever_they_stand_and_minus_zero_with_zero():
    probs, target = np.array([[1.0, 0.0], [0.5, 0.5], [1.0, -0.0], [0.5, 0.5]]), np.array([0, 0, 1, 0])
    assert brier_decomposition(probs, target) == pytest.approx([0.5, (2 * 2 * 0.25**2 + 2 * 2 * 0.25**2) / 4, 2 * 0.75 * 0.25])


@pytest.mark.parametrize("narrow", [lambda p: torch.from_numpy(p).float(), lambda p: torch.from_numpy(p).bfloat16(), lambda p: p.astype(np.float16)])
def test_brier_decomposition_gives_python_floats_that_add_up_for_narrow_rows_too(narrow):
    _, p, y = forecast(c=3)
    given = narrow(p.round(1) / p.round(1).sum(1, keepdims=True))
    parts = brier_decomposition(given, y)
    assert all(type(part) is float for part in parts)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(brier_score(given, y), rel=1e-12)


# ------------------------------------------------------------------ temperature scaling


def overconfident(seed=0, n=400, c=5, factor=2.4):
    """Logits `factor` times too large for the labels drawn from them."""
    rng = np.random.default_rng(seed)
    z = 1.5 * rng.standard_normal((n, c))
    y = (z + rng.gumbel(size=z.shape)).argmax(1)
    return factor * z, y


def nll_at(z, y, temperature):
    return float(np.mean(logsumexp(z / temperature, axis=1) - z[np.arange(len(y)), y] / temperature))


def least_by_scipy(z, y):
    result = minimize_scalar(lambda log_t: nll_at(z, y, math.exp(log_t)), bounds=(-6, 12), method="bounded", options={"xatol": 1e-12})
    return math.exp(result.x)


@pytest.mark.parametrize("confidence", [0.55, 0.75, 0.99])
def test_fitted_temperature_by_hand_makes_the_confidence_the_accuracy(confidence):
    z = np.array([[2.0, 0.0]] * 100)
    y = (np.arange(100) >= round(100 * confidence)).astype(int)
    assert fit_temperature(z, y) == pytest.approx(2 / math.log(confidence / (1 - confidence)), rel=1e-10)


def test_a_calibrated_model_keeps_temperature_one():
    z = np.log(np.array([[0.75, 0.25]] * 4 + [[0.2, 0.8]] * 5))
    assert fit_temperature(z, np.array([0, 0, 0, 1, 1, 1, 1, 1, 0])) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [0.2, 1.0, 2.4, 50.0])
def test_fitted_temperature_is_scipys_minimum_over_log_t(seed, factor):
    z, y = overconfident(seed, factor=factor)
    fitted, peer = fit_temperature(z, y), least_by_scipy(z, y)
    assert fitted == pytest.approx(peer, rel=1e-6)
    assert nll_at(z, y, fitted) <= nll_at(z, y, peer) + 1e-14
    assert fitted == pytest.approx(factor, rel=0.25)


def test_at_the_fitted_temperature_the_slope_of_the_nll_is_zero_to_the_last_digits():
    z, y = overconfident()
    p = softmax(z / fit_temperature(z, y), axis=1)
    assert (p * z).sum(1).mean() == pytest.approx(z[np.arange(len(y)), y].mean(), rel=1e-12)


def test_the_much_copied_lbfgs_stops_short_of_the_fitted_temperature():
    z, y = overconfident(n=500)
    logits, target = torch.from_numpy(z).float(), torch.from_numpy(y)
    temperature = torch.tensor([1.5], requires_grad=True)
    optimizer = torch.optim.LBFGS([temperature], lr=0.01, max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(logits / temperature, target)
        loss.backward()
        return loss

    optimizer.step(closure)
    fitted = fit_temperature(z, y)
    assert 1.5 < float(temperature.detach()) < fitted - 0.2
    assert nll_at(z, y, fitted) < nll_at(z, y, float(temperature.detach()))


@st.composite
def fittable(draw):
    n, c = draw(st.integers(2, 6)), draw(st.integers(2, 4))
    z = draw(arrays(np.float64, (n, c), elements=st.integers(-8, 8).map(float)))
    return z, draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))


@given(fittable())
def test_a_fitted_temperature_is_the_minimum_and_only_its_two_limits_are_refused(case):
    z, y = case
    label = z[np.arange(len(y)), y]
    separable, chance = (label == z.max(1)).all(), Fraction(int(label.sum())) <= Fraction(int(z.sum()), z.shape[1])
    if separable or chance:
        with pytest.raises(ValueError, match=r"logits: expected .* got"):
            fit_temperature(z, y)
    else:
        fitted = fit_temperature(z, y)
        assert all(nll_at(z, y, fitted) <= nll_at(z, y, other * fitted) + 1e-12 for other in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


@pytest.mark.parametrize("factor", [1e-10, 1e-3, 7.0, 1e4, 1e10, 1e15])
def test_the_temperature_grows_with_the_logits(factor):
    z, y = overconfident()
    assert fit_temperature(factor * z, y) == pytest.approx(factor * fit_temperature(z, y), rel=1e-10)


@pytest.mark.parametrize("factor", [1e-200, 1e-30, 1e30, 1e200])
def test_the_temperature_grows_with_the_logits_beyond_all_bounds(factor):
    z, y = overconfident()
    assert fit_temperature(factor * z, y) == pytest.approx(factor * fit_temperature(z, y), rel=1e-10)


def test_a_constant_added_to_each_row_or_rows_doubled_change_no_temperature():
    z, y = overconfident()
    moved = z + np.random.default_rng(1).normal(0, 100, (len(z), 1))
    assert fit_temperature(moved, y) == pytest.approx(fit_temperature(z, y), rel=1e-10)
    assert fit_temperature(np.tile(z, (3, 1)), np.tile(y, 3)) == pytest.approx(fit_temperature(z, y), rel=1e-12)


@pytest.mark.parametrize("factor", [0.2, 50.0])
def test_dividing_by_the_temperature_never_changes_a_prediction(factor):
    z, y = overconfident(factor=factor)
    assert ((z / fit_temperature(z, y)).argmax(1) == z.argmax(1)).all()


@pytest.mark.parametrize("gap", [1e-12, 1e-3, 1.0, 1e4, 1e300])
def test_where_every_prediction_is_right_no_temperature_is_best(gap):
    z = gap * np.eye(3)
    with pytest.raises(ValueError, match=r"logits: expected some wrong predictions, got none.*T -> 0"):
        fit_temperature(z, np.arange(3))
    with pytest.raises(ValueError, match=r"logits: expected .* got"):
        fit_temperature(-z, np.arange(3))


def test_one_wrong_prediction_among_many_is_enough_for_a_temperature():
    z, y = 10 * np.eye(2)[np.arange(1000) % 2], np.arange(1000) % 2
    y[0] = 1
    assert fit_temperature(z, y) == pytest.approx(10 / math.log(999), rel=1e-10)


def test_logits_worse_than_chance_are_refused():
    z, y = overconfident()
    with pytest.raises(ValueError, match=r"logits: expected logits better than chance.*T -> infinity"):
        fit_temperature(-z, y)


@pytest.mark.parametrize("scale", [1.0, 10.0])
@pytest.mark.parametrize("seed", range(8))
def test_logits_exactly_at_chance_are_refused(scale, seed):
    row = scale * np.random.default_rng(seed).standard_normal(5)
    with pytest.raises(ValueError, match=r"logits: expected logits better than chance"):
        fit_temperature(np.tile(row, (5, 1)), np.arange(5))  # each label once: the mean logit of the labels is the mean logit


@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_logits_that_are_all_equal_fit_no_temperature(value):
    with pytest.raises(ValueError, match=r"logits: expected .* got"):
        fit_temperature(np.full((3, 2), value), np.array([0, 1, 1]))


def test_a_label_tied_with_the_largest_logit_is_no_wrong_prediction_for_the_limit():
    with pytest.raises(ValueError, match=r"T -> 0"):
        fit_temperature(np.array([[1.0, 1.0, 0.0]] * 3), np.array([0, 1, 1]))
    z, y = np.array([[1.0, 1.0, 0.0]] * 4), np.array([0, 1, 1, 2])
    assert fit_temperature(z, y) == pytest.approx(1 / math.log(1.5), rel=1e-10), "3 in 4 on two classes: e^(1/T) = (3/8) / (1/4)"


def test_a_label_of_probability_zero_is_refused_and_an_impossible_class_is_as_if_not_there():
    z, y = overconfident()
    wide = np.pad(z, ((0, 0), (0, 1)), constant_values=-np.inf)
    assert fit_temperature(wide, y) == pytest.approx(fit_temperature(z, y), rel=1e-12)
    some = z.copy()
    some[np.arange(len(y)), (y + 1) % 5] = -np.inf
    with np.errstate(invalid="ignore"):
        assert fit_temperature(some, y) == pytest.approx(least_by_scipy(some, y), rel=1e-6)
    with pytest.raises(ValueError, match=r"logits: expected a finite logit for each label, got -inf"):
        fit_temperature(wide, np.where(np.arange(len(y)) == 7, 5, y))


def test_huge_and_tiny_logits_together_end_with_the_minimum():
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, -1e4], [1e-4, -1e-4]])
    y = np.array([0, 1, 1, 0])
    fitted = fit_temperature(z, y)
    assert all(nll_at(z, y, fitted) <= nll_at(z, y, other * fitted) for other in (0.9, 0.999, 1.001, 1.1))
    assert 1e4 < fitted < 1e5


@each_narrow
def test_fitted_temperature_of_narrow_logits_is_that_of_the_same_numbers_in_float64(narrow):
    z, y = overconfident()
    given = narrow(z)
    wide = given.double() if isinstance(given, torch.Tensor) else given.astype(float)
    assert type(fit_temperature(given, y)) is float
    assert fit_temperature(given, y) == fit_temperature(wide, y)


# ------------------------------------------------------------------ refused by all three

REST = {"classwise_ece": classwise_ece, "brier_decomposition": brier_decomposition, "fit_temperature": fit_temperature}
each_rest = pytest.mark.parametrize("function", REST.values(), ids=REST.keys())


@each_rest
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_with_their_row(function, bad):
    _, p, y = forecast()
    p[3, 1] = bad
    for wrong in (p, torch.from_numpy(p)):
        with pytest.raises(ValueError, match=r"expected no NaN and no infinity, got 1 such row\(s\), first row 3"):
            function(wrong, y)


@each_rest
def test_labels_out_of_range_or_of_another_length_are_refused(function):
    _, p, y = forecast()
    for wrong in (y + 1, y - 1, y[1:], y + 0.5, y[:, None], y.tolist()):
        with pytest.raises(ValueError, match=r"target: expected .* got"):
            function(p, wrong)


@pytest.mark.parametrize("function", [classwise_ece, brier_decomposition])
def test_rows_that_are_no_probabilities_are_refused(function):
    z, p, y = forecast()
    for wrong in (z, 2 * p, p[0], p[:, :1] / p[:, :1], p[:0], p.tolist()):
        with pytest.raises(ValueError, match=r"probs: expected .* got"):
            function(wrong, y)


@pytest.mark.parametrize("n_bins", [0, -1, 1.5, True, "3"])
def test_classwise_ece_needs_a_whole_number_of_bins(n_bins):
    with pytest.raises(ValueError, match=r"n_bins: expected .* got"):
        classwise_ece(PROBS, TARGET, n_bins=n_bins)
