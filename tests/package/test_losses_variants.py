"""The variants of the soft term, several teachers and the moving average; second derivatives and zero probabilities of the soft term itself."""

import copy
import math
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr, softmax
from scipy.stats import pearsonr
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from kdtutor.losses import (
    average_teachers,
    dist_loss,
    dkd_loss,
    ema_update,
    generalized_jsd,
    kd_loss,
    reverse_kd_loss,
    soft_cross_entropy,
    soften,
    token_kd_loss,
)
from kdtutor.uncertainty import decompose_entropy

INF, NAN = math.inf, math.nan


def labels(logits):
    return torch.arange(len(logits)) % logits.shape[1]


def tokens(logits):
    """The rows as one token each, every second position masked and filled with NaN."""
    return torch.stack([logits, torch.full_like(logits, NAN)], 1)


def token_loss(s, t, **options):
    return token_kd_loss(tokens(s), tokens(t), torch.tensor([[True, False]] * len(s)), **options)


# Every loss as a function of student and teacher logits; the temperature and whether T² is included come next to it.
VARIANTS = {
    "jsd": generalized_jsd,
    "jsd beta=0.2": lambda s, t, **o: generalized_jsd(s, t, beta=0.2, **o),
    "dkd": lambda s, t, **o: dkd_loss(s, t, labels(s), **o),
    "dist": dist_loss,
    "token": token_loss,
    "token reverse": lambda s, t, **o: token_loss(s, t, direction="reverse", **o),
    "token top 2": lambda s, t, **o: token_loss(s, t, top_k=2, **o),
    "token reverse top 1": lambda s, t, **o: token_loss(s, t, direction="reverse", top_k=1, **o),
}
T_SQUARED = {name: not name.startswith("jsd") for name in VARIANTS}
each_loss = pytest.mark.parametrize("loss", VARIANTS.values(), ids=VARIANTS.keys())


def logits(seed=0, n=5, c=4, scale=3.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return tuple((scale * torch.randn(n, c, generator=generator, dtype=torch.float64)).to(dtype) for _ in range(2))


def log_rows(*rows):
    return torch.tensor(rows, dtype=torch.float64).log()


@st.composite
def pairs(draw, rows=(1, 4), classes=(3, 6)):
    shape = draw(st.integers(*rows)), draw(st.integers(*classes))
    matrix = arrays(np.float64, shape, elements=st.floats(-30, 30, width=32))
    return torch.from_numpy(draw(matrix)), torch.from_numpy(draw(matrix))


temperatures = st.floats(0.05, 50)
open_fractions = st.floats(1e-3, 1 - 1e-3)

# ------------------------------------------------------------------ sixty decimal digits


def exact_probs(z, temperature):
    tau = Decimal(temperature)
    rows = [[(Decimal(v) / tau).exp() for v in row] for row in z.tolist()]
    return [[v / sum(row) for v in row] for row in rows]


def exact_kl(p, q):
    return sum(a * (a / b).ln() for a, b in zip(p, q, strict=True))


def exact_jsd(p, q, beta):
    beta = Decimal(beta)
    m = [beta * a + (1 - beta) * b for a, b in zip(p, q, strict=True)]
    return beta * exact_kl(p, m) + (1 - beta) * exact_kl(q, m)


def exact_dkd_parts(p, q, y):
    rest_p, rest_q = ([v for i, v in enumerate(row) if i != y] for row in (p, q))
    pair_p, pair_q = [p[y], sum(rest_p)], [q[y], sum(rest_q)]
    return exact_kl(pair_p, pair_q), exact_kl([v / pair_p[1] for v in rest_p], [v / pair_q[1] for v in rest_q])


def exact_distance(rows_p, rows_q):
    def centred(row):
        return [v - sum(row) / len(row) for v in row]

    def correlation(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True)) / (sum(x * x for x in a) * sum(y * y for y in b)).sqrt()

    return 1 - sum(correlation(centred(p), centred(q)) for p, q in zip(rows_p, rows_q, strict=True)) / len(rows_p)


def exact(name, s, t, temperature):
    """The value of a variant from the definition, with 60 decimal digits."""
    with localcontext() as context:
        context.prec = 60
        p, q, scale = exact_probs(t, temperature), exact_probs(s, temperature), Decimal(temperature) ** 2
        if name.startswith("jsd"):
            rows = [exact_jsd(a, b, 0.2 if "0.2" in name else 0.5) for a, b in zip(p, q, strict=True)]
        elif name == "dkd":
            rows = [scale * (x + 8 * y) for x, y in (exact_dkd_parts(*row) for row in zip(p, q, labels(s).tolist(), strict=True))]
        elif name == "dist":
            columns_p, columns_q = (list(zip(*x, strict=True)) for x in (p, q))
            rows = [scale * (exact_distance(p, q) + exact_distance(columns_p, columns_q))]
        else:
            if "top" in name:
                k = int(name[-1])
                kept = [sorted(range(len(row)), key=row.__getitem__)[-k:] for row in p]
                p, q = ([[row[i] for i in keep] + [1 - sum(row[i] for i in keep)] for row, keep in zip(x, kept, strict=True)] for x in (p, q))
            rows = [scale * (exact_kl(b, a) if "reverse" in name else exact_kl(a, b)) for a, b in zip(p, q, strict=True)]
        return float(sum(rows) / len(rows))


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 4.0, 100.0, 1e4])
def test_agrees_with_sixty_digits(name, temperature):
    s, t = logits(c=7)
    ours = VARIANTS[name](s, t, temperature=temperature)
    assert float(ours) == pytest.approx(exact(name, s, t, temperature), rel=1e-8 if temperature == 1e4 else 1e-10)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("temperature", [0.1, 1.0, 4.0, 100.0])
def test_float32_keeps_five_digits(name, temperature):
    s, t = logits(c=7, dtype=torch.float32)
    assert float(VARIANTS[name](s, t, temperature=temperature)) == pytest.approx(exact(name, s, t, temperature), rel=1e-5)


# ------------------------------------------------------------------ what all variants share


@given(pairs(rows=(2, 4)), temperatures)
def test_never_negative_and_zero_for_equal_logits(pair, temperature):
    s, t = pair
    for name, loss in VARIANTS.items():
        assert loss(s, t, temperature=temperature) >= -1e-9 * temperature**2, name
        if name != "dist":
            assert loss(s, s.clone(), temperature=temperature) == pytest.approx(0, abs=1e-12), name


@given(pairs(rows=(2, 4)), st.floats(-20, 20), st.floats(-20, 20))
def test_a_constant_added_to_a_row_changes_nothing(pair, a, b):
    s, t = pair
    for name, loss in VARIANTS.items():
        if name != "dist":
            torch.testing.assert_close(loss(s + a, t + b), loss(s, t), rtol=1e-8, atol=1e-8, msg=name)


def test_a_constant_added_to_a_row_changes_nothing_for_dist():
    s, t = logits()
    torch.testing.assert_close(dist_loss(s + 7, t - torch.arange(5.0).double()[:, None]), dist_loss(s, t), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", VARIANTS)
def test_scaling_logits_and_temperature_together_leaves_only_t_squared(name):
    s, t = logits()
    one, three = VARIANTS[name](s, t, temperature=1.0), VARIANTS[name](3 * s, 3 * t, temperature=3.0)
    torch.testing.assert_close(three, one * (9 if T_SQUARED[name] else 1), rtol=1e-12, atol=0)


@pytest.mark.parametrize(("name", "temperature"), [("jsd", 1.0), ("dkd", 4.0), ("dist", 1.0), ("token", 1.0)])
def test_default_temperature(name, temperature):
    s, t = logits()
    assert VARIANTS[name](s, t) == VARIANTS[name](s, t, temperature=temperature)


@each_loss
def test_duplicating_the_batch_changes_nothing(loss):
    s, t = logits(n=4, c=4)
    torch.testing.assert_close(loss(s.repeat(2, 1), t.repeat(2, 1)), loss(s, t), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "dkd"])
def test_the_order_of_examples_and_of_classes_does_not_matter(name):
    s, t = logits()
    rows, classes = torch.tensor([3, 0, 4, 2, 1]), torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(VARIANTS[name](s[rows][:, classes], t[rows][:, classes]), VARIANTS[name](s, t), rtol=1e-12, atol=0)


@each_loss
@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_gradcheck(loss, temperature):
    s, t = logits(n=3)
    assert torch.autograd.gradcheck(lambda z: loss(z, t, temperature=temperature), s.requires_grad_())


@each_loss
def test_no_gradient_reaches_the_teacher(loss):
    s, t = (z.requires_grad_() for z in logits())
    loss(s, t).backward()
    assert t.grad is None
    assert s.grad.abs().sum() > 0


@each_loss
def test_a_teacher_computed_from_the_student_is_a_constant_too(loss):
    s, _ = logits()
    s.requires_grad_()
    (attached,) = torch.autograd.grad(loss(s, s * s + 1), s)
    (detached,) = torch.autograd.grad(loss(s, (s * s + 1).detach()), s)
    assert torch.equal(attached, detached)


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    s, t = logits(dtype=dtype)
    value = loss(s.requires_grad_(), t)
    assert value.dtype == torch.float32
    assert value == loss(s.float(), t.float())
    value.backward()
    assert s.grad.dtype == dtype


@each_loss
def test_a_float64_teacher_is_not_rounded_to_the_students_float32(loss):
    s, t = logits()
    assert loss(s.float(), t) == loss(s.float().double(), t)


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


@each_loss
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_logits_of_ten_thousand_give_finite_values_and_gradients(loss, dtype):
    s = torch.tensor([[1e4, -1e4, 0.0, 5.0], [-1e4, 1e4, 1e4, 1e4]], dtype=dtype, requires_grad=True)
    t = torch.tensor([[-1e4, 1e4, 5e3, 0.0], [0.0, 1e4, -1e4, 1e4]], dtype=dtype)
    value = loss(s, t)
    assert value.isfinite() and value > 0
    assert torch.autograd.grad(value, s)[0].isfinite().all()


@each_loss
@pytest.mark.parametrize("temperature", [1e-3, 1e-30])
def test_a_cold_temperature_gives_finite_values_and_gradients(loss, temperature):
    s, t = logits(dtype=torch.float32)
    value = loss(s.requires_grad_(), t, temperature=temperature)
    assert value.isfinite() and value >= 0
    assert torch.autograd.grad(value, s)[0].isfinite().all()


@pytest.mark.parametrize("name", ["jsd", "jsd beta=0.2", "dkd", "token", "token reverse", "token top 2", "token reverse top 1"])
def test_a_class_impossible_for_both_is_as_if_it_were_not_there(name):
    loss = VARIANTS[name]
    s, t = logits(n=3)
    wide_s, wide_t = (F.pad(z, (0, 1), value=-INF) for z in (s, t))
    torch.testing.assert_close(loss(wide_s, wide_t), loss(s, t), rtol=1e-12, atol=0)
    gradients = [torch.autograd.grad(loss(z.requires_grad_(), other), z)[0] for z, other in ((s, t), (wide_s, wide_t))]
    torch.testing.assert_close(gradients[1], F.pad(gradients[0], (0, 1)), rtol=1e-10, atol=1e-14)


# ------------------------------------------------------------------ kd_loss: second derivatives and zero probabilities


def softened(s, t, temperature):
    return torch.softmax(s / temperature, -1), torch.softmax(t / temperature, -1)


def plain_kd(s, t, temperature, scale_by_t2, reduction):
    """Row by row, over the classes that the teacher allows, with torch's own operations."""
    rows = []
    for z, w in zip(s, t, strict=True):
        log_q, log_p = torch.log_softmax(z / temperature, 0), torch.log_softmax(w / temperature, 0)
        allowed = torch.nonzero(w > -INF)[:, 0]
        rows.append((log_p[allowed].exp() * (log_p[allowed] - log_q[allowed])).sum())
    rows = torch.stack(rows) * (temperature**2 if scale_by_t2 else 1)
    return {"none": rows, "batchmean": rows.mean(), "mean": rows.mean() / s.shape[1]}[reduction]


each_reduction = pytest.mark.parametrize("reduction", ["batchmean", "mean", "none"])
ROW_WEIGHTS = torch.tensor([1.0, -2.0, 0.5]).double()


def weighted(loss):
    """A scalar to differentiate; the rows of reduction "none" get different weights."""
    return loss if loss.ndim == 0 else (loss * ROW_WEIGHTS).sum()


@each_reduction
@pytest.mark.parametrize("scale_by_t2", [True, False])
@pytest.mark.parametrize("temperature", [0.5, 4.0])
@pytest.mark.parametrize("impossible_for_the_teacher", [False, True])
def test_kd_loss_gradgradcheck(reduction, scale_by_t2, temperature, impossible_for_the_teacher):
    s, t = logits(n=3, scale=1.5)
    if impossible_for_the_teacher:
        t[:, 1] = -INF

    def loss(z):
        return kd_loss(z, t, temperature=temperature, scale_by_t2=scale_by_t2, reduction=reduction)

    assert torch.autograd.gradcheck(loss, s.requires_grad_())
    assert torch.autograd.gradgradcheck(loss, s)


def test_the_hessian_of_kd_loss_is_the_covariance_of_the_softened_student():
    s, t = logits(n=1)
    hessian = torch.autograd.functional.hessian(lambda z: kd_loss(z, t, temperature=3.0), s)[0, :, 0, :]
    q, _ = softened(s[0], t[0], 3.0)
    torch.testing.assert_close(hessian, torch.diag(q) - torch.outer(q, q), rtol=1e-10, atol=1e-14)


@each_reduction
def test_second_derivative_of_kd_loss_survives_impossible_classes_and_another_loss_on_top(reduction):
    s, t = logits(n=3)
    s[:, 0] = t[:, 0] = t[1, 2] = -INF
    results = []
    for loss in (kd_loss, plain_kd):
        z = s.clone().requires_grad_()
        (first,) = torch.autograd.grad(weighted(loss(z, t, temperature=2.0, scale_by_t2=True, reduction=reduction)), z, create_graph=True)
        (second,) = torch.autograd.grad(first[:, 1:].square().sum(), z)
        results.append((first.detach(), second))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-14)


@each_reduction
@pytest.mark.parametrize("scale_by_t2", [True, False])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("impossible", ["teacher", "both", "none of them"])
def test_kd_loss_with_zero_probabilities_is_plain_autograd(reduction, scale_by_t2, temperature, impossible):
    s, t = logits(n=3)
    if impossible != "none of them":
        t[0, 1] = t[2, 0] = t[2, 3] = -INF
    if impossible == "both":
        s[0, 1] = s[2, 0] = -INF
    options = {"temperature": temperature, "scale_by_t2": scale_by_t2, "reduction": reduction}
    values = [loss(s, t, **options) for loss in (kd_loss, plain_kd)]
    torch.testing.assert_close(*values, rtol=1e-12, atol=0)
    gradients = [torch.autograd.grad(weighted(loss(z, t, **options)), z)[0] for loss in (kd_loss, plain_kd) for z in (s.clone().requires_grad_(),)]
    torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-14)


def test_an_impossible_class_of_the_student_makes_its_own_row_infinite_and_no_other():
    s, t = logits(n=3)
    s[1, 2] = -INF
    rows = kd_loss(s, t, reduction="none")
    assert rows[1] == INF
    torch.testing.assert_close(rows[[0, 2]], kd_loss(s[[0, 2]], t[[0, 2]], reduction="none"), rtol=1e-14, atol=0)
    assert kd_loss(s, t) == INF and kd_loss(s, t, reduction="mean") == INF


@each_reduction
def test_the_closed_form_gradient_stays_finite_where_the_loss_is_infinite(reduction):
    s, t = logits(n=3)
    s[1, 2] = -INF
    q, p = softened(s, t, 4.0)
    rows = 4.0 * (q - p)
    expected = {"none": rows * ROW_WEIGHTS[:, None], "batchmean": rows / 3, "mean": rows / 12}[reduction]
    (gradient,) = torch.autograd.grad(weighted(kd_loss(s.requires_grad_(), t, reduction=reduction)), s)
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-14)


@each_reduction
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_one_hot_student_and_teacher_with_zero_probabilities(reduction, dtype):
    z = torch.tensor([[0.0, -INF, -INF]], dtype=dtype, requires_grad=True)
    value = kd_loss(z, z.detach(), reduction=reduction)
    assert value.tolist() == ([0.0] if reduction == "none" else 0.0)
    value.sum().backward()
    assert z.grad.tolist() == [[0.0, 0.0, 0.0]]


# ------------------------------------------------------------------ generalized_jsd

EVEN, ONE_HOT = log_rows([0.5, 0.5]), log_rows([1.0, 0.0])


def test_jsd_by_hand_with_a_zero_probability():
    # teacher (1, 0), student (½, ½): M = (¾, ¼)
    expected = 0.5 * math.log(4 / 3) + 0.5 * (0.5 * math.log(2 / 3) + 0.5 * math.log(2))
    assert float(generalized_jsd(EVEN, ONE_HOT)) == pytest.approx(expected, rel=1e-12)


def test_beta_is_the_weight_of_the_teacher():
    # beta = ¼: M = ¼ (1, 0) + ¾ (½, ½) = (5/8, 3/8)
    expected = 0.25 * math.log(8 / 5) + 0.75 * (0.5 * math.log(4 / 5) + 0.5 * math.log(4 / 3))
    assert float(generalized_jsd(EVEN, ONE_HOT, beta=0.25)) == pytest.approx(expected, rel=1e-12)
    assert float(generalized_jsd(EVEN, ONE_HOT, beta=0.75)) != pytest.approx(expected, rel=0.01)


@given(pairs(classes=(2, 5)), open_fractions, temperatures)
def test_jsd_lies_between_zero_and_the_entropy_of_its_weights(pair, beta, temperature):
    value = float(generalized_jsd(*pair, beta=beta, temperature=temperature))
    assert 0 <= value <= (-beta * math.log(beta) - (1 - beta) * math.log(1 - beta)) * (1 + 1e-12)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("gap", [1e4, INF])
def test_jsd_of_models_that_share_no_class_is_the_entropy_of_its_weights(beta, gap):
    s, t = torch.tensor([[0.0, -gap, -gap]], requires_grad=True), torch.tensor([[-gap, 0.0, 0.0]])
    value = generalized_jsd(s, t, beta=beta)
    assert value.item() == pytest.approx(-beta * math.log(beta) - (1 - beta) * math.log(1 - beta), rel=1e-6)
    assert torch.autograd.grad(value, s)[0].isfinite().all()


@given(pairs(classes=(2, 5)), open_fractions)
def test_exchanging_the_models_is_exchanging_the_weights(pair, beta):
    s, t = pair
    torch.testing.assert_close(generalized_jsd(s, t, beta=beta), generalized_jsd(t, s, beta=1 - beta), rtol=1e-9, atol=1e-14)


@given(pairs(classes=(2, 5)))
def test_jsd_is_positive_where_the_distributions_differ(pair):
    s, t = pair
    if (soften(s, 1.0) - soften(t, 1.0)).abs().max() > 1e-5:
        assert generalized_jsd(s, t, beta=0.3) > 0


def test_jsd_over_beta_tends_to_the_kl_of_either_direction():
    s, t = logits(scale=1.0)
    forward, backward = (kd_loss(a, b, temperature=1.0) for a, b in ((s, t), (t, s)))
    assert float(generalized_jsd(s, t, beta=1e-9)) / 1e-9 == pytest.approx(float(forward), rel=1e-6)
    assert float(generalized_jsd(s, t, beta=1 - 2**-30)) * 2**30 == pytest.approx(float(backward), rel=1e-6)
    assert float(forward) != pytest.approx(float(backward), rel=0.01)


def test_the_gradient_over_beta_tends_to_that_of_the_forward_kl():
    s, t = logits(scale=1.0)
    s.requires_grad_()
    (small,), (forward,) = (torch.autograd.grad(x, s) for x in (generalized_jsd(s, t, beta=1e-9) / 1e-9, kd_loss(s, t, temperature=1.0)))
    torch.testing.assert_close(small, forward, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("beta", [1e-300, 1e-17, 1 - 2**-53])
def test_jsd_stays_finite_and_non_negative_close_to_the_ends_of_beta(beta):
    s, t = (z.requires_grad_() for z in logits())
    value = generalized_jsd(s, t, beta=beta)
    assert 0 <= value < 1e-10
    assert torch.autograd.grad(value, s)[0].isfinite().all()


def test_jsd_agrees_with_scipy():
    s, t = logits(n=20, c=10)
    p, q = (softmax(z.numpy() / 2, axis=1) for z in (t, s))
    assert float(generalized_jsd(s, t, temperature=2.0)) == pytest.approx((jensenshannon(p, q, axis=1) ** 2).mean(), rel=1e-10)
    m = 0.3 * p + 0.7 * q
    expected = (0.3 * rel_entr(p, m) + 0.7 * rel_entr(q, m)).sum(1).mean()
    assert float(generalized_jsd(s, t, beta=0.3, temperature=2.0)) == pytest.approx(expected, rel=1e-10)


def test_jsd_gradient_with_zero_probabilities_is_that_of_the_written_out_sum():
    s, t = logits(n=3)
    s[0, 1] = t[0, 1] = s[1, 0] = t[2, 3] = -INF
    s.requires_grad_()
    total = 0.0
    for z, p in zip(s, torch.softmax(t, -1), strict=True):
        possible = torch.nonzero(z > -INF)[:, 0]
        q = torch.zeros(4).double().index_copy(0, possible, torch.softmax(z[possible], 0))
        m = 0.3 * p + 0.7 * q
        total = total + sum(w * (r[r > 0] * (r[r > 0] / m[r > 0]).log()).sum() for w, r in ((0.3, p), (0.7, q)))
    value = generalized_jsd(s, t, beta=0.3)
    assert value.item() == pytest.approx(float(total.detach()) / 3, rel=1e-12)
    ours, written_out = (torch.autograd.grad(x, s)[0] for x in (value, total / 3))
    torch.testing.assert_close(ours, written_out, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("beta", [0, 1, 0.0, 1.0, -0.1, 1.1, NAN])
def test_jsd_refuses_a_beta_at_which_it_teaches_nothing(beta):
    with pytest.raises(ValueError, match=r"beta: expected .* got"):
        generalized_jsd(EVEN, ONE_HOT, beta=beta)


# ------------------------------------------------------------------ dkd_loss


def test_dkd_by_hand():
    teacher, student = log_rows([0.5, 0.3, 0.2]), log_rows([0.25, 0.5, 0.25])
    target_class = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    # among the other two: teacher (0.6, 0.4), student (2/3, 1/3)
    non_target_class = 0.6 * math.log(0.6 * 3 / 2) + 0.4 * math.log(0.4 * 3)
    parts = dkd_loss(2 * student, 2 * teacher, torch.tensor([0]), alpha=0.5, beta=3.0, temperature=2.0, return_parts=True)
    assert parts._fields == ("loss", "target_class", "non_target_class")
    assert float(parts.target_class) == pytest.approx(4 * target_class, rel=1e-12), "unweighted, with T²"
    assert float(parts.non_target_class) == pytest.approx(4 * non_target_class, rel=1e-12), "unweighted, with T²"
    assert float(parts.loss) == pytest.approx(4 * (0.5 * target_class + 3 * non_target_class), rel=1e-12)
    assert dkd_loss(2 * student, 2 * teacher, torch.tensor([0]), alpha=0.5, beta=3.0, temperature=2.0) == parts.loss


def test_dkd_default_weights_are_one_and_eight():
    s, t = logits()
    parts = dkd_loss(s, t, labels(s), return_parts=True)
    torch.testing.assert_close(parts.loss, parts.target_class + 8 * parts.non_target_class, rtol=1e-14, atol=0)


@given(pairs(rows=(1, 1)), st.integers(0, 2), temperatures)
def test_kd_is_the_target_term_plus_one_minus_p_times_the_non_target_term(pair, label, temperature):
    s, t = pair
    p = soften(t, temperature)
    rest = p[0, torch.arange(p.shape[1]) != label].sum()
    _, target_class, non_target_class = dkd_loss(s, t, torch.tensor([label]), temperature=temperature, return_parts=True)
    torch.testing.assert_close(target_class + rest * non_target_class, kd_loss(s, t, temperature=temperature), rtol=1e-9, atol=1e-12)


def test_dkd_with_both_weights_one_is_not_kd():
    s, t = logits()
    assert float(dkd_loss(s, t, labels(s), beta=1.0)) > 1.1 * float(kd_loss(s, t))


def test_the_identity_holds_for_the_gradient_too():
    s, t = logits(n=1)
    s.requires_grad_()
    p = soften(t, 4.0)[0, 2]
    parts = dkd_loss(s, t, torch.tensor([2]), return_parts=True)
    (sum_of_parts,), (whole,) = (torch.autograd.grad(x, s) for x in (parts.target_class + (1 - p) * parts.non_target_class, kd_loss(s, t)))
    torch.testing.assert_close(sum_of_parts, whole, rtol=1e-10, atol=1e-14)


def test_dkd_gradients_in_closed_form():
    s, t = logits()
    y, tau = labels(s), 3.0
    s.requires_grad_()
    parts = dkd_loss(s, t, y, temperature=tau, return_parts=True)
    at_target, at_rest = (torch.autograd.grad(x, s, retain_graph=True)[0] for x in parts[1:])
    others = F.one_hot(y, 4) == 0
    rest_q, rest_p = (torch.softmax(z.detach()[others].view(5, 3) / tau, -1) for z in (s, t))
    torch.testing.assert_close(at_rest[others].view(5, 3), tau * (rest_q - rest_p) / 5, rtol=1e-10, atol=1e-14)
    assert at_rest[~others].abs().max() < 1e-15, "the non-target term does not see the target's logit"
    q, p = softened(s.detach(), t, tau)
    torch.testing.assert_close(at_target[~others], tau * (q - p)[~others] / 5, rtol=1e-10, atol=1e-14)


def test_the_non_target_term_ignores_the_logit_of_the_target():
    s, t = logits()
    moved = s + 50 * F.one_hot(labels(s), 4)
    before, after = (dkd_loss(z, t, labels(s), return_parts=True) for z in (s, moved))
    torch.testing.assert_close(after.non_target_class, before.non_target_class, rtol=1e-9, atol=0)
    assert after.target_class > 2 * before.target_class


def with_a_mask_of_minus_1000(s, t, y, temperature):
    """The target suppressed by a constant instead of −inf, and log(softmax) instead of log-softmax: the much-copied form."""
    mask = F.one_hot(y, s.shape[1])
    p, q = (torch.softmax(z / temperature, 1) for z in (t, s))
    pair_p, pair_q = (torch.stack([(x * mask).sum(1), (x * (1 - mask)).sum(1)], 1) for x in (p, q))
    first = F.kl_div(pair_q.log(), pair_p, reduction="batchmean")
    second = F.kl_div(torch.log_softmax(s / temperature - 1000 * mask, 1), torch.softmax(t / temperature - 1000 * mask, 1), reduction="batchmean")
    return (first + 8 * second) * temperature**2


def test_dkd_agrees_with_the_minus_1000_form_where_that_one_works():
    s, t = logits(n=20, c=10)
    torch.testing.assert_close(dkd_loss(s, t, labels(s)), with_a_mask_of_minus_1000(s, t, labels(s), 4.0), rtol=1e-10, atol=0)


@pytest.mark.parametrize("scale", [1e3, 1e4])
def test_dkd_is_exact_at_large_logits_where_the_minus_1000_form_is_not_finite(scale):
    s, t = (scale * z for z in logits(n=4, scale=1.0))
    assert not with_a_mask_of_minus_1000(s, t, labels(s), 4.0).isfinite(), (
        "the softmax underflows before its log; a target 1000 T ahead is no longer masked"
    )
    assert float(dkd_loss(s, t, labels(s))) == pytest.approx(exact("dkd", s, t, 4.0), rel=1e-10)


def test_a_target_impossible_for_the_teacher_leaves_the_students_weight_on_it():
    # teacher (0 | ½, ½), student (½ | ¼, ¼): KL over (target, rest) is ln(1 / ½), nothing among the rest
    parts = dkd_loss(log_rows([0.5, 0.25, 0.25]), log_rows([0.0, 0.5, 0.5]), torch.tensor([0]), temperature=1.0, return_parts=True)
    assert float(parts.target_class) == pytest.approx(math.log(2))
    assert float(parts.non_target_class) == pytest.approx(0, abs=1e-15)


def test_a_student_probability_of_zero_makes_its_own_term_infinite_never_nan():
    t = log_rows([0.5, 0.3, 0.2])
    parts = dkd_loss(log_rows([0.0, 0.5, 0.5]), t, torch.tensor([0]), return_parts=True)
    assert parts.target_class == parts.loss == INF and parts.non_target_class.isfinite()
    parts = dkd_loss(log_rows([0.5, 0.0, 0.5]), t, torch.tensor([0]), return_parts=True)
    assert parts.non_target_class == parts.loss == INF and parts.target_class.isfinite()


@pytest.mark.parametrize(("student", "weights"), [([0.0, 0.5, 0.5], {"alpha": 0.0}), ([0.5, 0.0, 0.5], {"beta": 0.0})])
def test_weight_zero_switches_an_infinite_dkd_term_off(student, weights):
    parts = dkd_loss(log_rows(student), log_rows([0.5, 0.3, 0.2]), torch.tensor([0]), return_parts=True, **weights)
    kept = 8 * parts.non_target_class if "alpha" in weights else parts.target_class
    assert kept.isfinite() and float(parts.loss) == pytest.approx(float(kept))


@pytest.mark.parametrize("side", ["student", "teacher"])
def test_dkd_is_nan_where_a_model_allows_nothing_but_the_target(side):
    pair = {"student": log_rows([0.5, 0.3, 0.2]), "teacher": log_rows([0.5, 0.3, 0.2])} | {side: log_rows([1.0, 0.0, 0.0])}
    assert dkd_loss(pair["student"], pair["teacher"], torch.tensor([0])).isnan()


@pytest.mark.parametrize("weights", [{"alpha": 0.0}, {"beta": 0.0}, {"alpha": 0.0, "beta": 0.0}])
@pytest.mark.parametrize("side", ["student", "teacher"])
def test_weight_zero_hides_no_nan_in_dkd(weights, side):
    s, t = logits()
    (s if side == "student" else t)[0, 0] = NAN
    assert dkd_loss(s, t, labels(s), **weights).isnan()


def test_dkd_without_a_non_target_term_is_nan_too_where_that_term_is():
    certain = log_rows([1.0, 0.0, 0.0])
    parts = dkd_loss(log_rows([0.5, 0.3, 0.2]), certain, torch.tensor([0]), beta=0.0, return_parts=True)
    assert parts.target_class.isfinite() and parts.non_target_class.isnan() and parts.loss.isnan()


@pytest.mark.parametrize("weights", [{"alpha": -0.1}, {"beta": -1}, {"alpha": NAN}, {"beta": INF}])
def test_dkd_refuses_weights_that_are_no_weights(weights):
    s, t = logits()
    (name,) = weights
    with pytest.raises(ValueError, match=rf"{name}: expected .* got"):
        dkd_loss(s, t, labels(s), **weights)


def test_dkd_refuses_two_classes():
    with pytest.raises(ValueError, match="at least 3 classes, got 2"):
        dkd_loss(EVEN, EVEN, torch.tensor([0]))


@pytest.mark.parametrize("target", [torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 2, 3, 4]), torch.tensor([0, 1, 2, 3, -1]), torch.zeros(5)])
def test_dkd_refuses_a_bad_target(target):
    with pytest.raises(ValueError, match=r"target: expected .* got"):
        dkd_loss(*logits(), target)


# ------------------------------------------------------------------ dist_loss

TEACHER_PROBS = [[0.5, 0.3, 0.2], [0.3, 0.6, 0.1]]
STUDENT_PROBS = [[0.6, 0.3, 0.1], [0.2, 0.4, 0.4]]
# centred rows times 30: teacher (5, −1, −4), (−1, 8, −7); student (8, −1, −7), (−4, 2, 2)
ROW_DISTANCE = 1 - (69 / math.sqrt(42 * 114) + 6 / math.sqrt(114 * 24)) / 2
# two examples: each column goes up or down; both models agree on the first two and disagree on the third
COLUMN_DISTANCE = 1 - (1 + 1 - 1) / 3


@pytest.mark.parametrize(("beta", "gamma"), [(1.0, 0.0), (0.0, 1.0), (0.5, 3.0)])
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_dist_by_hand_beta_weights_rows_and_gamma_columns(beta, gamma, temperature):
    s, t = (temperature * log_rows(*rows) for rows in (STUDENT_PROBS, TEACHER_PROBS))
    expected = temperature**2 * (beta * ROW_DISTANCE + gamma * COLUMN_DISTANCE)
    assert float(dist_loss(s, t, beta=beta, gamma=gamma, temperature=temperature)) == pytest.approx(expected, rel=1e-10)


def test_dist_default_weights_are_one():
    s, t = log_rows(*STUDENT_PROBS), log_rows(*TEACHER_PROBS)
    assert float(dist_loss(s, t)) == pytest.approx(ROW_DISTANCE + COLUMN_DISTANCE, rel=1e-10)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_dist_agrees_with_scipys_pearsonr(temperature):
    s, t = logits(n=8, c=5)
    q, p = (softmax(z.numpy() / temperature, axis=1) for z in (s, t))
    by_row = 1 - np.mean([pearsonr(a, b).statistic for a, b in zip(p, q, strict=True)])
    by_column = 1 - np.mean([pearsonr(a, b).statistic for a, b in zip(p.T, q.T, strict=True)])
    expected = temperature**2 * (2 * by_row + 0.5 * by_column)
    assert float(dist_loss(s, t, beta=2.0, gamma=0.5, temperature=temperature)) == pytest.approx(expected, rel=1e-10)


@given(st.integers(0, 1000), st.floats(0.05, 1.0), st.floats(0.05, 1.0))
def test_dist_ignores_shift_and_scale_of_the_probabilities(seed, a, b):
    """Mixing with the uniform distribution shifts and scales all rows and columns."""
    s, t = logits(seed, scale=1.0)
    mixed_s, mixed_t = ((w * soften(z, 1.0) + (1 - w) / 4).log() for z, w in ((s, a), (t, b)))
    torch.testing.assert_close(dist_loss(mixed_s, mixed_t), dist_loss(s, t), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(dist_loss(mixed_s, s), torch.zeros(()).double(), rtol=0, atol=1e-9)


def test_dist_reaches_its_upper_bound_for_the_mirrored_student():
    s, _ = logits(scale=0.5)
    mirrored = (2 / 4 - soften(s, 1.0)).clamp(min=0).log()
    assert (mirrored > -INF).all()
    assert float(dist_loss(2 * mirrored, 2 * s, beta=1.5, gamma=0.5, temperature=2.0)) == pytest.approx(2 * 4 * 2.0, rel=1e-10)


@given(pairs(rows=(2, 4)), temperatures)
def test_dist_lies_in_its_range_and_is_symmetric(pair, temperature):
    s, t = pair
    value = float(dist_loss(s, t, beta=1.0, gamma=2.0, temperature=temperature))
    assert -1e-9 <= value / temperature**2 <= 6 + 1e-9
    assert float(dist_loss(t, s, beta=1.0, gamma=2.0, temperature=temperature)) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_at_a_high_temperature_dist_correlates_centred_logits():
    s, t = logits(n=8, c=5)
    a, b = ((z - z.mean(1, keepdim=True)).numpy() for z in (s, t))
    limit = (
        2 - np.mean([pearsonr(*x).statistic for x in zip(a, b, strict=True)]) - np.mean([pearsonr(*x).statistic for x in zip(a.T, b.T, strict=True)])
    )
    assert float(dist_loss(s, t, temperature=1e6)) / 1e12 == pytest.approx(limit, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("side", ["student", "teacher", "both"])
@pytest.mark.parametrize("classes", [2, 3, 4, 6, 7, 10, 49, 100])
def test_a_constant_row_counts_as_no_correlation(classes, side, dtype):
    s, t = logits(n=3, c=classes, dtype=dtype)
    for z in {"student": (s,), "teacher": (t,), "both": (s, t)}[side]:
        z[:] = 0.1
    value = dist_loss(s.requires_grad_(), t)
    assert value.item() == pytest.approx(2.0, rel=1e-5), "correlation 0 in all rows and columns; rounding is no signal"
    assert torch.autograd.grad(value, s)[0].isfinite().all()


@pytest.mark.parametrize("examples", [2, 3, 6, 10, 23])
@pytest.mark.parametrize("side", ["student", "teacher"])
def test_the_same_row_for_all_examples_leaves_the_columns_without_correlation(examples, side):
    s, t = logits(n=examples)
    z = s if side == "student" else t
    z[:] = z[:1].clone()
    assert float(dist_loss(s, t, beta=0.0)) == pytest.approx(1.0, rel=1e-6)


def test_a_column_that_is_constant_but_for_rounding_counts_as_no_correlation():
    t = log_rows([0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [0.35, 0.3, 0.35])
    s = log_rows([0.5, 0.1, 0.4], [0.6, 0.2, 0.2], [0.1, 0.4, 0.5], [0.35, 0.3, 0.35])
    outer = [pearsonr(*(z.exp()[:, j].numpy() for z in (t, s))).statistic for j in (0, 2)]
    assert float(dist_loss(s, t, beta=0.0)) == pytest.approx(1 - sum(outer) / 3, rel=1e-10)


def test_a_class_impossible_for_both_counts_as_a_column_without_correlation():
    s, t = logits()
    wide_s, wide_t = (F.pad(z, (0, 1), value=-INF) for z in (s, t))
    narrow = dist_loss(s, t, beta=0.0)
    wide = dist_loss(wide_s.requires_grad_(), wide_t, beta=0.0)
    torch.testing.assert_close(1 - wide, (1 - narrow) * 4 / 5, rtol=1e-10, atol=0)
    assert torch.autograd.grad(wide, wide_s)[0].isfinite().all()


@pytest.mark.parametrize("gap", [20.0, 40.0, 55.0, 80.0])
def test_a_rare_class_keeps_its_correlation_in_float32(gap):
    z = torch.tensor([[0.0, 0.0, -gap], [0.0, 1.0, 1 - gap], [0.0, -1.0, -1 - gap]])
    assert float(dist_loss(z, z.clone(), beta=0.0)) == pytest.approx(0, abs=1e-5), "a product of two tiny lengths must not underflow"


@pytest.mark.parametrize("weights", [{"beta": -0.1}, {"gamma": -1}, {"beta": NAN}, {"gamma": INF}])
def test_dist_refuses_weights_that_are_no_weights(weights):
    (name,) = weights
    with pytest.raises(ValueError, match=rf"{name}: expected .* got"):
        dist_loss(*logits(), **weights)


def test_dist_refuses_one_row():
    with pytest.raises(ValueError, match="at least 2 rows, got 1"):
        dist_loss(EVEN, EVEN)


# ------------------------------------------------------------------ token_kd_loss


def sequences(seed=0, n=3, length=4, vocabulary=6, dtype=torch.float64):
    s, t = logits(seed, n * length, vocabulary, dtype=dtype)
    mask = torch.tensor([[False, True, True, False], [False, False, True, False], [True, True, True, True]])
    return s.view(n, length, vocabulary), t.view(n, length, vocabulary), mask


def test_token_kd_by_hand_divides_by_tokens_not_by_sequences():
    even, skew, same = [0.5, 0.5], [0.75, 0.25], [0.9, 0.1]
    s, t = log_rows([even, even, same], [even, same, same]), log_rows([skew, skew, same], [skew, skew, same])
    mask = torch.tensor([[True, True, True], [True, False, False]])
    forward = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    backward = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2)
    # four tokens count, three of them differ: a mean of sequence means would be (2/3 + 1) / 2 instead of 3/4
    assert float(token_kd_loss(s, t, mask)) == pytest.approx(0.75 * forward, rel=1e-12)
    assert float(token_kd_loss(s, t, mask, direction="reverse")) == pytest.approx(0.75 * backward, rel=1e-12)
    assert float(token_kd_loss(2 * s, 2 * t, mask, temperature=2.0)) == pytest.approx(4 * 0.75 * forward, rel=1e-12)
    assert float(token_kd_loss(2 * s, 2 * t, mask, temperature=2.0, direction="reverse")) == pytest.approx(4 * 0.75 * backward, rel=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_token_kd_is_kd_on_the_selected_rows(temperature):
    s, t, mask = sequences()
    rows = s[mask], t[mask]
    assert len(rows[0]) == 7
    torch.testing.assert_close(token_kd_loss(s, t, mask, temperature=temperature), kd_loss(*rows, temperature=temperature), rtol=1e-12, atol=0)
    ours = token_kd_loss(s, t, mask, temperature=temperature, direction="reverse")
    torch.testing.assert_close(ours, temperature**2 * reverse_kd_loss(*rows, temperature=temperature), rtol=1e-12, atol=0)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("top_k", [None, 2])
@pytest.mark.parametrize("bad", [NAN, INF, -INF, 1e30])
def test_masked_positions_are_ignored_whatever_they_hold(direction, top_k, bad):
    s, t, mask = sequences()
    options = {"direction": direction, "top_k": top_k}
    (clean,) = torch.autograd.grad(token_kd_loss(s.requires_grad_(), t, mask, **options), s)
    spoilt_s, spoilt_t = (z.detach().masked_fill(~mask[..., None], bad) for z in (s, t))
    assert torch.equal(token_kd_loss(spoilt_s, spoilt_t, mask, **options), token_kd_loss(s, t, mask, **options))
    (gradient,) = torch.autograd.grad(token_kd_loss(spoilt_s.requires_grad_(), spoilt_t, mask, **options), spoilt_s)
    assert torch.equal(gradient, clean)
    assert (gradient[~mask] == 0).all() and (gradient[mask].abs().sum(-1) > 0).all()


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("top_k", [None, 1])
def test_one_nan_at_a_token_that_counts_gives_nan(direction, top_k):
    s, t, mask = sequences()
    s[2, 3, 5] = NAN
    assert token_kd_loss(s, t, mask, direction=direction, top_k=top_k).isnan()


def lumped(z, kept, temperature):
    """Probabilities of the kept tokens and of all others together."""
    p = softmax(z.numpy() / temperature, axis=1)
    inside = np.take_along_axis(p, kept, axis=1)
    outside = np.array([[row[[j for j in range(len(row)) if j not in keep]].sum()] for row, keep in zip(p, kept, strict=True)])
    return np.concatenate([inside, outside], axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("top_k", [1, 2, 4])
def test_top_k_is_the_kl_of_k_plus_one_outcomes(temperature, top_k):
    s, t, mask = sequences()
    rows = s[mask], t[mask]
    kept = np.argsort(-rows[1].numpy(), axis=1)[:, :top_k]
    q, p = (lumped(z, kept, temperature) for z in rows)
    options = {"temperature": temperature, "top_k": top_k}
    assert float(token_kd_loss(s, t, mask, **options)) == pytest.approx(temperature**2 * rel_entr(p, q).sum(1).mean(), rel=1e-10)
    expected = temperature**2 * rel_entr(q, p).sum(1).mean()
    assert float(token_kd_loss(s, t, mask, direction="reverse", **options)) == pytest.approx(expected, rel=1e-10)


@given(pairs(classes=(3, 6)), temperatures, st.sampled_from(["forward", "reverse"]))
def test_top_k_is_a_lower_bound_that_grows_to_the_full_kl(pair, temperature, direction):
    s, t = (z[None] for z in pair)
    mask = torch.ones(s.shape[:2], dtype=torch.bool)
    steps = [*range(1, s.shape[2]), None]
    values = [float(token_kd_loss(s, t, mask, temperature=temperature, direction=direction, top_k=k)) for k in steps]
    assert values[0] >= 0
    assert all(a <= b * (1 + 1e-9) + 1e-12 for a, b in pairwise(values))
    assert values[-2] == pytest.approx(values[-1], rel=1e-9, abs=1e-12), "k = V − 1 loses nothing: the rest is one token"


def test_k_of_one_less_than_the_vocabulary_has_the_gradient_of_the_full_kl():
    s, t, mask = sequences()
    s.requires_grad_()
    (most,), (full,) = (torch.autograd.grad(token_kd_loss(s, t, mask, top_k=k, temperature=2.0), s) for k in (5, None))
    torch.testing.assert_close(most, full, rtol=1e-10, atol=1e-14)


def test_top_k_renormalised_would_teach_that_the_rest_is_impossible():
    """The tokens kept alone, renormalised, as the whole distribution: no lower bound, and it pushes the others down."""
    s, t, mask = (torch.zeros(1, 1, 4).double(), log_rows([[0.4, 0.2, 0.2, 0.2]]), torch.tensor([[True]]))
    s.requires_grad_()
    ours, full = token_kd_loss(s, t, mask, top_k=1), token_kd_loss(s, t, mask)
    renormalised = -torch.log_softmax(s, -1)[0, 0, 0]
    assert ours <= full < renormalised
    (gradient,), (pushed,) = (torch.autograd.grad(x, s) for x in (ours, renormalised))
    assert gradient[0, 0].tolist() == pytest.approx([0.25 - 0.4, 0.05, 0.05, 0.05])
    assert pushed[0, 0].tolist() == pytest.approx([0.25 - 1, 0.25, 0.25, 0.25])


def test_top_k_keeps_the_teachers_tokens_not_the_students():
    s, t, mask = log_rows([[0.2, 0.7, 0.1]]), log_rows([[0.6, 0.1, 0.3]]), torch.tensor([[True]])
    expected = 0.6 * math.log(0.6 / 0.2) + 0.4 * math.log(0.4 / 0.8)
    assert float(token_kd_loss(s, t, mask, top_k=1)) == pytest.approx(expected, rel=1e-12)


def test_top_k_with_ties_takes_one_of_them():
    s, t, mask = log_rows([[0.5, 0.3, 0.2]]), torch.zeros(1, 1, 3).double(), torch.tensor([[True]])
    candidates = [math.log(1 / 3 / q) / 3 + 2 / 3 * math.log(2 / 3 / (1 - q)) for q in (0.5, 0.3, 0.2)]
    assert min(abs(float(token_kd_loss(s, t, mask, top_k=1)) - value) for value in candidates) < 1e-12


@pytest.mark.parametrize("top_k", [1, 2, 3])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_top_k_with_tokens_impossible_for_both_has_the_gradient_of_the_full_kl(top_k, direction):
    """Two tokens are possible: one and the rest are the whole distribution."""
    s, t = torch.tensor([[[1.0, 0.0, -INF, -INF]]]).double(), torch.tensor([[[0.0, 1.0, -INF, -INF]]]).double()
    mask = torch.tensor([[True]])
    (full,), (ours,) = (
        torch.autograd.grad(token_kd_loss(z, t, mask, direction=direction, top_k=k), z) for k in (None, top_k) for z in (s.clone().requires_grad_(),)
    )
    torch.testing.assert_close(ours, full, rtol=1e-10, atol=1e-14)


def test_token_kd_with_impossible_tokens():
    mask = torch.tensor([[True]])
    both, narrow = log_rows([[0.5, 0.3, 0.2]]), log_rows([[0.5, 0.5, 0.0]])
    expected = 0.5 * math.log(0.5 / 0.3)
    assert float(token_kd_loss(both, narrow, mask)) == pytest.approx(expected)
    assert float(token_kd_loss(both, narrow, mask, top_k=2)) == pytest.approx(expected)
    assert token_kd_loss(narrow, both, mask) == token_kd_loss(narrow, both, mask, top_k=2) == INF
    assert token_kd_loss(narrow, both, mask, top_k=1).isfinite(), "lumped with a possible token"
    assert token_kd_loss(both, narrow, mask, direction="reverse") == INF


def test_two_tokens_in_the_vocabulary_and_one_that_counts():
    s, t, mask = log_rows([[0.5, 0.5]]), log_rows([[0.75, 0.25]]), torch.tensor([[True]])
    torch.testing.assert_close(token_kd_loss(s, t, mask, top_k=1), kd_loss(s[0], t[0], temperature=1.0), rtol=1e-12, atol=0)


@pytest.mark.parametrize("top_k", [0, -1, 6, 7, 1.5, True])
def test_token_kd_refuses_a_bad_top_k(top_k):
    with pytest.raises(ValueError, match=r"top_k: expected .* got"):
        token_kd_loss(*sequences(), top_k=top_k)


@pytest.mark.parametrize("change", [lambda m: m.long(), lambda m: m[:, :2], lambda m: m[0], lambda m: m & False, lambda m: m.numpy(), lambda m: None])
def test_token_kd_refuses_a_bad_mask(change):
    s, t, mask = sequences()
    with pytest.raises(ValueError, match=r"mask: expected .* got"):
        token_kd_loss(s, t, change(mask))


def test_token_kd_refuses_rows_other_vocabularies_and_unknown_directions():
    s, t, mask = sequences()
    for bad, words in (((s[0], t[0]), "student_logits"), ((s, t[..., :5]), "one shape"), ((s, t[0]), "teacher_logits")):
        with pytest.raises(ValueError, match=rf"{words}.* got"):
            token_kd_loss(*bad, mask)
    with pytest.raises(ValueError, match=r"direction: expected .* got"):
        token_kd_loss(s, t, mask, direction="both")


# ------------------------------------------------------------------ average_teachers


def teachers(m=3, n=5, c=4, dtype=torch.float64):
    return torch.stack([logits(seed, n, c, dtype=dtype)[0] for seed in range(1, m + 1)])


def test_average_teachers_by_hand():
    z = torch.stack([log_rows([0.9, 0.1]), log_rows([0.5, 0.5])])
    assert average_teachers(z).tolist() == [pytest.approx([0.7, 0.3])]
    # geometric means √(0.9 · 0.5) : √(0.1 · 0.5) = 3 : 1
    assert average_teachers(z, space="logit").tolist() == [pytest.approx([0.75, 0.25])]
    assert average_teachers(2 * z, temperature=2.0).tolist() == [pytest.approx([0.7, 0.3])]
    assert average_teachers(2 * z, temperature=2.0, space="logit").tolist() == [pytest.approx([0.75, 0.25])]


def test_average_teachers_agrees_with_scipy():
    z = teachers()
    np.testing.assert_allclose(average_teachers(z, temperature=3.0), softmax(z.numpy() / 3, axis=-1).mean(0), rtol=1e-12)
    np.testing.assert_allclose(average_teachers(z, temperature=3.0, space="logit"), softmax(z.numpy().mean(0) / 3, axis=-1), rtol=1e-12)


@given(arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 4)), elements=st.floats(-30, 30)), temperatures)
def test_average_teachers_gives_probabilities_and_ignores_the_order(z, temperature):
    z = torch.from_numpy(z)
    for space in ("probability", "logit"):
        p = average_teachers(z, temperature=temperature, space=space)
        assert p.shape == z.shape[1:] and (p >= 0).all()
        torch.testing.assert_close(p.sum(-1), torch.ones(len(p)).double(), rtol=1e-12, atol=0)
        torch.testing.assert_close(average_teachers(z.flip(0), temperature=temperature, space=space), p, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("space", ["probability", "logit"])
def test_one_teacher_and_equal_teachers_give_its_soft_targets(space):
    z = teachers(m=1)
    for members in (z, z.repeat(3, 1, 1)):
        torch.testing.assert_close(average_teachers(members, temperature=2.0, space=space), soften(z[0], 2.0), rtol=1e-12, atol=0)


def test_the_default_averages_probabilities_at_temperature_one():
    z = teachers()
    assert torch.equal(average_teachers(z), average_teachers(z, temperature=1.0, space="probability"))
    assert not torch.allclose(average_teachers(z), average_teachers(z, space="logit"), atol=0.01)


@pytest.mark.parametrize("space", ["probability", "logit"])
def test_average_teachers_has_no_graph(space):
    z = teachers().requires_grad_()
    assert not average_teachers(z, space=space).requires_grad


def test_one_teacher_rules_a_class_out_alone_only_among_logits():
    z = torch.stack([log_rows([1.0, 0.0, 0.0]), log_rows([0.2, 0.4, 0.4])])
    assert average_teachers(z).tolist() == [pytest.approx([0.6, 0.2, 0.2])]
    assert average_teachers(z, space="logit").tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("space", ["probability", "logit"])
@pytest.mark.parametrize("bad", [NAN, INF])
def test_a_bad_logit_of_one_teacher_gives_nan_in_its_row_only(space, bad):
    z = teachers(n=2)
    z[1, 0, 2] = bad
    assert average_teachers(z, space=space).isnan().all(-1).tolist() == [True, False]


@pytest.mark.parametrize("space", ["probability", "logit"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_teachers_in_half_precision_are_averaged_in_float32(space, dtype):
    p = average_teachers(teachers(dtype=dtype), space=space)
    assert p.dtype == torch.float32
    assert torch.equal(p, average_teachers(teachers(dtype=dtype).float(), space=space))


@pytest.mark.parametrize("space", ["probability", "logit"])
@pytest.mark.parametrize("temperature", [1e-30, 1e-3, 1.0, 1e4])
def test_large_logits_and_extreme_temperatures_of_teachers(space, temperature):
    z = torch.tensor([[[1e4, -1e4, 0.0]], [[1e4, 0.0, -1e4]]])
    p = average_teachers(z, space=space, temperature=temperature)
    np.testing.assert_allclose(p.sum(-1), 1.0, rtol=1e-6)
    assert (p[0, 0] > p[0, 1:]).all()
    if temperature <= 1:
        assert p.tolist() == [[1.0, 0.0, 0.0]]


def test_non_contiguous_teachers():
    z = teachers()
    view = z.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert not view.is_contiguous()
    torch.testing.assert_close(average_teachers(view), average_teachers(z), rtol=1e-14, atol=0)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_mean_of_kls_minus_kl_to_the_mean_is_t_squared_times_mutual_information(temperature):
    s, z = logits()[0].requires_grad_(), teachers()
    mean_of_kls = torch.stack([kd_loss(s, member, temperature=temperature) for member in z]).mean()
    mean = average_teachers(z, temperature=temperature)
    kl_to_mean = kd_loss(s, temperature * mean.log(), temperature=temperature)
    p = softmax(z.numpy() / temperature, axis=-1)
    information = rel_entr(p, p.mean(0)).sum(-1).mean()
    assert (mean_of_kls - kl_to_mean).item() == pytest.approx(temperature**2 * information, rel=1e-9)
    epistemic = decompose_entropy(torch.from_numpy(p)).epistemic.mean()
    assert float(epistemic) == pytest.approx(information, rel=1e-9)
    (gradient,) = torch.autograd.grad(mean_of_kls - kl_to_mean, s, retain_graph=True)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-14)
    cross_entropy = temperature**2 * soft_cross_entropy(s, mean, temperature=temperature)
    (one,), (many,) = (torch.autograd.grad(x, s, retain_graph=True) for x in (cross_entropy, mean_of_kls))
    assert one.abs().max() > 0.01
    torch.testing.assert_close(one, many, rtol=1e-10, atol=1e-14)


def test_the_kl_to_the_mean_logit_has_another_gradient():
    s, z = logits()[0].requires_grad_(), teachers()
    mean_of_kls = torch.stack([kd_loss(s, member, temperature=1.0) for member in z]).mean()
    (one,), (many,) = (torch.autograd.grad(x, s) for x in (soft_cross_entropy(s, average_teachers(z, space="logit")), mean_of_kls))
    assert (one - many).abs().max() > 0.01


@pytest.mark.parametrize(
    "bad", [torch.zeros(2, 3), torch.zeros(0, 2, 3), torch.zeros(2, 3, 1), torch.zeros(2, 3, 4).long(), [torch.zeros(2, 3)], None]
)
def test_average_teachers_refuses_what_is_no_stack_of_logits(bad):
    with pytest.raises(ValueError, match=r"teacher_logits: expected .* got"):
        average_teachers(bad)


@pytest.mark.parametrize("option", [{"space": "mean"}, {"temperature": 0.0}])
def test_average_teachers_refuses_bad_options(option):
    (name,) = option
    with pytest.raises(ValueError, match=rf"{name}: expected .* got"):
        average_teachers(teachers(), **option)


# ------------------------------------------------------------------ ema_update


def fill(module, value):
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.fill_(value)
    return module


def two_networks():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).double() for _ in range(2)]
        networks[1](torch.randn(8, 3, dtype=torch.float64))  # moves the running mean of one
    return networks


def bits(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_ema_by_hand_keeps_decay_of_the_teacher():
    teacher, student = fill(nn.Linear(2, 2), 1.0), fill(nn.Linear(2, 2), 3.0)
    assert ema_update(teacher, student, decay=0.9) is None
    assert teacher.weight.flatten().tolist() == pytest.approx([1.2] * 4)
    assert teacher.bias.tolist() == pytest.approx([1.2] * 2)


@given(st.floats(0, 1), st.floats(-100, 100), st.floats(-100, 100), st.integers(1, 5))
def test_steps_towards_a_fixed_student_follow_the_power_of_the_decay(decay, start, goal, steps):
    teacher, student = fill(nn.Linear(1, 1).double(), start), fill(nn.Linear(1, 1).double(), goal)
    for _ in range(steps):
        ema_update(teacher, student, decay=decay)
    assert teacher.weight.item() == pytest.approx(decay**steps * start + (1 - decay**steps) * goal, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.999, 1.0])
def test_parameters_are_averaged_and_buffers_copied(decay):
    teacher, student = two_networks()
    before, goal = bits(teacher), bits(student)
    ema_update(teacher, student, decay=decay)
    parameters = dict(teacher.named_parameters())
    for name, value in teacher.state_dict().items():
        if name in parameters:
            torch.testing.assert_close(value, decay * before[name] + (1 - decay) * goal[name], rtol=1e-12, atol=1e-15)
        else:
            assert torch.equal(value, goal[name]), name
    assert teacher[1].num_batches_tracked == 1 and teacher[1].num_batches_tracked.dtype == torch.int64
    assert not torch.equal(before["1.running_mean"], goal["1.running_mean"])


def test_decay_zero_copies_bit_by_bit_and_decay_one_changes_no_parameter():
    teacher, student = two_networks()
    before = [p.detach().clone() for p in teacher.parameters()]
    ema_update(teacher, student, decay=1.0)
    assert all(torch.equal(p, q) for p, q in zip(before, teacher.parameters(), strict=True))
    ema_update(teacher, student, decay=0.0)
    assert all(torch.equal(p, q) for p, q in zip(student.parameters(), teacher.parameters(), strict=True))


def test_ema_agrees_with_torchs_averaged_model():
    teacher, student = two_networks()
    peer = AveragedModel(teacher, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    peer.update_parameters(teacher)  # the first update copies
    for step in range(3):
        fill(student[0], float(step))
        ema_update(teacher, student, decay=0.9)
        peer.update_parameters(student)
    for ours, theirs in zip(teacher.parameters(), peer.module.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)


def test_ema_works_in_place_and_touches_nothing_else():
    teacher, student = two_networks()
    teacher.eval()
    teacher[0].weight.requires_grad_(False)
    student(torch.ones(2, 3).double()).sum().backward()
    before, gradients, pointers = bits(student), [p.grad.clone() for p in student.parameters()], [p.data_ptr() for p in teacher.parameters()]
    random_state = torch.get_rng_state()
    ema_update(teacher, student, decay=0.5)
    assert [p.data_ptr() for p in teacher.parameters()] == pointers
    assert all(torch.equal(before[name], value) for name, value in student.state_dict().items())
    assert all(torch.equal(g, p.grad) for g, p in zip(gradients, student.parameters(), strict=True))
    assert all(p.grad is None and p.grad_fn is None and p.is_leaf for p in teacher.parameters())
    assert [p.requires_grad for p in teacher.parameters()] == [False, True, True, True, True, True]
    assert not teacher.training and student.training
    assert torch.equal(torch.get_rng_state(), random_state)


def test_ema_averages_frozen_parameters_of_the_teacher_too():
    teacher, student = fill(nn.Linear(1, 1), 1.0).requires_grad_(False), fill(nn.Linear(1, 1), 3.0)
    ema_update(teacher, student, decay=0.5)
    assert teacher.weight.item() == teacher.bias.item() == 2.0


def test_ema_lets_no_graph_of_the_student_in():
    teacher, student = two_networks()
    with torch.enable_grad():
        ema_update(teacher, student, decay=0.5)
        teacher(torch.ones(2, 3).double()).sum().backward()
    assert all(p.grad is None for p in student.parameters())


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(3, 2), nn.Linear(2, 3, bias=False)
        self.head.weight = self.embedding.weight


def test_ema_averages_a_weight_with_two_names_once():
    teacher, student = fill(Tied(), 1.0), fill(Tied(), 3.0)
    ema_update(teacher, student, decay=0.75)
    assert teacher.head.weight is teacher.embedding.weight
    assert teacher.head.weight.flatten().tolist() == [1.5] * 6


class WithTable(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        self.register_buffer("table", torch.zeros(2), persistent=False)


def test_ema_copies_buffers_that_are_not_saved_too():
    teacher, student = WithTable(), WithTable()
    student.table.fill_(5.0)
    ema_update(teacher, student, decay=0.5)
    assert teacher.table.tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    "student",
    [nn.Linear(2, 3), nn.Linear(2, 2, bias=False), nn.Sequential(nn.Linear(2, 2)), nn.BatchNorm1d(2)],
    ids=["shape", "fewer", "names", "buffers"],
)
def test_ema_refuses_another_architecture_and_changes_nothing(student):
    teacher = nn.Linear(2, 2)
    before = bits(teacher)
    with pytest.raises(ValueError, match=r"teacher and student: expected .* got"):
        ema_update(teacher, student, decay=0.5)
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())


@pytest.mark.parametrize(("argument", "value"), [("decay", -0.1), ("decay", 1.1), ("decay", NAN), ("teacher", None), ("student", nn.Linear)])
def test_ema_refuses_bad_arguments(argument, value):
    arguments = {"teacher": nn.Linear(2, 2), "student": nn.Linear(2, 2), "decay": 0.5} | {argument: value}
    with pytest.raises(ValueError, match=rf"{argument}: expected .* got"):
        ema_update(**arguments)


def test_a_model_averaged_with_itself_stays_what_it_is():
    teacher, _ = two_networks()
    before = bits(teacher)
    ema_update(teacher, copy.deepcopy(teacher), decay=0.7)
    for name, value in teacher.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=1e-15, atol=0)
