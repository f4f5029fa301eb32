"""Proper scores and calibration against hand values, torchmetrics and scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn.metrics
import torch
from torchmetrics.classification import MulticlassCalibrationError

from kdtutor.calibration import brier_score, expected_calibration_error, negative_log_likelihood, reliability_bins

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
