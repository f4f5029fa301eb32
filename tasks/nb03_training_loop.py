"""Graded notebook 03."""

import textwrap

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Item, Notebook, T

nb = Notebook(
    slug="03-training-loop",
    chapter="foundations/training-loop",
    title=T("The training loop", "训练循环"),
    about=T("On the chapter *The training loop: a bug clinic*.", "对应章节《训练循环：错误诊所》。"),
    minutes=80,
)

# ------------------------------------------------------------------ three-way split

split = nb.code(
    "split",
    "implement",
    (0.5, 0.5),
    title=T("Three parts that share no row", "互不重叠的三份数据"),
    text=T(
        """
        A loop needs three sets of rows: to train, to choose, to test. Write the function that makes them from a given random order of the rows.
        The training rows come first in that order, then the validation rows, then the test rows; what is left over is not used.

        Many files are sorted by class, that of MNIST-5k too. Without shuffling, the first 2,000 of its 5,000 rows hold the digits 0 to 3 only.
        So the function also checks what it makes. It raises a `ValueError` if there are too few rows, if `order` does not hold each row exactly once, or if a class of the file is missing in one of the parts.

        Small example: labels 0 0 0 1 1 1, order 4 0 3 1 5 2, two rows for each part: train 4 0, validation 3 1, test 5 2. With the order 0 1 2 3 4 5 the training rows 0 1 hold class 0 only: a `ValueError`.""",
        """
        训练循环需要三组行：用来训练、用来选择、用来测试。请写一个函数，按给定的随机行序划分出这三组。
        按这个顺序，先取训练行，再取验证行，最后取测试行；剩下的行不用。

        很多数据文件按类别排序，MNIST-5k 的文件也是。如果不打乱，5,000 行中的前 2,000 行就只有数字 0 到 3。
        因此函数还要检查自己的结果。行数不够、`order` 没有恰好包含每一行各一次、某一份缺少文件中的某个类别，这三种情况都抛出 `ValueError`。

        小例子：标签 0 0 0 1 1 1，顺序 4 0 3 1 5 2，每份两行：训练 4 0，验证 3 1，测试 5 2。如果顺序是 0 1 2 3 4 5，训练行 0 1 只有类别 0：应抛出 `ValueError`。""",
    ),
    hints=(
        T("Cut one long list at two places. The checks come before the return.", "把一个长列表在两处切开。返回之前先做检查。"),
        T(
            "With $a$ = `n_train` and $b=a$ + `n_validation`: places $0..a$, $a..b$, $b..b$ + `n_test`, each time of `order`.",
            "设 $a$ = `n_train`，$b=a$ + `n_validation`：在 `order` 中依次取位置 $0..a$、$a..b$、$b..b$ + `n_test`。",
        ),
        T(
            "`if sorted(order) != list(range(len(target))): raise ValueError(...)`",
            "`if sorted(order) != list(range(len(target))): raise ValueError(...)`",
        ),
    ),
)


@split.solution
def three_way_split(target, order, n_train, n_validation, n_test):
    """Indices of the rows to train, to choose and to test.

    target: int array (N,), the labels in the order of the file; order: int array (N,), the rows shuffled;
    n_train, n_validation, n_test: how many rows each part gets, at least 1 each; their sum may be below N.
    Returns {"train": ..., "validation": ..., "test": ...} of int arrays, rows in the order of `order`.
    ValueError: too few rows; a row missing from order or twice in it; a part that lacks a class of target.
    three_way_split([0, 0, 0, 1, 1, 1], [4, 0, 3, 1, 5, 2], 2, 2, 2)["validation"] is [3, 1].
    """
    a, b = n_train, n_train + n_validation
    if b + n_test > len(target):
        raise ValueError("too few rows")
    if sorted(order) != list(range(len(target))):
        raise ValueError("order must hold each row once")
    parts = {"train": order[:a], "validation": order[a:b], "test": order[b : b + n_test]}
    for name, rows in parts.items():
        if set(target[rows]) != set(target):
            raise ValueError(name + " lacks a class")
    return parts


split.example("example", "例子", np.array([0, 0, 0, 1, 1, 1]), np.array([4, 0, 3, 1, 5, 2]), 2, 2, 2)


@split.draw
def _(rng):
    n, a, b, c = 17, 6, 4, 5
    while True:
        target, order = rng.integers(0, 2, n), rng.permutation(n)
        back = np.argsort(order)
        cuts = (slice(0, a), slice(a, a + b), slice(a + b, a + b + c), slice(0, b), slice(n - c, n), slice(a, a + c))
        whole = all(len(set(target[rows[cut]])) == 2 for rows in (order, back, np.arange(n)) for cut in cuts)
        if whole and all((order[cut] != np.sort(order[cut])).any() for cut in cuts) and (order != back).any():
            return target, order, a, b, c


split.script(
    "hidden",
    """
    def _refuses(why, target, order, *sizes):
        refuses("three_way_split", lambda: three_way_split(np.array(target), np.array(order), *sizes), why)


    _refuses(T("too few rows must give a ValueError: a slice past the end is short and says nothing.", "行数不够应抛出 ValueError：切片越界只会变短，不会报错。"), [0, 1, 0, 1, 0, 1, 0], [5, 2, 0, 3, 4, 1, 6], 2, 2, 4)
    _refuses(T("a row that occurs twice in order can be in training and test: that must give a ValueError.", "order 里出现两次的行可能同时在训练和测试中：应抛出 ValueError。"), [0, 1, 0, 1, 0, 1], [0, 1, 2, 3, 0, 1], 2, 2, 2)
    _refuses(T("a part without one of the classes must give a ValueError: a file sorted by class and not shuffled looks like that.", "某一份缺少一个类别时应抛出 ValueError：按类别排序又没有打乱的文件就是这样。"), [0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5], 2, 2, 2)
    for _order in ([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 3, 4, 5, 6, 8], [0, 1, 2, 3, 4, 5, 6, 6], [0, 1, 2, 3, 4, 5, 5, 8], [0, 1, 2, 3, 4, 5, 6, 7, 0]):
        _refuses(T("an order that does not hold each row of the file once must give a ValueError, whatever is wrong with it.", "order 没有恰好包含文件的每一行各一次时，不论错在哪里，都应抛出 ValueError。"), [0, 1, 0, 1, 0, 1, 0, 1], _order, 2, 2, 2)
    check("three_way_split (one class in all)", three_way_split(np.zeros(6, dtype=int), np.arange(6), 2, 2, 2), {"train": [0, 1], "validation": [2, 3], "test": [4, 5]})
    _labels = [0, 5, 9] * 4
    for _order, _last, _why in (
        ([0, 1, 3, 2, 4, 6, 5, 7, 9, 8, 10, 11], 9, T("the training rows lack a class: that must give a ValueError.", "训练行缺少一个类别：应抛出 ValueError。")),
        ([0, 1, 2, 3, 4, 6, 5, 7, 9, 8, 10, 11], 9, T("the validation rows lack a class: that must give a ValueError.", "验证行缺少一个类别：应抛出 ValueError。")),
        ([0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 10, 11], 9, T("the test rows lack a class: that must give a ValueError.", "测试行缺少一个类别：应抛出 ValueError。")),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 7, T("a class of the file stands in unused rows only: that must give a ValueError.", "文件中的某个类别只出现在未使用的行里：应抛出 ValueError。")),
    ):
        _refuses(_why, [*_labels[:11], _last], _order, 3, 3, 3)
    check("three_way_split (three classes)", three_way_split(np.array(_labels), np.arange(12), 3, 3, 3), {"train": [0, 1, 2], "validation": [3, 4, 5], "test": [6, 7, 8]})
    """,
)
split.swap(
    "too few rows must give a ValueError: a slice past the end is short and says nothing.",
    "行数不够应抛出 ValueError：切片越界只会变短，不会报错。",
    ("if b + n_test > len(target)", "if False"),
    fails="hidden",
)
split.swap(
    "a row that occurs twice in order can be in training and test: that must give a ValueError.",
    "order 里出现两次的行可能同时在训练和测试中：应抛出 ValueError。",
    ("if sorted(order) != list(range(len(target)))", "if False"),
    fails="hidden",
)
split.swap(
    "a part without one of the classes must give a ValueError: a file sorted by class and not shuffled looks like that.",
    "某一份缺少一个类别时应抛出 ValueError：按类别排序又没有打乱的文件就是这样。",
    ("if set(target[rows]) != set(target)", "if False"),
    fails="hidden",
)
split.swap(
    "The rows are in the order of the file. Take them from `order`, or a file sorted by class stays sorted.",
    "行是按文件顺序取的。应从 `order` 里取，否则按类别排序的文件仍是有序的。",
    ("    a, b = n_train", "    order = np.arange(len(target))\n    a, b = n_train"),
)
split.swap(
    "The validation rows were taken out of the training rows. The parts must share no row.",
    "验证行是从训练行里取的。三份不能有共同的行。",
    ("order[a:b]", "order[:n_validation]"),
)
split.swap(
    "The slice of the validation rows ends at a number of rows. It must end at the place n_train + n_validation.",
    "验证切片的终点写成了行数。终点应是位置 n_train + n_validation。",
    ("order[a:b]", "order[a:n_validation]"),
    ("if set(target[rows]) != set(target)", "if False"),
)
split.swap(
    "Validation and test start at the same place, so rows that chose something are tested on. Start the test rows after the validation rows.",
    "验证和测试从同一位置开始，用来做选择的行又拿来测试。测试行应接在验证行之后。",
    ("order[b : b + n_test]", "order[a : a + n_test]"),
)
split.swap(
    "The test rows were taken from the end of `order`. They follow the validation rows.",
    "测试行取自 `order` 的末尾。它们应紧接在验证行之后。",
    ("order[b : b + n_test]", "order[-n_test:]"),
)
split.swap(
    "The rows of each part were sorted. Leave them in the order of `order`.",
    "每一份里的行都排了序。请保持 `order` 中的顺序。",
    ("return parts", "return {name: np.sort(rows) for name, rows in parts.items()}"),
)
split.swap(
    "These are the labels of the rows. The rows themselves are asked, as indices.",
    "这是各行的标签。要求的是行本身，即索引。",
    ("return parts", "return {name: target[rows] for name, rows in parts.items()}"),
)
split.swap(
    "`order` was read the wrong way round: order[0] is the row that comes first, not the place of row 0.",
    "`order` 读反了：order[0] 是排在最前的那一行，而不是第 0 行的位置。",
    ("parts = {", "order = np.argsort(order)\n    parts = {"),
)


@split.wrong("These are masks of True and False. Indices are asked.", "这是真假掩码。要求的是索引。")
def _(target, order, n_train, n_validation, n_test):
    place = np.argsort(order)
    b = n_train + n_validation
    return {"train": place < n_train, "validation": (place >= n_train) & (place < b), "test": (place >= b) & (place < b + n_test)}


@split.right
def _(target, order, n_train, n_validation, n_test):
    rows, labels = [int(row) for row in order], [int(label) for label in target]
    if len(rows) != len(labels) or set(rows) != set(range(len(labels))) or n_train + n_validation + n_test > len(rows):
        raise ValueError
    out = {}
    for name, count in (("train", n_train), ("validation", n_validation), ("test", n_test)):
        out[name], rows = rows[:count], rows[count:]
        if len({labels[row] for row in out[name]}) < len(set(labels)):
            raise ValueError(name)
    return out


@split.right
def _(target, order, n_train, n_validation, n_test):
    target, order = torch.as_tensor(target), torch.as_tensor(order)
    used = n_train + n_validation + n_test
    if used > len(target) or not torch.equal(order.sort().values, torch.arange(len(target))):
        raise ValueError
    train, validation, test = order[:used].split([n_train, n_validation, n_test])
    for part in (train, validation, test):
        if len(target[part].unique()) != len(target.unique()):
            raise ValueError
    return {"train": train, "validation": validation, "test": test}


@split.right
def _(target, order, n_train, n_validation, n_test):
    used = n_train + n_validation + n_test
    if used > len(target) or len(order) != len(target) or (np.bincount(order, minlength=len(target)) != 1).any():
        raise ValueError
    pieces = np.split(order[:used], [n_train, n_train + n_validation])
    if any(np.setdiff1d(target, target[piece]).size for piece in pieces):
        raise ValueError
    return dict(zip(("train", "validation", "test"), pieces))


# ------------------------------------------------------------------ the teacher sees the student's view

views = nb.code(
    "same-images",
    "implement",
    (0.5, 0.5),
    title=T("Both see the same view", "两者看同一张图"),
    text=T(
        """
        With random augmentation the student sees another view of each image in each epoch. The teacher must answer to **that** view: a target cached for the original image belongs to another input.

        Here the augmentation moves an image to the right, by `shifts[e, n]` columns in epoch e for image n. Columns that leave on the right come back on the left; a shift is at least 0 and below the width.
        The teacher is linear: its logits are the flattened view times `teacher_w`. Return what the student sees in each epoch and the soft targets for it.

        Small example: one image of one row, (1, 0), moved by 0 in epoch 0 and by 1 in epoch 1; `teacher_w` = [[0, 0], [2.197, 0]], T = 2.
        Epoch 0: view (1, 0), logits (0, 0), target (0.5, 0.5). Epoch 1: view (0, 1), logits (2.197, 0), divided by T (1.099, 0), target (0.75, 0.25), since exp(1.099) = 3.""",
        """
        使用随机增强时，学生模型每一轮看到的都是图像的另一种样子。教师模型必须对**这张**图作答：为原图缓存的目标属于另一个输入。

        这里的增强把图像向右移：第 e 轮、第 n 张图移动 `shifts[e, n]` 列。从右边移出的列回到左边；移动量不小于 0，且小于图像宽度。
        教师模型是线性的：把图展平后乘以 `teacher_w` 就是 logits。请返回学生模型每一轮看到的输入，以及相应的软目标。

        小例子：一张只有一行的图 (1, 0)，第 0 轮移动 0 列，第 1 轮移动 1 列；`teacher_w` = [[0, 0], [2.197, 0]]，T = 2。
        第 0 轮：图 (1, 0)，logits (0, 0)，目标 (0.5, 0.5)。第 1 轮：图 (0, 1)，logits (2.197, 0)，除以 T 得 (1.099, 0)；因为 exp(1.099) = 3，目标是 (0.75, 0.25)。""",
    ),
    hints=(
        T(
            "Make the view first. Then use that one array twice: for the student and for the teacher.",
            "先得到移动后的图，再把同一个数组用两次：给学生模型，也给教师模型。",
        ),
        T(
            r"$\text{target}=\mathrm{softmax}(\text{view}\cdot W/T)$ over the classes, for each epoch and image.",
            r"$\text{目标}=\mathrm{softmax}(\text{移动后的图}\cdot W/T)$，对类别做，每轮每张图一次。",
        ),
        T("`view = np.roll(x[n], shifts[e, n], axis=1).reshape(-1)`", "`view = np.roll(x[n], shifts[e, n], axis=1).reshape(-1)`"),
    ),
)


@views.solution
def same_images(x, shifts, teacher_w, temperature):
    """What the student sees in each epoch, and the teacher's soft targets for just that.

    x: array (N, H, W), images; shifts: int array (E, N), columns to the right, in epoch e for image n;
    teacher_w: array (H * W, C): logits = flattened image @ teacher_w; temperature: float > 0.
    Returns {"inputs": (E, N, H * W), "targets": (E, N, C)}: the moved images, flattened row by row,
    and distributions over the classes. same_images([[[1, 0]]], [[0], [1]], [[0, 0], [2.197, 0]], 2) has
    the inputs [[[1, 0]], [[0, 1]]] and the targets [[[0.5, 0.5]], [[0.75, 0.25]]].
    """
    inputs, targets = [], []
    for moves in shifts:
        seen = [np.roll(image, move, axis=1) for image, move in zip(x, moves)]
        seen = np.stack(seen).reshape(len(x), -1)
        z = seen @ teacher_w / temperature
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        inputs.append(seen)
        targets.append(p)
    return {"inputs": np.array(inputs), "targets": np.array(targets)}


views.example("example", "例子", np.array([[[1.0, 0.0]]]), np.array([[0], [1]]), np.array([[0.0, 0.0], [2.197, 0.0]]), 2.0)


@views.draw
def _(rng):
    shifts = np.array([[1, 2], [2, 1]])[:, rng.permutation(2)]
    temperature = float(rng.choice([1.5, 2.0, 2.5, 3.0, 4.0]))
    return rng.uniform(0, 1, (2, 2, 3)).round(2), shifts, rng.normal(0, 2, (6, 3)).round(2), temperature


views.swap(
    "The targets were made for the original images. Run the teacher on the moved ones, which the student sees.",
    "目标是为原图计算的。教师模型应看移动后的图，也就是学生模型看到的图。",
    ("seen @ teacher_w", "x.reshape(len(x), -1) @ teacher_w"),
)
views.swap(
    "The targets of the first epoch were used in all epochs. Each epoch has other views, and so other targets.",
    "各轮都用了第一轮的目标。每轮看到的图不同，目标也不同。",
    ("np.array(targets)", "np.array([targets[0]] * len(targets))"),
)
views.swap(
    "The student gets the original images, the teacher the moved ones. Return the moved images as inputs.",
    "学生模型看的是原图，教师模型看的是移动后的图。inputs 应是移动后的图。",
    ("inputs.append(seen)", "inputs.append(x.reshape(len(x), -1))"),
)
views.swap(
    "Neither of the two sees a moved image. Move each image by its shift first.",
    "两者看的都是没有移动的图。请先按位移移动每张图。",
    ("np.roll(image, move, axis=1)", "image"),
)
views.swap(
    "The rows were moved. An image has the shape (H, W), so its columns are axis 1.",
    "移动的是行。一张图的形状是 (H, W)，列是轴 1。",
    ("move, axis=1", "move, axis=0"),
)
views.swap(
    "The images were moved to the left. A shift of 1 moves them to the right.",
    "图像向左移了。位移 1 表示向右。",
    ("np.roll(image, move", "np.roll(image, -move"),
)
views.swap(
    "The flattened image was moved, so pixels cross from one row into the next. Move along the columns only.",
    "移动的是展平后的图，像素会跨到下一行。请只沿列移动。",
    ("np.roll(image, move, axis=1)", "np.roll(image, move)"),
)
views.swap(
    "All images of an epoch were moved alike. Each image has its own shift.",
    "同一轮里所有图的位移相同。每张图有自己的位移。",
    ("np.roll(image, move", "np.roll(image, moves[0]"),
)
views.swap("The temperature is missing: divide the teacher's logits by it.", "缺了温度：教师模型的 logits 要除以温度。", (" / temperature", ""))
views.swap("The logits were multiplied by the temperature. Divide by it.", "logits 乘了温度。应当除以温度。", (" / temperature", " * temperature"))
views.swap(
    "These are logits. A soft target is a distribution: take the softmax.",
    "这是 logits。软目标是概率分布：请做 softmax。",
    ("targets.append(p)", "targets.append(z)"),
)
views.swap(
    "The softmax ran over the images. It runs over the classes, so that each row sums to 1.",
    "softmax 对图像做了。应对类别做，使每行之和为 1。",
    ("axis=1, keepdims", "axis=0, keepdims"),
)
views.swap(
    "Only the most likely class was kept. The soft target is the whole distribution.",
    "只保留了最可能的类别。软目标是整个分布。",
    ("targets.append(p)", "targets.append(np.eye(p.shape[1])[p.argmax(axis=1)])"),
)


@views.right
def _(x, shifts, teacher_w, temperature):
    x, w = torch.as_tensor(x).float(), torch.as_tensor(teacher_w).float()
    columns = (torch.arange(x.shape[2]) - torch.as_tensor(shifts)[:, :, None]) % x.shape[2]
    columns = columns[:, :, None, :].expand(-1, -1, x.shape[1], -1)
    seen = x.expand(len(shifts), *x.shape).gather(3, columns).flatten(2)
    return {"inputs": seen, "targets": torch.softmax(seen @ w / temperature, dim=-1)}


@views.right
def _(x, shifts, teacher_w, temperature):
    out = {"inputs": [], "targets": []}
    for moves in torch.as_tensor(shifts).tolist():
        seen = torch.stack([torch.roll(torch.as_tensor(image), m, dims=-1).flatten() for image, m in zip(x, moves)])
        out["inputs"].append(seen)
        out["targets"].append((seen @ torch.as_tensor(teacher_w)).div(temperature).log_softmax(1).exp())
    return {key: torch.stack(value) for key, value in out.items()}


@views.right
def _(x, shifts, teacher_w, temperature):
    n, h, w = x.shape
    inputs = np.zeros((len(shifts), n, h, w))
    for e in range(len(shifts)):
        for i in range(n):
            for column in range(w):
                inputs[e, i, :, (column + shifts[e, i]) % w] = x[i, :, column]
    inputs = inputs.reshape(len(shifts), n, h * w)
    odds = np.exp(np.einsum("end,dc->enc", inputs, teacher_w) / temperature)
    return {"inputs": inputs, "targets": odds / odds.sum(-1)[..., None]}


# ------------------------------------------------------------------ the loop

BROKEN = """```python
def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.requires_grad_(), b0.requires_grad_()
    optimizer = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        p = torch.softmax(teacher_logits / temperature, dim=1)
        q = torch.softmax((x @ w + b) / temperature, dim=1)
        soft = F.kl_div(p.log(), q)
        hard = F.cross_entropy(q, target)
        loss = (1 - alpha) * soft + alpha * hard
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return {"w": w, "b": b, "losses": losses}
```"""


def around(before, after):
    """The broken program between two texts."""
    return "\n\n".join([textwrap.dedent(before).strip(), BROKEN, textwrap.dedent(after).strip()])


loop = nb.code(
    "distill-loop",
    "repair",
    (1, 2),
    title=T("Repair the loop", "修好训练循环"),
    text=T(
        around(
            r"""
            This program distils into a linear student with logits `x @ w + b`. It runs without an error and has **eight** faults.
            Write the function anew: in each step all rows, the loss $(1-\alpha)\,\mathrm{CE}+\alpha\,T^2\,\mathrm{KL}(p\,\|\,q)$ as means over the rows, and one step of plain gradient descent.
            $p$ and $q$ are teacher and student at temperature $T$; the cross-entropy with the labels reads the student at $T=1$.""",
            r"""
            Four faults lie in the loss, one in how its parts are weighted, one in the loop, one in what is kept of each step, one in what happens to the caller's `w0` and `b0`. The last two do not show in the numbers: the tests look at the other six.

            Small example: one row $x=1$ of class 0, two classes, `w0` and `b0` zero, one step with `lr` 0.4, $T=4$, $\alpha=0.75$. The teacher's logits $(4.394, 0)$ give $p=(0.75, 0.25)$; the student has $q=(0.5, 0.5)$.
            The loss is $0.25\cdot 0.6931+0.75\cdot 16\cdot 0.1308=1.743$. The gradient at the first logit is $0.25\cdot(0.5-1)+0.75\cdot 4\cdot(0.5-0.75)=-0.875$, so `w` and `b` become $(0.35, -0.35)$.""",
        ),
        around(
            r"""
            这个程序把知识蒸馏到线性学生模型，其 logits 为 `x @ w + b`。它能运行，不报错，却有**八**处错误。
            请重写这个函数：每一步用全部行，损失为 $(1-\alpha)\,\mathrm{CE}+\alpha\,T^2\,\mathrm{KL}(p\,\|\,q)$，两项都对行取平均，然后走一步普通的梯度下降。
            $p$ 与 $q$ 是温度 $T$ 下的教师模型与学生模型；与标签的交叉熵在 $T=1$ 下读取学生模型。""",
            r"""
            四处错误在损失里，一处在两项的权重上，一处在循环里，一处在每一步所保存的内容上，还有一处在对调用者传入的 `w0` 和 `b0` 的处理上。最后两处不影响数值：测试只看其余六处。

            小例子：一行 $x=1$，类别为 0，共两类；`w0` 和 `b0` 为零；`lr` 为 0.4，$T=4$，$\alpha=0.75$，走一步。教师模型的 logits $(4.394, 0)$ 给出 $p=(0.75, 0.25)$；学生模型为 $q=(0.5, 0.5)$。
            损失为 $0.25\cdot 0.6931+0.75\cdot 16\cdot 0.1308=1.743$。第一个 logit 处的梯度为 $0.25\cdot(0.5-1)+0.75\cdot 4\cdot(0.5-0.75)=-0.875$，所以 `w` 和 `b` 变为 $(0.35, -0.35)$。""",
        ),
    ),
    hints=(
        T(
            "Go through it line by line and ask of each function: does it want logits, probabilities or log-probabilities, and over what does it average?",
            "逐行看，对每个函数都问：它要的是 logits、概率还是对数概率？它对什么取平均？",
        ),
        T(
            r"`F.kl_div(log q, p, reduction='batchmean')` is $\mathrm{KL}(p\,\|\,q)$. Gradients add up until they are set to zero. The list needs numbers.",
            r"`F.kl_div(log q, p, reduction='batchmean')` 才是 $\mathrm{KL}(p\,\|\,q)$。梯度会累加，直到清零为止。列表里应放数。",
        ),
        T(
            "`w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()`",
            "`w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()`",
        ),
    ),
)


@loop.solution
def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    """Distil into a linear student, logits x @ w + b, by plain gradient descent (SGD without momentum).

    x: float64 tensor (N, D), each step uses all rows; target: int64 tensor (N,); teacher_logits: (N, C);
    w0: (D, C) and b0: (C,), the start; steps: int >= 0; lr: learning rate; temperature: float > 0;
    alpha: weight of the soft term, which includes T^2.
    Returns {"w": (D, C), "b": (C,), "losses": list of `steps` numbers}: each loss is the one before its step,
    and none of them holds a graph. The arguments stay as they are.
    With steps = 0 the answer is {"w": w0, "b": b0, "losses": []}.
    """
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    optimizer = torch.optim.SGD([w, b], lr=lr)
    p = torch.softmax(teacher_logits / temperature, dim=1)
    losses = []
    for _ in range(steps):
        s = x @ w + b
        log_q = torch.log_softmax(s / temperature, dim=1)
        soft = temperature**2 * F.kl_div(log_q, p, reduction="batchmean")
        hard = F.cross_entropy(s, target)
        loss = alpha * soft + (1 - alpha) * hard
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


def float64(rows):
    return torch.tensor(rows, dtype=torch.float64)


loop.example(
    "example", "例子", float64([[1.0]]), torch.tensor([0]), float64([[4.394, 0.0]]), float64([[0.0, 0.0]]), float64([0.0, 0.0]), 1, 0.4, 4.0, 0.75
)

loop.example(
    "no step",
    "一步也不走",
    float64([[1.0, -0.5]]),
    torch.tensor([1]),
    float64([[4.394, 0.0]]),
    float64([[0.3, 0.0], [0.1, -0.2]]),
    float64([0.5, 0.0]),
    0,
    0.4,
    4.0,
    0.75,
)


@loop.draw
def _(rng):
    n, d, c = 4, 2, 3

    def tensor(scale, *shape):
        return torch.tensor(rng.normal(0, scale, shape).round(2), dtype=torch.float64)

    target = torch.tensor([0, 1, 2, int(rng.integers(0, 3))])
    temperature, alpha = float(rng.choice([2.0, 2.5, 3.0, 4.0])), float(rng.choice([0.3, 0.35, 0.7, 0.8]))
    return tensor(1.0, n, d), target, tensor(3.0, n, c), tensor(1.0, d, c), tensor(0.5, c), 3, 0.3, temperature, alpha


loop.swap(
    "The KL is the wrong way round: KL(teacher || student) is F.kl_div(log q, p).",
    "KL 的方向反了：KL（教师 || 学生）应写成 F.kl_div(log q, p)。",
    ("F.kl_div(log_q, p,", "F.kl_div(p.log(), log_q.exp(),"),
)
loop.swap(
    "The KL was averaged over rows and classes. reduction='batchmean' averages over rows only.",
    "KL 对行和类别都取了平均。reduction='batchmean' 只对行取平均。",
    ('"batchmean"', '"mean"'),
)
loop.swap("T^2 is missing on the soft term.", "软目标项缺了 T^2。", ("temperature**2 * ", ""))
loop.swap(
    "The cross-entropy with the labels got probabilities at T and took their softmax. It wants the student's logits.",
    "与标签的交叉熵得到的是 T 下的概率，又做了一次 softmax。它要的是学生模型的 logits。",
    ("F.cross_entropy(s, target)", "F.cross_entropy(log_q.exp(), target)"),
)
loop.swap(
    "alpha weights the soft term: the two weights are exchanged.",
    "alpha 是软目标项的权重：两个权重弄反了。",
    ("alpha * soft + (1 - alpha) * hard", "(1 - alpha) * soft + alpha * hard"),
)
loop.swap(
    "Gradients of earlier steps are still there. Set them to zero before each backward().",
    "前几步的梯度还在。每次 backward() 之前要清零。",
    ("        optimizer.zero_grad()\n", ""),
)
# others
loop.swap(
    "The cross-entropy with the labels reads the student at T. It belongs to T = 1.",
    "与标签的交叉熵在 T 下读取学生模型。应取 T = 1。",
    ("F.cross_entropy(s, target)", "F.cross_entropy(s / temperature, target)"),
)
loop.swap(
    "The cross-entropy with the labels got probabilities and took their softmax. It wants the student's logits.",
    "与标签的交叉熵得到的是概率，又做了一次 softmax。它要的是学生模型的 logits。",
    ("F.cross_entropy(s, target)", "F.cross_entropy(torch.softmax(s, dim=1), target)"),
)
loop.swap(
    "Raw logits of the teacher stand as target of the cross-entropy. Take their softmax at T.",
    "交叉熵的目标用了教师模型未经 softmax 的 logits。请在 T 下做 softmax。",
    ('F.kl_div(log_q, p, reduction="batchmean")', "F.cross_entropy(s / temperature, teacher_logits)"),
)
loop.swap(
    "The teacher is not softened: divide both sets of logits by T.",
    "教师模型没有软化：两组 logits 都要除以 T。",
    ("teacher_logits / temperature", "teacher_logits"),
)
loop.swap(
    "The student is not softened in the soft term: divide both sets of logits by T.",
    "软目标项里学生模型没有软化：两组 logits 都要除以 T。",
    ("log_softmax(s / temperature", "log_softmax(s"),
)
loop.swap(
    "The soft term is a cross-entropy: the steps are right, but the losses contain the teacher's entropy. Take the KL.",
    "软目标项是交叉熵：每一步没有错，但损失里多了教师模型的熵。请用 KL。",
    ('F.kl_div(log_q, p, reduction="batchmean")', "F.cross_entropy(s / temperature, p)"),
)
loop.swap(
    "The factor T^2 stands on the whole loss. It belongs to the soft term only.",
    "T^2 乘到了整个损失上。它只属于软目标项。",
    ("(1 - alpha) * hard", "(1 - alpha) * temperature**2 * hard"),
)
loop.swap(
    "The labels are not used. Their term has the weight 1 - alpha.", "没有用到标签。它那一项的权重是 1 - alpha。", (" + (1 - alpha) * hard", "")
)
loop.swap("The bias is not trained. Give w and b to the optimiser.", "偏置没有训练。请把 w 和 b 都交给优化器。", ("SGD([w, b]", "SGD([w]"))
loop.swap(
    "That is Adam. Plain gradient descent is asked: w - lr * gradient.",
    "这是 Adam。要求的是普通的梯度下降：w - lr * 梯度。",
    ("torch.optim.SGD", "torch.optim.Adam"),
)


@loop.wrong(
    "The loss was taken after the step. Keep the loss from which the step was computed.", "损失是走完这一步之后算的。应记录用来计算这一步的损失。"
)
def _(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.clone().requires_grad_(), b0.clone().requires_grad_()
    p = torch.softmax(teacher_logits / temperature, dim=1)

    def current():
        s = x @ w + b
        soft = temperature**2 * F.kl_div(torch.log_softmax(s / temperature, dim=1), p, reduction="batchmean")
        return alpha * soft + (1 - alpha) * F.cross_entropy(s, target)

    optimizer, losses = torch.optim.SGD([w, b], lr=lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        current().backward()
        optimizer.step()
        losses.append(current().item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


@loop.right
def _(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    x, z, w, b = (np.array(v, dtype=float) for v in (x, teacher_logits, w0, b0))
    y = np.eye(z.shape[1])[np.asarray(target)]

    def softmax(v):
        e = np.exp(v - v.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    p, losses = softmax(z / temperature), []
    for _ in range(steps):
        s = x @ w + b
        q, q1 = softmax(s / temperature), softmax(s)
        losses.append(alpha * temperature**2 * (p * np.log(p / q)).sum(1).mean() - (1 - alpha) * (y * np.log(q1)).sum(1).mean())
        gradient = (alpha * temperature * (q - p) + (1 - alpha) * (q1 - y)) / len(x)
        w, b = w - lr * x.T @ gradient, b - lr * gradient.sum(0)
    return {"w": w, "b": b, "losses": losses}


@loop.right
def _(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    student = torch.nn.Linear(*w0.shape)
    with torch.no_grad():
        student.weight.copy_(w0.T)
        student.bias.copy_(b0)
    x, losses = x.float(), []
    optimizer = torch.optim.SGD(student.parameters(), lr=lr)
    for _ in range(steps):
        s = student(x)
        p, log_q = F.softmax(teacher_logits.float() / temperature, 1), F.log_softmax(s / temperature, 1)
        soft = (torch.special.entr(p).sum(1) + (p * log_q).sum(1)).neg().mean()
        loss = alpha * temperature**2 * soft + (1 - alpha) * F.nll_loss(F.log_softmax(s, 1), target)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {"w": student.weight.T, "b": student.bias, "losses": losses}


@loop.right
def _(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b, losses = w0, b0, []
    log_p = F.log_softmax(teacher_logits / temperature, dim=1)
    for _ in range(steps):
        w, b = w.detach().requires_grad_(), b.detach().requires_grad_()
        s = torch.addmm(b, x, w)
        kl = F.kl_div(F.log_softmax(s / temperature, dim=1), log_p, reduction="sum", log_target=True) / len(x)
        loss = torch.lerp(F.cross_entropy(s, target), temperature**2 * kl, alpha)
        dw, db = torch.autograd.grad(loss, (w, b))
        losses.append(loss.detach())
        w, b = w - lr * dw, b - lr * db
    return {"w": w.detach(), "b": b.detach(), "losses": torch.stack(losses).tolist() if losses else []}


# ------------------------------------------------------------------ early stopping

best = nb.code(
    "best-weights",
    "implement",
    (0.5, 1, 0.5),
    title=T("When to stop, and which weights to keep", "何时停止，保留哪一轮的权重"),
    text=T(
        """
        After each epoch the loop measures the NLL of the student on the validation split. It keeps the weights of the best epoch so far and stops when `patience` epochs in a row were no better than that.
        Better means strictly lower. Epochs are counted from 0.

        `validation_nll` holds the values that the epochs have or would have. Return the epoch whose weights are kept and the last epoch that runs.
        NaN in an epoch that runs is an error: raise a `ValueError`. Epochs after the stop are never run, whatever their values.

        Small example: 0.90, 0.70, 0.80, 0.75, 0.60 with patience 2. Epoch 1 is the best; epochs 2 and 3 are no better, so training stops after epoch 3. The 0.60 is never seen: `{"best": 1, "stopped": 3}`.""",
        """
        每一轮之后，训练循环在验证集上测学生模型的 NLL。它保留到目前为止最好一轮的权重；如果连续 `patience` 轮都不比它好，就停止。
        更好指严格更低。轮数从 0 数起。

        `validation_nll` 是各轮的值（停止后的轮是假如运行会得到的值）。请返回保留哪一轮的权重，以及最后运行的是哪一轮。
        运行到的轮里出现 NaN 是错误：请抛出 `ValueError`。停止之后的轮不会运行，值是什么都无所谓。

        小例子：0.90、0.70、0.80、0.75、0.60，patience 为 2。第 1 轮最好；第 2、3 轮都不比它好，所以第 3 轮后停止。0.60 永远看不到：`{"best": 1, "stopped": 3}`。""",
    ),
    hints=(
        T("Go through the list as the loop does, one epoch after the other, and never look ahead.", "像训练循环那样一轮一轮地走，不要往后看。"),
        T("Stop as soon as epoch − best epoch ≥ patience.", "一旦 当前轮 − 最好的轮 ≥ patience，就停止。"),
        T("`best, lowest = 0, float('inf')`", "`best, lowest = 0, float('inf')`"),
    ),
    draws=(2, 4),
)


@best.solution
def best_weights(validation_nll, patience):
    """Which epoch's weights are kept, and which epoch is the last one.

    validation_nll: list of floats, one for each epoch that could be run, at least one; patience: int >= 1.
    Returns {"best": int, "stopped": int}, counted from 0. The first of equal values is the best.
    ValueError if an epoch that runs has NaN.
    best_weights([0.9, 0.7, 0.8, 0.75, 0.6], 2) is {"best": 1, "stopped": 3}.
    """
    best, lowest = 0, float("inf")
    for epoch, nll in enumerate(validation_nll):
        if nll != nll:
            raise ValueError("validation NLL is NaN")
        if nll < lowest:
            best, lowest = epoch, nll
        if epoch - best >= patience:
            break
    return {"best": best, "stopped": epoch}


best.example("example", "例子", [0.90, 0.70, 0.80, 0.75, 0.60], 2)


@best.draw
def _(rng):
    patience = int(rng.integers(2, 4))

    def near(low, high):
        return round(float(rng.uniform(low, high)), 2)

    def above(count, low, high):  # epochs that fall, and are all above the best so far
        return sorted({round(low + (high - low) * (i + 0.2 + 0.6 * float(rng.random())) / count, 2) for i in range(count)}, reverse=True)

    head = [near(1.55, 1.7), near(1.2, 1.3), *above(patience - 1, 1.32, 1.5), near(0.9, 1.0)]
    return [*head, *above(patience + 1, 1.02, 1.5), near(0.5, 0.6), near(0.62, 0.7)], patience


best.edge("equal values", "相等的值", [0.8, 0.6, 0.6, 0.6, 0.5], 2)
best.edge("never better", "再也没有变好", [0.5, 0.6, 0.9, 0.8, 0.4], 3)
best.edge("patience not used up", "patience 没有用完", [0.9, 0.8, 0.85, 0.82], 5)
best.edge("better in the last epoch", "最后一轮最好", [0.9, 0.95, 0.8], 2)
best.edge("one epoch", "只有一轮", [0.7], 1)
best.edge("a step of 0.00001 counts", "0.00001 的进步也算", [0.5, 0.49999, 0.49998, 0.49997, 0.6], 1)
best.edge("infinity", "无穷大", [float("inf"), 0.9, float("inf"), 0.95], 2)
best.edge("infinity at first", "开头是无穷大", [float("inf"), float("inf"), 0.8, 0.9], 2)
best.edge("large values", "很大的值", [150.0, 140.0, 145.0], 2)
best.edge("NaN after the stop", "停止之后的 NaN", [0.5, 0.6, 0.7, float("nan"), 0.4], 2)
best.script(
    "edge",
    """
    for _nll in ([0.9, nan, 0.8, 0.7], [nan, 0.5], [0.5, 0.6, 0.7, nan]):
        refuses("best_weights", lambda: best_weights(_nll, 3), T("NaN must give a ValueError. Each comparison with NaN is False, so the loop goes on as if nothing had happened.", "NaN 应抛出 ValueError。与 NaN 的比较总是 False，循环会若无其事地继续。"))
    """,
)
best.swap(
    "NaN must give a ValueError. Each comparison with NaN is False, so the loop goes on as if nothing had happened.",
    "NaN 应抛出 ValueError。与 NaN 的比较总是 False，循环会若无其事地继续。",
    ("if nll != nll", "if False"),
    fails="edge",
)
best.swap(
    "Epochs after the stop are never run: a NaN there is no error.",
    "停止之后的轮不会运行：那里的 NaN 不是错误。",
    ("    best, lowest = 0", "    if np.isnan(validation_nll).any():\n        raise ValueError\n    best, lowest = 0"),
    fails="edge",
)
best.swap(
    "An equal value counted as better. Of equal values the first is the best.",
    "相等也算成了更好。值相等时，第一个最好。",
    ("nll < lowest", "nll <= lowest"),
    fails="edge",
)
best.swap(
    "The best epoch was computed as stopped - patience. That is wrong where the list ends first; remember the epoch itself.",
    "最好的轮是用 stopped - patience 算的。列表先用完时就不对；应直接记住那一轮。",
    ('{"best": best', '{"best": epoch - patience'),
    fails="edge",
)
best.swap(
    "The lowest value of the whole list was taken. The loop stops before it gets there.",
    "取的是整个列表的最小值。循环在那之前就停了。",
    ("epoch - best >= patience", "False"),
)
best.swap(
    "One epoch too many: stop when the number of epochs without progress has reached patience, not when it exceeds it.",
    "多跑了一轮：没有变好的轮数达到 patience 时就停，而不是超过它时才停。",
    (">= patience", "> patience"),
)
best.swap(
    "One epoch too few: patience epochs without progress are allowed.",
    "少跑了一轮：允许有 patience 轮没有变好。",
    (">= patience", ">= patience - 1 and epoch > best"),
)
best.swap(
    "The weights of the last epoch were kept. Keep those of the best one.",
    "保留的是最后一轮的权重。应保留最好一轮的权重。",
    ('{"best": best', '{"best": epoch'),
)
best.swap(
    "The best epoch was given twice. The loop goes on for patience epochs after it.",
    "两处都给了最好的轮。最好一轮之后，循环还会再走 patience 轮。",
    ('"stopped": epoch', '"stopped": best'),
)
best.swap(
    "Epochs were counted from 1. Count them from 0.",
    "轮数从 1 数起了。应从 0 数起。",
    ('{"best": best, "stopped": epoch}', '{"best": best + 1, "stopped": epoch + 1}'),
)
best.swap(
    "Those are the values of the epochs. Their numbers are asked.",
    "这是那些轮的 NLL 值。要求的是轮的编号。",
    ('{"best": best, "stopped": epoch}', '{"best": lowest, "stopped": nll}'),
)
best.swap(
    "The highest value was kept, as for an accuracy. A low NLL is good.",
    "保留了最大值，像准确率那样。NLL 是越低越好。",
    ('float("inf")', '-float("inf")'),
    ("nll < lowest", "nll > lowest"),
)


@best.wrong("Each epoch was compared with the one before. Compare it with the best so far.", "每一轮是与上一轮比较的。应与到目前为止最好的一轮比较。")
def _(validation_nll, patience):
    best, bad = 0, 0
    for epoch, nll in enumerate(validation_nll):
        if nll != nll:
            raise ValueError
        if epoch == 0 or nll < validation_nll[epoch - 1]:
            best, bad = epoch, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return {"best": best, "stopped": epoch}


@best.wrong(
    "The counter is not set back to 0 after progress. The epochs without progress must come in a row.",
    "有进步之后计数器没有归零。没有变好的轮必须是连续的。",
    fails="visible hidden",
)
def _(validation_nll, patience):
    best, bad = 0, 0
    for epoch, nll in enumerate(validation_nll):
        if nll != nll:
            raise ValueError
        if epoch == 0 or nll < validation_nll[best]:
            best = epoch
        else:
            bad += 1
        if bad >= patience:
            break
    return {"best": best, "stopped": epoch}


@best.right
def _(validation_nll, patience):
    lowest, since, kept = None, 0, None
    for i in range(len(validation_nll)):
        value = float(validation_nll[i])
        if np.isnan(value):
            raise ValueError(i)
        if lowest is None or value < lowest:
            lowest, since, kept = value, 0, i
        else:
            since += 1
            if since == patience:
                return {"best": kept, "stopped": i}
    return {"best": kept, "stopped": len(validation_nll) - 1}


@best.right
def _(validation_nll, patience):
    nll = np.array(validation_nll, dtype=float)
    last = len(nll) - 1
    for end in range(len(nll)):
        if np.isnan(nll[end]):
            raise ValueError("NaN")
        if end - nll[: end + 1].argmin() >= patience:
            last = end
            break
    return {"best": nll[: last + 1].argmin(), "stopped": last}


@best.right
def _(validation_nll, patience):
    nll = torch.tensor(validation_nll, dtype=torch.float64)
    until = nll.isnan().nonzero().flatten().tolist()
    clean = nll[: until[0]] if until else nll
    if len(clean) == 0:
        raise ValueError
    lowest = clean.cummin(0).values
    better = torch.cat([torch.tensor([True]), clean[1:] < lowest[:-1]])
    record = torch.where(better, torch.arange(len(clean)), 0).cummax(0).values
    over = (torch.arange(len(clean)) - record >= patience).nonzero().flatten()
    if len(over) == 0 and until:
        raise ValueError
    stop = int(over[0]) if len(over) else len(clean) - 1
    return {"best": record[stop], "stopped": stop}


# ------------------------------------------------------------------ symptoms

BUGS = {
    "blank": T("the teacher is untrained: its file was not loaded", "教师模型没有训练：文件没有加载"),
    "mode": T("the teacher was left in train mode", "教师模型留在 train 模式"),
    "joint": T("the optimiser holds the teacher's weights as well", "优化器里也有教师模型的权重"),
    "raw": T("the target is raw logits of the teacher", "目标是教师模型未经 softmax 的 logits"),
    "graph": T("`no_grad` is missing for the teacher; the optimiser holds the student only", "教师模型漏了 `no_grad`；优化器里只有学生模型"),
    "order": T("the file is sorted by class and was split in that order", "文件按类别排序，又按原顺序划分"),
}


def log(key, en, zh, right, **messages):
    """A log and the bug behind it; messages of the other bugs."""
    return Item(key, T(en, zh), right, {code: (text, None if code == right else messages[code]) for code, text in BUGS.items()})


nb.choice(
    "symptoms",
    "read",
    0.5,
    [
        log(
            "a",
            "Cross-entropy with the teacher's targets, batch 1, 2, 5, 10, 20 of the first epoch: −43.8, −56.3, −138, −422, −1,862.",
            "与教师目标的交叉熵，第一轮的第 1、2、5、10、20 批：−43.8、−56.3、−138、−422、−1,862。",
            "raw",
            order=T(
                "The order of the rows does not bring a cross-entropy below 0. What must the target be for that?",
                "行的顺序不会让交叉熵低于 0。目标是什么样时才会这样？",
            ),
            joint=T(
                "A teacher that moves along can bring the loss to its floor, not below it.", "教师模型一起变，可以让损失到达下限，却不会低于下限。"
            ),
            mode=T("Noise in the targets keeps them distributions, and the loss at 0 or above.", "目标里有噪声，仍是概率分布，损失不会低于 0。"),
            graph=T("A missing no_grad costs memory and time. The value of the loss stays the same.", "漏掉 no_grad 浪费内存和时间，损失的值不变。"),
            blank=T(
                "Softmax of an untrained teacher still sums to 1, so the loss stays at 0 or above.",
                "未训练的教师模型经过 softmax 后和仍为 1，损失不会低于 0。",
            ),
        ),
        log(
            "b",
            "Accuracy after training: teacher 99.5 % on training rows and 0.0 % on validation rows; student 97.8 % and 0.0 %.",
            "训练后的准确率：教师模型在训练行上 99.5%，在验证行上 0.0%；学生模型分别为 97.8% 和 0.0%。",
            "order",
            raw=T("Raw logits as target spoil the answers on the training rows too.", "以未经 softmax 的 logits 为目标，训练行上的答案也会变坏。"),
            joint=T("Two models that collapse onto one answer are bad on the training rows too.", "两个模型塌缩成同一个答案时，训练行上也不好。"),
            mode=T(
                "Train mode costs a teacher some points, on old rows and on new ones. It does not take all of them.",
                "train 模式只会让教师模型低几个百分点，新旧行都是；不会让新的行一个都答不对。",
            ),
            graph=T("A missing no_grad changes no prediction.", "漏掉 no_grad 不改变任何预测。"),
            blank=T(
                "A teacher with 99.5 % on its training rows is trained. And guessing gives 10 %, not 0 %.",
                "训练行上有 99.5% 的教师模型是训练过的。而且随机猜也有 10%，不会是 0%。",
            ),
        ),
        log(
            "c",
            "No label term. Step 1, 5, 10, 20, 60: KL 2.24, 0.90, 0.29, 0.04, 0.00; validation accuracy of the teacher 92.7, 41.5, 14.4, 10.3, 10.3 %, before step 1: 96.6 %.",
            "没有硬标签项。第 1、5、10、20、60 步：KL 为 2.24、0.90、0.29、0.04、0.00；教师模型的验证准确率为 92.7%、41.5%、14.4%、10.3%、10.3%，第 1 步之前为 96.6%。",
            "joint",
            raw=T(
                "With raw logits as target the loss passes its floor. Here it ends at the floor of the KL, 0.",
                "以未经 softmax 的 logits 为目标，损失会穿过下限。这里停在 KL 的下限 0。",
            ),
            order=T(
                "The order of the rows does not change the accuracy of a frozen teacher from step to step.",
                "行的顺序不会让冻结的教师模型的准确率一步步变化。",
            ),
            mode=T(
                "Train mode costs a teacher some points at once. It does not lead to chance within 20 steps.",
                "train 模式一开始就会让教师模型低几个百分点，不会在 20 步内降到随机猜的水平。",
            ),
            graph=T(
                "The teacher then collects gradients, but no step is taken with them: its accuracy stays.",
                "这时教师模型会积累梯度，但没有谁用这些梯度更新它：准确率不变。",
            ),
            blank=T("Before step 1 the teacher has 96.6 %: it was trained.", "第 1 步之前教师模型有 96.6%：它是训练过的。"),
        ),
        log(
            "d",
            "The same validation images in the same order, epoch 1, 2, 3: the teacher calls one of them a 4 (0.92), a 9 (0.49), a 4 (0.90) and has an accuracy of 89.9, 91.4, 90.0 %; the sum of its weights is the same each time. Its own test script said 95.4 % for these images.",
            "同样的验证图像、同样的顺序，第 1、2、3 轮：教师模型把其中一张判为 4（0.92）、9（0.49）、4（0.90），准确率为 89.9%、91.4%、90.0%；三次的权重之和相同。它自己的测试脚本对这些图像给出 95.4%。",
            "mode",
            raw=T("What the student gets as target does not change the answers of the teacher.", "学生模型得到什么目标，不影响教师模型的答案。"),
            order=T(
                "The images and their order are the same in all three epochs. What else can change an answer?",
                "三轮的图像和顺序都相同。还有什么能改变答案？",
            ),
            joint=T("The sum of its weights stays the same: no optimiser moves them.", "权重之和不变：没有优化器在更新它们。"),
            graph=T("Without no_grad the same numbers come out; only a graph is kept besides.", "没有 no_grad，算出的数也一样，只是多留了计算图。"),
            blank=T(
                "An untrained teacher has about 10 %, and gives the same answer each time.", "未训练的教师模型大约只有 10%，而且每次答案都一样。"
            ),
        ),
    ],
    title=T("Four logs", "四份日志"),
    text=T(
        """
        Four excerpts of logs, from short runs with the book's digits (ten classes, equally frequent). Which bug explains each best? A code may be used once, more than once or never.

        Worked example: "One step keeps 3.5 MB for the backward pass where it kept 0.11 MB; all predictions are as before" is `'graph'`.""",
        """
        四份日志节选，来自用本书数字图像做的短实验（十个类别，数量相同）。每一份最可能是哪个错误？一个选项可以用一次、多次或不用。

        例：“一步为反向传播保留 3.5 MB，原来是 0.11 MB；所有预测都不变”是 `'graph'`。""",
    ),
    hints=(
        T(
            "Ask of each log: what could not happen in a right loop? Then which bug can do just that?",
            "对每份日志都问：正确的循环里什么不会发生？哪个错误恰好能造成它？",
        ),
        T(
            "Floors: 0 for the KL, the target's entropy for the cross-entropy. Chance: 10 %. A frozen teacher in eval mode always gives the same answer.",
            "下限：KL 为 0，交叉熵为目标的熵。随机猜：10%。冻结并处于 eval 模式的教师模型，每次答案都相同。",
        ),
        T(
            'Start with `"b"`: how can a model be worse than guessing on rows it has not seen?',
            '先看 `"b"`：在没见过的行上，模型怎么会比随机猜还差？',
        ),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        r"""
        A colleague distils with $\alpha=0.9$ and $T=4$ and shows means over five seeds. Student on labels: accuracy 91.8 %, calibration error 3 %. Distilled student: accuracy 91.3 %, calibration error 72 %. The loss fell smoothly; the report of the teacher's training says 97 %.
        He says: "Distillation hardly changes the accuracy here, and the calibration I can mend afterwards with temperature scaling."

        In five to eight sentences: what do you suspect, why does the accuracy hide it, and what do you check before anything else?""",
        r"""
        一位同事用 $\alpha=0.9$、$T=4$ 做知识蒸馏，给出五个随机种子的平均。硬标签训练的学生模型：准确率 91.8%，校准误差 3%。蒸馏的学生模型：准确率 91.3%，校准误差 72%。损失平稳下降；教师模型的训练报告写着 97%。
        他说：“蒸馏在这里几乎不改变准确率，校准问题我事后用温度缩放就能修好。”

        请用五到八句话回答：你怀疑什么？为什么从准确率看不出来？你首先检查什么？""",
    ),
    rubric=T(
        "Half a point: the teacher that made the targets knows nothing (untrained, file not loaded), and the hard term keeps the accuracy while the soft term pulls all probabilities together. Half a point: the teacher's validation accuracy is computed by the code that makes the targets, not read from a report; then the run is repeated with the right teacher beside the same student on labels. Temperature scaling alone transfers nothing.",
        "0.5 分：产生目标的教师模型什么也不懂（未训练、文件没有加载）；硬标签项保住了准确率，而软目标项把所有概率拉平。0.5 分：用产生目标的那段代码计算教师模型的验证准确率，而不是看报告；然后换上正确的教师模型重做，并与硬标签训练的同一学生模型比较。只做温度缩放，什么知识也没有传过来。",
    ),
    model=T(
        """
        I suspect that the teacher in this loop is not the trained one, for instance because its file was never loaded. An untrained network has logits near zero, and softened they are nearly the uniform distribution.
        The tenth of the loss that comes from the labels still decides which class is largest, so the accuracy is about that of the student on labels. The other nine tenths pull all probabilities together, and that is the calibration error of 72 %. A falling loss shows only that the student follows its teacher.
        First I compute the teacher's validation accuracy with the very code that makes the targets; the 97 % of the report may belong to another network. If it is about 10 %, I load the weights, make that check an assert, and repeat the comparison with the student on labels over the same seeds. Temperature scaling might mend the calibration number, but nothing would have been learned from the teacher.""",
        """
        我怀疑循环里的教师模型不是训练好的那一个，比如文件根本没有加载。未训练的网络 logits 接近零，软化之后几乎是均匀分布。
        损失里来自标签的那十分之一仍然决定哪个类别最大，所以准确率与硬标签训练的学生模型差不多。另外十分之九把所有概率拉平，校准误差 72% 就是这样来的。损失下降只说明学生模型在跟随教师模型。
        我首先用产生目标的那段代码计算教师模型的验证准确率；报告里的 97% 可能属于另一个网络。如果结果在 10% 左右，就加载权重，把这项检查写成断言，再用相同的随机种子重做与硬标签训练的学生模型的比较。温度缩放也许能让校准误差变小，但学生模型仍然没有从教师模型那里学到任何东西。""",
    ),
    samples=[
        (
            1,
            T(
                "The teacher was probably random. The labels have a tenth of the weight and that is enough for the argmax; the rest makes the outputs flat. Evaluate the teacher inside the training script on validation data, fix the loading, run again against the labels-only student.",
                "教师模型大概是随机的。标签只占十分之一的权重，但足以决定 argmax；其余部分让输出变平。在训练脚本里用验证集评估教师模型，修好加载，再与只用标签的学生模型比较。",
            ),
        ),
        (
            0.5,
            T(
                "Perhaps the weights of the teacher were not loaded, so its targets are uniform and the student is underconfident, while the labels keep the accuracy. I would lower alpha and fit a temperature on validation data.",
                "也许教师模型的权重没有加载，目标是均匀的，学生模型信心不足，而标签保住了准确率。我会把 alpha 调小，并在验证集上拟合温度。",
            ),
        ),
        (
            0,
            T(
                "T = 4 is too high, which makes the student underconfident. He should search T and alpha on the validation split and use more seeds.",
                "T = 4 太高，所以学生模型信心不足。应在验证集上搜索 T 和 alpha，并增加随机种子。",
            ),
        ),
    ],
    hints=(
        T(
            "Nine tenths of the loss come from the teacher. Which teacher would ruin the confidence and leave the argmax alone?",
            "损失的十分之九来自教师模型。什么样的教师模型会毁掉置信度，却不影响 argmax？",
        ),
        T(
            "A report says what was once measured. An assert in the loop says what the targets are now.",
            "报告说的是当时测到的结果。循环里的断言说的才是现在的目标。",
        ),
        T('"I suspect that the teacher which made the targets ..."', "“我怀疑产生目标的教师模型……”"),
    ),
)
