"""Pruning, quantisation and what a model costs, against hand values, torch's own functions and a clock that the test turns."""

import io
import math
import statistics
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn
from torch.nn.utils import prune

from kdtutor import compress
from kdtutor.compress import count_parameters, fake_quantize, latency, magnitude_prune, serialized_bytes
from kdtutor.models import MLP, SmallCNN

INF, NAN = math.inf, math.nan
SMALL = {"rounds": 4, "calls": 1}


def layer(weight, dtype=torch.float64):
    rows = torch.as_tensor(weight, dtype=dtype)
    made = nn.Linear(rows.shape[1], rows.shape[0]).to(dtype)
    made.weight.data.copy_(rows)
    return made


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


# ------------------------------------------------------------------ pruning


def test_pruning_by_hand_sets_the_smallest_magnitudes_to_zero_in_place_and_spares_the_bias():
    pruned = layer([[0.1, -3.0], [2.0, -0.2], [-0.05, 1.0]])
    weight, bias = pruned.weight, pruned.bias.detach().clone()
    mask = magnitude_prune(pruned, 0.5)
    assert mask.tolist() == [[False, True], [True, False], [False, True]]
    assert pruned.weight.tolist() == [[0.0, -3.0], [2.0, 0.0], [0.0, 1.0]]
    assert pruned.weight is weight and weight.requires_grad and weight.is_leaf
    assert torch.equal(pruned.bias, bias)
    assert mask.dtype == torch.bool and not mask.requires_grad


@pytest.mark.parametrize(
    ("amount", "zeros"), [(0, 0), (0.0, 0), (0.04, 0), (0.06, 1), (0.25, 2), (0.35, 4), (0.5, 5), (0.99, 10), (1.0, 10), (1, 10)]
)
def test_the_number_of_zeros_is_the_rounded_share(amount, zeros):
    # of 10 weights; 2.5 and 3.5 go to the even neighbour
    pruned = layer([list(range(1, 11))])
    mask = magnitude_prune(pruned, amount)
    assert pruned.weight.tolist() == [[0.0] * zeros + [float(v) for v in range(zeros + 1, 11)]]
    assert mask.tolist() == [[False] * zeros + [True] * (10 - zeros)]


@pytest.mark.parametrize("amount", [0.0, 0.1, 0.25, 0.333, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("make", [lambda: nn.Linear(7, 5), lambda: nn.Conv2d(3, 4, 3), lambda: nn.Embedding(6, 5), lambda: nn.Conv1d(2, 3, 2)])
def test_pruning_equals_that_of_torch(make, amount):
    ours, theirs = make(), make()
    theirs.load_state_dict(ours.state_dict())
    mask = magnitude_prune(ours, amount)
    prune.l1_unstructured(theirs, "weight", amount)
    assert mask.shape == ours.weight.shape
    assert torch.equal(mask, theirs.weight_mask.bool())
    assert torch.equal(ours.weight, theirs.weight)


@given(arrays(np.float64, (3, 4), elements=st.floats(-5, 5)), st.floats(0, 1))
def test_no_kept_weight_is_smaller_than_a_pruned_one_and_kept_ones_do_not_change(weight, amount):
    pruned = layer(weight)
    mask = magnitude_prune(pruned, amount).numpy()
    after = pruned.weight.detach().numpy()
    assert (~mask).sum() == round(amount * 12)
    assert (after[mask] == weight[mask]).all() and (after[~mask] == 0).all()
    if mask.any() and not mask.all():
        assert np.abs(weight[mask]).min() >= np.abs(weight[~mask]).max()


@given(arrays(np.float64, (2, 6), elements=st.floats(-5, 5)), st.floats(0, 1), st.floats(0, 1))
def test_more_pruning_only_takes_more(weight, a, b):
    less, more = (magnitude_prune(layer(weight), amount) for amount in sorted((a, b)))
    assert bool((less | ~more).all())


@given(arrays(np.float64, (2, 6), elements=st.floats(-5, 5)), st.floats(0, 1))
def test_pruning_twice_by_the_same_share_changes_nothing_more(weight, amount):
    pruned = layer(weight)
    first = magnitude_prune(pruned, amount)
    once = pruned.weight.detach().clone()
    assert torch.equal(magnitude_prune(pruned, amount), first)
    assert torch.equal(pruned.weight, once)


def test_of_equal_magnitudes_the_first_go():
    pruned = layer([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])
    assert magnitude_prune(pruned, 0.5).tolist() == [[False] * 3, [True] * 3]
    assert pruned.weight.tolist() == [[0.0] * 3, [-1.0, 1.0, -1.0]]
    many = layer(torch.ones(40, 50))
    assert magnitude_prune(many, 0.3).flatten().tolist() == [False] * 600 + [True] * 1400


def test_weights_that_are_zero_already_count_as_pruned_first():
    pruned = layer([[0.0, 5.0, 0.0, 4.0]])
    assert magnitude_prune(pruned, 0.75).tolist() == [[False, True, False, False]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_pruning_keeps_the_dtype(dtype):
    pruned = layer([[0.5, -2.0, 1.0, -0.25]], dtype)
    magnitude_prune(pruned, 0.5)
    assert pruned.weight.dtype == dtype
    assert pruned.weight.tolist() == [[0.0, -2.0, 1.0, 0.0]]


def test_pruning_of_a_convolution_in_another_memory_format_hits_the_same_weights():
    plain, last = nn.Conv2d(3, 4, 2), nn.Conv2d(3, 4, 2)
    last.load_state_dict(plain.state_dict())
    last.to(memory_format=torch.channels_last)
    assert not last.weight.is_contiguous()
    assert torch.equal(magnitude_prune(plain, 0.4), magnitude_prune(last, 0.4))
    assert torch.equal(plain.weight, last.weight)


def test_an_infinite_weight_is_the_last_to_go():
    pruned = layer([[1.0, -INF, 2.0, 3.0]])
    assert magnitude_prune(pruned, 0.75).tolist() == [[False, True, False, False]]


def test_pruning_leaves_gradients_and_takes_part_in_later_training():
    pruned = layer(randn(3, 4))
    pruned(randn(2, 4)).sum().backward()
    gradient = pruned.weight.grad.clone()
    mask = magnitude_prune(pruned, 0.5)
    assert torch.equal(pruned.weight.grad, gradient)
    torch.optim.SGD(pruned.parameters(), lr=0.1).step()
    assert (pruned.weight[~mask] != 0).any(), "without the mask they grow back"
    with torch.no_grad():
        pruned.weight.mul_(mask)
    assert int((pruned.weight == 0).sum()) == 6


@pytest.mark.parametrize("module", [None, nn.Linear, nn.ReLU(), nn.BatchNorm1d(3, affine=False), MLP(3, 2), torch.ones(3), nn.Sequential()])
def test_a_module_without_weights_of_its_own_is_refused(module):
    with pytest.raises(ValueError, match=r"module: expected .* got"):
        magnitude_prune(module, 0.5)


@pytest.mark.parametrize("amount", [-0.1, 1.1, 3, NAN, INF, "0.5", None, True, [0.5]])
def test_an_amount_outside_zero_to_one_is_refused_and_prunes_nothing(amount):
    pruned = layer(randn(2, 3))
    before = pruned.weight.detach().clone()
    with pytest.raises(ValueError, match=r"amount: expected .* got"):
        magnitude_prune(pruned, amount)
    assert torch.equal(pruned.weight, before)


def test_weights_with_nan_are_refused_and_stay():
    pruned = layer([[1.0, NAN, 0.5]])
    with pytest.raises(ValueError, match=r"module: expected .*NaN.* got"):
        magnitude_prune(pruned, 0.7)
    assert pruned.weight.isnan().tolist() == [[False, True, False]]
    assert pruned.weight[0, 2] == 0.5


# ------------------------------------------------------------------ quantisation


def test_quantisation_by_hand_rounds_halves_to_even_on_a_symmetric_grid():
    # three bits: −3 .. 3, so a largest magnitude of 3 makes the scale 1
    values = torch.tensor([-3.0, -2.5, -1.5, -0.5, 0.0, 0.4, 0.5, 0.6, 1.5, 2.5, 2.9]).double()
    assert fake_quantize(values, bits=3).tolist() == [-3.0, -2.0, -2.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 3.0]


def test_eight_bits_are_the_default_and_mean_127_steps_on_each_side():
    values = torch.tensor([127.0, 1.4, -126.6, 63.5, -63.6]).double()
    assert fake_quantize(values).tolist() == [127.0, 1.0, -127.0, 64.0, -64.0]
    assert torch.equal(fake_quantize(values), fake_quantize(values, bits=8))


@pytest.mark.parametrize("bits", range(2, 17))
def test_quantisation_equals_that_of_torch_with_a_symmetric_range(bits):
    values, top = randn(500, seed=bits, dtype=torch.float32), 2 ** (bits - 1) - 1
    scale = float(values.abs().max() / top)
    # torch multiplies by 1/scale: entries on the edge of rounding may fall to the other side
    clear = ((values / scale).frac().abs() - 0.5).abs() > 1e-3
    peer = torch.fake_quantize_per_tensor_affine(values, scale, 0, -top, top)
    assert clear.sum() > 450
    torch.testing.assert_close(fake_quantize(values, bits=bits)[clear], peer[clear], rtol=1e-5, atol=0)


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e6, 1e6, width=32)), st.integers(2, 16))
def test_each_entry_moves_at_most_half_a_step_to_a_whole_number_of_steps(values, bits):
    tensor, top = torch.from_numpy(values), 2 ** (bits - 1) - 1
    quantized = fake_quantize(tensor, bits=bits)
    scale = float(tensor.abs().max()) / top
    assert bool(((quantized - tensor).abs() <= scale * (0.5 + 1e-9)).all())
    if scale > 0:
        steps = quantized / scale
        torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-9)
        assert float(steps.abs().max()) == pytest.approx(top), "the largest magnitude is on the grid, the grid is used up"
        assert len(torch.unique(steps.round())) <= 2 * top + 1


@given(
    arrays(np.float64, st.integers(1, 12), elements=st.floats(-1e6, 1e6, width=32)), st.integers(2, 16), st.sampled_from([0.5, -1.0, 4.0, -1024.0])
)
def test_quantisation_follows_sign_and_scale(values, bits, factor):
    tensor = torch.from_numpy(values)
    assert torch.equal(fake_quantize(factor * tensor, bits=bits), factor * fake_quantize(tensor, bits=bits))


@given(arrays(np.float32, st.integers(1, 12), elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False)), st.integers(2, 16))
def test_quantising_twice_is_quantising_once(values, bits):
    once = fake_quantize(torch.from_numpy(values), bits=bits)
    torch.testing.assert_close(fake_quantize(once, bits=bits), once, rtol=1e-6, atol=0)


@given(arrays(np.float64, st.integers(2, 12), elements=st.floats(-100, 100)), st.integers(2, 16))
def test_quantisation_keeps_the_order(values, bits):
    quantized = fake_quantize(torch.from_numpy(np.sort(values)), bits=bits)
    assert bool((quantized.diff() >= 0).all())


def test_more_bits_err_less():
    values = randn(1000)
    errors = [float((fake_quantize(values, bits=bits) - values).square().mean().sqrt()) for bits in (2, 4, 8, 16)]
    assert errors[0] > 3 * errors[1] > 3 * 10 * errors[2] > 3 * 10 * 100 * errors[3] > 0
    # a uniform error within a step has root mean square step/√12
    assert errors[2] == pytest.approx(float(values.abs().max()) / 127 / math.sqrt(12), rel=0.1)


def test_one_scale_serves_the_whole_tensor_not_each_row():
    values = torch.tensor([[100.0, 50.0], [0.3, 0.2]]).double()
    assert fake_quantize(values)[1].tolist() == [0.0, 0.0], "a step is 100/127"
    assert fake_quantize(values[1:])[0].tolist() == [pytest.approx(0.3), pytest.approx(0.3 * 85 / 127)]


@pytest.mark.parametrize("shape", [(), (1,), (3, 1), (2, 3, 2, 2)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_shape_and_dtype_stay_and_zeros_stay_zeros(shape, dtype):
    for values in (torch.zeros(shape, dtype=dtype), randn(*shape, dtype=dtype)):
        quantized = fake_quantize(values)
        assert quantized.shape == values.shape and quantized.dtype == dtype
        assert torch.equal(quantized == 0, values.abs() <= values.abs().max() / 254)
    assert torch.equal(fake_quantize(torch.zeros(shape, dtype=dtype)), torch.zeros(shape, dtype=dtype))


@pytest.mark.parametrize("value", [3.7, -0.1, 1e-30, 1e30])
def test_one_element_is_its_own_scale(value):
    for bits in range(2, 17):
        assert fake_quantize(torch.tensor([value], dtype=torch.float64), bits=bits).tolist() == [pytest.approx(value, rel=1e-12)]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_in_float32(dtype):
    values = torch.cat([randn(200, dtype=dtype), torch.tensor([6e4, -5e4], dtype=dtype)])
    for bits in (4, 8, 12):
        for part in (values, values[:200]):
            assert torch.equal(fake_quantize(part, bits=bits), fake_quantize(part.float(), bits=bits).to(dtype))
    tiny = torch.tensor([6e-8, 3e-5], dtype=dtype)  # a scale of 3e-5/127 is no number of float16
    assert float(fake_quantize(tiny)[1]) == pytest.approx(3e-5, rel=1e-2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_largest_number_of_a_dtype_does_not_overflow(dtype):
    values = torch.tensor([torch.finfo(dtype).max, -torch.finfo(dtype).max, 0.0], dtype=dtype)
    for bits in range(2, 17):
        torch.testing.assert_close(fake_quantize(values, bits=bits), values)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("bits", [2, 8, 16])
def test_the_gradient_passes_straight_through_everywhere(dtype, bits):
    for values in (randn(50, dtype=dtype), torch.zeros(4, dtype=dtype), torch.tensor([2.0], dtype=dtype)):
        leaf, weight = values.clone().requires_grad_(), torch.arange(1, len(values) + 1).to(dtype)
        quantized = fake_quantize(leaf, bits=bits)
        assert torch.equal(quantized.detach(), fake_quantize(values, bits=bits)), "the values are those without a gradient"
        (gradient,) = torch.autograd.grad((quantized * weight).sum(), leaf)
        assert torch.equal(gradient, weight)


def test_the_gradient_goes_through_a_tensor_that_was_computed():
    leaf = randn(5).requires_grad_()
    (gradient,) = torch.autograd.grad(fake_quantize(3 * leaf).sum(), leaf)
    assert gradient.tolist() == [3.0] * 5


def test_the_tensor_given_does_not_change_and_no_graph_is_made_without_need():
    values = randn(6)
    before = values.clone()
    result = fake_quantize(values, bits=3)
    assert torch.equal(values, before)
    assert not result.requires_grad
    assert result.data_ptr() != values.data_ptr()
    zeros = torch.zeros(3)
    fake_quantize(zeros).add_(1)
    assert zeros.tolist() == [0.0] * 3, "the result is a tensor of its own"


def test_quantisation_of_a_view_is_that_of_a_copy():
    values = randn(4, 6)
    assert torch.equal(fake_quantize(values.T), fake_quantize(values.T.contiguous()))
    assert torch.equal(fake_quantize(values[:, ::2]), fake_quantize(values[:, ::2].contiguous()))


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_nan_and_infinity_are_refused(bad):
    with pytest.raises(ValueError, match=r"tensor: expected .* got"):
        fake_quantize(torch.tensor([1.0, bad]))


@pytest.mark.parametrize(
    "value", [None, 1.0, [1.0], np.ones(2), torch.ones(2, dtype=torch.int8), torch.ones(2) > 0, torch.ones(0), torch.ones(2) + 0j]
)
def test_anything_but_floating_point_tensors_is_refused(value):
    with pytest.raises(ValueError, match=r"tensor: expected .* got"):
        fake_quantize(value)


@pytest.mark.parametrize("bits", [1, 0, -8, 17, 8.0, "8", None, True, NAN])
def test_bits_outside_two_to_sixteen_are_refused(bits):
    with pytest.raises(ValueError, match=r"bits: expected .* got"):
        fake_quantize(torch.ones(2), bits=bits)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("kind", [np.int64, np.int8, np.uint8])
def test_a_numpy_integer_is_a_number_of_bits(kind):
    values = randn(20)
    for bits in (2, 8, 10, 16):
        assert torch.equal(fake_quantize(values, bits=kind(bits)), fake_quantize(values, bits=bits))


# ------------------------------------------------------------------ parameters and bytes


def test_parameters_by_hand():
    assert count_parameters(nn.Linear(3, 2)) == 3 * 2 + 2
    assert count_parameters(nn.Conv2d(3, 4, 5, bias=False)) == 3 * 4 * 25
    assert count_parameters(MLP(64, 10, hidden=(32, 16))) == 64 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10
    assert count_parameters(SmallCNN(10)) == 43_082
    assert count_parameters(nn.ReLU()) == 0
    assert type(count_parameters(nn.Linear(3, 2))) is int


def test_buffers_do_not_count_and_frozen_or_pruned_weights_do():
    assert count_parameters(nn.BatchNorm1d(7)) == 14
    frozen = nn.Linear(3, 2).requires_grad_(False)
    magnitude_prune(frozen, 1.0)
    assert count_parameters(frozen) == 8


def shared():
    net = nn.Sequential(nn.Embedding(50, 20), nn.Linear(20, 50, bias=False))
    net[1].weight = net[0].weight
    return net


def test_shared_weights_count_once():
    assert count_parameters(shared()) == 1000
    twice = nn.Linear(20, 20)
    assert count_parameters(nn.Sequential(twice, nn.ReLU(), twice)) == 420


@given(st.integers(1, 20), st.integers(1, 20))
def test_parameters_of_parts_add_up(a, b):
    assert count_parameters(nn.Sequential(nn.Linear(a, b), nn.Linear(b, a))) == a * b + b + b * a + a


@pytest.mark.parametrize(("dtype", "each"), [(torch.float64, 8), (torch.float32, 4), (torch.float16, 2), (torch.bfloat16, 2)])
def test_bytes_are_those_of_the_numbers_and_a_little_more(dtype, each):
    model = nn.Sequential(nn.Linear(200, 100), nn.ReLU(), nn.Linear(100, 10)).to(dtype)
    assert each * 21_110 < serialized_bytes(model) < each * 21_110 + 4000


def test_the_teacher_of_the_book_takes_four_bytes_a_parameter():
    assert serialized_bytes(SmallCNN(10)) / 43_082 == pytest.approx(4, rel=0.03)


def test_bytes_are_the_length_of_the_file_that_torch_writes(tmp_path):
    model = SmallCNN(10, image_size=8)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    assert serialized_bytes(model) == pytest.approx((tmp_path / "model.pt").stat().st_size, rel=0.02)


def test_pruning_and_fake_quantisation_save_no_bytes():
    model = nn.Linear(100, 50)
    before = serialized_bytes(model)
    magnitude_prune(model, 0.9)
    assert serialized_bytes(model) == before
    model.weight.data = fake_quantize(model.weight.data, bits=4)
    assert serialized_bytes(model) == before


def test_buffers_are_stored_and_shared_weights_once():
    with_statistics, without = nn.BatchNorm1d(5000), nn.BatchNorm1d(5000, track_running_stats=False)
    assert serialized_bytes(with_statistics) - serialized_bytes(without) == pytest.approx(2 * 4 * 5000, rel=0.1)
    assert 4 * 1000 < serialized_bytes(shared()) < 4 * 1000 + 4000


def test_counting_and_saving_change_nothing():
    model = MLP(5, 3, dropout=0.5).train()
    state, random = io.BytesIO(), torch.get_rng_state()
    torch.save(model.state_dict(), state)
    count_parameters(model), serialized_bytes(model)
    again = io.BytesIO()
    torch.save(model.state_dict(), again)
    assert state.getvalue() == again.getvalue()
    assert all(module.training for module in model.modules())
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("measure", [count_parameters, serialized_bytes])
@pytest.mark.parametrize("model", [None, nn.Linear, {"weight": torch.ones(2)}, torch.ones(2)])
def test_what_is_no_model_has_no_size(measure, model):
    with pytest.raises(ValueError, match=r"model: expected .* got"):
        measure(model)


# ------------------------------------------------------------------ latency


class Costs(nn.Module):
    """Each pass takes as many seconds of the test's clock as the next number says."""

    def __init__(self, clock, seconds, name="model"):
        super().__init__()
        self.clock, self.seconds, self.name = clock, list(seconds), name

    def forward(self, x):
        assert not self.training and not torch.is_grad_enabled()
        self.clock.now += self.seconds.pop(0)
        self.clock.log.append(self.name)
        return x


@pytest.fixture
def clock(monkeypatch):
    fake = SimpleNamespace(now=100.0, log=[])
    monkeypatch.setattr(compress, "time", SimpleNamespace(perf_counter=lambda: fake.now))
    return fake


X = torch.zeros(2, 3)


def test_latency_by_hand_is_the_median_of_the_rounds_after_the_first(clock):
    model = Costs(clock, [99.0, 5.0, 1.0, 4.0, 2.0, 3.0])
    result = latency(model, X, rounds=5, calls=1)
    assert result._fields == ("seconds", "low", "high", "ratio")
    # of 1 .. 5 the quartiles lie at places 1.5 and 4.5
    assert result == (3.0, 1.5, 4.5, None)
    assert model.seconds == [] and len(clock.log) == 6, "one warm-up round"


def test_the_time_of_a_round_is_shared_by_its_calls(clock):
    # rounds of 3 calls: the warm-up, then sums 6, 12, 18, 24
    model = Costs(clock, [50.0] * 3 + [1.0, 2.0, 3.0] + [4.0] * 3 + [6.0] * 3 + [8.0] * 3)
    assert latency(model, X, rounds=4, calls=3) == (5.0, 2.5, 7.5, None)


@given(st.lists(st.floats(0.1, 100), min_size=4, max_size=12))
def test_low_median_and_high_are_the_quartiles(seconds):
    fake = SimpleNamespace(now=0.0, log=[])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compress, "time", SimpleNamespace(perf_counter=lambda: fake.now))
        result = latency(Costs(fake, [7.0, *seconds]), X, rounds=len(seconds), calls=1)
    assert result.seconds == pytest.approx(statistics.median(seconds), rel=1e-9)
    assert result[1:3] == pytest.approx([np.quantile(seconds, q, method="weibull") for q in (0.25, 0.75)], rel=1e-9)
    assert result.low <= result.seconds <= result.high


def test_the_ratio_pairs_rounds_and_runs_in_turns(clock):
    # round by round 2, 2, 2, 2, 8 although the machine slows down; the ratio of the medians were 6/4
    model = Costs(clock, [1.0, 2.0, 4.0, 6.0, 80.0, 16.0])
    reference = Costs(clock, [1.0, 1.0, 2.0, 3.0, 40.0, 2.0], "reference")
    result = latency(model, X, reference=reference, rounds=5, calls=1)
    assert result.ratio == (2.0, 2.0, 5.0)
    assert (result.seconds, result.low, result.high) == (6.0, 3.0, 48.0), "the model's own times"
    assert clock.log == ["model", "reference"] * 6


def test_a_slower_model_has_a_ratio_above_one(clock):
    result = latency(Costs(clock, [3.0] * 40), X, reference=Costs(clock, [2.0] * 40), rounds=4, calls=2)
    assert result.ratio == (1.5, 1.5, 1.5)


def test_twenty_rounds_of_twenty_calls_are_the_default(clock):
    model = Costs(clock, [1.0] * 500)
    assert latency(model, X) == (1.0, 1.0, 1.0, None)
    assert len(clock.log) == 21 * 20


def test_a_model_against_itself_has_a_ratio_near_one():
    model = MLP(64, 10)
    result = latency(model, torch.zeros(32, 64), reference=model, rounds=10, calls=10)
    assert 0 < result.low <= result.seconds <= result.high
    middle, low, high = result.ratio
    assert low <= middle <= high
    assert 0.3 < middle < 3


def test_a_model_of_many_times_the_work_takes_longer():
    small, large = MLP(64, 10, hidden=(8,)), MLP(64, 10, hidden=(1024, 1024))
    assert latency(large, torch.zeros(64, 64), reference=small, **SMALL).ratio[0] > 1


def test_latency_runs_in_eval_mode_and_leaves_all_as_it_was():
    seen = []

    class Watch(nn.Module):
        def forward(self, x):
            seen.append((self.training, torch.is_grad_enabled()))
            return x

    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Watch()).train()
    model[2].eval()
    reference = nn.Sequential(nn.BatchNorm1d(3), Watch()).train()
    modes = [m.training for m in (*model.modules(), *reference.modules())]
    state, random = [v.clone() for v in model.state_dict().values()], torch.get_rng_state()
    x = torch.ones(2, 3, requires_grad=True)
    latency(model, x, reference=reference, **SMALL)
    assert set(seen) == {(False, False)} and len(seen) == 10
    assert [m.training for m in (*model.modules(), *reference.modules())] == modes
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), state, strict=True))
    assert x.grad is None and all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), random)


def test_modes_come_back_when_a_model_fails():
    model, reference = MLP(3, 2, dropout=0.5).train(), MLP(9, 2, dropout=0.5).train()
    with pytest.raises(RuntimeError):
        latency(model, X, reference=reference, **SMALL)
    assert all(m.training for m in (*model.modules(), *reference.modules()))


BAD = {
    "model": [None, nn.Linear, torch.relu],
    "reference": [nn.Linear, torch.relu, "model"],
    "x": [None, [1.0], np.zeros((2, 3)), torch.zeros(0, 3), torch.tensor(1.0)],
    "rounds": [0, 1, 3, -4, 4.0, True, "4", None],
    "calls": [0, -1, 1.0, True, "1", None],
}


@pytest.mark.parametrize(("argument", "value"), [(argument, value) for argument, values in BAD.items() for value in values])
def test_a_bad_argument_of_latency_is_named(argument, value):
    good = {"model": nn.Linear(3, 2), "x": X, "reference": nn.Linear(3, 2), **SMALL}
    assert latency(**good).ratio is not None
    with pytest.raises(ValueError, match=rf"{argument}: expected .* got"):
        latency(**good | {argument: value})
