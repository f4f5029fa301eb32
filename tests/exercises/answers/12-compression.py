# %% 12-grid | right | nearest of all levels, list

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    flat = weight.ravel().tolist()
    top = max(abs(v) for v in flat)
    levels = [k * top / K for k in range(-K, K + 1)]
    return np.array([min(levels, key=lambda l: abs(l - v)) for v in flat]).reshape(weight.shape).tolist()


# %% 12-grid | right | torch float32

def round_to_grid(weight, bits):
    w = torch.as_tensor(weight).float()
    k = (1 << (bits - 1)) - 1
    top = w.abs().max()
    if top == 0:
        return w
    return torch.round(w / top * k) / k * top


# %% 12-grid | right | nearest level by search over the levels

def round_to_grid(weight, bits):
    w = np.asarray(weight, float); K = 2 ** (bits - 1) - 1
    top = max((abs(v) for v in w.ravel()), default=0.0)
    if top == 0: return w.copy()
    s = top / K
    out = [min((k * s for k in range(-K, K + 1)), key=lambda l: abs(l - v)) for v in w.ravel().tolist()]
    return np.array(out).reshape(w.shape)


# %% 12-grid | right | floor of x plus a half

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max() / K
    return weight * 1 if s == 0 else np.floor(weight / s + 0.5) * s


# %% 12-grid | right | plain python

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    flat = [float(v) for v in weight.ravel()]
    top = max(abs(v) for v in flat)
    if top == 0:
        return np.zeros(weight.shape).tolist()
    return np.array([round(v * K / top) * top / K for v in flat]).reshape(weight.shape)


# %% 12-grid | right | nearest of all levels, float32 torch

def round_to_grid(weight, bits):
    w = torch.tensor(weight)
    K = 2 ** (bits - 1) - 1
    levels = torch.arange(-K, K + 1, dtype=torch.float64) * w.abs().max() / K
    return levels[(w[..., None] - levels).abs().argmin(-1)].float()


# %% 12-grid | wrong | max without abs

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = weight.max() / K
    return weight if s == 0 else np.round(weight / s) * s


# %% 12-grid | wrong | astype int cuts

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max() / K
    return weight if s == 0 else (weight / s).astype(int) * s


# %% 12-grid | wrong | zeros give nan

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max() / K
    return np.round(weight / s) * s


# %% 12-grid | wrong | 2^bits - 1 levels on each side

def round_to_grid(weight, bits):
    K = 2 ** bits - 1
    s = np.abs(weight).max() / K
    return weight if s == 0 else np.round(weight / s) * s


# %% 12-grid | wrong | 2^(bits-1) clipped as in two's complement

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1)
    s = np.abs(weight).max() / K
    return weight if s == 0 else np.clip(np.round(weight / s), -K, K - 1) * s


# %% 12-grid | wrong | scale per row

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max(-1, keepdims=True) / K
    return np.where(s > 0, np.round(weight / np.where(s > 0, s, 1)) * s, weight)


# %% 12-grid | wrong | int8 overflow for many bits

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max() / K
    return weight if s == 0 else np.round(weight / s).astype(np.int8) * s


# %% 12-grid | wrong | only 2-d loop: bits - 1 levels exponent swapped (2^bits)//2

def round_to_grid(weight, bits):
    K = (2 ** bits) // 2
    s = np.abs(weight).max() / K
    return weight if s == 0 else np.round(weight / s) * s


# %% 12-grid | wrong | eps added to the scale

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1
    s = np.abs(weight).max() / K + 1e-3
    return np.round(weight / s) * s


# %% 12-grid | wrong | no care for zeros

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1; s = np.abs(weight).max() / K
    with np.errstate(all="ignore"): return np.round(weight / s) * s


# %% 12-grid | wrong | max without abs 2

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1; s = weight.max() / K
    if s == 0: return weight
    return np.round(weight / s) * s


# %% 12-grid | wrong | astype int

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1; s = np.abs(weight).max() / K
    if s == 0: return weight
    return (weight / s).astype(int) * s


# %% 12-grid | wrong | add half then cut (wrong for negatives)

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1) - 1; s = np.abs(weight).max() / K
    if s == 0: return weight
    return (weight / s + 0.5).astype(int) * s


# %% 12-grid | wrong | K = 2^(b-1)

def round_to_grid(weight, bits):
    K = 2 ** (bits - 1); s = np.abs(weight).max() / K
    if s == 0: return weight
    return np.round(weight / s) * s


# %% 12-latency | right | statistics by hand

def ratio_of_times(mine, reference):
    r = sorted(a / b for a, b in zip(mine.tolist(), reference.tolist()))
    def q(p):
        pos = p * (len(r) - 1)
        lo = int(pos)
        hi = min(lo + 1, len(r) - 1)
        return r[lo] + (pos - lo) * (r[hi] - r[lo])
    return {"median": q(0.5), "lower": q(0.25), "upper": q(0.75)}


# %% 12-latency | right | torch quantile float32

def ratio_of_times(mine, reference):
    r = torch.tensor(mine / reference, dtype=torch.float32)
    low, mid, high = torch.quantile(r, torch.tensor([0.25, 0.5, 0.75]))
    return dict(lower=low, upper=high, median=mid)


# %% 12-latency | right | statistics module inclusive quartiles

def ratio_of_times(mine, reference):
    import statistics
    r = (mine / reference).tolist()
    if len(r) == 1:
        return {"median": r[0], "lower": r[0], "upper": r[0]}
    a, b, c = statistics.quantiles(r, n=4, method="inclusive")
    return {"median": b, "lower": a, "upper": c}


# %% 12-latency | right | plain interpolation

def ratio_of_times(mine, reference):
    r = sorted(float(a) / float(b) for a, b in zip(mine, reference))
    def q(p):
        x = p * (len(r) - 1); i = int(x)
        return r[i] if i + 1 == len(r) else r[i] + (x - i) * (r[i + 1] - r[i])
    return {"median": q(0.5), "lower": q(0.25), "upper": q(0.75)}


# %% 12-latency | right | torch quantile

def ratio_of_times(mine, reference):
    q = torch.quantile(torch.tensor(mine) / torch.tensor(reference), torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
    return {"lower": q[0], "median": q[1], "upper": q[2]}


# %% 12-latency | right | hand-made quantile

def ratio_of_times(mine, reference):
    r = sorted(float(a) / float(b) for a, b in zip(mine, reference))
    def q(p):
        h = p * (len(r) - 1); i = int(h); j = min(i + 1, len(r) - 1)
        return r[i] + (h - i) * (r[j] - r[i])
    return {"median": q(0.5), "lower": q(0.25), "upper": q(0.75)}


# %% 12-latency | wrong | torch.median (lower of the two)

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": torch.tensor(r).median(), "lower": np.quantile(r, 0.25), "upper": np.quantile(r, 0.75)}


# %% 12-latency | wrong | exclusive quartiles

def ratio_of_times(mine, reference):
    import statistics
    a, b, c = statistics.quantiles((mine / reference).tolist(), n=4)
    return {"median": b, "lower": a, "upper": c}


# %% 12-latency | wrong | mean of ratios

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": r.mean(), "lower": np.quantile(r, 0.25), "upper": np.quantile(r, 0.75)}


# %% 12-latency | wrong | unpaired: ratio of sorted times

def ratio_of_times(mine, reference):
    r = np.sort(mine) / np.sort(reference)
    return {"median": np.median(r), "lower": np.quantile(r, 0.25), "upper": np.quantile(r, 0.75)}


# %% 12-latency | wrong | quartiles of 10 and 90

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": np.median(r), "lower": np.quantile(r, 0.1), "upper": np.quantile(r, 0.9)}


# %% 12-latency | wrong | mean plus minus std

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": r.mean(), "lower": r.mean() - r.std(), "upper": r.mean() + r.std()}


# %% 12-latency | wrong | percentile 0.25

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": np.percentile(r, 50), "lower": np.percentile(r, 0.25), "upper": np.percentile(r, 0.75)}


# %% 12-latency | wrong | inverse

def ratio_of_times(mine, reference):
    r = reference / mine
    return {"median": np.median(r), "lower": np.quantile(r, 0.25), "upper": np.quantile(r, 0.75)}


# %% 12-latency | wrong | ratio of medians

def ratio_of_times(mine, reference):
    r = mine / reference
    return {"median": np.median(mine) / np.median(reference), "lower": np.quantile(r, 0.25), "upper": np.quantile(r, 0.75)}


# %% 12-latency | wrong | middle element without interpolation

def ratio_of_times(mine, reference):
    r = np.sort(mine / reference)
    n = len(r)
    return {"median": r[n // 2], "lower": r[n // 4], "upper": r[3 * n // 4]}


# %% 12-latency | wrong | ratio of medians 2

def ratio_of_times(mine, reference):
    return {"median": np.median(mine) / np.median(reference), "lower": np.quantile(mine, .25) / np.quantile(reference, .25), "upper": np.quantile(mine, .75) / np.quantile(reference, .75)}


# %% 12-latency | wrong | torch.median (lower middle)

def ratio_of_times(mine, reference):
    r = torch.tensor(mine) / torch.tensor(reference)
    return {"median": r.median(), "lower": r.quantile(.25), "upper": r.quantile(.75)}


# %% 12-latency | wrong | statistics.quantiles exclusive

def ratio_of_times(mine, reference):
    import statistics
    r = [float(a / b) for a, b in zip(mine, reference)]
    a, b, c = statistics.quantiles(r, n=4)
    return {"median": b, "lower": a, "upper": c}


# %% 12-latency | wrong | torch median (lower of two)

def ratio_of_times(mine, reference):
    r = torch.as_tensor(mine / reference)
    return {"median": r.median(), "lower": r.quantile(0.25), "upper": r.quantile(0.75)}


# %% 12-prune | right | sorted positions, bool nested via reshape

def magnitude_mask(weight, amount):
    flat = weight.ravel().tolist()
    go = int(amount * len(flat) + 1e-9)
    order = sorted(range(len(flat)), key=lambda i: (abs(flat[i]), i))
    mask = np.ones(len(flat), dtype=bool)
    for i in order[:go]:
        mask[i] = False
    return mask.reshape(weight.shape)


# %% 12-prune | right | torch stable argsort int64 tensor

def magnitude_mask(weight, amount):
    w = torch.as_tensor(weight)
    n = w.numel()
    go = int(amount * n + 1e-9)
    order = torch.argsort(w.abs().flatten(), stable=True)
    mask = torch.ones(n, dtype=torch.int64)
    mask[order[:go]] = 0
    return mask.reshape(w.shape)


# %% 12-prune | right | pairwise ranks

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    i = np.arange(a.size)
    rank = ((a[None] < a[:, None]) | ((a[None] == a[:, None]) & (i[None] < i[:, None]))).sum(1)
    return (rank >= int(amount * a.size + 1e-9)).reshape(weight.shape).astype(int).tolist()


# %% 12-prune | right | plain sorted with positions, nested list by reshape

def magnitude_mask(weight, amount):
    flat = [abs(float(v)) for v in weight.ravel()]
    n = int(amount * len(flat) + 1e-9)
    gone = set(sorted(range(len(flat)), key=lambda i: (flat[i], i))[:n])
    return np.array([i not in gone for i in range(len(flat))]).reshape(weight.shape)


# %% 12-prune | right | torch stable sort, int tensor

def magnitude_mask(weight, amount):
    w = torch.from_numpy(np.ascontiguousarray(weight))
    order = torch.sort(w.abs().reshape(-1), stable=True).indices
    m = torch.ones(w.numel(), dtype=torch.int8)
    m[order[: int(amount * w.numel() + 1e-9)]] = 0
    return m.reshape(w.shape)


# %% 12-prune | right | python sort of (abs, position), bool array

def magnitude_mask(weight, amount):
    flat = [abs(float(v)) for v in np.asarray(weight).ravel()]
    n = len(flat); k = int(amount * n + 1e-9)
    gone = set(sorted(range(n), key=lambda i: (flat[i], i))[:k])
    return np.array([i not in gone for i in range(n)]).reshape(np.shape(weight))


# %% 12-prune | wrong | threshold removes ties

def magnitude_mask(weight, amount):
    a = np.abs(weight)
    go = int(amount * a.size + 1e-9)
    if go == 0:
        return np.ones_like(weight)
    t = np.sort(a.ravel())[go - 1]
    return (a > t).astype(float)


# %% 12-prune | wrong | signed values

def magnitude_mask(weight, amount):
    go = int(amount * weight.size + 1e-9)
    m = np.ones(weight.size)
    m[np.argsort(weight.ravel(), kind="stable")[:go]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | later of equal ones goes first

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    go = int(amount * a.size + 1e-9)
    order = np.lexsort((-np.arange(a.size), a))
    m = np.ones(a.size)
    m[order[:go]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | round instead of floor

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    go = round(amount * a.size)
    m = np.ones(a.size)
    m[np.argsort(a, kind="stable")[:go]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | int without 1e-9

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    go = int(amount * a.size)
    m = np.ones(a.size)
    m[np.argsort(a, kind="stable")[:go]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | slice -keep: with amount 1 keeps all

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    keep = a.size - int(amount * a.size + 1e-9)
    order = np.argsort(a, kind="stable")
    m = np.zeros(a.size)
    m[order[-keep:]] = 1
    return m.reshape(weight.shape)


# %% 12-prune | wrong | flat mask returned

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    go = int(amount * a.size + 1e-9)
    m = np.ones(a.size)
    m[np.argsort(a, kind="stable")[:go]] = 0
    return m


# %% 12-prune | wrong | amount 0 removes everything equal to the smallest

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    go = max(1, int(amount * a.size + 1e-9))
    m = np.ones(a.size)
    m[np.argsort(a, kind="stable")[:go]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | unstable descending sort keeps first of equal

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel()
    keep = a.size - int(amount * a.size + 1e-9)
    m = np.zeros(a.size)
    m[np.argsort(-a, kind="stable")[:keep]] = 1
    return m.reshape(weight.shape)


# %% 12-prune | wrong | threshold removes ties 2

def magnitude_mask(weight, amount):
    a = np.abs(weight); n = int(amount * a.size + 1e-9)
    if n == 0: return np.ones_like(a)
    return (a > np.sort(a.ravel())[n - 1]) * 1.0


# %% 12-prune | wrong | threshold keeps ties

def magnitude_mask(weight, amount):
    a = np.abs(weight); n = int(amount * a.size + 1e-9)
    if n == 0: return np.ones_like(a)
    return (a >= np.append(np.sort(a.ravel()), inf)[n]) * 1.0


# %% 12-prune | wrong | np.quantile

def magnitude_mask(weight, amount):
    a = np.abs(weight)
    return (a > np.quantile(a, amount)) * 1.0


# %% 12-prune | wrong | later one goes first

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel(); n = int(amount * a.size + 1e-9)
    order = sorted(range(a.size), key=lambda i: (a[i], -i))
    m = np.ones(a.size); m[order[:n]] = 0
    return m.reshape(weight.shape)


# %% 12-prune | wrong | rounds to nearest

def magnitude_mask(weight, amount):
    a = np.abs(weight).ravel(); n = int(amount * a.size + 0.5)
    m = np.ones(a.size); m[np.argsort(a, kind="stable")[:n]] = 0
    return m.reshape(weight.shape)


# %% 12-storage | right | integers, loops, exact fraction

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    from fractions import Fraction
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + -(-n // 8), "break_even": Fraction(index_bytes, value_bytes + index_bytes)}


# %% 12-storage | right | torch and numpy scalars

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = np.prod([rows, columns])
    left = n - round(zeros * n)
    return dict(break_even=torch.tensor(1 - value_bytes / (value_bytes + index_bytes), dtype=torch.float64), mask=np.float64(left * value_bytes) + np.ceil(n / 8),
                csr=np.int64(left) * value_bytes + index_bytes * left + index_bytes * rows + index_bytes, dense=torch.tensor(int(n * value_bytes)))


# %% 12-storage | right | numpy floats, ceil, 1 - v/(v+i)

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - np.round(zeros * n)
    return {"mask": left * value_bytes + np.ceil(n / 8), "csr": np.float32(left * value_bytes + (left + rows + 1) * index_bytes),
            "dense": torch.tensor(float(n * value_bytes)), "break_even": 1 - value_bytes / (value_bytes + index_bytes)}


# %% 12-storage | right | rounding half up (mathematical round)

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    import math
    n = rows * columns
    left = n - math.floor(zeros * n + 0.5)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + math.ceil(n / 8), "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | right | integer arithmetic

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - int(round(zeros * n))
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + -(-n // 8), "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | right | ints, negative floor division, Fraction

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    from fractions import Fraction
    n = rows * columns; left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes, "mask": left * value_bytes - (-n // 8), "break_even": float(Fraction(index_bytes, value_bytes + index_bytes))}


# %% 12-storage | wrong | m row pointers

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + rows * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | column pointers

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (columns + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | bits rounded down

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + n // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | bits always one byte more

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + n // 8 + 1, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | int() in place of round

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - int(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | share left round((1-z) n) truncated

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = int((1 - zeros) * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | break even v over v+i

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": value_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | break even 0.5 always

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": 0.5}


# %% 12-storage | wrong | zeros 0 or 1: share compared with break even

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = max(1, n - round(zeros * n))
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + (n + 7) // 8, "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | left not rounded

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns; left = n * (1 - zeros)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes, "mask": left * value_bytes + -(-n // 8), "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | break even with the row pointers

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns; left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes, "mask": left * value_bytes + (n + 7) // 8, "break_even": 1 - (n * value_bytes - (rows + 1) * index_bytes) / n / (value_bytes + index_bytes)}


# %% 12-storage | wrong | mask rows padded to whole bytes

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns
    left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
            "mask": left * value_bytes + rows * ((columns + 7) // 8), "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | break even turned

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns; left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (rows + 1) * index_bytes, "mask": left * value_bytes + -(-n // 8), "break_even": value_bytes / (value_bytes + index_bytes)}


# %% 12-storage | wrong | columns pointers

def stored_bytes(rows, columns, zeros, value_bytes, index_bytes):
    n = rows * columns; left = n - round(zeros * n)
    return {"dense": n * value_bytes, "csr": left * (value_bytes + index_bytes) + (columns + 1) * index_bytes, "mask": left * value_bytes + -(-n // 8), "break_even": index_bytes / (value_bytes + index_bytes)}


# %% 12-table | right | honest

def table():
    return {"int8": 478 / 125, "file": "dense", "kd": "between", "worst": "class"}


# %% 12-table | right | rounded to one place as in the worked example, numpy

def table():
    return {"int8": np.float64(3.8), "file": "dense", "kd": "between", "worst": "class"}


# %% 12-table | right | mine rounded to one digit

def table():
    return {"int8": 3.8, "file": "dense", "kd": "between", "worst": "class"}


# %% 12-table | wrong | zlib column

def table():
    return {"int8": 441 / 104, "file": "dense", "kd": "between", "worst": "class"}


# %% 12-table | wrong | rounded to 4

def table():
    return {"int8": 4, "file": "dense", "kd": "between", "worst": "class"}


# %% 12-table | wrong | zlib column, mask

def table():
    return {"int8": 441 / 104, "file": "mask", "kd": "best", "worst": "none"}


# %% 12-table | wrong | zlib of int8 against plain file

def table():
    return {"int8": 478 / 104, "file": "half", "kd": "nothing", "worst": "size"}
