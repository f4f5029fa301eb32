# %% 13-break-even | right | direct comparison, doubling and bisection

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    from fractions import Fraction
    t, s, a, c = (Fraction(str(v)) for v in (teacher_cost, student_cost, asked, training_cost))
    each = s + a * t
    if each >= t:
        return float("inf")
    once = c + transfer_size * t
    ok = lambda n: once + n * each <= n * t
    hi = 1
    while not ok(hi):
        hi *= 2
    lo = -1
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if ok(mid):
            hi = mid
        else:
            lo = mid
    return hi


# %% 13-break-even | right | math.ceil in floats

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    import math
    once = training_cost + transfer_size * teacher_cost
    gain = teacher_cost - (student_cost + asked * teacher_cost)
    return math.ceil(once / gain) if gain > 0 else math.inf


# %% 13-break-even | right | loop that adds up the costs by n

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    if not student_cost + asked * teacher_cost < teacher_cost:
        return inf
    n = 0
    once = training_cost + transfer_size * teacher_cost
    while once + n * (student_cost + asked * teacher_cost) > n * teacher_cost:
        n += 1
        if n > 3_000_000:
            break
    return n


# %% 13-break-even | right | torch float64 tensor

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    t = torch.tensor(teacher_cost, dtype=torch.float64)
    gain = t * (1 - asked) - student_cost
    if gain <= 0:
        return torch.tensor(inf)
    return torch.ceil((training_cost + transfer_size * t) / gain)


# %% 13-break-even | right | exact fractions of the decimals

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    from fractions import Fraction as Q
    import math
    tr, t, s, a = (Q(str(v)) for v in (training_cost, teacher_cost, student_cost, asked))
    gain = t - s - a * t
    if gain <= 0:
        return inf
    return math.ceil((tr + transfer_size * t) / gain)


# %% 13-break-even | right | numpy ceil

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    once = training_cost + transfer_size * teacher_cost
    gain = teacher_cost - student_cost - asked * teacher_cost
    return np.ceil(once / gain) if gain > 0 else np.inf


# %% 13-break-even | wrong | rounds to the nearest

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    return round((training_cost + transfer_size * teacher_cost) / gain) if gain > 0 else inf


# %% 13-break-even | wrong | floor plus one (strictly less)

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    return int((training_cost + transfer_size * teacher_cost) / gain) + 1 if gain > 0 else inf


# %% 13-break-even | wrong | transfer set forgotten

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    return int(np.ceil(training_cost / gain)) if gain > 0 else inf


# %% 13-break-even | wrong | student only for what it keeps

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - (1 - asked) * student_cost - asked * teacher_cost
    return int(np.ceil((training_cost + transfer_size * teacher_cost) / gain)) if gain > 0 else inf


# %% 13-break-even | wrong | never: negative number of requests

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    if gain == 0:
        return inf
    return int(np.ceil((training_cost + transfer_size * teacher_cost) / gain))


# %% 13-break-even | wrong | division by zero not caught

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    if gain < 0:
        return inf
    return int(np.ceil((training_cost + transfer_size * teacher_cost) / gain))


# %% 13-break-even | wrong | transfer set subtracted from the requests

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    return int(np.ceil(training_cost / gain)) + transfer_size if gain > 0 else inf


# %% 13-break-even | wrong | at least one request

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    gain = teacher_cost - student_cost - asked * teacher_cost
    return max(1, int(np.ceil((training_cost + transfer_size * teacher_cost) / gain))) if gain > 0 else inf


# %% 13-break-even | wrong | strictly less (floor plus one)

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = teacher_cost - student_cost - asked * teacher_cost
    return inf if g <= 0 else np.floor((training_cost + transfer_size * teacher_cost) / g) + 1


# %% 13-break-even | wrong | not free of the student for passed requests

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = (1 - asked) * (teacher_cost - student_cost)
    return inf if g <= 0 else np.ceil((training_cost + transfer_size * teacher_cost) / g)


# %% 13-break-even | wrong | negative answer where it never pays

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = teacher_cost - student_cost - asked * teacher_cost
    return np.ceil((training_cost + transfer_size * teacher_cost) / g) if g else inf


# %% 13-break-even | wrong | -1 where it never pays

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = teacher_cost - student_cost - asked * teacher_cost
    return -1 if g <= 0 else np.ceil((training_cost + transfer_size * teacher_cost) / g)


# %% 13-break-even | wrong | at least one request 2

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = teacher_cost - student_cost - asked * teacher_cost
    return inf if g <= 0 else max(1, np.ceil((training_cost + transfer_size * teacher_cost) / g))


# %% 13-break-even | wrong | transfer set free

def break_even(training_cost, transfer_size, teacher_cost, student_cost, asked):
    g = teacher_cost - student_cost - asked * teacher_cost
    return inf if g <= 0 else np.ceil(training_cost / g)


# %% 13-cascade | right | python loops, dict of floats

def cascade(validation_confidence, student_logits, teacher, target, share):
    import math
    v = sorted(float(c) for c in validation_confidence)
    k = round(share * len(v))
    threshold = v[k - 1]
    calls = good = 0
    for z, t, y in zip(student_logits.tolist(), teacher.tolist(), target.tolist()):
        m = max(z)
        conf = 1 / sum(math.exp(a - m) for a in z)
        if conf <= threshold:
            calls += 1
            answer = t
        else:
            answer = z.index(m)
        good += answer == y
    return {"threshold": threshold, "calls": calls / len(target), "accuracy": good / len(target)}


# %% 13-cascade | right | torch kthvalue, tensors

def cascade(validation_confidence, student_logits, teacher, target, share):
    v = torch.as_tensor(validation_confidence)
    threshold = v.kthvalue(int(round(share * len(v)))).values
    conf, own = torch.softmax(torch.as_tensor(student_logits), dim=1).max(1)
    asked = conf <= threshold
    answer = torch.where(asked, torch.as_tensor(teacher), own)
    return {"threshold": threshold, "calls": asked.double().mean(), "accuracy": (answer == torch.as_tensor(target)).float().mean()}


# %% 13-cascade | right | numpy naive exp, np.partition

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = int(np.rint(share * len(validation_confidence)))
    threshold = np.partition(validation_confidence, k - 1)[k - 1]
    p = np.exp(student_logits) / np.exp(student_logits).sum(1, keepdims=True)
    asked = p.max(1) <= threshold
    answer = p.argmax(1)
    answer[asked] = teacher[asked]
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | right | sorts its argument in place

def cascade(validation_confidence, student_logits, teacher, target, share):
    validation_confidence.sort()
    threshold = validation_confidence[round(share * len(validation_confidence)) - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(np.where(asked, teacher, p.argmax(1)) == target)}


# %% 13-cascade | right | plain loops

def cascade(validation_confidence, student_logits, teacher, target, share):
    import math
    k = round(share * len(validation_confidence))
    th = sorted(float(v) for v in validation_confidence)[k - 1]
    asked = right = 0
    for z, t, y in zip(student_logits, teacher, target):
        z = [float(v) for v in z]; m = max(z)
        c = 1 / sum(math.exp(v - m) for v in z)
        if c <= th:
            asked += 1; a = int(t)
        else:
            a = z.index(m)
        right += a == int(y)
    n = len(target)
    return {"threshold": th, "calls": asked / n, "accuracy": right / n}


# %% 13-cascade | right | torch kthvalue

def cascade(validation_confidence, student_logits, teacher, target, share):
    v = torch.tensor(validation_confidence)
    th = v.kthvalue(int(round(share * len(v)))).values
    c, a = torch.softmax(torch.tensor(student_logits), 1).max(1)
    ask = c <= th
    said = torch.where(ask, torch.tensor(teacher), a)
    return {"threshold": th, "calls": ask.float().mean(), "accuracy": (said == torch.tensor(target)).float().mean()}


# %% 13-cascade | wrong | strictly below

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[k - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) < threshold
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | index k

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[k]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | np.quantile

def cascade(validation_confidence, student_logits, teacher, target, share):
    threshold = np.quantile(validation_confidence, share)
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | not sorted

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = validation_confidence[k - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | logits compared with the threshold

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[k - 1]
    asked = student_logits.max(1) <= threshold
    answer = np.where(asked, teacher, student_logits.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | exactly the share of the test images asked

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[k - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = np.zeros(len(target), bool)
    asked[np.argsort(p.max(1))[:round(share * len(target))]] = True
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | sigmoid for two classes / share above the threshold

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence))
    threshold = np.sort(validation_confidence)[::-1][k - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    answer = np.where(asked, teacher, p.argmax(1))
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(answer == target)}


# %% 13-cascade | wrong | int() of the share times M

def cascade(validation_confidence, student_logits, teacher, target, share):
    threshold = np.sort(validation_confidence)[int(share * len(validation_confidence)) - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(np.where(asked, teacher, p.argmax(1)) == target)}


# %% 13-cascade | wrong | at least one call (max(1, ...)) and never all

def cascade(validation_confidence, student_logits, teacher, target, share):
    threshold = np.sort(validation_confidence)[round(share * len(validation_confidence)) - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    if not asked.any():
        asked[p.max(1).argmin()] = True
    return {"threshold": threshold, "calls": asked.mean(), "accuracy": np.mean(np.where(asked, teacher, p.argmax(1)) == target)}


# %% 13-cascade | wrong | margin instead of confidence

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence)); th = np.sort(validation_confidence)[k - 1]
    p = torch.softmax(torch.tensor(student_logits), 1).sort(1).values.numpy(); a = student_logits.argmax(1)
    ask = p[:, -1] - p[:, -2] <= th
    return {"threshold": th, "calls": ask.mean(), "accuracy": (np.where(ask, teacher, a) == target).mean()}


# %% 13-cascade | wrong | accuracy of the kept only

def cascade(validation_confidence, student_logits, teacher, target, share):
    k = round(share * len(validation_confidence)); th = np.sort(validation_confidence)[k - 1]
    c, a = torch.softmax(torch.tensor(student_logits), 1).max(1); c, a = c.numpy(), a.numpy()
    ask = c <= th
    return {"threshold": th, "calls": ask.mean(), "accuracy": (a == target)[~ask].mean() if (~ask).any() else 0.0}


# %% 13-cascade | wrong | asks where teacher and student differ

def cascade(validation_confidence, student_logits, teacher, target, share):
    t = np.sort(validation_confidence)[round(share * len(validation_confidence)) - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy(); ask = p.argmax(1) != teacher
    return {"threshold": t, "calls": ask.mean(), "accuracy": (np.where(ask, teacher, p.argmax(1)) == target).mean()}


# %% 13-cascade | wrong | sigmoid

def cascade(validation_confidence, student_logits, teacher, target, share):
    t = np.sort(validation_confidence)[round(share * len(validation_confidence)) - 1]
    p = 1 / (1 + np.exp(-student_logits)); ask = p.max(1) <= t
    return {"threshold": t, "calls": ask.mean(), "accuracy": (np.where(ask, teacher, p.argmax(1)) == target).mean()}


# %% 13-cascade | wrong | share of calls on validation and test together

def cascade(validation_confidence, student_logits, teacher, target, share):
    threshold = np.sort(validation_confidence)[round(share * len(validation_confidence)) - 1]
    p = torch.softmax(torch.as_tensor(student_logits), 1).numpy()
    asked = p.max(1) <= threshold
    calls = (asked.sum() + (validation_confidence <= threshold).sum()) / (len(asked) + len(validation_confidence))
    return {"threshold": threshold, "calls": calls, "accuracy": np.mean(np.where(asked, teacher, p.argmax(1)) == target)}


# %% 13-membership | right | pair loops, lists

def membership(private_loss, new_loss, fpr):
    a, b = list(map(float, private_loss)), sorted(map(float, new_loss))
    wins = 0
    for x in a:
        for y in b:
            wins += 1 if x < y else 0.5 if x == y else 0
    t = b[round(fpr * len(b))]
    return {"auroc": wins / len(a) / len(b), "threshold": t, "tpr": sum(x < t for x in a) / len(a)}


# %% 13-membership | right | torch with sign

def membership(private_loss, new_loss, fpr):
    a, b = torch.as_tensor(private_loss), torch.as_tensor(new_loss)
    auroc = ((torch.sign(b[None] - a[:, None]) + 1) / 2).mean()
    t = b.sort().values[int(fpr * len(b) + 0.5)]
    return {"tpr": (a < t).float().mean(), "threshold": t, "auroc": auroc}


# %% 13-membership | right | ranks in torch

def membership(private_loss, new_loss, fpr):
    a, b = torch.tensor(private_loss), torch.tensor(new_loss)
    s = b.sort().values
    less = len(b) - torch.searchsorted(s, a, right=True)
    tie = torch.searchsorted(s, a, right=True) - torch.searchsorted(s, a)
    th = s[round(fpr * len(b))]
    return {"tpr": (a < th).float().mean(), "threshold": th, "auroc": (less + tie / 2).double().mean() / len(b)}


# %% 13-membership | right | searchsorted ranks

def membership(private_loss, new_loss, fpr):
    b = np.sort(new_loss)
    lo, hi = np.searchsorted(b, private_loss, "left"), np.searchsorted(b, private_loss, "right")
    auroc = 1 - (lo + hi).sum() / 2 / len(b) / len(private_loss)
    t = b[int(np.rint(fpr * b.size))]
    return {"auroc": auroc, "threshold": t, "tpr": (np.asarray(private_loss) < t).mean()}


# %% 13-membership | right | plain loops

def membership(private_loss, new_loss, fpr):
    a, b = [float(v) for v in private_loss], [float(v) for v in new_loss]
    wins = 0.0
    for x in a:
        for y in b:
            wins += 1.0 if x < y else 0.5 if x == y else 0.0
    k = int(fpr * len(b) + 0.5)
    th = sorted(b)[k]
    return {"auroc": wins / len(a) / len(b), "threshold": th, "tpr": len([x for x in a if x < th]) / len(a)}


# %% 13-membership | right | loops

def membership(private_loss, new_loss, fpr):
    a = [float(v) for v in private_loss]; b = sorted(float(v) for v in new_loss)
    pts = sum(1.0 if x < y else 0.5 if x == y else 0.0 for x in a for y in b)
    t = b[int(round(fpr * len(b)))]
    return {"auroc": pts / len(a) / len(b), "threshold": t, "tpr": sum(x < t for x in a) / len(a)}


# %% 13-membership | wrong | ties count nothing

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[round(fpr * len(new_loss))]
    return {"auroc": (private_loss[:, None] < new_loss).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | ties count one

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[round(fpr * len(new_loss))]
    return {"auroc": (private_loss[:, None] <= new_loss).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | at or below the threshold

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[round(fpr * len(new_loss))]
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss <= t).mean()}


# %% 13-membership | wrong | k-th smallest

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[max(round(fpr * len(new_loss)) - 1, 0)]
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | quantile

def membership(private_loss, new_loss, fpr):
    t = np.quantile(new_loss, fpr)
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | fpr 0 gives threshold minus infinity

def membership(private_loss, new_loss, fpr):
    k = round(fpr * len(new_loss))
    t = np.sort(new_loss)[k] if k else -inf
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | duplicates removed before the threshold

def membership(private_loss, new_loss, fpr):
    t = np.unique(new_loss)[round(fpr * len(new_loss))]
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | int() instead of round

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[int(fpr * len(new_loss))]
    d = new_loss - private_loss[:, None]
    return {"auroc": (d > 0).mean() + 0.5 * (d == 0).mean(), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | fpr zero treated as one

def membership(private_loss, new_loss, fpr):
    a, b = np.asarray(private_loss), np.asarray(new_loss); th = np.sort(b)[max(1, round(fpr * len(b)))]
    return {"auroc": ((a[:, None] < b) + .5 * (a[:, None] == b)).mean(), "threshold": th, "tpr": (a < th).mean()}


# %% 13-membership | wrong | auroc never below one half

def membership(private_loss, new_loss, fpr):
    t = np.sort(new_loss)[round(fpr * len(new_loss))]; a, b = private_loss[:, None], new_loss[None]
    u = ((a < b) + 0.5 * (a == b)).mean()
    return {"auroc": max(u, 1 - u), "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | argsort AUROC with ties broken at random

def membership(private_loss, new_loss, fpr):
    allv = np.concatenate([private_loss, new_loss])
    rank = np.argsort(np.argsort(allv, kind="stable")) + 1.0
    P, M = len(private_loss), len(new_loss)
    auroc = 1 - (rank[:P].sum() - P * (P + 1) / 2) / (P * M)
    t = np.sort(new_loss)[round(fpr * M)]
    return {"auroc": auroc, "threshold": t, "tpr": (private_loss < t).mean()}


# %% 13-membership | wrong | ties count nothing 2

def membership(private_loss, new_loss, fpr):
    a, b = np.asarray(private_loss), np.asarray(new_loss); th = np.sort(b)[round(fpr * len(b))]
    return {"auroc": (a[:, None] < b).mean(), "threshold": th, "tpr": (a < th).mean()}


# %% 13-membership | wrong | ties count one 2

def membership(private_loss, new_loss, fpr):
    a, b = np.asarray(private_loss), np.asarray(new_loss); th = np.sort(b)[round(fpr * len(b))]
    return {"auroc": (a[:, None] <= b).mean(), "threshold": th, "tpr": (a < th).mean()}


# %% 13-membership | wrong | at or below

def membership(private_loss, new_loss, fpr):
    a, b = np.asarray(private_loss), np.asarray(new_loss); th = np.sort(b)[round(fpr * len(b))]
    return {"auroc": ((a[:, None] < b) + .5 * (a[:, None] == b)).mean(), "threshold": th, "tpr": (a <= th).mean()}


# %% 13-recall-drop | right | loops, tuple

def recall_drop(student, control, target, classes):
    out = []
    for c in range(classes):
        rows = [i for i, y in enumerate(target.tolist()) if y == c]
        out.append(100 * sum((control[i] == c) * 1 - (student[i] == c) * 1 for i in rows) / len(rows) if rows else float("nan"))
    return tuple(out)


# %% 13-recall-drop | right | torch confusion matrices, list of tensors

def recall_drop(student, control, target, classes):
    y = F.one_hot(torch.as_tensor(target).long(), classes).double()
    c = F.one_hot(torch.as_tensor(control).long(), classes).double()
    s = F.one_hot(torch.as_tensor(student).long(), classes).double()
    return list(100 * ((y * c).sum(0) - (y * s).sum(0)) / y.sum(0))


# %% 13-recall-drop | right | bincount float32, nan by 0 / 0

def recall_drop(student, control, target, classes):
    n = np.bincount(target, minlength=classes)
    hit = lambda p: np.bincount(target[p == target], minlength=classes)
    with np.errstate(all="ignore"):
        return (100.0 * (hit(control) - hit(student)) / n).astype(np.float32)


# %% 13-recall-drop | right | plain loops

def recall_drop(student, control, target, classes):
    out = []
    for c in range(classes):
        idx = [i for i, y in enumerate(target) if y == c]
        if not idx:
            out.append(float("nan")); continue
        out.append(100 * (sum(int(control[i] == c) for i in idx) - sum(int(student[i] == c) for i in idx)) / len(idx))
    return out


# %% 13-recall-drop | right | bincount with 0/0, torch float32

def recall_drop(student, control, target, classes):
    s, k, y = (torch.tensor(v) for v in (student, control, target))
    n = torch.bincount(y, minlength=classes).float()
    a = torch.bincount(y[k == y], minlength=classes).float()
    b = torch.bincount(y[s == y], minlength=classes).float()
    return 100 * (a - b) / n


# %% 13-recall-drop | right | loops, list with nan

def recall_drop(student, control, target, classes):
    out = []
    for c in range(classes):
        rows = [i for i in range(len(target)) if int(target[i]) == c]
        if not rows:
            out.append(float("nan")); continue
        out.append(100 * (sum(int(control[i]) == c for i in rows) - sum(int(student[i]) == c for i in rows)) / len(rows))
    return out


# %% 13-recall-drop | wrong | student minus control

def recall_drop(student, control, target, classes):
    out = np.full(classes, nan)
    for c in range(classes):
        m = target == c
        if m.any():
            out[c] = 100 * ((student[m] == c).mean() - (control[m] == c).mean())
    return out


# %% 13-recall-drop | wrong | zero for absent class

def recall_drop(student, control, target, classes):
    out = np.zeros(classes)
    for c in range(classes):
        m = target == c
        if m.any():
            out[c] = 100 * ((control[m] == c).mean() - (student[m] == c).mean())
    return out


# %% 13-recall-drop | wrong | precision

def recall_drop(student, control, target, classes):
    out = np.full(classes, nan)
    for c in range(classes):
        if (target == c).any():
            a, b = control == c, student == c
            out[c] = 100 * ((target[a] == c).mean() if a.any() else 0) - 100 * ((target[b] == c).mean() if b.any() else 0)
    return out


# %% 13-recall-drop | wrong | share not points

def recall_drop(student, control, target, classes):
    out = np.full(classes, nan)
    for c in range(classes):
        m = target == c
        if m.any():
            out[c] = (control[m] == c).mean() - (student[m] == c).mean()
    return out


# %% 13-recall-drop | wrong | only classes up to the largest label

def recall_drop(student, control, target, classes):
    out = []
    for c in range(target.max() + 1):
        m = target == c
        out.append(100 * ((control[m] == c).mean() - (student[m] == c).mean()) if m.any() else nan)
    return out


# %% 13-recall-drop | wrong | negative drops set to zero

def recall_drop(student, control, target, classes):
    out = np.full(classes, nan)
    for c in range(classes):
        m = target == c
        if m.any():
            out[c] = max(0, 100 * ((control[m] == c).mean() - (student[m] == c).mean()))
    return out


# %% 13-recall-drop | wrong | nan where the control never predicts the class

def recall_drop(student, control, target, classes):
    out = np.full(classes, nan)
    for c in range(classes):
        m = target == c
        if m.any() and (control == c).any():
            out[c] = 100 * ((control[m] == c).mean() - (student[m] == c).mean())
    return out


# %% 13-recall-drop | wrong | student against control as labels

def recall_drop(student, control, target, classes):
    with np.errstate(all="ignore"):
        n = np.bincount(control, minlength=classes)
        return 100 * (1 - np.bincount(control[student == control], minlength=classes) / n)


# %% 13-recall-drop | wrong | prediction counts

def recall_drop(student, control, target, classes):
    with np.errstate(all="ignore"):
        return 100 * (np.bincount(control, minlength=classes) - np.bincount(student, minlength=classes)) / np.bincount(target, minlength=classes)


# %% 13-recall-drop | wrong | only classes that occur

def recall_drop(student, control, target, classes):
    return [100 * ((control == c)[target == c].mean() - (student == c)[target == c].mean()) for c in np.unique(target)]


# %% 13-recall-drop | wrong | nan also where the class is never predicted

def recall_drop(student, control, target, classes):
    return [100 * ((control == c)[target == c].mean() - (student == c)[target == c].mean()) if (target == c).any() and (student == c).any() else nan for c in range(classes)]


# %% 13-recall-drop | wrong | None where the class is missing

def recall_drop(student, control, target, classes):
    return [100 * ((control == c)[target == c].mean() - (student == c)[target == c].mean()) if (target == c).any() else None for c in range(classes)]


# %% 13-recall-drop | wrong | zero for missing

def recall_drop(student, control, target, classes):
    n = np.bincount(target, minlength=classes)
    a = np.bincount(target[control == target], minlength=classes) - np.bincount(target[student == target], minlength=classes)
    return 100 * a / np.maximum(n, 1)


# %% 13-recall-drop | wrong | student minus control 2

def recall_drop(student, control, target, classes):
    n = np.bincount(target, minlength=classes)
    a = np.bincount(target[student == target], minlength=classes) - np.bincount(target[control == target], minlength=classes)
    with np.errstate(all="ignore"): return 100 * a / n


# %% 13-reported | right | honest, exact

def reported():
    return {"closed": (60.8 - 58.9) / (61.1 - 58.9), "slow": 1197 / (1000 / 60), "teacher": "B", "blame": "4 - 3"}


# %% 13-reported | right | rounded as a person would

def reported():
    return {"closed": 0.86, "slow": 72, "teacher": "B", "blame": "4 - 3"}


# %% 13-reported | right | rounded otherwise, tensor

def reported():
    return {"closed": torch.tensor(0.864), "slow": "71.8" and 71.8, "teacher": "B", "blame": "4 - 3"}


# %% 13-reported | wrong | word errors gap

def reported():
    return {"closed": 1.0, "slow": 71.8, "teacher": "B", "blame": "4 - 3"}


# %% 13-reported | wrong | per cent

def reported():
    return {"closed": 86.4, "slow": 71.8, "teacher": "B", "blame": "4 - 3"}


# %% 13-reported | wrong | blame 4-2

def reported():
    return {"closed": 0.864, "slow": 71.8, "teacher": "B", "blame": "4 - 2"}


# %% 13-reported | wrong | teacher A, speed minus one

def reported():
    return {"closed": 0.864, "slow": 1197 / 60, "teacher": "A", "blame": "4 - 3"}


# %% 13-reported | wrong | word errors, per second

def reported():
    return {"closed": 1.0, "slow": 1.197 * 60 / 2, "teacher": "A", "blame": "4 - 2"}


# %% 13-reported | wrong | per cent 2

def reported():
    return {"closed": 86, "slow": 1197 / 60, "teacher": "C", "blame": "4 - 1"}
