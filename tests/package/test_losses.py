"""The losses against hand values, independent forms, closed-form gradients and the edges of floating point."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import rel_entr, softmax

from kdtutor.losses import distillation_loss, kd_loss, logit_mse, reverse_kd_loss, smooth_labels, soft_cross_entropy, soften

INF, NAN = math.inf, math.nan
EVEN, SKEW = torch.tensor([[0.5, 0.5]]).double().log(), torch.tensor([[0.75, 0.25]]).double().log()
SKEW_FROM_EVEN = 0.75 * math.log(1.5) - 0.25 * math.log(2)  # KL([.75, .25] || [.5, .5]) = 0.130812...


def labels(logits):
    return torch.arange(len(logits)) % logits.shape[1]


# Every loss as a function of student and teacher logits alone.
LOSSES = {
    "kd_loss": kd_loss,
    "kd_loss T=0.5": lambda s, t: kd_loss(s, t, temperature=0.5),
    "distillation_loss": lambda s, t: distillation_loss(s, t, labels(s)),
    "soft_cross_entropy": lambda s, t: soft_cross_entropy(s, soften(t, 2.0), temperature=2.0),
    "reverse_kd_loss": reverse_kd_loss,
    "logit_mse": logit_mse,
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def logits(seed=0, n=5, c=4, scale=3.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return tuple((scale * torch.randn(n, c, generator=generator, dtype=torch.float64)).to(dtype) for _ in range(2))


def exact_kl(of, against, temperature):
    """Mean KL(of || against) at T with 60 decimal digits."""
    with localcontext() as context:
        context.prec = 60
        tau = Decimal(temperature)

        def log_probs(row):
            z = [Decimal(v) / tau for v in row]
            total = sum((v - max(z)).exp() for v in z).ln()
            return [v - max(z) - total for v in z]

        rows = [(log_probs(p), log_probs(q)) for p, q in zip(of.tolist(), against.tolist(), strict=True)]
        return float(sum(a.exp() * (a - b) for p, q in rows for a, b in zip(p, q, strict=True)) / len(rows))


# ------------------------------------------------------------------ hand values


def test_soften_by_hand():
    assert soften(torch.tensor([[4 * math.log(3), 0.0]]).double(), 4.0).tolist() == [pytest.approx([0.75, 0.25])]


def test_kd_loss_by_hand_and_t_squared_is_on_by_default():
    assert float(kd_loss(EVEN, SKEW, temperature=1.0)) == pytest.approx(0.130812, abs=1e-6)
    assert float(kd_loss(2 * EVEN, 2 * SKEW, temperature=2.0)) == pytest.approx(4 * SKEW_FROM_EVEN)
    assert float(kd_loss(4 * EVEN, 4 * SKEW)) == pytest.approx(16 * SKEW_FROM_EVEN), "the default temperature is 4"
    assert float(kd_loss(2 * EVEN, 2 * SKEW, temperature=2.0, scale_by_t2=False)) == pytest.approx(SKEW_FROM_EVEN)


def test_reverse_kd_loss_by_hand_without_t_squared():
    assert float(reverse_kd_loss(EVEN, SKEW)) == pytest.approx(0.5 * math.log(4 / 3))
    assert float(reverse_kd_loss(2 * EVEN, 2 * SKEW, temperature=2.0)) == pytest.approx(0.5 * math.log(4 / 3))


def test_soft_cross_entropy_by_hand_without_t_squared():
    student, target = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.8, 0.2]])
    assert float(soft_cross_entropy(student, target)) == pytest.approx(0.544805, abs=1e-6)
    assert float(soft_cross_entropy(3 * student, target, temperature=3.0)) == pytest.approx(0.544805, abs=1e-6)


def test_logit_mse_by_hand():
    assert float(logit_mse(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]]), temperature=2.0)) == 1.625


def test_smooth_labels_by_hand():
    assert smooth_labels(torch.tensor([1, 3]), 4, 0.2).tolist() == [pytest.approx([0.05, 0.85, 0.05, 0.05]), pytest.approx([0.05, 0.05, 0.05, 0.85])]


@pytest.mark.parametrize(("epsilon", "row"), [(0.0, [0.0, 1.0]), (1.0, [0.5, 0.5])])
def test_smooth_labels_runs_from_one_hot_to_uniform(epsilon, row):
    assert smooth_labels(torch.tensor([1]), 2, epsilon).tolist() == [row]


def test_smoothed_cross_entropy_is_torchs_label_smoothing():
    s, _ = logits(dtype=torch.float32)
    expected = F.cross_entropy(s, labels(s), label_smoothing=0.3)
    torch.testing.assert_close(soft_cross_entropy(s, smooth_labels(labels(s), 4, 0.3)), expected)


def test_distillation_loss_by_hand_alpha_weights_the_soft_term():
    loss, soft, hard = distillation_loss(2 * EVEN, 2 * SKEW, torch.tensor([0]), temperature=2.0, alpha=0.25, return_parts=True)
    assert float(soft) == pytest.approx(4 * SKEW_FROM_EVEN), "unweighted, with T²"
    assert float(hard) == pytest.approx(math.log(2)), "unweighted, at T = 1"
    assert float(loss) == pytest.approx(0.25 * 4 * SKEW_FROM_EVEN + 0.75 * math.log(2))


def test_distillation_loss_without_parts_is_its_first_part():
    s, t = logits()
    parts = distillation_loss(s, t, labels(s), return_parts=True)
    assert parts._fields == ("loss", "soft", "hard")
    assert distillation_loss(s, t, labels(s)) == parts.loss
    torch.testing.assert_close(parts.loss, 0.9 * kd_loss(s, t, temperature=4.0) + 0.1 * F.cross_entropy(s, labels(s)))


# ------------------------------------------------------------------ properties


@st.composite
def pairs(draw):
    shape = draw(st.tuples(st.integers(1, 4), st.integers(2, 6)))
    matrix = arrays(np.float64, shape, elements=st.floats(-30, 30, width=32))
    return torch.from_numpy(draw(matrix)), torch.from_numpy(draw(matrix))


temperatures = st.floats(0.05, 50)


@given(pairs(), temperatures)
def test_kl_is_never_negative_and_zero_for_equal_logits(pair, temperature):
    s, t = pair
    for loss in (kd_loss, reverse_kd_loss, logit_mse):
        assert loss(s, t, temperature=temperature) >= 0
        assert loss(s, s.clone(), temperature=temperature) == 0


@given(pairs(), temperatures)
def test_kl_is_positive_where_the_distributions_differ(pair, temperature):
    s, t = pair
    if (soften(s, temperature) - soften(t, temperature)).abs().max() > 1e-6:
        assert kd_loss(s, t, temperature=temperature) > 0
        assert reverse_kd_loss(s, t, temperature=temperature) > 0


@given(pairs(), temperatures, st.floats(-20, 20), st.floats(-20, 20))
def test_a_constant_added_to_a_row_changes_nothing(pair, temperature, a, b):
    s, t = pair
    for loss in (kd_loss, reverse_kd_loss):
        torch.testing.assert_close(loss(s + a, t + b, temperature=temperature), loss(s, t, temperature=temperature), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(soften(s + a, temperature), soften(s, temperature), rtol=1e-9, atol=1e-12)


def test_logit_mse_does_see_a_constant_added_to_a_row():
    s, _ = logits()
    assert float(logit_mse(s + 3, s)) == pytest.approx(9.0)


@given(pairs())
def test_duplicating_the_batch_changes_nothing(pair):
    s, t = pair
    for loss in LOSSES.values():
        whole = loss(s, t)
        if loss is LOSSES["distillation_loss"]:
            twice = distillation_loss(s.repeat(2, 1), t.repeat(2, 1), labels(s).repeat(2))
        else:
            twice = loss(s.repeat(2, 1), t.repeat(2, 1))
        torch.testing.assert_close(twice, whole, rtol=1e-12, atol=1e-12)


@given(pairs(), temperatures)
def test_batchmean_is_c_times_mean_and_the_mean_of_none(pair, temperature):
    s, t = pair
    batchmean = kd_loss(s, t, temperature=temperature)
    torch.testing.assert_close(kd_loss(s, t, temperature=temperature, reduction="mean") * s.shape[1], batchmean, rtol=1e-12, atol=0)
    rows = kd_loss(s, t, temperature=temperature, reduction="none")
    assert rows.shape == (len(s),)
    torch.testing.assert_close(rows.mean(), batchmean, rtol=1e-12, atol=0)


@given(pairs(), temperatures)
def test_cross_entropy_is_entropy_plus_kl(pair, temperature):
    s, t = pair
    p = soften(t, temperature)
    total = torch.special.entr(p).sum(-1).mean() + kd_loss(s, t, temperature=temperature, scale_by_t2=False)
    torch.testing.assert_close(soft_cross_entropy(s, p, temperature=temperature), total, rtol=1e-9, atol=1e-12)


@given(pairs(), temperatures)
def test_soften_gives_rows_that_sum_to_one(pair, temperature):
    torch.testing.assert_close(soften(pair[0], temperature).sum(-1), torch.ones(len(pair[0])).double())


def test_temperature_limits_are_one_hot_and_uniform():
    z = torch.tensor([[1.0, 3.0, 2.0]])
    assert soften(z, 1e-3).tolist() == [[0.0, 1.0, 0.0]]
    assert soften(1e4 * z, 1e-36).tolist() == [[0.0, 1.0, 0.0]], "z / T alone would overflow"
    assert soften(z.double(), 1e-300).tolist() == [[0.0, 1.0, 0.0]]
    torch.testing.assert_close(soften(z, 1e6), torch.full((1, 3), 1 / 3), rtol=1e-5, atol=0)


def test_a_temperature_too_small_for_float32_gives_one_hot_not_nan():
    assert soften(torch.tensor([[1.0, 3.0, 2.0]]), 1e-50).tolist() == [[0.0, 1.0, 0.0]]


def test_high_temperature_limit_is_half_the_mean_square_of_centred_logits():
    s, t = logits()
    limit = (s - s.mean(1, keepdim=True) - t + t.mean(1, keepdim=True)).square().sum(1).mean() / (2 * 4)
    torch.testing.assert_close(kd_loss(s, t, temperature=1e6), limit, rtol=1e-5, atol=0)


# ------------------------------------------------------------------ gradients


@each_loss
def test_gradcheck(loss):
    s, t = logits(n=3)
    assert torch.autograd.gradcheck(lambda z: loss(z, t), s.requires_grad_())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0, 1e4])
def test_kd_gradient_is_t_times_the_difference_of_the_softened_rows(temperature):
    s, t = logits()
    (gradient,) = torch.autograd.grad(kd_loss(s.requires_grad_(), t, temperature=temperature), s)
    expected = temperature * (torch.softmax(s / temperature, -1) - torch.softmax(t / temperature, -1)) / len(s)
    torch.testing.assert_close(gradient, expected.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("options", "factor"), [({"reduction": "mean"}, 4), ({"scale_by_t2": False}, 9)])
def test_gradient_without_t_squared_or_with_mean_is_too_small_by(options, factor):
    s, t = logits()
    s.requires_grad_()
    (full,), (small,) = (torch.autograd.grad(kd_loss(s, t, temperature=3.0, **o), s) for o in ({}, options))
    torch.testing.assert_close(small * factor, full)


@each_loss
def test_no_gradient_reaches_the_teacher(loss):
    s, t = logits()
    s.requires_grad_()
    t.requires_grad_()
    loss(s, t).backward()
    assert t.grad is None
    assert s.grad.abs().sum() > 0


@each_loss
def test_a_teacher_computed_from_the_student_is_a_constant_too(loss):
    s, _ = logits()
    s.requires_grad_()
    (attached,) = torch.autograd.grad(loss(s, s * 2 + 1), s)
    (detached,) = torch.autograd.grad(loss(s, (s * 2 + 1).detach()), s)
    assert torch.equal(attached, detached)


# ------------------------------------------------------------------ independent forms


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_agrees_with_torch_and_scipy(temperature):
    s, t = logits(n=20, c=10)
    log_q, p = torch.log_softmax(s / temperature, -1), torch.softmax(t / temperature, -1)
    ours = float(kd_loss(s, t, temperature=temperature))
    assert ours == pytest.approx(float(F.kl_div(log_q, p, reduction="batchmean")) * temperature**2, rel=1e-10)
    scipy_p, scipy_q = (softmax(z.numpy() / temperature, axis=1) for z in (t, s))
    assert ours == pytest.approx(rel_entr(scipy_p, scipy_q).sum(1).mean() * temperature**2, rel=1e-10)
    assert float(reverse_kd_loss(s, t, temperature=temperature)) == pytest.approx(rel_entr(scipy_q, scipy_p).sum(1).mean(), rel=1e-10)
    assert float(soft_cross_entropy(s, p, temperature=temperature)) == pytest.approx(float(F.cross_entropy(s / temperature, p)), rel=1e-10)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("temperature", [1e-3, 0.1, 1.0, 4.0, 100.0, 1e4])
def test_agrees_with_sixty_digits(dtype, temperature):
    s, t = logits(c=10, dtype=dtype)
    usual, high = {torch.float64: (1e-10, 1e-8), torch.float32: (1e-5, 1e-2)}[dtype]
    tolerance = high if temperature == 1e4 else usual
    forward, backward = exact_kl(t, s, temperature), exact_kl(s, t, temperature)
    assert float(kd_loss(s, t, temperature=temperature)) == pytest.approx(forward * temperature**2, rel=tolerance)
    assert float(reverse_kd_loss(s, t, temperature=temperature)) == pytest.approx(backward, rel=tolerance)


# ------------------------------------------------------------------ edges


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_logits_of_ten_thousand_are_exact(dtype, temperature):
    s, t = torch.tensor([[1e4, -1e4, 0.0]], dtype=dtype), torch.tensor([[-1e4, 1e4, 5e3]], dtype=dtype)
    assert float(kd_loss(s, t, temperature=temperature)) == pytest.approx(exact_kl(t, s, temperature) * temperature**2, rel=1e-6)
    assert float(reverse_kd_loss(s, t, temperature=temperature)) == pytest.approx(exact_kl(s, t, temperature), rel=1e-6)
    assert float(distillation_loss(s, t, torch.tensor([1]), alpha=0.0)) == pytest.approx(2e4)
    assert float(logit_mse(s, t)) == pytest.approx((4e8 + 4e8 + 2.5e7) / 3)


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    s, t = logits(dtype=dtype)
    value = loss(s.requires_grad_(), t)
    assert value.dtype == torch.float32
    assert value == loss(s.float(), t.float())
    value.backward()
    assert s.grad.dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_soft_cross_entropy_takes_the_softmax_of_a_half_precision_teacher(dtype):
    s, t = logits(n=64, c=10, dtype=torch.float32)
    p = torch.softmax(t.to(dtype), -1)
    assert float(soft_cross_entropy(s, p)) == pytest.approx(float(soft_cross_entropy(s, torch.softmax(t, -1))), rel=0.02)


@each_loss
def test_non_contiguous_input_gives_the_same_value(loss):
    s, t = logits(n=6)
    for view in (lambda z: z.T.contiguous().T, lambda z: torch.stack([z, z], -1)[..., 0]):
        assert not view(s).is_contiguous()
        torch.testing.assert_close(loss(view(s), view(t)), loss(s, t), rtol=1e-14, atol=0)


@each_loss
@pytest.mark.parametrize("side", ["student", "teacher"])
@pytest.mark.parametrize("bad", [NAN, INF])
@pytest.mark.parametrize("opposite", [0.0, -INF])
def test_nan_and_plus_infinity_give_nan(loss, side, bad, opposite):
    s, t = logits()
    (s if side == "student" else t)[2, 1] = bad
    (t if side == "student" else s)[2, 1] = opposite
    assert loss(s, t).isnan()


@pytest.mark.parametrize("bad", [NAN, INF])
def test_soften_gives_nan_in_the_bad_row_only(bad):
    z = torch.tensor([[bad, 0.0], [0.0, 0.0]])
    assert soften(z, 2.0).isnan().tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("side", ["student", "teacher"])
def test_distillation_loss_is_nan_for_nan_logits_at_both_ends_of_alpha(alpha, side):
    s, t = logits()
    (s if side == "student" else t)[0, 0] = NAN
    assert distillation_loss(s, t, labels(s), alpha=alpha).isnan()


def test_a_class_of_teacher_probability_zero_adds_nothing():
    value = kd_loss(torch.zeros(1, 2), torch.tensor([[0.0, -INF]]), temperature=1.0)
    assert float(value) == pytest.approx(math.log(2))
    assert float(reverse_kd_loss(torch.tensor([[0.0, -INF]]), torch.zeros(1, 2))) == pytest.approx(math.log(2))
    assert float(soft_cross_entropy(torch.tensor([[0.0, -INF]]), torch.tensor([[1.0, 0.0]]))) == 0


def test_probability_zero_under_a_positive_one_is_infinite():
    zero, even = torch.tensor([[0.0, -INF]]), torch.zeros(1, 2)
    assert kd_loss(zero, even) == INF
    assert reverse_kd_loss(even, zero) == INF
    assert soft_cross_entropy(zero, torch.tensor([[0.5, 0.5]])) == INF


@pytest.mark.parametrize(("gap", "dtype", "temperature"), [(200.0, torch.float32, 1.0), (1000.0, torch.float64, 1.0), (1.0, torch.float32, 1e-3)])
def test_probability_zero_under_one_too_small_for_the_dtype_is_infinite_not_nan(gap, dtype, temperature):
    zero, tiny = torch.tensor([[0.0, -INF]], dtype=dtype), torch.tensor([[0.0, -gap]], dtype=dtype)
    assert kd_loss(zero, tiny, temperature=temperature) == INF
    assert reverse_kd_loss(tiny, zero, temperature=temperature) == INF


@pytest.mark.parametrize("loss", [kd_loss, reverse_kd_loss])
def test_a_class_impossible_for_both_is_as_if_it_were_not_there(loss):
    s, t = logits()
    wide_s, wide_t = (F.pad(z, (0, 1), value=-INF) for z in (s, t))
    torch.testing.assert_close(loss(wide_s, wide_t), loss(s, t), rtol=1e-12, atol=0)
    gradients = [torch.autograd.grad(loss(z.requires_grad_(), other), z)[0] for z, other in ((s, t), (wide_s, wide_t))]
    torch.testing.assert_close(gradients[1], F.pad(gradients[0], (0, 1)))


def test_a_class_impossible_for_the_teacher_leaves_the_gradient_finite():
    s, t = logits()
    t[:, 0] = -INF
    (gradient,) = torch.autograd.grad(kd_loss(s.requires_grad_(), t), s)
    torch.testing.assert_close(gradient, (4 * (torch.softmax(s / 4, -1) - torch.softmax(t / 4, -1)) / len(s)).detach())


def test_alpha_zero_switches_an_infinite_soft_term_off():
    s, t = torch.tensor([[0.0, -INF]]), torch.zeros(1, 2)
    parts = distillation_loss(s, t, torch.tensor([0]), alpha=0.0, return_parts=True)
    assert parts.soft == INF
    assert parts.loss == 0


def test_alpha_one_switches_an_infinite_hard_term_off():
    s = torch.tensor([[0.0, -INF]])
    parts = distillation_loss(s, s, torch.tensor([1]), alpha=1.0, return_parts=True)
    assert parts.hard == INF
    assert parts.loss == 0
