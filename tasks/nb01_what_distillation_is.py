"""Graded notebook 01."""

import numpy as np

from tasks.form import Item, Notebook, T, Value, distributions, judged

nb = Notebook(
    slug="01-what-distillation-is",
    chapter="foundations/what-distillation-is",
    title=T("What distillation is", "什么是知识蒸馏"),
    about=T("On the chapter *What distillation is*.", "对应章节《什么是知识蒸馏》。"),
    minutes=50,
)

statement = judged({"always": T("always", "总是"), "sometimes": T("sometimes", "有时"), "never": T("never", "从不")})


nb.choice(
    "statements",
    "judge",
    0.25,
    [
        statement(
            "smaller",
            "The student has fewer parameters than the teacher.",
            "学生模型的参数比教师模型少。",
            "sometimes",
            "Born-again networks distil into a student of the same size, and noisy student into a larger one.",
            "born-again networks 蒸馏到同样大小的学生模型，noisy student 的学生模型甚至更大。",
        ),
        statement(
            "updated",
            "In the classical, offline form the teacher's weights change while the student is trained.",
            "在经典的离线形式中，训练学生模型时教师模型的权重也在变。",
            "never",
            "Offline means: trained before, frozen, not in the optimiser. Online distillation is another form.",
            "离线就是：事先训练好、冻结、不进优化器。在线蒸馏是另一种形式。",
        ),
        statement(
            "compress",
            "With a fixed student architecture, distillation in place of training on labels makes the student's file smaller.",
            "学生模型结构不变，用蒸馏代替硬标签训练，会让学生模型的文件变小。",
            "never",
            "Distillation changes the targets of the training. The size comes from the choice of the student.",
            "蒸馏改变的是训练目标；文件大小由选什么学生模型决定。",
        ),
        statement(
            "better",
            "The distilled student is more accurate than the same student trained on labels.",
            "蒸馏出的学生模型比同一学生模型用硬标签训练更准确。",
            "sometimes",
            "The chapter has arms that gain, arms that lose and arms without a difference.",
            "本章既有变好的实验组，也有变差的和看不出差别的。",
        ),
        statement(
            "labels",
            "The loss of a distillation uses labels of the inputs on which the student learns.",
            "蒸馏的损失要用到学生模型学习所用输入的标签。",
            "sometimes",
            "Only the hard term needs them: with weight 1 on the soft term any inputs will do.",
            "只有硬标签项需要标签；软目标项的权重为 1 时，无标签的输入就够了。",
        ),
        statement(
            "layers",
            "A loss on the outputs can be computed only if teacher and student are the same kind of network.",
            "只有教师模型与学生模型是同一类网络，才能计算基于输出的损失。",
            "never",
            "The loss sees probabilities over the same classes and nothing of what made them: a forest can be the teacher.",
            "损失只看到同一组类别上的概率，看不到它们从哪里来：随机森林也能当教师模型。",
        ),
        statement(
            "calibrated",
            "A soft target is a calibrated probability.",
            "软目标就是校准好的概率。",
            "sometimes",
            "Soft means spread over the classes. Whether the numbers match frequencies must be measured.",
            "“软”只表示分布在多个类别上；这些数是否与频率相符，要测了才知道。",
        ),
        statement(
            "temperature",
            "As the student was trained at T = 4, its probabilities have to be computed at T = 4 when it is used.",
            "学生模型是在 T = 4 下训练的，所以使用时也必须在 T = 4 下计算概率。",
            "never",
            "The temperature of the loss is no calibration. In use T = 1, or a value fitted on validation data, whatever T the training had.",
            "损失函数的温度不是校准。使用时取 T = 1，或取在验证集上拟合的值，与训练时的 T 无关。",
        ),
    ],
    title=T("Always, sometimes, never", "总是、有时、从不"),
    text=T(
        """
        Eight statements that one reads about distillation. Decide for each whether it is true always, sometimes or never.

        Worked example: "The student learns from outputs of another model" is `'always'`: that is what the word means.""",
        """
        关于知识蒸馏常见的八种说法。请判断每一条是总是成立、有时成立，还是从不成立。

        例：“学生模型从另一个模型的输出中学习”是 `'always'`：这正是这个词的含义。""",
    ),
    hints=(
        T(
            "One counterexample turns *always* into *sometimes*, one example turns *never* into *sometimes*.",
            "一个反例就把“总是”变成“有时”，一个实例就把“从不”变成“有时”。",
        ),
        T(
            "Split distillation into four choices: which outputs, which inputs, which student, which loss. Only the first belongs to the definition.",
            "把蒸馏拆成四个选择：哪些输出、哪些输入、哪个学生模型、什么损失。只有第一个属于定义。",
        ),
        T(
            'Start with `"labels"`: what does the loss look like with weight 0 on the hard term?',
            '先看 `"labels"`：硬标签项权重为 0 时，损失是什么样？',
        ),
    ),
)

mix = nb.code(
    "mixed-target",
    "implement",
    (1, 1),
    title=T("One mixed target", "合成一个目标"),
    text=T(
        r"""
        At $T=1$ the two terms of the loss are one cross-entropy, up to a constant that does not depend on the student, against the target $\alpha\,p+(1-\alpha)\,y$, where $p$ are the teacher's probabilities and $y$ the one-hot labels.
        Write the function that makes this target for each row.

        Small example: $p=(0.6, 0.4)$, label 1 and $\alpha=0.75$ give $(0.45, 0.55)$.""",
        r"""
        当 $T=1$ 时，损失的两项合起来就是一个交叉熵，只差一个与学生模型无关的常数，其目标是 $\alpha\,p+(1-\alpha)\,y$；$p$ 是教师模型的概率，$y$ 是 one-hot 标签。
        请写出逐行构造这个目标的函数。

        小例子：$p=(0.6, 0.4)$、标签为 1、$\alpha=0.75$，得到 $(0.45, 0.55)$。""",
    ),
    hints=(
        T("A label is a distribution as well: all its mass lies on one class.", "标签也是一个分布：全部概率都在一个类别上。"),
        T(r"$\alpha$ weights the **soft** part. The rows of the result sum to 1.", r"$\alpha$ 是**软**目标的权重。结果每行之和为 1。"),
        T("`one_hot = np.eye(teacher_probs.shape[1])[target]`", "`one_hot = np.eye(teacher_probs.shape[1])[target]`"),
    ),
)


@mix.solution
def mixed_target(teacher_probs, target, alpha):
    """alpha * teacher + (1 - alpha) * one-hot label.

    teacher_probs: array (N, C), rows sum to 1; target: int array (N,); alpha: float in [0, 1].
    Returns (N, C). mixed_target([[0.6, 0.4]], [1], 0.75) is [[0.45, 0.55]].
    """
    one_hot = np.eye(teacher_probs.shape[1])[target]
    return alpha * teacher_probs + (1 - alpha) * one_hot


mix.example("example", "例子", np.array([[0.6, 0.4]]), np.array([1]), 0.75)


@mix.draw
def _(rng):
    n, c = int(rng.integers(2, 5)), int(rng.integers(3, 6))
    return distributions(rng, 1.0, c, (n,)), rng.integers(0, c, n), round(float(rng.uniform(0.1, 0.9)), 2)


mix.script(
    "hidden",
    """
    for _alpha, _row in ((0.0, [0, 1, 0]), (1.0, [0.5, 0.2, 0.3])):
        check(T(f"mixed_target (alpha = {_alpha:.0f})", f"mixed_target（alpha = {_alpha:.0f}）"), mixed_target(np.array([[0.5, 0.2, 0.3]]), np.array([1]), _alpha), [_row])
    """,
)
mix.swap(
    "alpha weights the soft part: the two weights are exchanged.",
    "alpha 是软目标的权重：两个权重弄反了。",
    ("alpha * t", "(1 - alpha) * t"),
    ("+ (1 - alpha)", "+ alpha"),
)
mix.swap(
    "The two parts are added without weights: the rows must sum to 1.",
    "两部分相加时没有加权：每行之和应为 1。",
    ("alpha * t", "t"),
    ("(1 - alpha) * ", ""),
)
mix.swap("The label is missing: its weight is 1 - alpha.", "缺了标签：它的权重是 1 - alpha。", (" + (1 - alpha) * one_hot", ""))
mix.swap("The teacher is missing: its weight is alpha.", "缺了教师模型：它的权重是 alpha。", ("alpha * teacher_probs + ", ""))
mix.swap("Only the label is weighted: the teacher's part needs the weight alpha.", "只给标签加了权：教师部分也要乘 alpha。", ("alpha * t", "t"))
mix.swap(
    "Only the teacher is weighted: the label's part needs the weight 1 - alpha.", "只给教师部分加了权：标签也要乘 1 - alpha。", ("(1 - alpha) * ", "")
)


@mix.wrong("A softmax was applied to probabilities.", "对概率又做了一次 softmax。")
def _(teacher_probs, target, alpha):
    soft = np.exp(teacher_probs) / np.exp(teacher_probs).sum(1, keepdims=True)
    return alpha * soft + (1 - alpha) * np.eye(teacher_probs.shape[1])[target]


@mix.wrong("The teacher's most likely class was used in place of its probabilities.", "用的是教师模型最可能的类别，而不是它的概率。")
def _(teacher_probs, target, alpha):
    eye = np.eye(teacher_probs.shape[1])
    return alpha * eye[teacher_probs.argmax(1)] + (1 - alpha) * eye[target]


@mix.right
def _(teacher_probs, target, alpha):
    out = np.array(teacher_probs, dtype=float) * alpha
    for row, k in enumerate(target):
        out[row, k] += 1 - alpha
    return out


@mix.right
def _(teacher_probs, target, alpha):
    p = torch.as_tensor(teacher_probs)
    hard = torch.nn.functional.one_hot(torch.as_tensor(target), p.shape[1]).float()
    return torch.lerp(hard, p.float(), alpha)


@mix.right
def _(teacher_probs, target, alpha):
    classes = range(len(teacher_probs[0]))
    return [[alpha * float(p[j]) + (1 - alpha) * (j == int(k)) for j in classes] for p, k in zip(teacher_probs, target)]


shared = nb.code(
    "shared-errors",
    "implement",
    (1, 1),
    title=T("The teacher's mistakes", "教师模型的错误"),
    text=T(
        """
        Agreement with the teacher is high for any good student, because both are mostly right.
        A sharper question: of the images which the teacher gets **wrong**, for what share does the student give the **same** wrong answer?
        If the teacher makes no mistake there is nothing to share: raise a `ValueError`.

        Small example: labels 0 1 2 2, teacher 0 2 1 1, student 0 2 2 1. The teacher errs on three rows, the student repeats two of them: 0.6667.""",
        """
        任何好的学生模型与教师模型的一致率都高，因为两者大多都对。
        更尖锐的问题是：在教师模型**答错**的图像中，学生模型给出**同一个**错误答案的比例是多少？
        如果教师模型没有错误，就无从谈起：请抛出 `ValueError`。

        小例子：标签 0 1 2 2，教师 0 2 1 1，学生 0 2 2 1。教师模型错了三行，学生模型重复了其中两行：0.6667。""",
    ),
    hints=(
        T("First choose the rows, then count.", "先选出行，再计数。"),
        T(r"$P(\text{student}=\text{teacher}\mid\text{teacher}\neq\text{label})$.", r"$P(\text{学生}=\text{教师}\mid\text{教师}\neq\text{标签})$。"),
        T("`wrong = teacher != target`", "`wrong = teacher != target`"),
    ),
)


@shared.solution
def shared_errors(teacher, student, target):
    """Share of the teacher's errors that the student repeats with the same class.

    teacher, student, target: int arrays (N,) of classes.
    Returns a float in [0, 1]; ValueError if the teacher makes no error.
    """
    wrong = teacher != target
    if not wrong.any():
        raise ValueError("the teacher makes no error")
    return (student[wrong] == teacher[wrong]).mean()


shared.example("example", "例子", np.array([0, 2, 1, 1]), np.array([0, 2, 2, 1]), np.array([0, 1, 2, 2]))
shared.example("no error is shared", "没有共同的错误", np.array([1, 0, 2]), np.array([0, 1, 2]), np.array([0, 1, 2]))


@shared.draw
def _(rng):
    target = rng.integers(0, 4, 24)
    teacher = np.where(rng.random(24) < 0.5, target, rng.integers(0, 4, 24))
    student = np.where(rng.random(24) < 0.5, teacher, rng.integers(0, 4, 24))
    teacher[0], student[0], student[1], teacher[1] = (target[0] + 1) % 4, (target[0] + 1) % 4, (target[1] + 2) % 4, (target[1] + 1) % 4
    return teacher, student, target


shared.script(
    "hidden",
    """
    refuses(
        "shared_errors",
        lambda: shared_errors(np.array([1, 0]), np.array([0, 0]), np.array([1, 0])),
        T("a teacher without errors must give a ValueError, not a number", "教师模型没有错误时应抛出 ValueError，而不是返回一个数"),
    )
    """,
)
shared.swap(
    "That is the plain agreement: only rows that the teacher gets wrong count.",
    "这是普通的一致率：只有教师模型答错的行才算。",
    ("(student[wrong] == teacher[wrong])", "(student == teacher)"),
)
shared.swap(
    "Divided by all rows: divide by the number of the teacher's errors.",
    "除以了全部行数：应除以教师模型的错误数。",
    ("(student[wrong] == teacher[wrong]).mean()", "(wrong & (student == teacher)).mean()"),
)
shared.swap(
    "The student must give the same wrong class, not just any wrong class.",
    "学生模型要给出同一个错误类别，而不是随便一个错误类别。",
    ("== teacher[wrong]", "!= target[wrong]"),
)
shared.swap("That is the share for which the student is right.", "这是学生模型答对的比例。", ("== teacher[wrong]", "== target[wrong]"))
shared.swap(
    "The condition is the teacher's error, not the student's.",
    "条件是教师模型答错，而不是学生模型答错。",
    ("wrong = teacher != target", "wrong = student != target"),
)
shared.swap(
    "Turned round: these are the rows that the teacher gets right.",
    "反了：这是教师模型答对的那些行。",
    ("wrong = teacher != target", "wrong = teacher == target"),
    ("if not", "if False and not"),
)
shared.swap(
    "The complement: the share that the student does not repeat.", "算反了：这是学生模型没有重复的比例。", ("== teacher[wrong]", "!= teacher[wrong]")
)
shared.swap(
    "a teacher without errors must give a ValueError, not a number",
    "教师模型没有错误时应抛出 ValueError，而不是返回一个数",
    ('raise ValueError("the teacher makes no error")', "return 0.0"),
    fails="hidden",
)


@shared.right
def _(teacher, student, target):
    rows = [i for i in range(len(target)) if teacher[i] != target[i]]
    if not rows:
        raise ValueError
    return sum(int(student[i]) == int(teacher[i]) for i in rows) / len(rows)


@shared.right
def _(teacher, student, target):
    t, s, y = (torch.as_tensor(v) for v in (teacher, student, target))
    errors = (t != y).sum()
    if errors == 0:
        raise ValueError("nothing to share")
    return ((t != y) & (s == t)).sum() / errors


@shared.right
def _(teacher, student, target):
    teacher_wrong = np.asarray(teacher) != np.asarray(target)
    if teacher_wrong.sum() == 0:
        raise ValueError
    return float(np.average(np.asarray(student) == np.asarray(teacher), weights=teacher_wrong))


CITED = {
    "as cited": (
        T("the record confirms it", "与记录相符"),
        T("Compare authors, year and identifier one by one: something differs.", "请逐一比对作者、年份和编号：有不同之处。"),
    ),
    "mended": (
        T("a real paper, with a wrong detail", "论文存在，但有一处细节错误"),
        T("Compare authors, year and identifier one by one.", "请逐一比对作者、年份和编号。"),
    ),
    "another": (
        T("the identifier belongs to another paper", "编号属于另一篇论文"),
        T("Look at what stands under the identifier.", "看看这个编号下是什么。"),
    ),
    "off topic": (
        T("right as cited, but it does not support the claim", "引用无误，但不支持那个论断"),
        T("Does the paper say anything about the claim?", "这篇论文谈到那个论断了吗？"),
    ),
}


def reference(key, en, zh, right):
    return Item(key, T(en, zh), right, {code: (text, None if code == right else message) for code, (text, message) in CITED.items()})


nb.choice(
    "references",
    "judge",
    0.5,
    [
        reference(
            "belief",
            "Cited: Hinton, Osindero and Salakhutdinov (2006), *A fast learning algorithm for deep belief nets*, Neural Computation 18(7). Record: Hinton, Osindero, Teh; 2006; the same title and journal.",
            "引用：Hinton, Osindero, Salakhutdinov（2006），*A fast learning algorithm for deep belief nets*，Neural Computation 18(7)。记录：Hinton, Osindero, Teh；2006；题名与期刊相同。",
            "mended",
        ),
        reference(
            "survey",
            "Cited: Li, Wen and Xia (2016), a survey of deep learning for language, arXiv:1607.01759. Record of 1607.01759: Joulin, Grave, Bojanowski, Mikolov, *Bag of Tricks for Efficient Text Classification*.",
            "引用：Li, Wen, Xia（2016），自然语言深度学习综述，arXiv:1607.01759。1607.01759 的记录：Joulin, Grave, Bojanowski, Mikolov，*Bag of Tricks for Efficient Text Classification*。",
            "another",
        ),
        reference(
            "distilling",
            'Cited for "soft targets carry more information than labels": Hinton, Vinyals and Dean (2015), *Distilling the Knowledge in a Neural Network*, arXiv:1503.02531. Record: the same; the paper speaks of what soft targets carry.',
            "为“软目标比标签包含更多信息”引用：Hinton, Vinyals, Dean（2015），*Distilling the Knowledge in a Neural Network*，arXiv:1503.02531。记录：相同；论文谈的正是软目标所含的信息。",
            "as cited",
        ),
        reference(
            "residual",
            'Cited for "distillation is used in vision": He, Zhang, Ren and Sun (2016), *Deep Residual Learning for Image Recognition*. Record: the same; the paper presents an architecture.',
            "为“知识蒸馏用于视觉”引用：He, Zhang, Ren, Sun（2016），*Deep Residual Learning for Image Recognition*。记录：相同；论文提出的是一种网络结构。",
            "off topic",
        ),
    ],
    title=T("References against their records", "对照记录检查参考文献"),
    text=T(
        """
        Four references as texts on distillation give them, each with the public record. What is the matter with each?

        Worked example: title and authors right, year 2014 where the record says 2015: `'mended'`.""",
        """
        知识蒸馏文章里的四条参考文献，各附公开记录。各属于哪种情况？

        例：题名与作者都对，年份写 2014，而记录是 2015：`'mended'`。""",
    ),
    hints=(
        T(
            "A reference has two duties: to exist as written, and to support the sentence it stands behind.",
            "参考文献要做到两点：确实如所写那样存在，并支持所在的句子。",
        ),
        T("Check the identifier first, then authors, title, year, then the claim.", "先查编号，再查作者、题名、年份，最后查论断。"),
        T('`"belief"`: compare the third author.', '`"belief"`：比较第三作者。'),
    ),
)

nb.choice(
    "table",
    "read",
    0.25,
    [
        Value(
            "gain",
            T("The gain by distillation, in points.", "蒸馏带来的提升（个百分点）。"),
            1.2,
            0.05,
            [
                (
                    -3.7,
                    T(
                        "That is the distance to the teacher: compare with the student on labels.",
                        "那是与教师模型的差距：应与硬标签训练的学生模型比较。",
                    ),
                ),
                (1.3, T("In points, not in per cent of the baseline.", "按个百分点算，不是相对基线的百分比。")),
            ],
        ),
        Value(
            "recovered",
            T("The share of the gap to the teacher that distillation closes, from 0 to 1.", "蒸馏弥补了与教师模型差距的多大比例（0 到 1）。"),
            0.245,
            0.01,
            [
                (0.962, T("That is the ratio of the accuracies: it is near 1 for any student.", "那是准确率之比：对任何学生模型都接近 1。")),
                (0.755, T("That is what remains of the gap.", "那是剩下的差距。")),
                (
                    0.324,
                    T("Divide by the whole gap, from the student on labels to the teacher.", "应除以全部差距：从硬标签训练的学生模型到教师模型。"),
                ),
            ],
        ),
        Item(
            "size",
            T("What changes from the second to the third row?", "从第二行到第三行，变化的是什么？"),
            "accuracy",
            {
                "accuracy": (T("accuracy only", "只有准确率"), None),
                "size": (
                    T("accuracy and size", "准确率和大小"),
                    T("The column says 13,258 in both rows: the architecture is the same.", "两行的参数都是 13,258：结构相同。"),
                ),
                "speed": (T("accuracy and speed", "准确率和速度"), T("The same architecture takes the same time.", "结构相同，用时也相同。")),
            },
        ),
        Item(
            "who",
            T("Which comparison shows what distillation did?", "哪个比较能说明蒸馏的作用？"),
            "3 - 2",
            {
                "3 - 2": (T("row 3 against row 2", "第三行对第二行"), None),
                "3 - 1": (
                    T("row 3 against row 1", "第三行对第一行"),
                    T("Student and teacher differ in size as well.", "学生模型与教师模型的大小也不同。"),
                ),
                "2 - 1": (T("row 2 against row 1", "第二行对第一行"), T("Neither of the two was distilled.", "这两行都没有蒸馏。")),
            },
        ),
    ],
    title=T("Read the table", "读表"),
    text=T(
        """
        | row | model | parameters | test accuracy, % |
        |---|---|---|---|
        | 1 | teacher | 43,082 | 97.2 |
        | 2 | student, labels | 13,258 | 92.3 |
        | 3 | student, distilled | 13,258 | 93.5 |

        Worked example: the teacher's lead over the student on labels is 4.9 points.""",
        """
        | 行 | 模型 | 参数 | 测试准确率（%） |
        |---|---|---|---|
        | 1 | 教师模型 | 43,082 | 97.2 |
        | 2 | 学生模型，硬标签 | 13,258 | 92.3 |
        | 3 | 学生模型，蒸馏 | 13,258 | 93.5 |

        例：教师模型领先硬标签训练的学生模型 4.9 个百分点。""",
    ),
    hints=(
        T("What would have happened without distillation? One row says so.", "不蒸馏会怎样？有一行就是答案。"),
        T("Share of the gap: (distilled − labels) / (teacher − labels).", "弥补的比例：（蒸馏 − 硬标签）/（教师 − 硬标签）。"),
        T("`gain = 93.5 - ...`", "`gain = 93.5 - ...`"),
    ),
)

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A colleague says: "We distilled the model, so it is four times smaller and just as good." His student has a quarter of the teacher's parameters and 0.4 points less accuracy.

        In four to eight sentences: which part of this did distillation do, what is missing to say so, and what would you measure?""",
        """
        一位同事说：“我们做了蒸馏，所以模型只有原来的四分之一大，而且一样好。”他的学生模型的参数是教师模型的四分之一，准确率低 0.4 个百分点。

        请用四到八句话回答：其中哪一部分是蒸馏的功劳，还缺什么才能下结论，你会测什么？""",
    ),
    rubric=T(
        "Half a point: the size comes from the choice of the smaller student, not from distillation. Half a point: the control is missing, that is the same student trained on labels with the same data and budget, over several seeds.",
        "0.5 分：变小来自选了较小的学生模型，而不是蒸馏。0.5 分：缺少对照，即同一学生模型、同样的数据与训练预算、用硬标签训练，并用多个随机种子。",
    ),
    model=T(
        """
        The student is four times smaller because a smaller network was chosen; it would be as small after training on labels. What distillation can change is the accuracy of that student.
        Whether it did cannot be seen from a comparison with the teacher. The same small network must be trained on labels, with the same data, augmentation, number of steps and tuning, for several seeds. The paired difference between the two students, with its standard error, is the effect of distillation. A student on smoothed labels would be a second control. "Just as good" also needs more than the mean accuracy: the worst class and the calibration may have changed.""",
        """
        学生模型只有四分之一大，是因为选了较小的网络；用硬标签训练它也一样小。蒸馏能改变的是这个学生模型的准确率。
        是否真的改变了，从与教师模型的比较中看不出来。应当用同样的数据、增强、步数和调参，在多个随机种子上用硬标签训练同一个小网络。两种学生模型的配对差及其标准误，才是蒸馏的效果。用标签平滑训练的学生模型可作第二个对照。“一样好”也不能只看平均准确率：最差的类别和校准都可能变了。""",
    ),
    samples=[
        (
            1,
            T(
                "Smaller: that is the architecture. Good: nobody knows, since the small net without a teacher was not trained. Train it on the labels, five seeds, and compare.",
                "小是结构决定的。好不好不知道，因为没有训练不带教师的小网络。用标签训练它，五个种子，再比较。",
            ),
        ),
        (
            0.5,
            T(
                "Distillation made it smaller. To be sure that 0.4 points are no accident he should repeat it with the student on labels for several seeds.",
                "蒸馏让它变小。要确定 0.4 个百分点不是偶然，应当用多个种子与硬标签训练的学生模型比较。",
            ),
        ),
        (0, T("He should measure the latency too and use a higher temperature.", "还应测延迟，并提高温度。")),
    ],
    hints=(
        T("Which of the two properties would the student have without a teacher?", "没有教师模型，学生模型还会有这两个性质中的哪一个？"),
        T("Effect = distilled − the same student on labels.", "效果 = 蒸馏 − 同一学生模型用硬标签训练。"),
        T('"The size comes from ..."', "“变小来自……”"),
    ),
)
