# %% 01-mixed-target | right | plain loops, lists

def mixed_target(teacher_probs, target, alpha):
    rows = []
    for row, label in zip(teacher_probs, target):
        rows.append([alpha * float(p) + ((1 - alpha) if k == int(label) else 0.0) for k, p in enumerate(row)])
    return rows


# %% 01-mixed-target | right | torch float32 lerp

def mixed_target(teacher_probs, target, alpha):
    p = torch.tensor(np.asarray(teacher_probs), dtype=torch.float32)
    y = F.one_hot(torch.as_tensor(np.asarray(target)).long(), p.shape[1]).float()
    return torch.lerp(y, p, float(alpha))


# %% 01-mixed-target | right | y + alpha (p - y), copy and subtract

def mixed_target(teacher_probs, target, alpha):
    d = np.array(teacher_probs, dtype=np.float64)
    d[np.arange(len(d)), target] -= 1
    d = d * alpha
    d[np.arange(len(d)), target] += 1
    return tuple(tuple(r) for r in d)


# %% 01-mixed-target | right | loops, list of lists

def mixed_target(teacher_probs, target, alpha):
    rows = []
    for p, y in zip(teacher_probs, target):
        rows.append([float(alpha * v) + (float(1 - alpha) if k == int(y) else 0.0) for k, v in enumerate(p)])
    return rows


# %% 01-mixed-target | right | tuple of tuples, add at index

def mixed_target(teacher_probs, target, alpha):
    out = alpha * np.array(teacher_probs, dtype=float)
    np.add.at(out, (np.arange(len(out)), target), 1 - alpha)
    return tuple(map(tuple, out))


# %% 01-mixed-target | right | grad-carrying tensor and other equation y + a (p - y)

def mixed_target(teacher_probs, target, alpha):
    p = torch.tensor(np.array(teacher_probs), dtype=torch.float64, requires_grad=True)
    y = torch.zeros_like(p).scatter(1, torch.tensor(np.array(target), dtype=torch.int64)[:, None], 1.0)
    return y + alpha * (p - y)


# %% 01-mixed-target | wrong | weights exchanged

def mixed_target(teacher_probs, target, alpha):
    return (1 - alpha) * teacher_probs + alpha * np.eye(teacher_probs.shape[1])[target]


# %% 01-mixed-target | wrong | label entry overwritten

def mixed_target(teacher_probs, target, alpha):
    out = alpha * np.asarray(teacher_probs)
    for i, t in enumerate(target):
        out[i, t] = 1 - alpha
    return out


# %% 01-mixed-target | wrong | number of classes from the labels

def mixed_target(teacher_probs, target, alpha):
    one_hot = F.one_hot(torch.as_tensor(target).long()).numpy()
    return alpha * teacher_probs + (1 - alpha) * one_hot


# %% 01-mixed-target | wrong | whole column of every label

def mixed_target(teacher_probs, target, alpha):
    y = np.zeros(np.shape(teacher_probs))
    y[:, target] = 1
    return alpha * teacher_probs + (1 - alpha) * y


# %% 01-mixed-target | wrong | label only where the teacher errs

def mixed_target(teacher_probs, target, alpha):
    out = np.array(teacher_probs, dtype=float)
    for i, t in enumerate(target):
        if out[i].argmax() != t:
            out[i] *= alpha
            out[i, t] += 1 - alpha
    return out


# %% 01-mixed-target | wrong | classes from labels max

def mixed_target(teacher_probs, target, alpha):
    C = int(np.max(target)) + 1
    y = np.eye(C)[target]
    p = np.asarray(teacher_probs)[:, :C]
    return alpha * p + (1 - alpha) * y


# %% 01-mixed-target | wrong | square eye of N

def mixed_target(teacher_probs, target, alpha):
    return alpha * np.asarray(teacher_probs) + (1 - alpha) * np.eye(len(teacher_probs))[target]


# %% 01-mixed-target | wrong | rounded to 2 digits

def mixed_target(teacher_probs, target, alpha):
    p = np.asarray(teacher_probs)
    return np.round(alpha * p + (1 - alpha) * np.eye(p.shape[1])[target], 2)


# %% 01-mixed-target | wrong | counts labels from 1

def mixed_target(teacher_probs, target, alpha):
    return alpha * teacher_probs + (1 - alpha) * np.eye(teacher_probs.shape[1])[np.asarray(target) - 1]


# %% 01-mixed-target | wrong | softmax over the mixture

def mixed_target(teacher_probs, target, alpha):
    m = alpha * teacher_probs + (1 - alpha) * np.eye(teacher_probs.shape[1])[target]
    return torch.softmax(torch.as_tensor(m), dim=1)


# %% 01-mixed-target | wrong | alpha on label

def mixed_target(teacher_probs, target, alpha):
    return (1 - alpha) * np.asarray(teacher_probs) + alpha * np.eye(np.shape(teacher_probs)[1])[target]


# %% 01-mixed-target | wrong | smoothing label

def mixed_target(teacher_probs, target, alpha):
    p = np.asarray(teacher_probs)
    y = np.eye(p.shape[1])[target]
    return alpha * p + (1 - alpha) * (0.9 * y + 0.1 / p.shape[1])


# %% 01-mixed-target | wrong | renormalised geometric mix

def mixed_target(teacher_probs, target, alpha):
    p = np.asarray(teacher_probs, dtype=float)
    y = np.eye(p.shape[1])[target]
    m = p ** alpha * (y + 1e-6) ** (1 - alpha)
    return m / m.sum(1, keepdims=True)


# %% 01-mixed-target | wrong | label by teacher argmax

def mixed_target(teacher_probs, target, alpha):
    p = np.asarray(teacher_probs)
    return alpha * p + (1 - alpha) * np.eye(p.shape[1])[p.argmax(1)]


# %% 01-references | right | honest

def references():
    return {"belief": "mended", "survey": "another", "distilling": "as cited", "residual": "off topic"}


# %% 01-references | wrong | belief another, residual as cited

def references():
    return {'belief': 'another', 'survey': 'another', 'distilling': 'as cited', 'residual': 'as cited'}


# %% 01-shared-errors | right | plain loop, Fraction

def shared_errors(teacher, student, target):
    from fractions import Fraction
    errors = repeated = 0
    for t, s, y in zip(teacher, student, target):
        if int(t) != int(y):
            errors += 1
            if int(s) == int(t):
                repeated += 1
    if not errors:
        raise ValueError("no errors")
    return float(Fraction(repeated, errors))


# %% 01-shared-errors | right | torch float32, 0-d tensor

def shared_errors(teacher, student, target):
    t, s, y = (torch.as_tensor(np.array(v)) for v in (teacher, student, target))
    wrong = t != y
    if not wrong.any():
        raise ValueError("the teacher is right everywhere")
    return (s[wrong] == t[wrong]).float().mean()


# %% 01-shared-errors | right | torch 0-d float32

def shared_errors(teacher, student, target):
    t, s, y = (torch.as_tensor(np.asarray(v)) for v in (teacher, student, target))
    w = t != y
    if w.sum() == 0:
        raise ValueError("none")
    return (s[w] == t[w]).float().mean()


# %% 01-shared-errors | right | loops with Fraction

def shared_errors(teacher, student, target):
    from fractions import Fraction
    err = rep = 0
    for t, s, y in zip(teacher, student, target):
        if t != y:
            err += 1
            rep += int(s == t)
    if not err:
        raise ValueError("no errors of the teacher")
    return Fraction(rep, err)


# %% 01-shared-errors | right | ratio of two means, 0-d array

def shared_errors(teacher, student, target):
    teacher, student, target = map(np.asarray, (teacher, student, target))
    wrong = teacher != target
    if not wrong.any():
        raise ValueError("no mistakes")
    return np.array(np.mean(wrong & (student == teacher)) / np.mean(wrong))


# %% 01-shared-errors | right | loops, python float

def shared_errors(teacher, student, target):
    n = k = 0
    for t, s, y in zip(teacher, student, target):
        if t == y:
            continue
        n += 1
        k += t == s
    if not n:
        raise ValueError("no error")
    return float(k / n)


# %% 01-shared-errors | wrong | any wrong answer of the student

def shared_errors(teacher, student, target):
    w = teacher != target
    if not w.any():
        raise ValueError
    return float((student[w] != target[w]).mean())


# %% 01-shared-errors | wrong | divided by all rows

def shared_errors(teacher, student, target):
    w = teacher != target
    if not w.any():
        raise ValueError
    return float(((student == teacher) & w).mean())


# %% 01-shared-errors | wrong | no error: nan by numpy

def shared_errors(teacher, student, target):
    w = teacher != target
    return float((student[w] == teacher[w]).mean())


# %% 01-shared-errors | wrong | no error: ZeroDivisionError

def shared_errors(teacher, student, target):
    w = [i for i in range(len(target)) if teacher[i] != target[i]]
    return sum(int(student[i] == teacher[i]) for i in w) / len(w)


# %% 01-shared-errors | wrong | no error: returns 0.0

def shared_errors(teacher, student, target):
    w = teacher != target
    return float((student[w] == teacher[w]).mean()) if w.any() else 0.0


# %% 01-shared-errors | wrong | student's errors as condition

def shared_errors(teacher, student, target):
    if (teacher == target).all():
        raise ValueError
    w = student != target
    return float((student[w] == teacher[w]).mean())


# %% 01-shared-errors | wrong | ValueError also when the student shares nothing

def shared_errors(teacher, student, target):
    w = teacher != target
    hits = ((student == teacher) & w).sum()
    if hits == 0:
        raise ValueError("nothing shared")
    return hits / w.sum()


# %% 01-shared-errors | wrong | assert in place of ValueError

def shared_errors(teacher, student, target):
    w = teacher != target
    assert w.any(), "no error"
    return float((student[w] == teacher[w]).mean())


# %% 01-shared-errors | wrong | returns ValueError instead of raising

def shared_errors(teacher, student, target):
    w = teacher != target
    if not w.any():
        return ValueError("no error")
    return float((student[w] == teacher[w]).mean())


# %% 01-shared-errors | wrong | per cent

def shared_errors(teacher, student, target):
    w = teacher != target
    if not w.any():
        raise ValueError
    return 100 * float((student[w] == teacher[w]).mean())


# %% 01-shared-errors | wrong | agreement

def shared_errors(teacher, student, target):
    if (np.asarray(teacher) == np.asarray(target)).all():
        raise ValueError
    return np.mean(np.asarray(teacher) == np.asarray(student))


# %% 01-shared-errors | wrong | raises when result is 0 too

def shared_errors(teacher, student, target):
    w = np.asarray(teacher) != np.asarray(target)
    same_ = (np.asarray(student) == np.asarray(teacher)) & w
    if not same_.any():
        raise ValueError
    return same_.sum() / w.sum()


# %% 01-shared-errors | wrong | raises AssertionError in place of ValueError

def shared_errors(teacher, student, target):
    teacher, student, target = map(np.asarray, (teacher, student, target))
    w = teacher != target
    assert w.any(), "teacher makes no error"
    return ((student == teacher) & w).sum() / w.sum()


# %% 01-shared-errors | wrong | array of shape (1,)

def shared_errors(teacher, student, target):
    teacher, student, target = map(np.asarray, (teacher, student, target))
    w = teacher != target
    if not w.any():
        raise ValueError
    return [((student == teacher) & w).sum() / w.sum()]


# %% 01-statements | right | temperature never

def statements():
    return {"smaller": "sometimes", "updated": "never", "compress": "never", "better": "sometimes",
            "labels": "sometimes", "layers": "never", "calibrated": "sometimes", "temperature": "never"}


# %% 01-statements | wrong | all sometimes

def statements():
    return dict.fromkeys(['smaller', 'updated', 'compress', 'better', 'labels', 'layers', 'calibrated', 'temperature'], 'sometimes')


# %% 01-statements | wrong | temperature never, labels never

def statements():
    return {'smaller': 'sometimes', 'updated': 'never', 'compress': 'never', 'better': 'sometimes', 'labels': 'never',
            'layers': 'never', 'calibrated': 'sometimes', 'temperature': 'never'}


# %% 01-table | right | honest

def table():
    return {"gain": 1.2, "recovered": 0.245, "size": "accuracy", "who": "3 - 2"}


# %% 01-table | right | computed, tensors

def table():
    return {"gain": torch.tensor(93.5 - 92.3), "recovered": np.float32(1.2 / 4.9), "size": "accuracy", "who": "3 - 2"}


# %% 01-table | right | two decimals

def table():
    return {"gain": 1.2, "recovered": 0.24, "size": "accuracy", "who": "3 - 2"}


# %% 01-table | right | numbers with the exact shares

def table():
    return {"gain": 93.5 - 92.3, "recovered": 1.2 / 4.9, "size": "accuracy", "who": "3 - 2"}


# %% 01-table | right | honest 2

def table():
    return {'gain': 1.2, 'recovered': 1.2 / 4.9, 'size': 'accuracy', 'who': '3 - 2'}


# %% 01-table | right | other number types

def table():
    from decimal import Decimal
    return {'gain': Decimal('1.2'), 'recovered': torch.tensor(0.24), 'size': 'accuracy', 'who': '3 - 2'}


# %% 01-table | wrong | per cent

def table():
    return {'gain': 1.2, 'recovered': 24.5, 'size': 'accuracy', 'who': '3 - 2'}


# %% 01-table | wrong | gap to teacher

def table():
    return {'gain': 3.7, 'recovered': 0.755, 'size': 'size', 'who': '3 - 1'}


# %% 01-table | wrong | gain of 1.1 and 0.3

def table():
    return {'gain': 1.1, 'recovered': 0.3, 'size': 'accuracy', 'who': '3 - 2'}


# %% 01-table | wrong | numbers as text

def table():
    return {'gain': '1.2', 'recovered': '0.245', 'size': 'accuracy', 'who': '3 - 2'}


# %% 01-mixed-target | wrong | alpha truthiness: alpha 0 or 1 treated as default 0.5

def mixed_target(teacher_probs, target, alpha):
    alpha = alpha if 0 < alpha < 1 else 0.5
    p = np.asarray(teacher_probs)
    return alpha * p + (1 - alpha) * np.eye(p.shape[1])[target]
