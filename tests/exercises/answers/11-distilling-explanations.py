# %% 11-attention-map | right | python loops

def attention_loss(student, teacher):
    import math
    def one(a):
        m = [0.0] * (a.shape[1] * a.shape[2])
        for channel in a:
            for i, v in enumerate(channel.ravel().tolist()):
                m[i] += v * v
        n = math.sqrt(sum(v * v for v in m))
        return [v / n for v in m] if n else m
    total = 0.0
    for a, b in zip(student, teacher):
        total += sum((u - v) ** 2 for u, v in zip(one(a), one(b)))
    return total / len(student)


# %% 11-attention-map | right | torch F.normalize on pow 2 sum, 0-d tensor

def attention_loss(student, teacher):
    def at(a):
        return F.normalize(torch.as_tensor(a).pow(2).sum(1).flatten(1), dim=1)
    return (at(student) - at(teacher)).pow(2).sum(1).mean()


# %% 11-attention-map | right | through the cosine, 1 + 1 - 2 cos with zeros

def attention_loss(student, teacher):
    m = [(np.asarray(a, np.float64) ** 2).sum(1).reshape(len(a), -1) for a in (student, teacher)]
    n = [np.linalg.norm(v, axis=1) for v in m]
    dot = (m[0] * m[1]).sum(1)
    d = n[0] * n[1]
    cos = np.divide(dot, d, out=np.zeros_like(d), where=d > 0)
    return np.float32(np.mean((n[0] > 0) * 1.0 + (n[1] > 0) * 1.0 - 2 * cos))


# %% 11-attention-map | right | 2 - 2 cos form with care for zeros, torch

def attention_loss(student, teacher):
    def m(a):
        a = torch.as_tensor(a).pow(2).sum(1).flatten(1)
        return torch.nan_to_num(a / a.norm(dim=1, keepdim=True))
    s, t = m(student), m(teacher)
    return ((s * s).sum(1) + (t * t).sum(1) - 2 * (s * t).sum(1)).mean()


# %% 11-attention-map | right | loops

def attention_loss(student, teacher):
    import math
    def maps(a):
        out = []
        for im in np.asarray(a).tolist():
            m = [sum(ch[i][j] ** 2 for ch in im) for i in range(len(im[0])) for j in range(len(im[0][0]))]
            n = math.sqrt(sum(v * v for v in m))
            out.append([v / n for v in m] if n > 0 else m)
        return out
    s, t = maps(student), maps(teacher)
    return sum(sum((a - b) ** 2 for a, b in zip(u, v)) for u, v in zip(s, t)) / len(s)


# %% 11-attention-map | right | plain loops

def attention_loss(student, teacher):
    import math
    tot = 0.0
    def m(a):
        C, H, W = a.shape
        v = [sum(float(a[c, h, w]) ** 2 for c in range(C)) for h in range(H) for w in range(W)]
        n = math.sqrt(sum(u * u for u in v))
        return [u / n for u in v] if n else v
    for s, t in zip(student, teacher):
        tot += sum((a - b) ** 2 for a, b in zip(m(s), m(t)))
    return tot / len(student)


# %% 11-attention-map | wrong | mean of squares as in the reference code (attention transfer .mean())

def attention_loss(student, teacher):
    def at(a):
        return F.normalize(torch.as_tensor(a).pow(2).mean(1).flatten(1), dim=1)
    return (at(student) - at(teacher)).pow(2).mean()


# %% 11-attention-map | wrong | nan at zero maps

def attention_loss(student, teacher):
    def at(a):
        m = (a ** 2).sum(1).reshape(len(a), -1)
        return m / np.linalg.norm(m, axis=1, keepdims=True)
    return ((at(student) - at(teacher)) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | map over places, sum over the wrong axis

def attention_loss(student, teacher):
    def at(a):
        m = (a ** 2).sum((2, 3))
        n = np.linalg.norm(m, axis=1, keepdims=True)
        return np.where(n > 0, m / n, 0)
    a, b = at(student), at(teacher)
    k = min(a.shape[1], b.shape[1])
    return ((a[:, :k] - b[:, :k]) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | distance not squared

def attention_loss(student, teacher):
    def at(a):
        return F.normalize(torch.as_tensor(a).pow(2).sum(1).flatten(1), dim=1)
    return (at(student) - at(teacher)).norm(dim=1).mean()


# %% 11-attention-map | wrong | not flattened, norm over the last axis

def attention_loss(student, teacher):
    def m(a):
        a = (a ** 2).sum(1); n = np.linalg.norm(a, axis=-1, keepdims=True)
        return a / np.where(n > 0, n, 1)
    return ((m(student) - m(teacher)) ** 2).sum((1, 2)).mean()


# %% 11-attention-map | wrong | normalise then square

def attention_loss(student, teacher):
    def m(a):
        a = a.sum(1).reshape(len(a), -1); n = np.linalg.norm(a, axis=1, keepdims=True)
        return (a / np.where(n > 0, n, 1)) ** 2
    return ((m(student) - m(teacher)) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | summed over H not C

def attention_loss(student, teacher):
    def f(a):
        m = (a**2).sum(2).reshape(len(a), -1); n = np.linalg.norm(m, axis=1, keepdims=True); return m / np.where(n > 0, n, 1)
    return ((f(student) - f(teacher)) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | zero maps become uniform

def attention_loss(student, teacher):
    def f(a):
        m = (a**2).sum(1).reshape(len(a), -1); m = np.where(m.sum(1, keepdims=True) > 0, m, 1.0); return m / np.linalg.norm(m, axis=1, keepdims=True)
    return ((f(student) - f(teacher)) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | softmax in place of the norm

def attention_loss(student, teacher):
    def at(a):
        return torch.softmax(torch.as_tensor(a).pow(2).sum(1).flatten(1), dim=1)
    return (at(student) - at(teacher)).pow(2).sum(1).mean()


# %% 11-attention-map | wrong | eps 1e-3 added to the norm

def attention_loss(student, teacher):
    def at(a):
        m = (a ** 2).sum(1).reshape(len(a), -1)
        return m / (np.linalg.norm(m, axis=1, keepdims=True) + 1e-3)
    return ((at(student) - at(teacher)) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | images with zero maps left out

def attention_loss(student, teacher):
    def at(a):
        return F.normalize(torch.as_tensor(a).pow(2).sum(1).flatten(1), dim=1)
    a, b = at(student), at(teacher)
    ok = (a.norm(dim=1) > 0) & (b.norm(dim=1) > 0)
    return (a - b)[ok].pow(2).sum(1).mean()


# %% 11-attention-map | wrong | zero teacher map gives nan

def attention_loss(student, teacher):
    m = [(a ** 2).sum(1).reshape(len(a), -1) for a in (student, teacher)]
    n = [np.linalg.norm(v, axis=1, keepdims=True) for v in m]
    a = np.where(n[0] > 0, m[0] / np.where(n[0] > 0, n[0], 1), 0)
    return ((a - m[1] / n[1]) ** 2).sum(1).mean()


# %% 11-attention-map | wrong | paper's mean over the elements

def attention_loss(student, teacher):
    def m(a):
        return F.normalize(torch.tensor(a).pow(2).mean(1).flatten(1))
    return (m(student) - m(teacher)).pow(2).mean()


# %% 11-attention-map | wrong | both normalised by the teacher's norm

def attention_loss(student, teacher):
    m = lambda a: (a ** 2).sum(1).reshape(len(a), -1)
    s, t = m(student), m(teacher); n = np.linalg.norm(t, axis=1, keepdims=True)
    return (((s - t) / np.where(n > 0, n, 1)) ** 2).sum(1).mean()


# %% 11-controls | right | honest

def controls():
    return {"rank": "floor", "image": "share", "twin": "trained", "shuffle": "paired"}


# %% 11-controls | wrong | others

def controls():
    return {"rank": "level", "image": "class", "twin": "chances", "shuffle": "spread"}


# %% 11-controls | wrong | others 2

def controls():
    return {"rank": "layer", "image": "class", "twin": "quality", "shuffle": "spread"}


# %% 11-cosine | right | loops with hypot, scale first (however small), python float

def attribution_cosine(student_maps, teacher_maps):
    import math
    total = 0.0
    for a, b in zip(student_maps, teacher_maps):
        a, b = np.ravel(a).tolist(), np.ravel(b).tolist()
        ma, mb = max(map(abs, a)), max(map(abs, b))
        if ma == 0 or mb == 0:
            continue
        a, b = [v / ma for v in a], [v / mb for v in b]
        total += sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))
    return total / len(student_maps)


# %% 11-cosine | right | torch, unit vectors, where on the norm, 0-d tensor

def attribution_cosine(student_maps, teacher_maps):
    a = torch.as_tensor(student_maps).flatten(1)
    b = torch.as_tensor(teacher_maps).flatten(1)
    na, nb = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    a = torch.where(na > 0, a / na, torch.zeros_like(a))
    b = torch.where(nb > 0, b / nb, torch.zeros_like(b))
    return (a * b).sum(1).mean()


# %% 11-cosine | right | float32 numpy

def attribution_cosine(student_maps, teacher_maps):
    a = np.asarray(student_maps, np.float32).reshape(len(student_maps), -1)
    b = np.asarray(teacher_maps, np.float32).reshape(len(teacher_maps), -1)
    d = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    dot = (a * b).sum(1)
    return np.mean(np.divide(dot, d, out=np.zeros_like(dot), where=d > 0))


# %% 11-cosine | right | plain loops

def attribution_cosine(student_maps, teacher_maps):
    import math
    tot = 0.0
    for a, b in zip(student_maps, teacher_maps):
        a, b = [float(v) for v in np.ravel(a)], [float(v) for v in np.ravel(b)]
        ma, mb = max(map(abs, a)), max(map(abs, b))
        if ma == 0 or mb == 0:
            continue
        a, b = [v / ma for v in a], [v / mb for v in b]
        tot += sum(u * v for u, v in zip(a, b)) / math.sqrt(sum(u * u for u in a)) / math.sqrt(sum(v * v for v in b))
    return tot / len(student_maps)


# %% 11-cosine | right | torch, normalise by norm then dot

def attribution_cosine(student_maps, teacher_maps):
    a = torch.tensor(student_maps).flatten(1).double()
    b = torch.tensor(teacher_maps).flatten(1).double()
    na, nb = a.norm(dim=1), b.norm(dim=1)
    a = a / torch.where(na > 0, na, torch.ones_like(na))[:, None]
    b = b / torch.where(nb > 0, nb, torch.ones_like(nb))[:, None]
    return (a * b).sum(1).mean()


# %% 11-cosine | right | plain loops with scaling

def attribution_cosine(student_maps, teacher_maps):
    import math
    tot = 0.0
    for a, b in zip(student_maps, teacher_maps):
        a = np.asarray(a).ravel().tolist(); b = np.asarray(b).ravel().tolist()
        ma, mb = max(map(abs, a)), max(map(abs, b))
        if ma == 0 or mb == 0:
            continue
        a = [v / ma for v in a]; b = [v / mb for v in b]
        tot += sum(u * v for u, v in zip(a, b)) / math.sqrt(sum(u * u for u in a) * sum(v * v for v in b))
    return tot / len(student_maps)


# %% 11-cosine | wrong | F.cosine_similarity with its eps

def attribution_cosine(student_maps, teacher_maps):
    a = torch.as_tensor(student_maps).flatten(1)
    b = torch.as_tensor(teacher_maps).flatten(1)
    return F.cosine_similarity(a, b, dim=1).mean()


# %% 11-cosine | wrong | zero map gives nan

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    return ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean()


# %% 11-cosine | wrong | zero pairs left out of the mean

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    d = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    ok = d > 0
    return ((a * b).sum(1)[ok] / d[ok]).mean()


# %% 11-cosine | wrong | last axis only

def attribution_cosine(student_maps, teacher_maps):
    a, b = student_maps, teacher_maps
    d = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.where(d > 0, (a * b).sum(-1) / d, 0).mean()


# %% 11-cosine | wrong | absolute maps

def attribution_cosine(student_maps, teacher_maps):
    a = np.abs(student_maps.reshape(len(student_maps), -1))
    b = np.abs(teacher_maps.reshape(len(teacher_maps), -1))
    d = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.where(d > 0, (a * b).sum(1) / d, 0).mean()


# %% 11-cosine | wrong | eps 1e-12 under the division

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    d = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return ((a * b).sum(1) / (d + 1e-12)).mean()


# %% 11-cosine | wrong | zero pair counts 1 where both are zero

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    d = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    both = (np.abs(a).sum(1) == 0) & (np.abs(b).sum(1) == 0)
    return np.where(both, 1, np.where(d > 0, (a * b).sum(1) / np.where(d > 0, d, 1), 0)).mean()


# %% 11-cosine | wrong | zero student map counts, zero teacher map nan

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    na = np.linalg.norm(a, axis=1)
    na = np.where(na > 0, na, 1)
    return ((a * b).sum(1) / na / np.linalg.norm(b, axis=1)).mean()


# %% 11-cosine | wrong | axis 1 only

def attribution_cosine(student_maps, teacher_maps):
    a, b = np.asarray(student_maps), np.asarray(teacher_maps)
    n = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.where(n > 0, (a * b).sum(1) / np.where(n > 0, n, 1), 0).mean()


# %% 11-cosine | wrong | squares in float32 (underflow of tiny maps)

def attribution_cosine(student_maps, teacher_maps):
    a, b = np.reshape(student_maps, (len(student_maps), -1)), np.reshape(teacher_maps, (len(teacher_maps), -1))
    n = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.where(n > 1e-10, (a * b).sum(1) / np.where(n > 1e-10, n, 1), 0.0).mean()


# %% 11-cosine | wrong | per image values, no mean

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1); b = teacher_maps.reshape(len(teacher_maps), -1)
    n = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) / np.where(n > 0, n, 1)


# %% 11-cosine | wrong | zero teacher map counts, zero student map nan

def attribution_cosine(student_maps, teacher_maps):
    a = student_maps.reshape(len(student_maps), -1)
    b = teacher_maps.reshape(len(teacher_maps), -1)
    nb = np.linalg.norm(b, axis=1)
    nb = np.where(nb > 0, nb, 1)
    return ((a * b).sum(1) / nb / np.linalg.norm(a, axis=1)).mean()


# %% 11-cosine | wrong | F.cosine_similarity with its eps 2

def attribution_cosine(student_maps, teacher_maps):
    return F.cosine_similarity(torch.tensor(student_maps).flatten(1), torch.tensor(teacher_maps).flatten(1), dim=1).mean()


# %% 11-cosine | wrong | plus 1e-12 in the denominator

def attribution_cosine(student_maps, teacher_maps):
    a, b = np.reshape(student_maps, (len(student_maps), -1)), np.reshape(teacher_maps, (len(teacher_maps), -1))
    return ((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-12)).mean()


# %% 11-input-gradient | right | loops over units, nested lists

def input_gradient(x, w1, b1, w2, target):
    out = []
    for row, k in zip(x.tolist(), target.tolist()):
        g = [0.0] * len(row)
        for j in range(w1.shape[1]):
            a = b1[j] + sum(v * w1[d, j] for d, v in enumerate(row))
            if a > 0:
                for d in range(len(row)):
                    g[d] += float(w1[d, j] * w2[j, k])
        out.append(g)
    return out


# %% 11-input-gradient | right | autograd torch float32

def input_gradient(x, w1, b1, w2, target):
    x = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    w1, b1, w2 = (torch.tensor(v, dtype=torch.float32) for v in (w1, b1, w2))
    z = torch.relu(x @ w1 + b1) @ w2
    z.gather(1, torch.tensor(target).long()[:, None]).sum().backward()
    return x.grad


# %% 11-input-gradient | right | numpy einsum

def input_gradient(x, w1, b1, w2, target):
    on = (x @ w1 + b1 > 0) * 1
    return np.einsum("nj,dj,jn->nd", on, w1, w2[:, target])


# %% 11-input-gradient | right | plain loops

def input_gradient(x, w1, b1, w2, target):
    N, D = x.shape; H = w1.shape[1]
    out = [[0.0] * D for _ in range(N)]
    for n in range(N):
        for h in range(H):
            if sum(float(x[n, d]) * float(w1[d, h]) for d in range(D)) + float(b1[h]) > 0:
                for d in range(D):
                    out[n][d] += float(w1[d, h]) * float(w2[h, int(target[n])])
    return out


# %% 11-input-gradient | right | autograd in torch

def input_gradient(x, w1, b1, w2, target):
    x = torch.tensor(np.asarray(x, float), requires_grad=True)
    z = torch.relu(x @ torch.tensor(np.asarray(w1, float)) + torch.tensor(np.asarray(b1, float))) @ torch.tensor(np.asarray(w2, float))
    z[torch.arange(len(x)), torch.tensor(np.asarray(target))].sum().backward()
    return x.grad


# %% 11-input-gradient | right | loops

def input_gradient(x, w1, b1, w2, target):
    N, D = x.shape; H = len(b1)
    out = [[0.0] * D for _ in range(N)]
    for n in range(N):
        for j in range(H):
            a = b1[j] + sum(x[n, d] * w1[d, j] for d in range(D))
            if a > 0:
                for d in range(D):
                    out[n][d] += float(w1[d, j] * w2[j, int(target[n])])
    return out


# %% 11-input-gradient | wrong | mean of the logits before autograd

def input_gradient(x, w1, b1, w2, target):
    on = x @ w1 + b1 > 0
    return (on * w2.T[target]) @ w1.T / len(x)


# %% 11-input-gradient | wrong | bias forgotten

def input_gradient(x, w1, b1, w2, target):
    on = x @ w1 > 0
    return (on * w2.T[target]) @ w1.T


# %% 11-input-gradient | wrong | relu on the gradient

def input_gradient(x, w1, b1, w2, target):
    on = x @ w1 + b1 > 0
    return np.maximum((on * w2.T[target]) @ w1.T, 0)


# %% 11-input-gradient | wrong | first class for all rows

def input_gradient(x, w1, b1, w2, target):
    on = x @ w1 + b1 > 0
    return (on * w2.T[target[0]]) @ w1.T


# %% 11-input-gradient | wrong | argmax class

def input_gradient(x, w1, b1, w2, target):
    a = x @ w1 + b1
    k = (np.maximum(a, 0) @ w2).argmax(1)
    return ((a > 0) * w2.T[k]) @ w1.T


# %% 11-input-gradient | wrong | times the hidden values

def input_gradient(x, w1, b1, w2, target):
    a = np.maximum(x @ w1 + b1, 0)
    return (a * w2.T[target]) @ w1.T


# %% 11-input-gradient | wrong | units of the first row used for all

def input_gradient(x, w1, b1, w2, target):
    on = (x @ w1 + b1 > 0)[:1]
    return (on * w2.T[target]) @ w1.T


# %% 11-input-gradient | wrong | mask of the first row or any

def input_gradient(x, w1, b1, w2, target):
    a = x @ w1 + b1
    return ((a > 0).any(0) * w2[:, target].T) @ w1.T


# %% 11-input-gradient | wrong | loss gradient (softmax minus onehot)

def input_gradient(x, w1, b1, w2, target):
    x = torch.tensor(np.asarray(x, float), requires_grad=True)
    z = torch.relu(x @ torch.tensor(w1) + torch.tensor(b1)) @ torch.tensor(w2)
    F.cross_entropy(z, torch.tensor(target), reduction="sum").backward()
    return x.grad


# %% 11-input-gradient | wrong | batch summed

def input_gradient(x, w1, b1, w2, target):
    return (((x @ w1 + b1 > 0) * w2[:, target].T) @ w1.T).sum(0)


# %% 11-input-gradient | wrong | bias forgotten 2

def input_gradient(x, w1, b1, w2, target):
    return ((x @ w1 > 0) * w2[:, target].T) @ w1.T


# %% 11-input-gradient | wrong | own prediction

def input_gradient(x, w1, b1, w2, target):
    a = x @ w1 + b1
    k = (np.maximum(a, 0) @ w2).argmax(1)
    return ((a > 0) * w2[:, k].T) @ w1.T


# %% 11-input-gradient | wrong | same class for all rows

def input_gradient(x, w1, b1, w2, target):
    a = x @ w1 + b1
    return ((a > 0) * w2[:, target[0]]) @ w1.T


# %% 11-input-gradient | wrong | mean over the batch

def input_gradient(x, w1, b1, w2, target):
    a = x @ w1 + b1
    return ((a > 0) * w2[:, target].T) @ w1.T / len(x)


# %% 11-matching-loss | right | central differences in plain numpy, lists

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x, e = (np.array(v, dtype=np.float64) for v in (w1, w2, x, teacher_maps))
    k = np.array(target)
    def loss(a, b):
        h = np.tanh(x @ a)
        own = ((1 - h * h) * b.T[k]) @ a.T
        return 1 - np.mean((own * e).sum(1) / np.sqrt((own ** 2).sum(1) * (e ** 2).sum(1)))
    def slope(w, f):
        g = np.zeros_like(w)
        for i in np.ndindex(*w.shape):
            up, down = w.copy(), w.copy()
            up[i] += 1e-5
            down[i] -= 1e-5
            g[i] = (f(up) - f(down)) / 2e-5
        return g.tolist()
    return {"loss": float(loss(w1, w2)), "w1": slope(w1, lambda v: loss(v, w2)), "w2": slope(w2, lambda v: loss(w1, v))}


# %% 11-matching-loss | right | double autograd, index sum

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, v = (t.detach().clone().requires_grad_(True) for t in (w1, w2, x))
    z = torch.tanh(v @ a) @ b
    own, = torch.autograd.grad(z[torch.arange(len(z)), target].sum(), v, create_graph=True)
    loss = 1 - F.cosine_similarity(own, teacher_maps.detach(), dim=1).mean()
    loss.backward()
    return {"loss": loss.item(), "w1": a.grad, "w2": b.grad}


# %% 11-matching-loss | right | all by hand in numpy loops

def matching_gradient(w1, w2, x, target, teacher_maps):
    W1, W2, X, E = (v.detach().numpy() for v in (w1, w2, x, teacher_maps))
    k = target.tolist()
    g1, g2, loss = np.zeros_like(W1), np.zeros_like(W2), 0.0
    N = len(X)
    for n in range(N):
        th = np.tanh(X[n] @ W1); sl = 1 - th ** 2
        c = W2[:, k[n]]
        g = W1 @ (sl * c)
        e = E[n] / np.linalg.norm(E[n]); r = np.linalg.norm(g)
        cos = g @ e / r
        loss += (1 - cos) / N
        v = -(e / r - cos * g / r ** 2) / N            # dloss/dg
        u = W1.T @ v                                    # per unit
        g2[:, k[n]] += u * sl
        dz = u * c * (-2 * th * sl)
        g1 += np.outer(v, sl * c) + np.outer(X[n], dz)
    return {"w2": g2.tolist(), "w1": g1.tolist(), "loss": np.float32(loss)}


# %% 11-matching-loss | right | double backward

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.gather(1, target[:, None]).sum(), i, create_graph=True)
    t = teacher_maps.detach()
    loss = 1 - ((own * t).sum(1) / own.norm(dim=1) / t.norm(dim=1)).mean()
    g1, g2 = torch.autograd.grad(loss, (a, b))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | right | autograd, double

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own, = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x, create_graph=True)
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | only create_graph repaired

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.max(1).values.sum(), x, create_graph=True)[0]
    loss = 1 - F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=0).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | max logit kept

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.max(1).values.sum(), x, create_graph=True)[0]
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | abs of the maps kept

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x, create_graph=True)[0]
    loss = 1 - F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | dim 0 kept

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x, create_graph=True)[0]
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=0).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | mean logit instead of sum and no graph

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x)[0]
    own.requires_grad_(True)
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    grads = torch.autograd.grad(loss, (w1, w2), allow_unused=True)
    return {"loss": loss.item(), "w1": torch.zeros_like(w1), "w2": torch.zeros_like(w2)}


# %% 11-matching-loss | wrong | gradients of the sum over examples

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x, create_graph=True)[0]
    cos = F.cosine_similarity(own, teacher_maps, dim=1)
    g1, g2 = torch.autograd.grad((1 - cos).sum(), (w1, w2))
    return {"loss": (1 - cos).mean().item(), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | loss.backward into w.grad after a backward

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    logits.gather(1, target[:, None]).sum().backward(create_graph=True)
    loss = 1 - F.cosine_similarity(x.grad, teacher_maps, dim=1).mean()
    loss.backward()
    return {"loss": loss.item(), "w1": w1.grad, "w2": w2.grad}


# %% 11-matching-loss | wrong | gradient ascent sign

def matching_gradient(w1, w2, x, target, teacher_maps):
    w1, w2, x = (v.clone().requires_grad_(True) for v in (w1, w2, x))
    logits = torch.tanh(x @ w1) @ w2
    own = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), x, create_graph=True)[0]
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (w1, w2))
    return {"loss": loss.item(), "w1": -g1, "w2": -g2}


# %% 11-matching-loss | wrong | create_graph forgotten

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.gather(1, target[:, None]).sum(), i)
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    loss.requires_grad_(True)
    return {"loss": float(loss), "w1": torch.zeros_like(a), "w2": torch.zeros_like(b)}


# %% 11-matching-loss | wrong | dim left at 0

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.gather(1, target[:, None]).sum(), i, create_graph=True)
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=0).mean()
    g1, g2 = torch.autograd.grad(loss, (a, b))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | abs left

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.gather(1, target[:, None]).sum(), i, create_graph=True)
    loss = 1 - F.cosine_similarity(own.abs(), teacher_maps.abs(), dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (a, b))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | own maximum left

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.max(1).values.sum(), i, create_graph=True)
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (a, b))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | slopes treated as constants

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b = (v.detach().clone().requires_grad_(True) for v in (w1, w2))
    sl = (1 - torch.tanh(x @ w1) ** 2).detach()
    own = (sl * b[:, target].T) @ a.T
    loss = 1 - F.cosine_similarity(own, teacher_maps, dim=1).mean()
    g1, g2 = torch.autograd.grad(loss, (a, b))
    return {"loss": float(loss), "w1": g1, "w2": g2}


# %% 11-matching-loss | wrong | gradients summed over the batch

def matching_gradient(w1, w2, x, target, teacher_maps):
    a, b, i = (v.detach().clone().requires_grad_(True) for v in (w1, w2, x))
    z = torch.tanh(i @ a) @ b
    own, = torch.autograd.grad(z.gather(1, target[:, None]).sum(), i, create_graph=True)
    l = 1 - F.cosine_similarity(own, teacher_maps, dim=1)
    g1, g2 = torch.autograd.grad(l.sum(), (a, b))
    return {"loss": float(l.mean()), "w1": g1, "w2": g2}


# %% 11-tree-report | right | recursion, numpy ints

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        if not isinstance(node, tuple):
            return node
        f, t, left, right = node
        return answer(left if row[f] <= t else right, row)
    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1
    held = ~np.asarray(fitted)
    if not held.any():
        raise ValueError("no held-out row")
    says = np.array([answer(tree, r) for r in np.asarray(x)[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": np.int64(leaves(tree))}


# %% 11-tree-report | right | loops, fractions, stack

def tree_report(tree, x, teacher, target, fitted):
    from fractions import Fraction
    stack, count = [tree], 0
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += [node[2], node[3]]
        else:
            count += 1
    same_teacher = same_label = n = 0
    for row, a, b, seen in zip(x, teacher, target, fitted):
        if seen:
            continue
        n += 1
        node = tree
        while isinstance(node, tuple):
            node = node[2] if row[node[0]] <= node[1] else node[3]
        same_teacher += int(node == a)
        same_label += int(node == b)
    if n == 0:
        raise ValueError
    return {"fidelity": Fraction(same_teacher, n), "accuracy": Fraction(same_label, n), "leaves": float(count)}


# %% 11-tree-report | right | recursion, Fraction-free floats

def tree_report(tree, x, teacher, target, fitted):
    def say(node, row):
        if not isinstance(node, tuple):
            return int(node)
        f, t, l, r = node
        return say(l if row[f] <= t else r, row)
    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1
    rows = [i for i in range(len(x)) if not fitted[i]]
    if not rows:
        raise ValueError("no held-out row")
    said = [say(tree, x[i]) for i in rows]
    return {"fidelity": sum(s == int(teacher[i]) for s, i in zip(said, rows)) / len(rows), "accuracy": sum(s == int(target[i]) for s, i in zip(said, rows)) / len(rows), "leaves": leaves(tree)}


# %% 11-tree-report | right | recursion, python ints

def tree_report(tree, x, teacher, target, fitted):
    def say(t, r):
        return t if not isinstance(t, tuple) else say(t[2] if r[t[0]] <= t[1] else t[3], r)
    def leaves(t):
        return 1 if not isinstance(t, tuple) else leaves(t[2]) + leaves(t[3])
    rows = [i for i in range(len(x)) if not fitted[i]]
    if not rows:
        raise ValueError("no held-out row")
    ans = [say(tree, x[i]) for i in rows]
    return {"fidelity": sum(a == teacher[i] for a, i in zip(ans, rows)) / len(rows),
            "accuracy": sum(a == target[i] for a, i in zip(ans, rows)) / len(rows), "leaves": leaves(tree)}


# %% 11-tree-report | right | stack, torch

def tree_report(tree, x, teacher, target, fitted):
    keep = torch.from_numpy(~np.asarray(fitted, bool))
    if keep.sum() == 0:
        raise ValueError
    X = torch.from_numpy(np.asarray(x, float)); out = torch.full((len(X),), -1)
    stack = [(tree, torch.ones(len(X), dtype=torch.bool))]; n = 0
    while stack:
        node, m = stack.pop()
        if isinstance(node, tuple):
            f, t, l, r = node
            go = X[:, f] <= t
            stack += [(l, m & go), (r, m & ~go)]
        else:
            n += 1; out[m] = int(node)
    T, Y = torch.tensor(np.asarray(teacher)), torch.tensor(np.asarray(target))
    return {"leaves": torch.tensor(n), "fidelity": (out == T)[keep].double().mean(), "accuracy": (out == Y)[keep].double().mean()}


# %% 11-tree-report | wrong | strictly less than the threshold

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        while isinstance(node, tuple):
            node = node[2] if row[node[0]] < node[1] else node[3]
        return node
    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1
    held = ~fitted
    if not held.any():
        raise ValueError
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | no ValueError (nan)

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        while isinstance(node, tuple):
            node = node[2] if row[node[0]] <= node[1] else node[3]
        return node
    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1
    held = ~fitted
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | leaves are the distinct classes

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        while isinstance(node, tuple):
            node = node[2] if row[node[0]] <= node[1] else node[3]
        return node
    def leaves(node):
        return leaves(node[2]) | leaves(node[3]) if isinstance(node, tuple) else {node}
    held = ~fitted
    if not held.any():
        raise ValueError
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": len(leaves(tree))}


# %% 11-tree-report | wrong | only one split followed

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        node = node[2] if row[node[0]] <= node[1] else node[3]
        while isinstance(node, tuple):
            node = node[2]
        return node
    def leaves(node):
        return leaves(node[2]) + leaves(node[3]) if isinstance(node, tuple) else 1
    held = ~fitted
    if not held.any():
        raise ValueError
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | a tree that is one leaf fails

def tree_report(tree, x, teacher, target, fitted):
    def answer(node, row):
        while True:
            node = node[2] if row[node[0]] <= node[1] else node[3]
            if not isinstance(node, tuple):
                return node
    def leaves(node):
        return sum(leaves(n) if isinstance(n, tuple) else 1 for n in node[2:])
    held = ~fitted
    if not held.any():
        raise ValueError
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | zeros rather than ValueError

def tree_report(tree, x, teacher, target, fitted):
    def say(t, r):
        return t if not isinstance(t, tuple) else say(t[2] if r[t[0]] <= t[1] else t[3], r)
    def leaves(t):
        return 1 if not isinstance(t, tuple) else leaves(t[2]) + leaves(t[3])
    rows = np.flatnonzero(~fitted); n = max(1, len(rows))
    ans = np.array([say(tree, x[i]) for i in rows])
    return {"fidelity": (ans == teacher[rows]).sum() / n, "accuracy": (ans == target[rows]).sum() / n, "leaves": leaves(tree)}


# %% 11-tree-report | wrong | only the first split is followed

def tree_report(tree, x, teacher, target, fitted):
    def say(t, r):
        if not isinstance(t, tuple): return t
        t = t[2] if r[t[0]] <= t[1] else t[3]
        while isinstance(t, tuple): t = t[2]
        return t
    def leaves(t):
        return 1 if not isinstance(t, tuple) else leaves(t[2]) + leaves(t[3])
    rows = [i for i in range(len(x)) if not fitted[i]]
    if not rows: raise ValueError("none")
    ans = np.array([say(tree, x[i]) for i in rows])
    return {"fidelity": (ans == teacher[rows]).mean(), "accuracy": (ans == target[rows]).mean(), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | 2 to the depth

def tree_report(tree, x, teacher, target, fitted):
    def say(t, r):
        return t if not isinstance(t, tuple) else say(t[2] if r[t[0]] <= t[1] else t[3], r)
    def depth(t):
        return 0 if not isinstance(t, tuple) else 1 + max(depth(t[2]), depth(t[3]))
    rows = [i for i in range(len(x)) if not fitted[i]]
    if not rows: raise ValueError("none")
    ans = np.array([say(tree, x[i]) for i in rows])
    return {"fidelity": (ans == teacher[rows]).mean(), "accuracy": (ans == target[rows]).mean(), "leaves": 2 ** depth(tree)}


# %% 11-tree-report | wrong | tree of one leaf crashes

def tree_report(tree, x, teacher, target, fitted):
    f, t, l, r = tree
    def say(t, r):
        return t if not isinstance(t, tuple) else say(t[2] if r[t[0]] <= t[1] else t[3], r)
    def leaves(t):
        return 1 if not isinstance(t, tuple) else leaves(t[2]) + leaves(t[3])
    rows = [i for i in range(len(x)) if not fitted[i]]
    if not rows: raise ValueError("none")
    ans = np.array([say(tree, x[i]) for i in rows])
    return {"fidelity": (ans == teacher[rows]).mean(), "accuracy": (ans == target[rows]).mean(), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | raises any Exception

def tree_report(tree, x, teacher, target, fitted):
    def say(t, r):
        return t if not isinstance(t, tuple) else say(t[2] if r[t[0]] <= t[1] else t[3], r)
    def leaves(t):
        return 1 if not isinstance(t, tuple) else leaves(t[2]) + leaves(t[3])
    rows = [i for i in range(len(x)) if not fitted[i]]
    ans = np.array([say(tree, x[i]) for i in rows])
    if not rows: raise KeyError("none")
    return {"fidelity": (ans == teacher[rows]).mean(), "accuracy": (ans == target[rows]).mean(), "leaves": leaves(tree)}


# %% 11-tree-report | wrong | assert instead of ValueError

def tree_report(tree, x, teacher, target, fitted):
    def say(n, r): return n if not isinstance(n, tuple) else say(n[2] if r[n[0]] <= n[1] else n[3], r)
    L = lambda n: 1 if not isinstance(n, tuple) else L(n[2]) + L(n[3])
    s = np.array([say(tree, r) for r in x], dtype=int); k = ~fitted
    assert k.any()
    return {"fidelity": (s == teacher)[k].mean(), "accuracy": (s == target)[k].mean(), "leaves": L(tree)}


# %% 11-tree-report | wrong | fitted bool read as int index

def tree_report(tree, x, teacher, target, fitted):
    def say(n, r): return n if not isinstance(n, tuple) else say(n[2] if r[n[0]] <= n[1] else n[3], r)
    L = lambda n: 1 if not isinstance(n, tuple) else L(n[2]) + L(n[3])
    s = np.array([say(tree, r) for r in x], dtype=int); k = fitted
    if not (~k).any(): raise ValueError
    return {"fidelity": (s == teacher)[k].mean() if k.any() else 0., "accuracy": (s == target)[k].mean() if k.any() else 0., "leaves": L(tree)}


# %% 11-tree-report | wrong | inner nodes counted

def tree_report(tree, x, teacher, target, fitted):
    def say(n, r): return n if not isinstance(n, tuple) else say(n[2] if r[n[0]] <= n[1] else n[3], r)
    L = lambda n: 0 if not isinstance(n, tuple) else 1 + L(n[2]) + L(n[3])
    s = np.array([say(tree, r) for r in x], dtype=int); k = ~fitted
    if not k.any(): raise ValueError
    return {"fidelity": (s == teacher)[k].mean(), "accuracy": (s == target)[k].mean(), "leaves": L(tree)}


# %% 11-tree-report | wrong | only the leaves that are reached

def tree_report(tree, x, teacher, target, fitted):
    reached = set()
    def answer(node, row):
        path = ""
        while isinstance(node, tuple):
            go = row[node[0]] <= node[1]
            path += "L" if go else "R"
            node = node[2] if go else node[3]
        reached.add(path)
        return node
    held = ~fitted
    if not held.any():
        raise ValueError
    says = np.array([answer(tree, r) for r in x[held]])
    return {"fidelity": np.mean(says == teacher[held]), "accuracy": np.mean(says == target[held]), "leaves": len(reached)}
