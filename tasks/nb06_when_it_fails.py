"""Graded notebook 06."""

import numpy as np
import torch

from tasks.form import Item, Notebook, T, Value, judged

nb = Notebook(
    slug="06-when-it-fails",
    chapter="understanding/when-it-fails",
    title=T("When distillation fails, and what it costs", "蒸馏何时失败，代价几何"),
    about=T("On the chapter *When distillation fails, and what it costs*.", "对应章节《蒸馏何时失败，代价几何》。"),
    minutes=60,
)

best = nb.code(
    "best-student",
    "derive",
    (0.5, 1, 0.5),
    title=T("How much of the teacher's error is inherited", "教师模型的错误会继承多少"),
    text=T(
        r"""
        For one kind of image the labels follow the distribution $y$ and the teacher gives the probabilities $p$, the same for each such image. The teacher may be wrong about these images.
        A student that can give any distribution $q$ minimises, at $T=1$, the mean loss $\alpha\,\mathrm{CE}(p,q)+(1-\alpha)\,\mathrm{CE}(y,q)$.

        Derive and return three things:

        - `"student"`: the minimiser $q$,
        - `"predicted"`: the class that this student predicts,
        - `"switch"`: the smallest $\alpha$ in $[0,1]$ at which some other class draws level with the most frequent label. Below it the student still predicts that label. If no class does so up to $\alpha=1$, it is infinity.

        Neither $p$ nor $y$ has ties.

        Small example: the images are 9s (class 0), their labels are right, $y=(1,0)$, and the teacher learned with six of ten 9s labelled as 4 (class 1), $p=(0.4,0.6)$. At $\alpha=0.5$ the student is $(0.7,0.3)$, predicts class 0, and the switch is at $1/1.2=0.8333$.""",
        r"""
        某一类图像的标签服从分布 $y$，教师模型对其中每一张都给出概率 $p$。教师模型对这类图像可能是错的。
        学生模型可以给出任意分布 $q$，在 $T=1$ 时最小化平均损失 $\alpha\,\mathrm{CE}(p,q)+(1-\alpha)\,\mathrm{CE}(y,q)$。

        请推导并返回三项：

        - `"student"`：最小化损失的 $q$，
        - `"predicted"`：这个学生模型预测的类别，
        - `"switch"`：$[0,1]$ 中最小的 $\alpha$，此时有另一个类别与最常见的标签持平；$\alpha$ 更小时，学生模型仍预测这个标签。如果直到 $\alpha=1$ 都没有类别追平，返回无穷。

        $p$ 和 $y$ 中都没有并列的值。

        小例子：图像是 9（类别 0），标签正确，$y=(1,0)$；教师模型训练时十个 9 中有六个标成了 4（类别 1），$p=(0.4,0.6)$。$\alpha=0.5$ 时学生模型是 $(0.7,0.3)$，预测类别 0，切换点在 $1/1.2=0.8333$。""",
    ),
    hints=(
        T("Both terms are linear in their targets. Can they be written as one cross-entropy?", "两项对各自的目标都是线性的。能不能写成一个交叉熵？"),
        T(
            r"The probability of each class is a straight line in $\alpha$ from $y_j$ to $p_j$. Let $k$ be the most frequent label: where does the line of class $j$ meet that of class $k$, and for which $j$ does it meet it at all?",
            r"每个类别的概率随 $\alpha$ 沿直线从 $y_j$ 变到 $p_j$。设 $k$ 是最常见的标签：类别 $j$ 的直线在哪里与类别 $k$ 的相交？对哪些 $j$ 才会相交？",
        ),
        T("`k = label_freq.argmax()`", "`k = label_freq.argmax()`"),
    ),
)


@best.solution
def best_student(teacher_probs, label_freq, alpha):
    """The student that minimises alpha * CE(teacher, q) + (1 - alpha) * CE(labels, q), and what it predicts.

    teacher_probs, label_freq: arrays (C,) that sum to 1, without ties; alpha: float in [0, 1].
    Returns {"student": array (C,), "predicted": class as int, "switch": float, perhaps inf}.
    best_student([0.4, 0.6], [1.0, 0.0], 0.5) is {"student": [0.7, 0.3], "predicted": 0, "switch": 0.8333}.
    """
    student = alpha * teacher_probs + (1 - alpha) * label_freq
    k = label_freq.argmax()
    lead = label_freq[k] - label_freq  # at alpha = 0
    behind = teacher_probs - teacher_probs[k]  # at alpha = 1
    rivals = behind > 0
    switch = (lead[rivals] / (lead[rivals] + behind[rivals])).min() if rivals.any() else np.inf
    return {"student": student, "predicted": int(student.argmax()), "switch": float(switch)}


best.example("example", "例子", np.array([0.4, 0.6]), np.array([1.0, 0.0]), 0.5)


@best.draw
def _(rng):
    while True:  # a third class is the first to draw level, and the one that is predicted
        c = int(rng.integers(4, 6))
        p, y = (rng.dirichlet(np.full(c, 1.5)).round(2) + 0.01 for _ in range(2))
        p, y, alpha = (p / p.sum()).round(3), (y / y.sum()).round(3), round(float(rng.uniform(0.2, 0.8)), 2)
        k, t = y.argmax(), p.argmax()
        p[t] += 1 - p.sum()
        y[k] += 1 - y.sum()
        p, y = p.round(3), y.round(3)
        q = np.sort(alpha * p + (1 - alpha) * y)
        mixed = (alpha * p + (1 - alpha) * y).argmax()
        if min(np.diff(np.sort(p)).min(), np.diff(np.sort(y)).min(), q[-1] - q[-2]) < 0.012 or abs(alpha - 0.5) < 0.04:
            continue
        lead, behind = y[k] - y, p - p[k]
        meet = lead[behind > 0] / (lead + behind)[behind > 0]
        beyond = -behind > lead
        if len({k, t, mixed}) < 3 or beyond.any() or (behind > 0).sum() < 2 or abs(meet.min() - 0.5) < 0.04:
            continue
        where = np.flatnonzero(behind > 0)[meet.argmin()]
        if where != t and (np.diff(np.sort(meet)) > 0.02).all():
            return p, y, alpha


best.edge("another class draws level first", "另一个类别先追上", np.array([0.1, 0.22, 0.68]), np.array([0.5, 0.4, 0.1]), 0.3)
best.edge("teacher and labels agree", "教师模型与标签一致", np.array([0.55, 0.12, 0.33]), np.array([0.7, 0.21, 0.09]), 0.6)
best.edge("soft term only", "只有软目标项", np.array([0.1, 0.26, 0.64]), np.array([0.3, 0.62, 0.08]), 1.0)
best.edge("hard term only", "只有硬标签项", np.array([0.1, 0.26, 0.64]), np.array([0.3, 0.62, 0.08]), 0.0)

best.swap(
    "alpha weights the soft term: the two weights are exchanged.",
    "alpha 是软目标项的权重：两个权重弄反了。",
    ("alpha * t", "(1 - alpha) * t"),
    ("+ (1 - alpha) * l", "+ alpha * l"),
)
best.swap(
    "The two targets are averaged without alpha: alpha is the weight of the teacher.",
    "两个目标取了平均，没有用 alpha：alpha 是教师模型的权重。",
    ("alpha * teacher_probs + (1 - alpha) * label_freq", "(teacher_probs + label_freq) / 2"),
)
best.swap(
    "Only the most frequent label was used: the mean over the labels keeps their frequencies.",
    "只用了最常见的标签：对标签取平均应保留它们的频率。",
    ("(1 - alpha) * label_freq\n", "(1 - alpha) * np.eye(len(label_freq))[label_freq.argmax()]\n"),
)
best.swap(
    "Only the teacher's most likely class was used: the soft term keeps all of its probabilities.",
    "只用了教师模型最可能的类别：软目标项保留它的全部概率。",
    ("alpha * teacher_probs", "alpha * np.eye(len(teacher_probs))[teacher_probs.argmax()]"),
)
best.swap(
    "This is the weighted geometric mean, the minimiser of the other direction KL(q || target). Cross-entropy has the target first, and its minimiser is the arithmetic mix.",
    "这是加权几何平均，最小化的是另一个方向 KL(q || 目标)。交叉熵中目标在前，其最小值点是算术混合。",
    (
        "student = alpha * teacher_probs + (1 - alpha) * label_freq",
        "student = teacher_probs**alpha * label_freq ** (1 - alpha)\n    student = student / student.sum()",
    ),
)
best.swap(
    "The class was taken from the teacher: take the largest probability of the student.",
    "类别取自教师模型：应取学生模型概率最大的类别。",
    ("int(student.argmax())", "int(teacher_probs.argmax())"),
)
best.swap(
    "The class was taken from the labels: take the largest probability of the student.",
    "类别取自标签：应取学生模型概率最大的类别。",
    ("int(student.argmax())", "int(label_freq.argmax())"),
)
best.swap(
    "Only the teacher's own class was compared: a third class may draw level earlier.",
    "只比较了教师模型偏好的类别：第三个类别可能更早追平。",
    ("rivals = behind > 0", "rivals = (behind > 0) & (teacher_probs == teacher_probs.max())"),
    fails="visible hidden",
)
best.swap(
    "This is where the last class draws level: the prediction changes at the first.",
    "这是最后一个类别追平的地方：预测在第一个类别追平时就变了。",
    (".min()", ".max()"),
)
best.swap(
    "This is the weight of the hard term at the switch: alpha is that of the soft term.",
    "这是切换时硬标签项的权重：alpha 是软目标项的权重。",
    ('"switch": float(switch)', '"switch": 1 - float(switch)'),
)
best.swap(
    "The switch was put at 0.5: it depends on how sure the labels and the teacher are.",
    "切换点直接取了 0.5：它取决于标签和教师模型各有多确定。",
    ('"switch": float(switch)', '"switch": 0.5 if rivals.any() else np.inf'),
)
best.swap(
    "The teacher's probability stands where its lead over the label's class belongs: subtract the teacher's probability for that class.",
    "这里用了教师模型的概率，而应是它对标签类别的领先：要减去教师模型给标签类别的概率。",
    ("(lead[rivals] + behind[rivals])", "(lead[rivals] + teacher_probs[rivals])"),
)
best.swap(
    "Lines that never meet between 0 and 1 were counted: only classes that the teacher finds more likely than the label's class can draw level.",
    "把在 0 到 1 之间不相交的直线也算进去了：只有教师模型认为比标签类别更可能的类别才会追平。",
    ("rivals = behind > 0", "rivals = lead > 0"),
    fails="edge",
)
best.swap(
    "If no class draws level, the switch is infinity: at alpha = 1 the student still predicts the label.",
    "没有类别追平时，切换点是无穷：alpha = 1 时学生模型仍预测该标签。",
    ("else np.inf", "else 1.0"),
    fails="edge",
)


@best.right
def _(teacher_probs, label_freq, alpha):
    p, y = [float(v) for v in teacher_probs], [float(v) for v in label_freq]
    q = [y[j] + alpha * (p[j] - y[j]) for j in range(len(p))]
    k, found = max(range(len(y)), key=y.__getitem__), float("inf")
    for j in range(len(p)):
        if p[j] > p[k]:
            found = min(found, 1 / (1 + (p[j] - p[k]) / (y[k] - y[j])))
    return {"student": q, "predicted": max(range(len(q)), key=q.__getitem__), "switch": found}


@best.right
def _(teacher_probs, label_freq, alpha):
    p, y = torch.as_tensor(teacher_probs), torch.as_tensor(label_freq)
    z = torch.zeros(len(p), dtype=torch.float64, requires_grad=True)
    how = {"tolerance_grad": 1e-12, "tolerance_change": 0, "line_search_fn": "strong_wolfe"}
    solver = torch.optim.LBFGS([z], max_iter=500, **how)

    def closure():
        solver.zero_grad()
        log_q = z.log_softmax(0)
        loss = -(alpha * p * log_q).sum() - ((1 - alpha) * y * log_q).sum()
        loss.backward()
        return loss

    solver.step(closure)
    q, k = z.detach().softmax(0), int(y.argmax())
    low, high = 0.0, 1.0
    if int(p.argmax()) == k:
        low = float("inf")
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if int((middle * p + (1 - middle) * y).argmax()) == k else (low, middle)
    return {"student": q, "predicted": q.argmax(), "switch": low}


@best.right
def _(teacher_probs, label_freq, alpha):
    p, y = np.float32(teacher_probs), np.float32(label_freq)
    k = np.argmax(y)
    with np.errstate(all="ignore"):
        odds = (y[k] - y) / (p - p[k])  # alpha / (1 - alpha) where the lines meet
    odds = np.where(p > p[k], odds, np.inf).min()
    mix = np.average(np.stack([p, y]), axis=0, weights=[alpha, 1 - alpha])
    switch = odds / (1 + odds) if np.isfinite(odds) else np.inf
    return {"student": mix, "predicted": np.argmax(mix), "switch": switch}


patience_task = nb.code(
    "patience",
    "implement",
    (0.5, 1, 0.5),
    title=T("From which budget on it pays", "训练多久才划算"),
    text=T(
        """
        A table holds, for several budgets (rows) and temperatures (columns), the paired difference "distilled minus labels" in points and its standard error. The rows stand in the order in which the runs ended, not by length.
        A difference counts only if it is more than `bound` standard errors away from 0; with five seeds the chapter takes 2.8.

        Return two things:

        - `"sign"`: for each cell 1 if the student is clearly ahead, -1 if it is clearly behind, 0 if it may be chance,
        - `"ahead_from"`: for each temperature the smallest budget from which on the student is clearly ahead, at this budget **and at every longer one of the table**; -1 if there is none.

        Small example, the chapter's column T = 4 with bound 2.8: at 3, 10, 40 epochs -3.3 ± 0.3, -1.5 ± 0.2, 1.2 ± 0.2. The limits are 0.84, 0.56 and 0.56, the signs -1, -1, 1, and the student is ahead from 40 epochs on.""",
        """
        一张表按训练预算（行）和温度（列）给出配对差“蒸馏减硬标签”（个百分点）及其标准误。各行按实验结束的先后排列，而不是按预算长短。
        只有离 0 超过 `bound` 个标准误的差才算数；五个随机种子时，本章取 2.8。

        请返回两项：

        - `"sign"`：每格一个数，学生模型明显领先为 1，明显落后为 -1，可能是偶然为 0，
        - `"ahead_from"`：每个温度一个数，即学生模型从哪个最小的预算起明显领先，而且**在表中所有更长的预算上也都明显领先**；没有则为 -1。

        小例子：本章 T = 4 的一列，bound 为 2.8：3、10、40 轮时为 -3.3 ± 0.3、-1.5 ± 0.2、1.2 ± 0.2。界限是 0.84、0.56、0.56，符号是 -1、-1、1，学生模型从 40 轮起领先。""",
    ),
    hints=(
        T(
            "First turn the numbers into signs. Then walk through one column, and think about where to begin.",
            "先把数变成符号，再沿一列走一遍；想想从哪一端开始。",
        ),
        T(
            "Ahead means difference > bound x standard error, behind means difference < -bound x standard error. From the longest budget go down as long as the sign is 1.",
            "领先：差 > bound × 标准误；落后：差 < -bound × 标准误。从最长的预算往短走，直到符号不再是 1。",
        ),
        T("`order = np.argsort(epochs)[::-1]`", "`order = np.argsort(epochs)[::-1]`"),
    ),
)


@patience_task.solution
def patience(difference, standard_error, epochs, bound):
    """Signs of the cells, and the budget from which on distillation pays.

    difference, standard_error: arrays (E, K) in points, E budgets by K temperatures; standard_error >= 0.
    epochs: list of the E budgets, all different, in any order; bound: float, number of standard errors.
    Returns {"sign": (E, K) of -1, 0, 1, rows as given, "ahead_from": list of K budgets or -1}.
    patience([[-3.3], [-1.5], [1.2]], [[0.3], [0.2], [0.2]], [3, 10, 40], 2.8)
    is {"sign": [[-1], [-1], [1]], "ahead_from": [40]}.
    """
    limit = bound * standard_error
    sign = 1 * (difference > limit) - 1 * (difference < -limit)
    order = np.argsort(epochs)[::-1]
    ahead_from = []
    for column in sign.T:
        found = -1
        for row in order:
            if column[row] != 1:
                break
            found = epochs[row]
        ahead_from.append(found)
    return {"sign": sign, "ahead_from": ahead_from}


patience_task.example("example", "例子", np.array([[-3.3], [-1.5], [1.2]]), np.array([[0.3], [0.2], [0.2]]), [3, 10, 40], 2.8)


@patience_task.draw
def _(rng):
    bound = round(float(rng.uniform(2.6, 3.4)), 1)
    by_length = sorted(int(n) for n in rng.choice([2, 3, 5, 8, 10, 20, 30, 40, 60, 100], 4, replace=False))
    ahead, behind, small = lambda: bound + rng.uniform(0.4, 3), lambda: -bound - rng.uniform(0.4, 3), lambda: rng.uniform(0.2, 0.9)
    one, two, close = lambda: rng.uniform(1.05, 1.12), lambda: rng.uniform(1.6, 1.9), lambda: rng.uniform(2.1, bound - 0.2)
    columns = [
        [ahead(), close(), ahead(), ahead()],  # ahead by luck, then ahead for good
        [behind(), one(), two(), ahead()],
        [behind(), -small(), ahead(), small()],  # never for good
    ]
    ratio = np.array([columns[i] for i in rng.permutation(3)]).T
    error = rng.uniform(0.12, 0.5, (4, 3)).round(2)
    while True:
        order = rng.permutation(4)
        if order[3] != 3 and (order != np.arange(4)[::-1]).any():  # the last row is not the longest budget
            break
    return (ratio * error).round(3)[order], error[order], [by_length[i] for i in order], bound


patience_task.edge(
    "all seeds alike",
    "各随机种子结果相同",
    np.array([[0.0, 0.4], [0.7, -0.2]]),
    np.array([[0.0, 0.0], [0.1, 0.0]]),
    [10, 40],
    2.8,
)
patience_task.edge("exactly at the bound", "恰好等于界限", np.array([[2.0, -2.0], [2.5, -2.5]]), np.array([[1.0, 1.0], [1.0, 1.0]]), [5, 10], 2.0)
patience_task.edge("one budget", "只有一个预算", np.array([[1.5, 0.3, -2.6]]), np.array([[0.3, 0.2, 0.4]]), [25], 2.8)
patience_task.edge(
    "ahead at all budgets", "在所有预算上都领先", np.array([[0.9, -0.2], [0.8, 1.4]]), np.array([[0.2, 0.1], [0.2, 0.6]]), [60, 5], 2.8
)

FIRST_LOOP = "        for row in order:\n            if column[row] != 1:\n                break\n            found = epochs[row]\n"
patience_task.swap(
    "Exactly at the bound is not more than the bound.",
    "恰好等于界限不算超过界限。",
    ("(difference > limit) - 1 * (difference < -limit)", "(difference >= limit) - 1 * (difference <= -limit)"),
    fails="edge",
)
patience_task.swap(
    "The first budget with a clear lead was taken, although the lead is gone at a longer one: go down from the longest budget.",
    "取了第一个明显领先的预算，但在更长的预算上领先又没了：应从最长的预算往短走。",
    (FIRST_LOOP, "        for row in order:\n            if column[row] == 1:\n                found = epochs[row]\n"),
)
patience_task.swap(
    "The rows were taken in the order given: sort them by the number of epochs.",
    "按给定的行序处理了：应先按轮数排序。",
    ("np.argsort(epochs)[::-1]", "range(len(epochs))[::-1]"),
)
patience_task.swap(
    "These are positions of rows: the budget in epochs is asked.",
    "返回的是行的位置：要的是预算的轮数。",
    ("found = epochs[row]", "found = row"),
)
patience_task.swap(
    "These are the longest budgets with a lead: the smallest one from which on it lasts is asked.",
    "返回的是领先的最长预算：要的是从哪个最小的预算起一直领先。",
    ("found = epochs[row]", "found = max(found, epochs[row])"),
)
patience_task.swap(
    "Each difference on the right side of 0 was counted: it must be more than bound standard errors away.",
    "只要差在 0 的某一侧就算了数：它必须离 0 超过 bound 个标准误。",
    ("bound * standard_error", "0 * standard_error"),
)
patience_task.swap(
    "One standard error was taken as the limit: multiply it by bound.",
    "以一个标准误为界：还要乘以 bound。",
    ("bound * standard_error", "standard_error"),
)
patience_task.swap(
    "Two standard errors were taken as the limit: with few seeds that is too few, use bound.",
    "以两个标准误为界：随机种子少时这不够，应使用 bound。",
    ("bound * standard_error", "2 * standard_error"),
)
patience_task.swap(
    "The difference was compared with bound itself: bound counts standard errors, not points.",
    "差直接与 bound 相比：bound 的单位是标准误，不是百分点。",
    ("bound * standard_error", "bound + 0 * standard_error"),
)
patience_task.swap(
    "The standard error was divided by a root once more: it is the error of the mean already.",
    "标准误又除了一次根号：它已经是均值的误差。",
    ("bound * standard_error", "bound * standard_error / 5**0.5"),
)
patience_task.swap(
    "A clear loss was counted as a lead: the absolute value has lost the sign.",
    "把明显落后算成了领先：取绝对值丢了符号。",
    ("1 * (difference > limit) - 1 * (difference < -limit)", "1 * (abs(difference) > limit)"),
)
patience_task.swap(
    "What is not clearly ahead was called behind: between the limits the sign is 0.",
    "把没有明显领先的都算成了落后：在两个界限之间符号是 0。",
    ("- 1 * (difference < -limit)", "- 1 * (difference <= limit)"),
)
patience_task.swap(
    "A clear loss got the sign 0: it is -1.",
    "明显落后的符号给成了 0：应为 -1。",
    (" - 1 * (difference < -limit)", ""),
)
patience_task.swap(
    "Went through the rows: one number for each temperature is asked, that is for each column.",
    "沿行走了：每个温度要一个数，也就是每列一个。",
    ("sign.T", "sign"),
    ("for row in order:\n            if column[row] != 1", "for row in range(len(column))[::-1]:\n            if column[row] != 1"),
    ("found = epochs[row]", "found = epochs[min(row, len(epochs) - 1)]"),
)
patience_task.swap(
    "Where the student is never ahead for good, -1 is asked.",
    "学生模型从未持续领先时，应返回 -1。",
    ("found = -1", "found = 0"),
)


@patience_task.wrong(
    "0 / 0 came from a division by the standard error: compare the difference with bound x standard error instead.",
    "除以标准误出现了 0 / 0：应把差与 bound × 标准误相比。",
    fails="edge",
)
def _(difference, standard_error, epochs, bound):
    ratio = difference / standard_error
    sign = np.where(np.abs(ratio) <= bound, 0, np.where(ratio < 0, -1, 1))
    found = []
    for j in range(sign.shape[1]):
        rows = sorted(range(len(epochs)), key=lambda i: -epochs[i])
        budget = -1
        for i in rows:
            if sign[i, j] != 1:
                break
            budget = epochs[i]
        found.append(budget)
    return {"sign": sign, "ahead_from": found}


@patience_task.right
def _(difference, standard_error, epochs, bound):
    budgets = np.array(epochs)
    with np.errstate(all="ignore"):
        ratio = np.nan_to_num(np.asarray(difference) / np.asarray(standard_error), nan=0.0)
    sign = np.where(np.abs(ratio) > bound, np.sign(ratio), 0)
    rows = budgets.argsort()[::-1]
    lasting = np.cumprod(sign[rows] == 1, axis=0)  # 1 as long as no sign other than 1 was met
    count = lasting.sum(0)
    return {"sign": sign, "ahead_from": [int(budgets[rows][c - 1]) if c else -1 for c in count]}


@patience_task.right
def _(difference, standard_error, epochs, bound):
    sign = [[0] * len(row) for row in difference]
    for i, row in enumerate(difference):
        for j, value in enumerate(row):
            if value > bound * standard_error[i][j]:
                sign[i][j] = 1
            elif -value > bound * standard_error[i][j]:
                sign[i][j] = -1
    answer = []
    for j in range(len(sign[0])):
        good = [n for n in epochs if all(sign[i][j] == 1 for i, m in enumerate(epochs) if m >= n)]
        answer.append(min(good, default=-1))
    return {"sign": sign, "ahead_from": answer}


@patience_task.right
def _(difference, standard_error, epochs, bound):
    d, s, n = torch.tensor(difference), torch.tensor(standard_error), torch.tensor(epochs)
    sign = torch.sign(d) * (d.abs() > bound * s)
    ahead_from = []
    for column in sign.T:
        longest_failure = max([int(m) for m, one in zip(n, column) if one != 1], default=-1)
        later = n[n > longest_failure]
        ahead_from.append(int(later.min()) if len(later) else -1)
    return {"sign": sign, "ahead_from": ahead_from}


nb.choice(
    "patience-table",
    "read",
    0.5,
    [
        Value(
            "crossing",
            T(
                "The figure draws straight lines between the points, on a logarithmic axis of epochs. At which number of epochs does the line for T = 4 cross zero?",
                "图中点与点之间用直线相连，横轴（轮数）是对数轴。T = 4 的线在多少轮处穿过零？",
            ),
            21.4,
            0.5,
            [
                (
                    26.5,
                    T(
                        "That is the crossing on a linear axis: interpolate in the logarithm of the epochs.",
                        "那是线性轴上的交点：应对轮数的对数插值。",
                    ),
                ),
                (18.7, T("The share of the way was counted from 40 epochs: start at 10.", "路程的比例是从 40 轮算起的：应从 10 轮算起。")),
                (
                    20.0,
                    T(
                        "That is the middle between 10 and 40 on the axis: the two differences are not equally far from zero.",
                        "那是轴上 10 与 40 的中点：两个差离零的距离并不相等。",
                    ),
                ),
                (
                    25.0,
                    T(
                        "That is the mean of 10 and 40: use how far each difference is from zero, and the logarithm.",
                        "那是 10 与 40 的平均：要用到每个差离零的距离，还要取对数。",
                    ),
                ),
            ],
        ),
        Item(
            "planned",
            T(
                "Two runs of 100 epochs, T = 4 and labels, have been started. After epoch 3 the one at T = 4 is three points behind. Which cell describes its state at this moment?",
                "两组 100 轮的训练已经开始：T = 4 与硬标签。第 3 轮后 T = 4 落后 3 个百分点。此刻的状态对应表中哪一格？",
            ),
            "none",
            {
                "3": (
                    T("T = 4, 3 epochs", "T = 4，3 轮"),
                    T(
                        "In that cell the learning rate had fallen to zero after 3 epochs. Epoch 3 of 100 is no finished training.",
                        "那一格里，学习率在 3 轮内已降到零。100 轮中的第 3 轮不是一次完成的训练。",
                    ),
                ),
                "100": (
                    T("T = 4, 100 epochs", "T = 4，100 轮"),
                    T("That cell describes the end of such runs, not their third epoch.", "那一格描述的是这类训练结束时的状态，而不是第 3 轮。"),
                ),
                "none": (T("none of them", "哪一格都不是"), None),
            },
        ),
        Item(
            "grown",
            T(
                "At T = 4 the number rises from 1.21 at 40 epochs to 1.98 at 100. What rose, according to the table?",
                "T = 4 时，数值从 40 轮的 1.21 升到 100 轮的 1.98。根据表格，升高的是什么？",
            ),
            "lead",
            {
                "accuracy": (
                    T("the accuracy of the distilled student, by 0.77 points", "蒸馏学生模型的准确率，升高 0.77 个百分点"),
                    T(
                        "The table holds differences, and the student on labels has changed as well. The accuracies themselves do not stand in it.",
                        "表里是差，用硬标签训练的学生模型也变了。表中没有准确率本身。",
                    ),
                ),
                "lead": (T("the mean lead over labels at equal epochs, by 0.77 points", "相同轮数下对硬标签的平均领先，升高 0.77 个百分点"), None),
                "seeds": (
                    T("the share of seeds with which distillation pays", "蒸馏有效的随机种子所占比例"),
                    T(
                        "The numbers are means over five seeds. How many seeds gain cannot be seen from a mean.",
                        "表中是五个随机种子的均值。从均值看不出有几个种子变好。",
                    ),
                ),
            },
        ),
    ],
    title=T("Read the patience table", "读“耐心”表"),
    text=T(
        """
        Numbers like those of the chapter, from another run: accuracy minus labels at the same number of epochs, in points, paired, five seeds, ± one standard error. The learning rate falls to zero within each budget.

        | | 3 epochs | 10 epochs | 40 epochs | 100 epochs |
        |---|---|---|---|---|
        | T = 1 | 0.16 ± 0.10 | 0.03 ± 0.16 | 0.57 ± 0.11 | |
        | T = 4 | -3.31 ± 0.32 | -1.48 ± 0.21 | 1.21 ± 0.22 | 1.98 ± 0.30 |
        | T = 16 | -7.94 ± 0.98 | -2.90 ± 0.20 | 0.87 ± 0.31 | |

        Worked example: on a logarithmic axis the way from 3 to 10 epochs is as long as $\\ln(10/3)=1.20$, that from 10 to 40 as long as $\\ln 4=1.39$.""",
        """
        与本章的数字相近，来自另一次运行：相同轮数下“蒸馏减硬标签”的准确率差，单位：百分点，配对，五个随机种子，± 为一个标准误。在每个预算内，学习率都降到零。

        | | 3 轮 | 10 轮 | 40 轮 | 100 轮 |
        |---|---|---|---|---|
        | T = 1 | 0.16 ± 0.10 | 0.03 ± 0.16 | 0.57 ± 0.11 | |
        | T = 4 | -3.31 ± 0.32 | -1.48 ± 0.21 | 1.21 ± 0.22 | 1.98 ± 0.30 |
        | T = 16 | -7.94 ± 0.98 | -2.90 ± 0.20 | 0.87 ± 0.31 | |

        例：在对数轴上，3 轮到 10 轮的距离是 $\\ln(10/3)=1.20$，10 轮到 40 轮的距离是 $\\ln 4=1.39$。""",
    ),
    hints=(
        T(
            "Ask of each number: which two trainings were compared, and how long was each of them?",
            "对每个数都问一句：比的是哪两次训练，各训练了多久？",
        ),
        T(
            "Between two points the difference is a straight line in the logarithm: after the share $u$ of the way from 10 to 40 the budget is $10\\cdot 4^u$ epochs.",
            "两点之间，差是轮数对数的直线：从 10 到 40 走过比例 $u$ 时，预算是 $10\\cdot 4^u$ 轮。",
        ),
        T("`u = 1.48 / (1.48 + ...)`", "`u = 1.48 / (1.48 + ...)`"),
    ),
)

source = nb.code(
    "inherited",
    "implement",
    (0.5, 1, 0.5),
    title=T("Find an inherited error", "找出继承来的错误"),
    text=T(
        """
        A mean can hide one systematic error. Given are the predicted classes of a distilled student, of its control (the same student, trained on labels) and of the teacher, and the labels. Return four things:

        - `"drop"`: for each class the recall of the control minus the recall of the student (recall: the share of the images of a class that get this class),
        - `"worst"`: the class with the largest drop (of several, the smallest number),
        - `"into"`: the wrong class that the student gives most often to the images of the worst class (of several, the smallest number),
        - `"inherited"`: of the images of the worst class that the student gets wrong, the share for which the teacher gives the **same** wrong class.

        If no class has a drop above 0, there is nothing to explain: `"worst"` and `"into"` are -1 and `"inherited"` is NaN.

        Small example: labels 0 0 1 1 1 1, teacher 0 0 1 0 0 1, control 0 1 1 1 1 0, student 0 0 1 0 0 0.
        The recalls of the control are 1/2 and 3/4, those of the student 1 and 1/4: the drops are -0.5 and 0.5, and class 1 is the worst. The student gives class 0 to three of its images, the teacher to two of these three: 0.6667.""",
        """
        均值可能掩盖一个系统性错误。已知蒸馏学生模型、对照（同一学生模型，用硬标签训练）和教师模型预测的类别，以及标签。请返回四项：

        - `"drop"`：每个类别中，对照的召回率减学生模型的召回率（召回率：某一类图像中判为该类的比例），
        - `"worst"`：下降最大的类别（有几个时取编号最小的），
        - `"into"`：对最差类别的图像，学生模型最常给出的那个错误类别（有几个时取编号最小的），
        - `"inherited"`：在最差类别中学生模型答错的图像里，教师模型给出**同一个**错误类别的比例。

        如果没有类别的下降大于 0，就无需解释：`"worst"` 和 `"into"` 为 -1，`"inherited"` 为 NaN。

        小例子：标签 0 0 1 1 1 1，教师 0 0 1 0 0 1，对照 0 1 1 1 1 0，学生 0 0 1 0 0 0。
        对照的召回率是 1/2 和 3/4，学生模型的是 1 和 1/4：下降为 -0.5 和 0.5，最差的是类别 1。其中三张图像学生模型给了类别 0，教师模型对这三张中的两张也是如此：0.6667。""",
    ),
    hints=(
        T("Find the class first, then look at its images only.", "先找出类别，再只看这一类的图像。"),
        T(
            r"Recall of class $k$: $P(\text{predicted}=k\mid\text{label}=k)$. Inherited: $P(\text{teacher}=\text{student}\mid\text{label}=k,\ \text{student}\neq k)$ for the worst $k$.",
            r"类别 $k$ 的召回率：$P(\text{预测}=k\mid\text{标签}=k)$。继承比例：对最差的 $k$，$P(\text{教师}=\text{学生}\mid\text{标签}=k,\ \text{学生}\neq k)$。",
        ),
        T("`recall = [(predicted[target == k] == k).mean() for k in classes]`", "`recall = [(predicted[target == k] == k).mean() for k in classes]`"),
    ),
)


@source.solution
def inherited(student, control, teacher, target):
    """Which class distillation made worse, where its images went, and whether that came from the teacher.

    student, control, teacher, target: int arrays (N,) of classes 0 ... C - 1; each class occurs in target.
    Returns {"drop": array (C,) of recalls from 0 to 1, control minus student, "worst": class, "into": class,
    "inherited": float in [0, 1]}; if no drop is above 0, "worst" and "into" are -1 and "inherited" is NaN.
    """

    def recall(predicted, k):
        return (predicted[target == k] == k).mean()

    drop = np.array([recall(control, k) - recall(student, k) for k in range(target.max() + 1)])
    worst = int(drop.argmax())
    if drop[worst] <= 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    rows = (target == worst) & (student != worst)
    into = int(np.bincount(student[rows]).argmax())
    return {"drop": drop, "worst": worst, "into": into, "inherited": float((teacher == student)[rows].mean())}


source.example(
    "example", "例子", np.array([0, 0, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 1, 0]), np.array([0, 0, 1, 0, 0, 1]), np.array([0, 0, 1, 1, 1, 1])
)


@source.draw
def _(rng):
    """A class that is lost, a large one that loses more images, one that was hard before, and one more; then a few changes by chance."""
    # per role: label, student, control, teacher
    made = [("0", *row) for row in ("000", "003", "002", "101", "101", "103", "303", "000")]
    made += [("1", *row) for row in ("111", "111", "111", "111", "112", "311", "311", "311", "311", "111", "113")]
    made += [("2", *row) for row in ("222", "112", "332", "302", "222")]
    made += [("3", *row) for row in ("333", "333", "323", "333", "233")]
    made = np.array([[int(v) for v in row] for row in made])

    def recalls(predicted, target):
        return np.bincount(target[predicted == target], minlength=4) / np.bincount(target)

    while True:
        rows = np.where(rng.random(made.shape) < [0, 0.2, 0.15, 0.15], rng.integers(0, 4, made.shape), made)
        target, student, control, teacher = rng.permutation(4)[rows[rng.permutation(len(rows))[:22]]].T
        if len(np.unique(target)) < 4:
            continue
        ours, theirs, taught = (recalls(v, target) for v in (student, control, teacher))
        drop, size = theirs - ours, np.bincount(target)
        w = drop.argmax()
        lost = (target == w) & (student != w)
        counts, hits = np.bincount(student[lost], minlength=4), (teacher == student)[lost].sum()
        others = [ours.argmin(), (drop * size).argmax(), (taught - ours).argmax(), np.bincount(target[student != target]).argmax()]
        into = [np.bincount(v, minlength=4).argmax() for v in (student[student != target], teacher[(target == w) & (teacher != w)])]
        clear = min(np.diff(np.sort(v))[-1] for v in (drop, counts)) > 0.03
        if not clear or drop[w] < 0.1 or lost.sum() < 3 or w in others or len({counts.argmax(), *into}) < 3 or not 0 < hits < lost.sum():
            continue
        shares = [
            (teacher != target)[lost].mean(),
            (teacher == student)[(target == w) & (teacher != w)].mean(),
            (teacher == student)[student != target].mean(),
            (control == student)[lost].mean(),
            (teacher == student)[lost & (control == w)].mean(),
            hits / size[w],
            (teacher == counts.argmax())[lost].mean(),
        ]
        if min(abs(share - hits / lost.sum()) for share in shares) > 0.02:
            return student, control, teacher, target


_LABELS = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
source.edge(
    "no class has a drop",
    "没有类别下降",
    np.array([0, 0, 1, 1, 1, 1, 0, 2, 2]),
    np.array([0, 2, 1, 1, 1, 0, 1, 2, 1]),
    np.array([0, 0, 1, 1, 1, 1, 0, 2, 2]),
    _LABELS,
)
source.edge(
    "an error that is not the teacher's",
    "不是来自教师模型的错误",
    np.array([0, 1, 1, 1, 2, 2, 2, 2, 0]),
    np.array([0, 1, 1, 1, 1, 1, 2, 2, 0]),
    np.array([0, 0, 1, 1, 0, 1, 1, 2, 2]),
    _LABELS,
)

source.edge(
    "a class that the student never predicts",
    "学生模型从不预测的类别",
    np.array([0, 0, 1, 1, 1, 1, 0, 1, 1]),
    np.array([0, 0, 0, 1, 1, 1, 1, 2, 0]),
    np.array([0, 0, 1, 1, 1, 1, 0, 1, 0]),
    _LABELS,
)

source.swap(
    "The number of classes was taken from the student's predictions: it may never predict one of them. Count the labels.",
    "类别数取自学生模型的预测：它可能从不预测某个类别。应按标签来数。",
    ("target.max() + 1", "student.max() + 1"),
    fails="edge",
)
source.swap(
    "Only images that the control has right were counted. All images of the class that the student gets wrong count.",
    "只统计了对照答对的图像。该类别中学生模型答错的图像都要算。",
    ("(teacher == student)[rows]", "(teacher == student)[rows & (control == worst)]"),
)
source.swap(
    "The drop is turned round: control minus student is asked.",
    "下降的方向反了：应为对照减学生模型。",
    ("recall(control, k) - recall(student, k)", "recall(student, k) - recall(control, k)"),
)
source.swap(
    "The student was compared with its teacher: the control is the same student on labels.",
    "拿学生模型与教师模型比了：对照是用硬标签训练的同一学生模型。",
    ("recall(control, k)", "recall(teacher, k)"),
)
source.swap(
    "This is precision, divided by the predictions of the class: divide by the images that have this label.",
    "这是精确率，除以了预测为该类的图像数：应除以标签为该类的图像数。",
    ("(predicted[target == k] == k).mean()", "(target[predicted == k] == k).mean() if (predicted == k).any() else 0.0"),
)
source.swap(
    "Divided by all images: recall is the share among the images of the class.",
    "除以了全部图像：召回率是在该类图像中的比例。",
    ("(predicted[target == k] == k).mean()", "((predicted == k) & (target == k)).mean()"),
)
source.swap(
    "Accuracy of one class against all others was used: recall looks at the images of the class only.",
    "用的是“一类对其余”的准确率：召回率只看该类的图像。",
    ("(predicted[target == k] == k).mean()", "((predicted == k) == (target == k)).mean()"),
)
source.swap(
    "The class with the lowest recall was taken: a class may have been hard before. The largest drop against the control is asked.",
    "取了召回率最低的类别：它可能本来就难。要的是相对于对照下降最大的类别。",
    ("int(drop.argmax())", "int(np.argmin([recall(student, k) for k in range(len(drop))]))"),
    fails="visible hidden",
)
source.swap(
    "The class with the most errors of the student was taken: the largest drop against the control is asked.",
    "取了学生模型错误最多的类别：要的是相对于对照下降最大的类别。",
    ("int(drop.argmax())", "int(np.bincount(target[student != target]).argmax())"),
    fails="visible hidden",
)
source.swap(
    "Numbers of images were compared: a large class loses more images with the same drop in recall.",
    "比的是图像的张数：召回率下降相同时，大类丢的图像更多。",
    ("int(drop.argmax())", "int((drop * np.bincount(target)).argmax())"),
    fails="visible hidden edge",
)
source.swap(
    'The wrong class was counted over all images: "into" looks at the worst class only.',
    "在全部图像上统计了错误类别：“into” 只看最差的类别。",
    ("np.bincount(student[rows])", "np.bincount(student[student != target])"),
    fails="visible hidden",
)
source.swap(
    'The wrong class was taken from the teacher: "into" is what the student says.',
    "错误类别取自教师模型：“into” 看的是学生模型的答案。",
    ("np.bincount(student[rows])", "np.bincount(teacher[(target == worst) & (teacher != worst)])"),
)
source.swap(
    "Divided by all images of the worst class: only those that the student gets wrong count.",
    "除以了最差类别的全部图像：只算学生模型答错的那些。",
    ("(teacher == student)[rows].mean()", "(rows & (teacher == student)).sum() / (target == worst).sum()"),
    fails="visible hidden",
)
source.swap(
    "The condition is the student's error, not the teacher's.",
    "条件是学生模型答错，而不是教师模型答错。",
    ("(teacher == student)[rows].mean()", "(teacher == student)[(target == worst) & (teacher != worst)].mean()"),
    fails="visible hidden",
)
source.swap(
    "The teacher must give the same wrong class, not just any wrong class.",
    "教师模型要给出同一个错误类别，而不是随便一个错误类别。",
    ("(teacher == student)[rows].mean()", "(teacher != target)[rows].mean()"),
)
source.swap(
    "The share was taken over all errors of the student: only the worst class is asked.",
    "对学生模型的全部错误算了比例：只要最差的类别。",
    ("(teacher == student)[rows].mean()", "(teacher == student)[student != target].mean()"),
)
source.swap(
    "The error was compared with the control's: inherited means the same as the teacher's.",
    "与对照的错误比了：继承是指与教师模型的错误相同。",
    ("(teacher == student)[rows].mean()", "(control == student)[rows].mean()"),
)
source.swap(
    "Where no class has a drop above 0 there is no worst class: return -1, -1 and NaN.",
    "没有类别的下降大于 0 时，就没有最差类别：应返回 -1、-1 和 NaN。",
    ("if drop[worst] <= 0:", "if False:"),
    ("np.bincount(student[rows]).argmax()", "np.bincount(student[rows], minlength=1).argmax()"),
    fails="edge",
)
source.swap(
    "A drop of exactly 0 is no drop: return -1, -1 and NaN unless the largest drop is above 0.",
    "下降恰好为 0 不算下降：最大的下降不大于 0 时，应返回 -1、-1 和 NaN。",
    ("drop[worst] <= 0", "drop[worst] < 0"),
    fails="edge",
)
source.swap(
    "Where no class has a drop above 0, -1, -1 and NaN are asked, not zeros.",
    "没有类别的下降大于 0 时，应返回 -1、-1 和 NaN，而不是 0。",
    ('"worst": -1, "into": -1, "inherited": np.nan', '"worst": 0, "into": 0, "inherited": 0.0'),
    fails="edge",
)


@source.right
def _(student, control, teacher, target):
    c = int(max(target)) + 1
    size, ours, theirs = [0] * c, [0] * c, [0] * c
    for s, o, y in zip(student, control, target):
        size[y] += 1
        ours[y] += int(s == y)
        theirs[y] += int(o == y)
    drop = [(theirs[k] - ours[k]) / size[k] for k in range(c)]
    if max(drop) <= 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": float("nan")}
    worst = drop.index(max(drop))
    went = [(int(s), int(t)) for s, t, y in zip(student, teacher, target) if y == worst and s != worst]
    given = [s for s, _ in went]
    into = max(set(given), key=given.count)
    return {"drop": drop, "worst": worst, "into": into, "inherited": sum(s == t for s, t in went) / len(went)}


@source.right
def _(student, control, teacher, target):
    s, o, t, y = (torch.as_tensor(np.asarray(v)) for v in (student, control, teacher, target))
    c = int(y.max()) + 1
    confusion = torch.stack([torch.bincount(y * c + v, minlength=c * c) for v in (o, s)])
    confusion = confusion.reshape(2, c, c).float()
    recall = confusion.diagonal(dim1=1, dim2=2) / confusion.sum(2)
    drop = recall[0] - recall[1]
    k = int(drop.argmax())
    if not drop[k] > 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": torch.tensor(float("nan"))}
    row = confusion[1, k].clone()
    row[k] = -1
    wrong = y.eq(k) & s.ne(k)
    taught = (wrong & t.eq(s)).sum() / wrong.sum()
    return {"drop": drop, "worst": k, "into": row.argmax(), "inherited": taught}


@source.right
def _(student, control, teacher, target):
    one_hot = target[:, None] == np.unique(target)

    def share(hit):
        return np.where(one_hot, hit[:, None], 0).sum(0) / one_hot.sum(0)

    drop = share(control == target) - share(student == target)
    if np.all(drop <= 0):
        return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    worst = np.flatnonzero(drop == drop.max())[0]
    lost = np.flatnonzero((target == worst) * (student != target))
    classes, counts = np.unique(student[lost], return_counts=True)
    taught = np.mean(student[lost] == teacher[lost])
    return {"drop": drop, "worst": worst, "into": classes[counts.argmax()], "inherited": taught}


claim = judged(
    {
        "follows": T("follows from the results", "由结果可以得出"),
        "open": T("the results leave it open", "结果无法判定"),
        "contradicted": T("the results contradict it", "与结果矛盾"),
    }
)


nb.choice(
    "claims",
    "judge",
    0.5,
    [
        claim(
            "larger",
            "A ResNet-18 on ImageNet, one published number each: 69.76 % on labels; 71.21, 71.35, 71.09 and 71.12 % by plain distillation from ResNet-34, 50, 101 and 152. *Claim:* who takes the largest of these teachers does not get the most accurate of these four published students.",
            "ImageNet 上的 ResNet-18，每项一个已发表的数：硬标签 69.76%；从 ResNet-34、50、101、152 普通蒸馏分别得 71.21、71.35、71.09、71.12%。*论断*：选其中最大的教师模型，得到的不是这四个已发表的学生模型中最准确的一个。",
            "follows",
            open=(
                "Whether the ResNet-50 would win again is open without an error. The claim speaks of the published numbers, and these decide it.",
                "没有误差，ResNet-50 是否还会胜出确实无法判定。但论断说的是已发表的数，这些数足以判定。",
            ),
            contradicted=(
                "Compare the student of the ResNet-152, 71.12 %, with the best of the four.",
                "请把 ResNet-152 的学生模型（71.12%）与四个中最好的比较。",
            ),
        ),
        claim(
            "imitation",
            "A teacher with 97 % on digits labels Gaussian noise, and a student learns from it. On the digits of the test set the student is right on 13 % and agrees with its teacher on 13 %. *Claim:* on noise, too, the student answers otherwise than its teacher most of the time.",
            "教师模型在数字图像上的准确率是 97%，由它给高斯噪声打标签，学生模型从中学习。在测试集的数字图像上，学生模型的准确率是 13%，与教师模型的一致率也是 13%。*论断*：在噪声上，学生模型的回答也大多与教师模型不同。",
            "open",
            follows=(
                "Both numbers were measured on digits. The student may match its teacher on noise, which says little about digits.",
                "两个数都是在数字图像上测的。学生模型在噪声上也许与教师模型一致，那与数字图像关系不大。",
            ),
            contradicted=(
                "Nothing here was measured on noise. A contradiction would need a high agreement there.",
                "这里没有任何在噪声上测的数。要说矛盾，需要测得噪声上的一致率很高。",
            ),
        ),
        claim(
            "robust",
            "Accuracy on noisy test images, five seeds: student on labels 75.5 ± 0.5 %, distilled student 78.5 ± 0.6 %, teacher 57.1 ± 1.6 %; paired gain of the distilled student 3.0 ± 0.8 points. *Claim:* the distilled student gains because its teacher stands noise better than the student on labels does.",
            "带噪声测试图像上的准确率，五个随机种子：用硬标签训练的学生模型 75.5 ± 0.5%，蒸馏学生模型 78.5 ± 0.6%，教师模型 57.1 ± 1.6%；蒸馏学生模型的配对增益为 3.0 ± 0.8 个百分点。*论断*：蒸馏学生模型变好，是因为教师模型比用硬标签训练的学生模型更耐噪声。",
            "contradicted",
            follows=(
                "The gain is there, its reason is not: the teacher has 57.1 %, the student on labels 75.5 %.",
                "增益是有的，但原因不成立：教师模型只有 57.1%，用硬标签训练的学生模型有 75.5%。",
            ),
            open=(
                "What else makes the gain is open. That this teacher stands noise better is not: compare 57.1 with 75.5 %.",
                "增益另有什么原因，确实无法判定。但“教师模型更耐噪声”可以判定：请比较 57.1% 与 75.5%。",
            ),
        ),
    ],
    title=T("Does the claim follow?", "论断成立吗？"),
    text=T(
        """
        Three results, each with a claim. Judge the claim by the results that stand beside it and by nothing else; with five seeds a difference counts if it is more than 2.8 standard errors from 0.

        Worked example: a teacher of the student's own size has 91.7 % accuracy, and its student minus labels is -1.1 ± 0.3 points. *Claim:* this teacher costs accuracy on average. `'follows'`, since 1.1 is more than 2.8 x 0.3 = 0.84.""",
        """
        三个结果，各附一个论断。请只根据旁边的结果判断；五个随机种子时，差离 0 超过 2.8 个标准误才算数。

        例：教师模型与学生模型同样大小，准确率 91.7%，其学生模型减硬标签为 -1.1 ± 0.3 个百分点。*论断*：用这个教师模型蒸馏，学生模型的准确率平均会下降。答案是 `'follows'`，因为 1.1 大于 2.8 × 0.3 = 0.84。""",
    ),
    hints=(
        T(
            "Ask of each claim: on which inputs, and about which model, must one have measured?",
            "对每个论断都问一句：要在哪些输入上、对哪个模型做过测量？",
        ),
        T(
            "A claim with a reason has two parts: the effect and the reason. One false part is enough against it; one part that was not measured leaves it open.",
            "带原因的论断有两部分：效果和原因。有一部分是错的，论断就不成立；有一部分没有测过，论断就无法判定。",
        ),
        T('`"larger"`: write the four numbers in order of the size of the teacher.', '`"larger"`：把四个数按教师模型的大小排成一行。'),
    ),
)

nb.words(
    "plan",
    1,
    title=T("Review a plan", "评审一份计划"),
    text=T(
        """
        A team plans: "The teacher has 96 % on our test set. A supplier had confused two of our products in part of its training labels, but our own labels are right. To save time we train the student for 5 epochs at T = 8 with alpha = 1, so that no labels are needed, on 2,000 pictures from the web. If it reaches 93 % it goes into use."

        In five to eight sentences: name at least three things that can go wrong, and attach to each a remedy or a measurement. What must stand beside the 93 %?""",
        """
        某团队的计划：“教师模型在我们的测试集上准确率 96%。它的一部分训练标签里，供应商把我们的两种产品弄混了，但我们自己的标签是对的。为省时间，学生模型在网上的 2,000 张图片上以 T = 8、alpha = 1 训练 5 轮，这样不需要标签。如果准确率达到 93%，就上线。”

        请用五到八句话回答：至少指出三处可能出问题的地方，并为每一处配一个对策或测量。93% 旁边还必须有什么数？""",
    ),
    rubric=T(
        "Half a point: at least three dangers of this plan with the reason: a high temperature in a short training; an error inherited because alpha = 1 never looks at the right labels; a transfer set unlike the inputs in use; a mean that hides the two products. Half a point: a fitting remedy or measurement for these, and the control: the same student trained on the own labels, with the same budget, several seeds.",
        "0.5 分：至少指出计划中的三个风险并说明原因：短训练配高温度；alpha = 1 完全不看正确的标签，会遗传错误；迁移集与实际输入不像；均值掩盖那两种产品。0.5 分：给出合适的对策或测量，并提出对照：同一学生模型、同样的预算、用自己的标签训练、多个随机种子。",
    ),
    model=T(
        """
        Five epochs at T = 8 can be too short: in the chapter soft targets at T = 4 cost accuracy at 3 and 10 epochs and gained at 40. I would compare finished runs of several lengths and a lower temperature with labels at equal steps, and cache the teacher's logits.
        With alpha = 1 the student never sees the right labels, so the confusion of the two products is passed on. I would keep a hard term on the own labelled images, and look at the recall of each class, for the teacher before it is used and for the student.
        Pictures from the web may not look like the inputs in use, and agreement there guarantees nothing on ours. I would use unlabelled pictures of our own, if only a few hundred with shifts, and measure agreement on fresh ones.
        Beside the 93 % must stand the same student trained on our labels with the same budget, over several seeds, as a paired difference with its standard error, and the recall of the worst class. If the control is as good, no teacher is needed.""",
        """
        T = 8 只训练 5 轮可能太短：本章中 T = 4 的软目标在 3 轮和 10 轮时损失准确率，到 40 轮才有收益。我会在步数相等的条件下，用几种长度、跑完的训练和更低的温度与硬标签比较，并缓存教师模型的 logits。
        alpha = 1 时学生模型看不到正确的标签，两种产品的混淆会被继承下来。我会在自己的有标签图像上保留硬标签项，并逐类查看召回率：教师模型在使用之前查，学生模型也查。
        网上的图片可能与实际输入不像，在它们上面一致，不保证在我们的图像上也一致。我会用自己的无标签图片，哪怕只有几百张再加平移，并在新图片上测一致率。
        93% 旁边必须有对照：同一学生模型、同样的预算、用我们的标签训练，多个随机种子，给出配对差及其标准误，还要有最差类别的召回率。如果对照同样好，就不需要教师模型。""",
    ),
    samples=[
        (
            1,
            T(
                "Too few epochs for T = 8: lower T, or train longer, and compare runs that are finished. The teacher mixes up two products and alpha = 1 copies that: add the hard term and print recall per class. Web pictures are the wrong inputs: take our own without labels and check the agreement on new ones. And train the same net on our labels for as long, a few seeds, since perhaps it has 93 % as well.",
                "T = 8 只训练 5 轮太少：降低 T 或训练更久，并比较跑完的训练。教师模型把两种产品弄混，alpha = 1 会照抄：加上硬标签项，逐类打印召回率。网上的图片不是合适的输入：用自己的无标签图片，并在新图片上查一致率。还要用我们的标签把同一个网络训练同样久，取几个种子，也许它也有 93%。",
            ),
        ),
        (
            0.5,
            T(
                "The student will learn to confuse the two products because it only sees the teacher. The temperature is high for five epochs, which cost points in the chapter. Pictures from the web differ from product photos. I would look for a better teacher.",
                "学生模型只看教师模型，会学到把两种产品弄混。五轮训练用这么高的温度，按本章的结果会丢分。网上的图片与产品照片不同。我会另找更好的教师模型。",
            ),
        ),
        (
            0,
            T(
                "The gap of three points is large, so they need a larger student and a larger teacher. A newer optimiser and a faster GPU would help as well.",
                "相差三个百分点太大，需要更大的学生模型和更大的教师模型。换更新的优化器和更快的 GPU 也会有帮助。",
            ),
        ),
    ],
    hints=(
        T(
            "Ask the four questions with which the chapter ends: teacher, student, budget, inputs.",
            "想想本章结尾的四个问题：教师模型、学生模型、预算、输入。",
        ),
        T(
            "For each: danger → why here → remedy or measurement. And effect = distilled − the same student on labels.",
            "每一处：风险 → 为什么在这里出现 → 对策或测量。另外，效果 = 蒸馏 − 同一学生模型用硬标签训练。",
        ),
        T('"Five epochs at T = 8 ..."', "“T = 8 训练 5 轮……”"),
    ),
)
