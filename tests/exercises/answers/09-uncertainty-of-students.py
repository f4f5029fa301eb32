# %% 09-calibrated-targets | right | loops

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    import math
    def soft(z, T):
        m = max(z); e = [math.exp((v - m) / T) for v in z]; return [v / sum(e) for v in e]
    best, least = None, float("inf")
    for T in candidates:
        n = 0.0
        for i in validation:
            z = [float(v) for v in teacher_logits[i]]; m = max(z)
            n += math.log(sum(math.exp((v - m) / T) for v in z)) - (z[target[i]] - m) / T
        if n < least: best, least = float(T), n
    return {"fitted": best, "targets": [soft([float(v) for v in teacher_logits[i]], best * temperature) for i in train]}


# %% 09-calibrated-targets | right | torch float32

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y, c = torch.tensor(np.asarray(teacher_logits), dtype=torch.float32), torch.tensor(np.asarray(target)), torch.tensor(np.asarray(candidates), dtype=torch.float32)
    v = torch.tensor(np.asarray(validation))
    nll = torch.stack([F.cross_entropy(z[v] / t, y[v]) for t in c])
    T = c[nll.argmin()]
    return {"fitted": T, "targets": F.softmax(z[torch.tensor(np.asarray(train))] / T / temperature, dim=-1)}


# %% 09-calibrated-targets | right | torch

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    c = torch.tensor(candidates)
    nll = torch.stack([F.cross_entropy(z[validation] / t, y[validation]) for t in c])
    t = c[nll.argmin()]
    return {"targets": F.softmax(z[train] / t / temperature, 1).float(), "fitted": t}


# %% 09-calibrated-targets | right | plain loops and lists

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    import math
    def sm(r, T):
        m = max(r); e = [math.exp((v - m) / T) for v in r]; s = sum(e)
        return [v / s for v in e]
    best, fitted = None, None
    for T in candidates:
        n = 0.0
        for i in validation:
            r = list(teacher_logits[i]); m = max(r)
            n += math.log(sum(math.exp((v - m) / T) for v in r)) - (r[target[i]] - m) / T
        if best is None or n < best:
            best, fitted = n, float(T)
    return {"fitted": fitted, "targets": [sm(list(teacher_logits[i]), fitted * temperature) for i in train]}


# %% 09-calibrated-targets | right | plain loops, lists

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    import math
    Z = np.asarray(teacher_logits).tolist()
    def soft(z, T):
        m = max(z); e = [math.exp((v - m) / T) for v in z]; s = sum(e)
        return [v / s for v in e]
    best = None
    for T in candidates:
        n = 0.0
        for i in validation:
            z = Z[int(i)]; m = max(z)
            n += math.log(sum(math.exp((v - m) / T) for v in z)) - (z[int(target[i])] - m) / T
        if best is None or n < best[0]:
            best = (n, float(T))
    return {"fitted": best[1], "targets": [soft(Z[int(i)], best[1] * temperature) for i in train]}


# %% 09-calibrated-targets | right | torch float32 2

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z = torch.as_tensor(np.asarray(teacher_logits)).float(); y = torch.as_tensor(np.asarray(target)).long()
    v = torch.as_tensor(np.asarray(validation)).long(); tr = torch.as_tensor(np.asarray(train)).long()
    T = min((F.cross_entropy(z[v] / float(c), y[v]).item(), float(c)) for c in candidates)[1]
    return {"targets": F.softmax(z[tr] / T / temperature, dim=-1), "fitted": torch.tensor(T)}


# %% 09-calibrated-targets | wrong | fitted on the training rows

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    T = min(candidates, key=lambda t: F.cross_entropy(z[train] / t, y[train]).item())
    return {"fitted": T, "targets": torch.softmax(z[train] / (T * temperature), 1)}


# %% 09-calibrated-targets | wrong | fitted on all rows but the training ones

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    r = np.setdiff1d(np.arange(len(z)), train)
    T = min(candidates, key=lambda t: F.cross_entropy(z[r] / t, y[r]).item())
    return {"fitted": T, "targets": torch.softmax(z[train] / (T * temperature), 1)}


# %% 09-calibrated-targets | wrong | fitted on the test rows

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    r = np.setdiff1d(np.arange(len(z)), np.r_[train, validation])
    if len(r) == 0: r = validation
    T = min(candidates, key=lambda t: F.cross_entropy(z[r] / t, y[r]).item())
    return {"fitted": T, "targets": torch.softmax(z[train] / (T * temperature), 1)}


# %% 09-calibrated-targets | wrong | train sorted

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    T = min(candidates, key=lambda t: F.cross_entropy(z[validation] / t, y[validation]).item())
    return {"fitted": T, "targets": torch.softmax(z[np.sort(train)] / (T * temperature), 1)}


# %% 09-calibrated-targets | wrong | index of the candidate

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    j = int(np.argmin([F.cross_entropy(z[validation] / t, y[validation]).item() for t in candidates]))
    return {"fitted": j, "targets": torch.softmax(z[train] / (candidates[j] * temperature), 1)}


# %% 09-calibrated-targets | wrong | softmax twice

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    T = min(candidates, key=lambda t: F.cross_entropy(z[validation] / t, y[validation]).item())
    return {"fitted": T, "targets": torch.softmax(torch.softmax(z[train] / T, 1) / temperature, 1)}


# %% 09-calibrated-targets | wrong | loss temperature forgotten

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    T = min(candidates, key=lambda t: F.cross_entropy(z[validation] / t, y[validation]).item())
    return {"fitted": T, "targets": torch.softmax(z[train] / T, 1)}


# %% 09-calibrated-targets | wrong | fit on all rows

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    t = min(candidates, key=lambda t: float(F.cross_entropy(z / t, y)))
    return {"fitted": t, "targets": F.softmax(z[train] / t / temperature, 1)}


# %% 09-calibrated-targets | wrong | temperature of the loss already in the fit

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    T = min(candidates, key=lambda t: F.cross_entropy(z[validation] / t / temperature, y[validation]).item())
    return {"fitted": T, "targets": torch.softmax(z[train] / (T * temperature), 1)}


# %% 09-calibrated-targets | wrong | train sorted 2

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target); v = torch.tensor(validation)
    t = min(candidates, key=lambda t: float(F.cross_entropy(z[v] / t, y[v])))
    return {"fitted": t, "targets": F.softmax(z[np.sort(train)] / t / temperature, 1)}


# %% 09-calibrated-targets | wrong | most accurate or largest candidate

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z = torch.tensor(teacher_logits)
    t = max(candidates)
    return {"fitted": t, "targets": F.softmax(z[train] / t / temperature, 1)}


# %% 09-calibrated-targets | wrong | index of the candidate 2

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target); v = torch.tensor(validation)
    n = [float(F.cross_entropy(z[v] / t, y[v])) for t in candidates]
    k = int(np.argmin(n))
    return {"fitted": k, "targets": F.softmax(z[train] / candidates[k] / temperature, 1)}


# %% 09-calibrated-targets | wrong | fitted with the loss temperature inside

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target); v = torch.tensor(validation)
    t = min(candidates, key=lambda t: float(F.cross_entropy(z[v] / (t * temperature), y[v])))
    return {"fitted": t, "targets": F.softmax(z[train] / t / temperature, 1)}


# %% 09-calibrated-targets | wrong | fit on the test rows

def calibrated_targets(teacher_logits, target, train, validation, candidates, temperature):
    z, y = torch.tensor(teacher_logits), torch.tensor(target)
    v = torch.tensor([i for i in range(len(z)) if i not in set(train) | set(validation)] or list(validation))
    t = min(candidates, key=lambda t: float(F.cross_entropy(z[v] / t, y[v])))
    return {"fitted": t, "targets": F.softmax(z[train] / t / temperature, 1)}


# %% 09-claims | right | honest

def claims():
    return {"heads": "control", "ensemble": "follows", "entropy": "measure"}


# %% 09-claims | wrong | entropy chance

def claims():
    return {"heads": "control", "ensemble": "follows", "entropy": "chance"}


# %% 09-claims | wrong | chance thrice

def claims():
    return {"heads": "chance", "ensemble": "chance", "entropy": "chance"}


# %% 09-fit-temperature | right | golden section in log T, loops

def fit_temperature(logits, target):
    import math
    Z, Y = [[float(v) for v in r] for r in logits], [int(y) for y in target]
    def nll(T):
        s = 0.0
        for z, y in zip(Z, Y):
            m = max(z)
            s += math.log(sum(math.exp((v - m) / T) for v in z)) - (z[y] - m) / T
        return s
    a, b = math.log(0.05), math.log(20)
    for _ in range(100):
        l, r = a + (b - a) / 3, b - (b - a) / 3
        if nll(math.exp(l)) <= nll(math.exp(r)): b = r
        else: a = l
    return math.exp((a + b) / 2)


# %% 09-fit-temperature | right | bisection of the slope, torch

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float64); y = torch.tensor(np.asarray(target))
    low, high = torch.tensor(1 / 20.0), torch.tensor(1 / 0.05)
    for _ in range(80):
        mid = (low + high) / 2
        p = torch.softmax(mid * z, 1)
        slope = ((p * z).sum(1) - z.gather(1, y[:, None])[:, 0]).mean()
        if slope > 0: high = mid
        else: low = mid
    return 1 / mid


# %% 09-fit-temperature | right | fine grid in log T, float32 numbers

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float32); y = torch.tensor(np.asarray(target))
    grid = np.geomspace(0.05, 20, 6001)
    return grid[int(np.argmin([F.cross_entropy(z / float(t), y).item() for t in grid]))]


# %% 09-fit-temperature | right | fine grid, float64

def fit_temperature(logits, target):
    z = np.asarray(logits, float); z = z - z.max(1, keepdims=True); i = np.arange(len(z))
    grid = np.exp(np.arange(np.log(0.05), np.log(20) + 5e-4, 0.001)).clip(0.05, 20)
    nll = [(np.log(np.exp(z / t).sum(1)) - z[i, target] / t).mean() for t in grid]
    return np.array([grid[np.argmin(nll)]])[0]


# %% 09-fit-temperature | right | golden section in log T, plain python

def fit_temperature(logits, target):
    import math
    rows = [list(map(float, r)) for r in logits]
    def nll(T):
        tot = 0.0
        for r, y in zip(rows, target):
            z = [v / T for v in r]; m = max(z)
            tot += m + math.log(sum(math.exp(v - m) for v in z)) - z[y]
        return tot / len(rows)
    lo, hi = math.log(0.05), math.log(20.0)
    g = (math.sqrt(5) - 1) / 2
    a, b = lo, hi
    for _ in range(100):
        c, d = b - g * (b - a), a + g * (b - a)
        if nll(math.exp(c)) < nll(math.exp(d)):
            b = d
        else:
            a = c
    best = math.exp((a + b) / 2)
    return min([best, 0.05, 20.0], key=nll)


# %% 09-fit-temperature | right | golden section, ties go the other way

def fit_temperature(logits, target):
    import math
    Z, Y = [[float(v) for v in r] for r in logits], [int(y) for y in target]
    def nll(T):
        s = 0.0
        for z, y in zip(Z, Y):
            m = max(z)
            s += math.log(sum(math.exp((v - m) / T) for v in z)) - (z[y] - m) / T
        return s
    a, b = math.log(0.05), math.log(20)
    for _ in range(100):
        l, r = a + (b - a) / 3, b - (b - a) / 3
        if nll(math.exp(l)) < nll(math.exp(r)): b = r
        else: a = l
    return math.exp((a + b) / 2)


# %% 09-fit-temperature | wrong | grid linspace with 1000 points

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float64); y = torch.tensor(np.asarray(target))
    grid = np.linspace(0.05, 20, 1000)
    return grid[int(np.argmin([F.cross_entropy(z / t, y).item() for t in grid]))]


# %% 09-fit-temperature | wrong | range 0.1 to 10

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float64); y = torch.tensor(np.asarray(target))
    grid = np.geomspace(0.1, 10, 8000)
    return grid[int(np.argmin([F.cross_entropy(z / t, y).item() for t in grid]))]


# %% 09-fit-temperature | wrong | plain exp overflows

def fit_temperature(logits, target):
    z = np.asarray(logits, float)
    grid = np.geomspace(0.05, 20, 8000)
    def nll(t):
        e = np.exp(z / t)
        return -np.log(e[np.arange(len(z)), target] / e.sum(1)).mean()
    return grid[int(np.argmin([nll(t) for t in grid]))]


# %% 09-fit-temperature | wrong | Brier

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float64); y = torch.tensor(np.asarray(target))
    grid = np.geomspace(0.05, 20, 8000)
    return grid[int(np.argmin([(torch.softmax(z / t, 1) - F.one_hot(y, z.shape[1])).square().sum().item() for t in grid]))]


# %% 09-fit-temperature | wrong | Adam 200 steps of 0.01 from 1

def fit_temperature(logits, target):
    z = torch.tensor(np.asarray(logits), dtype=torch.float64); y = torch.tensor(np.asarray(target))
    T = torch.ones(1, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.Adam([T], lr=0.01)
    for _ in range(200):
        opt.zero_grad(); F.cross_entropy(z / T, y).backward(); opt.step()
    return T.item()


# %% 09-fit-temperature | wrong | no bounds, Newton runs off

def fit_temperature(logits, target):
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp
    z = np.asarray(logits, float)
    f = lambda b: (logsumexp(b * z, axis=1) - b * z[np.arange(len(z)), target]).mean()
    return 1 / minimize_scalar(f).x


# %% 09-fit-temperature | wrong | only T above 1

def fit_temperature(logits, target):
    z = torch.as_tensor(np.array(logits), dtype=torch.float64); y = torch.as_tensor(np.array(target))
    T = np.geomspace(1, 20, 4001)
    return T[int(np.argmin([float(F.cross_entropy(z / t, y)) for t in T]))]


# %% 09-fit-temperature | wrong | grid with step 0.01 from 0.05

def fit_temperature(logits, target):
    z = torch.as_tensor(logits); y = torch.as_tensor(target)
    T = np.arange(0.05, 20.001, 0.01)
    return T[int(np.argmin([F.cross_entropy(z / t, y).item() for t in T]))]


# %% 09-fit-temperature | wrong | beta returned

def fit_temperature(logits, target):
    z = torch.as_tensor(logits); y = torch.as_tensor(target)
    T = np.geomspace(0.05, 20, 8001)
    return T[int(np.argmin([F.cross_entropy(z * t, y).item() for t in T]))]


# %% 09-fit-temperature | wrong | Newton without bounds, nan at the ends

def fit_temperature(logits, target):
    z = torch.as_tensor(logits); y = torch.as_tensor(target)
    b = 1.0
    own = z.gather(1, y[:, None])[:, 0]
    for _ in range(60):
        p = torch.softmax(b * z, 1); m = (p * z).sum(1)
        g = (m - own).mean(); h = ((p * z * z).sum(1) - m * m).mean()
        b = b - float(g / h)
    return 1 / b


# %% 09-fit-temperature | wrong | sum of probabilities maximised

def fit_temperature(logits, target):
    z = torch.as_tensor(logits); y = torch.as_tensor(target)
    T = np.geomspace(0.05, 20, 4001)
    return T[int(np.argmax([torch.softmax(z / t, 1).gather(1, y[:, None]).mean().item() for t in T]))]


# %% 09-fit-temperature | wrong | linear grid of 100

def fit_temperature(logits, target):
    z = torch.as_tensor(np.array(logits), dtype=torch.float64); y = torch.as_tensor(np.array(target))
    T = np.linspace(0.05, 20, 100)
    return T[int(np.argmin([float(F.cross_entropy(z / t, y)) for t in T]))]


# %% 09-fit-temperature | wrong | matches confidence to accuracy

def fit_temperature(logits, target):
    z = torch.as_tensor(np.array(logits), dtype=torch.float64); y = torch.as_tensor(np.array(target))
    acc = float((z.argmax(1) == y).double().mean())
    T = np.geomspace(0.05, 20, 4001)
    return T[int(np.argmin([abs(float(torch.softmax(z / t, 1).max(1).values.mean()) - acc) for t in T]))]


# %% 09-fit-temperature | wrong | stops at 10

def fit_temperature(logits, target):
    z = torch.as_tensor(np.array(logits), dtype=torch.float64); y = torch.as_tensor(np.array(target))
    T = np.geomspace(0.1, 10, 4001)
    return T[int(np.argmin([float(F.cross_entropy(z / t, y)) for t in T]))]


# %% 09-teachers | right | honest

def teachers():
    return {"nll": 0.242 - 0.286, "ece": "labels", "direction": "unsure"}


# %% 09-teachers | right | mine, tensor

def teachers():
    return {"direction": "unsure", "ece": "labels", "nll": torch.tensor(-0.044)}


# %% 09-teachers | wrong | against labels as they are

def teachers():
    return {"nll": 0.242 - 0.336, "ece": "labels", "direction": "unsure"}


# %% 09-teachers | wrong | against stopped early

def teachers():
    return {"nll": 0.242 - 0.305, "ece": "labels", "direction": "unsure"}


# %% 09-teachers | wrong | sign, both, open

def teachers():
    return {"nll": 0.044, "ece": "both", "direction": "open"}


# %% 09-teachers | wrong | scaled student against control

def teachers():
    return {"nll": 0.227 - 0.286, "ece": "both", "direction": "sure"}


# %% 09-teachers | wrong | nan number

def teachers():
    return {"nll": nan, "ece": "labels", "direction": "unsure"}


# %% 09-teachers | wrong | nll list

def teachers():
    return {"nll": [-0.044, -0.063], "ece": "labels", "direction": "unsure"}


# %% 09-what-is-lost | right | loops

def what_is_lost(member_probs, student_probs):
    import math
    def kl(p, q):
        s = 0.0
        for a, b in zip(p, q):
            if a > 0: s += a * math.log(a / b) if b > 0 else math.inf
        return s
    M, N = len(member_probs), len(student_probs)
    kept, lost, excess = [], [], []
    for n in range(N):
        m = [sum(float(member_probs[k][n][c]) for k in range(M)) / M for c in range(len(student_probs[n]))]
        kept.append(-sum(v * math.log(v) for v in m if v > 0))
        lost.append(sum(kl(member_probs[k][n], m) for k in range(M)) / M)
        excess.append(kl(m, student_probs[n]))
    return {"kept": kept, "lost": lost, "excess": excess}


# %% 09-what-is-lost | right | torch, by difference

def what_is_lost(member_probs, student_probs):
    p, q = torch.tensor(np.asarray(member_probs)), torch.tensor(np.asarray(student_probs))
    b = p.mean(0)
    H = lambda x: torch.special.entr(x).sum(-1)
    whole = (torch.xlogy(p, p) - torch.xlogy(p, q[None])).sum(-1).mean(0)
    lost = H(b) - H(p).mean(0)
    return {"kept": H(b), "lost": lost, "excess": whole - lost}


# %% 09-what-is-lost | right | scipy rel_entr

def what_is_lost(member_probs, student_probs):
    from scipy.special import rel_entr, entr
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    return {"kept": entr(b).sum(1), "lost": rel_entr(p, b[None]).sum(2).mean(0), "excess": rel_entr(b, q).sum(1)}


# %% 09-what-is-lost | right | torch.distributions

def what_is_lost(member_probs, student_probs):
    D = lambda p: torch.distributions.Categorical(probs=torch.as_tensor(np.asarray(p)))
    b = member_probs.mean(0)
    k = D(b).entropy()
    q = torch.as_tensor(np.asarray(student_probs)); B = torch.as_tensor(b)
    return {"kept": k, "lost": k - D(member_probs).entropy().mean(0), "excess": torch.where(B > 0, B * (B / q).log(), torch.zeros_like(B)).sum(-1)}


# %% 09-what-is-lost | right | scipy.stats.entropy

def what_is_lost(member_probs, student_probs):
    from scipy.stats import entropy
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    return {"kept": entropy(b, axis=1), "lost": entropy(p, b[None], axis=2).mean(0), "excess": entropy(b, q, axis=1)}


# %% 09-what-is-lost | right | torch float32

def what_is_lost(member_probs, student_probs):
    p, q = torch.tensor(np.asarray(member_probs), dtype=torch.float32), torch.tensor(np.asarray(student_probs), dtype=torch.float32)
    b = p.mean(0)
    kl = lambda p, q: (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
    return {"kept": torch.special.entr(b).sum(-1), "lost": kl(p, b).mean(0), "excess": kl(b, q)}


# %% 09-what-is-lost | wrong | clipped at 1e-12

def what_is_lost(member_probs, student_probs):
    p, q = np.clip(member_probs, 1e-12, 1), np.clip(student_probs, 1e-12, 1)
    b = p.mean(0)
    return {"kept": -(b * np.log(b)).sum(1), "lost": (p * np.log(p / b)).sum(2).mean(0), "excess": (b * np.log(b / q)).sum(1)}


# %% 09-what-is-lost | wrong | inf whenever the student has a 0

def what_is_lost(member_probs, student_probs):
    from scipy.special import rel_entr, entr
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    return {"kept": entr(b).sum(1), "lost": rel_entr(p, b[None]).sum(2).mean(0), "excess": np.where((q == 0).any(1), np.inf, rel_entr(b, q).sum(1))}


# %% 09-what-is-lost | wrong | nan at 0

def what_is_lost(member_probs, student_probs):
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    return {"kept": -(b * np.log(b)).sum(1), "lost": (p * np.log(p / b)).sum(2).mean(0), "excess": (b * np.log(b / q)).sum(1)}


# %% 09-what-is-lost | wrong | geometric mean as the best student

def what_is_lost(member_probs, student_probs):
    from scipy.special import rel_entr, entr
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = np.exp(np.log(p).mean(0)); b /= b.sum(1, keepdims=True)
    lost = rel_entr(p, b[None]).sum(2).mean(0)
    return {"kept": entr(b).sum(1), "lost": lost, "excess": rel_entr(p, q[None]).sum(2).mean(0) - lost}


# %% 09-what-is-lost | wrong | only members that exclude nothing count for inf (all members must allow the class)

def what_is_lost(member_probs, student_probs):
    from scipy.special import rel_entr, entr
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    ex = rel_entr(b, q)
    ex = np.where((q == 0) & (p == 0).any(0), 0, ex).sum(1)
    return {"kept": entr(b).sum(1), "lost": rel_entr(p, b[None]).sum(2).mean(0), "excess": ex}


# %% 09-what-is-lost | wrong | summed over the members

def what_is_lost(member_probs, student_probs):
    from scipy.special import rel_entr, entr
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    return {"kept": entr(b).sum(1), "lost": rel_entr(p, b[None]).sum(2).sum(0), "excess": len(p) * rel_entr(b, q).sum(1)}


# %% 09-what-is-lost | wrong | mean over images not members

def what_is_lost(member_probs, student_probs):
    p, q = torch.tensor(member_probs), torch.tensor(student_probs)
    b = p.mean(1)
    kl = lambda a, c: (torch.xlogy(a, a) - torch.xlogy(a, c)).sum(-1)
    h = torch.special.entr(b).sum(-1)
    return {"kept": h, "lost": h, "excess": h}


# %% 09-what-is-lost | wrong | excess whole loss

def what_is_lost(member_probs, student_probs):
    p, q = torch.tensor(member_probs), torch.tensor(student_probs)
    b = p.mean(0)
    kl = lambda a, c: (torch.xlogy(a, a) - torch.xlogy(a, c)).sum(-1)
    return {"kept": torch.special.entr(b).sum(-1), "lost": kl(p, b[None]).mean(0), "excess": kl(p, q[None].expand_as(p)).mean(0)}


# %% 09-what-is-lost | wrong | Jensen-Shannon with the student as a member

def what_is_lost(member_probs, student_probs):
    p, q = torch.tensor(member_probs), torch.tensor(student_probs)
    b = torch.cat([p, q[None]]).mean(0)
    kl = lambda a, c: (torch.xlogy(a, a) - torch.xlogy(a, c)).sum(-1)
    return {"kept": torch.special.entr(b).sum(-1), "lost": kl(p, b[None]).mean(0), "excess": kl(b, q)}


# %% 09-what-is-lost | wrong | mean over the classes

def what_is_lost(member_probs, student_probs):
    b = member_probs.mean(0); H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).mean(-1)
    k = H(b)
    with np.errstate(all="ignore"):
        e = np.where(b > 0, b * np.log(b / student_probs), 0).mean(-1)
    return {"kept": k, "lost": k - H(member_probs).mean(0), "excess": e}


# %% 09-what-is-lost | wrong | excess is KL(q||best)

def what_is_lost(member_probs, student_probs):
    b = member_probs.mean(0); H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    k = H(b); q = student_probs
    with np.errstate(all="ignore"):
        e = np.where(q > 0, q * np.log(q / b), 0).sum(-1)
    return {"kept": k, "lost": k - H(member_probs).mean(0), "excess": e}


# %% 09-what-is-lost | wrong | kept and lost exchanged

def what_is_lost(member_probs, student_probs):
    b = member_probs.mean(0); H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    k = H(b); q = student_probs
    with np.errstate(all="ignore"):
        e = np.where(b > 0, b * np.log(b / q), 0).sum(-1)
    return {"lost": k, "kept": k - H(member_probs).mean(0), "excess": e}


# %% 09-what-is-lost | wrong | excess of the first member

def what_is_lost(member_probs, student_probs):
    b = member_probs.mean(0); H = lambda p: -(p * np.log(np.where(p > 0, p, 1))).sum(-1)
    k = H(b); q = student_probs; p = member_probs[0]
    with np.errstate(all="ignore"):
        e = np.where(p > 0, p * np.log(p / q), 0).sum(-1)
    return {"kept": k, "lost": k - H(member_probs).mean(0), "excess": e}


# %% 09-what-is-lost | wrong | nan_to_num hides infinity

def what_is_lost(member_probs, student_probs):
    p, q = np.asarray(member_probs), np.asarray(student_probs)
    b = p.mean(0)
    f = lambda x: np.nan_to_num(x, nan=0, posinf=0, neginf=0)
    return {"kept": -f(b * np.log(b)).sum(1), "lost": f(p * np.log(p / b)).sum(2).mean(0), "excess": f(b * np.log(b / q)).sum(1)}
