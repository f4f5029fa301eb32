# %% 07-attention | right | numpy loops

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, tl, tw = (np.array(a.tolist(), dtype=float) for a in (h, w, v, teacher_logits, teacher_weights))
    soft = lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    W, Z, U, loss = [], [], [], 0.0
    for n in range(len(h)):
        a = soft(np.array([sum(x * y for x, y in zip(h[n, l], w)) for l in range(h.shape[1])]))
        z = sum(a[l] * h[n, l] for l in range(h.shape[1])) @ v
        lp = tl[n] - tl[n].max(); lp = lp - np.log(np.exp(lp).sum())
        lq = z - z.max(); lq = lq - np.log(np.exp(lq).sum())
        loss += (np.exp(lp) * (lp - lq)).sum() + beta * ((a - tw[n]) ** 2).sum()
        W.append(a); Z.append(z); U.append(float(-(np.exp(lq) * lq).sum()))
    return {"weights": W, "logits": Z, "loss": loss / len(h), "uncertainty": U}


# %% 07-attention | right | torch float32, kl_div batchmean, loss a 0-d tensor with gradient

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, tl, tw = (a.float() for a in (h, w, v, teacher_logits, teacher_weights))
    v.requires_grad_()
    a = F.softmax(torch.einsum("nld,d->nl", h, w), dim=-1)
    z = torch.einsum("nl,nld,dc->nc", a, h, v)
    lq = F.log_softmax(z, dim=-1)
    loss = F.kl_div(lq, F.log_softmax(tl, -1), reduction="batchmean", log_target=True) + beta * F.mse_loss(a, tw, reduction="sum") / len(h)
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": torch.distributions.Categorical(logits=z).entropy()}


# %% 07-attention | right | numpy loops 2

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, tl, tw = (np.asarray(x, dtype=float) for x in (h, w, v, teacher_logits, teacher_weights))
    W, Z, U, loss = [], [], [], 0.0
    def soft(x):
        e = np.exp(x - x.max())
        return e / e.sum()
    for n in range(len(h)):
        a = soft(np.array([sum(f * g for f, g in zip(row, w)) for row in h[n]]))
        z = (a[:, None] * h[n]).sum(0) @ v
        p, q = soft(tl[n]), soft(z)
        loss += sum(x * (np.log(x) - np.log(y)) for x, y in zip(p, q) if x > 0) + beta * sum((a - tw[n]) ** 2)
        U.append(-sum(x * np.log(x) for x in q if x > 0))
        W.append(a.tolist()); Z.append(z)
    return {"weights": W, "logits": Z, "loss": loss / len(h), "uncertainty": U}


# %% 07-attention | right | torch float32, einsum, kl_div

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    h, w, v, tl, tw = (torch.as_tensor(x).float() for x in (h, w, v, teacher_logits, teacher_weights))
    a = torch.einsum("nld,d->nl", h, w).softmax(-1)
    z = torch.einsum("nl,nld,dc->nc", a, h, v)
    loss = F.kl_div(z.log_softmax(1), tl.log_softmax(1), reduction="batchmean", log_target=True)
    loss = loss + beta * F.mse_loss(a, tw, reduction="sum") / len(h)
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": torch.distributions.Categorical(logits=z).entropy()}


# %% 07-attention | right | Categorical and kl_divergence

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    D = torch.distributions
    a = torch.softmax(torch.matmul(h, w), -1)
    z = torch.bmm(a.unsqueeze(1), h).squeeze(1).mm(v)
    S, T = D.Categorical(logits=z), D.Categorical(logits=teacher_logits)
    loss = D.kl_divergence(T, S).mean() + beta * torch.pow(torch.linalg.vector_norm(a - teacher_weights, dim=-1), 2).mean()
    return {"weights": a, "logits": z, "loss": loss.item(), "uncertainty": list(S.entropy())}


# %% 07-attention | right | loops

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    import math
    def soft(z):
        m = max(z); e = [math.exp(x - m) for x in z]; return [x / sum(e) for x in e]
    H, W, V, TL, TW = h.tolist(), w.tolist(), v.tolist(), teacher_logits.tolist(), teacher_weights.tolist()
    A, Z, U, loss = [], [], [], 0.0
    for x, tl, tw in zip(H, TL, TW):
        a = soft([sum(i * j for i, j in zip(pos, W)) for pos in x])
        pooled = [sum(a[l] * x[l][d] for l in range(len(x))) for d in range(len(W))]
        z = [sum(pooled[d] * V[d][c] for d in range(len(W))) for c in range(len(V[0]))]
        p, q = soft(tl), soft(z)
        loss += sum(i * math.log(i / j) for i, j in zip(p, q)) + beta * sum((i - j) ** 2 for i, j in zip(a, tw))
        A.append(a); Z.append(z); U.append(-sum(i * math.log(i) for i in q))
    return {"weights": A, "logits": Z, "loss": loss / len(H), "uncertainty": U}


# %% 07-attention | wrong | kl_div with the default mean

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq = torch.log_softmax(z, 1)
    loss = F.kl_div(lq, torch.softmax(teacher_logits, 1)) + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1)}


# %% 07-attention | wrong | mse_loss mean for the attention

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lp.exp() * (lp - lq)).sum(1).mean() + beta * F.mse_loss(a, teacher_weights)
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1)}


# %% 07-attention | wrong | distance not squared

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lp.exp() * (lp - lq)).sum(1).mean() + beta * (a - teacher_weights).norm(dim=1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1)}


# %% 07-attention | wrong | mean entropy, one number

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lp.exp() * (lp - lq)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1).mean()}


# %% 07-attention | wrong | softmax over the batch

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=0); z = (a[:, None] @ h)[:, 0] @ v
    p, q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(z, 1)
    loss = (p.exp() * (p - q)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(q.exp() * q).sum(1)}


# %% 07-attention | wrong | cross-entropy in place of KL

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1); z = (a[:, None] @ h)[:, 0] @ v
    p, q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(z, 1)
    loss = -(p.exp() * q).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(q.exp() * q).sum(1)}


# %% 07-attention | wrong | scores divided by root D

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w / h.shape[2] ** 0.5, dim=1); z = (a[:, None] @ h)[:, 0] @ v
    p, q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(z, 1)
    loss = (p.exp() * (p - q)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(q.exp() * q).sum(1)}


# %% 07-attention | wrong | logits from the mean of v after softmax of h v

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1); z = torch.log((a[..., None] * torch.softmax(h @ v, -1)).sum(1))
    p, q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(z, 1)
    loss = (p.exp() * (p - q)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(q.exp() * q).sum(1)}


# %% 07-attention | wrong | attention loss left out

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, 1); z = (a[:, None] @ h)[:, 0] @ v; lp, lq = teacher_logits.log_softmax(1), z.log_softmax(1)
    return {"weights": a, "logits": z, "loss": (lp.exp() * (lp - lq)).sum(1).mean(), "uncertainty": -(lq.exp() * lq).sum(1)}


# %% 07-attention | wrong | KL student to teacher

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lq.exp() * (lq - lp)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1)}


# %% 07-attention | wrong | broadcasting fault stays

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    weights = torch.softmax((h @ w)[:, None, :], dim=2)
    logits = (weights @ h)[:, 0] @ v
    log_p, log_q = torch.log_softmax(teacher_logits, dim=1), torch.log_softmax(logits, dim=1)
    loss = (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
    loss = loss + beta * (weights - teacher_weights).square().sum(dim=2).mean()
    return {"weights": weights[:, 0], "logits": logits, "loss": loss, "uncertainty": -(log_q.exp() * log_q).sum(1)}


# %% 07-attention | wrong | entropy in bits

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lp.exp() * (lp - lq)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(lq.exp() * lq).sum(1) / np.log(2)}


# %% 07-attention | wrong | uncertainty 1 minus the largest probability

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1)
    z = (a[:, None] @ h)[:, 0] @ v
    lq, lp = torch.log_softmax(z, 1), torch.log_softmax(teacher_logits, 1)
    loss = (lp.exp() * (lp - lq)).sum(1).mean() + beta * (a - teacher_weights).square().sum(1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": 1 - lq.exp().max(1).values}


# %% 07-attention | wrong | distance not squared 2

def attend(h, w, v, teacher_logits, teacher_weights, beta):
    a = torch.softmax(h @ w, dim=1); z = (a[:, None] @ h)[:, 0] @ v
    p, q = torch.log_softmax(teacher_logits, 1), torch.log_softmax(z, 1)
    loss = (p.exp() * (p - q)).sum(1).mean() + beta * (a - teacher_weights).norm(dim=1).mean()
    return {"weights": a, "logits": z, "loss": loss, "uncertainty": -(q.exp() * q).sum(1)}


# %% 07-dkd-split | right | loops

def dkd_split(student_logits, teacher_logits, target, temperature):
    import math
    out = {"target": [], "non_target": [], "kl": []}
    for s, t, y in zip(student_logits, teacher_logits, target):
        def soft(z):
            z = [float(v) / temperature for v in z]; m = max(z); e = [math.exp(v - m) for v in z]
            return [v / sum(e) for v in e]
        p, q = soft(t), soft(s)
        rp, rq = sum(p[k] for k in range(len(p)) if k != y), sum(q[k] for k in range(len(q)) if k != y)
        a = p[y] * math.log(p[y] / q[y]) + rp * math.log(rp / rq)
        b = sum(p[k] / rp * math.log((p[k] / rp) / (q[k] / rq)) for k in range(len(p)) if k != y)
        out["target"].append(a); out["non_target"].append(b); out["kl"].append(a + rp * b)
    return out


# %% 07-dkd-split | right | the formula of the text with 1 - p_y, second part by difference, float32

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    return {"target": a, "non_target": ((kl - a) / (1 - py)).astype(np.float32), "kl": kl}


# %% 07-dkd-split | right | torch float32, logsumexp

def dkd_split(student_logits, teacher_logits, target, temperature):
    s, t = (torch.as_tensor(np.asarray(x)).float() / temperature for x in (student_logits, teacher_logits))
    y = torch.as_tensor(np.asarray(target)).long()
    keep = ~F.one_hot(y, s.shape[1]).bool()
    ls, lt = s.log_softmax(1), t.log_softmax(1)
    rs, rt = (x[keep].view(len(y), -1) for x in (ls, lt))
    bs, bt = rs.logsumexp(1), rt.logsumexp(1)
    ys, yt = (x[~keep] for x in (ls, lt))
    a = yt.exp() * (yt - ys) + bt.exp() * (bt - bs)
    hs, ht = rs - bs[:, None], rt - bt[:, None]
    b = (ht.exp() * (ht - hs)).sum(1)
    return {"target": a, "non_target": b, "kl": (lt.exp() * (lt - ls)).sum(1)}


# %% 07-dkd-split | right | numpy with 1 - p_y

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q = soft(teacher_logits), soft(student_logits)
    r = np.arange(len(p))
    py, qy = p[r, target], q[r, target]
    tgt = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    ph, qh = p / (1 - py)[:, None], q / (1 - qy)[:, None]
    term = ph * np.log(ph / qh)
    term[r, target] = 0
    non = term.sum(1)
    return {"target": tgt, "non_target": non, "kl": tgt + (1 - py) * non}


# %% 07-dkd-split | right | torch logsumexp, the class left out

def dkd_split(student_logits, teacher_logits, target, temperature):
    s, t = (torch.as_tensor(np.asarray(a), dtype=torch.float64) / temperature for a in (student_logits, teacher_logits))
    y = torch.as_tensor(np.asarray(target)).long()
    N, C = s.shape
    keep = ~F.one_hot(y, C).bool()
    def parts(z):
        o = z[keep].view(N, C - 1)
        pair = torch.stack([z[torch.arange(N), y], o.logsumexp(1)], 1)
        return pair.log_softmax(1), o.log_softmax(1)
    (pa, po), (qa, qo) = parts(t), parts(s)
    a = F.kl_div(qa, pa, reduction="none", log_target=True).sum(1)
    b = F.kl_div(qo, po, reduction="none", log_target=True).sum(1)
    return {"target": a, "non_target": b, "kl": F.kl_div(s.log_softmax(1), t.log_softmax(1), reduction="none", log_target=True).sum(1)}


# %% 07-dkd-split | right | loops and math

def dkd_split(student_logits, teacher_logits, target, temperature):
    import math
    out = {"target": [], "non_target": [], "kl": []}
    for s, t, y in zip(student_logits, teacher_logits, target):
        def soft(z):
            z = [float(a) / temperature for a in z]
            m = max(z)
            e = [math.exp(a - m) for a in z]
            return [a / sum(e) for a in e]
        p, q = soft(t), soft(s)
        rest = [k for k in range(len(p)) if k != y]
        P, Q = sum(p[k] for k in rest), sum(q[k] for k in rest)
        a = p[y] * math.log(p[y] / q[y]) + P * math.log(P / Q)
        b = sum(p[k] / P * math.log(p[k] / P / (q[k] / Q)) for k in rest)
        out["target"].append(a); out["non_target"].append(b); out["kl"].append(a + P * b)
    return out


# %% 07-dkd-split | wrong | with T squared

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    T2 = temperature ** 2
    return {"target": T2 * a, "non_target": T2 * (kl - a) / (1 - py), "kl": T2 * kl}


# %% 07-dkd-split | wrong | only the teacher is softened

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float))
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(np.asarray(teacher_logits) / temperature), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    return {"target": a, "non_target": (kl - a) / (1 - py), "kl": kl}


# %% 07-dkd-split | wrong | split at the teacher's class, not at the label

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    target = p.argmax(1)
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    return {"target": a, "non_target": (kl - a) / (1 - py), "kl": kl}


# %% 07-dkd-split | wrong | non_target with its weight

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    return {"target": a, "non_target": kl - a, "kl": kl}


# %% 07-dkd-split | wrong | mean over the rows

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    return {"target": a.mean(), "non_target": ((kl - a) / (1 - py)).mean(), "kl": kl.mean()}


# %% 07-dkd-split | wrong | weight p_y, not 1 - p_y

def dkd_split(student_logits, teacher_logits, target, temperature):
    def soft(z):
        e = np.exp(np.asarray(z, float) / temperature)
        return e / e.sum(1, keepdims=True)
    p, q, i = soft(teacher_logits), soft(student_logits), np.arange(len(target))
    py, qy = p[i, target], q[i, target]
    kl = (p * np.log(p / q)).sum(1)
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy))
    b = (kl - a) / (1 - py)
    return {"target": a, "non_target": b, "kl": a + py * b}


# %% 07-dkd-split | wrong | times T

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) * temperature, 1).numpy() for x in (teacher_logits, student_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": t + (1 - a) * n}


# %% 07-dkd-split | wrong | teacher and student exchanged

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) / temperature, 1).numpy() for x in (student_logits, teacher_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": t + (1 - a) * n}


# %% 07-dkd-split | wrong | non_target contains the label

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) / temperature, 1).numpy() for x in (teacher_logits, student_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h)).sum(1)
    return {"target": t, "non_target": n, "kl": t + (1 - a) * n}


# %% 07-dkd-split | wrong | weight 1 (plain sum)

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) / temperature, 1).numpy() for x in (teacher_logits, student_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": t + n}


# %% 07-dkd-split | wrong | temperature on the student only

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)), 1).numpy() for x in (teacher_logits, student_logits / temperature))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": t + (1 - a) * n}


# %% 07-dkd-split | wrong | weight 1 - q_y

def dkd_split(student_logits, teacher_logits, target, temperature):
    sm = lambda z: torch.softmax(torch.tensor(z) / temperature, 1).numpy()
    p, q = sm(teacher_logits), sm(student_logits); i = np.arange(len(p)); py, qy = p[i, target], q[i, target]
    a = py * np.log(py / qy) + (1 - py) * np.log((1 - py) / (1 - qy)); m = np.ones_like(p, bool); m[i, target] = False
    P, Q = p[m].reshape(len(p), -1) / (1 - py)[:, None], q[m].reshape(len(p), -1) / (1 - qy)[:, None]
    b = (P * np.log(P / Q)).sum(1); return {"target": a, "non_target": b, "kl": a + (1 - qy) * b}


# %% 07-dkd-split | wrong | weight p_y

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) / temperature, 1).numpy() for x in (teacher_logits, student_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": t + a * n}


# %% 07-dkd-split | wrong | target part only at the label

def dkd_split(student_logits, teacher_logits, target, temperature):
    p, q = (torch.softmax(torch.tensor(np.array(x)) / temperature, 1).numpy() for x in (teacher_logits, student_logits))
    r = np.arange(len(p)); a, b = p[r, target], q[r, target]
    t = a * np.log(a / b)
    m = np.ones_like(p, bool); m[r, target] = False
    g = p / (1 - a)[:, None]; h = q / (1 - b)[:, None]
    n = (g * np.log(g / h) * m).sum(1)
    return {"target": t, "non_target": n, "kl": (p * np.log(p / q)).sum(1)}


# %% 07-relations | right | loops

def rkd_distance(student_features, teacher_features):
    import math
    def rel(x):
        n = len(x)
        d = [[math.dist([float(a) for a in x[i]], [float(b) for b in x[j]]) for j in range(n)] for i in range(n)]
        m = sum(d[i][j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        return [[v / m for v in row] for row in d]
    s, t = rel(student_features), rel(teacher_features)
    total = 0.0
    for a, b in zip(s, t):
        for x, y in zip(a, b):
            u = abs(x - y)
            total += u * u / 2 if u <= 1 else u - 0.5
    return total / len(s) ** 2


# %% 07-relations | right | torch float32 pdist, smooth_l1

def rkd_distance(student_features, teacher_features):
    s, t = (F.pdist(torch.tensor(np.asarray(x), dtype=torch.float32)) for x in (student_features, teacher_features))
    n = len(student_features)
    return 2 * F.smooth_l1_loss(s / s.mean(), t / t.mean(), reduction="sum") / n ** 2


# %% 07-relations | right | loops 2

def rkd_distance(student_features, teacher_features):
    def rel(x):
        n = len(x)
        d = [[sum((float(a) - float(b)) ** 2 for a, b in zip(x[i], x[j])) ** 0.5 for j in range(n)] for i in range(n)]
        m = sum(map(sum, d)) / (n * (n - 1))
        return [[e / m for e in r] for r in d]
    s, t = rel(student_features), rel(teacher_features)
    tot = 0.0
    for a, b in zip(s, t):
        for u, v in zip(a, b):
            g = abs(u - v)
            tot += g * g / 2 if g <= 1 else g - 0.5
    return tot / len(s) ** 2


# %% 07-relations | right | scipy pdist, upper triangle twice

def rkd_distance(student_features, teacher_features):
    from scipy.spatial.distance import pdist
    a, b = pdist(np.asarray(student_features, float)), pdist(np.asarray(teacher_features, float))
    u = np.abs(a / a.mean() - b / b.mean())
    return np.float32(2 * np.minimum(u * u / 2, np.maximum(u - 0.5, 0) + 0.0 * u).sum() / len(student_features) ** 2) if False else float(2 * np.where(u <= 1, u * u / 2, u - 0.5).sum() / len(student_features) ** 2)


# %% 07-relations | right | triangle loops with np.float32, returned as array(())

def rkd_distance(student_features, teacher_features):
    a, b = np.float32(student_features), np.float32(teacher_features)
    n = len(a); i, j = np.triu_indices(n, 1)
    f = lambda x: np.sqrt(((x[i] - x[j]) ** 2).sum(1))
    d, e = f(a), f(b)
    u = abs(d / d.mean() - e / e.mean())
    m = np.minimum(u, 1)
    return np.array(2 * (m * (u - m / 2)).sum() / n / n)


# %% 07-relations | right | torch cdist float32, huber_loss

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = torch.as_tensor(np.asarray(x)).float()
        d = torch.cdist(x, x)
        return d / d[d > 0].mean()
    return F.huber_loss(rel(student_features), rel(teacher_features))


# %% 07-relations | wrong | Manhattan distance

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = np.asarray(x, float); n = len(x)
        d = np.abs(x[:, None] - x[None]).sum(2)
        return d / (d.sum() / (n * (n - 1)))
    u = np.abs(rel(student_features) - rel(teacher_features))
    return float(np.where(u <= 1, u * u / 2, u - 0.5).mean())


# %% 07-relations | wrong | half the square throughout

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = np.asarray(x, float); n = len(x)
        d = np.linalg.norm(x[:, None] - x[None], axis=2)
        return d / (d.sum() / (n * (n - 1)))
    u = np.abs(rel(student_features) - rel(teacher_features))
    return float((u * u / 2).mean())


# %% 07-relations | wrong | mean over pairs only

def rkd_distance(student_features, teacher_features):
    s, t = (F.pdist(torch.tensor(np.asarray(x))) for x in (student_features, teacher_features))
    return F.smooth_l1_loss(s / s.mean(), t / t.mean())


# %% 07-relations | wrong | mean with the diagonal

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = np.asarray(x, float)
        d = np.linalg.norm(x[:, None] - x[None], axis=2)
        return d / d.mean()
    u = np.abs(rel(student_features) - rel(teacher_features))
    return float(np.where(u <= 1, u * u / 2, u - 0.5).mean())


# %% 07-relations | wrong | between the features, not the rows

def rkd_distance(student_features, teacher_features):
    f = lambda x: np.linalg.norm(x[:, :, None] - x[:, None], axis=0)
    a, b = f(student_features), f(teacher_features)
    a, b = a / a[a > 0].mean(), b / b[b > 0].mean()
    u = np.abs(a - b)
    return np.where(u <= 1, u * u / 2, u - 0.5).mean()


# %% 07-relations | wrong | divided by the median

def rkd_distance(student_features, teacher_features):
    f = lambda x: np.linalg.norm(x[:, None] - x[None], axis=2)
    a, b = f(student_features), f(teacher_features)
    a, b = a / np.median(a[a > 0]), b / np.median(b[b > 0])
    u = np.abs(a - b)
    return np.where(u <= 1, u * u / 2, u - 0.5).mean()


# %% 07-relations | wrong | squared distances

def rkd_distance(student_features, teacher_features):
    n = len(student_features)
    s, t = torch.pdist(torch.tensor(student_features)) ** 2, torch.pdist(torch.tensor(teacher_features)) ** 2
    return 2 * F.huber_loss(s / s.mean(), t / t.mean(), reduction="sum") / n ** 2


# %% 07-relations | wrong | MSE

def rkd_distance(student_features, teacher_features):
    n = len(student_features)
    s, t = torch.pdist(torch.tensor(student_features)), torch.pdist(torch.tensor(teacher_features))
    return ((s / s.mean() - t / t.mean()) ** 2).sum() * 2 / n ** 2


# %% 07-relations | wrong | both by the teacher's mean

def rkd_distance(student_features, teacher_features):
    n = len(student_features)
    s, t = torch.pdist(torch.tensor(student_features)), torch.pdist(torch.tensor(teacher_features))
    return 2 * F.huber_loss(s / t.mean(), t / t.mean(), reduction="sum") / n ** 2


# %% 07-relations | wrong | pairs once

def rkd_distance(student_features, teacher_features):
    n = len(student_features)
    s, t = torch.pdist(torch.tensor(student_features)), torch.pdist(torch.tensor(teacher_features))
    return F.huber_loss(s / s.mean(), t / t.mean(), reduction="sum") / n ** 2


# %% 07-relations | wrong | beyond 1 no minus one half

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = np.asarray(x, float); n = len(x)
        d = np.linalg.norm(x[:, None] - x[None], axis=2)
        return d / (d.sum() / (n * (n - 1)))
    u = np.abs(rel(student_features) - rel(teacher_features))
    return float(np.where(u <= 1, u * u / 2, u).mean())


# %% 07-relations | wrong | huber of the negative side as a square (no absolute value)

def rkd_distance(student_features, teacher_features):
    def rel(x):
        x = np.asarray(x, float); n = len(x)
        d = np.linalg.norm(x[:, None] - x[None], axis=2)
        return d / (d.sum() / (n * (n - 1)))
    u = rel(student_features) - rel(teacher_features)
    return float(np.where(u <= 1, u * u / 2, u - 0.5).mean())


# %% 07-relations | wrong | mean with the diagonal 2

def rkd_distance(student_features, teacher_features):
    f = lambda x: np.linalg.norm(x[:, None] - x[None], axis=2)
    a, b = f(student_features), f(teacher_features)
    u = np.abs(a / a.mean() - b / b.mean())
    return np.where(u <= 1, u * u / 2, u - 0.5).mean()


# %% 07-relations | wrong | only off-diagonal averaged

def rkd_distance(student_features, teacher_features):
    f = lambda x: np.linalg.norm(x[:, None] - x[None], axis=2)
    a, b = f(student_features), f(teacher_features)
    i, j = np.triu_indices(len(a), 1)
    a, b = a[i, j], b[i, j]
    u = np.abs(a / a.mean() - b / b.mean())
    return np.where(u <= 1, u * u / 2, u - 0.5).mean()


# %% 07-several-teachers | right | torch, softmax of the mean log

def combine(teacher_probs, weights):
    p = torch.as_tensor(np.asarray(teacher_probs), dtype=torch.float32)
    w = torch.as_tensor(np.asarray(weights), dtype=torch.float32)
    keep = w > 0
    p, w = p[keep], (w[keep] / w.sum())[:, None, None]
    logs = (w * p.log()).sum(0)
    if torch.isinf(logs).all(dim=1).any():
        raise ValueError
    return {"arithmetic": (w * p).sum(0), "geometric": torch.softmax(logs, 1)}


# %% 07-several-teachers | right | torch, logs and softmax

def combine(teacher_probs, weights):
    p = torch.as_tensor(np.asarray(teacher_probs, dtype=np.float32))
    w = torch.as_tensor(np.asarray(weights, dtype=np.float32))
    p, w = p[w > 0], w[w > 0]
    w = w / w.sum()
    logs = torch.tensordot(w, p.log(), dims=1) if not (p == 0).any() else (w[:, None, None] * p.log()).sum(0)
    if torch.isinf(logs).all(dim=1).any():
        raise ValueError
    return {"arithmetic": torch.tensordot(w, p, dims=1), "geometric": torch.softmax(logs, 1)}


# %% 07-several-teachers | right | softmax of mean logits, by teachers with weight, renormalised inputs

def combine(teacher_probs, weights):
    P, w = np.array(teacher_probs, dtype=float), np.array(weights, dtype=float)
    P = P / P.sum(-1, keepdims=True); w /= w.sum()
    use = w > 0
    left = (P[use] > 0).all(axis=0)
    if not left.any(axis=1).all():
        raise ValueError("all classes ruled out")
    L = np.where(left, np.tensordot(w[use], np.log(np.where(P[use] > 0, P[use], 1)), 1), -np.inf)
    L = L - L.max(1, keepdims=True)
    return {"arithmetic": np.average(P, axis=0, weights=w), "geometric": np.exp(L) / np.exp(L).sum(1, keepdims=True)}


# %% 07-several-teachers | right | log space in torch float32

def combine(teacher_probs, weights):
    p, w = torch.tensor(np.asarray(teacher_probs), dtype=torch.float32), torch.tensor(np.asarray(weights), dtype=torch.float32)
    w = (w / w.sum())[:, None, None]
    logs = torch.where(w > 0, w * p.log(), torch.zeros(()))
    z = logs.sum(0)
    if torch.isneginf(z).all(1).any():
        raise ValueError
    return {"arithmetic": (w * p).sum(0), "geometric": torch.softmax(z, 1)}


# %% 07-several-teachers | wrong | no ValueError

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    g = np.prod(p ** w[:, None, None], axis=0)
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | clipped at 1e-12

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    l = (w[:, None, None] * np.log(p.clip(1e-12))).sum(0)
    g = np.exp(l)
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | 0 times log 0 with a teacher of weight 0

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    g = np.exp((w[:, None, None] * np.log(p)).sum(0))
    if (g.sum(-1) == 0).any(): raise ValueError
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | ValueError for any class ruled out

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    g = np.prod(p ** w[:, None, None], axis=0)
    if (g == 0).any(): raise ValueError
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | ValueError only if all rows are empty

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    g = np.prod(p ** w[:, None, None], axis=0)
    if (g.sum(-1) == 0).all(): raise ValueError
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / np.maximum(g.sum(-1, keepdims=True), 1e-300)}


# %% 07-several-teachers | wrong | another error type

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.asarray(weights, float)
    w = w / w.sum()
    g = np.prod(p ** w[:, None, None], axis=0)
    if (g.sum(-1) == 0).any(): raise ZeroDivisionError
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | softmax of the weights

def combine(teacher_probs, weights):
    p, w = np.asarray(teacher_probs, float), np.exp(np.asarray(weights, float))
    w = w / w.sum()
    g = np.prod(p ** w[:, None, None], axis=0)
    if (g.sum(-1) == 0).any(): raise ValueError
    return {"arithmetic": np.average(p, axis=0, weights=w), "geometric": g / g.sum(-1, keepdims=True)}


# %% 07-several-teachers | wrong | raises for any zero

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    if (teacher_probs[weights > 0] == 0).any(): raise ValueError("zero")
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}


# %% 07-several-teachers | wrong | teachers of weight 0 have a say in the error

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    if (teacher_probs == 0).any(axis=0).all(axis=1).any(): raise ValueError("no class")
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}


# %% 07-several-teachers | wrong | uniform instead of ValueError

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    g[g.sum(1) == 0] = 1
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}


# %% 07-several-teachers | wrong | softmax of the mean log, weights by M

def combine(teacher_probs, weights):
    w = weights / len(weights)
    a = np.einsum("m,mnc->nc", weights / weights.sum(), teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    if (g.sum(1) == 0).any(): raise ValueError
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}


# %% 07-several-teachers | wrong | raises a plain Exception

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    if (g.sum(1) == 0).any(): raise Exception("none left")
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}


# %% 07-several-teachers | wrong | sees zeros only where all teachers agree

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    if (a == 0).any(): raise ValueError("none left")
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    return {"arithmetic": a, "geometric": g / np.maximum(g.sum(1, keepdims=True), 1e-300)}


# %% 07-several-teachers | wrong | weights not divided

def combine(teacher_probs, weights):
    w = weights[:, None, None]; g = np.prod(teacher_probs ** w, 0)
    if (g.sum(1) == 0).any(): raise ValueError
    return {"arithmetic": (w * teacher_probs).sum(0), "geometric": g / g.sum(1, keepdims=True)}


# %% 07-tells-anything | right | loops

def tells_anything(score, probs, target):
    N = len(target)
    wrong = [max(range(len(probs[i])), key=lambda k: probs[i][k]) != target[i] for i in range(N)]
    def auroc(s):
        e = [s[i] for i in range(N) if wrong[i]]; r = [s[i] for i in range(N) if not wrong[i]]
        if not e or not r: return float("nan")
        return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in e for b in r) / (len(e) * len(r))
    return {"score": auroc(list(score)), "control": auroc([1 - max(p) for p in probs])}


# %% 07-tells-anything | right | sklearn roc_auc_score, minus the largest probability

def tells_anything(score, probs, target):
    from sklearn.metrics import roc_auc_score
    probs = np.asarray(probs)
    wrong = probs.argmax(1) != target
    if wrong.all() or not wrong.any():
        return {"score": np.nan, "control": np.nan}
    return {"score": roc_auc_score(wrong, score), "control": np.float32(roc_auc_score(wrong, -probs.max(1)))}


# %% 07-tells-anything | right | loops 2

def tells_anything(score, probs, target):
    def auc(s):
        e = [float(a) for a, b in zip(s, wrong) if b]
        r = [float(a) for a, b in zip(s, wrong) if not b]
        if not e or not r: return float("nan")
        return sum(1 if a > b else 0.5 if a == b else 0 for a in e for b in r) / (len(e) * len(r))
    wrong = [list(p).index(max(p)) != y for p, y in zip(probs, target)]
    return {"score": auc(list(score)), "control": auc([1 - max(p) for p in probs])}


# %% 07-tells-anything | right | sklearn

def tells_anything(score, probs, target):
    from sklearn.metrics import roc_auc_score
    w = probs.argmax(axis=1) != target
    if w.all() or not w.any(): return {"score": nan, "control": nan}
    return {"score": roc_auc_score(w, score), "control": roc_auc_score(w, 1 - probs.max(axis=1))}


# %% 07-tells-anything | right | torch float32, sign of the differences

def tells_anything(score, probs, target):
    s, p, y = torch.tensor(np.asarray(score), dtype=torch.float32), torch.tensor(np.asarray(probs), dtype=torch.float32), torch.tensor(np.asarray(target))
    bad = p.argmax(1) != y
    f = lambda a: ((a[bad][:, None] - a[~bad][None]).sign().mean() + 1) / 2
    return {"score": f(s), "control": f(-p.amax(1))}


# %% 07-tells-anything | right | of equal probabilities the last class

def tells_anything(score, probs, target):
    probs = np.asarray(probs)
    wrong = probs.shape[1] - 1 - probs[:, ::-1].argmax(1) != target
    def f(s):
        d = s[wrong][:, None] - s[~wrong][None]
        return float((d > 0).mean() + (d == 0).mean() / 2) if d.size else nan
    return {"score": f(np.asarray(score)), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | a tie counts nothing

def tells_anything(score, probs, target):
    wrong = probs.argmax(1) != target
    f = lambda s: float((s[wrong][:, None] > s[~wrong][None]).mean()) if wrong.any() and not wrong.all() else nan
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | 0.5 in place of nan

def tells_anything(score, probs, target):
    wrong = probs.argmax(1) != target
    def f(s):
        if not wrong.any() or wrong.all(): return 0.5
        d = s[wrong][:, None] - s[~wrong][None]
        return float((d > 0).mean() + (d == 0).mean() / 2)
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | control is the margin of the two largest

def tells_anything(score, probs, target):
    wrong = probs.argmax(1) != target
    def f(s):
        if not wrong.any() or wrong.all(): return nan
        d = s[wrong][:, None] - s[~wrong][None]
        return float((d > 0).mean() + (d == 0).mean() / 2)
    top = np.sort(probs, 1)
    return {"score": f(score), "control": f(-(top[:, -1] - top[:, -2]))}


# %% 07-tells-anything | wrong | control is the entropy

def tells_anything(score, probs, target):
    wrong = probs.argmax(1) != target
    def f(s):
        if not wrong.any() or wrong.all(): return nan
        d = s[wrong][:, None] - s[~wrong][None]
        return float((d > 0).mean() + (d == 0).mean() / 2)
    return {"score": f(score), "control": f(-(probs * np.log(probs + 1e-12)).sum(1))}


# %% 07-tells-anything | wrong | turned round if below one half

def tells_anything(score, probs, target):
    wrong = probs.argmax(1) != target
    def f(s):
        if not wrong.any() or wrong.all(): return nan
        d = s[wrong][:, None] - s[~wrong][None]
        a = float((d > 0).mean() + (d == 0).mean() / 2)
        return max(a, 1 - a)
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | nan only without errors

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    if not w.any(): return {"score": np.nan, "control": np.nan}
    f = lambda s: ((s[w][:, None] > s[~w]) + 0.5 * (s[w][:, None] == s[~w])).sum() / max(w.sum() * (~w).sum(), 1)
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | control with the probability of the label

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    if w.all() or not w.any(): return {"score": np.nan, "control": np.nan}
    f = lambda s: ((s[w][:, None] > s[~w]) + 0.5 * (s[w][:, None] == s[~w])).mean()
    return {"score": f(score), "control": f(1 - probs[np.arange(len(target)), target])}


# %% 07-tells-anything | wrong | threshold instead of ranks

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    if w.all() or not w.any(): return {"score": np.nan, "control": np.nan}
    f = lambda s: 0.5 * ((s > s.mean())[w].mean() + (s <= s.mean())[~w].mean())
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | error if the label has less than a half

def tells_anything(score, probs, target):
    w = probs[np.arange(len(target)), target] < 0.5
    if w.all() or not w.any(): return {"score": np.nan, "control": np.nan}
    f = lambda s: ((s[w][:, None] > s[~w]) + 0.5 * (s[w][:, None] == s[~w])).mean()
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | ties won

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    f = lambda s: (s[w][:, None] >= s[~w][None]).mean() if w.any() and not w.all() else nan
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | right answers higher

def tells_anything(score, probs, target):
    w = probs.argmax(1) == target
    f = lambda s: ((s[w][:, None] > s[~w][None]) + .5 * (s[w][:, None] == s[~w][None])).mean() if w.any() and not w.all() else nan
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-tells-anything | wrong | control the maximum

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    f = lambda s: ((s[w][:, None] > s[~w][None]) + .5 * (s[w][:, None] == s[~w][None])).mean() if w.any() and not w.all() else nan
    return {"score": f(score), "control": f(probs.max(1))}


# %% 07-tells-anything | wrong | control entropy

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    f = lambda s: ((s[w][:, None] > s[~w][None]) + .5 * (s[w][:, None] == s[~w][None])).mean() if w.any() and not w.all() else nan
    return {"score": f(score), "control": f(-(probs * np.log(probs + 1e-300)).sum(1))}


# %% 07-tells-anything | wrong | ZeroDivisionError at the edge

def tells_anything(score, probs, target):
    w = probs.argmax(1) != target
    f = lambda s: float(((s[w][:, None] > s[~w][None]) + .5 * (s[w][:, None] == s[~w][None])).sum()) / int(w.sum() * (~w).sum())
    return {"score": f(score), "control": f(1 - probs.max(1))}


# %% 07-several-teachers | wrong | error for a row whose mean is nearly zero

def combine(teacher_probs, weights):
    w = weights / weights.sum()
    a = np.einsum("m,mnc->nc", w, teacher_probs)
    g = np.prod(teacher_probs ** w[:, None, None], axis=0)
    if (g.sum(1) < 0.05).any(): raise ValueError("none left")
    return {"arithmetic": a, "geometric": g / g.sum(1, keepdims=True)}
