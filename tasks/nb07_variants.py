"""Graded notebook 07."""

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Notebook, T

nb = Notebook(
    slug="07-variants",
    chapter="understanding/variants",
    title=T("Variants of distillation", "蒸馏的变体"),
    about=T("On the chapter *Variants: what is transferred, when, and from how many*.", "对应章节《蒸馏的变体：迁移什么、何时迁移、有几个教师》。"),
    minutes=80,
    setup="""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(labels))[:900]
    images, labels = images[order] / 16, labels[order]
    means = np.stack([images[:300][labels[:300] == k].mean(axis=0) for k in range(10)])
    LABELS = labels[300:]
    PROBS = np.exp(-np.square(images[300:, None] - means).sum(axis=2))
    PROBS = PROBS / PROBS.sum(axis=1, keepdims=True)
    ink = images[300:].reshape(-1, 8, 8).sum(axis=2)
    ink = ink / ink.sum(axis=1, keepdims=True)
    MAP_ENTROPY = -(ink * np.log(np.where(ink > 0, ink, 1))).sum(axis=1)
    """,
)


def distributions(rng, *shape, least=0.04):
    """Random rows of two decimals that sum to 1."""
    while True:
        rows = rng.dirichlet(np.full(shape[-1], 1.5), shape[:-1]).round(2)
        rows[..., -1] = (1 - rows[..., :-1].sum(-1)).round(2)
        if rows.min() >= least:
            return rows


# ------------------------------------------------------------------ 1

BROKEN = """
        ```python
        def attend(h, w, v, teacher_logits, teacher_weights, beta):
            scores = (h @ w)[:, None, :]  # (N, 1, L)
            weights = torch.softmax(scores, dim=1)
            logits = (weights @ h)[:, 0] @ v
            log_p, log_q = torch.log_softmax(teacher_logits, dim=1), torch.log_softmax(logits, dim=1)
            loss = (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
            loss_attention = (weights - teacher_weights).square().sum(dim=2).mean()
            print("attention loss:", beta * loss_attention)
            uncertainty = logits.std(dim=0).mean()
            return {"weights": weights[:, 0], "logits": logits, "loss": loss, "uncertainty": uncertainty}
        ```
"""

pool = nb.code(
    "attention",
    "repair",
    (1, 1),
    title=T("Repair the attention program", "修好“注意力”程序"),
    text=T(
        r"""
        This student reads sequences of $L$ positions. It pools them with attention, it is to imitate the teacher's outputs and the teacher's attention, and it reports an uncertainty.
        The program runs without an error, and it has four faults.
"""
        + BROKEN
        + r"""
        Write the function anew. The docstring says what each result is to be.

        Small example: two positions with the features $(0, 2)$ and $(1.0986, 6)$, and $w=(1, 0)$. The scores are $0$ and $\ln 3$, so the weights are $0.25$ and $0.75$; the pooled features are $0.75\cdot1.0986=0.824$ and $0.25\cdot2+0.75\cdot6=5$.
        With $v=((0, 0), (0.2, 0))$ the logits are $(1, 0)$. If the teacher has the same logits, the attention $(0.5, 0.5)$ and $\beta=2$, the loss is $2\,(0.25^2+0.25^2)=0.25$.
        The uncertainty is the entropy of $(0.7311, 0.2689)$, which is $0.5822$.""",
        r"""
        这个学生模型读入有 $L$ 个位置的序列：用注意力汇聚各个位置，模仿教师模型的输出和注意力，并报告不确定性。
        程序能运行，也不报错，但有四处错误。
"""
        + BROKEN
        + r"""
        请重写这个函数。每个结果应当是什么，见文档字符串。

        小例子：两个位置的特征是 $(0, 2)$ 和 $(1.0986, 6)$，$w=(1, 0)$。得分是 $0$ 和 $\ln 3$，所以权重是 $0.25$ 和 $0.75$；汇聚后的特征是 $0.75\cdot1.0986=0.824$ 和 $0.25\cdot2+0.75\cdot6=5$。
        取 $v=((0, 0), (0.2, 0))$，logits 是 $(1, 0)$。如果教师模型的 logits 与此相同，注意力是 $(0.5, 0.5)$，$\beta=2$，那么损失是 $2\,(0.25^2+0.25^2)=0.25$。
        不确定性是 $(0.7311, 0.2689)$ 的熵，即 $0.5822$。""",
    ),
    hints=(
        T(
            "Write the shape beside each line. Over which axis does each softmax, sum and mean run, and how long is that axis?",
            "在每一行旁边写下形状。每个 softmax、求和与平均沿哪个轴？这个轴有多长？",
        ),
        T(
            r"$a_n=\mathrm{softmax}_l(h_{nl}\cdot w)$, loss $=\mathrm{KL}+\beta\,\frac1N\sum_n\lVert a_n-a^t_n\rVert^2$. An uncertainty belongs to a single input.",
            r"$a_n=\mathrm{softmax}_l(h_{nl}\cdot w)$，损失 $=\mathrm{KL}+\beta\,\frac1N\sum_n\lVert a_n-a^t_n\rVert^2$。不确定性属于单个输入。",
        ),
        T(
            "`scores = h @ w` has the shape (N, L); `weights = torch.softmax(scores, dim=...)`.",
            "`scores = h @ w` 的形状是 (N, L)；`weights = torch.softmax(scores, dim=...)`。",
        ),
    ),
)


@pool.solution
def attend(h, w, v, teacher_logits, teacher_weights, beta):
    """Attention over the positions, the loss against a teacher, and an uncertainty for each input.

    h: tensor (N, L, D), features at L positions; w: tensor (D,), scores a position; v: tensor (D, C);
    teacher_logits: tensor (N, C); teacher_weights: tensor (N, L), rows sum to 1; beta: float.
    Returns a dict:
    "weights": (N, L), the softmax of h @ w over the positions;
    "logits": (N, C), the weighted sum of the positions, times v;
    "loss": float, KL(teacher || student) of the outputs at T = 1, plus beta times the squared distance
    between the two rows of attention weights; both are summed over a row and averaged over the N rows;
    "uncertainty": (N,), the entropy of each row's probabilities, in nats.
    With equal logits, the weights (0.25, 0.75), the teacher's (0.5, 0.5) and beta = 2 the loss is 0.25.
    """
    weights = torch.softmax(h @ w, dim=1)
    logits = (weights[:, :, None] * h).sum(dim=1) @ v
    log_p, log_q = torch.log_softmax(teacher_logits, dim=1), torch.log_softmax(logits, dim=1)
    loss = (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
    loss = loss + beta * (weights - teacher_weights).square().sum(dim=1).mean()
    uncertainty = -(log_q.exp() * log_q).sum(dim=1)
    return {"weights": weights, "logits": logits, "loss": loss, "uncertainty": uncertainty}


pool.example(
    "example",
    "例子",
    torch.tensor([[[0.0, 2.0], [1.0986, 6.0]]], dtype=torch.float64),
    torch.tensor([1.0, 0.0], dtype=torch.float64),
    torch.tensor([[0.0, 0.0], [0.2, 0.0]], dtype=torch.float64),
    torch.tensor([[1.0, 0.0]], dtype=torch.float64),
    torch.tensor([[0.5, 0.5]], dtype=torch.float64),
    2.0,
)


@pool.draw
def _(rng):
    n, length, d, c = [(2, 4, 2, 3), (2, 3, 3, 2), (3, 3, 2, 2)][int(rng.integers(3))]
    arrays = [rng.normal(0, 1, shape).round(2) for shape in ((n, length, d), (d,), (d, c), (n, c))]
    arrays[1] = np.where(np.abs(arrays[1]) < 0.4, 0.7, arrays[1])
    return *map(torch.tensor, (*arrays, distributions(rng, n, length))), float(rng.choice([0.5, 2.0, 3.0]))


pool.swap(
    "The softmax runs over an axis of length one, so all weights are 1: take it over the L positions.",
    "softmax 沿长度为 1 的轴计算，权重全是 1：应沿 L 个位置计算。",
    ("torch.softmax(h @ w, dim=1)", "torch.softmax((h @ w)[:, None], dim=1)[:, 0]"),
)
pool.swap(
    "The softmax runs over the batch: the weights of one input must sum to 1 over its positions.",
    "softmax 沿批的轴计算：每个输入的权重应在它的各个位置上和为 1。",
    ("torch.softmax(h @ w, dim=1)", "torch.softmax(h @ w, dim=0)"),
)
pool.swap(
    "The attention loss is computed and not used: add beta times it to the loss.",
    "算出了注意力损失却没有用：应乘 beta 加进损失。",
    ("loss + beta * (weights - teacher_weights).square().sum(dim=1).mean()", "loss"),
)
pool.swap("The attention loss is added without beta.", "加上注意力损失时没有乘 beta。", ("beta * ", ""))
pool.swap(
    "Broadcasting: (N, 1, L) minus (N, L) compares each input with the teacher's attention to all inputs. Make both (N, L).",
    "广播出了错：(N, 1, L) 减 (N, L)，把每个输入与教师模型对所有输入的注意力相比。两者都应是 (N, L)。",
    ("(weights - teacher_weights).square().sum(dim=1)", "(weights[:, None] - teacher_weights).square().sum(dim=2)"),
)
pool.swap(
    "The squared differences are averaged over the positions: sum them over a row, then average over the rows.",
    "平方差在各位置上取了平均：应先在一行内求和，再对行取平均。",
    (".square().sum(dim=1).mean()", ".square().mean()"),
)
pool.swap(
    "A spread over the batch is no uncertainty: it has no value for a single input. Take the entropy of each row.",
    "批内的离散程度不是不确定性：它对单个输入没有意义。请取每一行的熵。",
    ("-(log_q.exp() * log_q).sum(dim=1)", "logits.std(dim=0).mean()"),
)
pool.swap(
    "That is the entropy of the attention, which says where the student looks: take the entropy of the predicted classes.",
    "那是注意力的熵，只说明学生模型在看哪里：应取预测类别的熵。",
    ("-(log_q.exp() * log_q).sum(dim=1)", "-(weights * weights.log()).sum(dim=1)"),
)
pool.swap(
    "The KL runs the other way: it is teacher || student.",
    "KL 的方向反了：应为 教师 || 学生。",
    ("log_p.exp() * (log_p - log_q)", "log_q.exp() * (log_q - log_p)"),
)
pool.swap(
    "The KL is averaged over the classes as well: sum over a row, then average over the rows (batchmean).",
    "KL 对类别也取了平均：应先在一行内求和，再对行取平均（batchmean）。",
    ("(log_p - log_q)).sum(dim=1).mean()", "(log_p - log_q)).mean()"),
)
pool.swap(
    "The positions are averaged with equal weights: multiply each by its attention weight.",
    "对各位置做了等权平均：每个位置应乘自己的注意力权重。",
    ("(weights[:, :, None] * h).sum(dim=1)", "h.mean(dim=1)"),
)
pool.swap(
    "Weighted and then averaged, so divided by L a second time: the weights sum to 1 already, so sum.",
    "加权之后又取平均，多除了一次 L：权重之和已经是 1，求和即可。",
    ("* h).sum(dim=1)", "* h).mean(dim=1)"),
)


@pool.right
def _(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, zt, at = (np.asarray(part) for part in (h, w, v, teacher_logits, teacher_weights))

    def softmax(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    a = softmax(np.einsum("nld,d->nl", h, w))
    z = np.einsum("nl,nld,dc->nc", a, h, v)
    p, q = softmax(zt), softmax(z)
    loss = np.sum(p * np.log(p / q)) / len(h) + beta * np.sum((a - at) ** 2) / len(h)
    return {"weights": a, "logits": z, "loss": float(loss), "uncertainty": -np.sum(q * np.log(q), axis=1)}


@pool.right
def _(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, zt, at = (part.float() for part in (h, w, v, teacher_logits, teacher_weights))
    a = F.softmax((h * w).sum(-1), dim=-1)
    z = torch.bmm(a.unsqueeze(1), h).squeeze(1) @ v
    loss = F.kl_div(F.log_softmax(z, 1), F.softmax(zt, 1), reduction="batchmean")
    loss = loss + beta * F.mse_loss(a, at, reduction="sum") / a.shape[0]
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": torch.distributions.Categorical(logits=z).entropy()}


@pool.right
def _(h, w, v, teacher_logits, teacher_weights, beta):
    import math

    def softmax(z):
        e = [math.exp(x) for x in z]
        return [x / sum(e) for x in e]

    out = {"weights": [], "logits": [], "loss": 0.0, "uncertainty": []}
    for rows, zt, at in zip(h.tolist(), teacher_logits.tolist(), teacher_weights.tolist()):
        a = softmax([sum(x * float(y) for x, y in zip(row, w)) for row in rows])
        pooled = [sum(a[i] * rows[i][j] for i in range(len(rows))) for j in range(len(w))]
        z = [sum(pooled[j] * float(v[j][k]) for j in range(len(w))) for k in range(v.shape[1])]
        p, q = softmax(zt), softmax(z)
        out["weights"].append(a)
        out["logits"].append(z)
        out["uncertainty"].append(-sum(x * math.log(x) for x in q))
        out["loss"] += sum(x * math.log(x / y) for x, y in zip(p, q)) / len(h)
        out["loss"] += beta * sum((x - y) ** 2 for x, y in zip(a, at)) / len(h)
    return out


# ------------------------------------------------------------------ 2

tells = nb.code(
    "tells-anything",
    "implement",
    (0.5, 1, 0.5),
    title=T("Does this score tell anything?", "这个分数说明得了什么吗？"),
    text=T(
        """
        Somebody offers a score of uncertainty, such as the entropy of an attention map. Does it find the errors?
        The AUROC answers: it is the chance that a random error has a higher score than a random right answer, and a tie counts one half. At 0.5 the score tells nothing.
        A number alone says little, so compute it for a control as well, the score that every classifier gives for free: 1 minus the largest probability.

        Small example: scores 3, 1, 2, 2, the first and the third row are errors. Of the four pairs (error, right) the error is higher in three (3 > 1, 3 > 2, 2 > 1), and one is a tie: (3 + 0.5) / 4 = 0.875.

        The set-up cell holds 600 real digits. Their probabilities `PROBS` come from a simple classifier. `MAP_ENTROPY` is the entropy of a map with sum 1, the share of the ink in each of the eight rows of an image. The last visible test prints what your function says about it.""",
        """
        有人给出一个不确定性分数，例如注意力图的熵。它能找出错误吗？
        可以用 AUROC 来回答：随机取一个错误和一个正确答案，错误的分数更高的概率；相等算一半。0.5 表示这个分数什么也说明不了。
        单独一个数说明不了多少，所以再为一个对照计算 AUROC。这个对照是每个分类器白送的分数：1 减最大概率。

        小例子：分数为 3、1、2、2，第一行和第三行是错误。（错误，正确）共有四对，其中三对里错误的分数更高（3 > 1、3 > 2、2 > 1），一对相等：(3 + 0.5) / 4 = 0.875。

        准备单元格里有 600 张真实的数字图像。`PROBS` 是一个简单分类器给出的概率。`MAP_ENTROPY` 是一张和为 1 的图的熵，这张图给出图像八行中每一行的墨迹占比。最后一个可见测试会打印你的函数对它的评价。""",
    ),
    hints=(
        T("Compare each error with each right answer, and count.", "把每个错误与每个正确答案逐对比较，然后计数。"),
        T(
            r"$\frac{1}{E\,R}\sum_{e,\,r}\big(\mathbb 1[s_e>s_r]+\tfrac12\,\mathbb 1[s_e=s_r]\big)$ for $E$ errors and $R$ right answers.",
            r"$\frac{1}{E\,R}\sum_{e,\,r}\big(\mathbb 1[s_e>s_r]+\tfrac12\,\mathbb 1[s_e=s_r]\big)$，其中 $E$ 是错误数，$R$ 是正确数。",
        ),
        T("`wrong = probs.argmax(axis=1) != target`", "`wrong = probs.argmax(axis=1) != target`"),
    ),
)


@tells.solution
def tells_anything(score, probs, target):
    """AUROC of a score for finding errors, and of the control, 1 minus the largest probability.

    score: array (N,), high means uncertain; probs: array (N, C), rows sum to 1; target: int array (N,).
    An error is a row whose most likely class is not the target. A tie counts one half.
    Returns {"score": float, "control": float}; both are nan if there is no error or no right answer.
    For the scores 3, 1, 2, 2 with errors in the first and the third row, "score" is 0.875.
    """
    wrong = probs.argmax(axis=1) != target

    def auroc(values):
        error, right = values[wrong][:, None], values[~wrong][None, :]
        if error.size == 0 or right.size == 0:
            return float("nan")
        return ((error > right) + 0.5 * (error == right)).mean()

    return {"score": auroc(score), "control": auroc(1 - probs.max(axis=1))}


tells.example(
    "example",
    "例子",
    np.array([3.0, 1.0, 2.0, 2.0]),
    np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]]),
    np.array([1, 1, 0, 0]),
)


@tells.draw
def _(rng):
    while True:
        probs = rng.dirichlet(np.ones(3), 8).round(1)
        probs[:, 2] = (1 - probs[:, 0] - probs[:, 1]).round(1)
        target = np.where(rng.random(8) < 0.5, probs.argmax(1), rng.integers(0, 3, 8))
        score = rng.integers(2, 9, 8) / 10
        top, wrong = np.sort(probs, axis=1), probs.argmax(1) != target
        if probs.min() < 0.1 or (top[:, 2] == top[:, 1]).any() or not 3 <= wrong.sum() <= 5:
            continue
        above, ties = ((sign(score[wrong][:, None], score[~wrong])).mean() for sign in (np.greater, np.equal))
        sure, even = ((sign(top[~wrong, 2], top[wrong, 2][:, None])).mean() for sign in (np.greater, np.equal))
        ordinal = (np.argsort(np.argsort(score, kind="stable"))[wrong].sum() - wrong.sum() * (wrong.sum() - 1) / 2) / (wrong.sum() * (~wrong).sum())
        area = above + ties / 2
        entropy = -(probs * np.log(probs)).sum(1)
        spread = (entropy[wrong][:, None] > entropy[~wrong]).mean()
        if abs(spread - sure - even / 2) > 0.01 and ties > 0 and area < 0.45 and abs(ordinal - area) > 0.01 and 0.55 < sure + even / 2 < 0.95:
            return score, probs, target


tells.script(
    "visible",
    """
    found = tells_anything(MAP_ENTROPY, PROBS, LABELS)
    print(T("600 digits:", "600 张数字图像："), {key: round(float(value), 2) for key, value in found.items()})
    assert 0.35 < float(found["score"]) < 0.65, T("tells_anything (digits): the entropy of this map tells next to nothing, so its AUROC should be near 0.5", "tells_anything（数字图像）：这张图的熵几乎什么也说明不了，AUROC 应在 0.5 附近")
    assert 0.8 < float(found["control"]) < 0.97, T("tells_anything (digits): the control should find most errors, with an AUROC near 0.9", "tells_anything（数字图像）：对照应能找出大部分错误，AUROC 应在 0.9 附近")
    """,
)
SURE_AND_WRONG = np.array([[0.9, 0.05, 0.05], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.2, 0.8, 0.0], [0.6, 0.3, 0.1]])
tells.edge("one score for all inputs", "所有输入同一个分数", np.full(6, 0.3), SURE_AND_WRONG, np.array([2, 1, 2, 0, 0, 0]))
tells.edge("no error", "没有错误", np.array([0.3, 0.1, 0.2]), SURE_AND_WRONG[:3], np.array([0, 1, 2]))
tells.edge("no right answer", "没有正确答案", np.array([0.3, 0.1, 0.2]), SURE_AND_WRONG[:3], np.array([1, 2, 0]))

tells.swap("A tie counts nothing here: it counts one half.", "这里相等不计：应算一半。", (" + 0.5 * (error == right)", " + 0.0"))
tells.swap(
    "A tie counts in full here: it counts one half.", "这里相等算整个：应算一半。", ("(error > right) + 0.5 * (error == right)", "error >= right")
)
tells.swap(
    "Turned round: an error should have the higher score, so this is 1 minus the AUROC.",
    "反了：应是错误的分数更高，这里算出的是 1 减 AUROC。",
    ("error, right = values[wrong][:, None], values[~wrong][None, :]", "error, right = values[~wrong][:, None], values[wrong][None, :]"),
)
tells.swap(
    "The control is high for sure answers: use 1 minus the largest probability.",
    "这个对照在有把握时反而高：应取 1 减最大概率。",
    ("1 - probs.max(axis=1)", "probs.max(axis=1)"),
)
tells.swap(
    "The control uses the probability of the label, which nobody has in use: take the largest probability.",
    "对照用了标签的概率，而使用时没有标签：应取最大概率。",
    ("1 - probs.max(axis=1)", "1 - probs[np.arange(len(probs)), target]"),
)
tells.swap(
    "The control here is the entropy of the probabilities: 1 minus the largest probability is asked.",
    "这里的对照是概率的熵：要求的是 1 减最大概率。",
    ("auroc(1 - probs.max(axis=1))", "auroc(-(probs * np.log(np.where(probs > 0, probs, 1))).sum(axis=1))"),
    fails="visible hidden",
)
tells.swap(
    "Divided by N² pairs: only the pairs of an error and a right answer count.",
    "除以了 N² 对：只算一个错误与一个正确答案组成的对。",
    ("(error == right)).mean()", "(error == right)).sum() / len(values) ** 2"),
)
tells.swap(
    "A value below 0.5 was turned round: a score that is higher on right answers must stay below 0.5.",
    "把低于 0.5 的值翻了过来：如果分数在正确答案上更高，AUROC 就该低于 0.5。",
    (
        "return ((error > right) + 0.5 * (error == right)).mean()",
        "area = ((error > right) + 0.5 * (error == right)).mean()\n        return max(area, 1 - area)",
    ),
)
tells.swap(
    "That is the difference of the mean scores: it depends on their scale. Count pairs.",
    "那是平均分数之差，与分数的尺度有关。应按对计数。",
    ("((error > right) + 0.5 * (error == right)).mean()", "error.mean() - right.mean()"),
)
tells.swap(
    "Without errors or without right answers there is no pair to compare: the answer is nan.",
    "没有错误或没有正确答案时，没有可比较的对：应为 nan。",
    ('return float("nan")', "return 0.5"),
    fails="edge",
)


@tells.wrong(
    "argsort gives tied scores different ranks: they share the mean of their ranks.", "argsort 给相等的分数排了不同的名次：它们应共用名次的平均。"
)
def _(score, probs, target):
    wrong = probs.argmax(1) != target

    def auroc(values):
        ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable") + 1
        e, r = wrong.sum(), (~wrong).sum()
        return (ranks[wrong].sum() - e * (e + 1) / 2) / (e * r) if e and r else float("nan")

    return {"score": auroc(np.asarray(score)), "control": auroc(1 - probs.max(1))}


@tells.wrong("That is a correlation of the score with the errors: count pairs.", "那是分数与错误的相关系数：应按对计数。")
def _(score, probs, target):
    wrong = (probs.argmax(1) != target).astype(float)
    return {"score": np.corrcoef(score, wrong)[0, 1], "control": np.corrcoef(1 - probs.max(1), wrong)[0, 1]}


@tells.right
def _(score, probs, target):
    def auroc(values):
        errors = [v for v, p, y in zip(values, probs, target) if int(np.argmax(p)) != int(y)]
        rights = [v for v, p, y in zip(values, probs, target) if int(np.argmax(p)) == int(y)]
        if not errors or not rights:
            return float("nan")
        return sum(1.0 if e > r else 0.5 if e == r else 0.0 for e in errors for r in rights) / len(errors) / len(rights)

    return {"score": auroc(list(score)), "control": auroc([-max(p) for p in probs])}


@tells.right
def _(score, probs, target):
    from scipy.stats import rankdata

    wrong = np.argmax(probs, axis=1) != target
    e, r = int(wrong.sum()), int((~wrong).sum())
    if e * r == 0:
        return {"score": np.nan, "control": np.nan}

    def area(values):
        return (rankdata(values)[wrong].sum() - e * (e + 1) / 2) / (e * r)

    return {"score": area(score), "control": area(1 - np.max(probs, axis=1))}


@tells.right
def _(score, probs, target):
    p = torch.as_tensor(probs)
    wrong = p.argmax(1) != torch.as_tensor(target)
    found = {}
    for name, s in (("score", torch.as_tensor(score)), ("control", -p.max(1).values)):
        gaps = s[wrong].unsqueeze(1) - s[~wrong].unsqueeze(0)
        found[name] = ((torch.sign(gaps) + 1) / 2).mean().item()
    return found


@tells.right
def _(score, probs, target):
    from sklearn.metrics import roc_auc_score

    wrong = probs.argmax(1) != target
    if wrong.all() or not wrong.any():
        return {"score": float("nan"), "control": float("nan")}
    return {"score": roc_auc_score(wrong, score), "control": roc_auc_score(wrong, 1 - probs.max(1))}


# ------------------------------------------------------------------ 3

rkd = nb.code(
    "relations",
    "implement",
    (0.5, 1),
    title=T("Compare distances, not features", "比较距离，而不是特征"),
    text=T(
        r"""
        Student and teacher have features of different widths, so they cannot be subtracted. RKD compares relations: $d_{ij}$ is the Euclidean distance between the rows $i$ and $j$ of a batch.
        Each set of distances is divided by its own mean over the pairs $i\ne j$, since the two spaces have different scales. Then the two are compared with the Huber loss with $\delta=1$: $u^2/2$ for $|u|\le1$ and $|u|-\frac12$ beyond.
        The loss is the mean over all $N\cdot N$ entries; those with $i=j$ are 0 and count.

        Small example: student rows 0, 1, 3; teacher rows (0, 0), (1, 0), (2, 0). The student's distances 1, 3, 2 have the mean 2 and become 0.5, 1.5, 1. The teacher's 1, 2, 1 have the mean 4/3 and become 0.75, 1.5, 0.75.
        Two of three pairs differ by 0.25; each pair stands twice in the matrix: $4\cdot0.25^2/2/9=0.0139$.""",
        r"""
        学生模型与教师模型的特征宽度不同，不能直接相减。RKD 比较的是关系：$d_{ij}$ 是一批中第 $i$ 行与第 $j$ 行的欧氏距离。
        两个空间的尺度不同，所以每组距离先除以自己在 $i\ne j$ 的各对上的平均。然后用 $\delta=1$ 的 Huber 损失比较两者：$|u|\le1$ 时为 $u^2/2$，超出时为 $|u|-\frac12$。
        损失是全部 $N\cdot N$ 个元素的平均；$i=j$ 的元素为 0，也计入个数。

        小例子：学生模型的各行为 0、1、3；教师模型的各行为 (0, 0)、(1, 0)、(2, 0)。学生模型的距离 1、3、2 平均为 2，变成 0.5、1.5、1；教师模型的 1、2、1 平均为 4/3，变成 0.75、1.5、0.75。
        三对中有两对相差 0.25，每一对在矩阵里出现两次：$4\cdot0.25^2/2/9=0.0139$。""",
    ),
    hints=(
        T(
            "First a matrix of distances for each of the two, N times N. The widths are gone by then.",
            "先为两者各算一个 N × N 的距离矩阵；到这一步，宽度就不再出现。",
        ),
        T(
            r"$\frac1{N^2}\sum_{i,j}\mathrm{Huber}\big(d^s_{ij}/\bar d^s-d^t_{ij}/\bar d^t\big)$, $\ \bar d=\frac{1}{N(N-1)}\sum_{i\ne j}d_{ij}$.",
            r"$\frac1{N^2}\sum_{i,j}\mathrm{Huber}\big(d^s_{ij}/\bar d^s-d^t_{ij}/\bar d^t\big)$，$\ \bar d=\frac{1}{N(N-1)}\sum_{i\ne j}d_{ij}$。",
        ),
        T("`d = np.linalg.norm(x[:, None] - x[None, :], axis=2)`", "`d = np.linalg.norm(x[:, None] - x[None, :], axis=2)`"),
    ),
)


@rkd.solution
def rkd_distance(student_features, teacher_features):
    """Mean Huber loss (delta = 1) between the relative distances of all pairs of a batch.

    student_features: array (N, D); teacher_features: array (N, K); N >= 2, all rows of one array differ.
    Euclidean distances, each set divided by its mean over the pairs i != j; mean over all N * N entries.
    Returns a float. rkd_distance([[0], [1], [3]], [[0, 0], [1, 0], [2, 0]]) is 0.0139.
    """

    def relative(x):
        d = np.sqrt(np.square(x[:, None] - x[None, :]).sum(axis=2))
        return d / (d.sum() / (len(d) * (len(d) - 1)))

    u = np.abs(relative(student_features) - relative(teacher_features))
    return np.where(u <= 1, u**2 / 2, u - 0.5).mean()


rkd.example("example", "例子", np.array([[0.0], [1.0], [3.0]]), np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))


@rkd.draw
def _(rng):
    def relative(x):
        d = np.linalg.norm(x[:, None] - x[None, :], axis=2)
        return d / d[d > 0].mean()

    while True:
        n = int(rng.integers(4, 6))
        student, teacher = rng.normal(0, 1, (n, 2)).round(2), rng.normal(0, 2, (n, 3)).round(2)
        student[0] = (student[0] + rng.choice([-7, 7], 2)).round(2)  # far away for the student only: some differences exceed 1
        u = np.abs(relative(student) - relative(teacher))
        if (u > 1.15).any() and np.sort(u, axis=None)[n] > 0.02:
            return student, teacher


rkd.swap(
    "The distances are not divided by their mean: the scale of the features must drop out.",
    "距离没有除以平均：特征的尺度应当消去。",
    ("return d / (d.sum() / (len(d) * (len(d) - 1)))", "return d"),
)
rkd.swap(
    "The mean distance includes the zeros on the diagonal: take it over the pairs i != j.",
    "平均距离把对角线上的 0 也算进去了：只在 i != j 的各对上取平均。",
    ("(d.sum() / (len(d) * (len(d) - 1)))", "d.mean()"),
)
rkd.swap(
    "These are squared distances: the square root is missing.",
    "这是距离的平方：缺了开方。",
    ("np.sqrt(np.square(x[:, None] - x[None, :]).sum(axis=2))", "np.square(x[:, None] - x[None, :]).sum(axis=2)"),
)
rkd.swap(
    "The squared difference is used throughout: the Huber loss has the factor 1/2, and beyond 1 it goes on as a straight line.",
    "处处用了平方差：Huber 损失有系数 1/2，超过 1 的部分按直线继续。",
    ("np.where(u <= 1, u**2 / 2, u - 0.5)", "(u**2)"),
)
rkd.swap(
    "Half the square is used throughout: beyond a difference of 1 the Huber loss is a straight line.",
    "处处用了平方的一半：差超过 1 时，Huber 损失是直线。",
    ("np.where(u <= 1, u**2 / 2, u - 0.5)", "(u**2 / 2)"),
)
rkd.swap(
    "The absolute difference is used: within 1 the Huber loss is half the square.",
    "用了绝对差：差在 1 以内时，Huber 损失是平方的一半。",
    ("np.where(u <= 1, u**2 / 2, u - 0.5)", "u"),
)
rkd.swap(
    "Only the pairs i != j are averaged: the mean runs over all N * N entries.",
    "只在 i != j 的各对上取了平均：应对全部 N * N 个元素取平均。",
    ("u - 0.5).mean()", "u - 0.5).sum() / (len(u) * (len(u) - 1))"),
)
rkd.swap("Summed in place of averaged.", "求了和，没有取平均。", ("u - 0.5).mean()", "u - 0.5).sum()"))
rkd.swap(
    "Each pair counts once, but the sum is divided by N * N: in the matrix each pair stands twice.",
    "每一对只算了一次，却除以了 N * N：矩阵里每一对出现两次。",
    ("u - 0.5).mean()", "u - 0.5).mean() / 2"),
)
rkd.swap(
    "Each row of distances is divided by its own mean: one mean serves for the whole batch.",
    "每一行距离除以了这一行自己的平均：整批只用一个平均。",
    ("(d.sum() / (len(d) * (len(d) - 1)))", "(d.sum(axis=1, keepdims=True) / (len(d) - 1))"),
)
rkd.swap(
    "The distances are divided by the largest one: divide by the mean.",
    "距离除以了最大值：应除以平均。",
    ("(d.sum() / (len(d) * (len(d) - 1)))", "d.max()"),
)


@rkd.wrong(
    "Both sets are divided by the teacher's mean distance: each is divided by its own.", "两组距离都除以了教师模型的平均距离：应各除以自己的平均。"
)
def _(student_features, teacher_features):
    s, t = (np.linalg.norm(x[:, None] - x[None, :], axis=2) for x in (student_features, teacher_features))
    mean = t.sum() / (len(t) * (len(t) - 1))
    u = np.abs(s - t) / mean
    return np.where(u <= 1, u**2 / 2, u - 0.5).mean()


@rkd.wrong(
    "These are scalar products, as in similarity-preserving distillation: RKD compares distances.", "这是内积，属于相似性保持蒸馏：RKD 比较的是距离。"
)
def _(student_features, teacher_features):
    grams = [x @ x.T for x in (student_features, teacher_features)]
    s, t = (g / np.linalg.norm(g, axis=1, keepdims=True).clip(1e-9) for g in grams)
    return ((s - t) ** 2).sum() / len(s) ** 2


@rkd.right
def _(student_features, teacher_features):
    s, t = torch.as_tensor(student_features), torch.as_tensor(teacher_features)
    s, t = F.pdist(s.double()), F.pdist(t.double())
    return F.smooth_l1_loss(s / s.mean(), t / t.mean(), reduction="sum") * 2 / len(student_features) ** 2


@rkd.right
def _(student_features, teacher_features):
    n = len(student_features)
    pairs = [(i, j) for i in range(n) for j in range(n)]
    s, t = ([sum((float(a) - float(b)) ** 2 for a, b in zip(x[i], x[j])) ** 0.5 for i, j in pairs] for x in (student_features, teacher_features))
    ms, mt = (sum(d) / (n * n - n) for d in (s, t))
    total = 0.0
    for a, b in zip(s, t):
        u = abs(a / ms - b / mt)
        total += u * u / 2 if u < 1 else u - 0.5
    return total / len(pairs)


@rkd.right
def _(student_features, teacher_features):
    def relative(x):
        x = torch.as_tensor(x).float()
        d = (x.unsqueeze(0) - x.unsqueeze(1)).pow(2).sum(-1).sqrt()
        return d / d[d > 0].mean()

    return F.huber_loss(relative(student_features), relative(teacher_features), delta=1.0)


# ------------------------------------------------------------------ 4

dkd = nb.code(
    "dkd-split",
    "derive",
    (0.5, 1),
    title=T("Take the KL apart", "拆开 KL 散度"),
    text=T(
        r"""
        Let $p$ and $q$ be the probabilities of teacher and student at the temperature $T$, and $y$ the label. Write $\hat p_k=p_k/(1-p_y)$ for the teacher's distribution among the other classes, and $\hat q_k$ in the same way.
        Derive from the definition of $\mathrm{KL}(p\,\|\,q)$ that it is the sum of two parts: the KL between $(p_y, 1-p_y)$ and $(q_y, 1-q_y)$, and a **weight** times $\mathrm{KL}(\hat p\,\|\,\hat q)$. Start with $p_k=(1-p_y)\,\hat p_k$ for $k\ne y$. Find the weight on the way.
        The function gives both parts, each without a weight, and their weighted sum, for each row. There is no factor $T^2$ here.

        Small example, $T=1$ and $y=0$: the teacher's logits $(1.7918, 1.0986, 0)$ give $p=(0.6, 0.3, 0.1)$, equal logits give $q=(\frac13, \frac13, \frac13)$.
        The target part is $0.6\ln1.8+0.4\ln0.6=0.1483$. Among the others $\hat p=(0.75, 0.25)$ and $\hat q=(0.5, 0.5)$: $0.75\ln1.5+0.25\ln0.5=0.1308$. The whole KL is $0.2007$.""",
        r"""
        设 $p$ 和 $q$ 是教师模型与学生模型在温度 $T$ 下的概率，$y$ 是标签。记 $\hat p_k=p_k/(1-p_y)$ 为教师模型在其余类别上的分布，$\hat q_k$ 同理。
        请从 $\mathrm{KL}(p\,\|\,q)$ 的定义出发，推导它是两部分之和：一部分是 $(p_y, 1-p_y)$ 与 $(q_y, 1-q_y)$ 之间的 KL，另一部分是某个**权重**乘 $\mathrm{KL}(\hat p\,\|\,\hat q)$。从 $k\ne y$ 时 $p_k=(1-p_y)\,\hat p_k$ 入手，推导中求出这个权重。
        函数逐行给出不带权重的两部分，以及它们的加权和。这里没有因子 $T^2$。

        小例子，$T=1$，$y=0$：教师模型的 logits $(1.7918, 1.0986, 0)$ 给出 $p=(0.6, 0.3, 0.1)$，学生模型的 logits 全相等，$q=(\frac13, \frac13, \frac13)$。
        目标类部分为 $0.6\ln1.8+0.4\ln0.6=0.1483$。其余类别上 $\hat p=(0.75, 0.25)$、$\hat q=(0.5, 0.5)$：$0.75\ln1.5+0.25\ln0.5=0.1308$。整个 KL 是 $0.2007$。""",
    ),
    hints=(
        T(
            "Choosing a class can be done in two steps: the label or not, and if not, which other one.",
            "选类别可以分两步：是不是标签；如果不是，是其余的哪一个。",
        ),
        T(
            r"For $k\ne y$: $\ \ln\frac{p_k}{q_k}=\ln\frac{1-p_y}{1-q_y}+\ln\frac{\hat p_k}{\hat q_k}$. Multiply by $p_k$ and sum; which factor can be taken out of the second sum?",
            r"$k\ne y$ 时：$\ \ln\frac{p_k}{q_k}=\ln\frac{1-p_y}{1-q_y}+\ln\frac{\hat p_k}{\hat q_k}$。乘以 $p_k$ 再求和；第二个和式能提出什么因子？",
        ),
        T("`p_y = p[np.arange(len(p)), target]`", "`p_y = p[np.arange(len(p)), target]`"),
    ),
)


@dkd.solution
def dkd_split(student_logits, teacher_logits, target, temperature):
    """The KL of the teacher against the student, taken apart at the label; one number for each row, in nats.

    student_logits, teacher_logits: arrays (N, C) with C >= 3; target: int array (N,); temperature: float > 0.
    Returns a dict of arrays (N,): "target", the KL over (label, all others together); "non_target", the KL
    among the other classes, with no weight; "kl", their weighted sum, the whole KL. No factor of T ** 2.
    For the teacher's probabilities (0.6, 0.3, 0.1), an even student, label 0: 0.1483, 0.1308 and 0.2007.
    """

    def softmax(logits):
        e = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
        return e / e.sum(axis=1, keepdims=True)

    rows, p, q = np.arange(len(target)), softmax(teacher_logits), softmax(student_logits)
    p_y, q_y = p[rows, target], q[rows, target]
    others = np.arange(p.shape[1]) != target[:, None]
    p_hat, q_hat = p / (1 - p_y[:, None]), q / (1 - q_y[:, None])
    target_part = p_y * np.log(p_y / q_y) + (1 - p_y) * np.log((1 - p_y) / (1 - q_y))
    non_target = (others * p_hat * np.log(p_hat / q_hat)).sum(axis=1)
    return {"target": target_part, "non_target": non_target, "kl": target_part + (1 - p_y) * non_target}


dkd.example("example", "例子", np.array([[0.0, 0.0, 0.0]]), np.array([[1.7918, 1.0986, 0.0]]), np.array([0]), 1.0)


@dkd.draw
def _(rng):
    n, c = int(rng.integers(2, 4)), int(rng.integers(3, 5))
    student, teacher = rng.normal(0, 1.5, (n, c)).round(2), rng.normal(0, 2, (n, c)).round(2)
    target = teacher.argmax(axis=1)
    target[0] = (target[0] + 1) % c  # one row with a label that is not the teacher's first choice
    return student, teacher, target, float(rng.choice([1.5, 2.0, 4.0]))


dkd.swap(
    "The weight of the second part is 1 - p_y: the factor comes from p_k = (1 - p_y) p̂_k.",
    "第二部分的权重是 1 - p_y：这个因子来自 p_k = (1 - p_y) p̂_k。",
    ("target_part + (1 - p_y) * non_target", "target_part + p_y * non_target"),
)
dkd.swap(
    "The two parts are added with weight 1: that is DKD with alpha = beta = 1, and not the KL.",
    "两部分以权重 1 相加：那是 alpha = beta = 1 的 DKD，不是 KL。",
    ("target_part + (1 - p_y) * non_target", "target_part + non_target"),
)
dkd.swap(
    "The weight comes from the student: in KL(p || q) it is the teacher's probability that weights.",
    "权重用了学生模型的概率：KL(p || q) 中起加权作用的是教师模型的概率。",
    ("target_part + (1 - p_y)", "target_part + (1 - q_y)"),
)
dkd.swap(
    '"non_target" already has its weight: give it without, and weight it in "kl" only.',
    "“non_target” 已经带了权重：它应不带权重，只在 “kl” 中加权。",
    ('"non_target": non_target', '"non_target": (1 - p_y) * non_target'),
)
dkd.swap(
    "The other classes are not rescaled to sum to 1: divide by 1 - p_y and 1 - q_y.",
    "其余类别没有重新归一：应分别除以 1 - p_y 和 1 - q_y。",
    ("p / (1 - p_y[:, None]), q / (1 - q_y[:, None])", "p, q"),
)
dkd.swap(
    "Half of the target part is missing: the term of all other classes together.",
    "目标类部分缺了一半：缺其余类别合在一起的那一项。",
    (" + (1 - p_y) * np.log((1 - p_y) / (1 - q_y))", ""),
)
dkd.swap(
    "The KL runs the other way: it is teacher || student.",
    "KL 的方向反了：应为 教师 || 学生。",
    ("softmax(teacher_logits), softmax(student_logits)", "softmax(student_logits), softmax(teacher_logits)"),
)
dkd.swap(
    "The temperature is not used: divide the logits by it before the softmax.",
    "没有用温度：softmax 之前应把 logits 除以温度。",
    (" / temperature)", ")"),
)
dkd.swap(
    "There is a factor T² too many: none is asked here.",
    "多了一个因子 T²：这里不要。",
    (
        '{"target": target_part, "non_target": non_target, "kl": target_part + (1 - p_y) * non_target}',
        '{"target": temperature**2 * target_part, "non_target": temperature**2 * non_target, "kl": temperature**2 * (target_part + (1 - p_y) * non_target)}',
    ),
)
dkd.swap(
    "The split is made at the teacher's most likely class: make it at the label.",
    "拆分点用了教师模型最可能的类别：应在标签处拆分。",
    ("rows, p, q = np.arange(len(target)),", "target = teacher_logits.argmax(axis=1)\n    rows, p, q = np.arange(len(target)),"),
)
dkd.swap(
    "The rows are averaged: one number for each row is asked.",
    "对各行取了平均：应逐行给出一个数。",
    (
        '{"target": target_part, "non_target": non_target, "kl": target_part + (1 - p_y) * non_target}',
        '{"target": target_part.mean(), "non_target": non_target.mean(), "kl": (target_part + (1 - p_y) * non_target).mean()}',
    ),
)


@dkd.wrong(
    "The label's logit was set to 0 before the softmax among the others: it still takes part there. Leave the class out.",
    "在其余类别上做 softmax 之前，把标签的 logit 置成了 0：它仍然参与其中。应去掉这个类别。",
)
def _(student_logits, teacher_logits, target, temperature):
    s, t = (torch.as_tensor(z, dtype=torch.float64) / temperature for z in (student_logits, teacher_logits))
    mask = F.one_hot(torch.as_tensor(target), s.shape[1])
    p, q = t.softmax(1), s.softmax(1)
    p_y, q_y = (p * mask).sum(1), (q * mask).sum(1)
    first = p_y * (p_y / q_y).log() + (1 - p_y) * ((1 - p_y) / (1 - q_y)).log()
    p_hat, q_hat = (t * (1 - mask)).softmax(1), (s * (1 - mask)).softmax(1)
    second = (p_hat * (p_hat / q_hat).log()).sum(1)
    return {"target": first, "non_target": second, "kl": first + (1 - p_y) * second}


@dkd.right
def _(student_logits, teacher_logits, target, temperature):
    import math

    def kl(a, b):
        return sum(x * math.log(x / y) for x, y in zip(a, b))

    out = {"target": [], "non_target": [], "kl": []}
    for zs, zt, y in zip(student_logits, teacher_logits, target):
        es, et = ([math.exp(z / temperature) for z in row] for row in (zs, zt))
        q, p = ([e / sum(row) for e in row] for row in (es, et))
        rest = [k for k in range(len(p)) if k != y]
        out["kl"].append(kl(p, q))
        out["target"].append(kl([p[y], 1 - p[y]], [q[y], 1 - q[y]]))
        out["non_target"].append(kl([p[k] / sum(p[j] for j in rest) for k in rest], [q[k] / sum(q[j] for j in rest) for k in rest]))
    return out


@dkd.right
def _(student_logits, teacher_logits, target, temperature):
    s, t = (torch.log_softmax(torch.as_tensor(z).float() / temperature, dim=1) for z in (student_logits, teacher_logits))
    hit = F.one_hot(torch.as_tensor(target), s.shape[1]).bool()
    others = [z[~hit].view(len(z), -1) for z in (s, t)]
    s2, t2 = (torch.stack([z[hit], o.logsumexp(1)], dim=1) for z, o in zip((s, t), others))
    s3, t3 = (o.log_softmax(1) for o in others)
    first, second = ((b.exp() * (b - a)).sum(1) for a, b in ((s2, t2), (s3, t3)))
    return {"target": first, "non_target": second, "kl": first + t2[:, 1].exp() * second}


@dkd.right
def _(student_logits, teacher_logits, target, temperature):
    s, t = torch.as_tensor(student_logits) / temperature, torch.as_tensor(teacher_logits) / temperature
    whole = F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), reduction="none", log_target=True).sum(1)
    mask = F.one_hot(torch.as_tensor(target), s.shape[1]) * 1e6
    second = F.kl_div(F.log_softmax(s - mask, 1), F.softmax(t - mask, 1), reduction="none").sum(1)
    p_y = t.softmax(1).gather(1, torch.as_tensor(target)[:, None])[:, 0]
    return {"target": whole - (1 - p_y) * second, "non_target": second, "kl": whole}


# ------------------------------------------------------------------ 5

several = nb.code(
    "several-teachers",
    "implement",
    (0.5, 1, 0.5),
    title=T("Two means of several teachers", "多个教师的两种平均"),
    text=T(
        r"""
        A student that minimises the weighted sum of $\mathrm{KL}(p^m\,\|\,q)$ over the teachers ends at the **arithmetic** mean of their probabilities. With $\mathrm{KL}(q\,\|\,p^m)$ it ends at the **geometric** mean, scaled so that each row sums to 1: this is the softmax of the weighted mean of the logits.
        Write both, with a weight for each teacher. The weights need not sum to 1: divide them by their sum. A teacher with weight 0 has no say.
        A teacher that gives a class probability 0 rules it out in the geometric mean. If no class is left in a row, there is no such mean: raise a `ValueError`.

        Small example: teachers $(0.9, 0.1)$ and $(0.5, 0.5)$, weights 2 and 2. Arithmetic: $(0.7, 0.3)$. Geometric: $\sqrt{0.45}:\sqrt{0.05}=3:1$, so $(0.75, 0.25)$.""",
        r"""
        学生模型如果最小化对各教师模型的 $\mathrm{KL}(p^m\,\|\,q)$ 的加权和，就会落在它们概率的**算术**平均上；换成 $\mathrm{KL}(q\,\|\,p^m)$，则落在**几何**平均上，每行再归一到和为 1，这就是 logits 的加权平均再做 softmax。
        请写出这两种平均，每个教师模型有一个权重。权重之和不一定是 1：请除以它们的和。权重为 0 的教师模型没有发言权。
        在几何平均中，只要有一个教师模型给某个类别概率 0，这个类别就被排除。如果某一行没有剩下任何类别，这个平均就不存在：请抛出 `ValueError`。

        小例子：教师模型 $(0.9, 0.1)$ 和 $(0.5, 0.5)$，权重为 2 和 2。算术平均：$(0.7, 0.3)$。几何平均：$\sqrt{0.45}:\sqrt{0.05}=3:1$，即 $(0.75, 0.25)$。""",
    ),
    hints=(
        T("In one mean the weights are factors, in the other exponents.", "在一种平均里权重是系数，在另一种里权重是指数。"),
        T(
            r"With $w_m$ divided by their sum: $\sum_m w_m p^m_k$, and $\prod_m (p^m_k)^{w_m}$ divided by its sum over $k$. In NumPy `0.0 ** 0.0` is 1, while `0 * np.log(0)` is nan.",
            r"$w_m$ 先除以总和：$\sum_m w_m p^m_k$；$\prod_m (p^m_k)^{w_m}$ 再除以它对 $k$ 的和。NumPy 中 `0.0 ** 0.0` 是 1，而 `0 * np.log(0)` 是 nan。",
        ),
        T("`share = weights / weights.sum()`", "`share = weights / weights.sum()`"),
    ),
)


@several.solution
def combine(teacher_probs, weights):
    """Weighted arithmetic and geometric mean of several teachers' probabilities.

    teacher_probs: array (M, N, C), rows sum to 1; weights: array (M,), not negative, with a positive sum.
    Returns {"arithmetic": array (N, C), "geometric": array (N, C)}, rows sum to 1; ValueError if in some row
    each class has probability 0 with a teacher of positive weight.
    combine([[[0.9, 0.1]], [[0.5, 0.5]]], [2, 2]): [[0.7, 0.3]] and [[0.75, 0.25]].
    """
    share = weights / weights.sum()
    arithmetic = np.tensordot(share, teacher_probs, axes=1)
    product = (teacher_probs ** share[:, None, None]).prod(axis=0)
    total = product.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise ValueError("the teachers leave no class")
    return {"arithmetic": arithmetic, "geometric": product / total}


several.example("example", "例子", np.array([[[0.9, 0.1]], [[0.5, 0.5]]]), np.array([2.0, 2.0]))


@several.draw
def _(rng):
    m, n, c = [(2, 2, 4), (3, 2, 3), (3, 2, 4), (2, 3, 3)][int(rng.integers(4))]
    weights = rng.choice([0.4, 0.7, 1.5, 2.2, 3.1], m, replace=False)
    return distributions(rng, m, n, c), weights


RULED_OUT = np.array([[[0.7, 0.3, 0.0], [0.5, 0.1, 0.4]], [[0.2, 0.5, 0.3], [0.1, 0.3, 0.6]]])
several.edge("a class ruled out", "排除了一个类别", RULED_OUT, np.array([1.0, 4.0]))
several.edge(
    "a teacher without a say", "没有发言权的教师模型", np.concatenate([RULED_OUT, [[[0.0, 0.4, 0.6], [0.2, 0.8, 0.0]]]]), np.array([2.5, 0.5, 0.0])
)
several.edge(
    "a teacher without a say rules out what is left",
    "没有发言权的教师模型排除了剩下的类别",
    np.array([[[0.7, 0.3, 0.0]], [[0.0, 0.0, 1.0]]]),
    np.array([2.0, 0.0]),
)
several.edge(
    "teachers that contradict each other", "互相矛盾的教师模型", np.array([[[0.9999, 5e-5, 5e-5]], [[2e-5, 0.9999, 8e-5]]]), np.array([1.0, 2.0])
)
several.script(
    "edge",
    """
    for size in (1.0, 0.01):
        pair = np.array([[[0.2, 0.3, 0.5], [0.4, 0.6, 0.0]], [[0.5, 0.3, 0.2], [0.0, 0.0, 1.0]]])
        refuses("combine", lambda: combine(pair, np.array([2.0, size])), T("a row in which no class is left must give a ValueError", "某一行没有剩下任何类别时应抛出 ValueError"))
    """,
)

several.swap(
    "The weights are not divided by their sum: the rows of the arithmetic mean must sum to 1, and the exponents too.",
    "权重没有除以总和：算术平均的每行之和应为 1，指数之和也应为 1。",
    ("share = weights / weights.sum()", "share = weights"),
)
several.swap(
    "The weights are not used: all teachers count the same here.",
    "没有用权重：这里所有教师模型一样重。",
    ("share = weights / weights.sum()", "share = np.full(len(weights), 1 / len(weights))"),
)
several.swap(
    "The weights are divided by the number of teachers: divide by their sum.",
    "权重除以了教师模型的个数：应除以权重之和。",
    ("weights / weights.sum()", "weights / len(weights)"),
)
several.swap("The geometric mean is not rescaled: its rows must sum to 1.", "几何平均没有归一：每行之和应为 1。", ("product / total", "product"))
several.swap(
    "The two means are exchanged.",
    "两种平均弄反了。",
    ('{"arithmetic": arithmetic, "geometric": product / total}', '{"arithmetic": product / total, "geometric": arithmetic}'),
)
several.swap(
    "In the geometric mean the weights are exponents: as factors they drop out when the row is rescaled.",
    "几何平均中权重是指数：作为系数，归一时就消掉了。",
    ("teacher_probs ** share[:, None, None]", "share[:, None, None] * teacher_probs"),
)
several.swap(
    "The probabilities are multiplied without exponents: that is a product of experts, and no mean.",
    "概率直接相乘，没有指数：那是专家乘积，不是平均。",
    ("teacher_probs ** share[:, None, None]", "teacher_probs"),
)
several.swap(
    "A softmax was applied to probabilities: the arithmetic mean sums to 1 already.",
    "对概率做了 softmax：算术平均的和已经是 1。",
    ("np.tensordot(share, teacher_probs, axes=1)", "torch.softmax(torch.tensor(np.tensordot(share, teacher_probs, axes=1)), dim=1)"),
)
several.swap(
    "That is a vote of the most likely classes: use the probabilities.",
    "那是对最可能类别的投票：应使用概率。",
    ("np.tensordot(share, teacher_probs, axes=1)", "np.tensordot(share, np.eye(teacher_probs.shape[2])[teacher_probs.argmax(axis=2)], axes=1)"),
)
several.swap(
    "That is the harmonic mean: the geometric mean is the mean of the logarithms.",
    "那是调和平均：几何平均是对数的平均。",
    ("(teacher_probs ** share[:, None, None]).prod(axis=0)", "1 / (share[:, None, None] / np.maximum(teacher_probs, 1e-30)).sum(axis=0)"),
)
several.swap(
    "A small number was added to the probabilities: a class that one teacher rules out must keep probability 0.",
    "给概率加了一个小数：某个教师模型排除的类别，概率应保持 0。",
    ("(teacher_probs ** share", "((teacher_probs + 1e-8) ** share"),
    fails="edge",
)
several.swap(
    "0 times the logarithm of 0 is nan: a teacher with weight 0 must have no say.",
    "0 乘 0 的对数是 nan：权重为 0 的教师模型不应有发言权。",
    ("(teacher_probs ** share[:, None, None]).prod(axis=0)", "np.exp((share[:, None, None] * np.log(teacher_probs)).sum(axis=0))"),
    fails="edge",
)
several.swap(
    "a row in which no class is left must give a ValueError",
    "某一行没有剩下任何类别时应抛出 ValueError",
    ("(total == 0).any()", "False"),
    fails="edge",
)
several.swap(
    "a teacher with weight 0 rules nothing out",
    "权重为 0 的教师模型不能排除任何类别",
    ("(total == 0).any()", "(teacher_probs == 0).any(axis=0).all(axis=1).any()"),
    fails="edge",
)


@several.right
def _(teacher_probs, weights):
    import math

    m, n, c = teacher_probs.shape
    w = [float(x) / float(sum(weights)) for x in weights]
    mean = [[sum(w[i] * teacher_probs[i][r][k] for i in range(m)) for k in range(c)] for r in range(n)]
    geometric = []
    for r in range(n):
        row = [math.prod(float(teacher_probs[i][r][k]) ** w[i] for i in range(m)) for k in range(c)]
        if sum(row) == 0:
            raise ValueError
        geometric.append([x / sum(row) for x in row])
    return {"arithmetic": mean, "geometric": geometric}


@several.right
def _(teacher_probs, weights):
    p, w = torch.as_tensor(teacher_probs).float(), torch.as_tensor(weights).float()
    p, w = p[w > 0], w[w > 0]
    w = (w / w.sum()).view(-1, 1, 1)
    z = (w * p.log()).sum(0)
    if torch.isinf(z).all(dim=1).any():
        raise ValueError("no class left")
    return {"arithmetic": (w * p).sum(0), "geometric": z.softmax(dim=1)}


@several.right
def _(teacher_probs, weights):
    from scipy.special import logsumexp, xlogy

    logs = sum(xlogy(w, p) for w, p in zip(weights, teacher_probs)) / np.sum(weights)
    scale = logsumexp(logs, axis=1, keepdims=True)
    if not np.isfinite(scale).all():
        raise ValueError("no class is possible for all teachers")
    return {"arithmetic": np.average(teacher_probs, axis=0, weights=weights), "geometric": np.exp(logs - scale)}


# ------------------------------------------------------------------ 6

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A colleague shows a table. "I added seven losses to distillation, one at a time, each with one seed. The best, a loss on features, is 0.8 points above plain distillation. It has a warm-up stage of its own, 20 epochs, and then the same 30 epochs as all the others. And it works as it should: the feature loss fell to a tenth, so the student now thinks like the teacher. That is why it is more accurate."

        In four to eight sentences: does the table show that the loss helps, what does the fallen feature loss show, and what would you run before it is used?""",
        """
        一位同事给你看一张表：“我在蒸馏上依次加了七种损失，各跑一个随机种子。最好的是一种特征损失，比普通蒸馏高 0.8 个百分点。它自带 20 轮的预热阶段，之后与其他方法一样训练 30 轮。而且它确实起作用：特征损失降到了十分之一，所以学生模型现在像教师模型那样思考，因此更准确。”

        请用四到八句话回答：这张表能说明这种损失有用吗？特征损失下降说明了什么？在采用之前，你会跑哪些实验？""",
    ),
    rubric=T(
        "Half a point: the comparison is not fair or not certain, with a remedy: plain distillation gets the same number of steps (50 epochs), and several seeds with paired differences and a standard error; that the best of seven is chosen may be named as well. One of equal steps or seeds, with its remedy, is enough. Half a point: the fallen loss shows only that the loss does what it says; that like features make a better student is another claim, which must be measured by accuracy against the control.",
        "0.5 分：指出比较不公平或不确定，并给出办法：普通蒸馏也应训练同样的步数（50 轮）；用多个随机种子，给出配对差和标准误；也可以提到这是从七种里挑出来的。步数和种子这两点，说出一点并给出办法即可。0.5 分：特征损失下降只说明这个损失做了它该做的事；“特征相似就是更好的学生模型”是另一个论断，要与对照比较准确率才知道。",
    ),
    model=T(
        """
        The table does not show it yet. The method had 50 epochs and plain distillation 30, and longer training alone can raise a distilled student. It is also the best of seven, each with one seed: by chance one of seven useless losses will often look good.
        The fallen feature loss shows that the optimiser does what the loss asks. That like features make a more accurate student does not follow; a student that is more like the teacher may be no better.
        I would run plain distillation with the same 50 epochs and the same effort of tuning, and both arms over at least five seeds, and report the paired difference with its standard error. The seeds should be new ones, since the method was picked on the old. If the difference remains, the loss is worth its cost; before that, I would try longer training, $T$ and $\\alpha$ in plain distillation.""",
        """
        这张表还说明不了。这种方法训练了 50 轮，普通蒸馏只有 30 轮，而单是训练更久就可能让蒸馏的学生模型更好。它又是从七种里挑出来的，而且每种只有一个种子：七种没用的损失里，碰巧有一种看起来不错，是常有的事。
        特征损失下降，说明优化器做到了这个损失要求的事。由此推不出特征相似的学生模型更准确；学生模型更像教师模型了，却可能一点也没有变好。
        我会让普通蒸馏也训练 50 轮，调参下同样的功夫，两组都至少用五个随机种子，报告配对差及其标准误。种子要用新的，因为方法是在旧种子上挑出来的。如果差别还在，这个损失才值得它的代价；在此之前，我会先在普通蒸馏里试更长的训练、$T$ 和 $\\alpha$。""",
    ),
    samples=[
        (
            1,
            T(
                "50 epochs against 30 is no comparison: give plain KD 50 as well, five seeds each, paired. The loss went down because it was minimised; whether that makes a better classifier only the accuracy can say.",
                "50 轮对 30 轮不能比：普通蒸馏也给 50 轮，各五个种子，配对比较。损失下降是因为在最小化它；分类器有没有变好，只有准确率说了算。",
            ),
        ),
        (
            0.5,
            T(
                "One seed is not enough, 0.8 may be noise. I would repeat both with five seeds. That the feature loss fell to a tenth is a good sign that the student has learned to see as the teacher does.",
                "一个种子不够，0.8 可能只是噪声。我会把两者各用五个种子重跑。特征损失降到十分之一，是个好迹象，说明学生模型学会了像教师模型那样看。",
            ),
        ),
        (
            0,
            T(
                "The table shows that the loss helps. I would combine it with the second best and use a larger weight, so that the feature loss falls even more.",
                "这张表说明这种损失有用。我会把它和第二好的方法合起来用，并加大权重，让特征损失降得更低。",
            ),
        ),
    ],
    hints=(
        T("What else differs between the two rows of the table?", "表里这两行之间，还有什么不同？"),
        T(
            "Effect = the method − plain distillation with the same steps, over seeds. A loss that falls and a student that is better are two claims.",
            "效果 = 该方法 − 步数相同的普通蒸馏，用多个种子。“损失下降”和“学生模型更好”是两个论断。",
        ),
        T('"The two had different numbers of epochs, so ..."', "“两者训练的轮数不同，所以……”"),
    ),
)
