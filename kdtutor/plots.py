"""One function a kind of figure. Each takes matplotlib Axes and returns them; none calls plt.show()."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from kdtutor import _check
from kdtutor._estimate import Estimate

# Okabe and Ito's colours, apart for colour-blind readers; line styles and markers tell them apart in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (3, 1, 1, 1, 1, 1)), (0, (5, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")


def use_style() -> None:
    """Set the book's figure style: white card, no frame on top and right, readable on a phone.

    Notes
    -----
    Changes matplotlib's settings for the whole process. Used by every chapter.
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "font.size": 10,
            "legend.frameon": False,
            "svg.hashsalt": "kdtutor",
        }
    )


def _check_series(series: Mapping[str, Sequence[Any]], length: int) -> None:
    if not 1 <= len(series) <= len(COLOURS):
        raise ValueError(f"series: expected 1 to {len(COLOURS)} of them, got {len(series)}; draw two figures")
    for label, values in series.items():
        if len(values) != length:
            raise ValueError(f"series: expected {length} values for each, got {len(values)} for {label!r}")


def lines(
    ax: Axes, x: Sequence[float], series: Mapping[str, Sequence[float] | Sequence[Estimate]], *, xlabel: str, ylabel: str, log: str = ""
) -> Axes:
    """Lines over x with markers, each with its own colour, style and marker.

    Parameters
    ----------
    ax : matplotlib Axes
    x : sequence of K numbers
    series : mapping of label to K numbers or K `training.Estimate`
        At most 7. An Estimate gets an error bar of one standard error.
    xlabel, ylabel : str
        With the unit.
    log : "", "x", "y" or "xy"
        Axes with a logarithmic scale, base 2 for x.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are more than 7 series, one is not as long as x, or `log` is unknown.

    Notes
    -----
    Chapter `the-loss`.
    """
    _check_series(series, len(x))
    _check.choice("log", log, ("", "x", "y", "xy"))
    for i, (label, values) in enumerate(series.items()):
        means = [v.mean if isinstance(v, Estimate) else v for v in values]
        errors = [v.standard_error if isinstance(v, Estimate) else 0.0 for v in values]
        style: dict[str, Any] = {"color": COLOURS[i], "linestyle": STYLES[i], "marker": MARKERS[i], "label": label, "markersize": 5}
        ax.errorbar(x, means, yerr=errors if any(errors) else None, capsize=3, **style)
    if "x" in log:
        ax.set_xscale("log", base=2)
        ax.set_xticks(list(x), [f"{v:g}" for v in x])
    if "y" in log:
        ax.set_yscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if len(series) > 1:
        ax.legend()
    return ax


def bars(ax: Axes, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, xlabel: str = "", ylabel: str, stacked: bool = False) -> Axes:
    """Bars by label, several series beside each other or stacked.

    Parameters
    ----------
    ax : matplotlib Axes
    labels : sequence of K str
    series : mapping of label to K numbers
        At most 7.
    xlabel, ylabel : str
    stacked : bool

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are more than 7 series or one is not as long as the labels.

    Notes
    -----
    Chapter `the-loss`.
    """
    _check_series(series, len(labels))
    _check.flag("stacked", stacked)
    position, width = np.arange(len(labels), dtype=float), 0.8 if stacked else 0.8 / len(series)
    bottom = np.zeros(len(labels))
    for i, (label, values) in enumerate(series.items()):
        offset = 0.0 if stacked else (i - (len(series) - 1) / 2) * width
        ax.bar(
            position + offset, values, width, bottom=bottom if stacked else None, label=label, color=COLOURS[i], hatch=HATCHES[i], edgecolor="white"
        )
        bottom = bottom + np.asarray(values) if stacked else bottom
    ax.set_xticks(position, labels)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(axis="x", visible=False)
    if len(series) > 1:
        ax.legend()
    return ax


def dots(ax: Axes, series: Mapping[str, Estimate], *, xlabel: str) -> Axes:
    """One mean a line, first on top, with an error bar of one standard error; for gains, with a line at zero.

    Parameters
    ----------
    ax : matplotlib Axes
    series : mapping of label to `training.Estimate`
    xlabel : str
        With the unit.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `series` is empty or holds something else.

    Notes
    -----
    The line at zero is drawn if the means and their errors reach it. Chapter `what-distillation-is`.
    """
    if not isinstance(series, Mapping) or not series or not all(isinstance(value, Estimate) for value in series.values()):
        raise ValueError(f"series: expected a mapping of labels to estimates, got {_check.describe(series)}; take Comparison.mean or .difference")
    position = np.arange(len(series), dtype=float)[::-1]
    means, errors = ([getattr(value, name) for value in series.values()] for name in ("mean", "standard_error"))
    ax.errorbar(means, position, xerr=errors, linestyle="none", marker="o", markersize=6, capsize=3, color=COLOURS[0])
    left, right = ax.get_xlim()
    if left <= 0 <= right:
        ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set_yticks(position, list(series))
    ax.set_ylim(-0.6, len(series) - 0.4)
    ax.set_xlabel(xlabel)
    ax.grid(axis="y", visible=False)
    return ax


class SliderTable(NamedTuple):
    """Estimates over two settings as a table; see `slider_table`."""

    values: Mapping[str, Sequence[Estimate]]
    rows: Sequence[str]
    xlabel: str

    def _repr_html_(self) -> str:
        def row(tag: str, cells: Sequence[str]) -> str:
            return f"<tr><th>{cells[0]}</th>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells[1:]) + "</tr>"

        def shown(value: Estimate) -> str:
            return f"{value.mean:.2f} ± {value.standard_error:.2f}"

        head = row("th", ["", *map(html.escape, self.values)])
        body = [row("td", [html.escape(name), *(shown(column[i]) for column in self.values.values())]) for i, name in enumerate(self.rows)]
        label = html.escape(self.xlabel)
        return f'<table class="kd-explorer"><caption>{label}</caption><thead>{head}</thead><tbody>{"".join(body)}</tbody></table>'


def slider_table(values: Mapping[str, Sequence[Estimate]], rows: Sequence[str], *, xlabel: str) -> SliderTable:
    """A table of estimates, one column a setting, shown by Jupyter as HTML; the book's site shows one column at a time, with a slider.

    Parameters
    ----------
    values : mapping of column to K `training.Estimate`
    rows : sequence of K str
    xlabel : str
        What the numbers are, with the unit.

    Returns
    -------
    SliderTable

    Raises
    ------
    ValueError
        If there are no columns, a column is not as long as `rows`, or it holds something else.

    Notes
    -----
    Chapter `when-it-fails`.
    """
    if not isinstance(values, Mapping) or not values:
        raise ValueError(f"values: expected a mapping of columns to estimates, got {_check.describe(values)}")
    for name, column in values.items():
        if len(column) != len(rows) or not all(isinstance(value, Estimate) for value in column):
            raise ValueError(f"values: expected {len(rows)} estimates in each column, one for each of the rows, got {name!r} with {len(column)}")
    return SliderTable(values, rows, xlabel)


def image_row(axes: Sequence[Axes], images: Any, captions: Sequence[str]) -> Sequence[Axes]:
    """Grey images, one an axis, dark on white, with a caption below each.

    Parameters
    ----------
    axes : sequence of K matplotlib Axes
    images : array or tensor (K, H, W)
    captions : sequence of K str

    Returns
    -------
    sequence of matplotlib Axes

    Raises
    ------
    ValueError
        If the three differ in length or the images have another shape.

    Notes
    -----
    Chapter `the-loss`.
    """
    pictures = np.asarray(images)
    if pictures.ndim != 3 or not len(axes) == len(pictures) == len(captions):
        raise ValueError(
            f"axes, images and captions: expected one length and images (K, H, W), got {len(axes)} axes, {len(captions)} captions and "
            f"{_check.describe(images)}"
        )
    for ax, image, caption in zip(axes, pictures, captions, strict=True):
        ax.imshow(image, cmap="gray_r")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(visible=False)
        ax.set_xlabel(caption)
    return axes
