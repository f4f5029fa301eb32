"""Graded notebook 13."""

import numpy as np

from tasks.form import Case, CodeTask, Data, Item, Notebook, T, Value, answer_of

nb = Notebook(
    slug="13-applications",
    chapter="practice/applications",
    title=T("Applications, limits and open problems", "应用、局限与未解决的问题"),
    about=T("On the chapter *Applications, limits and open problems*.", "对应章节《应用、局限与未解决的问题》。"),
    minutes=70,
)


def telling(task: CodeTask):
    """Cases for a task in which no wrong answer gives the right value by chance, and which tell the wrong ones from each other if they can."""

    def keep(draw):
        @task.draw
        def _(rng):
            names, best, most = nb.namespace(), None, 0
            sources = [task.source, *(answer.source for answer in task.wrongs if "hidden" in answer.fails)]
            causes = len({answer.cause for answer in task.wrongs if "hidden" in answer.fails})
            for tried in range(10_000):
                arguments = draw(rng)
                values = [answer_of(source, task.function, Case(T("", ""), arguments), names) for source in sources]
                if any(not isinstance(value, Exception) and names["same"](value, values[0], task.rtol) for value in values[1:]):
                    continue
                distinct = len({repr(value) for value in values[1:]})
                if distinct > most:
                    best, most = arguments, distinct
                if most == causes or tried >= 20:
                    return best
            raise ValueError(f"{task.name}: each case drawn lets a wrong answer pass")

    return keep


# ------------------------------------------------------------------ 1

cascade_task = nb.code(
    "cascade",
    "implement",
    (1, 1),
    title=T("A cascade with a fixed threshold", "固定阈值的级联"),
    text=T(
        r"""
        The student answers what it is sure of and passes the rest on to the teacher. The chapter passes on a given share of the **test** images.
        In use there is no test set to sort: the threshold is fixed on **validation** images, and the share of calls then moves with the inputs.

        The confidence of the student is its largest softmax probability, at $T=1$. With $M$ validation images and a wanted share $s$ (so that $k=sM$ is a whole number), the threshold is the $k$-th smallest validation confidence.
        On the test images the teacher answers wherever the student's confidence is **at or below** the threshold; everywhere else the student's class stands.
        Return the threshold, the share of test images for which the teacher was called, and the accuracy of the two together. Shares lie between 0 and 1.

        Small example: validation confidences 0.95, 0.74, 0.85, 0.99 and $s=0.25$ give the threshold 0.74. The student's logits (2, 0), (0, 1), (0.5, 0), (0, 3) have the confidences 0.88, 0.73, 0.62, 0.95: the two in the middle are passed on, a share of 0.5 and not 0.25.
        The student says 0 1 0 1, the teacher 0 0 1 0, together they say 0 0 1 1. With the labels 0 0 1 0 the accuracy is 0.75.""",
        r"""
        学生模型有把握就自己回答，没把握的转交给教师模型。本章是按给定比例转交**测试**图像。
        实际使用时没有测试集可供排序：阈值在**验证**图像上定好，此后的调用比例随输入而变。

        学生模型的置信度是它最大的 softmax 概率，取 $T=1$。设有 $M$ 张验证图像，希望转交的比例为 $s$（$k=sM$ 是整数），阈值就是第 $k$ 小的验证置信度。
        在测试图像上，学生模型的置信度**小于或等于**阈值时由教师模型回答，否则采用学生模型的类别。
        请返回阈值、调用教师模型的测试图像所占的比例，以及两者合起来的准确率。比例都在 0 到 1 之间。

        小例子：验证置信度为 0.95、0.74、0.85、0.99，$s=0.25$，阈值为 0.74。学生模型的 logits (2, 0)、(0, 1)、(0.5, 0)、(0, 3) 对应的置信度为 0.88、0.73、0.62、0.95：中间两张转交，比例是 0.5，而不是 0.25。
        学生模型回答 0 1 0 1，教师模型回答 0 0 1 0，合起来是 0 0 1 1。标签为 0 0 1 0，准确率为 0.75。""",
    ),
    hints=(
        T(
            "Three steps: a number from the validation images, a yes or no for each test image, then one list of answers.",
            "三步：从验证图像得到一个数，对每张测试图像判断转交与否，再合成一列答案。",
        ),
        T(
            r"asked $=[\max_c \mathrm{softmax}(z)_c \le \text{threshold}]$; answer = teacher where asked, else $\arg\max_c z_c$.",
            r"转交 $=[\max_c \mathrm{softmax}(z)_c \le \text{阈值}]$；转交的取教师模型的类别，其余取 $\arg\max_c z_c$。",
        ),
        T("`k = round(share * len(validation_confidence))`", "`k = round(share * len(validation_confidence))`"),
    ),
)


@cascade_task.solution
def cascade(validation_confidence, student_logits, teacher, target, share):
    """Student and teacher together, the threshold fixed on validation images.

    validation_confidence: array (M,), the student's largest probability for each validation image;
    student_logits: array (N, C) of the test images; teacher, target: int arrays (N,) of classes;
    share: float, the share of validation images to pass on; share * M is a whole number from 1 to M - 1.
    Returns {"threshold": float, "calls": share of test images passed on, "accuracy": share right}.
    cascade([0.95, 0.74, 0.85, 0.99], [[2, 0], [0, 1], [0.5, 0], [0, 3]], [0, 0, 1, 0], [0, 0, 1, 0], 0.25)
    is {"threshold": 0.74, "calls": 0.5, "accuracy": 0.75}.
    """
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[k - 1]
    odds = np.exp(student_logits - student_logits.max(1, keepdims=True))
    confidence = (odds / odds.sum(1, keepdims=True)).max(1)
    asked = confidence <= threshold
    answers = np.where(asked, teacher, student_logits.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": (answers == target).mean()}


cascade_task.example(
    "exactly at the threshold",
    "恰好等于阈值",
    np.array([0.5, 0.9, 0.8, 0.7]),
    np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [3.0, 0.0]]),
    np.array([1, 0, 1, 0]),
    np.array([1, 0, 1, 0]),
    0.25,
)
cascade_task.example(
    "nothing is passed on",
    "没有转交",
    np.array([0.51, 0.9, 0.8, 0.7]),
    np.array([[3.0, 0.0], [0.0, 3.0], [0.0, 2.0]]),
    np.array([1, 1, 0]),
    np.array([0, 0, 1]),
    0.25,
)
cascade_task.example(
    "0.58 of 50",
    "50 的 0.58",
    Data("np.arange(1, 51) / 50"),
    np.array([[0.3, 0.0], [0.0, 0.2], [0.0, 2.0]]),
    np.array([1, 1, 0]),
    np.array([0, 0, 1]),
    0.58,
)
cascade_task.example(
    "example",
    "例子",
    np.array([0.95, 0.74, 0.85, 0.99]),
    np.array([[2.0, 0.0], [0.0, 1.0], [0.5, 0.0], [0.0, 3.0]]),
    np.array([0, 0, 1, 0]),
    np.array([0, 0, 1, 0]),
    0.25,
)


@telling(cascade_task)
def _(rng):
    while True:
        logits, target = rng.normal(0, 1.2, (8, 3)), rng.integers(0, 3, 8)
        logits[np.arange(8), target] += 0.8
        logits = logits.round(2)
        validation = rng.uniform(0.4, 0.98, 8).round(3)
        odds = np.exp(logits)
        confidence = (odds / odds.sum(1, keepdims=True)).max(1)
        values = np.sort(np.r_[validation, confidence])
        if (values[1:] - values[:-1]).min() > 0.003:  # no ties
            teacher = np.where(rng.random(8) < 0.7, target, rng.integers(0, 3, 8))
            return validation, logits, teacher, target, float(rng.choice([0.25, 0.375, 0.625]))


cascade_task.swap(
    "The threshold was taken from the test images. In use only the validation images are there to set it.",
    "阈值取自测试图像。实际使用时只能用验证图像来定阈值。",
    ("    k = round(share * len(validation_confidence))\n    threshold = np.sort(validation_confidence)[k - 1]\n", ""),
    (".max(1)\n    asked", ".max(1)\n    threshold = np.sort(confidence)[round(share * len(confidence)) - 1]\n    asked"),
)
cascade_task.swap(
    "One place too far: the k-th smallest value has the index k - 1.",
    "多数了一位：第 k 小的值下标是 k - 1。",
    ("[k - 1]", "[k]"),
)
cascade_task.swap(
    "0.58 * 50 is 28.999999999999996 in floating point, and int cuts that off to 28: use round.",
    "浮点数中 0.58 * 50 是 28.999999999999996，int 会截断成 28：请用 round。",
    ("round(share", "int(share"),
    fails="visible",
)
cascade_task.swap(
    "np.quantile interpolates between two values. The threshold is one of the validation confidences.",
    "np.quantile 在两个值之间插值。阈值应当就是某一个验证置信度。",
    ("np.sort(validation_confidence)[k - 1]", "np.quantile(validation_confidence, share)"),
)
cascade_task.swap(
    "Counted from the top: the least confident images are passed on, so count from the smallest.",
    "从大的一端数了：转交的是最没把握的图像，应从最小的数起。",
    ("np.sort(validation_confidence)[k - 1]", "np.sort(validation_confidence)[-k]"),
)
cascade_task.swap(
    "The teacher was asked where the student is sure. Turn the comparison round.",
    "转交的是学生模型有把握的图像。比较的方向反了。",
    ("confidence <= threshold", "confidence > threshold"),
)
cascade_task.swap(
    "The largest logit is no probability: apply the softmax first.",
    "最大的 logit 不是概率：先做 softmax。",
    ("confidence = (odds / odds.sum(1, keepdims=True)).max(1)", "confidence = student_logits.max(1)"),
)
cascade_task.swap(
    "The softmax was taken over the images: each row is to sum to 1.",
    "softmax 沿图像这一维做了：应使每一行之和为 1。",
    ("odds.sum(1, keepdims=True)", "odds.sum(0)"),
)
cascade_task.swap(
    "The probability of the label was used. In use the label is not known; take the largest probability.",
    "用了标签那一类的概率。实际使用时不知道标签，应取最大的概率。",
    ("(odds / odds.sum(1, keepdims=True)).max(1)", "(odds / odds.sum(1, keepdims=True))[np.arange(len(target)), target]"),
)
cascade_task.swap(
    "That is the accuracy of the student alone: put the teacher's class where it was asked.",
    "这是学生模型单独的准确率：转交的图像应换成教师模型的类别。",
    ("np.where(asked, teacher, student_logits.argmax(1))", "student_logits.argmax(1)"),
)
cascade_task.swap(
    "That is the accuracy of the teacher alone: where the student is sure, its own class stands.",
    "这是教师模型单独的准确率：学生模型有把握时应采用它自己的类别。",
    ("np.where(asked, teacher, student_logits.argmax(1))", "teacher"),
)
cascade_task.swap(
    "Only the images that the student keeps were counted. The accuracy is over all test images.",
    "只统计了学生模型自己回答的图像。准确率应对全部测试图像计算。",
    ("(answers == target).mean()}", "(answers == target)[~asked].mean()}"),
)
cascade_task.swap(
    "An image counted as right if either model had it right. Where the teacher is asked, only its answer counts.",
    "只要有一个模型答对就算对了。转交之后只看教师模型的回答。",
    ("(answers == target).mean()}", "((answers == target) | (student_logits.argmax(1) == target)).mean()}"),
)
cascade_task.swap(
    "The calls are a share of the test images, not a count.",
    "calls 是测试图像中的比例，不是个数。",
    ("asked.mean()", "asked.sum()"),
)
cascade_task.swap(
    "The wanted share was returned. The share of calls must be counted on the test images.",
    "返回的是希望的比例。调用比例应在测试图像上数出来。",
    ('"calls": asked.mean()', '"calls": share'),
)


@cascade_task.right
def _(validation_confidence, student_logits, teacher, target, share):
    threshold = sorted(float(c) for c in validation_confidence)[round(share * len(validation_confidence)) - 1]
    calls = right = 0
    for z, t, y in zip(student_logits, teacher, target):
        z = [float(v) for v in z]
        confidence = 1 / sum(np.exp(v - max(z)) for v in z)
        calls += confidence <= threshold
        right += (int(t) if confidence <= threshold else z.index(max(z))) == int(y)
    return {"threshold": threshold, "calls": calls / len(target), "accuracy": right / len(target)}


@cascade_task.right
def _(validation_confidence, student_logits, teacher, target, share):
    validation = torch.as_tensor(validation_confidence)
    threshold = torch.kthvalue(validation, round(share * len(validation))).values
    confidence, answers = torch.softmax(torch.as_tensor(student_logits), 1).max(1)
    asked = confidence <= threshold
    answers[asked] = torch.as_tensor(teacher)[asked]
    right = (answers == torch.as_tensor(target)).float()
    return {"threshold": threshold, "calls": asked.float().mean(), "accuracy": right.mean()}


@cascade_task.right
def _(validation_confidence, student_logits, teacher, target, share):
    # by the log-odds of the other classes, and by single precision
    threshold = np.quantile(validation_confidence, share, method="inverted_cdf")
    z = np.asarray(student_logits, dtype=np.float32)
    kept = (z.max(1) - np.log(np.exp(z).sum(1))) > np.log(threshold)
    student_right = np.mean(kept * (z.argmax(1) == target))
    return {"threshold": threshold, "calls": 1 - kept.mean(), "accuracy": student_right + np.mean(~kept * (teacher == target))}


# ------------------------------------------------------------------ 2

even = nb.code(
    "break-even",
    "implement",
    (0.5, 1, 0.5),
    title=T("When does a student pay?", "学生模型何时回本？"),
    rtol=1e-6,
    text=T(
        r"""
        A student is to save money with each request, but it must be made first. All costs in cents.

        Once: `training_cost` for training the student, and the teacher answers each input of the transfer set once, `transfer_size` answers at `teacher_cost` each.
        Each request in use: the student always runs, at `student_cost`; for a share `asked` of the requests the teacher runs **as well**, at `teacher_cost`.
        The rival is the teacher alone, at `teacher_cost` a request and nothing to pay before.

        Return the smallest whole number of requests at which the student with its cascade costs, all together, **no more** than the teacher alone. If a request with the student is not cheaper than one with the teacher, it never pays: return `inf` (it is defined in the first cell).

        Small example: training 90, transfer set 40, teacher 0.5, student 0.05, asked 0.2. Once: $90+40\cdot0.5=110$. A request: $0.05+0.2\cdot0.5=0.15$ in place of 0.5. $110/0.35=314.3$, so 315 requests.""",
        r"""
        学生模型本应让每次请求都省钱，但先要花钱把它做出来。所有费用以分计。

        一次性费用：训练学生模型花 `training_cost`；教师模型还要把迁移集的每个输入各回答一次，共 `transfer_size` 次，每次 `teacher_cost`。
        使用时的每次请求：学生模型总要运行，花 `student_cost`；其中比例为 `asked` 的请求**还要**再运行教师模型，花 `teacher_cost`。
        比较的对象是只用教师模型：每次请求 `teacher_cost`，没有前期费用。

        请返回最小的整数请求数，使带级联的学生模型总共花费**不超过**只用教师模型。如果用学生模型处理一次请求并不更便宜，就永远不回本：返回 `inf`（第一个单元格里已定义）。

        小例子：训练 90，迁移集 40，教师 0.5，学生 0.05，转交比例 0.2。一次性费用：$90+40\cdot0.5=110$。每次请求：$0.05+0.2\cdot0.5=0.15$，而不是 0.5。$110/0.35=314.3$，所以是 315 次。""",
    ),
    hints=(
        T("Two straight lines over the number of requests: where do they cross?", "费用随请求数变化是两条直线：它们在哪里相交？"),
        T(
            r"$n \ge (\text{training}+\text{transfer size}\cdot t)\,/\,(t-s-a\,t)$, with $t$, $s$ the costs of teacher and student and $a$ the share asked. What if the denominator is not positive?",
            r"$n \ge (\text{训练}+\text{迁移集大小}\cdot t)\,/\,(t-s-a\,t)$，其中 $t$、$s$ 是教师与学生模型的费用，$a$ 是转交比例。分母不为正时怎么办？",
        ),
        T("`once = training_cost + transfer_size * teacher_cost`", "`once = training_cost + transfer_size * teacher_cost`"),
    ),
)


@even.solution
def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    """Requests after which a student with a cascade has paid for itself.

    training_cost: float, cents, paid once; transfer_size: int, inputs that the teacher answers once;
    teacher_cost, student_cost: floats, cents for one answer of that model;
    asked: float in [0, 1], the share of requests for which the teacher runs after the student.
    Returns the smallest whole number of requests n >= 0 at which the student's total cost, with all that was
    paid once, is at most the teacher's; inf if a request is not cheaper with the student.
    The rounding of floats decides no test.
    break_even(90.0, 40, 0.5, 0.05, 0.2) is 315.
    """
    once = training_cost + transfer_size * teacher_cost
    saved = teacher_cost - (student_cost + asked * teacher_cost)
    return int(np.ceil(once / saved)) if saved > 0 else inf


even.example("example", "例子", 90.0, 40, 0.5, 0.05, 0.2)


@telling(even)
def _(rng):
    while True:
        teacher, student, asked = (
            round(float(rng.uniform(0.4, 2.0)), 2),
            round(float(rng.uniform(0.03, 0.2)), 2),
            round(float(rng.uniform(0.08, 0.4)), 2),
        )
        training, transfer = round(float(rng.uniform(50, 600)), 1), int(rng.integers(60, 400))
        requests = (training + transfer * teacher) / (teacher - student - asked * teacher)
        if 0.05 < requests % 1 < 0.45 and requests < 4000:  # neither a whole number nor a case where rounding is right
            return training, transfer, teacher, student, asked


even.edge("the student is dearer", "学生模型反而更贵", 100.0, 40, 0.5, 0.3, 0.5)
even.edge("a request costs the same", "每次请求费用相同", 100.0, 40, 0.5, 0.125, 0.75)
even.edge("the costs are equal at a whole number", "恰好在整数处相等", 90.0, 40, 0.5, 0.0625, 0.25)
even.edge("the first request pays", "第一次请求就回本", 0.0625, 0, 0.5, 0.125, 0.25)
even.edge("nothing was paid before", "没有前期费用", 0.0, 0, 0.75, 0.125, 0.25)

even.swap(
    "Rounded down or to the nearest number: with one request fewer the student is still dearer. Round up.",
    "向下取整或四舍五入了：少一次请求时学生模型仍然更贵，应向上取整。",
    ("int(np.ceil(once / saved))", "int(once // saved)"),
)
even.swap(
    "Rounded down or to the nearest number: with one request fewer the student is still dearer. Round up.",
    "向下取整或四舍五入了：少一次请求时学生模型仍然更贵，应向上取整。",
    ("int(np.ceil(once / saved))", "round(once / saved)"),
)
even.swap("A whole number of requests is asked: round up.", "要求的是整数请求数：请向上取整。", ("int(np.ceil(once / saved))", "once / saved"))
even.swap(
    "The answers on the transfer set are missing: the teacher is paid for each of them.",
    "漏了迁移集的费用：教师模型的每次回答都要付费。",
    (" + transfer_size * teacher_cost", ""),
)
even.swap(
    "The transfer set is answered by the teacher: use its cost.",
    "迁移集由教师模型回答：应按教师模型的费用算。",
    ("transfer_size * teacher_cost", "transfer_size * student_cost"),
)
even.swap(
    "The teacher's answers in use are missing: a share of the requests is passed on.",
    "漏了使用时教师模型的费用：有一部分请求要转交。",
    ("student_cost + asked * teacher_cost", "student_cost"),
)
even.swap(
    "The student runs for each request, also for those that are passed on.",
    "每次请求学生模型都要运行，转交的也不例外。",
    ("student_cost + asked * teacher_cost", "(1 - asked) * student_cost + asked * teacher_cost"),
)
even.swap(
    "The student is not free: its own cost for each request is missing.",
    "学生模型不是免费的：漏了它自己每次请求的费用。",
    ("student_cost + asked * teacher_cost", "asked * teacher_cost"),
)
even.swap(
    "`asked` is the share that goes to the teacher, not the share that the student keeps.",
    "`asked` 是转交给教师模型的比例，不是学生模型自己回答的比例。",
    ("asked * teacher_cost", "(1 - asked) * teacher_cost"),
)
even.swap(
    "Divided by the teacher's cost. What pays back is the difference between the two costs of a request.",
    "除以了教师模型的费用。能收回成本的是两种方案每次请求的差价。",
    ("np.ceil(once / saved)", "np.ceil(once / teacher_cost)"),
)
even.swap(
    "Divided by what a request costs with the student. What pays back is the difference to the teacher's cost.",
    "除以了用学生模型时每次请求的费用。能收回成本的是它与教师模型费用之差。",
    ("np.ceil(once / saved)", "np.ceil(once / (teacher_cost - saved))"),
)
even.swap(
    "A number came out where the student never pays. If nothing is saved by a request, return inf.",
    "永远不回本时却给出了一个数。每次请求不省钱时应返回 inf。",
    ("saved > 0", "saved != 0"),
    fails="edge",
)
even.swap("Where the student never pays the answer is inf, not 0.", "永远不回本时应返回 inf，而不是 0。", ("else inf", "else 0"), fails="edge")
even.swap(
    "The sign was dropped: where the student is dearer nothing is ever paid back.",
    "丢掉了符号：学生模型更贵时永远收不回成本。",
    ("saved = teacher_cost - (student_cost + asked * teacher_cost)", "saved = abs(teacher_cost - (student_cost + asked * teacher_cost))"),
    fails="edge",
)
even.swap(
    "One too many where the costs are equal: no more than the teacher is enough.",
    "费用恰好相等时多算了一次：不超过教师模型即可。",
    ("int(np.ceil(once / saved))", "int(once // saved) + 1"),
    fails="edge",
)


@even.right
def _(training_cost, transfer_size, teacher_cost, student_cost, asked):
    import math

    keep = teacher_cost * (1 - asked) - student_cost
    if keep <= 0:
        return float("inf")
    return math.ceil((training_cost + teacher_cost * transfer_size) / keep)


@even.right
def _(training_cost, transfer_size, teacher_cost, student_cost, asked):
    # exact, in fractions of a cent
    from fractions import Fraction

    training, teacher, student, share = (Fraction(str(v)) for v in (training_cost, teacher_cost, student_cost, asked))
    saved = teacher - student - share * teacher
    return -(-(training + transfer_size * teacher) // saved) if saved > 0 else np.inf


@even.right
def _(training_cost, transfer_size, teacher_cost, student_cost, asked):
    # step by step
    each = student_cost + asked * teacher_cost
    if each >= teacher_cost:
        return np.inf
    n = 0
    while training_cost + transfer_size * teacher_cost + n * each > n * teacher_cost:
        n += 1
    return float(n)


# ------------------------------------------------------------------ 3

member = nb.code(
    "membership",
    "implement",
    (0.5, 1, 0.5),
    title=T("Was it in the training data?", "它在训练数据里吗？"),
    text=T(
        r"""
        The attack of the chapter: a model tends to have a **lower** loss on examples of its training data. Given are losses on private examples, which were in the training data, and on new ones.

        - `auroc`: the chance that a random private example has a lower loss than a random new one. A tie counts one half.
        - `threshold`: with $M$ new examples and a share `fpr` of false alarms allowed, $k=\text{fpr}\cdot M$ is a whole number. The threshold is the $(k+1)$-th smallest loss of the **new** examples. Do not interpolate. (With 1,000 new examples and 1 % it is the 11th smallest.)
        - `tpr`: the share of private examples that are found. An example counts as found if its loss lies **strictly below** the threshold.

        `auroc` and `tpr` lie between 0 and 1. On average an attack can look weak and yet find a few examples with certainty, and the other way round: so both are asked.

        Small example: private 0.1, 0.3, 0.7; new 0.2, 0.4, 0.6, 0.8; fpr 0.25. Of the 12 pairs $4+3+1=8$ have the lower private loss: auroc 0.6667. The threshold is the second smallest new loss, 0.4, and two of three private losses lie below it: tpr 0.6667.""",
        r"""
        本章的攻击：模型在自己训练样本上的损失往往**更低**。给定两组损失：私有样本（在训练数据中）的，和新样本的。

        - `auroc`：随机一个私有样本的损失低于随机一个新样本的概率。相等算一半。
        - `threshold`：设有 $M$ 个新样本，允许的误报率为 `fpr`，$k=\text{fpr}\cdot M$ 是整数。阈值是**新**样本中第 $k+1$ 小的损失。不要插值。（1,000 个新样本、1% 时，是第 11 小的损失。）
        - `tpr`：找出的私有样本所占的比例。损失**严格小于**阈值才算找出。

        `auroc` 和 `tpr` 都在 0 到 1 之间。攻击可能平均看来很弱，却能确凿地找出少数样本；反之亦然：所以两个都要。

        小例子：私有 0.1、0.3、0.7；新 0.2、0.4、0.6、0.8；fpr 为 0.25。12 对中有 $4+3+1=8$ 对是私有损失更低：auroc 为 0.6667。阈值是第二小的新损失 0.4，三个私有损失中有两个低于它：tpr 为 0.6667。""",
    ),
    hints=(
        T(
            "For the first number compare each private loss with each new one; for the second, only the new losses set the threshold.",
            "第一个数要把每个私有损失与每个新损失比较；第二个数的阈值只由新损失决定。",
        ),
        T(
            r"$\text{auroc}=\operatorname{mean}_{i,j}\big([a_i<b_j]+\tfrac12[a_i=b_j]\big)$, with $a$ private and $b$ new; $\text{tpr}=\operatorname{mean}_i\,[a_i<b_{(k+1)}]$.",
            r"$\text{auroc}=\operatorname{mean}_{i,j}\big([a_i<b_j]+\tfrac12[a_i=b_j]\big)$，$a$ 为私有，$b$ 为新；$\text{tpr}=\operatorname{mean}_i\,[a_i<b_{(k+1)}]$。",
        ),
        T("`threshold = np.sort(new_loss)[round(fpr * len(new_loss))]`", "`threshold = np.sort(new_loss)[round(fpr * len(new_loss))]`"),
    ),
)


@member.solution
def membership(private_loss, new_loss, fpr):
    """How well the loss tells private examples from new ones.

    private_loss: array (P,), losses on examples of the training data; new_loss: array (M,), on other examples;
    fpr: float in [0, 1), the share of false alarms allowed; fpr * M is a whole number.
    Returns {"auroc": share from 0 to 1, "threshold": a loss, "tpr": share from 0 to 1}.
    membership([0.1, 0.3, 0.7], [0.2, 0.4, 0.6, 0.8], 0.25)
    is {"auroc": 0.6667, "threshold": 0.4, "tpr": 0.6667}.
    """
    k = round(fpr * len(new_loss))
    threshold = np.sort(new_loss)[k]
    pairs = private_loss[:, None] - new_loss
    wins = (pairs < 0) + 0.5 * (pairs == 0)
    return {"auroc": wins.mean(), "threshold": threshold, "tpr": (private_loss < threshold).mean()}


member.example("0.58 of 50", "50 的 0.58", np.array([0.555, 0.575, 0.805]), Data("np.arange(1, 51) / 50"), 0.58)
member.example("example", "例子", np.array([0.1, 0.3, 0.7]), np.array([0.2, 0.4, 0.6, 0.8]), 0.25)


@telling(member)
def _(rng):
    while True:
        private, new = rng.exponential(0.4, int(rng.integers(7, 10))).round(3), rng.exponential(0.8, 10).round(3)
        if len(set(private) | set(new)) == len(private) + len(new):  # no ties
            return private, new, float(rng.choice([0.1, 0.2, 0.3]))


member.edge(
    "losses that are exactly 0",
    "恰好为 0 的损失",
    np.array([0.0, 0.0, 0.03, 0.2, 0.9, 0.12]),
    np.array([0.0, 0.2, 0.35, 0.5, 0.02, 0.6, 1.1, 0.02]),
    0.375,
)
member.edge("no false alarm at all", "不许有误报", np.array([0.01, 0.3, 0.05, 0.6, 0.02]), np.array([0.25, 0.04, 0.8, 0.5]), 0.0)
member.edge("all losses the same", "所有损失都相同", np.full(3, 0.25), np.full(4, 0.25), 0.25)

member.swap("Turned round: private examples have the lower loss.", "反了：私有样本的损失更低。", ("(pairs < 0)", "(pairs > 0)"))
member.swap(
    "The threshold was set on the private losses. False alarms are new examples: they set it.",
    "阈值取自私有样本的损失。误报指的是新样本，应由新样本定阈值。",
    ("    k = round(fpr * len(new_loss))\n", "    k = round(fpr * len(private_loss))\n"),
    ("np.sort(new_loss)[k]", "np.sort(private_loss)[k]"),
)
member.swap(
    "The threshold lies at the upper end of the new losses. Few false alarms means a low threshold.",
    "阈值取在新损失的高端。误报少意味着阈值低。",
    ("np.sort(new_loss)[k]", "np.sort(new_loss)[-k - 1]"),
)
member.swap(
    "0.58 * 50 is 28.999999999999996 in floating point, and int cuts that off to 28: use round.",
    "浮点数中 0.58 * 50 是 28.999999999999996，int 会截断成 28：请用 round。",
    ("round(fpr", "int(fpr"),
    fails="visible",
)
member.swap(
    "np.quantile interpolates between two losses. The threshold is one of the new losses.",
    "np.quantile 在两个损失之间插值。阈值应当就是某一个新损失。",
    ("np.sort(new_loss)[k]", "np.quantile(new_loss, fpr)"),
)
member.swap(
    "The k-th smallest new loss gives only k - 1 false alarms. Take the one after it.",
    "用第 k 小的新损失，误报只有 k - 1 个。应取它的后一个。",
    ("np.sort(new_loss)[k]", "np.sort(new_loss)[k - 1]"),
)
member.swap(
    "That is the share of alarms that are right (precision). The tpr divides by the number of private examples.",
    "这是报警中判对的比例（精确率）。tpr 的分母是私有样本数。",
    (
        '"tpr": (private_loss < threshold).mean()',
        '"tpr": (private_loss < threshold).sum() / max(1, (private_loss < threshold).sum() + (new_loss < threshold).sum())',
    ),
)
member.swap(
    "That is the share of all examples that are judged rightly (accuracy). The tpr looks at the private ones only.",
    "这是全部样本中判对的比例（准确率）。tpr 只看私有样本。",
    ('"tpr": (private_loss < threshold).mean()', '"tpr": np.r_[private_loss < threshold, new_loss >= threshold].mean()'),
)
member.swap(
    "The threshold is the mean private loss. At a stated share of false alarms the new losses set it.",
    "阈值用了私有样本的平均损失。给定误报率时，阈值由新样本的损失决定。",
    ("np.sort(new_loss)[k]", "private_loss.mean()"),
)
member.swap(
    "Shares from 0 to 1 are asked, not per cent.",
    "要求 0 到 1 的比例，不是百分数。",
    ("wins.mean()", "100 * wins.mean()"),
    ("(private_loss < threshold).mean()", "100 * (private_loss < threshold).mean()"),
)
member.swap(
    "Private and new losses were compared one to one in order. Compare each with each.",
    "按顺序一对一比较了。应当每个与每个都比较。",
    ("private_loss[:, None] - new_loss", "np.array([a - b for a, b in zip(private_loss, new_loss)])"),
)
member.swap(
    "That is the area for a single threshold, (tpr + 1 - fpr) / 2. The AUROC takes all thresholds: compare each pair.",
    "这只是单个阈值下的面积 (tpr + 1 - fpr) / 2。AUROC 涉及所有阈值：请逐对比较。",
    ('"auroc": wins.mean()', '"auroc": ((private_loss < threshold).mean() + (new_loss >= threshold).mean()) / 2'),
)
member.swap(
    "A loss at the threshold counted as found. Only strictly below counts, else there are more than k false alarms.",
    "等于阈值的也算找出来了。必须严格小于，否则误报会多于 k 个。",
    ("private_loss < threshold", "private_loss <= threshold"),
    fails="edge",
)
member.swap("Ties were not counted: an equal pair counts one half.", "没有计入相等的对：相等算一半。", (" + 0.5 * (pairs == 0)", ""), fails="edge")
member.swap(
    "Ties were counted whole: an equal pair counts one half.",
    "把相等的对算成了一整对：相等算一半。",
    ("0.5 * (pairs == 0)", "(pairs == 0)"),
    fails="edge",
)


@member.right
def _(private_loss, new_loss, fpr):
    # by ranks, with mean ranks for ties
    both = np.r_[private_loss, new_loss]
    ranks = np.array([(both < v).sum() + ((both == v).sum() + 1) / 2 for v in both])
    p, m = len(private_loss), len(new_loss)
    auroc = 1 - (ranks[:p].sum() - p * (p + 1) / 2) / (p * m)
    threshold = np.partition(new_loss, int(fpr * m + 0.5))[int(fpr * m + 0.5)]
    return {"auroc": auroc, "threshold": threshold, "tpr": np.mean(private_loss < threshold)}


@member.right
def _(private_loss, new_loss, fpr):
    wins = found = 0
    threshold = sorted(new_loss)[round(fpr * len(new_loss))]
    for a in private_loss:
        wins += sum(1.0 if a < b else 0.5 if a == b else 0.0 for b in new_loss)
        found += bool(a < threshold)
    return {"auroc": wins / len(private_loss) / len(new_loss), "threshold": threshold, "tpr": found / len(private_loss)}


@member.right
def _(private_loss, new_loss, fpr):
    a, b = (torch.as_tensor(v, dtype=torch.float32) for v in (private_loss, new_loss))
    auroc = (torch.sign(b[None] - a[:, None]).mean() + 1) / 2
    threshold = b.sort().values[round(fpr * len(b))]
    return {"auroc": auroc, "threshold": threshold, "tpr": (a < threshold).float().mean()}


# ------------------------------------------------------------------ 4

recall = nb.code(
    "recall-drop",
    "implement",
    (0.5, 0.5),
    title=T("What the mean hides", "平均值掩盖了什么"),
    text=T(
        """
        A student can lose a rare class while its mean accuracy hardly moves. So compare recall class by class: of the images whose **label** is the class, which share is predicted as that class?

        The drop is the recall of the control (the same student trained on labels) minus the recall of the distilled student, in points (of 100). It is positive where the student is worse and negative where it is better.
        A class without any image among the labels has no recall: give `nan` there, not 0.

        Small example: labels 0 0 0 0 1 1, control 0 0 0 2 1 1, student 0 2 1 2 1 1, three classes. Recall of class 0: 3/4 and 1/4; of class 1: 1 and 1; class 2 does not occur. The drops are 50, 0 and nan.""",
        """
        学生模型可能丢掉一个稀有类别，而平均准确率几乎不变。所以要逐类比较召回率：**标签**为该类的图像中，预测为该类的占多大比例？

        下降值 = 对照（用硬标签训练的同一学生模型）的召回率减去蒸馏学生模型的召回率，以百分点计。学生模型更差时为正，更好时为负。
        标签中没有出现的类别谈不上召回率：那里填 `nan`，不要填 0。

        小例子：标签 0 0 0 0 1 1，对照 0 0 0 2 1 1，学生 0 2 1 2 1 1，共三类。类别 0 的召回率为 3/4 和 1/4；类别 1 为 1 和 1；类别 2 没有出现。下降值为 50、0 和 nan。""",
    ),
    hints=(
        T("Group the images by their label, never by a prediction.", "按标签给图像分组，不要按预测分组。"),
        T(
            r"$\text{drop}_c=100\,\big(\operatorname{mean}_{y_i=c}[\text{control}_i=c]-\operatorname{mean}_{y_i=c}[\text{student}_i=c]\big)$.",
            r"$\text{下降}_c=100\,\big(\operatorname{mean}_{y_i=c}[\text{对照}_i=c]-\operatorname{mean}_{y_i=c}[\text{学生}_i=c]\big)$。",
        ),
        T("`drops = np.full(classes, nan)`", "`drops = np.full(classes, nan)`"),
    ),
)


@recall.solution
def recall_drop(student, control, target, classes):
    """Recall that the student loses against the control, class by class, in points.

    student, control, target: int arrays (N,) of classes; classes: int, their number.
    Returns (classes,) of floats, control minus student, -100 to 100; nan where no label has the class.
    recall_drop([0, 2, 1, 2, 1, 1], [0, 0, 0, 2, 1, 1], [0, 0, 0, 0, 1, 1], 3) is [50, 0, nan].
    """
    drops = np.full(classes, nan)
    for c in range(classes):
        rows = target == c
        if rows.any():
            drops[c] = 100 * ((control[rows] == c).mean() - (student[rows] == c).mean())
    return drops


recall.example(
    "a class that the control never predicts", "对照从不预测的类别", np.array([0, 1, 1, 0]), np.array([0, 0, 0, 0]), np.array([0, 1, 1, 1]), 2
)
recall.example("example", "例子", np.array([0, 2, 1, 2, 1, 1]), np.array([0, 0, 0, 2, 1, 1]), np.array([0, 0, 0, 0, 1, 1]), 3)


@telling(recall)
def _(rng):
    absent = int(rng.integers(0, 4))
    target = rng.choice([c for c in range(4) if c != absent], 12, p=rng.permutation([0.5, 0.3, 0.2]))
    control = np.where(rng.random(12) < 0.75, target, rng.integers(0, 4, 12))
    student = np.where(rng.random(12) < 0.5, target, rng.integers(0, 4, 12))
    return student, control, target, 4


recall.swap(
    "The sign is turned round: control minus student.",
    "符号反了：应为对照减学生模型。",
    ("((control[rows] == c).mean() - (student[rows] == c).mean())", "((student[rows] == c).mean() - (control[rows] == c).mean())"),
)
recall.swap("Points of 100 are asked, not a share.", "要求以百分点计，不是 0 到 1 的比例。", ("100 * ", ""))
recall.swap(
    "Where no label has the class the answer is nan: 0 would mean that nothing was lost.",
    "标签中没有该类时应填 nan：填 0 等于说没有下降。",
    ("np.full(classes, nan)", "np.zeros(classes)"),
)
recall.swap(
    "Classes without images were left out: give one value for each class, nan where there are no images.",
    "没有图像的类别被漏掉了：每个类别都要有一个值，没有图像的填 nan。",
    ("return drops", "return drops[~np.isnan(drops)]"),
)
recall.swap(
    "Divided by all images: recall divides by the images of the class.",
    "除以了全部图像数：召回率的分母是该类的图像数。",
    ("((control[rows] == c).mean() - (student[rows] == c).mean())", "((control[rows] == c).sum() - (student[rows] == c).sum()) / len(target)"),
)
recall.swap(
    "The drop was divided by the control's recall. Points are a plain difference.",
    "除以了对照的召回率。以百分点计的差就是直接相减。",
    ("((control[rows] == c).mean() - (student[rows] == c).mean())", "(1 - (student[rows] == c).mean() / max((control[rows] == c).mean(), 1e-9))"),
)
recall.swap(
    "The sign was lost: where the student is better the drop is negative.",
    "丢了符号：学生模型更好的类别，下降值为负。",
    ("100 * ((control", "100 * abs((control"),
)
recall.swap(
    "Only images that the control gets right were looked at. Gains of the student count as well.",
    "只看了对照答对的图像。学生模型多答对的也要算。",
    ("((control[rows] == c).mean() - (student[rows] == c).mean())", "((control[rows] == c) & (student[rows] != c)).mean()"),
)
recall.swap(
    "That is the recall of the student, not the drop against the control.",
    "这是学生模型的召回率，不是相对于对照的下降值。",
    ("((control[rows] == c).mean() - (student[rows] == c).mean())", "(student[rows] == c).mean()"),
)
recall.swap(
    "The control's predictions were taken for labels. Group the images by their label.",
    "把对照的预测当成了标签。应按标签给图像分组。",
    ("rows = target == c", "rows = control == c"),
)


@recall.wrong(
    "That is precision: the share of a model's predictions of the class that are right. Recall groups by the label.",
    "这是精确率：模型预测为该类的图像中判对的比例。召回率按标签分组。",
)
def _(student, control, target, classes):
    drops = np.full(classes, nan)
    for c in range(classes):
        if (target == c).any():
            of_control, of_student = (target[guess == c] == c for guess in (control, student))
            drops[c] = 100 * (of_control.sum() / max(1, len(of_control)) - of_student.sum() / max(1, len(of_student)))
    return drops


@recall.wrong(
    "That is one class against the rest: images of other classes count there as well. Look only at images with the label.",
    "这是一类对其余各类的准确率，把别的类别的图像也算进去了。只看标签为该类的图像。",
)
def _(student, control, target, classes):
    drops = np.full(classes, nan)
    for c in np.unique(target):
        drops[c] = 100 * (((control == c) == (target == c)).mean() - ((student == c) == (target == c)).mean())
    return drops


@recall.right
def _(student, control, target, classes):
    by_class = [np.bincount(target[rows], minlength=classes) for rows in (control == target, student == target, slice(None))]
    with np.errstate(invalid="ignore"):
        return 100.0 * (by_class[0] - by_class[1]) / by_class[2]


@recall.right
def _(student, control, target, classes):
    s, c, y = (torch.as_tensor(v) for v in (student, control, target))
    one_hot = F.one_hot(y, classes).float()
    return 100 * (((c == y).float() - (s == y).float()) @ one_hot) / one_hot.sum(0)


@recall.right
def _(student, control, target, classes):
    found = []
    for label in range(classes):
        rows = [i for i, y in enumerate(target) if int(y) == label]
        net = sum(int(control[i] == label) - int(student[i] == label) for i in rows)
        found.append(100 * net / len(rows) if rows else float("nan"))
    return found


# ------------------------------------------------------------------ 5

nb.choice(
    "reported",
    "read",
    0.5,
    [
        Value(
            "closed",
            T(
                "System B: the share of the gap in **frame accuracy**, from the network alone to the ensemble, that distillation closes (0 to 1).",
                "系统 B：在**帧准确率**上，从单独训练到集成的差距中，蒸馏弥补了多大比例（0 到 1）。",
            ),
            0.8636,
            0.004,
            [
                (
                    0.995,
                    T(
                        "That is the ratio of the two accuracies: it is near 1 for the network alone, too.",
                        "那是两个准确率之比：对单独训练的网络也接近 1。",
                    ),
                ),
                (1.0, T("That is the gap in word errors. Frame accuracy is asked.", "那是词错误率上的差距。这里问的是帧准确率。")),
                (0.136, T("That is what remains of the gap.", "那是剩下的差距。")),
                (1.9, T("That is the gain in points. Divide it by the whole gap.", "那是提升的个百分点数，还要除以全部差距。")),
                (86.4, T("A share from 0 to 1 is asked, not per cent.", "要求 0 到 1 的比例，不是百分数。")),
            ],
        ),
        Value(
            "slow",
            T(
                "System D is to serve a headset that shows 60 images a second, with one depth map for each image. How many times the time available does it need?",
                "系统 D 要用于每秒显示 60 幅图像的头戴设备，每幅图像都要一张深度图。它所需的时间是时限的多少倍？",
            ),
            71.8,
            0.5,
            [
                (0.0139, T("Upside down: that is the share of the images for which there is time.", "倒过来了：那是来得及处理的图像所占的比例。")),
                (
                    1.197,
                    T("That compares with one second. At 60 images a second an image has 16.7 ms.", "那是与一秒比较。每秒 60 幅，每幅只有 16.7 ms。"),
                ),
                (
                    19.95,
                    T(
                        "60 is the number of images in a second, not the milliseconds for one: that is 1,000 / 60.",
                        "60 是每秒的图像数，不是每幅的毫秒数；后者是 1,000 / 60。",
                    ),
                ),
            ],
        ),
        Item(
            "teacher",
            T("Which row, as it stands, says how much the student owes to its teacher?", "就表中所写，哪一行能说明学生模型从教师模型得到了多少？"),
            "B",
            {
                "A": (
                    T("Distil-Whisper", "Distil-Whisper"),
                    T(
                        "Student and teacher are there, but not the same student without a teacher.",
                        "有学生与教师模型的数字，但没有不带教师的同一学生模型。",
                    ),
                ),
                "B": (T("the acoustic model", "声学模型"), None),
                "C": (
                    T("MobileSAM", "MobileSAM"),
                    T(
                        "Size and time come from the architecture. Nothing is said of quality without a teacher.",
                        "大小和时间来自网络结构；没有教师模型时质量如何，只字未提。",
                    ),
                ),
                "D": (
                    T("the depth network", "深度估计网络"),
                    T(
                        "Fewer parameters come from the architecture. There is no depth error, and no student alone.",
                        "参数减少来自网络结构；既没有深度误差，也没有单独训练的学生模型。",
                    ),
                ),
            },
        ),
        Item(
            "blame",
            T(
                "Second table: which comparison shows what it did to the distilled student that the teacher saw few 8s?",
                "第二张表：教师模型见过的 8 很少，这对蒸馏学生模型有什么影响？哪个比较能说明？",
            ),
            "4 - 3",
            {
                "4 - 1": (
                    T("row 4 against row 1", "第 4 行对第 1 行"),
                    T(
                        "That is the distance to the teacher, a network of another kind. It says that both fail alike, not what the student lost.",
                        "那是与教师模型的距离，两者结构也不同。它说明两者同样失败，但没说学生模型失去了什么。",
                    ),
                ),
                "4 - 2": (
                    T("row 4 against row 2", "第 4 行对第 2 行"),
                    T(
                        "Two things change at once: whether there is a teacher, and which one.",
                        "同时变了两件事：有没有教师模型，以及是哪个教师模型。",
                    ),
                ),
                "4 - 3": (T("row 4 against row 3", "第 4 行对第 3 行"), None),
                "3 - 2": (
                    T("row 3 against row 2", "第 3 行对第 2 行"),
                    T("The poor teacher is in neither of the two rows.", "这两行都与缺 8 的教师模型无关。"),
                ),
            },
        ),
    ],
    title=T("Read what is reported", "读懂报告的数字"),
    text=T(
        """
        Four systems with what their authors report:

        | | system | student; teacher | reported |
        |---|---|---|---|
        | A | Distil-Whisper, speech | 756 M; 1,550 M parameters | 5.8 times faster; word errors, teacher → student, 9.1 → 10.1 % on short clips |
        | B | acoustic model, speech | one network; ensemble of ten | frame accuracy 58.9 % alone, 60.8 % distilled, 61.1 % the ensemble; word errors 10.9, 10.7, 10.7 % |
        | C | MobileSAM, segmentation | encoder of 5 M; of over 600 M parameters | about 10 to 12 ms an image, on a GPU |
        | D | mobile depth network | 94.7 % fewer parameters | 1,197 ms an image on a Raspberry Pi 4 |

        And part of the chapter's own experiment (means over five seeds; the students saw all images and labels):

        | row | model | recall of 8, % | other classes, % | all, % |
        |---|---|---|---|---|
        | 1 | teacher, trained with only ten 8s | 52.4 | 97.3 | 92.8 |
        | 2 | student, labels | 88.4 | 92.5 | 92.1 |
        | 3 | student, distilled from a teacher trained with all 8s | 90.4 | 93.6 | 93.3 |
        | 4 | student, distilled from the teacher of row 1 | 51.6 | 94.2 | 90.0 |

        Worked example: the student of A has 756 / 1,550 = 0.49 of its teacher's parameters.""",
        """
        四个系统及其作者报告的数字：

        | | 系统 | 学生；教师 | 报告 |
        |---|---|---|---|
        | A | Distil-Whisper，语音 | 756 M；1,550 M 参数 | 速度为 5.8 倍；短音频词错误率，教师 → 学生，9.1 → 10.1% |
        | B | 声学模型，语音 | 一个网络；十个网络的集成 | 帧准确率：单独训练 58.9%，蒸馏 60.8%，集成 61.1%；词错误率 10.9、10.7、10.7% |
        | C | MobileSAM，分割 | 编码器 5 M；600 M 以上参数 | 每幅约 10 到 12 ms，在 GPU 上 |
        | D | 移动端深度估计网络 | 参数减少 94.7% | 每幅 1,197 ms，在 Raspberry Pi 4 上 |

        以及本章实验的一部分（五个随机种子的平均；学生模型见过全部图像和标签）：

        | 行 | 模型 | 8 的召回率（%） | 其他类别（%） | 全部（%） |
        |---|---|---|---|---|
        | 1 | 教师模型，训练时只有十个 8 | 52.4 | 97.3 | 92.8 |
        | 2 | 学生模型，硬标签 | 88.4 | 92.5 | 92.1 |
        | 3 | 学生模型，教师模型训练时有全部 8 | 90.4 | 93.6 | 93.3 |
        | 4 | 学生模型，教师模型是第 1 行 | 51.6 | 94.2 | 90.0 |

        例：A 的学生模型的参数是教师模型的 756 / 1,550 = 0.49。""",
    ),
    hints=(
        T("Ask of each figure: compared with what, and on which device?", "对每个数字都问一句：与什么比，在什么设备上？"),
        T(
            "Closed share: (distilled − alone) / (ensemble − alone). Budget of one image: 1,000 ms / images a second. Between two rows only one thing may differ.",
            "弥补的比例：（蒸馏 − 单独）/（集成 − 单独）。每幅图像的时间预算：1,000 ms / 每秒图像数。两行之间只能有一处不同。",
        ),
        T("`closed = (60.8 - 58.9) / ...`", "`closed = (60.8 - 58.9) / ...`"),
    ),
)

# ------------------------------------------------------------------ 6

nb.words(
    "in-words",
    1,
    title=T("In words", "用文字回答"),
    text=T(
        """
        A hospital has trained a teacher on its patients' images. A vendor distils it into a small student, using public images only, and writes:
        "No patient image ever came near the student, so the patients' data are safe. Mean accuracy is only 0.3 points below that of the same student trained on labels, so it is just as good for every diagnosis."

        In five to eight sentences: what does not follow in each of the two statements, and what would you measure, against which control?""",
        """
        一家医院用患者的影像训练了教师模型。某供应商只用公开影像，把它蒸馏成小的学生模型，并写道：
        “学生模型从未接触过患者影像，所以患者数据是安全的。平均准确率只比用硬标签训练的同一学生模型低 0.3 个百分点，所以对每种诊断都一样好。”

        请用五到八句话回答：这两个说法各有哪一点推不出来？你会测什么，与什么对照比较？""",
    ),
    rubric=T(
        "Half a point: public images alone are no guarantee, since the teacher's answers carry what it learned; test the student by membership inference against a student that never met the teacher (or: ask for a guarantee by noise, such as PATE). Half a point: the mean can hide the loss of a rare class; measure recall for each diagnosis against the same student trained on labels.",
        "0.5 分：只用公开影像并不构成保证，因为教师模型的回答带着它学到的东西；应对学生模型做成员推断，以从未接触该教师模型的学生模型为对照（或者：要求加噪声的保证，如 PATE）。0.5 分：平均值可能掩盖稀有类别的损失；应测每种诊断的召回率，与用硬标签训练的同一学生模型比较。",
    ),
    model=T(
        """
        The first statement does not follow: the student never saw the patients' images, but it learned from answers of a model that knows them. In the chapter a student of public images tells private images from new ones by its loss, with an AUROC of 63 % where a student that never met the teacher has 51 %.
        I would run such an attack on this student, report the AUROC and the share found at 1 % false alarms, and use a student trained on the labels of the public images as the control. A weak attack that finds nothing is no proof either; a guarantee needs noise, as in PATE, and then it is a number.
        The second statement does not follow, since a rare diagnosis weighs little in the mean. In the chapter the recall of one class fell by 20 points while the mean accuracy changed by 0.3, because the other classes gained. So I would measure recall for each diagnosis, with the number of cases, for this student and for the same student on labels, over several seeds. I would audit the teacher by class as well: its blind spots are inherited.""",
        """
        第一个说法推不出来：学生模型没见过患者影像，但它学的是一个见过这些影像的模型的回答。本章中，只用公开图像蒸馏的学生模型，仍能凭损失区分私有图像与新图像，AUROC 为 63%，而从未接触教师模型的学生模型是 51%。
        我会对这个学生模型做同样的攻击，报告 AUROC 和误报率 1% 时找出的比例，并以用公开影像的标签训练的学生模型为对照。攻击弱而一无所获，也不算证明；真正的保证要靠加噪声，如 PATE，而且是一个可以写出来的数。
        第二个说法也推不出来，因为稀有诊断在平均值里分量很小。本章中有一类的召回率下降了 20 个百分点，而平均准确率只变化了 0.3，因为其他类别变好了。所以我会在多个随机种子上，测这个学生模型和用硬标签训练的同一学生模型在每种诊断上的召回率，并注明病例数。教师模型也要逐类检查：它的盲区会被继承。""",
    ),
    samples=[
        (
            1,
            T(
                "The answers of the teacher carry what it knows by heart, so I would attack the student by its loss and compare with one that was trained on public labels without the teacher. 0.3 points in the mean can be 20 points for a rare disease: recall by class, against the student on labels.",
                "教师模型的回答带着它背下来的东西，所以我会用损失攻击学生模型，并与不用教师、只用公开标签训练的学生模型比较。平均 0.3 个百分点，对罕见病可能是 20 个百分点：要看逐类召回率，与硬标签训练的学生模型比较。",
            ),
        ),
        (
            0.5,
            T(
                "Public data make it safe, that part is right. But rare diseases hardly count in the mean, so compare the recall of each disease with the student trained on labels.",
                "只用公开数据就是安全的，这一点没错。但罕见病在平均值里几乎不算数，要把每种病的召回率与硬标签训练的学生模型比较。",
            ),
        ),
        (
            0,
            T(
                "I would encrypt the images and train a larger student until the 0.3 points are gone.",
                "我会给影像加密，再训练更大的学生模型，直到补上这 0.3 个百分点。",
            ),
        ),
    ],
    hints=(
        T(
            "What does the student see of the patients, although it sees no image of theirs? And what is a mean made of?",
            "学生模型没看到患者的影像，但间接看到了什么？平均值又是由什么组成的？",
        ),
        T(
            "Effect = what is measured on this student − the same on a control: one that never met the teacher, and one trained on labels.",
            "效果 = 在这个学生模型上测得的值 − 在对照上测得的值：一个从未接触教师模型，一个用硬标签训练。",
        ),
        T('"The student saw no patient image, but ..."', "“学生模型没见过患者影像，但是……”"),
    ),
)
