# %% 08-claims | right | honest

def claims():
    return {"zero": "not", "finite": "follows", "scaling": "follows", "nll": "not", "batch": "not", "agree": "follows", "validation": "not", "auroc": "follows"}


# %% 08-claims | wrong | all follow

def claims():
    return dict.fromkeys(["zero", "finite", "scaling", "nll", "batch", "agree", "validation", "auroc"], "follows")


# %% 08-claims | wrong | finite turned (a model with confidence 1 and always right is calibrated, and measures 0)

def claims():
    return {"zero": "not", "finite": "not", "scaling": "follows", "nll": "not", "batch": "not", "agree": "follows", "validation": "not", "auroc": "follows"}


# %% 08-claims | wrong | all follow 2

def claims():
    return {k: "follows" for k in ["zero", "finite", "scaling", "nll", "batch", "agree", "validation", "auroc"]}


# %% 08-decompose | right | loops, epistemic as mean KL

def decompose(probs):
    import math
    M, N, C = probs.shape
    out = {"total": [], "aleatoric": [], "epistemic": []}
    for n in range(N):
        mean = [sum(probs[m, n, c] for m in range(M)) / M for c in range(C)]
        out["total"].append(-sum(v * math.log(v) for v in mean if v > 0))
        out["aleatoric"].append(-sum(probs[m, n, c] * math.log(probs[m, n, c]) for m in range(M) for c in range(C) if probs[m, n, c] > 0) / M)
        out["epistemic"].append(sum(probs[m, n, c] * math.log(probs[m, n, c] / mean[c]) for m in range(M) for c in range(C) if probs[m, n, c] > 0) / M)
    return out


# %% 08-decompose | right | torch entr

def decompose(probs):
    p = torch.from_numpy(probs)
    t, a = torch.special.entr(p.mean(0)).sum(-1), torch.special.entr(p).sum(-1).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | right | loops

def decompose(probs):
    from math import log
    H = lambda r: -sum(x * log(x) for x in r if x > 0)
    M, N = len(probs), len(probs[0])
    t, a = [], []
    for n in range(N):
        rows = [[float(x) for x in probs[m][n]] for m in range(M)]
        t.append(H([sum(c) / M for c in zip(*rows)]))
        a.append(sum(map(H, rows)) / M)
    return {"total": t, "aleatoric": a, "epistemic": [max(x - y, 0) for x, y in zip(t, a)]}


# %% 08-decompose | right | renormalised mean

def decompose(probs):
    m = probs.sum(0); m = m / m.sum(-1, keepdims=True)
    H = lambda p: -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(-1)
    return {"total": H(m), "aleatoric": H(probs).mean(0), "epistemic": H(m) - H(probs).mean(0)}


# %% 08-decompose | right | plain loops, lists

def decompose(probs):
    import math
    P = np.asarray(probs).tolist()
    M, N = len(P), len(P[0])
    def h(row):
        return -sum(x * math.log(x) for x in row if x > 0)
    total, alea, epi = [], [], []
    for n in range(N):
        mean = [sum(P[m][n][c] for m in range(M)) / M for c in range(len(P[0][n]))]
        total.append(h(mean))
        alea.append(sum(h(P[m][n]) for m in range(M)) / M)
        epi.append(total[-1] - alea[-1])
    return {"total": total, "aleatoric": alea, "epistemic": epi}


# %% 08-decompose | right | small eps within rounding

def decompose(probs):
    H = lambda p: -(p * np.log(p + 1e-12)).sum(-1)
    t, a = H(probs.mean(0)), H(probs).mean(0)
    return {"total": list(t), "aleatoric": tuple(a), "epistemic": np.maximum(t - a, 0)}


# %% 08-decompose | wrong | mean over the inputs in place of the members

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    t, a = H(probs.mean(1)), H(probs).mean(1)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | nan at probability 0

def decompose(probs):
    H = lambda p: -(p * np.log(p)).sum(-1)
    t, a = H(probs.mean(0)), H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | eps too large

def decompose(probs):
    H = lambda p: -(p * np.log(p + 1e-3)).sum(-1)
    t, a = H(probs.mean(0)), H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | normalised by log C

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1) / np.log(p.shape[-1])
    t, a = H(probs.mean(0)), H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | averaged over the inputs

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    t, a = H(probs.mean(0)).mean(), H(probs).mean()
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | KL from the mean to the members

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    m = probs.mean(0)
    t, a = H(m), H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": (m * np.log(m / probs)).sum(-1).mean(0)}


# %% 08-decompose | wrong | clipped at 1e-4

def decompose(probs):
    H = lambda p: -(p.clip(1e-4) * np.log(p.clip(1e-4))).sum(-1)
    t, a = H(probs.mean(0)), H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | 1e-8 under log, then KL other way

def decompose(probs):
    H = lambda p: -(p * np.log(p + 1e-8)).sum(-1)
    t, a = H(probs.mean(0)), H(probs).mean(0)
    m = probs.mean(0)
    return {"total": t, "aleatoric": a, "epistemic": (m * np.log((m + 1e-8) / (probs + 1e-8))).sum(-1).mean(0)}


# %% 08-decompose | wrong | nan_to_num of the sum, loses the finite terms

def decompose(probs):
    H = lambda p: np.nan_to_num(-(p * np.log(p)).sum(-1))
    t = H(probs.mean(0)); a = H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | aleatoric of the first member only

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    t = H(probs.mean(0)); a = H(probs[0])
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | epistemic as variance, aleatoric as the rest

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    t, e = H(probs.mean(0)), probs.var(0).sum(-1)
    return {"total": t, "aleatoric": t - e, "epistemic": e}


# %% 08-decompose | wrong | eps inside the log, large

def decompose(probs):
    H = lambda p: -(p * np.log(p + 1e-3)).sum(-1)
    t = H(probs.mean(0)); a = H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | 0 log 0 ignored

def decompose(probs):
    H = lambda p: -(p * np.log(p)).sum(-1)
    t = H(probs.mean(0)); a = H(probs).mean(0)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-decompose | wrong | mean over the inputs, not the members

def decompose(probs):
    H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    t = H(probs.mean(1)); a = H(probs).mean(1)
    return {"total": t, "aleatoric": a, "epistemic": t - a}


# %% 08-ece | right | loops

def calibration_error(probs, target, n_bins):
    rows = [[] for _ in range(n_bins)]
    for p, y in zip(probs.tolist(), target.tolist()):
        c = max(p)
        rows[min(int(c * n_bins), n_bins - 1)].append((c, p.index(c) == y))
    N = len(probs)
    return sum(len(b) / N * abs(sum(r for _, r in b) / len(b) - sum(c for c, _ in b) / len(b)) for b in rows if b)


# %% 08-ece | right | bincount of the gaps, 0-d tensor

def calibration_error(probs, target, n_bins):
    p, y = torch.tensor(probs), torch.tensor(target)
    c, k = p.max(1)
    b = (c * n_bins).long().clamp(max=n_bins - 1)
    return torch.zeros(n_bins, dtype=torch.float64).index_add(0, b, (k == y).double() - c).abs().sum() / len(y)


# %% 08-ece | right | loops 2

def calibration_error(probs, target, n_bins):
    bins = [[0, 0, 0.0] for _ in range(n_bins)]
    for row, y in zip(probs, target):
        row = [float(x) for x in row]
        c = max(row)
        b = bins[min(int(c * n_bins), n_bins - 1)]
        b[0] += 1; b[1] += row.index(c) == y; b[2] += c
    n = sum(b[0] for b in bins)
    return sum(b[0] / n * abs(b[1] / b[0] - b[2] / b[0]) for b in bins if b[0])


# %% 08-ece | right | numpy histogram with edges

def calibration_error(probs, target, n_bins):
    c = probs.max(1)
    d = (probs.argmax(1) == target) - c
    h, _ = np.histogram(c, bins=n_bins, range=(0, 1), weights=d)
    return np.abs(h).sum() / len(c)


# %% 08-ece | right | plain loops, lists, python float

def calibration_error(probs, target, n_bins):
    rows = [list(map(float, r)) for r in probs]
    bins = [[] for _ in range(n_bins)]
    for r, t in zip(rows, target):
        c = max(r)
        hit = 1 if r.index(c) == int(t) else 0
        bins[min(int(c * n_bins), n_bins - 1)].append((c, hit))
    total = 0.0
    for b in bins:
        if b:
            acc = sum(h for _, h in b) / len(b)
            conf = sum(c for c, _ in b) / len(b)
            total += len(b) / len(rows) * abs(acc - conf)
    return total


# %% 08-ece | right | np.digitize with linspace (equal up to rounding of the edges)

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = np.minimum(np.digitize(c, np.linspace(0, 1, n_bins + 1)) - 1, n_bins - 1)
    return float(sum((b == i).mean() * abs(ok[b == i].mean() - c[b == i].mean()) for i in range(n_bins) if (b == i).any()))


# %% 08-ece | wrong | bins open below, closed above

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = np.maximum(np.ceil(c * n_bins).astype(int) - 1, 0)
    return float(np.abs(np.bincount(b, ok - c, n_bins)).sum() / len(c))


# %% 08-ece | wrong | a confidence of 1 is in no bin

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = (c * n_bins).astype(int)
    return float(sum((b == i).mean() * abs(ok[b == i].mean() - c[b == i].mean()) for i in range(n_bins) if (b == i).any()))


# %% 08-ece | wrong | mean over the non-empty bins

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    return float(np.mean([abs(ok[b == i].mean() - c[b == i].mean()) for i in range(n_bins) if (b == i).any()]))


# %% 08-ece | wrong | bins from 1/C to 1

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    low = 1 / probs.shape[1]
    b = np.clip(((c - low) / (1 - low) * n_bins).astype(int), 0, n_bins - 1)
    return float(np.abs(np.bincount(b, ok - c, n_bins)).sum() / len(c))


# %% 08-ece | wrong | nan of empty bins

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    return float(sum((b == i).mean() * abs(ok[b == i].mean() - c[b == i].mean()) for i in range(n_bins)))


# %% 08-ece | wrong | rounded to the nearest bin

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    b = np.minimum(np.round(c * n_bins).astype(int), n_bins - 1)
    return float(np.abs(np.bincount(b, ok - c, n_bins)).sum() / len(c))


# %% 08-ece | wrong | one bin more for confidence 1

def calibration_error(probs, target, n_bins):
    c = probs.max(1); ok = probs.argmax(1) == target
    b = np.floor(c * n_bins).astype(int)
    return sum(abs((ok[b == k] - c[b == k]).sum()) for k in range(n_bins + 1)) / len(c)


# %% 08-ece | wrong | middle of the bin

def calibration_error(probs, target, n_bins):
    c = probs.max(1); ok = probs.argmax(1) == target
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    return sum(abs((ok[b == k] - (k + 0.5) / n_bins).sum()) for k in range(n_bins)) / len(c)


# %% 08-ece | wrong | all classes at once

def calibration_error(probs, target, n_bins):
    c = probs.ravel(); ok = np.eye(probs.shape[1])[target].ravel()
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    return sum(abs((ok[b == k] - c[b == k]).sum()) for k in range(n_bins)) / len(c)


# %% 08-ece | wrong | returns the bins beside the number

def calibration_error(probs, target, n_bins):
    c = probs.max(1); ok = probs.argmax(1) == target
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    g = np.array([abs((ok[b == k] - c[b == k]).sum()) for k in range(n_bins)]) / len(c)
    return g.sum(), g


# %% 08-ece | wrong | returns an array of one number

def calibration_error(probs, target, n_bins):
    c = probs.max(1); ok = probs.argmax(1) == target
    b = np.minimum((c * n_bins).astype(int), n_bins - 1)
    return np.array([sum(abs((ok[b == k] - c[b == k]).sum()) for k in range(n_bins)) / len(c)])


# %% 08-ece | wrong | signed gap summed first

def calibration_error(probs, target, n_bins):
    conf = probs.max(1); hit = probs.argmax(1) == target
    b = np.minimum((conf * n_bins).astype(int), n_bins - 1)
    return abs(sum((b == i).mean() * (hit[b == i].mean() - conf[b == i].mean()) for i in range(n_bins) if (b == i).any()))


# %% 08-ece | wrong | bins of equal count

def calibration_error(probs, target, n_bins):
    c, ok = probs.max(1), probs.argmax(1) == target
    o = np.argsort(c)
    return float(sum(abs(ok[i].mean() - c[i].mean()) * len(i) / len(c) for i in np.array_split(o, n_bins) if len(i)))


# %% 08-ece | wrong | bins closed on the right

def calibration_error(probs, target, n_bins):
    c = probs.max(1); ok = probs.argmax(1) == target
    b = np.clip(np.ceil(c * n_bins).astype(int) - 1, 0, n_bins - 1)
    return sum(abs((ok[b == k] - c[b == k]).sum()) for k in range(n_bins)) / len(c)


# %% 08-expected-score | right | sum over the drawn label

def expected_scores(p, q):
    import math
    def e(f):
        C = len(p); log = brier = ab = 0.0
        for y in range(C):
            log -= p[y] * math.log(f[y])
            brier += p[y] * sum((f[j] - (j == y)) ** 2 for j in range(C))
            ab += p[y] * (1 - f[y])
        return log, brier, ab
    a, b = e(q), e(p)
    return {**dict(zip(["log", "brier", "absolute"], a)), **{n + "_excess": x - y for n, x, y in zip(["log", "brier", "absolute"], a, b)}}


# %% 08-expected-score | right | torch, closed excess

def expected_scores(p, q):
    p, q = torch.tensor(p), torch.tensor(q)
    return {"log": F.cross_entropy(q.log(), p), "brier": (q - p).square().sum() + 1 - p @ p, "absolute": 1 - p @ q,
            "log_excess": F.kl_div(q.log(), p, reduction="sum"), "brier_excess": (p - q).square().sum(), "absolute_excess": p @ (p - q)}


# %% 08-expected-score | right | entropy plus KL by scipy

def expected_scores(p, q):
    from scipy.stats import entropy
    b, a = lambda f: (f * f).sum() - 2 * (p * f).sum() + 1, lambda f: 1 - p @ f
    return {"log": entropy(p) + entropy(p, q), "log_excess": entropy(p, q), "brier": b(q), "brier_excess": b(q) - b(p), "absolute": a(q), "absolute_excess": a(q) - a(p)}


# %% 08-expected-score | right | closed forms of the hint

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()])
    v = np.r_[e(q), e(q) - e(p)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | right | Brier excess as the squared distance, in float32

def expected_scores(p, q):
    p, q = p.astype(np.float32), q.astype(np.float32)
    return {"log": -(p * np.log(q)).sum(), "brier": (q * q).sum() - 2 * (p * q).sum() + 1, "absolute": (p * (1 - q)).sum(),
            "log_excess": (p * np.log(p / q)).sum(), "brier_excess": ((p - q) ** 2).sum(), "absolute_excess": (p * (p - q)).sum()}


# %% 08-expected-score | right | enumerates the labels

def expected_scores(p, q):
    from math import log
    p, q = list(map(float, p)), list(map(float, q))
    C = range(len(p))
    S = {"log": lambda f, y: -log(f[y]), "brier": lambda f, y: sum((f[j] - (j == y)) ** 2 for j in C), "absolute": lambda f, y: 1 - f[y]}
    out = {}
    for k, s in S.items():
        e = lambda f: sum(p[y] * s(f, y) for y in C)
        out[k], out[k + "_excess"] = e(q), e(q) - e(p)
    return out


# %% 08-expected-score | wrong | Brier against p itself

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), ((q - p) ** 2).sum(), (p * (1 - q)).sum()])
    v = np.r_[e(q), e(q) - e(p)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | excess never below 0

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()])
    v = np.r_[e(q), np.maximum(e(q) - e(p), 0)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | score of the most likely label

def expected_scores(p, q):
    y = p.argmax()
    e = lambda q: np.array([-np.log(q[y]), ((q - np.eye(len(p))[y]) ** 2).sum(), 1 - q[y]])
    v = np.r_[e(q), e(q) - e(p)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | roles of p and q exchanged

def expected_scores(p, q):
    p, q = q, p
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(p, p), "brier_excess": b(p, q) - b(p, p), "absolute_excess": m(p, q) - m(p, p)}


# %% 08-expected-score | wrong | log in bits

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log2(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(p, p), "brier_excess": b(p, q) - b(p, p), "absolute_excess": m(p, q) - m(p, p)}


# %% 08-expected-score | wrong | means over the classes

def expected_scores(p, q):
    s = lambda f: (-(p * np.log(f)).mean(), (f * f).sum() - 2 * (p * f).sum() + 1, 1 - (p * f).mean())
    a, b = s(q), s(p)
    return dict(log=a[0], brier=a[1], absolute=a[2], log_excess=a[0]-b[0], brier_excess=a[1]-b[1], absolute_excess=a[2]-b[2])


# %% 08-expected-score | wrong | absolute distance of the distributions

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, np.abs(p - q).sum()])
    v = np.r_[e(q), e(q) - e(p)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | excess is relative

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()])
    v = np.r_[e(q), (e(q) - e(p)) / e(p)]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | excess over the uniform forecast

def expected_scores(p, q):
    e = lambda q: np.array([-(p * np.log(q)).sum(), (q * q).sum() - 2 * (p * q).sum() + 1, 1 - (p * q).sum()])
    v = np.r_[e(q), e(q) - e(np.full(len(p), 1 / len(p)))]
    return dict(zip(["log", "brier", "absolute", "log_excess", "brier_excess", "absolute_excess"], v))


# %% 08-expected-score | wrong | excess over the forecast q of q

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(q, q), "brier_excess": b(p, q) - b(q, q), "absolute_excess": m(p, q) - m(q, q)}


# %% 08-expected-score | wrong | excess not below zero

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(p, p), "brier_excess": b(p, q) - b(p, p), "absolute_excess": max(m(p, q) - m(p, p), 0)}


# %% 08-expected-score | wrong | Brier of two classes

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (a * (1 - c) ** 2).sum(); m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(p, p), "brier_excess": b(p, q) - b(p, p), "absolute_excess": m(p, q) - m(p, p)}


# %% 08-expected-score | wrong | absolute as sum of differences

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: np.abs(a - c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, q) - l(p, p), "brier_excess": b(p, q) - b(p, p), "absolute_excess": m(p, q) - m(p, p)}


# %% 08-expected-score | wrong | excess turned round

def expected_scores(p, q):
    l = lambda a, b: -(a * np.log(b)).sum(); b = lambda a, c: (c * c).sum() - 2 * (a * c).sum() + 1; m = lambda a, c: 1 - (a * c).sum()
    return {"log": l(p, q), "brier": b(p, q), "absolute": m(p, q), "log_excess": l(p, p) - l(p, q), "brier_excess": b(p, p) - b(p, q), "absolute_excess": m(p, p) - m(p, q)}


# %% 08-selective | right | sorted

def risk_coverage(confidence, wrong):
    rows = sorted(range(len(wrong)), key=lambda i: -confidence[i])
    out, n = [], 0
    for k, i in enumerate(rows, 1):
        n += int(wrong[i]); out.append(n / k)
    return out


# %% 08-selective | right | sorted with key

def risk_coverage(confidence, wrong):
    order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
    out, bad = [], 0
    for k, i in enumerate(order, 1):
        bad += int(wrong[i])
        out.append(bad / k)
    return tuple(out)


# %% 08-selective | right | torch float32 result

def risk_coverage(confidence, wrong):
    o = torch.argsort(torch.tensor(confidence), descending=True, stable=True)
    w = torch.tensor(wrong)[o].float()
    return w.cumsum(0) / torch.arange(1, len(w) + 1)


# %% 08-selective | right | lower triangle

def risk_coverage(confidence, wrong):
    o = np.lexsort((np.arange(len(wrong)), -confidence))
    L = np.tril(np.ones((len(o), len(o))))
    return (L / L.sum(1, keepdims=True)) @ np.asarray(wrong)[o]


# %% 08-selective | right | torch stable sort

def risk_coverage(confidence, wrong):
    c, w = torch.as_tensor(np.asarray(confidence)), torch.as_tensor(np.asarray(wrong)).float()
    o = torch.sort(c, descending=True, stable=True).indices
    return w[o].cumsum(0) / torch.arange(1, len(w) + 1)


# %% 08-selective | right | lexsort

def risk_coverage(confidence, wrong):
    n = len(wrong)
    o = np.lexsort((np.arange(n), -np.asarray(confidence)))
    return [float(np.mean(np.asarray(wrong)[o[:k]])) for k in range(1, n + 1)]


# %% 08-selective | wrong | argsort reversed, later of equal ones first

def risk_coverage(confidence, wrong):
    o = np.argsort(confidence, kind="stable")[::-1]
    return wrong[o].cumsum() / np.arange(1, len(o) + 1)


# %% 08-selective | wrong | wrong ones sorted first among equals

def risk_coverage(confidence, wrong):
    o = np.lexsort((-wrong, -confidence))
    return wrong[o].cumsum() / np.arange(1, len(o) + 1)


# %% 08-selective | wrong | ascending

def risk_coverage(confidence, wrong):
    o = np.argsort(confidence, kind="stable")
    return wrong[o].cumsum() / np.arange(1, len(o) + 1)


# %% 08-selective | wrong | from k = 0

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    return np.r_[0, wrong[o].cumsum() / np.arange(1, len(o) + 1)]


# %% 08-selective | wrong | mean of the running risks

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    return float((wrong[o].cumsum() / np.arange(1, len(o) + 1)).mean())


# %% 08-selective | wrong | risks in the order of the rows

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    out = np.empty(len(o)); out[o] = wrong[o].cumsum() / np.arange(1, len(o) + 1)
    return out


# %% 08-selective | wrong | tied rows answered together

def risk_coverage(confidence, wrong):
    return np.array([wrong[confidence >= c].mean() for c in np.sort(confidence)[::-1]])


# %% 08-selective | wrong | of equal ones the right first

def risk_coverage(confidence, wrong):
    o = np.lexsort((wrong, -confidence))
    return np.cumsum(wrong[o]) / np.arange(1, len(wrong) + 1)


# %% 08-selective | wrong | divided by N

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    return np.cumsum(wrong[o]) / len(wrong)


# %% 08-selective | wrong | accuracy

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    return 1 - np.cumsum(wrong[o]) / np.arange(1, len(wrong) + 1)


# %% 08-selective | wrong | tuple of coverage and risk

def risk_coverage(confidence, wrong):
    o = np.argsort(-confidence, kind="stable")
    n = np.arange(1, len(wrong) + 1)
    return n / len(n), np.cumsum(wrong[o]) / n


# %% 08-selective | wrong | of equal ones the later first

def risk_coverage(confidence, wrong):
    o = np.argsort(confidence, kind="stable")[::-1]
    return np.cumsum(wrong[o]) / np.arange(1, len(wrong) + 1)


# %% 08-selective | wrong | all rows of the same confidence at once

def risk_coverage(confidence, wrong):
    return np.array([wrong[confidence >= c].mean() for c in -np.sort(-confidence)])


# %% 08-selective | wrong | least sure first

def risk_coverage(confidence, wrong):
    o = np.argsort(confidence, kind="stable")
    return np.cumsum(wrong[o]) / np.arange(1, len(wrong) + 1)
