"""Training leaves alone what it must leave alone, repeats bit by bit and reports what scikit-learn and SciPy report."""

import copy
import functools
import os
import random
import signal
import statistics
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics.classification import MulticlassCalibrationError

from kdtutor.data import Split, load_digits, random_shift
from kdtutor.losses import distillation_loss, dkd_loss, kd_loss, smooth_labels, soft_cross_entropy
from kdtutor.models import MLP, SmallCNN
from kdtutor.training import (
    Estimate,
    Repeats,
    distill,
    eval_mode,
    evaluate,
    predict_logits,
    repeat_over_seeds,
    seed_everything,
    train_supervised,
)


def rows(seed=0, n=60, noise=0.0):
    """Three classes, told apart by the largest of the first three of five inputs."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 5, generator=generator)
    target = x[:, :3].argmax(1)
    wrong = torch.rand(n, generator=generator) < noise
    return Split(x, torch.where(wrong, torch.randint(0, 3, (n,), generator=generator), target))


def net(seed=0, **options):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MLP(5, 3, hidden=(8,), **options)


def fragile_net(seed=0):
    """Dropout and batch-norm: both act otherwise in train mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def bits(model):
    return [value.clone() for value in model.state_dict().values()]


def same_bits(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def modes(model):
    return [module.training for module in model.modules()]


SPLIT = rows()
SHORT = {"epochs": 2, "batch_size": 20}


# ------------------------------------------------------------------ what stays untouched


@pytest.mark.parametrize("cache_teacher", [True, False])
@pytest.mark.parametrize("train_mode", [True, False])
def test_the_teacher_is_bit_equal_without_gradients_and_in_its_modes(cache_teacher, train_mode):
    teacher = fragile_net(1).train(train_mode)
    teacher[3].train(not train_mode)
    before, mode = bits(teacher), modes(teacher)
    distill(net(), teacher, SPLIT, cache_teacher=cache_teacher, **SHORT)
    assert same_bits(bits(teacher), before)
    assert modes(teacher) == mode
    assert all(p.grad is None and p.requires_grad for p in teacher.parameters())


@pytest.mark.parametrize("cache_teacher", [True, False])
def test_the_teacher_teaches_in_eval_mode(cache_teacher):
    teacher = fragile_net(1).train()
    from_teacher, from_logits = net(), net()
    distill(from_teacher, teacher, SPLIT, cache_teacher=cache_teacher, batch_size=60, epochs=2)
    with eval_mode(teacher), torch.no_grad():
        logits = teacher(SPLIT.x)
    distill(from_logits, logits, SPLIT, batch_size=60, epochs=2)
    for a, b in zip(bits(from_teacher), bits(from_logits), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("train_mode", [True, False])
def test_the_students_modes_are_restored(train_mode):
    for train in (lambda model: train_supervised(model, SPLIT, **SHORT), lambda model: distill(model, net(1), SPLIT, **SHORT)):
        student = fragile_net().train(train_mode)
        student[3].train(not train_mode)
        mode = modes(student)
        train(student)
        assert modes(student) == mode


def test_the_students_modes_are_restored_when_training_fails():
    student = net(dropout=0.5).eval()
    with pytest.raises(FloatingPointError):
        distill(student, net(1), SPLIT, loss=lambda s, t, y: s.sum() * float("nan"))
    assert not any(modes(student))


@pytest.mark.parametrize("train_mode", [True, False])
def test_the_student_trains_in_train_mode_again_after_each_validation(train_mode):
    seen = []
    student = net(dropout=0.5).train(train_mode)
    student.head.register_forward_hook(lambda module, *_: seen.append(module.training))
    train_supervised(student, SPLIT, validation=rows(1), **SHORT)
    assert seen == ([True] * 3 + [False]) * 2


def test_every_student_parameter_changes_but_frozen_ones():
    student = net()
    student.head.bias.requires_grad_(False)
    before = bits(student)
    distill(student, net(1), SPLIT, **SHORT)
    assert [torch.equal(a, b) for a, b in zip(bits(student), before, strict=True)] == [False, False, False, True]


@pytest.mark.parametrize("cache_teacher", [True, False])
@pytest.mark.parametrize("failing", ["loss", "student", "augment"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_leaves_modes_gradients_and_random_states_as_they_were(cache_teacher, failing, error):
    student, teacher = fragile_net().train(), fragile_net(1).train()
    student[3].eval()
    teacher[1].eval()
    before, mode = bits(teacher), (modes(student), modes(teacher))
    calls = []

    def fail_in_epoch_two(*args):
        calls.append(args)
        if len(calls) == 5:
            raise error

    def loss(s, t, y):
        if failing == "loss":
            fail_in_epoch_two()
        return kd_loss(s, t)

    options = {"cache_teacher": cache_teacher, "loss": loss} | SHORT
    if failing == "student":
        student.register_forward_hook(fail_in_epoch_two)
    elif failing == "augment":
        options |= {"cache_teacher": False, "augment": lambda x, generator: [fail_in_epoch_two(), x + 0.0][1]}
    with torch.random.fork_rng():
        state = torch.get_rng_state()
        with pytest.raises(error):
            distill(student, teacher, SPLIT, **options)
        assert torch.equal(torch.get_rng_state(), state)
    assert len(calls) == 5
    assert (modes(student), modes(teacher)) == mode
    assert same_bits(bits(teacher), before)
    assert all(p.grad is None and p.requires_grad for p in teacher.parameters())


def test_the_gradients_that_a_teacher_already_has_stay():
    teacher = net(1)
    teacher(SPLIT.x).square().sum().backward()
    before = [p.grad.clone() for p in teacher.parameters()]
    distill(net(), teacher, SPLIT, cache_teacher=False, **SHORT)
    assert same_bits([p.grad for p in teacher.parameters()], before)


def test_an_uncached_teacher_is_in_eval_mode_on_every_batch_of_every_epoch():
    seen, teacher = [], fragile_net(1).train()
    for module in teacher:
        module.register_forward_hook(lambda module, *_: seen.append(module.training))
    distill(fragile_net(), teacher, SPLIT, cache_teacher=False, validation=rows(1), epochs=4, batch_size=20)
    assert len(seen) == 4 * 3 * 5
    assert not any(seen)


def test_the_split_stays_even_if_augmentation_works_in_place():
    split = Split(SPLIT.x.clone(), SPLIT.target.clone())
    train_supervised(net(), split, augment=lambda x, generator: x.add_(1.0), **SHORT)
    distill(net(), net(1), split, augment=lambda x, generator: x.add_(1.0), **SHORT)
    assert same_bits(split, SPLIT)


def test_the_global_random_states_are_untouched():
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    train_supervised(net(dropout=0.5), SPLIT, **SHORT)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()


# ------------------------------------------------------------------ repeatable


class Elementwise(nn.Module):
    """One product an entry: its logits have the same bits in a batch of any size, which no matrix product promises."""

    def __init__(self):
        super().__init__()
        self.weight, self.dropout = nn.Parameter(torch.tensor([3.0, -2.0, 1.0])), nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(x[:, :3] * self.weight)


def students_of(teacher):
    students = [net(), net(), net()]
    for student, cache_teacher in zip(students, (True, False, None), strict=True):
        distill(student, teacher, SPLIT, cache_teacher=cache_teacher, **SHORT)
    return [bits(student) for student in students]


def test_cached_and_uncached_teacher_give_the_same_student_bit_by_bit():
    cached, uncached, default = students_of(Elementwise())
    assert same_bits(cached, uncached)
    assert same_bits(cached, default)


def test_cached_and_uncached_network_give_the_same_student_up_to_rounding():
    cached, uncached, _ = students_of(fragile_net(1))
    for a, b in zip(cached, uncached, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("cache_teacher", "sizes"), [(True, [60]), (None, [60]), (False, [20] * 6)])
def test_a_cached_teacher_runs_once_over_all_rows(cache_teacher, sizes):
    seen, teacher = [], net(1)
    teacher.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    distill(net(), teacher, SPLIT, cache_teacher=cache_teacher, **SHORT)
    assert seen == sizes


@pytest.mark.parametrize("cache_teacher", [True, False])
def test_each_row_meets_its_own_teacher_logits_and_label_in_every_shuffled_batch(cache_teacher):
    batches, student = [], nn.Sequential(nn.Linear(5, 3))
    student.register_forward_hook(lambda module, inputs, output: batches.append([inputs[0]]))

    def loss(s, t, y):
        batches[-1] += [t, y]
        return kd_loss(s, t)

    distill(student, Elementwise(), SPLIT, loss=loss, cache_teacher=cache_teacher, **SHORT)
    assert len(batches) == 6
    for x, t, y in batches:
        assert torch.equal(t, x[:, :3] * torch.tensor([3.0, -2.0, 1.0]))
        assert torch.equal(y, x[:, :3].argmax(1))
    assert not torch.equal(batches[0][0], SPLIT.x[:20]), "the case must be a shuffled one"


def test_a_teacher_given_as_logits_is_the_teacher():
    from_model, from_logits = net(), net()
    distill(from_model, net(1), SPLIT, **SHORT)
    distill(from_logits, predict_logits(net(1), SPLIT.x), SPLIT, **SHORT)
    assert same_bits(bits(from_model), bits(from_logits))


def test_same_seed_same_bits_and_other_seed_other_weights():
    def run(seed, global_seed):
        model = net(dropout=0.5)
        with torch.random.fork_rng():
            torch.manual_seed(global_seed)
            train_supervised(model, SPLIT, seed=seed, **SHORT)
        return bits(model)

    assert same_bits(run(3, 0), run(3, 1)), "dropout must depend on the seed alone"
    assert not same_bits(run(3, 0), run(4, 0))


def test_a_numpy_integer_is_a_seed():
    a, b = net(), net()
    train_supervised(a, SPLIT, seed=np.int64(3), **SHORT)
    train_supervised(b, SPLIT, seed=3, **SHORT)
    assert same_bits(bits(a), bits(b))


def test_seed_everything_seeds_all_three_generators():
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        draws = []
        for _ in range(2):
            seed_everything(5)
            draws.append((random.random(), float(np.random.rand()), float(torch.rand(()))))
        assert draws[0] == draws[1]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(deterministic)


# ------------------------------------------------------------------ optimisation


def test_sgd_is_momentum_of_nine_tenths_along_a_half_cosine():
    model, by_hand = net(), net()
    train_supervised(model, SPLIT, optimizer="sgd", learning_rate=0.1, epochs=2, batch_size=60)
    velocity = [torch.zeros_like(p) for p in by_hand.parameters()]
    for rate in (0.1, 0.05):
        gradients = torch.autograd.grad(F.cross_entropy(by_hand(SPLIT.x), SPLIT.target), list(by_hand.parameters()))
        with torch.no_grad():
            for p, v, g in zip(by_hand.parameters(), velocity, gradients, strict=True):
                p -= rate * v.mul_(0.9).add_(g)
    for a, b in zip(bits(model), bits(by_hand), strict=True):
        torch.testing.assert_close(a, b)


def test_adam_is_the_default_and_first_moves_each_weight_by_the_learning_rate():
    model, before = net(), bits(net())
    train_supervised(model, SPLIT, learning_rate=0.01, epochs=1, batch_size=60)
    steps = torch.cat([(a - b).abs().flatten() for a, b in zip(bits(model), before, strict=True)])
    assert float(steps.median()) == pytest.approx(0.01, rel=1e-3)


def test_train_loss_is_the_mean_over_rows_even_with_a_short_last_batch():
    model = net()
    history = train_supervised(model, SPLIT, epochs=1, batch_size=45, learning_rate=1e-12)
    assert history.train_loss == [pytest.approx(F.cross_entropy(net()(SPLIT.x), SPLIT.target).item(), rel=1e-4)]
    assert history.validation_nll == []
    assert history.kept_epoch == 1


def test_each_epoch_sees_every_row_once_in_a_new_order():
    seen = []
    model = nn.Sequential(nn.Linear(5, 3))
    model.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0][:, 0].clone()))
    train_supervised(model, SPLIT, **SHORT)
    first, second = torch.cat(seen[:3]), torch.cat(seen[3:])
    for epoch in (first, second):
        assert torch.equal(epoch.sort().values, SPLIT.x[:, 0].sort().values)
    assert not torch.equal(first, second)
    assert not torch.equal(first, SPLIT.x[:, 0])


def test_label_smoothing_is_soft_cross_entropy_on_smoothed_labels():
    history = train_supervised(net(), SPLIT, label_smoothing=0.3, epochs=1, batch_size=60)
    expected = soft_cross_entropy(net()(SPLIT.x), smooth_labels(SPLIT.target, 3, 0.3))
    assert history.train_loss[0] == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("options", [{}, {"temperature": 2.0, "alpha": 0.3}])
def test_distill_minimises_the_distillation_loss_at_its_temperature_and_alpha(options):
    history = distill(net(), net(1), SPLIT, epochs=1, batch_size=60, **options)
    settings = {"temperature": 4.0, "alpha": 0.9} | options
    expected = distillation_loss(net()(SPLIT.x), net(1)(SPLIT.x), SPLIT.target, **settings)
    assert history.train_loss[0] == pytest.approx(expected.item(), rel=1e-5)


def test_a_custom_loss_gets_student_teacher_and_target():
    seen = []

    def loss(s, t, y):
        seen.append((s.detach().clone(), t.clone(), y.clone()))
        assert s.requires_grad
        assert not t.requires_grad
        return kd_loss(s, t, temperature=4.0)

    custom, built_in = net(), net()
    distill(custom, net(1), SPLIT, loss=loss, **SHORT)
    distill(built_in, net(1), SPLIT, temperature=4.0, alpha=1.0, **SHORT)
    assert same_bits(bits(custom), bits(built_in))
    row = (SPLIT.x[:, None] == SPLIT.x[None]).all(-1).nonzero()[:, 0]
    assert len(row) == 60
    student, teacher, target = seen[0]
    where = [int((predict_logits(net(), SPLIT.x) - s).abs().sum(1).argmin()) for s in student]
    assert torch.equal(target, SPLIT.target[where])
    torch.testing.assert_close(teacher, predict_logits(net(1), SPLIT.x)[where])


def test_the_student_comes_nearer_to_the_teacher():
    teacher = net(1)
    train_supervised(teacher, SPLIT)
    student = net()
    history = distill(student, teacher, SPLIT, alpha=1.0)
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]


def test_augmentation_gives_student_and_teacher_the_same_images_and_spares_validation():
    seen = {"student": [], "teacher": []}
    student, teacher = net(), net(1)
    for name, model in (("student", student), ("teacher", teacher)):
        model.register_forward_hook(lambda module, inputs, output, name=name: seen[name].append(inputs[0].clone()))
    validation = rows(1)
    distill(student, teacher, SPLIT, augment=lambda x, generator: x + torch.rand(x.shape, generator=generator), validation=validation, **SHORT)
    batches = [x for i, x in enumerate(seen["student"]) if i % 4 < 3]
    assert same_bits(batches, seen["teacher"])
    assert torch.equal(seen["student"][3], validation.x)
    assert not torch.isin(batches[0][:, 0], SPLIT.x[:, 0]).any()


@pytest.mark.parametrize(
    "options", [{"cache_teacher": True, "teacher": net(1)}, {"teacher": torch.zeros(60, 3)}], ids=["cached teacher", "teacher as logits"]
)
def test_cached_logits_are_refused_with_augmentation(options):
    with pytest.raises(ValueError, match="cache_teacher"):
        distill(net(), split=SPLIT, augment=lambda x, generator: x, **options)


def test_shared_parameters_are_refused():
    student = net()
    teacher = nn.Sequential(student.features, nn.Linear(8, 3))
    for shared in (student, teacher):
        with pytest.raises(ValueError, match="teacher"):
            distill(student, shared, SPLIT)
    distill(student, copy.deepcopy(teacher), SPLIT, epochs=1)


def test_a_loss_that_is_not_finite_stops_training():
    with pytest.raises(FloatingPointError, match="epoch 1"):
        distill(net(), net(1), SPLIT, loss=lambda s, t, y: s.sum() * float("nan"))
    with pytest.raises(FloatingPointError, match="loss"):
        train_supervised(net(), Split(SPLIT.x * float("inf"), SPLIT.target))


def test_float64_networks_train_in_float64():
    split = Split(SPLIT.x.double(), SPLIT.target)
    for train in (train_supervised, lambda model, split, **options: distill(model, net(1).double(), split, loss=hard_only, **options)):
        model = net().double()
        history = train(model, split, epochs=1, batch_size=60)
        assert all(p.dtype == torch.float64 for p in model.parameters())
        assert history.train_loss[0] == pytest.approx(F.cross_entropy(net().double()(split.x), split.target).item(), rel=1e-13)


def hard_only(s, t, y):
    return F.cross_entropy(s, y) + 0 * t.sum()


# ------------------------------------------------------------------ cut off and taken up again


class CutError(Exception):
    pass


def cut_in_step(step):
    """A function that counts its calls and raises in one of them."""
    calls = []

    def count(*args):
        calls.append(args)
        if len(calls) == step:
            raise CutError

    return count, calls


def jitter(x, generator):
    return x + 0.3 * torch.randn(x.shape, generator=generator)


def supervise(model, split, **options):
    return train_supervised(model, split, label_smoothing=0.1, **options)


def teach(model, split, **options):
    return distill(model, net(1), split, **options)


NOISY, VALIDATION = rows(0, n=80, noise=0.5), rows(1, n=100)
EPOCHS, STEPS = 6, 4
RUNS = {
    "labels": (supervise, {}),
    "labels, augmentation, validation": (supervise, {"augment": jitter, "validation": VALIDATION}),
    "teacher": (teach, {}),
    "teacher, augmentation, patience": (teach, {"augment": jitter, "validation": VALIDATION, "patience": 5}),
}


def fit(train, *, cut=None, global_seed=0, **options):
    """Weights, history and number of training steps of one run of a network with dropout and batch-norm, cut off in one step or not."""
    model = fragile_net()
    count, calls = cut_in_step(cut)
    model.register_forward_hook(lambda module, *_: count() if module.training else None)
    settings = {"epochs": EPOCHS, "batch_size": 20, "learning_rate": 0.05} | options
    with torch.random.fork_rng():
        torch.manual_seed(global_seed)
        if cut is not None:
            with pytest.raises(CutError):
                train(model, NOISY, **settings)
            return None, None, len(calls)
        history = train(model, NOISY, **settings)
    return bits(model), history, len(calls)


def assert_same_run(a, b):
    assert same_bits(a[0], b[0])
    assert a[1] == b[1]


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("train", "options"), RUNS.values(), ids=RUNS)
@pytest.mark.parametrize(("cut", "left"), [(2, 24), (10, 16), (24, 4)], ids=["first epoch", "third epoch", "last step"])
def test_a_run_cut_off_goes_on_to_the_same_weights_and_history(tmp_path, optimizer, train, options, cut, left):
    file, options = tmp_path / "run.pt", options | {"optimizer": optimizer}
    whole = fit(train, **options)
    assert whole[2] == EPOCHS * STEPS
    assert_same_run(fit(train, checkpoint=tmp_path / "whole.pt", **options), whole)
    fit(train, cut=cut, checkpoint=file, global_seed=1, **options)
    assert file.exists() == (cut > STEPS)
    again = fit(train, checkpoint=file, global_seed=2, **options)
    assert_same_run(again, whole)
    assert again[2] == left, "finished epochs are not trained again"


def test_a_run_cut_off_in_every_epoch_ends_like_a_whole_one(tmp_path):
    options = {"augment": jitter, "validation": VALIDATION, "checkpoint": str(tmp_path / "run.pt")}
    for _ in range(EPOCHS - 1):
        fit(teach, cut=STEPS + 2, **options)
    end = fit(teach, **options)
    assert end[2] == STEPS
    assert_same_run(end, fit(teach, **options | {"checkpoint": None}))


def test_a_model_left_half_trained_by_the_cut_is_taken_up_as_well(tmp_path):
    model = fragile_net()
    count, _ = cut_in_step(11)
    handle = model.register_forward_hook(count)
    options = {"epochs": EPOCHS, "batch_size": 20, "learning_rate": 0.05}
    with pytest.raises(CutError):
        supervise(model, NOISY, checkpoint=tmp_path / "run.pt", **options)
    handle.remove()
    history = supervise(model, NOISY, checkpoint=tmp_path / "run.pt", **options)
    assert_same_run((bits(model), history), fit(supervise))


def test_a_custom_loss_that_fails_once_is_taken_up_with_the_same_loss(tmp_path):
    def losing(step):
        count, _ = cut_in_step(step)

        def loss(s, t, y):
            count()
            return kd_loss(s, t, temperature=2.0)

        return loss

    def run(step, checkpoint):
        model = fragile_net()
        return bits(model), distill(model, net(1), NOISY, loss=losing(step), checkpoint=checkpoint, **SHORT), model

    with pytest.raises(CutError):
        run(6, tmp_path / "run.pt")
    _, history, model = run(None, tmp_path / "run.pt")
    _, expected, whole = run(None, None)
    assert_same_run((bits(model), history), (bits(whole), expected))


@pytest.mark.parametrize("after_best", [0, 1, 3])
def test_the_best_epoch_survives_a_cut_between_it_and_the_early_stop(tmp_path, after_best):
    options = {"validation": VALIDATION, "patience": 4, "epochs": 60}
    whole = fit(supervise, **options)
    best, stop = whole[1].kept_epoch, len(whole[1].train_loss)
    assert 1 < best == stop - 4 < 50, "the case must stop early, after a best epoch inside"
    fit(supervise, cut=STEPS * (best + after_best) + 2, checkpoint=tmp_path / "run.pt", **options)
    again = fit(supervise, checkpoint=tmp_path / "run.pt", **options)
    assert_same_run(again, whole)
    assert again[2] == STEPS * (4 - after_best)


@pytest.mark.parametrize("options", [{}, {"validation": VALIDATION, "patience": 4, "epochs": 60}], ids=["all epochs", "early stop"])
@pytest.mark.parametrize("train", [supervise, teach])
def test_a_finished_run_started_again_trains_nothing_and_gives_the_same(tmp_path, train, options):
    first = fit(train, checkpoint=tmp_path / "run.pt", **options)
    content = (tmp_path / "run.pt").read_bytes()
    again = fit(train, checkpoint=tmp_path / "run.pt", global_seed=5, **options)
    assert first[2] > 0
    assert again[2] == 0
    assert_same_run(again, first)
    assert (tmp_path / "run.pt").read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def moved(split):
    return Split(split.x + 1.0, split.target)


BASE = {"epochs": 2, "batch_size": 20, "learning_rate": 0.05, "optimizer": "adam", "seed": 0, "validation": VALIDATION}
OTHER_RUNS = {
    "epochs": {"epochs": 3},
    "batch size": {"batch_size": 40},
    "rate": {"learning_rate": 0.04},
    "optimizer": {"optimizer": "sgd"},
    "seed": {"seed": 1},
    "patience": {"patience": 2},
    "augmentation": {"augment": jitter},
    "no validation": {"validation": None},
    "other validation rows": {"validation": moved(VALIDATION)},
    "fewer rows": {"split": Split(NOISY.x[:60], NOISY.target[:60])},
    "other inputs": {"split": moved(NOISY)},
    "other labels": {"split": Split(NOISY.x, (NOISY.target + 1) % 3)},
    "other network": {"model": lambda: MLP(5, 3)},
}
OTHER_LABEL_RUNS = OTHER_RUNS | {"label smoothing": {"label_smoothing": 0.2}, "a teacher": {"train": teach}}
OTHER_TEACHER_RUNS = OTHER_RUNS | {
    "temperature": {"temperature": 3.0},
    "alpha": {"alpha": 0.5},
    "loss": {"loss": dkd_loss},
    "no teacher": {"train": train_supervised},
    "other teacher": {"train": lambda model, split, **options: distill(model, net(2), split, **options)},
    "other logits": {"train": lambda model, split, **options: distill(model, torch.zeros(len(split.x), 3), split, **options)},
}


def assert_refused(file, train, first, second):
    train(fragile_net(), NOISY, checkpoint=file, **first)
    content = file.read_bytes()
    changed = first | second
    train, split, model = changed.pop("train", train), changed.pop("split", NOISY), changed.pop("model", fragile_net)().eval()
    before, state = bits(model), torch.get_rng_state()
    with pytest.raises(ValueError, match=r"(?s)checkpoint: expected .*got"):
        train(model, split, checkpoint=file, **changed)
    assert same_bits(bits(model), before)
    assert not any(modes(model))
    assert torch.equal(torch.get_rng_state(), state)
    assert file.read_bytes() == content


@pytest.mark.parametrize("change", OTHER_LABEL_RUNS.values(), ids=OTHER_LABEL_RUNS)
def test_the_checkpoint_of_another_run_on_labels_is_refused(tmp_path, change):
    assert_refused(tmp_path / "run.pt", train_supervised, BASE, change)


@pytest.mark.parametrize("change", OTHER_TEACHER_RUNS.values(), ids=OTHER_TEACHER_RUNS)
def test_the_checkpoint_of_another_distillation_is_refused(tmp_path, change):
    assert_refused(tmp_path / "run.pt", teach, BASE, change)


def test_the_checkpoint_of_the_same_loss_with_another_weight_is_refused(tmp_path):
    one, other = ({"loss": functools.partial(dkd_loss, beta=beta)} for beta in (1.0, 8.0))
    assert_refused(tmp_path / "run.pt", teach, BASE | one, other)


def write_text(file):
    file.write_text("epoch,loss\n1,0.5\n")


def write_half(file):
    train_supervised(net(), SPLIT, checkpoint=file, **SHORT)
    file.write_bytes(file.read_bytes()[:-200])


@pytest.mark.parametrize(
    "write",
    [lambda file: torch.save(net().state_dict(), file), write_text, lambda file: file.touch(), write_half],
    ids=["weights only", "text", "empty", "half a checkpoint"],
)
def test_a_file_that_is_no_checkpoint_is_refused_and_kept(tmp_path, write):
    file = tmp_path / "model.pt"
    write(file)
    content = file.read_bytes()
    with pytest.raises(ValueError, match="checkpoint"):
        train_supervised(net(), SPLIT, checkpoint=file, **SHORT)
    assert file.read_bytes() == content


def test_a_checkpoint_in_a_folder_that_does_not_exist_is_refused_before_training(tmp_path):
    model = net()
    model.register_forward_hook(lambda *_: pytest.fail("trained"))
    with pytest.raises((ValueError, FileNotFoundError), match=r"checkpoint|no-such-folder"):
        train_supervised(model, SPLIT, checkpoint=tmp_path / "no-such-folder" / "run.pt", **SHORT)


@pytest.mark.parametrize("failing", ["save", "replace"])
def test_a_half_written_file_never_takes_the_place_of_the_whole_one(tmp_path, monkeypatch, failing):
    file, seen, save = tmp_path / "run.pt", [], torch.save

    def half_a_save(state, path):
        seen.append(file.read_bytes() if file.exists() else None)
        save(state, path)
        if len(seen) == 3:
            os.truncate(path, os.path.getsize(path) // 2)
            raise OSError("no space left")

    def no_replace(source, destination):
        if len(seen) == 2:
            raise OSError("cut off")
        seen.append(None)
        rename(source, destination)

    rename = os.replace
    monkeypatch.setattr(*((torch, "save", half_a_save) if failing == "save" else (os, "replace", no_replace)))
    with pytest.raises(OSError, match=r"no space|cut off"):
        supervise(fragile_net(), NOISY, epochs=EPOCHS, batch_size=20, learning_rate=0.05, checkpoint=file)
    monkeypatch.undo()
    if failing == "save":
        assert file.read_bytes() == seen[2]
    assert torch.load(file, weights_only=True)["epoch"] == 2
    again = fit(supervise, checkpoint=file)
    assert again[2] == (EPOCHS - 2) * STEPS
    assert_same_run(again, fit(supervise))


KILLED = """
import os, signal, torch
from torch import nn
from kdtutor.data import Split
from kdtutor.models import MLP
from kdtutor.training import distill

def run(checkpoint=None, kill_in=None):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    student, teacher = MLP(5, 3, dropout=0.3), MLP(5, 3)
    x = torch.randn(60, 5)
    steps = []

    def augment(x, generator):
        steps.append(1)
        if len(steps) == kill_in:
            os.kill(os.getpid(), signal.SIGKILL)
        return x + torch.randn(x.shape, generator=generator)

    data = Split(x[:40], x[:40, :3].argmax(1)), Split(x[40:], x[40:, :3].argmax(1))
    options = {"epochs": 5, "batch_size": 10, "validation": data[1], "patience": 4}
    history = distill(student, teacher, data[0], augment=augment, checkpoint=checkpoint, **options)
    return [*student.state_dict().values()], history, len(steps)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process at once")
def test_a_killed_process_is_taken_up_by_another_one_to_the_same_weights(tmp_path):
    file, here = tmp_path / "run.pt", {}
    killed = subprocess.run([sys.executable, "-c", f"{KILLED}\nrun({str(file)!r}, kill_in=11)"], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (killed.stdout, killed.stderr) == (b"", b"")
    assert torch.load(file, weights_only=True)["epoch"] == 2
    exec(KILLED, here)
    with torch.random.fork_rng():
        whole, again = here["run"](), here["run"](str(file))
    assert (whole[2], again[2]) == (20, 12)
    assert_same_run(again, whole)


# ------------------------------------------------------------------ validation and early stop


def test_validation_nll_is_recorded_each_epoch_and_the_last_weights_are_kept():
    validation, model = rows(1), net()
    history = train_supervised(model, SPLIT, validation=validation, epochs=5)
    assert len(history.validation_nll) == 5
    assert history.kept_epoch == 5
    assert history.validation_nll[-1] == pytest.approx(evaluate(model, validation).nll, rel=1e-6)


def test_recording_validation_does_not_change_training():
    a, b = net(dropout=0.5), net(dropout=0.5)
    train_supervised(a, SPLIT, **SHORT)
    train_supervised(b, SPLIT, validation=rows(1), **SHORT)
    assert same_bits(bits(a), bits(b))


def test_early_stop_at_once_when_the_validation_labels_contradict():
    validation, model = Split(SPLIT.x, (SPLIT.target + 1) % 3), net()
    history = train_supervised(model, SPLIT, validation=validation, patience=3, learning_rate=0.05)
    assert history.kept_epoch == 1
    assert len(history.validation_nll) == len(history.train_loss) == 4
    assert evaluate(model, validation).nll == pytest.approx(history.validation_nll[0], rel=1e-6)


def test_early_stop_keeps_the_best_weights_buffers_included():
    split, validation, model = rows(0, n=80, noise=0.5), rows(1, n=200), fragile_net()
    history = train_supervised(model, split, validation=validation, patience=4, learning_rate=0.05, epochs=60)
    assert 1 < history.kept_epoch < len(history.validation_nll) < 60, "the case must have a best epoch inside"
    assert history.validation_nll[history.kept_epoch - 1] == min(history.validation_nll)
    assert len(history.validation_nll) == history.kept_epoch + 4
    assert evaluate(model, validation).nll == pytest.approx(min(history.validation_nll), rel=1e-6)
    assert evaluate(model, validation).nll < history.validation_nll[-1]


# ------------------------------------------------------------------ progress


def test_progress_is_silent_by_default_and_a_bar_on_stderr_when_asked(capsys):
    train_supervised(net(), SPLIT, validation=rows(1), **SHORT)
    distill(net(), net(1), SPLIT, progress=False, **SHORT)
    assert capsys.readouterr() == ("", "")
    distill(net(), net(1), SPLIT, progress=True, **SHORT)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "epoch" in err


def test_a_run_with_a_checkpoint_is_silent_too_and_its_bar_starts_where_it_was_cut_off(tmp_path, capfd):
    options = {"checkpoint": tmp_path / "run.pt", "epochs": 3, "batch_size": 20}
    count, _ = cut_in_step(8)
    with pytest.raises(CutError):
        train_supervised(net(), SPLIT, augment=lambda x, generator: [count(), x][1], **options)
    assert capfd.readouterr() == ("", "")
    train_supervised(net(), SPLIT, augment=lambda x, generator: x, progress=True, **options)
    out, err = capfd.readouterr()
    assert out == ""
    assert "2/3" in err
    assert "3/3" in err
    assert "1/3" not in err


# ------------------------------------------------------------------ prediction and evaluation


@pytest.mark.parametrize("batch_size", [1, 7, 60, 1000])
def test_predict_logits_keeps_the_order_in_eval_mode_for_any_batch_size(batch_size):
    model = fragile_net().train()
    model[3].eval()
    mode, before = modes(model), bits(model)
    logits = predict_logits(model, SPLIT.x, batch_size=batch_size)
    assert not logits.requires_grad
    assert modes(model) == mode
    assert same_bits(bits(model), before)
    torch.testing.assert_close(logits, copy.deepcopy(model).eval()(SPLIT.x).detach())


def test_predict_logits_never_passes_more_rows_than_the_batch_size():
    sizes, model = [], net()
    model.register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    predict_logits(model, SPLIT.x, batch_size=25)
    assert sizes == [25, 25, 10]


def test_modes_are_restored_when_the_model_fails():
    model = net(dropout=0.5).train()
    with pytest.raises(RuntimeError):
        predict_logits(model, torch.zeros(2, 99))
    assert all(modes(model))


def test_evaluate_equals_scikit_learn_and_torchmetrics():
    model, split = net(dropout=0.5), rows(2, n=300)
    result = evaluate(model, split)
    p = torch.softmax(copy.deepcopy(model).eval()(split.x).detach().double(), -1).numpy()
    y = split.target.numpy()
    assert result.accuracy == pytest.approx(sklearn.metrics.accuracy_score(y, p.argmax(1)))
    assert result.nll == pytest.approx(sklearn.metrics.log_loss(y, p, labels=range(3)), rel=1e-6)
    assert result.brier == pytest.approx(sklearn.metrics.brier_score_loss(y, p, labels=range(3), scale_by_half=False), rel=1e-6)
    peer = MulticlassCalibrationError(3, n_bins=15)(torch.from_numpy(p), split.target)
    assert result.ece == pytest.approx(float(peer), abs=1e-6)


def test_evaluate_refuses_a_model_that_gives_nan():
    with pytest.raises(ValueError, match="NaN"):
        evaluate(net(), Split(SPLIT.x * float("nan"), SPLIT.target))


# ------------------------------------------------------------------ devices


def test_rows_are_moved_to_the_device_of_the_model():
    # the device "meta" knows shapes only, and data cannot come back from it
    logits = predict_logits(net().to("meta"), SPLIT.x, batch_size=25)
    assert logits.device.type == "meta"
    assert logits.shape == (60, 3)
    assert SPLIT.x.device.type == "cpu"


def test_a_model_without_parameters_runs_where_the_rows_lie():
    assert torch.equal(predict_logits(nn.Flatten(), SPLIT.x), SPLIT.x)
    assert predict_logits(nn.Flatten(), SPLIT.x.to("meta")).device.type == "meta"


cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


def on(device, split):
    return Split(split.x.to(device), split.target.to(device))


@cuda
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kd_loss_on_a_gpu_is_that_on_the_processor_with_its_gradient(temperature, dtype):
    s, t = torch.randn(2, 50, 10, dtype=dtype, generator=torch.Generator().manual_seed(0))
    results = []
    for device in ("cpu", "cuda"):
        student = s.to(device, copy=True).requires_grad_(True)
        loss = kd_loss(student, t.to(device), temperature=temperature)
        loss.backward()
        assert loss.device.type == student.grad.device.type == device
        results.append((loss.detach().cpu(), student.grad.cpu()))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5 if dtype == torch.float32 else 1e-10, atol=1e-7 if dtype == torch.float32 else 1e-14)


@cuda
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_prediction_and_evaluation_on_a_gpu_take_rows_from_anywhere(device):
    model = net()
    here = predict_logits(model, SPLIT.x), evaluate(model, SPLIT)
    model.cuda()
    logits = predict_logits(model, SPLIT.x.to(device), batch_size=25)
    assert logits.device.type == "cuda"
    torch.testing.assert_close(logits.cpu(), here[0], rtol=1e-3, atol=1e-3)
    assert evaluate(model, on(device, SPLIT)) == pytest.approx(here[1], abs=2e-3)


@cuda
@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("teacher_device", ["cpu", "cuda"])
@pytest.mark.parametrize("cache_teacher", [True, False])
def test_training_on_a_gpu_takes_rows_and_teacher_from_anywhere_and_leaves_them_there(device, teacher_device, cache_teacher):
    split, teacher = on(device, SPLIT), net(1).to(teacher_device)
    for train in (lambda m, **o: train_supervised(m, split, **o), lambda m, **o: distill(m, teacher, split, cache_teacher=cache_teacher, **o)):
        student = net().cuda()
        history = train(student, validation=split, patience=5, epochs=5, batch_size=20)
        assert all(p.is_cuda for p in student.parameters())
        assert history.train_loss[-1] < history.train_loss[0]
    assert split.x.device.type == split.target.device.type == device
    assert {p.device.type for p in teacher.parameters()} == {teacher_device}
    assert all(p.grad is None for p in teacher.parameters())


@cuda
def test_a_run_on_a_gpu_with_dropout_and_shifts_is_taken_up_to_the_same_weights(tmp_path):
    images = Split(torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(0)), SPLIT.target)
    initial = SmallCNN(3, channels=(2, 4), hidden=8, image_size=8, dropout=0.5)

    def run(cut, checkpoint):
        model, (count, _) = copy.deepcopy(initial).cuda(), cut_in_step(cut)
        model.register_forward_hook(lambda module, *_: count())
        history = train_supervised(model, images, augment=random_shift, checkpoint=checkpoint, epochs=4, batch_size=20)
        return bits(model), history

    state, gpu_state = torch.get_rng_state(), torch.cuda.get_rng_state()
    with pytest.raises(CutError):
        run(8, tmp_path / "run.pt")
    assert_same_run(run(None, tmp_path / "run.pt"), run(None, None))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(torch.cuda.get_rng_state(), gpu_state)


# ------------------------------------------------------------------ repetition

PLAIN, KD = (0.90, 0.94, 0.89, 0.95), (0.93, 0.95, 0.92, 0.97)


def experiment(seed):
    return {"plain": {"accuracy": PLAIN[seed], "nll": 1.0}, "kd": {"accuracy": KD[seed], "nll": 0.5}}


def test_means_and_standard_errors_over_seeds():
    repeats = repeat_over_seeds(experiment, range(4))
    assert repeats.seeds == (0, 1, 2, 3)
    assert repeats.values["kd"]["accuracy"].tolist() == list(KD)
    assert repeats.mean("kd", "accuracy") == pytest.approx((statistics.mean(KD), scipy.stats.sem(KD)))
    assert repeats.mean("kd", "nll") == (0.5, 0.0)


def test_the_difference_is_paired_seed_by_seed():
    difference = repeat_over_seeds(experiment, range(4)).difference("kd", "plain", "accuracy")
    pairs = np.subtract(KD, PLAIN)
    assert difference == pytest.approx((pairs.mean(), scipy.stats.sem(pairs)))
    test = scipy.stats.ttest_rel(KD, PLAIN)
    assert difference.mean / difference.standard_error == pytest.approx(test.statistic)


def test_an_estimate_prints_its_error():
    assert str(Estimate(0.12345, 0.0067)) == "0.123 ± 0.007"


@pytest.mark.parametrize("seeds", [[], [0], [1, 1], [0, 1, 0]])
def test_one_seed_or_equal_seeds_are_refused_before_anything_runs(seeds):
    with pytest.raises(ValueError, match="seeds"):
        repeat_over_seeds(lambda seed: pytest.fail("ran"), seeds)


@pytest.mark.parametrize("second", [{"a": {"x": 1.0}}, {"a": {"x": 1.0}, "c": {"x": 1.0}}, {"a": {"x": 1.0}, "b": {"y": 1.0}}])
def test_other_arms_or_metrics_in_a_later_seed_are_refused(second):
    first = {"a": {"x": 1.0}, "b": {"x": 1.0}}
    with pytest.raises(ValueError, match="experiment"):
        repeat_over_seeds(lambda seed: second if seed else first, [0, 1])


def test_the_order_of_arms_and_metrics_does_not_matter():
    runs = [{"a": {"x": 1.0, "y": 2.0}, "b": {"x": 3.0, "y": 4.0}}, {"b": {"y": 8.0, "x": 7.0}, "a": {"y": 6.0, "x": 5.0}}]
    repeats = repeat_over_seeds(lambda seed: runs[seed], [0, 1])
    assert repeats.values["a"]["y"].tolist() == [2.0, 6.0]


@pytest.mark.parametrize(("arm", "metric"), [("other", "x"), ("a", "other")])
def test_an_unknown_arm_or_metric_is_refused(arm, metric):
    with pytest.raises(ValueError, match="other"):
        Repeats({"a": {"x": np.ones(2)}}, (0, 1)).mean(arm, metric)


def test_seeds_keep_their_order():
    repeats = repeat_over_seeds(lambda seed: {"a": {"x": float(seed)}}, [5, 1, 3])
    assert repeats.seeds == (5, 1, 3)
    assert repeats.values["a"]["x"].tolist() == [5.0, 1.0, 3.0]


# ------------------------------------------------------------------ the claim of the book


@pytest.mark.slow
def test_with_a_hundred_real_images_kd_beats_hard_labels():
    def arms(seed):
        data = load_digits(seed=seed, train=900, validation=100, test=797)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            teacher, start = SmallCNN(10, image_size=8), MLP(64, 10, hidden=(32,))
        train_supervised(teacher, data.train, epochs=12, batch_size=50, learning_rate=4e-3, seed=seed)
        few = Split(data.train.x[:100], data.train.target[:100])
        hard, kd = copy.deepcopy(start), copy.deepcopy(start)
        train_supervised(hard, few, epochs=200, seed=seed)
        distill(kd, teacher, few, epochs=200, seed=seed)
        return {name: evaluate(model, data.test)._asdict() for name, model in (("teacher", teacher), ("hard", hard), ("kd", kd))}

    repeats = repeat_over_seeds(arms, range(5))
    assert repeats.mean("teacher", "accuracy").mean > 0.9
    assert repeats.difference("kd", "hard", "accuracy").mean > 0.008
    assert repeats.difference("kd", "hard", "nll").mean < 0
