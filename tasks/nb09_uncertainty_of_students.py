"""Graded notebook 09."""

import numpy as np
import torch

from tasks.form import Item, Notebook, T, Value, judged

nb = Notebook(
    slug="09-uncertainty-of-students",
    chapter="uncertainty/uncertainty-of-students",
    title=T("The uncertainty of distilled students", "蒸馏出的学生的不确定性"),
    about=T("On the chapter *The uncertainty of distilled students*.", "对应章节《蒸馏出的学生的不确定性》。"),
    minutes=75,
)


def log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


# ------------------------------------------------------------------ one temperature

fit = nb.code(
    "fit-temperature",
    "implement",
    (0.5, 1, 0.5),
    rtol=2e-3,
    title=T("One temperature", "拟合一个温度"),
    text=T(
        r"""
        The cheapest rival of a distilled student is the student on labels with its logits divided by one number.
        Write the function that finds this number: the $T$ between 0.05 and 20 that makes the mean NLL of $\mathrm{softmax}(z/T)$ on the validation rows least.
        $T$ below 1 must be possible: a model can be too unsure as well.
        If the NLL falls all the way to one end of the range, return that end. An error of 0.2 % is allowed.

        Small example: four rows with the logits (2, 0), of which three have label 0 and one label 1. The best confidence is ¾, so $2/T=\ln 3$ and $T=1.8205$.
        With the logits (0.5, 0) and the same labels $T=0.4551$.""",
        r"""
        与蒸馏出的学生模型竞争的最便宜的办法，是把硬标签训练的学生模型的 logits 除以一个数。
        请写出求这个数的函数：在 0.05 到 20 之间，求使验证集上 $\mathrm{softmax}(z/T)$ 的平均 NLL 最小的 $T$。
        $T$ 可以小于 1：模型也可能过于不自信。
        如果 NLL 一直降到范围的一端，就返回那一端。允许 0.2% 的误差。

        小例子：四行 logits 都是 (2, 0)，其中三行的标签为 0，一行为 1。最好的置信度是 ¾，所以 $2/T=\ln 3$，$T=1.8205$。
        logits 换成 (0.5, 0)、标签不变时，$T=0.4551$。""",
    ),
    hints=(
        T(
            "One unknown, and a curve with one valley: any search that narrows down an interval will find it.",
            "只有一个未知数，曲线只有一个谷：任何逐步缩小区间的搜索都能找到它。",
        ),
        T(
            r"With $\beta=1/T$ the NLL is convex, and its slope is the mean over the rows of $\sum_k p_k z_k - z_{\text{label}}$ with $p=\mathrm{softmax}(\beta z)$.",
            r"令 $\beta=1/T$，NLL 是凸函数，其斜率是 $\sum_k p_k z_k - z_{\text{标签}}$ 对各行的平均，其中 $p=\mathrm{softmax}(\beta z)$。",
        ),
        T("`low, high = 1 / 20, 1 / 0.05`", "`low, high = 1 / 20, 1 / 0.05`"),
    ),
)


@fit.solution
def fit_temperature(logits, target):
    """The temperature with the least mean NLL of softmax(logits / T), for T from 0.05 to 20.

    logits: array (N, C) of a validation split; target: int array (N,).
    Returns a float, right to 0.2 %; an end of the range if the NLL falls all the way to it.
    fit_temperature([[2, 0], [2, 0], [2, 0], [2, 0]], [0, 0, 0, 1]) is 1.8205.
    """
    label = logits[np.arange(len(target)), target]
    low, high = 1 / 20, 1 / 0.05
    for _ in range(60):
        beta = (low + high) / 2
        p = np.exp(beta * (logits - logits.max(1, keepdims=True)))
        slope = ((p * logits).sum(1) / p.sum(1) - label).mean()
        low, high = (low, beta) if slope > 0 else (beta, high)
    return 2 / (low + high)


THREE_OF_FOUR = np.array([0, 0, 0, 1])
fit.example("example", "例子", np.array([[2.0, 0.0]] * 4), THREE_OF_FOUR)
fit.example("example, too unsure", "例子，过于不自信", np.array([[0.5, 0.0]] * 4), THREE_OF_FOUR)
fit.edge("all right", "全部正确", np.array([[0.3, 0.0, 0.1], [0.1, 0.35, -0.1], [0.0, 0.2, 0.45]]), np.array([0, 1, 2]))
fit.edge("all wrong", "全部错误", np.array([[2.3, 0.0, 1.1], [0.4, 3.1, -0.6], [1.2, 0.2, 2.4]]), np.array([1, 2, 0]))
fit.edge(
    "large logits",
    "很大的 logits",
    np.array([[1009.0, 990.0, 1001.0], [-993.0, -1000.0, -991.0], [1004.0, 1000.0, 1013.0], [1000.0, 992.0, 995.0]]),
    np.array([0, 0, 2, 2]),
)


def tuned(logits, target):
    """The temperatures that the NLL, the Brier score and the mean confidence choose."""
    grid, found = np.geomspace(0.1, 10, 200), []
    hard, right = np.eye(logits.shape[1])[target], (logits.argmax(1) == target).mean()
    for t in grid:
        p = np.exp(log_softmax(logits / t))
        found.append((-np.log((p * hard).sum(1)).mean(), ((p - hard) ** 2).sum(1).mean(), abs(p.max(1).mean() - right)))
    return grid[np.argmin(found, 0)]


@fit.draw
def _(rng):
    while True:
        logits = rng.normal(0, rng.uniform(1, 3), (10, 3)).round(2)
        target = np.array([rng.choice(3, p=np.exp(row)) for row in log_softmax(logits / rng.uniform(1.5, 3))])
        nll, brier, confidence = tuned(logits, target)
        if 1.3 < nll < 6 and (logits.argmax(1) == target).sum() >= 5 and min(abs(brier / nll - 1), abs(confidence / nll - 1)) > 0.05:
            return logits, target


fit.script(
    "hidden",
    """
    rng = np.random.default_rng(SEED)
    z = rng.permuted(np.tile([-1.7, 0.4, 2.3], (12, 1)) + rng.uniform(-0.5, 0.5, (12, 3)), axis=1).round(2)
    y = np.where(np.arange(12) < 4, z.argsort(1)[:, 1], z.argmax(1))
    y[0] = z[0].argmin()
    found = float(plain("fit_temperature", fit_temperature(z.copy(), y.copy())))
    cause = T("fit_temperature: logits divided by 10 need a temperature divided by 10, also where that is below 1", "fit_temperature：logits 除以 10，温度也应除以 10，即使结果小于 1")
    got = float(plain("fit_temperature", fit_temperature(z / 10, y.copy())))
    assert 0.5 < found < 20 and same(got, found / 10, 4e-3), cause
    """,
)

fit.swap(
    "That is 1/T: the logits are divided by the temperature, not multiplied by it.",
    "这是 1/T：logits 要除以温度，而不是乘以温度。",
    ("return 2 / (low + high)", "return (low + high) / 2"),
)
fit.swap(
    "The search starts at T = 1. A model that is too unsure needs a temperature below 1: search from 0.05.",
    "搜索从 T = 1 开始。过于不自信的模型需要小于 1 的温度：应从 0.05 开始搜索。",
    ("1 / 0.05", "1.0"),
)
fit.swap(
    "The model's own predictions served as labels: compare with the true labels.",
    "把模型自己的预测当成了标签：应与真实标签比较。",
    ("logits[np.arange(len(target)), target]", "logits.max(1)"),
)
fit.swap(
    "The softmax was taken once, at T = 1: take it again for each T.",
    "softmax 只在 T = 1 算了一次：每换一个 T 都要重新算。",
    ("np.exp(beta * (logits", "np.exp(1.0 * (logits"),
)
fit.swap(
    "A softmax was applied before the division. Divide the logits, then take one softmax.",
    "除以温度之前已做了一次 softmax。应先除 logits，再做一次 softmax。",
    (
        "    label = logits",
        "    logits = np.exp(logits - logits.max(1, keepdims=True))\n    logits = logits / logits.sum(1, keepdims=True)\n    label = logits",
    ),
)
fit.swap(
    "Without subtracting the largest logit exp overflows for large logits: only differences count.",
    "没有减去最大的 logit，logits 很大时 exp 会溢出：起作用的只是差值。",
    ("(logits - logits.max(1, keepdims=True))", "logits"),
    fails="edge",
)
fit.swap(
    "The result lies outside 0.05 to 20: return the end of the range.",
    "结果超出了 0.05 到 20：应返回范围的端点。",
    ("1 / 20, 1 / 0.05", "1e-6, 1e4"),
    ("range(60)", "range(200)"),
    fails="edge",
)


@fit.wrong("Only rows that the model gets right were used: all validation rows count.", "只用了模型答对的行：验证集的每一行都要算。")
def _(logits, target):
    kept = logits.argmax(1) == target
    z, y = logits[kept], target[kept]
    grid = np.geomspace(0.05, 20, 801)
    nll = []
    for t in grid:
        a = (z - z.max(1, keepdims=True)) / t
        nll.append((np.log(np.exp(a).sum(1)) - a[np.arange(len(y)), y]).sum())
    return grid[int(np.argmin(nll))] if kept.any() else 1.0


@fit.wrong(
    "The mean confidence was made equal to the accuracy. That is another condition: look for the least NLL.",
    "你让平均置信度等于准确率。这是另一个条件：要找的是最小的 NLL。",
)
def _(logits, target):
    grid = np.geomspace(0.05, 20, 801)
    accuracy, gap = (logits.argmax(1) == target).mean(), []
    for t in grid:
        p = np.exp((logits - logits.max(1, keepdims=True)) / t)
        gap.append(abs((p.max(1) / p.sum(1)).mean() - accuracy))
    return grid[int(np.argmin(gap))]


@fit.wrong("That is the least Brier score: the NLL is asked, −log p of the label.", "这是使 Brier 评分最小的温度：要求的是 NLL，即标签概率的 −log。")
def _(logits, target):
    grid = np.geomspace(0.05, 20, 801)
    hard, score = np.eye(logits.shape[1])[target], []
    for t in grid:
        p = np.exp((logits - logits.max(1, keepdims=True)) / t)
        score.append(((p / p.sum(1, keepdims=True) - hard) ** 2).sum(1).mean())
    return grid[int(np.argmin(score))]


@fit.wrong(
    "That is the least ECE of the bins, with jumps and ties. Search for the least NLL.",
    "这是使分箱 ECE 最小的温度，它有跳跃，也有并列。应找最小的 NLL。",
)
def _(logits, target):
    grid, correct, best = np.geomspace(0.05, 20, 201), logits.argmax(1) == target, (np.inf, 0.0)
    for t in grid:
        p = np.exp((logits - logits.max(1, keepdims=True)) / t)
        confidence = p.max(1) / p.sum(1)
        bins = np.minimum((confidence * 15).astype(int), 14)
        ece = sum(abs((confidence - correct)[bins == b].sum()) for b in range(15)) / len(target)
        best = min(best, (ece, t))
    return best[1]


@fit.wrong(
    "The mean probability of the label was made largest. The NLL takes the log of each row before the mean.",
    "你让标签的平均概率最大。NLL 要先对每一行取 log 再平均。",
)
def _(logits, target):
    grid, rows = np.geomspace(0.05, 20, 801), np.arange(len(target))
    p = [np.exp((logits - logits.max(1, keepdims=True)) / t) for t in grid]
    return grid[int(np.argmax([(q / q.sum(1, keepdims=True))[rows, target].mean() for q in p]))]


@fit.wrong("The normaliser of the softmax is missing in the NLL: use log-softmax.", "NLL 里缺了 softmax 的归一化项：请用 log-softmax。")
def _(logits, target):
    grid = np.geomspace(0.05, 20, 801)
    return grid[int(np.argmin([-(logits[np.arange(len(target)), target] / t).mean() for t in grid]))]


@fit.wrong(
    "A grid with steps of 0.1 is too coarse: 0.2 % is asked. Refine around the best value.",
    "步长 0.1 的网格太粗：要求 0.2% 的精度。请在最优值附近加密。",
)
def _(logits, target):
    z, y = torch.as_tensor(logits), torch.as_tensor(target)
    grid = torch.arange(0.1, 20.05, 0.1)
    return float(grid[torch.stack([torch.nn.functional.cross_entropy(z / t, y) for t in grid]).argmin()])


@fit.wrong(
    "The much-copied L-BFGS (learning rate 0.01, 50 steps from 1.5) stops short of the minimum. Run it to the end, or search otherwise.",
    "流传很广的 L-BFGS 写法（学习率 0.01，从 1.5 起 50 步）没走到最小值就停了。请运行到收敛，或换一种搜索。",
)
def _(logits, target):
    z, y = torch.as_tensor(logits), torch.as_tensor(target)
    t = torch.nn.Parameter(torch.ones(1, dtype=torch.float64) * 1.5)
    optimizer = torch.optim.LBFGS([t], lr=0.01, max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(z / t, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(t)


@fit.wrong(
    "A hundred small gradient steps from T = 1 do not reach the minimum. Check that more steps change nothing.",
    "从 T = 1 走一百步小的梯度下降，到不了最小值。请确认再多走几步结果不变。",
)
def _(logits, target):
    z, y = torch.as_tensor(logits), torch.as_tensor(target)
    t = torch.ones(1, dtype=torch.float64, requires_grad=True)
    for _ in range(100):
        (gradient,) = torch.autograd.grad(torch.nn.functional.cross_entropy(z / t, y), t)
        t = (t - 0.01 * gradient).detach().requires_grad_()
    return float(t)


@fit.wrong("That is the least NLL, not the temperature at which it is reached.", "这是最小的 NLL，而不是取到它的温度。")
def _(logits, target):
    z, y = torch.as_tensor(logits), torch.as_tensor(target)
    return min(float(torch.nn.functional.cross_entropy(z / t, y)) for t in np.geomspace(0.05, 20, 401))


@fit.right
def _(logits, target):
    """Golden section in log T."""
    z, y = np.asarray(logits, dtype=float), np.asarray(target)

    def nll(log_t):
        a = z / np.exp(log_t)
        top = a.max(1)
        return np.mean(np.log(np.exp(a - top[:, None]).sum(1)) + top - a[np.arange(len(y)), y])

    a, b, g = np.log(0.05), np.log(20.0), (5**0.5 - 1) / 2
    while b - a > 1e-5:
        c, d = b - g * (b - a), a + g * (b - a)
        if nll(c) < nll(d):
            b = d
        else:
            a = c
    return float(np.exp((a + b) / 2))


@fit.right
def _(logits, target):
    """Grids, each finer than the last, row by row."""
    import math

    def nll(t):
        total = 0.0
        for row, k in zip(logits, target):
            top = max(float(v) for v in row)
            total += math.log(sum(math.exp((float(v) - top) / t) for v in row)) - (float(row[k]) - top) / t
        return total

    low, high = 0.05, 20.0
    for _ in range(6):
        grid = [low * (high / low) ** (i / 20) for i in range(21)]
        best = min(range(21), key=lambda i: nll(grid[i]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 20)]
    return (low + high) / 2


@fit.right
def _(logits, target):
    """The slope by autograd, in float32."""
    z, y = torch.as_tensor(logits).float(), torch.as_tensor(target)
    z = z - z.amax(1, keepdim=True)
    low, high = 0.05, 20.0
    for _ in range(40):
        t = torch.tensor((low * high) ** 0.5, requires_grad=True)
        torch.nn.functional.cross_entropy(z / t, y).backward()
        if t.grad > 0:
            high = float(t)
        else:
            low = float(t)
    return (low * high) ** 0.5


@fit.right
def _(logits, target):
    from scipy.optimize import minimize_scalar

    z, y = torch.as_tensor(logits).double(), torch.as_tensor(target).long()

    def loss(log_t):
        return float(torch.nn.functional.cross_entropy(z / np.exp(log_t), y))

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-6})
    return np.exp(found.x)


# ------------------------------------------------------------------ targets of a scaled teacher

targets = nb.code(
    "calibrated-targets",
    "implement",
    (1, 1),
    title=T("Targets of a calibrated teacher", "校准后的教师模型给出的软目标"),
    text=T(
        r"""
        A student copies its teacher's confidence, so the teacher is calibrated first. Two temperatures meet here.
        The **fitted** one belongs to the teacher: of the candidates, the one with the least mean NLL of $\mathrm{softmax}(z/T)$.
        The **other** one belongs to the loss and softens the calibrated logits once more.

        The teacher was trained on the rows `train`; its labels there are learned by heart. The rows `validation` are for choosing. Rows in neither list are the test set.
        Return the fitted temperature and the soft targets of the rows `train`, in the order of `train`.

        Small example: row 0 with the logits (6, 0) is the training row; rows 1 to 4, all (2, 0) with the labels 0 0 0 1, are the validation rows.
        The candidates 0.5, 1 and 2 give NLLs of 1.018, 0.627 and 0.563, so 2 is fitted. With temperature 3 in the loss the target is $\mathrm{softmax}(1,0)=(0.7311, 0.2689)$.""",
        r"""
        学生模型会照搬教师模型的置信度，所以先校准教师模型。这里有两个温度。
        **拟合**的温度属于教师模型：在候选值中，取使 $\mathrm{softmax}(z/T)$ 的平均 NLL 最小的一个。
        **另一个**温度属于损失函数，把校准后的 logits 再软化一次。

        教师模型是在 `train` 这些行上训练的，那里的标签它已经背下来了。`validation` 这些行用来选温度。两个列表都没有的行是测试集。
        请返回拟合的温度，以及 `train` 各行的软目标，顺序与 `train` 相同。

        小例子：第 0 行的 logits 是 (6, 0)，是训练行；第 1 到 4 行都是 (2, 0)，标签为 0 0 0 1，是验证行。
        候选值 0.5、1、2 的 NLL 分别是 1.018、0.627、0.563，所以拟合的温度为 2。损失的温度为 3 时，软目标是 $\mathrm{softmax}(1,0)=(0.7311, 0.2689)$。""",
    ),
    hints=(
        T("Which rows has the teacher not seen, and may still be used for a choice?", "哪些行教师模型没有见过，又可以用来做选择？"),
        T(
            r"Targets: $\mathrm{softmax}\big(z/(T_{\text{fitted}}\cdot T_{\text{loss}})\big)$, one row each of `train`.",
            r"软目标：$\mathrm{softmax}\big(z/(T_{\text{拟合}}\cdot T_{\text{损失}})\big)$，`train` 的每一行对应一行。",
        ),
        T("`z, y = teacher_logits[validation], target[validation]`", "`z, y = teacher_logits[validation], target[validation]`"),
    ),
)


@targets.solution
def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    """Fit the teacher's temperature on the validation rows, and make soft targets for the training rows.

    teacher_logits: array (N, C); target: int array (N,); train, validation: int arrays of row numbers;
    candidates: array (K,) of temperatures to choose from; temperature: that of the distillation loss.
    Returns {"fitted": the candidate with the least mean NLL, "targets": (len(train), C) probabilities}.
    calibrated_targets([[6, 0], [2, 0], [2, 0], [2, 0], [2, 0]], [0, 0, 0, 0, 1], [0], [1, 2, 3, 4],
    [0.5, 1, 2], 3) is {"fitted": 2, "targets": [[0.7311, 0.2689]]}.
    """
    z, y = teacher_logits[validation], target[validation]
    nll = []
    for t in candidates:
        log_p = z / t - np.log(np.exp(z / t).sum(1, keepdims=True))
        nll.append(-log_p[np.arange(len(y)), y].mean())
    fitted = candidates[int(np.argmin(nll))]
    p = np.exp(teacher_logits[train] / (fitted * temperature))
    return {"fitted": fitted, "targets": p / p.sum(1, keepdims=True)}


targets.example(
    "example",
    "例子",
    np.array([[6.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]]),
    np.array([0, 0, 0, 0, 1]),
    np.array([0]),
    np.array([1, 2, 3, 4]),
    np.array([0.5, 1.0, 2.0]),
    3.0,
)


def chosen(z, y, candidates):
    """Numbers of the candidates that four criteria choose: NLL, Brier score, ECE, distance of confidence and accuracy."""
    rows, hard, correct, found = np.arange(len(y)), np.eye(z.shape[1])[y], z.argmax(1) == y, []
    for t in candidates:
        p = np.exp(log_softmax(z / t))
        confidence = p.max(1)
        bins = np.minimum((confidence * 15).astype(int), 14)
        ece = sum(abs((confidence - correct)[bins == b].sum()) for b in range(15))
        found.append((-np.log(p[rows, y]).mean(), ((p - hard) ** 2).sum(1).mean(), ece, abs(confidence.mean() - correct.mean())))
    return [int(k) for k in np.argmin(found, 0)]


@targets.draw
def _(rng):
    while True:
        z, order = rng.normal(0, 3, (8, 3)).round(1), rng.permutation(8)
        train, validation, test = order[:3], order[3:7], order[7:]
        y = z.argmax(1)
        wrong = np.r_[validation[: rng.integers(1, 3)], test]
        y[wrong] = z[wrong].argsort(1)[:, 1]
        candidates = rng.permutation((np.array([0.5, 0.9, 1.6, 2.9, 5.2]) * rng.uniform(0.9, 1.1)).round(2))
        temperature = round(float(rng.uniform(1.5, 3.5)), 1)
        fitted, *others = chosen(z[validation], y[validation], candidates)
        softened = chosen(z[validation] / temperature, y[validation], candidates)[0]
        known, unseen, both, every = (chosen(z[rows], y[rows], candidates)[0] for rows in (train, test, np.r_[train, validation], order))
        apart = fitted not in (0, softened, known, unseen, both, every, *others) and known not in (0, softened, unseen)
        if apart and candidates[fitted] != temperature and (np.diff(train) < 0).any():
            return z, y, train, validation, candidates, temperature


targets.swap(
    "The fit used the training rows, which the teacher knows by heart. Use the validation rows.",
    "拟合用了训练行，而这些行教师模型已经背下来了。应使用验证行。",
    ("teacher_logits[validation], target[validation]", "teacher_logits[train], target[train]"),
)
targets.swap(
    "All rows took part in the fit. Use the validation rows only: the others were trained on, or belong to the test.",
    "拟合用了所有行。只能用验证行：其余的行参与过训练，或属于测试集。",
    ("teacher_logits[validation], target[validation]", "teacher_logits, target"),
)
targets.swap(
    "Training rows took part in the fit beside the validation rows. They make the teacher look too good.",
    "拟合时除了验证行还用了训练行。训练行会让教师模型显得过好。",
    ("teacher_logits[validation], target[validation]", "teacher_logits[np.r_[train, validation]], target[np.r_[train, validation]]"),
)
targets.swap(
    "The fit used the test rows: they are for the last measurement only.",
    "拟合用了测试行：测试行只用于最后的测量。",
    ("    z, y =", "    test = np.setdiff1d(np.arange(len(target)), np.r_[train, validation])\n    test = test if len(test) else train\n    z, y ="),
    ("teacher_logits[validation], target[validation]", "teacher_logits[test], target[test]"),
)
targets.swap(
    "The fit looked at logits that were already softened by the temperature of the loss. Fit the teacher as it is.",
    "拟合时用的 logits 已先除以损失的温度。应拟合原来的教师模型。",
    ("z, y = teacher_logits[validation],", "z, y = teacher_logits[validation] / temperature,"),
)
targets.swap(
    "The temperature of the loss is missing: the calibrated logits are divided by it as well.",
    "缺了损失的温度：校准后的 logits 还要除以它。",
    ("(fitted * temperature)", "fitted"),
)
targets.swap(
    "The targets are not calibrated: divide by the fitted temperature too.",
    "软目标没有校准：还要除以拟合的温度。",
    ("(fitted * temperature)", "temperature"),
)
targets.swap(
    "Multiplied by the fitted temperature: divide by it.",
    "乘了拟合的温度：应当除以它。",
    ("/ (fitted * temperature)", "* fitted / temperature"),
)
targets.swap(
    "The two temperatures were added. Dividing twice is dividing by their product.",
    "把两个温度相加了。除两次等于除以它们的乘积。",
    ("fitted * temperature", "fitted + temperature"),
)
targets.swap(
    "Targets are asked for the training rows, not for all rows.",
    "要的是训练行的软目标，而不是所有行的。",
    ("teacher_logits[train]", "teacher_logits"),
)
targets.swap(
    "These are the targets of the validation rows. The student learns on the training rows.",
    "这是验证行的软目标。学生模型是在训练行上学习的。",
    ("np.exp(teacher_logits[train]", "np.exp(teacher_logits[validation]"),
)
targets.swap(
    "The rows come in the order of the table: keep the order of train, or the targets meet the wrong images.",
    "各行按原表的顺序排列了：应保持 train 的顺序，否则软目标会对应到错误的图像。",
    ("teacher_logits[train]", "teacher_logits[np.sort(train)]"),
)
targets.swap(
    "That is the candidate with the largest NLL: is the sign of the logarithm turned round?",
    "这是 NLL 最大的候选值：对数的符号是不是反了？",
    ("np.argmin(nll)", "np.argmax(nll)"),
)
targets.swap(
    "The number of the candidate was returned in place of the temperature.",
    "返回的是候选值的序号，而不是温度。",
    ('{"fitted": fitted', '{"fitted": int(np.argmin(nll))'),
)
targets.swap(
    "The targets are no probabilities: the sum runs over the classes, axis 1.",
    "软目标不是概率：应沿类别（轴 1）求和。",
    ('"targets": p / p.sum(1, keepdims=True)', '"targets": p / p.sum(0, keepdims=True)'),
)
targets.swap(
    "The targets are logits: the softmax is missing.",
    "软目标是 logits：缺了 softmax。",
    ('"targets": p / p.sum(1, keepdims=True)', '"targets": np.log(p)'),
)
targets.swap(
    "The targets were made hard: keep the probabilities.",
    "软目标成了硬标签：应保留概率。",
    ('"targets": p / p.sum(1, keepdims=True)', '"targets": np.eye(p.shape[1])[p.argmax(1)]'),
)


@targets.wrong(
    "The candidate was chosen by the accuracy, which no temperature changes. Use the NLL.",
    "候选值是按准确率选的，而温度不会改变准确率。请用 NLL。",
)
def _(teacher_logits, target, train, validation, candidates, temperature):
    right = [(np.asarray(teacher_logits[validation] / t).argmax(1) == target[validation]).mean() for t in candidates]
    fitted = candidates[int(np.argmax(right))]
    p = np.exp(teacher_logits[train] / (fitted * temperature))
    return {"fitted": fitted, "targets": p / p.sum(1, keepdims=True)}


@targets.wrong("The candidate was chosen by the ECE of the bins. The least NLL is asked.", "候选值是按分箱 ECE 选的。要求的是最小的 NLL。")
def _(teacher_logits, target, train, validation, candidates, temperature):
    z, y = teacher_logits[validation], target[validation]
    found = []
    for t in candidates:
        p = np.exp(z / t)
        confidence = p.max(1) / p.sum(1)
        bins = np.minimum((confidence * 15).astype(int), 14)
        gap = confidence - (z.argmax(1) == y)
        found.append(sum(abs(gap[bins == b].sum()) for b in range(15)))
    fitted = candidates[int(np.argmin(found))]
    p = np.exp(teacher_logits[train] / (fitted * temperature))
    return {"fitted": fitted, "targets": p / p.sum(1, keepdims=True)}


@targets.right
def _(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.as_tensor(teacher_logits), torch.as_tensor(target).long()
    rows = torch.as_tensor(validation).long()
    cost = [torch.nn.functional.cross_entropy(z[rows] / float(t), y[rows]).item() for t in candidates]
    best = float(candidates[cost.index(min(cost))])
    return {"fitted": best, "targets": torch.softmax(z[torch.as_tensor(train).long()] / best / temperature, dim=1)}


@targets.right
def _(teacher_logits, target, train, validation, candidates, temperature):
    import math

    def softmax(row, t):
        top = max(row)
        e = [math.exp((v - top) / t) for v in row]
        return [v / sum(e) for v in e]

    rows = [[float(v) for v in row] for row in teacher_logits]
    nll = [sum(-math.log(softmax(rows[i], float(t))[int(target[i])]) for i in validation) for t in candidates]
    best = float(candidates[nll.index(min(nll))])
    return {"targets": [softmax(rows[i], best * temperature) for i in train], "fitted": best}


@targets.right
def _(teacher_logits, target, train, validation, candidates, temperature):
    from scipy.special import log_softmax, softmax

    z = teacher_logits[validation].astype(np.float32)
    scaled = z[None] / np.asarray(candidates, dtype=np.float32)[:, None, None]
    picked = np.take_along_axis(log_softmax(scaled, axis=-1), target[validation][None, :, None], axis=-1)
    best = candidates[picked.sum((1, 2)).argmax()]
    return {"fitted": best, "targets": softmax((teacher_logits / best)[train] / temperature, axis=-1)}


# ------------------------------------------------------------------ what the mean loses

lost = nb.code(
    "what-is-lost",
    "derive",
    (0.5, 1, 0.5),
    title=T("What the mean keeps and loses", "平均保留什么，丢掉什么"),
    text=T(
        r"""
        A student with one softmax learns from $M$ members. For one image its loss is the mean of $\mathrm{KL}(p_m\|q)$ over the members, with the student's distribution $q$.
        Derive with pencil and paper, for each image:

        - the distribution $q^*$ that makes this loss least, and its entropy (`"kept"`: the uncertainty that the best student states);
        - the least loss itself (`"lost"`: what no single distribution can say);
        - by how much the loss of the given student lies above it (`"excess"`).

        Then write the function. All numbers in nats; a class of probability 0 counts with $0\ln 0=0$; a student that excludes a class which a member allows has the excess $\infty$.

        Small example: members (0.9, 0.1) and (0.1, 0.9), student (0.75, 0.25): kept 0.6931, lost 0.3681, excess 0.1438.
        If both members say (0.5, 0.5), kept and excess stay the same, and lost is 0: the student cannot know which of the two it was.""",
        r"""
        一个只有一个 softmax 的学生模型向 $M$ 个成员学习。对一幅图像，损失是 $\mathrm{KL}(p_m\|q)$ 对各成员的平均，$q$ 是学生模型的分布。
        请用纸笔对每幅图像推导：

        - 使损失最小的分布 $q^*$，以及它的熵（`"kept"`：最好的学生模型所表达的不确定性）；
        - 最小的损失本身（`"lost"`：单个分布无法表达的部分）；
        - 给定学生模型的损失比它高多少（`"excess"`）。

        然后写出函数。所有的数以 nat 为单位；概率为 0 的类别按 $0\ln 0=0$ 计；学生模型若排除了某个成员认为可能的类别，excess 为 $\infty$。

        小例子：成员 (0.9, 0.1) 和 (0.1, 0.9)，学生 (0.75, 0.25)：kept 为 0.6931，lost 为 0.3681，excess 为 0.1438。
        如果两个成员都是 (0.5, 0.5)，kept 和 excess 不变，lost 为 0：学生模型分不清是哪一种情况。""",
    ),
    hints=(
        T(
            "Write out the sum over members. Which terms contain the student, and which distribution stands in front of ln q there?",
            "把对成员的求和展开。哪些项含有学生模型？其中 ln q 前面的分布是什么？",
        ),
        T(
            r"$\frac1M\sum_m\mathrm{KL}(p_m\|q)=\mathrm{KL}(q^*\|q)+\frac1M\sum_m\mathrm{KL}(p_m\|q^*)$. The last term does not depend on $q$.",
            r"$\frac1M\sum_m\mathrm{KL}(p_m\|q)=\mathrm{KL}(q^*\|q)+\frac1M\sum_m\mathrm{KL}(p_m\|q^*)$。最后一项与 $q$ 无关。",
        ),
        T("`best = member_probs.mean(axis=0)`", "`best = member_probs.mean(axis=0)`"),
    ),
)


@lost.solution
def what_is_lost(member_probs, student_probs):
    """Split the mean KL of the members to a student, for each image, in nats.

    member_probs: array (M, N, C), rows sum to 1; student_probs: array (N, C), rows sum to 1.
    Returns {"kept": entropy of the best student, "lost": least loss, "excess": loss above it}, each (N,).
    what_is_lost([[[0.9, 0.1]], [[0.1, 0.9]]], [[0.75, 0.25]]) is
    {"kept": [0.6931], "lost": [0.3681], "excess": [0.1438]}.
    """
    best = member_probs.mean(axis=0)

    def kl(p, q):
        terms = np.zeros(np.broadcast(p, q).shape)
        seen = np.broadcast_to(p > 0, terms.shape)
        p, q = np.broadcast_to(p, terms.shape), np.broadcast_to(q, terms.shape)
        with np.errstate(divide="ignore"):
            terms[seen] = p[seen] * np.log(p[seen] / q[seen])
        return terms.sum(axis=-1)

    kept = -kl(best, np.ones_like(best))
    return {"kept": kept, "lost": kl(member_probs, best).mean(axis=0), "excess": kl(best, student_probs)}


lost.example(
    "example, split and agreed",
    "例子，分歧与一致",
    np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.1, 0.9], [0.5, 0.5]]]),
    np.array([[0.75, 0.25], [0.75, 0.25]]),
)


def simplex(rng, *shape):
    """Rows of two decimals that sum to 1, without zeros."""
    while True:
        cents = (rng.dirichlet(np.full(shape[-1], 0.9), shape[:-1]) * 100).round()
        cents[..., -1] = 100 - cents[..., :-1].sum(-1)
        if cents.min() >= 3:
            return cents / 100


@lost.draw
def _(rng):
    members = simplex(rng, 3, int(rng.integers(2, 4)), 3)
    return members, simplex(rng, members.shape[1], 3)


lost.edge("certain members", "完全确定的成员", np.array([[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]]), np.array([[0.7, 0.2, 0.1]]))
lost.edge("a class excluded", "排除了一个类别", np.array([[[0.8, 0.2, 0.0]], [[0.5, 0.1, 0.4]]]), np.array([[0.6, 0.4, 0.0]]))
lost.edge("a class that nobody allows", "没有人认为可能的类别", np.array([[[0.8, 0.2, 0.0]], [[0.4, 0.6, 0.0]]]), np.array([[0.3, 0.7, 0.0]]))
lost.edge("one member", "只有一个成员", np.array([[[0.8, 0.2], [0.4, 0.6]]]), np.array([[0.3, 0.7], [0.9, 0.1]]))

lost.swap(
    "The KL in lost is turned round: the members come first, their mean second.",
    "lost 里的 KL 方向反了：成员在前，它们的平均在后。",
    ("kl(member_probs, best)", "kl(best, member_probs)"),
)
lost.swap(
    "The KL in excess is turned round: the mean comes first, the student second.",
    "excess 里的 KL 方向反了：平均在前，学生模型在后。",
    ("kl(best, student_probs)", "kl(student_probs, best)"),
)
lost.swap(
    "The excess is the whole loss of the student: take the least loss off.",
    "excess 给成了学生模型的全部损失：要减去最小的损失。",
    ("kl(best, student_probs)", "kl(member_probs, student_probs).mean(axis=0)"),
)
lost.swap(
    "lost is the mean entropy of the members: subtract it from the entropy of their mean.",
    "lost 给成了成员的平均熵。应当用平均分布的熵减去它。",
    ("kl(member_probs, best).mean(axis=0)", "-kl(member_probs, np.ones_like(member_probs)).mean(axis=0)"),
)
lost.swap(
    "lost is the least cross-entropy. The least KL is smaller by the mean entropy of the members.",
    "lost 给成了最小的交叉熵。最小的 KL 还要减去成员的平均熵。",
    ("kl(member_probs, best).mean(axis=0)", "kept"),
)
lost.swap(
    "kept is the mean entropy of the members. The best student's entropy is that of their mean, and it is larger.",
    "kept 给成了成员的平均熵。最好的学生模型的熵是平均分布的熵，它更大。",
    ("kept = -kl(best, np.ones_like(best))", "kept = -kl(member_probs, np.ones_like(member_probs)).mean(axis=0)"),
)
lost.swap(
    "kept is the entropy of the given student: the best one is asked.",
    "kept 给成了给定学生模型的熵：要的是最好的学生模型。",
    ("-kl(best, np.ones_like(best))", "-kl(student_probs, np.ones_like(best))"),
)
lost.swap(
    "lost is a sum over the members: the loss is their mean.",
    "lost 是对成员求和：损失是对成员取平均。",
    ("best).mean(axis=0)", "best).sum(axis=0)"),
)
lost.swap(
    "lost uses the student. The least loss does not depend on it: put the best distribution there.",
    "lost 用到了学生模型。最小的损失与它无关：那里应放最好的分布。",
    ("kl(member_probs, best)", "kl(member_probs, student_probs)"),
)
lost.swap(
    "The numbers are in bits: use the natural logarithm.",
    "这些数以比特为单位：请用自然对数。",
    ("np.log(", "np.log2("),
)
lost.swap(
    "The sign of the entropy is turned round: kept is at least 0.",
    "熵的符号反了：kept 不小于 0。",
    ("kept = -kl", "kept = kl"),
)
lost.swap(
    "The mean over the images was taken: one number for each image is asked.",
    "对图像取了平均：每幅图像要一个数。",
    ("return terms.sum(axis=-1)", "return terms.sum(axis=-1).mean(axis=-1, keepdims=True)"),
)
lost.swap(
    "That is the geometric mean of the members, which is best for KL(q‖p). For KL(p‖q) it is the arithmetic mean.",
    "这是成员的几何平均，它使 KL(q‖p) 最小。对 KL(p‖q)，最好的是算术平均。",
    (
        "best = member_probs.mean(axis=0)",
        "best = np.exp(np.log(member_probs + 1e-30).mean(axis=0))\n    best = best / best.sum(axis=-1, keepdims=True)",
    ),
)


@lost.wrong(
    "lost is the variance of the members. It grows with the disagreement but is not the least loss.",
    "lost 给成了成员的方差。它随分歧增大，但不是最小的损失。",
)
def _(member_probs, student_probs):
    best = member_probs.mean(axis=0)
    with np.errstate(all="ignore"):
        kept = -np.where(best > 0, best * np.log(best), 0).sum(-1)
        excess = np.where(best > 0, best * np.log(best / student_probs), 0).sum(-1)
    return {"kept": kept, "lost": member_probs.var(axis=0).sum(-1), "excess": excess}


@lost.wrong(
    "excess is a difference of entropies. The loss of the student is a KL: its logarithm is weighted by the members' mean.",
    "excess 给成了两个熵之差。学生模型的损失是 KL：其对数按成员的平均来加权。",
)
def _(member_probs, student_probs):
    best = member_probs.mean(axis=0)
    every = (best, member_probs, student_probs)
    kept, own, student = (torch.special.entr(torch.as_tensor(p)).sum(-1) for p in every)
    return {"kept": kept, "lost": kept - own.mean(0), "excess": student - kept}


@lost.wrong("0 · ln 0 became NaN: a class of probability 0 counts 0.", "0 · ln 0 成了 NaN：概率为 0 的类别按 0 计。", fails="edge")
def _(member_probs, student_probs):
    best = member_probs.mean(axis=0)
    kept = -(best * np.log(best)).sum(-1)
    lost = (member_probs * np.log(member_probs / best)).sum(-1).mean(0)
    return {"kept": kept, "lost": lost, "excess": (best * np.log(best / student_probs)).sum(-1)}


@lost.wrong(
    "A small number was added to each probability: a student that excludes what a member allows has the excess infinity.",
    "给每个概率加了一个小数：学生模型若排除了成员认为可能的类别，excess 是无穷。",
    fails="edge",
)
def _(member_probs, student_probs):
    p, q = member_probs + 1e-12, student_probs + 1e-12
    best = p.mean(axis=0)
    lost = (p * np.log(p / best)).sum(-1).mean(0)
    return {"kept": -(best * np.log(best)).sum(-1), "lost": lost, "excess": (best * np.log(best / q)).sum(-1)}


@lost.right
def _(member_probs, student_probs):
    """Entropies, and the loss minus its least value."""
    p, q = torch.as_tensor(member_probs), torch.as_tensor(student_probs)
    kept = torch.special.entr(p.mean(0)).sum(-1)
    lost = kept - torch.special.entr(p).sum(-1).mean(0)
    loss = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1).mean(0)
    return {"kept": kept, "lost": lost, "excess": loss - lost}


@lost.right
def _(member_probs, student_probs):
    """Loops."""
    import math

    m, n, c = np.shape(member_probs)
    out = {"kept": [], "lost": [], "excess": []}
    for i in range(n):
        best = [sum(float(member_probs[k][i][j]) for k in range(m)) / m for j in range(c)]
        kept = sum(-b * math.log(b) for b in best if b > 0)
        own = sum(-float(v) * math.log(v) for k in range(m) for v in member_probs[k][i] if v > 0) / m
        excess = 0.0
        for b, q in zip(best, student_probs[i]):
            if b > 0:
                excess += b * math.log(b / q) if q > 0 else math.inf
        out["kept"].append(kept)
        out["lost"].append(kept - own)
        out["excess"].append(excess)
    return out


@lost.right
def _(member_probs, student_probs):
    """SciPy, in float32."""
    from scipy.special import entr, rel_entr

    p, q = np.asarray(member_probs, dtype=np.float32), np.asarray(student_probs, dtype=np.float32)
    best = np.average(p, axis=0)
    return {"kept": entr(best).sum(1), "lost": rel_entr(p, best[None]).sum(2).mean(0), "excess": rel_entr(best, q).sum(1)}


# ------------------------------------------------------------------ read the chapter's table

nb.choice(
    "teachers",
    "read",
    0.5,
    [
        Value(
            "nll",
            T(
                "The NLL of the student of the single teacher, read as it is, minus that of the strongest cheap control on labels. Mind the sign.",
                "单个教师模型的学生模型（不缩放）的 NLL，减去最强的廉价对照（硬标签训练）的 NLL。注意正负号。",
            ),
            -0.044,
            0.001,
            [
                (
                    -0.094,
                    T(
                        "That is against labels as they are. A cheap control does better: scale those logits.",
                        "这是与未缩放的硬标签训练相比。有更强的廉价对照：把它的 logits 缩放一下。",
                    ),
                ),
                (
                    -0.063,
                    T(
                        "Labels stopped early are a control, but scaled labels have a lower NLL.",
                        "早停是一个对照，但硬标签训练加温度缩放的 NLL 更低。",
                    ),
                ),
                (
                    -0.059,
                    T(
                        "That compares both after scaling. The student of the single teacher was to be read as it is.",
                        "这是两边都缩放之后的比较。题目要求单个教师模型的学生模型不缩放。",
                    ),
                ),
                (0.044, T("The sign: distilled minus control, and the lower NLL is the better one.", "正负号：蒸馏减对照，NLL 越低越好。")),
            ],
        ),
        Item(
            "ece",
            T("What do the three differences in ECE say of the student of the single teacher?", "三个 ECE 之差说明了单个教师模型的学生模型的什么？"),
            "labels",
            {
                "all": (
                    T("better calibrated than all three students on labels", "校准优于三种硬标签训练的学生模型"),
                    T("Two of the three differences are above 0, and a lower ECE is the better one.", "三个差中有两个大于 0，而 ECE 越低越好。"),
                ),
                "labels": (
                    T(
                        "better calibrated than labels as they are, and no gain over either control",
                        "校准优于未处理的硬标签训练，但与两个对照相比都没有提升",
                    ),
                    None,
                ),
                "nothing": (
                    T("no difference from any of the three: all may be chance", "与三者都没有差别：都可能是偶然"),
                    T("Divide each difference by its standard error: −1.02 is 3.5 of them.", "把每个差除以它的标准误：−1.02 是 3.5 个标准误。"),
                ),
                "both": (
                    T("better calibrated than labels as they are, and than labels with scaling", "校准优于未处理的硬标签训练，也优于加温度缩放的"),
                    T(
                        "Against scaled labels the difference is 0.27 ± 0.42: above 0, and within chance.",
                        "与加温度缩放的相比，差是 0.27 ± 0.42：大于 0，而且在偶然范围内。",
                    ),
                ),
            },
        ),
        Item(
            "direction",
            T(
                "The student of the teacher with smoothed labels has an ECE of 20.1 % before scaling. Is it mostly too sure or too unsure?",
                "标签平滑的教师模型的学生模型，缩放前的 ECE 是 20.1%。它主要是过于自信，还是过于不自信？",
            ),
            "unsure",
            {
                "sure": (
                    T("too sure", "过于自信"),
                    T(
                        "It is right in 94 % of the cases. How far above that can a mean confidence lie?",
                        "它的准确率是 94%。平均置信度最多能比这高多少？",
                    ),
                ),
                "unsure": (T("too unsure", "过于不自信"), None),
                "open": (
                    T("the table does not tell, since the ECE has no sign", "表中看不出来，因为 ECE 没有正负号"),
                    T(
                        "The ECE has no sign, but the accuracy stands beside it: what is the largest ECE of a model that is only too sure?",
                        "ECE 没有正负号，但旁边有准确率：一个只会过于自信的模型，ECE 最大是多少？",
                    ),
                ),
            },
        ),
    ],
    title=T("Read the table of teachers", "读教师模型的表"),
    text=T(
        """
        From the chapter: mean over five seeds on 2,000 test images. "Scaled" means that the student's logits were divided by one temperature, fitted on validation data.

        | student | accuracy, % | NLL | NLL, scaled | ECE, % | ECE, scaled, % |
        |---|---|---|---|---|---|
        | labels | 92.09 | 0.336 | 0.286 | 3.3 | 2.0 |
        | labels, stopped early | 91.86 | 0.305 | 0.294 | 1.7 | 1.9 |
        | single teacher, T = 4 | 93.30 | 0.242 | 0.227 | 2.3 | 1.4 |
        | the same teacher scaled before, T = 1 | 92.60 | 0.272 | 0.262 | 1.8 | 1.9 |
        | ensemble of three, T = 4 | 92.95 | 0.227 | 0.227 | 1.3 | 1.5 |
        | teacher with smoothed labels, T = 1 | 94.01 | 0.402 | 0.206 | 20.1 | 1.5 |

        Paired differences in ECE, student of the single teacher (T = 4, as it is) minus the other, in points, ± one standard error; below 2.8 of them it may be chance:
        labels −1.02 ± 0.29; labels, scaled 0.27 ± 0.42; labels, stopped early 0.59 ± 0.16.

        Worked example: scaling lowers the NLL of the student on labels by 0.336 − 0.286 = 0.050.""",
        """
        取自本章：五个随机种子的平均，2,000 幅测试图像。“缩放”指把学生模型的 logits 除以一个用验证集拟合的温度。

        | 学生模型 | 准确率（%） | NLL | NLL（缩放后） | ECE（%） | ECE（缩放后，%） |
        |---|---|---|---|---|---|
        | 硬标签 | 92.09 | 0.336 | 0.286 | 3.3 | 2.0 |
        | 硬标签，早停 | 91.86 | 0.305 | 0.294 | 1.7 | 1.9 |
        | 单个教师模型，T = 4 | 93.30 | 0.242 | 0.227 | 2.3 | 1.4 |
        | 同一教师模型事先缩放，T = 1 | 92.60 | 0.272 | 0.262 | 1.8 | 1.9 |
        | 三个模型的集成，T = 4 | 92.95 | 0.227 | 0.227 | 1.3 | 1.5 |
        | 标签平滑的教师模型，T = 1 | 94.01 | 0.402 | 0.206 | 20.1 | 1.5 |

        ECE 的配对差：单个教师模型的学生模型（T = 4，不缩放）减去另一个，以百分点计，± 为一个标准误；不到 2.8 个标准误就可能是偶然：
        硬标签 −1.02 ± 0.29；硬标签，缩放后 0.27 ± 0.42；硬标签，早停 0.59 ± 0.16。

        例：缩放使硬标签训练的学生模型的 NLL 降低 0.336 − 0.286 = 0.050。""",
    ),
    hints=(
        T(
            "Read each number next to its neighbours, and do not forget the controls that cost next to nothing: one stands in a row, one in a column.",
            "每个数都要和旁边的数一起读，也别忘了几乎不花成本的对照：一个在行里，一个在列里。",
        ),
        T(
            "A control is a student without a teacher. For a difference look first at its sign, then divide by its standard error. A confidence is at most 1.",
            "对照是没有教师模型的学生模型。看一个差，先看正负号，再除以标准误。置信度最大是 1。",
        ),
        T("`nll = 0.242 - ...`", "`nll = 0.242 - ...`"),
    ),
)

# ------------------------------------------------------------------ claims

VERDICTS = {
    "follows": T("the claim follows from the results", "由这些结果可以得出该论断"),
    "control": T("a control does as well, so distillation is not the reason", "对照也能做到，所以不是蒸馏的功劳"),
    "measure": T("the quantity measured cannot show what is claimed", "所测的量说明不了该论断"),
    "chance": T("the difference is within what chance gives", "差别在偶然范围之内"),
}
claim = judged(VERDICTS)


nb.choice(
    "claims",
    "judge",
    0.5,
    [
        claim(
            "heads",
            "A student with five heads, one for each member of the ensemble: over the test images, the rank correlation of its epistemic part with the ensemble's is 0.94. For the plain entropy of one member, trained on labels, it is 0.94 too. Claim: it is by learning from each member that the heads rank the images like the ensemble.",
            "一个有五个头的学生模型，每个头对应集成的一个成员：在测试图像上，它的认知不确定性与集成的认知不确定性的秩相关是 0.94。单个用硬标签训练的成员，其普通的熵也达到 0.94。论断：正因为向每个成员学习，这些头才能像集成那样给图像排序。",
            "control",
            follows=(
                "Look at the second number: a network that met no teacher ranks the images as well.",
                "请看第二个数：没有见过教师模型的网络排序一样好。",
            ),
            measure=(
                "The claim is about the order, and a rank correlation measures order. Ask who else reaches it.",
                "论断说的是排序，秩相关测的正是排序。请想一想还有谁能达到。",
            ),
            chance=(
                "0.94 is no accident, over 2,000 images. Ask whether it needs the members.",
                "在 2,000 幅图像上，0.94 不是偶然。请想一想它是否需要那些成员。",
            ),
        ),
        claim(
            "ensemble",
            "The student of an ensemble of three against the student of one teacher, the same network, data, steps and T = 4: the paired difference in NLL is −0.015 ± 0.003 nats over five seeds. Claim: in this setting, with no temperature fitted afterwards, the ensemble's student has the lower NLL.",
            "三个模型集成的学生模型与单个教师模型的学生模型相比，网络、数据、步数相同，都取 T = 4：五个随机种子上，NLL 的配对差是 −0.015 ± 0.003 nat。论断：在这一设定下，若事后不再拟合温度，以集成为教师的学生模型 NLL 更低。",
            "follows",
            control=(
                "The student of one teacher is the control here, and it has the higher NLL.",
                "单个教师模型的学生模型就是这里的对照，它的 NLL 更高。",
            ),
            measure=("The NLL is a proper score: it judges the probabilities themselves.", "NLL 是恰当评分规则：它评价的就是概率本身。"),
            chance=(
                "The difference is small but five standard errors from 0: small is not the same as chance.",
                "差虽小，离 0 却有五个标准误：小不等于偶然。",
            ),
        ),
        claim(
            "entropy",
            "A student of the mean of five members: on upright digits its entropy differs from the ensemble's total uncertainty by 0.003 ± 0.002 nats. Of that total 11 % are disagreement. Claim: the student has kept the ensemble's epistemic uncertainty.",
            "一个学习五个成员平均值的学生模型：在正立的数字上，它的熵与集成的总不确定性相差 0.003 ± 0.002 nat。总量中有 11% 是分歧。论断：学生模型保留了集成的认知不确定性。",
            "measure",
            follows=(
                "The totals agree. Could you tell from the student's entropy which part of it was disagreement?",
                "总量一致。但从学生模型的熵里，能看出哪一部分是分歧吗？",
            ),
            control=(
                "A control would have an entropy as well, and the question would be the same: what does it show?",
                "对照也会有一个熵，问题还是一样：它能说明什么？",
            ),
            chance=(
                "A difference near 0 is what the claim needs. The trouble lies in what was compared.",
                "差接近 0 正是该论断所需要的。问题在于比较的是什么。",
            ),
        ),
    ],
    title=T("Does the claim follow?", "论断成立吗？"),
    text=T(
        """
        Three results from the chapter, each with a claim. ± is one standard error over five seeds; below 2.8 of them a difference may be chance.

        Worked example: the teacher's logits are scaled before distillation, and the student's NLL changes by −0.004 ± 0.004 nats. Claim: scaling this teacher first gave a better student. That is one standard error: `'chance'`.""",
        """
        本章的三个结果，各附一个论断。± 是五个随机种子上的一个标准误；差不到 2.8 个标准误，就可能是偶然。

        例：蒸馏之前先缩放教师模型的 logits，学生模型的 NLL 改变 −0.004 ± 0.004 nat。论断：先缩放这个教师模型，得到了更好的学生模型。这只有一个标准误：`'chance'`。""",
    ),
    hints=(
        T(
            "Ask three things in this order: does the number speak of the claim at all, does a student without a teacher have it too, is it beyond chance? Choose the first objection.",
            "依次问三件事：这个数与论断有关吗，没有教师模型的学生模型是否也有，是否超出偶然？选第一个成立的反对理由。",
        ),
        T(
            "Total uncertainty = aleatoric + epistemic. One distribution gives the sum only.",
            "总不确定性 = 偶然不确定性 + 认知不确定性。一个分布只给出总和。",
        ),
        T('`"ensemble"`: compute −0.015 / 0.003.', '`"ensemble"`：计算 −0.015 / 0.003。'),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        An interviewer says: "We distilled the mean of five networks into one. Its ECE is 2 %, that of the same network trained on labels is 4 %. So distillation improves uncertainty, and since an ensemble taught it, our student knows where the members disagree."

        A small number to think of: members (1, 0) and (0, 1) have the mean (½, ½), and so have members that both say (½, ½).

        In five to eight sentences: what has been shown, what is missing, what is false, and what would you measure?""",
        """
        面试官说：“我们把五个网络的平均蒸馏成一个。它的 ECE 是 2%，同一网络用硬标签训练是 4%。所以蒸馏改善了不确定性；而且教它的是集成，所以我们的学生模型知道成员在哪里有分歧。”

        可以想一个小例子：成员 (1, 0) 和 (0, 1) 的平均是 (½, ½)，两个成员都是 (½, ½) 时也一样。

        请用五到八句话回答：说明了什么，缺什么，哪里不对，你会测什么？""",
    ),
    rubric=T(
        "Half a point: the gain must be shown against a cheap control, labels with temperature scaling or stopped early, over several seeds and with a proper score such as the NLL. Half a point: one softmax trained on the mean carries the total uncertainty only; the disagreement is lost and needs several heads, a Dirichlet or the ensemble itself.",
        "0.5 分：提升要与廉价对照相比，即硬标签训练加温度缩放或早停，用多个随机种子，并用 NLL 这样的恰当评分规则。0.5 分：用平均值训练的单个 softmax 只带有总不确定性；分歧丢失了，要保留它需要多个头、Dirichlet 分布，或集成本身。",
    ),
    model=T(
        """
        Shown is that this student has a lower ECE than one on labels that may simply have been trained too long. The soft term makes the student copy its teacher's confidence; an ensemble is often a good one to copy, and a bad teacher would be copied too.
        Missing are the cheap rivals: the student on labels with one temperature fitted on validation data, and the same student stopped early. I would compare paired over several seeds, and report NLL beside the ECE, because the ECE is no proper score and near 2 % it is not far from what chance gives on a small test set.
        False is the last sentence. The mean is the same for members that agree on (½, ½) and for members that contradict each other, so a student with one softmax learns at most the total uncertainty and has no epistemic part. Whoever needs the split keeps the ensemble, or trains several heads or a Dirichlet on the members' answers. Then I would compare its size and order with the ensemble's, next to the plain entropy of a network without a teacher, and also on inputs of a class that was left out.""",
        """
        能说明的是：这个学生模型的 ECE 低于一个可能只是训练过久的硬标签学生模型。软目标项让学生模型照搬教师模型的置信度；集成往往值得照搬，但差的教师模型同样会照搬。
        缺的是廉价的对照：硬标签训练的学生模型加上用验证集拟合的一个温度，以及早停的同一学生模型。我会在多个随机种子上做配对比较，并在 ECE 之外报告 NLL，因为 ECE 不是恰当评分规则，而且在小测试集上，2% 左右的 ECE 与偶然值相差不远。
        不对的是最后一句。成员都是 (½, ½) 和成员互相矛盾，平均值是一样的，所以只有一个 softmax 的学生模型最多学到总不确定性，没有认知不确定性这一部分。需要这种拆分，就保留集成，或用成员各自的答案训练多个头或 Dirichlet 分布。然后把它的大小和排序与集成比较，并与没有教师模型的网络的普通熵对照，还要用一个未参与训练的类别来测。""",
    ),
    samples=[
        (
            1,
            T(
                "4 % may just be overtrained: scale the label student with one temperature and compare NLL over five seeds. And from (½, ½) nobody can see whether the members agreed, so the student has the total only; take heads or keep the ensemble.",
                "4% 可能只是训练过久：用一个温度缩放硬标签学生模型，在五个种子上比较 NLL。另外，从 (½, ½) 看不出成员是否一致，所以学生模型只有总量；要么用多个头，要么保留集成。",
            ),
        ),
        (
            0.5,
            T(
                "The student learns the mean, so the disagreement is gone; EnD² with a Dirichlet would keep it. But halving the ECE proves that distillation improves calibration.",
                "学生模型学的是平均值，分歧没有了；用 Dirichlet 分布的 EnD² 可以保留。但 ECE 减半证明蒸馏改善了校准。",
            ),
        ),
        (
            0,
            T(
                "Soft labels are richer than hard ones, so the uncertainty is better. An even larger ensemble and a higher temperature would help more.",
                "软标签比硬标签信息更丰富，所以不确定性更好。更大的集成和更高的温度会更有帮助。",
            ),
        ),
    ],
    hints=(
        T("Two claims, two answers: one about calibration, one about disagreement.", "两个论断，两个回答：一个关于校准，一个关于分歧。"),
        T(
            "Calibration: which student without a teacher would also have 2 %? Disagreement: what is the target from each pair of members?",
            "校准：哪个没有教师模型的学生模型也能达到 2%？分歧：这两组成员给出的软目标各是什么？",
        ),
        T('"The comparison lacks ..."', "“这个比较缺少……”"),
    ),
)
