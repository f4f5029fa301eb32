"""The playground: its networks answer as PyTorch's do, it takes a drawing by mouse and by keyboard, and its files are small."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from test_browser import SITE, visit
from torch import nn

from kdtutor.models import MLP, SmallCNN

PAGE = "appendix/playground.html"
pytestmark = pytest.mark.slow


def decoded(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).copy()


@pytest.fixture(scope="module")
def content() -> dict:
    page = BeautifulSoup((SITE / "en" / PAGE).read_text("utf-8"), "html.parser")
    return json.loads(page.select_one("#kd-networks").string)


@pytest.fixture(scope="module")
def networks(content) -> list[nn.Module]:
    """The page's networks in PyTorch, with the same rounded weights."""
    made = []
    for name, layers in content["networks"].items():
        model = SmallCNN(10) if name == "teacher" else MLP(196, 10, hidden=(32,))
        own = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        for layer, stored in zip(own, layers, strict=True):
            whole = torch.from_numpy(decoded(stored["weight"], "int8")).view(stored["shape"])
            layer.weight.data = whole.float() * stored["scale"]
            layer.bias.data = torch.from_numpy(decoded(stored["bias"], "<f4"))
        made.append(model.eval())
    return made


def logits(networks, content, image: np.ndarray) -> list[list[float]]:
    x = ((torch.from_numpy(image).double() - content["mean"]) / content["sd"]).float().view(1, 1, 14, 14)
    return [model(x)[0].tolist() for model in networks]


def shown(page) -> list[list[float]]:
    """The logits behind the table, one list a network."""
    rows = page.locator("table.kd-says tbody tr").evaluate_all("rows => rows.map(r => [...r.querySelectorAll('td')].map(c => +c.dataset.logit))")
    return [list(column) for column in zip(*rows, strict=True)]


def drawn(page) -> np.ndarray:
    """The ink on the field, 280 × 280, from 0 to 1."""
    values = page.evaluate(
        "() => { const c = document.querySelector('.kd-field'); const d = c.getContext('2d').getImageData(0, 0, 280, 280).data;"
        " return Array.from({ length: 280 * 280 }, (_, i) => d[4 * i]); }"
    )
    return np.array(values).reshape(280, 280) / 255


def prepared(ink: np.ndarray) -> np.ndarray:
    """What the page should make of the ink: means over squares, from sums up to each corner, with straight lines between pixels."""
    rows, columns = np.nonzero(ink >= 0.05)
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    strong = np.where(ink >= 0.05, ink, 0)
    centre = [(strong.sum(1 - axis) * (np.arange(280) + 0.5)).sum() / strong.sum() for axis in (0, 1)]
    edges = [np.clip(middle + np.arange(-7, 8) * size / 10, 0, 280) for middle in centre]
    total = np.pad(ink.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    at = np.arange(281)
    across = np.stack([np.interp(edges[1], at, line) for line in total])
    both = np.stack([np.interp(edges[0], at, line) for line in across.T], axis=1)
    return np.diff(np.diff(both, axis=0), axis=1) / (size / 10) ** 2


def test_the_weights_take_less_than_60_kb(content):
    size = sum(len(base64.b64decode(layer[key])) for layers in content["networks"].values() for layer in layers for key in ("weight", "bias"))
    assert 40_000 < size <= 60_000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_networks_answer_as_in_pytorch(browser, base, content, networks, language):
    page, wrong = visit(browser, f"{base}/{language}/{PAGE}")
    images = decoded(content["samples"], "uint8").reshape(-1, 196) / 255
    buttons = page.locator(".kd-samples button")
    assert buttons.count() == len(images) == len(content["labels"]) == 14
    for number, image in enumerate(images):
        buttons.nth(number).click()
        for found, expected in zip(shown(page), logits(networks, content, image), strict=True):
            assert found == pytest.approx(expected, abs=1e-4)
    page.context.close()
    assert wrong == []


def test_the_temperature_softens_what_is_shown(browser, base):
    page, _ = visit(browser, f"{base}/en/{PAGE}")
    page.locator(".kd-samples button").nth(3).click()
    slider = page.locator(".kd-playground input[type=range]")
    slider.focus()
    for presses in (0, 6):
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        z = np.array(shown(page)) / float(slider.input_value())
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        texts = page.locator("table.kd-says tbody tr").evaluate_all("rows => rows.map(r => [...r.querySelectorAll('td')].map(c => +c.textContent))")
        assert pytest.approx(p, abs=6e-4) == np.array(texts).T
        kl = (p[0] * np.log(p[0] / p[1])).sum()
        assert f"KL(teacher ‖ distilled student) {kl:.3f} nats" in page.locator(".kd-playground-status").inner_text()
    assert slider.get_attribute("aria-valuetext") == "T = 4.0"
    page.context.close()


def test_a_drawing_is_fitted_and_read(browser, base, content, networks):
    """A small one in a corner and a large slanted one: the networks see what MNIST's preparation makes of them, and read a one."""
    page, wrong = visit(browser, f"{base}/en/{PAGE}")
    frame = page.locator(".kd-field").bounding_box()
    for start, end in (((40, 30), (44, 110)), ((170, 20), (120, 260))):
        page.locator(".kd-controls button").click()
        page.mouse.move(frame["x"] + start[0], frame["y"] + start[1])
        page.mouse.down()
        page.mouse.move(frame["x"] + end[0], frame["y"] + end[1], steps=8)
        page.mouse.up()
        for found, expected in zip(shown(page), logits(networks, content, prepared(drawn(page))), strict=True):
            assert found == pytest.approx(expected, abs=1e-3)
        assert max(range(10), key=shown(page)[0].__getitem__) == 1
    page.context.close()
    assert wrong == []


def test_the_keyboard_draws_and_clears(browser, base):
    page, _ = visit(browser, f"{base}/en/{PAGE}")
    page.locator(".kd-field").focus()
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    assert drawn(page).sum() == 0
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    ink = drawn(page)
    rows, columns = np.nonzero(ink > 0.5)
    assert np.ptp(rows) > 180 and np.ptp(columns) < 30
    assert "teacher: 1" in page.locator(".kd-playground-status").inner_text()
    page.keyboard.press("Delete")
    assert drawn(page).sum() == 0
    assert page.locator(".kd-playground-status").inner_text() == "Draw a digit or choose a sample."
    page.context.close()


def test_without_javascript_it_says_so(browser, base):
    page, _ = visit(browser, f"{base}/zh/{PAGE}", java_script_enabled=False)
    assert "JavaScript" in page.locator(".kd-playground").inner_text()
    page.context.close()
