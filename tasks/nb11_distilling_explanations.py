"""Graded notebook 11."""

import numpy as np
import torch
import torch.nn.functional as F

from tasks.form import Item, Notebook, T

nb = Notebook(
    slug="11-distilling-explanations",
    chapter="interpretability/distilling-explanations",
    title=T("Distilling explanations", "解释的蒸馏"),
    about=T("On the chapter *Distilling explanations*.", "对应章节《解释的蒸馏》。"),
    minutes=70,
)

# ------------------------------------------------------------------ 1: similarity of two sets of maps

cosine = nb.code(
    "cosine",
    "implement",
    (0.5, 1, 0.5),
    title=T("How alike are two sets of maps?", "两组归因图有多像？"),
    text=T(
        """
        The chapter compares the explanations of student and teacher image by image: it takes the **signed** cosine of the two maps of one image and then the mean over the images.
        Write this number for maps of any shape.

        - The sign counts: what speaks for the class in one map and against it in the other lowers the cosine.
        - The size of a map does not count, however small it is. Maps of a saturated network can have entries near 1e-9.
        - A map that is zero everywhere has no direction. By convention its cosine is 0, and it counts in the mean.

        Small example: two images of two pixels. Student (3, 4) and (3, 4), teacher (4, 3) and (5, −12). The cosines are 24/25 and −33/65, and their mean is 0.2262.""",
        """
        本章逐张图像比较学生模型与教师模型的解释：先算同一张图像的两张归因图的**带符号**余弦，再对图像取平均。
        请写出这个数，归因图可以是任意形状。

        - 符号要算：同一像素在一张图里支持该类别、在另一张图里反对，余弦就会降低。
        - 归因图的大小不算，再小也一样。饱和网络的归因图，元素可能只有 1e-9 左右。
        - 处处为零的归因图没有方向。约定它的余弦为 0，并且计入平均。

        小例子：两张图像，各两个像素。学生模型是 (3, 4) 和 (3, 4)，教师模型是 (4, 3) 和 (5, −12)。两个余弦是 24/25 和 −33/65，平均为 0.2262。""",
    ),
    hints=(
        T(
            "Each image is one vector. Which axes belong to the image, and which one to the batch?",
            "每张图像就是一个向量。哪些轴属于图像，哪个轴属于批？",
        ),
        T(
            r"$\frac1N\sum_n\frac{\sum_i a_{ni}b_{ni}}{\lVert a_n\rVert\,\lVert b_n\rVert}$, with 0 for a term whose denominator is 0.",
            r"$\frac1N\sum_n\frac{\sum_i a_{ni}b_{ni}}{\lVert a_n\rVert\,\lVert b_n\rVert}$；分母为 0 的项取 0。",
        ),
        T("`a = student_maps.reshape(len(student_maps), -1)`", "`a = student_maps.reshape(len(student_maps), -1)`"),
    ),
)


@cosine.solution
def attribution_cosine(student_maps, teacher_maps):
    """Signed cosine of the two maps of each example, mean over the examples.

    student_maps, teacher_maps: arrays (N, ...) of one shape; signed attributions in logits per unit of input.
    A pair in which a map is zero everywhere counts 0. Returns a float in [-1, 1].
    attribution_cosine([[3, 4], [3, 4]], [[4, 3], [5, -12]]), given as arrays, is 0.2262.
    """
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    dots = (a * b).sum(1)
    lengths = np.sqrt((a * a).sum(1)) * np.sqrt((b * b).sum(1))
    found = np.where(lengths > 0, dots / np.where(lengths > 0, lengths, 1), 0)
    return float(found.mean())


cosine.example("example", "例子", np.array([[3.0, 4.0], [3.0, 4.0]]), np.array([[4.0, 3.0], [5.0, -12.0]]))
cosine.edge(
    "a map of zeros",
    "有一张全零的归因图",
    np.array([[0.4, -0.7, 0.2], [0.0, 0.0, 0.0], [-0.3, 0.5, 0.9]]),
    np.array([[0.1, -0.8, 0.5], [0.6, 0.2, -0.1], [0.2, 0.3, -1.4]]),
)
cosine.edge("two maps of zeros", "两张全零的归因图", np.array([[0.0, 0.0], [0.3, -0.6]]), np.array([[0.0, 0.0], [0.5, 0.2]]))
cosine.edge(
    "tiny maps",
    "很小的归因图",
    np.array([[[2e-9, -1e-9], [4e-9, 3e-9]], [[1e-9, 2e-9], [-3e-9, 5e-9]]]),
    np.array([[[1e-9, 2e-9], [5e-9, 1e-9]], [[3e-9, -1e-9], [-4e-9, 2e-9]]]),
)


@cosine.draw
def _(rng):
    n, h, w = int(rng.integers(2, 4)), 2, int(rng.integers(2, 4))
    student = rng.normal(0, 1, (n, h, w)) * rng.uniform(0.4, 2, (n, 1, 1))
    teacher = 0.8 * student + rng.normal(0.2, 1, (n, h, w))
    teacher[0] = rng.normal(-0.4, 1, (h, w)) - 0.5 * student[0]
    return student.round(2), teacher.round(2)


cosine.swap(
    "The absolute values of the maps were compared: the sign is lost, and even an untrained network looks alike. Compare the signed maps.",
    "比较的是归因图的绝对值：符号丢了，连未经训练的网络看起来也很像。请比较带符号的归因图。",
    ("student_maps.reshape(len(student_maps), -1)", "np.abs(student_maps).reshape(len(student_maps), -1)"),
    ("teacher_maps.reshape(len(teacher_maps), -1)", "np.abs(teacher_maps).reshape(len(teacher_maps), -1)"),
)
cosine.swap(
    "The absolute value of the cosine was taken: opposite maps then count as equal. Keep the sign.",
    "对余弦取了绝对值：方向相反的归因图也算相同了。请保留符号。",
    ("dots = (a * b).sum(1)", "dots = np.abs((a * b).sum(1))"),
)
cosine.swap(
    "All images were joined into one vector: images with large maps then count for more. One cosine for each image, then the mean.",
    "所有图像拼成了一个向量：归因图数值大的图像占的分量更大。应当每张图像算一个余弦，再取平均。",
    ("reshape(len(student_maps), -1)", "reshape(1, -1)"),
    ("reshape(len(teacher_maps), -1)", "reshape(1, -1)"),
)
cosine.swap(
    "Only the last axis was used: that is a cosine for each row of pixels. The map of an image is one vector.",
    "只用了最后一个轴：这是每行像素的余弦。一张图像的归因图是一个向量。",
    ("reshape(len(student_maps), -1)", "reshape(-1, student_maps.shape[-1])"),
    ("reshape(len(teacher_maps), -1)", "reshape(-1, teacher_maps.shape[-1])"),
)
cosine.swap(
    "Each pixel was compared over the images: that is the other axis. Each image has one cosine.",
    "逐像素跨图像比较：轴用反了。应当每张图像一个余弦。",
    ("len(student_maps), -1)", "len(student_maps), -1).T"),
    ("len(teacher_maps), -1)", "len(teacher_maps), -1).T"),
)
cosine.swap(
    "These are plain dot products: divide by the lengths of both maps.",
    "这只是内积：还要除以两张归因图的长度。",
    ("lengths = np.sqrt((a * a).sum(1)) * np.sqrt((b * b).sum(1))", "lengths = np.ones(len(a))"),
)
cosine.swap(
    "The roots are missing: divide by the lengths, not by their squares.",
    "漏了开方：应除以长度，而不是长度的平方。",
    ("np.sqrt((a * a).sum(1)) * np.sqrt((b * b).sum(1))", "(a * a).sum(1) * (b * b).sum(1)"),
)
cosine.swap(
    "That is Pearson's correlation: the mean of a map belongs to it, so do not subtract it.",
    "这是 Pearson 相关：归因图的均值也是它的一部分，不要减去。",
    ("    dots =", "    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)\n    dots ="),
)
cosine.swap("The sum over the images: take the mean.", "对图像求了和：应取平均。", ("found.mean()", "found.sum()"))
cosine.swap(
    "That is the loss, 1 − cosine: the similarity itself is asked.",
    "这是损失，即 1 − 余弦：要的是相似度本身。",
    ("float(found.mean())", "float(1 - found.mean())"),
)
cosine.swap(
    "The mean map of all images was compared: first one cosine for each image, then the mean.",
    "比较的是所有图像的平均归因图：应先逐张图像算余弦，再取平均。",
    ("reshape(len(student_maps), -1)", "reshape(len(student_maps), -1).mean(0, keepdims=True)"),
    ("reshape(len(teacher_maps), -1)", "reshape(len(teacher_maps), -1).mean(0, keepdims=True)"),
)
cosine.swap(
    "A map of zeros gives 0 / 0: say that its cosine is 0.",
    "全零的归因图得到 0 / 0：应规定它的余弦为 0。",
    ("np.where(lengths > 0, dots / np.where(lengths > 0, lengths, 1), 0)", "dots / lengths"),
    fails="edge",
)
cosine.swap(
    "The pair with a map of zeros was left out: it counts in the mean, with 0.",
    "含全零归因图的那一对被漏掉了：它以 0 计入平均。",
    ("found.mean()", "found[lengths > 0].mean()"),
    fails="edge",
)
cosine.swap(
    "A map of zeros was counted as 1: it has no direction, and by convention its cosine is 0.",
    "全零的归因图算成了 1：它没有方向，约定余弦为 0。",
    ("lengths, 1), 0)", "lengths, 1), 1)"),
    fails="edge",
)


@cosine.wrong(
    "A small number in the denominator, such as the eps of F.cosine_similarity, hides tiny maps: treat zero as a case of its own.",
    "分母里的小常数（例如 F.cosine_similarity 的 eps）会抹掉很小的归因图：全零应当单独处理。",
    fails="edge",
)
def _(student_maps, teacher_maps):
    a, b = (torch.as_tensor(m).flatten(1) for m in (student_maps, teacher_maps))
    return F.cosine_similarity(a, b, dim=1).mean()


@cosine.right
def _(student_maps, teacher_maps):
    total = 0.0
    for s, t in zip(student_maps, teacher_maps):
        s, t = np.ravel(s), np.ravel(t)
        if s.any() and t.any():
            total += np.dot(s, t) / (np.linalg.norm(s) * np.linalg.norm(t))
    return total / len(student_maps)


@cosine.right
def _(student_maps, teacher_maps):
    a, b = (torch.as_tensor(m).float().flatten(1) for m in (student_maps, teacher_maps))
    return (F.normalize(a, dim=1, eps=1e-30) * F.normalize(b, dim=1, eps=1e-30)).sum(1).mean()


@cosine.right
def _(student_maps, teacher_maps):
    # for unit vectors: cosine = 1 - |u - v|^2 / 2
    values = []
    for s, t in zip(student_maps, teacher_maps):
        if np.abs(s).max() == 0 or np.abs(t).max() == 0:
            values.append(0.0)
            continue
        u, v = s / np.sqrt(np.sum(s**2)), t / np.sqrt(np.sum(t**2))
        values.append(1 - np.sum((u - v) ** 2) / 2)
    return np.mean(values)


@cosine.right
def _(student_maps, teacher_maps):
    a, b = (torch.as_tensor(m).flatten(1) for m in (student_maps, teacher_maps))
    a, b = (m / m.abs().amax(1, keepdim=True) for m in (a, b))
    return torch.nan_to_num(F.cosine_similarity(a, b, dim=1), nan=0.0).mean()


# ------------------------------------------------------------------ 2: the input gradient by hand

gradient = nb.code(
    "input-gradient",
    "derive",
    (1, 1),
    title=T("The input gradient of a small network", "小网络的输入梯度"),
    text=T(
        r"""
        The maps of this chapter begin with an input gradient. Take a network with one hidden layer,
        $z=W_2^\top\max(0,\,W_1^\top x+b_1)+b_2$, and derive by hand $\nabla_x z_k$, the gradient of the logit of **one** class $k$ at the input.
        Then write it for a batch; each row has its own class. The last bias $b_2$ does not occur in the answer, so it is no argument.
        Autograd is welcome as a check. No unit lies exactly at 0.

        Small example: $x=(2,1)$, `w1 = [[1, -1], [1, 3]]`, `b1 = [0, -2]`, `w2 = [[2, 5], [3, 7]]`, $k=0$.
        The two units receive 3 and −1, so only the first is on. The gradient is $2\cdot(1,1)=(2,2)$.""",
        r"""
        本章的归因图都从输入梯度算起。设网络只有一个隐藏层，
        $z=W_2^\top\max(0,\,W_1^\top x+b_1)+b_2$。请手工推导 $\nabla_x z_k$，即**一个**类别 $k$ 的 logit 对输入的梯度，
        再写成对一批输入的函数，每行有自己的类别。答案里不出现 $b_2$，所以它不是参数。
        可以用自动求导来核对。没有单元的输入恰好为 0。

        小例子：$x=(2,1)$，`w1 = [[1, -1], [1, 3]]`，`b1 = [0, -2]`，`w2 = [[2, 5], [3, 7]]`，$k=0$。
        两个单元的输入是 3 和 −1，所以只有第一个打开。梯度为 $2\cdot(1,1)=(2,2)$。""",
    ),
    hints=(
        T(
            "Around this input the network is linear. Which units pass a signal on, and which do not?",
            "在这个输入附近，网络是线性的。哪些单元传递信号，哪些不传？",
        ),
        T(
            r"Chain rule with $a=W_1^\top x+b_1$ and $h=\max(0,a)$: $\frac{\partial z_k}{\partial x_d}=\sum_j\frac{\partial z_k}{\partial h_j}\frac{\partial h_j}{\partial a_j}\frac{\partial a_j}{\partial x_d}$. What is the middle factor?",
            r"链式法则，记 $a=W_1^\top x+b_1$、$h=\max(0,a)$：$\frac{\partial z_k}{\partial x_d}=\sum_j\frac{\partial z_k}{\partial h_j}\frac{\partial h_j}{\partial a_j}\frac{\partial a_j}{\partial x_d}$。中间那个因子是什么？",
        ),
        T("`on = x @ w1 + b1 > 0`", "`on = x @ w1 + b1 > 0`"),
    ),
)


@gradient.solution
def input_gradient(x, w1, b1, w2, target):
    """Gradient of the target's logit at the input, for logits = relu(x @ w1 + b1) @ w2 + b2.

    x: array (N, D); w1: (D, H); b1: (H,); w2: (H, C);
    target: int array (N,), the class to explain in each row.
    Returns (N, D), in logits per unit of input.
    input_gradient([[2, 1]], [[1, -1], [1, 3]], [0, -2], [[2, 5], [3, 7]], [0]), given as arrays, is [[2, 2]].
    """
    on = x @ w1 + b1 > 0
    back = on * w2[:, target].T
    return back @ w1.T


gradient.example(
    "example",
    "例子",
    np.array([[2.0, 1.0]]),
    np.array([[1.0, -1.0], [1.0, 3.0]]),
    np.array([0.0, -2.0]),
    np.array([[2.0, 5.0], [3.0, 7.0]]),
    np.array([0]),
)


@gradient.draw
def _(rng):
    while True:
        x, w1, b1, w2 = (rng.normal(0, 1, shape).round(2) for shape in ((2, 3), (3, 4), (4,), (4, 3)))
        target, units = rng.integers(0, 3, 2), x @ w1 + b1
        on, moved = units > 0, (x @ w1 > 0) != (units > 0)
        z = np.maximum(units, 0) @ w2
        mixed = bool((on.any(1) & ~on.all(1)).all() and moved.any() and np.abs(units).min() > 0.05)
        negative = bool((on & (w2[:, target].T < -0.1)).any())  # for the guided rule
        if mixed and negative and target[0] != z[0].argmax() and target[0] != target[1] and np.abs(w1).min() > 0.05 and np.abs(x).min() > 0.05:
            return x, w1, b1, w2, target


gradient.swap(
    "The ReLU is missing: a unit that is off passes no gradient on.",
    "漏了 ReLU：关闭的单元不传梯度。",
    ("on = x @ w1 + b1 > 0", "on = np.ones((len(x), len(b1)))"),
)
gradient.swap(
    "The bias is missing: it decides which units are on.",
    "漏了偏置：单元是否打开由它参与决定。",
    (" + b1 > 0", " > 0"),
)
gradient.swap(
    "The units' values were multiplied in: the slope of a ReLU is 0 or 1.",
    "乘上了单元的值：ReLU 的斜率只有 0 或 1。",
    ("on = x @ w1 + b1 > 0", "on = np.maximum(x @ w1 + b1, 0)"),
)
gradient.swap("Turned round: the units that are on pass the gradient.", "反了：传梯度的是打开的单元。", ("b1 > 0", "b1 < 0"))
gradient.swap(
    "Negative signals were cut on the way back, too: that is guided backpropagation, not the gradient.",
    "反传时把负的信号也截掉了：那是引导反向传播（guided backpropagation），不是梯度。",
    ("back @ w1.T", "np.maximum(back, 0) @ w1.T"),
)
gradient.swap("The absolute value was taken: the gradient has a sign.", "取了绝对值：梯度是带符号的。", ("back @ w1.T", "np.abs(back @ w1.T)"))
gradient.swap("That is gradient times input: the gradient alone is asked.", "这是梯度乘输入：只要梯度。", ("back @ w1.T", "back @ w1.T * x"))
gradient.swap(
    "All logits were summed: choose the one of the row's class.",
    "把所有 logits 加在一起了：应只取该行类别的那一个。",
    ("w2[:, target].T", "w2.sum(1)"),
)
gradient.swap(
    "The network's own prediction was explained: the class is given in target.",
    "解释的是网络自己预测的类别：类别由 target 给定。",
    ("w2[:, target].T", "w2[:, (np.maximum(x @ w1 + b1, 0) @ w2).argmax(1)].T"),
)
gradient.swap(
    "Divided by the number of rows: each row has its own gradient, so sum the logits before autograd, do not average them.",
    "除以了行数：每行有自己的梯度，自动求导前应对 logits 求和，而不是取平均。",
    ("back @ w1.T", "back @ w1.T / len(x)"),
)


@gradient.wrong(
    "That is the gradient of the log-probability: it mixes in all other classes. Explain the logit.",
    "这是对数概率的梯度：它混进了其他所有类别。要解释的是 logit。",
)
def _(x, w1, b1, w2, target):
    h = np.maximum(x @ w1 + b1, 0)
    e = np.exp(h @ w2)
    p = e / e.sum(1, keepdims=True)
    return ((h > 0) * (w2[:, target].T - p @ w2.T)) @ w1.T


@gradient.wrong(
    "That is the gradient of the probability: where the network is sure it nearly vanishes. Explain the logit.",
    "这是概率的梯度：网络很确信时它几乎为零。要解释的是 logit。",
)
def _(x, w1, b1, w2, target):
    x = torch.tensor(x, requires_grad=True)
    logits = torch.relu(x @ torch.tensor(w1) + torch.tensor(b1)) @ torch.tensor(w2)
    torch.softmax(logits, 1)[torch.arange(len(x)), torch.tensor(target)].sum().backward()
    return x.grad


@gradient.right
def _(x, w1, b1, w2, target):
    x, w1, b1, w2 = (torch.tensor(np.asarray(v), dtype=torch.float64) for v in (x, w1, b1, w2))
    x.requires_grad_(True)
    logits = torch.relu(x @ w1 + b1) @ w2
    return torch.autograd.grad(logits.gather(1, torch.tensor(target)[:, None]).sum(), x)[0]


@gradient.right
def _(x, w1, b1, w2, target):
    out = np.zeros(x.shape)
    for n, k in enumerate(target):
        for h in range(len(b1)):
            if sum(x[n, d] * w1[d, h] for d in range(x.shape[1])) + b1[h] > 0:
                for d in range(x.shape[1]):
                    out[n, d] += w1[d, h] * w2[h, k]
    return out


@gradient.right
def _(x, w1, b1, w2, target):
    step = (np.sign(x.astype(np.float32) @ w1 + b1) + 1) / 2
    return np.einsum("nh,dh,hn->nd", step, w1.astype(np.float32), w2[:, target])


@gradient.right
def _(x, w1, b1, w2, target):
    # the network is linear near x, so central differences are exact up to rounding
    def logit(v, k):
        return (np.maximum(v @ w1 + b1, 0) @ w2)[k]

    e = 1e-4 * np.eye(x.shape[1])
    return [[(logit(row + d, k) - logit(row - d, k)) / 2e-4 for d in e] for row, k in zip(x, target)]


# ------------------------------------------------------------------ 3: the matching loss and its gradient

matching = nb.code(
    "matching-loss",
    "repair",
    (1, 1),
    title=T("A matching loss that does not teach", "教不动学生的匹配损失"),
    text=T(
        r"""
        A student `logits = tanh(x @ w1) @ w2` is to have the teacher's input gradients.
        The loss is $1-\frac1N\sum_n\cos(\nabla_x z^S_{k_n},\,E_n)$, where $k_n$ is the class in `target`, which the teacher predicts, and $E_n$ the teacher's map.
        A step of training needs the gradient of this loss with respect to the student's weights. The program below runs without complaint, but the student's maps stay as they are:

        ```python
        def matching_gradient(w1, w2, x, target, teacher_maps):
            w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
            logits = torch.tanh(x @ w1) @ w2
            own = torch.autograd.grad(logits.max(1).values.sum(), x)[0]
            cosine = F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=0)
            loss = 1 - cosine.mean()
            loss.requires_grad_(True)  # else: "does not require grad"
            grads = torch.autograd.grad(loss, (w1, w2), allow_unused=True)
            g1, g2 = (torch.zeros_like(w) if g is None else g for w, g in zip((w1, w2), grads))
            return {"loss": loss.item(), "w1": g1, "w2": g2}
        ```

        It has four faults. Write the function anew. The teacher's maps get no gradient.

        Small example: `w1 = [[2, 0], [0, 1]]`, `w2 = [[1, -2], [0, 3]]`, `x = [[0, 1]]`, class 0, teacher's map $(-3,4)$.
        The units receive 0 and 1, so their slopes are 1 and $1-\tanh^2 1=0.42$. The student's gradient is $(2,0)$, the cosine −0.6 and the loss 1.6.
        With respect to the student's gradient the loss has the gradient $-\bigl((-0.6,0.8)/2+0.6\cdot(2,0)/4\bigr)=(0,-0.4)$.
        So `w1` gets `[[0, 0], [-0.4, 0]]`, and `w2` gets $-0.4\cdot0.42$ in one place: `[[0, 0], [-0.168, 0]]`.""",
        r"""
        学生模型是 `logits = tanh(x @ w1) @ w2`，希望它的输入梯度与教师模型的一致。
        损失为 $1-\frac1N\sum_n\cos(\nabla_x z^S_{k_n},\,E_n)$；$k_n$ 是 `target` 中的类别，即教师模型预测的类别，$E_n$ 是教师模型的归因图。
        训练一步需要这个损失对学生模型权重的梯度。下面的程序能跑，也不报错，但学生模型的归因图毫无变化：

        ```python
        def matching_gradient(w1, w2, x, target, teacher_maps):
            w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
            logits = torch.tanh(x @ w1) @ w2
            own = torch.autograd.grad(logits.max(1).values.sum(), x)[0]
            cosine = F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=0)
            loss = 1 - cosine.mean()
            loss.requires_grad_(True)  # 否则报错："does not require grad"
            grads = torch.autograd.grad(loss, (w1, w2), allow_unused=True)
            g1, g2 = (torch.zeros_like(w) if g is None else g for w, g in zip((w1, w2), grads))
            return {"loss": loss.item(), "w1": g1, "w2": g2}
        ```

        其中有四处错误。请重写这个函数。教师模型的归因图不需要梯度。

        小例子：`w1 = [[2, 0], [0, 1]]`，`w2 = [[1, -2], [0, 3]]`，`x = [[0, 1]]`，类别 0，教师模型的归因图为 $(-3,4)$。
        两个单元的输入是 0 和 1，斜率是 1 和 $1-\tanh^2 1=0.42$。学生模型的梯度是 $(2,0)$，余弦是 −0.6，损失是 1.6。
        损失对学生模型这个梯度的梯度是 $-\bigl((-0.6,0.8)/2+0.6\cdot(2,0)/4\bigr)=(0,-0.4)$。
        所以 `w1` 得到 `[[0, 0], [-0.4, 0]]`，`w2` 只有一处是 $-0.4\cdot0.42$：`[[0, 0], [-0.168, 0]]`。""",
    ),
    hints=(
        T(
            "The error message that somebody silenced was right. What does the loss have to depend on?",
            "有人压下去的那条报错，其实没说错。损失应当依赖于什么？",
        ),
        T(
            "The gradient of a gradient needs the graph of the first one. Then ask: which class, which sign, which axis?",
            "对梯度再求梯度，要留住第一次求导的计算图。然后再看：哪个类别、什么符号、哪个轴？",
        ),
        T("`chosen = logits.gather(1, target[:, None]).sum()`", "`chosen = logits.gather(1, target[:, None]).sum()`"),
    ),
)


@matching.solution
def matching_gradient(w1, w2, x, target, teacher_maps):
    """Explanation-matching loss of the student tanh(x @ w1) @ w2, and its gradient for w1 and w2.

    w1: float64 tensor (D, H); w2: (H, C); x: (N, D); target: int64 tensor (N,);
    teacher_maps: (N, D), no row of zeros.
    Returns {"loss": float, "w1": (D, H), "w2": (H, C)}; the loss is 1 - mean cosine, in [0, 2].
    With w1 = [[2, 0], [0, 1]], w2 = [[1, -2], [0, 3]], x = [[0, 1]], target = [0], teacher_maps = [[-3, 4]]:
    {"loss": 1.6, "w1": [[0, 0], [-0.4, 0]], "w2": [[0, 0], [-0.168, 0]]}.
    """
    w1, w2, x = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    chosen = logits.gather(1, target[:, None]).sum()
    (own,) = torch.autograd.grad(chosen, x, create_graph=True)
    teacher_maps = teacher_maps.detach()
    cosine = F.cosine_similarity(own, teacher_maps, dim=1)
    loss = 1 - cosine.mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


matching.example(
    "example", "例子", tensor([2.0, 0.0], [0.0, 1.0]), tensor([1.0, -2.0], [0.0, 3.0]), tensor([0.0, 1.0]), torch.tensor([0]), tensor([-3.0, 4.0])
)


@matching.draw
def _(rng):
    while True:
        w1, w2, x, maps = (rng.normal(0, size, (3, 3)).round(2) for size in (0.7, 1, 1, 1))
        target, h = rng.integers(0, 3, 3), np.tanh(x @ w1)
        own = ((1 - h**2) * w2[:, target].T) @ w1.T
        cos = (own * maps).sum(1) / np.sqrt((own**2).sum(1) * (maps**2).sum(1))
        other = (target != (h @ w2).argmax(1)).sum()
        if other in (1, 2) and (cos < -0.2).any() and (cos > 0.2).any() and np.abs(h).max() < 0.95 and np.sqrt((own**2).sum(1)).min() > 0.2:
            return tuple(torch.tensor(v) for v in (w1, w2, x, target, maps))


@matching.wrong(
    "All four faults are still there: this is the program as it was given.",
    "四处错误都还在：这就是题目给出的程序。",
)
def _(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.max(1).values.sum(), x)[0]
    cosine = F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=0)
    loss = 1 - cosine.mean()
    loss.requires_grad_(True)
    grads = torch.autograd.grad(loss, (w1, w2), allow_unused=True)
    g1, g2 = (torch.zeros_like(w) if g is None else g for w, g in zip((w1, w2), grads))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


@matching.wrong(
    "The loss is right, but its gradient is zero: the loss was cut off from the weights. Take the first gradient with create_graph=True.",
    "损失是对的，梯度却为零：损失与权重断开了。第一次求梯度要用 create_graph=True。",
)
def _(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x)[0]
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    loss.requires_grad_(True)
    grads = torch.autograd.grad(loss, (w1, w2), allow_unused=True)
    g1, g2 = (torch.zeros_like(w) if g is None else g for w, g in zip((w1, w2), grads))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


matching.swap(
    "The student's own prediction was explained: both maps must belong to the class in target.",
    "解释的是学生模型自己预测的类别：两张归因图都应属于 target 中的类别。",
    ("logits.gather(1, target[:, None]).sum()", "logits.max(1).values.sum()"),
)
matching.swap(
    "The absolute values were compared: then a gradient of the wrong sign costs nothing. Compare the signed maps.",
    "比较的是绝对值：这样符号相反的梯度就没有代价。请比较带符号的归因图。",
    ("(own, teacher_maps, dim=1)", "(own.abs(), teacher_maps.abs(), dim=1)"),
)
matching.swap(
    "The cosine runs over the batch: sum over the entries of one input, dim=1.",
    "余弦是沿批的方向算的：应对同一输入的各个元素求和，即 dim=1。",
    ("dim=1)", "dim=0)"),
)
matching.swap(
    "The sum over the examples: take the mean, or the weight of the term grows with the batch.",
    "对样本求了和：应取平均，否则这一项的权重会随批的大小增长。",
    ("1 - cosine.mean()", "(1 - cosine).sum()"),
)
matching.swap(
    "The cosine itself was minimised: that drives the maps apart. The loss is 1 − cosine.",
    "最小化的是余弦本身：这会把归因图推开。损失是 1 − 余弦。",
    ("1 - cosine.mean()", "cosine.mean()"),
)
matching.swap(
    "The constant 1 is missing: equal maps should cost 0.",
    "漏了常数 1：归因图相同时，损失应为 0。",
    ("1 - cosine.mean()", "-cosine.mean()"),
)
matching.swap(
    "The absolute value of the cosine was taken: opposite maps should cost 2, not 0.",
    "对余弦取了绝对值：方向相反的归因图损失应为 2，而不是 0。",
    ("1 - cosine.mean()", "1 - cosine.abs().mean()"),
)
matching.swap(
    "The squared distance also compares lengths: the cosine asks for the direction only.",
    "平方距离还比较了长度：余弦只要求方向一致。",
    ("F.cosine_similarity(own, teacher_maps, dim=1)", "1 - ((own - teacher_maps) ** 2).sum(1)"),
)
matching.swap(
    "The batch was joined into one vector: one cosine for each example, then the mean.",
    "整批拼成了一个向量：应每个样本算一个余弦，再取平均。",
    ("F.cosine_similarity(own, teacher_maps, dim=1)", "F.cosine_similarity(own.flatten(), teacher_maps.flatten(), dim=0)"),
)
matching.swap(
    "All logits were explained together: take the logit of the row's class.",
    "把所有 logits 一起解释了：应只取该行类别的 logit。",
    ("logits.gather(1, target[:, None]).sum()", "logits.sum()"),
)
matching.swap(
    "The log-probability was explained: it mixes in all other classes. Take the logit.",
    "解释的是对数概率：它混进了其他所有类别。应取 logit。",
    ("logits.gather", "torch.log_softmax(logits, 1).gather"),
)


@matching.wrong(
    "The slope of tanh was taken as a constant: it depends on w1 as well, so leave it in the graph.",
    "把 tanh 的斜率当成了常数：它也依赖 w1，要留在计算图里。",
)
def _(w1, w2, x, target, teacher_maps):
    w1, w2 = (v.clone().requires_grad_(True) for v in (w1, w2))
    slope = (1 - torch.tanh(x @ w1) ** 2).detach()
    own = (slope * w2[:, target].T) @ w1.T
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


@matching.wrong(
    "The first backward left its own gradients in w1 and w2: use torch.autograd.grad, or clear them before the second.",
    "第一次 backward 在 w1 和 w2 里留下了梯度：请用 torch.autograd.grad，或在第二次之前清零。",
)
def _(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    logits.gather(1, target[:, None]).sum().backward(create_graph=True)
    loss = 1 - F.cosine_similarity(x.grad, teacher_maps, dim=1).mean()
    loss.backward()
    return {"loss": loss.item(), "w1": w1.grad, "w2": w2.grad}


@matching.right
def _(w1, w2, x, target, teacher_maps):
    # all by hand
    w1, w2, x, maps = (v.numpy() for v in (w1, w2, x, teacher_maps))
    k, n = target.numpy(), len(x)
    h, v = np.tanh(x @ w1), w2[:, k].T
    slope = 1 - h**2
    own = (slope * v) @ w1.T
    length = np.linalg.norm(own, axis=1, keepdims=True)
    u, e = own / length, maps / np.linalg.norm(maps, axis=1, keepdims=True)
    cos = (u * e).sum(1, keepdims=True)
    g = -(e - cos * u) / length / n
    back = g @ w1
    g1 = g.T @ (slope * v) + x.T @ (back * v * -2 * h * slope)
    g2 = np.zeros(w2.shape)
    for row, c in enumerate(k):
        g2[:, c] += back[row] * slope[row]
    return {"loss": 1 - cos.mean(), "w1": g1, "w2": g2}


@matching.right
def _(w1, w2, x, target, teacher_maps):
    # 1 - cosine is half the squared distance of the unit vectors
    w1, w2 = (v.clone().requires_grad_(True) for v in (w1, w2))
    own = ((1 - torch.tanh(x @ w1) ** 2) * w2[:, target].T) @ w1.T
    loss = 0.5 * (F.normalize(own, dim=1) - F.normalize(teacher_maps, dim=1)).square().sum(1).mean()
    loss.backward()
    return {"loss": loss.detach(), "w1": w1.grad, "w2": w2.grad}


@matching.right
def _(w1, w2, x, target, teacher_maps):
    def logit(row, k, a, b):
        return (torch.tanh(row @ a) @ b)[k]

    def loss(a, b):
        total = 0
        for row, k, e in zip(x, target.tolist(), teacher_maps):
            own = torch.func.grad(logit)(row, k, a, b)
            total = total + 1 - own @ e / (own.norm() * e.norm())
        return total / len(x)

    g1, g2 = torch.func.grad(loss, (0, 1))(w1, w2)
    return {"w1": g1.tolist(), "w2": g2.tolist(), "loss": float(loss(w1, w2))}


matching.right_swap(("v.detach().clone()", "v.detach().float()"), ("teacher_maps.detach()", "teacher_maps.float()"))


# ------------------------------------------------------------------ 4: a tree's report

tree_task = nb.code(
    "tree-report",
    "implement",
    (0.5, 0.5),
    title=T("A report on a tree", "一棵决策树的报告"),
    text=T(
        """
        A tree that learns from a teacher is judged by three numbers: **fidelity**, how often it says what the teacher says; **accuracy**, how often it is right; and its size in **leaves**.
        The first two are counted on rows that the tree was not fitted on.

        A leaf is a class (an `int`). An inner node is a tuple `(feature, threshold, left, right)`: go left if `row[feature] <= threshold`.
        If no row is left to judge on, raise a `ValueError`.

        Small example: the tree `(0, 0.5, 1, (1, 0.2, 0, 2))` has three leaves. It was fitted on the first of four rows. On the others, (0.8, 0.1), (0.9, 0.7) and (0.4, 0.4), it says 0, 2 and 1.
        The teacher says 0, 2, 2 and the labels are 0, 1, 0: fidelity 2/3, accuracy 1/3.""",
        """
        跟教师模型学的决策树要看三个数：**忠实度**（fidelity），它与教师模型回答相同的比例；**准确率**，它答对的比例；还有用**叶子**数表示的大小。
        前两个数在拟合时没用过的行上统计。

        叶子是一个类别（`int`）。内部节点是元组 `(feature, threshold, left, right)`：若 `row[feature] <= threshold` 就往左走。
        如果没有剩下的行可供评估，请抛出 `ValueError`。

        小例子：树 `(0, 0.5, 1, (1, 0.2, 0, 2))` 有三个叶子。它在四行中的第一行上拟合。其余三行是 (0.8, 0.1)、(0.9, 0.7)、(0.4, 0.4)，它的回答是 0、2、1。
        教师模型的回答是 0、2、2，标签是 0、1、0：忠实度 2/3，准确率 1/3。""",
    ),
    hints=(
        T("Walk down from the root until what you hold is no tuple any more.", "从根往下走，直到手里的不再是元组。"),
        T(
            r"Fidelity is $P(\text{tree}=\text{teacher})$, accuracy is $P(\text{tree}=\text{label})$, both over the same rows. Leaves of a node: left plus right.",
            r"忠实度是 $P(\text{树}=\text{教师})$，准确率是 $P(\text{树}=\text{标签})$，两者用同一批行。一个节点的叶子数：左边加右边。",
        ),
        T("`while isinstance(node, tuple): ...`", "`while isinstance(node, tuple): ...`"),
    ),
)


@tree_task.solution
def tree_report(tree, x, teacher, target, fitted):
    """Fidelity and accuracy of a tree on the rows that it was not fitted on, and its size.

    tree: an int (leaf, a class) or a tuple (feature, threshold, left, right);
    go left if row[feature] <= threshold.
    x: array (N, D); teacher, target: int arrays (N,) of classes;
    fitted: bool array (N,), True for rows used in the fit.
    Returns {"fidelity": share in [0, 1], "accuracy": share in [0, 1], "leaves": int};
    ValueError without a held-out row.
    On one held-out row (0.8, 0.1) with teacher 0 and label 1 the tree (0, 0.5, 1, 0) gives
    {"fidelity": 1.0, "accuracy": 0.0, "leaves": 2}.
    """

    def answer(node, row):
        while isinstance(node, tuple):
            feature, threshold, left, right = node
            node = left if row[feature] <= threshold else right
        return node

    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1

    rows = ~fitted
    if not rows.any():
        raise ValueError("no held-out row")
    said = np.array([answer(tree, row) for row in x])
    fidelity = (said == teacher)[rows].mean()
    accuracy = (said == target)[rows].mean()
    return {"fidelity": fidelity, "accuracy": accuracy, "leaves": leaves(tree)}


tree_task.example(
    "a tree of one leaf",
    "只有一个叶子的树",
    2,
    np.array([[0.3], [0.8], [0.9]]),
    np.array([2, 0, 2]),
    np.array([1, 2, 2]),
    np.array([False, False, True]),
)
tree_task.example(
    "example",
    "例子",
    (0, 0.5, 1, (1, 0.2, 0, 2)),
    np.array([[0.3, 0.9], [0.8, 0.1], [0.9, 0.7], [0.4, 0.4]]),
    np.array([1, 0, 2, 2]),
    np.array([1, 0, 1, 0]),
    np.array([True, False, False, False]),
)


@tree_task.draw
def _(rng):
    def node(feature, left, right):
        return (feature, round(float(rng.uniform(0.25, 0.75)), 2), left, right)

    def said_by(tree, x, tie=True, swap=False):
        found = []
        for row in x:
            place = tree
            while isinstance(place, tuple):
                f, t, left, right = place
                place = left if (row[f] <= t if tie else row[f] < t) != swap else right
            found.append(place)
        return np.array(found)

    def shares(said, teacher, target, rows):
        return (said == teacher)[rows].mean(), (said == target)[rows].mean()

    while True:
        a, b, c = (int(v) for v in rng.permutation(3))
        f, g = (int(v) for v in rng.permutation(2))
        low, high = node(g, a, b), node(g, b, c)
        tree = [node(f, low, high), node(f, low, node(g, c, node(f, a, b))), node(f, node(g, node(f, b, c), a), b)][int(rng.integers(3))]
        x, fitted = rng.uniform(0, 1, (8, 2)).round(2), rng.permutation(np.arange(8) < int(rng.integers(2, 5)))
        new = ~fitted
        x[np.flatnonzero(new)[0], tree[0]] = tree[1]  # a row on the threshold
        said = said_by(tree, x)
        teacher = np.where(rng.random(8) < 0.7, said, rng.integers(0, 3, 8))
        target = np.where(rng.random(8) < 0.6, teacher, rng.integers(0, 3, 8))
        own, every = shares(said, teacher, target, new), np.full(8, True)
        others = [shares(said_by(tree, x, *how), teacher, target, new) for how in ((False,), (True, True))]
        others += [shares(said, teacher, target, every), shares(said, teacher, target, fitted), own[::-1]]
        both = (said == teacher) & (said == target) & new
        right_rows = new & (teacher == target)
        if (
            own not in others
            and right_rows.sum() >= 2
            and 0 < own[1] < own[0] < 1
            and (said == teacher)[right_rows].mean() != own[0]
            and both.sum() / new.sum() not in own
            and abs((teacher == target)[new].mean() - own[1]) > 0.01
            and abs(own[1] / max((teacher == target)[new].mean(), 0.1) - own[0]) > 0.01
            and abs(1 - abs(own[1] - (teacher == target)[new].mean()) - own[0]) > 0.01
        ):
            return tree, x, teacher, target, fitted


tree_task.script(
    "hidden",
    """
    refuses(
        "tree_report",
        lambda: tree_report((0, 0.5, 1, 0), np.array([[0.2, 0.1], [0.7, 0.3]]), np.array([1, 0]), np.array([1, 1]), np.array([True, True])),
        T("without a held-out row there is nothing to judge on; raise a ValueError", "没有留出的行就无从评估，应抛出 ValueError"),
    )
    """,
)
tree_task.swap(
    "All rows were counted: the tree has seen some of them. Use the held-out rows only.",
    "统计了所有行：其中有些是拟合时用过的。只用留出的行。",
    ("[rows].mean()", ".mean()"),
)
tree_task.swap(
    "Turned round: these are the rows that the tree was fitted on.",
    "反了：这些正是拟合时用过的行。",
    ("rows = ~fitted", "rows = fitted"),
    ("if not rows.any()", "if rows.all()"),
)
tree_task.swap(
    "Fidelity and accuracy are exchanged: fidelity looks at the teacher, accuracy at the labels.",
    "忠实度与准确率弄反了：忠实度看教师模型，准确率看标签。",
    ('"fidelity": fidelity, "accuracy": accuracy', '"fidelity": accuracy, "accuracy": fidelity'),
)
tree_task.swap(
    "Divided by all rows: divide by the number of the held-out rows.",
    "除以了全部行数：应除以留出的行数。",
    ("[rows].mean()", "[rows].sum() / len(rows)"),
)
tree_task.swap(
    "Fidelity was counted only where the teacher is right: what the teacher gets wrong counts as well.",
    "只在教师模型答对的行上算忠实度：教师模型答错的行也要算。",
    ("(said == teacher)[rows].mean()", "(said == teacher)[rows & (teacher == target)].mean()"),
)
tree_task.swap(
    "Accuracy is about the labels: whether the teacher agrees does not matter.",
    "准确率只看标签：与教师模型是否一致无关。",
    ("(said == target)[rows].mean()", "((said == target) & (said == teacher))[rows].mean()"),
)
tree_task.swap(
    "That is the teacher's accuracy: compare the tree's answers with the labels.",
    "这是教师模型的准确率：应拿树的回答与标签比较。",
    ("(said == target)[rows]", "(teacher == target)[rows]"),
)
tree_task.swap(
    "A ratio of two accuracies is no fidelity: compare the answers row by row.",
    "两个准确率之比不是忠实度：应逐行比较回答。",
    ("fidelity = (said == teacher)[rows].mean()", "fidelity = (said == target)[rows].mean() / max((teacher == target)[rows].mean(), 1e-9)"),
)
tree_task.swap(
    "Equal accuracies are no fidelity, since the errors may lie elsewhere: compare the answers row by row.",
    "准确率相近不等于忠实，错的可能不是同一批行：应逐行比较回答。",
    ("fidelity = (said == teacher)[rows].mean()", "fidelity = 1 - abs((said == target)[rows].mean() - (teacher == target)[rows].mean())"),
)
tree_task.swap(
    "The branches are exchanged: left if the value is at most the threshold.",
    "左右弄反了：值不超过阈值时往左走。",
    ("left if row", "right if row"),
    ("else right", "else left"),
)
tree_task.swap(
    "A value equal to the threshold goes left.",
    "等于阈值的值往左走。",
    ("row[feature] <= threshold", "row[feature] < threshold"),
)
tree_task.swap(
    "All nodes were counted: the inner ones are no leaves.",
    "数的是所有节点：内部节点不是叶子。",
    ("return leaves(node[2]) + leaves(node[3]) if", "return 1 + leaves(node[2]) + leaves(node[3]) if"),
)
tree_task.swap(
    "That is the depth: leaves add up over both branches.",
    "这是深度：叶子数应把左右两边相加。",
    (
        "return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1",
        "return 1 + max(leaves(node[2]), leaves(node[3])) if isinstance(node, tuple) else 0",
    ),
)
tree_task.swap("The shares lie in [0, 1]: these are per cent.", "比例应在 [0, 1] 内：这里成了百分数。", ("[rows].mean()", "[rows].mean() * 100"))
tree_task.swap(
    "without a held-out row there is nothing to judge on; raise a ValueError",
    "没有留出的行就无从评估，应抛出 ValueError",
    ('raise ValueError("no held-out row")', 'return {"fidelity": 0.0, "accuracy": 0.0, "leaves": leaves(tree)}'),
    fails="hidden",
)


@tree_task.right
def _(tree, x, teacher, target, fitted):
    def walk(node, row):
        if not isinstance(node, tuple):
            return node
        return walk(node[2] if row[node[0]] <= node[1] else node[3], row)

    held_out = [i for i in range(len(x)) if not fitted[i]]
    if not held_out:
        raise ValueError
    same = sum(walk(tree, x[i]) == teacher[i] for i in held_out)
    right = sum(walk(tree, x[i]) == target[i] for i in held_out)
    stack, leaves = [tree], 0
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += [node[2], node[3]]
        else:
            leaves += 1
    return {"leaves": leaves, "accuracy": right / len(held_out), "fidelity": same / len(held_out)}


@tree_task.right
def _(tree, x, teacher, target, fitted):
    def everywhere(node, x):
        if isinstance(node, int):
            return np.full(len(x), node)
        f, t, left, right = node
        return np.where(x[:, f] <= t, everywhere(left, x), everywhere(right, x))

    x, teacher, target = (v[np.logical_not(fitted)] for v in (x, teacher, target))
    if len(x) == 0:
        raise ValueError("nothing held out")
    said = everywhere(tree, x)

    def count(node):
        return 1 if isinstance(node, int) else count(node[2]) + count(node[3])

    return {"fidelity": np.mean(said == teacher), "accuracy": np.mean(said == target), "leaves": float(count(tree))}


@tree_task.right
def _(tree, x, teacher, target, fitted):
    # the inner nodes of a binary tree are one fewer than its leaves
    def boxes(node, inside):
        if not isinstance(node, tuple):
            return [(inside, node)]
        f, t, left, right = node
        goes_left = torch.as_tensor(x[:, f]) <= t
        return boxes(left, inside & goes_left) + boxes(right, inside & ~goes_left)

    new = ~torch.as_tensor(fitted)
    if int(new.sum()) == 0:
        raise ValueError("no rows")
    parts, y, k = boxes(tree, new), torch.as_tensor(target), torch.as_tensor(teacher)
    same = sum(((k == c) & inside).sum() for inside, c in parts)
    right = sum(((y == c) & inside).sum() for inside, c in parts)
    return {"fidelity": same / new.sum(), "accuracy": right / new.sum(), "leaves": len(parts)}


# ------------------------------------------------------------------ 5: what the controls allow


def claim(key, en, zh, right, options):
    """A claim on the table; of each option: code, English, Chinese, and what to tell who chose it."""
    return Item(key, T(en, zh), right, {code: (T(o_en, o_zh), T(*why) if why else None) for code, o_en, o_zh, *why in options})


attention = nb.code(
    "attention-map",
    "implement",
    (0.5, 0.5),
    title=T("Attention maps as a target", "以注意力图为目标"),
    text=T(
        r"""
        "Let the student look where the teacher looks" is attention transfer. A layer's activations $A$ have the shape (B, C, H, W), and the number of channels of teacher and student may differ. Per image:

        - map: $m=\sum_cA_c^2$, as a vector of length $H\cdot W$;
        - normalise: $m/\lVert m\rVert_2$; a map of zeros stays zero;
        - loss: the squared Euclidean distance of the two normalised maps, as the mean over the images.

        Small example: one image of 1 × 2 places, one channel each. Student $(1, 0)$, teacher $(3, 4)$: the maps are $(1, 0)$ and $(9, 16)/18.3576=(0.4903, 0.8716)$, and the loss is $0.5097^2+0.8716^2=1.0195$.""",
        r"""
        “让学生看教师看的地方”就是注意力迁移。某层的激活 $A$ 形状为 (B, C, H, W)，教师与学生的通道数可以不同。对每张图像：

        - 注意力图：$m=\sum_cA_c^2$，展成长度 $H\cdot W$ 的向量；
        - 归一化：$m/\lVert m\rVert_2$；全零的图仍为零；
        - 损失：两张归一化图的欧氏距离的平方，再对图像取平均。

        小例子：一张 1 × 2 的图，各一个通道。学生 $(1, 0)$、教师 $(3, 4)$：两张图为 $(1, 0)$ 和 $(9, 16)/18.3576=(0.4903, 0.8716)$，损失为 $0.5097^2+0.8716^2=1.0195$。""",
    ),
    hints=(
        T("Square before the channels are summed; normalise after.", "先平方再对通道求和，之后再归一化。"),
        T(r"Each image has its own norm, over its $H\cdot W$ places.", r"每张图像有自己的范数，对 $H\cdot W$ 个位置计算。"),
        T(
            "`maps = (activations**2).sum(axis=1).reshape(len(activations), -1)`",
            "`maps = (activations**2).sum(axis=1).reshape(len(activations), -1)`",
        ),
    ),
)


@attention.solution
def attention_loss(student, teacher):
    """Squared distance of normalised attention maps, mean over the images.

    student: float64 array (B, C1, H, W); teacher: (B, C2, H, W), activations.
    Returns one number.
    """
    pair = []
    for activations in (student, teacher):
        maps = (activations**2).sum(axis=1).reshape(len(activations), -1)
        norm = np.sqrt((maps**2).sum(axis=1, keepdims=True))
        pair.append(maps / np.where(norm > 0, norm, 1.0))
    return ((pair[0] - pair[1]) ** 2).sum(axis=1).mean()


attention.example("example", "例子", np.array([[[[1.0, 0.0]]]]), np.array([[[[3.0, 4.0]]]]))
attention.example("a teacher's map of zeros", "教师的图全零", np.array([[[[1.0, 2.0]]]]), np.array([[[[0.0, 0.0]]]]))
attention.example(
    "a map of zeros", "全零的图", np.array([[[[0.0, 0.0]], [[0.0, 0.0]]], [[[2.0, 1.0]], [[-1.0, 0.5]]]]), np.array([[[[3.0, 4.0]]], [[[0.5, -1.0]]]])
)


@attention.draw
def _(rng):
    return rng.normal(0, 1, (2, 3, 2, 2)).round(2), rng.normal(0, 2, (2, 2, 2, 2)).round(2)


attention.swap(
    "The square is missing: positive and negative activations cancel.",
    "漏了平方：正负激活会抵消。",
    ("(activations**2)", "activations"),
    fails="visible hidden",
)
attention.swap("Absolute values were summed: squares are asked.", "求和的是绝对值：要求平方。", ("(activations**2)", "abs(activations)"))
attention.swap(
    "The channels were averaged after the sum was squared: square first.",
    "先求和再平方了：应先平方。",
    ("(activations**2).sum(axis=1)", "(activations.sum(axis=1) ** 2)"),
    fails="visible hidden",
)
attention.swap(
    "The maps are not normalised: the scale of the activations counts then.",
    "图没有归一化：激活的尺度会影响结果。",
    ("np.where(norm > 0, norm, 1.0)", "1.0"),
)
attention.swap(
    "The norm is the sum of the map: take the Euclidean norm.",
    "范数取成了图的总和：应取欧氏范数。",
    ("np.sqrt((maps**2).sum(axis=1, keepdims=True))", "maps.sum(axis=1, keepdims=True)"),
)
attention.swap(
    "One norm was taken over all images: each image has its own.",
    "对所有图像取了同一个范数：每张图像各有自己的。",
    ("(maps**2).sum(axis=1, keepdims=True)", "(maps**2).sum()"),
    fails="visible hidden",
)
attention.swap("The images were summed: take their mean.", "对图像求了和：应取平均。", (".sum(axis=1).mean()", ".sum()"), fails="visible hidden")
attention.swap("Divided by the number of places as well: sum over them.", "还除以了位置数：应对位置求和。", (".sum(axis=1).mean()", ".mean()"))
attention.swap(
    "The distance is not squared.",
    "距离没有平方。",
    ("((pair[0] - pair[1]) ** 2).sum(axis=1).mean()", "np.sqrt(((pair[0] - pair[1]) ** 2).sum(axis=1)).mean()"),
)
attention.swap(
    "NaN comes from infinity minus infinity, 0 times infinity or 0 / 0.",
    "NaN 来自无穷减无穷、0 乘无穷或 0 / 0。",
    ("np.where(norm > 0, norm, 1.0)", "norm"),
    fails="visible",
)


@attention.right
def _(student, teacher):
    def maps(a):
        return torch.nn.functional.normalize(torch.as_tensor(a).pow(2).sum(1).flatten(1), dim=1)

    return (maps(student) - maps(teacher)).pow(2).sum(1).mean()


@attention.right
def _(student, teacher):
    total = 0.0
    for s, t in zip(student, teacher):
        both = []
        for a in (s, t):
            flat = [sum(float(a[c][i][j]) ** 2 for c in range(len(a))) for i in range(a.shape[1]) for j in range(a.shape[2])]
            size = sum(v * v for v in flat) ** 0.5
            both.append([v / size if size else 0.0 for v in flat])
        total += sum((u - v) ** 2 for u, v in zip(*both))
    return total / len(student)


@attention.right
def _(student, teacher):
    m = [np.einsum("bchw,bchw->bhw", a, a).astype(np.float32) for a in (student, teacher)]
    n = [np.sqrt(np.einsum("bhw,bhw->b", a, a)) for a in m]
    dot = np.einsum("bhw,bhw->b", m[0], m[1]) / np.maximum(n[0] * n[1], 1e-30)
    return np.mean((n[0] > 0).astype(float) + (n[1] > 0) - 2 * dot)


nb.choice(
    "controls",
    "judge",
    0.25,
    [
        claim(
            "rank",
            'Claim: "Ranked by size, the absolute integrated gradients of student (KD) and teacher correlate with 0.99. The student explains like its teacher."',
            "论断：“按大小排序，学生模型（KD）与教师模型的积分梯度绝对值相关系数为 0.99。学生模型的解释与教师模型一样。”",
            "floor",
            [
                (
                    "level",
                    "It follows: 0.99 is the twin's number, so the student has reached the reference.",
                    "成立：0.99 就是孪生教师的数值，说明学生模型已经达到参照。",
                    "The other end of the scale is missing: what does the untrained network reach?",
                    "只看了标尺的一端：未经训练的网络能达到多少？",
                ),
                (
                    "floor",
                    "It does not follow: the untrained network has 0.98, so the measure hardly sees the networks.",
                    "不成立：未经训练的网络也有 0.98，这个指标几乎看不到网络的差别。",
                ),
                (
                    "seeds",
                    "It does not follow yet: with more seeds one could tell 0.98 from 0.99.",
                    "还不成立：要用更多随机种子，才能分清 0.98 和 0.99。",
                    "The standard errors are far below 0.01. More seeds do not help a measure that depends on which pixels are black.",
                    "标准误远小于 0.01。这个指标取决于哪些像素是黑的，再多随机种子也没用。",
                ),
                (
                    "layer",
                    "It does not follow: for networks of two kinds such maps cannot be compared at all.",
                    "不成立：两类不同的网络，归因图根本不能比较。",
                    "Both maps lie on the same pixels, and the signed cosine tells the arms apart. What is wrong with this measure?",
                    "两张归因图都在同一组像素上，带符号的余弦就能区分各组。问题出在这个指标的哪里？",
                ),
            ],
        ),
        claim(
            "image",
            'Claim: "Matching adds 0.154 ± 0.007 to the cosine of KD. So the student has learned how the teacher sees each single image."',
            "论断：“匹配使 KD 的余弦提高 0.154 ± 0.007。所以学生模型学会了教师模型怎样看每一张图像。”",
            "share",
            [
                (
                    "whole",
                    "It follows: the gain is more than twenty standard errors.",
                    "成立：提升超过二十个标准误。",
                    "The gain is real. The question is where it comes from: look at the arm with maps of the same class.",
                    "提升是真的。问题是它从哪里来：请看用同类图像归因图的那一组。",
                ),
                (
                    "none",
                    "It does not follow: maps of other images give the same gain, so nothing came from the image itself.",
                    "不成立：用其他图像的归因图提升相同，所以没有任何东西来自图像自己。",
                    "Not the same: own against same class is 0.032 ± 0.005, six standard errors.",
                    "并不相同：自己的与同类的相差 0.032 ± 0.005，是六个标准误。",
                ),
                (
                    "share",
                    "It holds for a small part: 0.032 needs the image's own map, the rest came with other images of the class.",
                    "只对一小部分成立：0.032 要靠图像自己的归因图，其余用同类的其他图像也能得到。",
                ),
                (
                    "class",
                    "It holds for most of it: the arm with maps of any image gains 0.041, so 0.113 needs the image's own map.",
                    "大部分成立：用任意图像归因图的那一组提升 0.041，所以有 0.113 要靠图像自己的归因图。",
                    "Maps of any image differ in class, too. The control that isolates the image is the one with the same class.",
                    "任意图像连类别都不同。能单独检验“图像自己”的对照是同类的那一组。",
                ),
            ],
        ),
        claim(
            "twin",
            'Claim: "For gradients, labels with matching reach 0.64 and the twin teacher 0.54. No network can be more like the teacher than its twin, so there is a bug."',
            "论断：“按梯度算，硬标签加匹配达到 0.64，孪生教师只有 0.54。没有网络能比孪生教师更像教师模型，所以程序有 bug。”",
            "trained",
            [
                (
                    "trained",
                    "It does not follow: the twin is a reference, and this student was trained on the measure itself.",
                    "不成立：孪生教师只是参照，而这个学生模型正是以该指标为训练目标。",
                ),
                (
                    "leaking",
                    "It follows: a ceiling was passed, so the test images must have leaked into training.",
                    "成立：超过了上限，说明测试图像泄漏进了训练。",
                    "The twin never saw a map of the teacher. It does not bound a student that was trained on such maps.",
                    "孪生教师从没见过教师模型的归因图。它限制不了拿这些归因图训练的学生模型。",
                ),
                (
                    "chances",
                    "It does not follow: 0.10 ± 0.013 between the two may well be chance.",
                    "不成立：两者相差 0.10 ± 0.013，很可能只是偶然。",
                    "That is more than seven standard errors. Chance is not the reason.",
                    "这超过七个标准误，不是偶然。",
                ),
                (
                    "quality",
                    "It does not follow: the student has become a better network than the twin.",
                    "不成立：学生模型已经成了比孪生教师更好的网络。",
                    "Its accuracy is 92.85 %, the twin's 96.73 %. It leads in what it was trained for.",
                    "它的准确率是 92.85%，孪生教师是 96.73%。它只在训练所针对的指标上领先。",
                ),
            ],
        ),
        claim(
            "shuffle",
            'Claim: "Maps of other images of the class give nearly the same similarity. So we may shuffle the maps within a class, and the accuracy will not suffer either."',
            "论断：“用同类其他图像的归因图，相似度几乎一样。所以可以在类内打乱归因图，准确率也不会受影响。”",
            "paired",
            [
                (
                    "spread",
                    "Open: 92.34 ± 0.27 and 92.94 ± 0.27 overlap, so no loss is seen.",
                    "未定：92.34 ± 0.27 与 92.94 ± 0.27 重叠，看不出损失。",
                    "Both arms share their seeds: the paired difference is the number to judge by.",
                    "两组用的是同样的随机种子：应按配对差来判断。",
                ),
                (
                    "gentle",
                    "It follows: for similarity, too, the image's own map adds no more than 0.032.",
                    "成立：对相似度来说，图像自己的归因图也只多 0.032。",
                    "Similarity says nothing about accuracy. The table has a paired difference for accuracy as well.",
                    "相似度说明不了准确率。表里也给出了准确率的配对差。",
                ),
                (
                    "others",
                    "It follows: even maps of any image change KD's accuracy by 0.06 ± 0.18 points only.",
                    "成立：就连任意图像的归因图，也只让 KD 的准确率变化 0.06 ± 0.18 个百分点。",
                    "That is another arm. For maps of the same class the table has its own difference.",
                    "那是另一组。同类归因图的差，表里单独给出了。",
                ),
                (
                    "paired",
                    "It is contradicted: with the image's own maps the student is 0.60 ± 0.08 points better, same seeds.",
                    "与数据相反：用图像自己的归因图，学生模型高 0.60 ± 0.08 个百分点，随机种子相同。",
                ),
            ],
        ),
    ],
    title=T("What the controls allow", "对照允许下什么结论"),
    text=T(
        """
        From another run of the chapter's experiment, so that the page shows slightly other numbers. Teacher and twin are CNNs that differ in their seed only, the students are MLPs. Means over five seeds ± one standard error where given.
        *Gradient* and *IG* are signed cosines with the teacher's input gradients and integrated gradients; *rank* is the rank correlation of the absolute integrated gradients.

        | arm | accuracy, % | gradient | IG | rank |
        |---|---|---|---|---|
        | untrained network | 9.97 | 0.01 | 0.02 | 0.98 |
        | labels | 92.00 ± 0.33 | 0.21 | 0.35 | 0.99 |
        | KD | 92.69 ± 0.25 | 0.26 | 0.41 | 0.99 |
        | KD + matching | 92.94 ± 0.27 | 0.54 | 0.57 | 0.99 |
        | KD + maps of the same class | 92.34 ± 0.27 | 0.51 | 0.54 | 0.99 |
        | KD + maps of any image | 92.75 ± 0.17 | 0.29 | 0.45 | 0.99 |
        | labels + matching | 92.85 ± 0.34 | 0.64 | 0.68 | 0.99 |
        | twin teacher | 96.73 ± 0.18 | 0.54 | 0.71 | 0.99 |

        Paired differences, IG: KD against labels 0.068 ± 0.006; matching against KD 0.154 ± 0.007; same class against KD 0.122 ± 0.006; any image against KD 0.041 ± 0.012; matching against same class 0.032 ± 0.005.
        Gradient: labels + matching against the twin 0.10 ± 0.013.
        Accuracy, in points: matching against KD 0.25 ± 0.05; same class against KD −0.35 ± 0.08; any image against KD 0.06 ± 0.18; matching against same class 0.60 ± 0.08.

        Four claims. What do the numbers say?

        Worked example: "By IG, plain KD is nearer to its teacher than labels only by chance." The paired difference is 0.068 ± 0.006, eleven standard errors: contradicted.""",
        """
        数据来自本章实验的另一次运行，与正文的数值略有出入。教师模型与孪生教师是只差随机种子的 CNN，学生模型是 MLP。数值是五个随机种子的平均，± 后是一个标准误。
        “梯度”与“IG”分别是与教师模型的输入梯度、积分梯度的带符号余弦；“秩”是积分梯度绝对值的秩相关。

        | 组 | 准确率（%） | 梯度 | IG | 秩 |
        |---|---|---|---|---|
        | 未经训练的网络 | 9.97 | 0.01 | 0.02 | 0.98 |
        | 硬标签 | 92.00 ± 0.33 | 0.21 | 0.35 | 0.99 |
        | KD | 92.69 ± 0.25 | 0.26 | 0.41 | 0.99 |
        | KD + 匹配 | 92.94 ± 0.27 | 0.54 | 0.57 | 0.99 |
        | KD + 同类图像的归因图 | 92.34 ± 0.27 | 0.51 | 0.54 | 0.99 |
        | KD + 任意图像的归因图 | 92.75 ± 0.17 | 0.29 | 0.45 | 0.99 |
        | 硬标签 + 匹配 | 92.85 ± 0.34 | 0.64 | 0.68 | 0.99 |
        | 孪生教师 | 96.73 ± 0.18 | 0.54 | 0.71 | 0.99 |

        配对差，IG：KD 减硬标签为 0.068 ± 0.006；匹配减 KD 为 0.154 ± 0.007；同类减 KD 为 0.122 ± 0.006；任意图像减 KD 为 0.041 ± 0.012；匹配减同类为 0.032 ± 0.005。
        梯度：硬标签 + 匹配减孪生教师为 0.10 ± 0.013。
        准确率（个百分点）：匹配减 KD 为 0.25 ± 0.05；同类减 KD 为 −0.35 ± 0.08；任意图像减 KD 为 0.06 ± 0.18；匹配减同类为 0.60 ± 0.08。

        下面有四条论断。数据怎么说？

        例：“按 IG，KD 比硬标签更接近教师模型只是偶然。”配对差为 0.068 ± 0.006，是十一个标准误：与数据相反。""",
    ),
    hints=(
        T("A number needs a scale: ask for each claim which row is its control.", "数值要有标尺：先问每条论断的对照是哪一行。"),
        T(
            "Untrained: what comes without learning. Twin: what comes without imitation. Same class: what comes without the image itself. Judge differences by the paired ones.",
            "未经训练：不学也有的部分。孪生教师：不模仿也有的部分。同类：不靠图像自己也有的部分。差异看配对差。",
        ),
        T('`"image"`: compare 0.154 with 0.122.', '`"image"`：比较 0.154 与 0.122。'),
    ),
)

# ------------------------------------------------------------------ 6: in words

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A bank scores loans with a large network on twelve columns. The auditors want reasons for each refusal. A colleague reports:
        "I distilled it into a small network with an explanation-matching loss. Its input gradients have a cosine of 0.9 with the large one's. So the small network explains itself, and its reasons are right."

        In five to eight sentences: what does the 0.9 show and what not, and which student would you offer the auditors, with which numbers beside it?""",
        """
        一家银行用一个大网络对贷款打分，输入有十二列。审计人员要求每次拒贷都给出理由。一位同事报告：
        “我用解释匹配损失把它蒸馏成了小网络。小网络的输入梯度与大网络的余弦是 0.9。所以小网络能解释自己，而且理由是对的。”

        请用五到八句话回答：这个 0.9 说明了什么、没有说明什么？你会给审计人员什么样的学生模型，并附上哪些数？""",
    ),
    rubric=T(
        "Half a point: the cosine shows similarity to the teacher only; it does not make the network readable, and the teacher's reasons may be wrong and were then copied (or: not shown to be faithful). Half a point: a readable student, such as a small tree or an additive model, with its fidelity and its accuracy on held-out rows and its size. Controls for the 0.9 (untrained network, twin, maps of other rows) are a bonus, not a condition.",
        "0.5 分：余弦只说明与教师模型相似；它不会让网络变得可读，而且教师模型的理由可能是错的，也一并学了过来（或：忠实性并没有得到证明）。0.5 分：提出看得懂的学生模型，例如小决策树或加性模型，并报告留出行上的忠实度与准确率，以及模型大小。为 0.9 提出对照（未经训练的网络、孪生教师、其他行的归因图）是加分项，不是必要条件。",
    ),
    model=T(
        """
        The 0.9 shows that the small network reacts to its inputs in much the same directions as the large one. Whether that is much cannot be said without a scale: an untrained network, a second teacher from another seed, and a student matched to the maps of other customers.
        It does not show that the reasons are right: if the teacher refuses for a bad reason, the loss copies the bad reason. Nor does it show faithfulness, which is a test of the map against the network itself. And the small network is as opaque as before: nobody can read its weights.
        For twelve columns I would fit a small tree or an additive model to the network's answers, if possible also on many unlabelled customers that the network labels. Beside it I would put its agreement with the network, its accuracy on true outcomes, both on rows held out, and its number of leaves. If the tree is too far from the network, it must not be passed off as an explanation of the network; but it can take its place if its own accuracy is enough.""",
        """
        0.9 说明小网络对输入的反应方向与大网络大体一致。这算不算高，没有标尺就说不清：要有未经训练的网络、换一个随机种子训练的第二个教师模型，以及匹配其他客户归因图的学生模型。
        它没有说明理由正确：教师模型若因为坏理由拒贷，学生模型会把坏理由也学过来。它也没有说明忠实性，那要拿归因图与网络自身的行为对照检验。小网络和以前一样不透明，没有人读得懂它的权重。
        只有十二列，我会用网络的回答拟合一棵小决策树或一个加性模型；有条件时再加上大量无标签客户，由网络来打标签。旁边附上它与网络的一致率、对真实结果的准确率（都在留出的行上统计），以及叶子数。如果树与网络相差太远，就不能拿它当作对网络的解释；但只要它自己的准确率够用，可以直接用它替换网络。""",
    ),
    samples=[
        (
            1,
            T(
                "0.9 only says that student and teacher look alike. If the teacher is prejudiced the student now is, too, and a small network is still a black box. I would give them a tree of depth 4 learned from the network's answers, and say how often it agrees with the network and how often it is right on new customers, and how many leaves it has.",
                "0.9 只说明学生模型和教师模型相像。教师模型有偏见，学生模型也就有了；小网络仍是黑箱。我会给一棵深度为 4、用网络的回答学出来的树，并说明它在新客户上与网络一致的比例、答对的比例，以及有多少叶子。",
            ),
        ),
        (
            0.5,
            T(
                "The cosine measures similarity to the teacher, not whether the reasons are true; the student may have copied its mistakes. One should compare with an untrained network and with a second teacher, then raise the weight of the matching loss.",
                "余弦衡量的是与教师模型的相似，而不是理由是否属实；学生模型可能把错误也学了过来。应当与未经训练的网络和第二个教师模型比较，再提高匹配损失的权重。",
            ),
        ),
        (
            0,
            T(
                "0.9 is high, so the explanations can be trusted. I would show the auditors the gradients as a heat map and use several seeds.",
                "0.9 很高，所以解释可信。我会把梯度画成热力图给审计人员看，并用多个随机种子。",
            ),
        ),
    ],
    hints=(
        T("Similar, faithful, readable: three different properties. Which one did he measure?", "相似、忠实、可读是三种不同的性质。他测的是哪一种？"),
        T(
            "A student that people can read is another kind of student. It is judged by fidelity, accuracy and size.",
            "人看得懂的学生模型是另一类学生模型。评价它要看忠实度、准确率和大小。",
        ),
        T('"The 0.9 says that ..."', "“0.9 说明的是……”"),
    ),
)
