"""Graded notebook 05."""

import numpy as np

from tasks.form import Notebook, T, Value, judged

nb = Notebook(
    slug="05-generalisation",
    chapter="understanding/generalisation",
    title=T("Why distillation can improve generalisation", "蒸馏为什么可能改善泛化"),
    about=T("On the chapter *Why distillation can improve generalisation*.", "对应章节《蒸馏为什么可能改善泛化》。"),
    minutes=60,
)

# ------------------------------------------------------------------ a control: the mean of the class

means = nb.code(
    "class-means",
    "implement",
    (0.5, 1, 0.5),
    title=T("A control: the mean target of the class", "对照：类平均软目标"),
    text=T(
        """
        Does the single image's own soft target matter, or only what is typical of its class? A control takes the image away:
        all images with the same **label** get the mean of their soft targets, also those which the teacher takes for another class.
        The teacher's logits are softened with the temperature first, then the **probabilities** are averaged. Give each row the mean of its class.
        A class may have no image at all.

        Small example, $T=2$: the logits $(2.1972, 0)$ and $(0, 0)$ give the soft targets $(0.75, 0.25)$ and $(0.5, 0.5)$, since $2.1972=2\\ln 3$.
        Both images have label 0, so both rows become $(0.625, 0.375)$.""",
        """
        起作用的是单张图像自己的软目标，还是只要知道这个类别的典型样子就够了？可以设一个对照，去掉单张图像的信息：
        **标签**相同的图像都换成它们软目标的均值，教师模型判成别的类别的图像也算在内。
        先用温度软化教师模型的 logits，再对**概率**求平均。每一行换成所属类别的均值。
        有的类别可能一张图像也没有。

        小例子，$T=2$：logits $(2.1972, 0)$ 与 $(0, 0)$ 的软目标是 $(0.75, 0.25)$ 与 $(0.5, 0.5)$，因为 $2.1972=2\\ln 3$。
        两张图像的标签都是 0，所以两行都变成 $(0.625, 0.375)$。""",
    ),
    hints=(
        T("Two steps: one row at a time, then one class at a time.", "分两步：先逐行，再逐类。"),
        T(
            r"Row $i$ of the result: $\frac{1}{n_k}\sum_{m:\,y_m=k}\mathrm{softmax}(t_m/T)$ with $k=y_i$ and $n_k$ images of label $k$.",
            r"结果的第 $i$ 行：$\frac{1}{n_k}\sum_{m:\,y_m=k}\mathrm{softmax}(t_m/T)$，其中 $k=y_i$，$n_k$ 是标签为 $k$ 的图像数。",
        ),
        T(
            "`z = teacher_logits / temperature`, and subtract the largest value of each row before `exp`.",
            "`z = teacher_logits / temperature`，取 `exp` 之前先减去每行的最大值。",
        ),
    ),
)


@means.solution
def class_means(teacher_logits, target, temperature):
    """The soft target of each image, replaced by the mean soft target of its class.

    teacher_logits: float array (N, C); target: int array (N,) of labels; temperature: float > 0.
    Returns probabilities (N, C); rows of the same label are equal.
    class_means([[2.1972, 0.0], [0.0, 0.0]], [0, 0], 2.0) is [[0.625, 0.375], [0.625, 0.375]].
    """
    z = teacher_logits / temperature
    p = np.exp(z - z.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    out = np.zeros_like(p)
    for k in np.unique(target):
        out[target == k] = p[target == k].mean(0)
    return out


means.example("example", "例子", np.array([[2.1972, 0.0], [0.0, 0.0]]), np.array([0, 0]), 2.0)
means.edge(
    "logits around 2,000 and −2,000",
    "2000 和 −2000 上下的 logits",
    np.array([[2003.1, 2000.4, 2001.2], [-2000.7, -1998.4, -1999.8], [2000.5, 2002.9, 2001.1], [2001.7, 2000.3, 2002.4]]),
    np.array([0, 0, 2, 2]),
    2.0,
)
means.edge(
    "a single image of its class",
    "某一类只有一张图像",
    np.array([[2.3, 0.4, -0.8, 0.1], [-0.6, 1.9, 0.7, 0.2], [0.5, 2.4, -1.1, 1.3], [0.9, -0.3, 1.2, 2.6]]),
    np.array([1, 1, 1, 3]),
    3.0,
)


@means.draw
def _(rng):
    c = int(rng.integers(4, 6))
    while True:
        target = rng.permutation(rng.choice(np.arange(1, c), 2, replace=False)[[0, 0, 0, 1, 1]])
        logits = (2 * rng.standard_normal((5, c)) + 2 * np.eye(c)[target]).round(2)
        top = logits.argmax(1)
        same = (top[:, None] == top) != (target[:, None] == target)
        if same.any() and (top == target).any() and (np.sort(logits, 1)[:, -1] - np.sort(logits, 1)[:, -2]).min() > 0.1:
            return logits, target, round(float(rng.uniform(1.5, 4)), 1)


means.swap(
    "The logits were averaged, and the softmax taken afterwards: that is a geometric mean. Average the probabilities.",
    "先对 logits 求平均再取 softmax，得到的是几何平均。应对概率求平均。",
    ("p[target == k].mean(0)", "(lambda m: np.exp(m - m.max()) / np.exp(m - m.max()).sum())(z[target == k].mean(0))"),
)
means.swap(
    "The images were grouped by the teacher's answer: the label decides, also where the teacher is wrong.",
    "按教师模型的答案分了组：应按标签分组，教师模型答错的图像也一样。",
    ("np.unique(target)", "np.unique(p.argmax(1))"),
    ("target == k", "p.argmax(1) == k"),
)
means.swap(
    "One mean for all images: each class has a mean of its own.",
    "所有图像用了同一个均值：每个类别应有自己的均值。",
    ("p[target == k].mean(0)", "p.mean(0)"),
)
means.swap(
    "Each row needs its own maximum: with the largest of all, a row far below it becomes 0 / 0.",
    "每一行要减去自己的最大值：如果减去全体的最大值，远低于它的行会变成 0 / 0。",
    ("z.max(1, keepdims=True)", "z.max()"),
    fails="edge",
)
means.swap("Summed and not divided: the rows must sum to 1.", "只求了和，没有除：每行之和应为 1。", (".mean(0)", ".sum(0)"))
means.swap(
    "Divided by the number of all images: divide by the number of images of the class.",
    "除以了全部图像数：应除以该类别的图像数。",
    (".mean(0)", ".sum(0) / len(target)"),
)
means.swap(
    "The temperature is missing: these are the means at T = 1.",
    "没有用温度：这是 T = 1 时的均值。",
    ("teacher_logits / temperature", "teacher_logits / 1.0"),
)
means.swap(
    "The logits were multiplied by the temperature: divide by it.",
    "logits 乘了温度：应当除以温度。",
    ("teacher_logits / temperature", "teacher_logits * temperature"),
)
means.swap(
    "The softmax ran over the images: the classes are the last axis.",
    "softmax 沿图像那一维做了：类别是最后一维。",
    ("z.max(1, keepdims=True)", "z.max(0, keepdims=True)"),
    ("p.sum(1, keepdims=True)", "p.sum(0, keepdims=True)"),
)
means.swap(
    "The median was taken: its rows need not sum to 1. Take the mean.",
    "取的是中位数，每行之和未必为 1。应取均值。",
    ("p[target == k].mean(0)", "np.median(p[target == k], axis=0)"),
)
means.swap(
    "Images that the teacher gets wrong were left out of the mean: they belong to it.",
    "求均值时去掉了教师模型答错的图像：它们也要算进去。",
    ("p[target == k].mean(0)", "p[(target == k) & (p.argmax(1) == k)].mean(0)"),
)
means.swap(
    "The exponential overflowed: subtract the largest logit of each row first.",
    "指数溢出了：先减去每行最大的 logit。",
    ("z - z.max(1, keepdims=True)", "z"),
    fails="edge",
)
means.swap(
    "These are logits again: return the mean probabilities.",
    "又变回了 logits：应返回平均后的概率。",
    ("return out", "return temperature * np.log(out)"),
)


@means.wrong(
    "These are the means, one row a class: give each image the mean of its class.", "这是每个类别一行的均值表：应给每张图像返回其类别的均值。"
)
def _(teacher_logits, target, temperature):
    p = F.softmax(torch.as_tensor(teacher_logits) / temperature, dim=1)
    table = torch.zeros(p.shape[1], p.shape[1], dtype=p.dtype)
    for k in target.tolist():
        table[k] = p[torch.as_tensor(target) == k].mean(0)
    return table


@means.wrong("The image itself was left out: the mean runs over all images of the class.", "把图像自己排除在外了：均值应包括该类别的全部图像。")
def _(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, dim=1).numpy()
    others = (target[:, None] == target) & ~np.eye(len(target), dtype=bool)
    return (others @ p) / others.sum(1, keepdims=True)


@means.wrong(
    "Rows were overwritten while later means still needed them: compute from the untouched probabilities.",
    "后面求均值还要用的行已经改写了：应始终用原来的概率计算。",
)
def _(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, dim=1).numpy().copy()
    for i in range(len(p)):
        p[i] = p[target == target[i]].mean(0)
    return p


@means.right
def _(teacher_logits, target, temperature):
    p = F.softmax(torch.as_tensor(teacher_logits) / temperature, dim=1)
    y = F.one_hot(torch.as_tensor(target), p.shape[1]).to(p.dtype)
    return (y @ (y.T @ p)) / (y @ y.sum(0))[:, None]


@means.right
def _(teacher_logits, target, temperature):
    z = np.asarray(teacher_logits) / temperature
    p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    same = (target[:, None] == target[None]).astype(float)
    return same @ p / same.sum(1)[:, None]


@means.right
def _(teacher_logits, target, temperature):
    rows = []
    for row in teacher_logits:
        top = max(row)
        e = [float(np.exp((v - top) / temperature)) for v in row]
        rows.append([v / sum(e) for v in e])
    out = []
    for k in target:
        mine = [row for row, label in zip(rows, target) if label == k]
        out.append([sum(column) / len(mine) for column in zip(*mine)])
    return out


@means.right
def _(teacher_logits, target, temperature):
    p = torch.log_softmax(torch.tensor(teacher_logits).float() / temperature, dim=-1).exp()
    table = torch.stack([p[torch.tensor(target) == k].mean(0) for k in range(p.shape[1])])
    return table[torch.tensor(target)]


# ------------------------------------------------------------------ a control: the wrong classes shuffled

shuffle = nb.code(
    "permute-wrong",
    "implement",
    (0.5, 1, 0.5),
    title=T("A control: the wrong classes shuffled", "对照：打乱错误类别"),
    text=T(
        """
        Dark knowledge means the relative probabilities of the wrong classes. A control destroys it and keeps all else:
        the probability of the **label** stays, and the others are exchanged among each other, differently for each image.
        (The chapter keeps the class which the teacher holds most likely; here it is the label.)

        The orders are given. Number the wrong classes of an image from 0, in ascending order and without the label. Row $i$ of `order` refers to these positions:
        the wrong class at position $j$ **gets** the probability that the one at position `order[i][j]` had.

        Small example: $p=(0.1, 0.6, 0.25, 0.05)$ with label 1 has the wrong classes 0, 2, 3 with $(0.1, 0.25, 0.05)$. The order $(1, 2, 0)$ turns them into $(0.25, 0.05, 0.1)$.
        The row becomes $(0.25, 0.6, 0.05, 0.1)$.""",
        """
        暗知识指错误类别之间的相对概率。对照实验只破坏它，其余保持不变：
        **标签**类别的概率不动，其他类别的概率互相调换，每张图像的换法不同。
        （本章保留的是教师模型认为最可能的类别，这里保留标签类别。）

        换法已经给出。把一张图像的错误类别按从小到大、跳过标签的次序从 0 起编号，`order` 的第 $i$ 行用的就是这些位置：
        位置 $j$ 的错误类别**得到**位置 `order[i][j]` 原来的概率。

        小例子：$p=(0.1, 0.6, 0.25, 0.05)$，标签为 1，错误类别是 0、2、3，概率为 $(0.1, 0.25, 0.05)$。顺序 $(1, 2, 0)$ 把它变成 $(0.25, 0.05, 0.1)$。
        整行变成 $(0.25, 0.6, 0.05, 0.1)$。""",
    ),
    hints=(
        T("Take one row, list its wrong classes, and work on that shorter list.", "取一行，列出它的错误类别，在这个较短的列表上操作。"),
        T(
            "With the wrong classes $w_0<w_1<\\dots$ of a row: $p'_{w_j}=p_{w_{o_j}}$, and $p'_y=p_y$.",
            "设某一行的错误类别为 $w_0<w_1<\\dots$：$p'_{w_j}=p_{w_{o_j}}$，而 $p'_y=p_y$。",
        ),
        T("`wrong = [j for j in range(C) if j != target[i]]`", "`wrong = [j for j in range(C) if j != target[i]]`"),
    ),
)


@shuffle.solution
def permute_wrong(teacher_probs, target, order):
    """The wrong-class probabilities of each row in another order; the label keeps its own.

    teacher_probs: float array (N, C); target: int array (N,) of labels;
    order: int array (N, C - 1), each row a permutation of 0 .. C - 2.
    Returns (N, C).
    permute_wrong([[0.1, 0.6, 0.25, 0.05]], [1], [[1, 2, 0]]) is [[0.25, 0.6, 0.05, 0.1]].
    """
    out = teacher_probs.copy()
    for i, y in enumerate(target):
        wrong = np.delete(np.arange(out.shape[1]), y)
        out[i, wrong] = teacher_probs[i, wrong[order[i]]]
    return out


shuffle.example("example", "例子", np.array([[0.1, 0.6, 0.25, 0.05]]), np.array([1]), np.array([[1, 2, 0]]))
shuffle.edge(
    "a wrong class as likely as the label",
    "某个错误类别与标签类别概率相同",
    np.array([[0.35, 0.1, 0.05, 0.35, 0.15], [0.2, 0.42, 0.09, 0.08, 0.21], [0.12, 0.04, 0.5, 0.11, 0.23]]),
    np.array([3, 4, 2]),
    np.array([[2, 0, 3, 1], [1, 3, 0, 2], [3, 2, 0, 1]]),
)


@shuffle.draw
def _(rng):
    n, c = 3, 5
    while True:
        p = rng.dirichlet(np.full(c, 2.0), n).round(3)
        top = p.argmax(1)
        target = np.array([top[0], (top[1] + rng.integers(1, c)) % c, rng.integers(0, c)])[rng.permutation(n)]
        gaps = np.diff(np.sort(p, 1), axis=1)
        if gaps.min() > 0.01 and (top != target).any() and (target != c - 1).sum() > 1 and (target != 0).sum() > 1:
            break
    while True:
        order = np.array([rng.permutation(c - 1) for _ in range(n)])
        twice = np.take_along_axis(order, order, 1)
        if (twice != np.arange(c - 1)).any(1).all() and len(np.unique(order, axis=0)) == n:
            return p, target, order


shuffle.swap(
    "The order was applied the other way round: position j gets the value of position order[j], it does not send its own there.",
    "方向反了：位置 j 得到位置 order[j] 的值，而不是把自己的值送过去。",
    ("out[i, wrong] = teacher_probs[i, wrong[order[i]]]", "out[i, wrong[order[i]]] = teacher_probs[i, wrong]"),
)
shuffle.swap(
    "The teacher's most likely class was kept: here the label keeps its probability.",
    "保留的是教师模型最可能的类别：这里应保留标签类别的概率。",
    ("enumerate(target)", "enumerate(teacher_probs.argmax(1))"),
)
shuffle.swap(
    "The order was read as class numbers: it counts the wrong classes only, without the label.",
    "把顺序当成了类别编号：它只给错误类别编号，不含标签。",
    ("wrong[order[i]]", "order[i]"),
)
shuffle.swap(
    "The last class was kept in place of the label: leave out the label of each row.",
    "保留的是最后一个类别：每行应跳过的是它的标签。",
    ("np.delete(np.arange(out.shape[1]), y)", "np.arange(out.shape[1] - 1)"),
)
shuffle.swap(
    "The wrong classes were made equal: that is another control. Here they change places.",
    "把错误类别变得相等了：那是另一个对照。这里只是互相调换。",
    ("teacher_probs[i, wrong[order[i]]]", "teacher_probs[i, wrong].mean()"),
)
shuffle.swap(
    "The wrong classes were sorted by size: use the given order.",
    "错误类别按大小排了序：应使用给定的顺序。",
    ("teacher_probs[i, wrong[order[i]]]", "np.sort(teacher_probs[i, wrong])[::-1]"),
)
shuffle.swap(
    "The wrong classes were reversed: use the given order.",
    "错误类别的次序颠倒了：应使用给定的顺序。",
    ("wrong[order[i]]", "wrong[::-1]"),
)


@shuffle.wrong(
    "The order of the first row was used for all rows: each image has its own.",
    "所有行都用了第一行的顺序：每张图像有自己的顺序。",
)
def _(teacher_probs, target, order):
    out = teacher_probs.copy()
    for i, y in enumerate(target):
        wrong = [j for j in range(out.shape[1]) if j != y]
        out[i, wrong] = teacher_probs[i, wrong][order[0]]
    return out


@shuffle.wrong(
    "Values were read that had been overwritten before: read from the untouched row, write into a copy.",
    "读到了已经改写过的值：应从原来的行读取，写入副本。",
)
def _(teacher_probs, target, order):
    out = teacher_probs.copy()
    for i, y in enumerate(target):
        wrong = [j for j in range(out.shape[1]) if j != y]
        for j in range(len(wrong)):
            out[i, wrong[j]] = out[i, wrong[order[i][j]]]
    return out


@shuffle.wrong("The label's probability was moved to the front: it stays in its own place.", "标签类别的概率挪到了最前面：它应留在原位。")
def _(teacher_probs, target, order):
    rows = []
    for p, y, o in zip(teacher_probs, target, order):
        rows.append([p[y], *np.delete(p, y)[o]])
    return rows


@shuffle.wrong("The label's probability is missing: put it back in its place.", "缺了标签类别的概率：应把它放回原位。")
def _(teacher_probs, target, order):
    return [np.delete(p, y)[o] for p, y, o in zip(teacher_probs, target, order)]


@shuffle.wrong(
    "The label's class was found by its probability: a wrong class can have the same one. Find it by its number.",
    "靠概率值来找标签类别：某个错误类别可能有同样的概率。应按类别编号去找。",
    fails="edge",
)
def _(teacher_probs, target, order):
    rows = []
    for p, y, o in zip(teacher_probs, target, order):
        rest = p.tolist()
        rest.remove(p[y])
        row = [rest[k] for k in o]
        row.insert(y, p[y])
        rows.append(row)
    return rows


@shuffle.right
def _(teacher_probs, target, order):
    rows = []
    for p, y, o in zip(teacher_probs, target, order):
        rest = [v for j, v in enumerate(p) if j != y]
        row = [rest[k] for k in o]
        row.insert(int(y), p[y])
        rows.append(row)
    return rows


@shuffle.right
def _(teacher_probs, target, order):
    p = torch.as_tensor(teacher_probs)
    label = F.one_hot(torch.as_tensor(target), p.shape[1]).bool()
    out = p.clone()
    out[~label] = p[~label].view(len(p), -1).gather(1, torch.as_tensor(order)).flatten()
    return out


@shuffle.right
def _(teacher_probs, target, order):
    c = teacher_probs.shape[1]
    source = np.tile(np.arange(c), (len(target), 1))
    for row, y, o in zip(source, target, order):
        row[np.arange(c) != y] = o + (o >= y)
    return np.take_along_axis(np.asarray(teacher_probs, dtype=np.float32), source, axis=1)


@shuffle.right
def _(teacher_probs, target, order):
    found = np.zeros(teacher_probs.shape)
    for i in range(len(target)):
        # a permutation as a matrix
        matrix = np.eye(len(order[i]))[order[i]]
        matrix = np.insert(np.insert(matrix, target[i], 0, axis=0), target[i], 0, axis=1)
        matrix[target[i], target[i]] = 1
        found[i] = matrix @ teacher_probs[i]
    return found


# ------------------------------------------------------------------ label noise

noise = nb.code(
    "noisy-label",
    "derive",
    (1, 1),
    title=T("What noise does to a label", "噪声如何改变标签"),
    text=T(
        r"""
        A label is one draw from the distribution $p^*$ of the classes given the image, written as a one-hot row. With probability $r$ it is then replaced by a wrong one:
        one of the **other** $C-1$ classes, each equally likely.
        Derive, entry by entry, the mean of the one-hot row that is seen, and its variance (over draw and noise together). Write both as a function.

        The mean is the output of a teacher that knows the distribution of the noisy labels exactly. The variance is what a student pays that sees one draw an image.

        Small example: $p^*=(0.9, 0.1, 0)$ and $r=0.4$. The first class is seen with probability $0.6\cdot 0.9+0.4\cdot 0.1/2=0.56$.
        The mean is $(0.56, 0.24, 0.2)$, the variance $(0.2464, 0.1824, 0.16)$.""",
        r"""
        标签是从“给定图像时类别的分布” $p^*$ 中抽取的一次结果，写成 one-hot 行。然后它以概率 $r$ 换成错误标签：
        从**其余** $C-1$ 个类别中等概率选一个。
        请逐项推导：实际看到的 one-hot 行，均值是多少，方差是多少（抽取与噪声合在一起算）。再把两者写成一个函数。

        如果教师模型完全掌握了带噪标签的分布，输出就是这个均值；每张图像只看一次抽取结果的学生模型，付出的代价就是这个方差。

        小例子：$p^*=(0.9, 0.1, 0)$，$r=0.4$。看到第一个类别的概率是 $0.6\cdot 0.9+0.4\cdot 0.1/2=0.56$。
        均值为 $(0.56, 0.24, 0.2)$，方差为 $(0.2464, 0.1824, 0.16)$。""",
    ),
    hints=(
        T(
            "Class $j$ is seen in two ways: it was drawn and kept, or another class was drawn and turned into it.",
            "看到类别 $j$ 有两条途径：抽到它且没有改动；或者抽到别的类别，又换成了它。",
        ),
        T(
            "Law of total probability for the mean. An entry of the row is 0 or 1, so its square is the entry itself: use that in $E[y_j^2]-E[y_j]^2$.",
            "均值用全概率公式。行中每一项是 0 或 1，平方等于自身：代入 $E[y_j^2]-E[y_j]^2$。",
        ),
        T("`others = 1 - clean_probs`, the probability that some other class was drawn.", "`others = 1 - clean_probs`，即抽到其他类别的概率。"),
    ),
)


@noise.solution
def noisy_label(clean_probs, rate):
    """Mean and variance of the entries of a noisy one-hot label.

    clean_probs: array (N, C), rows sum to 1: distribution of the label before noise;
    rate: float in [0, 1], the probability that the label is replaced by one of the other classes.
    Returns {"mean": (N, C), "variance": (N, C)}. noisy_label([[0.9, 0.1, 0.0]], 0.4) is
    {"mean": [[0.56, 0.24, 0.2]], "variance": [[0.2464, 0.1824, 0.16]]}.
    """
    others = 1 - clean_probs
    mean = (1 - rate) * clean_probs + rate * others / (clean_probs.shape[1] - 1)
    return {"mean": mean, "variance": mean * (1 - mean)}


noise.example("example", "例子", np.array([[0.9, 0.1, 0.0]]), 0.4)


@noise.draw
def _(rng):
    n, c = int(rng.integers(2, 4)), int(rng.integers(4, 6))
    while True:
        p = rng.dirichlet(np.ones(c), n).round(2)
        p[:, -1] = (1 - p[:, :-1].sum(1)).round(2)
        if p.min() > 0.01:
            return p, round(float(rng.uniform(0.15, 0.45)), 2)


noise.swap(
    "The new label was drawn from all classes: it is one of the C - 1 others.",
    "换上的标签是从全部类别中抽的：应是其余 C - 1 个类别之一。",
    ("rate * others / (clean_probs.shape[1] - 1)", "rate / clean_probs.shape[1]"),
)
noise.swap(
    "The class itself cannot be the replacement of itself: only the other classes, 1 - p, turn into it. Rows sum to more than 1.",
    "类别不会换成它自己：只有其他类别（概率 1 - p）才会变成它。这样每行之和大于 1。",
    ("rate * others", "rate"),
)
noise.swap(
    "A replaced label goes to one of C - 1 classes: divide.",
    "换掉的标签落在 C - 1 个类别之一：漏了除法。",
    ("rate * others / (clean_probs.shape[1] - 1)", "rate * others"),
)
noise.swap(
    "Divided by C: there are only C - 1 other classes.", "除以了 C：其他类别只有 C - 1 个。", ("(clean_probs.shape[1] - 1)", "clean_probs.shape[1]")
)
noise.swap(
    "The rate is the probability of a wrong label, not of a kept one.",
    "rate 是换成错误标签的概率，不是保留的概率。",
    ("(1 - rate) * clean_probs + rate * others", "rate * clean_probs + (1 - rate) * others"),
)
noise.swap(
    "That is the variance without noise: take the mean that noise gives.",
    "这是没有噪声时的方差：应当用有噪声时的均值。",
    ("mean * (1 - mean)", "clean_probs * (1 - clean_probs)"),
)
noise.swap(
    "The noise is missing: these are the mean and the variance of a clean label.",
    "漏了噪声：这是干净标签的均值与方差。",
    ("mean = (1 - rate)", "rate = 0\n    mean = (1 - rate)"),
)
noise.swap(
    "That is the standard deviation: the variance is asked.", "这是标准差：题目要的是方差。", ("mean * (1 - mean)", "(mean * (1 - mean)) ** 0.5")
)
noise.swap(
    "That is the mean of the square: subtract the square of the mean.",
    "这是平方的均值：还要减去均值的平方。",
    ('"variance": mean * (1 - mean)', '"variance": mean'),
)
noise.swap(
    "The variances of kept and replaced labels were averaged: the two also differ in their means.",
    "把保留与替换两种情形的方差做了加权平均：两种情形的均值也不同。",
    (
        "mean * (1 - mean)",
        "(1 - rate) * clean_probs * others + rate * (o := others / (clean_probs.shape[1] - 1)) * (1 - o)",
    ),
)
noise.swap(
    "The variance over the classes of a row was taken: asked is the variance of each entry over the draws.",
    "取的是一行中各类别之间的方差：要的是每一项在多次抽取之间的方差。",
    ("mean * (1 - mean)", "mean.var(axis=1)"),
)
noise.swap(
    "The most likely class was taken for the label: the label is a draw from the whole distribution.",
    "把最可能的类别当成了标签：标签是从整个分布中抽取的。",
    ("others = 1 - clean_probs", "clean_probs = np.eye(clean_probs.shape[1])[clean_probs.argmax(1)]\n    others = 1 - clean_probs"),
)
noise.swap(
    "The square of the clean probability was subtracted: subtract the square of the mean.",
    "减去的是干净概率的平方：应减去均值的平方。",
    ("mean * (1 - mean)", "mean - clean_probs**2"),
)


@noise.right
def _(clean_probs, rate):
    c = clean_probs.shape[1]
    change = np.full((c, c), rate / (c - 1))
    np.fill_diagonal(change, 1 - rate)
    seen = clean_probs @ change
    return {"mean": seen, "variance": seen - seen**2}


@noise.right
def _(clean_probs, rate):
    p = torch.as_tensor(clean_probs).float()
    wrong = (1 - p) / (p.shape[-1] - 1)
    mean = torch.lerp(p, wrong, rate)
    # law of total variance
    inside = (1 - rate) * p * (1 - p) + rate * wrong * (1 - wrong)
    between = rate * (1 - rate) * (p - wrong) ** 2
    return {"variance": inside + between, "mean": mean}


@noise.right
def _(clean_probs, rate):
    mean, variance = [], []
    for row in clean_probs:
        m = []
        for j in range(len(row)):
            turned = sum(row[k] for k in range(len(row)) if k != j) / (len(row) - 1)
            m.append((1 - rate) * row[j] + rate * turned)
        mean.append(m)
        variance.append([v * (1 - v) ** 2 + (1 - v) * v**2 for v in m])
    return {"mean": mean, "variance": variance}


# ------------------------------------------------------------------ claims

VERDICTS = {
    "follows": T("follows from the result", "能从结果得出"),
    "open": T("the result cannot tell", "结果说明不了"),
    "refuted": T("the result speaks against it", "与结果矛盾"),
}
claim = judged(VERDICTS)


nb.choice(
    "claims",
    "judge",
    0.5,
    [
        claim(
            "dark",
            'Against labels, the teacher\'s soft targets gain 1.2 ± 0.2 points. Targets with the same confidence, but all wrong classes equal, gain 0.6 ± 0.1. Claim: "The relations between the wrong classes make the whole gain."',
            "与硬标签相比，教师模型的软目标提升 1.2 ± 0.2 个百分点；置信度相同、但错误类别全部相等的目标提升 0.6 ± 0.1。论断：“全部提升都来自错误类别之间的关系。”",
            "refuted",
            follows=(
                "Equal wrong classes tell nothing about relations, and they gain half of it. So the relations cannot make the whole.",
                "错误类别全部相等，就不含任何关系，却已得到一半的提升。所以关系不可能是全部原因。",
            ),
            open=(
                "The second arm was made to tell: it has no relations, and its gain is several standard errors from 0.",
                "第二组正是为此而设：它不含关系，提升却有好几个标准误。",
            ),
        ),
        claim(
            "smoothing",
            'Teacher minus smoothed labels: −0.1 ± 0.3 points of accuracy. Nothing else was measured. Claim: "The teacher does no more for the student than smoothed labels do."',
            "教师模型减标签平滑：准确率 −0.1 ± 0.3 个百分点。没有测别的。论断：“教师模型给学生模型的，不比标签平滑多。”",
            "open",
            follows=(
                "Equal accuracy is not equal effect. NLL, calibration and shifted images were not looked at, and half a point either way is within the error.",
                "准确率相同不等于作用相同。NLL、校准和平移图像都没有看，而且上下半个百分点都在误差之内。",
            ),
            refuted=(
                "The chapter has more measurements that speak against it; this result has one number, and it shows no difference.",
                "本章还有别的测量与之矛盾；但这里的结果只有一个数，而它看不出差别。",
            ),
        ),
        claim(
            "threes",
            'No student sees a 3. After training, the bias for class 3 of each is raised by the amount that gets most validation images right, 3s included, so that a false 3 costs as much as a missed one. Recall of 3s: 2 ± 1 % after training on labels, 84 ± 3 % after training on soft targets. Claim: "The soft targets carried knowledge that the labels of these images do not hold."',
            "两个学生模型都没见过 3。训练后，各自提高类别 3 的偏置，提高多少由验证集决定：使答对的验证图像（包括 3）最多，误判为 3 与漏掉一个 3 代价相同。对 3 的召回率：硬标签训练 2 ± 1%，软目标训练 84 ± 3%。论断：“软目标带来了这些图像的标签里没有的知识。”",
            "follows",
            open=(
                "What could it be instead? Images, network and rule are the same for both students; only the targets differ.",
                "还能是别的原因吗？两个学生模型的图像、网络和规则都相同，只有目标不同。",
            ),
            refuted=(
                "That the bias was raised explains nothing: the student on labels had it raised as well and finds 2 %.",
                "提高偏置解释不了：硬标签训练的学生模型也提高了偏置，只找出 2%。",
            ),
        ),
        claim(
            "noise",
            'Forty per cent of the training labels are wrong, for the teacher as well. Students: 74.3 % on these labels, 91.7 % on the teacher\'s soft targets, 90.7 % on its hard predictions. Claim: "Most of the gain of 17.4 points comes from the softness of the targets."',
            "40% 的训练标签是错的，教师模型用的也是这些标签。学生模型：用这些标签训练 74.3%，用教师模型的软目标 91.7%，用它的硬预测 90.7%。论断：“17.4 个百分点的提升大部分来自目标的‘软’。”",
            "refuted",
            follows=(
                "Hard predictions have no softness and bring 16.4 of the 17.4 points: they are right more often than the labels.",
                "硬预测一点也不“软”，却已带来 17.4 个百分点中的 16.4 个：它们比标签更常正确。",
            ),
            open=(
                "The third student tells: with the same teacher, softness adds 1.0 points to 16.4.",
                "第三个学生模型说明了问题：教师模型相同，“软”只在 16.4 之外再加 1.0 个百分点。",
            ),
        ),
    ],
    title=T("Does the claim follow?", "论断成立吗？"),
    text=T(
        """
        Four results of the chapter, each with a claim. Judge by the **result that is given**, even where you know more from the chapter. A ± is one standard error over five seeds.

        Worked example: "Distilled minus labels: +1.2 ± 0.2 points. Claim: distillation raised the accuracy here." That is `'follows'`: six standard errors.""",
        """
        本章的四个结果，各附一个论断。请**只根据给出的结果**判断，即使你从本章还知道更多。± 是五个随机种子的一个标准误。

        例：“蒸馏减硬标签：+1.2 ± 0.2 个百分点。论断：这里蒸馏提高了准确率。”这是 `'follows'`：差值是标准误的六倍。""",
    ),
    hints=(
        T(
            "For each claim, look for the arm that lacks exactly what the claim holds responsible.",
            "先看论断把功劳归给什么，再找恰好缺少这一点的那一组。",
        ),
        T(
            "If that arm gains too, the claim fails. If there is no such arm, or the claim says more than was measured, nothing can be said.",
            "如果那一组也有提升，论断不成立。如果没有那一组，或论断超出了所测的内容，就无法下结论。",
        ),
        T(
            '`"dark"`: which arm has no relations between the wrong classes, and what does it gain?',
            '`"dark"`：哪一组不含错误类别之间的关系，它提升了多少？',
        ),
    ),
)

# ------------------------------------------------------------------ the table

nb.choice(
    "table",
    "read",
    0.25,
    [
        Value(
            "moved",
            T(
                "Gain by the teacher's soft targets (row 4) over labels on the shifted test images, in points.",
                "在平移的测试图像上，软目标（第 4 行）比硬标签提升多少个百分点。",
            ),
            11.51,
            0.05,
            [
                (1.21, T("That is the gain on the test images that were not shifted.", "那是未平移的测试图像上的提升。")),
                (21.35, T("In points, not in per cent of the student on labels.", "按个百分点算，不是相对硬标签学生模型的百分比。")),
                (6.13, T("That is the lead over smoothed labels.", "那是与标签平滑的差。")),
                (-11.51, T("The sign is turned: distilled minus labels.", "符号反了：应为软目标减硬标签。")),
            ],
        ),
        Value(
            "image",
            T(
                "What the single image's own soft target is worth beyond the mean of its class, on the test images that are not shifted: points, with sign.",
                "在未平移的测试图像上，单张图像自己的软目标比类平均软目标多值多少：个百分点，带符号。",
            ),
            -0.45,
            0.03,
            [
                (0.45, T("The sign is turned: own target minus mean of the class.", "符号反了：应为自己的软目标减类平均软目标。")),
                (4.2, T("That is the difference on shifted images.", "那是平移图像上的差。")),
                (1.21, T("That is the gain over labels.", "那是相对硬标签的提升。")),
                (1.66, T("That is the gain of the class mean over labels.", "那是类平均软目标相对硬标签的提升。")),
            ],
        ),
        Value(
            "lost",
            T(
                "The share of the gain of row 4 over row 2 that is lost when the wrong classes are shuffled, from 0 to 1, on the test images that are not shifted.",
                "打乱错误类别后，第 4 行相对第 2 行的提升损失了多大比例（0 到 1）；看未平移的测试图像。",
            ),
            0.628,
            0.01,
            [
                (0.372, T("That is the share that is left.", "那是剩下的比例。")),
                (0.76, T("That is the loss in points: divide by the gain.", "那是损失的个百分点：还要除以提升。")),
                (62.8, T("From 0 to 1, not in per cent.", "应为 0 到 1 之间的数，不是百分数。")),
                (0.606, T("That is the share on the shifted images.", "那是平移图像上的比例。")),
            ],
        ),
        Value(
            "recovered",
            T(
                "Gap recovered, with sign, where the student trains on shifted images as the teacher does: (distilled − labels) / (teacher − labels).",
                "学生模型与教师模型一样用平移图像训练时，追回的差距比例（带符号）：（蒸馏 − 硬标签）/（教师 − 硬标签）。",
            ),
            -0.261,
            0.01,
            [
                (0.261, T("The sign is turned: the distilled student is behind.", "符号反了：蒸馏的学生模型落后。")),
                (0.247, T("These are the students that train on images as they are.", "那是用未平移图像训练的学生模型。")),
                (
                    -0.162,
                    T("The gap must be that of these two students' control: row 1 minus row 7.", "差距应以同条件的对照计算：第 1 行减第 7 行。"),
                ),
                (0.219, T("The control must train on shifted images as well: row 7, not row 2.", "对照也要用平移图像训练：取第 7 行，不是第 2 行。")),
                (-0.79, T("That is the difference in points: divide by the gap.", "那是个百分点之差：还要除以差距。")),
            ],
        ),
    ],
    title=T("Read the table", "读表"),
    text=T(
        """
        Accuracy in %, mean of five seeds. In the last column the test images are shifted by up to one pixel.

        | row | model | targets | training images | test images | shifted test images |
        |---|---|---|---|---|---|
        | 1 | teacher | labels | shifted | 96.98 | |
        | 2 | student | labels | as they are | 92.09 | 53.90 |
        | 3 | student | smoothed labels | as they are | 93.42 | 59.28 |
        | 4 | student | teacher's soft targets | as they are | 93.30 | 65.41 |
        | 5 | student | mean soft target of the class | as they are | 93.75 | 61.21 |
        | 6 | student | wrong classes shuffled | as they are | 92.54 | 58.44 |
        | 7 | student | labels | shifted | 93.95 | |
        | 8 | student | teacher's soft targets | shifted | 93.16 | |

        Worked example: smoothed labels gain 93.42 − 92.09 = 1.33 points over labels.""",
        """
        准确率（%），五个随机种子的平均。最后一列的测试图像随机平移，至多一个像素。

        | 行 | 模型 | 目标 | 训练图像 | 测试图像 | 平移的测试图像 |
        |---|---|---|---|---|---|
        | 1 | 教师模型 | 硬标签 | 平移 | 96.98 | |
        | 2 | 学生模型 | 硬标签 | 原样 | 92.09 | 53.90 |
        | 3 | 学生模型 | 标签平滑 | 原样 | 93.42 | 59.28 |
        | 4 | 学生模型 | 教师模型的软目标 | 原样 | 93.30 | 65.41 |
        | 5 | 学生模型 | 类平均软目标 | 原样 | 93.75 | 61.21 |
        | 6 | 学生模型 | 打乱错误类别的软目标 | 原样 | 92.54 | 58.44 |
        | 7 | 学生模型 | 硬标签 | 平移 | 93.95 | |
        | 8 | 学生模型 | 教师模型的软目标 | 平移 | 93.16 | |

        例：标签平滑比硬标签提升 93.42 − 92.09 = 1.33 个百分点。""",
    ),
    hints=(
        T(
            "Each question compares two rows that differ in one thing. Name the thing first, then the column.",
            "每道题比较的两行只有一处不同。先说出是哪一处，再选列。",
        ),
        T("Share lost: (row 4 − row 6) / (row 4 − row 2).", "损失的比例：（第 4 行 − 第 6 行）/（第 4 行 − 第 2 行）。"),
        T("`recovered`: the student on labels of the same kind is row 7.", "`recovered`：同条件下用硬标签训练的学生模型是第 7 行。"),
    ),
)

# ------------------------------------------------------------------ in words

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        An interviewer asks about your project: "Your teacher was trained with shifted images, your student without. The distilled student is 1.2 points better than the same student on labels. Why can a teacher help a student to generalise at all? And how would you find out what helped here?"

        Answer in five to eight sentences.""",
        """
        面试官问到你的项目：“教师模型训练时用了平移图像，学生模型没有。蒸馏出的学生模型比用硬标签训练的同一学生模型高 1.2 个百分点。教师模型究竟为什么能帮助学生模型泛化？又怎样查明这里起作用的是什么？”

        请用五到八句话回答。""",
    ),
    rubric=T(
        "Half a point: soft targets can be nearer to the distribution of the classes than one drawn label (less variance), or regularise, or say which classes are alike, **and** the price or the condition is named: the teacher's error is a bias, or it pays when labels are few or noisy. Half a point: the control that matters here, the same student on labels **with the same shifts**, and one more: smoothed labels, hard predictions, altered wrong classes, or paired differences over seeds.",
        "0.5 分：说出软目标可能比抽取一次的标签更接近类别分布（方差更小），或有正则作用，或说明哪些类别相像，**并且**说出代价或条件：教师模型的误差是偏差，或标签少、噪声大时才划算。0.5 分：这里最关键的对照，即同一学生模型用硬标签**加同样的平移**训练；再加一项：标签平滑、硬预测、改动错误类别，或多个随机种子的配对差。",
    ),
    model=T(
        """
        A label is one draw from the distribution of the classes given the image; a good teacher's output is near that distribution itself, so the loss has less variance. The price is a bias, since the teacher's errors come along: it pays when labels are few or noisy and the teacher is near the truth.
        Besides, soft targets regularise, as smoothed labels do, they say which classes are alike, and they carry what the teacher saw and the student did not, here the shifts.
        Each of these is a hypothesis, and each needs a control that has everything but the thing in question. First I would train the same student on labels with the same shifts: if it gains as much, the augmentation suffices as an explanation. Then I would train on smoothed labels, on the teacher's hard predictions, and on soft targets whose wrong classes are made equal or shuffled. All arms get the same images, steps and seeds, and I would report paired differences with their standard errors. Accuracy alone is not enough: NLL, calibration and shifted images can differ where accuracy does not.""",
        """
        标签是从给定图像时的类别分布中抽取的一次结果；好的教师模型的输出接近这个分布本身，所以损失的方差更小。代价是偏差，教师模型的误差会一并传下来：标签少或噪声大、而教师模型接近真实分布时才划算。
        此外，软目标像标签平滑一样有正则作用，能说明哪些类别相像，还带着教师模型见过而学生模型没见过的东西，这里就是平移。
        这些都是假设，每一个都需要一个对照：其他条件齐备，只缺所问的那一项。我会先用硬标签加同样的平移训练同一个学生模型；如果提升一样多，数据增强就足以解释。然后分别用标签平滑、教师模型的硬预测、错误类别变得相等或打乱的软目标来训练。各组用同样的图像、步数和随机种子，报告配对差及其标准误。只看准确率不够：准确率没有差别时，NLL、校准和平移图像上的表现仍可能不同。""",
    ),
    samples=[
        (
            1,
            T(
                "The teacher's probabilities are closer to the true class probabilities than a single label, so there is less noise in the target; but its mistakes are copied too. Here the teacher also had the shifts. So: student on labels with shifts, and student on smoothed labels, five seeds each, paired. If the first one gains 1.2 as well, it was the augmentation.",
                "教师模型的概率比单个标签更接近真实的类别概率，目标里的噪声更小；但它的错误也会抄过来。这里教师模型还用了平移。所以要训练：硬标签加平移的学生模型、标签平滑的学生模型，各五个随机种子，配对比较。如果第一个也提升 1.2，那就是数据增强的作用。",
            ),
        ),
        (
            0.5,
            T(
                "Soft targets contain dark knowledge about similar classes, and that always makes the student better. To check I would give the student the same shifts without a teacher, and I would repeat all with several seeds.",
                "软目标含有关于相似类别的暗知识，这总会让学生模型更好。要验证，我会不用教师模型、给学生模型同样的平移，并用多个随机种子重复。",
            ),
        ),
        (
            0,
            T(
                "The student imitates the features of the bigger teacher and therefore generalises. I would raise the temperature and compare the student with the teacher.",
                "学生模型模仿更大的教师模型的特征，所以泛化更好。我会提高温度，再与教师模型比较。",
            ),
        ),
    ],
    hints=(
        T(
            "Two questions: why it can help in general, and what could have helped in this project.",
            "两个问题：一般为什么有帮助；这个项目里可能是什么在起作用。",
        ),
        T(
            "Labels: no bias, variance from the draw. Teacher: no draw, a bias. And: what had the teacher that the student had not?",
            "硬标签：无偏差，有抽取带来的方差；教师模型：没有抽取，有偏差。还有：教师模型有什么是学生模型没有的？",
        ),
        T('"A label is one draw from ..."', "“标签是从……中抽取的一次结果”"),
    ),
)
