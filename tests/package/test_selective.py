"""Risk against coverage and AUROC: hand values, every order of ties, every pair of scores, scikit-learn."""

import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdtutor.selective import aurc, auroc, excess_aurc, risk_coverage_curve

INF, NAN = math.inf, math.nan


def ranking(seed=0, n=200, levels=None):
    """Confidences, in `levels` steps if given, and errors that are rarer where confidence is high."""
    rng = np.random.default_rng(seed)
    confidence = rng.random(n) if levels is None else rng.integers(0, levels, n) / levels
    return confidence, (rng.random(n) > confidence).astype(float)


def mean_risks_over_all_orders(confidence, error):
    """Exact mean of the risk curves over each order of the rows that puts no higher confidence behind a lower one."""
    curves = []
    for order in itertools.permutations(range(len(confidence))):
        if all(confidence[a] >= confidence[b] for a, b in itertools.pairwise(order)):
            sums = itertools.accumulate(Fraction(error[i]) for i in order)
            curves.append([total / k for k, total in enumerate(sums, start=1)])
    return [sum(column) / len(curves) for column in zip(*curves, strict=True)]


def rows(errors):
    return st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.50001, 2.0]), errors), min_size=1, max_size=5)


any_loss = rows(st.sampled_from([0.0, 0.25, 1.0, 3.0]))


def columns(pairs):
    return tuple(np.array(column, dtype=float) for column in zip(*pairs, strict=True))


# ------------------------------------------------------------------ risk-coverage curve


def test_curve_by_hand():
    coverage, risk = risk_coverage_curve(np.array([0.2, 0.9, 0.6, 0.8]), np.array([1, 0, 0, 1]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4]), "errors by falling confidence: 0, 1, 0, 1"


def test_ties_by_hand_are_the_mean_of_their_orders():
    risk = risk_coverage_curve(np.array([0.9, 0.5, 0.5]), np.array([0, 1, 0])).risk
    assert risk.tolist() == pytest.approx([0, (1 / 2 + 0) / 2, 1 / 3])
    assert risk_coverage_curve(np.full(4, 0.5), np.array([1, 0, 0, 0])).risk.tolist() == pytest.approx([0.25] * 4)


@given(any_loss)
def test_curve_is_the_mean_over_all_orders_of_ties(pairs):
    confidence, error = columns(pairs)
    exact = [float(risk) for risk in mean_risks_over_all_orders(confidence, error)]
    assert risk_coverage_curve(confidence, error).risk.tolist() == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("levels", [None, 3, 20])
def test_the_order_of_the_rows_never_matters(levels):
    confidence, error = ranking(levels=levels)
    first = risk_coverage_curve(confidence, error).risk
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(confidence))
        np.testing.assert_allclose(risk_coverage_curve(confidence[order], error[order]).risk, first, rtol=1e-12)
    sorted_by_error = np.argsort(error)
    np.testing.assert_allclose(risk_coverage_curve(confidence[sorted_by_error], error[sorted_by_error]).risk, first, rtol=1e-12)


def test_only_the_order_of_confidences_counts():
    confidence, error = ranking(levels=20)
    first = risk_coverage_curve(confidence, error).risk
    for moved in (np.log(confidence + 1), 1e6 * confidence - 3, -np.exp(-confidence)):
        np.testing.assert_allclose(risk_coverage_curve(moved, error).risk, first, rtol=1e-12)


def test_the_last_risk_is_the_plain_error_and_coverage_runs_to_one():
    confidence, error = ranking(levels=7)
    coverage, risk = risk_coverage_curve(confidence, error)
    assert risk[-1] == pytest.approx(error.mean())
    np.testing.assert_allclose(coverage, np.arange(1, 201) / 200)


def test_curve_of_one_example():
    for error in (0.0, 1.0, 2.5):
        curve = risk_coverage_curve(np.array([0.3]), np.array([error]))
        assert (curve.coverage.tolist(), curve.risk.tolist()) == ([1], [error])
        assert (aurc(np.array([0.3]), np.array([error])), excess_aurc(np.array([0.3]), np.array([error]))) == (error, 0)


def test_curve_is_of_the_kind_of_the_confidence():
    confidence, error = ranking()
    from_numpy = risk_coverage_curve(confidence, torch.from_numpy(error))
    from_torch = risk_coverage_curve(torch.from_numpy(confidence).requires_grad_(), error)
    assert from_numpy._fields == ("coverage", "risk")
    for a, b in zip(from_numpy, from_torch, strict=True):
        assert isinstance(a, np.ndarray)
        assert isinstance(b, torch.Tensor)
        assert a.dtype == np.float64
        np.testing.assert_array_equal(a, b.numpy())


# ------------------------------------------------------------------ area under it


def test_aurc_by_hand_is_the_mean_of_n_risks_where_some_peers_take_the_trapezoid():
    confidence, error = np.array([0.9, 0.8, 0.6, 0.2]), np.array([0, 1, 0, 1])
    risks = [0, 1 / 2, 1 / 3, 1 / 2]
    assert aurc(confidence, error) == pytest.approx(sum(risks) / 4)
    trapezoid = sklearn.metrics.auc([0.25, 0.5, 0.75, 1], risks)
    assert trapezoid == pytest.approx((sum(risks) - (risks[0] + risks[-1]) / 2) / 4), "half of the first and the last risk are left out"
    assert aurc(confidence, error) - trapezoid == pytest.approx(0.25 / 4)


@given(any_loss)
def test_aurc_is_the_mean_over_all_orders_of_ties(pairs):
    confidence, error = columns(pairs)
    risks = mean_risks_over_all_orders(confidence, error)
    assert aurc(confidence, error) == pytest.approx(float(sum(risks) / len(risks)), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_aurc_weighs_each_error_by_the_reciprocals_of_its_rank_and_those_behind_it(seed):
    confidence, error = ranking(seed)
    reciprocals = 1 / np.arange(1, 201)
    weights = reciprocals[::-1].cumsum()[::-1]
    assert aurc(confidence, error) == pytest.approx(error[np.argsort(confidence)[::-1]] @ weights / 200, rel=1e-12)


def test_aurc_lies_between_that_of_the_best_and_the_worst_ranking():
    confidence, error = ranking()
    best, worst = aurc(-error, error), aurc(error, error)
    assert best < aurc(confidence, error) < aurc(-confidence, error) < worst
    assert aurc(np.zeros(200), error) == pytest.approx(error.mean())


def test_aurc_scales_with_the_error_and_is_the_constant_of_a_constant_error():
    confidence, error = ranking(levels=9)
    assert aurc(confidence, 7 * error) == pytest.approx(7 * aurc(confidence, error))
    assert aurc(confidence, np.ones(200)) == pytest.approx(1)
    assert aurc(confidence, np.zeros(200)) == 0


# ------------------------------------------------------------------ excess


def test_excess_aurc_by_hand():
    confidence, error = np.array([0.9, 0.8, 0.6, 0.2]), np.array([0, 1, 0, 1])
    of_the_best = (0 + 0 + 1 / 3 + 2 / 4) / 4
    assert excess_aurc(confidence, error) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4 - of_the_best)


@given(any_loss)
def test_excess_aurc_is_aurc_less_the_least_over_all_rankings(pairs):
    confidence, error = columns(pairs)
    least = min(aurc(np.array(order, dtype=float), error) for order in itertools.permutations(range(len(error))))
    assert excess_aurc(confidence, error) == pytest.approx(aurc(confidence, error) - least, abs=1e-12)
    assert excess_aurc(confidence, error) >= 0


@pytest.mark.parametrize("seed", range(5))
def test_excess_aurc_is_zero_for_the_best_ranking_and_positive_for_any_other(seed):
    confidence, error = ranking(seed)
    assert excess_aurc(-error, error) == pytest.approx(0, abs=1e-15)
    assert excess_aurc(confidence, error) > 0.01
    losses = np.random.default_rng(seed).exponential(size=200)
    assert excess_aurc(-losses, losses) == pytest.approx(0, abs=1e-14)
    swapped = -losses
    swapped[[0, 1]] = swapped[[1, 0]]
    assert excess_aurc(swapped, losses) > 1e-6


def test_ties_between_right_and_wrong_cost_something():
    assert excess_aurc(np.array([0.9, 0.9]), np.array([0, 1])) == pytest.approx((1 / 2 + 1 / 2) / 2 - (0 + 1 / 2) / 2)
    assert excess_aurc(np.full(5, 0.9), np.ones(5)) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_the_best_aurc_tends_to_its_formula_for_many_examples(rate):
    def best(n):
        error = (np.arange(n) < round(rate * n)).astype(float)
        return aurc(-error, error)

    limit = rate + (1 - rate) * math.log(1 - rate)
    assert best(100_000) == pytest.approx(limit, rel=1e-3)
    assert abs(best(100) - limit) > 10 * abs(best(100_000) - limit), "not the value of a finite sample"


# ------------------------------------------------------------------ AUROC


def test_auroc_by_hand():
    # pairs (in, out): 0.9 and 0.8 beat both, 0.5 ties with 0.5 and beats 0.4: (2 + 2 + 1.5) / 6
    assert auroc(np.array([0.9, 0.8, 0.5]), np.array([0.5, 0.4])) == pytest.approx(5.5 / 6)
    assert auroc(np.array([0.2]), np.array([0.1])) == 1
    assert auroc(np.array([0.1]), np.array([0.2])) == 0
    assert auroc(np.array([0.1]), np.array([0.1])) == 0.5


@pytest.mark.parametrize("levels", [2, 10, 10**6])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 30), (40, 7), (200, 300)])
def test_auroc_is_scikit_learns_with_the_inside_as_the_positive_class(levels, n, k):
    rng = np.random.default_rng(levels + n)
    inside, outside = rng.integers(0, levels, n) + 0.3 * levels, rng.integers(0, levels, k) * 1.0
    expected = sklearn.metrics.roc_auc_score(np.r_[np.ones(n), np.zeros(k)], np.r_[inside, outside])
    assert auroc(inside, outside) == pytest.approx(expected, rel=1e-12)


scores = st.lists(st.sampled_from([-2.0, 0.0, 1.0, 1.0000001, 5.0]), min_size=1, max_size=6).map(np.array)


@given(scores, scores)
def test_auroc_counts_the_pairs_in_the_right_order_and_half_of_the_ties(inside, outside):
    pairs = [(a > b) + 0.5 * (a == b) for a in inside for b in outside]
    assert auroc(inside, outside) == pytest.approx(np.mean(pairs))
    assert auroc(outside, inside) == pytest.approx(1 - np.mean(pairs))
    assert auroc(-inside, -outside) == pytest.approx(1 - np.mean(pairs))
    assert auroc(np.exp(inside), np.exp(outside)) == auroc(inside, outside)
    assert auroc(inside, inside) == 0.5


def test_auroc_does_not_depend_on_the_shares_of_the_groups():
    inside, outside = np.random.default_rng(0).random(50) + 0.3, np.random.default_rng(1).random(30)
    assert auroc(np.tile(inside, 20), outside) == pytest.approx(auroc(inside, outside), rel=1e-12)


def test_auroc_compares_float32_scores_with_float64_ones_exactly():
    assert auroc(np.array([0.1], np.float32), np.array([0.1])) == 1, "float32(0.1) = 0.100000001..."
    assert auroc(torch.tensor([0.7]), np.array([0.7])) == 0, "float32(0.7) = 0.699999988..."


# ------------------------------------------------------------------ kinds and edges of all

SCORES = {"aurc": aurc, "excess_aurc": excess_aurc, "auroc": auroc}
each_score = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES.keys())
EACH = SCORES | {"risk_coverage_curve": lambda c, e: risk_coverage_curve(c, e).risk}
each = pytest.mark.parametrize("function", EACH.values(), ids=EACH.keys())


@each_score
def test_scores_are_python_floats_equal_for_arrays_and_tensors(score):
    confidence, error = ranking(levels=20)
    from_numpy, from_torch = score(confidence, error), score(torch.from_numpy(confidence).requires_grad_(), torch.from_numpy(error))
    assert type(from_numpy) is type(from_torch) is float
    assert from_numpy == from_torch


@each
def test_the_two_arguments_are_not_the_same(function):
    confidence, error = ranking(levels=20)
    assert not np.allclose(function(confidence, error), function(error, confidence))


@each
@pytest.mark.parametrize(
    "error", [lambda e: e.astype(bool), lambda e: e.astype(np.int8), lambda e: torch.from_numpy(e).bool(), lambda e: e.astype("f2")]
)
def test_errors_may_be_booleans_or_whole_numbers(function, error):
    confidence, wrong = ranking(levels=20)
    np.testing.assert_array_equal(function(confidence, error(wrong)), function(confidence, wrong))


@each
@pytest.mark.parametrize("narrow", [lambda c: torch.from_numpy(c).half(), lambda c: torch.from_numpy(c).bfloat16(), lambda c: c.astype(np.float32)])
def test_narrow_confidences_are_compared_as_they_are(function, narrow):
    confidence, error = ranking()
    given = narrow(confidence)
    wide = given.double() if isinstance(given, torch.Tensor) else given.astype(float)
    np.testing.assert_array_equal(function(given, error), function(wide, error))


@each
def test_views_and_read_only_arrays_are_taken_without_a_warning_and_left_alone(function):
    confidence, error = ranking(levels=20)
    fixed, kept = confidence.copy(), error.copy()
    fixed.flags.writeable = kept.flags.writeable = False
    expected = function(confidence, error)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(function(fixed, kept), expected)
        np.testing.assert_array_equal(function(np.ascontiguousarray(confidence[::-1])[::-1], np.repeat(error, 3)[::3]), expected)
        np.testing.assert_array_equal(function(torch.from_numpy(np.repeat(confidence, 2))[::2], error.astype(">f8")), expected)
    assert (fixed == ranking(levels=20)[0]).all()


@each
@pytest.mark.parametrize("position", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_numbers_that_are_none_are_refused_with_their_row(function, position, bad):
    arguments = list(ranking())
    arguments[position][3] = bad
    for wrong in (arguments, [torch.from_numpy(x) for x in arguments]):
        with pytest.raises(ValueError, match=r"expected no NaN and no infinity, got 1 such row\(s\), first row 3"):
            function(*wrong)


@each
@pytest.mark.parametrize("position", [0, 1], ids=["first", "second"])
def test_what_is_no_vector_is_refused(function, position):
    arguments = list(ranking())
    for wrong in (arguments[position].tolist(), None, arguments[position][:0], arguments[position][:, None], np.array(0.5), np.array(["a"] * 200)):
        with pytest.raises(ValueError, match=r"expected .* got"):
            function(*(wrong if i == position else x for i, x in enumerate(arguments)))


@pytest.mark.parametrize("function", [aurc, excess_aurc, risk_coverage_curve])
def test_a_negative_error_or_another_length_is_refused(function):
    confidence, error = ranking()
    with pytest.raises(ValueError, match=r"error: expected numbers of at least 0 .* got -0.5"):
        function(confidence, error - 0.5)
    with pytest.raises(ValueError, match=r"confidence and error: expected one length, got 200 and 199"):
        function(confidence, error[1:])
    with pytest.raises(ValueError, match=r"confidence and error: expected one length, got 200 and 1;"):
        function(confidence, error[:1])
