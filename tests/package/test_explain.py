"""Explanations against hand values, captum, scikit-learn, SciPy and brute force; what they must leave alone; what they must refuse."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F
from captum.attr import IntegratedGradients, LayerGradCam, Saliency, ShapleyValues
from captum.attr._core.lime import get_exp_kernel_similarity_function
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import Ridge
from torch import nn

from kdtutor import explain
from kdtutor.data import load_digits
from kdtutor.explain import (
    attribution_agreement,
    deletion_curve,
    explanation_matching_loss,
    grad_cam,
    integrated_gradients,
    interventional_value,
    lime_weights,
    saliency,
    shapley_values,
)
from kdtutor.models import MLP, SmallCNN
from kdtutor.training import train_supervised

INF, NAN = math.inf, math.nan


class Formula(nn.Module):
    """A model without parameters: any function of x that gives logits."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class OddSizes(nn.Module):
    """Convolution, batch-norm, ReLU, dropout, linear head: all that differs between train and eval mode."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 2)
        self.rest = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(3 * 3 * 4, 4))

    def forward(self, x):
        return self.rest(self.conv(x))


def seeded(make, seed=0, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make().to(dtype).eval()


def linear(weight, bias=None, dtype=torch.float64):
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None).to(dtype)
    layer.weight.data.copy_(torch.tensor(weight, dtype=dtype))
    if bias is not None:
        layer.bias.data.copy_(torch.tensor(bias, dtype=dtype))
    return layer


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def smooth_net(seed=0, features=4, dtype=torch.float64):
    return seeded(lambda: nn.Sequential(nn.Linear(features, 6), nn.Tanh(), nn.Linear(6, 3)), seed, dtype)


def image_net(seed=0):
    return seeded(OddSizes, seed)


X, Y = randn(5, 4), torch.tensor([0, 1, 2, 2, 0])
IMAGES, CLASSES = randn(3, 2, 4, 5), torch.tensor([3, 0, 1])
FIRST = torch.tensor([0])


# ------------------------------------------------------------------ saliency


def test_saliency_of_a_linear_model_is_the_row_of_its_weights():
    model = linear([[1.0, -2.0], [0.0, 3.0]], [5.0, 7.0])
    assert saliency(model, randn(3, 2), torch.tensor([0, 1, 0])).tolist() == [[1.0, -2.0], [0.0, 3.0], [1.0, -2.0]]


def test_saliency_by_hand_is_the_gradient_of_the_logit_not_of_the_log_probability():
    model = Formula(lambda x: torch.stack([x[:, 0] ** 2 * x[:, 1], 9 * x[:, 0]], dim=1))
    # d(a²b) = (2ab, a²) at (3, 2); the log-probability would add −p·(…) of both classes
    assert saliency(model, torch.tensor([[3.0, 2.0]]), FIRST).tolist() == [[12.0, 9.0]]


def test_absolute_saliency_drops_the_signs_and_signed_is_the_default():
    model = linear([[1.0, -2.0], [0.0, 3.0]])
    assert saliency(model, randn(1, 2), FIRST, absolute=True).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(("model", "x", "y"), [(smooth_net(), X, Y), (image_net(), IMAGES, CLASSES)], ids=["rows", "images"])
def test_saliency_equals_captum(model, x, y, absolute):
    peer = Saliency(model).attribute(x.clone().requires_grad_(), target=y, abs=absolute)
    torch.testing.assert_close(saliency(model, x, y, absolute=absolute), peer, rtol=1e-10, atol=1e-14)


def test_saliency_predicts_a_small_change_of_the_logit():
    model, step = smooth_net(), 1e-6 * randn(5, 4, seed=1)
    with torch.no_grad():
        change = (model(X + step) - model(X - step)).gather(1, Y[:, None])[:, 0]
    torch.testing.assert_close((saliency(model, X, Y) * 2 * step).sum(1), change, rtol=1e-7, atol=0)


# ------------------------------------------------------------------ integrated gradients


def product(x):
    return torch.stack([x[:, 0] * x[:, 1], x[:, 0]], dim=1)


def test_integrated_gradients_by_hand_share_a_product_equally_from_a_baseline_of_zeros():
    attribution, delta = integrated_gradients(Formula(product), torch.tensor([[3.0, 2.0]]), FIRST, n_steps=1)
    # on the path (3t, 2t) the gradient is (2t, 3t), its mean (1, 1.5)
    assert attribution.tolist() == [[3.0, 3.0]]
    assert delta.tolist() == [0.0]


def test_integrated_gradients_from_another_baseline_are_other_numbers():
    attribution, delta = integrated_gradients(Formula(product), torch.tensor([[3.0, 2.0]]), FIRST, baseline=torch.tensor([1.0, 0.0]), n_steps=1)
    # on the path (1 + 2t, 2t) the gradient is (2t, 1 + 2t), its mean (1, 2); the span is (2, 2)
    assert attribution.tolist() == [[2.0, 4.0]]
    assert delta.tolist() == [0.0]


@pytest.mark.parametrize("n_steps", [1, 2, 5, 50])
def test_the_delta_of_a_cube_is_that_of_the_midpoint_rule(n_steps):
    # mean of 3x²·((i + ½)/n)² over the path is x²·(1 − 1/(4n²)); a left, right or trapezoid rule misses by another amount
    x = torch.tensor([[2.0], [-3.0]]).double()
    attribution, delta = integrated_gradients(Formula(lambda x: x**3), x, torch.tensor([0, 0]), n_steps=n_steps)
    torch.testing.assert_close(attribution, x**3 * (1 - 1 / (4 * n_steps**2)), rtol=1e-12, atol=0)
    torch.testing.assert_close(delta, x[:, 0] ** 3 / (4 * n_steps**2), rtol=1e-9, atol=1e-13)


def test_fifty_steps_from_zeros_are_the_default():
    default = integrated_gradients(smooth_net(), X, Y)
    said = integrated_gradients(smooth_net(), X, Y, baseline=torch.zeros(5, 4).double(), n_steps=50)
    assert default._fields == ("attribution", "delta")
    for a, b in zip(default, said, strict=True):
        assert torch.equal(a, b)


@given(arrays(np.float64, (2, 3), elements=st.floats(-5, 5)), arrays(np.float64, (2, 3), elements=st.floats(-5, 5)), st.integers(1, 8))
def test_integrated_gradients_and_delta_account_for_the_change_of_the_logit(x, baseline, n_steps):
    model, x, baseline, y = smooth_net(features=3), torch.from_numpy(x), torch.from_numpy(baseline), torch.tensor([2, 0])
    attribution, delta = integrated_gradients(model, x, y, baseline=baseline, n_steps=n_steps)
    with torch.no_grad():
        change = (model(x) - model(baseline)).gather(1, y[:, None])[:, 0]
    torch.testing.assert_close(attribution.sum(1) + delta, change, rtol=1e-10, atol=1e-12)


def test_delta_falls_with_the_square_of_the_number_of_steps():
    errors = [integrated_gradients(smooth_net(), X, Y, n_steps=n).delta.abs().mean() for n in (4, 16, 64)]
    assert errors[0] > 12 * errors[1] > 12 * 12 * errors[2] > 0


@given(arrays(np.float64, (3, 2), elements=st.floats(-9, 9)), arrays(np.float64, (4, 2), elements=st.floats(-9, 9)))
def test_one_step_is_exact_for_a_linear_model(weight, rows):
    model, x, baseline = linear(weight.tolist(), [1.0, 2.0, 3.0]), torch.from_numpy(rows[:3]), torch.from_numpy(rows[3])
    attribution, delta = integrated_gradients(model, x, torch.tensor([0, 1, 2]), baseline=baseline, n_steps=1)
    torch.testing.assert_close(attribution, torch.from_numpy(weight) * (x - baseline), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(delta, torch.zeros(3).double(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_steps", [2, 7, 50])
def test_integrated_gradients_equal_captum_whose_delta_has_the_other_sign(n_steps):
    # captum keeps the points of the path in float32, hence 1e-6
    for model, x, y in ((smooth_net(), X, Y), (image_net(), IMAGES, CLASSES)):
        baseline = randn(*x.shape, seed=3)
        peer = IntegratedGradients(model).attribute(x, baseline, target=y, n_steps=n_steps, method="riemann_middle", return_convergence_delta=True)
        ours = integrated_gradients(model, x, y, baseline=baseline, n_steps=n_steps)
        torch.testing.assert_close(ours.attribution, peer[0].detach(), rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(ours.delta, -peer[1].detach(), rtol=1e-5, atol=1e-6)


def test_the_baseline_may_be_a_number_one_image_or_one_for_each_row():
    model, given_ = image_net(), {"n_steps": 3}
    whole = integrated_gradients(model, IMAGES, CLASSES, baseline=torch.full_like(IMAGES, 0.5), **given_)
    for baseline in (0.5, torch.tensor(0.5), torch.full((1, 2, 4, 5), 0.5), torch.full((2, 1, 1), 0.5).double()):
        for a, b in zip(integrated_gradients(model, IMAGES, CLASSES, baseline=baseline, **given_), whole, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def test_an_entry_equal_to_its_baseline_gets_nothing():
    baseline = X.clone()
    baseline[:, 1:] -= 1
    attribution = integrated_gradients(smooth_net(), X, Y, baseline=baseline).attribution
    assert torch.equal(attribution[:, 0], torch.zeros(5).double())
    assert (attribution[:, 1:] != 0).all()


@pytest.mark.parametrize(("most", "passes"), [(1, [3] * 5), (7, [6, 6, 3]), (10**6, [15])])
def test_the_path_in_small_passes_gives_the_numbers_of_one_pass(monkeypatch, most, passes):
    model, x, y = smooth_net(), X[:3], Y[:3]
    whole = integrated_gradients(model, x, y, n_steps=5)
    monkeypatch.setattr(explain, "PATH_ROWS", most)
    sizes = []
    model.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    for a, b in zip(integrated_gradients(model, x, y, n_steps=5), whole, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)
    assert sizes[:-2] == passes, "then one pass each for x and the baseline"
    assert sizes[-2:] == [3, 3]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_half_precision_path_of_many_steps_is_added_up_in_float32(dtype):
    x = torch.ones(1024, 2, dtype=dtype)  # two steps a pass, a thousand sums
    attribution, _ = integrated_gradients(linear([[1.1, -2.0]], dtype=dtype), x, torch.zeros(1024, dtype=torch.int64), n_steps=2000)
    torch.testing.assert_close(attribution[0].double(), torch.tensor([1.1, -2.0]).double(), rtol=1e-2, atol=0)


# ------------------------------------------------------------------ Grad-CAM


def two_maps(head):
    """Maps x and −2x + 1, then a linear head on all their entries."""
    conv = nn.Conv2d(1, 2, 1).double()
    conv.weight.data.copy_(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))
    conv.bias.data.copy_(torch.tensor([0.0, 1.0]))
    return nn.Sequential(conv, nn.Flatten(), linear(head))


def test_grad_cam_by_hand():
    # gradients of the logit at the maps: (1, 3), mean 2, and (0, −2), mean −1; the sum would be twice as large
    model = two_maps([[1.0, 3.0, 0.0, -2.0]])
    x = torch.tensor([[[[1.0, -2.0]]]]).double()
    # maps (1, −2) and (−1, 5): 2·1 − 1·(−1) = 3 and 2·(−2) − 1·5 = −9
    assert grad_cam(model, model[0], x, FIRST, relu=False).tolist() == [[[3.0, -9.0]]]
    assert grad_cam(model, model[0], x, FIRST).tolist() == [[[3.0, 0.0]]]


def test_behind_global_average_pooling_grad_cam_adds_up_to_the_logit():
    model = seeded(lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4, bias=False)))
    x = randn(5, 2, 6, 7)
    cam = grad_cam(model, model[0], x, Y, relu=False)
    assert cam.shape == (5, 4, 5)
    torch.testing.assert_close(cam.sum(dim=(1, 2)), model(x).detach().gather(1, Y[:, None])[:, 0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("relu", [False, True])
def test_grad_cam_equals_captum_which_keeps_negative_parts_unless_told(relu):
    for model, layer in ((net := image_net(), net.conv), (net := image_net(1), net.rest[1])):
        peer = LayerGradCam(model, layer).attribute(IMAGES, target=CLASSES, relu_attributions=relu)
        ours = grad_cam(model, layer, IMAGES, CLASSES, relu=relu)
        assert ours.shape == (3, 3, 4)
        torch.testing.assert_close(ours, peer[:, 0].detach(), rtol=1e-10, atol=1e-14)
    assert (LayerGradCam(net, net.conv).attribute(IMAGES, target=CLASSES) < 0).any()
    assert (grad_cam(net, net.conv, IMAGES, CLASSES) >= 0).all()


def test_grad_cam_of_a_batch_is_that_of_its_rows():
    model = image_net()
    rows = [grad_cam(model, model.conv, IMAGES[i : i + 1], CLASSES[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(grad_cam(model, model.conv, IMAGES, CLASSES), torch.cat(rows), rtol=1e-12, atol=1e-15)


def test_grad_cam_of_a_convolution_before_an_in_place_relu_takes_the_maps_before_it():
    plain = seeded(lambda: nn.Sequential(nn.Conv2d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 4)))
    in_place = nn.Sequential(plain[0], nn.ReLU(inplace=True), *plain[2:])
    peer = LayerGradCam(in_place, in_place[0]).attribute(IMAGES, target=CLASSES)[:, 0].detach()
    for model in (plain, in_place):
        torch.testing.assert_close(grad_cam(model, model[0], IMAGES, CLASSES, relu=False), peer, rtol=1e-10, atol=1e-14)


class NoGraph(OddSizes):
    def forward(self, x):
        with torch.no_grad():
            maps = self.conv(x)
        return self.rest(maps) + x.mean()


class Beside(OddSizes):
    def forward(self, x):
        self.conv(x)
        return x.flatten(1)[:, :4]


class Twice(OddSizes):
    def forward(self, x):
        return self.rest(self.conv(x) + self.conv(-x))


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class GivesPair(OddSizes):
    def __init__(self):
        super().__init__()
        self.pair = Pair()

    def forward(self, x):
        return super().forward(self.pair(x)[0])


BAD_LAYERS = {
    "runs twice": (Twice, lambda model: model.conv),
    "is not part of the model": (OddSizes, lambda model: nn.Conv2d(2, 3, 2)),
    "gives no maps": (OddSizes, lambda model: model.rest[-1]),
    "gives a tuple": (GivesPair, lambda model: model.pair),
    "does not reach the logits": (Beside, lambda model: model.conv),
    "runs without a graph": (NoGraph, lambda model: model.conv),
    "is no module": (OddSizes, lambda model: "conv"),
}


@pytest.mark.parametrize("case", BAD_LAYERS)
def test_a_layer_is_refused_that(case):
    make, layer_of = BAD_LAYERS[case]
    model = seeded(make).train()
    layer = layer_of(model)
    with pytest.raises(ValueError, match=r"layer: expected .* got"):
        grad_cam(model, layer, IMAGES, CLASSES)
    assert all(module.training for module in model.modules())
    assert isinstance(layer, str) or not layer._forward_hooks


@pytest.mark.parametrize(("x", "y", "error"), [(IMAGES, CLASSES + 1, ValueError), (IMAGES[:, :1], CLASSES, RuntimeError)], ids=["class", "channels"])
def test_grad_cam_leaves_no_hook_and_the_modes_after_an_error_and_after_success(x, y, error):
    model = image_net().train()
    with pytest.raises(error):
        grad_cam(model, model.conv, x, y)
    for _ in range(2):
        assert all(module.training for module in model.modules())
        assert not model.conv._forward_hooks
        grad_cam(model, model.conv, IMAGES, CLASSES)


# ------------------------------------------------------------------ Shapley values


def by_permutations(value, n):
    """Mean over all orders of what a feature adds when it comes."""
    total = np.zeros(n)
    for order in itertools.permutations(range(n)):
        coalition = np.zeros(n, dtype=bool)
        for feature in order:
            before = value(coalition.copy())
            coalition[feature] = True
            total[feature] += value(coalition.copy()) - before
    return total / math.factorial(n)


def game(worth):
    """The game of a table of 2^n values; the first feature is the lowest bit here."""
    return lambda coalition: worth[int(coalition @ (1 << np.arange(len(coalition))))]


games = st.integers(1, 5).flatmap(lambda n: arrays(np.float64, 2**n, elements=st.floats(-100, 100)))


def players(worth):
    return len(worth).bit_length() - 1


def test_shapley_values_of_the_glove_game_by_hand():
    # one left glove, two right ones; a pair is worth 1: the left one completes a pair in 4 of the 6 orders, each right one in 1
    pair = shapley_values(lambda c: float(c[0] and (c[1] or c[2])), 3)
    assert pair.tolist() == [pytest.approx(v) for v in (4 / 6, 1 / 6, 1 / 6)]


def test_shapley_values_of_one_feature_are_its_whole_effect():
    assert shapley_values(lambda c: 7.0 if c[0] else 2.0, 1).tolist() == [5.0]


@given(games)
def test_shapley_values_are_the_mean_over_all_orders(worth):
    n = players(worth)
    np.testing.assert_allclose(shapley_values(game(worth), n), by_permutations(game(worth), n), rtol=1e-10, atol=1e-11)


@given(games)
def test_shapley_values_are_efficient(worth):
    assert shapley_values(game(worth), players(worth)).sum() == pytest.approx(worth[-1] - worth[0], rel=1e-10, abs=1e-11)


@given(games, games, st.floats(-3, 3))
def test_shapley_values_are_linear(a, b, factor):
    n = min(players(a), players(b))
    a, b = a[: 2**n], b[: 2**n]
    np.testing.assert_allclose(
        shapley_values(game(a + factor * b), n), shapley_values(game(a), n) + factor * shapley_values(game(b), n), rtol=1e-10, atol=1e-10
    )


@given(games, st.floats(-9, 9))
def test_a_dummy_gets_what_it_adds_alone_and_changes_no_one_else(worth, alone):
    n = players(worth)
    values = shapley_values(lambda c: game(worth)(c[:-1]) + alone * c[-1], n + 1)
    assert values[-1] == pytest.approx(alone, rel=1e-10, abs=1e-10)
    np.testing.assert_allclose(values[:-1], shapley_values(game(worth), n), rtol=1e-10, atol=1e-10)


@given(games, st.randoms(use_true_random=False))
def test_shapley_values_move_with_the_features(worth, random):
    n = players(worth)
    order = random.sample(range(n), n)
    np.testing.assert_allclose(shapley_values(lambda c: game(worth)(c[order]), n)[order], shapley_values(game(worth), n), rtol=1e-10, atol=1e-11)


def test_features_that_matter_alike_share_alike():
    # v = (weight of the coalition)²: feature i gets w_i · Σ w, by hand from w_i² + Σ_{j≠i} w_i·w_j
    weight = np.array([1.0, 2.0, 2.0, 0.0, -1.0])
    np.testing.assert_allclose(shapley_values(lambda c: float(c @ weight) ** 2, 5), weight * weight.sum(), rtol=1e-12, atol=1e-12)


def test_twelve_features_are_still_exact():
    np.testing.assert_allclose(shapley_values(lambda c: float(c.sum() ** 2), 12), np.full(12, 12.0), rtol=1e-10)


def test_every_coalition_is_asked_for_once_as_a_bool_array():
    seen = []

    def value(coalition):
        assert coalition.shape == (4,) and coalition.dtype == bool
        seen.append(tuple(coalition.tolist()))
        return 0.0

    assert shapley_values(value, np.int64(4)).tolist() == [0.0] * 4
    assert sorted(seen) == sorted(itertools.product([False, True], repeat=4))


def test_a_value_function_that_writes_into_its_coalition_spoils_nothing():
    def value(coalition):
        worth = float(coalition.sum()) ** 2
        coalition[:] = True
        return worth

    assert shapley_values(value, 3).tolist() == [pytest.approx(3.0)] * 3


def test_more_than_twenty_features_or_none_are_refused_before_anything_is_asked():
    for n in (0, 21, -1, 2.0, True):
        with pytest.raises(ValueError, match=r"n_features: expected .* got"):
            shapley_values(lambda c: pytest.fail("asked"), n)


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_worth_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match=r"value_function: expected .* got"):
        shapley_values(lambda c: bad if c.all() else 0.0, 2)


# ------------------------------------------------------------------ interventional values

BACKGROUND = randn(6, 4, seed=9)


def test_interventional_value_by_hand():
    model = Formula(lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0]], dim=1))
    value = interventional_value(model, torch.tensor([3.0, 2.0]), torch.tensor([[1.0, 0.0], [5.0, 4.0]]), 0)
    # nothing from x: (0 + 20)/2; the first: (3·0 + 3·4)/2; the second: (1·2 + 5·2)/2; both: 6
    assert [value(np.array(c)) for c in ([False, False], [True, False], [False, True], [True, True])] == [10.0, 6.0, 6.0, 6.0]


def test_interventional_value_equals_a_loop_over_background_rows():
    model, x = smooth_net(), X[0]
    for coalition in itertools.product([False, True], repeat=4):
        rows = [[float(x[i] if kept else row[i]) for i, kept in enumerate(coalition)] for row in BACKGROUND]
        expected = sum(model(torch.tensor([row]).double())[0, 2].item() for row in rows) / 6
        assert interventional_value(model, x, BACKGROUND, 2)(np.array(coalition)) == pytest.approx(expected, rel=1e-6)


def test_interventional_value_is_the_same_in_double_precision_as_its_ends():
    model = smooth_net()
    value = interventional_value(model, X[0], BACKGROUND, 1)
    assert value(np.ones(4, dtype=bool)) == pytest.approx(model(X[:1])[0, 1].item(), rel=1e-12)
    assert value(np.zeros(4, dtype=bool)) == pytest.approx(model(BACKGROUND)[:, 1].mean().item(), rel=1e-12)


def test_shapley_values_of_a_linear_model_are_weight_times_distance_from_the_mean_of_the_background():
    weight = [[1.0, -2.0, 0.5, 0.0], [3.0, 0.0, 0.0, 1.0]]
    values = shapley_values(interventional_value(linear(weight, [1.0, 2.0]), X[0], BACKGROUND, 1), 4)
    np.testing.assert_allclose(values, torch.tensor(weight[1]).double() * (X[0] - BACKGROUND.mean(0)), rtol=1e-10, atol=1e-13)


def test_shapley_values_of_a_model_equal_captum_averaged_over_the_background():
    model = smooth_net()
    peer = torch.stack([ShapleyValues(model).attribute(X[:1], row[None], target=2)[0] for row in BACKGROUND]).mean(0)
    np.testing.assert_allclose(shapley_values(interventional_value(model, X[0], BACKGROUND, 2), 4), peer.detach().numpy(), rtol=1e-6)


def test_another_background_gives_another_answer():
    model = smooth_net()
    a, b = (shapley_values(interventional_value(model, X[0], rows, 0), 4) for rows in (BACKGROUND, BACKGROUND + 1))
    assert np.abs(a - b).max() > 0.01


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_coalition_of_another_size_than_x_is_refused_not_broadcast(size):
    value = interventional_value(smooth_net(), X[0], BACKGROUND, 0)
    with pytest.raises(ValueError, match=r"coalition: expected .* got"):
        value(np.ones(size, dtype=bool))


# ------------------------------------------------------------------ LIME


def copies(seed=0, k=40, f=5):
    rng = np.random.default_rng(seed)
    masks = rng.integers(0, 2, (k, f)).astype(float)
    return masks, rng.normal(size=k), rng.uniform(0, 3, k)


def test_lime_weights_by_hand_with_two_in_the_kernel():
    # the last copy has weight exp(−ln 3) = 1/3: the mean where the feature is on is (1 + 3/3)/(4/3) = 1.5; without the 2 it were 1.2
    width = 1.7
    coefficients, intercept = lime_weights(
        np.array([[0.0], [1.0], [1.0]]), np.array([0.0, 1.0, 3.0]), np.array([0, 0, width * math.sqrt(2 * math.log(3))]), kernel_width=width, ridge=0
    )
    assert coefficients.tolist() == [pytest.approx(1.5)]
    assert intercept == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("options", "slope"), [({"ridge": 0.5}, 0.5), ({"ridge": 0.0}, 1.0), ({}, 1 / 3)])
def test_lime_weights_by_hand_with_a_penalty(options, slope):
    # centred at (½, ½): slope = ½ / (½ + ridge), and the line goes through the middle; the default ridge is 1
    coefficients, intercept = lime_weights(np.array([[0.0], [1.0]]), np.array([0.0, 1.0]), np.zeros(2), kernel_width=1.0, **options)
    assert coefficients.tolist() == [pytest.approx(slope)]
    assert intercept == pytest.approx(0.5 - slope / 2)


@pytest.mark.parametrize("ridge", [0.0, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("width", [0.3, 1.0, 50.0])
def test_lime_weights_equal_the_ridge_of_scikit_learn_with_captums_kernel(ridge, width):
    masks, outputs, distances = copies()
    kernel = get_exp_kernel_similarity_function("euclidean", kernel_width=width)
    weight = [kernel(torch.zeros(1), torch.tensor([d]), None) for d in distances]
    peer = Ridge(alpha=ridge, solver="svd", tol=1e-12).fit(masks, outputs, sample_weight=weight)
    coefficients, intercept = lime_weights(masks, outputs, distances, kernel_width=width, ridge=ridge)
    np.testing.assert_allclose(coefficients, peer.coef_, rtol=1e-5, atol=1e-6)
    assert intercept == pytest.approx(peer.intercept_, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("ridge", [0.0, 0.7])
def test_lime_weights_are_where_the_gradient_of_the_penalised_squares_vanishes(ridge):
    masks, outputs, distances = copies(1)
    coefficients, intercept = lime_weights(masks, outputs, distances, kernel_width=0.9, ridge=ridge)
    weighted = np.exp(-(distances**2) / (2 * 0.9**2)) * (outputs - masks @ coefficients - intercept)
    np.testing.assert_allclose(masks.T @ weighted, ridge * coefficients, atol=1e-12)
    assert weighted.sum() == pytest.approx(0, abs=1e-12), "the intercept is not penalised"


@given(st.integers(0, 99), st.floats(-50, 50))
def test_a_constant_added_to_the_outputs_moves_the_intercept_only(seed, shift):
    masks, outputs, distances = copies(seed, k=8, f=2)
    before, after = (lime_weights(masks, y, distances, kernel_width=1.0) for y in (outputs, outputs + shift))
    np.testing.assert_allclose(after[0], before[0], rtol=1e-10, atol=1e-11)
    assert after[1] - before[1] == pytest.approx(shift, rel=1e-10, abs=1e-11)


@given(st.permutations(range(8)))
def test_the_order_of_the_copies_does_not_matter(order):
    masks, outputs, distances = copies(k=8, f=2)
    a, b = lime_weights(masks, outputs, distances, kernel_width=1.0), lime_weights(masks[order], outputs[order], distances[order], kernel_width=1.0)
    np.testing.assert_allclose(a[0], b[0], rtol=1e-10, atol=1e-13)
    assert a[1] == pytest.approx(b[1], rel=1e-10)


def test_a_huge_penalty_leaves_the_weighted_mean():
    masks, outputs, distances = copies()
    coefficients, intercept = lime_weights(masks, outputs, distances, kernel_width=1.0, ridge=1e12)
    assert np.abs(coefficients).max() < 1e-9
    assert intercept == pytest.approx(np.average(outputs, weights=np.exp(-(distances**2) / 2)))


def test_a_narrow_kernel_follows_the_near_copies_a_wide_one_all():
    masks = np.array([[1.0], [0.0], [1.0], [0.0]])
    outputs, distances = np.array([2.0, 0.0, -7.0, 0.0]), np.array([0.0, 0.0, 5.0, 5.0])
    near, far = (lime_weights(masks, outputs, distances, kernel_width=w, ridge=0.0)[0] for w in (0.5, 1e6))
    assert near.tolist() == [pytest.approx(2.0)]
    assert far.tolist() == [pytest.approx(-2.5)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, bool, int])
def test_lime_weights_give_back_the_kind_of_the_masks_in_float64(dtype):
    masks, outputs, distances = copies()
    reference = lime_weights(masks, outputs, distances, kernel_width=1.0)
    array, intercept = lime_weights(masks.astype(dtype), outputs, distances, kernel_width=1.0)
    tensor, same = lime_weights(torch.from_numpy(masks.astype(dtype)), torch.from_numpy(outputs), distances, kernel_width=1.0)
    assert isinstance(array, np.ndarray) and isinstance(tensor, torch.Tensor)
    assert type(intercept) is type(same) is float
    assert array.dtype == np.float64 and tensor.dtype == torch.float64
    np.testing.assert_allclose(array, reference[0], rtol=1e-12)
    assert tensor.tolist() == array.tolist() and same == intercept


def test_lime_weights_take_a_transposed_view():
    masks, outputs, distances = copies()
    a = lime_weights(masks.T.copy().T, outputs, distances, kernel_width=1.0)
    np.testing.assert_allclose(a[0], lime_weights(masks, outputs, distances, kernel_width=1.0)[0], rtol=1e-12)


def test_a_regression_without_one_solution_is_refused_unless_penalised():
    masks = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    for rows in (masks, masks[:1]):
        with pytest.raises(ValueError, match=r"ridge: expected .* got"):
            lime_weights(rows, np.arange(len(rows)), np.zeros(len(rows)), kernel_width=1.0, ridge=0.0)
    coefficients, _ = lime_weights(masks, np.arange(3.0), np.zeros(3), kernel_width=1.0, ridge=0.1)
    assert coefficients[0] == pytest.approx(coefficients[1])


def test_copies_too_far_for_the_kernel_are_refused():
    with pytest.raises(ValueError, match=r"kernel_width: expected .* got"):
        lime_weights(np.eye(2), np.ones(2), np.full(2, 1e3), kernel_width=1.0)


# ------------------------------------------------------------------ agreement of attributions


def random_maps(seed=0, shape=(6, 2, 3, 4)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=shape)


def test_agreement_by_hand():
    a, b = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), np.array([[1.0, 2.0, 3.0, 5.0, 4.0]])
    result = attribution_agreement(a, b)
    assert result._fields == ("cosine", "pearson", "spearman", "topk_iou")
    assert result.cosine == pytest.approx(54 / 55), "1 + 4 + 9 + 20 + 20 of 1 + 4 + 9 + 16 + 25"
    assert result.pearson == pytest.approx(9 / 10), "centred: 4 + 1 + 0 + 2 + 2 of 4 + 1 + 0 + 1 + 4"
    assert result.spearman == pytest.approx(1 - 6 * 2 / (5 * 24)), "1 − 6Σd²/(n(n² − 1))"
    assert result.topk_iou == 0, "the largest fifth: entry 4 against entry 3"
    assert attribution_agreement(a, b, top_fraction=0.4).topk_iou == 1
    assert attribution_agreement(a, -b, top_fraction=0.6).topk_iou == pytest.approx(1 / 5), "4, 3, 2 against 0, 1, 2: one in five"


@pytest.mark.parametrize("shape", [(1, 7), (6, 24), (6, 2, 3, 4)])
def test_agreement_equals_scipy_row_by_row_then_averaged(shape):
    a, b = random_maps(shape=shape)
    rows = list(zip(a.reshape(len(a), -1), b.reshape(len(b), -1), strict=True))
    result = attribution_agreement(a, b)
    assert result.cosine == pytest.approx(np.mean([p @ q / np.sqrt(p @ p * (q @ q)) for p, q in rows]), rel=1e-10)
    assert result.pearson == pytest.approx(np.mean([scipy.stats.pearsonr(p, q).statistic for p, q in rows]), rel=1e-10)
    assert result.spearman == pytest.approx(np.mean([scipy.stats.spearmanr(p, q).statistic for p, q in rows]), rel=1e-10)
    k = round(0.2 * rows[0][0].size)
    tops = [(set(np.argsort(-p)[:k]), set(np.argsort(-q)[:k])) for p, q in rows]
    assert result.topk_iou == pytest.approx(np.mean([len(s & t) / len(s | t) for s, t in tops]), rel=1e-12)


@given(arrays(np.int64, (2, 3, 6), elements=st.integers(-2, 2)))
def test_ties_share_their_mean_rank_as_in_scipy(pair):
    a, b = pair.astype(float)
    if (np.ptp(a, axis=1) == 0).any() or (np.ptp(b, axis=1) == 0).any():
        with pytest.raises(ValueError, match=r"[ab]: expected attributions that vary"):
            attribution_agreement(a, b)
    else:
        expected = np.mean([scipy.stats.spearmanr(p, q).statistic for p, q in zip(a, b, strict=True)])
        assert attribution_agreement(a, b).spearman == pytest.approx(expected, abs=1e-12)


varied = arrays(np.float64, (2, 8), elements=st.floats(-10, 10, width=32)).filter(lambda m: (np.ptp(m, axis=1) > 0.1).all())


@given(varied, varied, st.floats(0.1, 50))
def test_agreement_is_symmetric_bounded_and_blind_to_a_positive_factor(a, b, factor):
    result = attribution_agreement(a, b)
    assert result == pytest.approx(attribution_agreement(b, a), abs=1e-12)
    assert all(-1 <= v <= 1 for v in result) and result.topk_iou >= 0
    assert result == pytest.approx(attribution_agreement(factor * a, b), abs=1e-9)
    assert attribution_agreement(a, factor * a) == pytest.approx((1, 1, 1, 1), abs=1e-9)
    assert attribution_agreement(a, -a)[:3] == pytest.approx((-1, -1, -1), abs=1e-9)


def test_only_the_cosine_sees_a_constant_added_to_a_map():
    a, b = random_maps(shape=(6, 24))
    before, after = attribution_agreement(a, b), attribution_agreement(a + 9, b + 9)
    assert after[1:] == pytest.approx(before[1:], abs=1e-10)
    assert after.cosine > 0.9 > before.cosine + 0.5


def test_only_the_ranks_and_the_top_are_blind_to_a_monotone_curve():
    a, b = random_maps(shape=(6, 24))
    before, after = attribution_agreement(a, b), attribution_agreement(np.exp(a), b)
    assert (after.spearman, after.topk_iou) == pytest.approx((before.spearman, before.topk_iou), abs=1e-12)
    assert abs(after.pearson - before.pearson) > 1e-3


def test_of_equal_entries_the_first_are_the_top():
    a, b = np.array([[1.0, 1.0, 1.0, 0.0]]), np.array([[0.0, 0.0, 1.0, 1.0]])
    # the first two of the three ones of a, against the two ones of b
    assert attribution_agreement(a, b, top_fraction=0.5).topk_iou == 0
    assert attribution_agreement(a, b[:, ::-1].copy(), top_fraction=0.5).topk_iou == 1


@pytest.mark.parametrize(("fraction", "k"), [(1.0, 10), (0.04, 1), (0.25, 2), (0.35, 4), (0.3, 3)])
def test_the_top_holds_at_least_one_entry_and_else_the_rounded_share(fraction, k):
    a, b = np.arange(10.0)[None], np.roll(np.arange(10.0), -1)[None]
    # the k largest of b lie one place to the left (the largest at 8): k − 1 places in common of k + 1, or all of them
    expected = 1.0 if k == 10 else (k - 1) / (k + 1)
    assert attribution_agreement(a, b, top_fraction=fraction).topk_iou == pytest.approx(expected)


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
def test_by_chance_the_overlap_is_f_over_two_minus_f(fraction):
    a, b = random_maps(shape=(2000, 100))
    assert attribution_agreement(a, b, top_fraction=fraction).topk_iou == pytest.approx(fraction / (2 - fraction), abs=0.01)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_agreement_of_tensors_is_that_of_arrays_in_python_floats(dtype):
    a, b = (torch.from_numpy(m).to(dtype) for m in random_maps())
    from_torch = attribution_agreement(a.requires_grad_(), b)
    from_numpy = attribution_agreement(a.detach().double().numpy(), b.double().numpy())
    assert all(type(v) is float for v in (*from_torch, *from_numpy))
    assert from_torch == from_numpy


def test_agreement_of_views_is_that_of_copies():
    a, b = random_maps(shape=(6, 24))
    assert attribution_agreement(a.T.copy().T, b[:, ::-1][:, ::-1]) == attribution_agreement(a, b)


@pytest.mark.parametrize("factor", [1e-40, 1e-150, 1e-200, 1e150, 1e200])
def test_agreement_of_tiny_or_huge_maps_neither_under_nor_overflows(factor):
    a, b = random_maps(shape=(3, 24))
    assert attribution_agreement(factor * a, factor * b) == pytest.approx(attribution_agreement(a, b), abs=1e-10)


@pytest.mark.parametrize("which", ["a", "b"])
def test_a_constant_map_is_refused_with_its_row(which):
    maps = dict(zip("ab", random_maps(shape=(3, 4)), strict=True))
    maps[which][1] = 2.5
    with pytest.raises(ValueError, match=rf"{which}: expected attributions that vary, got 1 constant map\(s\), first row 1"):
        attribution_agreement(**maps)


# ------------------------------------------------------------------ matching explanations


def test_matching_loss_by_hand():
    model, x, y = linear([[1.0, -2.0], [0.0, 3.0]], [1.0, 1.0]), randn(4, 2), torch.tensor([0, 0, 0, 1])
    teacher = torch.tensor([[5.0, -10.0], [2.0, 1.0], [1.0, 0.0], [4.0, -3.0]]).double()
    # cosines: 1, 0, 1/√5 and 3·(−3)/(3·5)
    losses = [0.0, 1.0, 1 - 1 / math.sqrt(5), 1.6]
    for i, expected in enumerate(losses):
        assert explanation_matching_loss(model, x[i : i + 1], y[i : i + 1], teacher[i : i + 1]).item() == pytest.approx(expected, abs=1e-12)
    assert explanation_matching_loss(model, x, y, teacher).item() == pytest.approx(sum(losses) / 4)


def test_matching_loss_is_one_minus_the_cosine_of_images_flattened():
    model, teacher = image_net(), randn(3, 2, 4, 5, seed=5)
    cosine = F.cosine_similarity(saliency(model, IMAGES, CLASSES).flatten(1), teacher.flatten(1)).mean()
    torch.testing.assert_close(explanation_matching_loss(model, IMAGES, CLASSES, teacher).detach(), 1 - cosine, rtol=1e-12, atol=0)
    agreement = attribution_agreement(saliency(model, IMAGES, CLASSES), teacher).cosine
    assert explanation_matching_loss(model, IMAGES, CLASSES, teacher).item() == pytest.approx(1 - agreement, rel=1e-12)


@pytest.mark.parametrize("activation", [torch.tanh, F.softplus])
def test_the_second_order_gradient_of_the_matching_loss_passes_gradcheck(activation):
    x, y, teacher = randn(3, 2), torch.tensor([0, 1, 1]), randn(3, 2, seed=2)

    def loss(first, second):
        return explanation_matching_loss(Formula(lambda x: activation(x @ first) @ second), x, y, teacher)

    weights = [randn(2, 4, seed=3).requires_grad_(), randn(4, 2, seed=4).requires_grad_()]
    assert torch.autograd.gradcheck(loss, weights)
    assert all(g.abs().max() > 1e-3 for g in torch.autograd.grad(loss(*weights), weights))


def test_no_gradient_of_the_matching_loss_reaches_teacher_or_input():
    x, teacher = X.clone().requires_grad_(), randn(5, 4, seed=2).requires_grad_()
    explanation_matching_loss(model := smooth_net(), x, Y, 2 * teacher).backward()
    assert x.grad is None and teacher.grad is None
    assert model[0].weight.grad.abs().sum() > 0


def test_an_example_without_a_direction_counts_one_and_its_gradient_is_finite():
    model, teacher = smooth_net(), randn(5, 4, seed=2)
    teacher[1:] = 0
    one_row = explanation_matching_loss(model, X[:1], Y[:1], teacher[:1])
    loss = explanation_matching_loss(model, X, Y, teacher)
    assert loss.item() == pytest.approx((one_row.item() + 4) / 5)
    flat = nn.Linear(4, 3).double()
    nn.init.zeros_(flat.weight)
    still = explanation_matching_loss(flat, X, Y, teacher)
    assert still.item() == 1
    for value, net in ((loss, model), (still, flat)):
        (gradient,) = torch.autograd.grad(value, next(net.parameters()))
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("factor", [1e-40, 1e-25, 1e-12, 1e12, 1e25])
def test_the_matching_loss_sees_directions_only_at_any_scale(factor):
    model, teacher = smooth_net(dtype=torch.float32), randn(5, 4, seed=2, dtype=torch.float32)
    x = X.float()
    expected = explanation_matching_loss(model, x, Y, teacher).item()
    assert explanation_matching_loss(model, x, Y, factor * teacher).item() == pytest.approx(expected, rel=1e-4)
    if factor >= 1e-25:
        model[2].weight.data.mul_(factor)
        assert explanation_matching_loss(model, x, Y, factor * teacher).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_matching_loss_of_a_half_precision_student_is_computed_in_float32(dtype):
    model, teacher = linear([[300.0, -500.0], [1.0, 2.0]], dtype=dtype), torch.tensor([[400.0, 100.0]], dtype=dtype)
    loss = explanation_matching_loss(model, torch.ones(1, 2, dtype=dtype), FIRST, teacher)
    assert loss.dtype == torch.float32
    cosine = (300 * 400 - 500 * 100) / math.sqrt((300**2 + 500**2) * (400**2 + 100**2))
    assert float(loss.detach()) == pytest.approx(1 - cosine, rel=1e-2)


def test_training_on_the_matching_loss_raises_the_cosine():
    x, y = randn(40, 4, seed=7), torch.arange(40) % 3
    wanted, student = saliency(smooth_net(1), x, y), smooth_net(2).train()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.02)
    before = attribution_agreement(saliency(student, x, y), wanted).cosine
    for _ in range(60):
        optimizer.zero_grad()
        explanation_matching_loss(student, x, y, wanted).backward()
        optimizer.step()
    after = attribution_agreement(saliency(student, x, y), wanted).cosine
    assert after > 0.8 > before + 0.3
    assert all(module.training for module in student.modules())


@pytest.mark.parametrize("training", [False, True])
def test_the_matching_loss_runs_the_student_in_the_mode_it_is_in(training):
    model = seeded(lambda: MLP(4, 3, hidden=(64,), dropout=0.5)).train(training)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        a, b = (float(explanation_matching_loss(model, X, Y, randn(5, 4, seed=2)).detach()) for _ in range(2))
    assert (a != b) == training, "dropout acts in train mode"
    assert all(module.training == training for module in model.modules())


# ------------------------------------------------------------------ deletion


def target_only(weight):
    """The logit of class 0 is linear, the other one is 0: probability and logit rise and fall together."""
    return linear([weight, [0.0] * len(weight)])


def test_deletion_curve_by_hand():
    model, x = target_only([4.0, -1.0, 2.0]), torch.ones(1, 3).double()
    # logits 5, 1, −1, 0 after entries 0, 2 and 1 went, the largest attribution first
    curve = deletion_curve(model, x, FIRST, saliency(model, x, FIRST), n_steps=3)
    assert curve.tolist() == [pytest.approx(1 / (1 + math.exp(-z))) for z in (5, 1, -1, 0)]
    # signed: −1 goes last although |−9| were the largest
    signed = deletion_curve(model, x, FIRST, torch.tensor([[1.0, -9.0, 0.0]]), n_steps=3)
    assert signed.tolist() == [pytest.approx(1 / (1 + math.exp(-z))) for z in (5, 1, -1, 0)]


def test_deleted_entries_take_the_value_of_the_baseline():
    model, x = target_only([4.0, -1.0, 2.0]), torch.ones(1, 3).double()
    curve = deletion_curve(model, x, FIRST, saliency(model, x, FIRST), baseline=torch.tensor([0.5, 3.0, 0.0]), n_steps=3)
    # 4·0.5 − 1 + 2, then 2 − 1 + 0, then 2 − 3 + 0
    assert curve.tolist() == [pytest.approx(1 / (1 + math.exp(-z))) for z in (5, 3, 1, -1)]


@pytest.mark.parametrize("n_steps", [1, 3, 20, 50])
def test_the_curve_runs_from_the_models_probability_to_that_of_the_baseline(n_steps):
    model, baseline = image_net(), randn(2, 4, 5, seed=8)
    curve = deletion_curve(model, IMAGES, CLASSES, randn(3, 2, 4, 5, seed=9), baseline=baseline, n_steps=n_steps)
    assert isinstance(curve, np.ndarray) and curve.shape == (n_steps + 1,) and curve.dtype == np.float64
    ends = [torch.softmax(model(z), 1).gather(1, CLASSES[:, None]).mean().item() for z in (IMAGES, baseline.expand_as(IMAGES))]
    assert [curve[0], curve[-1]] == [pytest.approx(end, rel=1e-10) for end in ends]


def test_twenty_steps_to_zeros_are_the_default():
    model, attribution = smooth_net(), randn(5, 4, seed=1)
    said = deletion_curve(model, X, Y, attribution, baseline=torch.zeros(5, 4), n_steps=20)
    assert len(said) == 21
    assert deletion_curve(model, X, Y, attribution).tolist() == said.tolist()


@pytest.mark.parametrize("n_steps", [1, 4, 7, 12])
def test_the_curve_equals_a_loop_over_rows_and_entries(n_steps):
    model, x, y, attribution = smooth_net(features=7), randn(3, 7), torch.tensor([2, 0, 1]), randn(3, 7, seed=4)
    expected = []
    for step in range(n_steps + 1):
        total = 0.0
        for row, target, score in zip(x, y, attribution, strict=True):
            row = row.clone()
            for entry in sorted(range(7), key=lambda i: -score[i])[: round(7 * step / n_steps)]:
                row[entry] = -0.3
            total += torch.softmax(model(row[None]), 1)[0, target].item()
        expected.append(total / 3)
    np.testing.assert_allclose(deletion_curve(model, x, y, attribution, baseline=-0.3, n_steps=n_steps), expected, rtol=1e-10)


def test_of_equal_attributions_the_first_entry_goes_first():
    model, x = target_only([1.0, 2.0, 4.0, 8.0]), torch.ones(1, 4).double()
    curve = deletion_curve(model, x, FIRST, torch.zeros(1, 4), n_steps=4)
    assert curve.tolist() == [pytest.approx(1 / (1 + math.exp(-z))) for z in (15, 14, 12, 8, 0)]


@given(arrays(np.float64, (8,), elements=st.floats(-3, 3)), st.integers(0, 1000))
def test_no_order_falls_earlier_than_that_of_the_gradient_on_a_linear_model(weight, seed):
    model, x, y = target_only(weight.tolist()), torch.ones(4, 8).double(), torch.zeros(4, dtype=torch.int64)
    by_gradient = deletion_curve(model, x, y, saliency(model, x, y), n_steps=8)
    at_random = deletion_curve(model, x, y, randn(4, 8, seed=seed), n_steps=8)
    assert (by_gradient <= at_random + 1e-12).all()


def test_a_random_order_falls_later_than_that_of_the_gradient():
    model, x, y = target_only(randn(16).tolist()), torch.ones(50, 16).double(), torch.zeros(50, dtype=torch.int64)
    good, random, worst = (deletion_curve(model, x, y, a, n_steps=16).mean() for a in (saliency(model, x, y), randn(50, 16), -saliency(model, x, y)))
    assert good + 0.1 < random < worst - 0.1


# ------------------------------------------------------------------ what explanations leave alone

RUNS = {
    "saliency": lambda model, x: saliency(model, x, CLASSES),
    "integrated_gradients": lambda model, x: integrated_gradients(model, x, CLASSES, n_steps=3).attribution,
    "grad_cam": lambda model, x: grad_cam(model, model.conv, x, CLASSES),
    "deletion_curve": lambda model, x: torch.from_numpy(deletion_curve(model, x, CLASSES, IMAGES, n_steps=3)),
}
each_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


@each_run
def test_in_train_mode_the_explanation_is_that_of_eval_mode_and_all_is_left_as_it_was(run):
    expected, model = run(image_net(), IMAGES), image_net().train()
    model.rest[0].eval()
    modes, state = [m.training for m in model.modules()], [v.clone() for v in model.state_dict().values()]
    x, before, random = IMAGES.clone().requires_grad_(), IMAGES.clone(), torch.get_rng_state()
    result = run(model, x)
    torch.testing.assert_close(result, expected, rtol=1e-12, atol=1e-15)
    assert not result.requires_grad
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), state, strict=True))
    assert all(p.grad is None for p in model.parameters()) and x.grad is None
    assert torch.equal(x, before) and x.requires_grad
    assert torch.equal(torch.get_rng_state(), random)


@each_run
def test_explanations_work_without_gradients_around_them_and_with_frozen_weights(run):
    expected, model = run(image_net(), IMAGES), image_net().requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(run(model, IMAGES), expected, rtol=1e-12, atol=1e-15)
    assert not any(p.requires_grad for p in model.parameters())


@each_run
def test_views_of_images_give_the_explanation_of_copies(run):
    model = image_net()
    for view in (IMAGES.contiguous(memory_format=torch.channels_last), IMAGES.permute(3, 1, 2, 0).contiguous().permute(3, 1, 2, 0)):
        assert not view.is_contiguous()
        torch.testing.assert_close(run(model, view), run(model, IMAGES), rtol=1e-10, atol=1e-14)


@each_run
@pytest.mark.parametrize("training", [False, True])
def test_modes_come_back_when_the_model_fails(run, training):
    model = image_net().train(training)
    with pytest.raises(RuntimeError):
        run(model, IMAGES.float())
    assert all(m.training == training for m in model.modules())


def test_the_interventional_value_leaves_the_model_as_it_was():
    model, random = seeded(lambda: MLP(4, 3, hidden=(8,), dropout=0.5)).train(), torch.get_rng_state()
    value = interventional_value(model, X[0].clone().requires_grad_(), BACKGROUND, 0)
    coalition = np.array([True, False, True, False])
    assert value(coalition) == value(coalition)
    assert all(m.training for m in model.modules())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert coalition.tolist() == [True, False, True, False]


def test_a_baseline_that_wants_gradients_leaves_no_graph():
    baseline = torch.zeros(4).double().requires_grad_()
    assert not any(part.requires_grad for part in integrated_gradients(smooth_net(), X, Y, baseline=baseline, n_steps=2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_models_give_maps_in_their_dtype_near_those_in_double(dtype):
    half, model = image_net().to(dtype), image_net()
    for run in (RUNS["saliency"], RUNS["integrated_gradients"], RUNS["grad_cam"]):
        result, exact = run(half, IMAGES.to(dtype)), run(model, IMAGES)
        assert result.dtype == dtype
        assert ((result.double() - exact).norm() / exact.norm()) < 0.1


# ------------------------------------------------------------------ NaN and infinity


def seen(call):
    """What a call gives for NaN or infinity: nothing where it refuses them."""
    try:
        return call()
    except ValueError:
        return None


def with_entry(x, value):
    x = x.clone()
    x[1].view(-1)[0] = value
    return x


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("name", ["saliency", "integrated_gradients", "grad_cam"])
def test_an_input_with_nan_or_infinity_gives_no_finite_explanation_of_its_row(name, bad):
    for model in (image_net(), SmallImage()):
        result = seen(lambda model=model: RUNS[name](model, with_entry(IMAGES, bad)))
        assert result is None or not torch.isfinite(result[1]).any(), f"{model.__class__.__name__}: {result[1]}"


class SmallImage(nn.Module):
    """Linear: its gradient does not depend on the input at all."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1).double()
        self.head = nn.Linear(60, 4).double()

    def forward(self, x):
        return self.head(self.conv(x).flatten(1))


@pytest.mark.parametrize("bad", [NAN, INF])
def test_nan_and_infinity_of_the_teachers_attribution_give_nan(bad):
    assert explanation_matching_loss(smooth_net(), X, Y, with_entry(randn(5, 4), bad)).isnan()


@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("model", [smooth_net(), seeded(lambda: MLP(4, 3)), linear([[1.0, 2.0, 0.0, 1.0]] * 3)], ids=["tanh", "relu", "linear"])
def test_an_input_with_nan_or_infinity_gives_a_matching_loss_of_nan(model, bad):
    assert explanation_matching_loss(model, with_entry(X, bad), Y, randn(5, 4)).isnan()


def test_a_deletion_curve_is_nan_until_the_nan_is_deleted_and_never_makes_one_up():
    model, x = target_only([4.0, -1.0, 2.0]), torch.tensor([[1.0, NAN, 1.0]]).double()
    curve = seen(lambda: deletion_curve(model, x, FIRST, torch.tensor([[3.0, 2.0, 1.0]]), n_steps=3))
    assert curve is None or np.isnan(curve).tolist() == [True, True, False, False]
    poisoned = linear([[NAN, 0.0], [0.0, 0.0]])
    curve = seen(lambda: deletion_curve(poisoned, torch.ones(1, 2).double(), FIRST, torch.ones(1, 2), n_steps=2))
    assert curve is None or np.isnan(curve).all()


def test_shapley_values_of_a_model_that_gives_nan_are_refused():
    x = X[0].clone()
    x[2] = NAN
    with pytest.raises(ValueError, match=r"value_function: expected a finite number, got float nan"):
        shapley_values(interventional_value(smooth_net(), x, BACKGROUND, 0), 4)


def test_an_impossible_class_beside_the_target_disturbs_nothing():
    def logits(x):
        return torch.stack([2 * x[:, 0] - x[:, 1], torch.full_like(x[:, 0], -INF)], dim=1)

    x = torch.tensor([[1.0, 3.0]])
    assert saliency(Formula(logits), x, FIRST).tolist() == [[2.0, -1.0]]
    assert integrated_gradients(Formula(logits), x, FIRST, n_steps=1).attribution.tolist() == [[2.0, -3.0]]
    assert deletion_curve(Formula(logits), x, FIRST, x, n_steps=2).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_logits_of_ten_thousand_give_exact_explanations(scale):
    model, x = target_only([scale, 0.0]), torch.tensor([[1.0, 1.0]]).double()
    assert saliency(model, x, FIRST).tolist() == [[scale, 0.0]]
    attribution, delta = integrated_gradients(model, x, FIRST)
    assert attribution.tolist() == [[pytest.approx(scale, rel=1e-12), 0.0]]
    assert delta.tolist() == [pytest.approx(0.0, abs=1e-8)]
    assert deletion_curve(model, x, FIRST, torch.tensor([[2.0, 1.0]]), n_steps=2).tolist() == [float(scale > 0), 0.5, 0.5]


# ------------------------------------------------------------------ refusals

MAPS = np.array([[1.0, 2.0], [3.0, 5.0]])
GOOD = {
    saliency: {"model": smooth_net(), "x": X, "target": Y, "absolute": True},
    integrated_gradients: {"model": smooth_net(), "x": X, "target": Y, "baseline": torch.zeros(4), "n_steps": 2},
    grad_cam: {"model": (CAM := image_net()), "layer": CAM.conv, "x": IMAGES, "target": CLASSES, "relu": False},
    shapley_values: {"value_function": lambda c: 1.0, "n_features": 2},
    interventional_value: {"model": smooth_net(), "x": X[0], "background": X, "target": 0},
    lime_weights: {"masks": MAPS, "outputs": MAPS[0], "distances": MAPS[1], "kernel_width": 1.0, "ridge": 1.0},
    attribution_agreement: {"a": MAPS, "b": MAPS, "top_fraction": 0.5},
    explanation_matching_loss: {"student": smooth_net(), "x": X, "target": Y, "teacher_attribution": X},
    deletion_curve: {"model": smooth_net(), "x": X, "target": Y, "attribution": X, "baseline": torch.zeros(4), "n_steps": 2},
}
MODEL = [None, torch.relu, nn.Linear, Formula(lambda x: (x[:, :3], x)), Formula(lambda x: x.sum(1)), Formula(lambda x: x[..., None])]
INPUT = [None, X.numpy(), X[0], X.long(), X[:0], X > 0]
TARGET = [None, Y.tolist(), Y.int(), Y.double(), Y[:1], Y[:, None], Y + 1, Y - 1, F.one_hot(Y)]
SAME_SHAPE = [None, X.numpy(), X[:1], X[0], X[:, :3], X.T]
COUNT = [0, -1, 1.5, 2.0, True, "3", None]
NUMBER = [NAN, INF, "1", None, True, [1.0]]
MAP = [None, MAPS.tolist(), MAPS[0], MAPS[:1], MAPS[:, :1], MAPS * NAN, MAPS * INF, MAPS + 0j, MAPS[:0], MAPS.astype(str)]
VECTOR = [None, [1.0, 2.0], MAPS, MAPS[0, :1], np.array([1.0, NAN]), np.array([1.0, INF])]
BAD = {
    saliency: {"model": MODEL, "x": INPUT, "target": TARGET, "absolute": ["no", 1, None]},
    integrated_gradients: {"model": MODEL, "x": INPUT, "target": TARGET, "baseline": ["0", torch.zeros(3), X[:2]], "n_steps": COUNT},
    grad_cam: {"model": MODEL[:3], "x": INPUT, "target": [CLASSES + 1, CLASSES[:1], CLASSES.int()], "relu": ["no", 1, None]},
    shapley_values: {"n_features": [*COUNT, 21]},
    interventional_value: {
        "model": MODEL[:3],
        "x": [None, X, X[0, 0], X[0].numpy(), X[0].long(), [0.0] * 4],
        "background": [None, X[0], X[:, :3], X[:0], X[None], X.numpy()],
        "target": [3, -1, 1.0, True, None, "0"],
    },
    lime_weights: {
        "masks": [*MAP[:3], MAPS[:1], *MAP[5:]],
        "outputs": VECTOR,
        "distances": [*VECTOR, np.array([1.0, -1.0])],
        "kernel_width": [*NUMBER, 0, -1.0],
        "ridge": [*NUMBER, -1.0],
    },
    attribution_agreement: {"a": [*MAP, np.array(1.0)], "b": MAP, "top_fraction": [*NUMBER, 0, -0.1, 1.1]},
    explanation_matching_loss: {"student": MODEL, "x": INPUT, "target": TARGET, "teacher_attribution": SAME_SHAPE},
    deletion_curve: {
        "model": MODEL[:3],
        "x": INPUT,
        "target": TARGET,
        "attribution": [*SAME_SHAPE, with_entry(X, NAN), with_entry(X, INF)],
        "baseline": ["0", torch.zeros(3), X[:2]],
        "n_steps": COUNT,
    },
}
CASES = [
    pytest.param(function, argument, value, id=f"{function.__name__}-{argument}-{i}")
    for function, arguments in BAD.items()
    for argument, values in arguments.items()
    for i, value in enumerate(values)
]


@pytest.mark.parametrize("function", GOOD, ids=lambda function: function.__name__)
def test_the_good_arguments_are_taken(function):
    assert function(**GOOD[function]) is not None


@pytest.mark.parametrize(("function", "argument", "value"), CASES)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(function, argument, value):
    with pytest.raises(ValueError, match=rf"(?s)\b{argument}\b.*\bexpected\b.*\bgot\b"):
        function(**GOOD[function] | {argument: value})


def test_scalars_are_no_maps_on_either_side():
    with pytest.raises(ValueError, match="expected"):
        attribution_agreement(np.array(1.0), np.array(1.0))


# ------------------------------------------------------------------ the claims of the book


@pytest.fixture(scope="module")
def digits():
    """A trained net, a second one from another seed, an untrained one, and test images."""
    data = load_digits()
    trained, second, untrained = (seeded(lambda: MLP(64, 10), seed, torch.float32) for seed in range(3))
    for seed, model in enumerate((trained, second)):
        train_supervised(model, data.train, epochs=10, seed=seed)
    return trained, second, untrained, data.test.x[:200], data.test.target[:200]


@pytest.mark.slow
def test_absolute_maps_of_a_trained_and_an_untrained_net_point_the_same_way_signed_ones_do_not(digits):
    trained, second, untrained, x, y = digits
    signed, absolute = (attribution_agreement(saliency(trained, x, y, absolute=a), saliency(untrained, x, y, absolute=a)) for a in (False, True))
    assert absolute.cosine > 0.4 > 0.2 > abs(signed.cosine)
    assert attribution_agreement(saliency(trained, x, y), saliency(second, x, y)).cosine > signed.cosine + 0.4


@pytest.mark.slow
def test_deleting_by_integrated_gradients_beats_random_deletion_on_digits(digits):
    trained, _, _, x, y = digits
    blank = -4.9 / 6.0  # the value of the background after scaling
    attribution = integrated_gradients(trained, x, y, baseline=blank).attribution
    good, random = (deletion_curve(trained, x, y, a, baseline=blank, n_steps=5) for a in (attribution, randn(*x.shape)))
    assert good[0] == random[0] and good[-1] == random[-1]
    assert (good[1:-1] < random[1:-1]).all()


@pytest.mark.slow
def test_the_maps_of_a_small_cnn_are_complete_and_positive(digits):
    x, y = digits[3:]
    cnn = seeded(lambda: SmallCNN(10, image_size=8), dtype=torch.float32)
    cam = grad_cam(cnn, cnn.maps[3], x, y)
    assert cam.shape == (200, 4, 4) and (cam >= 0).all()
    few, many = (integrated_gradients(cnn, x, y, baseline=-4.9 / 6.0, n_steps=n).delta.abs().mean() for n in (2, 100))
    assert many < few / 4
