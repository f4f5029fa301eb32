# %% 03-best-weights | right | plain loop

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v:
            raise ValueError("nan in epoch %d" % e)
        if v < validation_nll[best]:
            best = e
        if e - best >= patience:
            return {"best": best, "stopped": e}
    return {"best": best, "stopped": len(validation_nll) - 1}


# %% 03-best-weights | right | recursion over the records

def best_weights(validation_nll, patience):
    values = list(map(float, validation_nll))
    def from_best(best):
        for e in range(best + 1, min(best + patience + 1, len(values))):
            if np.isnan(values[e]):
                raise ValueError
            if values[e] < values[best]:
                return from_best(e)
        return best, min(best + patience, len(values) - 1)
    if np.isnan(values[0]):
        raise ValueError
    b, s = from_best(0)
    return {"best": float(b), "stopped": float(s)}


# %% 03-best-weights | right | loop with counter

def best_weights(validation_nll, patience):
    best, lowest, bad = None, None, 0
    for e, v in enumerate(validation_nll):
        v = float(v)
        if v != v:
            raise ValueError("NaN")
        if best is None or v < lowest:
            best, lowest, bad = e, v, 0
        else:
            bad += 1
            if bad == patience:
                break
    return {"best": best, "stopped": e}


# %% 03-best-weights | right | torch prefix, tensors

def best_weights(validation_nll, patience):
    v = torch.tensor(validation_nll, dtype=torch.float64)
    for e in range(len(v)):
        seen = v[: e + 1]
        if torch.isnan(seen).any():
            raise ValueError
        best = int((seen == seen.min()).nonzero()[0])
        if e - best == patience:
            break
    return {"best": torch.tensor(best), "stopped": np.int32(e)}


# %% 03-best-weights | right | vectorised running minimum, numpy ints

def best_weights(validation_nll, patience):
    v = np.asarray(validation_nll, dtype=float)
    low = np.minimum.accumulate(np.where(np.isnan(v), -np.inf, v))
    epoch = np.arange(len(v))
    new = np.r_[True, low[1:] < low[:-1]] if len(v) > 1 else np.array([True])
    best = np.maximum.accumulate(np.where(new, epoch, 0))
    over = np.flatnonzero((epoch - best >= patience) | np.isnan(v))
    stop = over[0] if len(over) else len(v) - 1
    if np.isnan(v[:stop + 1]).any():
        raise ValueError("NaN")
    return {"best": best[stop], "stopped": stop}


# %% 03-best-weights | right | recursion by prefix, 0-d tensors

def best_weights(validation_nll, patience):
    for stop in range(len(validation_nll)):
        seen = list(validation_nll[:stop + 1])
        if any(np.isnan(seen)):
            raise ValueError("NaN")
        best = seen.index(min(seen))
        if stop - best >= patience:
            break
    return {"stopped": torch.tensor(stop), "best": torch.tensor(best), "epochs": stop + 1}


# %% 03-best-weights | wrong | equal counts as better

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if v <= validation_nll[best]: best = e
        if e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | looks for NaN in the whole list

def best_weights(validation_nll, patience):
    if np.isnan(validation_nll).any(): raise ValueError
    best = 0
    for e, v in enumerate(validation_nll):
        if v < validation_nll[best]: best = e
        if e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | NaN ignored

def best_weights(validation_nll, patience):
    best, low = 0, float("inf")
    for e, v in enumerate(validation_nll):
        if v < low: best, low = e, v
        if e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | NaN in the epoch of the stop is not seen

def best_weights(validation_nll, patience):
    best, low = 0, float("inf")
    for e, v in enumerate(validation_nll):
        if v < low: best, low = e, v
        if e - best >= patience: break
        if v != v: raise ValueError
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | first NaN not seen

def best_weights(validation_nll, patience):
    best = 0
    for e in range(1, len(validation_nll)):
        v = validation_nll[e]
        if v != v: raise ValueError
        if v < validation_nll[best]: best = e
        if e - best >= patience: break
    else:
        e = len(validation_nll) - 1
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | stops after more than patience

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if v < validation_nll[best]: best = e
        if e - best > patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | progress needs 1e-3

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if v < validation_nll[best] - 1e-3: best = e
        if e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | stopped is best plus patience, also past the end

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if v < validation_nll[best]: best = e
        if e - best >= patience: break
    return {"best": best, "stopped": best + patience}


# %% 03-best-weights | wrong | best over all epochs, stop right

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if v < validation_nll[best]: best = e
        if e - best >= patience: break
    return {"best": int(np.nanargmin(validation_nll)), "stopped": e}


# %% 03-best-weights | wrong | NaN in the first epoch is missed

def best_weights(validation_nll, patience):
    best, low = 0, validation_nll[0]
    e = 0
    for e, v in enumerate(validation_nll[1:], 1):
        if np.isnan(v): raise ValueError
        if not v >= low: best, low = e, v
        elif e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | total bad epochs, counter not reset

def best_weights(validation_nll, patience):
    best, low, bad = 0, inf, 0
    for e, v in enumerate(validation_nll):
        if np.isnan(v): raise ValueError
        if v < low: best, low = e, v
        else: bad += 1
        if bad >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | starts at lowest = 1

def best_weights(validation_nll, patience):
    best, low = 0, 1.0
    for e, v in enumerate(validation_nll):
        if np.isnan(v): raise ValueError
        if v < low: best, low = e, v
        elif e - best >= patience: break
    return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | no stop: None when the list ends

def best_weights(validation_nll, patience):
    best = 0
    for e, v in enumerate(validation_nll):
        if np.isnan(v): raise ValueError
        if v < validation_nll[best]: best = e
        if e - best >= patience: return {"best": best, "stopped": e}


# %% 03-best-weights | wrong | compares with the previous epoch

def best_weights(validation_nll, patience):
    best, wait = 0, 0
    for e, v in enumerate(validation_nll):
        if v != v: raise ValueError
        if e and v < validation_nll[e - 1]: wait = 0
        elif e: wait += 1
        if v < validation_nll[best]: best = e
        if wait >= patience: break
    return {"best": best, "stopped": e}


# %% 03-distill-loop | right | gradient by hand in numpy

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    def soft(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    def logsoft(z):
        z = z - z.max(1, keepdims=True)
        return z - np.log(np.exp(z).sum(1, keepdims=True))
    X, y, t = x.detach().numpy(), target.numpy(), teacher_logits.detach().numpy()
    w, b = w0.detach().numpy().copy(), b0.detach().numpy().copy()
    n, T, losses = len(X), temperature, []
    p, logp = soft(t / T), logsoft(t / T)
    Y = np.eye(t.shape[1])[y]
    for _ in range(steps):
        z = X @ w + b
        ce = -logsoft(z)[np.arange(n), y].mean()
        kl = (p * (logp - logsoft(z / T))).sum(1).mean()
        losses.append((1 - alpha) * ce + alpha * T * T * kl)
        g = ((1 - alpha) * (soft(z) - Y) + alpha * T * (soft(z / T) - p)) / n
        w = w - lr * X.T @ g
        b = b - lr * g.sum(0)
    return {"w": w.tolist(), "b": tuple(b), "losses": losses}


# %% 03-distill-loop | right | autograd, leaf returned, 0-d detached losses

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.clone().requires_grad_(True), b0.clone().requires_grad_(True)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(
            torch.log_softmax(z / temperature, 1), torch.log_softmax(teacher_logits / temperature, 1), reduction="batchmean", log_target=True)
        gw, gb = torch.autograd.grad(loss, [w, b])
        with torch.no_grad():
            w -= lr * gw
            b -= lr * gb
        losses.append(loss.detach())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | right | soft term skipped where alpha is 0, one-hot matrix, list of lists

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    A = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    M = torch.cat([w0.detach(), b0.detach()[None]], 0)
    y = F.one_hot(target, M.shape[1]).to(x.dtype)
    p = torch.softmax(teacher_logits.detach() / temperature, 1)
    losses = []
    for _ in range(steps):
        z = A @ M
        loss = (1 - alpha) * F.cross_entropy(z, y)
        if alpha:
            loss = loss + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), p, reduction="batchmean")
        losses.append(loss.numpy())
        M = M - lr / len(x) * A.T @ ((1 - alpha) * (torch.softmax(z, 1) - y) + alpha * temperature * (torch.softmax(z / temperature, 1) - p))
    return {"w": M[:-1].tolist(), "b": M[-1].tolist(), "losses": losses}


# %% 03-distill-loop | right | Linear module, float32, KL with log_target

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    layer = torch.nn.Linear(*w0.shape)
    with torch.no_grad():
        layer.weight.copy_(w0.T)
        layer.bias.copy_(b0)
    opt = torch.optim.SGD(layer.parameters(), lr=lr)
    out = []
    for _ in range(steps):
        opt.zero_grad(set_to_none=False)
        z = layer(x.float())
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(
            F.log_softmax(z / temperature, 1), F.log_softmax(teacher_logits.float() / temperature, 1), reduction="batchmean", log_target=True)
        loss.backward()
        opt.step()
        out.append(loss.item())
    return {"w": layer.weight.detach().T, "b": layer.bias.detach(), "losses": np.array(out)}


# %% 03-distill-loop | right | optimiser, losses as an array, CE minus entropy

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = torch.nn.Parameter(w0.detach().clone()), torch.nn.Parameter(b0.detach().clone())
    opt = torch.optim.SGD([w, b], lr=lr)
    p = torch.softmax(teacher_logits / temperature, 1)
    h = -torch.special.xlogy(p, p).sum(1).mean()
    losses = np.zeros(steps)
    for i in range(steps):
        opt.zero_grad()
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * (F.cross_entropy(z / temperature, p) - h)
        loss.backward()
        opt.step()
        losses[i] = loss.item()
    return {"w": w.data, "b": b.data, "losses": losses}


# %% 03-distill-loop | right | logarithm of the softmax, formula as written

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b, losses = w0.clone(), b0.clone(), []
    p = torch.softmax(teacher_logits / temperature, 1)
    for _ in range(steps):
        w.requires_grad_(); b.requires_grad_()
        q = torch.softmax((x @ w + b) / temperature, 1)
        kl = (p * torch.log(p / q)).sum(1).mean()
        ce = -torch.log(torch.softmax(x @ w + b, 1)[torch.arange(len(x)), target]).mean()
        loss = (1 - alpha) * ce + alpha * temperature ** 2 * kl
        loss.backward()
        losses.append(float(loss))
        w, b = (w - lr * w.grad).detach(), (b - lr * b.grad).detach()
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | gradients add up

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | default reduction of kl_div

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1))
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | T in place of T squared

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | cross-entropy at T

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = (x @ w + b) / temperature
        soft = F.kl_div(F.log_softmax(z, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | momentum 0.9

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr, momentum=0.9)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | CE sums over rows

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="sum")
        loss = (1 - alpha) * F.cross_entropy(z, target, reduction="sum") + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w, "b": b, "losses": losses}


# %% 03-distill-loop | wrong | returns the loss of the last step only

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
    return {"w": w, "b": b, "losses": loss.item()}


# %% 03-distill-loop | wrong | steps 0 fails: stack of an empty list

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for _ in range(steps):
        z = x @ w + b
        soft = F.kl_div(F.log_softmax(z / temperature, 1), torch.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * soft
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.detach())
    return {"w": w, "b": b, "losses": torch.stack(losses)}


# %% 03-distill-loop | wrong | labels never enter: hard term on teacher argmax

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt, losses = torch.optim.SGD([w, b], lr=lr), []
    target = teacher_logits.argmax(1)
    for _ in range(steps):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-distill-loop | wrong | losses has one value too many (after the last step)

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    losses = []
    for k in range(steps + 1):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        losses.append(loss.item())
        if k < steps:
            gw, gb = torch.autograd.grad(loss, (w, b))
            w, b = (w - lr * gw).detach().requires_grad_(), (b - lr * gb).detach().requires_grad_()
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-distill-loop | wrong | steps 0 does one step

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt, losses = torch.optim.SGD([w, b], lr=lr), []
    for _ in range(max(1, steps)):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-distill-loop | wrong | steps 0 fails (loss returned from loop variable)

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt, losses = torch.optim.SGD([w, b], lr=lr), []
    for _ in range(steps):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    last = losses[-1]
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-distill-loop | wrong | KL reversed

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt, losses = torch.optim.SGD([w, b], lr=lr), []
    for _ in range(steps):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(teacher_logits / temperature, 1), F.softmax(z / temperature, 1), reduction="batchmean")
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-distill-loop | wrong | weight decay

def distil(x, target, teacher_logits, w0, b0, steps, lr, temperature, alpha):
    w, b = w0.detach().clone().requires_grad_(), b0.detach().clone().requires_grad_()
    opt, losses = torch.optim.SGD([w, b], lr=lr, weight_decay=1e-2), []
    for _ in range(steps):
        z = x @ w + b
        loss = (1 - alpha) * F.cross_entropy(z, target) + alpha * temperature ** 2 * F.kl_div(F.log_softmax(z / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="batchmean")
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    return {"w": w.detach(), "b": b.detach(), "losses": losses}


# %% 03-same-images | right | loops, modulo, lists

def same_images(x, shifts, teacher_w, temperature):
    import math
    x, shifts, w = np.asarray(x).tolist(), np.asarray(shifts).tolist(), np.asarray(teacher_w).tolist()
    inputs, targets = [], []
    for row in shifts:
        ins, tars = [], []
        for image, s in zip(x, row):
            W = len(image[0])
            flat = [line[(j - s) % W] for line in image for j in range(W)]
            z = [sum(v * w[i][c] for i, v in enumerate(flat)) / temperature for c in range(len(w[0]))]
            m = max(z)
            e = [math.exp(v - m) for v in z]
            ins.append(flat)
            tars.append([v / sum(e) for v in e])
        inputs.append(ins)
        targets.append(tars)
    return {"inputs": inputs, "targets": targets}


# %% 03-same-images | right | torch float32, gather

def same_images(x, shifts, teacher_w, temperature):
    x = torch.tensor(np.asarray(x), dtype=torch.float32)
    s = torch.as_tensor(np.asarray(shifts)).long()
    E, (N, H, W) = s.shape[0], x.shape
    col = (torch.arange(W)[None, None, :] - s[:, :, None]) % W
    v = torch.gather(x[None].expand(E, N, H, W), 3, col[:, :, None, :].expand(E, N, H, W)).reshape(E, N, H * W)
    return {"inputs": v, "targets": F.softmax(v @ torch.tensor(np.asarray(teacher_w), dtype=torch.float32) / temperature, -1)}


# %% 03-same-images | right | plain exp without subtracting the maximum

def same_images(x, shifts, teacher_w, temperature):
    x, shifts = np.asarray(x, float), np.asarray(shifts)
    v = np.stack([np.stack([np.roll(x[n], shifts[e, n], axis=1).ravel() for n in range(len(x))]) for e in range(len(shifts))])
    q = np.exp(v @ np.asarray(teacher_w) / temperature)
    return {"inputs": v, "targets": q / q.sum(-1, keepdims=True)}


# %% 03-same-images | right | concatenate the two ends

def same_images(x, shifts, teacher_w, temperature):
    x, w = np.asarray(x, dtype=float), np.asarray(teacher_w, dtype=float)
    W = x.shape[2]
    inputs = np.array([[np.concatenate([x[n][:, W - s % W:], x[n][:, :W - s % W]], axis=1).ravel()
                        for n, s in enumerate(row)] for row in shifts])
    z = np.einsum("enk,kc->enc", inputs, w) / temperature
    return {"inputs": inputs, "targets": np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))}


# %% 03-same-images | right | loops, lists, pure python math

def same_images(x, shifts, teacher_w, temperature):
    import math
    N, H, W = np.shape(x)
    C = np.shape(teacher_w)[1]
    inputs, targets = [], []
    for row in shifts:
        ins, tars = [], []
        for n in range(N):
            view = [0.0] * (H * W)
            for h in range(H):
                for c in range(W):
                    view[h * W + (c + int(row[n])) % W] = float(x[n][h][c])
            z = [sum(v * float(teacher_w[k][j]) for k, v in enumerate(view)) / temperature for j in range(C)]
            e = [math.exp(v - max(z)) for v in z]
            ins.append(view)
            tars.append([v / sum(e) for v in e])
        inputs.append(ins)
        targets.append(tars)
    return {"targets": targets, "inputs": inputs}


# %% 03-same-images | right | torch float32 with gather

def same_images(x, shifts, teacher_w, temperature):
    x = torch.as_tensor(np.asarray(x)).float()
    s = torch.as_tensor(np.asarray(shifts)).long()
    w = torch.as_tensor(np.asarray(teacher_w)).float()
    N, H, W = x.shape
    E = s.shape[0]
    index = (torch.arange(W) - s[..., None]) % W                       # (E, N, W)
    view = torch.gather(x.expand(E, N, H, W), 3, index[:, :, None, :].expand(E, N, H, W)).reshape(E, N, H * W)
    return {"inputs": view, "targets": ((view @ w) / temperature).softmax(-1)}


# %% 03-same-images | wrong | targets for the original images

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], s, axis=1).ravel() for n, s in enumerate(row)]) for row in shifts])
    z = torch.as_tensor(np.stack([x.reshape(len(x), -1)] * len(shifts)) @ teacher_w / temperature)
    return {"inputs": v, "targets": torch.softmax(z, -1)}


# %% 03-same-images | wrong | roll without an axis

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], s).ravel() for n, s in enumerate(row)]) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | softmax first, then divided by T

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], s, axis=1).ravel() for n, s in enumerate(row)]) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w), -1) / temperature}


# %% 03-same-images | wrong | axes of epoch and image exchanged

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], shifts[e, n], axis=1).ravel() for e in range(len(shifts))]) for n in range(len(x))])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | softmax over the images

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], s, axis=1).ravel() for n, s in enumerate(row)]) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), 1)}


# %% 03-same-images | wrong | inputs not flattened

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], s, axis=1) for n, s in enumerate(row)]) for row in shifts])
    z = v.reshape(*v.shape[:2], -1) @ teacher_w / temperature
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(z), -1)}


# %% 03-same-images | wrong | probabilities then power 1/T not normalised

def same_images(x, shifts, teacher_w, temperature):
    v = np.array([[np.roll(x[n], s, axis=1).ravel() for n, s in enumerate(row)] for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.tensor(v @ teacher_w), 2) ** (1 / temperature)}


# %% 03-same-images | wrong | columns filled with zeros

def same_images(x, shifts, teacher_w, temperature):
    E, (N, H, W) = len(shifts), x.shape
    v = np.zeros((E, N, H, W))
    for e in range(E):
        for n in range(N):
            s = shifts[e, n]
            v[e, n, :, s:] = x[n, :, :W - s]
    v = v.reshape(E, N, -1)
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | shifts of the epochs add up

def same_images(x, shifts, teacher_w, temperature):
    shifts = np.cumsum(shifts, axis=0)
    v = np.stack([np.stack([np.roll(x[n], s, axis=1).ravel() for n, s in enumerate(row)]) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | to the left

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.stack([np.roll(x[n], -s, axis=1).ravel() for n, s in enumerate(row)]) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | one shift an epoch for all images

def same_images(x, shifts, teacher_w, temperature):
    v = np.stack([np.roll(x, row[0], axis=2).reshape(len(x), -1) for row in shifts])
    return {"inputs": v, "targets": torch.softmax(torch.as_tensor(v @ teacher_w / temperature), -1)}


# %% 03-same-images | wrong | left

def same_images(x, shifts, teacher_w, temperature):
    v = np.array([[np.roll(x[n], -s, axis=1).ravel() for n, s in enumerate(r)] for r in shifts])
    z = v @ teacher_w / temperature
    e = np.exp(z - z.max(-1, keepdims=True))
    return {"inputs": v, "targets": e / e.sum(-1, keepdims=True)}


# %% 03-same-images | wrong | zeros come in (no wrap)

def same_images(x, shifts, teacher_w, temperature):
    v = []
    for r in shifts:
        for n, s in enumerate(r):
            m = np.zeros_like(x[n])
            W = m.shape[1]
            for c in range(W):
                if 0 <= c - s < W:
                    m[:, c] = x[n][:, c - s]
            v.append(m.ravel())
    v = np.array(v).reshape(len(shifts), len(x), -1)
    z = v @ teacher_w / temperature
    e = np.exp(z - z.max(-1, keepdims=True))
    return {"inputs": v, "targets": e / e.sum(-1, keepdims=True)}


# %% 03-same-images | wrong | flattened column by column

def same_images(x, shifts, teacher_w, temperature):
    v = np.array([[np.roll(x[n], s, axis=1).ravel("F") for n, s in enumerate(r)] for r in shifts])
    z = v @ teacher_w / temperature
    e = np.exp(z - z.max(-1, keepdims=True))
    return {"inputs": v, "targets": e / e.sum(-1, keepdims=True)}


# %% 03-split | right | torch split, tensors

def three_way_split(target, order, n_train, n_validation, n_test):
    t, o = torch.as_tensor(np.array(target)), torch.as_tensor(np.array(order)).long()
    n = len(t)
    if len(o) != n or not torch.equal(torch.sort(o).values, torch.arange(n)):
        raise ValueError("not a permutation")
    if n_train + n_validation + n_test > n:
        raise ValueError("too few rows")
    parts = torch.split(o, [n_train, n_validation, n_test, n - n_train - n_validation - n_test])[:3]
    k = len(torch.unique(t))
    if any(len(torch.unique(t[p])) < k for p in parts):
        raise ValueError("class")
    return dict(zip(["train", "validation", "test"], [p.to(torch.int32) for p in parts]))


# %% 03-split | right | numpy with array_equal and setdiff

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    a, b, c = np.cumsum([n_train, n_validation, n_test])
    if c > len(target) or not np.array_equal(np.sort(order), np.arange(len(target))):
        raise ValueError("rows")
    parts = dict(zip(("train", "validation", "test"), np.split(order[:c], [a, b])))
    for part in parts.values():
        if np.setdiff1d(target, target[part]).size:
            raise ValueError("class")
    return parts


# %% 03-split | right | plain lists and iterators, float values

def three_way_split(target, order, n_train, n_validation, n_test):
    from itertools import islice
    labels = [int(v) for v in target]
    rows = [int(v) for v in order]
    if set(rows) != set(range(len(labels))) or len(rows) != len(labels):
        raise ValueError("order")
    if len(rows) < n_train + n_validation + n_test:
        raise ValueError("too few")
    it, out = iter(rows), {}
    for name, n in (("train", n_train), ("validation", n_validation), ("test", n_test)):
        out[name] = list(islice(it, n))
        if {labels[i] for i in out[name]} != set(labels):
            raise ValueError(name)
    return out


# %% 03-split | right | loops and lists

def three_way_split(target, order, n_train, n_validation, n_test):
    n = len(target)
    order = [int(i) for i in order]
    if n_train + n_validation + n_test > n:
        raise ValueError("too few rows")
    seen = [0] * n
    for i in order:
        if i < 0 or i >= n:
            raise ValueError("no such row")
        seen[i] += 1
    if any(c != 1 for c in seen):
        raise ValueError("each row once")
    kinds = {int(y) for y in target}
    parts, at = {}, 0
    for name, size in (("train", n_train), ("validation", n_validation), ("test", n_test)):
        parts[name] = order[at:at + size]
        at += size
        if {int(target[i]) for i in parts[name]} != kinds:
            raise ValueError(name)
    return parts


# %% 03-split | right | bincount test, tuples, an extra key

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    n = target.size
    if order.shape != (n,) or (order < 0).any() or (order >= n).any() or (np.bincount(order, minlength=n) != 1).any():
        raise ValueError
    a, b, c = np.cumsum([n_train, n_validation, n_test])
    if c > n:
        raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for rows in out.values():
        if not np.isin(np.unique(target), target[rows]).all():
            raise ValueError
    return {**{k: tuple(v) for k, v in out.items()}, "unused": order[c:]}


# %% 03-split | right | torch tensors, more keys

def three_way_split(target, order, n_train, n_validation, n_test):
    y, o = torch.as_tensor(np.asarray(target)), torch.as_tensor(np.asarray(order))
    n = len(y)
    if n_train + n_validation + n_test > n:
        raise ValueError("too few")
    if o.numel() != n or not torch.equal(o.sort().values.long(), torch.arange(n)):
        raise ValueError("not a permutation")
    train, validation, test, rest = o.split([n_train, n_validation, n_test, n - n_train - n_validation - n_test])
    for part in (train, validation, test):
        if len(y[part.long()].unique()) < len(y.unique()):
            raise ValueError("class")
    return {"rest": rest, "test": test, "train": train, "validation": validation}


# %% 03-split | wrong | classes of the used rows only

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    used = set(target[order[:c]])
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if set(target[p]) != used: raise ValueError
    return out


# %% 03-split | wrong | classes 0 to max assumed

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        for k in range(target.max() + 1):
            if k not in target[p]: raise ValueError
    return out


# %% 03-split | wrong | class check for the training rows only

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    if set(target[order[:a]]) != set(target): raise ValueError
    return {"train": order[:a], "validation": order[a:b], "test": order[b:c]}


# %% 03-split | wrong | class check of train and validation, not test

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    if set(target[order[:a]]) != set(target) or set(target[order[a:b]]) != set(target): raise ValueError
    return {"train": order[:a], "validation": order[a:b], "test": order[b:c]}


# %% 03-split | wrong | at least two classes is enough

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if len(set(target[p])) < 2: raise ValueError
    return out


# %% 03-split | wrong | order checked by its length only

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if len(order) != len(target): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | too few rows not checked

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:b + n_test]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | left-over rows forbidden

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c != len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | rest goes to the test part

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation
    if b + n_test > len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | asserts instead of ValueError

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    assert sorted(order) == list(range(len(target)))
    a = n_train; b = a + n_validation; c = b + n_test
    assert c <= len(order)
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        assert set(target[p]) == set(target)
    return out


# %% 03-split | wrong | no class check at all

def three_way_split(target, order, n_train, n_validation, n_test):
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    return {"train": order[:a], "validation": order[a:b], "test": order[b:c]}


# %% 03-split | wrong | returns None in place of raising for a missing class

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    a, b = n_train, n_train + n_validation
    if b + n_test > len(target) or sorted(order) != list(range(len(target))):
        raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:b + n_test]}
    if any(set(target[v]) != set(target) for v in out.values()):
        return None
    return out


# %% 03-split | wrong | rows needed to be more than the sum

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c >= len(order): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | class check of validation and test, not train

def three_way_split(target, order, n_train, n_validation, n_test):
    if sorted(order) != list(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(order): raise ValueError
    if set(target[order[a:b]]) != set(target) or set(target[order[b:c]]) != set(target): raise ValueError
    return {"train": order[:a], "validation": order[a:b], "test": order[b:c]}


# %% 03-symptoms | right | honest

def symptoms():
    return {"a": "raw", "b": "order", "c": "joint", "d": "mode"}


# %% 03-symptoms | wrong | plausible

def symptoms():
    return {'a': 'raw', 'b': 'blank', 'c': 'graph', 'd': 'joint'}


# %% 03-split | wrong | set comparison misses a row twice in a longer order

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    if set(order) != set(range(len(target))): raise ValueError
    a = n_train; b = a + n_validation; c = b + n_test
    if c > len(target): raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:c]}
    for p in out.values():
        if set(target[p]) != set(target): raise ValueError
    return out


# %% 03-split | wrong | order checked as a set only, doubles at the end pass

def three_way_split(target, order, n_train, n_validation, n_test):
    target, order = np.asarray(target), np.asarray(order)
    a, b = n_train, n_train + n_validation
    if b + n_test > len(target) or set(order.tolist()) != set(range(len(target))):
        raise ValueError
    out = {"train": order[:a], "validation": order[a:b], "test": order[b:b + n_test]}
    if any(set(target[v]) != set(target) for v in out.values()):
        raise ValueError
    return out
