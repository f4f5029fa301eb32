"""Uncertainty measures against hand values, SciPy, torch.distributions, quadrature and random draws."""

import itertools
import math
import random
import warnings
from collections import Counter

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from kdtutor.losses import kd_loss
from kdtutor.uncertainty import (
    decompose_dirichlet,
    decompose_entropy,
    decompose_variance,
    dirichlet_kl,
    dirichlet_nll,
    ensemble_probs,
    mc_dropout_probs,
    predictive_entropy,
    variation_ratio,
)

INF, NAN = math.inf, math.nan
LN2 = math.log(2)


def member_probs(seed=0, m=5, n=7, c=4, scale=2.0):
    return scipy.special.softmax(scale * np.random.default_rng(seed).standard_normal((m, n, c)), axis=-1)


def concentrations(seed=0, n=6, c=4):
    return np.exp(1.5 * np.random.default_rng(seed).standard_normal((n, c)))


@st.composite
def ensembles(draw):
    """Rows of whole numbers over their sum: zeros, ones and ties are frequent."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(2, 5)))
    counts = draw(arrays(np.int64, shape, elements=st.integers(0, 6)))
    counts[..., 0] += counts.sum(-1) == 0
    return counts / counts.sum(-1, keepdims=True)


@st.composite
def dirichlets(draw, sets=1):
    shape = draw(st.tuples(st.integers(1, 3), st.integers(2, 5)))
    drawn = [draw(arrays(np.float64, shape, elements=st.floats(1e-3, 1e3))) for _ in range(sets)]
    return drawn[0] if sets == 1 else drawn


METRICS = {
    "predictive_entropy": (lambda p: (predictive_entropy(p),), member_probs()[0]),
    "decompose_entropy": (decompose_entropy, member_probs()),
    "decompose_variance": (lambda p: decompose_variance(p, p), member_probs()[0]),
    "variation_ratio": (lambda p: (variation_ratio(p),), member_probs()),
    "decompose_dirichlet": (decompose_dirichlet, concentrations()),
    "dirichlet_kl": (lambda a: (dirichlet_kl(a, a[::-1] if isinstance(a, np.ndarray) else a.flip(0)),), concentrations()),
}
each_metric = pytest.mark.parametrize(("metric", "given"), METRICS.values(), ids=METRICS.keys())


# ------------------------------------------------------------------ predictive entropy


def test_entropy_by_hand():
    probs = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    assert predictive_entropy(probs) == pytest.approx([1.5 * LN2, 0, math.log(3)], rel=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_entropy_is_scipys_of_each_row(seed):
    probs = member_probs(seed, c=10)[0]
    np.testing.assert_allclose(predictive_entropy(probs), scipy.stats.entropy(probs, axis=1), rtol=1e-12)


@given(ensembles())
def test_entropy_lies_between_zero_and_ln_c_and_does_not_see_the_order_of_classes(probs):
    entropy = predictive_entropy(probs[0])
    assert (entropy >= 0).all()
    assert (entropy <= math.log(probs.shape[-1]) + 1e-12).all()
    assert predictive_entropy(probs[0][:, ::-1]) == pytest.approx(entropy, abs=1e-14)


def test_entropy_of_a_float32_probability_one_rounding_step_above_one_is_not_negative():
    above = torch.tensor([[np.nextafter(np.float32(1), np.float32(2)), 0.0]])
    assert float(predictive_entropy(above)) >= 0


# ------------------------------------------------------------------ entropy of an ensemble


def test_decompose_entropy_by_hand():
    parts = decompose_entropy(np.array([[[0.75, 0.25]], [[0.25, 0.75]]]))
    each = 2 * LN2 - 0.75 * math.log(3)  # entropy of (3/4, 1/4)
    assert parts._fields == ("total", "aleatoric", "epistemic")
    assert [part.tolist() for part in parts] == [pytest.approx([LN2]), pytest.approx([each]), pytest.approx([LN2 - each])]


@pytest.mark.parametrize("seed", range(3))
def test_decompose_entropy_agrees_with_scipys_entropy_and_divergence(seed):
    probs = member_probs(seed)
    total, aleatoric, epistemic = decompose_entropy(probs)
    np.testing.assert_allclose(total, scipy.stats.entropy(probs.mean(0), axis=1), rtol=1e-12)
    np.testing.assert_allclose(aleatoric, scipy.stats.entropy(probs, axis=2).mean(0), rtol=1e-12)
    np.testing.assert_allclose(epistemic, scipy.stats.entropy(probs, probs.mean(0, keepdims=True), axis=2).mean(0), rtol=1e-12)


@given(ensembles())
def test_total_is_the_sum_and_the_entropy_of_the_mean_and_epistemic_is_bounded(probs):
    total, aleatoric, epistemic = decompose_entropy(probs)
    assert (total == aleatoric + epistemic).all()
    np.testing.assert_allclose(total, scipy.stats.entropy(probs.mean(0), axis=1), rtol=1e-10, atol=1e-12)
    assert (epistemic >= 0).all()
    assert (epistemic <= min(math.log(probs.shape[0]), math.log(probs.shape[2])) + 1e-12).all()


@given(ensembles())
def test_members_that_agree_have_no_epistemic_part(probs):
    same = np.repeat(probs[:1], 3, axis=0)
    total, aleatoric, epistemic = decompose_entropy(same)
    assert epistemic == pytest.approx(0, abs=1e-25)
    assert total == pytest.approx(predictive_entropy(probs[0]), abs=1e-14)
    assert aleatoric == pytest.approx(total, abs=1e-14)
    assert (decompose_entropy(probs[:1]).epistemic == 0).all()


@pytest.mark.parametrize(("m", "c"), [(2, 5), (5, 5), (6, 2)])
def test_members_certain_of_different_classes_reach_the_bound(m, c):
    total, aleatoric, epistemic = decompose_entropy(np.eye(c)[np.arange(m) % c][:, None])
    assert aleatoric.tolist() == [0]
    assert total.tolist() == epistemic.tolist() == [pytest.approx(math.log(min(m, c)))]


@pytest.mark.parametrize("h", [1e-4, 1e-6, 1e-8])
def test_a_small_disagreement_keeps_its_digits(h):
    epistemic = decompose_entropy(np.array([[[0.5 + h, 0.5 - h]], [[0.5 - h, 0.5 + h]]])).epistemic
    assert epistemic == pytest.approx(2 * h * h, rel=1e-6), "ln 2 - H(1/2 + h) = 2 h^2 + O(h^4)"


def test_the_mean_kl_to_the_members_less_the_kl_to_their_mean_is_the_epistemic_part():
    probs = torch.from_numpy(member_probs())
    student = torch.randn(7, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    kl = torch.stack([kd_loss(student, member.log(), temperature=1.0, reduction="none") for member in probs]).mean(0)
    to_mean = kd_loss(student, probs.mean(0).log(), temperature=1.0, reduction="none")
    torch.testing.assert_close(kl - to_mean, decompose_entropy(probs).epistemic, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("function", [decompose_entropy, lambda p: (variation_ratio(p),)], ids=["decompose_entropy", "variation_ratio"])
def test_members_come_first_their_order_does_not_matter_and_rows_do_not_mix(function):
    probs = member_probs(m=5, n=3)
    whole, shuffled = function(probs), function(probs[[3, 1, 4, 0, 2]])
    alone = [function(probs[:, [i]]) for i in range(3)]
    for k, part in enumerate(whole):
        assert part.shape == (3,)
        np.testing.assert_allclose(shuffled[k], part, rtol=1e-12)
        np.testing.assert_array_equal(np.concatenate([row[k] for row in alone]), part)


def test_a_probability_whose_share_in_the_mean_underflows_adds_nothing():
    epistemic = decompose_entropy(np.array([[[5e-324, 1.0]], [[0.0, 1.0]]])).epistemic
    assert epistemic == pytest.approx(0, abs=1e-300)


# ------------------------------------------------------------------ variance of an ensemble


def test_decompose_variance_by_hand_divides_by_m():
    total, aleatoric, epistemic = decompose_variance(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[0.5, 2.0], [1.5, 4.0]]))
    assert aleatoric.tolist() == [1.0, 3.0]
    assert epistemic.tolist() == [1.0, 0.0], "((1 - 2)^2 + (3 - 2)^2) / 2; with M - 1 it would be 2"
    assert total.tolist() == [2.0, 3.0]


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 3)).flatmap(lambda s: st.tuples(*(arrays(np.float64, s, elements=st.floats(0, 30)) for _ in "ab")))
)
def test_total_variance_is_that_of_two_points_a_member_at_one_deviation(pair):
    means, variances = pair
    total, aleatoric, epistemic = decompose_variance(means, variances)
    points = np.concatenate([means - np.sqrt(variances), means + np.sqrt(variances)])  # each member's two points have its mean and variance
    np.testing.assert_allclose(total, np.var(points, axis=0), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(aleatoric, variances.mean(0), rtol=1e-12)
    assert (total == aleatoric + epistemic).all()
    assert (epistemic >= 0).all()


def test_one_member_and_equal_members_have_no_variance_between_them():
    assert decompose_variance(np.array([[0.1, 7.0]]), np.zeros((1, 2))).epistemic.tolist() == [0, 0]
    assert decompose_variance(np.full((3, 2), 0.1), np.ones((3, 2))).epistemic == pytest.approx(0, abs=1e-30)


def test_a_large_common_mean_costs_no_digits():
    means = np.array([[1.0], [2.0], [6.0]])
    assert decompose_variance(means + 1e9, np.zeros((3, 1))).epistemic == pytest.approx(14 / 3, rel=1e-10)


def test_variance_is_of_the_kind_of_the_means():
    means, variances = np.ones((2, 3)), torch.ones(2, 3)
    assert all(isinstance(part, np.ndarray) for part in decompose_variance(means, variances))
    assert all(isinstance(part, torch.Tensor) for part in decompose_variance(variances, means))


@pytest.mark.parametrize("bad", [-1e-9, -1.0, NAN, INF])
def test_a_variance_below_zero_or_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match=r"variances: expected .* got"):
        decompose_variance(np.ones((2, 2)), np.array([[1.0, 1.0], [1.0, bad]]))


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3, 2), (2, 3, 1), (2,)])
def test_variances_of_another_shape_are_refused_not_broadcast(shape):
    with pytest.raises(ValueError, match=r"variances: expected .* got"):
        decompose_variance(np.ones((2, 3)), np.ones(shape))


# ------------------------------------------------------------------ variation ratio


def test_variation_ratio_by_hand():
    votes = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 2, 1, 1], [0, 2, 2, 1]])  # member, example
    assert variation_ratio(np.eye(3)[votes]).tolist() == [0, 0.5, 0.5, 0.5]
    assert variation_ratio(np.eye(3)[votes[:3]]).tolist() == [0, pytest.approx(2 / 3), pytest.approx(1 / 3), pytest.approx(1 / 3)]


def test_variation_ratio_is_over_members_where_a_peer_takes_the_mean_over_examples():
    votes = np.eye(2)[np.array([[0, 1]] * 3)]  # three members agree on both examples, which are of different classes
    assert variation_ratio(votes).tolist() == [0, 0]
    over_examples = 1 - votes.mean(axis=1).max(axis=-1)
    assert over_examples.tolist() == [0.5, 0.5, 0.5]


@given(ensembles())
def test_variation_ratio_is_the_share_outside_the_largest_count_of_votes(probs):
    m, _, c = probs.shape
    counts = [Counter(int(np.argmax(member)) for member in example).most_common(1)[0][1] for example in probs.transpose(1, 0, 2)]
    ratio = variation_ratio(probs)
    assert ratio.tolist() == pytest.approx([1 - count / m for count in counts])
    assert ratio.min() >= 0
    assert ratio.max() <= 1 - 1 / min(m, c) + 1e-12


def test_of_equal_probabilities_the_first_gets_the_vote():
    assert variation_ratio(np.array([[[0.5, 0.5, 0.0]], [[0.4, 0.2, 0.4]], [[0.8, 0.1, 0.1]]])).tolist() == [0]
    assert variation_ratio(np.array([[[0.5, 0.5]], [[0.2, 0.8]]])).tolist() == [0.5]


def test_members_evenly_split_reach_the_largest_variation_ratio():
    assert variation_ratio(np.eye(4)[:, None]).tolist() == [0.75]


# ------------------------------------------------------------------ dropout at test time


class Recorder(nn.Module):
    """Notes the modes of some modules each time it is called."""

    def __init__(self, watched):
        super().__init__()
        self.watched, self.seen = watched, []

    def forward(self, x):
        self.seen.append([module.training for module in self.watched])
        return x


def network(p=0.5):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Sequential(nn.Dropout(p)), nn.Linear(8, 4))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


X = torch.randn(6, 3, generator=seeded())


def test_mc_dropout_gives_a_row_of_probabilities_for_each_sample_and_example():
    probs = mc_dropout_probs(network(), X, n_samples=5)
    assert probs.shape == (5, 6, 4)
    torch.testing.assert_close(probs.sum(-1), torch.ones(5, 6))
    assert not probs.requires_grad
    assert len(torch.unique(probs[:, 0], dim=0)) > 1, "passes differ"
    assert mc_dropout_probs(network(), X[:1], n_samples=1).shape == (1, 1, 4)


def test_mc_dropout_mean_is_near_the_mean_over_all_masks_of_a_linear_model():
    x, weight, p = np.array([1.0, -2.0, 0.5]), np.array([[0.7, 0.2, -1.0], [-0.4, 0.3, 0.8]]), 0.3
    model = nn.Sequential(nn.Dropout(p), nn.Linear(3, 2, bias=False)).double()
    model[1].weight.data = torch.from_numpy(weight)
    masks = np.array(list(itertools.product([0, 1], repeat=3)))
    share = np.prod(np.where(masks, 1 - p, p), axis=1)
    of_mask = scipy.special.softmax((masks * x / (1 - p)) @ weight.T, axis=1)
    analytic, variance = share @ of_mask, share @ (of_mask - share @ of_mask) ** 2
    n = 40_000
    drawn = mc_dropout_probs(model, torch.from_numpy(x).repeat(n // 4, 1), n_samples=4, generator=seeded()).numpy().reshape(n, 2)
    assert np.abs(drawn.mean(0) - analytic).max() < 4 * math.sqrt(variance.max() / n)
    assert np.abs(scipy.special.softmax(weight @ x) - analytic).max() > 8 * math.sqrt(variance.max() / n), "without dropout it would not be"
    unlike = np.unique(drawn[:, 0].round(9))
    assert unlike == pytest.approx(np.unique(of_mask[:, 0].round(9))), "each pass is the model under one mask"


def test_a_generator_repeats_the_draws_whatever_the_global_seed_and_moves_on():
    model, one = network(), seeded(7)
    torch.manual_seed(1)
    first, second = (mc_dropout_probs(model, X, n_samples=3, generator=one) for _ in range(2))
    torch.manual_seed(2)
    assert torch.equal(mc_dropout_probs(model, X, n_samples=3, generator=seeded(7)), first)
    assert not torch.equal(first, second)
    assert not torch.equal(mc_dropout_probs(model, X, n_samples=3, generator=seeded(8)), first)


def test_with_a_generator_the_global_random_state_is_untouched():
    model = network()
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    mc_dropout_probs(model, X, n_samples=3, generator=seeded())
    with pytest.raises(RuntimeError):
        mc_dropout_probs(model, X[:, :2], n_samples=3, generator=seeded())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()


def test_without_a_generator_the_global_state_is_the_source():
    model = network()
    torch.manual_seed(5)
    first, second = (mc_dropout_probs(model, X, n_samples=3) for _ in range(2))
    torch.manual_seed(5)
    assert torch.equal(mc_dropout_probs(model, X, n_samples=3), first)
    assert not torch.equal(first, second)


def test_only_dropout_is_in_train_mode_and_batch_norm_keeps_its_statistics():
    model = network()
    recorder = Recorder([model[1], model[3], model[3][0], model])
    probe = nn.Sequential(model, recorder).train()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    mc_dropout_probs(probe, X, n_samples=2)
    assert recorder.seen == [[False, False, True, False]] * 2
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_a_rows_probabilities_do_not_depend_on_the_batch_beside_it():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 4), nn.Dropout(1e-12))
    alone, beside = mc_dropout_probs(model, X[:1], n_samples=1), mc_dropout_probs(model, X, n_samples=1)
    torch.testing.assert_close(alone[0, 0], beside[0, 0])


@pytest.mark.parametrize("fails", [False, True])
def test_mc_dropout_restores_each_modules_mode(fails):
    model = network().train()
    model[1].eval()
    model[3].eval()
    before = [module.training for module in model.modules()]
    if fails:
        with pytest.raises(RuntimeError):
            mc_dropout_probs(model, X[:, :2], n_samples=2)
    else:
        mc_dropout_probs(model, X, n_samples=2)
    assert [module.training for module in model.modules()] == before


@pytest.mark.parametrize("take", [lambda m, x: mc_dropout_probs(m, x, n_samples=2), lambda m, x: ensemble_probs([m], x)], ids=["dropout", "ensemble"])
def test_sampling_leaves_gradients_alone(take):
    model, x = network(), X.clone().requires_grad_()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    assert not take(model, x).requires_grad
    assert x.grad is None
    assert all((parameter.grad == 1).all() and parameter.requires_grad for parameter in model.parameters())


KINDS_OF_DROPOUT = {
    nn.Dropout: (3,),
    nn.Dropout1d: (3, 4),
    nn.Dropout2d: (3, 4, 4),
    nn.Dropout3d: (3, 2, 2, 2),
    nn.AlphaDropout: (3,),
    nn.FeatureAlphaDropout: (3, 4),
}


@pytest.mark.parametrize(("layer", "shape"), KINDS_OF_DROPOUT.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_every_kind_of_dropout_layer_is_switched_on(layer, shape):
    model = nn.Sequential(layer(0.5), nn.Flatten())
    probs = mc_dropout_probs(model, torch.ones(4, *shape), n_samples=6, generator=seeded())
    assert probs.std(0).max() > 0


def test_dropout_inside_a_transformer_layer_is_switched_on():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True)
    probs = mc_dropout_probs(nn.Sequential(layer, nn.Flatten()), torch.randn(3, 2, 4, generator=seeded()), n_samples=5)
    assert probs.std(0).max() > 0


@pytest.mark.parametrize("model", [nn.Linear(3, 2), network(p=0.0)], ids=["none", "p = 0"])
def test_a_model_without_active_dropout_is_refused(model):
    with pytest.raises(ValueError, match=r"model: expected dropout .* got none"):
        mc_dropout_probs(model, X, n_samples=2)


@pytest.mark.parametrize("options", [{"n_samples": 0}, {"n_samples": 1.5}, {"n_samples": True}, {"n_samples": 2, "generator": 0}])
def test_mc_dropout_names_a_bad_option(options):
    with pytest.raises(ValueError, match=rf"{list(options)[-1]}: expected .* got"):
        mc_dropout_probs(network(), X, **options)


def test_mc_dropout_takes_its_options_by_name_only():
    with pytest.raises(TypeError):
        mc_dropout_probs(network(), X, 2)


@pytest.mark.parametrize("take", [lambda m, x: mc_dropout_probs(m, x, n_samples=2), lambda m, x: ensemble_probs([m], x)], ids=["dropout", "ensemble"])
def test_nan_in_a_row_gives_nan_in_that_row_only(take):
    x = X.clone()
    x[2, 0] = NAN
    assert take(network(), x).isnan().any(-1).all(0).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_models_in_half_precision_give_float32_probabilities(dtype):
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)).to(dtype)
    for probs in (mc_dropout_probs(model, X.to(dtype), n_samples=2), ensemble_probs([model], X.to(dtype))):
        assert probs.dtype == torch.float32
        torch.testing.assert_close(probs.sum(-1), torch.ones(probs.shape[:2]))


# ------------------------------------------------------------------ ensembles


@pytest.mark.parametrize("pack", [list, tuple, nn.ModuleList])
def test_ensemble_probs_are_the_softmax_of_each_model_in_order_without_dropout(pack):
    models = [network().eval() for _ in range(3)]
    for seed, model in enumerate(models):
        torch.manual_seed(seed)
        model[4].reset_parameters()
    expected = torch.stack([torch.softmax(model(X), -1) for model in models]).detach()
    for model in models:
        model.train()
    torch.testing.assert_close(ensemble_probs(pack(models), X), expected)
    assert all(module.training for model in models for module in model.modules())
    assert not torch.equal(expected[0], expected[1])


def test_ensemble_probs_of_many_rows_keep_their_order_and_batch_norm_its_statistics():
    model, x = network(), torch.randn(2500, 3, generator=seeded())
    state = {name: value.clone() for name, value in model.state_dict().items()}
    whole = ensemble_probs([model], x)[0]
    torch.testing.assert_close(whole, torch.cat([ensemble_probs([model], part)[0] for part in (x[:1000], x[1000:])]))
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_ensemble_probs_leave_the_global_random_state_alone():
    before = torch.get_rng_state()
    model = network()
    torch.set_rng_state(before)
    ensemble_probs([model], X)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("models", [[], nn.Linear(3, 2), None, [torch.relu]], ids=["no model", "a bare model", "None", "a function"])
def test_ensemble_probs_need_a_sequence_of_modules(models):
    with pytest.raises(ValueError, match=r"models: expected .* got"):
        ensemble_probs(models, X)


def test_models_with_other_classes_make_no_ensemble():
    with pytest.raises(ValueError, match=r"models: expected logits of one shape"):
        ensemble_probs([nn.Linear(3, 2), nn.Linear(3, 4)], X)


# ------------------------------------------------------------------ Dirichlet likelihood


def dirichlet_case(seed=0, m=3, n=5, c=4):
    generator = seeded(seed)
    z = torch.randn(n, c, generator=generator, dtype=torch.float64)
    return z, torch.softmax(torch.randn(m, n, c, generator=generator, dtype=torch.float64), -1)


def test_dirichlet_nll_by_hand():
    flat = dirichlet_nll(torch.zeros(1, 4).double(), torch.tensor([[[0.1, 0.2, 0.3, 0.4]]]).double())
    assert float(flat) == pytest.approx(-math.log(6)), "the flat density is (C - 1)!"
    slope = dirichlet_nll(torch.tensor([[LN2, 0.0]]).double(), torch.tensor([[[0.25, 0.75]], [[0.5, 0.5]]]).double())
    assert float(slope) == pytest.approx((math.log(2) + 0) / 2), "Beta(2, 1) has density 2x: 1/2 at 1/4 and 1 at 1/2"


@pytest.mark.parametrize("seed", range(3))
def test_dirichlet_nll_is_the_mean_of_scipys_and_torchs_log_densities(seed):
    z, probs = dirichlet_case(seed)
    by_scipy = [scipy.stats.dirichlet.logpdf(p / p.sum(), a) for member in probs.numpy() for p, a in zip(member, np.exp(z.numpy()), strict=True)]
    assert float(dirichlet_nll(z, probs)) == pytest.approx(-np.mean(by_scipy), rel=1e-10)
    by_torch = torch.distributions.Dirichlet(z.exp()).log_prob(probs)
    assert by_torch.shape == (3, 5)
    assert float(dirichlet_nll(z, probs)) == pytest.approx(-float(by_torch.mean()), rel=1e-12)
    assert float(dirichlet_nll(z.float(), probs.float())) == pytest.approx(float(dirichlet_nll(z, probs)), rel=1e-5)


def test_dirichlet_nll_does_not_change_when_members_or_rows_are_doubled():
    z, probs = dirichlet_case()
    torch.testing.assert_close(dirichlet_nll(z, probs.repeat(2, 1, 1)), dirichlet_nll(z, probs))
    torch.testing.assert_close(dirichlet_nll(z.repeat(2, 1), probs.repeat(1, 2, 1)), dirichlet_nll(z, probs))


def test_dirichlet_nll_gradcheck_and_closed_form():
    z, probs = dirichlet_case()
    z.requires_grad_()
    assert torch.autograd.gradcheck(lambda logits: dirichlet_nll(logits, probs), z)
    (gradient,) = torch.autograd.grad(dirichlet_nll(z, probs), z)
    a = z.detach().exp()
    expected = -a * (torch.digamma(a.sum(1, keepdim=True)) - torch.digamma(a) + probs.log().mean(0)) / len(z)
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-14)


def test_no_gradient_reaches_the_members():
    z, probs = dirichlet_case()
    z.requires_grad_()
    probs.requires_grad_()
    dirichlet_nll(z, probs).backward()
    assert probs.grad is None
    attached = torch.stack([torch.softmax(z * k, -1) for k in (1.0, 2.0)])
    gradients = [torch.autograd.grad(dirichlet_nll(z, p), z, retain_graph=True)[0] for p in (attached, attached.detach())]
    assert torch.equal(*gradients)


def test_a_member_probability_of_zero_counts_by_its_concentration():
    edge = torch.tensor([[[0.0, 1.0]]])
    assert float(dirichlet_nll(torch.zeros(1, 2), edge)) == 0
    assert float(dirichlet_nll(torch.tensor([[1.0, 0.0]]), edge)) == INF
    assert float(dirichlet_nll(torch.tensor([[-1.0, 0.0]]), edge)) == -INF


@pytest.mark.parametrize("bad", [NAN, INF])
def test_dirichlet_nll_of_a_number_that_is_none_is_never_finite(bad):
    z, probs = dirichlet_case()
    for row, entry in ((0, 0), (4, 3)):
        wrong_z, wrong_p = z.clone(), probs.clone()
        wrong_z[row, entry] = bad
        wrong_p[1, row, entry] = NAN
        assert not dirichlet_nll(wrong_z, probs).isfinite()
        assert dirichlet_nll(z, wrong_p).isnan()


def test_logits_of_ten_thousand_give_no_finite_number():
    assert not dirichlet_nll(torch.full((1, 3), 1e4), torch.tensor([[[0.2, 0.3, 0.5]]])).isfinite()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_concentrations_too_small_for_the_dtype_are_exact(dtype):
    z, third = torch.full((1, 3), -1e4, dtype=dtype), torch.full((1, 1, 3), 1 / 3, dtype=dtype)
    # ln G(a) = -ln a as a -> 0: -(ln G(3a) - 3 ln G(a) - sum ln p) = -(1e4 - ln 3 - 3e4 + 3 ln 3)
    assert float(dirichlet_nll(z, third)) == pytest.approx(2e4 - 2 * math.log(3), rel=1e-6)


def test_members_in_float64_keep_probabilities_too_small_for_float32():
    z, probs = torch.full((1, 2), 0.5), torch.tensor([[[1e-50, 1.0]]], dtype=torch.float64)
    assert float(dirichlet_nll(z, probs)) == pytest.approx(float(dirichlet_nll(z.double(), probs)), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_dirichlet_nll_computes_half_precision_in_float32(dtype):
    z, probs = (x.to(dtype) for x in dirichlet_case())
    loss = dirichlet_nll(z.requires_grad_(), probs)
    assert loss.dtype == torch.float32
    assert loss == dirichlet_nll(z.float(), probs.float())
    loss.backward()
    assert z.grad.dtype == dtype


def test_dirichlet_nll_of_views_that_are_not_contiguous():
    z, probs = dirichlet_case()
    views = z.T.contiguous().T, probs.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert not any(view.is_contiguous() for view in views)
    torch.testing.assert_close(dirichlet_nll(*views), dirichlet_nll(z, probs), rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    "change",
    [lambda p: p[0], lambda p: p[:0], lambda p: p[:, 1:], lambda p: p[..., :3], lambda p: 2 * p, lambda p: p.log(), lambda p: p.numpy()],
    ids=["two axes", "no member", "fewer rows", "fewer classes", "sum 2", "logarithms", "array"],
)
def test_dirichlet_nll_refuses_members_that_do_not_fit(change):
    z, probs = dirichlet_case()
    with pytest.raises(ValueError, match=r"member_probs: expected .* got"):
        dirichlet_nll(z, change(probs))


@pytest.mark.parametrize("z", [torch.zeros(4), torch.zeros(5, 1), torch.zeros(5, 4, dtype=torch.int64), np.zeros((5, 4))])
def test_dirichlet_nll_refuses_bad_logits(z):
    with pytest.raises(ValueError, match=r"concentration_logits: expected .* got"):
        dirichlet_nll(z, dirichlet_case()[1])


# ------------------------------------------------------------------ entropy of a Dirichlet


@pytest.mark.parametrize("c", [2, 3, 10])
def test_decompose_dirichlet_of_the_flat_one_by_hand(c):
    total, aleatoric, epistemic = decompose_dirichlet(np.ones((1, c)))
    harmonic = sum(1 / k for k in range(2, c + 1))  # digamma(C + 1) - digamma(2)
    assert total == pytest.approx(math.log(c))
    assert aleatoric == pytest.approx(harmonic)
    assert epistemic == pytest.approx(math.log(c) - harmonic)


@pytest.mark.parametrize("seed", range(2))
def test_decompose_dirichlet_agrees_with_quadrature_over_each_marginal_beta(seed):
    a = concentrations(seed, n=3) + 0.5
    total, aleatoric, _ = decompose_dirichlet(a)
    for row, (t, u) in zip(a, zip(total, aleatoric, strict=True), strict=True):
        marginals = [scipy.stats.beta(k, row.sum() - k) for k in row]
        mean_entropy = sum(scipy.integrate.quad(lambda x, b=b: scipy.special.entr(x) * b.pdf(x), 0, 1, epsabs=1e-11)[0] for b in marginals)
        assert u == pytest.approx(mean_entropy, rel=1e-6)
        assert t == pytest.approx(scipy.stats.entropy(row / row.sum()), rel=1e-12)


def test_decompose_dirichlet_is_what_decompose_entropy_gives_for_many_draws():
    a, draws = np.array([[0.3, 0.5, 0.2], [2.0, 1.0, 4.0], [30.0, 10.0, 20.0]]), 100_000
    rng = np.random.default_rng(0)
    probs = np.stack([rng.dirichlet(row, draws) for row in a], axis=1)
    for exact, drawn in zip(decompose_dirichlet(a), decompose_entropy(probs), strict=True):
        np.testing.assert_allclose(drawn, exact, atol=5 * 0.4 / math.sqrt(draws))  # no spread above 0.4 in these three


@given(dirichlets())
def test_a_dirichlets_parts_add_up_and_stay_in_their_bounds(a):
    total, aleatoric, epistemic = decompose_dirichlet(a)
    mean = a / a.sum(1, keepdims=True)
    assert (total == aleatoric + epistemic).all()
    np.testing.assert_allclose(total, scipy.stats.entropy(mean, axis=1), rtol=1e-10, atol=1e-12)
    assert (epistemic >= 0).all()
    assert (aleatoric >= 0).all()
    assert (total <= math.log(a.shape[1]) + 1e-12).all()
    surer = decompose_dirichlet(2 * a)
    assert (surer.epistemic <= epistemic + 1e-12).all()
    assert surer.total == pytest.approx(total, abs=1e-12)


def test_a_dirichlets_limits_are_no_doubt_about_the_model_and_nothing_else():
    mean = np.array([[0.5, 0.3, 0.2]])
    sharp, corners = decompose_dirichlet(1e6 * mean), decompose_dirichlet(1e-9 * mean)
    assert sharp.epistemic == pytest.approx((3 - 1) / (2 * 1e6), rel=1e-3)
    assert corners.aleatoric == pytest.approx(0, abs=1e-8)
    assert corners.epistemic == pytest.approx(scipy.stats.entropy(mean[0]))
    assert decompose_dirichlet(np.array([[1e-300, 1.0]])).total == pytest.approx(0, abs=1e-290)


@pytest.mark.parametrize("size", [1e3, 1e12, 1e16, 1e20])
def test_of_huge_concentrations_rounding_leaves_no_part_below_zero(size):
    a = size * (0.1 + np.random.default_rng(0).random((500, 4)))
    epistemic = decompose_dirichlet(a).epistemic
    assert (epistemic >= 0).all()
    assert epistemic == pytest.approx(3 / (2 * a.sum(1)), rel=0.01, abs=1e-13)
    assert (dirichlet_kl(a, a * (1 + 1e-12)) >= 0).all()


# ------------------------------------------------------------------ divergence of Dirichlets


def test_dirichlet_kl_by_hand_is_from_the_first_to_the_second():
    flat, slope = np.ones((1, 2)), np.array([[2.0, 1.0]])  # densities 1 and 2x
    assert dirichlet_kl(flat, slope) == pytest.approx(1 - LN2), "-integral of ln 2x"
    assert dirichlet_kl(slope, flat) == pytest.approx(LN2 - 0.5), "integral of 2x ln 2x"


@pytest.mark.parametrize("seed", range(3))
def test_dirichlet_kl_of_each_row_is_torchs(seed):
    a, b = concentrations(seed), concentrations(seed + 10)
    torchs = torch.distributions.kl_divergence(*(torch.distributions.Dirichlet(torch.from_numpy(x)) for x in (a, b)))
    np.testing.assert_allclose(dirichlet_kl(a, b), torchs.numpy(), rtol=1e-10)
    assert dirichlet_kl(a, b).shape == (6,)


def test_dirichlet_kl_to_the_flat_one_is_scipys_entropy_turned_round():
    a = concentrations()
    expected = [-scipy.stats.dirichlet.entropy(row) - math.log(6) for row in a]  # ln of the flat density 3!
    assert dirichlet_kl(a, np.ones_like(a)) == pytest.approx(expected, rel=1e-10)


def test_dirichlet_kl_is_the_mean_log_ratio_of_densities_over_draws():
    a, b, draws = np.array([2.0, 3.0, 4.0]), np.array([1.0, 5.0, 2.0]), 50_000
    x = np.random.default_rng(0).dirichlet(a, draws).T
    ratio = scipy.stats.dirichlet.logpdf(x, a) - scipy.stats.dirichlet.logpdf(x, b)
    assert float(dirichlet_kl(a[None], b[None])[0]) == pytest.approx(ratio.mean(), abs=4 * ratio.std() / math.sqrt(draws))


@given(dirichlets(sets=2))
def test_dirichlet_kl_is_never_negative_and_zero_for_equal_ones(pair):
    a, b = pair
    divergence = dirichlet_kl(a, b)
    assert (divergence >= 0).all()
    assert (dirichlet_kl(a, a.copy()) == 0).all()
    assert (divergence[np.abs(np.log(a / b)).max(1) > 0.1] > 0).all()


@pytest.mark.parametrize("function", [decompose_dirichlet, lambda a: dirichlet_kl(a, np.ones((2, 2))), lambda b: dirichlet_kl(np.ones((2, 2)), b)])
@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, INF])
def test_a_concentration_of_zero_or_less_or_not_finite_is_refused(function, bad):
    with pytest.raises(ValueError, match=r"(concentration|a|b): expected .* got"):
        function(np.array([[1.0, 1.0], [1.0, bad]]))


def test_dirichlets_of_one_class_or_of_other_shapes_are_refused():
    for wrong in (np.ones((2, 1)), np.ones(2), np.ones((1, 2, 2))):
        with pytest.raises(ValueError, match=r"concentration: expected .* got"):
            decompose_dirichlet(wrong)
    for other in (np.ones((1, 2)), np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"a and b: expected one shape, got"):
            dirichlet_kl(np.ones((2, 2)), other)


def test_whole_numbers_are_concentrations_too():
    assert dirichlet_kl(np.ones((1, 2), int), np.array([[2, 1]])) == pytest.approx(1 - LN2)
    assert decompose_dirichlet(torch.ones(1, 2, dtype=torch.int64)).aleatoric == pytest.approx(0.5)


# ------------------------------------------------------------------ kinds and edges of all metrics


@each_metric
def test_arrays_give_arrays_and_tensors_give_tensors_without_a_graph(metric, given):
    tensor = torch.from_numpy(given).requires_grad_()
    for a, b in zip(metric(given), metric(tensor), strict=True):
        assert isinstance(a, np.ndarray)
        assert isinstance(b, torch.Tensor)
        assert a.dtype == np.float64
        assert b.dtype == torch.float64
        assert not b.requires_grad
        np.testing.assert_array_equal(a, b.numpy())


@each_metric
def test_views_and_read_only_arrays_are_taken_without_a_warning_and_left_alone(metric, given):
    fixed = given.copy()
    fixed.flags.writeable = False
    reverse = np.ascontiguousarray(given[..., ::-1])[..., ::-1]
    columns = np.asfortranarray(given)
    expected = metric(given.copy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for view in (fixed, reverse, columns, given.astype(">f8"), torch.from_numpy(columns)):
            for a, b in zip(metric(view), expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
    assert (fixed == given).all()
    assert (columns == given).all()


@each_metric
def test_narrow_dtypes_are_computed_in_float64(metric, given):
    for narrow in (torch.from_numpy(given).half(), torch.from_numpy(given).bfloat16(), torch.from_numpy(given).float()):
        for a, b in zip(metric(narrow), metric(narrow.double()), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-14, atol=0)
            assert a.dtype == torch.float64
    for narrow in (given.astype(np.float16), given.astype(np.float32)):
        for a, b in zip(metric(narrow), metric(narrow.astype(float)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


@each_metric
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_numbers_that_are_none_are_refused_with_their_row(metric, given, bad):
    wrong = given.copy()
    wrong[..., 2, 1] = bad
    for value in (wrong, torch.from_numpy(wrong)):
        with pytest.raises(ValueError, match=r"expected .* got .*row"):
            metric(value)


@each_metric
def test_what_is_no_array_or_has_no_rows_is_refused(metric, given):
    for wrong in (given[..., :0, :], given[..., None], given.astype(str), given + 0j):
        with pytest.raises(ValueError, match=r"expected .* got"):
            metric(wrong)


@pytest.mark.parametrize("function", [predictive_entropy, decompose_entropy, variation_ratio])
def test_rows_that_are_no_probabilities_are_refused(function):
    probs = member_probs()[0] if function is predictive_entropy else member_probs()
    for wrong in (2 * probs, np.log(probs), probs[..., :1] / probs[..., :1], probs - 0.5):
        with pytest.raises(ValueError, match=r"probs: expected .* got"):
            function(wrong)
