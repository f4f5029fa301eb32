"""Graded notebook 08."""

import numpy as np
import torch

from tasks.form import Notebook, T, distributions, judged

nb = Notebook(
    slug="08-measuring-uncertainty",
    chapter="uncertainty/measuring-uncertainty",
    title=T("Measuring uncertainty", "度量不确定性"),
    about=T("On the chapter *Measuring uncertainty*.", "对应章节《怎样衡量不确定性》。"),
    minutes=60,
)

ece = nb.code(
    "ece",
    "implement",
    (0.5, 1, 0.5),
    title=T("The calibration error", "校准误差"),
    text=T(
        r"""
        Expected calibration error of the predicted class. The confidence $c_i$ is the largest probability of a row, the prediction its first largest class.
        The interval from 0 to 1 is cut into $B$ bins of equal width; row $i$ falls into bin $\min(\lfloor c_iB\rfloor, B-1)$.

        $$\mathrm{ECE}=\sum_b\frac{n_b}{N}\,\bigl|\,\mathrm{accuracy}_b-\mathrm{confidence}_b\,\bigr|$$

        The confidence of a bin is the **mean** confidence of its rows. Empty bins add nothing.

        Small example, two bins: confidences 0.9, 0.7, 0.7, all of them in the upper bin, right, right, wrong. Mean confidence 0.7667, accuracy 0.6667, ECE 0.1.""",
        r"""
        预测类别的期望校准误差（ECE）。一行的置信度 $c_i$ 是其最大概率，预测是第一个最大的类别。
        把 0 到 1 等宽分成 $B$ 箱；第 $i$ 行落入第 $\min(\lfloor c_iB\rfloor, B-1)$ 箱。

        $$\mathrm{ECE}=\sum_b\frac{n_b}{N}\,\bigl|\,\mathrm{accuracy}_b-\mathrm{confidence}_b\,\bigr|$$

        箱的置信度是箱内各行置信度的**平均**。空箱不计。

        小例子（两箱）：置信度 0.9、0.7、0.7，都在上面一箱，对、对、错。平均置信度 0.7667，准确率 0.6667，ECE 为 0.1。""",
    ),
    hints=(
        T(
            "Three numbers for each bin: how many rows, how many of them right, the sum of their confidences.",
            "每箱三个数：有多少行、其中几行正确、置信度之和。",
        ),
        T(r"The weight of a bin is $n_b/N$: a bin with one row counts little.", r"箱的权重是 $n_b/N$：只有一行的箱影响很小。"),
        T("`bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)`", "`bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)`"),
    ),
)


@ece.solution
def calibration_error(probs, target, n_bins):
    """Expected calibration error with bins of equal width, in [0, 1].

    probs: float64 array (N, C), rows sum to 1; target: int array (N,); n_bins: int >= 1.
    Returns one number.
    """
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == target
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    total = 0.0
    for b in range(n_bins):
        inside = bins == b
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


ece.example("example", "例子", np.array([[0.9, 0.1], [0.7, 0.3], [0.3, 0.7]]), np.array([0, 0, 0]), 2)


@ece.draw
def _(rng):
    p = distributions(rng, 0.8, 3, (14,))
    while np.ptp(np.sort(p, axis=1)[:, 1:], axis=1).min() == 0:  # ties are another test
        p = distributions(rng, 0.8, 3, (14,))
    target = np.where(rng.random(14) < 0.55, p.argmax(1), rng.integers(0, 3, 14))
    return p, target, int(rng.choice([4, 5, 6]))


ece.edge("probabilities of 1", "概率为 1", np.array([[1.0, 0.0], [0.0, 1.0], [0.25, 0.75], [0.6, 0.4]]), np.array([0, 0, 1, 0]), 4)
ece.edge("two largest classes", "两个并列的最大类别", np.array([[0.4, 0.4, 0.2], [0.1, 0.45, 0.45], [0.7, 0.2, 0.1]]), np.array([0, 1, 0]), 5)
ece.edge("one bin", "只有一箱", np.array([[0.9, 0.05, 0.05], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]]), np.array([1, 1, 1]), 1)
ece.swap(
    "Of equal probabilities the first class is the prediction, not the last.",
    "概率相等时预测的是第一个类别，而不是最后一个。",
    ("probs.argmax(axis=1)", "(probs.shape[1] - 1 - probs[:, ::-1].argmax(axis=1))"),
    fails="edge",
)
ece.swap(
    "The bins are not weighted: each counts by its share of the rows.",
    "箱没有加权：应按所含行数的比例计。",
    ("inside.mean() * abs", "1 / n_bins * abs"),
)
ece.swap(
    "The bins are not weighted: this is the mean over the bins that hold rows.",
    "箱没有加权：这是对非空箱的平均。",
    ("inside.mean() * abs", "1 / len(set(bins)) * abs"),
)
ece.swap(
    "Sums in place of means: the accuracy of a bin is a mean over its rows.",
    "用了总和而不是平均：箱的准确率是对箱内各行的平均。",
    ("right[inside].mean() - confidence[inside].mean()", "right[inside].sum() - confidence[inside].sum()"),
)
ece.swap(
    "The sign is kept, so that gaps of both signs cancel: take the absolute value in each bin.",
    "保留了符号，正负差距会抵消：每箱要取绝对值。",
    ("abs(right[inside].mean() - confidence[inside].mean())", "(right[inside].mean() - confidence[inside].mean())"),
)
ece.swap(
    "The middle of the bin was used: take the mean confidence of the rows in it.",
    "用了箱的中点：应取箱内各行的平均置信度。",
    ("confidence[inside].mean())", "(b + 0.5) / n_bins)"),
)
ece.swap(
    "The probability of the true class was used: the confidence is the largest probability.",
    "用了真实类别的概率：置信度应为最大概率。",
    ("confidence, right = probs.max(axis=1)", "confidence, right = probs[np.arange(len(probs)), target]"),
)
ece.swap(
    "Squared gaps: the absolute gap is asked.",
    "用了平方差距：要求的是绝对差距。",
    ("abs(right[inside].mean() - confidence[inside].mean())", "(right[inside].mean() - confidence[inside].mean()) ** 2"),
)
ece.swap(
    "That is the largest gap of a bin (MCE): ECE is the weighted sum.",
    "这是最大的箱内差距（MCE）：ECE 是加权和。",
    (
        "total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())",
        "total = max(total, abs(right[inside].mean() - confidence[inside].mean()))",
    ),
)
ece.swap(
    "Rows with confidence 1 fell out of the last bin.",
    "置信度为 1 的行掉出了最后一箱。",
    ("np.minimum((confidence * n_bins).astype(int), n_bins - 1)", "(confidence * n_bins).astype(int)"),
    fails="edge",
)
ece.swap("In per cent: a share from 0 to 1 is asked.", "单位成了百分比：要求的是 0 到 1 的数。", ("return total", "return 100 * total"))
ece.swap(
    "Without bins this is the gap of the whole set: mean accuracy against mean confidence.",
    "没有分箱，这是整个集合的差距：平均准确率与平均置信度之差。",
    ("range(n_bins)", "[0]"),
    ("inside = bins == b", "inside = bins > -1"),
    fails="hidden edge",
)
ece.swap(
    "That is the error, one minus the accuracy: compare accuracy with confidence.",
    "这是错误率：应把准确率与置信度比较。",
    ("return total", "return 1 - right.mean()"),
)


@ece.right
def _(probs, target, n_bins):
    p = torch.as_tensor(probs)
    confidence, predicted = p.max(1)
    gap = (predicted == torch.as_tensor(target)).double() - confidence
    bins = (confidence * n_bins).long().clamp(max=n_bins - 1)
    return torch.zeros(n_bins, dtype=p.dtype).index_add(0, bins, gap).abs().sum() / len(p)


@ece.right
def _(probs, target, n_bins):
    rows = {}
    for p, y in zip(probs.tolist(), target.tolist()):
        c = max(p)
        rows.setdefault(min(int(c * n_bins), n_bins - 1), []).append((c, p.index(c) == y))
    n = len(target)
    return sum(abs(sum(r for _, r in v) - sum(c for c, _ in v)) for v in rows.values()) / n


@ece.right
def _(probs, target, n_bins):
    confidence = probs.max(1).astype(np.float32)
    right = (np.argmax(probs, 1) == target).astype(np.float32)
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    bins = np.digitize(probs.max(1), edges)
    gaps = np.bincount(bins, weights=right - confidence, minlength=n_bins)
    return np.abs(gaps).sum() / len(target)


parts = nb.code(
    "decompose",
    "implement",
    (0.5, 1, 0.5),
    title=T("Total, aleatoric, epistemic", "总的、偶然的、认知的"),
    text=T(
        r"""
        $M$ models give $P$ of shape (M, N, C). For each input split the uncertainty of the mean prediction $\bar p$, in nats:

        $$\underbrace{H(\bar p)}_{\text{total}}=\underbrace{\frac1M\sum_mH(p_m)}_{\text{aleatoric}}+\underbrace{\mathrm{MI}}_{\text{epistemic}}$$

        A probability of 0 adds nothing to an entropy.

        Small example: two models say $(1, 0)$ and $(0, 1)$. Total $\ln 2=0.6931$, aleatoric 0, epistemic $0.6931$.""",
        r"""
        $M$ 个模型给出形状为 (M, N, C) 的 $P$。请对每个输入分解平均预测 $\bar p$ 的不确定性，单位为 nat：

        $$\underbrace{H(\bar p)}_{\text{总}}=\underbrace{\frac1M\sum_mH(p_m)}_{\text{偶然}}+\underbrace{\mathrm{MI}}_{\text{认知}}$$

        概率为 0 的类别对熵没有贡献。

        小例子：两个模型分别给出 $(1, 0)$ 和 $(0, 1)$。总不确定性 $\ln 2=0.6931$，偶然部分为 0，认知部分为 $0.6931$。""",
    ),
    hints=(
        T("Two entropies: of the mean, and the mean of the entropies.", "两个熵：平均的熵，与熵的平均。"),
        T(r"The epistemic part is the difference; it is never negative.", r"认知部分是两者之差，从不为负。"),
        T("`mean = P.mean(axis=0)`", "`mean = P.mean(axis=0)`"),
    ),
)


@parts.solution
def decompose(probs):
    """Uncertainty of an ensemble and its two parts, in nats.

    probs: float64 array (M, N, C): members, inputs, classes.
    Returns {"total": (N,), "aleatoric": (N,), "epistemic": (N,)}.
    """
    mean = probs.mean(axis=0)
    total = -(mean * np.log(np.where(mean > 0, mean, 1.0))).sum(axis=-1)
    aleatoric = -(probs * np.log(np.where(probs > 0, probs, 1.0))).sum(axis=-1).mean(axis=0)
    return {"total": total, "aleatoric": aleatoric, "epistemic": total - aleatoric}


parts.example("example", "例子", np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))
parts.edge(
    "members that agree, and zeros", "成员一致，以及零概率", np.array([[[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]], [[0.5, 0.5, 0.0], [0.0, 0.4, 0.6]]])
)
parts.edge("one member", "只有一个成员", np.array([[[0.5, 0.5, 0.0], [0.2, 0.7, 0.1]]]))


@parts.draw
def _(rng):
    m, n, c = (int(v) for v in rng.permutation([2, 3, 4]))
    return (distributions(rng, 1.2, c, (m, n)),)


parts.swap("In bits: use the natural logarithm.", "单位成了比特：应使用自然对数。", ("np.log(", "np.log2("))
parts.swap(
    "The sign of the entropies is lost: minus the sum of p log p.",
    "熵丢了符号：应为 p log p 之和取负。",
    ("total = -(", "total = ("),
    ("aleatoric = -(", "aleatoric = ("),
)
parts.swap("Mean over the classes: an entropy is a sum over them.", "对类别取了平均：熵是对类别求和。", (".sum(axis=-1)", ".mean(axis=-1)"))
parts.swap(
    "Total and aleatoric part are exchanged: the entropy of the mean is the total.",
    "总的与偶然的弄反了：平均的熵才是总的。",
    ('"total": total, "aleatoric": aleatoric', '"total": aleatoric, "aleatoric": total'),
    fails="visible hidden edge",
)
parts.swap(
    "Aleatoric and epistemic part are exchanged: disagreement is the epistemic one.",
    "偶然与认知弄反了：分歧是认知部分。",
    ('"aleatoric": aleatoric, "epistemic": total - aleatoric', '"aleatoric": total - aleatoric, "epistemic": aleatoric'),
)
parts.swap(
    "The sign of the epistemic part is turned: total minus aleatoric.",
    "认知部分符号反了：应为总的减偶然的。",
    ("total - aleatoric", "aleatoric - total"),
)
parts.swap(
    "The variance of the probabilities over the members was taken: the epistemic part is the mutual information.",
    "取了成员间概率的方差：认知部分是互信息。",
    ('"epistemic": total - aleatoric', '"epistemic": probs.var(axis=0).sum(axis=-1)'),
)
parts.swap(
    "The standard deviation of the largest probability was taken: the epistemic part is the mutual information.",
    "取了最大概率的标准差：认知部分是互信息。",
    ('"epistemic": total - aleatoric', '"epistemic": probs.max(axis=-1).std(axis=0)'),
)
parts.swap(
    "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0.",
    "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。",
    ("np.where(probs > 0, probs, 1.0)", "probs"),
    fails="visible edge",
)
parts.swap(
    "The entropies were summed over the members: take their mean.",
    "对成员的熵求了和：应取平均。",
    (".mean(axis=0)\n    return", ".sum(axis=0)\n    return"),
)


@parts.wrong("The logits, or logarithms, were averaged: the mean of the probabilities is asked.", "平均的是 logits 或对数：要求的是概率的平均。")
def _(probs):
    logs = np.log(np.maximum(probs, 1e-12)).mean(axis=0)
    mean = np.exp(logs) / np.exp(logs).sum(-1, keepdims=True)
    total = -(mean * np.log(mean)).sum(-1)
    aleatoric = -(probs * np.log(np.maximum(probs, 1e-12))).sum(-1).mean(0)
    return {"total": total + 0.001, "aleatoric": aleatoric, "epistemic": total - aleatoric}


@parts.right
def _(probs):
    p = torch.as_tensor(probs)
    total, each = torch.special.entr(p.mean(0)).sum(-1), torch.special.entr(p).sum(-1)
    return {"epistemic": total - each.mean(0), "aleatoric": each.mean(0), "total": total}


@parts.right
def _(probs):
    import math

    m, n, c = probs.shape
    h = lambda p: -sum(v * math.log(v) for v in p if v > 0)
    total = [h([sum(probs[k, i, j] for k in range(m)) / m for j in range(c)]) for i in range(n)]
    aleatoric = [sum(h(probs[k, i]) for k in range(m)) / m for i in range(n)]
    return {"total": total, "aleatoric": aleatoric, "epistemic": [a - b for a, b in zip(total, aleatoric)]}


@parts.right
def _(probs):
    from scipy.special import rel_entr, xlogy

    mean = probs.mean(0)
    epistemic = rel_entr(probs, mean[None]).sum(-1).mean(0)
    aleatoric = -xlogy(probs, probs).sum(-1).mean(0)
    return {"total": aleatoric + epistemic, "aleatoric": aleatoric, "epistemic": epistemic}


expected = nb.code(
    "expected-score",
    "derive",
    (1, 1),
    title=T("What a score rewards", "评分规则奖励什么"),
    text=T(
        r"""
        The true distribution of the label is $p$, the forecast is $q$. Derive the expected value, over labels drawn from $p$, of three scores of a forecast:

        - logarithmic: $-\ln q_y$
        - Brier: $\sum_j(q_j-[j=y])^2$
        - absolute: $1-q_y$

        Return the expected values in closed form, and for each score the **excess** over the forecast $q=p$. An excess that is negative for some $q$ shows a score that is not proper.

        All three are losses: smaller is better. Small example: $p=(0.8, 0.2)$, $q=(0.9, 0.1)$ has the expected Brier score $0.8\cdot0.02+0.2\cdot1.62=0.34$; $q=p$ has $0.8\cdot0.08+0.2\cdot1.28=0.32$, so the excess is $0.02$. The logarithmic score is $0.5448$, its excess $0.0444$; the absolute score has $0.26$ against $0.32$: excess $-0.06$.""",
        r"""
        标签的真实分布是 $p$，预报是 $q$。请推导：当标签取自 $p$ 时，下面三种评分的期望值：

        - 对数：$-\ln q_y$
        - Brier：$\sum_j(q_j-[j=y])^2$
        - 绝对：$1-q_y$

        请返回期望值的闭式，以及每种评分相对于预报 $q=p$ 的**超出量**。如果某个 $q$ 的超出量为负，这种评分就不是恰当的（proper）。

        三种评分都是损失，越小越好。小例子：$p=(0.8, 0.2)$、$q=(0.9, 0.1)$ 的期望 Brier 评分为 $0.8\cdot0.02+0.2\cdot1.62=0.34$；$q=p$ 为 $0.8\cdot0.08+0.2\cdot1.28=0.32$，超出量为 $0.02$。对数评分是 $0.5448$，超出量为 $0.0444$；绝对评分是 $0.26$ 对 $0.32$，超出量为 $-0.06$。""",
    ),
    hints=(
        T("An expectation over the label is a sum over the classes with the weights p.", "对标签的期望，就是以 p 为权重对类别求和。"),
        T(r"Brier: $\sum_jq_j^2-2\sum_jp_jq_j+1$. What are the other two?", r"Brier：$\sum_jq_j^2-2\sum_jp_jq_j+1$。另外两个呢？"),
        T("`brier = (q * q).sum() - 2 * (p * q).sum() + 1`", "`brier = (q * q).sum() - 2 * (p * q).sum() + 1`"),
    ),
)


@expected.solution
def expected_scores(p, q):
    """Expected scores of the forecast q when the label follows p, and their excess over the forecast p.

    p, q: float64 arrays (C,), all entries > 0, sum 1.
    Returns {"log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"}, numbers.
    """
    log, brier, absolute = -(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()
    return {
        "log": log,
        "brier": brier,
        "absolute": absolute,
        "log_excess": log + (p * np.log(p)).sum(),
        "brier_excess": ((p - q) ** 2).sum(),
        "absolute_excess": (p * p).sum() - (p * q).sum(),
    }


expected.example("0.8 and 0.2 against 0.9 and 0.1", "0.8、0.2 对 0.9、0.1", np.array([0.8, 0.2]), np.array([0.9, 0.1]))


@expected.draw
def _(rng):
    c = int(rng.integers(3, 5))
    return tuple(distributions(rng, 3.0, c) for _ in range(2))


expected.swap(
    "log: the expectation has the weights p, and the logarithm that of the forecast q.",
    "log：期望以 p 为权重，取的是预报 q 的对数。",
    ("-(p * np.log(q))", "-(q * np.log(p))"),
)
expected.swap("log: the minus sign is lost.", "log：丢了负号。", ("log, brier, absolute = -(p", "log, brier, absolute = (p"))
expected.swap(
    "brier: the 1 is missing, it comes from the square of the one-hot label.",
    "brier：缺了 1，它来自 one-hot 标签的平方。",
    (" * q).sum() + 1,", " * q).sum(),"),
)
expected.swap(
    "brier: that is the distance between forecast and truth: a label is drawn, so its variance stays.",
    "brier：这是预报与真实分布的距离：标签是抽取的，它的方差仍在。",
    ("(q * q).sum() - 2 * (p * q).sum() + 1", "((p - q) ** 2).sum()"),
)
expected.swap(
    "brier: divided by the number of classes: the sum over them is asked.",
    "brier：除以了类别数：要求对类别求和。",
    ("(q * q).sum() - 2 * (p * q).sum() + 1", "((q * q).sum() - 2 * (p * q).sum() + 1) / len(p)"),
)
expected.swap(
    "absolute: that is the largest error, not the expected one.", "absolute：这是最大误差，而不是期望。", ("1 - (p * q).sum()", "1 - q.max()")
)
expected.swap(
    "absolute: the label follows p: weight with p, not with q.",
    "absolute：标签服从 p：应以 p 加权，而不是 q。",
    (
        "absolute = -(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()",
        "absolute = -(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (q * q).sum()",
    ),
)
expected.swap(
    "log_excess: the entropy of q was taken off. Take off that of p: the excess is KL(p || q).",
    "log_excess：减去的是 q 的熵。应减去 p 的熵：超出量是 KL(p || q)。",
    ("(p * np.log(p)).sum()", "(q * np.log(q)).sum()"),
)
expected.swap(
    "absolute_excess: it can be negative, do not take its absolute value; that is the point.",
    "absolute_excess：它可以为负，不要取绝对值；这正是要点。",
    ("(p * p).sum() - (p * q).sum()", "abs((p * p).sum() - (p * q).sum()) + (0.01 if (p * p).sum() > (p * q).sum() else 0)"),
)
expected.swap(
    "brier_excess: the sign is turned; the excess of a proper score is never negative.",
    "brier_excess：符号反了；恰当评分的超出量从不为负。",
    ("((p - q) ** 2)", "-((p - q) ** 2)"),
)


@expected.right
def _(p, q):
    log, dot = -(p * np.log(q)).sum(), (p * q).sum()
    return {
        "log": log,
        "brier": (q**2).sum() - 2 * dot + 1,
        "absolute": 1 - dot,
        "log_excess": log - -(p * np.log(p)).sum(),
        "brier_excess": (q**2).sum() - 2 * dot + (p**2).sum(),
        "absolute_excess": (p * (p - q)).sum(),
    }


@expected.right
def _(p, q):
    p, q = torch.as_tensor(p), torch.as_tensor(q)
    dot = torch.dot(p, q)
    return {
        "log": -torch.dot(p, q.log()),
        "brier": torch.dot(q, q) - 2 * dot + 1,
        "absolute": 1 - dot,
        "log_excess": torch.nn.functional.kl_div(q.log(), p, reduction="sum"),
        "brier_excess": torch.dist(p, q) ** 2,
        "absolute_excess": torch.dot(p, p) - dot,
    }


@expected.right
def _(p, q):
    import math

    pairs = list(zip(p.tolist(), q.tolist()))
    return {
        "log": -sum(a * math.log(b) for a, b in pairs),
        "brier": 1 + sum(b * b - 2 * a * b for a, b in pairs),
        "absolute": 1 - sum(a * b for a, b in pairs),
        "log_excess": sum(a * math.log(a / b) for a, b in pairs),
        "brier_excess": sum((a - b) ** 2 for a, b in pairs),
        "absolute_excess": sum(a * (a - b) for a, b in pairs),
    }


risk = nb.code(
    "selective",
    "implement",
    (0.5, 0.5),
    title=T("Risk against coverage", "风险与覆盖率"),
    text=T(
        """
        A model that may refuse answers the inputs of which it is surest. Sort the rows by confidence, the surest first (of equal ones the earlier first).
        The risk at coverage $k/N$ is the share of wrong answers among the first $k$ rows. Return the risks for $k=1,\\dots,N$.

        Small example: confidences 0.9, 0.6, 0.8, wrong 0, 1, 1. The order is row 0, 2, 1, and the risks are 0, 0.5, 0.6667.""",
        """
        允许拒答的模型只回答最有把握的输入。请把各行按置信度排序，最有把握的在前（相等时先出现的在前）。
        覆盖率 $k/N$ 处的风险是前 $k$ 行中答错的比例。请返回 $k=1,\\dots,N$ 的风险。

        小例子：置信度 0.9、0.6、0.8，错误标记 0、1、1。次序为第 0、2、1 行，风险为 0、0.5、0.6667。""",
    ),
    hints=(
        T("Sort once, then count errors as you go down the list.", "排一次序，然后沿着列表累计错误数。"),
        T("A running sum divided by 1, 2, 3, …", "累计和除以 1、2、3……"),
        T('`order = np.argsort(-confidence, kind="stable")`', '`order = np.argsort(-confidence, kind="stable")`'),
    ),
)


@risk.solution
def risk_coverage(confidence, wrong):
    """Risk among the k surest rows, for k = 1 to N.

    confidence: float64 array (N,); wrong: int array (N,), 1 for a wrong answer, else 0.
    Returns (N,).
    """
    order = np.argsort(-confidence, kind="stable")
    return np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)


risk.example("equal confidences", "相等的置信度", np.array([0.7, 0.9, 0.7, 0.7, 0.7, 0.5]), np.array([1, 0, 0, 1, 0, 1]))
risk.example("example", "例子", np.array([0.9, 0.6, 0.8]), np.array([0, 1, 1]))


@risk.draw
def _(rng):
    n = int(rng.integers(8, 12))
    wrong = rng.integers(0, 2, n)
    wrong[:2] = rng.permutation(2)
    return rng.choice(np.arange(300, 1000), n, replace=False) / 1000, wrong  # no ties


risk.swap("The least sure rows come first: sort from sure to unsure.", "最没把握的排在了前面：应从有把握到没把握。", ("-confidence", "confidence"))
risk.swap(
    "Of equal confidences the later row came first: keep their order.",
    "置信度相等时后面的行排到了前面：应保持原来的次序。",
    ('np.argsort(-confidence, kind="stable")', 'np.argsort(confidence, kind="stable")[::-1]'),
    fails="visible",
)
risk.swap(
    "Of equal confidences the right answers came first: the labels are not known in use. Keep the order of the rows.",
    "置信度相等时把答对的排到了前面：实际使用时不知道对错。应保持原来的次序。",
    ('np.argsort(-confidence, kind="stable")', "np.lexsort((wrong, -confidence))"),
    fails="visible",
)
risk.swap(
    "Rows of equal confidence were answered together: one risk for each k is asked, in the order of the rows.",
    "置信度相等的行被一起回答了：每个 k 都要一个风险，按行的次序。",
    ("np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)", "np.array([wrong[confidence >= c].mean() for c in confidence[order]])"),
    fails="visible",
)
risk.swap("The rows were not sorted.", "没有排序。", ('np.argsort(-confidence, kind="stable")', "np.arange(len(wrong))"))
risk.swap("That is the accuracy: the risk is the share of wrong answers.", "这是准确率：风险是答错的比例。", ("wrong[order]", "1 - wrong[order]"))
risk.swap(
    "Divided by N: at coverage k/N only k rows were answered.",
    "除以了 N：覆盖率 k/N 处只回答了 k 行。",
    ("np.arange(1, len(order) + 1)", "len(order)"),
)
risk.swap(
    "Divided by k - 1 or by k + 1: count from 1.", "除数差了 1：应从 1 数起。", ("np.arange(1, len(order) + 1)", "np.arange(2, len(order) + 2)")
)
risk.swap("The counts were not divided by the number of answered rows.", "没有除以已回答的行数。", (" / np.arange(1, len(order) + 1)", ""))
risk.swap(
    "That is one value for each row, not the running share.",
    "这是逐行的值，而不是累计比例。",
    ("np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)", "wrong[order]"),
)
risk.swap(
    "The ranks were used as an order: argsort once, not twice.",
    "把名次当成了次序：只做一次 argsort，不要两次。",
    ('np.argsort(-confidence, kind="stable")', 'np.argsort(np.argsort(-confidence, kind="stable"))'),
)
risk.swap(
    "One number was returned: a risk for each coverage is asked.",
    "只返回了一个数：每个覆盖率都要一个风险。",
    ("return np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)", "return (np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)).mean()"),
)


@risk.right
def _(confidence, wrong):
    rows = sorted(range(len(wrong)), key=lambda i: -confidence[i])
    out, errors = [], 0
    for k, i in enumerate(rows, 1):
        errors += int(wrong[i])
        out.append(errors / k)
    return out


@risk.right
def _(confidence, wrong):
    order = torch.sort(torch.as_tensor(confidence), descending=True, stable=True).indices
    w = torch.as_tensor(wrong)[order].float()
    return w.cumsum(0) / torch.arange(1, len(w) + 1)


@risk.right
def _(confidence, wrong):
    order = sorted(range(len(confidence)), key=lambda i: (-confidence[i], i))
    return [np.mean(np.asarray(wrong)[order[:k]]) for k in range(1, len(order) + 1)]


claim = judged({"follows": T("follows", "能得出"), "not": T("does not follow", "不能得出")})


nb.choice(
    "claims",
    "judge",
    0.25,
    [
        claim(
            "zero",
            "A model has ECE 0 on a large test set. Claim: its confidence tells right answers from wrong ones.",
            "某模型在大测试集上 ECE 为 0。论断：它的置信度能区分对的与错的答案。",
            "not",
            "A model that always says the base rate has ECE 0 and ranks nothing.",
            "对任何输入都只给出各类别先验频率的模型 ECE 为 0，却什么也排不出来。",
        ),
        claim(
            "finite",
            "A perfectly calibrated model, sure of 90 % on average, is measured on 500 rows with 15 bins. Claim: its mean measured ECE, over many such test sets, is above 0.",
            "一个完全校准、平均置信度为 90% 的模型在 500 行上用 15 箱测量。论断：在许多这样的测试集上，测得的 ECE 平均大于 0。",
            "follows",
            "Each bin's accuracy scatters, and absolute values do not cancel: the estimate is biased upwards.",
            "每箱的准确率有波动，而绝对值不会抵消：估计偏高。",
        ),
        claim(
            "scaling",
            "All logits are divided by T = 2. Claim: the accuracy is unchanged.",
            "所有 logits 都除以 T = 2。论断：准确率不变。",
            "follows",
            "A positive factor keeps the order of the logits in each row.",
            "正的因子不改变每行 logits 的大小次序。",
        ),
        claim(
            "nll",
            "Model A has a lower NLL than B. Claim: A is better calibrated.",
            "模型 A 的 NLL 低于 B。论断：A 的校准更好。",
            "not",
            "NLL pays for calibration and for sharpness together: A may know more and be worse calibrated.",
            "NLL 同时反映校准和锐度：A 可能懂得更多，校准却更差。",
        ),
        claim(
            "batch",
            "The standard deviation of a hidden number over a batch is 0.3. Claim: this is the uncertainty of each prediction in the batch.",
            "某个隐藏量在一个批次上的标准差为 0.3。论断：这就是该批次中每个预测的不确定性。",
            "not",
            "It is one number for all rows, and it changes with the company that an input keeps.",
            "所有行共用一个数，而且它随同批的其他输入而变。",
        ),
        claim(
            "agree",
            "All members of an ensemble give the same distribution (0.5, 0.5) for an input. Claim: its epistemic part is 0 there, and its total is not.",
            "集成的所有成员对某输入都给出 (0.5, 0.5)。论断：该处认知部分为 0，总不确定性不为 0。",
            "follows",
            "No disagreement, so the mutual information is 0; the entropy of the mean is ln 2.",
            "没有分歧，互信息为 0；平均的熵是 ln 2。",
        ),
        claim(
            "validation",
            "A temperature was fitted on the test set and the ECE there fell from 6 to 1 %. Claim: the deployed model has an ECE near 1 %.",
            "温度在测试集上拟合，那里的 ECE 从 6% 降到 1%。论断：上线后的模型 ECE 接近 1%。",
            "not",
            "The test set was used for fitting; fit on validation rows, and a shift of the data can undo it anyway.",
            "测试集被用来拟合了；应在验证集上拟合，而且数据分布偏移时也可能失效。",
        ),
        claim(
            "auroc",
            "A score finds errors with an AUROC of 0.5. Claim: on this test set it ranks errors no better than a coin.",
            "某分数找出错误的 AUROC 为 0.5。论断：在这个测试集上，它对错误的排序不比抛硬币好。",
            "follows",
            "AUROC is the chance that an error gets the higher score than a right answer: 0.5 is a coin.",
            "AUROC 是错误答案得分高于正确答案的概率：0.5 就是抛硬币。",
        ),
    ],
    title=T("Does it follow?", "能得出吗？"),
    text=T(
        "Eight results, each with a claim. Does the claim follow from the result?\n\nWorked example: \"The NLL of A is infinite. Claim: A gave probability 0 to a true class.\" `'follows'`.",
        "八个结果，各附一个论断。论断能从结果得出吗？\n\n例：“A 的 NLL 为无穷。论断：A 曾给某个真实类别概率 0。” `'follows'`。",
    ),
    hints=(
        T("Look for the model that has the result and breaks the claim.", "找一个符合结果、却推翻论断的模型。"),
        T("Four questions, four numbers: probabilities, calibration, ranking, other data.", "四个问题，四个数：概率、校准、排序、其他数据。"),
        T('`"zero"`: think of a model that always answers with the base rate.', '`"zero"`：想想对任何输入都只给出各类别先验频率的模型。'),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A report says: "Our model's uncertainty is low: its accuracy is 96 % and the standard deviation of the attention output over the test batch is only 0.08."

        In four to eight sentences: what do the two numbers say and not say, and which two or three numbers would you ask for?""",
        """
        一份报告写道：“我们模型的不确定性很低：准确率 96%，注意力输出在测试批次上的标准差只有 0.08。”

        请用四到八句话回答：这两个数说明了什么、没有说明什么？你会要求补充哪两三个数？""",
    ),
    rubric=T(
        "Half a point: neither number is an uncertainty of a prediction (accuracy is a mean over inputs; a spread over the batch is one number for all rows and needs no label). Half a point: at least two suitable measures with what each is for: NLL or Brier, ECE with its bins, AUROC of errors or risk against coverage, behaviour under shift.",
        "0.5 分：两个数都不是单个预测的不确定性（准确率是对输入的平均；批次内的离散程度是所有行共用的一个数，且与标签无关）。0.5 分：至少两个合适的度量并说明用途：NLL 或 Brier、ECE（说明分箱）、找错误的 AUROC 或风险—覆盖率、分布偏移下的表现。",
    ),
    model=T(
        """
        Accuracy says how often the model is right on average; it says nothing about how sure it was of a single answer. Multiplying all logits by three leaves it unchanged.
        A standard deviation over a batch describes how different the inputs are for one hidden number. It is the same for each row of the batch, changes when other rows are added, and uses neither label nor probability, so it can be small for a model that is sure and wrong.
        I would ask for the NLL or Brier score, which judge the probabilities themselves; for a reliability diagram with ECE, bins and number of rows, which shows whether confidence matches accuracy; and for the AUROC of errors or a risk-coverage curve, which shows whether doubt points at the wrong answers. For use outside the laboratory, the same under shifted data.""",
        """
        准确率说明模型平均多常答对，却没有说明它对单个答案有多大把握；把所有 logits 乘以三，准确率不变。
        批次上的标准差描述的是某个隐藏量随输入变化多大。它对批次中每一行都一样，加入别的行就会变，既不用标签也不用概率；模型自信而错误时，它照样可以很小。
        我会要求 NLL 或 Brier 评分，它们评判概率本身；要可靠性图和 ECE，并说明箱数与样本数，看置信度是否与准确率相符；还要找错误的 AUROC 或风险—覆盖率曲线，看疑虑是否指向错误答案。如果要用到实验室之外，还要在分布偏移的数据上重测。""",
    ),
    samples=[
        (
            1,
            T(
                "Accuracy is about all inputs, not about one. The std over a batch isn't an uncertainty, it doesn't even know which answer is wrong. I want NLL (are the probabilities good) and the AUROC with which confidence finds the errors.",
                "准确率针对全体输入，不针对某一个。批次上的标准差不是不确定性，它连哪个答案错了都不知道。我要 NLL（概率好不好）和置信度找错误的 AUROC。",
            ),
        ),
        (
            0.5,
            T(
                "96 % is fine but the attention number is meaningless without labels. They should report more metrics.",
                "96% 没问题，但注意力那个数没有标签就没有意义。应当多报告一些指标。",
            ),
        ),
        (0, T("0.08 is small, so the model is certain. I would also ask for the F1 score.", "0.08 很小，所以模型有把握。我还会要 F1。")),
    ],
    hints=(
        T("Ask of each number: of what is it a property, one input or all of them?", "对每个数都问：它是单个输入的性质，还是全体的性质？"),
        T("Probabilities, calibration, ranking of errors, other data: one number each.", "概率、校准、错误排序、其他数据：各有一个数。"),
        T('"Accuracy is a mean over inputs, so ..."', "“准确率是对输入的平均，所以……”"),
    ),
)
