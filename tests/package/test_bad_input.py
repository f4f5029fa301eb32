"""One table of bad arguments: each must raise a ValueError that names the argument, what was expected and what came.

The good arguments of the same table run with the shapes of the annotations checked by jaxtyping and beartype.
"""

import contextlib
import importlib
import inspect
import math
import pkgutil
import re
import tempfile

import jaxtyping
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from beartype import beartype
from torch import nn

import kdtutor
from kdtutor import calibration, compress, data, explain, features, fidelity, losses, models, plots, recipes, selective, training, uncertainty

INF, NAN = math.inf, math.nan
N, C, D, M = 4, 3, 5, 2  # rows, classes, inputs, members


def generator():
    return torch.Generator().manual_seed(0)


def array(value):
    return np.array(value, dtype=float)


LOGITS = torch.randn(N, C, generator=generator())
PROBS = torch.softmax(LOGITS, -1)
TARGET = torch.tensor([0, 1, 2, 0])
METRIC_LOGITS, METRIC_PROBS, METRIC_TARGET = LOGITS.double().numpy(), PROBS.double().numpy(), TARGET.numpy()
SPLIT = data.Split(torch.randn(N, D, generator=generator()), TARGET)
MODEL, OTHER, WIDER = models.MLP(D, C), models.MLP(D, C), models.MLP(D, C + 1)
DROPOUT = models.MLP(D, C, dropout=0.5)


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
FLAG = {"word": "no", "number": 1, "None": None}
WORD = {"unknown": "sum", "capital": "L1", "None": None, "number": 1, "list": []}
SEEDS = {"None": None, "number": 5, "none": [], "one": [0], "equal": [0, 0], "halves": [0.5, 1.5], "word": "01"}
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
WEIGHT = NUMBER | {"negative": -0.1}
CALLABLE = {"None": None, "word": "loss", "number": 1.0}
RNG = {"seed": 0, "word": "0", "NumPy": np.random.default_rng(0)}
FIT = {
    "epochs": COUNT,
    "batch_size": COUNT,
    "learning_rate": RATE,
    "optimizer": WORD,
    "validation": {name: value for name, value in A_SPLIT.items() if name != "None"},
    "patience": {name: value for name, value in COUNT.items() if name != "None"},
    "seed": SEED,
    "augment": {"word": "shift", "number": 1, "split": SPLIT},
    "progress": FLAG,
    "checkpoint": {"number": 5, "True": True, "list": ["run.pt"], "folder": tempfile.gettempdir()},
}
SIZES = {"train": COUNT | {"too large": 9999}, "validation": COUNT | {"too large": 9999}, "test": COUNT | {"too large": 9999}, "seed": SEED}

ROWS = {  # inputs of a network
    "None": None,
    "list": SPLIT.x.tolist(),
    "array": SPLIT.x.numpy(),
    "no rows": SPLIT.x[:0],
    "scalar": SPLIT.x[0, 0],
}
EXPLAINED_ROWS = ROWS | {"one row as (D,)": SPLIT.x[0], "integers": SPLIT.x.long(), "complex": SPLIT.x.to(torch.complex64)}
BASELINE = {"word": "black", "list of words": ["black"], "other width": torch.zeros(D + 1), "more rows": torch.zeros(N + 1, D), "module": nn.ReLU()}

FEATURE_ROWS = torch.randn(N, D, generator=generator())
MAPS = torch.randn(N, 2, 3, 3, generator=generator())
FEATURES = {
    "list": FEATURE_ROWS.tolist(),
    "None": None,
    "array": FEATURE_ROWS.numpy(),
    "integers": FEATURE_ROWS.long(),
    "bool": FEATURE_ROWS > 0,
    "complex": FEATURE_ROWS.to(torch.complex64),
    "one axis": FEATURE_ROWS[0],
    "no rows": FEATURE_ROWS[:0],
    "no columns": FEATURE_ROWS[:, :0],
}
BATCHES = FEATURES | {"fewer rows": FEATURE_ROWS[1:], "one row to broadcast": FEATURE_ROWS[:1]}
FEATURE_MAPS = FEATURES | {"two axes": FEATURE_ROWS, "three axes": MAPS[0], "five axes": MAPS[None], "no channel": MAPS[:, :0]}
BAD_STUDENT_TEACHER_ROWS = {"student": BATCHES, "teacher": BATCHES}
IMAGES = {
    "None": None,
    "list": MAPS.tolist(),
    "array": MAPS.numpy(),
    "no channel axis": MAPS[:, 0],
    "integers": MAPS.long(),
    "no rows": MAPS[:0],
    "complex": MAPS.to(torch.complex64),
}

MEMBER_LOGITS = torch.randn(M, N, C, generator=generator())
MEMBER_PROBS = torch.softmax(MEMBER_LOGITS, -1)
METRIC_MEMBERS = MEMBER_PROBS.double().numpy()
MEMBERS = {
    "list": METRIC_MEMBERS.tolist(),
    "None": None,
    "words": np.full((M, N, C), "a"),
    "complex": METRIC_MEMBERS + 0j,
    "one member as (N, C)": METRIC_MEMBERS[0],
    "four axes": METRIC_MEMBERS[None],
    "no members": METRIC_MEMBERS[:0],
    "no rows": METRIC_MEMBERS[:, :0],
    "one class": np.ones((M, N, 1)),
    "logits": MEMBER_LOGITS.double().numpy(),
    "sum 2": 2 * METRIC_MEMBERS,
    "negative": array([[[1.5, -0.5, 0.0]] * N] * M),
    "NaN": with_entry(METRIC_MEMBERS, NAN),
    "infinite": with_entry(METRIC_MEMBERS, INF),
    "NaN tensor": with_entry(MEMBER_PROBS, NAN),
}
TEACHERS = {
    "list": MEMBER_LOGITS.tolist(),
    "None": None,
    "array": METRIC_MEMBERS,
    "one teacher as (N, C)": MEMBER_LOGITS[0],
    "four axes": MEMBER_LOGITS[None],
    "no teachers": MEMBER_LOGITS[:0],
    "no rows": MEMBER_LOGITS[:, :0],
    "one class": MEMBER_LOGITS[:, :, :1],
    "integers": MEMBER_LOGITS.long(),
    "complex": MEMBER_LOGITS.to(torch.complex64),
}
NUMBERS = array([0.2, 0.5, 0.9, 1.0])
VECTOR = {
    "list": NUMBERS.tolist(),
    "None": None,
    "words": np.full(N, "a"),
    "complex": NUMBERS + 0j,
    "NaN": array([0.2, NAN, 0.9, 1.0]),
    "infinite": array([0.2, INF, 0.9, 1.0]),
    "minus infinity": array([0.2, -INF, 0.9, 1.0]),
    "NaN tensor": torch.tensor([0.2, NAN, 0.9, 1.0]),
    "column": NUMBERS[:, None],
    "scalar": NUMBERS[0],
    "no rows": NUMBERS[:0],
}
VECTORS = VECTOR | {"too short": NUMBERS[1:], "one to broadcast": NUMBERS[:1]}
MATRIX = {
    "list": METRIC_LOGITS.tolist(),
    "None": None,
    "words": np.full((N, C), "a"),
    "complex": METRIC_LOGITS + 0j,
    "NaN": with_entry(METRIC_LOGITS, NAN),
    "infinite": with_entry(METRIC_LOGITS, INF),
    "minus infinity": with_entry(METRIC_LOGITS, -INF),
    "NaN tensor": with_entry(LOGITS, NAN),
    "one axis": METRIC_LOGITS[0],
    "three axes": METRIC_LOGITS[None],
    "no rows": METRIC_LOGITS[:0],
}
MATRICES = MATRIX | {"fewer rows": METRIC_LOGITS[1:], "transposed": METRIC_LOGITS.T, "one row to broadcast": METRIC_LOGITS[:1]}
POSITIVE = METRIC_LOGITS**2 + 0.5
CONCENTRATION = MATRIX | {"zero": with_entry(POSITIVE, 0.0), "negative": -POSITIVE, "one class": POSITIVE[:, :1]}
CONCENTRATIONS = CONCENTRATION | {"fewer rows": POSITIVE[1:], "transposed": POSITIVE.T, "one row to broadcast": POSITIVE[:1]}

SENTENCES = torch.randn(2, 3, 4, generator=generator())  # N, L, V
MASK = torch.tensor([[True, True, False], [True, False, False]])
SENTENCE_LOGITS = {
    "list": SENTENCES.tolist(),
    "None": None,
    "array": SENTENCES.numpy(),
    "rows": SENTENCES[0],
    "four axes": SENTENCES[None],
    "integers": SENTENCES.long(),
    "complex": SENTENCES.to(torch.complex64),
    "one token": SENTENCES[:, :, :1],
    "other vocabulary": SENTENCES[:, :, :3],
    "one sentence to broadcast": SENTENCES[:1],
    "transposed": SENTENCES.mT,
}
CNN = models.SmallCNN(C, channels=(2, 2), hidden=4, image_size=4)
GREY = torch.randn(N, 1, 4, 4, generator=generator())
GREY_ROWS = {"None": None, "list": GREY.tolist(), "array": GREY.numpy(), "no rows": GREY[:0], "integers": GREY.long(), "one axis": GREY.flatten()}


EIGHT = {number: [1.0, 2.0] for number in range(8)}


def axes():
    return mpl.figure.Figure().subplots(1, 2)


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
    losses.generalized_jsd: (
        STUDENT_TEACHER | {"beta": 0.3, "temperature": 2.0},
        BAD_STUDENT_TEACHER | {"beta": FRACTION | {"zero": 0.0, "one": 1}, "temperature": TEMPERATURE},
    ),
    losses.dkd_loss: (
        STUDENT_TEACHER | {"target": TARGET, "alpha": 0.0, "beta": 2.0, "temperature": 2.0, "return_parts": True},
        {
            "student_logits": TENSORS,
            "teacher_logits": TENSORS,
            "target": TARGETS,
            "alpha": WEIGHT,
            "beta": WEIGHT,
            "temperature": TEMPERATURE,
            "return_parts": FLAG,
        },
    ),
    losses.dist_loss: (
        STUDENT_TEACHER | {"beta": 0.0, "gamma": 2.0, "temperature": 2.0},
        BAD_STUDENT_TEACHER | {"beta": WEIGHT, "gamma": WEIGHT, "temperature": TEMPERATURE},
    ),
    losses.token_kd_loss: (
        {"student_logits": SENTENCES, "teacher_logits": SENTENCES + 1, "mask": MASK, "temperature": 2.0, "direction": "reverse", "top_k": 2},
        {
            "student_logits": SENTENCE_LOGITS,
            "teacher_logits": SENTENCE_LOGITS,
            "mask": {
                "None": None,
                "list": MASK.tolist(),
                "array": MASK.numpy(),
                "integers": MASK.long(),
                "float": MASK.float(),
                "transposed": MASK.T,
                "flat": MASK.flatten(),
                "no token": torch.zeros_like(MASK),
            },
            "temperature": TEMPERATURE,
            "direction": WORD,
            "top_k": {name: value for name, value in COUNT.items() if name != "None"} | {"V": 4, "more than V": 5},
        },
    ),
    losses.average_teachers: (
        {"teacher_logits": MEMBER_LOGITS, "temperature": 2.0, "space": "logit"},
        {"teacher_logits": TEACHERS, "temperature": TEMPERATURE, "space": WORD},
    ),
    losses.ema_update: (
        {"teacher": models.MLP(D, C), "student": MODEL, "decay": 0.9},
        {"teacher": NETWORK | {"other network": WIDER}, "student": NETWORK | {"other network": WIDER}, "decay": FRACTION},
    ),
    features.hint_loss: (
        {"student_features": FEATURE_ROWS, "teacher_features": FEATURE_ROWS[:, :2], "regressor": nn.Linear(D, 2)},
        {
            "student_features": BATCHES,
            "teacher_features": BATCHES | {"other width": FEATURE_ROWS[:, :3]},
            "regressor": {"function": torch.relu, "class": nn.Linear, "word": "linear", "other width": nn.Linear(D, 3), "None": None},
        },
    ),
    features.attention_map: ({"features": MAPS}, {"features": FEATURE_MAPS}),
    features.attention_transfer_loss: (
        {"student_features": MAPS, "teacher_features": MAPS[:, :1], "mode": "paper"},
        {
            "student_features": FEATURE_MAPS | {"fewer rows": MAPS[1:], "other height": MAPS[:, :, :2], "one to broadcast": MAPS[:, :, :1, :1]},
            "teacher_features": FEATURE_MAPS | {"fewer rows": MAPS[1:], "other width": MAPS[..., :2], "one to broadcast": MAPS[:, :, :1, :1]},
            "mode": WORD,
        },
    ),
    features.rkd_distance_loss: ({"student": FEATURE_ROWS, "teacher": MAPS}, BAD_STUDENT_TEACHER_ROWS),
    features.rkd_angle_loss: (
        {"student": FEATURE_ROWS, "teacher": MAPS, "chunk_size": 3},
        BAD_STUDENT_TEACHER_ROWS | {"chunk_size": {name: value for name, value in COUNT.items() if name != "None"}},
    ),
    features.similarity_preserving_loss: ({"student": FEATURE_ROWS, "teacher": MAPS}, BAD_STUDENT_TEACHER_ROWS),
    features.info_nce_loss: (
        {"student": FEATURE_ROWS, "teacher": FEATURE_ROWS + 1, "temperature": 0.5},
        {
            "student": BATCHES | {"maps": MAPS, "other width": FEATURE_ROWS[:, :3]},
            "teacher": BATCHES | {"maps": MAPS, "other width": FEATURE_ROWS[:, :3]},
            "temperature": TEMPERATURE,
        },
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
    fidelity.predictive_js: (BOTH_ARRAYS, {"student_logits": ARRAYS | NO_DISTRIBUTION, "teacher_logits": ARRAYS | NO_DISTRIBUTION}),
    fidelity.total_variation: (BOTH_ARRAYS, {"student_logits": ARRAYS | NO_DISTRIBUTION, "teacher_logits": ARRAYS | NO_DISTRIBUTION}),
    calibration.classwise_ece: (
        {"probs": METRIC_PROBS, "target": METRIC_TARGET, "n_bins": 4},
        {"probs": PROBABILITIES, "target": CLASS_NUMBERS, "n_bins": COUNT},
    ),
    calibration.brier_decomposition: ({"probs": METRIC_PROBS, "target": METRIC_TARGET}, {"probs": PROBABILITIES, "target": CLASS_NUMBERS}),
    calibration.fit_temperature: (
        {"logits": 4 * np.eye(C)[[0, 1, 2, 1]], "target": METRIC_TARGET},
        {
            "logits": ARRAY
            | NO_DISTRIBUTION
            | {
                "all right": np.eye(C)[METRIC_TARGET],
                "all wrong": -np.eye(C)[METRIC_TARGET],
                "all equal": np.zeros((N, C)),
                "an impossible label": with_entry(4 * np.eye(C)[[0, 0, 2, 1]], 1.0) + array([[0] * C, [0, -INF, 0], [0] * C, [0] * C]),
            },
            "target": CLASS_NUMBERS,
        },
    ),
    uncertainty.predictive_entropy: ({"probs": METRIC_PROBS}, {"probs": PROBABILITIES}),
    uncertainty.decompose_entropy: ({"member_probs": METRIC_MEMBERS}, {"member_probs": MEMBERS}),
    uncertainty.variation_ratio: ({"member_probs": METRIC_MEMBERS}, {"member_probs": MEMBERS}),
    uncertainty.decompose_variance: (
        {"means": METRIC_LOGITS, "variances": POSITIVE},
        {"means": MATRICES, "variances": MATRICES | {"negative": with_entry(POSITIVE, -0.1)}},
    ),
    uncertainty.mc_dropout_probs: (
        {"model": DROPOUT, "x": SPLIT.x, "n_samples": 3, "generator": generator()},
        {
            "model": NETWORK | {"no dropout": MODEL, "dropout with p = 0": nn.Sequential(nn.Linear(D, C), nn.Dropout(0.0))},
            "x": ROWS,
            "n_samples": COUNT,
            "generator": RNG,
        },
    ),
    uncertainty.ensemble_probs: (
        {"models": [MODEL, OTHER], "x": SPLIT.x},
        {
            "models": {
                "None": None,
                "one model": MODEL,
                "empty": [],
                "class": [models.MLP],
                "None inside": [MODEL, None],
                "function": [torch.relu],
                "other classes": [MODEL, WIDER],
                "number": 2,
            },
            "x": ROWS,
        },
    ),
    uncertainty.dirichlet_nll: (
        {"concentration_logits": LOGITS, "member_probs": MEMBER_PROBS},
        {
            "concentration_logits": TENSOR,
            "member_probs": TEACHERS
            | {
                "fewer rows": MEMBER_PROBS[:, 1:],
                "other classes": MEMBER_PROBS[:, :, :2],
                "logits": MEMBER_LOGITS,
                "sum 2": 2 * MEMBER_PROBS,
                "one row to broadcast": MEMBER_PROBS[:, :1],
            },
        },
    ),
    uncertainty.decompose_dirichlet: ({"concentration": POSITIVE}, {"concentration": CONCENTRATION}),
    uncertainty.dirichlet_kl: ({"a": POSITIVE, "b": POSITIVE[::-1]}, {"a": CONCENTRATIONS, "b": CONCENTRATIONS}),
    selective.risk_coverage_curve: (
        {"confidence": NUMBERS, "error": np.array([0, 1, 0, 1])},
        {"confidence": VECTORS, "error": VECTORS | {"negative": -NUMBERS}},
    ),
    selective.aurc: (
        {"confidence": NUMBERS, "error": np.array([0, 1, 0, 1])},
        {"confidence": VECTORS, "error": VECTORS | {"negative": -NUMBERS}},
    ),
    selective.excess_aurc: (
        {"confidence": NUMBERS, "error": np.array([0, 1, 0, 1])},
        {"confidence": VECTORS, "error": VECTORS | {"negative": -NUMBERS}},
    ),
    selective.auroc: ({"scores_in": NUMBERS, "scores_out": NUMBERS[1:]}, {"scores_in": VECTOR, "scores_out": VECTOR}),
    explain.saliency: (
        {"model": MODEL, "x": SPLIT.x, "target": TARGET, "absolute": True},
        {"model": NETWORK, "x": EXPLAINED_ROWS, "target": TARGETS, "absolute": FLAG},
    ),
    explain.integrated_gradients: (
        {"model": MODEL, "x": SPLIT.x, "target": TARGET, "baseline": torch.zeros(D), "n_steps": 3},
        {"model": NETWORK, "x": EXPLAINED_ROWS, "target": TARGETS, "baseline": BASELINE, "n_steps": COUNT},
    ),
    explain.grad_cam: (
        {"model": CNN, "layer": CNN.maps[3], "x": GREY, "target": TARGET, "relu": False},
        {
            "model": NETWORK,
            "layer": NETWORK | {"not of this model": nn.Conv2d(1, 2, 3), "no maps": CNN.head},
            "x": GREY_ROWS,
            "target": TARGETS,
            "relu": FLAG,
        },
    ),
    explain.shapley_values: (
        {"value_function": lambda coalition: float(coalition.sum()) ** 2, "n_features": 3},
        {
            "value_function": CALLABLE
            | {
                "NaN": lambda coalition: NAN,
                "infinite": lambda coalition: INF if coalition.all() else 0.0,
                "gives None": lambda coalition: None,
                "gives a word": lambda coalition: "high",
                "gives all logits": lambda coalition: np.zeros(C),
            },
            "n_features": COUNT | {"too many": 21},
        },
    ),
    explain.interventional_value: (
        {"model": MODEL, "x": SPLIT.x[0], "background": SPLIT.x, "target": 1},
        {
            "model": NETWORK,
            "x": {"None": None, "list": SPLIT.x[0].tolist(), "array": SPLIT.x[0].numpy(), "rows": SPLIT.x, "integers": SPLIT.x[0].long()},
            "background": {
                "None": None,
                "list": SPLIT.x.tolist(),
                "array": SPLIT.x.numpy(),
                "one row": SPLIT.x[0],
                "other width": SPLIT.x[:, 1:],
                "no rows": SPLIT.x[:0],
                "integers": SPLIT.x.long(),
            },
            "target": SEED | {"C": C, "vector": TARGET, "float": 1.0},
        },
    ),
    explain.lime_weights: (
        {"masks": np.eye(N, C), "outputs": NUMBERS, "distances": NUMBERS, "kernel_width": 0.5, "ridge": 0.1},
        {
            "masks": MATRIX | {"fewer rows": np.eye(N - 1, C), "one row to broadcast": np.ones((1, C))},
            "outputs": VECTORS,
            "distances": VECTORS | {"negative": -NUMBERS},
            "kernel_width": RATE | {"far below the distances": 1e-3, "its square is 0": 1e-200},
            "ridge": WEIGHT,
        },
    ),
    explain.attribution_agreement: (
        {"a": METRIC_LOGITS, "b": -METRIC_LOGITS, "top_fraction": 0.5},
        {
            "a": MATRICES | {"constant": np.ones((N, C))},
            "b": MATRICES | {"constant": np.ones((N, C)), "all zero": np.zeros((N, C))},
            "top_fraction": FRACTION | {"zero": 0.0},
        },
    ),
    explain.explanation_matching_loss: (
        {"student": MODEL, "x": SPLIT.x, "target": TARGET, "teacher_attribution": SPLIT.x},
        {
            "student": NETWORK,
            "x": EXPLAINED_ROWS,
            "target": TARGETS,
            "teacher_attribution": {
                "None": None,
                "list": SPLIT.x.tolist(),
                "array": SPLIT.x.numpy(),
                "fewer rows": SPLIT.x[1:],
                "one row to broadcast": SPLIT.x[:1],
                "other width": SPLIT.x[:, 1:],
            },
        },
    ),
    explain.deletion_curve: (
        {"model": MODEL, "x": SPLIT.x, "target": TARGET, "attribution": SPLIT.x, "baseline": torch.zeros(D), "n_steps": 2},
        {
            "model": NETWORK,
            "x": EXPLAINED_ROWS | {"NaN": with_entry(SPLIT.x, NAN), "infinite": with_entry(SPLIT.x, INF)},
            "target": TARGETS,
            "attribution": {
                "None": None,
                "list": SPLIT.x.tolist(),
                "array": SPLIT.x.numpy(),
                "fewer rows": SPLIT.x[1:],
                "one row to broadcast": SPLIT.x[:1],
                "NaN": with_entry(SPLIT.x, NAN),
                "infinite": with_entry(SPLIT.x, INF),
            },
            "baseline": BASELINE,
            "n_steps": COUNT,
        },
    ),
    compress.magnitude_prune: (
        {"module": nn.Linear(D, C), "amount": 0.5},
        {"module": NETWORK | {"no weight": nn.ReLU(), "whole model": MODEL, "weight": MODEL.head.weight}, "amount": FRACTION},
    ),
    compress.fake_quantize: (
        {"tensor": LOGITS, "bits": 4},
        {
            "tensor": {
                "list": LOGITS.tolist(),
                "None": None,
                "array": METRIC_LOGITS,
                "integers": LOGITS.long(),
                "complex": LOGITS.to(torch.complex64),
                "no entries": LOGITS[:0],
                "NaN": with_entry(LOGITS, NAN),
                "infinite": with_entry(LOGITS, INF),
                "minus infinity": with_entry(LOGITS, -INF),
            },
            "bits": COUNT | {"one": 1, "seventeen": 17},
        },
    ),
    compress.count_parameters: ({"model": MODEL}, {"model": NETWORK}),
    compress.serialized_bytes: ({"model": MODEL}, {"model": NETWORK}),
    compress.latency: (
        {"model": MODEL, "x": SPLIT.x, "reference": OTHER, "rounds": 4, "calls": 1},
        {
            "model": NETWORK,
            "x": ROWS,
            "reference": {name: value for name, value in NETWORK.items() if name != "None"},
            "rounds": COUNT | {"three": 3},
            "calls": COUNT,
        },
    ),
    training.seed_everything: (None, {"seed": SEED}),
    training.eval_mode: ({"model": MODEL}, {"model": NETWORK}),
    training.predict_logits: ({"model": MODEL, "x": SPLIT.x, "batch_size": 2}, {"model": NETWORK, "x": ROWS, "batch_size": COUNT}),
    training.evaluate: ({"model": MODEL, "split": SPLIT}, {"model": NETWORK, "split": A_SPLIT}),
    training.train_supervised: (
        {"model": MODEL, "split": SPLIT, "label_smoothing": 0.1, "epochs": 1, "validation": SPLIT, "patience": 3},
        {"model": NETWORK, "split": A_SPLIT, "label_smoothing": FRACTION} | FIT,
    ),
    training.distill: (
        {"student": MODEL, "teacher": OTHER, "split": SPLIT, "temperature": 2.0, "alpha": 0.5, "epochs": 1, "validation": SPLIT, "patience": 3},
        {
            "student": NETWORK,
            "teacher": NETWORK | {"too few rows": LOGITS[1:], "one row as (C,)": LOGITS[0], "the student": MODEL},
            "split": A_SPLIT,
            "temperature": TEMPERATURE,
            "alpha": FRACTION,
            "loss": {name: value for name, value in CALLABLE.items() if name != "None"} | {"module's class": nn.MSELoss},
            "cache_teacher": {name: value for name, value in FLAG.items() if name != "None"},
        }
        | FIT,
    ),
    training.repeat_over_seeds: (
        {"experiment": lambda seed: {"kd": {"accuracy": seed}}, "seeds": [0, 1], "together": False},
        {
            "experiment": CALLABLE
            | {
                "gives a number": lambda seed: 0.9,
                "gives a list": lambda seed: [0.9],
                "gives metrics without arms": lambda seed: {"accuracy": 0.9},
                "gives nothing": lambda seed: {},
                "gives an arm without metrics": lambda seed: {"kd": {}},
                "gives words": lambda seed: {"kd": {"accuracy": "high"}},
            },
            "seeds": SEEDS,
            "together": FLAG,
        },
    ),
    training.for_each_seed: ({"function": lambda seed: seed, "seeds": [0, 1]}, {"function": CALLABLE, "seeds": SEEDS}),
    data.load_digits: ({}, SIZES),
    data.load_breast_cancer: ({}, SIZES),
    data.load_mnist5k: ({}, SIZES),
    data.random_shift: (
        {"x": torch.zeros(2, 1, 4, 4), "generator": generator(), "pixels": 1},
        {
            "x": {"None": None, "array": np.zeros((2, 1, 4, 4)), "no channel": torch.zeros(2, 4, 4), "colour": torch.zeros(2, 3, 4, 4)},
            "generator": RNG | {"None": None},
            "pixels": COUNT,
        },
    ),
    data.rotate: ({"x": MAPS, "degrees": 30.0}, {"x": IMAGES, "degrees": NUMBER}),
    data.add_noise: (
        {"x": MAPS, "sd": 0.5, "seed": 1},
        {
            "x": {"None": None, "list": MAPS.tolist(), "array": MAPS.numpy(), "integers": MAPS.long(), "bool": MAPS > 0},
            "sd": WEIGHT,
            "seed": SEED,
        },
    ),
    data.drop_class: (
        {"split": SPLIT, "number": 2},
        {"split": A_SPLIT, "number": {name: value for name, value in COUNT.items() if name != "zero"} | {"missing": C}},
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
    plots.use_style: (None, {}),
    plots.lines: (
        {"ax": axes()[0], "x": [1.0, 2.0], "series": {"a": [1.0, 2.0], "b": [2.0, 1.0]}, "xlabel": "x", "ylabel": "y", "log": "xy"},
        {
            "series": {
                "none": {},
                "too short": {"a": [1.0]},
                "one too long": {"a": [1.0, 2.0], "b": [1.0] * 3},
                "more than there are colours": EIGHT,
            },
            "log": {"other axis": "z", "True": True, "None": None, "word": "yes"},
        },
    ),
    plots.bars: (
        {"ax": axes()[0], "labels": ["p", "q"], "series": {"a": [1.0, 2.0]}, "xlabel": "x", "ylabel": "y", "stacked": True},
        {
            "series": {"none": {}, "one value for all": {"a": [1.0]}, "too long": {"a": [1.0, 2.0, 3.0]}, "more than there are colours": EIGHT},
            "stacked": FLAG,
        },
    ),
    plots.image_row: (
        {"axes": axes(), "images": np.zeros((2, 3, 3)), "captions": ["a", "b"]},
        {
            "axes": {"too few": axes()[:1], "too many": np.append(axes(), axes())},
            "images": {"one image": np.zeros((3, 3)), "flat images": np.zeros((2, 9)), "too few": np.zeros((1, 3, 3)), "words": [["a"]] * 2},
            "captions": {"too few": ["a"], "too many": ["a", "b", "c"]},
        },
    ),
    plots.slider_table: (
        {"values": {"T = 1": [training.Estimate(1.0, 0.1)]}, "rows": ["8"], "xlabel": "x"},
        {
            "values": {"none": {}, "list": [training.Estimate(1.0, 0.1)], "too short": {"T = 1": []}, "numbers": {"T = 1": [1.0]}},
            "rows": {"none": [], "too many": ["8", "9"]},
        },
    ),
    plots.dots: (
        {"ax": axes()[0], "series": {"a": training.Estimate(1.0, 0.1)}, "xlabel": "x"},
        {"series": {"none": {}, "list": [training.Estimate(1.0, 0.1)], "numbers": {"a": 1.0}}},
    ),
    recipes.train_once: (
        None,
        {
            "name": {"empty": "", "folder": "../a", "blank": "a b", "None": None, "number": 5},
            "model": NETWORK,
            "train": CALLABLE,
            "folder": {"number": 5, "list": ["a"]},
        },
    ),
    recipes.standard_teacher: (
        {"seed": 0},
        {"seed": SEED, "start": {label: value for label, value in SEED.items() if value is not None}, "epochs": COUNT},
    ),
    recipes.standard_student: ({"seed": 0, "width": 8}, {"seed": SEED, "width": COUNT}),
    recipes.train_student: (
        {"seed": 0, "split": data.Split(torch.randn(N, 196, generator=generator()), TARGET), "width": 2, "epochs": 1},
        FIT | {"seed": SEED, "split": A_SPLIT, "teacher": {"number": 5, "too many rows": torch.zeros(N + 1, 10)}, "width": COUNT},
    ),
    recipes.scores: (
        {"model": MODEL, "split": SPLIT, "teacher_logits": LOGITS},
        {"model": NETWORK, "split": A_SPLIT, "teacher_logits": {label: value for label, value in ARRAYS.items() if value is not None}},
    ),
}
REQUIRED = {recipes.train_once: {"name": "bad", "model": MODEL, "train": lambda model: pytest.fail("trained")}}
LEFT_TO_MATPLOTLIB = {
    plots.slider_table: {"xlabel"},
    plots.dots: {"ax", "xlabel"},
    plots.lines: {"ax", "x", "xlabel", "ylabel"},
    plots.bars: {"ax", "labels", "xlabel", "ylabel"},
}
MODULES = [importlib.import_module(f"kdtutor.{module.name}") for module in pkgutil.iter_modules(kdtutor.__path__) if module.name[0] != "_"]

CASES = [
    pytest.param(function, argument, value, id=f"{function.__name__}-{argument}-{label}")
    for function, (_, bad) in TABLE.items()
    for argument, values in bad.items()
    for label, value in values.items()
]
GOOD = [pytest.param(function, good, id=function.__name__) for function, (good, _) in TABLE.items() if good is not None]


def call(function, arguments):
    """Call a function; enter what it gives if that is a context manager."""
    result = function(**arguments)
    if isinstance(result, contextlib.AbstractContextManager):
        with result:
            pass
    return result


@pytest.mark.parametrize(("function", "argument", "value"), CASES)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(function, argument, value):
    arguments = TABLE[function][0] or REQUIRED.get(function, {})
    with pytest.raises(ValueError, match=rf"\b{argument}\b") as caught:
        call(function, arguments | {argument: value})
    assert re.search(r"\bexpected\b.*\bgot\b", str(caught.value), re.DOTALL)


@pytest.mark.parametrize(("function", "good"), GOOD)
def test_the_good_arguments_of_the_table_are_taken_with_shapes_checked_at_run_time(function, good):
    numeric = inspect.isfunction(function) and function.__module__ != plots.__name__
    checked = jaxtyping.jaxtyped(function, typechecker=beartype) if numeric else function
    assert (call(checked, good) is None) == (inspect.isfunction(function) and inspect.signature(function).return_annotation == "None")


@pytest.mark.parametrize("model", [(models.MLP(16, C), "N H"), (CNN, "N C2 h w")], ids=["MLP", "SmallCNN"])
@pytest.mark.parametrize("return_features", [False, True])
def test_the_models_keep_the_shapes_of_their_annotations(model, return_features):
    network, features_shape = model
    result = jaxtyping.jaxtyped(type(network).forward, typechecker=beartype)(network, GREY, return_features=return_features)
    logits, found = result if return_features else (result, None)
    assert isinstance(logits, jaxtyping.Float[torch.Tensor, "4 3"])
    assert found is None or isinstance(found, jaxtyping.Float[torch.Tensor, features_shape])


SHAPES_THAT_DIFFER = {
    losses.kd_loss: (LOGITS, LOGITS[:, :2]),
    losses.reverse_kd_loss: (LOGITS, LOGITS[:, :2]),
    losses.logit_mse: (LOGITS, LOGITS[:, :2]),
    losses.generalized_jsd: (LOGITS, LOGITS[1:]),
    losses.dkd_loss: (LOGITS, LOGITS, TARGET[1:]),
    losses.dist_loss: (LOGITS, LOGITS[:, :2]),
    losses.token_kd_loss: (SENTENCES, SENTENCES, MASK.T),
    losses.average_teachers: (LOGITS,),
    features.hint_loss: (FEATURE_ROWS, FEATURE_ROWS[1:]),
    features.attention_map: (FEATURE_ROWS,),
    features.attention_transfer_loss: (MAPS, MAPS[..., :2]),
    features.rkd_distance_loss: (FEATURE_ROWS, FEATURE_ROWS[1:]),
    features.rkd_angle_loss: (FEATURE_ROWS, FEATURE_ROWS[1:]),
    features.similarity_preserving_loss: (FEATURE_ROWS, FEATURE_ROWS[1:]),
    features.info_nce_loss: (FEATURE_ROWS, FEATURE_ROWS[:, 1:]),
    uncertainty.predictive_entropy: (METRIC_MEMBERS,),
    uncertainty.decompose_entropy: (METRIC_PROBS,),
    uncertainty.dirichlet_nll: (LOGITS, MEMBER_PROBS[:, 1:]),
    uncertainty.dirichlet_kl: (POSITIVE, POSITIVE[1:]),
    fidelity.total_variation: (METRIC_LOGITS, METRIC_LOGITS[1:]),
    selective.aurc: (NUMBERS[:, None], NUMBERS),
    explain.saliency: (MODEL, SPLIT.x, TARGET[1:]),
    explain.lime_weights: (np.eye(N, C), NUMBERS[1:], NUMBERS),
    explain.attribution_agreement: (METRIC_LOGITS, METRIC_LOGITS[1:]),
    explain.explanation_matching_loss: (MODEL, SPLIT.x, TARGET, SPLIT.x[1:]),
    data.rotate: (MAPS[0], 30.0),
}


@pytest.mark.parametrize(("function", "arguments"), SHAPES_THAT_DIFFER.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_annotations_themselves_refuse_shapes_that_differ(function, arguments):
    options = {"kernel_width": 1.0} if function is explain.lime_weights else {}
    with pytest.raises(jaxtyping.TypeCheckError, match="parameters"):
        jaxtyping.jaxtyped(function, typechecker=beartype)(*arguments, **options)


def public(module):
    own = [value for name, value in vars(module).items() if name[0] != "_" and getattr(value, "__module__", None) == module.__name__]
    return [value for value in own if inspect.isfunction(value) or (inspect.isclass(value) and issubclass(value, nn.Module))]


def arguments_of(function):
    names = set(inspect.signature(function).parameters)
    return names - {"options"} | set(training.FitOptions.__annotations__) if "options" in names else names


def test_the_modules_are_those_of_the_package():
    assert {module.__name__.removeprefix("kdtutor.") for module in MODULES} >= {
        *("losses", "features", "uncertainty", "calibration", "selective", "fidelity", "explain"),
        *("compress", "training", "data", "models", "plots", "recipes"),
    }
    assert sum(len(public(module)) for module in MODULES) == len(TABLE)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_table_holds_every_public_function_with_each_argument(module):
    assert len(public(module)) >= 2
    for function in public(module):
        assert function in TABLE, function.__name__
        assert set(TABLE[function][1]) == arguments_of(function) - LEFT_TO_MATPLOTLIB.get(function, set()), function.__name__
        assert all(len(values) >= 2 for values in TABLE[function][1].values()), function.__name__


@pytest.mark.parametrize("positions", [["p"], ["p", "q", "r"], []], ids=["too few", "too many", "none"])
def test_a_figure_with_more_or_fewer_positions_than_values_is_refused(positions):
    with pytest.raises(ValueError, match=r"series: expected .*got"):
        plots.bars(axes()[0], positions, {"a": [1.0, 2.0]}, ylabel="y")
    with pytest.raises(ValueError, match=r"series: expected .*got"):
        plots.lines(axes()[0], range(len(positions)), {"a": [1.0, 2.0]}, xlabel="x", ylabel="y")


def test_importing_and_calling_the_table_opened_no_window():
    assert plt.get_fignums() == []


def test_patience_needs_a_validation_split():
    for train in (lambda **options: training.train_supervised(MODEL, SPLIT, **options), lambda **o: training.distill(MODEL, OTHER, SPLIT, **o)):
        with pytest.raises(ValueError, match=r"patience: expected a validation split .* got none"):
            train(patience=3)


@pytest.mark.parametrize("classes", [2, 1])
def test_dkd_needs_three_classes(classes):
    with pytest.raises(ValueError, match=r"student_logits.*expected at least .*classes.*got"):
        losses.dkd_loss(LOGITS[:, :classes], LOGITS[:, :classes], torch.zeros(N, dtype=torch.int64))


def test_dist_needs_two_rows():
    with pytest.raises(ValueError, match=r"student_logits.*expected at least 2 rows, got 1"):
        losses.dist_loss(LOGITS[:1], LOGITS[:1])


@pytest.mark.parametrize(
    "masks", [np.ones((N, C)), np.eye(2, C), np.eye(N, C)[:, [0, 1, 1]]], ids=["all kept", "too few copies", "one feature twice"]
)
def test_a_regression_that_leaves_a_coefficient_open_names_the_ridge(masks):
    with pytest.raises(ValueError, match=r"ridge: expected a number above 0.*got 0"):
        explain.lime_weights(masks, NUMBERS[: len(masks)], NUMBERS[: len(masks)], kernel_width=1.0, ridge=0.0)


def test_a_layer_that_runs_twice_or_not_at_all_is_named():
    conv = nn.Conv2d(1, 1, 1)
    twice = nn.Sequential(conv, conv, nn.Flatten(), nn.Linear(16, C))
    for layer, came in ((conv, "2 outputs"), (nn.Conv2d(1, 1, 1), "no output")):
        with pytest.raises(ValueError, match=rf"layer: expected .* got {came}"):
            explain.grad_cam(twice, layer, GREY, TARGET)


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
