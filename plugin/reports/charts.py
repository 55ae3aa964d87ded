"""Charts for reports as inline SVG, drawn with matplotlib."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..solvers.dependencies import require

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Fonts with the letters that matplotlib's own lacks; those of them that are there measure such names, and a reader's
# browser draws them in a font of its own.
WIDE_FONTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Yu Gothic", "MS Gothic", "Meiryo",
    "Microsoft YaHei", "SimHei", "Malgun Gothic", "Hiragino Sans", "PingFang SC", "WenQuanYi Zen Hei", "IPAGothic",
    "IPAexGothic", "TakaoGothic", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Thai", "Noto Sans Ethiopic",
)  # fmt: skip


def line_chart(
    x: Sequence[float] | np.ndarray,
    series: dict[str, Sequence[float] | np.ndarray],
    *,
    title: str,
    x_label: str,
    y_label: str,
    marks: dict[str, float] | None = None,
    step: bool = False,
    points: bool = False,
) -> Any:
    """Return a line chart as SVG markup that is safe to put in a page.

    Parameters
    ----------
    x : shape (k,)
    series : name to values, each of shape (k,)
    title, x_label, y_label : str
        Labels carry the unit.
    marks : name to x, optional
        Dashed vertical lines with a label.
    step : bool
        Draw counts as steps.
    points : bool
        Mark each value, which also shows one that has no neighbour.
    """
    figure, axes = _figure(title, x_label, y_label)
    style, marker = "steps-post" if step else "default", "o" if points else ""
    for colour, (name, values) in zip(COLOURS * 3, series.items()):
        axes.plot(x, values, label=_as_it_is(name), color=colour, linewidth=2, drawstyle=style, marker=marker)
    for name, place in (marks or {}).items():
        axes.axvline(place, color="#666666", linestyle="--", linewidth=1)
        corner = (place, 1.0)
        axes.annotate(
            _as_it_is(name), corner, xycoords=("data", "axes fraction"), rotation=90, va="top", ha="right", fontsize=8
        )
    if len(series) > 1:
        axes.legend(frameon=False)
    return _svg(figure)


def bar_chart(
    names: Sequence[str],
    values: Sequence[float] | np.ndarray,
    *,
    title: str,
    value_label: str,
    limits: Sequence[float] | np.ndarray | None = None,
    limit_label: str = "",
    beside: Sequence[float] | np.ndarray | None = None,
    labels: tuple[str, str] = ("", ""),
) -> Any:
    """Return a chart of horizontal bars as SVG markup, with an optional limit drawn at each bar.

    With other values ``beside`` them the bars come in pairs, called as ``labels`` say.
    """
    figure, axes = _figure(
        title, value_label, "", height=max(1.8, (0.32 if beside is None else 0.42) * len(names) + 1.2)
    )
    places = np.arange(len(names))
    if beside is None:
        axes.barh(places, values, color=COLOURS[0], height=0.7)
    else:
        axes.barh(places - 0.2, values, color=COLOURS[0], height=0.38, label=labels[0])
        axes.barh(places + 0.2, beside, color=COLOURS[4], height=0.38, label=labels[1])
    if limits is not None:
        axes.scatter(limits, places, marker="|", s=180, color=COLOURS[1], label=limit_label, zorder=3)
    if beside is not None:  # between title and bars, which fill the place otherwise
        axes.set_title(title, loc="left", fontsize=11, pad=26)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncol=3)
    elif limits is not None:
        axes.legend(frameon=False, loc="lower right")
    axes.set_yticks(places, [_as_it_is(name) for name in names])
    axes.invert_yaxis()
    return _svg(figure)


class MapPanel(NamedTuple):
    """One of several maps of the same ground, in metres.

    Attributes
    ----------
    title : str
    lines : list of (v, 2)
        Roads.
    widths : (k,)
        Of these lines, points.
    places : (n, 2)
    sizes : (n,)
        Of these places, square points.
    full : (n,) bool
        Places that can take no more.
    """

    title: str
    lines: Sequence[np.ndarray]
    widths: np.ndarray
    places: np.ndarray
    sizes: np.ndarray
    full: np.ndarray


def map_chart(panels: Sequence[MapPanel], areas: Sequence[np.ndarray] = ()) -> Any:
    """Return maps side by side as SVG markup, all with one scale, north up; ``areas`` (v, 2) are filled on each."""
    require("matplotlib", "drawing charts")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    every = np.concatenate([np.vstack([*panel.lines, panel.places]) for panel in panels])
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.04 * max(float((high - low).max()), 100.0)
    tall = float((high - low)[1] + 2 * margin) / float((high - low)[0] + 2 * margin)
    width = 10.0 / len(panels)
    figure = Figure(figsize=(10.0, min(max(width * tall, 2.0), 8.0) + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, axes in zip(panels, np.atleast_1d(figure.subplots(1, len(panels)))):
        axes.set_title(_as_it_is(panel.title), loc="left", fontsize=11)
        axes.set_xlim(low[0] - margin, high[0] + margin)
        axes.set_ylim(low[1] - margin, high[1] + margin)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        for ring in areas:
            axes.fill(*ring.T, color=COLOURS[5], alpha=0.25, linewidth=0)
        axes.add_collection(LineCollection(list(panel.lines), linewidths=panel.widths, colors=COLOURS[0]))
        for which, colour in ((~panel.full, COLOURS[2]), (panel.full, COLOURS[1])):
            axes.scatter(*panel.places[which].T, s=panel.sizes[which], color=colour, edgecolor="white", zorder=3)
        metres = 10.0 ** np.floor(np.log10(float(high[0] - low[0] + 2 * margin) / 3.0))
        left, under = low[0] - margin / 2, low[1] - margin / 2
        axes.plot([left, left + metres], [under, under], color="#333333", linewidth=2)
        label = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        axes.annotate(label, (left, under), xytext=(0, 3), textcoords="offset points", fontsize=8)
    return _svg(figure)


def _as_it_is(text: object) -> str:
    """Return a text that is drawn as it is: dollar signs would otherwise start a formula."""
    return str(text).replace("$", r"\$")


@cache
def _families() -> list[str]:
    """Return the font families to draw with: matplotlib's own, then those on this system that have other letters."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in WIDE_FONTS if name in there), "sans-serif"]


def _figure(title: str, x_label: str, y_label: str, height: float = 3.4) -> tuple[Any, Any]:
    require("matplotlib", "drawing charts")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(7.2, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    thousands = FuncFormatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}")
    axes.xaxis.set_major_formatter(thousands)
    axes.yaxis.set_major_formatter(thousands)
    return figure, axes


def _svg(figure: Any) -> Any:
    markup = require("markupsafe", "writing HTML reports")
    import matplotlib

    buffer = io.StringIO()
    # A fixed salt and no date: the same input gives the same file. Text stays text, which can be searched, read aloud
    # and drawn in letters that this system has no font for.
    settings = {"svg.hashsalt": "evacuation", "svg.fonttype": "none", "font.family": _families()}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        for text in figure.findobj(lambda artist: hasattr(artist, "set_fontfamily")):
            text.set_fontfamily(_families())
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    # A name that was measured too short reaches over the edge rather than being cut off.
    return markup.Markup(text[text.index("<svg") :].replace("<svg ", '<svg style="overflow: visible" ', 1))
