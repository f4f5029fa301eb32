"""Plain data, and nothing else, crosses between a student's process and the tests.

None, bool, int, float, str, lists, tuples, dicts, NumPy arrays and numbers, and torch tensors become JSON and come back as copies. No pickle, no
object with code in it, no shared memory: a change of an argument, a graph of gradients or a method of a class does not cross.
"""

from __future__ import annotations

import base64
import math
import sys
from typing import Any

import numpy as np

DEPTH, ITEMS, ELEMENTS, BYTES = 20, 200_000, 1 << 20, 8 << 20
DTYPES = {np.dtype(name): name for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")}
DTYPES |= {np.dtype(name): name for name in ("float16", "float32", "float64", "complex64", "complex128")}
NAMES = {name: dtype for dtype, name in DTYPES.items()}


class NotPlainError(TypeError):
    """A value that cannot cross; the message names its type."""


def encode(value: Any, depth: int = 0) -> Any:
    """A value as JSON can write it."""
    if depth > DEPTH:
        raise NotPlainError("a value nested too deeply")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str(value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().resolve_conj().resolve_neg()
        if tensor.dtype == torch.bfloat16:
            tensor = tensor.float()
        return {"tensor": _array(tensor.contiguous().numpy())}
    if isinstance(value, np.generic):
        return {"number": _array(np.asarray(value))}
    if isinstance(value, np.ndarray):
        return {"array": _array(value)}
    if isinstance(value, list):
        return {"list": [encode(part, depth + 1) for part in value]}
    if isinstance(value, tuple):
        return {"tuple": [encode(part, depth + 1) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, depth + 1), encode(part, depth + 1)] for key, part in value.items()]}
    return {"array": _array(_floats(value))}


def _floats(value: Any) -> np.ndarray:
    """What is no array but holds numbers, such as a Fraction or a range."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise NotPlainError(f"{type(value).__name__}: return numbers, strings, arrays, tensors, lists or dicts") from None


def _array(array: np.ndarray) -> list[Any]:
    if array.dtype.newbyteorder("=") not in DTYPES:
        array = _floats(array)
    if array.nbytes > BYTES:
        raise NotPlainError(f"an array of {array.nbytes} bytes; at most {BYTES} cross")
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return [DTYPES[data.dtype], list(array.shape), base64.b64encode(data.tobytes()).decode()]


def decode(value: Any) -> Any:
    """The value again. What comes in may be forged: every part is checked before it is used."""
    return _decode(value, 0, [ITEMS])


def _decode(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > DEPTH or left[0] < 0:
        raise NotPlainError("a value nested too deeply or with too many parts")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise NotPlainError("a malformed value")
    ((kind, body),) = value.items()
    if kind in ("tensor", "array", "number"):
        array = _decode_array(body)
        if kind == "number" and array.ndim:
            raise NotPlainError("a malformed number")
        return array[()] if kind == "number" else array if kind == "array" else _tensor(array)
    if not isinstance(body, list):
        raise NotPlainError("a malformed value")
    if kind in ("list", "tuple"):
        parts = [_decode(part, depth + 1, left) for part in body]
        return parts if kind == "list" else tuple(parts)
    if kind == "dict":
        found = {}
        for pair in body:
            if not isinstance(pair, list) or len(pair) != 2:
                raise NotPlainError("a malformed dict")
            key = _decode(pair[0], depth + 1, left)
            try:
                found[key] = _decode(pair[1], depth + 1, left)
            except TypeError as error:
                raise NotPlainError(str(error)) from None
        return found
    raise NotPlainError(f"a value of the unknown kind {str(kind)[:40]!r}")


def _decode_array(body: Any) -> np.ndarray:
    if not isinstance(body, list) or len(body) != 3 or not isinstance(body[0], str) or body[0] not in NAMES or not isinstance(body[1], list):
        raise NotPlainError("a malformed array")
    name, shape, text = body
    if len(shape) > 32 or not all(type(size) is int and 0 <= size <= BYTES for size in shape) or not isinstance(text, str):
        raise NotPlainError("a malformed array")
    dtype = NAMES[name]
    # an axis of length 0 must not hide the others
    if math.prod(max(size, 1) for size in shape) > ELEMENTS or math.prod(shape) * dtype.itemsize > BYTES or len(text) > 2 * BYTES:
        raise NotPlainError("an array that is too large")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotPlainError("a malformed array") from None
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise NotPlainError("an array whose shape does not fit its data")
    if name == "bool":
        return np.frombuffer(data, np.uint8).reshape(shape) != 0
    return np.frombuffer(data, dtype).reshape(shape).copy()


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(array.copy())


def through(value: Any) -> Any:
    """What is left of a value on the other side."""
    return decode(encode(value))
