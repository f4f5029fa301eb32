# %% 10-claims | right | honest

def claims():
    return {"ranks": "follows", "complete": "not", "attention": "not", "seeds": "follows"}


# %% 10-claims | wrong | all not

def claims():
    return dict.fromkeys(["ranks", "complete", "attention", "seeds"], "not")


# %% 10-claims | wrong | all not 2

def claims():
    return {"ranks": "not", "complete": "not", "attention": "not", "seeds": "not"}


# %% 10-integrated | right | loops

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    D, H = len(x), len(b1)
    out = [0.0] * D
    for s in range(1, steps + 1):
        z = [baseline[j] + (s - 0.5) / steps * (x[j] - baseline[j]) for j in range(D)]
        for h in range(H):
            if sum(z[j] * w1[j][h] for j in range(D)) + b1[h] > 0:
                for j in range(D): out[j] += w1[j][h] * w2[h][k]
    return [(x[j] - baseline[j]) * out[j] / steps for j in range(D)]


# %% 10-integrated | right | torch autograd

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = lambda a: torch.tensor(a, dtype=torch.float64)
    w1, b1, w2, x, o = map(t, (w1, b1, w2, x, baseline))
    a = ((torch.arange(steps, dtype=torch.float64) + 0.5) / steps)[:, None]
    z = (o + a * (x - o)).requires_grad_()
    (torch.relu(z @ w1 + b1) @ w2)[:, k].sum().backward()
    return (x - o) * z.grad.mean(0)


# %% 10-integrated | right | the line as (1 - t) baseline + t x, pre-activations mixed

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = (2 * np.arange(steps) + 1)[:, None] / (2 * steps)
    pre = (1 - t) * (baseline @ w1 + b1) + t * (x @ w1 + b1)
    share = (pre > 0).mean(0)
    return tuple((x - baseline) * (w1 @ (share * w2[:, k])))


# %% 10-integrated | right | einsum with heaviside, column of shares per unit

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    line = np.linspace(baseline, x, 2 * steps + 1)[1::2]
    on = np.heaviside(line @ w1 + b1, 0).mean(0)
    return (x - baseline) * np.einsum("jh,h,h->j", w1, on, w2[:, k])


# %% 10-integrated | right | plain loops

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    D, H = len(w1), len(b1)
    out = [0.0] * D
    for s in range(1, steps + 1):
        p = [baseline[j] + (s - 0.5) / steps * (x[j] - baseline[j]) for j in range(D)]
        for h in range(H):
            if sum(p[j] * w1[j][h] for j in range(D)) + b1[h] > 0:
                for j in range(D):
                    out[j] += w1[j][h] * w2[h][k]
    return [float((x[j] - baseline[j]) * out[j] / steps) for j in range(D)]


# %% 10-integrated | right | float32

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    w1, b1, w2, x, o = (np.asarray(a, np.float32) for a in (w1, b1, w2, x, baseline))
    t = ((np.arange(steps) + 0.5) / steps).astype(np.float32)
    on = (o + t[:, None] * (x - o)) @ w1 + b1 > 0
    return (x - o) * (w1 @ (on.mean(0).astype(np.float32) * w2[:, k]))


# %% 10-integrated | wrong | derivative 1 at 0

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 0.5) / steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 >= 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | right ends

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 1) / steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | linspace with both ends

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = np.linspace(0, 1, steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | the line starts at 0

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 0.5) / steps)[:, None]
    on = t * x @ w1 + b1 > 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | times x

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 0.5) / steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return x * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | exact integral in place of the midpoint rule

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(100000) + 0.5) / 100000)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2[:, k]))


# %% 10-integrated | wrong | gradient of the sum of the logits

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 0.5) / steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return (x - baseline) * (w1 @ (on.mean(0) * w2.sum(1)))


# %% 10-integrated | wrong | absolute values

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = ((np.arange(steps) + 0.5) / steps)[:, None]
    on = (baseline + t * (x - baseline)) @ w1 + b1 > 0
    return np.abs((x - baseline) * (w1 @ (on.mean(0) * w2[:, k])))


# %% 10-integrated | wrong | trapezoid rule

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    t = np.linspace(0, 1, steps + 1)[:, None]
    on = ((baseline + t * (x - baseline)) @ w1 + b1 > 0).astype(float)
    return (x - baseline) * (w1 @ (((on[1:] + on[:-1]) / 2).mean(0) * w2[:, k]))


# %% 10-integrated | wrong | left end points

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    s = np.arange(steps) / steps
    line = baseline + s[:, None] * (x - baseline)
    on = (line @ w1 + b1 > 0).mean(0)
    return (x - baseline) * (w1 @ (on * w2[:, k]))


# %% 10-integrated | wrong | gradient times input at x

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    on = x @ w1 + b1 > 0
    return x * (w1 @ (on * w2[:, k]))


# %% 10-integrated | wrong | softmax probability instead of the logit

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    w1, b1, w2, x, x0 = (torch.tensor(v) for v in (w1, b1, w2, x, baseline))
    s = ((torch.arange(steps, dtype=torch.float64) + 0.5) / steps)[:, None]
    pts = (x0 + s * (x - x0)).requires_grad_(True)
    torch.softmax(torch.relu(pts @ w1 + b1) @ w2, 1)[:, k].sum().backward()
    return pts.grad.mean(0) * (x - x0)


# %% 10-integrated | wrong | trapezoid

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    s = np.linspace(0, 1, steps + 1)
    line = baseline + s[:, None] * (x - baseline)
    on = np.trapezoid((line @ w1 + b1 > 0).astype(float), s, axis=0) if hasattr(np, "trapezoid") else np.trapz((line @ w1 + b1 > 0).astype(float), s, axis=0)
    return (x - baseline) * (w1 @ (on * w2[:, k]))


# %% 10-integrated | wrong | exact integral instead of the midpoint rule

def integrated_gradients(w1, b1, w2, k, x, baseline, steps):
    s = (np.arange(200000) + 0.5) / 200000
    a, d = baseline @ w1 + b1, (x - baseline) @ w1
    on = (a + s[:, None] * d > 0).mean(0)
    return (x - baseline) * (w1 @ (on * w2[:, k]))


# %% 10-lime | right | normal equations

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / (2 * width ** 2))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | right | torch lstsq, rows times the root

def lime_fit(masks, output, width):
    m, y = torch.tensor(masks), torch.tensor(np.asarray(output), dtype=torch.float64)
    u = 1 - m.mean(1)
    w = torch.exp(-u ** 2 / (2 * width ** 2))
    a = torch.cat([torch.ones(len(m), 1, dtype=m.dtype), m], 1)
    r = w.sqrt()[:, None]
    c = torch.linalg.lstsq(a * r, y[:, None] * r).solution
    res = y - (a @ c)[:, 0]
    mean = (w * y).sum() / w.sum()
    return {"coefficients": c[1:, 0], "r2": 1 - (w * res ** 2).sum() / (w * (y - mean) ** 2).sum()}


# %% 10-lime | right | normal equations by torch

def lime_fit(masks, output, width):
    m, y = torch.tensor(masks), torch.tensor(output)
    u = 1 - m.mean(1)
    w = torch.exp(-u ** 2 / (2 * width ** 2))
    A = torch.cat([torch.ones(len(m), 1, dtype=m.dtype), m], 1)
    c = torch.linalg.lstsq(A * w.sqrt()[:, None], y * w.sqrt()).solution
    r = y - A @ c
    mu = (w * y).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * r * r).sum() / (w * (y - mu) ** 2).sum()}


# %% 10-lime | right | normal equations, gaussian elimination in python

def lime_fit(masks, output, width):
    import math
    M = [[1.0] + list(map(float, r)) for r in masks]; y = list(map(float, output))
    w = [math.exp(-((len(r) - 1 - sum(r[1:])) / (len(r) - 1)) ** 2 / (2 * width ** 2)) for r in M]
    n = len(M[0])
    A = [[sum(wi * r[i] * r[j] for wi, r in zip(w, M)) for j in range(n)] + [sum(wi * r[i] * yi for wi, r, yi in zip(w, M, y))] for i in range(n)]
    for c in range(n):
        p = max(range(c, n), key=lambda r: abs(A[r][c])); A[c], A[p] = A[p], A[c]
        for r in range(n):
            if r != c:
                f = A[r][c] / A[c][c]
                A[r] = [a - f * b for a, b in zip(A[r], A[c])]
    beta = [A[i][n] / A[i][i] for i in range(n)]
    res = [yi - sum(b * v for b, v in zip(beta, r)) for yi, r in zip(y, M)]
    mean = sum(wi * yi for wi, yi in zip(w, y)) / sum(w)
    r2 = 1 - sum(wi * e * e for wi, e in zip(w, res)) / sum(wi * (yi - mean) ** 2 for wi, yi in zip(w, y))
    return {"coefficients": beta[1:], "r2": r2}


# %% 10-lime | right | sklearn

def lime_fit(masks, output, width):
    from sklearn.linear_model import LinearRegression
    w = np.exp(-(1 - np.mean(masks, axis=1)) ** 2 / (2 * width ** 2))
    f = LinearRegression().fit(masks, output, sample_weight=w)
    return {"coefficients": f.coef_.tolist(), "r2": float(f.score(masks, output, sample_weight=w))}


# %% 10-lime | right | centred, pinv

def lime_fit(masks, output, width):
    w = np.exp(-np.square(1 - masks.mean(1)) / (2 * width ** 2)); w = w / w.sum()
    X, y = masks - w @ masks, output - w @ output
    c = np.linalg.pinv(X * np.sqrt(w)[:, None]) @ (y * np.sqrt(w))
    return {"coefficients": tuple(c), "r2": np.float32(1 - w @ (y - X @ c) ** 2 / (w @ y ** 2))}


# %% 10-lime | wrong | rows times the weight, not its root

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / (2 * width ** 2))
    c = np.linalg.lstsq(a * w[:, None], output * w, rcond=None)[0]
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | plain R2

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / (2 * width ** 2))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    return {"coefficients": c[1:], "r2": 1 - ((output - a @ c) ** 2).sum() / ((output - output.mean()) ** 2).sum()}


# %% 10-lime | wrong | weight without the 2

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / width ** 2)
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | width not squared

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / (2 * width))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | root of the kernel as in the lime package

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.sqrt(np.exp(-((1 - masks).mean(1)) ** 2 / width ** 2)) ** 0.5
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | width by D, distance as the root of the share

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-(1 - masks).mean(1) / (2 * width ** 2))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | u is the number off

def lime_fit(masks, output, width):
    u = (1 - masks).sum(1); w = np.exp(-u ** 2 / (2 * width ** 2))
    A = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.lstsq(A * np.sqrt(w)[:, None], output * np.sqrt(w), rcond=None)[0]
    r = output - A @ c; mu = np.average(output, weights=w)
    return {"coefficients": c[1:], "r2": 1 - (w * r * r).sum() / (w * (output - mu) ** 2).sum()}


# %% 10-lime | wrong | intercept centred by the plain mean

def lime_fit(masks, output, width):
    u = 1 - masks.mean(1)
    w = np.exp(-u ** 2 / (2 * width**2)); r = np.sqrt(w)
    A = masks - masks.mean(0); y = output - output.mean()
    c = np.linalg.lstsq(A * r[:, None], y * r, rcond=None)[0]
    mu = np.average(output, weights=w)
    return {"coefficients": c, "r2": 1 - (w * (y - A @ c) ** 2).sum() / (w * (output - mu) ** 2).sum()}


# %% 10-lime | wrong | squared correlation, unweighted

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    w = np.exp(-((1 - masks).mean(1)) ** 2 / (2 * width ** 2))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    return {"coefficients": c[1:], "r2": np.corrcoef(output, a @ c)[0, 1] ** 2}


# %% 10-lime | wrong | cosine distance as in the lime package

def lime_fit(masks, output, width):
    a = np.column_stack([np.ones(len(masks)), masks])
    u = 1 - np.sqrt(masks.mean(1))
    w = np.exp(-u ** 2 / (2 * width ** 2))
    c = np.linalg.solve(a.T @ (w[:, None] * a), a.T @ (w * output))
    m = (w * output).sum() / w.sum()
    return {"coefficients": c[1:], "r2": 1 - (w * (output - a @ c) ** 2).sum() / (w * (output - m) ** 2).sum()}


# %% 10-lime | wrong | weights squared (rows times weight)

def lime_fit(masks, output, width):
    u = 1 - masks.mean(1); w = np.exp(-u ** 2 / (2 * width ** 2))
    A = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.lstsq(A * w[:, None], output * w, rcond=None)[0]
    r = output - A @ c; mu = np.average(output, weights=w)
    return {"coefficients": c[1:], "r2": 1 - (w * r * r).sum() / (w * (output - mu) ** 2).sum()}


# %% 10-lime | wrong | cosine distance of the lime package

def lime_fit(masks, output, width):
    u = 1 - np.sqrt(masks.mean(1)); w = np.sqrt(np.exp(-u ** 2 / width ** 2))
    A = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.lstsq(A * np.sqrt(w)[:, None], output * np.sqrt(w), rcond=None)[0]
    r = output - A @ c; mu = np.average(output, weights=w)
    return {"coefficients": c[1:], "r2": 1 - (w * r * r).sum() / (w * (output - mu) ** 2).sum()}


# %% 10-lime | wrong | unweighted r2

def lime_fit(masks, output, width):
    u = 1 - masks.mean(1); w = np.exp(-u ** 2 / (2 * width ** 2))
    A = np.column_stack([np.ones(len(masks)), masks])
    c = np.linalg.lstsq(A * np.sqrt(w)[:, None], output * np.sqrt(w), rcond=None)[0]
    r = output - A @ c
    return {"coefficients": c[1:], "r2": 1 - (r * r).sum() / ((output - output.mean()) ** 2).sum()}


# %% 10-lime | wrong | no intercept

def lime_fit(masks, output, width):
    u = 1 - masks.mean(1); w = np.exp(-u ** 2 / (2 * width ** 2))
    A = masks
    c = np.linalg.lstsq(A * np.sqrt(w)[:, None], output * np.sqrt(w), rcond=None)[0]
    r = output - A @ c; mu = np.average(output, weights=w)
    return {"coefficients": c, "r2": 1 - (w * r * r).sum() / (w * (output - mu) ** 2).sum()}


# %% 10-shapley | right | all orders of arrival

def shapley_values(value, d):
    from itertools import permutations
    phi, n = [0.0] * d, 0
    for order in permutations(range(d)):
        m, n = 0, n + 1
        for i in order:
            phi[i] += float(value[m | 1 << i]) - float(value[m]); m |= 1 << i
    return [v / n for v in phi]


# %% 10-shapley | right | torch, Beta weights

def shapley_values(value, d):
    v = torch.as_tensor(np.asarray(value), dtype=torch.float64)
    m = torch.arange(2 ** d)
    bits = (m[:, None] >> torch.arange(d)) & 1
    size = bits.sum(1)
    out = []
    for i in range(d):
        S = m[bits[:, i] == 0]
        w = torch.exp(torch.lgamma(size[S] + 1.0) + torch.lgamma(d - size[S] + 0.0) - torch.lgamma(torch.tensor(d + 1.0)))
        out.append((w * (v[S + 2 ** i] - v[S])).sum())
    return out


# %% 10-shapley | right | Harsanyi dividends in torch

def shapley_values(value, d):
    dv = torch.tensor(np.asarray(value, dtype=float)).clone()
    for i in range(d):
        for m in range(2 ** d):
            if m >> i & 1:
                dv[m] -= dv[m ^ (1 << i)]
    phi = torch.zeros(d)
    for m in range(1, 2 ** d):
        for i in range(d):
            if m >> i & 1:
                phi[i] += dv[m] / bin(m).count("1")
    return phi


# %% 10-shapley | right | mean over sizes of means over coalitions

def shapley_values(value, d):
    from math import comb
    v = np.asarray(value, float)
    return np.array([sum((v[m | 1 << i] - v[m]) / comb(d - 1, bin(m).count("1")) for m in range(2 ** d) if not m >> i & 1) / d for i in range(d)], dtype=np.float32)


# %% 10-shapley | right | permutations

def shapley_values(value, d):
    from itertools import permutations
    phi = [0.0] * d; n = 0
    for order in permutations(range(d)):
        m = 0; n += 1
        for i in order:
            phi[i] += value[m | 1 << i] - value[m]
            m |= 1 << i
    return [p / n for p in phi]


# %% 10-shapley | right | mean over all orders

def shapley_values(value, d):
    import itertools
    tot = [0.0] * d; n = 0
    for order in itertools.permutations(range(d)):
        m = 0; n += 1
        for i in order:
            tot[i] += float(value[m | 1 << i]) - float(value[m])
            m |= 1 << i
    return [t / n for t in tot]


# %% 10-shapley | wrong | Banzhaf

def shapley_values(value, d):
    return [np.mean([value[m | 1 << i] - value[m] for m in range(2 ** d) if not m >> i & 1]) for i in range(d)]


# %% 10-shapley | wrong | one order of arrival

def shapley_values(value, d):
    return [value[2 ** (i + 1) - 1] - value[2 ** i - 1] for i in range(d)]


# %% 10-shapley | wrong | mean of first and last

def shapley_values(value, d):
    f = 2 ** d - 1
    return [(value[1 << i] - value[0] + value[f] - value[f ^ 1 << i]) / 2 for i in range(d)]


# %% 10-shapley | wrong | bits reversed

def shapley_values(value, d):
    from math import factorial as g
    return [sum(g(bin(m).count("1")) * g(d - bin(m).count("1") - 1) / g(d) * (value[m | 1 << i] - value[m]) for m in range(2 ** d) if not m >> i & 1) for i in range(d)][::-1]


# %% 10-shapley | wrong | weight uses size with the player

def shapley_values(value, d):
    from math import factorial as f
    return [sum(f(bin(m).count("1") - 1) * f(d - bin(m).count("1")) / f(d) * value[m] for m in range(2 ** d) if m >> i & 1) for i in range(d)]


# %% 10-shapley | wrong | empty coalition left out

def shapley_values(value, d):
    from math import factorial as g
    return [sum(g(bin(m).count("1")) * g(d - bin(m).count("1") - 1) / g(d) * (value[m | 1 << i] - value[m]) for m in range(1, 2 ** d) if not m >> i & 1) for i in range(d)]


# %% 10-shapley | wrong | value of the empty coalition taken as 0

def shapley_values(value, d):
    from math import factorial as g
    value = [0, *list(value)[1:]]
    return [sum(g(bin(m).count("1")) * g(d - bin(m).count("1") - 1) / g(d) * (value[m | 1 << i] - value[m]) for m in range(2 ** d) if not m >> i & 1) for i in range(d)]


# %% 10-shapley | wrong | integer division of the weights

def shapley_values(value, d):
    from math import factorial as g
    return [sum(g(bin(m).count("1")) * g(d - bin(m).count("1") - 1) // g(d) * (value[m | 1 << i] - value[m]) for m in range(2 ** d) if not m >> i & 1) for i in range(d)]


# %% 10-shapley | wrong | most significant bit first

def shapley_values(value, d):
    from math import factorial as f
    return [sum(f(bin(m).count("1")) * f(d - bin(m).count("1") - 1) / f(d) * (value[m | 1 << i] - value[m]) for m in range(2 ** d) if not m >> i & 1) for i in range(d)][::-1]


# %% 10-shapley | wrong | v(empty) forgotten as zero

def shapley_values(value, d):
    from math import factorial as f
    v = np.array(value, float); v[0] = 0
    return [sum(f(bin(m).count("1")) * f(d - bin(m).count("1") - 1) / f(d) * (v[m | 1 << i] - v[m]) for m in range(2 ** d) if not m >> i & 1) for i in range(d)]


# %% 10-shapley | wrong | only singletons and pairs

def shapley_values(value, d):
    phi = np.array([value[1 << i] - value[0] for i in range(d)], float)
    for i in range(d):
        for j in range(i):
            x = value[(1 << i) | (1 << j)] - value[1 << i] - value[1 << j] + value[0]
            phi[i] += x / 2; phi[j] += x / 2
    return phi


# %% 10-shapley | wrong | mean of first and last contribution

def shapley_values(value, d):
    full = 2 ** d - 1
    return [(value[1 << i] - value[0] + value[full] - value[full ^ (1 << i)]) / 2 for i in range(d)]


# %% 10-shapley | wrong | sampled permutations

def shapley_values(value, d):
    rng = np.random.default_rng(0); phi = np.zeros(d)
    for _ in range(300):
        m = 0
        for i in rng.permutation(d):
            phi[i] += value[m | 1 << i] - value[m]; m |= 1 << i
    return phi / 300


# %% 10-shapley | wrong | size counts the player

def shapley_values(value, d):
    from math import factorial as f
    out = np.zeros(d)
    for i in range(d):
        for m in range(2**d):
            if m >> i & 1:
                s = bin(m).count("1")
                out[i] += f(s) * f(d - s) / f(d) * (value[m] - value[m ^ 1 << i])
    return out


# %% 10-table | right | honest

def table():
    return {"gain": 0.171 - 0.122, "control": "brightness"}


# %% 10-table | wrong | untrained

def table():
    return {"gain": 0.049, "control": "untrained"}


# %% 10-table | wrong | against the gradient

def table():
    return {"gain": 0.032, "control": "brightness"}


# %% 10-table | wrong | untrained, sign turned

def table():
    return {"gain": -0.049, "control": "untrained"}
