"""Graded notebook 02."""

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Item, Notebook, T, distributions

nb = Notebook(
    slug="02-the-loss",
    chapter="foundations/the-loss",
    title=T("The loss", "损失函数"),
    about=T("On the chapter *The loss: temperature, KL and T²*.", "对应章节《损失函数：温度、KL 与 T²》。"),
    minutes=75,
)


def tensors(*rows):
    return tuple(torch.tensor(r, dtype=torch.float64) for r in rows)


def logits(rng, n, c):
    return tensors(rng.normal(0, 1.5, (n, c)).round(2), rng.normal(0, 1.5, (n, c)).round(2))


SIGN = (
    "The sign is turned: the gradient is student minus teacher, since the loss falls when the student moves towards the teacher.",
    "符号反了：梯度是学生减教师，因为学生靠近教师时损失下降。",
)
SMALL, TEACHER = tensors([[0.0, 0.0]], [[2.0, 0.0]])

gradient = nb.code(
    "gradient",
    "derive",
    (1, 1),
    title=T("The gradient of the soft term", "软目标项的梯度"),
    text=T(
        r"""
        The soft term is $L=\frac1N\sum_i T^2\,\mathrm{KL}(p_i\|q_i)$ with $p=\mathrm{softmax}(t/T)$ and $q=\mathrm{softmax}(s/T)$, where $t$ and $s$ are the logits of teacher and student.
        Derive $\partial L/\partial s$ on paper. Then write a function that computes it in closed form. Automatic differentiation is a good check of it.

        Small example: one row, two classes, $s=(0, 0)$, $t=(2, 0)$, $T=1$. Then $q=(0.5, 0.5)$, $p=(0.8808, 0.1192)$ and the gradient is $(-0.3808, 0.3808)$.""",
        r"""
        软目标项为 $L=\frac1N\sum_i T^2\,\mathrm{KL}(p_i\|q_i)$，其中 $p=\mathrm{softmax}(t/T)$、$q=\mathrm{softmax}(s/T)$，$t$ 与 $s$ 是教师模型和学生模型的 logits。
        请先在纸上推导 $\partial L/\partial s$，再写一个函数用闭式算出它；自动微分可以用来核对。

        小例子：一行两类，$s=(0, 0)$、$t=(2, 0)$、$T=1$。这时 $q=(0.5, 0.5)$、$p=(0.8808, 0.1192)$，梯度为 $(-0.3808, 0.3808)$。""",
    ),
    hints=(
        T(
            r"Write the KL as a constant minus $\sum_j p_j\log q_j$, and use $\log q_j=s_j/T-\log\sum_k e^{s_k/T}$.",
            r"把 KL 写成常数减 $\sum_j p_j\log q_j$，再用 $\log q_j=s_j/T-\log\sum_k e^{s_k/T}$。",
        ),
        T(
            r"$\partial\,\mathrm{KL}/\partial s_j=\frac1T(q_j-p_j)$ for one row. Which factors does $L$ add?",
            r"对一行，$\partial\,\mathrm{KL}/\partial s_j=\frac1T(q_j-p_j)$。$L$ 还带来哪些因子？",
        ),
        T("`q = torch.softmax(student_logits / temperature, dim=-1)`", "`q = torch.softmax(student_logits / temperature, dim=-1)`"),
    ),
)


@gradient.solution
def kd_gradient(student_logits, teacher_logits, temperature):
    """Gradient of the soft term at the student's logits.

    student_logits, teacher_logits: float64 tensors (N, C); temperature: float > 0.
    Returns (N, C). kd_gradient([[0, 0]], [[2, 0]], 1.0) is [[-0.3808, 0.3808]].
    """
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    q = torch.softmax(student_logits / temperature, dim=-1)
    return temperature * (q - p) / len(student_logits)


gradient.example("example", "例子", SMALL, TEACHER, 1.0)


@gradient.draw
def _(rng):
    n = int(rng.integers(2, 4))
    return *logits(rng, n, n + 2), float(rng.choice([1.7, 2.5, 3.5, 6.0]))


gradient.swap(*SIGN, ("(q - p)", "(p - q)"))
gradient.swap(
    "It is T² times too small: the factor T² of the soft term is missing.",
    "只有正确值的 1/T²：缺了软目标项的因子 T²。",
    ("temperature * (q - p)", "(q - p) / temperature"),
)
gradient.swap(
    "It is T times too large: the chain rule gives a factor 1/T because the logits are divided by T.",
    "是正确值的 T 倍：logits 除以了 T，链式法则带来因子 1/T。",
    ("temperature * (q - p)", "temperature**2 * (q - p)"),
    fails="visible hidden",
)
gradient.swap(
    "It is T times too small: the soft term has T², the chain rule takes one T away, and one T remains.",
    "只有正确值的 1/T：软目标项有 T²，链式法则去掉一个 T，还剩一个 T。",
    ("temperature * (q - p)", "(q - p)"),
)
gradient.swap(
    "It is N times too large: the loss is a mean over the rows, so divide by N.",
    "是正确值的 N 倍：损失是各行的平均，要除以 N。",
    (" / len(student_logits)", ""),
)
gradient.swap(
    "Divide by the number of rows only, not by the number of classes.",
    "只除以行数，不除以类别数。",
    ("len(student_logits)", "student_logits.numel()"),
)
gradient.swap(
    "Divided by the number of classes in place of the rows.", "除以了类别数：应除以行数。", ("len(student_logits)", "student_logits.shape[1]")
)
gradient.swap(
    "Both distributions are at T = 1: divide the logits by T before the softmax.",
    "两个分布都取了 T = 1：softmax 之前要把 logits 除以 T。",
    ("_logits / temperature", "_logits"),
)
gradient.swap(
    "The teacher is at T = 1: both distributions are taken at temperature T.",
    "教师取了 T = 1：两个分布都应取温度 T。",
    ("teacher_logits / temperature", "teacher_logits"),
)
gradient.swap(
    "The student is at T = 1: both distributions are taken at temperature T.",
    "学生取了 T = 1：两个分布都应取温度 T。",
    ("student_logits / temperature", "student_logits"),
)
gradient.swap("The logits were multiplied by T: divide them.", "logits 乘了 T：应除以 T。", ("_logits / temperature", "_logits * temperature"))
gradient.swap(
    "The softmax runs over the rows: it belongs along the classes, dim=-1.",
    "softmax 是在各行（样本）之间做的：应在类别之间做，dim=-1。",
    ("dim=-1", "dim=0"),
)
gradient.swap("The teacher went through softmax twice.", "教师做了两次 softmax。", ("(q - p)", "(q - torch.softmax(p, dim=-1))"))
gradient.swap("The sign is lost: a gradient has negative entries.", "丢了符号：梯度有负的分量。", ("(q - p)", "(q - p).abs()"))


@gradient.wrong(
    "That is the gradient of the KL in the other direction: teacher first, student second.", "这是反方向 KL 的梯度：应是教师在前、学生在后。"
)
def _(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    gap = log_q - log_p
    q = log_q.exp()
    return temperature * q * (gap - (q * gap).sum(-1, keepdim=True)) / len(q)


@gradient.right
def _(student_logits, teacher_logits, temperature):
    s = student_logits.detach().clone().requires_grad_()
    log_q = torch.log_softmax(s / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    loss = temperature**2 * (torch.xlogy(p, p) - p * log_q).sum() / len(s)
    return torch.autograd.grad(loss, s)[0]


@gradient.right
def _(student_logits, teacher_logits, temperature):
    def softmax(z):
        z = np.asarray(z, dtype=float) / temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    return temperature**2 * (1 / temperature) * (softmax(student_logits) - softmax(teacher_logits)) / len(student_logits)


@gradient.right
def _(student_logits, teacher_logits, temperature):
    import math

    def softmax(row):
        e = [math.exp((x - max(row)) / temperature) for x in row]
        return [x / sum(e) for x in e]

    rows = zip(student_logits.tolist(), teacher_logits.tolist())
    n = len(student_logits)
    return [[temperature / n * (a - b) for a, b in zip(softmax(s), softmax(t))] for s, t in rows]


@gradient.right
def _(student_logits, teacher_logits, temperature):
    q = F.softmax(student_logits.float() / temperature, 1)
    p = F.softmax(teacher_logits.float() / temperature, 1)
    jacobian = torch.eye(q.shape[1]) - q.unsqueeze(1)
    return -temperature * torch.einsum("nj,njk->nk", p, jacobian) / q.shape[0]


loss = nb.code(
    "loss",
    "implement",
    (1, 0.5, 0.5),
    title=T("The whole loss", "完整的损失"),
    text=T(
        r"""
        Implement $(1-\alpha)\,\mathrm{CE}(y, q^{(1)})+\alpha T^2\,\mathrm{KL}(p\|q)$, the mean over the rows.
        $\alpha$ weights the **soft** term. The hard term has no temperature. Logits can be as large as 1,000: the loss stays finite.

        Small example: $s=(0, 0)$, $t=(2, 0)$, label 0, $T=4$, $\alpha=0.5$. The hard term is $\ln 2=0.6931$, the soft term is $16\cdot0.0303=0.4848$, and the loss is $0.5890$.""",
        r"""
        请实现 $(1-\alpha)\,\mathrm{CE}(y, q^{(1)})+\alpha T^2\,\mathrm{KL}(p\|q)$，对各行取平均。
        $\alpha$ 是**软**目标项的权重。硬标签项不带温度。logits 可以大到 1,000：损失仍是有限的数。

        小例子：$s=(0, 0)$、$t=(2, 0)$、标签 0、$T=4$、$\alpha=0.5$。硬标签项为 $\ln 2=0.6931$，软目标项为 $16\cdot0.0303=0.4848$，损失为 $0.5890$。""",
    ),
    hints=(
        T("Compute the two terms apart, look at each, then weight them.", "先分别算出两项，各看一眼，再加权。"),
        T(
            r"$\mathrm{KL}(p\|q)=\sum_j p_j(\log p_j-\log q_j)$, summed over the classes, then the mean over the rows.",
            r"$\mathrm{KL}(p\|q)=\sum_j p_j(\log p_j-\log q_j)$，对类别求和，再对行取平均。",
        ),
        T("`log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)`", "`log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)`"),
    ),
)


@loss.solution
def distillation(student_logits, teacher_logits, target, temperature, alpha):
    """The distillation loss of a batch.

    student_logits, teacher_logits: float64 tensors (N, C); target: int64 tensor (N,); temperature: float > 0; alpha: float in [0, 1].
    Returns one number. distillation([[0, 0]], [[2, 0]], [0], 4.0, 0.5) is 0.5890.
    """
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    soft = temperature**2 * (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()
    hard = F.cross_entropy(student_logits, target)
    return alpha * soft + (1 - alpha) * hard


loss.example("example", "例子", SMALL, TEACHER, torch.tensor([0]), 4.0, 0.5)


@loss.draw
def _(rng):
    n = int(rng.integers(2, 4))
    return *logits(rng, n, 4), torch.tensor(rng.integers(0, 4, n)), float(rng.choice([1.5, 2.5, 3.0, 5.0])), float(rng.choice([0.2, 0.3, 0.7, 0.8]))


ROWS = (*tensors([[1.0, 0.2, -1.0, 0.4], [0.3, -0.6, 0.1, 1.2]], [[0.0, 2.0, 0.5, -1.0], [1.5, 0.0, -0.4, 0.8]]), torch.tensor([2, 0]))
loss.edge("alpha = 0", "alpha = 0", *ROWS, 3.0, 0.0)
loss.edge("alpha = 1", "alpha = 1", *ROWS, 3.0, 1.0)
loss.edge("large logits", "很大的 logits", *tensors([[900.0, -850.0, 0.0, 20.0]], [[-400.0, 950.0, 30.0, 0.0]]), torch.tensor([0]), 2.0, 0.5)
loss.swap(
    "NaN or infinity from large logits: take log_softmax, not the logarithm of a softmax.",
    "logits 很大时得到 NaN 或无穷：应使用 log_softmax，而不是先 softmax 再取对数。",
    ("log_q = torch.log_softmax(student_logits / temperature, dim=-1)", "log_q = torch.softmax(student_logits / temperature, dim=-1).log()"),
    fails="edge",
)
loss.swap(
    "alpha weights the soft term: the two weights are exchanged.",
    "alpha 是软目标项的权重：两个权重弄反了。",
    ("alpha * soft + (1 - alpha) * hard", "alpha * hard + (1 - alpha) * soft"),
)
loss.swap("The factor T² is missing in the soft term.", "软目标项缺了因子 T²。", ("temperature**2 * ", ""))
loss.swap("The soft term has the factor T, not T².", "软目标项的因子写成了 T，应为 T²。", ("temperature**2", "temperature"))
loss.swap("The soft term has the factor 2T, not T².", "软目标项的因子写成了 2T，应为 T²。", ("temperature**2", "2 * temperature"))
loss.swap(
    "The soft term was divided by the number of classes as well: sum over the classes, then the mean over the rows.",
    "软目标项还除以了类别数：应先对类别求和，再对行取平均。",
    (".sum(dim=-1).mean()", ".mean()"),
)
loss.swap("The soft term was summed over the rows: take their mean.", "软目标项对行求了和：应取平均。", (".sum(dim=-1).mean()", ".sum()"))
loss.swap(
    "The hard term was summed over the rows: take their mean.",
    "硬标签项对行求了和：应取平均。",
    ("(student_logits, target)", "(student_logits, target, reduction='sum')"),
)
loss.swap(
    "The KL has the wrong direction: teacher first, student second.",
    "KL 方向反了：应是教师在前、学生在后。",
    ("log_p.exp() * (log_p - log_q)", "log_q.exp() * (log_q - log_p)"),
)
loss.swap(
    "The hard term has the temperature: it is taken at T = 1.",
    "硬标签项带了温度：它应取 T = 1。",
    ("cross_entropy(student_logits", "cross_entropy(student_logits / temperature"),
)
loss.swap(
    "T² multiplies the hard term as well: it belongs to the soft term only.",
    "T² 也乘到了硬标签项上：它只属于软目标项。",
    ("(1 - alpha) * hard", "(1 - alpha) * temperature**2 * hard"),
)
loss.swap(
    "The weights are missing: alpha for the soft term, 1 - alpha for the hard one.",
    "缺了权重：软目标项是 alpha，硬标签项是 1 - alpha。",
    ("alpha * soft + (1 - alpha) * hard", "soft + hard"),
)
loss.swap("The hard term has no weight: it is 1 - alpha.", "硬标签项没有权重：应为 1 - alpha。", ("(1 - alpha) * hard", "hard"))
loss.swap(
    "That is the cross-entropy against soft targets: the teacher's entropy has to go.",
    "这是对软目标的交叉熵：要减去教师的熵。",
    ("(log_p - log_q)", "(-log_q)"),
)
loss.swap(
    "The teacher has no temperature: both distributions of the soft term are at T.",
    "教师没有用温度：软目标项的两个分布都取 T。",
    ("teacher_logits / temperature", "teacher_logits"),
)
loss.swap(
    "The student has no temperature in the soft term.",
    "软目标项中学生没有用温度。",
    ("log_q = torch.log_softmax(student_logits / temperature", "log_q = torch.log_softmax(student_logits"),
)
loss.swap(
    "cross_entropy applies the softmax itself: it was given probabilities.",
    "cross_entropy 自己会做 softmax：传给它的却是概率。",
    ("cross_entropy(student_logits", "cross_entropy(student_logits.softmax(-1)"),
)
loss.swap(
    "The softmax runs over the rows: it belongs along the classes, dim=-1.",
    "softmax 是在各行（样本）之间做的：应在类别之间做，dim=-1。",
    ("temperature, dim=-1)", "temperature, dim=0)"),
)
loss.swap(
    "The teacher's most likely class was used in place of the label.",
    "用教师最可能的类别代替了标签。",
    ("(student_logits, target)", "(student_logits, teacher_logits.argmax(-1))"),
)


@loss.right
def _(student_logits, teacher_logits, target, temperature, alpha):
    soft = F.kl_div(F.log_softmax(student_logits / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
    return alpha * temperature * temperature * soft + (1 - alpha) * F.nll_loss(F.log_softmax(student_logits, 1), target)


@loss.right
def _(student_logits, teacher_logits, target, temperature, alpha):
    def log_softmax(z):
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    s, t, y = (np.asarray(v) for v in (student_logits, teacher_logits, target))
    log_p, log_q = log_softmax(t / temperature), log_softmax(s / temperature)
    soft = np.mean(np.sum(np.exp(log_p) * (log_p - log_q), axis=1))
    hard = -np.mean(log_softmax(s)[np.arange(len(y)), y])
    return (1 - alpha) * hard + alpha * temperature**2 * soft


@loss.right
def _(student_logits, teacher_logits, target, temperature, alpha):
    total = torch.zeros((), dtype=torch.float32)
    for s, t, y in zip(student_logits.float(), teacher_logits.float(), target):
        log_p, log_q = (z / temperature - torch.logsumexp(z / temperature, 0) for z in (t, s))
        soft = (log_p.exp() * (log_p - log_q)).sum()
        total += alpha * temperature**2 * soft + (1 - alpha) * (torch.logsumexp(s, 0) - s[y])
    return total / len(target)


repair = nb.code(
    "repair",
    "repair",
    (0.5, 0.5),
    title=T("Repair a soft term", "修复软目标项"),
    text=T(
        r"""
        This program is meant to compute $\frac1N\sum_i T^2\,\mathrm{KL}(p_i\|q_i)$. It holds mistakes of the kind that one of the documents makes in print. Each line has a letter.

        ```python
        def soft_term(student_logits, teacher_logits, temperature):
            targets = torch.softmax(torch.softmax(teacher_logits / temperature, dim=-1), dim=-1)    # A
            outputs = torch.softmax(student_logits, dim=-1)                                         # B
            terms = -(targets * outputs.log() + (1 - targets) * (1 - outputs).log())                # C
            total = terms.sum(dim=-1).mean()                                                        # D
            return temperature * total                                                              # E
        ```

        Repair it: the function below must give the right value.

        Small example: $s=(0, 0)$, $t=(2, 0)$, $T=4$ gives $0.4848$.""",
        r"""
        这段程序本应计算 $\frac1N\sum_i T^2\,\mathrm{KL}(p_i\|q_i)$，其中有几处错误，与某份文档里印出来的属于同一类。每行有一个字母。

        ```python
        def soft_term(student_logits, teacher_logits, temperature):
            targets = torch.softmax(torch.softmax(teacher_logits / temperature, dim=-1), dim=-1)    # A
            outputs = torch.softmax(student_logits, dim=-1)                                         # B
            terms = -(targets * outputs.log() + (1 - targets) * (1 - outputs).log())                # C
            total = terms.sum(dim=-1).mean()                                                        # D
            return temperature * total                                                              # E
        ```

        请修复它：下面的函数应给出正确的值。

        小例子：$s=(0, 0)$、$t=(2, 0)$、$T=4$，结果为 $0.4848$。""",
    ),
    hints=(
        T(
            "Print each intermediate result for the small example and ask of each: does every row sum to 1? Is it positive? Is it what the formula has at this place?",
            "用小例子打印每个中间结果，逐个问：每行之和是 1 吗？是正的吗？公式在这个位置就是它吗？",
        ),
        T(
            r"A softmax once, along the classes, at $T$, for both. Then $p\log(p/q)$, the sum over classes, the mean over rows, and $T^2$.",
            r"两者都沿类别、在温度 $T$ 下只做一次 softmax。然后是 $p\log(p/q)$，对类别求和，对行取平均，再乘 $T^2$。",
        ),
        T(
            "`log_targets = torch.log_softmax(teacher_logits / temperature, dim=-1)`",
            "`log_targets = torch.log_softmax(teacher_logits / temperature, dim=-1)`",
        ),
    ),
)


@repair.solution
def soft_term(student_logits, teacher_logits, temperature):
    """T² KL(teacher‖student) at temperature T, mean over the rows.

    student_logits, teacher_logits: float64 tensors (N, C); temperature: float > 0.
    Returns one number. soft_term([[0, 0]], [[2, 0]], 4.0) is 0.4848.
    """
    log_targets = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_outputs = torch.log_softmax(student_logits / temperature, dim=-1)
    terms = log_targets.exp() * (log_targets - log_outputs)
    total = terms.sum(dim=-1).mean()
    return temperature**2 * total


repair.example("example", "例子", SMALL, TEACHER, 4.0)


@repair.draw
def _(rng):
    n = int(rng.integers(2, 4))
    return *logits(rng, n, 4), float(rng.choice([1.5, 2.5, 3.0, 5.0]))


@repair.wrong("That is the program as it was.", "程序还是原来的样子。")
def _(student_logits, teacher_logits, temperature):
    targets = torch.softmax(torch.softmax(teacher_logits / temperature, dim=-1), dim=-1)
    outputs = torch.softmax(student_logits, dim=-1)
    terms = -(targets * outputs.log() + (1 - targets) * (1 - outputs).log())
    return temperature * terms.sum(dim=-1).mean()


repair.swap(
    "The teacher goes through softmax twice.",
    "教师做了两次 softmax。",
    ("torch.log_softmax(teacher_logits / temperature, dim=-1)", "(teacher_logits / temperature).softmax(-1).log_softmax(-1)"),
)
repair.swap("The student needs the temperature as well.", "学生也要除以温度。", ("student_logits / temperature", "student_logits"))
repair.swap(
    "That is the cross-entropy; take the teacher's entropy off.",
    "这是交叉熵；要减去教师的熵。",
    ("(log_targets - log_outputs)", "(-log_outputs)"),
)
repair.swap(
    "The printed formula with 1 - p does not belong to a softmax.",
    "带 1 - p 的公式不适用于 softmax。",
    (
        "terms = log_targets.exp() * (log_targets - log_outputs)",
        "terms = -(log_targets.exp() * log_outputs + (1 - log_targets.exp()) * (1 - log_outputs.exp()).log())",
    ),
)
repair.swap("The factor is T², not T.", "因子应为 T²，而不是 T。", ("temperature**2", "temperature"))
repair.swap("The factor T² is missing.", "缺了因子 T²。", ("temperature**2 * ", ""))
repair.swap(
    "Sum over the classes, then take the mean over the rows.",
    "先对类别求和，再对行取平均。",
    (".sum(dim=-1).mean()", ".mean()"),
)
repair.swap(
    "The rows were summed: the formula has their mean.", "对行求了和：公式里是平均。", (".sum(dim=-1).mean()", ".sum()"), fails="visible hidden"
)
repair.swap(
    "The KL has the wrong direction: teacher first, student second.",
    "KL 方向反了：应是教师在前、学生在后。",
    ("log_targets.exp() * (log_targets - log_outputs)", "log_outputs.exp() * (log_outputs - log_targets)"),
)
repair.swap("The sign is turned: a KL is never negative.", "符号反了：KL 从不为负。", ("(log_targets - log_outputs)", "(log_outputs - log_targets)"))
repair.swap("That is in bits: use the natural logarithm.", "单位成了比特：应使用自然对数。", ("return ", "return 1.4426950408889634 * "))


@repair.right
def _(student_logits, teacher_logits, temperature):
    log_q, p = F.log_softmax(student_logits / temperature, -1), F.softmax(teacher_logits / temperature, -1)
    return F.kl_div(log_q, p, reduction="batchmean") * temperature**2


@repair.right
def _(student_logits, teacher_logits, temperature):
    p, q = (np.exp(np.asarray(z) / temperature) for z in (teacher_logits, student_logits))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    return float(temperature * temperature * np.mean((p * np.log(p / q)).sum(1)))


@repair.right
def _(student_logits, teacher_logits, temperature):
    p, q = (torch.distributions.Categorical(logits=z.float() / temperature) for z in (teacher_logits, student_logits))
    return temperature**2 * torch.distributions.kl_divergence(p, q).mean()


RIGHT, WRONG = T("right as it stands", "原样就是对的"), T("has to change", "必须改")


def line(letter, wrong, en, zh):
    message = T(en, zh)
    return Item(
        letter,
        T(f"Line {letter}", f"{letter} 行"),
        "wrong" if wrong else "right",
        {"right": (RIGHT, message if wrong else None), "wrong": (WRONG, None if wrong else message)},
    )


nb.choice(
    "lines",
    "judge",
    0.2,
    [
        line("A", True, "Softmax of probabilities is nearly uniform: one softmax is enough.", "对概率再做 softmax 会接近均匀分布：做一次就够。"),
        line("B", True, "Both distributions of the soft term are taken at T; this line has no T.", "软目标项的两个分布都取 T；这一行没有 T。"),
        line("C", True, "These are binary cross-entropies: no KL, and wrong for a softmax.", "这是二元交叉熵：既不是 KL，也不适用于 softmax。"),
        line("D", False, "Sum over the classes, mean over the rows: this is what the formula says.", "对类别求和、对行取平均：公式正是如此。"),
        line("E", True, "The factor of the soft term is T².", "软目标项的因子是 T²。"),
    ],
    title=T("Which lines were wrong", "哪些行是错的"),
    text=T(
        "The program of task 3 again. A line is wrong if it has to change although all other lines are right.\n\nWorked example: a line that only renames a variable is `'right'`.",
        "仍是任务 3 的程序。一行算错，是指其他行都正确时它也必须改。\n\n例：只改变量名的一行是 `'right'`。",
    ),
    hints=(
        T("Test each line alone: give it right inputs.", "逐行单独检验：给它正确的输入。"),
        T("Compare with $T^2\\sum_j p_j\\log(p_j/q_j)$, part by part.", "与 $T^2\\sum_j p_j\\log(p_j/q_j)$ 逐部分对照。"),
        T("Line A: what do the rows of a softmax of a softmax look like?", "A 行：softmax 的 softmax 是什么样的？"),
    ),
)

worked = nb.code(
    "worked-example",
    "repair",
    (0.5, 0.25, 0.25),
    title=T("The worked example, recomputed", "重算文章里的例子"),
    text=T(
        """
        An article among the documents takes two tables of probabilities, one row a sample, and arrives at a loss of −4.86. Compute what it should have computed, in nats.

        Return a dictionary with these entries: `ce_rows`, `h_rows` and `kl_rows` (length N: cross-entropy of student under teacher, entropy of the teacher, KL(teacher‖student), for each row), `ce_sum`, `ce_mean` and `kl_mean` (numbers).
        A class to which the teacher gives probability 0 adds nothing, whatever the student gives it.

        Small example: teacher $(0.8, 0.2)$, student $(0.9, 0.1)$: cross-entropy $0.0843+0.4605=0.5448$, entropy $0.5004$, KL $0.0444$.""",
        """
        文档中有一篇文章取了两张概率表，一行一个样本，最后得到损失 −4.86。请算出它本应得到的结果，单位为 nat。

        返回一个字典，包含：`ce_rows`、`h_rows`、`kl_rows`（长度 N：每行的交叉熵、教师的熵、教师对学生的 KL），以及 `ce_sum`、`ce_mean`、`kl_mean`（数）。
        教师给出概率 0 的类别不贡献任何值，不论学生给它多少。

        小例子：教师 $(0.8, 0.2)$、学生 $(0.9, 0.1)$：交叉熵 $0.0843+0.4605=0.5448$，熵 $0.5004$，KL $0.0444$。""",
    ),
    hints=(
        T(r"Every entry follows from two tables of products: $p\log p$ and $p\log q$.", r"所有项都来自两张乘积表：$p\log p$ 与 $p\log q$。"),
        T(
            r"$\mathrm{CE}=-\sum_j p_j\log q_j$, $H=-\sum_j p_j\log p_j$, $\mathrm{KL}=\mathrm{CE}-H$.",
            r"$\mathrm{CE}=-\sum_j p_j\log q_j$，$H=-\sum_j p_j\log p_j$，$\mathrm{KL}=\mathrm{CE}-H$。",
        ),
        T(
            "`counts = teacher_probs > 0`; inside a logarithm, `np.where(counts, ..., 1.0)` makes it 0 where it must not count.",
            "`counts = teacher_probs > 0`；在对数里用 `np.where(counts, ..., 1.0)`，不该计入的地方就是 0。",
        ),
    ),
)


@worked.solution
def kd_table(teacher_probs, student_probs):
    """Cross-entropy, entropy and KL, row by row and in all.

    teacher_probs, student_probs: float64 arrays (N, C) whose rows sum to 1; where the teacher is above 0, so is the student.
    Returns a dictionary with ce_rows, h_rows, kl_rows, each (N,), and the numbers ce_sum, ce_mean, kl_mean.
    """
    counts = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(counts, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log(np.where(counts, teacher_probs, 1.0))).sum(axis=1)
    kl = ce - h
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


worked.example(
    "the article's tables",
    "文章的两张表",
    np.array([[0.8, 0.2], [0.7, 0.3], [0.9, 0.1], [0.6, 0.4], [0.8, 0.2]]),
    np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.5, 0.5], [0.8, 0.2]]),
)
worked.edge(
    "teacher probabilities of 0",
    "教师概率为 0",
    np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]),
    np.array([[0.6, 0.3, 0.1], [0.2, 0.4, 0.4], [0.7, 0.3, 0.0]]),
)


@worked.draw
def _(rng):
    n, c = int(rng.integers(3, 5)), int(rng.integers(3, 5))
    return distributions(rng, 2.0, c, (n,)), distributions(rng, 2.0, c, (n,))


worked.swap("That is the logarithm to base 10: use the natural one.", "用了以 10 为底的对数：应使用自然对数。", ("np.log(", "np.log10("))
worked.swap("That is the logarithm to base 2: use the natural one.", "用了以 2 为底的对数：应使用自然对数。", ("np.log(", "np.log2("))
worked.swap(
    "The minus sign of the cross-entropy is lost: minus a logarithm of a probability is positive.",
    "交叉熵丢了负号：概率的对数取负才是正的。",
    ("ce = -(", "ce = ("),
)
worked.swap("The minus sign of the entropy is lost: an entropy is never negative.", "熵丢了负号：熵从不为负。", ("h = -(", "h = ("))
worked.swap(
    "The sign of the KL is turned: cross-entropy minus entropy, never negative.",
    "KL 的符号反了：应是交叉熵减熵，从不为负。",
    ("kl = ce - h", "kl = h - ce"),
)
worked.swap(
    "The arguments of the cross-entropy are swapped: the teacher's probabilities weight the logarithms of the student's.",
    "交叉熵的参数弄反了：应以教师的概率为权重，对学生的概率取对数。",
    ("-(teacher_probs * np.log(np.where(counts, student_probs, 1.0)))", "-(student_probs * np.log(np.where(counts, teacher_probs, 1.0)))"),
    fails="visible hidden edge",
)
worked.swap(
    "That is the student's entropy: the floor is the teacher's.",
    "这是学生的熵：下限是教师的熵。",
    ("-(teacher_probs * np.log(np.where(counts, teacher_probs, 1.0)))", "-(student_probs * np.log(np.maximum(student_probs, 1e-300)))"),
)
worked.swap("The KL is the cross-entropy: take the teacher's entropy off.", "KL 写成了交叉熵：要减去教师的熵。", ("kl = ce - h", "kl = ce"))
worked.swap(
    "Divided by the number of classes: a row's cross-entropy is a sum over the classes.",
    "除以了类别数：一行的交叉熵是对类别求和。",
    (".sum(axis=1)", ".mean(axis=1)"),
)
worked.swap(
    "The sum was summed again, N times too large: this is the article's last mistake.",
    "又求了一次和，结果成了正确值的 N 倍：这正是文章的最后一个错误。",
    ('"ce_sum": ce.sum()', '"ce_sum": ce.sum() * len(ce)'),
)
worked.swap("ce_mean is the sum: divide by the number of rows.", "ce_mean 是总和：要除以行数。", ('"ce_mean": ce.mean()', '"ce_mean": ce.sum()'))
worked.swap(
    "ce_mean was divided by N times C: divide by the number of rows only.",
    "ce_mean 除以了 N 乘 C：只除以行数。",
    ('"ce_mean": ce.mean()', '"ce_mean": ce.mean() / teacher_probs.shape[1]'),
)
worked.swap("kl_mean is the sum: divide by the number of rows.", "kl_mean 是总和：要除以行数。", ('"kl_mean": kl.mean()', '"kl_mean": kl.sum()'))
worked.swap(
    "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0.",
    "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。",
    ("np.where(counts, teacher_probs, 1.0)", "teacher_probs"),
    fails="edge",
)


@worked.wrong("That is the printed formula: the terms with 1 - p do not belong to a softmax.", "这是文章里的公式：带 1 - p 的项不适用于 softmax。")
def _(teacher_probs, student_probs):
    p, q = teacher_probs, np.clip(student_probs, 1e-300, 1 - 1e-16)
    ce = -(p * np.log(q) + (1 - p) * np.log(1 - q)).sum(1)
    h = -(p * np.log(np.where(p > 0, p, 1.0))).sum(1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


@worked.right
def _(teacher_probs, student_probs):
    p, q = torch.as_tensor(teacher_probs), torch.as_tensor(student_probs)
    ce = -torch.where(p > 0, p * q.log(), torch.zeros_like(p)).sum(1)
    h = -torch.xlogy(p, p).sum(1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


@worked.right
def _(teacher_probs, student_probs):
    import math

    ce, h = [], []
    for p, q in zip(teacher_probs.tolist(), student_probs.tolist()):
        ce.append(-sum(a * math.log(b) for a, b in zip(p, q) if a > 0))
        h.append(-sum(a * math.log(a) for a in p if a > 0))
    kl = [a - b for a, b in zip(ce, h)]
    n = len(ce)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": sum(ce), "ce_mean": sum(ce) / n, "kl_mean": sum(kl) / n}


@worked.right
def _(teacher_probs, student_probs):
    from scipy.special import rel_entr
    from scipy.stats import entropy

    h = entropy(teacher_probs / teacher_probs.sum(1, keepdims=True), axis=1) * teacher_probs.sum(1)
    h -= teacher_probs.sum(1) * np.log(teacher_probs.sum(1))
    kl = rel_entr(teacher_probs, student_probs).sum(1)
    return {"ce_rows": kl + h, "h_rows": h, "kl_rows": kl, "ce_sum": (kl + h).sum(), "ce_mean": (kl + h).mean(), "kl_mean": kl.mean()}


stable = nb.code(
    "stable",
    "implement",
    (0.5, 0.5, 1),
    title=T("A KL that survives", "经得住极端值的 KL"),
    text=T(
        r"""
        Write $\mathrm{KL}(p\|q)$ **for each row**, from logits, at temperature $T$, **without** $T^2$. It must survive

        - logits of ±10,000,
        - a class to which the teacher gives probability 0 (logit $-\infty$): it adds nothing, whatever the student says,
        - a class that the student excludes (logit $-\infty$) although the teacher gives it a probability above 0: the row is $+\infty$, not NaN.

        Small example: $s=(0, 0)$, $t=(2, 0)$, $T=1$ gives $(0.3278)$; $s=(0, 0)$, $t=(0, -\infty)$ gives $(0.6931)$.""",
        r"""
        请从 logits 出发，在温度 $T$ 下**逐行**写出 $\mathrm{KL}(p\|q)$，**不带** $T^2$。它要经得住：

        - ±10,000 的 logits；
        - 教师给出概率 0 的类别（logit 为 $-\infty$）：不论学生怎么说，都不贡献任何值；
        - 学生排除（logit 为 $-\infty$）、教师却给出正概率的类别：该行为 $+\infty$，而不是 NaN。

        小例子：$s=(0, 0)$、$t=(2, 0)$、$T=1$，结果为 $(0.3278)$；$s=(0, 0)$、$t=(0, -\infty)$，结果为 $(0.6931)$。""",
    ),
    hints=(
        T(
            r"Stay with log-probabilities. Where the teacher's probability is 0, put the 0 in by hand: $0\cdot\infty$ is NaN for the machine.",
            r"一直使用对数概率。教师概率为 0 的地方要手动填 0：对机器来说 $0\cdot\infty$ 是 NaN。",
        ),
        T(
            r"$\sum_{j:\,p_j>0}p_j(\log p_j-\log q_j)$ with $\log p=\mathrm{log\_softmax}(t/T)$.",
            r"$\sum_{j:\,p_j>0}p_j(\log p_j-\log q_j)$，其中 $\log p=\mathrm{log\_softmax}(t/T)$。",
        ),
        T(
            "`log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)`, and later `torch.where(...)`.",
            "`log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)`，之后用 `torch.where(...)`。",
        ),
    ),
)


@stable.solution
def stable_kl(student_logits, teacher_logits, temperature):
    """KL(teacher‖student) at temperature T for each row, in nats, without T².

    student_logits, teacher_logits: float64 tensors (N, C), entries may be -inf; temperature: float > 0.
    Returns (N,). stable_kl([[0, 0]], [[2, 0]], 1.0) is [0.3278].
    """
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


INF = float("inf")
stable.example("example", "例子", SMALL, TEACHER, 1.0)
stable.example("a class that the teacher excludes", "教师排除的类别", *tensors([[0.0, 0.0]], [[0.0, -INF]]), 1.0)
stable.edge("logits of 10,000", "10,000 的 logits", *tensors([[1e4, 0.0, -1e4], [0.0, 1e4, 0.0]], [[1e4, 0.0, -1e4], [1e4, 0.0, -1e4]]), 1.0)
stable.edge(
    "excluded classes",
    "被排除的类别",
    *tensors([[1.0, 0.0, 0.5], [1.0, 0.0, -INF], [1.0, 0.0, -INF]], [[1.0, 0.0, -INF], [0.0, 1.0, -INF], [0.0, 1.0, 2.0]]),
    1.0,
)

stable.edge(
    "a small probability, and a student who is sure of the opposite", "概率很小，学生模型却断然否定", *tensors([[0.0, -200.0]], [[8.0, 0.0]]), 1.0
)


@stable.draw
def _(rng):
    n = int(rng.integers(2, 4))
    return *logits(rng, n, 4), float(rng.choice([1.5, 2.5, 3.0, 5.0]))


stable.swap(
    "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0.",
    "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。",
    ("torch.where(p > 0, p * (log_p - log_q), 0.0)", "(p * (log_p - log_q))"),
    fails="visible edge",
)
stable.swap(
    "Small probabilities were dropped: where the student is sure of the opposite they carry most of the KL.",
    "丢掉了小概率：学生模型断然否定时，KL 主要来自它们。",
    ("torch.where(p > 0,", "torch.where(p > 1e-3,"),
    fails="edge",
)
stable.swap(
    "T² is not part of this task: the KL alone is asked.", "本题不带 T²：只要 KL。", ("return ", "return temperature**2 * "), fails="visible hidden"
)
stable.swap(
    "The factor T is not part of this task: the KL alone is asked.",
    "本题不带 T：只要 KL。",
    ("return ", "return temperature * "),
    fails="visible hidden",
)
stable.swap(
    "The KL has the wrong direction: teacher first, student second.",
    "KL 方向反了：应是教师在前、学生在后。",
    ("log_p - log_q", "log_q - log_p"),
    ("p = log_p.exp()", "p = log_q.exp()"),
)
stable.swap("The sign is turned: a KL is never negative.", "符号反了：KL 从不为负。", ("log_p - log_q", "log_q - log_p"))
stable.swap(
    "That is the cross-entropy: the teacher's entropy has to go.",
    "这是交叉熵：要减去教师的熵。",
    ("log_p - log_q", "-log_q"),
    fails="visible hidden edge",
)
stable.swap("Divided by the number of classes: sum over them.", "除以了类别数：应对类别求和。", (".sum(dim=-1)", ".mean(dim=-1)"))
stable.swap("That is in bits: use the natural logarithm.", "单位成了比特：应使用自然对数。", ("return ", "return 1.4426950408889634 * "))
stable.swap("The temperature was not used.", "没有用温度。", ("_logits / temperature", "_logits"), fails="visible hidden")
stable.swap(
    "The teacher's logits are not divided by T.",
    "教师的 logits 没有除以 T。",
    ("teacher_logits / temperature", "teacher_logits"),
    fails="visible hidden",
)
stable.swap(
    "The student's logits are not divided by T.",
    "学生的 logits 没有除以 T。",
    ("student_logits / temperature", "student_logits"),
    fails="visible hidden",
)
stable.swap(
    "The softmax runs over the rows: it belongs along the classes, dim=-1.",
    "softmax 是在各行（样本）之间做的：应在类别之间做，dim=-1。",
    ("temperature, dim=-1)", "temperature, dim=0)"),
)
stable.swap(
    "Infinity is the right value there: was a small number added, or a value clipped?",
    "那里的正确值就是无穷：是否加了一个小数，或做了截断？",
    (
        "log_q = torch.log_softmax(student_logits / temperature, dim=-1)",
        "log_q = (torch.softmax(student_logits / temperature, dim=-1) + 1e-12).log()",
    ),
    fails="edge",
)
stable.swap(
    "Infinity is the right value there: was a small number added, or a value clipped?",
    "那里的正确值就是无穷：是否加了一个小数，或做了截断？",
    ("0.0).sum(dim=-1)", "0.0).nan_to_num(posinf=0.0).sum(dim=-1)"),
    fails="edge",
)


@stable.right
def _(student_logits, teacher_logits, temperature):
    from scipy.special import log_softmax

    log_p, log_q = (log_softmax(np.asarray(z) / temperature, axis=1) for z in (teacher_logits, student_logits))
    with np.errstate(all="ignore"):
        terms = np.exp(log_p) * (log_p - log_q)
    terms[np.exp(log_p) == 0] = 0
    return terms.sum(1)


@stable.right
def _(student_logits, teacher_logits, temperature):
    p = torch.softmax(teacher_logits / temperature, dim=1)
    log_q = torch.log_softmax(student_logits / temperature, dim=1)
    entropy = torch.special.entr(p).sum(1)
    return -torch.where(p == 0, torch.zeros_like(p), p * log_q).sum(1) - entropy


@stable.right
def _(student_logits, teacher_logits, temperature):
    rows = []
    for s, t in zip(student_logits, teacher_logits):
        allowed = t > -float("inf")
        log_p = torch.log_softmax(t / temperature, 0)[allowed]
        log_q = torch.log_softmax(s / temperature, 0)[allowed]
        keep = log_p.exp() > 0
        rows.append(float((log_p.exp()[keep] * (log_p[keep] - log_q[keep])).sum()))
    return rows


nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A colleague trains a student with the cross-entropy against soft targets. On Monday his log shows a loss of −4.86; on Tuesday, after a repair, it falls to 0.52 and stays there. He asks whether the student is too small.

        Answer in four to eight sentences: what does Monday's value prove, what may Tuesday's value mean, and what should he plot to find out?""",
        """
        一位同事用对软目标的交叉熵训练学生模型。周一的日志里损失是 −4.86；周二修复后降到 0.52，就停在那里。他问是不是学生模型太小了。

        请用四到八句话回答：周一的值证明了什么，周二的值可能意味着什么，他应该画什么图来弄清楚？""",
    ),
    rubric=T(
        "Half a point: a cross-entropy cannot be negative because no probability has a positive logarithm (or because it is at least the teacher's entropy), so Monday's value proves a bug, with one likely cause named. Half a point: the floor is the teacher's entropy at the same temperature, not 0, so 0.52 may be a perfect student, and he should plot the KL, or cross-entropy minus entropy.",
        "0.5 分：概率的对数不为正（或交叉熵不小于教师的熵），所以交叉熵不可能为负，周一的值证明程序有错，并指出一个可能的原因。0.5 分：下限是同一温度下教师的熵，而不是 0，所以 0.52 可能已是完美的学生模型；应当画 KL，即交叉熵减去熵。",
    ),
    model=T(
        """
        A probability is at most 1, so its logarithm is at most 0, and minus a weighted sum of such logarithms is never negative. So −4.86 is no cross-entropy of two distributions: the program has a bug. The likely causes are targets that are no probabilities, such as raw logits, or a lost minus sign.

        The cross-entropy is the teacher's entropy plus the KL from teacher to student. Training can only remove the KL; the entropy stays. If the teacher's mean entropy at this temperature is 0.52, the student is perfect, and no larger one will do better. He should plot the KL, that is the cross-entropy minus the teacher's entropy, on validation data as well. Only a KL that stays well above 0 would hint at a student that is too small.""",
        """
        概率不大于 1，对数不大于 0，这样的对数加权求和再取负就不会是负数。所以 −4.86 不是两个分布的交叉熵：程序有错。可能的原因是目标不是概率（例如直接用了 logits），或丢了负号。

        交叉熵等于教师的熵加上教师对学生的 KL。训练只能消除 KL，熵始终在那里。如果这个温度下教师的平均熵就是 0.52，那么学生模型已经完美，换更大的也不会更好。他应当画出 KL，即交叉熵减去教师的熵，并在验证集上也画。只有 KL 一直明显高于 0，才说明学生模型可能太小。""",
    ),
    samples=[
        (
            1,
            T(
                "Cross-entropy can't go below zero since logs of probabilities are negative, so Monday he used logits as targets or the like. 0.52 may just be the entropy of the teacher; plot KL = CE − H.",
                "概率的对数是负的，交叉熵不会低于零，所以周一大概把 logits 当成了目标。0.52 可能就是教师的熵；画 KL = CE − H。",
            ),
        ),
        (
            0.5,
            T(
                "A negative cross-entropy is a bug, for example a missing softmax. 0.52 means the student still has something to learn; try a larger one.",
                "交叉熵为负说明有错，例如漏了 softmax。0.52 说明学生还有东西要学，换大一点的试试。",
            ),
        ),
        (0, T("He should lower the learning rate; the loss will then go to 0.", "应当降低学习率，损失就会到 0。")),
    ],
    hints=(
        T("What is the smallest value that each of the two quantities can take, and when?", "两个量各自最小能取到多少，什么时候取到？"),
        T(r"$\mathrm{CE}(p,q)=H(p)+\mathrm{KL}(p\|q)$.", r"$\mathrm{CE}(p,q)=H(p)+\mathrm{KL}(p\|q)$。"),
        T('"A probability is at most 1, so its logarithm is at most 0, and ..."', "“概率不大于 1，所以它的对数不大于 0，……”"),
    ),
)
