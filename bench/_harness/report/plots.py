"""Draws the pictures: the same data give the same bytes."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench._harness.report.pictures import PICTURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench._harness.report.pictures import Picture
    from bench._harness.results import Entry

OURS = "#1b6ca8"
OTHERS = "#b8c4ce"
STYLE = {"svg.hashsalt": "vxdata", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False}


def write_plots(entries: Mapping[str, Entry], folder: Path) -> list[Path]:
    """Draw every picture whose data were measured.

    Args:
        entries: By question.
        folder: Where to.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for picture in PICTURES:
        data = picture.data(entries)
        if not data:
            continue
        with mpl.rc_context(STYLE):
            figure = _curves(picture, data) if picture.is_growth else _bars(picture, data)
            path = folder / f"{picture.name}.svg"
            metadata = {"Date": None, "Description": picture.digest(entries)}
            figure.savefig(path, format="svg", metadata=metadata, bbox_inches="tight")
        _without_trailing_spaces(path)
        written.append(path)
    return written


def _bars(picture: Picture, data: Mapping[str, list[float]]) -> Figure:
    """Medians as bars with their ranges, the quickest on top."""
    names = sorted(data, key=lambda name: statistics.median(data[name]), reverse=True)
    medians = [statistics.median(data[name]) for name in names]
    low = [median - min(data[name]) for name, median in zip(names, medians, strict=True)]
    high = [max(data[name]) - median for name, median in zip(names, medians, strict=True)]
    figure = Figure(figsize=(7, 0.6 + 0.32 * len(names)))
    axes = figure.subplots()
    colours = [OURS if name.startswith("VxData") else OTHERS for name in names]
    axes.barh(names, medians, xerr=[low, high], color=colours, ecolor="#444444", capsize=2)
    axes.set_xscale("log")
    axes.set_xlabel("seconds, median and range")
    axes.set_title(picture.title, loc="left")
    return figure


def _curves(picture: Picture, data: Mapping[str, Any]) -> Figure:
    """Both axes logarithmic: straight lines are powers."""
    figure = Figure(figsize=(7, 3.6))
    axes = figure.subplots()
    for name, curve in data.items():
        xs, ys = zip(*curve["points"], strict=True)
        axes.plot(xs, ys, marker="o", markersize=3, linewidth=1.2, label=f"{name} ({curve['unit']})")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(next(iter(data.values()))["of"])
    axes.set_title(picture.title, loc="left")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _without_trailing_spaces(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
