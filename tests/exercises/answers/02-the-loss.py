# %% 02-gradient | right | torch closed form

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | right | numpy only, returns an array

import numpy as np

def kd_gradient(student_logits, teacher_logits, temperature):
    def softmax(z):
        z = np.asarray(z, dtype=float) / temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    n = len(student_logits)
    return (temperature ** 2) * (1 / temperature) * (softmax(student_logits) - softmax(teacher_logits)) / n


# %% 02-gradient | right | plain loops and math, returns lists

import math

def kd_gradient(student_logits, teacher_logits, temperature):
    def softmax(row):
        m = max(row)
        e = [math.exp((x - m) / temperature) for x in row]
        total = math.fsum(e)
        return [x / total for x in e]
    s_rows, t_rows = student_logits.tolist(), teacher_logits.tolist()
    out = []
    for s_row, t_row in zip(s_rows, t_rows):
        q, p = softmax(s_row), softmax(t_row)
        out.append([temperature / len(s_rows) * (a - b) for a, b in zip(q, p)])
    return out


# %% 02-gradient | right | Jacobian of log-softmax

def kd_gradient(student_logits, teacher_logits, temperature):
    n, c = student_logits.shape
    q = torch.softmax(student_logits / temperature, -1)
    p = torch.softmax(teacher_logits / temperature, -1)
    # d log q_j / d z_k = [j == k] - q_k
    jacobian = torch.eye(c, dtype=q.dtype).unsqueeze(0) - q.unsqueeze(1)
    d_kl_dz = -torch.einsum("nj,njk->nk", p, jacobian)
    d_kl_ds = d_kl_dz / temperature
    return temperature ** 2 * d_kl_ds / n


# %% 02-gradient | right | float32 inside, pairwise differences with expm1

def kd_gradient(student_logits, teacher_logits, temperature):
    # q_j - p_j = sum_k (q_j p_k - q_k p_j) = -q_j sum_k p_k (exp(d_kj) - 1)
    s, t = student_logits / temperature, teacher_logits / temperature
    d = ((s - t).unsqueeze(1) - (s - t).unsqueeze(2)).float()
    q = torch.softmax((s - s.max(1, keepdim=True).values).float(), dim=1)
    p = torch.softmax((t - t.max(1, keepdim=True).values).float(), dim=1)
    far = q.unsqueeze(2) * p.unsqueeze(1) - q.unsqueeze(1) * p.unsqueeze(2)
    near = -q.unsqueeze(2) * p.unsqueeze(1) * torch.expm1(d.clamp(-1, 1))
    return temperature * torch.where(d.abs() < 1, near, far).sum(2) / len(q)


# %% 02-gradient | right | float32 torch

def kd_gradient(student_logits, teacher_logits, temperature):
    d = F.softmax(student_logits.float() / temperature, 1) - F.softmax(teacher_logits.float() / temperature, 1)
    return d * temperature / d.size(0)


# %% 02-gradient | wrong | sign turned

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (p - q) / student_logits.shape[0]


# %% 02-gradient | wrong | factor T² of the loss missing

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return (q - p) / temperature / student_logits.shape[0]


# %% 02-gradient | wrong | chain rule factor 1/T forgotten

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature ** 2 * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | no factor of T at all

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | mean over the rows forgotten

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p)


# %% 02-gradient | wrong | divides by rows times classes

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / student_logits.numel()


# %% 02-gradient | wrong | both softmaxes without temperature

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits, dim=-1)
    p = torch.softmax(teacher_logits, dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | teacher without temperature

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits, dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | student without temperature

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | logits multiplied by T

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits * temperature, dim=-1)
    p = torch.softmax(teacher_logits * temperature, dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | softmax along the rows (dim=0)

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=0)
    p = torch.softmax(teacher_logits / temperature, dim=0)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | softmax over the whole table, numpy without axis

def kd_gradient(student_logits, teacher_logits, temperature):
    def softmax(z):
        e = np.exp(z / temperature - (z / temperature).max())
        return e / e.sum()
    q, p = softmax(student_logits.numpy()), softmax(teacher_logits.numpy())
    return temperature * (q - p) / len(q)


# %% 02-gradient | wrong | teacher through softmax twice

def kd_gradient(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(torch.softmax(teacher_logits / temperature, dim=-1), dim=-1)
    return temperature * (q - p) / student_logits.shape[0]


# %% 02-gradient | wrong | gradient of the reverse KL

def kd_gradient(student_logits, teacher_logits, temperature):
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    q = log_q.exp()
    kl = (q * (log_q - log_p)).sum(dim=-1, keepdim=True)
    return temperature * q * (log_q - log_p - kl) / student_logits.shape[0]


# %% 02-lines | right | honest

def lines():
    return {"A": "wrong", "B": "wrong", "C": "wrong", "D": "right", "E": "wrong"}


# %% 02-lines | wrong | D wrong too

def lines():
    return {"A": "wrong", "B": "wrong", "C": "wrong", "D": "wrong", "E": "wrong"}


# %% 02-loss | right | F.cross_entropy and F.kl_div batchmean

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    log_q = F.log_softmax(student_logits / temperature, dim=-1)
    p = F.softmax(teacher_logits / temperature, dim=-1)
    soft = F.kl_div(log_q, p, reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | right | numpy only

import numpy as np

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    def log_softmax(z):
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    s, t, y = np.asarray(student_logits), np.asarray(teacher_logits), np.asarray(target)
    hard = -log_softmax(s)[np.arange(len(y)), y]
    log_p, log_q = log_softmax(t / temperature), log_softmax(s / temperature)
    soft = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    return np.mean((1 - alpha) * hard + alpha * temperature ** 2 * soft)


# %% 02-loss | right | plain loops and math, returns a float

import math

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    def log_softmax(row, T):
        m = max(row)
        lse = math.log(sum(math.exp((x - m) / T) for x in row))
        return [(x - m) / T - lse for x in row]
    total = 0.0
    n = 0
    for s, t, y in zip(student_logits.tolist(), teacher_logits.tolist(), target.tolist()):
        ce = -log_softmax(s, 1.0)[y]
        kl = 0.0
        for a, b in zip(log_softmax(t, temperature), log_softmax(s, temperature)):
            kl += math.exp(a) * (a - b)
        total += (1 - alpha) * ce + alpha * temperature * temperature * kl
        n += 1
    return total / n


# %% 02-loss | right | logsumexp by hand, no logarithm of a probability

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    # KL = lse(s/T) - lse(t/T) - sum p (s - t)/T ; CE = lse(s) - s_y
    def lse(z):
        m = z.amax(dim=1)
        return m + (z - m[:, None]).exp().sum(dim=1).log()
    a, b = student_logits / temperature, teacher_logits / temperature
    p = (b - lse(b)[:, None]).exp()
    kl = lse(a) - lse(b) - (p * (a - b)).sum(dim=1)
    ce = lse(student_logits) - student_logits.gather(1, target[:, None]).squeeze(1)
    return torch.lerp(ce, temperature ** 2 * kl, float(alpha)).mean()


# %% 02-loss | right | only the class mean of kl_div times C

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    T = temperature
    kl = torch.nn.KLDivLoss(reduction="mean", log_target=True)
    soft = kl(torch.log_softmax(student_logits / T, 1), torch.log_softmax(teacher_logits / T, 1)) * student_logits.shape[1]
    hard = torch.nn.NLLLoss()(torch.log_softmax(student_logits, 1), target)
    return np.float64(((1 - alpha) * hard + alpha * T * T * soft).item())


# %% 02-loss | right | soft cross-entropy minus entropy

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    ce = torch.nn.functional.cross_entropy
    p = torch.softmax(teacher_logits / temperature, dim=1)
    entropy = torch.special.entr(p).sum(dim=1).mean()
    soft = ce(student_logits / temperature, p) - entropy
    return float(ce(student_logits, target) * (1 - alpha) + soft * alpha * temperature ** 2)


# %% 02-loss | wrong | alpha swapped

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return alpha * hard + (1 - alpha) * soft


# %% 02-loss | wrong | T² missing

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean")
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | T instead of T²

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | T² written as T ^ 2 in the mind: 2 T

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * 2 * temperature
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | reduction sum

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="sum") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | hard term summed over the rows

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target, reduction="sum")
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | KL in the wrong direction

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(teacher_logits / temperature, dim=-1), F.softmax(student_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | hard term at T

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits / temperature, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | T² on the hard term as well

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean")
    return temperature ** 2 * ((1 - alpha) * hard + alpha * soft)


# %% 02-loss | wrong | weights missing

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return hard + soft


# %% 02-loss | wrong | hard term not weighted, hard + alpha soft

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return hard + alpha * soft


# %% 02-loss | wrong | soft cross-entropy in place of the KL

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.cross_entropy(student_logits / temperature, F.softmax(teacher_logits / temperature, dim=-1)) * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | teacher without temperature

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits / temperature, dim=-1), F.softmax(teacher_logits, dim=-1), reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-loss | wrong | student without temperature in the soft term

import torch.nn.functional as F

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    hard = F.cross_entropy(student_logits, target)
    soft = F.kl_div(F.log_softmax(student_logits, dim=-1), F.softmax(teacher_logits / temperature, dim=-1), reduction="batchmean") * temperature ** 2
    return (1 - alpha) * hard + alpha * soft


# %% 02-repair | right | torch, log_softmax

def soft_term(student_logits, teacher_logits, temperature):
    log_targets = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_outputs = torch.log_softmax(student_logits / temperature, dim=-1)
    terms = log_targets.exp() * (log_targets - log_outputs)
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | right | numpy only, letters put together

import numpy as np

def soft_term(student_logits, teacher_logits, temperature):
    s, t = student_logits.numpy() / temperature, teacher_logits.numpy() / temperature
    log_p = t - np.logaddexp.reduce(t, axis=1, keepdims=True)
    log_q = s - np.logaddexp.reduce(s, axis=1, keepdims=True)
    return np.sum(np.exp(log_p) * (log_p - log_q)) / len(s) * temperature ** 2


def wrong_lines():
    return "".join(letter for letter in "ABCDEF" if letter not in ("D", "E"))


# %% 02-repair | right | plain loops and math

import math

def soft_term(student_logits, teacher_logits, temperature):
    def log_probs(row):
        z = [float(x) / temperature for x in row]
        top = max(z)
        norm = top + math.log(math.fsum(math.exp(x - top) for x in z))
        return [x - norm for x in z]
    values = []
    for s, t in zip(student_logits, teacher_logits):
        values.append(math.fsum(math.exp(lp) * (lp - lq) for lp, lq in zip(log_probs(t), log_probs(s))))
    return temperature ** 2 * sum(values) / len(values)


def wrong_lines():
    wrong = {"A": True, "B": True, "C": True, "D": False, "E": False, "F": True}
    return "".join(k for k, v in wrong.items() if v)


# %% 02-repair | right | torch.distributions, 0-d tensor

def soft_term(student_logits, teacher_logits, temperature):
    from torch.distributions import Categorical, kl_divergence
    return temperature ** 2 * kl_divergence(Categorical(logits=teacher_logits / temperature), Categorical(logits=student_logits / temperature)).mean()


# %% 02-repair | right | F.kl_div, letters in another order

import torch.nn.functional as F

def soft_term(student_logits, teacher_logits, temperature):
    return F.kl_div(F.log_softmax(student_logits / temperature, -1), F.log_softmax(teacher_logits / temperature, -1),
                    log_target=True, reduction="batchmean").item() * temperature ** 2


def wrong_lines():
    return "FCBA"


# %% 02-repair | right | cross-entropy minus entropy, as a tensor with a graph

def soft_term(student_logits, teacher_logits, temperature):
    student_logits = student_logits.clone().requires_grad_(True)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    ce = torch.nn.functional.cross_entropy(student_logits / temperature, p, reduction="none")
    return ((ce - torch.special.entr(p).sum(-1)) * temperature * temperature).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, softmax twice

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(torch.softmax(teacher_logits / temperature, dim=-1), dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, no T for the student

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits, dim=-1)
    terms = targets * (targets / outputs).log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, binary cross-entropies

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = -(targets * outputs.log() + (1 - targets) * (1 - outputs).log())
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, cross-entropy

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = -targets * outputs.log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, binary KL with the 1 - p terms

def soft_term(student_logits, teacher_logits, temperature):
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    q = torch.softmax(student_logits / temperature, dim=-1)
    terms = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, factor T

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    return temperature * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, no factor

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    return terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, sums the rows

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    return temperature ** 2 * terms.sum()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, mean over rows and classes

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    return temperature ** 2 * terms.mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, sign turned

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (outputs / targets).log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, KL in the wrong direction

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = outputs * (outputs / targets).log()
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, logarithm to base 2

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets.log2() - outputs.log2())
    return temperature ** 2 * terms.sum(dim=-1).mean()


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | right letters, number of rows hard-coded

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits / temperature, dim=-1)
    terms = targets * (targets / outputs).log()
    rows = terms.sum(dim=-1)
    total = (rows[0] + rows[1]) / 2 if len(rows) > 1 else rows[0]
    return temperature ** 2 * total


def wrong_lines():
    return "ABCF"


# %% 02-repair | wrong | only one line repaired and named

def soft_term(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=-1)
    outputs = torch.softmax(student_logits, dim=-1)
    terms = -(targets * outputs.log() + (1 - targets) * (1 - outputs).log())
    return temperature * terms.sum(dim=-1).mean()


def wrong_lines():
    return "A"


# %% 02-stable | right | torch where on p > 0

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    terms = p * (log_p - log_q)
    return torch.where(p > 0, terms, torch.zeros_like(terms)).sum(dim=-1)


# %% 02-stable | right | nansum: every NaN is 0 times something

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = (teacher_logits / temperature).log_softmax(1)
    log_q = (student_logits / temperature).log_softmax(1)
    return torch.nansum(log_p.exp() * (log_p - log_q), dim=1)


# %% 02-stable | right | numpy, logsumexp by hand

import numpy as np

def stable_kl(student_logits, teacher_logits, temperature):
    def log_softmax(z):
        z = np.asarray(z, dtype=np.float64) / temperature
        z = z - z.max(axis=1, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    log_p, log_q = log_softmax(teacher_logits), log_softmax(student_logits)
    p = np.exp(log_p)
    out = np.zeros(len(p))
    for i in range(len(p)):
        on = p[i] > 0
        out[i] = np.sum(p[i, on] * (log_p[i, on] - log_q[i, on]))
    return out


# %% 02-stable | right | float32 inside, exclusion read off the logits

def stable_kl(student_logits, teacher_logits, temperature):
    def log_softmax32(z):
        z = (z - z.max(dim=1, keepdim=True).values) / temperature
        return torch.log_softmax(z.float(), dim=1)
    teacher_off, student_off = torch.isneginf(teacher_logits), torch.isneginf(student_logits)
    log_p, log_q = log_softmax32(teacher_logits), log_softmax32(student_logits)
    gap = (log_p - log_q).masked_fill(teacher_off | student_off, 0.0)
    kl = (log_p.exp() * gap).sum(dim=1)
    kl[(student_off & ~teacher_off).any(dim=1)] = float("inf")
    return kl


# %% 02-stable | right | python loops by the logits (exclusion = logit -inf), inf even where p underflows

def stable_kl(student_logits, teacher_logits, temperature):
    import math
    out = []
    for s, t in zip(student_logits.tolist(), teacher_logits.tolist()):
        s, t = [v / temperature for v in s], [v / temperature for v in t]
        ms, mt = max(s), max(t)
        ls = ms + math.log(sum(math.exp(v - ms) for v in s))
        lt = mt + math.log(sum(math.exp(v - mt) for v in t))
        kl = 0.0
        for a, b in zip(s, t):
            if b == -math.inf:
                continue
            if a == -math.inf:
                kl = math.inf
                break
            lp, lq = b - lt, a - ls
            kl += math.exp(lp) * (lp - lq)
        out.append(kl)
    return out


# %% 02-stable | right | torch with p > 0

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)


# %% 02-stable | wrong | no mask at all: NaN

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


# %% 02-stable | wrong | exp overflows for big logits

def stable_kl(student_logits, teacher_logits, temperature):
    a, b = torch.exp(student_logits / temperature), torch.exp(teacher_logits / temperature)
    q, p = a / a.sum(dim=-1, keepdim=True), b / b.sum(dim=-1, keepdim=True)
    return torch.where(p == 0, 0.0, p * torch.log(p / q)).sum(dim=-1)


# %% 02-stable | wrong | logarithm of a softmax that underflowed

def stable_kl(student_logits, teacher_logits, temperature):
    q = torch.softmax(student_logits / temperature, dim=-1)
    p = torch.softmax(teacher_logits / temperature, dim=-1)
    return torch.where(p > 0, p * (p.log() - q.log()), 0.0).sum(dim=-1)


# %% 02-stable | wrong | T² included

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return temperature ** 2 * torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


# %% 02-stable | wrong | factor T included

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return temperature * torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


# %% 02-stable | wrong | direction swapped

def stable_kl(student_logits, teacher_logits, temperature):
    log_q = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_p = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


# %% 02-stable | wrong | sign turned

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_q - log_p), 0.0).sum(dim=-1)


# %% 02-stable | wrong | cross-entropy, entropy not taken off

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return -torch.where(p > 0, p * log_q, 0.0).sum(dim=-1)


# %% 02-stable | wrong | mean over the classes

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).mean(dim=-1)


# %% 02-stable | wrong | mean over the rows, one number

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1).mean()


# %% 02-stable | wrong | keeps a column, shape (N, 1)

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1, keepdim=True)


# %% 02-stable | wrong | in bits

import math

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits / temperature, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1) / math.log(2)


# %% 02-stable | wrong | temperature not used

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits, dim=-1)
    log_q = torch.log_softmax(student_logits, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


# %% 02-stable | wrong | temperature on the teacher only

def stable_kl(student_logits, teacher_logits, temperature):
    log_p = torch.log_softmax(teacher_logits / temperature, dim=-1)
    log_q = torch.log_softmax(student_logits, dim=-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(dim=-1)


# %% 02-worked-example | right | numpy where

def kd_table(teacher_probs, student_probs):
    keep = teacher_probs > 0
    p = np.where(keep, teacher_probs, 1.0)
    q = np.where(keep, student_probs, 1.0)
    with np.errstate(divide="ignore"):
        ce = -(teacher_probs * np.log(q)).sum(axis=1)
    h = -(teacher_probs * np.log(p)).sum(axis=1)
    kl = ce - h
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


# %% 02-worked-example | right | torch xlogy and entr, values are tensors

import torch

def kd_table(teacher_probs, student_probs):
    p, q = torch.as_tensor(teacher_probs), torch.as_tensor(student_probs)
    ce = -torch.xlogy(p, q).sum(1)
    h = torch.special.entr(p).sum(1)
    return dict(ce_rows=ce, h_rows=h, kl_rows=ce - h, ce_sum=ce.sum(), ce_mean=ce.mean(), kl_mean=(ce - h).mean())


# %% 02-worked-example | right | plain loops and math, values are lists and floats

import math

def kd_table(teacher_probs, student_probs):
    ce_rows, h_rows, kl_rows = [], [], []
    for p_row, q_row in zip(teacher_probs.tolist(), student_probs.tolist()):
        ce = h = 0.0
        for p, q in zip(p_row, q_row):
            if p == 0:
                continue
            ce += p * (-math.log(q)) if q > 0 else math.inf
            h += p * (-math.log(p))
        ce_rows.append(ce)
        h_rows.append(h)
        kl_rows.append(ce - h)
    n = len(ce_rows)
    return {"ce_rows": ce_rows, "h_rows": h_rows, "kl_rows": kl_rows,
            "ce_sum": sum(ce_rows), "ce_mean": sum(ce_rows) / n, "kl_mean": sum(kl_rows) / n}


# %% 02-worked-example | right | only the non-zero entries, bincount

def kd_table(teacher_probs, student_probs):
    n = len(teacher_probs)
    rows, cols = np.nonzero(teacher_probs)
    p, q = teacher_probs[rows, cols], student_probs[rows, cols]
    with np.errstate(divide="ignore"):
        surprise = -np.log(q)
    ce = np.bincount(rows, weights=p * surprise, minlength=n)
    kl = np.bincount(rows, weights=p * (np.log(p) + surprise), minlength=n)
    h = np.bincount(rows, weights=-p * np.log(p), minlength=n)
    return {"kl_mean": kl.sum() / n, "ce_mean": ce.sum() / n, "ce_sum": ce.sum(), "kl_rows": kl, "h_rows": h, "ce_rows": ce, "h_mean": h.mean()}


# %% 02-worked-example | right | log with where and out, KL from the ratio, float32 results

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    with np.errstate(divide="ignore"):
        log_p = np.log(teacher_probs, out=np.zeros(teacher_probs.shape), where=on)
        log_q = np.log(student_probs, out=np.zeros(teacher_probs.shape), where=on)
    h = -np.einsum("nc,nc->n", teacher_probs, log_p)
    kl = np.where(on, teacher_probs * (log_p - log_q), 0.0).sum(-1)
    ce = h + kl
    return {k: np.float32(v) for k, v in dict(ce_rows=ce, h_rows=h, kl_rows=kl, ce_sum=ce.sum(), ce_mean=ce.mean(), kl_mean=kl.mean()).items()}


# %% 02-worked-example | right | nansum over the products

def kd_table(teacher_probs, student_probs):
    with np.errstate(all="ignore"):
        ce = -np.nansum(teacher_probs * np.log(student_probs) / (teacher_probs > 0), axis=-1)
        h = -np.nansum(teacher_probs * np.log(teacher_probs), axis=-1)
    kl = ce - h
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


# %% 02-worked-example | wrong | logarithm to base 10

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log10(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log10(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | NaN for probabilities of 0

def kd_table(teacher_probs, student_probs):
    ce = -(teacher_probs * np.log(student_probs)).sum(axis=1)
    h = -(teacher_probs * np.log(teacher_probs)).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | two classes hard-coded

def kd_table(teacher_probs, student_probs):
    def xlog(a, b):
        return np.where(a > 0, a * np.log(np.where(a > 0, b, 1.0)), 0.0)
    p, q = teacher_probs, student_probs
    ce = -xlog(p[:, 0], q[:, 0]) - xlog(p[:, 1], q[:, 1])
    h = -xlog(p[:, 0], p[:, 0]) - xlog(p[:, 1], p[:, 1])
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | logarithm to base 2

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log2(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log2(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | entropy alone in bits

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log2(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | minus sign of the cross-entropy lost

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = (teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    kl = -ce - h
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


# %% 02-worked-example | wrong | minus sign of the entropy lost

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = (teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    kl = ce + h
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


# %% 02-worked-example | wrong | KL with the sign turned, H - CE

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    kl = h - ce
    return {"ce_rows": ce, "h_rows": h, "kl_rows": kl, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": kl.mean()}


# %% 02-worked-example | wrong | arguments of the cross-entropy swapped

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(student_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | binary cross-entropy with 1 - p

def kd_table(teacher_probs, student_probs):
    p, q = teacher_probs, student_probs
    def plog(a, b):
        return np.where(a > 0, a * np.log(np.where((a > 0) & (b > 0), b, 1.0)), 0.0)
    ce = -(plog(p, q) + plog(1 - p, 1 - q)).sum(axis=1)
    h = -plog(p, p).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | mean over the classes in each row

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).mean(axis=1)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).mean(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | sums over the rows, axis=0

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=0)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=0)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.sum() / len(teacher_probs), "kl_mean": (ce - h).sum() / len(teacher_probs)}


# %% 02-worked-example | wrong | the student's entropy

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(student_probs * np.log(np.where(student_probs > 0, student_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce - h, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": (ce - h).mean()}


# %% 02-worked-example | wrong | KL taken for the cross-entropy

def kd_table(teacher_probs, student_probs):
    on = teacher_probs > 0
    ce = -(teacher_probs * np.log(np.where(on, student_probs, 1.0))).sum(axis=1)
    h = -(teacher_probs * np.log(np.where(on, teacher_probs, 1.0))).sum(axis=1)
    return {"ce_rows": ce, "h_rows": h, "kl_rows": ce, "ce_sum": ce.sum(), "ce_mean": ce.mean(), "kl_mean": ce.mean()}


# %% 02-loss | wrong | log of softmax overflows

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    q = torch.softmax(student_logits / temperature, 1); p = torch.softmax(teacher_logits / temperature, 1)
    soft = (p * (p.log() - q.log())).sum(1).mean()
    hard = -torch.softmax(student_logits, 1)[torch.arange(len(target)), target].log().mean()
    return (1 - alpha) * hard + alpha * temperature ** 2 * soft


# %% 02-loss | wrong | epsilon in the logs

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    q = torch.softmax(student_logits / temperature, 1); p = torch.softmax(teacher_logits / temperature, 1)
    soft = (p * ((p + 1e-8).log() - (q + 1e-8).log())).sum(1).mean()
    return (1 - alpha) * F.cross_entropy(student_logits, target) + alpha * temperature ** 2 * soft


# %% 02-loss | wrong | naive exp that overflows

def distillation(student_logits, teacher_logits, target, temperature, alpha):
    def sm(z):
        e = torch.exp(z); return e / e.sum(1, keepdim=True)
    ce = -torch.log(sm(student_logits)[torch.arange(len(target)), target]).mean()
    p, q = sm(teacher_logits / temperature), sm(student_logits / temperature)
    return (1 - alpha) * ce + alpha * temperature ** 2 * (p * torch.log(p / q)).sum(1).mean()
