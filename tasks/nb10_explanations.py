"""Graded notebook 10."""

import numpy as np
import torch

from tasks.form import Item, Notebook, T, Value, judged

nb = Notebook(
    slug="10-explanations",
    chapter="interpretability/explanations",
    title=T("Explanations and their checks", "解释及其检验"),
    about=T("On the chapter *Explanations*.", "对应章节《解释》。"),
    minutes=70,
)


def network(rng, d=3, h=4, c=2):
    """Weights of a small ReLU network, of which some units switch between 0 and x."""
    return rng.normal(0, 1, (d, h)).round(2), rng.normal(0, 0.7, h).round(2), rng.normal(0, 1, (h, c)).round(2)


ig = nb.code(
    "integrated",
    "implement",
    (1, 1),
    title=T("Integrated gradients", "积分梯度"),
    text=T(
        r"""
        A network with one hidden layer gives the logits $f(x)=\mathrm{relu}(xW_1+b_1)\,W_2$ for a row $x$.
        Write integrated gradients of logit $k$ with the midpoint rule:

        $$a_j=(x_j-x'_j)\cdot\frac1S\sum_{s=1}^{S}\frac{\partial f_k}{\partial x_j}\Bigl(x'+\tfrac{s-1/2}{S}(x-x')\Bigr)$$

        where $x'$ is the baseline. The derivative of relu at exactly 0 is 0.

        Small example: one input, one hidden unit, $W_1=1$, $b_1=-1$, $W_2=2$, $x=2$, baseline 0, $S=4$. The midpoints are 0.25, 0.75, 1.25, 1.75; the unit is on at two of them, so $a=2\cdot\frac14(0+0+2+2)=2$. That is $f(2)-f(0)=2$: the attributions add up.""",
        r"""
        只有一个隐藏层的网络，对一行输入 $x$ 给出 logits $f(x)=\mathrm{relu}(xW_1+b_1)\,W_2$。
        请用中点法写出第 $k$ 个 logit 的积分梯度：

        $$a_j=(x_j-x'_j)\cdot\frac1S\sum_{s=1}^{S}\frac{\partial f_k}{\partial x_j}\Bigl(x'+\tfrac{s-1/2}{S}(x-x')\Bigr)$$

        其中 $x'$ 是基线。relu 在 0 处的导数取 0。

        小例子：一个输入、一个隐藏单元，$W_1=1$、$b_1=-1$、$W_2=2$、$x=2$、基线 0、$S=4$。中点是 0.25、0.75、1.25、1.75，单元在其中两处打开，所以 $a=2\cdot\frac14(0+0+2+2)=2$。它等于 $f(2)-f(0)=2$：归因之和相符。""",
    ),
    hints=(
        T(
            "First write the gradient at one point; then average it over the points of the line; then multiply.",
            "先写一点处的梯度，再对线段上的点取平均，最后相乘。",
        ),
        T(
            r"$\partial f_k/\partial x_j=\sum_hW_{1,jh}\,[\text{unit }h\text{ is on}]\,W_{2,hk}$.",
            r"$\partial f_k/\partial x_j=\sum_hW_{1,jh}\,[\text{单元 }h\text{ 打开}]\,W_{2,hk}$。",
        ),
        T("`shares = (np.arange(steps) + 0.5) / steps`", "`shares = (np.arange(steps) + 0.5) / steps`"),
    ),
)


@ig.solution
def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    """Attributions of logit k to the inputs, by the midpoint rule.

    w1: float64 array (D, H); b1: (H,); w2: (H, C); k: class; x, baseline: (D,); steps: int >= 1.
    Returns (D,).
    """
    shares = (np.arange(steps) + 0.5) / steps
    points = baseline + shares[:, None] * (x - baseline)
    on = (points @ w1 + b1 > 0).astype(float)
    gradients = (on * w2[:, k]) @ w1.T
    return (x - baseline) * gradients.mean(axis=0)


ig.example("example", "例子", np.array([[1.0]]), np.array([-1.0]), np.array([[2.0]]), 0, np.array([2.0]), np.array([0.0]), 4)

ig.example(
    "a unit exactly at 0",
    "恰好为 0 的单元",
    np.array([[1.0, 1.0]]),
    np.array([-1.0, 0.5]),
    np.array([[2.0], [3.0]]),
    0,
    np.array([2.0]),
    np.array([0.0]),
    1,
)


@ig.draw
def _(rng):
    w1, b1, w2 = network(rng, 3, 6, 3)
    return w1, b1, w2, int(rng.integers(0, 3)), rng.normal(0, 1.5, 3).round(2), rng.normal(0, 1, 3).round(2), int(rng.choice([5, 7, 9]))


ig.swap(
    "The factor x minus baseline is missing: these are mean gradients.",
    "缺了因子 x − 基线：这只是平均梯度。",
    ("(x - baseline) * gradients.mean", "gradients.mean"),
)
ig.swap(
    "The gradient was taken at x only: average it along the line from the baseline.",
    "只在 x 处取了梯度：应沿基线到 x 的线段取平均。",
    ("baseline + shares[:, None] * (x - baseline)", "np.repeat(x[None], steps, 0)"),
)
ig.swap(
    "The gradient was taken at the baseline only.",
    "只在基线处取了梯度。",
    ("baseline + shares[:, None] * (x - baseline)", "np.repeat(baseline[None], steps, 0)"),
)
ig.swap(
    "The left ends of the steps were used: the midpoints are asked.",
    "用了每步的左端点：要求的是中点。",
    ("np.arange(steps) + 0.5", "np.arange(steps)"),
    fails="",
)
ig.swap(
    "The right ends of the steps were used: the midpoints are asked.",
    "用了每步的右端点：要求的是中点。",
    ("np.arange(steps) + 0.5", "np.arange(steps) + 1.0"),
    fails="",
)
ig.swap("The gradients were summed: take their mean.", "对梯度求了和：应取平均。", (".mean(axis=0)", ".sum(axis=0)"))
ig.swap(
    "The sign of the difference is turned: x minus baseline.", "差的符号反了：应为 x 减基线。", ("return (x - baseline)", "return (baseline - x)")
)
ig.swap(
    "The absolute value was taken: attributions have a sign, and only with it do they add up.",
    "取了绝对值：归因有正负，只有保留符号才能相加。",
    ("return (x - baseline) * gradients.mean(axis=0)", "return abs((x - baseline) * gradients.mean(axis=0))"),
    fails="hidden visible",
)
ig.swap(
    "x itself is the factor, not x minus baseline.",
    "因子用了 x 本身，而不是 x 减基线。",
    ("return (x - baseline)", "return x"),
    fails="hidden visible",
)
ig.swap(
    "The ReLU was left out: a unit that is off passes no gradient.",
    "漏了 ReLU：关闭的单元不传梯度。",
    ("(points @ w1 + b1 > 0).astype(float)", "np.ones((steps, len(b1)))"),
)
ig.swap(
    "The bias was forgotten where it is decided whether a unit is on.", "判断单元是否打开时漏了偏置。", ("points @ w1 + b1 > 0", "points @ w1 > 0")
)
ig.swap(
    "All logits were added: the gradient of logit k is asked.",
    "把所有 logit 加在了一起：要求的是第 k 个 logit 的梯度。",
    ("w2[:, k]", "w2.sum(axis=1)"),
    fails="hidden visible",
)


@ig.right
def _(w1, b1, w2, k, x, baseline, steps):
    start = torch.as_tensor(baseline)
    step = torch.as_tensor(x) - start
    total = torch.zeros_like(start)
    for s in range(steps):
        point = (start + (s + 0.5) / steps * step).requires_grad_()
        out = torch.relu(point @ torch.as_tensor(w1) + torch.as_tensor(b1)) @ torch.as_tensor(w2)
        total += torch.autograd.grad(out[k], point)[0]
    return step * total / steps


@ig.right
def _(w1, b1, w2, k, x, baseline, steps):
    out = [0.0] * len(x)
    for s in range(steps):
        share = (2 * s + 1) / (2 * steps)
        point = [b + share * (a - b) for a, b in zip(x, baseline)]
        for h in range(len(b1)):
            if sum(p * w1[j][h] for j, p in enumerate(point)) + b1[h] > 0:
                for j in range(len(x)):
                    out[j] += w1[j][h] * w2[h][k] * (x[j] - baseline[j]) / steps
    return out


@ig.right
def _(w1, b1, w2, k, x, baseline, steps):
    alphas = torch.linspace(0.5 / steps, 1 - 0.5 / steps, steps, dtype=torch.float64)
    a, b = torch.as_tensor(x), torch.as_tensor(baseline)
    hidden = torch.lerp(b.expand(steps, -1), a.expand(steps, -1), alphas[:, None]) @ torch.as_tensor(w1) + torch.as_tensor(b1)
    share_on = (hidden > 0).double().mean(0)
    return ((a - b) * (torch.as_tensor(w1) @ (share_on * torch.as_tensor(w2)[:, k]))).float()


shapley = nb.code(
    "shapley",
    "implement",
    (1, 1),
    title=T("Exact Shapley values", "精确的 Shapley 值"),
    text=T(
        r"""
        A game of $d$ players: `value[m]` is what the coalition $m$ is worth, where bit $i$ of the integer $m$ says whether player $i$ is in. So `value` has $2^d$ entries, and `value[0]` is the worth of the empty coalition.
        Compute the Shapley values

        $$\phi_i=\sum_{S\not\ni i}\frac{|S|!\,(d-|S|-1)!}{d!}\,\bigl(v(S\cup\{i\})-v(S)\bigr).$$

        Small example, $d=2$: values 0, 1, 2, 5 for the coalitions ∅, {0}, {1}, {0, 1}. Player 0 adds 1 to ∅ and 3 to {1}: $\phi_0=2$. $\phi_1=\frac12(2+4)=3$. The sum is $5-0$.""",
        r"""
        $d$ 个参与者的博弈：`value[m]` 是联盟 $m$ 的价值，整数 $m$ 的第 $i$ 位表示参与者 $i$ 是否在内。所以 `value` 有 $2^d$ 个元素，`value[0]` 是空联盟的价值。
        请计算 Shapley 值

        $$\phi_i=\sum_{S\not\ni i}\frac{|S|!\,(d-|S|-1)!}{d!}\,\bigl(v(S\cup\{i\})-v(S)\bigr)。$$

        小例子（$d=2$）：联盟 ∅、{0}、{1}、{0, 1} 的价值为 0、1、2、5。参与者 0 给 ∅ 带来 1，给 {1} 带来 3：$\phi_0=2$。$\phi_1=\frac12(2+4)=3$。总和为 $5-0$。""",
    ),
    hints=(
        T("For each player go through all coalitions without him, and ask what he adds.", "对每个参与者，遍历不含他的所有联盟，看他带来多少。"),
        T(
            '`m | (1 << i)` puts player i into coalition m; `bin(m).count("1")` is its size.',
            '`m | (1 << i)` 把参与者 i 加入联盟 m；`bin(m).count("1")` 是联盟大小。',
        ),
        T("`for m in range(2**d): if not m >> i & 1: ...`", "`for m in range(2**d): if not m >> i & 1: ...`"),
    ),
)


@shapley.solution
def shapley_values(value, d):
    """Shapley values of a game with d players.

    value: float64 array (2**d,), indexed by the bits of the coalition; d: int >= 1.
    Returns (d,). shapley_values([0, 1, 2, 5], 2) is [2, 3].
    """
    from math import factorial

    phi = np.zeros(d)
    for i in range(d):
        for m in range(2**d):
            if not m >> i & 1:
                size = bin(m).count("1")
                weight = factorial(size) * factorial(d - size - 1) / factorial(d)
                phi[i] += weight * (value[m | 1 << i] - value[m])
    return phi


shapley.example("example", "例子", np.array([0.0, 1.0, 2.0, 5.0]), 2)


@shapley.draw
def _(rng):
    d = int(rng.integers(3, 5))
    return rng.normal(0, 2, 2**d).round(2), d


shapley.swap(
    "The coalitions have equal weights here: use |S|! (d − |S| − 1)! / d!.",
    "这里各联盟等权：应使用 |S|! (d − |S| − 1)! / d!。",
    ("factorial(size) * factorial(d - size - 1) / factorial(d)", "1 / 2 ** (d - 1)"),
    fails="visible hidden",
)
shapley.swap(
    "The weights are off by one: |S|! (d − |S| − 1)!, not |S|! (d − |S|)!.",
    "权重差了一：应为 |S|! (d − |S| − 1)!，而不是 |S|! (d − |S|)!。",
    ("factorial(d - size - 1)", "factorial(d - size)"),
)
shapley.swap("The marginal contributions were summed without weights.", "边际贡献没有加权就相加了。", ("weight * (value", "(value"))
shapley.swap(
    "The sign is turned: with the player minus without him.",
    "符号反了：应是有他减无他。",
    ("(value[m | 1 << i] - value[m])", "(value[m] - value[m | 1 << i])"),
)
shapley.swap(
    "The value of the larger coalition was summed, not what the player adds to it.",
    "累加的是大联盟的价值，而不是他带来的增量。",
    ("(value[m | 1 << i] - value[m])", "value[m | 1 << i]"),
    fails="visible hidden",
)
shapley.swap("The bits are read from the wrong end: bit 0 is player 0.", "位的次序反了：第 0 位是参与者 0。", ("phi[i] +=", "phi[d - 1 - i] +="))
shapley.swap(
    "Only the empty coalition was asked: what a player is worth alone.",
    "只问了空联盟：那是他单独的价值。",
    ("range(2**d)", "[0]"),
    ("weight * (value", "(value"),
)


@shapley.wrong("That is leave-one-out: what the full coalition loses without the player.", "这是留一法：全联盟缺了他会损失多少。")
def _(value, d):
    full = 2**d - 1
    return np.array([value[full] - value[full ^ (1 << i)] for i in range(d)])


@shapley.wrong("The values were spread evenly: every player has the same here.", "平均分配了：每个参与者在这里都一样。")
def _(value, d):
    return np.full(d, (value[-1] - value[0]) / d)


@shapley.right
def _(value, d):
    from itertools import permutations

    phi, count = np.zeros(d), 0
    for order in permutations(range(d)):
        m = 0
        for i in order:
            phi[i] += value[m | (1 << i)] - value[m]
            m |= 1 << i
        count += 1
    return phi / count


@shapley.right
def _(value, d):
    from itertools import combinations
    from math import comb

    out = []
    for i in range(d):
        others, total = [j for j in range(d) if j != i], 0.0
        for size in range(d):
            gains = [value[sum(1 << j for j in s) + (1 << i)] - value[sum(1 << j for j in s)] for s in combinations(others, size)]
            total += sum(gains) / comb(d - 1, size)
        out.append(total / d)
    return torch.tensor(out)


@shapley.right
def _(value, d):
    from math import lgamma

    masks = np.arange(2**d)
    inside = (masks[:, None] >> np.arange(d)) & 1
    size = inside.sum(1)
    plus = np.array([np.exp(lgamma(s) + lgamma(d - s + 1) - lgamma(d + 1)) if s else 0.0 for s in size])
    minus = np.array([np.exp(lgamma(s + 1) + lgamma(d - s) - lgamma(d + 1)) if s < d else 0.0 for s in size])
    return ((inside * plus[:, None] - (1 - inside) * minus[:, None]) * value[:, None]).sum(0)


lime = nb.code(
    "lime",
    "implement",
    (1, 1),
    title=T("LIME is a weighted fit", "LIME 就是加权拟合"),
    text=T(
        r"""
        LIME switches parts of an input off at random and fits a linear model to the outputs. Given the masks (1 = on), the outputs, and a width $\omega$, find intercept and coefficients that minimise

        $$\sum_i w_i\,(y_i-c_0-m_i\cdot c)^2,\qquad w_i=e^{-u_i^2/(2\omega^2)},$$

        where $u_i$ is the share of parts that are **off** in copy $i$. No penalty. Return the coefficients and the **weighted** $R^2$: one minus the weighted sum of squared residuals over the weighted sum of squares around the weighted mean.

        Small example: one part, masks 1, 1, 0, outputs 3, 5, 0: the fit gives 4 with the part on and 0 with it off, so the coefficient is 4, for any width. With $\omega=1$ the weights are 1, 1 and $e^{-1/2}=0.6065$, and $R^2=0.7884$.""",
        r"""
        LIME 随机关闭输入的若干部分，再用线性模型拟合输出。给定掩码（1 表示打开）、输出和宽度 $\omega$，求使下式最小的截距和系数：

        $$\sum_i w_i\,(y_i-c_0-m_i\cdot c)^2,\qquad w_i=e^{-u_i^2/(2\omega^2)},$$

        其中 $u_i$ 是第 $i$ 个扰动样本中**关闭**部分的比例。不加惩罚项。请返回系数和**加权** $R^2$：1 减去加权残差平方和与（围绕加权平均的）加权总平方和之比。

        小例子：一个部分，掩码 1、1、0，输出 3、5、0：打开时拟合为 4，关闭时为 0，所以不论宽度，系数都是 4。$\omega=1$ 时权重为 1、1 和 $e^{-1/2}=0.6065$，$R^2=0.7884$。""",
    ),
    hints=(
        T(
            "A column of ones is the intercept. A weighted least squares fit is an ordinary one with rows times the root of the weight.",
            "全 1 的一列就是截距。加权最小二乘等于把每行乘以权重平方根后的普通最小二乘。",
        ),
        T(r"$(A^\top WA)\,c=A^\top Wy$, with $W$ the diagonal matrix of the weights.", r"$(A^\top WA)\,c=A^\top Wy$，$W$ 是权重的对角阵。"),
        T("`a = np.column_stack([np.ones(len(masks)), masks])`", "`a = np.column_stack([np.ones(len(masks)), masks])`"),
    ),
)


@lime.solution
def lime_fit(masks, output, width):
    """Weighted linear fit of the output on the masks, and how good it is.

    masks: float64 array (M, D) of 0 and 1; output: (M,); width: float > 0.
    Returns {"coefficients": (D,), "r2": number}.
    """
    off = 1 - masks.mean(axis=1)
    w = np.exp(-(off**2) / (2 * width**2))
    a = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    left = (w * (output - a @ c) ** 2).sum()
    mean = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - left / (w * (output - mean) ** 2).sum()}


lime.example("example", "例子", np.array([[1.0], [1.0], [0.0]]), np.array([3.0, 5.0, 0.0]), 1.0)


@lime.draw
def _(rng):
    while True:
        masks = rng.integers(0, 2, (9, 3)).astype(float)
        if np.linalg.matrix_rank(np.column_stack([np.ones(9), masks])) == 4:
            return (
                masks,
                (masks @ [1.0, -2.0, 0.5] + rng.normal(0, 1, 9)).round(2),
                float(rng.choice([0.6, 0.8, 1.0])),
            )  # a narrower kernel in parts, not shares, would leave too few copies to solve for


lime.swap(
    "The fit is unweighted: copies near the input count more.",
    "拟合没有加权：靠近原输入的扰动样本应更重要。",
    ("w = np.exp(-(off**2) / (2 * width**2))", "w = np.ones(len(masks))"),
)
lime.swap(
    "The distance is the share of parts that are off, not on: the full mask has weight 1.",
    "距离是关闭部分的比例，而不是打开部分的：全开掩码的权重为 1。",
    ("off = 1 - masks.mean(axis=1)", "off = masks.mean(axis=1)"),
)
lime.swap(
    "The number of parts that are off was used: take their share.",
    "用了关闭部分的个数：应取比例。",
    ("1 - masks.mean(axis=1)", "(1 - masks).sum(axis=1)"),
    fails="hidden visible",
)
lime.swap(
    "The kernel lacks the 2, or the square: exp(−u² / (2 ω²)).", "核函数少了 2 或平方：应为 exp(−u² / (2 ω²))。", ("(2 * width**2)", "(width**2)")
)
lime.swap("r2: the residuals are not weighted.", "r2：残差没有加权。", ("left = (w * (output", "left = ((output"))
lime.swap(
    "r2: the plain mean was used: take the weighted one, and weights in both sums.",
    "r2：用了普通平均：应取加权平均，两个和都要加权。",
    ("mean = (w * output).sum() / w.sum()", "mean = output.mean()"),
)
lime.swap(
    "r2: that is the share that is not explained: one minus it is asked.", "r2：这是未解释的比例：应取 1 减它。", ('"r2": 1 - left', '"r2": left')
)
lime.swap("The intercept was returned as the first coefficient: leave it out.", "把截距当成第一个系数返回了：应去掉。", ("c[1:]", "c"))


@lime.wrong("There is no intercept: add a column of ones.", "没有截距：应加一列 1。")
def _(masks, output, width):
    w = np.exp(-((1 - masks.mean(1)) ** 2) / (2 * width**2))
    c = np.linalg.solve(masks.T @ (w[:, None] * masks), masks.T @ (w * output))
    left, mean = (w * (output - masks @ c) ** 2).sum(), (w * output).sum() / w.sum()
    return {"coefficients": c, "r2": 1 - left / (w * (output - mean) ** 2).sum() - 1e-3}


@lime.wrong("A ridge penalty was added: the plain weighted fit is asked.", "加了岭惩罚：要求的是普通的加权拟合。")
def _(masks, output, width):
    w = np.exp(-((1 - masks.mean(1)) ** 2) / (2 * width**2))
    a = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.solve(a.T @ (w[:, None] * a) + np.eye(a.shape[1]), a.T @ (w * output))
    left, mean = (w * (output - a @ c) ** 2).sum(), (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - left / (w * (output - mean) ** 2).sum()}


@lime.right
def _(masks, output, width):
    root = np.sqrt(np.exp(-0.5 * ((1 - masks).mean(1) / width) ** 2))
    a = np.c_[masks, np.ones(len(masks))]
    c, *_ = np.linalg.lstsq(a * root[:, None], output * root, rcond=None)
    residual, mean = output - a @ c, np.average(output, weights=root**2)
    return {"r2": 1 - np.average(residual**2, weights=root**2) / np.average((output - mean) ** 2, weights=root**2), "coefficients": c[:-1]}


@lime.right
def _(masks, output, width):
    from sklearn.linear_model import LinearRegression

    w = np.exp(-((1 - masks.mean(1)) ** 2) / (2 * width * width))
    model = LinearRegression().fit(masks, output, sample_weight=w)
    return {"coefficients": model.coef_, "r2": model.score(masks, output, sample_weight=w)}


@lime.right
def _(masks, output, width):
    m, y = torch.as_tensor(masks), torch.as_tensor(output)
    w = torch.exp(-((1 - m).mean(1) ** 2) / (2 * width**2))
    w = w / w.sum()
    centred, target = m - w @ m, y - w @ y
    c = torch.linalg.solve(centred.T @ (w[:, None] * centred), centred.T @ (w * target))
    return {"coefficients": c, "r2": 1 - (w * (target - centred @ c) ** 2).sum() / (w * target**2).sum()}


claim = judged({"follows": T("follows", "能得出"), "not": T("does not follow", "不能得出")})


nb.choice(
    "claims",
    "judge",
    0.5,
    [
        claim(
            "ranks",
            "The ranks of |integrated gradients| agree at 0.99 between a trained network and one with random weights. Claim: these ranks do not show what the network has learned.",
            "|积分梯度| 的名次在训练好的网络与随机权重的网络之间一致度为 0.99。论断：这些名次并不反映网络学到了什么。",
            "follows",
            "What stays when the network forgets everything cannot come from what it learned; the input alone fixes these ranks.",
            "网络忘掉一切后仍不变的东西，不可能来自它学到的内容；这些名次由输入决定。",
        ),
        claim(
            "complete",
            "The attributions add up to the change of the logit to three digits. Claim: they show which pixels the network needs.",
            "归因之和与 logit 的变化在三位数字上相符。论断：它们指出了网络需要哪些像素。",
            "not",
            "Adding up is a check of the sum. Any split of the same total passes it.",
            "相加只检验总和。同一总和的任何分法都能通过。",
        ),
        claim(
            "attention",
            "Attention weights, permuted at random, change 5 % of the predictions. Claim: the weights of an image name the parts that decided its class.",
            "把注意力权重随机打乱，只有 5% 的预测改变。论断：一张图像的权重指出了决定其类别的部分。",
            "not",
            "If almost nothing changes with other weights, the weights did not decide.",
            "换了权重几乎什么都不变，说明决定结果的不是权重。",
        ),
        claim(
            "seeds",
            "Two networks from two seeds predict alike on 97 % of the images; their attributions have a cosine of 0.7. Claim: on these images one prediction goes with more than one explanation.",
            "两个不同随机种子的网络在 97% 的图像上预测相同，归因的余弦为 0.7。论断：在这些图像上，同一个预测可以对应不止一种解释。",
            "follows",
            "The same answers come with maps that differ: the explanation is one of a network, not of the digit.",
            "答案相同而归因图不同：解释属于网络，而不属于数字。",
        ),
    ],
    title=T("Does it follow?", "能得出吗？"),
    text=T(
        "Four results, each with a claim.\n\nWorked example: \"LIME with another seed gives other coefficients. Claim: one run of LIME holds chance.\" `'follows'`.",
        "四个结果，各附一个论断。\n\n例：“换个随机种子，LIME 的系数就不同。论断：单次 LIME 含有偶然成分。” `'follows'`。",
    ),
    hints=(
        T("Ask what else would give the same result.", "问一问：还有什么会给出同样的结果？"),
        T("A check can refute a map; passing it does not prove the map.", "检验可以推翻一张归因图；通过检验并不能证明它。"),
        T('`"complete"`: shift 1 from one pixel to another. Does the sum notice?', '`"complete"`：把 1 从一个像素移到另一个。总和看得出来吗？'),
    ),
)

nb.choice(
    "table",
    "read",
    0.5,
    [
        Value(
            "gain",
            T("By how much does integrated gradients fall earlier than brightness (a positive number)?", "积分梯度比亮度平均概率低多少（取正数）？"),
            0.049,
            0.005,
            [
                (0.372, T("That is the distance to the random order, which brightness beats as well.", "那是与随机次序的差距，而亮度也胜过随机。")),
                (0.122, T("Compare two rows: a value alone has no scale.", "要比较两行：单个值没有尺度。")),
            ],
        ),
        Item(
            "control",
            T(
                "Which of these rows is computed from the image alone, without any network, trained or not?",
                "这几行中，哪一行只由图像算出，不用任何网络，不论是否训练过？",
            ),
            "brightness",
            {
                "gradient": (T("gradient", "梯度"), T("The gradient is taken from the network.", "梯度取自网络。")),
                "brightness": (T("brightness", "亮度"), None),
                "untrained": (
                    T("integrated gradients, untrained network", "积分梯度，未训练的网络"),
                    T("It does not know the trained network, but it does look at a network.", "它不知道训练好的网络，但毕竟看了一个网络。"),
                ),
            },
        ),
    ],
    title=T("Read the deletion table", "读删除表"),
    text=T(
        """
        Pixels are set to black in the order of each map; the mean probability of the class while this goes on is (lower = the map finds earlier what matters):

        | order | mean probability |
        |---|---|
        | integrated gradients | 0.122 |
        | gradient | 0.154 |
        | brightness | 0.171 |
        | integrated gradients, untrained network | 0.477 |
        | random | 0.494 |

        Worked example: integrated gradients falls earlier than the random order by 0.372.""",
        """
        按每种归因图的次序把像素涂黑，期间类别概率的平均值如下（越低，说明越早找到要紧的像素）：

        | 次序 | 平均概率 |
        |---|---|
        | 积分梯度 | 0.122 |
        | 梯度 | 0.154 |
        | 亮度 | 0.171 |
        | 积分梯度，未训练的网络 | 0.477 |
        | 随机 | 0.494 |

        例：积分梯度比随机次序的平均概率低 0.372。""",
    ),
    hints=(
        T(
            "A method earns what it has over the best rival that knows nothing of the network.",
            "一种方法的功劳，是它胜过最好的、对网络一无所知的对手的那部分。",
        ),
        T("Difference of two rows.", "两行之差。"),
        T("`gain = 0.171 - ...`", "`gain = 0.171 - ...`"),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        In an interview you are shown a heat map that covers a tumour exactly. "So the network looks at the right place. Do you agree?"

        In four to eight sentences: what could give such a map although the network does not use the tumour, and which two checks would you run?""",
        """
        面试时给你看一张恰好覆盖肿瘤的热力图。“可见网络看对了地方。你同意吗？”

        请用四到八句话回答：网络没有用到肿瘤，为什么也可能得到这样的图？你会做哪两项检验？""",
    ),
    rubric=T(
        "Half a point: the map can follow the input (edges, brightness) and not the network, or the eye picks the fitting example; one picture is no evidence. Half a point: two checks with what would refute the map: randomised weights, deletion against a model-free order, a twin from another seed, a planted cue, other images.",
        "0.5 分：归因图可能跟随输入（边缘、亮度）而不是网络，或是挑了合适的例子；一张图不是证据。0.5 分：两项检验，并说明什么结果会推翻该图：随机化权重、与不看模型的次序比较的删除检验、另一随机种子的孪生网络、植入线索、其他图像。",
    ),
    model=T(
        """
        Not yet. A tumour is bright and has edges; many maps follow such places in any network, and for some the ranks hardly change when all weights are random. The picture may also be the best of many, and a map can lie on the tumour while the class is decided by a scanner mark.
        First I would randomise the weights layer by layer: if the map stays, it does not show what was learned. Second I would delete pixels in the order of the map and compare the fall of the probability with deletion by brightness and with a random order, on many images. A third would be images where the tumour is painted over or a mark is planted: does the prediction follow, and does the map? Until then the map is plausible, which is not the same as faithful.""",
        """
        还不能同意。肿瘤本来就亮、有边缘，许多归因图在任何网络上都会落到这种地方；有的方法在权重全部随机后，名次几乎不变。这张图也可能是许多张里最好的一张；归因图落在肿瘤上，而类别其实由扫描仪的标记决定，也是可能的。
        首先逐层随机化权重：如果图不变，它就没有反映学到的东西。其次按图的次序删除像素，在许多图像上与按亮度、按随机次序删除比较概率的下降。第三，在图像上涂掉肿瘤或植入标记：预测会不会跟着变，图会不会跟着变？在此之前，这张图只是看起来合理，并不等于忠实。""",
    ),
    samples=[
        (
            1,
            T(
                "No: bright regions get highlighted even with random weights. I'd randomise the weights (map must change) and delete pixels by the map versus by brightness over a test set.",
                "不同意：即使权重随机，亮的区域也会被标出。我会随机化权重（图必须变），并在测试集上比较按图删除与按亮度删除。",
            ),
        ),
        (
            0.5,
            T(
                "One image proves nothing, it might be cherry-picked. I would look at more images and ask a radiologist.",
                "一张图说明不了什么，可能是挑出来的。我会多看几张，并请教放射科医生。",
            ),
        ),
        (0, T("Yes, the map agrees with the doctor, so the network is trustworthy.", "同意，图与医生一致，所以网络可信。")),
    ],
    hints=(
        T("Which parts of the picture would stand out without any network?", "没有网络时，图中哪些部分也会突出？"),
        T("Faithful to the network, or plausible to the eye?", "是忠实于网络，还是看起来合理？"),
        T('"Not yet: a tumour is bright, and ..."', "“还不能同意：肿瘤很亮，……”"),
    ),
)
