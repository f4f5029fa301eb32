"""Figures and the standard set-up."""

import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.container import BarContainer, ErrorbarContainer
from torch import nn

from kdtutor import plots, recipes, training
from kdtutor.data import Split, load_mnist5k
from kdtutor.models import MLP
from kdtutor.training import Estimate, evaluate, predict_logits


@pytest.fixture
def axes(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("plt.show was called"))
    figure, axes = plt.subplots(1, 3)
    yield axes
    plt.close(figure)


# ------------------------------------------------------------------ plots


def test_importing_plots_chooses_no_backend():
    code = "import sys, kdtutor.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert mpl.get_backend().lower() == "agg"


def test_each_figure_function_returns_the_axes_given(axes):
    assert plots.lines(axes[0], [1, 2], {"a": [3.0, 4.0]}, xlabel="x", ylabel="y") is axes[0]
    assert plots.bars(axes[1], ["p", "q"], {"a": [1.0, 2.0]}, ylabel="y") is axes[1]
    assert plots.image_row(axes, np.zeros((3, 4, 4)), ["a", "b", "c"]) is axes
    axes[0].figure.canvas.draw()


def test_estimates_get_error_bars_of_one_standard_error(axes):
    plots.lines(axes[0], [1, 2], {"kd": [Estimate(0.5, 0.1), Estimate(0.7, 0.2)]}, xlabel="T", ylabel="accuracy")
    (drawn,) = (c for c in axes[0].containers if isinstance(c, ErrorbarContainer))
    assert drawn.has_yerr
    assert list(drawn.lines[0].get_ydata()) == [0.5, 0.7]
    segments = drawn.lines[2][0].get_segments()
    np.testing.assert_allclose([segment[:, 1] for segment in segments], [[0.4, 0.6], [0.5, 0.9]])


def test_plain_numbers_get_no_error_bars(axes):
    plots.lines(axes[0], [1, 2], {"kd": [0.5, 0.7]}, xlabel="T", ylabel="accuracy")
    assert not axes[0].containers[0].has_yerr


def test_lines_have_labels_legend_and_log_axes(axes):
    plots.lines(axes[0], [1, 4], {"a": [1.0, 2.0], "b": [2.0, 3.0]}, xlabel="T", ylabel="loss", log="xy")
    assert (axes[0].get_xlabel(), axes[0].get_ylabel()) == ("T", "loss")
    assert (axes[0].get_xscale(), axes[0].get_yscale()) == ("log", "log")
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["a", "b"]
    assert [text.get_text() for text in axes[0].get_xticklabels()] == ["1", "4"]


def test_series_differ_in_more_than_colour(axes):
    plots.lines(axes[0], [1], {str(i): [1.0] for i in range(7)}, xlabel="", ylabel="")
    looks = [(c.lines[0].get_color(), c.lines[0].get_marker()) for c in axes[0].containers]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 7


def test_bars_stand_beside_each_other_or_stacked(axes):
    series = {"a": [1.0, 2.0], "b": [3.0, 4.0]}
    plots.bars(axes[0], ["p", "q"], series, ylabel="y")
    plots.bars(axes[1], ["p", "q"], series, ylabel="y", stacked=True)
    beside, stacked = ([[bar.get_bbox() for bar in c] for c in ax.containers if isinstance(c, BarContainer)] for ax in axes[:2])
    assert [[box.height for box in row] for row in beside] == [[1, 2], [3, 4]]
    assert beside[0][0].x1 <= beside[1][0].x0 + 1e-9
    assert all(box.y0 == 0 for row in beside for box in row)
    assert [box.y0 for box in stacked[1]] == [1, 2]
    assert stacked[0][0].x0 == stacked[1][0].x0


def test_images_are_dark_on_white_with_captions(axes):
    plots.image_row(axes, torch.rand(3, 4, 4), ["a", "b", "c"])
    assert [ax.get_xlabel() for ax in axes] == ["a", "b", "c"]
    assert all(ax.images[0].cmap.name == "gray_r" and len(ax.get_xticks()) == 0 for ax in axes)


def test_as_many_captions_as_images(axes):
    with pytest.raises(ValueError, match="2 captions"):
        plots.image_row(axes, np.zeros((3, 4, 4)), ["a", "b"])


def test_use_style_sets_matplotlibs_defaults():
    with mpl.rc_context():
        plots.use_style()
        assert not mpl.rcParams["axes.spines.top"]
        assert mpl.rcParams["figure.facecolor"] == "white"


# ------------------------------------------------------------------ train_once


def fresh():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))


def change(model):
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.rand_like(p))


def test_train_once_trains_once_and_then_loads_the_same_bits(tmp_path):
    calls = []

    def train(model):
        calls.append(model)
        change(model)

    first = recipes.train_once("a-model", fresh(), train, folder=tmp_path)
    second = recipes.train_once("a-model", fresh(), train, folder=tmp_path)
    assert len(calls) == 1
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True))
    assert not first.training
    assert not second.training
    recipes.train_once("another", fresh(), train, folder=tmp_path)
    assert len(calls) == 2


def test_train_once_changes_the_model_given_and_returns_it(tmp_path):
    for _ in range(2):
        model = fresh()
        before = model[0].weight.detach().clone()
        assert recipes.train_once("m", model, change, folder=tmp_path) is model
        assert not torch.equal(model[0].weight, before)


def test_train_once_leaves_one_file_and_nothing_temporary(tmp_path):
    recipes.train_once("m", fresh(), change, folder=tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["m.pt"]


@pytest.mark.parametrize("failing", ["train", "save"])
def test_a_failure_leaves_no_file(tmp_path, monkeypatch, failing):
    def fail(*args, **kwargs):
        raise OSError("no space left")

    if failing == "save":
        monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="no space"):
        recipes.train_once("m", fresh(), fail if failing == "train" else change, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_train_once_takes_its_folder_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KDTUTOR_CACHE", str(tmp_path / "elsewhere"))
    recipes.train_once("m", fresh(), change)
    assert [path.name for path in (tmp_path / "elsewhere").rglob("*.pt")] == ["m.pt"]


def test_a_change_of_the_package_trains_anew(tmp_path, monkeypatch):
    calls = []
    for version in ("one", "two", "one"):
        monkeypatch.setattr(recipes, "_version", lambda version=version: version)
        recipes.train_once("m", fresh(), calls.append, folder=tmp_path)
    assert len(calls) == 2


@pytest.mark.parametrize("name", ["", "../m", "a/b", "a\\b", "a b", "a\0"])
def test_names_that_could_leave_the_folder_are_refused_before_training(tmp_path, name):
    with pytest.raises(ValueError, match="name"):
        recipes.train_once(name, fresh(), lambda model: pytest.fail("trained"), folder=tmp_path)


# ------------------------------------------------------------------ the standard set-up


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_the_standard_student_depends_on_the_seed_alone():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = recipes.standard_student(5)
        before = torch.get_rng_state()
        again, other = recipes.standard_student(5), recipes.standard_student(6)
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_a_trained_student_is_the_standard_one_after_the_ordinary_training():
    data = load_mnist5k(seed=0)
    few = Split(data.train.x[:100], data.train.target[:100])
    teacher_logits = torch.nn.functional.one_hot(few.target.flip(0), 10).double()
    for teacher in (None, teacher_logits):
        found, expected = recipes.train_student(3, few, teacher, width=8, epochs=2), recipes.standard_student(3, width=8)
        if teacher is None:
            training.train_supervised(expected, few, seed=3, epochs=2)
        else:
            training.distill(expected, teacher, few, seed=3, epochs=2)
        assert torch.equal(weights(found), weights(expected))
        assert not torch.equal(weights(found), weights(recipes.standard_student(3, width=8)))


def test_a_twin_of_the_teacher_has_the_same_images_and_other_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("KDTUTOR_CACHE", str(tmp_path))
    seen = []
    monkeypatch.setattr(recipes, "train_supervised", lambda model, split, **how: seen.append((weights(model), split.x, how["seed"])))
    for start in (None, 4, 7):
        recipes.standard_teacher(4, start=start)
    assert [seed for *_, seed in seen] == [4, 7]  # start=seed is the same as none, and its weights are found again
    assert torch.equal(seen[0][1], seen[1][1])
    assert not torch.equal(seen[0][0], seen[1][0])


@pytest.mark.parametrize(("width", "parameters"), [(64, 13_258), (8, 196 * 8 + 8 + 90)])
def test_the_width_of_the_standard_student(width, parameters):
    student = recipes.standard_student(0, width=width)
    assert isinstance(student, MLP)
    assert len(weights(student)) == parameters


def test_the_standard_teacher_is_trained_with_shifts_on_the_training_rows_only(monkeypatch):
    calls = []
    monkeypatch.setattr(recipes, "train_supervised", lambda model, split, **options: calls.append((split, options)))
    before = torch.get_rng_state()
    data, teacher = recipes.standard_teacher(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(weights(teacher)) == 43_082
    assert not teacher.training
    ((split, options),) = calls
    assert split is data.train
    assert options == {"epochs": 20, "batch_size": 50, "learning_rate": 4e-3, "augment": recipes.random_shift, "seed": 2}
    _, again = recipes.standard_teacher(2)
    assert len(calls) == 1
    assert torch.equal(weights(again), weights(teacher))
    recipes.standard_teacher(2, epochs=3)
    assert calls[1][1] == {**options, "epochs": 3}


@pytest.mark.slow
def test_the_standard_teacher_is_far_better_than_chance():
    from kdtutor.training import evaluate

    data, teacher = recipes.standard_teacher(0)
    assert evaluate(teacher, data.test).accuracy > 0.9


def test_more_series_than_colours_or_of_another_length_are_refused(axes):
    with pytest.raises(ValueError, match=r"series: expected 1 to 7 .* got 8"):
        plots.lines(axes[0], [1, 2], {str(i): [1, 2] for i in range(8)}, xlabel="x", ylabel="y")
    with pytest.raises(ValueError, match=r"series: expected 2 values .* got 3 for 'b'"):
        plots.bars(axes[0], ["p", "q"], {"a": [1, 2], "b": [1, 2, 3]}, ylabel="y")
    with pytest.raises(ValueError, match=r"log: expected one of"):
        plots.lines(axes[0], [1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y", log="both")


def test_dots_stand_in_order_from_the_top_with_error_bars_and_zero_if_near(axes):
    plots.dots(axes[0], {"first": Estimate(1.0, 0.5), "second": Estimate(-1.0, 0.25)}, xlabel="gain (points)")
    (drawn,) = (c for c in axes[0].containers if isinstance(c, ErrorbarContainer))
    assert list(drawn.lines[0].get_xdata()) == [1.0, -1.0] and list(drawn.lines[0].get_ydata()) == [1.0, 0.0]
    np.testing.assert_allclose([segment[:, 0] for segment in drawn.lines[2][0].get_segments()], [[0.5, 1.5], [-1.25, -0.75]])
    assert [tick.get_text() for tick in axes[0].get_yticklabels()] == ["first", "second"]
    assert any(list(line.get_xdata()) == [0, 0] for line in axes[0].lines)
    plots.dots(axes[1], {"far": Estimate(90.0, 0.5)}, xlabel="accuracy (%)")
    assert not any(list(line.get_xdata()) == [0, 0] for line in axes[1].lines)


def test_a_slider_table_is_an_html_table_with_all_numbers():
    table = plots.slider_table({"T < 2": [Estimate(1.0, 0.25), Estimate(-2.5, 0.1)], "T = 4": [Estimate(0, 0)] * 2}, ["8", "32"], xlabel="gain")
    html = table._repr_html_()
    assert html.startswith('<table class="kd-explorer"><caption>gain</caption>')
    assert "<tr><th></th><th>T &lt; 2</th><th>T = 4</th></tr>" in html
    assert "<tr><th>8</th><td>1.00 ± 0.25</td><td>0.00 ± 0.00</td></tr><tr><th>32</th><td>-2.50 ± 0.10</td>" in html


def test_scores_are_those_of_the_metrics_in_per_cent_and_nats():
    generator = torch.Generator().manual_seed(0)
    split = Split(torch.randn(40, 6, generator=generator), torch.randint(0, 3, (40,), generator=generator))
    model, teacher_logits = MLP(6, 3, hidden=(4,)), torch.randn(40, 3, generator=generator)
    found = evaluate(model, split)
    plain = {"accuracy": 100 * found.accuracy, "NLL": found.nll, "ECE": 100 * found.ece}
    assert recipes.scores(model, split) == plain
    agreement = float((predict_logits(model, split.x).argmax(1) == teacher_logits.argmax(1)).double().mean())
    assert recipes.scores(model, split, teacher_logits=teacher_logits) == plain | {"agreement": 100 * agreement}
