"""The losses on features against loops in NumPy, SciPy and scikit-learn; their invariances, edges and memory."""

import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics.pairwise import cosine_similarity
from torch import nn

from kdtutor import features
from kdtutor.features import (
    attention_map,
    attention_transfer_loss,
    hint_loss,
    info_nce_loss,
    rkd_angle_loss,
    rkd_distance_loss,
    similarity_preserving_loss,
)

INF, NAN = math.inf, math.nan


def as_maps(rows):
    """(B, 4) -> (B, 1, 2, 2)."""
    return rows.reshape(len(rows), 1, 2, 2)


# Every loss as a function of two batches (B, 4).
LOSSES = {
    "hint": hint_loss,
    "attention code": lambda s, t: attention_transfer_loss(as_maps(s), as_maps(t)),
    "attention paper": lambda s, t: attention_transfer_loss(as_maps(s), as_maps(t), mode="paper"),
    "rkd distance": rkd_distance_loss,
    "rkd angle": rkd_angle_loss,
    "rkd angle in chunks": lambda s, t: rkd_angle_loss(s, t, chunk_size=2),
    "similarity": similarity_preserving_loss,
    "info nce": info_nce_loss,
}
RELATIONS = ("rkd distance", "rkd angle", "similarity")
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def batches(seed=0, b=5, d=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(b, d, generator=generator, dtype=torch.float64).to(dtype) for _ in range(2))


def rotation(d=4):
    return torch.linalg.qr(batches(9, d, d)[0])[0]


@st.composite
def pairs(draw):
    """Two batches of small integers and halves: equal rows, zero rows and ties happen."""
    shape = draw(st.integers(1, 5)), 4
    matrix = arrays(np.float64, shape, elements=st.integers(-4, 4).map(lambda v: v / 2))
    return torch.from_numpy(draw(matrix)), torch.from_numpy(draw(matrix))


# ------------------------------------------------------------------ what all losses share


@each_loss
def test_gradcheck(loss):
    s, t = batches()
    assert torch.autograd.gradcheck(lambda z: loss(z, t), s.requires_grad_())


@each_loss
def test_no_gradient_reaches_the_teacher(loss):
    s, t = (z.requires_grad_() for z in batches())
    loss(s, t).backward()
    assert t.grad is None
    assert s.grad.abs().sum() > 0


@each_loss
def test_a_teacher_computed_from_the_student_is_a_constant_too(loss):
    s, _ = batches()
    s.requires_grad_()
    (attached,) = torch.autograd.grad(loss(s, s * s + 1), s)
    (detached,) = torch.autograd.grad(loss(s, (s * s + 1).detach()), s)
    assert torch.equal(attached, detached)


@given(pairs())
def test_never_negative_and_finite_with_finite_gradients_whatever_coincides(pair):
    s, t = pair
    for name, loss in LOSSES.items():
        z = s.clone().requires_grad_()
        value = loss(z, t)
        assert value.shape == () and 0 <= value < INF, name
        assert torch.autograd.grad(value, z)[0].isfinite().all(), name
        if name != "info nce":
            assert loss(s, s.clone()) == pytest.approx(0, abs=1e-12), name


@each_loss
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("rows", ["all zero", "all equal", "one zero", "two equal", "equal to the teacher"])
def test_equal_and_zero_rows_give_finite_gradients(loss, rows, dtype):
    s, t = batches(dtype=dtype)
    if rows == "all zero":
        s.zero_()
    elif rows == "all equal":
        s[:] = s[0].clone()
    elif rows == "one zero":
        s[1] = 0
    elif rows == "two equal":
        s[1] = s[3]
    else:
        s = t.clone()
    value = loss(s.requires_grad_(), t)
    assert value.isfinite()
    assert torch.autograd.grad(value, s)[0].isfinite().all()
    assert loss(t, s.detach()).isfinite()


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "attention paper"])
def test_the_gradient_vanishes_at_the_teacher(name):
    _, t = batches()
    s = t.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(LOSSES[name](s, t), s)
    if name == "info nce":
        assert gradient.abs().max() > 1e-6, "the other rows keep pushing"
    else:
        assert gradient.abs().max() < 1e-12


@each_loss
def test_a_batch_of_one(loss):
    s, t = (z.requires_grad_() for z in batches(b=1))
    value = loss(s, t)
    assert value.isfinite()
    if loss in (LOSSES["rkd distance"], LOSSES["rkd angle"], LOSSES["info nce"], LOSSES["similarity"]):
        assert value == 0, "one example has no relations and no negatives"
    (gradient,) = torch.autograd.grad(value, s)
    assert gradient.shape == (1, 4) and gradient.isfinite().all()


@each_loss
@pytest.mark.parametrize("side", ["student", "teacher"])
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("examples", [1, 2, 5])
def test_nan_or_infinity_never_gives_a_finite_number(loss, side, bad, examples):
    s, t = batches(b=examples)
    (s if side == "student" else t)[examples // 2, 1] = bad
    assert not loss(s, t).isfinite()


@each_loss
@pytest.mark.parametrize("bad", [INF, -INF])
def test_infinity_in_both_models_gives_no_finite_number(loss, bad):
    s, t = batches()
    s[1, 2] = t[1, 2] = s[3, 0] = bad
    assert not loss(s, t).isfinite()


@each_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    s, t = batches(dtype=dtype)
    value = loss(s.requires_grad_(), t)
    assert value.dtype == torch.float32
    assert value == loss(s.float(), t.float())
    value.backward()
    assert s.grad.dtype == dtype


@each_loss
def test_half_precision_does_not_overflow(loss):
    s, t = (1e4 * z for z in batches(dtype=torch.float16))
    value = loss(s.requires_grad_(), t)
    assert value.isfinite()
    assert torch.autograd.grad(value.log(), s)[0].isfinite().all()


@each_loss
def test_float32_keeps_five_digits(loss):
    s, t = batches(b=20, dtype=torch.float32)
    assert loss(s, t).item() == pytest.approx(loss(s.double(), t.double()).item(), rel=1e-5)


@each_loss
@pytest.mark.parametrize(("student", "teacher"), [(torch.float32, torch.float64), (torch.float16, torch.float32), (torch.float64, torch.bfloat16)])
def test_models_of_different_precision(loss, student, teacher):
    s, t = batches()
    s, t = s.to(student), t.to(teacher)
    assert loss(s, t).item() == pytest.approx(loss(s.double(), t.double()).item(), rel=1e-5)


@each_loss
def test_non_contiguous_input_gives_the_same_value(loss):
    s, t = batches()
    for view in (lambda z: z.T.contiguous().T, lambda z: torch.stack([z, z], -1)[..., 0]):
        assert not view(s).is_contiguous()
        torch.testing.assert_close(loss(view(s), view(t)), loss(s, t), rtol=1e-13, atol=0)


@each_loss
def test_the_order_of_examples_does_not_matter(loss):
    s, t = batches()
    order = torch.tensor([3, 0, 4, 2, 1])
    torch.testing.assert_close(loss(s[order], t[order]), loss(s, t), rtol=1e-12, atol=0)
    assert loss(s[order], t) != loss(s, t)


@each_loss
def test_the_global_random_state_is_untouched(loss):
    s, t = batches()
    before = torch.get_rng_state()
    loss(s.requires_grad_(), t).backward()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_ignore_scale_and_rotation_of_either_model(name):
    s, t = batches()
    value = LOSSES[name](s, t)
    for other_s, other_t in ((3 * s, t), (s, 1e4 * t), (s @ rotation(), t), (s, -t @ rotation())):
        torch.testing.assert_close(LOSSES[name](other_s, other_t), value, rtol=1e-10, atol=0)


@pytest.mark.parametrize("name", ["rkd distance", "rkd angle"])
def test_rkd_ignores_a_shift_of_all_examples_and_the_others_do_not(name):
    s, t = batches()
    shift = torch.tensor([5.0, -3.0, 0.0, 100.0]).double()
    torch.testing.assert_close(LOSSES[name](s + shift, t - shift), LOSSES[name](s, t), rtol=1e-10, atol=0)
    assert similarity_preserving_loss(s + shift, t) != pytest.approx(similarity_preserving_loss(s, t).item(), rel=0.01)


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_take_models_of_different_width_and_features_with_more_axes(name):
    s, t = batches(d=6)
    narrow = t[:, :2]
    value = LOSSES[name](s, narrow)
    padded = F.pad(narrow, (0, 4))
    torch.testing.assert_close(LOSSES[name](s, padded), value, rtol=1e-12, atol=0)
    torch.testing.assert_close(LOSSES[name](s.reshape(5, 3, 1, 2), narrow[..., None]), value, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_are_symmetric_in_value(name):
    s, t = batches()
    torch.testing.assert_close(LOSSES[name](t, s), LOSSES[name](s, t), rtol=1e-12, atol=0)


BAD = {
    "None": None,
    "list": [[1.0, 2.0]],
    "array": np.zeros((5, 4)),
    "integers": torch.zeros(5, 4, dtype=torch.int64),
    "one axis": torch.zeros(5),
    "no rows": torch.zeros(0, 4),
    "no width": torch.zeros(5, 0),
}


@pytest.mark.parametrize("loss", [hint_loss, *(LOSSES[name] for name in (*RELATIONS, "info nce"))])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("side", [0, 1])
def test_a_bad_tensor_is_named(loss, bad, side):
    arguments = [torch.zeros(5, 4), torch.zeros(5, 4)]
    arguments[side] = bad
    with pytest.raises(ValueError, match=rf"{('student', 'teacher')[side]}(_features)?: expected .* got"):
        loss(*arguments)


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_refuse_batches_of_different_length(name):
    with pytest.raises(ValueError, match="expected as many rows in both, got 5 and 1"):
        LOSSES[name](torch.zeros(5, 4), torch.zeros(1, 4))


# ------------------------------------------------------------------ hint_loss


def test_hint_by_hand_is_the_mean_over_all_entries_without_one_half():
    # (1 + 4 + 9 + 16) / 4
    assert float(hint_loss(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2, 2))) == 7.5


def test_hint_is_torchs_mean_squared_error():
    s, t = (z.reshape(5, 2, 1, 2) for z in batches())
    torch.testing.assert_close(hint_loss(s, t), F.mse_loss(s, t), rtol=1e-14, atol=0)


def test_the_regressor_maps_the_student_and_learns():
    s, t = torch.tensor([[1.0, 2.0]], requires_grad=True), torch.tensor([[5.0, 0.0, 1.0]])
    regressor = nn.Linear(2, 3, bias=False)
    with torch.no_grad():
        regressor.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    value = hint_loss(s, t, regressor=regressor)
    assert value.item() == pytest.approx((16 + 4 + 4) / 3)
    value.backward()
    # 2/3 · (r − t) sᵀ with r − t = (−4, 2, 2)
    torch.testing.assert_close(regressor.weight.grad, 2 / 3 * torch.tensor([[-4.0, -8.0], [2.0, 4.0], [2.0, 4.0]]))
    torch.testing.assert_close(s.grad, 2 / 3 * torch.tensor([[-2.0, 4.0]]))


def test_a_one_by_one_convolution_matches_maps_of_other_widths():
    s, t = torch.ones(2, 3, 4, 4), torch.zeros(2, 5, 4, 4)
    assert hint_loss(s, t, regressor=nn.Conv2d(3, 5, 1)).shape == ()


@pytest.mark.parametrize("training", [True, False])
def test_the_regressor_keeps_its_mode(training):
    regressor = nn.Dropout(0.5).train(training)
    value = hint_loss(torch.ones(4, 50), torch.ones(4, 50), regressor=regressor)
    assert regressor.training is training
    assert bool(value > 0) is training


@pytest.mark.parametrize("teacher", [torch.zeros(5, 1), torch.zeros(1, 4), torch.zeros(5, 4, 1), torch.zeros(4, 5)])
def test_hint_refuses_to_broadcast(teacher):
    with pytest.raises(ValueError, match=r"expected one shape, got .*regressor"):
        hint_loss(torch.zeros(5, 4), teacher)


@pytest.mark.parametrize("regressor", [nn.Linear, torch.relu, "linear"])
def test_hint_refuses_a_regressor_that_is_no_module(regressor):
    with pytest.raises(ValueError, match=r"regressor: expected .* got"):
        hint_loss(torch.zeros(5, 4), torch.zeros(5, 4), regressor=regressor)


# ------------------------------------------------------------------ attention


def maps(seed=0, c=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, c, 2, 3, generator=generator, dtype=torch.float64).to(dtype)


def attention_by_hand(x):
    """Sum of squares over channels, divided by the length, with NumPy."""
    rows = (x.numpy() ** 2).sum(1).reshape(len(x), -1)
    return rows / np.sqrt((rows**2).sum(1, keepdims=True))


def test_attention_map_by_hand():
    # channels (1, 2) and (1, 0): mean squares (1, 2), length √5
    x = torch.tensor([[[[1.0, 2.0]], [[1.0, 0.0]]]])
    assert attention_map(x).tolist() == [pytest.approx([1 / math.sqrt(5), 2 / math.sqrt(5)])]


def test_attention_map_is_flattened_by_rows_of_the_image():
    x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    np.testing.assert_allclose(attention_map(x)[0] * math.sqrt(sum(i**4 for i in range(1, 7))), [1, 4, 9, 16, 25, 36], rtol=1e-6)


def test_attention_map_agrees_with_numpy_and_ignores_scale_sign_order_and_number_of_channels():
    x = maps()
    expected = attention_by_hand(x)
    for same in (x, -3 * x, x[:, [2, 0, 1]], torch.cat([x, x], 1), x.to(memory_format=torch.channels_last)):
        np.testing.assert_allclose(attention_map(same), expected, rtol=1e-12)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)), elements=st.floats(-100, 100, width=16))
)
def test_attention_map_has_rows_of_length_one_or_zero(x):
    rows = attention_map(torch.from_numpy(x))
    assert rows.shape == (x.shape[0], x.shape[2] * x.shape[3])
    assert (rows >= 0).all()
    for row, example in zip(rows, x, strict=True):
        assert row.norm().item() == pytest.approx(1.0 if example.any() else 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-15, 1e-4, 1e4, 1e15])
def test_attention_map_of_very_small_and_very_large_features_keeps_length_one(scale, dtype):
    x = maps(dtype=dtype)
    torch.testing.assert_close(attention_map(scale * x), attention_map(x), rtol=1e-5, atol=0)


def test_attention_map_keeps_the_graph_of_its_features():
    x = maps()
    assert torch.autograd.gradcheck(attention_map, x.requires_grad_())


def test_attention_transfer_by_hand_code_and_paper():
    # maps (1, 0), (0, 1) against (1, 0), (1, 0): only the second example differs, by (−1, 1)
    s, t = torch.tensor([[[[2.0, 0.0]]], [[[0.0, 3.0]]]]), torch.tensor([[[[1.0, 0.0]]], [[[4.0, 0.0]]]])
    assert float(attention_transfer_loss(s, t)) == pytest.approx(2 / 4), "mean of squares over N·H·W"
    assert float(attention_transfer_loss(s, t, mode="code")) == pytest.approx(2 / 4)
    assert float(attention_transfer_loss(s, t, mode="paper")) == pytest.approx(math.sqrt(2) / 2), "mean length over N"


def test_attention_transfer_agrees_with_numpy_for_other_numbers_of_channels():
    s, t = maps(0, 3), maps(1, 5)
    difference = attention_by_hand(s) - attention_by_hand(t)
    assert float(attention_transfer_loss(s, t)) == pytest.approx((difference**2).mean(), rel=1e-12)
    assert float(attention_transfer_loss(s, t, mode="paper")) == pytest.approx(np.sqrt((difference**2).sum(1)).mean(), rel=1e-12)


def test_the_gradients_of_code_and_paper_are_not_proportional():
    s, t = maps().requires_grad_(), maps(1)
    gradients = [torch.autograd.grad(attention_transfer_loss(s, t, mode=mode), s)[0].flatten() for mode in ("code", "paper")]
    assert 0 < F.cosine_similarity(*gradients, dim=0) < 0.9999


def test_a_silent_map_differs_by_one_from_any_other():
    silent, other = torch.zeros(1, 2, 2, 2), torch.ones(1, 1, 2, 2)
    assert float(attention_transfer_loss(silent, other)) == pytest.approx(1 / 4)
    assert float(attention_transfer_loss(silent, other, mode="paper")) == pytest.approx(1)


@pytest.mark.parametrize("teacher", [(1, 3, 2, 3), (2, 3, 2, 1), (2, 3, 1, 3), (2, 3, 3, 2)])
def test_attention_transfer_refuses_other_batches_and_sizes(teacher):
    with pytest.raises(ValueError, match=r"expected one N, H and W, got .*adaptive_avg_pool2d"):
        attention_transfer_loss(maps(), torch.zeros(teacher))


@pytest.mark.parametrize("bad", [torch.zeros(2, 3), torch.zeros(2, 3, 4), torch.zeros(2, 3, 2, 3, 1), torch.zeros(2, 3, 2, 3).long(), None])
def test_attention_refuses_what_is_no_map(bad):
    with pytest.raises(ValueError, match=r"features: expected features of shape \(N, C, H, W\)|features: expected a tensor"):
        attention_map(bad)
    with pytest.raises(ValueError, match=r"student_features: expected .* got"):
        attention_transfer_loss(bad, maps())
    with pytest.raises(ValueError, match=r"teacher_features: expected .* got"):
        attention_transfer_loss(maps(), bad)


def test_attention_transfer_refuses_an_unknown_mode():
    with pytest.raises(ValueError, match=r"mode: expected .* got"):
        attention_transfer_loss(maps(), maps(), mode="sum")


# ------------------------------------------------------------------ relations: distances


def smooth_l1(difference):
    size = np.abs(difference)
    return np.where(size < 1, size**2 / 2, size - 0.5)


def distance_by_scipy(s, t):
    def relative(rows):
        matrix = squareform(pdist(rows.numpy()))
        positive = matrix[matrix > 0]
        return matrix / positive.mean() if positive.size else matrix

    return smooth_l1(relative(s) - relative(t)).mean()


def test_rkd_distance_by_hand():
    # student 0, 1, 3: distances 1, 3, 2, mean 2; teacher 0, 1, 2: distances 1, 2, 1, mean 4/3
    s, t = torch.tensor([[0.0], [1.0], [3.0]]).double(), torch.tensor([[0.0], [1.0], [2.0]]).double()
    differences = (1 / 2 - 3 / 4, 3 / 2 - 3 / 2, 2 / 2 - 3 / 4)
    assert float(rkd_distance_loss(s, t)) == pytest.approx(2 * sum(d**2 / 2 for d in differences) / 9, rel=1e-12)


def test_rkd_distance_is_linear_beyond_a_difference_of_one():
    # student distances 1, 2, 21, 1, 20, 19, mean 64/6; teacher 1, 1, 0, 0, 1, 1, mean of the positive ones 1
    s, t = torch.tensor([[0.0], [1.0], [2.0], [21.0]]).double(), torch.tensor([[0.0], [1.0], [1.0], [0.0]]).double()
    below_one = (3 / 32 - 1, 6 / 32 - 1, 3 / 32, 60 / 32 - 1, 57 / 32 - 1)
    expected = 2 * (sum(d**2 / 2 for d in below_one) + 63 / 32 - 1 / 2) / 16
    assert float(rkd_distance_loss(s, t)) == pytest.approx(expected, rel=1e-12)


@given(pairs())
def test_rkd_distance_agrees_with_scipy(pair):
    assert float(rkd_distance_loss(*pair)) == pytest.approx(distance_by_scipy(*pair), rel=1e-10, abs=1e-12)


def test_the_mean_distance_is_taken_over_pairs_that_are_apart():
    s, t = torch.tensor([[0.0], [0.0], [2.0]]).double(), torch.tensor([[0.0], [1.0], [2.0]]).double()
    # student distances 0, 2, 2, mean of the positive ones 2; teacher 1, 2, 1, mean 4/3
    differences = (0 - 3 / 4, 1 - 3 / 2, 1 - 3 / 4)
    assert float(rkd_distance_loss(s, t)) == pytest.approx(2 * sum(d**2 / 2 for d in differences) / 9, rel=1e-12)


def test_distances_of_rows_nearly_equal_keep_their_digits():
    """2**30 is exact next to multiples of 2**-10; distances by a matrix product, |a|² + |b|² − 2ab, lose everything there."""
    s, t = (torch.round(z * 2**10) / 2**10 for z in batches())
    torch.testing.assert_close(rkd_distance_loss(s + 2**30, t), rkd_distance_loss(s, t), rtol=1e-12, atol=0)
    far = (s + 2**30).numpy()
    by_product = ((far**2).sum(1)[:, None] + (far**2).sum(1) - 2 * far @ far.T).clip(0) ** 0.5
    assert np.abs(by_product - squareform(pdist(s.numpy()))).max() > 0.1


def test_the_collapsed_student_costs_what_the_teacher_spreads():
    s, t = torch.ones(5, 4).double(), batches()[1]
    relative = squareform(pdist(t.numpy()) / pdist(t.numpy()).mean())
    assert float(rkd_distance_loss(s, t)) == pytest.approx(smooth_l1(relative).mean(), rel=1e-12)


# ------------------------------------------------------------------ relations: angles


def cosines_by_loop(rows):
    """cos of the angle at the second of three examples; 0 where a side has no length."""
    b = len(rows)
    out = np.zeros((b, b, b))
    for i in range(b):
        for j in range(b):
            for k in range(b):
                one, two = rows[i] - rows[j], rows[k] - rows[j]
                lengths = math.sqrt(one @ one) * math.sqrt(two @ two)
                out[i, j, k] = one @ two / lengths if lengths > 0 else 0.0
    return out


def test_rkd_angle_by_hand():
    # a right angle at the first row (45° at the others) against an equilateral triangle: cosines 0, √½, √½ against ½, ½, ½
    s = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    t = torch.tensor([[0.0, 0.0], [2.0, 0.0], [1.0, math.sqrt(3)]], dtype=torch.float64)
    differences = (0.5, math.sqrt(0.5) - 0.5, math.sqrt(0.5) - 0.5)
    assert float(rkd_angle_loss(s, t)) == pytest.approx(2 * sum(d**2 / 2 for d in differences) / 27, rel=1e-12)


def test_opposite_angles_reach_the_linear_part():
    # on a line 0, 1, 2 the middle sees cos −1, the ends +1; on 0, 2, 1 the last sees −1: four cosines differ by 2, smooth L1 is 1.5
    s, t = torch.tensor([[0.0], [1.0], [2.0]]).double(), torch.tensor([[0.0], [2.0], [1.0]]).double()
    assert float(rkd_angle_loss(s, t)) == pytest.approx(4 * 1.5 / 27, rel=1e-12)


@given(pairs(), st.sampled_from([None, 1, 2, 4]))
def test_rkd_angle_agrees_with_a_triple_loop(pair, chunk_size):
    s, t = pair
    expected = smooth_l1(cosines_by_loop(s.numpy()) - cosines_by_loop(t.numpy())).mean()
    assert float(rkd_angle_loss(s, t, chunk_size=chunk_size)) == pytest.approx(expected, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 4, 6, 7, 100])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_chunk_size_changes_neither_value_nor_gradient(chunk_size, dtype):
    s, t = batches(b=7, dtype=dtype)
    s[2] = s[5]
    s.requires_grad_()
    values = [rkd_angle_loss(s, t, chunk_size=size) for size in (None, chunk_size)]
    tolerance = {"rtol": 1e-12, "atol": 1e-14} if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-7}
    torch.testing.assert_close(*values, **tolerance)
    torch.testing.assert_close(*(torch.autograd.grad(value, s)[0] for value in values), **tolerance)


def corners_at_a_time(monkeypatch, call):
    """The sizes of the chunks in which the cosines are computed."""
    sizes, inner = [], F.smooth_l1_loss

    def spy(a, b, **options):
        sizes.append(len(a))
        return inner(a, b, **options)

    monkeypatch.setattr(features.F, "smooth_l1_loss", spy)
    call()
    return sizes


@pytest.mark.parametrize(("limit", "expected"), [(2**24, [7]), (3 * 7 * 7 * 8, [3, 3, 1]), (4 * 7 * 7 * 8 - 1, [3, 3, 1]), (1, [1] * 7)])
def test_without_a_chunk_size_the_cosines_stay_below_the_limit(monkeypatch, limit, expected):
    s, t = batches(b=7)
    monkeypatch.setattr(features, "CHUNK_BYTES", limit)
    assert corners_at_a_time(monkeypatch, lambda: rkd_angle_loss(s, t)) == expected


def test_a_given_chunk_size_is_the_one_used(monkeypatch):
    s, t = batches(b=7)
    assert corners_at_a_time(monkeypatch, lambda: rkd_angle_loss(s, t, chunk_size=4)) == [4, 3]


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, True, "2"])
def test_rkd_angle_refuses_a_bad_chunk_size(chunk_size):
    with pytest.raises(ValueError, match=r"chunk_size: expected .* got"):
        rkd_angle_loss(*batches(), chunk_size=chunk_size)


def peak_bytes(call, path):
    """Largest sum of the tensors that lived at one time, from the allocations that torch's profiler records."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    profile.export_chrome_trace(str(path))
    events = [event for event in json.loads(path.read_text())["traceEvents"] if event.get("name") == "[memory]"]
    return max(np.cumsum([event["args"]["Bytes"] for event in sorted(events, key=lambda event: event["ts"])]))


def all_at_once(s, t):
    s, t = (F.normalize(z[None] - z[:, None], dim=-1) for z in (s, t))
    return F.smooth_l1_loss(s @ s.mT, t @ t.mT)


def test_chunks_keep_the_memory_of_forward_and_backward_small(tmp_path):
    s, t = batches(b=256, d=4, dtype=torch.float32)
    s.requires_grad_()
    cosines = 4 * 256**3
    peaks = {size: peak_bytes(lambda size=size: rkd_angle_loss(s, t, chunk_size=size).backward(), tmp_path / "trace.json") for size in (None, 8)}
    assert peaks[8] < 0.25 * cosines
    assert peaks[None] < 1.5 * cosines
    assert peak_bytes(lambda: all_at_once(s, t).backward(), tmp_path / "trace.json") > 3 * cosines


def test_what_the_graph_keeps_for_the_backward_pass_does_not_grow_with_the_cube():
    s, t = batches(b=64, dtype=torch.float32)
    s.requires_grad_()

    def kept_bytes(loss):
        storages = {}

        def pack(tensor):
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            value = loss(s, t)
        value.backward()
        return sum(storages.values())

    assert kept_bytes(lambda s, t: rkd_angle_loss(s, t, chunk_size=4)) < 4 * 64**2
    assert kept_bytes(all_at_once) > 4 * 64**3


# ------------------------------------------------------------------ similarity


def gram_rows(rows, order):
    """Rows of F Fᵀ divided by their length of the given order, with NumPy."""
    gram = rows.numpy() @ rows.numpy().T
    return gram / np.linalg.norm(gram, ord=order, axis=1, keepdims=True)


def test_similarity_by_hand():
    # student rows (1), (2): F Fᵀ = ((1, 2), (2, 4)), both rows (1, 2)/√5; teacher the unit matrix
    s, t = torch.tensor([[1.0], [2.0]]).double(), torch.eye(2).double()
    a, b = 1 / math.sqrt(5), 2 / math.sqrt(5)
    assert float(similarity_preserving_loss(s, t)) == pytest.approx(((a - 1) ** 2 + b**2 + a**2 + (b - 1) ** 2) / 4, rel=1e-12)


def test_similarity_divides_rows_by_their_l2_length_as_the_paper_does_not_by_l1():
    s, t = batches()
    by_l2, by_l1 = (((gram_rows(s, order) - gram_rows(t, order)) ** 2).sum() / 25 for order in (2, 1))
    ours = float(similarity_preserving_loss(s, t))
    assert ours == pytest.approx(by_l2, rel=1e-12)
    assert ours > 1.5 * by_l1, "rows of length 1 by L1 make the term smaller, and with another gradient"


def test_similarity_to_an_orthogonal_teacher_of_zero_student():
    # zero rows stay zero: each row differs by a unit vector
    assert float(similarity_preserving_loss(torch.zeros(3, 2), torch.eye(3))) == pytest.approx(3 / 9)


@given(pairs())
def test_similarity_lies_between_zero_and_four_over_b(pair):
    assert 0 <= float(similarity_preserving_loss(*pair)) <= 4 / len(pair[0]) + 1e-12


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1e4, 1e12])
def test_similarity_of_very_small_and_very_large_features_in_float32(scale):
    s, t = batches(dtype=torch.float32)
    torch.testing.assert_close(similarity_preserving_loss(scale * s, t), similarity_preserving_loss(s, t), rtol=1e-5, atol=0)


# ------------------------------------------------------------------ info_nce_loss


def test_info_nce_by_hand():
    # cosines of (1, 0) with (3, 0), (0, 2): 1, 0; of (1, 1): √½, √½
    s, t = torch.tensor([[2.0, 0.0], [1.0, 1.0]]).double(), torch.tensor([[3.0, 0.0], [0.0, 2.0]]).double()
    expected = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    assert float(info_nce_loss(s, t, temperature=0.5)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0, 10.0, 1e4])
def test_info_nce_is_the_cross_entropy_of_the_cosine_matrix(temperature):
    s, t = batches(b=8)
    matrix = torch.from_numpy(cosine_similarity(s.numpy(), t.numpy())) / temperature
    expected = F.cross_entropy(matrix, torch.arange(8))
    torch.testing.assert_close(info_nce_loss(s, t, temperature=temperature), expected, rtol=1e-10, atol=0)


def test_info_nce_default_temperature_is_a_tenth():
    s, t = batches()
    assert info_nce_loss(s, t) == info_nce_loss(s, t, temperature=0.1)


def test_info_nce_runs_from_student_to_teacher_only():
    s, t = batches()
    matrix = torch.from_numpy(cosine_similarity(s.numpy(), t.numpy())) / 0.1
    there, back = (F.cross_entropy(m, torch.arange(5)).item() for m in (matrix, matrix.T))
    assert float(info_nce_loss(s, t)) == pytest.approx(there, rel=1e-10)
    assert float(info_nce_loss(t, s)) == pytest.approx(back, rel=1e-10)
    assert there != pytest.approx(back, rel=0.01)


def test_info_nce_gradient_in_closed_form_for_rows_of_length_one():
    # d/ds of the rows: (softmax − 1 on the diagonal) · teacher / (T · B), without the part along the row itself
    s, t = (F.normalize(z, dim=1) for z in batches())
    s.requires_grad_()
    (gradient,) = torch.autograd.grad(info_nce_loss(s, t, temperature=0.5), s)
    z = s.detach()
    pull = (torch.softmax(z @ t.T / 0.5, 1) - torch.eye(5).double()) @ t / (0.5 * 5)
    torch.testing.assert_close(gradient, pull - (pull * z).sum(1, keepdim=True) * z, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("b", [1, 2, 7])
def test_rows_that_tell_nothing_cost_the_logarithm_of_the_batch(b):
    for s, t in ((torch.zeros(b, 3), torch.randn(b, 3, generator=torch.Generator().manual_seed(0))), (torch.ones(b, 3), torch.ones(b, 3))):
        assert float(info_nce_loss(s, t)) == pytest.approx(math.log(b), rel=1e-6, abs=1e-7)


@given(pairs(), st.floats(0.1, 10), st.floats(0.1, 10))
def test_info_nce_ignores_the_length_of_rows_and_a_common_rotation(pair, a, b):
    s, t = pair
    value = info_nce_loss(s, t)
    assert value >= 0
    torch.testing.assert_close(info_nce_loss(a * s, b * t), value, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(info_nce_loss(s @ rotation(), t @ rotation()), value, rtol=1e-9, atol=1e-12)


def test_info_nce_at_extreme_temperatures():
    s, t = batches()
    assert float(info_nce_loss(s, t, temperature=1e8)) == pytest.approx(math.log(5), rel=1e-6)
    assert float(info_nce_loss(t, t, temperature=1e-3)) == pytest.approx(0, abs=1e-12)
    cosines = cosine_similarity(s.numpy(), t.numpy())
    hinge = (cosines.max(1) - np.diag(cosines)).mean()
    assert float(info_nce_loss(s, t, temperature=1e-6)) == pytest.approx(hinge / 1e-6, rel=1e-6)


@pytest.mark.parametrize("temperature", [1e-30, 1e-50])
def test_info_nce_of_recognised_rows_is_zero_at_a_temperature_too_small_for_float32(temperature):
    assert float(info_nce_loss(torch.eye(3), torch.eye(3), temperature=temperature)) == 0


@pytest.mark.parametrize("temperature", [0, -1, NAN, INF, "1", None, True])
def test_info_nce_refuses_a_bad_temperature(temperature):
    with pytest.raises(ValueError, match=r"temperature: expected .* got"):
        info_nce_loss(*batches(), temperature=temperature)


@pytest.mark.parametrize("shape", [(1, 4), (5, 1), (5, 3), (4, 5)])
def test_info_nce_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"student and teacher: expected one shape, got"):
        info_nce_loss(torch.zeros(5, 4), torch.zeros(shape))
