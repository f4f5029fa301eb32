"""Graded notebook 04."""

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Notebook, T, Value, judged

nb = Notebook(
    slug="04-measuring",
    chapter="foundations/measuring",
    title=T("Measuring a distillation", "怎样衡量一次蒸馏"),
    about=T("On the chapter *Measuring a distillation*.", "对应章节《怎样衡量一次蒸馏》。"),
    minutes=80,
)

# ------------------------------------------------------------------ paired differences

pair = nb.code(
    "paired",
    "implement",
    (0.5, 1, 0.5),
    title=T("Paired differences", "配对差"),
    text=T(
        r"""
        Two arms share their seeds: entry $i$ of `a` and entry $i$ of `b` come from the same split, teacher and initial weights.
        Compute the mean of the differences $a_i-b_i$, its standard error, the number of standard errors $t$ at which the mean stands,
        and, for comparison, the standard error of the difference as if the two arms had nothing in common. All standard deviations divide by $n-1$.

        If the standard error is 0, then $t$ is `inf` with the sign of the mean. Fewer than two seeds, or lists of different lengths, give a `ValueError`.

        Small example: $a=(90.6, 91.5, 92.7)$ and $b=(90.0, 91.0, 92.0)$. The differences are 0.6, 0.5 and 0.7: mean 0.6, standard error $0.1/\sqrt3=0.0577$, $t=10.4$.
        Unpaired, the standard error would be $\sqrt{1.11/3+1/3}=0.839$.""",
        r"""
        两个实验组共用随机种子：`a` 和 `b` 的第 $i$ 项用的是同一划分、同一教师模型和同样的初始权重。
        请计算差值 $a_i-b_i$ 的平均、这个平均的标准误、平均值是标准误的多少倍（$t$），
        以及作为比较的未配对标准误，也就是假设两组毫无共同之处时差的标准误。所有标准差都除以 $n-1$。

        标准误为 0 时，$t$ 为 `inf`，符号与平均相同。种子少于两个，或两个列表长度不同，请抛出 `ValueError`。

        小例子：$a=(90.6, 91.5, 92.7)$，$b=(90.0, 91.0, 92.0)$。差值为 0.6、0.5、0.7：平均 0.6，标准误 $0.1/\sqrt3=0.0577$，$t=10.4$。
        若不配对，标准误为 $\sqrt{1.11/3+1/3}=0.839$。""",
    ),
    hints=(
        T("Make one list out of two first. Only then think of spread.", "先把两个列表变成一个，再考虑波动。"),
        T(
            r"$\mathrm{SE}=s_d/\sqrt n$, with $s_d$ the standard deviation of the differences. Unpaired, the variances of the two means add.",
            r"$\mathrm{SE}=s_d/\sqrt n$，$s_d$ 是差值的标准差。不配对时，两个平均的方差相加。",
        ),
        T("`d = np.asarray(a) - np.asarray(b)`", "`d = np.asarray(a) - np.asarray(b)`"),
    ),
)


@pair.solution
def paired(a, b):
    """Paired difference of two arms that share their seeds.

    a, b: sequences of n results, entry i of both from seed i, in the same unit.
    Returns a dict of floats: "mean" of a - b, its "standard_error", "t" = mean / standard_error, and
    "unpaired_se", the standard error of the difference if the arms had nothing in common.
    Standard deviations divide by n - 1. A standard error of 0 gives t = inf or -inf, by the sign of the mean, which is not 0.
    ValueError for fewer than two seeds or for different lengths.
    paired([90.6, 91.5, 92.7], [90.0, 91.0, 92.0])["mean"] is 0.6.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n = len(a)
    if n != len(b):
        raise ValueError("the arms need the same seeds")
    if n < 2:
        raise ValueError("a spread needs two seeds")
    d = a - b
    mean = d.mean()
    se = d.std(ddof=1) / np.sqrt(n)
    unpaired = np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
    t = mean / se if se > 0 else np.copysign(np.inf, mean)
    return {"mean": mean, "standard_error": se, "t": t, "unpaired_se": unpaired}


pair.example("example", "例子", [90.6, 91.5, 92.7], [90.0, 91.0, 92.0])


@pair.draw
def _(rng):
    n, sign = int(rng.integers(5, 7)), float(rng.choice([-1, 1]))
    while True:
        shared = rng.normal(92, 1, n)
        a, b = (shared + rng.normal(0, 0.4, n)).round(2), (shared + sign * 0.4 + rng.normal(0, 0.4, n)).round(2)
        d = a - b
        apart = abs(d.mean() - np.median(d)) > 0.02 and abs(np.sort(a) - np.sort(b) - d).max() > 0.1
        if abs(d.mean()) > 0.15 and (d > 0.02).any() and (d < -0.02).any() and apart:
            return a.tolist(), b.tolist()


pair.edge("arms that move in opposite directions", "两组朝相反方向变化", [91.2, 92.9, 92.0], [92.4, 90.7, 91.6])
pair.edge("accuracies as fractions", "准确率写成小数", [0.9120, 0.9290, 0.9205], [0.9116, 0.9283, 0.9200])
pair.edge("two seeds", "两个种子", [91.0, 92.5], [90.0, 92.0])
pair.edge("the same difference for each seed", "每个种子的差都相同", [91.0, 89.5, 90.25], [92.0, 90.5, 91.25])
pair.script(
    "edge",
    """
    for a, b, why in [
        ([92.0], [91.0], T("one seed has no spread: it must give a ValueError", "只有一个种子就谈不上波动：应抛出 ValueError")),
        ([92.0, 93.0, 92.5], [91.0, 92.2], T("lists of different lengths are not paired: they must give a ValueError", "长度不同的列表无法配对：应抛出 ValueError")),
        ([92.0, 93.0, 92.5], [91.0], T("lists of different lengths are not paired: they must give a ValueError", "长度不同的列表无法配对：应抛出 ValueError")),
    ]:
        refuses("paired", lambda: paired(a, b), why)
    """,
)
pair.swap(
    "The standard deviations divide by n: with few seeds that is too small. Divide by n - 1 (ddof=1).",
    "标准差除以了 n：种子少时会偏小。应除以 n - 1（ddof=1）。",
    ("d.std(ddof=1)", "d.std()"),
    ("a.var(ddof=1)", "a.var()"),
    ("b.var(ddof=1)", "b.var()"),
)
pair.swap(
    "That is the standard deviation of the differences. The standard error of their mean is smaller by the root of n.",
    "这是差值的标准差。平均的标准误还要除以 n 的平方根。",
    ("d.std(ddof=1) / np.sqrt(n)", "d.std(ddof=1)"),
)
pair.swap(
    "Divided by n: the standard error is the standard deviation over the root of n.",
    "除以了 n：标准误等于标准差除以 n 的平方根。",
    ("np.sqrt(n)\n", "n\n"),
)
pair.swap("The sign is turned round: the difference is a minus b.", "符号反了：差是 a 减 b。", ("d = a - b", "d = b - a"))
pair.swap(
    "The standard errors of the two arms were added for the unpaired one: add their squares, then take the root.",
    "未配对标准误是把两组的标准误直接相加：应把平方相加，再开方。",
    ("np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)", "a.std(ddof=1) / np.sqrt(n) + b.std(ddof=1) / np.sqrt(n)"),
)
pair.swap(
    "The unpaired variance is an average of the two arms' variances: for a difference the two variances add.",
    "未配对方差取了两组方差的平均：差的方差是两个方差之和。",
    ("a.var(ddof=1) / n + b.var(ddof=1) / n", "(a.var(ddof=1) + b.var(ddof=1)) / 2 / n"),
)
pair.swap(
    "t was taken with the unpaired standard error: it belongs to the differences.",
    "t 用的是未配对的标准误：应当用差值的标准误。",
    ("mean / se if", "mean / unpaired if"),
    ("np.copysign(np.inf, mean)", "mean / unpaired"),
)
pair.swap(
    "The two standard errors are exchanged: the paired one is the spread of the differences.",
    "两个标准误弄反了：配对的标准误来自差值的波动。",
    ('"standard_error": se', '"standard_error": unpaired'),
    ('"unpaired_se": unpaired', '"unpaired_se": se'),
)
pair.swap(
    "The absolute values of the differences were averaged: seeds in which the arm loses must count against it.",
    "对差值取了绝对值再平均：变差的种子应当抵消变好的种子。",
    ("d = a - b", "d = abs(a - b)"),
)
pair.swap(
    "The lists were sorted before the difference was taken. That tears the pairs apart: entry i belongs to seed i.",
    "求差之前把列表排了序，拆散了配对：第 i 项属于第 i 个种子。",
    ("d = a - b", "d = np.sort(a) - np.sort(b)"),
)
pair.swap(
    "The median was taken: the mean is asked.",
    "取的是中位数：这里要的是平均。",
    ("mean = d.mean()", "mean = np.median(d)"),
)
pair.swap(
    "The differences are relative to b: they are asked in the unit of a and b.",
    "取了相对于 b 的差：应与 a、b 的单位相同。",
    ("d = a - b", "d = (a - b) / b"),
)
pair.swap(
    "t is the mean over the standard deviation: that is an effect size and does not grow with the number of seeds.",
    "t 是平均除以标准差：那是效应量，不随种子数增大。",
    ("mean / se if", "mean / d.std(ddof=1) if"),
)
pair.swap(
    "one seed has no spread: it must give a ValueError",
    "只有一个种子就谈不上波动：应抛出 ValueError",
    ('raise ValueError("a spread needs two seeds")', 'return {"mean": float(a[0] - b[0]), "standard_error": 0.0, "t": np.inf, "unpaired_se": 0.0}'),
    fails="edge",
)
pair.swap(
    "lists of different lengths are not paired: they must give a ValueError",
    "长度不同的列表无法配对：应抛出 ValueError",
    ('    if n != len(b):\n        raise ValueError("the arms need the same seeds")\n', ""),
    fails="edge",
)
pair.swap(
    "A standard error of 0 gave t = 0: a difference that is the same for every seed is the clearest of all, t is infinite.",
    "标准误为 0 时给出了 t = 0：每个种子差都相同，是最清楚的情形，t 应为无穷。",
    ("np.copysign(np.inf, mean)", "0.0"),
    fails="edge",
)


@pair.right
def _(a, b):
    import math
    import statistics

    if len(a) != len(b) or len(a) < 2:
        raise ValueError("same number of seeds, two at least")
    d = [x - y for x, y in zip(a, b)]
    mean, se = statistics.mean(d), statistics.stdev(d) / math.sqrt(len(d))
    t = math.copysign(math.inf, mean) if se == 0 else mean / se
    unpaired = math.sqrt((statistics.variance(a) + statistics.variance(b)) / len(a))
    return {"mean": mean, "standard_error": se, "t": t, "unpaired_se": unpaired}


@pair.right
def _(a, b):
    if len(a) != len(b) or len(a) < 2:
        raise ValueError
    x, y = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    mean, se = (x - y).mean(), (x - y).std() / len(x) ** 0.5  # torch divides by n - 1
    unpaired = torch.hypot(x.std(), y.std()) / len(x) ** 0.5
    return {"unpaired_se": unpaired, "t": mean / se, "standard_error": se, "mean": mean}


@pair.right
def _(a, b):
    n = len(a)
    if n < 2 or len(b) != n:
        raise ValueError
    cov = np.cov(np.array([a, b], dtype=float))  # the variance of a difference, from the covariance
    mean = np.mean(a) - np.mean(b)
    se = np.sqrt(max(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1], 0) / n)
    with np.errstate(divide="ignore"):
        return {"mean": mean, "standard_error": se, "t": np.float64(mean) / se, "unpaired_se": np.sqrt(np.trace(cov) / n)}


@pair.right
def _(a, b):
    n, total, squares = len(a), 0.0, 0.0
    if n != len(b) or n < 2:
        raise ValueError
    for i in range(n):
        total += a[i] - b[i]
    for i in range(n):
        squares += (a[i] - b[i] - total / n) ** 2
    se = (squares / (n * (n - 1))) ** 0.5
    own = sum((x - sum(v) / n) ** 2 for v in (a, b) for x in v)
    t = total / n / se if se else (np.inf if total > 0 else -np.inf)
    return {"mean": total / n, "standard_error": se, "t": t, "unpaired_se": (own / (n * (n - 1))) ** 0.5}


# ------------------------------------------------------------------ one evaluation

score = nb.code(
    "evaluate",
    "implement",
    (0.5, 1, 0.5),
    title=T("Quality and fidelity", "质量与忠实度"),
    text=T(
        r"""
        Five numbers on one test set, from the logits of a student and of its teacher.

        - `"accuracy"` and `"nll"` compare the student with the labels (the NLL is the mean over the rows, in nats);
        - `"agreement"` and `"kl"` compare it with the teacher: the share of rows with the same predicted class, and the mean over the rows of $\mathrm{KL}(\text{teacher}\,\|\,\text{student})$ at $T=1$, in nats;
        - `"worst_class"` is the lowest accuracy of one class, over the classes that occur among the labels.

        All shares are between 0 and 1. Large logits must give finite numbers.

        Small example: student $(0.6, 0.4)$, $(0.25, 0.75)$, $(0.9, 0.1)$; teacher $(0.8, 0.2)$, $(0.6, 0.4)$, $(0.3, 0.7)$; labels 0, 1, 1.
        The student is right on two of three rows and agrees with the teacher on the first only. Class 1 is right on one of its two rows: 0.5.
        The NLL is $-(\ln 0.6+\ln 0.75+\ln 0.1)/3=1.034$, the mean KL is $(0.092+0.274+1.033)/3=0.466$.""",
        r"""
        用学生模型与教师模型的 logits，在同一测试集上算五个数。

        - `"accuracy"` 和 `"nll"` 拿学生模型与标签比较（NLL 对各行取平均，单位 nat）；
        - `"agreement"` 和 `"kl"` 拿它与教师模型比较：预测类别相同的行所占比例，以及 $T=1$ 时 $\mathrm{KL}(\text{教师}\,\|\,\text{学生})$ 对各行的平均，单位 nat；
        - `"worst_class"` 是各类准确率中最低的一个，只看标签中出现过的类别。

        比例都在 0 与 1 之间。logits 很大时也应得到有限的数。

        小例子：学生 $(0.6, 0.4)$、$(0.25, 0.75)$、$(0.9, 0.1)$；教师 $(0.8, 0.2)$、$(0.6, 0.4)$、$(0.3, 0.7)$；标签 0、1、1。
        学生模型三行对了两行，与教师模型只在第一行一致。类别 1 的两行对了一行：0.5。
        NLL 为 $-(\ln 0.6+\ln 0.75+\ln 0.1)/3=1.034$，KL 的平均为 $(0.092+0.274+1.033)/3=0.466$。""",
    ),
    hints=(
        T("For each number ask first: compared with the labels or with the teacher?", "对每个数先问一句：是与标签比，还是与教师模型比？"),
        T(
            r"$\mathrm{KL}=\sum_k p_k(\ln p_k-\ln q_k)$ with $p$ the teacher; sum over the classes, mean over the rows. Log-softmax is $z-\max z-\ln\sum\exp(z-\max z)$.",
            r"$\mathrm{KL}=\sum_k p_k(\ln p_k-\ln q_k)$，$p$ 是教师；对类别求和，对行取平均。log-softmax 为 $z-\max z-\ln\sum\exp(z-\max z)$。",
        ),
        T(
            "`log_q = torch.log_softmax(torch.as_tensor(student_logits), dim=1)`",
            "`log_q = torch.log_softmax(torch.as_tensor(student_logits), dim=1)`",
        ),
    ),
)


@score.solution
def evaluate(student_logits, teacher_logits, target):
    """Five numbers on a student: two against the labels, two against the teacher, and the worst class.

    student_logits, teacher_logits: float arrays (N, C); target: int array (N,) of classes.
    Returns a dict of floats: "accuracy", "agreement" and "worst_class" in [0, 1], "nll" and
    "kl" (teacher || student, T = 1) as means over the rows, in nats. Classes without a row do not count.
    With student (0.6, 0.4), (0.25, 0.75), (0.9, 0.1), teacher (0.8, 0.2), (0.6, 0.4), (0.3, 0.7) and
    labels 0, 1, 1 the accuracy is 0.6667, the agreement 0.3333, the worst class 0.5.
    """

    def log_softmax(z):
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    log_q, log_p = log_softmax(student_logits), log_softmax(teacher_logits)
    student, teacher = student_logits.argmax(axis=1), teacher_logits.argmax(axis=1)
    right = student == target
    return {
        "accuracy": right.mean(),
        "agreement": (student == teacher).mean(),
        "kl": (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean(),
        "nll": -log_q[np.arange(len(target)), target].mean(),
        "worst_class": min(right[target == k].mean() for k in np.unique(target)),
    }


score.example(
    "example",
    "例子",
    np.log([[0.6, 0.4], [0.25, 0.75], [0.9, 0.1]]).round(4),
    np.log([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]]).round(4),
    np.array([0, 1, 1]),
)


@score.draw
def _(rng):
    while True:
        target = np.array([0, 0, 1, 1, 1, 2, 2, 2])[rng.permutation(8)]
        student, teacher = (rng.normal(0, 1.3, (8, 3)) + 1.5 * np.eye(3)[target] for _ in range(2))
        s, t = student.argmax(1), teacher.argmax(1)
        recall = [(s == target)[target == k].mean() for k in range(3)]
        precision = [(s == target)[s == k].mean() for k in range(3) if (s == k).any()]
        same = min((s == t)[target == k].mean() for k in range(3))
        shares = [(s == target).mean(), (s == t).mean(), (t == target).mean(), min(recall), np.mean(recall)]
        apart = len({round(v, 4) for v in shares}) == 5 and min(abs(min(recall) - v) for v in (min(precision), same)) > 0.05
        if apart and 0 < min(recall) < 1:
            return student.round(2), teacher.round(2), target


score.edge(
    "large logits and a sure mistake",
    "很大的 logits 与自信的错误",
    np.array([[1000.0, 999.0, 0.0], [1200.0, 0.0, 0.0], [0.0, 1.0, 2.0]]),
    np.array([[999.0, 1000.0, 0.0], [0.0, 3.0, 1.0], [0.0, 2.0, 1.0]]),
    np.array([0, 1, 2]),
)
score.edge(
    "large logits, and a class without a row",
    "很大的 logits，并有一个类别没有出现",
    np.array([[900.0, -300.0, 20.5], [1.2, 2.0, -0.7], [0.4, 1.9, 0.3], [0.2, 1.1, 1.4], [-0.6, 1.8, 0.9], [1.7, 0.5, 0.8], [0.1, -0.4, 1.6]]),
    np.array([[850.0, 100.0, -400.0], [2.1, 0.3, -0.2], [0.2, 0.5, 1.1], [0.6, 1.3, 0.4], [0.3, 1.1, -0.5], [1.4, 0.3, 0.9], [1.2, 0.5, -0.8]]),
    np.array([0, 0, 1, 1, 1, 0, 0]),
)
score.swap(
    "The accuracy was taken against the teacher's predictions: that is the agreement. Accuracy compares with the labels.",
    "准确率是与教师模型的预测比较得来的：那是一致率。准确率要与标签比较。",
    ("right.mean(),", "(student == teacher).mean(),"),
)
score.swap(
    "The agreement was taken with the labels: it compares the student's predictions with the teacher's.",
    "一致率是与标签比较得来的：应当比较学生模型与教师模型的预测。",
    ("(student == teacher).mean()", "right.mean()"),
)
score.swap(
    "The agreement is the teacher's accuracy: compare the student's predictions with the teacher's.",
    "一致率成了教师模型的准确率：应当比较学生模型与教师模型的预测。",
    ("(student == teacher).mean()", "(teacher == target).mean()"),
)
score.swap(
    "The KL has the other direction: the teacher's probabilities weight the logarithms, KL(teacher || student).",
    "KL 的方向反了：应以教师模型的概率加权，即 KL(teacher || student)。",
    ("np.exp(log_p) * (log_p - log_q)", "np.exp(log_q) * (log_q - log_p)"),
)
score.swap(
    "The KL was averaged over the classes as well: sum over the classes, average over the rows (batchmean).",
    "KL 对类别也取了平均：应对类别求和，对行取平均（batchmean）。",
    (".sum(axis=1).mean()", ".mean()"),
)
score.swap(
    "The KL was summed over the rows: then it grows with the test set. Take the mean.",
    "KL 对各行求了和：测试集越大它越大。应取平均。",
    (".sum(axis=1).mean()", ".sum()"),
)
score.swap(
    "That is the cross-entropy with the teacher: the KL has the teacher's entropy taken off.",
    "这是与教师模型的交叉熵：KL 还要减去教师模型的熵。",
    ("(log_p - log_q)", "(-log_q)"),
)
score.swap(
    "The NLL was summed over the rows: take the mean.",
    "NLL 对各行求了和：应取平均。",
    ("-log_q[np.arange(len(target)), target].mean()", "-log_q[np.arange(len(target)), target].sum()"),
)
score.swap(
    "The NLL was taken at the teacher's class: it compares with the labels.",
    "NLL 取的是教师模型预测的类别：它要与标签比较。",
    ("log_q[np.arange(len(target)), target]", "log_q[np.arange(len(target)), teacher]"),
)
score.swap(
    "The NLL is the teacher's: the student is being judged.", "算成了教师模型的 NLL：这里评价的是学生模型。", ("-log_q[np.arange", "-log_p[np.arange")
)
score.swap(
    "The shares are in per cent: return them between 0 and 1.",
    "比例写成了百分数：应返回 0 到 1 之间的数。",
    ("right.mean(),", "100 * right.mean(),"),
    ("(student == teacher).mean()", "100 * (student == teacher).mean()"),
    ("min(right", "100 * min(right"),
)
score.swap(
    "The worst class was looked for among the predicted classes: that is precision. Take the rows by their label.",
    "最差类别是按预测的类别分组的：那是精确率。应按标签分组。",
    ("right[target == k].mean() for k in np.unique(target)", "right[student == k].mean() for k in np.unique(student)"),
)
score.swap(
    "That is the mean over the classes: it hides the class that is neglected. Take the smallest.",
    "取了各类的平均，看不出被忽视的那一类：应取最小的。",
    ("min(right[target == k].mean() for k in np.unique(target))", "np.mean([right[target == k].mean() for k in np.unique(target)])"),
)
score.swap(
    "That is the number of the worst class: its accuracy is asked.",
    "返回的是最差类别的编号：要的是它的准确率。",
    (
        "min(right[target == k].mean() for k in np.unique(target))",
        "int(min(np.unique(target), key=lambda k: right[target == k].mean()))",
    ),
)
score.swap(
    "The worst class was taken of the agreement: its accuracy against the labels is asked.",
    "最差类别用的是与教师模型的一致率：应当用与标签比较的准确率。",
    ("min(right[target == k]", "min((student == teacher)[target == k]"),
)
score.swap(
    "A class without a row counted with accuracy 0: leave it out.",
    "没有样本的类别按准确率 0 计入了：应当略过。",
    (
        "right[target == k].mean() for k in np.unique(target)",
        "right[target == k].sum() / max((target == k).sum(), 1) for k in range(student_logits.shape[1])",
    ),
    fails="edge",
)
score.swap(
    "The softmax was applied to logits without taking off the maximum: exp overflows.",
    "softmax 没有先减去最大值：exp 溢出。",
    ("        z = z - z.max(axis=1, keepdims=True)\n", ""),
    fails="edge",
)
score.swap(
    "A small number was added inside the logarithm to avoid log 0: it changes the KL. Use log-softmax.",
    "为避免 log 0 在对数里加了一个小数：KL 因此改变。应使用 log-softmax。",
    ("return z - np.log(np.exp(z).sum(axis=1, keepdims=True))", "return np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) + 1e-3)"),
)


@score.wrong("A softmax was applied twice: probabilities went through softmax again.", "做了两次 softmax：概率又过了一遍 softmax。")
def _(student_logits, teacher_logits, target):
    q = torch.softmax(torch.as_tensor(student_logits), 1)
    log_q, log_p = torch.log_softmax(q, 1), torch.log_softmax(torch.softmax(torch.as_tensor(teacher_logits), 1), 1)
    s, t, y = q.argmax(1), log_p.argmax(1), torch.as_tensor(target)
    worst = min((s == y)[y == k].double().mean() for k in y.unique())
    kl, nll = F.kl_div(log_q, log_p, log_target=True, reduction="batchmean"), F.nll_loss(log_q, y)
    return {"accuracy": (s == y).double().mean(), "agreement": (s == t).double().mean(), "kl": kl, "nll": nll, "worst_class": worst}


@score.right
def _(student_logits, teacher_logits, target):
    s, t, y = torch.as_tensor(student_logits), torch.as_tensor(teacher_logits), torch.as_tensor(target)
    right = (s.argmax(1) == y).double()
    kl = F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), log_target=True, reduction="batchmean")
    found = {"accuracy": right.mean(), "agreement": (s.argmax(1) == t.argmax(1)).double().mean(), "kl": kl}
    return {**found, "nll": F.cross_entropy(s, y), "worst_class": min(right[y == k].mean() for k in y.unique())}


@score.right
def _(student_logits, teacher_logits, target):
    import math

    def logs(row):
        top = max(row)
        return [v - top - math.log(sum(math.exp(u - top) for u in row)) for v in row]

    n, kl, nll, same, by_class = len(target), 0.0, 0.0, 0, {}
    for zs, zt, k in zip(student_logits.tolist(), teacher_logits.tolist(), target.tolist()):
        q, p = logs(zs), logs(zt)
        kl += sum(math.exp(u) * (u - v) for u, v in zip(p, q))
        nll -= q[k]
        same += zs.index(max(zs)) == zt.index(max(zt))
        by_class.setdefault(k, []).append(zs.index(max(zs)) == k)
    shares = {k: sum(found) / len(found) for k, found in by_class.items()}
    accuracy = sum(map(sum, by_class.values())) / n
    return {"accuracy": accuracy, "agreement": same / n, "kl": kl / n, "nll": nll / n, "worst_class": min(shares.values())}


@score.right
def _(student_logits, teacher_logits, target):
    zs, zt = student_logits.astype(np.float32), teacher_logits.astype(np.float32)
    log_q, log_p = (z - np.logaddexp.reduce(z, axis=1)[:, None] for z in (zs, zt))
    one_hot = np.eye(zs.shape[1])[target]
    hits = one_hot * (zs.argmax(1) == target)[:, None]
    counts = one_hot.sum(0)
    return {
        "accuracy": hits.sum() / len(target),
        "agreement": np.mean(zs.argmax(1) == zt.argmax(1)),
        "kl": np.sum(np.exp(log_p) * log_p) / len(zs) - np.sum(np.exp(log_p) * log_q) / len(zs),
        "nll": -(one_hot * log_q).sum(1).mean(),
        "worst_class": (hits.sum(0)[counts > 0] / counts[counts > 0]).min(),
    }


# ------------------------------------------------------------------ folds without a leak

fold = nb.code(
    "leaking-folds",
    "repair",
    (0.5, 1, 0.5),
    title=T("Folds that leak", "泄漏的折"),
    text=T(
        """
        A colleague's cross-validation of a distillation. On random labels, where nothing can be learned, his students are far better than chance on the held-out fold.

        ```python
        def folds(order, k, n_validation):
            size = len(order) // k
            made = []
            for i in range(k):
                held_out = np.arange(i * size, (i + 1) * size)
                rest = order[~np.isin(order, held_out)]
                made.append({
                    "teacher": order,                         # rows that train the teacher
                    "student": rest,                          # rows that train the student
                    "validation": held_out[:n_validation],    # choose epochs and temperature
                    "held_out": held_out,                     # the score of this fold
                })
            return made
        ```

        Four things are wrong. Find them and write the function anew. `order` is a shuffled list of the rows.

        - The folds are `k` consecutive blocks of `order`. If the number of rows is not a multiple of `k`, the first blocks get one row more. Each row is held out exactly once.
        - Of the other rows, the first `n_validation` choose epochs and temperature; all that then remain train teacher **and** student, anew in each fold.
        - All index arrays keep the sequence of `order`. A `ValueError` if `k` is below 2 or above the number of rows, or if some fold leaves no row for training.

        Small example: `order = [4, 1, 5, 0, 3, 2]`, `k = 3`, `n_validation = 1`. The first fold holds out rows 4 and 1, chooses on row 5 and trains both models on rows 0, 3 and 2; the second holds out 5 and 0, chooses on 4 and trains on 1, 3 and 2.""",
        """
        一位同事写的蒸馏交叉验证。标签是随机数，本来什么也学不到，他的学生模型在留出的折上却远好于瞎猜。

        ```python
        def folds(order, k, n_validation):
            size = len(order) // k
            made = []
            for i in range(k):
                held_out = np.arange(i * size, (i + 1) * size)
                rest = order[~np.isin(order, held_out)]
                made.append({
                    "teacher": order,                         # 训练教师模型的行
                    "student": rest,                          # 训练学生模型的行
                    "validation": held_out[:n_validation],    # 用来选轮数和温度
                    "held_out": held_out,                     # 这一折的得分
                })
            return made
        ```

        有四处错误。请找出来，并重写这个函数。`order` 是打乱后的行号。

        - 折是 `order` 中相连的 `k` 段。行数不能被 `k` 整除时，前面几段各多一行。每一行恰好留出一次。
        - 其余的行中，前 `n_validation` 行用来选轮数和温度；剩下的全部用来训练教师模型**和**学生模型，每一折都重新训练。
        - 所有下标数组都保持 `order` 中的先后。`k` 小于 2、`k` 大于行数，或有一折没有剩下可训练的行时，抛出 `ValueError`。

        小例子：`order = [4, 1, 5, 0, 3, 2]`，`k = 3`，`n_validation = 1`。第一折留出第 4、1 行，用第 5 行选择，用第 0、3、2 行训练两个模型；第二折留出 5、0，用 4 选择，用 1、3、2 训练。""",
    ),
    hints=(
        T(
            "Ask for each of the four lists: which rows may it contain so that nothing of the held-out fold reaches the score beforehand?",
            "对四个列表逐一问：它可以含哪些行，才不会让留出折的信息提前影响得分？",
        ),
        T(
            "Cut `order`, not 0 .. n − 1, and into blocks that cover it. Held-out, validation and training rows are disjoint and together are all rows.",
            "切分的是 `order`，不是 0 到 n − 1，各段要覆盖全部。留出、验证、训练三部分互不相交，合起来是全部行。",
        ),
        T("`blocks = np.array_split(order, k)`", "`blocks = np.array_split(order, k)`"),
    ),
)


@fold.solution
def folds(order, k, n_validation):
    """Rows for a k-fold cross-validation in which the teacher is trained inside each fold.

    order: int array (n,), a permutation of the rows; k: number of folds; n_validation: rows for choices.
    Returns a list of k dicts of int arrays, "teacher", "student", "validation", "held_out". The held-out
    rows are k consecutive blocks of order, the first n % k of them one row longer. Of the other rows the
    first n_validation are for validation, all the rest train the teacher and the student, in sequence.
    ValueError if k < 2 or k > n, or if a fold has no row for training.
    folds(np.array([4, 1, 5, 0, 3, 2]), 3, 1)[0] is
    {"teacher": [0, 3, 2], "student": [0, 3, 2], "validation": [5], "held_out": [4, 1]}.
    """
    if not 2 <= k <= len(order):
        raise ValueError("k must be between 2 and the number of rows")
    blocks = np.array_split(order, k)
    made = []
    for i, held_out in enumerate(blocks):
        rest = np.concatenate(blocks[:i] + blocks[i + 1 :])
        validation, train = rest[:n_validation], rest[n_validation:]
        if len(train) == 0:
            raise ValueError("no row is left for training")
        made.append({"teacher": train, "student": train, "validation": validation, "held_out": held_out})
    return made


fold.example("example", "例子", np.array([4, 1, 5, 0, 3, 2]), 3, 1)


@fold.draw
def _(rng):
    k = int(rng.integers(3, 5))
    n = 2 * k + int(rng.integers(1, k))
    while True:
        order = rng.permutation(n)
        if (order != np.arange(n)).sum() > n - 2 and order[0] > 1:
            return order, k, int(rng.integers(1, 3))


fold.edge("a row more than two folds can share, no validation", "两折分不匀，也没有验证行", np.array([3, 6, 0, 2, 5, 1, 4]), 2, 0)
fold.edge("one row is left for training", "只剩一行用来训练", np.array([1, 2, 0]), 3, 1)
fold.edge("each row is a fold", "每行一折", np.array([2, 0, 4, 1, 3]), 5, 2)
fold.edge("one row too many for equal folds", "不能等分，多出一行", np.array([6, 2, 5, 0, 3, 1, 4]), 3, 1)
fold.script(
    "edge",
    """
    for n, k, n_validation, why in [
        (6, 1, 0, T("one fold holds out everything: it must give a ValueError", "只有一折，就留出了全部的行：应抛出 ValueError")),
        (4, 5, 0, T("more folds than rows must give a ValueError", "折数多于行数，应抛出 ValueError")),
        (5, 2, 2, T("a fold without a row for training must give a ValueError", "有一折没有可训练的行，应抛出 ValueError")),
    ]:
        refuses("folds", lambda: folds(np.arange(n)[::-1], k, n_validation), why)
    """,
)
fold.swap(
    "The teacher is trained on all rows: its soft targets carry the labels of the held-out fold to the student. Train it inside each fold.",
    "教师模型用了全部的行训练：它的软目标会把留出折的标签带给学生模型。应在每一折内训练。",
    ('"teacher": train', '"teacher": order'),
)
fold.swap(
    "The teacher is trained on all rows but those of the validation: the held-out fold leaks through its soft targets.",
    "教师模型除验证行外用了全部的行训练：留出折的信息会通过软目标泄漏。",
    ('"teacher": train', '"teacher": order[~np.isin(order, validation)]'),
)
fold.swap(
    "Epochs and temperature are chosen on the held-out fold: its score is then too high. Take validation rows from the others.",
    "轮数和温度是在留出折上选的：得分会偏高。验证行应取自其余的行。",
    ("rest[:n_validation], rest[n_validation:]", "held_out[:n_validation], rest"),
)
fold.swap(
    "The validation rows also train both models: choices made on rows that were fitted are worth nothing. Take them out.",
    "验证行也参加了两个模型的训练：在拟合过的行上做选择没有意义。应当取出。",
    ("rest[n_validation:]", "rest"),
    ("len(train) == 0", "len(train) <= n_validation"),
)
fold.swap(
    "The teacher is trained on the validation rows: epochs and temperature are then chosen on rows it has fitted.",
    "教师模型用了验证行训练：轮数和温度就是在它拟合过的行上选的。",
    ('"teacher": train', '"teacher": rest'),
)
fold.swap(
    "The student is trained on the validation rows: the choice of its epochs then looks at rows it has fitted.",
    "学生模型用了验证行训练：选轮数时看的就是它拟合过的行。",
    ('"student": train', '"student": rest'),
)
fold.swap(
    "Rows 0 .. n - 1 were cut, not `order`: in a file sorted by class a fold then holds one class.",
    "切分的是 0 到 n - 1，而不是 `order`：文件若按类别排序，一折里就只有一个类别。",
    ("np.array_split(order, k)", "np.array_split(np.arange(len(order)), k)"),
)
fold.swap(
    "The rows that remain after n // k are in no fold: they are never held out. Each row is held out once.",
    "按 n // k 分完后剩下的行不在任何一折里，从未留出。每一行都应留出一次。",
    ("np.array_split(order, k)", "np.array_split(order[: len(order) // k * k], k)"),
)
fold.swap(
    "All surplus rows went to the last fold: the first n % k folds get one more each, so that sizes differ by one at most.",
    "多出的行全放进了最后一折：应由前 n % k 折各多一行，各折大小至多差一。",
    ("np.array_split(order, k)", "np.split(order, [len(order) // k * j for j in range(1, k)])"),
)
fold.swap(
    "The rows were dealt out in turn: consecutive blocks of `order` are asked.",
    "行是轮流分到各折的：要求的是 `order` 中相连的段。",
    ("np.array_split(order, k)", "[order[j::k] for j in range(k)]"),
)
fold.swap(
    "Training and held-out rows are exchanged: one fold is held out, the k - 1 others train.",
    "训练与留出弄反了：留出一折，用其余 k - 1 折训练。",
    ("validation, train = rest[", "rest, held_out = held_out, rest\n        validation, train = rest["),
    ("len(train) == 0", "False"),
)
fold.swap(
    "The folds overlap: a row is held out twice. The blocks must be disjoint.",
    "折之间有重叠：有的行留出了两次。各段必须互不相交。",
    ('"held_out": held_out', '"held_out": np.append(held_out, blocks[(i + 1) % k][0])'),
)
fold.swap(
    "The teacher learns from other rows than the student: both get all rows that remain in the fold.",
    "教师模型与学生模型用了不同的行：两者都应使用折内剩下的全部行。",
    ('"teacher": train, "student": train', '"teacher": train[: len(train) // 2], "student": train[len(train) // 2 :]'),
)
fold.swap(
    "The index arrays were sorted: keep the sequence of `order`, or the validation rows are no longer a random part.",
    "下标数组排了序：应保持 `order` 的先后，否则验证行不再是随机的一部分。",
    ("rest = np.concatenate(blocks[:i] + blocks[i + 1 :])", "rest = np.setdiff1d(order, held_out)"),
)
fold.swap(
    "The student learns from the held-out rows as well: it is then scored on what it was trained on.",
    "学生模型也学了留出的行：得分就是在训练过的数据上得来的。",
    ('"student": train', '"student": order[~np.isin(order, validation)]'),
)
fold.swap(
    "one fold holds out everything: it must give a ValueError",
    "只有一折，就留出了全部的行：应抛出 ValueError",
    (
        "    if not 2 <= k",
        '    if k == 1:\n        return [{"teacher": order, "student": order, "validation": order[:0], "held_out": order}]\n    if not 2 <= k',
    ),
    fails="edge",
)
fold.swap("more folds than rows must give a ValueError", "折数多于行数，应抛出 ValueError", ("2 <= k <= len(order)", "2 <= k"), fails="edge")
fold.swap(
    "a fold without a row for training must give a ValueError",
    "有一折没有可训练的行，应抛出 ValueError",
    ("len(train) == 0", "False"),
    fails="edge",
)


@fold.right
def _(order, k, n_validation):
    rows, made, start = [int(row) for row in order], [], 0
    n = len(rows)
    if k < 2 or k > n:
        raise ValueError("k")
    for i in range(k):
        stop = start + n // k + (1 if i < n % k else 0)
        rest = rows[:start] + rows[stop:]
        if len(rest) <= n_validation:
            raise ValueError("nothing to train on")
        train = rest[n_validation:]
        made.append({"held_out": rows[start:stop], "validation": rest[:n_validation], "student": train, "teacher": list(train)})
        start = stop
    return made


@fold.right
def _(order, k, n_validation):
    n = len(order)
    if not 2 <= k <= n or n - -(-n // k) - n_validation < 1:
        raise ValueError
    edges = [i * (n // k) + min(i, n % k) for i in range(k + 1)]
    position = np.arange(n)
    made = []
    for i in range(k):
        low, high = edges[i], edges[i + 1]
        inside = (position >= low) & (position < high)
        rest = order[~inside]
        made.append(
            dict(zip(("held_out", "validation", "teacher", "student"), (order[inside], *np.split(rest, [n_validation]), rest[n_validation:])))
        )
    return made


@fold.right
def _(order, k, n_validation):
    order = torch.as_tensor(np.array(order))
    if k < 2 or k > len(order):
        raise ValueError
    made = []
    for held_out in torch.tensor_split(order, k):
        others = order[~torch.isin(order, held_out)]
        if len(others) - n_validation <= 0:
            raise ValueError
        made.append(
            {"teacher": others[n_validation:], "student": others[n_validation:].clone(), "validation": others[:n_validation], "held_out": held_out}
        )
    return made


@fold.right
def _(order, k, n_validation):
    from sklearn.model_selection import KFold

    made = []
    for kept, out in KFold(k).split(order):  # raises ValueError for bad k
        if len(kept) <= n_validation:
            raise ValueError
        train = order[kept[n_validation:]]
        made.append({"teacher": train, "student": train, "validation": order[kept[:n_validation]], "held_out": order[out]})
    return made


# ------------------------------------------------------------------ reading a table of seeds

nb.choice(
    "seeds",
    "read",
    0.5,
    [
        Value(
            "standard_error",
            T("The standard error of the paired difference, distilled minus labels, in points.", "配对差（蒸馏减硬标签）的标准误，单位：百分点。"),
            0.22,
            0.01,
            [
                (
                    0.343,
                    T(
                        "That treats the two rows as if they had nothing in common. Take the five differences first.",
                        "这把两行当作毫无共同之处。应先求五个差值。",
                    ),
                ),
                (0.493, T("That is the standard deviation of the differences: divide by the root of 5.", "这是差值的标准差：还要除以 5 的平方根。")),
                (0.197, T("Divided by n: the standard deviation of five differences divides by 4.", "除以了 n：五个差值的标准差应除以 4。")),
                (0.243, T("That is the variance of the differences.", "这是差值的方差。")),
                (0.099, T("The standard deviation was divided by 5: divide by the root of 5.", "标准差除以了 5：应除以 5 的平方根。")),
            ],
        ),
        Value(
            "lower_end",
            T("The lower end of the 95 % interval of the paired difference, in points.", "配对差的 95% 区间的下端，单位：百分点。"),
            0.6,
            0.02,
            [
                (
                    0.775,
                    T(
                        "1.96 or 2 standard errors hold for many seeds. Five seeds have four degrees of freedom.",
                        "1.96 或 2 个标准误适用于种子很多时。五个种子只有四个自由度。",
                    ),
                ),
                (0.99, T("One standard error is not a 95 % interval.", "一个标准误不是 95% 区间。")),
                (0.26, T("The unpaired standard error was used: the seeds are shared.", "用了未配对的标准误：两行共用种子。")),
                (
                    -0.16,
                    T("The standard deviation was used: the interval of a mean needs its standard error.", "用了标准差：平均的区间要用它的标准误。"),
                ),
                (
                    0.643,
                    T(
                        "The factor 2.57 belongs to five degrees of freedom: five differences have four.",
                        "2.57 是五个自由度的系数：五个差值只有四个自由度。",
                    ),
                ),
                (0.70, T("That is the smallest of the five differences, not the end of an interval.", "这是五个差值中最小的一个，不是区间的端点。")),
            ],
        ),
        Value(
            "seeds_needed",
            T(
                "With the same spread of the differences: how many seeds put a true difference of 0.15 points at two standard errors? Round up.",
                "差值的波动不变时，要用多少个种子，才能使 0.15 个百分点的真实差异等于两个标准误？向上取整。",
            ),
            44,
            1.2,
            [
                (
                    7,
                    T(
                        "The square is missing: the standard error falls with the root of the number of seeds.",
                        "漏了平方：标准误按种子数的平方根下降。",
                    ),
                ),
                (
                    9,
                    T(
                        "The standard error of five seeds was used: the formula needs the standard deviation of the differences.",
                        "用了五个种子的标准误：公式要的是差值的标准差。",
                    ),
                ),
                (11, T("That puts the difference at one standard error, not at two.", "这样差异只等于一个标准误，不是两个。")),
                (105, T("The spread of unpaired arms was used: the seeds are shared.", "用了未配对时的波动：两行共用种子。")),
            ],
        ),
    ],
    title=T("Five seeds, two arms", "五个种子，两个实验组"),
    text=T(
        r"""
        The primary comparison of the chapter, seed by seed, from a run whose last digits differ from the page's: test accuracy in per cent of the same student, trained on labels and distilled from the standard teacher.

        | seed | 0 | 1 | 2 | 3 | 4 | mean |
        |---|---|---|---|---|---|---|
        | labels | 91.55 | 92.85 | 91.45 | 92.65 | 91.95 | 92.09 |
        | distilled | 93.15 | 93.60 | 92.65 | 93.35 | 93.75 | 93.30 |

        For 95 % the limits of Student's $t$ are: 4.30 standard errors with 2 degrees of freedom, 3.18 with 3, 2.78 with 4, 2.57 with 5, 1.96 with very many.
        You may use your function `paired`, or a pocket calculator.

        Worked example: seed 0 has the difference 1.60. The mean difference is 1.21 points.""",
        r"""
        本章的主要比较，逐个种子列出，数字来自另一次运行，末位与正文略有不同：同一学生模型的测试准确率（%），一行用硬标签训练，一行由标准教师模型蒸馏。

        | 种子 | 0 | 1 | 2 | 3 | 4 | 平均 |
        |---|---|---|---|---|---|---|
        | 硬标签 | 91.55 | 92.85 | 91.45 | 92.65 | 91.95 | 92.09 |
        | 蒸馏 | 93.15 | 93.60 | 92.65 | 93.35 | 93.75 | 93.30 |

        95% 对应的 $t$ 分布界限：自由度为 2 时是 4.30 个标准误，3 个为 3.18，4 个为 2.78，5 个为 2.57，非常多时为 1.96。
        可以用你写的 `paired`，也可以用计算器。

        例：种子 0 的差为 1.60。平均差为 1.21 个百分点。""",
    ),
    hints=(
        T("Write the five differences below the table. All three answers come from that row.", "在表下写出五个差值。三个答案都出自这一行。"),
        T(
            r"$\mathrm{SE}=s_d/\sqrt5$; interval $\bar d\pm t\,\mathrm{SE}$ with $n-1$ degrees of freedom; seeds $(2\,s_d/d)^2$.",
            r"$\mathrm{SE}=s_d/\sqrt5$；区间 $\bar d\pm t\,\mathrm{SE}$，自由度为 $n-1$；种子数 $(2\,s_d/d)^2$。",
        ),
        T("`d = [1.60, 0.75, ...]`", "`d = [1.60, 0.75, ...]`"),
    ),
)

# ------------------------------------------------------------------ judging claims

VERDICTS = {
    "follows": T("the numbers carry the claim", "数字支持这个论断"),
    "interval": T("the interval allows more than the claim says", "区间容许的情况比论断说的多"),
    "pairing": T("what both arms share was counted as noise", "把两组共有的波动算成了噪声"),
    "selection": T("the figure was picked by looking at test results", "数字是看着测试结果挑出来的"),
    "control": T("the comparison leaves another cause open", "这个比较没有排除别的原因"),
}
claim = judged(VERDICTS)


nb.choice(
    "claims",
    "judge",
    0.25,
    [
        claim(
            "equal",
            "Standard teacher minus smoothed labels: −0.1 ± 0.3 points, p well above 0.05. *Claim: the two methods are equally accurate.*",
            "标准教师模型减平滑标签：−0.1 ± 0.3 个百分点，p 远大于 0.05。*论断：两种方法一样准确*。",
            "interval",
            follows=(
                "Not significant does not mean zero. With five seeds the 95 % interval runs from about −0.9 to 0.6 points.",
                "不显著不等于零。五个种子的 95% 区间约为 −0.9 到 0.6 个百分点。",
            ),
            pairing=("The difference was taken seed by seed. What both share has cancelled already.", "差是逐个种子求的，共有的部分已经抵消。"),
            selection=("All five seeds of both arms are in the mean. Nothing was picked.", "两组的五个种子都算在平均里，没有挑选。"),
            control=(
                "The claim says nothing about a cause. It compares two arms, and both were measured.",
                "论断没有谈原因。它只比较两个实验组，而两组都测了。",
            ),
        ),
        claim(
            "primary",
            "Standard teacher minus labels was named as the only primary comparison before the run. *Claim: for other splits and starts from this pool of images, the distilled student is on average more accurate than the same student on labels.*",
            "运行之前已指定“标准教师模型减硬标签”为唯一的主要比较。*论断：对同一批图像的其他划分和初始权重，蒸馏的学生模型平均比同一学生模型用硬标签训练更准确*。",
            "follows",
            interval=(
                "1.21 points are 5.5 standard errors, and the limit with five seeds is 2.78. The interval, 0.6 to 1.8, lies above zero.",
                "1.21 个百分点是 5.5 个标准误，五个种子的界限是 2.78。区间 0.6 到 1.8 全在零以上。",
            ),
            pairing=("The last column is the paired difference: what the arms share is not counted.", "最后一列就是配对差：共有的部分没有计入。"),
            selection=(
                "One comparison, named before the run, on all seeds: there was nothing to pick from.",
                "只有一个事先指定的比较，用了所有种子：无从挑选。",
            ),
            control=(
                "The claim says that the student is better, not which property of the teacher does it. For that the same student on labels is the control.",
                "论断只说更准确，没有说是教师模型的哪个性质造成的。对此，用硬标签训练的同一学生模型就是对照。",
            ),
        ),
        claim(
            "overlap",
            "The 95 % intervals of the two arms overlap: labels 91.3 to 92.9 %, standard teacher 92.8 to 93.8 %. *Claim: so no gain has been shown.*",
            "两组的 95% 区间有重叠：硬标签 91.3 到 92.9%，标准教师模型 92.8 到 93.8%。*论断：所以没有证明有提升*。",
            "pairing",
            follows=(
                "Overlap of two intervals is no test of their difference. Look at the last column.",
                "两个区间重叠并不是对差的检验。请看最后一列。",
            ),
            interval=(
                "The interval of the difference is 0.6 to 1.8 points and has no zero in it. The two intervals quoted answer another question.",
                "差的区间是 0.6 到 1.8 个百分点，不含零。引用的两个区间回答的是另一个问题。",
            ),
            selection=("Each interval uses all five seeds. Nothing was picked.", "每个区间都用了五个种子，没有挑选。"),
            control=("The control is there: the same student on labels.", "对照是有的：用硬标签训练的同一学生模型。"),
        ),
        claim(
            "best",
            "The best of the five distilled students has 93.75 %, the students on labels have 92.09 % on average. *Claim: distillation gains 1.7 points.*",
            "五个蒸馏学生模型中最好的一个是 93.75%，硬标签学生模型平均 92.09%。*论断：蒸馏提升了 1.7 个百分点*。",
            "selection",
            follows=(
                "A maximum stands against a mean: the best of five is above the mean for equal arms too.",
                "这是拿最大值与平均比：即使两组相同，五个中最好的也高于平均。",
            ),
            interval=(
                "1.7 lies inside the interval of the difference, but the fault is how the figure came about.",
                "1.7 落在差的区间之内，问题在于这个数是怎么来的。",
            ),
            pairing=(
                "The arms are treated unlike: one by its best seed, the other by its mean.",
                "两组的处理方式不同：一组取最好的种子，一组取平均。",
            ),
            control=("The control is the right one. It was summarised in another way.", "对照没有选错，只是汇总的方式不同。"),
        ),
        claim(
            "shifts",
            "The standard teacher was trained with shifted images; its student is 1.2 points ahead of the student on labels. *Claim: the shifts are what gives the 1.2 points.*",
            "标准教师模型训练时用了平移的图像；它的学生模型比硬标签学生模型高 1.2 个百分点。*论断：这 1.2 个百分点来自平移*。",
            "control",
            follows=(
                "The two arms differ in more than the shifts: one of them has no teacher at all.",
                "这两组的差别不止平移：其中一组根本没有教师模型。",
            ),
            interval=("The 1.2 points are clear. In doubt is what they come from.", "1.2 个百分点很清楚，存疑的是它从哪里来。"),
            pairing=("The seeds were paired. In doubt is the cause, not the noise.", "种子已经配对。存疑的是原因，不是噪声。"),
            selection=("No figure was picked: ask what else differs between the two arms.", "没有挑选数字。请问：两组之间还有什么不同？"),
        ),
        claim(
            "epoch",
            "Of the 40 epochs of each student the one with the highest test accuracy is kept, and that accuracy is reported. *Claim: it is an honest test accuracy, since no gradient came from the test images.*",
            "每个学生模型从 40 轮中保留测试准确率最高的一轮，并报告这个准确率。*论断：没有用测试图像求过梯度，所以这是可信的测试准确率*。",
            "selection",
            follows=(
                "A choice among 40 epochs learns from the test images too. Early stopping needs validation data.",
                "在 40 轮中挑选，也是从测试图像中学习。早停应当用验证集。",
            ),
            interval=("More seeds would not help: each of them would be too high by the same habit.", "增加种子没有用：每个种子都会因此偏高。"),
            pairing=("It is about the level of one figure, not about a difference between two arms.", "这里说的是一个数的高低，不是两组之差。"),
            control=(
                "Treating the control alike makes the comparison fairer, but the reported accuracy stays too high.",
                "对照也这样处理，比较会公平一些，但报告的准确率仍然偏高。",
            ),
        ),
    ],
    title=T("Does the claim follow?", "论断成立吗？"),
    text=T(
        """
        Test accuracy of the chapter's students, five seeds, ± one standard error. Arms share their seeds; the last column is the paired difference.

        | arm | accuracy, % | minus labels, points |
        |---|---|---|
        | labels | 92.1 ± 0.3 | |
        | smoothed labels | 93.4 ± 0.4 | 1.3 ± 0.3 |
        | same-data teacher (no shifts) | 93.0 ± 0.2 | 0.9 ± 0.2 |
        | standard teacher (with shifts) | 93.3 ± 0.2 | 1.2 ± 0.2 |

        Six claims on such numbers. For each choose the code that fits best; if a claim does not follow, the code names the main reason.

        Worked example: one run of each arm gives 93.1 and 92.9 %. *Claim: the first arm is better.* With one run the error is not known at all: `'interval'`.""",
        """
        本章各学生模型的测试准确率，五个种子，± 为一个标准误。各组共用种子；最后一列是配对差。

        | 实验组 | 准确率（%） | 减硬标签（个百分点） |
        |---|---|---|
        | 硬标签 | 92.1 ± 0.3 | |
        | 平滑标签 | 93.4 ± 0.4 | 1.3 ± 0.3 |
        | 同数据教师模型（无平移） | 93.0 ± 0.2 | 0.9 ± 0.2 |
        | 标准教师模型（有平移） | 93.3 ± 0.2 | 1.2 ± 0.2 |

        下面是六个关于这类数字的论断。请为每一个选最合适的代码；论断不成立时，代码说明主要原因。

        例：两组各跑一次，得到 93.1 和 92.9%。*论断：第一组更好*。只跑一次，误差完全未知：`'interval'`。""",
    ),
    hints=(
        T("Which two numbers does the claim compare, and how were they chosen?", "论断比较的是哪两个数？这两个数是怎么选出来的？"),
        T(
            "Go through in this order: was a figure picked? does another arm explain it? is it the paired difference? how wide is its interval?",
            "按这个顺序检查：数字是挑出来的吗？别的实验组能解释吗？用的是配对差吗？区间有多宽？",
        ),
        T(
            '`"equal"`: before rounding it is −0.12 ± 0.276, so the interval is −0.12 ± 2.78 × ...',
            '`"equal"`：取整之前是 −0.12 ± 0.276，所以区间是 −0.12 ± 2.78 × ……',
        ),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        In an interview you are shown a slide: "We trained the teacher on all our data. Then we cross-validated the student in five folds: 94.1 %. The teacher has 94.4 % in the same folds. The difference is not significant (p = 0.3), so the student is as good as the teacher."

        In five to eight sentences: what is wrong with the figures, what is wrong with the conclusion, and how would you measure it?""",
        """
        面试时给你看一页幻灯片：“教师模型用全部数据训练。然后对学生模型做五折交叉验证：94.1%。教师模型在同样的折上为 94.4%。差异不显著（p = 0.3），所以学生模型和教师模型一样好。”

        请用五到八句话回答：这些数有什么问题，结论有什么问题，你会怎样测量？""",
    ),
    rubric=T(
        "Half a point: the teacher has seen every held-out fold, so that its own score is on training rows and its soft targets leak to the student; it must be trained inside each fold, or a test set that no model saw must give the figures. Half a point: not significant is not equal; a margin is named before and the interval of the paired difference must lie above minus that margin.",
        "0.5 分：教师模型见过每一个留出的折，它自己的得分是在训练行上得来的，软目标还会泄漏给学生模型；应在每一折内训练教师模型，或用任何模型都没见过的测试集给出结果。0.5 分：不显著不等于相等；应事先定下容许的差距，配对差的整个区间要高于负的这个差距。",
    ),
    model=T(
        """
        The teacher has been trained on every row that is held out later. So its 94.4 % is a score on training data, and it says little about new data.
        The student's 94.1 % is not clean either: the soft targets on the other folds depend on what the teacher learned from the held-out one. I would train the teacher again inside each fold, choose settings there, and take the final figures from a test set that neither model has seen.
        A p of 0.3 does not show that two models are equal; few runs miss all but large differences. The scores of folds share training rows as well, so that their spread gives no valid standard error.
        I would name a margin first, half a point say, repeat both trainings over at least five seeds, and ask that the whole 95 % interval of the paired difference lies above minus half a point. The same student on labels belongs beside it, or nobody knows what the distillation did.""",
        """
        教师模型在训练时见过后来留出的每一行。因此它的 94.4% 是在训练数据上的得分，说明不了它在新数据上的表现。
        学生模型的 94.1% 也不干净：其余折上的软目标取决于教师模型从留出折学到了什么。我会在每一折内重新训练教师模型，只用折内的数据选设置，最后的结果取自两个模型都没见过的测试集。
        p = 0.3 不能说明两个模型一样；运行次数少时，只有很大的差异才看得出来。各折的得分还共用训练行，它们的波动不能给出有效的标准误。
        我会先定一个容许的差距，比如 0.5 个百分点，再用至少五个随机种子重复两者的训练，要求配对差的整个 95% 区间高于 −0.5 个百分点。旁边还应列出用硬标签训练的同一学生模型，否则不知道蒸馏起了什么作用。""",
    ),
    samples=[
        (
            1,
            T(
                "The teacher saw the held-out folds, so both numbers are too good: train it in each fold. And p = 0.3 only says that nothing was found. Fix a margin and look whether the interval of the paired difference stays above it.",
                "教师模型见过留出的折，两个数都偏高：应在每一折内训练它。p = 0.3 只说明没有发现差异。应先定容许的差距，再看配对差的区间是否都在它之上。",
            ),
        ),
        (
            0.5,
            T(
                "No significance is no proof. I would set a margin of half a point and compute the 95 % interval of the differences over ten seeds. The folds are fine.",
                "不显著不是证明。我会定 0.5 个百分点的差距，用十个种子计算差值的 95% 区间。折的做法没有问题。",
            ),
        ),
        (
            0,
            T(
                "They should report F1 and the convergence speed as well, and use ten folds in place of five.",
                "还应报告 F1 和收敛速度，并把五折改成十折。",
            ),
        ),
    ],
    hints=(
        T("Follow one held-out row: which model has seen it, and when?", "跟着一条留出的行走一遍：哪个模型在什么时候见过它？"),
        T(
            "As good as: lower end of the interval of the paired difference > −margin.",
            "一样好：配对差区间的下端 > −容许的差距。",
        ),
        T('"The teacher was trained on ..."', "“教师模型训练时用了……”"),
    ),
)
