# %% 04-claims | right | honest

def claims():
    return {"equal": "interval", "primary": "follows", "overlap": "pairing", "best": "selection", "shifts": "control", "epoch": "selection"}


# %% 04-claims | wrong | plausible others

def claims():
    return {'equal': 'follows', 'primary': 'control', 'overlap': 'interval', 'best': 'interval', 'shifts': 'follows', 'epoch': 'follows'}


# %% 04-evaluate | right | plain loops

def evaluate(student_logits, teacher_logits, target):
    import math
    def ls(z):
        z = [float(v) for v in z]
        m = max(z)
        l = m + math.log(sum(math.exp(v - m) for v in z))
        return [v - l for v in z]
    hit, agree, kl, nll, per = 0, 0, 0.0, 0.0, {}
    for s, t, y in zip(student_logits, teacher_logits, target):
        q, p = ls(s), ls(t)
        ps, pt = q.index(max(q)), p.index(max(p))
        hit += ps == int(y)
        agree += ps == pt
        nll -= q[int(y)]
        kl += sum(math.exp(u) * (u - v) for u, v in zip(p, q))
        per.setdefault(int(y), []).append(ps == int(y))
    n = len(target)
    return {"accuracy": hit / n, "agreement": agree / n, "kl": kl / n, "nll": nll / n,
            "worst_class": min(sum(v) / len(v) for v in per.values())}


# %% 04-evaluate | right | torch, tensors, extra key

def evaluate(student_logits, teacher_logits, target):
    s, t = torch.as_tensor(student_logits).double(), torch.as_tensor(teacher_logits).double()
    y = torch.as_tensor(target).long()
    ok = s.argmax(1) == y
    by = {int(k): ok[y == k].float().mean() for k in y.unique()}
    return {"accuracy": ok.float().mean(), "agreement": (s.argmax(1) == t.argmax(1)).float().mean(),
            "nll": F.cross_entropy(s, y), "worst_class": min(by.values()), "by_class": by,
            "kl": F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), reduction="batchmean", log_target=True)}


# %% 04-evaluate | right | python loops with logsumexp by math

def evaluate(student_logits, teacher_logits, target):
    import math
    def logsm(z):
        m = max(z)
        s = math.log(sum(math.exp(v - m) for v in z))
        return [v - m - s for v in z]
    S, T, Y = [list(map(float, r)) for r in student_logits], [list(map(float, r)) for r in teacher_logits], [int(y) for y in target]
    n = len(Y)
    first = lambda r: r.index(max(r))
    right = [first(s) == y for s, y in zip(S, Y)]
    per = {}
    for ok, y in zip(right, Y):
        per.setdefault(y, []).append(ok)
    kl = nll = 0.0
    for s, t, y in zip(S, T, Y):
        lq, lp = logsm(s), logsm(t)
        nll -= lq[y]
        kl += sum(math.exp(p) * (p - q) for p, q in zip(lp, lq))
    return {"accuracy": sum(right) / n, "agreement": sum(first(s) == first(t) for s, t in zip(S, T)) / n, "nll": nll / n,
            "kl": kl / n, "worst_class": min(sum(v) / len(v) for v in per.values())}


# %% 04-evaluate | right | kl_div with probabilities as target

def evaluate(student_logits, teacher_logits, target):
    s, t = torch.tensor(np.array(student_logits), dtype=torch.float64), torch.tensor(np.array(teacher_logits), dtype=torch.float64)
    y = torch.tensor(np.array(target), dtype=torch.int64)
    pred = s.argmax(-1)
    acc = {int(c): (pred[y == c] == c).double().mean().item() for c in set(y.tolist())}
    return {"accuracy": (pred == y).double().mean().item(), "agreement": (pred == t.argmax(-1)).double().mean().item(),
            "nll": F.nll_loss(F.log_softmax(s, -1), y).item(), "kl": F.kl_div(F.log_softmax(s, -1), F.softmax(t, -1), reduction="batchmean").item(),
            "worst_class": min(acc.values())}


# %% 04-evaluate | right | torch float32 and int input

def evaluate(student_logits, teacher_logits, target):
    s, t, y = torch.tensor(student_logits).float(), torch.tensor(teacher_logits).float(), torch.as_tensor(target).long()
    ok = (s.argmax(1) == y).float()
    n = torch.bincount(y).float()
    per = torch.bincount(y, weights=ok) / n
    return {"accuracy": ok.mean(), "nll": F.cross_entropy(s, y), "agreement": (s.argmax(1) == t.argmax(1)).float().mean(),
            "kl": F.kl_div(F.log_softmax(s, 1), F.log_softmax(t, 1), reduction="batchmean", log_target=True), "worst_class": per[n > 0].min()}


# %% 04-evaluate | right | float32, cross-entropy minus entropy

def evaluate(student_logits, teacher_logits, target):
    s, t = torch.tensor(np.asarray(student_logits), dtype=torch.float32), torch.tensor(np.asarray(teacher_logits), dtype=torch.float32)
    y = torch.tensor(np.asarray(target)).long()
    p = torch.softmax(t, 1)
    kl = F.cross_entropy(s, p) + torch.special.xlogy(p, p).sum(1).mean()
    ok = (s.argmax(1) == y).numpy()
    n = np.bincount(y.numpy()); c = np.bincount(y.numpy(), weights=ok)
    return dict(accuracy=np.mean(ok), agreement=np.mean((s.argmax(1) == t.argmax(1)).numpy()), nll=F.nll_loss(F.log_softmax(s, 1), y), kl=kl, worst_class=(c[n > 0] / n[n > 0]).min())


# %% 04-evaluate | wrong | log of softmax overflows

def evaluate(student_logits, teacher_logits, target):
    q = np.exp(student_logits) / np.exp(student_logits).sum(1, keepdims=True)
    p = np.exp(teacher_logits) / np.exp(teacher_logits).sum(1, keepdims=True)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (p * np.log(p / q)).sum(1).mean(),
            "nll": -np.log(q[np.arange(len(target)), target]).mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | clipped at 1e-12

def evaluate(student_logits, teacher_logits, target):
    q = torch.softmax(torch.as_tensor(student_logits), 1).clamp_min(1e-12); p = torch.softmax(torch.as_tensor(teacher_logits), 1).clamp_min(1e-12)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (p * (p.log() - q.log())).sum(1).mean(),
            "nll": -q.log()[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | classes 0 to C - 1, empty ones 0

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    acc = [(ps == target)[target == k].sum() / max((target == k).sum(), 1) for k in range(student_logits.shape[1])]
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lp.exp() * (lp - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min(acc)}


# %% 04-evaluate | wrong | KL of the student to the teacher

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lq.exp() * (lq - lp)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | bits

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1) / np.log(2); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lp.exp() * (lp / np.log(2) - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | agreement counts rows where both are right

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": ((ps == pt) & (pt == target)).mean(), "kl": (lp.exp() * (lp - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | worst class by the class predicted

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lp.exp() * (lp - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[ps == k].mean() for k in np.unique(ps))}


# %% 04-evaluate | wrong | worst class is the rarest one

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    ks, n = np.unique(target, return_counts=True)
    k = ks[n.argmin()]
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lp.exp() * (lp - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": (ps == target)[target == k].mean()}


# %% 04-evaluate | wrong | nan_to_num over everything

def evaluate(student_logits, teacher_logits, target):
    e = np.exp(student_logits); q = np.nan_to_num(e / e.sum(1, keepdims=True), nan=1.0)
    e = np.exp(teacher_logits); p = np.nan_to_num(e / e.sum(1, keepdims=True), nan=1.0)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": np.nan_to_num(p * (np.log(p) - np.log(q))).sum(1).mean(),
            "nll": np.nan_to_num(-np.log(q[np.arange(len(target)), target])).mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | logits clipped at 50

def evaluate(student_logits, teacher_logits, target):
    lq = torch.log_softmax(torch.as_tensor(student_logits).clamp(-50, 50), 1); lp = torch.log_softmax(torch.as_tensor(teacher_logits).clamp(-50, 50), 1)
    ps, pt = student_logits.argmax(1), teacher_logits.argmax(1)
    return {"accuracy": (ps == target).mean(), "agreement": (ps == pt).mean(), "kl": (lp.exp() * (lp - lq)).sum(1).mean(),
            "nll": -lq[np.arange(len(target)), target].mean(), "worst_class": min((ps == target)[target == k].mean() for k in np.unique(target))}


# %% 04-evaluate | wrong | KL averaged over classes too

def evaluate(student_logits, teacher_logits, target):
    s, t, y = torch.tensor(np.array(student_logits)).double(), torch.tensor(np.array(teacher_logits)).double(), torch.tensor(np.array(target)).long()
    hit = (s.argmax(1) == y).double()
    return {"accuracy": hit.mean(), "agreement": (s.argmax(1) == t.argmax(1)).double().mean(), "nll": F.cross_entropy(s, y),
            "kl": F.kl_div(s.log_softmax(1), t.softmax(1)), "worst_class": min(hit[y == c].mean() for c in y.unique())}


# %% 04-evaluate | wrong | naive softmax, overflows

def evaluate(student_logits, teacher_logits, target):
    s, t, y = np.asarray(student_logits, float), np.asarray(teacher_logits, float), np.asarray(target)
    q, p = np.exp(s) / np.exp(s).sum(1, keepdims=True), np.exp(t) / np.exp(t).sum(1, keepdims=True)
    hit = s.argmax(1) == y
    return {"accuracy": hit.mean(), "agreement": np.mean(s.argmax(1) == t.argmax(1)), "nll": -np.log(q[np.arange(len(y)), y]).mean(),
            "kl": (p * np.log(p / q)).sum(1).mean(), "worst_class": min(hit[y == c].mean() for c in set(y.tolist()))}


# %% 04-evaluate | wrong | stable softmax, then log of 0

def evaluate(student_logits, teacher_logits, target):
    def sm(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    s, t, y = np.asarray(student_logits, float), np.asarray(teacher_logits, float), np.asarray(target)
    q, p = sm(s), sm(t)
    hit = s.argmax(1) == y
    return {"accuracy": hit.mean(), "agreement": np.mean(s.argmax(1) == t.argmax(1)), "nll": -np.log(q[np.arange(len(y)), y]).mean(),
            "kl": (p * np.log(p / q)).sum(1).mean(), "worst_class": min(hit[y == c].mean() for c in set(y.tolist()))}


# %% 04-evaluate | wrong | probabilities clipped at 1e-12

def evaluate(student_logits, teacher_logits, target):
    def sm(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return np.clip(e / e.sum(1, keepdims=True), 1e-12, 1)
    s, t, y = np.asarray(student_logits, float), np.asarray(teacher_logits, float), np.asarray(target)
    q, p = sm(s), sm(t)
    hit = s.argmax(1) == y
    return {"accuracy": hit.mean(), "agreement": np.mean(s.argmax(1) == t.argmax(1)), "nll": -np.log(q[np.arange(len(y)), y]).mean(),
            "kl": (p * np.log(p / q)).sum(1).mean(), "worst_class": min(hit[y == c].mean() for c in set(y.tolist()))}


# %% 04-leaking-folds | right | plain lists

def folds(order, k, n_validation):
    order = [int(v) for v in order]
    n = len(order)
    if k < 2 or k > n:
        raise ValueError
    made, start = [], 0
    for i in range(k):
        stop = start + n // k + (1 if i < n % k else 0)
        rest = order[:start] + order[stop:]
        train = rest[n_validation:]
        if not train:
            raise ValueError
        made.append({"teacher": train, "student": train, "validation": rest[:n_validation], "held_out": order[start:stop]})
        start = stop
    return made


# %% 04-leaking-folds | right | array_split with mask

def folds(order, k, n_validation):
    order = np.asarray(order)
    if not 2 <= k <= len(order):
        raise ValueError("k")
    made = []
    for block in np.array_split(order, k):
        rest = order[~np.isin(order, block)]
        if len(rest) <= n_validation:
            raise ValueError("no row for training")
        made.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": block})
    return made


# %% 04-leaking-folds | right | lists, sizes by divmod, tuple of dicts

def folds(order, k, n_validation):
    rows = [int(v) for v in order]
    if k < 2 or k > len(rows):
        raise ValueError("k")
    q, r = divmod(len(rows), k)
    out, start = [], 0
    for i in range(k):
        stop = start + q + (i < r)
        rest = rows[:start] + rows[stop:]
        if not rest[n_validation:]:
            raise ValueError("training")
        out.append({"held_out": rows[start:stop], "validation": rest[:n_validation], "teacher": rest[n_validation:], "student": list(rest[n_validation:])})
        start = stop
    return tuple(out)


# %% 04-leaking-folds | right | torch tensor_split, tuple of dicts

def folds(order, k, n_validation):
    o = torch.tensor(np.asarray(order))
    if not 2 <= k <= len(o):
        raise ValueError(k)
    blocks = torch.tensor_split(o, k)
    out = []
    for i in range(k):
        rest = torch.cat([b for j, b in enumerate(blocks) if j != i])
        if n_validation >= len(rest):
            raise ValueError("no training rows")
        v, t = torch.split(rest, [n_validation, len(rest) - n_validation])
        out.append({"teacher": t, "student": t.clone(), "validation": v, "held_out": blocks[i]})
    return tuple(out)


# %% 04-leaking-folds | right | torch tensors

def folds(order, k, n_validation):
    o = torch.as_tensor(np.asarray(order)).long()
    n = len(o)
    if k < 2 or k > n:
        raise ValueError("k")
    made = []
    bounds = [i * (n // k) + min(i, n % k) for i in range(k + 1)]
    for a, b in zip(bounds, bounds[1:]):
        rest = torch.cat([o[:a], o[b:]])
        if n_validation >= len(rest):
            raise ValueError("too many validation rows")
        v, t = rest.split([n_validation, len(rest) - n_validation])
        made.append({"teacher": t, "student": t.clone(), "validation": v, "held_out": o[a:b]})
    return made


# %% 04-leaking-folds | right | lists

def folds(order, k, n_validation):
    order = [int(i) for i in order]; n = len(order)
    if k < 2 or k > n:
        raise ValueError("k")
    out, at = [], 0
    for i in range(k):
        size = n // k + (1 if i < n % k else 0)
        held, rest = order[at:at + size], order[:at] + order[at + size:]
        at += size
        if len(rest) <= n_validation:
            raise ValueError("no row for training")
        out.append({"teacher": rest[n_validation:], "student": list(rest[n_validation:]), "validation": rest[:n_validation], "held_out": held})
    return out


# %% 04-leaking-folds | wrong | last blocks get the extra row

def folds(order, k, n_validation):
    n = len(order)
    if k < 2 or k > n: raise ValueError
    cut = [i * n // k for i in range(k + 1)]
    out = []
    for a, b in zip(cut, cut[1:]):
        rest = np.concatenate([order[:a], order[b:]])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": order[a:b]})
    return out


# %% 04-leaking-folds | wrong | validation from the end of the rest

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        m = len(rest) - n_validation
        if m <= 0: raise ValueError
        out.append({"teacher": rest[:m], "student": rest[:m], "validation": rest[m:], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | no errors raised

def folds(order, k, n_validation):
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | no error for an empty training part

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | k equal to n refused

def folds(order, k, n_validation):
    if k < 2 or k >= len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | no ValueErrors

def folds(order, k, n_validation):
    return [{"teacher": (r := order[~np.isin(order, h)])[n_validation:], "student": r[n_validation:], "validation": r[:n_validation], "held_out": h} for h in np.array_split(order, k)]


# %% 04-leaking-folds | wrong | n_validation 0 gives no training (negative slicing)

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    out = []
    for h in np.array_split(order, k):
        r = order[~np.isin(order, h)]
        m = len(r) - n_validation
        if m < 1: raise ValueError
        out.append({"teacher": r[-m:], "student": r[-m:], "validation": r[:-m], "held_out": h})
    return out if n_validation else [dict(f, teacher=f["teacher"][:0], student=f["student"][:0]) for f in out]


# %% 04-leaking-folds | wrong | ceil blocks

def folds(order, k, n_validation):
    n = len(order)
    if k < 2 or k > n: raise ValueError
    size = -(-n // k)
    out = [{"teacher": (r := np.r_[order[:i * size], order[(i + 1) * size:]])[n_validation:], "student": r[n_validation:], "validation": r[:n_validation], "held_out": order[i * size:(i + 1) * size]} for i in range(k)]
    if any(len(f["teacher"]) < 1 for f in out): raise ValueError
    return out


# %% 04-leaking-folds | wrong | last block takes the remainder

def folds(order, k, n_validation):
    n = len(order)
    if k < 2 or k > n: raise ValueError
    s = n // k
    out = []
    for i in range(k):
        a, b = i * s, (i + 1) * s if i < k - 1 else n
        rest = np.concatenate([order[:a], order[b:]])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": order[a:b]})
    return out


# %% 04-leaking-folds | wrong | validation from the next block

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[i + 1:] + blocks[:i])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | teacher trains on the validation rows too

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest, "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | training rows checked for the last fold only

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    if len(out[-1]["student"]) == 0: raise ValueError
    return out


# %% 04-leaking-folds | wrong | one training row is refused

def folds(order, k, n_validation):
    if k < 2 or k > len(order): raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        if len(rest) <= n_validation + 1: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-leaking-folds | wrong | k above n not checked

def folds(order, k, n_validation):
    if k < 2: raise ValueError
    blocks = np.array_split(order, k)
    out = []
    for i in range(k):
        rest = np.concatenate(blocks[:i] + blocks[i + 1:])
        if len(rest) <= n_validation: raise ValueError
        out.append({"teacher": rest[n_validation:], "student": rest[n_validation:], "validation": rest[:n_validation], "held_out": blocks[i]})
    return out


# %% 04-paired | right | statistics, plain python

def paired(a, b):
    import math, statistics
    a, b = [float(v) for v in a], [float(v) for v in b]
    if len(a) != len(b) or len(a) < 2:
        raise ValueError
    n = len(a)
    d = [u - v for u, v in zip(a, b)]
    m = sum(d) / n
    se = statistics.stdev(d) / math.sqrt(n)
    t = m / se if se else math.copysign(math.inf, m)
    return {"mean": m, "standard_error": se, "t": t, "unpaired_se": math.sqrt((statistics.variance(a) + statistics.variance(b)) / n)}


# %% 04-paired | right | covariance formula, exact fractions

def paired(a, b):
    from fractions import Fraction as Q
    if len(a) != len(b) or len(a) < 2:
        raise ValueError
    a, b = [Q(str(float(v))) for v in a], [Q(str(float(v))) for v in b]
    n = len(a)
    va, vb = (sum((v - sum(x) / n) ** 2 for v in x) / (n - 1) for x in (a, b))
    d = [x - y for x, y in zip(a, b)]
    m = sum(d) / n
    v = sum((x - m) ** 2 for x in d) / (n - 1)
    se = float(v / n) ** 0.5
    return {"mean": float(m), "standard_error": se, "t": float(m) / se if v else (inf if m > 0 else -inf), "unpaired_se": float((va + vb) / n) ** 0.5}


# %% 04-paired | right | torch 0-d tensors, division by zero gives the infinity

def paired(a, b):
    if len(a) != len(b):
        raise ValueError("lengths")
    a, b = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    n = a.numel()
    if n < 2:
        raise ValueError("two seeds at least")
    d = a - b
    se = d.std() / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se, "unpaired_se": ((a.var() + b.var()) / n).sqrt()}


# %% 04-paired | right | covariance formula

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or len(a) < 2:
        raise ValueError
    d = a - b
    n = len(d)
    mean = d.mean()
    ss = ((d - d[0]) ** 2).sum() - n * (d - d[0]).mean() ** 2
    se = np.sqrt(max(ss, 0) / (n - 1) / n)
    c = np.cov(a, b)
    t = np.inf * np.sign(mean) if se == 0 else mean / se
    return {"mean": mean, "standard_error": se, "t": t, "unpaired_se": np.sqrt(np.trace(c) / n)}


# %% 04-paired | right | statistics module

def paired(a, b):
    import statistics as st
    a, b = [float(v) for v in a], [float(v) for v in b]
    n = len(a)
    if n != len(b) or n < 2:
        raise ValueError("seeds")
    d = [u - v for u, v in zip(a, b)]
    m, se = st.fmean(d), st.stdev(d) / n ** 0.5
    t = m / se if se > 0 else float("inf") if m > 0 else float("-inf")
    return {"mean": m, "standard_error": se, "t": t, "unpaired_se": ((st.variance(a) + st.variance(b)) / n) ** 0.5}


# %% 04-paired | right | torch float64, 0-d tensors, copysign

def paired(a, b):
    a, b = torch.as_tensor(np.asarray(a), dtype=torch.float64), torch.as_tensor(np.asarray(b), dtype=torch.float64)
    if a.numel() != b.numel() or a.numel() < 2:
        raise ValueError("n")
    d = a - b
    se = d.std() / d.numel() ** 0.5
    t = d.mean() / se if se != 0 else torch.copysign(torch.tensor(inf), d.mean())
    return dict(t=t, mean=d.mean(), standard_error=se, unpaired_se=torch.sqrt(a.var() / len(a) + b.var() / len(b)))


# %% 04-paired | wrong | divides by n

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std() / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf * np.sign(d.mean()), "unpaired_se": ((a.var() + b.var()) / n) ** 0.5}


# %% 04-paired | wrong | n - 1 for the difference, n for the unpaired

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf * np.sign(d.mean()), "unpaired_se": ((a.var() + b.var()) / n) ** 0.5}


# %% 04-paired | wrong | zip: shorter list decides

def paired(a, b):
    import statistics
    d = [u - v for u, v in zip(a, b)]
    n = len(d)
    if n < 2: raise ValueError
    se = statistics.stdev(d) / n ** 0.5; m = sum(d) / n
    return {"mean": m, "standard_error": se, "t": m / se if se else np.copysign(np.inf, m), "unpaired_se": ((statistics.variance(a[:n]) + statistics.variance(b[:n])) / n) ** 0.5}


# %% 04-paired | wrong | broadcasting one value

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = a - b; n = len(d)
    if n < 2: raise ValueError
    se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | one seed: NaN in place of an error

def paired(a, b):
    if len(a) != len(b): raise ValueError
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = a - b; n = len(d)
    se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | infinity always positive

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf, "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | zero error: t is 0

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else 0.0, "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | small number in the denominator

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / (se + 1e-12), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | ZeroDivisionError

def paired(a, b):
    import statistics
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = [float(u) - float(v) for u, v in zip(a, b)]
    n = len(d); m = sum(d) / n; se = statistics.stdev(d) / n ** 0.5
    return {"mean": m, "standard_error": se, "t": m / se, "unpaired_se": ((statistics.variance(a) + statistics.variance(b)) / n) ** 0.5}


# %% 04-paired | wrong | t without a sign

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) < 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": abs(d.mean()) / se if se else np.inf, "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | three seeds needed

def paired(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if len(a) != len(b) or len(a) <= 2: raise ValueError
    d = a - b; n = len(d); se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else np.inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | zip truncates different lengths

def paired(a, b):
    import statistics as st
    d = [u - v for u, v in zip(a, b)]
    n = len(d)
    if n < 2: raise ValueError
    se = st.stdev(d) / n ** 0.5
    m = st.fmean(d)
    return {"mean": m, "standard_error": se, "t": m / se if se else (inf if m > 0 else -inf), "unpaired_se": ((st.variance(a) + st.variance(b)) / n) ** 0.5}


# %% 04-paired | wrong | refuses fewer than three

def paired(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.size < 3: raise ValueError("n")
    n, d = len(a), a - b
    se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se else inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-paired | wrong | t absolute

def paired(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.size < 2: raise ValueError("n")
    n, d = len(a), a - b
    se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": abs(d.mean()) / se if se else inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}


# %% 04-seeds | right | honest

def seeds():
    return {"standard_error": 0.2205, "lower_end": 0.597, "seeds_needed": 44}


# %% 04-seeds | right | honest 2

def seeds():
    d = np.array([93.15, 93.60, 92.65, 93.35, 93.75]) - np.array([91.55, 92.85, 91.45, 92.65, 91.95])
    se = d.std(ddof=1) / 5 ** 0.5
    return {'standard_error': se, 'lower_end': d.mean() - 2.78 * se, 'seeds_needed': int(np.ceil((2 * d.std(ddof=1) / 0.15) ** 2))}


# %% 04-seeds | right | rounded to two decimals as one does by hand

def seeds():
    return {"standard_error": 0.22, "lower_end": 0.60, "seeds_needed": 44}


# %% 04-seeds | right | everything from the rounded 0.22

def seeds():
    return {"standard_error": 0.22, "lower_end": 1.21 - 2.78 * 0.22, "seeds_needed": 44}


# %% 04-seeds | right | pocket calculator rounding

def seeds():
    return {'standard_error': 0.22, 'lower_end': 0.6, 'seeds_needed': 44.0}


# %% 04-seeds | right | honest 3

def seeds():
    d = np.array([93.15 - 91.55, 93.60 - 92.85, 92.65 - 91.45, 93.35 - 92.65, 93.75 - 91.95])
    s = d.std(ddof=1); se = s / 5 ** 0.5
    return {"standard_error": se, "lower_end": d.mean() - 2.78 * se, "seeds_needed": int(np.ceil((2 * s / 0.15) ** 2))}


# %% 04-seeds | wrong | 1.96 in place of 2.78

def seeds():
    return {"standard_error": 0.2205, "lower_end": 1.21 - 1.96 * 0.2205, "seeds_needed": 44}


# %% 04-seeds | wrong | 42 seeds

def seeds():
    return {"standard_error": 0.2205, "lower_end": 0.597, "seeds_needed": 42}


# %% 04-seeds | wrong | ddof 0, 1.96, not rounded

def seeds():
    return {'standard_error': 0.197, 'lower_end': 0.778, 'seeds_needed': 43.2}


# %% 04-seeds | wrong | 5 degrees of freedom, floor

def seeds():
    return {'standard_error': 0.493, 'lower_end': 0.643, 'seeds_needed': 43}


# %% 04-paired | wrong | small se (1e-3) taken as zero

def paired(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.size < 2: raise ValueError("n")
    n, d = len(a), a - b
    se = d.std(ddof=1) / n ** 0.5
    return {"mean": d.mean(), "standard_error": se, "t": d.mean() / se if se > 1e-3 else inf * np.sign(d.mean()), "unpaired_se": ((a.var(ddof=1) + b.var(ddof=1)) / n) ** 0.5}
