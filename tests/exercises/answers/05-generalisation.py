# %% 05-claims | right | honest

def claims():
    return {"dark": "refuted", "smoothing": "open", "threes": "follows", "noise": "refuted"}


# %% 05-claims | wrong | plausible others

def claims():
    return {'dark': 'open', 'smoothing': 'follows', 'threes': 'open', 'noise': 'open'}


# %% 05-class-means | right | plain loops

def class_means(teacher_logits, target, temperature):
    import math
    probs = []
    for row in np.asarray(teacher_logits).tolist():
        z = [v / temperature for v in row]
        m = max(z)
        e = [math.exp(v - m) for v in z]
        probs.append([v / sum(e) for v in e])
    out = []
    for y in target:
        same_rows = [p for p, k in zip(probs, target) if k == y]
        out.append([sum(col) / len(same_rows) for col in zip(*same_rows)])
    return out


# %% 05-class-means | right | torch float32, matrix of equal labels

def class_means(teacher_logits, target, temperature):
    p = F.softmax(torch.tensor(np.asarray(teacher_logits), dtype=torch.float32) / temperature, dim=-1)
    y = torch.tensor(np.asarray(target))
    m = (y[:, None] == y[None, :]).float()
    return m @ p / m.sum(1, keepdim=True)


# %% 05-class-means | right | index_add, log-sum-exp

def class_means(teacher_logits, target, temperature):
    lp = torch.log_softmax(torch.as_tensor(teacher_logits).double() / temperature, 1)
    y = torch.as_tensor(target).long()
    out = torch.empty_like(lp)
    for k in y.unique():
        rows = y == k
        out[rows] = (torch.logsumexp(lp[rows], 0) - torch.log(rows.sum().double())).exp()
    return out


# %% 05-class-means | right | loops, math, lists

def class_means(teacher_logits, target, temperature):
    import math
    soft = []
    for row in teacher_logits:
        z = [float(v) / temperature for v in row]
        e = [math.exp(v - max(z)) for v in z]
        soft.append([v / math.fsum(e) for v in e])
    sums, count = {}, {}
    for s, y in zip(soft, target):
        y = int(y)
        sums[y] = [u + v for u, v in zip(sums.get(y, [0.0] * len(s)), s)]
        count[y] = count.get(y, 0) + 1
    return [[v / count[int(y)] for v in sums[int(y)]] for y in target]


# %% 05-class-means | right | torch float32, same-label matrix

def class_means(teacher_logits, target, temperature):
    p = (torch.as_tensor(np.asarray(teacher_logits)).float() / temperature).softmax(-1)
    y = torch.as_tensor(np.asarray(target)).long()
    same_label = (y[:, None] == y[None, :]).float()
    return (same_label / same_label.sum(1, keepdim=True)) @ p


# %% 05-class-means | right | index_add and clamp

def class_means(teacher_logits, target, temperature):
    z = torch.tensor(np.array(teacher_logits), dtype=torch.float64)
    y = torch.tensor(np.array(target), dtype=torch.int64)
    C = z.shape[1]
    total = torch.zeros(C, C, dtype=torch.float64).index_add(0, y, F.softmax(z / temperature, 1))
    return (total / torch.bincount(y, minlength=C).clamp(min=1)[:, None])[y].numpy()


# %% 05-class-means | wrong | class which the teacher predicts

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, 1).numpy()
    c = p.argmax(1)
    return np.stack([p[c == k].mean(0) for k in c])


# %% 05-class-means | wrong | mean of the logits

def class_means(teacher_logits, target, temperature):
    z = np.stack([teacher_logits[target == k].mean(0) for k in target])
    return torch.softmax(torch.as_tensor(z) / temperature, 1)


# %% 05-class-means | wrong | means by class, one row a class

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, 1).numpy()
    return np.stack([p[target == k].mean(0) for k in np.unique(target)])


# %% 05-class-means | wrong | plain exp overflows

def class_means(teacher_logits, target, temperature):
    e = np.exp(np.asarray(teacher_logits) / temperature)
    p = e / e.sum(1, keepdims=True)
    return np.stack([p[target == k].mean(0) for k in target])


# %% 05-class-means | wrong | one-hot product: NaN where a class is empty

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, 1)
    y = F.one_hot(torch.as_tensor(target).long(), p.shape[1]).double()
    return y @ ((y.T @ p) / y.sum(0)[:, None])


# %% 05-class-means | wrong | softmax of T times

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) * temperature, 1).numpy()
    return np.stack([p[target == k].mean(0) for k in target])


# %% 05-class-means | wrong | index by unique, assumes labels are 0, 1, 2

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.as_tensor(teacher_logits) / temperature, 1).numpy()
    m = np.stack([p[target == k].mean(0) for k in np.unique(target)])
    return m[np.asarray(target)]


# %% 05-class-means | wrong | soft targets themselves

def class_means(teacher_logits, target, temperature):
    return torch.softmax(torch.as_tensor(teacher_logits) / temperature, 1)


# %% 05-class-means | wrong | table of the classes present, indexed by label

def class_means(teacher_logits, target, temperature):
    p = (torch.tensor(np.array(teacher_logits)).double() / temperature).softmax(1)
    y = torch.tensor(np.array(target)).long()
    table = torch.stack([p[y == c].mean(0) for c in y.unique()])
    return table[y]


# %% 05-class-means | wrong | grouped by runs (itertools.groupby without sorting)

def class_means(teacher_logits, target, temperature):
    from itertools import groupby
    p = (torch.tensor(np.array(teacher_logits)).double() / temperature).softmax(1)
    out = []
    for _, g in groupby(range(len(target)), key=lambda i: int(target[i])):
        g = list(g)
        out += [p[g].mean(0)] * len(g)
    return torch.stack(out)


# %% 05-class-means | wrong | rows sorted by class

def class_means(teacher_logits, target, temperature):
    p = (torch.tensor(np.array(teacher_logits)).double() / temperature).softmax(1)
    y = torch.tensor(np.array(target)).long()
    return torch.stack([p[y == c].mean(0) for c in sorted(y.tolist())])


# %% 05-class-means | wrong | a class with one image keeps the label

def class_means(teacher_logits, target, temperature):
    p = (torch.tensor(np.array(teacher_logits)).double() / temperature).softmax(1)
    y = torch.tensor(np.array(target)).long()
    return torch.stack([p[y == c].mean(0) if (y == c).sum() > 1 else F.one_hot(c, p.shape[1]).double() for c in y])


# %% 05-class-means | wrong | leave one out

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.tensor(teacher_logits) / temperature, 1).numpy()
    i = np.arange(len(p))
    return np.stack([p[(target == target[j]) & (i != j)].mean(0) if (target == target[j]).sum() > 1 else p[j] for j in i])


# %% 05-class-means | wrong | overwritten while running

def class_means(teacher_logits, target, temperature):
    p = torch.softmax(torch.tensor(teacher_logits) / temperature, 1).numpy().copy()
    for i in range(len(p)):
        p[i] = p[target == target[i]].mean(0)
    return p


# %% 05-noisy-label | right | plain loops

def noisy_label(clean_probs, rate):
    mean, variance = [], []
    for row in np.asarray(clean_probs).tolist():
        c = len(row)
        m = [(1 - rate) * row[j] + sum(rate / (c - 1) * row[k] for k in range(c) if k != j) for j in range(c)]
        mean.append(m)
        variance.append([sum(v * (e - u) ** 2 for e, v in ((1, u), (0, 1 - u))) for u in m])
    return {"mean": mean, "variance": variance}


# %% 05-noisy-label | right | torch, transition matrix

def noisy_label(clean_probs, rate):
    p = torch.tensor(np.asarray(clean_probs), dtype=torch.float32)
    c = p.shape[1]
    t = torch.full((c, c), rate / (c - 1))
    t.fill_diagonal_(1 - rate)
    m = p @ t
    return {"mean": m, "variance": m - m ** 2}


# %% 05-noisy-label | right | loops over the law of total probability

def noisy_label(clean_probs, rate):
    mean, var = [], []
    for p in clean_probs:
        C = len(p)
        m = [sum(float(p[k]) * ((1 - rate) if k == j else rate / (C - 1)) for k in range(C)) for j in range(C)]
        mean.append(m)
        var.append([v * (1 - v) for v in m])
    return {"mean": mean, "variance": var}


# %% 05-noisy-label | right | affine form

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    C = p.shape[1]
    s = 1 - rate * C / (C - 1)
    m = s * p + (1 - s) / C
    return {"mean": m, "variance": 0.25 - (m - 0.5) ** 2}


# %% 05-noisy-label | right | law of total variance

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    u = (1 - p) / (p.shape[1] - 1)
    m = (1 - rate) * p + rate * u
    v = (1 - rate) * p * (1 - p) + rate * u * (1 - u) + (1 - rate) * (p - m) ** 2 + rate * (u - m) ** 2
    return {"variance": v, "mean": m}


# %% 05-noisy-label | right | transition matrix torch float32

def noisy_label(clean_probs, rate):
    p = torch.as_tensor(np.asarray(clean_probs)).float()
    C = p.shape[1]
    M = torch.full((C, C), rate / (C - 1)).fill_diagonal_(1 - rate)
    m = p @ M
    return {"variance": m - m ** 2, "mean": m}


# %% 05-noisy-label | wrong | uniform over all classes

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs + rate / clean_probs.shape[1]
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | r / (C - 1) added to all

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs + rate / (clean_probs.shape[1] - 1)
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | noise added only where p is zero

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs
    hard = np.eye(clean_probs.shape[1])[clean_probs.argmax(1)]
    m = m + rate * (1 - hard) / (clean_probs.shape[1] - 1)
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | C by a fixed 3

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs + rate * (1 - clean_probs) / 2
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | mean of the variances

def noisy_label(clean_probs, rate):
    u = (1 - clean_probs) / (clean_probs.shape[1] - 1)
    m = (1 - rate) * clean_probs + rate * u
    return {"mean": m, "variance": (1 - rate) * clean_probs * (1 - clean_probs) + rate * u * (1 - u)}


# %% 05-noisy-label | wrong | variances added with squared weights

def noisy_label(clean_probs, rate):
    u = (1 - clean_probs) / (clean_probs.shape[1] - 1)
    m = (1 - rate) * clean_probs + rate * u
    return {"mean": m, "variance": (1 - rate) ** 2 * clean_probs * (1 - clean_probs) + rate ** 2 * u * (1 - u)}


# %% 05-noisy-label | wrong | rows normalised after wrong sum

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs + rate * (1 - clean_probs)
    m = m / m.sum(1, keepdims=True)
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | simulation with a thousand draws

def noisy_label(clean_probs, rate):
    g = np.random.default_rng(0)
    n, c = clean_probs.shape
    means = np.zeros((n, c))
    for i in range(n):
        y = g.choice(c, 20000, p=np.asarray(clean_probs[i]) / np.sum(clean_probs[i]))
        flip = g.random(20000) < rate
        y = np.where(flip, (y + g.integers(1, c, 20000)) % c, y)
        means[i] = np.bincount(y, minlength=c) / 20000
    return {"mean": means, "variance": means * (1 - means)}


# %% 05-noisy-label | wrong | tuple in place of a dict

def noisy_label(clean_probs, rate):
    m = (1 - rate) * clean_probs + rate * (1 - clean_probs) / (clean_probs.shape[1] - 1)
    return m, m * (1 - m)


# %% 05-noisy-label | wrong | std

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    m = (1 - rate) * p + rate * (1 - p) / (p.shape[1] - 1)
    return {"mean": m, "variance": np.sqrt(m * (1 - m))}


# %% 05-noisy-label | wrong | variance of noise only

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    m = (1 - rate) * p + rate * (1 - p) / (p.shape[1] - 1)
    return {"mean": m, "variance": rate * (1 - rate) * np.ones_like(m)}


# %% 05-noisy-label | wrong | C from number of rows

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    m = (1 - rate) * p + rate * (1 - p) / max(1, len(p) - 1)
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | noise only moves to classes with positive probability

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    k = (p > 0).sum(1, keepdims=True)
    m = np.where(p > 0, (1 - rate) * p + rate * (1 - p) / np.maximum(k - 1, 1), 0)
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-noisy-label | wrong | spread in proportion to the other probabilities

def noisy_label(clean_probs, rate):
    p = np.asarray(clean_probs, float)
    m = np.zeros_like(p)
    for j in range(p.shape[1]):
        for k in range(p.shape[1]):
            m[:, j] += p[:, k] * ((1 - rate) if j == k else rate * p[:, j] / np.maximum(1 - p[:, k], 1e-12))
    return {"mean": m, "variance": m * (1 - m)}


# %% 05-permute-wrong | right | plain loops

def permute_wrong(teacher_probs, target, order):
    out = []
    for p, y, o in zip(teacher_probs, target, order):
        p = [float(v) for v in p]
        w = [j for j in range(len(p)) if j != int(y)]
        row = list(p)
        for j in range(len(w)):
            row[w[j]] = p[w[int(o[j])]]
        out.append(row)
    return out


# %% 05-permute-wrong | right | delete and insert

def permute_wrong(teacher_probs, target, order):
    rows = []
    for i, row in enumerate(np.asarray(teacher_probs)):
        w = np.delete(row, target[i])
        rows.append(tuple(np.insert(w[np.asarray(order[i])], target[i], row[target[i]])))
    return rows


# %% 05-permute-wrong | right | delete, permute, insert

def permute_wrong(teacher_probs, target, order):
    return tuple(np.insert(np.delete(p, y)[o], y, p[y]) for p, y, o in zip(np.asarray(teacher_probs), target, np.asarray(order)))


# %% 05-permute-wrong | right | torch gather on the positions

def permute_wrong(teacher_probs, target, order):
    p = torch.tensor(np.asarray(teacher_probs), dtype=torch.float32)
    y, o = torch.tensor(np.asarray(target)).long(), torch.tensor(np.asarray(order)).long()
    source = o + (o >= y[:, None]).long()
    j = torch.arange(o.shape[1]).expand_as(o)
    place = j + (j >= y[:, None]).long()
    return p.clone().scatter(1, place, p.gather(1, source))


# %% 05-permute-wrong | right | loops

def permute_wrong(teacher_probs, target, order):
    out = []
    for p, y, o in zip(teacher_probs, target, order):
        wrong = [j for j in range(len(p)) if j != y]
        row = [float(v) for v in p]
        for j, k in enumerate(o):
            row[wrong[j]] = float(p[wrong[int(k)]])
        out.append(row)
    return out


# %% 05-permute-wrong | right | vectorised torch float32 gather

def permute_wrong(teacher_probs, target, order):
    p = torch.as_tensor(np.asarray(teacher_probs)).float()
    y, o = torch.as_tensor(np.asarray(target)).long(), torch.as_tensor(np.asarray(order)).long()
    src = o + (o >= y[:, None])
    pos = torch.arange(p.shape[1] - 1)
    dst = pos + (pos >= y[:, None])
    return p.clone().scatter(1, dst, p.gather(1, src))


# %% 05-permute-wrong | wrong | inverse order

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs)
    for i in range(len(out)):
        w = np.delete(np.arange(out.shape[1]), target[i])
        out[i, w[order[i]]] = np.asarray(teacher_probs)[i, w]
    return out


# %% 05-permute-wrong | wrong | order as class numbers

def permute_wrong(teacher_probs, target, order):
    p = np.asarray(teacher_probs); out = p.copy()
    for i in range(len(out)):
        w = np.delete(np.arange(out.shape[1]), target[i])
        out[i, w] = p[i, order[i]]
    return out


# %% 05-permute-wrong | wrong | most likely class kept

def permute_wrong(teacher_probs, target, order):
    p = np.asarray(teacher_probs); out = p.copy()
    for i in range(len(out)):
        w = np.delete(np.arange(out.shape[1]), p[i].argmax())
        out[i, w] = p[i, w[order[i]]]
    return out


# %% 05-permute-wrong | wrong | label found by its value

def permute_wrong(teacher_probs, target, order):
    out = []
    for p, y, o in zip(np.asarray(teacher_probs).tolist(), target, order):
        w = [j for j in range(len(p)) if p[j] != p[y]]
        row = list(p)
        for j in range(len(w)):
            row[w[j]] = p[w[o[j]]]
        out.append(row)
    return out


# %% 05-permute-wrong | wrong | first order for all

def permute_wrong(teacher_probs, target, order):
    p = np.asarray(teacher_probs); out = p.copy()
    for i in range(len(out)):
        w = np.delete(np.arange(out.shape[1]), target[i])
        out[i, w] = p[i, w[order[0]]]
    return out


# %% 05-permute-wrong | wrong | view: values read after they were overwritten

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs)
    for i in range(len(out)):
        w = [j for j in range(out.shape[1]) if j != target[i]]
        for j, o in enumerate(order[i]):
            out[i, w[j]] = out[i, w[o]]
    return out


# %% 05-permute-wrong | wrong | rows normalised again without the label

def permute_wrong(teacher_probs, target, order):
    p = np.asarray(teacher_probs); out = p.copy()
    for i in range(len(out)):
        w = np.delete(np.arange(out.shape[1]), target[i])
        out[i, w] = p[i, w[order[i]]] / p[i, w].sum()
    return out


# %% 05-permute-wrong | wrong | wrong classes cyclic after the label

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    C = out.shape[1]
    for i, y in enumerate(target):
        w = np.array([(y + 1 + j) % C for j in range(C - 1)])
        out[i, w] = out[i, w[order[i]]]
    return out


# %% 05-permute-wrong | wrong | label excluded always last

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    for i, y in enumerate(target):
        w = np.arange(out.shape[1] - 1)
        out[i, w] = out[i, w[order[i]]]
    return out


# %% 05-permute-wrong | wrong | skips negative/last label 0 (y falsy)

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    for i, y in enumerate(target):
        if not y:
            continue
        w = np.array([j for j in range(out.shape[1]) if j != y])
        out[i, w] = out[i, w[order[i]]]
    return out


# %% 05-permute-wrong | wrong | skips last class as label

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    for i, y in enumerate(target):
        w = np.array([j for j in range(out.shape[1]) if j != y])
        if y == out.shape[1] - 1:
            continue
        out[i, w] = out[i, w[order[i]]]
    return out


# %% 05-permute-wrong | wrong | renormalises rows

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    for i, y in enumerate(target):
        w = np.array([j for j in range(out.shape[1]) if j != y])
        out[i, w] = out[i, w[order[i]]]
    return out / out.sum(1, keepdims=True)


# %% 05-permute-wrong | wrong | removes by value (list.remove of the label's probability)

def permute_wrong(teacher_probs, target, order):
    out = []
    for p, y, o in zip(np.asarray(teacher_probs).tolist(), target, order):
        rest = list(p)
        rest.remove(p[y])
        rest = [rest[k] for k in o]
        rest.insert(y, p[y])
        out.append(rest)
    return out


# %% 05-permute-wrong | wrong | finds wrong classes by value (ties with the label)

def permute_wrong(teacher_probs, target, order):
    out = np.array(teacher_probs, dtype=float)
    for i, y in enumerate(target):
        w = np.flatnonzero(out[i] != out[i, y])
        out[i, w] = out[i, w[order[i][:len(w)] % max(1, len(w))]]
    return out


# %% 05-table | right | honest

def table():
    return {"moved": 11.51, "image": -0.45, "lost": 0.628, "recovered": -0.261}


# %% 05-table | right | honest 2

def table():
    return {"moved": 65.41 - 53.90, "image": 93.30 - 93.75, "lost": (93.30 - 92.54) / (93.30 - 92.09), "recovered": (93.16 - 93.95) / (96.98 - 93.95)}


# %% 05-table | right | two decimals

def table():
    return {"moved": 11.5, "image": -0.45, "lost": 0.63, "recovered": -0.26}


# %% 05-table | right | honest 3

def table():
    return {'moved': 65.41 - 53.90, 'image': 93.30 - 93.75, 'lost': 0.76 / 1.21, 'recovered': -0.79 / 3.03}


# %% 05-table | right | two digits

def table():
    return {'moved': torch.tensor(11.51), 'image': -0.45, 'lost': 0.63, 'recovered': -0.26}


# %% 05-table | wrong | other rows

def table():
    return {'moved': 1.21, 'image': 0.45, 'lost': 62.8, 'recovered': 0.26}


# %% 05-table | wrong | teacher gap with row 2 and row 6 over row 4

def table():
    return {'moved': 11.5 - 1.3, 'image': 4.2, 'lost': 0.37, 'recovered': 1.07 / 4.89}
