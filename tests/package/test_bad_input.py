"""One table of bad arguments: each must raise a ValueError that names the argument, what was expected and what came.

The good arguments of the same table run with the shapes of the annotations checked by jaxtyping and beartype.
"""

import inspect
import math
import re

import jaxtyping
import numpy as np
import pytest
import torch
from beartype import beartype

from kdtutor import calibration, data, fidelity, losses, models, recipes, training

INF, NAN = math.inf, math.nan
N, C = 4, 3


def generator():
    return torch.Generator().manual_seed(0)


def array(value):
    return np.array(value, dtype=float)


LOGITS = torch.randn(N, C, generator=generator())
PROBS = torch.softmax(LOGITS, -1)
TARGET = torch.tensor([0, 1, 2, 0])
METRIC_LOGITS, METRIC_PROBS, METRIC_TARGET = LOGITS.double().numpy(), PROBS.double().numpy(), TARGET.numpy()
SPLIT = data.Split(torch.randn(N, 5, generator=generator()), TARGET)
MODEL, OTHER = models.MLP(5, C), models.MLP(5, C)


def with_entry(array_or_tensor, value):
    changed = array_or_tensor.copy() if isinstance(array_or_tensor, np.ndarray) else array_or_tensor.clone()
    changed[1, 0] = value
    return changed


# ------------------------------------------------------------------ bad values by kind of argument

SHAPES = {"one row as (C,)": LOGITS[0], "three axes": LOGITS[None], "one class": LOGITS[:, :1], "no rows": LOGITS[:0], "no classes": LOGITS[:, :0]}
TENSOR = SHAPES | {
    "list": LOGITS.tolist(),
    "None": None,
    "array": METRIC_LOGITS,
    "integers": LOGITS.long(),
    "bool": LOGITS > 0,
    "complex": LOGITS.to(torch.complex64),
}
OTHER_SHAPE = {"fewer rows": LOGITS[1:], "one row to broadcast": LOGITS[:1], "other classes": LOGITS[:, :2], "transposed": LOGITS.T}
TENSORS = TENSOR | OTHER_SHAPE
NUMBER = {"infinite": INF, "NaN": NAN, "word": "1", "None": None, "bool": True, "vector": torch.ones(2), "list": [1.0], "complex": 1j}
TEMPERATURE = NUMBER | {"zero": 0, "negative": -1, "minus infinity": -INF, "zero tensor": torch.tensor(0.0)}
FRACTION = NUMBER | {"below 0": -0.1, "above 1": 1.1}
LABELS = {
    "list": TARGET.tolist(),
    "None": None,
    "float": TARGET.float(),
    "int32": TARGET.int(),
    "bool": TARGET > 0,
    "one-hot": torch.eye(C, dtype=torch.int64)[TARGET],
    "column": TARGET[:, None],
    "scalar": TARGET[0],
    "no rows": TARGET[:0],
    "negative": TARGET - 1,
    "C": TARGET + 1,
}
TARGETS = LABELS | {"too short": TARGET[1:], "too long": TARGET.repeat(2)}
FLAG = {"word": "no"}
WORD = {"unknown": "sum", "capital": "L1", "None": None, "number": 1, "list": []}
COUNT = {"zero": 0, "negative": -1, "half": 1.5, "float": 2.0, "bool": True, "word": "3", "None": None}
SEED = {"negative": -1, "half": 1.5, "bool": True, "word": "0", "None": None}
INTEGERS = {"integers": METRIC_LOGITS.astype(int), "bool": METRIC_LOGITS > 0, "integer tensor": LOGITS.long()}
KINDS = {"list": METRIC_LOGITS.tolist(), "None": None, "words": np.full((N, C), "a"), "objects": np.full((N, C), None), "complex": METRIC_LOGITS + 0j}
NOT_FINITE = {"NaN": with_entry(METRIC_LOGITS, NAN), "infinite": with_entry(METRIC_LOGITS, INF), "NaN tensor": with_entry(LOGITS, NAN)}
ARRAY = KINDS | INTEGERS | NOT_FINITE | {name: value.double().numpy() for name, value in SHAPES.items()} | {"tensor of one class": LOGITS[:, :1]}
ARRAYS = ARRAY | {name: value.double().numpy() for name, value in OTHER_SHAPE.items()}
NO_DISTRIBUTION = {"row of -inf": np.vstack([METRIC_LOGITS[1:], np.full((1, C), -INF)])}
NO_PROBABILITIES = {
    "logits": METRIC_LOGITS,
    "sum 2": 2 * METRIC_PROBS,
    "sum 0.9": 0.9 * METRIC_PROBS,
    "negative": array([[1.5, -0.5, 0.0]] * N),
    "percent": 100 * METRIC_PROBS,
}
PROBABILITIES = NO_PROBABILITIES | {
    "list": METRIC_PROBS.tolist(),
    "None": None,
    "words": np.full((N, C), "a"),
    "NaN": with_entry(METRIC_PROBS, NAN),
    "infinite": with_entry(METRIC_PROBS, INF),
    "NaN tensor": with_entry(PROBS, NAN),
    "one row as (C,)": METRIC_PROBS[0],
    "one class": np.ones((N, 1)),
    "no rows": METRIC_PROBS[:0],
}
CLASS_NUMBERS = {
    "list": [0, 1, 2, 0],
    "None": None,
    "words": np.array(["a"] * N),
    "halves": METRIC_TARGET + 0.5,
    "NaN": array([0, 1, NAN, 0]),
    "one-hot": np.eye(C)[METRIC_TARGET],
    "column": METRIC_TARGET[:, None],
    "too short": METRIC_TARGET[1:],
    "no rows": METRIC_TARGET[:0],
    "negative": METRIC_TARGET - 1,
    "C": METRIC_TARGET + 1,
    "tensor with C": TARGET + 1,
}
A_SPLIT = {
    "None": None,
    "tuple": tuple(SPLIT),
    "no rows": data.Split(SPLIT.x[:0], TARGET[:0]),
    "too few targets": data.Split(SPLIT.x, TARGET[1:]),
    "float targets": data.Split(SPLIT.x, TARGET.float()),
    "arrays": data.Split(SPLIT.x.numpy(), METRIC_TARGET),
}
NETWORK = {"None": None, "function": torch.relu, "class": models.MLP}
RATE = NUMBER | {"zero": 0.0, "negative": -0.1}
FIT = {
    "epochs": COUNT,
    "batch_size": COUNT,
    "learning_rate": RATE,
    "optimizer": WORD,
    "validation": {name: value for name, value in A_SPLIT.items() if name != "None"},
    "patience": {"without validation": 3},
    "seed": SEED,
}
SIZES = {"train": COUNT | {"too large": 9999}, "validation": COUNT | {"too large": 9999}, "test": COUNT | {"too large": 9999}, "seed": SEED}

# ------------------------------------------------------------------ the table: function: (good arguments, bad values by argument)

STUDENT_TEACHER = {"student_logits": LOGITS, "teacher_logits": LOGITS + 1}
BAD_STUDENT_TEACHER = {"student_logits": TENSORS, "teacher_logits": TENSORS}
BOTH_ARRAYS = {"student_logits": METRIC_LOGITS, "teacher_logits": METRIC_LOGITS[::-1]}

TABLE = {
    losses.soften: ({"logits": LOGITS, "temperature": 2.0}, {"logits": TENSOR, "temperature": TEMPERATURE}),
    losses.kd_loss: (
        STUDENT_TEACHER | {"temperature": 2.0, "scale_by_t2": True, "reduction": "none"},
        BAD_STUDENT_TEACHER | {"temperature": TEMPERATURE, "scale_by_t2": FLAG, "reduction": WORD},
    ),
    losses.distillation_loss: (
        STUDENT_TEACHER | {"target": TARGET, "temperature": 2.0, "alpha": 0.5, "return_parts": True},
        BAD_STUDENT_TEACHER | {"target": TARGETS, "temperature": TEMPERATURE, "alpha": FRACTION, "return_parts": FLAG},
    ),
    losses.soft_cross_entropy: (
        {"student_logits": LOGITS, "target_probs": PROBS, "temperature": 2.0},
        {
            "student_logits": TENSORS,
            "target_probs": TENSORS | {name: torch.from_numpy(value) for name, value in NO_PROBABILITIES.items()},
            "temperature": TEMPERATURE,
        },
    ),
    losses.reverse_kd_loss: (STUDENT_TEACHER | {"temperature": 2.0}, BAD_STUDENT_TEACHER | {"temperature": TEMPERATURE}),
    losses.logit_mse: (STUDENT_TEACHER | {"temperature": 2.0}, BAD_STUDENT_TEACHER | {"temperature": TEMPERATURE}),
    losses.smooth_labels: (
        {"target": TARGET, "num_classes": C, "epsilon": 0.1},
        {"target": LABELS, "num_classes": COUNT | {"one": 1}, "epsilon": FRACTION},
    ),
    calibration.negative_log_likelihood: (
        {"logits": METRIC_LOGITS, "target": METRIC_TARGET},
        {"logits": ARRAY | NO_DISTRIBUTION, "target": CLASS_NUMBERS},
    ),
    calibration.brier_score: ({"probs": METRIC_PROBS, "target": METRIC_TARGET}, {"probs": PROBABILITIES, "target": CLASS_NUMBERS}),
    calibration.expected_calibration_error: (
        {"probs": METRIC_PROBS, "target": METRIC_TARGET, "n_bins": 5, "norm": "l2", "binning": "mass", "debias": True},
        {"probs": PROBABILITIES, "target": CLASS_NUMBERS, "n_bins": COUNT, "norm": WORD, "binning": WORD, "debias": FLAG},
    ),
    calibration.reliability_bins: (
        {"confidence": array([0.2, 0.5, 0.9, 1.0]), "correct": np.array([0, 1, 1, 1]), "n_bins": 2, "binning": "width"},
        {
            "confidence": {
                "list": [0.2, 0.5, 0.9, 1.0],
                "None": None,
                "above 1": array([0.2, 0.5, 0.9, 1.1]),
                "negative": array([0.2, 0.5, 0.9, -0.1]),
                "NaN": array([0.2, 0.5, 0.9, NAN]),
                "infinite": array([0.2, 0.5, 0.9, INF]),
                "minus infinity": array([0.2, 0.5, 0.9, -INF]),
                "probabilities": METRIC_PROBS,
                "no rows": array([]),
            },
            "correct": {
                "list": [0, 1, 1, 1],
                "None": None,
                "class numbers": np.array([0, 1, 2, 1]),
                "halves": array([0, 1, 0.5, 1]),
                "NaN": array([0, 1, NAN, 1]),
                "too short": np.array([0, 1, 1]),
                "column": np.ones((4, 1)),
            },
            "n_bins": COUNT,
            "binning": WORD,
        },
    ),
    fidelity.top1_agreement: (BOTH_ARRAYS, {"student_logits": ARRAYS, "teacher_logits": ARRAYS}),
    fidelity.predictive_kl: (BOTH_ARRAYS, {"student_logits": ARRAYS | NO_DISTRIBUTION, "teacher_logits": ARRAYS | NO_DISTRIBUTION}),
    training.seed_everything: (None, {"seed": SEED}),
    training.predict_logits: (
        {"model": MODEL, "x": SPLIT.x, "batch_size": 2},
        {"model": NETWORK, "x": {"None": None, "array": SPLIT.x.numpy(), "no rows": SPLIT.x[:0], "scalar": SPLIT.x[0, 0]}, "batch_size": COUNT},
    ),
    training.evaluate: ({"model": MODEL, "split": SPLIT}, {"model": NETWORK, "split": A_SPLIT}),
    training.train_supervised: (
        {"model": MODEL, "split": SPLIT, "label_smoothing": 0.1, "epochs": 1},
        {"model": NETWORK, "split": A_SPLIT, "label_smoothing": FRACTION} | FIT,
    ),
    training.distill: (
        {"student": MODEL, "teacher": OTHER, "split": SPLIT, "temperature": 2.0, "alpha": 0.5, "epochs": 1},
        {
            "student": NETWORK,
            "teacher": NETWORK | {"too few rows": LOGITS[1:], "one row as (C,)": LOGITS[0], "the student": MODEL},
            "split": A_SPLIT,
            "temperature": TEMPERATURE,
            "alpha": FRACTION,
        }
        | FIT,
    ),
    data.load_digits: ({}, SIZES),
    data.load_breast_cancer: ({}, SIZES),
    data.load_mnist5k: ({}, SIZES),
    data.random_shift: (
        {"x": torch.zeros(2, 1, 4, 4), "generator": generator(), "pixels": 1},
        {
            "x": {"None": None, "array": np.zeros((2, 1, 4, 4)), "no channel": torch.zeros(2, 4, 4), "colour": torch.zeros(2, 3, 4, 4)},
            "pixels": COUNT,
        },
    ),
    models.MLP: (
        {"in_features": 4, "num_classes": 3, "hidden": (5,), "dropout": 0.1},
        {
            "in_features": COUNT,
            "num_classes": COUNT | {"one": 1},
            "hidden": {"zero": (0,), "half": (1.5,), "one number": 64, "None": None},
            "dropout": FRACTION,
        },
    ),
    models.SmallCNN: (
        {"num_classes": 3, "channels": (2, 4), "hidden": 5, "image_size": 8, "dropout": 0.1},
        {
            "num_classes": COUNT | {"one": 1},
            "channels": {"zero": (0, 4), "one number": 16, "only one": (16,), "None": None},
            "hidden": COUNT,
            "image_size": COUNT | {"three": 3},
            "dropout": FRACTION,
        },
    ),
    recipes.train_once: (None, {"name": {"empty": "", "folder": "../a", "blank": "a b", "None": None, "number": 5}}),
    recipes.standard_teacher: (None, {"seed": SEED}),
    recipes.standard_student: ({"seed": 0, "width": 8}, {"seed": SEED, "width": COUNT}),
}
REQUIRED = {recipes.train_once: {"model": MODEL, "train": lambda model: pytest.fail("trained")}}

CASES = [
    pytest.param(function, argument, value, id=f"{function.__name__}-{argument}-{label}")
    for function, (_, bad) in TABLE.items()
    for argument, values in bad.items()
    for label, value in values.items()
]
GOOD = [pytest.param(function, good, id=function.__name__) for function, (good, _) in TABLE.items() if good is not None]


@pytest.mark.parametrize(("function", "argument", "value"), CASES)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(function, argument, value):
    arguments = TABLE[function][0] or REQUIRED.get(function, {})
    with pytest.raises(ValueError, match=rf"\b{argument}\b") as caught:
        function(**arguments | {argument: value})
    assert re.search(r"\bexpected\b.*\bgot\b", str(caught.value), re.DOTALL)


@pytest.mark.parametrize(("function", "good"), GOOD)
def test_the_good_arguments_of_the_table_are_taken_with_shapes_checked_at_run_time(function, good):
    shapes = function.__module__ in {module.__name__ for module in (losses, calibration, fidelity)}
    checked = jaxtyping.jaxtyped(function, typechecker=beartype) if shapes else function
    assert checked(**good) is not None


@pytest.mark.parametrize("function", [losses.kd_loss, losses.reverse_kd_loss, losses.logit_mse])
def test_the_annotations_themselves_refuse_shapes_that_differ(function):
    with pytest.raises(jaxtyping.TypeCheckError):
        jaxtyping.jaxtyped(function, typechecker=beartype)(LOGITS, LOGITS[:, :2])


def public(module):
    return [f for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__ and not name.startswith("_")]


@pytest.mark.parametrize("module", [losses, calibration, fidelity], ids=lambda module: module.__name__)
def test_the_table_holds_every_public_function_with_each_argument(module):
    assert len(public(module)) >= 2
    for function in public(module):
        parameters = inspect.signature(function).parameters
        assert function in TABLE, function.__name__
        assert set(TABLE[function][1]) == set(parameters), function.__name__
        assert all(TABLE[function][1].values())


@pytest.mark.parametrize("label", [3, -1, -100])
def test_training_refuses_a_label_beyond_the_classes_of_the_model(label):
    split = data.Split(SPLIT.x, torch.tensor([0, 1, 2, label]))
    for train in (lambda: training.train_supervised(models.MLP(5, C), split), lambda: training.distill(models.MLP(5, C), OTHER, split)):
        with pytest.raises(ValueError, match=r"target: expected .* got"):
            train()


def test_debias_names_the_norm_it_needs():
    with pytest.raises(ValueError, match=r"debias: expected .*l2.* got"):
        calibration.expected_calibration_error(METRIC_PROBS, METRIC_TARGET, debias=True)


def test_a_whole_batch_of_sequences_is_told_to_be_flattened():
    with pytest.raises(ValueError, match="flatten"):
        losses.kd_loss(torch.zeros(2, 5, 3), torch.zeros(2, 5, 3))
