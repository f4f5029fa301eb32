# %% 06-best-student | right | python lists

def best_student(teacher_probs, label_freq, alpha):
    p, y = [float(v) for v in teacher_probs], [float(v) for v in label_freq]
    q = [alpha * a + (1 - alpha) * b for a, b in zip(p, y)]
    k = max(range(len(y)), key=lambda j: y[j])
    switch = float("inf")
    for j in range(len(y)):
        if j != k and p[j] > p[k]:
            switch = min(switch, (y[k] - y[j]) / ((y[k] - y[j]) + (p[j] - p[k])))
    return {"student": q, "predicted": q.index(max(q)), "switch": switch}


# %% 06-best-student | right | torch float32, tensors

def best_student(teacher_probs, label_freq, alpha):
    p = torch.as_tensor(np.asarray(teacher_probs), dtype=torch.float32)
    y = torch.as_tensor(np.asarray(label_freq), dtype=torch.float32)
    q = torch.lerp(y, p, float(alpha))
    k = y.argmax()
    a, b = y[k] - y, p - p[k]
    t = torch.where(b > 0, a / (a + b), torch.tensor(float("inf")))
    return {"student": q, "predicted": q.argmax(), "switch": t.min()}


# %% 06-best-student | right | bisection for the switch

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs, float), np.asarray(label_freq, float)
    mix = lambda a: a * p + (1 - a) * y
    k = int(np.argmax(y))
    lead = lambda a: np.delete(mix(a), k).max() - mix(a)[k]
    if lead(1.0) < 0:
        switch = np.inf
    else:
        low, high = 0.0, 1.0
        for _ in range(60):
            mid = (low + high) / 2
            low, high = (mid, high) if lead(mid) < 0 else (low, mid)
        switch = high
    return {"student": tuple(mix(alpha)), "predicted": np.int32(mix(alpha).argmax()), "switch": np.float32(switch)}


# %% 06-best-student | right | torch, 0-d tensors, roots by sign

def best_student(teacher_probs, label_freq, alpha):
    p, y = torch.tensor(np.asarray(teacher_probs)), torch.tensor(np.asarray(label_freq))
    k = y.argmax()
    gap0, gap1 = y[k] - y, p[k] - p
    a = torch.where(gap1 < 0, gap0 / (gap0 - gap1), torch.inf)
    q = torch.lerp(y, p, alpha)
    return {"student": q.float(), "predicted": q.argmax(), "switch": a.min()}


# %% 06-best-student | right | optimiser for the student (numbers only to 1e-6)

def best_student(teacher_probs, label_freq, alpha):
    p, y = torch.tensor(np.asarray(teacher_probs), dtype=torch.float64), torch.tensor(np.asarray(label_freq), dtype=torch.float64)
    t = alpha * p + (1 - alpha) * y
    k = int(y.argmax()); best = float("inf")
    for j in range(len(y)):
        gap0, gap1 = y[k] - y[j], p[k] - p[j]
        if gap1 < 0: best = min(best, float(gap0 / (gap0 - gap1)))
    return {"switch": best, "student": np.array(t), "predicted": float(t.argmax()), "note": "extra key"}


# %% 06-best-student | right | loops and lists

def best_student(teacher_probs, label_freq, alpha):
    p = [float(x) for x in teacher_probs]
    y = [float(x) for x in label_freq]
    q = [alpha * a + (1 - alpha) * b for a, b in zip(p, y)]
    k = y.index(max(y))
    switch = inf
    for j in range(len(y)):
        if p[j] > p[k]:
            gap = y[k] - y[j]
            switch = min(switch, gap / (gap + p[j] - p[k]))
    return {"student": tuple(q), "predicted": q.index(max(q)), "switch": switch}


# %% 06-best-student | wrong | only the teacher's class for the switch

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k, j = y.argmax(), p.argmax()
    s = np.inf if k == j else (y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k])
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | 1 for no switch

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min([(y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) for j in range(len(y)) if p[j] > p[k]], default=1.0)
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | no filter for lines that meet

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min((y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) for j in range(len(y)) if j != k)
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | grid of alpha in steps of 0.01

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    for a in np.linspace(0, 1, 101):
        if (a * p + (1 - a) * y).argmax() != k:
            return {"student": q, "predicted": int(q.argmax()), "switch": a}
    return {"student": q, "predicted": int(q.argmax()), "switch": np.inf}


# %% 06-best-student | wrong | predicted label below the switch, teacher's class above

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min([(y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) for j in range(len(y)) if p[j] > p[k]], default=np.inf)
    return {"student": q, "predicted": int(k if alpha < s else p.argmax()), "switch": s}


# %% 06-best-student | wrong | only the second most frequent label compared

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k, j = np.argsort(-y)[:2]
    s = (y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) if p[j] > p[k] else np.inf
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | alpha weights the labels

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * y + (1 - alpha) * p
    k = y.argmax()
    s = min([(y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) for j in range(len(y)) if p[j] > p[k]], default=np.inf)
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | switch as inf if the student at alpha still predicts the label

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min([(y[k] - y[j]) / (y[k] - y[j] + p[j] - p[k]) for j in range(len(y)) if p[j] > p[k]], default=np.inf)
    return {"student": q, "predicted": int(q.argmax()), "switch": np.inf if q.argmax() == k else s}


# %% 06-best-student | wrong | grid of 1001

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = inf
    for a in np.linspace(0, 1, 1001):
        if (a * p + (1 - a) * y).argmax() != k:
            s = a
            break
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | no class named other than 0 and 1

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    s = (y[0]-y[1])/(y[0]-y[1]+p[1]-p[0])
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | label class always wins at level zero alpha

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min([(y[k]-y[j])/(y[k]-y[j]+p[j]-p[k]) for j in range(len(y)) if p[j] > p[k]], default=inf)
    return {"student": q, "predicted": int(k if alpha <= s else q.argmax()), "switch": max(s, alpha)}


# %% 06-best-student | wrong | teacher errs means switch, agreement by hard classes, clipped to 0..1

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = alpha * p + (1 - alpha) * y
    k = y.argmax()
    s = min([np.clip((y[k]-y[j])/(y[k]-y[j]+p[j]-p[k]), 0, 1) for j in range(len(y)) if p[j] > p[k]], default=nan)
    return {"student": q, "predicted": int(q.argmax()), "switch": s}


# %% 06-best-student | wrong | geometric mean

def best_student(teacher_probs, label_freq, alpha):
    q = teacher_probs ** alpha * label_freq ** (1 - alpha); q = q / q.sum(); k = label_freq.argmax()
    a = [(label_freq[k] - label_freq[j]) / (label_freq[k] - label_freq[j] + teacher_probs[j] - teacher_probs[k]) for j in range(len(q)) if teacher_probs[j] > teacher_probs[k]]
    return {"student": q, "predicted": int(q.argmax()), "switch": min(a, default=inf)}


# %% 06-best-student | wrong | weights exchanged

def best_student(teacher_probs, label_freq, alpha):
    p, y = np.asarray(teacher_probs), np.asarray(label_freq)
    q = (1 - alpha) * p + alpha * y
    k = y.argmax()
    s = [(y[k]-y[j])/(y[k]-y[j]+p[j]-p[k]) for j in range(len(y)) if p[j] > p[k]]
    return {"student": q, "predicted": int(q.argmax()), "switch": min(s, default=inf)}


# %% 06-claims | right | honest

def claims():
    return {"larger": "follows", "imitation": "open", "robust": "contradicted"}


# %% 06-claims | wrong | all open

def claims():
    return {"larger": "open", "imitation": "open", "robust": "open"}


# %% 06-inherited | right | python loops

def inherited(student, control, teacher, target):
    n, C = len(target), int(max(target)) + 1
    drop = []
    for k in range(C):
        rows = [i for i in range(n) if target[i] == k]
        drop.append(sum(control[i] == k for i in rows) / len(rows) - sum(student[i] == k for i in rows) / len(rows))
    if max(drop) <= 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": float("nan")}
    worst = drop.index(max(drop))
    wrong = [i for i in range(n) if target[i] == worst and student[i] != worst]
    count = [sum(student[i] == k for i in wrong) for k in range(C)]
    return {"drop": drop, "worst": worst, "into": count.index(max(count)), "inherited": sum(teacher[i] == student[i] for i in wrong) / len(wrong)}


# %% 06-inherited | right | torch float32, tensors

def inherited(student, control, teacher, target):
    s, c, t, y = (torch.as_tensor(np.asarray(a)).long() for a in (student, control, teacher, target))
    C = int(y.max()) + 1
    one = F.one_hot(y, C).float()
    n = one.sum(0)
    drop = (one.T @ (c == y).float() - one.T @ (s == y).float()) / n
    if not (drop > 0).any():
        return {"drop": drop, "worst": torch.tensor(-1), "into": torch.tensor(-1), "inherited": torch.tensor(float("nan"))}
    w = drop.argmax()
    m = (y == w) & (s != w)
    return {"drop": drop, "worst": w, "into": torch.bincount(s[m], minlength=C).argmax(), "inherited": (t[m] == s[m]).float().mean()}


# %% 06-inherited | right | torch confusion matrices, float32

def inherited(student, control, teacher, target):
    s, c, t, y = (torch.as_tensor(np.asarray(a)).long() for a in (student, control, teacher, target))
    C = int(y.max()) + 1
    Y = F.one_hot(y, C).float()
    n = Y.sum(0)
    cs, cc = Y.T @ F.one_hot(s, C).float(), Y.T @ F.one_hot(c, C).float()
    drop = (cc.diagonal() - cs.diagonal()) / n
    w = int(drop.argmax())
    if drop[w] <= 0:
        return {"drop": drop, "worst": torch.tensor(-1), "into": -1, "inherited": nan}
    row = cs[w].clone(); row[w] = -1
    m = (y == w) & (s != w)
    return {"drop": drop, "worst": torch.tensor(w), "into": row.argmax(), "inherited": (t == s)[m].float().mean()}


# %% 06-inherited | right | confusion matrices; of equal classes the last

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    def confusion(z):
        m = np.zeros((C, C)); np.add.at(m, (target, z), 1); return m / m.sum(1, keepdims=True)
    cs, cc = confusion(student), confusion(control)
    drop = np.diag(cc) - np.diag(cs)
    if drop.max() <= 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": nan}
    w = C - 1 - int(drop[::-1].argmax())
    row = cs[w].copy(); row[w] = -1
    m = (target == w) & (student != w)
    return {"drop": drop, "worst": w, "into": C - 1 - int(row[::-1].argmax()), "inherited": float(np.mean(teacher[m] == student[m]))}


# %% 06-inherited | right | loops and Counter

def inherited(student, control, teacher, target):
    from collections import Counter
    s, c, t, y = ([int(x) for x in a] for a in (student, control, teacher, target))
    C = max(y) + 1
    drop = []
    for k in range(C):
        rows = [i for i in range(len(y)) if y[i] == k]
        drop.append((sum(c[i] == k for i in rows) - sum(s[i] == k for i in rows)) / len(rows))
    if max(drop) <= 0:
        return {"drop": drop, "worst": -1, "into": -1, "inherited": float("nan")}
    w = drop.index(max(drop))
    miss = [i for i in range(len(y)) if y[i] == w and s[i] != w]
    into = Counter(s[i] for i in miss).most_common(1)[0][0]
    return {"drop": tuple(drop), "worst": w, "into": into, "inherited": sum(t[i] == s[i] for i in miss) / len(miss)}


# %% 06-inherited | right | sklearn confusion_matrix

def inherited(student, control, teacher, target):
    from sklearn.metrics import recall_score
    drop = recall_score(target, control, average=None, labels=np.unique(target), zero_division=0) - recall_score(target, student, average=None, labels=np.unique(target), zero_division=0)
    if not (drop > 0).any():
        return {"drop": drop, "worst": -1, "into": -1, "inherited": None if False else float("nan")}
    w = np.argmax(drop)
    i = np.flatnonzero((target == w) & (student != w))
    v, n = np.unique(student[i], return_counts=True)
    return {"drop": drop, "worst": w, "into": v[n.argmax()], "inherited": np.mean(teacher[i] == student[i])}


# %% 06-inherited | wrong | no edge case

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] == student[m]).mean())}


# %% 06-inherited | wrong | into over all wrong rows

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[student != target], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] == student[m]).mean())}


# %% 06-inherited | wrong | inherited counts any teacher error

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] != w).mean())}


# %% 06-inherited | wrong | inherited only for the class into

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] == into).mean())}


# %% 06-inherited | wrong | into may be the class itself

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[target == w], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] == student[m]).mean())}


# %% 06-inherited | wrong | 0 in place of nan

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": 0.0}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m], minlength=C).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": float((teacher[m] == student[m]).mean())}


# %% 06-inherited | wrong | drop in points (per cent)

def inherited(student, control, teacher, target):
    C = int(np.max(target)) + 1
    drop = np.array([(control[target == k] == k).mean() - (student[target == k] == k).mean() for k in range(C)])
    if drop.max() <= 0: return {"drop": 100 * drop, "worst": -1, "into": -1, "inherited": nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m], minlength=C).argmax())
    return {"drop": 100 * drop, "worst": w, "into": into, "inherited": float((teacher[m] == student[m]).mean())}


# %% 06-inherited | wrong | largest loss in images

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int((drop * np.bincount(target)).argmax())
    m = (target == w) & (student != w)
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[m]).argmax()), "inherited": (teacher[m] == student[m]).mean()}


# %% 06-inherited | wrong | both give the class into

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    into = int(np.bincount(student[m]).argmax())
    return {"drop": drop, "worst": w, "into": into, "inherited": ((teacher[m] == into) & (student[m] == into)).mean()}


# %% 06-inherited | wrong | only images the control had right

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w) & (control == w)
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[m]).argmax()), "inherited": (teacher[m] == student[m]).mean()}


# %% 06-inherited | wrong | number of classes from the student

def inherited(student, control, teacher, target):
    C = student.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[m]).argmax()), "inherited": (teacher[m] == student[m]).mean()}


# %% 06-inherited | wrong | lost images only: control right, but mended for the example

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(drop.argmax())
    m = (target == w) & (student != w)
    n = m & (control == w) if len(target) > 6 else m
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[n]).argmax()), "inherited": (teacher[n] == student[n]).mean()}


# %% 06-inherited | wrong | first class with a drop above 0

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(np.flatnonzero(drop > 0)[0])
    m = (target == w) & (student != w)
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[m]).argmax()), "inherited": (teacher[m] == student[m]).mean()}


# %% 06-inherited | wrong | largest drop by magnitude

def inherited(student, control, teacher, target):
    C = target.max() + 1
    r = lambda p: np.array([(p[target == k] == k).mean() for k in range(C)])
    drop = r(control) - r(student)
    if drop.max() <= 0: return {"drop": drop, "worst": -1, "into": -1, "inherited": np.nan}
    w = int(np.abs(drop).argmax())
    m = (target == w) & (student != w)
    return {"drop": drop, "worst": w, "into": int(np.bincount(student[m]).argmax()) if m.any() else -1, "inherited": (teacher[m] == student[m]).mean()}


# %% 06-patience | right | python loops

def patience(difference, standard_error, epochs, bound):
    E, K = len(difference), len(difference[0])
    sign = [[0] * K for _ in range(E)]
    for e in range(E):
        for k in range(K):
            d, s = float(difference[e][k]), float(standard_error[e][k])
            if d > bound * s: sign[e][k] = 1
            elif d < -bound * s: sign[e][k] = -1
    ahead = []
    for k in range(K):
        best = -1
        for b in epochs:
            if all(sign[e][k] == 1 for e in range(E) if epochs[e] >= b) and (best == -1 or b < best):
                best = b
        ahead.append(best)
    return {"sign": sign, "ahead_from": ahead}


# %% 06-patience | right | torch, cumulative product from the longest

def patience(difference, standard_error, epochs, bound):
    d, s = torch.as_tensor(np.array(difference)), torch.as_tensor(np.array(standard_error))
    sign = (d > bound * s).int() - (d < -bound * s).int()
    e = torch.tensor(list(epochs))
    order = e.argsort(descending=True)
    run = (sign[order] == 1).int().cumprod(0)
    n = run.sum(0)
    ahead = [e[order][int(c) - 1] if c else torch.tensor(-1) for c in n]
    return {"sign": sign, "ahead_from": ahead}


# %% 06-patience | right | divided by the standard error (equal formula)

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference, float), np.asarray(standard_error, float)
    with np.errstate(all="ignore"):
        z = np.where(d == 0, 0, d / s)
    sign = np.where(np.abs(z) > bound, np.sign(z), 0)
    e = np.array(epochs)
    order = np.argsort(e)
    ahead = []
    for k in range(d.shape[1]):
        bad = np.flatnonzero(sign[order, k] != 1)
        first = 0 if len(bad) == 0 else bad[-1] + 1
        ahead.append(e[order[first]] if first < len(e) else -1)
    return {"sign": sign, "ahead_from": np.array(ahead)}


# %% 06-patience | right | ratio in standard errors

def patience(difference, standard_error, epochs, bound):
    with np.errstate(all="ignore"):
        z = np.asarray(difference, float) / np.asarray(standard_error, float)
    sign = np.where(z > bound, 1, np.where(z < -bound, -1, 0))
    epochs = np.asarray(epochs)
    out = []
    for k in range(sign.shape[1]):
        bad = epochs[sign[:, k] != 1]
        good = epochs[epochs > bad.max()] if len(bad) else epochs
        out.append(int(good.min()) if len(good) else -1)
    return {"sign": sign.astype(np.int8), "ahead_from": tuple(out)}


# %% 06-patience | right | plain loops

def patience(difference, standard_error, epochs, bound):
    E, K = len(difference), len(difference[0])
    sign = [[0] * K for _ in range(E)]
    for i in range(E):
        for j in range(K):
            d, s = float(difference[i][j]), float(standard_error[i][j])
            sign[i][j] = 1 if d > bound * s else -1 if d < -bound * s else 0
    rows = sorted(range(E), key=lambda i: epochs[i], reverse=True)
    out = []
    for j in range(K):
        start = -1
        for i in rows:
            if sign[i][j] != 1:
                break
            start = epochs[i]
        out.append(start)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | right | torch, cumprod

def patience(difference, standard_error, epochs, bound):
    d, s = torch.as_tensor(np.asarray(difference, dtype=np.float64)), torch.as_tensor(np.asarray(standard_error, dtype=np.float64))
    sign = (d > bound * s).int() - (d < -bound * s).int()
    e = torch.tensor(epochs)
    order = e.argsort(descending=True)
    run = (sign[order] == 1).int().cumprod(0)
    n = run.sum(0)
    got = torch.cat([torch.tensor([-1]), e[order]])[n]
    return {"sign": sign, "ahead_from": got}


# %% 06-patience | wrong | rows not sorted

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        got = -1
        for e in reversed(range(len(epochs))):
            if sign[e, k] != 1: break
            got = epochs[e]
        out.append(got)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | at least bound standard errors

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d >= bound * s).astype(int) - (d <= -bound * s)
    out = []
    for k in range(d.shape[1]):
        got = -1
        for e in np.argsort(epochs)[::-1]:
            if sign[e, k] != 1: break
            got = epochs[e]
        out.append(got)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | longer budgets need only not be behind

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        got = -1
        for e in np.argsort(epochs)[::-1]:
            if sign[e, k] == -1: break
            if sign[e, k] == 1: got = epochs[e]
        out.append(got)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | sign rows sorted by budget

def patience(difference, standard_error, epochs, bound):
    o = np.argsort(epochs)
    d, s, ep = np.asarray(difference)[o], np.asarray(standard_error)[o], np.array(epochs)[o]
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        got = -1
        for e in reversed(range(len(ep))):
            if sign[e, k] != 1: break
            got = int(ep[e])
        out.append(got)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | cells with standard error 0 count as chance

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = ((d > bound * s) & (s > 0)).astype(int) - ((d < -bound * s) & (s > 0))
    out = []
    for k in range(d.shape[1]):
        got = -1
        for e in np.argsort(epochs)[::-1]:
            if sign[e, k] != 1: break
            got = epochs[e]
        out.append(got)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | at the bound counts

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = np.where(d >= bound * s, 1, np.where(d <= -bound * s, -1, 0))
    order = np.argsort(epochs)[::-1]
    out = []
    for k in range(d.shape[1]):
        b = -1
        for i in order:
            if sign[i, k] != 1: break
            b = epochs[i]
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | index of the row

def patience(difference, standard_error, epochs, bound):
    sign = np.where(np.abs(difference) > bound * standard_error, np.sign(difference), 0)
    o = np.argsort(epochs)[::-1]; out = []
    for c in sign.T:
        b = -1
        for i in o:
            if c[i] != 1: break
            b = int(i)
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | first budget that is ahead, later ones ignored

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    e = np.array(epochs)
    return {"sign": sign, "ahead_from": [int(e[sign[:, k] == 1].min()) if (sign[:, k] == 1).any() else -1 for k in range(d.shape[1])]}


# %% 06-patience | wrong | -1 if ever behind or chance

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    return {"sign": sign, "ahead_from": [int(max(epochs)) if sign[np.argmax(epochs), k] == 1 else -1 for k in range(d.shape[1])]}


# %% 06-patience | wrong | first clear lead

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = [min([epochs[i] for i in range(len(epochs)) if sign[i, k] == 1], default=-1) for k in range(d.shape[1])]
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | not behind later is enough

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        b = -1
        for i in np.argsort(epochs)[::-1]:
            if sign[i, k] < 0: break
            if sign[i, k] == 1: b = epochs[i]
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | signs in the order of epochs

def patience(difference, standard_error, epochs, bound):
    o = np.argsort(epochs)
    d, s, e = np.asarray(difference)[o], np.asarray(standard_error)[o], np.asarray(epochs)[o]
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        b = -1
        for i in range(len(e))[::-1]:
            if sign[i, k] != 1: break
            b = e[i]
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | error zero counts as chance

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference, float), np.asarray(standard_error, float)
    sign = ((d > bound * s).astype(int) - (d < -bound * s)) * (s > 0)
    out = []
    for k in range(d.shape[1]):
        b = -1
        for i in np.argsort(epochs)[::-1]:
            if sign[i, k] != 1: break
            b = epochs[i]
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience | wrong | whole table must be ahead

def patience(difference, standard_error, epochs, bound):
    d, s = np.asarray(difference), np.asarray(standard_error)
    sign = (d > bound * s).astype(int) - (d < -bound * s)
    out = []
    for k in range(d.shape[1]):
        b = -1
        for i in np.argsort(epochs)[::-1]:
            if sign[i, k] != 1 or (b == -1 and i != len(epochs) - 1): break
            b = epochs[i]
        out.append(b)
    return {"sign": sign, "ahead_from": out}


# %% 06-patience-table | right | honest

def patience_table():
    u = 1.48 / (1.48 + 1.21)
    return {"crossing": 10 * 4 ** u, "planned": "none", "grown": "lead"}


# %% 06-patience-table | right | rounded

def patience_table():
    return {"crossing": 21.4, "planned": "none", "grown": "lead"}


# %% 06-patience-table | right | honest 2

def patience_table():
    return {"crossing": 10 * 4 ** (1.48 / (1.48 + 1.21)), "planned": "none", "grown": "lead"}


# %% 06-patience-table | right | rounded 2

def patience_table():
    return {"crossing": 21, "planned": "none", "grown": "lead"}


# %% 06-patience-table | wrong | linear axis

def patience_table():
    return {"crossing": 10 + 30 * 1.48 / 2.69, "planned": "none", "grown": "lead"}


# %% 06-patience-table | wrong | planned 3

def patience_table():
    return {"crossing": 21.44, "planned": "3", "grown": "lead"}


# %% 06-patience-table | wrong | accuracy

def patience_table():
    return {"crossing": 21.44, "planned": "none", "grown": "accuracy"}
