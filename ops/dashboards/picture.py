"""A dashboard as a picture, from the same file and the same queries that Grafana uses; for the docs.

usage: python -m ops.dashboards.picture PROMETHEUS_URL SECONDS FILE.png [BOARD]     the last SECONDS
"""

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from ops.dashboards.files import FOLDER

WIDTH = 24
STAT_MARGINS = (0.15, 0.15, 0.2, 0.2)
MARGINS = (1.0, 0.4, 1.2, 2.6)
"""Left, right, above, below, in Grafana's columns and rows: room for the title, the scales and the legend."""

COLUMN_INCHES, ROW_INCHES = 0.6, 0.36
DOTS_PER_INCH = 72
COLOURS = 64
"""Enough for lines and letters, and a fifth of the file's size."""

MOST_LINES = 10
Json = dict[str, Any]


class Series(NamedTuple):
    """One line: its labels, and value by moment (seconds since 1970)."""

    labels: Mapping[str, str]
    points: list[tuple[float, float]]


Fetch = Callable[[str], list[Series]]
"""The series of an expression, over the time that the picture shows."""


def fetch_from(url: str, *, start: float, end: float, rate_interval: str) -> Fetch:
    """Ask a Prometheus, as Grafana does; ``rate_interval`` stands for ``$__rate_interval``."""

    def fetch(expression: str) -> list[Series]:
        query = expression.replace("$__rate_interval", rate_interval)
        words = {"query": query, "start": start, "end": end, "step": max(1.0, (end - start) / 200)}
        address = f"{url}/api/v1/query_range?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(address, timeout=30.0) as answer:  # noqa: S310 - the caller's own server
            found = json.load(answer)["data"]["result"]
        return [Series(one["metric"], [(float(at), float(to)) for at, to in one["values"]]) for one in found]

    return fetch


def draw(board: Json, fetch: Fetch, path: Path) -> None:
    """Draw every panel at its place."""
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    figure = Figure(
        figsize=(WIDTH * COLUMN_INCHES, height * ROW_INCHES), dpi=DOTS_PER_INCH, facecolor="#f4f5f5"
    )
    for panel in board["panels"]:
        place = panel["gridPos"]
        top = 1 - place["y"] / height
        if panel["type"] == "row":
            figure.text(0.008, top - 0.6 / height, panel["title"], weight="bold", size=11, va="center")
            continue
        left, right, above, below = STAT_MARGINS if panel["type"] == "stat" else MARGINS
        axes = figure.add_axes(
            (
                (place["x"] + left) / WIDTH,
                top - (place["h"] - below) / height,
                (place["w"] - left - right) / WIDTH,
                (place["h"] - above - below) / height,
            )
        )
        _DRAW[panel["type"]](axes, panel, [(target, fetch(target["expr"])) for target in panel["targets"]])
    figure.savefig(path)
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)


Answers = list[tuple[Json, list[Series]]]


def _stat(axes: Axes, panel: Json, answers: Answers) -> None:
    series = answers[0][1]
    value = series[0].points[-1][1] if series else None
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"]
    colour = next(
        (s["color"] for s in reversed(steps) if s.get("value") is None or (value or 0) >= s["value"]), "blue"
    )
    axes.set_facecolor({"green": "#299c46", "red": "#d44a3a", "orange": "#e0752d"}.get(colour, "#3274d9"))
    axes.set_xticks([])
    axes.set_yticks([])
    words = {
        key: one["text"]
        for mapping in defaults.get("mappings", [])
        for key, one in mapping["options"].items()
    }
    shown = "no data" if value is None else words.get(f"{value:g}", _short(value, defaults.get("unit", "")))
    axes.text(0.5, 0.42, shown, size=17, color="white", ha="center", va="center", transform=axes.transAxes)
    axes.text(
        0.03, 0.86, panel["title"], size=8, color="white", ha="left", va="center", transform=axes.transAxes
    )


def _lines(axes: Axes, panel: Json, answers: Answers) -> None:
    _titled(axes, panel)
    drawn = [(target, one) for target, series in answers for one in series][:MOST_LINES]
    for target, one in drawn:
        moments = [_moment(at) for at, _ in one.points]
        axes.plot(moments, [value for _, value in one.points], label=_name(target, one), linewidth=1.4)
    axes.set_ylim(bottom=0)
    _over_time(axes, has_legend=bool(drawn))


def _states(axes: Axes, panel: Json, answers: Answers) -> None:
    _titled(axes, panel)
    names: list[str] = []
    for target, series in answers:
        for one in series:
            for colour, is_good in (("#299c46", True), ("#d44a3a", False)):
                moments = [_moment(at) for at, value in one.points if (value >= 1) == is_good]
                axes.scatter(moments, [len(names)] * len(moments), c=colour, marker="s", s=40)
            names.append(_name(target, one))
    axes.set_yticks(range(len(names)), names, size=8)
    axes.set_ylim(-0.6, max(len(names) - 0.4, 0.6))
    _over_time(axes, has_legend=False)


def _table(axes: Axes, panel: Json, answers: Answers) -> None:
    """The largest value of each row, since at the end of a good story the table is empty."""
    _titled(axes, panel)
    axes.axis("off")
    rows = [
        [*one.labels.values(), f"{max(value for _, value in one.points):g}"]
        for _, series in answers
        for one in series
    ]
    if not rows:
        axes.text(0.02, 0.8, "Nothing.", size=9, transform=axes.transAxes)
        return
    names = [*answers[0][1][0].labels, "at most"]
    axes.table(rows, colLabels=names, loc="upper left", cellLoc="left", edges="horizontal")


_DRAW: dict[str, Callable[[Axes, Json, Answers], None]] = {
    "stat": _stat,
    "timeseries": _lines,
    "state-timeline": _states,
    "table": _table,
}


def _titled(axes: Axes, panel: Json) -> None:
    axes.set_title(panel["title"], size=9, loc="left", weight="bold")
    axes.tick_params(labelsize=7)


def _over_time(axes: Axes, *, has_legend: bool) -> None:
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(MaxNLocator(8))
    axes.grid(alpha=0.3)
    if has_legend:
        axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.14), fontsize=6, ncols=4, frameon=False)


def _name(target: Json, series: Series) -> str:
    name = str(target["legendFormat"])
    for label, value in series.labels.items():
        name = name.replace("{{" + label + "}}", value)
    return name if name != "__auto" else ", ".join(series.labels.values())


def _short(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
    if unit == "percentunit":
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"


def _moment(at: float) -> float:
    """A moment in matplotlib's own days."""
    return float(date2num(datetime.fromtimestamp(at, UTC)))  # type: ignore[no-untyped-call]


def main(url: str, seconds: str, file: str, board: str = "counterfoil-overview") -> int:
    """Draw the last ``seconds`` of a board that a Prometheus knows of."""
    end = time.time()
    interval = f"{max(8, round(float(seconds) / 60))}s"
    fetch = fetch_from(url.rstrip("/"), start=end - float(seconds), end=end, rate_interval=interval)
    draw(json.loads((FOLDER / f"{board}.json").read_text(encoding="utf-8")), fetch, Path(file))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
