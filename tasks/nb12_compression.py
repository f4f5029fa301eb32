"""Graded notebook 12."""

import numpy as np
import torch

from tasks.form import Item, Notebook, T, Value

nb = Notebook(
    slug="12-compression",
    chapter="practice/compression",
    title=T("Compression", "模型压缩"),
    about=T("On the chapter *Compression*.", "对应章节《模型压缩》。"),
    minutes=60,
)

prune = nb.code(
    "prune",
    "implement",
    (0.5, 1, 0.5),
    title=T("Pruning by magnitude", "按幅值剪枝"),
    text=T(
        r"""
        Set the smallest weights of a layer to zero. Of $n$ weights exactly $\lfloor a\,n\rfloor$ go, those with the smallest **absolute** value; of equal ones the earlier (in row order) goes first.
        Return the mask: 1 where a weight stays, 0 where it goes. Compute $\lfloor a\,n\rfloor$ as `int(amount * n + 1e-9)`, so that 0.58 of 50 is 29 and not 28.

        Small example: weights $(0.5, -2, 0.1, -0.3)$, half of them to go: the mask is $(1, 1, 0, 0)$.""",
        r"""
        把一层中最小的权重置零。$n$ 个权重中恰好去掉 $\lfloor a\,n\rfloor$ 个，即**绝对值**最小的那些；相等时（按行优先次序）靠前的先去掉。
        请返回掩码：保留为 1，去掉为 0。$\lfloor a\,n\rfloor$ 用 `int(amount * n + 1e-9)` 计算，使 50 的 0.58 是 29，而不是 28。

        小例子：权重 $(0.5, -2, 0.1, -0.3)$，去掉一半：掩码为 $(1, 1, 0, 0)$。""",
    ),
    hints=(
        T("Sort the absolute values of all weights of the layer together.", "把整层权重的绝对值放在一起排序。"),
        T("A threshold removes too many when values are equal: use positions.", "有相等的值时，用阈值会去掉过多：应使用位置。"),
        T('`order = np.argsort(np.abs(weight).ravel(), kind="stable")`', '`order = np.argsort(np.abs(weight).ravel(), kind="stable")`'),
    ),
)


@prune.solution
def magnitude_mask(weight, amount):
    """Mask that keeps all but the smallest weights.

    weight: float64 array of any shape; amount: float in [0, 1], share to remove.
    Returns an array of weight's shape, 1 = stays, 0 = goes.
    """
    mask = np.ones(weight.size)
    order = np.argsort(np.abs(weight).ravel(), kind="stable")
    mask[order[: int(amount * weight.size + 1e-9)]] = 0
    return mask.reshape(weight.shape)


prune.example("example", "例子", np.array([[0.5, -2.0, 0.1, -0.3]]), 0.5)
prune.edge("equal weights", "相等的权重", np.array([[0.5, -0.5, 0.5], [0.5, 2.0, -0.5]]), 0.5)
prune.edge("0.58 of 50", "50 的 0.58", np.arange(1.0, 51.0) * np.tile([1.0, -1.0], 25), 0.58)
prune.edge("0.7 of 8", "8 的 0.7", np.array([[0.4, -1.5, 0.2, 0.9], [-0.6, 0.1, 1.1, -0.3]]), 0.7)
prune.edge("all go", "全部去掉", np.array([[0.5, -0.2], [0.3, 1.0]]), 1.0)
prune.edge("nothing goes", "一个也不去掉", np.array([[0.5, -0.2], [0.3, 1.0]]), 0.0)


@prune.draw
def _(rng):
    rows, columns, amount = [(2, 4, 0.7), (3, 3, 0.4), (3, 4, 0.4), (3, 5, 0.65)][int(rng.integers(4))]  # the number to remove is far from whole
    # the smallest weight of each sign differs, and rows differ in scale
    return (rng.normal(0, 1, (rows, columns)) * np.array([0.3, 1.0, 3.0])[:rows, None]).round(3), amount


prune.swap(
    "The mask is turned round: 1 means that the weight stays.",
    "掩码反了：1 表示保留。",
    ("np.ones(weight.size)", "np.zeros(weight.size)"),
    ("+ 1e-9)]] = 0", "+ 1e-9)]] = 1"),
)
prune.swap(
    "The largest weights were removed: the smallest ones go.",
    "去掉的是最大的权重：应去掉最小的。",
    ("np.abs(weight).ravel()", "-np.abs(weight).ravel()"),
    fails="visible hidden edge",
)
prune.swap(
    "The most negative weights were removed: compare absolute values.",
    "去掉的是最负的权重：应比较绝对值。",
    ("np.abs(weight).ravel()", "weight.ravel()"),
)
prune.swap(
    "The share was taken as the share that stays: amount goes.",
    "把比例当成了保留的比例：amount 是去掉的比例。",
    ("int(amount *", "int((1 - amount) *"),
    fails="hidden edge visible",
)
prune.swap(
    "The weights themselves were returned: the mask is asked.",
    "返回了权重本身：要求的是掩码。",
    ("return mask.reshape(weight.shape)", "return mask.reshape(weight.shape) * weight"),
)
prune.swap(
    "One weight too many goes: the number is rounded down.", "多去掉了一个：个数应向下取整。", ("+ 1e-9)", "+ 1)"), fails="edge visible hidden"
)
prune.swap(
    "One weight too many goes: the number is rounded down.",
    "多去掉了一个：个数应向下取整。",
    ("int(amount * weight.size + 1e-9)", "round(amount * weight.size)"),
)


@prune.wrong(
    "Each row was pruned on its own: sort all weights of the layer together.", "逐行剪枝了：应把整层权重一起排序。", fails="visible hidden edge"
)
def _(weight, amount):
    mask = np.ones(weight.shape)
    for row, own in zip(weight, mask):
        own[np.argsort(np.abs(row), kind="stable")[: int(amount * len(row) + 1e-9)]] = 0
    return mask


@prune.wrong("A threshold on the value was used: among equal weights too many or too few go.", "用了阈值：相等的权重会去掉过多或过少。", fails="edge")
def _(weight, amount):
    n = int(amount * weight.size + 1e-9)
    limit = np.sort(np.abs(weight).ravel())[n - 1] if n else -1.0
    return (np.abs(weight) > limit).astype(float)


@prune.wrong("amount is a share of the weights, not of the largest weight.", "amount 是权重个数的比例，而不是最大权重的比例。")
def _(weight, amount):
    return (np.abs(weight) >= amount * np.abs(weight).max() + 1e-6 * (amount == 0) * 1e9).astype(float)


@prune.right
def _(weight, amount):
    flat = torch.as_tensor(weight).flatten().abs()
    order = torch.sort(flat, stable=True).indices
    mask = torch.ones_like(flat)
    mask[order[: int(amount * flat.numel() + 1e-9)]] = 0
    return mask.view(*weight.shape).bool()


@prune.right
def _(weight, amount):
    flat = [abs(float(v)) for v in np.asarray(weight).ravel()]
    gone = set(sorted(range(len(flat)), key=lambda i: (flat[i], i))[: int(amount * len(flat) + 1e-9)])
    return np.array([0.0 if i in gone else 1.0 for i in range(len(flat))]).reshape(np.shape(weight))


@prune.right
def _(weight, amount):
    left = np.abs(weight).astype(float).copy()
    mask = np.ones(weight.shape, dtype=int)
    for _ in range(int(amount * weight.size + 1e-9)):
        place = np.unravel_index(np.argmin(left), left.shape)
        mask[place], left[place] = 0, np.inf
    return mask


grid = nb.code(
    "grid",
    "repair",
    (0.5, 1, 0.5),
    title=T("Repair a rounding", "修复一个舍入程序"),
    text=T(
        r"""
        Symmetric rounding to $b$ bits puts each weight on the nearest level $k\,s$, where $k=-K,\dots,K$, $K=2^{b-1}-1$ and $s=\max|w|/K$. The largest weight is kept exactly, zero stays zero, and a layer of zeros stays as it is.

        ```python
        def round_to_grid(weight, bits):
            levels = 2 ** bits - 1
            scale = weight.max() / levels
            return (weight / scale).astype(int) * scale
        ```

        This program holds at least three mistakes. Write the right one. A value exactly between two levels is not tested.

        Small example: $(1, -0.4, 0.1)$ with 3 bits: $K=3$, $s=1/3$, and the result is $(1, -0.3333, 0)$.""",
        r"""
        对称的 $b$ 位舍入把每个权重放到最近的量化级 $k\,s$ 上，$k=-K,\dots,K$，$K=2^{b-1}-1$，$s=\max|w|/K$。最大的权重保持不变，零仍是零，全零的层原样不动。

        ```python
        def round_to_grid(weight, bits):
            levels = 2 ** bits - 1
            scale = weight.max() / levels
            return (weight / scale).astype(int) * scale
        ```

        这段程序至少有三处错误。请写出正确的程序。恰好在两个量化级正中的值不测试。

        小例子：$(1, -0.4, 0.1)$ 用 3 位：$K=3$、$s=1/3$，结果为 $(1, -0.3333, 0)$。""",
    ),
    hints=(
        T(
            "Try an array whose entry of largest absolute value is negative, one of zeros, and a value such as 0.9 of a level.",
            "试试绝对值最大的元素为负的数组、全零的数组，以及等于 0.9 个量化级的值。",
        ),
        T(
            "K levels lie below zero, K above, and one is zero; to round is not to cut off.",
            "零以下有 K 个量化级，零以上也有 K 个，还有一个是零；舍入不是截断。",
        ),
        T("`top = np.abs(weight).max()`", "`top = np.abs(weight).max()`"),
    ),
)


@grid.solution
def round_to_grid(weight, bits):
    """Symmetric rounding to the grid k·s, k = -K .. K, K = 2**(bits - 1) - 1.

    weight: float64 array; bits: int >= 2.
    Returns an array of weight's shape.
    """
    top = np.abs(weight).max()
    if top == 0:
        return weight * 1.0
    scale = top / (2 ** (bits - 1) - 1)
    return np.round(weight / scale) * scale


grid.example("example", "例子", np.array([1.0, -0.4, 0.1]), 3)


@grid.draw
def _(rng):
    while True:
        w, bits = rng.normal(0, 1, 9).round(3), int(rng.choice([3, 4, 5]))
        steps = w / (np.abs(w).max() / (2 ** (bits - 1) - 1))
        if np.abs(np.abs(steps - np.floor(steps)) - 0.5).min() > 0.03 and w.min() < -np.abs(w[w > 0]).max() if (w > 0).any() else False:
            return w, bits


grid.edge("a layer of zeros", "全零的层", np.zeros((2, 2)), 4)
grid.edge("one sign, 2 bits", "同号，2 位", np.array([[-0.9, -0.2], [-1.2, -0.7]]), 2)
grid.edge("12 bits", "12 位", np.array([1.0, -0.7337, 0.2512, 0.0648]), 12)
grid.swap(
    "The levels of more than 8 bits do not fit into an 8-bit integer.",
    "超过 8 位的量化级放不进 8 位整数。",
    ("np.round(weight / scale) * scale", "np.round(weight / scale).astype(np.int64).astype(np.int8) * scale"),
    fails="edge",
)
grid.swap(
    "The bits were limited to 8: more of them are allowed.",
    "位数被限制在 8 以内：位数可以更多。",
    ("2 ** (bits - 1)", "2 ** (min(bits, 8) - 1)"),
    fails="edge",
)
grid.swap(
    "Twice too many levels: one bit is for the sign, K = 2^(b−1) − 1.",
    "量化级多了一倍：一位用于符号，K = 2^(b−1) − 1。",
    ("(2 ** (bits - 1) - 1)", "(2**bits - 1)"),
    fails="visible hidden edge",
)
grid.swap(
    "K is one too large: 2^(b−1) − 1, so that the grid is symmetric.",
    "K 大了一：应为 2^(b−1) − 1，这样网格才对称。",
    ("(2 ** (bits - 1) - 1)", "2 ** (bits - 1)"),
    fails="visible hidden edge",
)
grid.swap(
    "The fraction was cut off: round to the nearest level.",
    "小数部分被截断：应取最近的量化级。",
    ("np.round(weight / scale)", "np.trunc(weight / scale)"),
    fails="visible hidden edge",
)
grid.swap(
    "Rounded down: take the nearest level.",
    "向下取整了：应取最近的量化级。",
    ("np.round(weight / scale)", "np.floor(weight / scale)"),
    fails="visible hidden edge",
)
grid.swap(
    "The largest weight was taken without its sign removed: use the largest absolute value.",
    "取最大权重时没有去掉符号：应取绝对值的最大值。",
    ("np.abs(weight).max()", "weight.max()"),
    fails="hidden edge visible",
)
grid.swap(
    "The integers were returned: multiply by the scale again.",
    "返回了整数：还要乘回比例。",
    ("np.round(weight / scale) * scale", "np.round(weight / scale)"),
    fails="visible hidden edge",
)
grid.swap(
    "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0.",
    "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。",
    ("if top == 0:", "if False:"),
    fails="edge",
)
grid.swap(
    "The scale is that of the standard deviation: the largest weight sets the grid.",
    "比例取了标准差：网格由最大的权重决定。",
    ("top = np.abs(weight).max()", "top = weight.std()"),
    fails="visible hidden edge",
)


@grid.wrong(
    "That is an asymmetric grid from the smallest to the largest weight: zero need not be on it.",
    "这是从最小到最大权重的非对称网格：零不一定在上面。",
    fails="visible hidden edge",
)
def _(weight, bits):
    low, high = weight.min(), weight.max()
    if low == high:
        return weight * 1.0
    scale = (high - low) / (2**bits - 1)
    return np.round((weight - low) / scale) * scale + low


@grid.right
def _(weight, bits):
    k = 2 ** (bits - 1) - 1
    levels = np.arange(-k, k + 1) * (np.abs(weight).max() / k)
    return levels[np.abs(np.asarray(weight)[..., None] - levels).argmin(-1)]


@grid.right
def _(weight, bits):
    w = torch.as_tensor(weight)
    top, k = w.abs().max(), 2 ** (bits - 1) - 1
    return w if top == 0 else torch.clamp(torch.round(w * (k / top)), -k, k) * (top / k)


@grid.right
def _(weight, bits):
    top, k = float(np.max(np.abs(weight))), 2 ** (bits - 1) - 1
    if not top:
        return np.zeros_like(weight)
    return np.vectorize(lambda v: np.sign(v) * int(abs(v) * k / top + 0.5) * top / k)(weight).astype(np.float32)


storage = nb.code(
    "storage",
    "derive",
    (1, 1),
    title=T("When does a sparse file pay?", "稀疏存储何时划算？"),
    rtol=1e-6,
    text=T(
        r"""
        A layer of $m\times n$ weights has a share $z$ of zeros. Derive the bytes of three ways to store it, with $v$ bytes a value and $i$ bytes an index:

        - dense: every weight;
        - CSR: each weight that is left with its column index, and $m+1$ row pointers of $i$ bytes;
        - bit mask: each weight that is left, and one **bit** for each place (round the bits up to whole bytes).

        The number of weights that are left is $mn-\mathrm{round}(z\,mn)$. Return the three sizes, and the share of zeros **above** which CSR beats dense when the row pointers are left out of account.

        Small example: $m=n=10$, $z=0.9$, $v=4$, $i=4$: 10 weights are left; dense 400, CSR $80+44=124$, bit mask $40+13=53$; without row pointers CSR pays above $\frac12$.""",
        r"""
        一层 $m\times n$ 的权重中零所占比例为 $z$。每个值 $v$ 字节，每个索引 $i$ 字节，请推导三种存储方式的字节数：

        - 稠密：存所有权重；
        - CSR：存剩下的权重及其列索引，另有 $m+1$ 个 $i$ 字节的行指针；
        - 位掩码：存剩下的权重，每个位置再存一**位**（位数向上取整到整字节）。

        剩下的权重个数为 $mn-\mathrm{round}(z\,mn)$。请返回三个大小，以及不计行指针时，零的比例**超过**多少 CSR 才比稠密小。

        小例子：$m=n=10$、$z=0.9$、$v=4$、$i=4$：剩 10 个权重；稠密 400，CSR $80+44=124$，位掩码 $40+13=53$；不计行指针时，超过 $\frac12$ CSR 才划算。""",
    ),
    hints=(
        T("What has to be stored for a weight that is left, and what for one that is gone?", "保留的权重要存什么，去掉的又要存什么？"),
        T(r"Break-even: $(1-z)(v+i)=v$.", r"平衡点：$(1-z)(v+i)=v$。"),
        T("`left = rows * columns - round(zeros * rows * columns)`", "`left = rows * columns - round(zeros * rows * columns)`"),
    ),
)


@storage.solution
def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    """Bytes of a pruned layer in three formats, and the break-even of CSR without its row pointers.

    rows, columns: int; zeros: float in [0, 1], share of zero weights; value_bytes, index_bytes: int.
    Returns {"dense", "csr", "mask", "break_even"}, numbers.
    """
    places = rows * columns
    left = places - round(zeros * places)
    return {
        "dense": places * value_bytes,
        "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
        "mask": left * value_bytes + (places + 7) // 8,
        "break_even": index_bytes / (value_bytes + index_bytes),
    }


storage.example("example", "例子", 10, 10, 0.9, 4, 4)
storage.example("nothing is left", "一个也不剩", 4, 6, 1.0, 2, 4)


@storage.draw
def _(rng):
    return (
        int(rng.integers(20, 60)) * 2 + 1,
        int(rng.integers(20, 60)) * 2 + 1,
        float(rng.choice([0.6, 0.8, 0.95])),
        int(rng.choice([1, 3, 8])),
        int(rng.choice([2, 4, 6])),
    )


storage.swap(
    "zeros is the share that is gone: one minus it is left.",
    "zeros 是去掉的比例：剩下的是 1 减它。",
    ("places - round(zeros * places)", "round(zeros * places)"),
)
storage.swap("csr: the indices are missing.", "csr：漏了索引。", ("left * (value_bytes + index_bytes)", "left * value_bytes"))
storage.swap("csr: the row pointers are missing.", "csr：漏了行指针。", (" + (rows + 1) * index_bytes", ""))
storage.swap("csr: one row pointer is missing: m rows have m + 1 of them.", "csr：少了一个行指针：m 行有 m + 1 个。", ("(rows + 1)", "rows"))
storage.swap(
    "csr: an index for row and column each is the COO format.",
    "csr：行、列各存一个索引，是 COO 格式。",
    ("left * (value_bytes + index_bytes) + (rows + 1) * index_bytes", "left * (value_bytes + 2 * index_bytes)"),
)
storage.swap("mask: one bit for each place, not one byte.", "mask：每个位置一位，不是一字节。", ("(places + 7) // 8", "places"))
storage.swap("mask: the bits are rounded up to whole bytes.", "mask：位数应向上取整到整字节。", ("(places + 7) // 8", "places / 8"))
storage.swap(
    "mask: 24 bits are 3 bytes, not 4: round up only where a part of a byte is left over.",
    "mask：24 位是 3 字节，不是 4 字节：不足一字节时才向上取整。",
    ("(places + 7) // 8", "places // 8 + 1"),
    fails="visible",
)
storage.swap(
    "mask: a bit for each place, also for those that are gone.", "mask：每个位置都要一位，包括去掉的。", ("(places + 7) // 8", "(left + 7) // 8")
)
storage.swap("dense: zeros are stored as well.", "dense：零也要存。", ('"dense": places', '"dense": left'))
storage.swap(
    "break_even: that is the share that is left, not the share of zeros.",
    "break_even：这是剩下的比例，而不是零的比例。",
    ("index_bytes / (value_bytes + index_bytes)", "value_bytes / (value_bytes + index_bytes)"),
    fails="hidden visible",
)
storage.swap(
    "break_even: that holds only for 4-byte values and indices: solve (1 − z)(v + i) = v.",
    "break_even：这只在值和索引都是 4 字节时成立：请解 (1 − z)(v + i) = v。",
    ("index_bytes / (value_bytes + index_bytes)", "0.5"),
    fails="visible hidden",
)
storage.swap(
    "bytes, not bits: the values were counted in bits.", "单位是字节而不是位：值按位数计了。", ("places * value_bytes", "8 * places * value_bytes")
)


@storage.right
def _(rows, columns, zeros, value_bytes, index_bytes):
    import math

    n = rows * columns
    nonzero = n - int(np.rint(zeros * n))
    csr = nonzero * value_bytes + nonzero * index_bytes + index_bytes + rows * index_bytes
    return {
        "csr": csr,
        "dense": n * value_bytes,
        "mask": nonzero * value_bytes + math.ceil(n / 8),
        "break_even": 1 - value_bytes / (value_bytes + index_bytes),
    }


@storage.right
def _(rows, columns, zeros, value_bytes, index_bytes):
    removed = round(rows * columns * zeros)
    kept = rows * columns - removed
    dense = (kept + removed) * value_bytes
    return {
        "dense": dense,
        "csr": sum((kept * value_bytes, kept * index_bytes, (1 + rows) * index_bytes)),
        "mask": kept * value_bytes - (-(rows * columns) // 8),
        "break_even": 1 / (1 + value_bytes / index_bytes),
    }


@storage.right
def _(rows, columns, zeros, value_bytes, index_bytes):
    layer = np.ones(rows * columns)
    layer[: round(zeros * layer.size)] = 0
    left = int(layer.sum())
    bits = np.packbits(layer.astype(bool)).nbytes
    return {
        "dense": layer.size * value_bytes,
        "csr": left * (value_bytes + index_bytes) + index_bytes * (rows + 1),
        "mask": left * value_bytes + bits,
        "break_even": index_bytes / (index_bytes + value_bytes),
    }


latency = nb.code(
    "latency",
    "implement",
    (0.5, 0.5),
    title=T("Latency in pairs", "成对测延迟"),
    text=T(
        """
        Two networks are timed in turns: round $r$ gives the times `mine[r]` and `reference[r]`. A machine drifts, so compare within a round.
        Return the median of the ratios mine / reference, and their lower and upper quartile (linear interpolation, as NumPy does by default).

        Small example: mine 2, 4, 6, reference 1, 4, 2: the ratios are 2, 1, 3; median 2, quartiles 1.5 and 2.5.""",
        """
        两个网络轮流计时：第 $r$ 轮得到时间 `mine[r]` 与 `reference[r]`。机器状态会漂移，所以要在同一轮内比较。
        请返回比值 mine / reference 的中位数以及上、下四分位数（线性插值，与 NumPy 默认一致）。

        小例子：mine 为 2、4、6，reference 为 1、4、2：比值为 2、1、3；中位数 2，四分位数 1.5 和 2.5。""",
    ),
    hints=(
        T("First one ratio for each round, then the statistics.", "先逐轮求比值，再做统计。"),
        T("Quartiles are the quantiles at 0.25 and 0.75.", "四分位数是 0.25 与 0.75 分位数。"),
        T("`ratios = mine / reference`", "`ratios = mine / reference`"),
    ),
)


@latency.solution
def ratio_of_times(mine, reference):
    """Median and quartiles of the ratio of two times, round by round.

    mine, reference: float64 arrays (R,), seconds.
    Returns {"median", "lower", "upper"}.
    """
    lower, median, upper = np.quantile(mine / reference, [0.25, 0.5, 0.75])
    return {"median": median, "lower": lower, "upper": upper}


latency.example("example", "例子", np.array([2.0, 4.0, 6.0]), np.array([1.0, 4.0, 2.0]))


@latency.draw
def _(rng):
    n = int(rng.integers(6, 9))
    reference = rng.uniform(0.5, 3.0, n).round(2)
    return (reference * rng.uniform(0.4, 2.5, n)).round(2), reference


latency.swap("The ratio is turned round: mine over reference.", "比值反了：应为 mine 除以 reference。", ("mine / reference", "reference / mine"))
latency.swap(
    "The rounds were not paired: take the ratio within each round.",
    "没有按轮配对：应在每轮内求比值。",
    ("mine / reference", "np.sort(mine) / np.sort(reference)"),
)
latency.swap(
    "That is the ratio to the median time of the other: take the ratio within each round.",
    "这是与对方中位时间之比：应在每轮内求比值。",
    ("mine / reference", "mine / np.median(reference)"),
)
latency.swap("The differences were taken: the ratios are asked.", "取了差：要求的是比值。", ("mine / reference", "mine - reference"))
latency.swap(
    "median: that is the mean, which one slow round can move far.",
    "median：这是平均值，一轮变慢就会大幅移动。",
    ('"median": median', '"median": (mine / reference).mean()'),
)
latency.swap(
    "Lower and upper quartile are exchanged.", "上、下四分位数弄反了。", ('"lower": lower, "upper": upper', '"lower": upper, "upper": lower')
)
latency.swap(
    "That is the smallest and the largest ratio: the quartiles are asked.",
    "这是最小与最大的比值：要求的是四分位数。",
    ("[0.25, 0.5, 0.75]", "[0.0, 0.5, 1.0]"),
)
latency.swap(
    "The ratio of the fastest rounds is one number from two different rounds.",
    "最快轮次之比来自两个不同的轮次。",
    ('"median": median', '"median": mine.min() / reference.min()'),
)


@latency.right
def _(mine, reference):
    r = torch.as_tensor(mine) / torch.as_tensor(reference)
    q = torch.quantile(r, torch.tensor([0.25, 0.5, 0.75], dtype=r.dtype))
    return {"lower": q[0], "median": q[1], "upper": q[2]}


@latency.right
def _(mine, reference):
    import statistics

    ratios = [a / b for a, b in zip(mine.tolist(), reference.tolist())]
    lower, median, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return {"median": median, "lower": lower, "upper": upper}


@latency.right
def _(mine, reference):
    ratios = np.exp(np.log(mine) - np.log(reference)).astype(np.float32)
    return {"median": np.median(ratios), "lower": np.percentile(ratios, 25), "upper": np.percentile(ratios, 75)}


nb.choice(
    "table",
    "read",
    0.5,
    [
        Value(
            "int8",
            T("How many times smaller does int8 make the file of the large network?", "大网络的文件是它的 int8 版本的多少倍？"),
            3.82,
            0.1,
            [
                (4.0, T("The weights are four times smaller, the file is not: read the two sizes.", "权重小了四倍，文件没有：请读两个大小。")),
                (0.26, T("Turned round: old size over new size.", "反了：应为旧大小除以新大小。")),
            ],
        ),
        Item(
            "file",
            T("Why has the network with 90 % zeros a file of 478 kB?", "为什么 90% 为零的网络文件仍是 478 kB？"),
            "dense",
            {
                "dense": (T("the format stores zeros like other numbers", "这种格式把零当普通数存储"), None),
                "half": (
                    T("only one of two layers was pruned", "两层中只剪了一层"),
                    T("All layers were pruned; the row after a general compressor shows it.", "所有层都剪了；通用压缩后的那一列可以看出。"),
                ),
                "mask": (
                    T("the masks take the space that was saved", "掩码占用了省下的空间"),
                    T("No mask is in the file: plain layers were saved.", "文件里没有掩码：存的是普通的层。"),
                ),
            },
        ),
        Item(
            "kd",
            T("At 64 units from scratch: what can be said of distillation?", "从头训练的 64 单元网络：关于蒸馏能说什么？"),
            "between",
            {
                "best": (
                    T("It is the best way to train this shape.", "它是训练这个结构的最好办法。"),
                    T("Labels with shifted images reach 94.4 %.", "硬标签加平移图像达到 94.4%。"),
                ),
                "between": (T("It beats labels, and labels with shifts are not behind it.", "它胜过硬标签，而硬标签加平移不比它差。"), None),
                "nothing": (
                    T("It changes nothing.", "没有任何作用。"),
                    T("93.7 ± 0.3 against 92.0 ± 0.2: look again.", "93.7 ± 0.3 对 92.0 ± 0.2：请再看。"),
                ),
            },
        ),
        Item(
            "worst",
            T("80 % of the weights are pruned. What does the mean hide?", "剪掉 80% 的权重后，平均值掩盖了什么？"),
            "class",
            {
                "class": (T("One class is recognised in fewer than half of its images.", "有一个类别只有不到一半的图像被认出。"), None),
                "size": (
                    T("The file is smaller than the table says.", "文件比表中的更小。"),
                    T("The file is as large as before.", "文件与原来一样大。"),
                ),
                "none": (
                    T("Nothing: all classes lose alike.", "没有：各类别下降得一样多。"),
                    T("Compare the worst class with the mean: 45 against 82.", "请比较最差类别与平均：45 对 82。"),
                ),
            },
        ),
    ],
    title=T("Read the table", "读表"),
    text=T(
        """
        | network | accuracy, % | worst class, % | file, kB | file after zlib, kB |
        |---|---|---|---|---|
        | large | 95.2 ± 0.2 | 90.5 | 478 | 441 |
        | large, int8 | 95.2 ± 0.2 | 90.4 | 125 | 104 |
        | pruned 80 % | 81.9 ± 2.9 | 44.9 | 478 | 117 |
        | pruned 90 %, retrained | 92.8 ± 0.3 | 85.1 | 478 | 66 |
        | 64 units from scratch, labels | 92.0 ± 0.2 | 86.0 | 72 | 66 |
        | 64 units from scratch, labels with shifts | 94.4 ± 0.2 | 89.4 | 72 | 66 |
        | 64 units from scratch, distilled | 93.7 ± 0.3 | 88.1 | 72 | 66 |

        Worked example: the file of the 64 units is 6.6 times smaller than that of the large network.""",
        """
        | 网络 | 准确率（%） | 最差类别（%） | 文件（kB） | zlib 压缩后（kB） |
        |---|---|---|---|---|
        | 大网络 | 95.2 ± 0.2 | 90.5 | 478 | 441 |
        | 大网络，int8 | 95.2 ± 0.2 | 90.4 | 125 | 104 |
        | 剪枝 80% | 81.9 ± 2.9 | 44.9 | 478 | 117 |
        | 剪枝 90%，再训练 | 92.8 ± 0.3 | 85.1 | 478 | 66 |
        | 64 单元，从头，硬标签 | 92.0 ± 0.2 | 86.0 | 72 | 66 |
        | 64 单元，从头，硬标签加平移 | 94.4 ± 0.2 | 89.4 | 72 | 66 |
        | 64 单元，从头，蒸馏 | 93.7 ± 0.3 | 88.1 | 72 | 66 |

        例：大网络的文件是 64 单元网络的 6.6 倍。""",
    ),
    hints=(
        T("What does each row change: the numbers, the format, the shape, or the targets?", "每一行改变了什么：数值、格式、结构，还是目标？"),
        T("Compare rows that differ in one thing only.", "只比较仅有一处不同的行。"),
        T("`int8 = 478 / ...`", "`int8 = 478 / ...`"),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        "We pruned 90 % of the weights and then distilled from the original network. Distillation recovered the accuracy, and the model is ten times smaller and faster."

        In five to eight sentences: which of the three statements (recovered, smaller, faster) follows from this, and which control or measurement is missing for each?""",
        """
        “我们剪掉了 90% 的权重，再从原网络蒸馏。蒸馏恢复了准确率，模型小了十倍，也快了十倍。”

        请用五到八句话回答：恢复、变小、变快这三个说法中，哪些能由此得出？各自缺什么对照或测量？""",
    ),
    rubric=T(
        "Half a point: recovery needs the control of retraining on labels with the same steps (and the unpruned network with the extra training). Half a point: zeros in a dense format make the file neither smaller nor the network faster; a sparse format or kernel, or structured pruning, has to be named, and size and paired latency measured.",
        "0.5 分：“恢复”需要对照：同样步数的硬标签再训练（以及未剪枝网络多训练同样步数）。0.5 分：稠密格式中的零既不会使文件变小，也不会使网络变快；要指出稀疏格式或稀疏内核，或结构化剪枝，并测量大小与成对延迟。",
    ),
    model=T(
        """
        None of the three follows as it stands. Some accuracy came back, but ten epochs on labels may bring back as much; in the chapter no difference between labels and distillation at T = 1 could be seen for the pruned network. The control is the same pruned network, retrained on labels for the same steps, over several seeds, and the unpruned network with the same extra training.
        Smaller depends on the format: a tensor with 90 % zeros takes the same bytes in a dense file. It has to be stored sparse or compressed, and the file measured.
        Faster depends on kernels: ordinary matrix products multiply the zeros as well. It has to be measured in pairs on the target machine, at the batch size in use. Removing whole units would make the network smaller and faster without special formats, and the fair rival is then the same small shape trained from scratch.""",
        """
        照这样说，三个都得不出。准确率确实回升了，但用硬标签再训练十轮也许同样回升；本章中，对剪枝的网络，硬标签与 T = 1 的蒸馏看不出差别。对照是：同一剪枝网络用硬标签、同样步数、多个随机种子再训练，以及未剪枝网络多训练同样步数。
        变小取决于格式：90% 为零的张量在稠密文件里占同样的字节。必须用稀疏格式或压缩存储，并实测文件大小。
        变快取决于内核：普通矩阵乘法照样乘那些零。必须在目标机器上、按实际批大小成对测延迟。去掉整个单元则不需要特殊格式就能变小变快，那时公平的对手是从头训练的同样小结构。""",
    ),
    samples=[
        (
            1,
            T(
                "Zeros still take 4 bytes and still get multiplied, so without CSR and sparse kernels it is neither smaller nor faster; measure both. And retraining on labels probably recovers the same, they never tried.",
                "零仍占 4 字节，也仍参与乘法，所以没有 CSR 和稀疏内核就既不小也不快；两者都要测。而且硬标签再训练大概也能恢复，他们没试。",
            ),
        ),
        (
            0.5,
            T(
                "Ten times smaller is right since only 10 % of the weights are left. For the recovery I would compare with fine-tuning on the labels.",
                "小十倍是对的，因为只剩 10% 的权重。至于恢复，我会与硬标签微调比较。",
            ),
        ),
        (0, T("All three follow; pruning makes networks small and distillation makes them good.", "三个都成立：剪枝使网络变小，蒸馏使它变好。")),
    ],
    hints=(
        T("Take the three statements one by one: what would have to be measured?", "三个说法逐一看：各要测什么？"),
        T("Recovery: against what? Size: in which format? Speed: with which kernel?", "恢复：与什么比？大小：什么格式？速度：什么计算内核？"),
        T('"A tensor with 90 % zeros takes ..."', "“90% 为零的张量占……”"),
    ),
)
