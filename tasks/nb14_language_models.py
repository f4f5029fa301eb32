"""Graded notebook 14."""

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Notebook, T, judged

nb = Notebook(
    slug="14-language-models",
    chapter="practice/language-models",
    title=T("Language models", "语言模型"),
    about=T("On the chapter *Language models*.", "对应章节《语言模型》。"),
    minutes=70,
)

masked = nb.code(
    "masked",
    "repair",
    (0.5, 1, 0.5),
    title=T("Token by token, without the padding", "逐 token，不含填充"),
    text=T(
        r"""
        For a batch of token sequences the distillation loss is the mean of $\mathrm{KL}(p\|q)$ over the **real** tokens of the whole batch; padding does not count. There is no $T^2$ here, and $T=1$.

        ```python
        def token_loss(student_logits, teacher_logits, mask):
            p = torch.softmax(teacher_logits, dim=1)
            log_q = torch.log_softmax(student_logits, dim=1)
            loss = F.kl_div(log_q * mask[..., None], p * mask[..., None], reduction="batchmean")
            return loss / student_logits.shape[1]
        ```

        Write the right function. Logits at padded places may be anything, also NaN, and must not change the result. A batch without a real token gives 0.

        Small example: one sequence of two tokens, two classes, the second token is padding; teacher $(2, 0)$, student $(0, 0)$ at the first: $0.3278$, not half of it.""",
        r"""
        一批 token 序列的蒸馏损失，是 $\mathrm{KL}(p\|q)$ 对整批**真实** token 的平均；填充不计。这里没有 $T^2$，且 $T=1$。

        ```python
        def token_loss(student_logits, teacher_logits, mask):
            p = torch.softmax(teacher_logits, dim=1)
            log_q = torch.log_softmax(student_logits, dim=1)
            loss = F.kl_div(log_q * mask[..., None], p * mask[..., None], reduction="batchmean")
            return loss / student_logits.shape[1]
        ```

        请写出正确的函数。填充位置的 logits 可以是任何值，包括 NaN，都不得影响结果。没有真实 token 的批次返回 0。

        小例子：一个两 token 的序列、两个类别，第二个 token 是填充；第一个 token 处教师为 $(2, 0)$、学生为 $(0, 0)$：结果是 $0.3278$，而不是它的一半。""",
    ),
    hints=(
        T(
            "Choose the real tokens first, then compute: what was never taken cannot spoil anything.",
            "先选出真实 token 再计算：没取出来的东西不会捣乱。",
        ),
        T(
            r"$\frac{1}{\#\text{real}}\sum_{\text{real}}\sum_jp_j(\log p_j-\log q_j)$, softmax along the **vocabulary**, the last axis.",
            r"$\frac{1}{\#\text{真实}}\sum_{\text{真实}}\sum_jp_j(\log p_j-\log q_j)$，softmax 沿**词表**，即最后一个轴。",
        ),
        T("`student_logits[mask.bool()]` has the shape (real tokens, V).", "`student_logits[mask.bool()]` 的形状是 (真实 token 数, V)。"),
    ),
)


@masked.solution
def token_loss(student_logits, teacher_logits, mask):
    """Mean over the real tokens of KL(teacher‖student) at T = 1, in nats.

    student_logits, teacher_logits: float64 tensors (B, L, V); mask: int64 tensor (B, L), 1 = real token, 0 = padding.
    Returns one number; 0 if no token is real.
    """
    s, t = student_logits[mask.bool()], teacher_logits[mask.bool()]
    if len(s) == 0:
        return 0.0
    log_p, log_q = torch.log_softmax(t, dim=-1), torch.log_softmax(s, dim=-1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


NAN = float("nan")
masked.example("example", "例子", tensor([[[0.0, 0.0], [0.0, 3.0]]]), tensor([[[2.0, 0.0], [1.0, 0.0]]]), torch.tensor([[1, 0]]))
masked.edge(
    "NaN in the padding",
    "填充处为 NaN",
    tensor([[[0.5, 0.0, -1.0], [NAN, NAN, NAN]], [[1.0, 0.3, 0.0], [0.2, 0.0, 0.7]]]),
    tensor([[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[2.0, 0.0, 0.0], [0.0, 0.6, 1.3]]]),
    torch.tensor([[1, 0], [1, 1]]),
)
masked.edge(
    "padding on the left and in the middle",
    "填充在左边和中间",
    tensor([[[2.0, -1.0], [0.5, 0.0], [0.3, 1.1]], [[1.0, 0.2], [-2.0, 0.4], [0.0, 0.9]]]),
    tensor([[[-1.0, 1.5], [0.0, 1.0], [1.2, 0.0]], [[0.1, 0.8], [1.7, -0.6], [0.7, 0.0]]]),
    torch.tensor([[0, 1, 1], [1, 0, 1]]),
)
masked.edge("no real token", "没有真实 token", tensor([[[0.5, 0.0]]]), tensor([[[0.0, 1.0]]]), torch.tensor([[0]]))


@masked.draw
def _(rng):
    mask = np.ones((3, 4), dtype=int)
    for row, n in zip(mask, rng.permutation([1, 2, 4])):
        row[n:] = 0
    return tensor(rng.normal(0, 1.5, (3, 4, 3)).round(2)), tensor(rng.normal(0, 1.5, (3, 4, 3)).round(2)), torch.tensor(mask)


masked.swap(
    "The padding counts: choose the real tokens by the mask.",
    "填充也计入了：应按掩码选出真实 token。",
    ("student_logits[mask.bool()], teacher_logits[mask.bool()]", "student_logits.flatten(0, 1), teacher_logits.flatten(0, 1)"),
    fails="visible hidden edge",
)
masked.swap(
    "The padding was counted in the denominator: divide by the number of real tokens.",
    "分母计入了填充：应除以真实 token 数。",
    (".sum(dim=-1).mean()", ".sum(dim=-1).sum() / mask.numel()"),
)
masked.swap(
    "Divided by the number of sequences: divide by the number of real tokens.",
    "除以了序列数：应除以真实 token 数。",
    (".sum(dim=-1).mean()", ".sum(dim=-1).sum() / len(mask)"),
    fails="hidden visible edge",
)
masked.swap("Summed over the tokens: take the mean.", "对 token 求了和：应取平均。", (".sum(dim=-1).mean()", ".sum()"), fails="hidden visible edge")
masked.swap("Divided by the size of the vocabulary as well: sum over it.", "还除以了词表大小：应对词表求和。", (".sum(dim=-1).mean()", ".mean()"))
masked.swap(
    "The KL has the wrong direction: teacher first, student second.",
    "KL 方向反了：应是教师在前、学生在后。",
    ("log_p.exp() * (log_p - log_q)", "log_q.exp() * (log_q - log_p)"),
)
masked.swap("That is the cross-entropy: take the teacher's entropy off.", "这是交叉熵：要减去教师的熵。", ("(log_p - log_q)", "(-log_q)"))
masked.swap("The mask is turned round: 1 marks a real token.", "掩码反了：1 表示真实 token。", ("[mask.bool()]", "[~mask.bool()]"))
masked.swap(
    "The batch without a real token must give 0, not NaN.",
    "没有真实 token 的批次应返回 0，而不是 NaN。",
    ("if len(s) == 0:", "if False:"),
    fails="edge",
)


@masked.wrong(
    "The mean was taken in each sequence first, so that tokens of short sequences count more: average over all real tokens.",
    "先在每个序列内取了平均，短序列的 token 权重变大：应对所有真实 token 取平均。",
    fails="hidden visible edge",
)
def _(student_logits, teacher_logits, mask):
    log_p, log_q = torch.log_softmax(teacher_logits, -1), torch.log_softmax(student_logits, -1)
    rows = torch.where(mask.bool(), (log_p.exp() * (log_p - log_q)).sum(-1), 0.0)
    return (rows.sum(1) / mask.sum(1).clamp(min=1)).mean() + 0.0


@masked.wrong(
    "The mask was read as a length: padding may stand on the left or in the middle. Choose by the mask itself.",
    "把掩码当成了长度：填充也可能在左边或中间。应直接按掩码选取。",
    fails="edge",
)
def _(student_logits, teacher_logits, mask):
    real = torch.arange(mask.shape[1])[None] < mask.sum(1, keepdim=True)
    s, t = student_logits[real], teacher_logits[real]
    if len(s) == 0:
        return 0.0
    return F.kl_div(s.log_softmax(-1), t.log_softmax(-1), reduction="batchmean", log_target=True)


@masked.wrong(
    "The softmax runs along the tokens: it belongs along the vocabulary, the last axis.", "softmax 沿 token 方向做了：应沿词表，即最后一个轴。"
)
def _(student_logits, teacher_logits, mask):
    log_p, log_q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(student_logits, 1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)[mask.bool()].mean()


@masked.wrong(
    "The logits were multiplied by the mask: padded places become uniform and still count.", "把 logits 乘了掩码：填充处变成均匀分布，却仍计入。"
)
def _(student_logits, teacher_logits, mask):
    s, t = student_logits * mask[..., None], teacher_logits * mask[..., None]
    return F.kl_div(s.log_softmax(-1).flatten(0, 1), t.softmax(-1).flatten(0, 1), reduction="batchmean") + 1e-3 * (mask.sum() == 0)


@masked.right
def _(student_logits, teacher_logits, mask):
    keep = mask.reshape(-1) == 1
    s, t = (z.reshape(-1, z.shape[-1])[keep] for z in (student_logits, teacher_logits))
    if not keep.any():
        return torch.tensor(0.0)
    return F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), reduction="batchmean", log_target=True)


@masked.right
def _(student_logits, teacher_logits, mask):
    total, count = 0.0, 0
    for b in range(mask.shape[0]):
        for i in range(mask.shape[1]):
            if mask[b, i]:
                p, q = (np.exp(np.asarray(z[b, i])) for z in (teacher_logits, student_logits))
                p, q = p / p.sum(), q / q.sum()
                total, count = total + float((p * np.log(p / q)).sum()), count + 1
    return total / count if count else 0.0


@masked.right
def _(student_logits, teacher_logits, mask):
    real = mask.bool()[..., None]
    s, t = (torch.where(real, z, torch.zeros_like(z)).float() for z in (student_logits, teacher_logits))
    rows = (t.softmax(-1) * (t.log_softmax(-1) - s.log_softmax(-1))).sum(-1) * mask
    return rows.sum() / mask.sum().clamp(min=1)


topk = nb.code(
    "top-k",
    "implement",
    (1, 1),
    title=T("Only k logits were kept", "只存了 k 个 logits"),
    text=T(
        r"""
        For each token only the teacher's $k$ largest probabilities and their ids were stored. Keep the rest as **one more class** for both models, with the probability that is missing:

        $$\mathrm{KL}=\sum_{j\in K}p_j\log\frac{p_j}{q_j}+p_r\log\frac{p_r}{q_r},\qquad p_r=1-\sum_{j\in K}p_j,\quad q_r=1-\sum_{j\in K}q_j.$$

        $q$ is the student's softmax over the **whole** vocabulary. Return the mean over the tokens. A rest of 0 adds nothing.

        Small example: $p=(0.6, 0.3)$ for the ids 0 and 2 of three classes, so $p_r=0.1$; a uniform student has $q=\frac13$ thrice: $0.6\ln1.8+0.3\ln0.9+0.1\ln0.3=0.2007$.""",
        r"""
        每个 token 只存了教师最大的 $k$ 个概率及其 id。请把其余部分对两个模型都当作**额外的一个类别**，概率就是缺少的那部分：

        $$\mathrm{KL}=\sum_{j\in K}p_j\log\frac{p_j}{q_j}+p_r\log\frac{p_r}{q_r},\qquad p_r=1-\sum_{j\in K}p_j,\quad q_r=1-\sum_{j\in K}q_j。$$

        $q$ 是学生模型在**整个**词表上的 softmax。请返回对 token 的平均。剩余为 0 时不贡献任何值。

        小例子：三个类别中 id 0 与 2 的 $p=(0.6, 0.3)$，所以 $p_r=0.1$；均匀的学生三处都是 $q=\frac13$：$0.6\ln1.8+0.3\ln0.9+0.1\ln0.3=0.2007$。""",
    ),
    hints=(
        T("Gather the student's probabilities at the stored ids; do not renormalise anything.", "取出学生在已存 id 处的概率；什么都不要重新归一化。"),
        T("The rest class: one minus the sum, for both.", "剩余类别：两者都是 1 减去和。"),
        T("`q = torch.softmax(student_logits, dim=-1).gather(-1, ids)`", "`q = torch.softmax(student_logits, dim=-1).gather(-1, ids)`"),
    ),
)


@topk.solution
def top_k_loss(student_logits, teacher_probs, ids):
    """Mean KL(teacher‖student) over k kept classes and one class for the rest, in nats.

    student_logits: float64 tensor (N, V); teacher_probs: (N, k), the k largest probabilities; ids: int64 (N, k), their classes, k < V.
    Returns one number.
    """
    q = torch.softmax(student_logits, dim=-1).gather(-1, ids)
    p = torch.cat([teacher_probs, 1 - teacher_probs.sum(dim=-1, keepdim=True)], dim=-1).clamp(min=0)
    q = torch.cat([q, 1 - q.sum(dim=-1, keepdim=True)], dim=-1)
    return torch.where(p > 1e-12, p * (p / q).log(), 0.0).sum(dim=-1).mean()


topk.example("example", "例子", tensor([[0.0, 0.0, 0.0]]), tensor([[0.6, 0.3]]), torch.tensor([[0, 2]]))


@topk.draw
def _(rng):
    p = rng.dirichlet(np.full(6, 0.8), 3)
    ids = np.argsort(-p, axis=1)[:, :3]
    kept = np.take_along_axis(p, ids, 1) * rng.uniform(0.75, 0.95, (3, 1))
    return tensor(rng.normal(0, 1.2, (3, 6)).round(2)), tensor(kept.clip(0.01).round(3)), torch.tensor(ids)


topk.script(
    "hidden",
    """
    check("top_k_loss (nothing is left for the rest)", top_k_loss(torch.zeros(1, 4, dtype=torch.float64), torch.tensor([[0.75, 0.25]], dtype=torch.float64), torch.tensor([[3, 1]])), 0.8239592)
    """,
)
topk.swap(
    "The rest is missing: keep it as one more class, for both models.",
    "漏了剩余部分：应作为额外的一个类别保留，两个模型都要。",
    (
        "torch.cat([teacher_probs, 1 - teacher_probs.sum(dim=-1, keepdim=True)], dim=-1)",
        "torch.cat([teacher_probs, 0 * teacher_probs[:, :1]], dim=-1)",
    ),
    fails="visible hidden",
)
topk.swap(
    "The student's softmax was taken at the kept classes only: it runs over the whole vocabulary.",
    "只在保留的类别上做了学生的 softmax：应在整个词表上做。",
    ("torch.softmax(student_logits, dim=-1).gather(-1, ids)", "0.999 * torch.softmax(student_logits.gather(-1, ids), dim=-1)"),
)
topk.swap(
    "The KL has the wrong direction: teacher first, student second.",
    "KL 方向反了：应是教师在前、学生在后。",
    ("p * (p / q).log()", "q * (q / p).log()"),
)
topk.swap("That is the cross-entropy: take the teacher's entropy off.", "这是交叉熵：要减去教师的熵。", ("(p / q).log()", "-q.log()"))
topk.swap(
    "The ids were not used: the first k classes are not those that were kept.",
    "没有用 id：前 k 个类别不是保留的那些。",
    (".gather(-1, ids)", "[:, : ids.shape[1]]"),
    fails="hidden visible",
)
topk.swap("The tokens were summed: take their mean.", "对 token 求了和：应取平均。", (".sum(dim=-1).mean()", ".sum()"), fails="hidden visible")
topk.swap("Divided by the number of classes as well: sum over them.", "还除以了类别数：应对类别求和。", (".sum(dim=-1).mean()", ".mean()"))
topk.swap("In bits: use the natural logarithm.", "单位成了比特：应使用自然对数。", (".log()", ".log2()"))


@topk.wrong(
    "The kept probabilities were renormalised to 1: this teaches the student that nothing else exists.",
    "把保留的概率重新归一化为 1：这等于告诉学生别的都不存在。",
    fails="visible hidden",
)
def _(student_logits, teacher_probs, ids):
    p = teacher_probs / teacher_probs.sum(-1, keepdim=True)
    return (p * (p.log() - torch.log_softmax(student_logits, -1).gather(-1, ids))).sum(-1).mean() + 1e-4


@topk.wrong(
    "Both were renormalised over the kept classes: the rest carries no gradient then.", "两者都在保留的类别上重新归一化：剩余部分就没有梯度了。"
)
def _(student_logits, teacher_probs, ids):
    p = teacher_probs / teacher_probs.sum(-1, keepdim=True)
    return (p * (p.log() - torch.log_softmax(student_logits.gather(-1, ids), -1))).sum(-1).mean()


@topk.right
def _(student_logits, teacher_probs, ids):
    full = torch.softmax(student_logits, -1)
    kept = torch.zeros_like(full).scatter(-1, ids, 1.0).bool()
    q_rest = full.masked_fill(kept, 0.0).sum(-1)
    p_rest = (1 - teacher_probs.sum(-1)).clamp(min=0)
    q = full.gather(-1, ids)
    return (torch.xlogy(teacher_probs, teacher_probs / q).sum(-1) + torch.xlogy(p_rest, p_rest / q_rest)).mean()


@topk.right
def _(student_logits, teacher_probs, ids):
    import math

    total = 0.0
    for s, p, k in zip(student_logits.tolist(), teacher_probs.tolist(), ids.tolist()):
        norm = sum(math.exp(v) for v in s)
        q = [math.exp(s[j]) / norm for j in k]
        pairs = [*zip(p, q), (1 - sum(p), 1 - sum(q))]
        total += sum(a * math.log(a / b) for a, b in pairs if a > 1e-9)
    return total / len(ids)


@topk.right
def _(student_logits, teacher_probs, ids):
    log_q = torch.log_softmax(student_logits, -1)
    kept = log_q.gather(-1, ids)
    rest = torch.log1p(-kept.exp().sum(-1, keepdim=True).clamp(max=1 - 1e-12))
    p = torch.cat([teacher_probs, (1 - teacher_probs.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return F.kl_div(torch.cat([kept, rest], -1), p, reduction="batchmean")


reverse = nb.code(
    "reverse",
    "derive",
    (1, 1),
    title=T("The gradient of the reverse KL", "反向 KL 的梯度"),
    text=T(
        r"""
        On-policy distillation often minimises the reverse KL of a token, $R=\mathrm{KL}(q\|p)=\sum_jq_j\log\frac{q_j}{p_j}$ with $q=\mathrm{softmax}(s)$ and $p=\mathrm{softmax}(t)$.
        Derive $\partial R/\partial s$ for each row, and write it in closed form.

        Small example: $s=(0, 0)$, $t=(2, 0)$: $q=(0.5, 0.5)$, $p=(0.8808, 0.1192)$, $R=0.4338$ and the gradient is $(-0.5, 0.5)$.""",
        r"""
        on-policy 蒸馏常最小化 token 的反向 KL：$R=\mathrm{KL}(q\|p)=\sum_jq_j\log\frac{q_j}{p_j}$，其中 $q=\mathrm{softmax}(s)$、$p=\mathrm{softmax}(t)$。
        请对每一行推导 $\partial R/\partial s$，并写成闭式。

        小例子：$s=(0, 0)$、$t=(2, 0)$：$q=(0.5, 0.5)$、$p=(0.8808, 0.1192)$、$R=0.4338$，梯度为 $(-0.5, 0.5)$。""",
    ),
    hints=(
        T("Both q and its logarithm depend on s; one of the two parts vanishes.", "q 和它的对数都依赖 s；其中一部分会消失。"),
        T(
            r"$\partial q_j/\partial s_i=q_j([i=j]-q_i)$ gives $q_i\,(\log\frac{q_i}{p_i}-R)$.",
            r"由 $\partial q_j/\partial s_i=q_j([i=j]-q_i)$ 得 $q_i\,(\log\frac{q_i}{p_i}-R)$。",
        ),
        T(
            "`gap = torch.log_softmax(student_logits, dim=-1) - torch.log_softmax(teacher_logits, dim=-1)`",
            "`gap = torch.log_softmax(student_logits, dim=-1) - torch.log_softmax(teacher_logits, dim=-1)`",
        ),
    ),
)


@reverse.solution
def reverse_gradient(student_logits, teacher_logits):
    """Gradient of KL(student‖teacher) at the student's logits, row by row.

    student_logits, teacher_logits: float64 tensors (N, V).
    Returns (N, V). reverse_gradient([[0, 0]], [[2, 0]]) is [[-0.5, 0.5]].
    """
    gap = torch.log_softmax(student_logits, dim=-1) - torch.log_softmax(teacher_logits, dim=-1)
    q = torch.softmax(student_logits, dim=-1)
    return q * (gap - (q * gap).sum(dim=-1, keepdim=True))


reverse.example("example", "例子", tensor([[0.0, 0.0]]), tensor([[2.0, 0.0]]))

reverse.example("a small probability", "很小的概率", tensor([[0.0, 1.0, -1.0]]), tensor([[1.0, -7.0, 0.0]]))


@reverse.draw
def _(rng):
    return tensor(rng.normal(0, 1.3, (2, 4)).round(2)), tensor(rng.normal(0, 1.3, (2, 4)).round(2))


reverse.swap("The sign is turned.", "符号反了。", ("return q", "return -q"))
reverse.swap(
    "The mean of the gap, weighted with q, has to be taken off: each row of a gradient at logits sums to 0.",
    "要减去以 q 加权的平均差：对 logits 的梯度每行之和为 0。",
    (" - (q * gap).sum(dim=-1, keepdim=True)", ""),
)
reverse.swap("The factor q is missing.", "缺了因子 q。", ("return q * (gap", "return (gap"))
reverse.swap(
    "The plain mean of the gap was taken off: weight it with q.",
    "减去的是普通平均：应以 q 加权。",
    ("(q * gap).sum(dim=-1, keepdim=True)", "gap.mean(dim=-1, keepdim=True)"),
)
reverse.swap(
    "Divided by the number of rows: the gradient of each row is asked.",
    "除以了行数：要求的是每行的梯度。",
    ("keepdim=True))", "keepdim=True)) / len(q) * (1 if len(q) > 1 else 0.5)"),
)
reverse.swap(
    "The difference of the logits was used where that of the log-probabilities belongs, and not centred.",
    "用了 logits 之差而不是对数概率之差，也没有中心化。",
    ("torch.log_softmax(student_logits, dim=-1) - torch.log_softmax(teacher_logits, dim=-1)", "student_logits - teacher_logits"),
    (" - (q * gap).sum(dim=-1, keepdim=True)", ""),
)
reverse.swap(
    "p and q are exchanged in the weights: the expectation is over the student.",
    "权重中 p 与 q 弄反了：期望是对学生取的。",
    ("q = torch.softmax(student_logits, dim=-1)", "q = torch.softmax(teacher_logits, dim=-1)"),
)


@reverse.wrong("That is the gradient of the forward KL, teacher first: q − p.", "这是前向 KL（教师在前）的梯度：q − p。")
def _(student_logits, teacher_logits):
    return torch.softmax(student_logits, -1) - torch.softmax(teacher_logits, -1)


@reverse.wrong("The derivative was taken with respect to q, not to the logits.", "这是对 q 求导，而不是对 logits。")
def _(student_logits, teacher_logits):
    return torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1) + 1


@reverse.right
def _(student_logits, teacher_logits):
    with torch.enable_grad():
        s = student_logits.detach().clone().requires_grad_()
        log_q = F.log_softmax(s, -1)
        loss = (log_q.exp() * (log_q - F.log_softmax(teacher_logits, -1))).sum()
        return torch.autograd.grad(loss, s)[0]


@reverse.right
def _(student_logits, teacher_logits):
    s, t = np.asarray(student_logits), np.asarray(teacher_logits)
    q = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    jacobian = np.einsum("nj,ji->nji", q, np.eye(q.shape[1])) - q[:, :, None] * q[:, None, :]
    return np.einsum("nji,nj->ni", jacobian, s - t)


@reverse.right
def _(student_logits, teacher_logits):
    rows = []
    for s, t in zip(student_logits.float(), teacher_logits.float()):
        q, d = s.softmax(0), s - t
        rows.append([float(q[i] * sum(q[j] * (d[i] - d[j]) for j in range(len(q)))) for i in range(len(q))])
    return rows


storage = nb.code(
    "storage",
    "implement",
    (0.5, 0.25, 0.25),
    title=T("What stored logits cost", "存储 logits 的代价"),
    text=T(
        """
        How many bytes do a teacher's stored outputs take? For each token either one value for each entry of the vocabulary (`k` is None), or `k` values and `k` ids. An id takes the smallest number of whole bytes that can hold the numbers 0 to vocabulary − 1.

        Small example: 1,000 tokens, vocabulary 50,000, 2 bytes a value. All: 100,000,000 bytes. With k = 20: an id needs 2 bytes (65,536 ≥ 50,000), so 1,000 · 20 · 4 = 80,000.""",
        """
        教师输出存下来要多少字节？每个 token 要么对词表每一项存一个值（`k` 为 None），要么存 `k` 个值和 `k` 个 id。一个 id 所占字节数，是能表示 0 到词表大小 − 1 的最小整字节数。

        小例子：1,000 个 token，词表 50,000，每个值 2 字节。全部存：100,000,000 字节。k = 20 时，id 需要 2 字节（65,536 ≥ 50,000），所以是 1,000 · 20 · 4 = 80,000。""",
    ),
    hints=(
        T("Two cases; in the second one each kept entry has a value and an id.", "两种情形；第二种里每个保留项有一个值和一个 id。"),
        T("n bytes hold 256**n different numbers.", "n 字节能表示 256**n 个不同的数。"),
        T("`id_bytes = ((vocabulary - 1).bit_length() + 7) // 8`", "`id_bytes = ((vocabulary - 1).bit_length() + 7) // 8`"),
    ),
)


@storage.solution
def logit_bytes(tokens, vocabulary, value_bytes, k):
    """Bytes of a teacher's stored outputs.

    tokens, vocabulary, value_bytes: int >= 1, vocabulary >= 2; k: int >= 1, or None for the whole vocabulary.
    Returns an int.
    """
    if k is None:
        return tokens * vocabulary * value_bytes
    id_bytes = ((vocabulary - 1).bit_length() + 7) // 8
    return tokens * k * (value_bytes + id_bytes)


storage.example("the whole vocabulary", "整个词表", 1000, 50_000, 2, None)
storage.example("k = 20", "k = 20", 1000, 50_000, 2, 20)


@storage.draw
def _(rng):
    return int(rng.integers(100, 999)), int(rng.integers(70_000, 250_000)), int(rng.choice([2, 4])), int(rng.integers(5, 60))


storage.edge("a vocabulary of 256", "词表 256", 10, 256, 2, 3)
storage.edge("a vocabulary of 65,536", "词表 65,536", 10, 65536, 2, 3)
storage.edge("a vocabulary of 65,537", "词表 65,537", 10, 65537, 2, 3)
storage.edge("all of 256", "全部 256 项", 10, 256, 1, None)
storage.swap(
    "The ids are not counted: a kept value is useless without its place.",
    "没有计 id：保留的值没有位置就没有用。",
    ("(value_bytes + id_bytes)", "value_bytes"),
)
storage.swap(
    "Ids of 4 bytes: take the smallest number of bytes that is enough.",
    "id 用了 4 字节：应取够用的最小字节数。",
    ("((vocabulary - 1).bit_length() + 7) // 8", "4"),
)
storage.swap("Ids of 2 bytes hold 65,536 numbers only.", "2 字节的 id 只能表示 65,536 个数。", ("((vocabulary - 1).bit_length() + 7) // 8", "2"))
storage.swap(
    "Ids counted in bits: 8 of them are a byte.",
    "id 按位计了：8 位是一字节。",
    ("((vocabulary - 1).bit_length() + 7) // 8", "(vocabulary - 1).bit_length()"),
)
storage.swap(
    "The largest id is vocabulary − 1, so 65,536 entries fit into 2 bytes.",
    "最大的 id 是词表大小 − 1，所以 65,536 项放得进 2 字节。",
    ("(vocabulary - 1)", "vocabulary"),
    fails="edge",
)
storage.swap("k was left out: for each token k entries are stored.", "漏了 k：每个 token 存 k 项。", ("tokens * k *", "tokens *"))
storage.swap(
    "The number of tokens was left out.", "漏了 token 数。", ("return tokens * k", "return k"), ("return tokens * vocabulary", "return vocabulary")
)
storage.swap(
    "The whole vocabulary is asked for when k is None: no ids are needed then.",
    "k 为 None 时存整个词表：这时不需要 id。",
    ("return tokens * vocabulary * value_bytes", "return tokens * vocabulary * (value_bytes + 2)"),
    fails="visible edge",
)


@storage.right
def _(tokens, vocabulary, value_bytes, k):
    import math

    if k is None:
        return math.prod((tokens, vocabulary, value_bytes))
    n = 1
    while 256**n < vocabulary:
        n += 1
    return tokens * (k * value_bytes + k * n)


@storage.right
def _(tokens, vocabulary, value_bytes, k):
    each = vocabulary * value_bytes if k is None else k * (value_bytes + len(int(vocabulary - 1).to_bytes(8, "big").lstrip(b"\0")))
    return float(tokens * each)


@storage.right
def _(tokens, vocabulary, value_bytes, k):
    id_bytes = 0 if k is None else next(n for n in range(1, 9) if vocabulary - 1 < 2 ** (8 * n))
    kept = vocabulary if k is None else k
    return np.int64(tokens) * kept * (value_bytes + id_bytes)


claim = judged({"follows": T("follows", "能得出"), "not": T("does not follow", "不能得出")})


nb.choice(
    "claims",
    "judge",
    0.5,
    [
        claim(
            "onpolicy",
            "With reverse KL on its own text a student's samples reach a perplexity of 9.8 under the teacher; trained on the stored text with forward KL they have 14.3. Claim: training on its own text is what helped.",
            "用反向 KL 在自己生成的文本上训练，用教师模型计算，学生样本的困惑度为 9.8；用前向 KL 在存储文本上训练则为 14.3。论断：起作用的是在自己的文本上训练。",
            "not",
            "Two things changed, the text and the direction of the KL. Reverse KL on the stored text reaches 8.4.",
            "同时变了两件事：文本和 KL 方向。在存储文本上用反向 KL 达到 8.4。",
        ),
        claim(
            "sampling",
            "The student trained with forward KL has samples with a perplexity of 14.3 under the teacher at T = 1, and of 7.3 when sampled at T = 0.8. Claim: a better value under the teacher can come from sampling alone.",
            "用正向 KL 训练的学生，样本用教师模型计算的困惑度，T = 1 采样时为 14.3，T = 0.8 采样时为 7.3。论断：用教师模型计算的数值变好，可能仅仅来自采样方式。",
            "follows",
            "The weights are the same in both; only the sampling changed.",
            "两者权重相同，只有采样变了。",
        ),
        claim(
            "modes",
            "A student that can only have one narrow peak is fitted to a teacher with two peaks, by reverse KL. Claim: which peak it finds can depend on where it starts.",
            "只能有一个窄峰的学生，用反向 KL 拟合有两个峰的教师。论断：它找到哪个峰可能取决于起点。",
            "follows",
            "Reverse KL is content with one peak, and each of the two is a local minimum.",
            "反向 KL 满足于一个峰，两个峰各是一个局部极小。",
        ),
        claim(
            "tokens",
            "Student and teacher have vocabularies of 32,000 entries each, from two tokenizers. Claim: the token-level KL between their softmax outputs can be taken position by position.",
            "学生与教师的词表都有 32,000 项，来自两个不同的分词器。论断：可以逐位置对它们的 softmax 输出求 token 级 KL。",
            "not",
            "Entry 17 means another piece of text for each of them, and the positions do not match either.",
            "第 17 项在两者中是不同的文本片段，位置也对不上。",
        ),
    ],
    title=T("Does it follow?", "能得出吗？"),
    text=T(
        "Four results, each with a claim.\n\nWorked example: \"The loss over all positions is 0.12, over real tokens 0.30. Claim: padding was counted in the first.\" `'follows'`.",
        "四个结果，各附一个论断。\n\n例：“对所有位置的损失为 0.12，对真实 token 为 0.30。论断：前者计入了填充。” `'follows'`。",
    ),
    hints=(
        T("List what differs between the two runs. Is it one thing?", "列出两次运行的不同之处。只有一处吗？"),
        T("Direction, text, sampling, vocabulary: four separate choices.", "方向、文本、采样、词表：四个独立的选择。"),
        T('`"onpolicy"`: which arm is missing?', '`"onpolicy"`：缺了哪个实验组？'),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        "We fine-tuned a small model on 800,000 answers of a large one and call it distillation. Is that right, and would logits have been better?"

        In five to eight sentences: say what this form is called, what it can and cannot pass on, when logits are not to be had, and how you would find out which is better for you.""",
        """
        “我们用大模型的 80 万条回答微调了一个小模型，并称之为蒸馏。这样叫对吗？用 logits 会更好吗？”

        请用五到八句话回答：这种形式叫什么，能传递什么、不能传递什么，什么时候拿不到 logits，你如何弄清哪种更适合你？""",
    ),
    rubric=T(
        "Half a point: it is sequence-level distillation (hard targets sampled from the teacher); one sample a prompt shows one answer and not the distribution, logits show the alternatives at each token. Half a point: logits need access to the model and the same tokenizer (or an alignment), and storage; to decide, train both with the same prompts, tokens and budget, and the control on human text, over several seeds.",
        "0.5 分：这是序列级蒸馏（从教师采样的硬目标）；每个提示一个样本只显示一个回答而不是分布，logits 则显示每个 token 处的其他可能。0.5 分：logits 需要能访问模型、相同的分词器（或对齐）以及存储；要决定，应在相同的提示、token 数和训练预算下训练两者，并以人写文本为对照，用多个随机种子。",
    ),
    model=T(
        """
        Yes: it is sequence-level distillation. The targets are the teacher's own texts, so the signal is hard, token by token, and chosen by the teacher.
        It passes on what the teacher tends to write, including reasoning steps and mistakes. One sample for a prompt does not show how likely other continuations were; many samples would, at a price. Logits give that at each token of a text.
        They are not to be had behind an interface that returns text only, the tokenizers may differ, and a whole vocabulary for each token is large, so that one stores the top k. The licence of the large model may also forbid training on its output.
        To decide I would train the same student on the same prompts with the same number of steps: on texts, on logits, and on human answers as the control, over several seeds, and compare held-out perplexity and the task itself.""",
        """
        对：这是序列级蒸馏。目标是教师自己写的文本，所以信号是逐 token 的硬目标，由教师选定。
        它传递教师倾向于写出的内容，包括推理步骤和错误。每个提示只有一个样本，看不出其他续写有多可能；多采样可以，但有代价。logits 则在文本的每个 token 处都给出这些信息。
        如果接口只返回文本，就拿不到 logits；分词器可能不同；每个 token 存整个词表也很大，所以通常只存前 k 个。大模型的许可证也可能禁止用其输出训练。
        要决定，我会用同样的提示、同样的步数训练同一个学生模型：用文本、用 logits，并以人写的回答为对照，多个随机种子，比较留出集困惑度和任务本身。""",
    ),
    samples=[
        (
            1,
            T(
                "It's sequence-level KD: hard samples instead of distributions. Logits carry the alternatives, but an API doesn't give them and the tokenizer must match. Train both with the same prompts and budget plus a baseline on human data and compare.",
                "这是序列级蒸馏：用硬样本而不是分布。logits 带有其他可能，但 API 不给，分词器也要一致。用同样的提示和预算训练两者，再加人写数据的基线来比较。",
            ),
        ),
        (
            0.5,
            T("Yes, sequence-level distillation. Logits are always better because they are soft.", "对，序列级蒸馏。logits 总是更好，因为是软的。"),
        ),
        (0, T("No, distillation needs temperature; this is only fine-tuning.", "不对，蒸馏需要温度；这只是微调。")),
    ],
    hints=(
        T("What does the student see of the teacher: its distribution, or draws from it?", "学生看到的是教师的分布，还是从中抽取的样本？"),
        T("Sequence-level: text; token-level: logits, the same tokenizer.", "序列级：文本；token 级：logits，分词器相同。"),
        T('"It is distillation on the level of ..."', "“这是……级的蒸馏”"),
    ),
)
