# %% 14-claims | right | honest

def claims():
    return {"onpolicy": "not", "sampling": "follows", "modes": "follows", "tokens": "not"}


# %% 14-claims | wrong | all follow

def claims():
    return {k: "follows" for k in ("onpolicy", "sampling", "modes", "tokens")}


# %% 14-claims | wrong | all follow 2

def claims():
    return dict.fromkeys(["onpolicy", "sampling", "modes", "tokens"], "follows")


# %% 14-masked | right | loops over tokens

def token_loss(student_logits, teacher_logits, mask):
    import math
    total, n = 0.0, 0
    for S, T, M in zip(student_logits.tolist(), teacher_logits.tolist(), mask.tolist()):
        for s, t, m in zip(S, T, M):
            if not m:
                continue
            n += 1
            ms, mt = max(s), max(t)
            ls = ms + math.log(sum(math.exp(v - ms) for v in s))
            lt = mt + math.log(sum(math.exp(v - mt) for v in t))
            total += sum(math.exp(b - lt) * ((b - lt) - (a - ls)) for a, b in zip(s, t))
    return total / n if n else 0


# %% 14-masked | right | selection and kl_div, float32

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    if not m.any():
        return torch.zeros(())
    s, t = student_logits[m].float(), teacher_logits[m].float()
    return F.kl_div(F.log_softmax(s, -1), F.log_softmax(t, -1), log_target=True, reduction="batchmean")


# %% 14-masked | right | where on the logits first, numpy result

def token_loss(student_logits, teacher_logits, mask):
    m = mask.numpy().astype(bool)
    s = np.where(m[..., None], student_logits.numpy(), 0.0)
    t = np.where(m[..., None], teacher_logits.numpy(), 0.0)
    lq = s - np.logaddexp.reduce(s, axis=-1, keepdims=True)
    lp = t - np.logaddexp.reduce(t, axis=-1, keepdims=True)
    kl = (np.exp(lp) * (lp - lq)).sum(-1)
    return np.float64((kl * m).sum() / max(m.sum(), 1))


# %% 14-masked | right | plain loops

def token_loss(student_logits, teacher_logits, mask):
    import math
    def lsm(v):
        m = max(v); z = m + math.log(sum(math.exp(x - m) for x in v))
        return [x - z for x in v]
    tot, n = 0.0, 0
    for s, t, k in zip(student_logits.tolist(), teacher_logits.tolist(), mask.tolist()):
        for a, b, on in zip(s, t, k):
            if on:
                lq, lp = lsm(a), lsm(b)
                tot += sum(math.exp(u) * (u - v) for u, v in zip(lp, lq)); n += 1
    return tot / n if n else 0


# %% 14-masked | right | where before softmax, float32

def token_loss(student_logits, teacher_logits, mask):
    on = mask.bool()
    s = student_logits.float().masked_fill(~on[..., None], 0.0)
    t = teacher_logits.float().masked_fill(~on[..., None], 0.0)
    kl = F.kl_div(s.log_softmax(-1), t.log_softmax(-1), log_target=True, reduction="none").sum(-1)
    return kl.sum() / on.sum().clamp(min=1)


# %% 14-masked | right | loops with math

def token_loss(student_logits, teacher_logits, mask):
    import math
    tot, n = 0.0, 0
    B, L = mask.shape
    def lse(z):
        m = max(z); return m + math.log(sum(math.exp(v - m) for v in z))
    for b in range(B):
        for l in range(L):
            if int(mask[b, l]) == 1:
                s, t = student_logits[b, l].tolist(), teacher_logits[b, l].tolist()
                ls, lt = lse(s), lse(t)
                tot += sum(math.exp(v - lt) * ((v - lt) - (u - ls)) for u, v in zip(s, t)); n += 1
    return tot / n if n else 0.0


# %% 14-masked | wrong | kl times mask: NaN survives

def token_loss(student_logits, teacher_logits, mask):
    lp, lq = F.log_softmax(teacher_logits, -1), F.log_softmax(student_logits, -1)
    kl = (lp.exp() * (lp - lq)).sum(-1)
    return (kl * mask).sum() / mask.sum().clamp(min=1)


# %% 14-masked | wrong | divided by B L

def token_loss(student_logits, teacher_logits, mask):
    lp, lq = F.log_softmax(teacher_logits, -1), F.log_softmax(student_logits, -1)
    kl = (lp.exp() * (lp - lq)).sum(-1)
    return torch.where(mask.bool(), kl, 0.0).mean()


# %% 14-masked | wrong | mean per sequence first

def token_loss(student_logits, teacher_logits, mask):
    lp, lq = F.log_softmax(teacher_logits, -1), F.log_softmax(student_logits, -1)
    kl = torch.where(mask.bool(), (lp.exp() * (lp - lq)).sum(-1), 0.0)
    return (kl.sum(1) / mask.sum(1).clamp(min=1)).mean()


# %% 14-masked | wrong | no real token gives nan

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    lp, lq = F.log_softmax(teacher_logits[m], -1), F.log_softmax(student_logits[m], -1)
    return (lp.exp() * (lp - lq)).sum(-1).mean()


# %% 14-masked | wrong | mask as prefix length (assumes padding at the end, uses first row's length)

def token_loss(student_logits, teacher_logits, mask):
    n = int(mask[0].sum())
    lp, lq = F.log_softmax(teacher_logits[:, :n], -1), F.log_softmax(student_logits[:, :n], -1)
    return (lp.exp() * (lp - lq)).sum(-1).mean() if n else 0.0


# %% 14-masked | wrong | assumes padding only at the end of each sequence (correct lengths)

def token_loss(student_logits, teacher_logits, mask):
    total, n = 0.0, 0
    for s, t, m in zip(student_logits, teacher_logits, mask):
        k = int(m.sum())
        lp, lq = F.log_softmax(t[:k], -1), F.log_softmax(s[:k], -1)
        total += (lp.exp() * (lp - lq)).sum()
        n += k
    return total / n if n else 0.0


# %% 14-masked | wrong | reverse KL

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    if not m.any():
        return 0.0
    lp, lq = F.log_softmax(teacher_logits[m], -1), F.log_softmax(student_logits[m], -1)
    return (lq.exp() * (lq - lp)).sum(-1).mean()


# %% 14-masked | wrong | sum over the batch of per-sequence sums over the longest length

def token_loss(student_logits, teacher_logits, mask):
    lp, lq = F.log_softmax(teacher_logits, -1), F.log_softmax(student_logits, -1)
    kl = torch.where(mask.bool(), (lp.exp() * (lp - lq)).sum(-1), 0.0)
    n = mask.sum(1).max() * len(mask)
    return kl.sum() / n if n else 0.0


# %% 14-masked | wrong | divided by B

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    kl = F.kl_div(student_logits[m].log_softmax(-1), teacher_logits[m].softmax(-1), reduction="none").sum()
    return kl / len(mask)


# %% 14-masked | wrong | softmax over tokens

def token_loss(student_logits, teacher_logits, mask):
    kl = F.kl_div(student_logits.log_softmax(1), teacher_logits.softmax(1), reduction="none").sum(-1)
    return torch.where(mask.bool(), kl, torch.zeros_like(kl)).sum() / mask.sum().clamp(min=1)


# %% 14-masked | wrong | summed not averaged

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    return F.kl_div(student_logits[m].log_softmax(-1), teacher_logits[m].softmax(-1), reduction="sum")


# %% 14-masked | wrong | nan_to_num at the end

def token_loss(student_logits, teacher_logits, mask):
    kl = F.kl_div(F.log_softmax(student_logits, -1), F.softmax(teacher_logits, -1), reduction="none").sum(-1)
    return torch.nan_to_num((kl * mask).sum() / mask.sum())


# %% 14-masked | wrong | T squared of two

def token_loss(student_logits, teacher_logits, mask):
    m = mask.bool()
    if not m.any(): return 0.0
    return 4 * F.kl_div(F.log_softmax(student_logits[m] / 2, -1), F.softmax(teacher_logits[m] / 2, -1), reduction="batchmean")


# %% 14-masked | wrong | nan_to_num over everything, padding with finite values counted out but eps in denominator

def token_loss(student_logits, teacher_logits, mask):
    lp, lq = F.log_softmax(teacher_logits, -1), F.log_softmax(student_logits, -1)
    kl = torch.where(mask.bool(), (lp.exp() * (lp - lq)).sum(-1), 0.0)
    return kl.sum() / (mask.sum() + 1)


# %% 14-reverse | right | loops

def reverse_gradient(student_logits, teacher_logits):
    import math
    rows = []
    for s, t in zip(student_logits.tolist(), teacher_logits.tolist()):
        ms, mt = max(s), max(t)
        ls = ms + math.log(sum(math.exp(v - ms) for v in s))
        lt = mt + math.log(sum(math.exp(v - mt) for v in t))
        gap = [(a - ls) - (b - lt) for a, b in zip(s, t)]
        q = [math.exp(a - ls) for a in s]
        r = sum(x * g for x, g in zip(q, gap))
        rows.append([x * (g - r) for x, g in zip(q, gap)])
    return rows


# %% 14-reverse | right | autograd of the sum, float32

def reverse_gradient(student_logits, teacher_logits):
    s = student_logits.detach().float().requires_grad_(True)
    lq, lp = torch.log_softmax(s, -1), torch.log_softmax(teacher_logits.float(), -1)
    (lq.exp() * (lq - lp)).sum().backward()
    return s.grad


# %% 14-reverse | right | raw logit differences, centred by q (constants cancel), numpy naive

def reverse_gradient(student_logits, teacher_logits):
    s, t = np.asarray(student_logits), np.asarray(teacher_logits)
    q = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    d = s - t
    return q * (d - (q * d).sum(1, keepdims=True))


# %% 14-reverse | right | plain loops

def reverse_gradient(student_logits, teacher_logits):
    import math
    def lsm(v):
        m = max(v); z = m + math.log(sum(math.exp(x - m) for x in v))
        return [x - z for x in v]
    out = []
    for s, t in zip(student_logits.tolist(), teacher_logits.tolist()):
        lq, lp = lsm(s), lsm(t)
        R = sum(math.exp(a) * (a - b) for a, b in zip(lq, lp))
        out.append([math.exp(a) * (a - b - R) for a, b in zip(lq, lp)])
    return out


# %% 14-reverse | right | loops, covariance with the raw logits

def reverse_gradient(student_logits, teacher_logits):
    import math
    out = []
    for s, t in zip(student_logits.tolist(), teacher_logits.tolist()):
        m = max(s); e = [math.exp(v - m) for v in s]; q = [v / sum(e) for v in e]
        d = [a - b for a, b in zip(s, t)]; mean = sum(a * b for a, b in zip(q, d))
        out.append(tuple(a * (b - mean) for a, b in zip(q, d)))
    return out


# %% 14-reverse | right | raw logits centred, numpy

def reverse_gradient(student_logits, teacher_logits):
    s, t = student_logits.numpy(), teacher_logits.numpy()
    q = np.exp(s - s.max(1, keepdims=True)); q /= q.sum(1, keepdims=True)
    d = s - t
    return q * (d - np.einsum("nv,nv->n", q, d)[:, None])


# %% 14-reverse | wrong | q - p

def reverse_gradient(student_logits, teacher_logits):
    return torch.softmax(student_logits, -1) - torch.softmax(teacher_logits, -1)


# %% 14-reverse | wrong | R forgotten

def reverse_gradient(student_logits, teacher_logits):
    gap = torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1)
    return torch.softmax(student_logits, -1) * gap


# %% 14-reverse | wrong | plus one kept

def reverse_gradient(student_logits, teacher_logits):
    gap = torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1)
    q = torch.softmax(student_logits, -1)
    return q * (gap + 1 - (q * gap).sum(-1, keepdim=True))


# %% 14-reverse | wrong | R as mean over all rows

def reverse_gradient(student_logits, teacher_logits):
    gap = torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1)
    q = torch.softmax(student_logits, -1)
    return q * (gap - (q * gap).sum(-1).mean())


# %% 14-reverse | wrong | weights p

def reverse_gradient(student_logits, teacher_logits):
    gap = torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1)
    p = torch.softmax(teacher_logits, -1)
    return p * (gap - (p * gap).sum(-1, keepdim=True))


# %% 14-reverse | wrong | mean over the batch

def reverse_gradient(student_logits, teacher_logits):
    gap = torch.log_softmax(student_logits, -1) - torch.log_softmax(teacher_logits, -1)
    q = torch.softmax(student_logits, -1)
    return q * (gap - (q * gap).sum(-1, keepdim=True)) / len(q)


# %% 14-reverse | wrong | forward gradient

def reverse_gradient(student_logits, teacher_logits):
    return student_logits.softmax(1) - teacher_logits.softmax(1)


# %% 14-reverse | wrong | mean over rows

def reverse_gradient(student_logits, teacher_logits):
    q = student_logits.softmax(1); d = student_logits - teacher_logits
    return q * (d - (q * d).sum(1, keepdim=True)) / len(q)


# %% 14-reverse | wrong | log ratio plus one

def reverse_gradient(student_logits, teacher_logits):
    q = student_logits.softmax(1); g = student_logits.log_softmax(1) - teacher_logits.log_softmax(1)
    return q * (g + 1)


# %% 14-reverse | wrong | R over the whole batch

def reverse_gradient(student_logits, teacher_logits):
    q = student_logits.softmax(1); g = student_logits.log_softmax(1) - teacher_logits.log_softmax(1)
    return q * (g - (q * g).sum(1).mean())


# %% 14-reverse | wrong | weights p 2

def reverse_gradient(student_logits, teacher_logits):
    p = teacher_logits.softmax(1); g = student_logits.log_softmax(1) - teacher_logits.log_softmax(1)
    return p * (g - (p * g).sum(1, keepdim=True))


# %% 14-reverse | wrong | q p difference times KL

def reverse_gradient(student_logits, teacher_logits):
    q, p = student_logits.softmax(1), teacher_logits.softmax(1)
    R = (q * (q / p).log()).sum(1, keepdim=True)
    return (q - p) * R


# %% 14-reverse | wrong | R summed with keepdim forgotten

def reverse_gradient(student_logits, teacher_logits):
    q = student_logits.softmax(1); d = student_logits - teacher_logits
    return q * d - q * (q * d).mean(1, keepdim=True)


# %% 14-reverse | wrong | R as mean over the batch

def reverse_gradient(student_logits, teacher_logits):
    lq, lp = F.log_softmax(student_logits, -1), F.log_softmax(teacher_logits, -1); q = lq.exp(); g = lq - lp
    return q * (g - (q * g).sum(-1).mean())


# %% 14-storage | right | loop for the id bytes

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    n = 1
    while 256 ** n < vocabulary:
        n += 1
    return sum(k * (value_bytes + n) for _ in range(1)) * tokens


# %% 14-storage | right | loop for the id bytes 2

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    b = 1
    while 256 ** b < vocabulary:
        b += 1
    return tokens * k * (value_bytes + b)


# %% 14-storage | right | int.to_bytes by trial, float

def logit_bytes(tokens, vocabulary, value_bytes, k):
    per = vocabulary * value_bytes
    if k is not None:
        n = next(i for i in range(1, 9) if (vocabulary - 1) < (1 << 8 * i))
        per = float(k) * (value_bytes + n)
    return torch.tensor(per * tokens, dtype=torch.float64)


# %% 14-storage | right | to_bytes / numpy int64 / 0-d tensor

def logit_bytes(tokens, vocabulary, value_bytes, k):
    n = vocabulary if k is None else k
    extra = 0 if k is None else len(f"{vocabulary - 1:x}") + 1 >> 1
    return torch.tensor(tokens * n * (value_bytes + extra))


# %% 14-storage | right | while loop

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    n = 1
    while 256 ** n < vocabulary:
        n += 1
    return tokens * k * (value_bytes + n)


# %% 14-storage | right | length of the hex, numpy int64

def logit_bytes(tokens, vocabulary, value_bytes, k):
    n = (len(f"{vocabulary - 1:x}") + 1) // 2
    return np.int64(tokens) * (vocabulary * value_bytes if k is None else k * (n + value_bytes))


# %% 14-storage | wrong | bit_length of vocabulary, not vocabulary - 1

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + (vocabulary.bit_length() + 7) // 8)


# %% 14-storage | wrong | powers of two bytes (1, 2, 4)

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    n = 1 if vocabulary <= 256 else 2 if vocabulary <= 65536 else 4
    return tokens * k * (value_bytes + n)


# %% 14-storage | wrong | always 2 bytes

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + 2)


# %% 14-storage | wrong | ids also for the whole vocabulary

def logit_bytes(tokens, vocabulary, value_bytes, k):
    n = ((vocabulary - 1).bit_length() + 7) // 8
    return tokens * (vocabulary if k is None else k) * (value_bytes + n)


# %% 14-storage | wrong | k larger than the vocabulary cut off at min(k, value)

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None:
        return tokens * vocabulary * value_bytes
    return tokens * k * value_bytes + tokens * k


# %% 14-storage | wrong | bits not bytes

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None: return tokens * vocabulary * value_bytes
    return -(-tokens * k * (8 * value_bytes + (vocabulary - 1).bit_length()) // 8)


# %% 14-storage | wrong | floor of the log plus one

def logit_bytes(tokens, vocabulary, value_bytes, k):
    import math
    if k is None:
        return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + int(math.log(vocabulary, 256)) + 1)


# %% 14-storage | wrong | powers of two bytes (1 2 4)

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None: return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + (1 if vocabulary <= 256 else 2 if vocabulary <= 65536 else 4))


# %% 14-storage | wrong | floor log

def logit_bytes(tokens, vocabulary, value_bytes, k):
    import math
    if k is None: return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + int(math.log(vocabulary, 256)))


# %% 14-storage | wrong | if not k (k = 0)

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None: return tokens * vocabulary * value_bytes
    return tokens * k * value_bytes + k * ((vocabulary - 1).bit_length() + 7) // 8


# %% 14-storage | wrong | ids for None too

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None: k = vocabulary
    return tokens * k * (value_bytes + ((vocabulary - 1).bit_length() + 7) // 8)


# %% 14-storage | wrong | at least two bytes, else exact

def logit_bytes(tokens, vocabulary, value_bytes, k):
    if k is None: return tokens * vocabulary * value_bytes
    return tokens * k * (value_bytes + max(2, ((vocabulary - 1).bit_length() + 7) // 8))


# %% 14-storage | wrong | id must hold vocabulary itself

def logit_bytes(tokens, vocabulary, value_bytes, k):
    return tokens * vocabulary * value_bytes if k is None else tokens * k * (value_bytes + (vocabulary.bit_length() + 7) // 8)


# %% 14-storage | wrong | only 2 or 4 bytes

def logit_bytes(tokens, vocabulary, value_bytes, k):
    return tokens * vocabulary * value_bytes if k is None else tokens * k * (value_bytes + (2 if vocabulary <= 65536 else 4))


# %% 14-top-k | right | loops

def top_k_loss(student_logits, teacher_probs, ids):
    import math
    out = []
    for z, P, I in zip(student_logits.tolist(), teacher_probs.tolist(), ids.tolist()):
        m = max(z)
        e = [math.exp(v - m) for v in z]
        q = [v / sum(e) for v in e]
        kl = 0.0
        for p, i in zip(P, I):
            if p > 0:
                kl += p * math.log(p / q[i])
        pr = 1 - sum(P)
        qr = sum(v for j, v in enumerate(q) if j not in I)
        if pr > 1e-12:
            kl += pr * math.log(pr / qr)
        out.append(kl)
    return sum(out) / len(out)


# %% 14-top-k | right | torch cat of the rest, xlogy

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids)
    q = torch.cat([q, 1 - q.sum(-1, keepdim=True)], -1)
    p = torch.cat([teacher_probs, (1 - teacher_probs.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum(-1).mean()


# %% 14-top-k | right | log domain for the rest, float32

def top_k_loss(student_logits, teacher_probs, ids):
    lq = torch.log_softmax(student_logits.float(), -1)
    p = teacher_probs.float()
    rest = torch.logsumexp(lq.scatter(-1, ids, -float("inf")), -1)
    pr = (1 - p.sum(-1)).clamp(min=0)
    kl = (torch.special.xlogy(p, p) - p * lq.gather(-1, ids)).sum(-1)
    kl = kl + torch.where(pr > 1e-6, torch.special.xlogy(pr, pr) - pr * rest, torch.zeros_like(pr))
    return kl.mean().item()


# %% 14-top-k | right | plain loops

def top_k_loss(student_logits, teacher_probs, ids):
    import math
    tot = 0.0
    for z, p, i in zip(student_logits.tolist(), teacher_probs.tolist(), ids.tolist()):
        m = max(z); e = [math.exp(v - m) for v in z]; S = sum(e)
        pr = 1 - sum(p)
        qr = sum(v for j, v in enumerate(e) if j not in i) / S
        tot += sum(a * math.log(a * S / e[j]) for a, j in zip(p, i) if a > 0)
        if pr > 1e-12:
            tot += pr * math.log(pr / qr)
    return tot / len(ids)


# %% 14-top-k | right | scatter the rest, torch xlogy

def top_k_loss(student_logits, teacher_probs, ids):
    q = student_logits.softmax(1)
    qk = q.gather(1, ids)
    P = torch.cat([teacher_probs, (1 - teacher_probs.sum(1, keepdim=True)).clamp(min=0)], 1)
    Q = torch.cat([qk, 1 - qk.sum(1, keepdim=True)], 1)
    return (torch.xlogy(P, P) - torch.xlogy(P, Q)).sum(1).mean()


# %% 14-top-k | right | loops 2

def top_k_loss(student_logits, teacher_probs, ids):
    import math
    out = 0.0
    for z, p, i in zip(student_logits.tolist(), teacher_probs.tolist(), ids.tolist()):
        m = max(z); e = [math.exp(v - m) for v in z]; q = [v / sum(e) for v in e]
        pr = max(1 - sum(p), 0.0); qr = sum(q[j] for j in range(len(z)) if j not in i)
        out += sum(a * math.log(a / q[j]) for a, j in zip(p, i) if a > 0)
        if pr > 1e-12: out += pr * math.log(pr / qr)
    return out / len(ids)


# %% 14-top-k | wrong | both renormalised

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids)
    q, p = q / q.sum(-1, keepdim=True), teacher_probs / teacher_probs.sum(-1, keepdim=True)
    return (p * (p / q).log()).sum(-1).mean()


# %% 14-top-k | wrong | rest left out

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids)
    return (teacher_probs * (teacher_probs / q).log()).sum(-1).mean()


# %% 14-top-k | wrong | rest spread evenly over the other classes

def top_k_loss(student_logits, teacher_probs, ids):
    n, v = student_logits.shape
    k = ids.shape[1]
    lq = torch.log_softmax(student_logits, -1)
    p = ((1 - teacher_probs.sum(-1, keepdim=True)) / (v - k)).expand(n, v).clone()
    p.scatter_(-1, ids, teacher_probs)
    return torch.where(p > 0, p * (p.log() - lq), 0.0).sum(-1).mean()


# %% 14-top-k | wrong | student softmax at the kept ids

def top_k_loss(student_logits, teacher_probs, ids):
    lq = torch.log_softmax(student_logits.gather(-1, ids), -1)
    return (teacher_probs * (teacher_probs.log() - lq)).sum(-1).mean()


# %% 14-top-k | wrong | rest of 0 gives nan

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids)
    q = torch.cat([q, 1 - q.sum(-1, keepdim=True)], -1)
    p = torch.cat([teacher_probs, 1 - teacher_probs.sum(-1, keepdim=True)], -1)
    return (p * (p / q).log()).sum(-1).mean()


# %% 14-top-k | wrong | sum over the tokens

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids)
    q = torch.cat([q, 1 - q.sum(-1, keepdim=True)], -1)
    p = torch.cat([teacher_probs, (1 - teacher_probs.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum()


# %% 14-top-k | wrong | rest clamped to 1e-3

def top_k_loss(student_logits, teacher_probs, ids):
    q = student_logits.softmax(1).gather(1, ids); pr = (1 - teacher_probs.sum(1)).clamp(min=1e-3); qr = 1 - q.sum(1)
    return ((teacher_probs * (teacher_probs / q).log()).sum(1) + pr * (pr / qr).log()).mean()


# %% 14-top-k | wrong | reverse KL

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(1, ids); pr = (1 - teacher_probs.sum(-1)).clamp(min=1e-9); qr = 1 - q.sum(-1)
    return ((q * (q / teacher_probs).log()).sum(-1) + qr * (qr / pr).log()).mean()


# %% 14-top-k | wrong | cross-entropy without the teacher's entropy

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(1, ids); pr = 1 - teacher_probs.sum(-1); qr = 1 - q.sum(-1)
    return -((teacher_probs * q.log()).sum(-1) + torch.special.xlogy(pr, qr)).mean()


# %% 14-top-k | wrong | student's own top k instead of ids

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).topk(ids.shape[1]).values
    q = torch.cat([q, 1 - q.sum(-1, keepdim=True)], -1)
    p = torch.cat([teacher_probs, (1 - teacher_probs.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum(-1).mean()


# %% 14-top-k | wrong | ids assumed sorted like the vocabulary

def top_k_loss(student_logits, teacher_probs, ids):
    q = torch.softmax(student_logits, -1).gather(-1, ids.sort(-1).values)
    q = torch.cat([q, 1 - q.sum(-1, keepdim=True)], -1)
    p = torch.cat([teacher_probs, (1 - teacher_probs.sum(-1, keepdim=True)).clamp(min=0)], -1)
    return torch.where(p > 0, p * (p / q).log(), torch.zeros_like(p)).sum(-1).mean()


# %% 14-top-k | wrong | renormalised

def top_k_loss(student_logits, teacher_probs, ids):
    p = teacher_probs / teacher_probs.sum(1, keepdim=True)
    q = student_logits.softmax(1).gather(1, ids); q = q / q.sum(1, keepdim=True)
    return (p * (p / q).log()).sum(1).mean()


# %% 14-top-k | wrong | no rest

def top_k_loss(student_logits, teacher_probs, ids):
    q = student_logits.softmax(1).gather(1, ids)
    return (teacher_probs * (teacher_probs / q).log()).sum(1).mean()


# %% 14-top-k | wrong | rest spread evenly over the vocabulary

def top_k_loss(student_logits, teacher_probs, ids):
    N, V = student_logits.shape; k = ids.shape[1]
    P = ((1 - teacher_probs.sum(1, keepdim=True)) / (V - k)).expand(N, V).clone().scatter(1, ids, teacher_probs)
    return (torch.xlogy(P, P) - P * student_logits.log_softmax(1)).sum(1).mean()
