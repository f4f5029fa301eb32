"""The locked first cell of each graded notebook, from `import sys` on. T("...", "...") becomes the notebook's language."""

import sys

import numpy as np
import torch
import torch.nn.functional as F

# answers are to be your own work: of kdtutor only data, models and plots can be imported here
for module in "_math _run calibration compress explain features fidelity losses recipes selective training uncertainty".split():
    sys.modules[f"kdtutor.{module}"] = None
inf, nan = float("inf"), float("nan")


def plain(name, value):
    """An answer as arrays of float64 in lists and dicts, or an error that says what came instead."""
    if value is None:
        raise AssertionError(T(f"{name} returned None: is the return statement missing?", f"{name} 返回了 None：是不是漏了 return？"))
    if isinstance(value, dict):
        return {key: plain(f"{name}[{key!r}]", part) for key, part in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, (list, tuple)):
        parts = [plain(name, part) for part in value]
        if all(isinstance(part, np.ndarray) for part in parts) and len({part.shape for part in parts}) <= 1:
            return np.array(parts, dtype=np.float64)
        return parts
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise AssertionError(T(f"{name}: expected numbers, got {type(value).__name__}", f"{name}：应为数，得到的是 {type(value).__name__}")) from None


def same(got, expected, rtol=1e-4):
    """Whether an answer agrees with the expected one: its keys, its shapes and, up to rounding, its numbers."""
    got, expected = plain("answer", got), plain("answer", expected)
    if isinstance(got, dict) or isinstance(expected, dict):
        pair = isinstance(got, dict) and isinstance(expected, dict)
        return pair and got.keys() >= expected.keys() and all(same(got[key], expected[key], rtol) for key in expected)
    if isinstance(got, str) or isinstance(expected, str):
        return isinstance(got, str) and isinstance(expected, str) and got == expected
    if isinstance(got, list) or isinstance(expected, list):
        rows = isinstance(got, list) or got.ndim, isinstance(expected, list) or expected.ndim
        return all(rows) and len(got) == len(expected) and all(same(*pair, rtol) for pair in zip(got, expected))
    return got.shape == expected.shape and np.allclose(got, expected, rtol=rtol, atol=2e-6, equal_nan=True)


def shown(value):
    """A short form for messages."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {shown(part)}" for key, part in value.items()) + "}"
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        value = round(value, 4) + 0.0
    text = "[" + ", ".join(map(shown, value)) + "]" if isinstance(value, list) else repr(value)
    return text if len(text) < 300 else text[:300] + " ..."


def check(name, got, expected, causes=(), rtol=1e-4):
    """Compare an answer with the expected one; `causes` are wrong answers and what leads to them."""
    got, expected = plain(name, got), plain(name, expected)
    if same(got, expected, rtol):
        return
    text = T(f"{name}: expected {shown(expected)}, got {shown(got)}. ", f"{name}：应为 {shown(expected)}，得到 {shown(got)}。")
    for wrong, cause in causes:
        if same(got, wrong, rtol):
            raise AssertionError(text + cause)
    raise AssertionError(text + reason(got, expected))


def reason(got, expected):
    """What can be said of an answer that nobody foresaw."""
    if isinstance(expected, dict):
        if not isinstance(got, dict) or not got.keys() >= expected.keys():
            return T(f"A dict with the keys {list(expected)} is asked.", f"应返回以 {list(expected)} 为键的字典。")
        return reason(*next((got[key], expected[key]) for key in expected if not same(got[key], expected[key])))
    if isinstance(expected, (list, str)) or isinstance(got, (dict, list, str)):
        return T("Look at the docstring: another kind of answer is asked.", "请看文档字符串：要求的是另一种形式的答案。")
    if got.shape != expected.shape:
        return T(
            f"The shape is {got.shape} and should be {expected.shape}: which axis was summed?",
            f"形状是 {got.shape}，应为 {expected.shape}：对哪个轴求了和？",
        )
    if (np.isnan(got) & ~np.isnan(expected)).any():
        return T(
            "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0. And 0 times NaN is NaN: choose rows by a mask, do not multiply by it.",
            "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。另外，0 乘 NaN 还是 NaN：请用掩码选取，不要乘掩码。",
        )
    if (np.isinf(got) & np.isfinite(expected)).any():
        return T("Infinity comes from log 0, a division by 0, or an exp that overflowed.", "无穷来自 log 0、除以 0，或 exp 溢出。")
    if (np.isfinite(got) & np.isinf(expected)).any():
        return T(
            "Infinity is the right value there: was a small number added, or a value clipped?", "那里的正确值就是无穷：是否加了一个小数，或做了截断？"
        )
    return T("Work the small example of the task by hand and compare step by step.", "请手算任务中的小例子，逐步对照。")


def choices(name, got, codes):
    """Check the form of coded answers."""
    wanted = T(f"{name}: return a dict with the keys {list(codes)}", f"{name}：请返回以 {list(codes)} 为键的字典")
    assert isinstance(got, dict) and list(sorted(got)) == list(sorted(codes)), wanted
    for key, allowed in codes.items():
        if allowed == "number":
            plain(f"{name}[{key!r}]", got[key])
        else:
            said = T(f"{name}[{key!r}]: choose one of {allowed}, got {got[key]!r}", f"{name}[{key!r}]：请从 {allowed} 中选一个，得到 {got[key]!r}")
            assert got[key] in allowed, said


def choose(name, got, key, right, messages):
    """Check one coded choice."""
    found = got.get(key) if isinstance(got, dict) else None
    none = T("no answer, or no code of the list", "没有作答，或不在选项之列")
    assert found == right, f"{name}[{key!r}]: {messages.get(found, none)}"


def read(name, got, key, right, tolerance, wrong):
    """Check one number that was read off."""
    found = plain(f"{name}[{key!r}]", got.get(key) if isinstance(got, dict) else None)
    if np.ndim(found) == 0 and abs(found - right) <= tolerance:
        return
    cause = next((text for value, text in wrong if np.ndim(found) == 0 and abs(found - value) <= tolerance), T("look again", "请再看一遍"))
    raise AssertionError(f"{name}[{key!r}]: {shown(found)}: {cause}")


def refuses(name, call, why):
    """Check that a call raises a ValueError."""
    try:
        found = T("returned", "返回了") + " " + shown(plain(name, call()))
    except ValueError:
        return
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    raise AssertionError(T(f"{name}: {why} (here: {found})", f"{name}：{why}（这里是：{found}）"))
