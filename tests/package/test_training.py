"""Training leaves alone what it must leave alone, repeats bit by bit and reports what scikit-learn and SciPy report."""

import copy
import random
import statistics

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics.classification import MulticlassCalibrationError

from kdtutor.data import Split, load_digits
from kdtutor.losses import distillation_loss, kd_loss, smooth_labels, soft_cross_entropy
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
