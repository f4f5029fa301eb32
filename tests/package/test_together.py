"""Seeds that train together: the same weights as alone, and no trap when a network does not fit, fails or is interrupted."""

import threading

import pytest
import torch
from torch import nn

from kdtutor import _together
from kdtutor.data import Split, random_shift
from kdtutor.losses import kd_loss
from kdtutor.models import MLP, SmallCNN
from kdtutor.training import distill, for_each_seed, repeat_over_seeds, train_supervised

torch.manual_seed(0)
SPLIT = Split(torch.randn(230, 1, 14, 14), torch.randint(0, 10, (230,)))  # the last batch is smaller
TEACHER = 3 * torch.randn(230, 10)
SEEDS = (3, 0, 5)


def network(seed, **options):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MLP(196, 10, **{"hidden": (8,), **options})


def labels(seed, model=network, **options):
    student = model(seed)
    return student, train_supervised(student, SPLIT, seed=seed, **{"epochs": 4, **options})


def soft(seed, model=network, teacher=TEACHER, **options):
    student = model(seed)
    return student, distill(student, teacher, SPLIT, seed=seed, **{"epochs": 4, **options})


@pytest.fixture
def stacks(monkeypatch):
    """How many networks each stack had."""
    found, train = [], _together._train
    monkeypatch.setattr(_together, "_train", lambda jobs: (found.append(len(jobs)), train(jobs)))
    return found


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("seed "):
            thread.join(timeout=30)
            assert not thread.is_alive()


def assert_same(function):
    alone, together = {seed: function(seed) for seed in SEEDS}, for_each_seed(function, SEEDS)
    assert list(together) == list(SEEDS)
    for seed in SEEDS:
        (one, history), (other, other_history) = alone[seed], together[seed]
        for name, value in one.state_dict().items():
            torch.testing.assert_close(other.state_dict()[name], value, rtol=1e-4, atol=1e-6)
        assert other_history.train_loss == pytest.approx(history.train_loss, rel=1e-5)
        assert other_history[1:] == history[1:]
        assert other.training == one.training
        assert all(p.grad is None and p.is_leaf and p.untyped_storage().nbytes() == 4 * p.numel() for p in other.parameters())


@pytest.mark.parametrize("hidden", [(8,), (64,), (12, 9), ()])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_smoothing": 0.1},
        {"optimizer": "sgd", "learning_rate": 0.02},
        {"batch_size": 50},
        {"batch_size": 1000},
    ],
)
def test_labels_give_the_weights_of_each_network_alone(stacks, hidden, options):
    assert_same(lambda seed: labels(seed, lambda s: network(s, hidden=hidden), **options))
    assert stacks == [3]


@pytest.mark.parametrize(
    "options", [{}, {"temperature": 1.0, "alpha": 0.5}, {"alpha": 1.0}, {"alpha": 0.0}, {"temperature": 0.5}, {"optimizer": "sgd"}]
)
def test_soft_targets_give_the_weights_of_each_network_alone(stacks, options):
    assert_same(lambda seed: soft(seed, **options))
    assert stacks == [3]


def test_a_teacher_that_is_a_network_is_run_once_and_its_logits_are_stacked(stacks):
    teacher = network(77, hidden=(20,))
    assert_same(lambda seed: soft(seed, teacher=teacher))
    assert stacks == [3]


def test_each_seed_may_have_images_and_a_teacher_of_its_own(stacks):
    def own(seed):
        order = torch.randperm(230, generator=torch.Generator().manual_seed(seed))
        student = network(seed)
        return student, distill(student, TEACHER[order] + seed, Split(SPLIT.x[order], SPLIT.target[order]), seed=seed, epochs=4)

    assert_same(own)
    assert stacks == [3]


def frozen(seed):
    model = network(seed)
    model.features[1].weight.requires_grad_(False)
    return model


def hooked(seed):
    model = network(seed)
    model.features[1].register_forward_hook(lambda module, given, found: 2 * found)
    return model


def other_layers(seed):
    model = network(seed)
    model.features[2] = nn.Tanh()
    return model


class Doubled(MLP):
    def forward(self, x, **options):
        return 2 * super().forward(x, **options)


def doubled(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Doubled(196, 10, hidden=(8,))


def cnn(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return SmallCNN(10, channels=(2, 2), hidden=4)


@pytest.mark.parametrize("model", [frozen, hooked, other_layers, doubled, cnn, lambda seed: network(seed, dropout=0.5)])
def test_a_network_that_is_no_plain_mlp_is_trained_alone(stacks, model):
    alone, together = {seed: labels(seed, model) for seed in SEEDS}, for_each_seed(lambda seed: labels(seed, model), SEEDS)
    assert stacks == []
    for seed in SEEDS:
        assert together[seed][1] == alone[seed][1]
        assert all(torch.equal(a, b) for a, b in zip(alone[seed][0].parameters(), together[seed][0].parameters(), strict=True))


@pytest.mark.parametrize(
    ("train", "options"),
    [
        (labels, {"augment": random_shift}),
        (labels, {"validation": SPLIT}),
        (labels, {"validation": SPLIT, "patience": 1}),
        (soft, {"loss": lambda s, t, y: kd_loss(s, t) + 1}),
        (soft, {"cache_teacher": False, "teacher": network(77)}),
        (soft, {"teacher": TEACHER.double()}),
    ],
)
def test_options_that_a_stack_does_not_know_are_trained_alone(stacks, train, options):
    alone, together = {seed: train(seed, **options) for seed in SEEDS}, for_each_seed(lambda seed: train(seed, **options), SEEDS)
    assert stacks == []
    assert [together[seed][1] for seed in SEEDS] == [alone[seed][1] for seed in SEEDS]


def test_a_checkpoint_is_written_by_a_network_alone(stacks, tmp_path):
    for_each_seed(lambda seed: labels(seed, checkpoint=tmp_path / f"{seed}.pt"), SEEDS)
    assert stacks == []
    assert len(list(tmp_path.iterdir())) == 3


def test_networks_of_another_shape_or_with_other_options_make_a_stack_of_their_own(stacks):
    widths = {3: 8, 0: 8, 5: 6, 7: 6, 8: 5}
    for_each_seed(lambda seed: labels(seed, lambda s: network(s, hidden=(widths[s],))), list(widths))
    assert sorted(stacks) == [2, 2]
    stacks.clear()
    for_each_seed(lambda seed: labels(seed, learning_rate=0.01 if seed == 3 else 0.02), SEEDS)
    assert stacks == [2]
    stacks.clear()
    for_each_seed(lambda seed: soft(seed, temperature=2.0 if seed == 3 else 4.0), SEEDS)
    assert stacks == [2]
    stacks.clear()
    for_each_seed(lambda seed: soft(seed) if seed == 3 else labels(seed), SEEDS)
    assert stacks == [2]


def test_seeds_may_train_more_or_less_often_than_others(stacks):
    done = for_each_seed(lambda seed: [labels(seed + i)[1] for i in range(seed)], (0, 1, 3))
    assert [len(done[seed]) for seed in (0, 1, 3)] == [0, 1, 3]
    for i, history in enumerate(done[3]):
        assert history.train_loss == pytest.approx(labels(3 + i)[1].train_loss, rel=1e-5)
    assert stacks == [2]


def test_each_seed_has_global_random_numbers_of_its_own():
    def draws(seed):
        torch.manual_seed(seed)
        first = torch.rand(3)
        model = MLP(196, 10, hidden=(8,))
        train_supervised(model, SPLIT, epochs=1, seed=seed)
        return torch.cat([first, torch.rand(3)]), model.head.bias.detach().clone()

    with torch.random.fork_rng():
        alone = {seed: draws(seed) for seed in SEEDS}
    before = torch.get_rng_state()
    together = for_each_seed(draws, SEEDS)
    assert torch.equal(torch.get_rng_state(), before)
    for seed in SEEDS:
        assert torch.equal(together[seed][0], alone[seed][0])
        torch.testing.assert_close(together[seed][1], alone[seed][1])
    unseeded = for_each_seed(lambda seed: torch.rand(2), SEEDS)
    assert all(torch.equal(unseeded[seed], unseeded[3]) for seed in SEEDS), "a seed must not depend on which came first"


def test_one_inside_another():
    def outer(seed):
        inner = for_each_seed(lambda part: labels(10 * seed + part)[1].train_loss[-1], (1, 2))
        return inner[1] + inner[2] + labels(seed)[1].train_loss[-1]

    together = for_each_seed(outer, SEEDS)
    for seed in SEEDS:
        expected = sum(labels(s)[1].train_loss[-1] for s in (10 * seed + 1, 10 * seed + 2, seed))
        assert together[seed] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("early", [True, False])
def test_an_error_in_one_seed_reaches_the_caller_and_ends_the_others(early):
    after = []

    def fails(seed):
        if seed == 0 and early:
            raise ZeroDivisionError("seed 0")
        labels(seed)
        if seed == 0:
            raise ZeroDivisionError("seed 0")
        labels(seed)
        after.append(seed)

    with pytest.raises(ZeroDivisionError, match="seed 0"):
        for_each_seed(fails, SEEDS)
    assert after == []


def test_an_interrupt_reaches_the_caller_and_ends_the_threads(monkeypatch):
    def interrupted(jobs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_together, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        for_each_seed(lambda seed: labels(seed) and pytest.fail("went on"), SEEDS)


def test_a_loss_that_is_not_finite_names_its_epoch():
    wild = Split(torch.where(torch.arange(230)[:, None, None, None] == 7, torch.inf, SPLIT.x), SPLIT.target)

    def train(seed):
        model = network(seed)
        return train_supervised(model, wild if seed == 5 else SPLIT, epochs=2, seed=seed)

    with pytest.raises(FloatingPointError, match=r"loss: expected a finite number, got (nan|inf) in epoch 1"):
        for_each_seed(train, SEEDS)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (lambda seed: labels(seed, lambda s: MLP(196, 5, hidden=(8,))), "expected class numbers 0 to 4"),
        (lambda seed: soft(seed, lambda s: MLP(196, 12, hidden=(8,))), "expected"),
    ],
)
def test_a_mistake_gets_the_message_that_it_gets_alone(train, message):
    with pytest.raises(ValueError, match=message) as alone:
        train(3)
    with pytest.raises(ValueError, match=message) as together:
        for_each_seed(train, SEEDS)
    assert str(together.value) == str(alone.value)


def test_weights_stay_as_they_were_when_the_stack_fails(monkeypatch):
    models = {seed: network(seed) for seed in SEEDS}
    before = {seed: [p.detach().clone() for p in models[seed].parameters()] for seed in SEEDS}
    monkeypatch.setattr(_together, "softened_kl", lambda *given, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        for_each_seed(lambda seed: distill(models[seed], TEACHER, SPLIT, seed=seed, epochs=1), SEEDS)
    assert all(torch.equal(a, b) for seed in SEEDS for a, b in zip(before[seed], models[seed].parameters(), strict=True))


def test_repeats_have_the_same_numbers_together(stacks):
    def arms(seed):
        return {"labels": {"loss": labels(seed)[1].train_loss[-1]}, "KD": {"loss": soft(seed)[1].train_loss[-1]}}

    alone, together = repeat_over_seeds(arms, SEEDS), repeat_over_seeds(arms, SEEDS, together=True)
    assert stacks == [3, 3]
    assert together.seeds == SEEDS
    for arm in ("labels", "KD"):
        assert together.values[arm]["loss"] == pytest.approx(alone.values[arm]["loss"], rel=1e-5)


def test_the_stacked_kl_is_that_of_each():
    student, teacher = torch.randn(3, 7, 10, requires_grad=True), torch.randn(3, 7, 10)
    together = _together.softened_kl(student, teacher, 4.0, 16.0, mean=True)
    alone = torch.stack([kd_loss(s, t, temperature=4.0) for s, t in zip(student, teacher, strict=True)])
    torch.testing.assert_close(together, alone)
    assert torch.equal(torch.autograd.grad(together.sum(), student)[0], torch.autograd.grad(alone.sum(), student)[0])


@pytest.mark.parametrize("seeds", [[], [0], [1, 1], "01", None])
def test_one_seed_or_equal_seeds_are_refused(seeds):
    with pytest.raises(ValueError, match="seeds"):
        for_each_seed(lambda seed: pytest.fail("ran"), seeds)


@pytest.mark.parametrize("together", [None, 1, "no"])
def test_together_is_true_or_false(together):
    with pytest.raises(ValueError, match="together: expected True or False"):
        repeat_over_seeds(lambda seed: pytest.fail("ran"), SEEDS, together=together)
