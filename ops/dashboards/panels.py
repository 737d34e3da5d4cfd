"""The few kinds of panel that our dashboards are made of."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import common, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    Panel,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""Whatever Prometheus the dashboard's variable names."""

WIDTH = 24
"""Columns of Grafana's grid."""

STAT_HEIGHT = 4
LINES_HEIGHT = 8
GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"

AnyPanel = Builder[Panel]


class Query(NamedTuple):
    """A PromQL expression and how each of its series is called (``{{label}}`` stands for a label's value)."""

    expression: str
    legend: str = ""


class Step(NamedTuple):
    """From this value on the panel has this colour."""

    value: float
    colour: str


def stat_of(
    title: str,
    expression: str,
    description: str,
    *,
    width: int = 4,
    unit: str = "short",
    steps: Sequence[Step] = (),
    words: Mapping[str, str] | None = None,
) -> AnyPanel:
    """One large number. ``words``: what is shown in place of a value; it is green up to the first of ``steps``."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(STAT_HEIGHT)
        .unit(unit)
        .thresholds(_thresholds(steps, below=GREEN if steps else BLUE))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False))
        .color_mode(BigValueColorMode.BACKGROUND if steps else BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .with_target(_target(Query(expression), 0))
    )
    if words:
        panel.mappings([ValueMap({value: ValueMappingResult(text=text) for value, text in words.items()})])
    return panel


def lines(
    title: str,
    queries: Sequence[Query],
    description: str,
    *,
    width: int = 12,
    unit: str = "short",
    stacked: Sequence[str] = (),
    steps: Sequence[Step] = (),
) -> AnyPanel:
    """Lines over time, never below zero. ``stacked``: ("normal",) to see the sum."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(LINES_HEIGHT)
        .unit(unit)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .fill_opacity(25 if stacked else 8)
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if steps:
        panel.thresholds(_thresholds(steps, below=GREEN))
    for place, query in enumerate(queries):
        panel.with_target(_target(query, place))
    return panel


def states(
    title: str,
    query: Query,
    description: str,
    *,
    width: int = 12,
    steps: Sequence[Step],
    words: Mapping[str, str],
) -> AnyPanel:
    """One bar for each series; its colour is its state over time."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(LINES_HEIGHT)
        .thresholds(_thresholds(steps, below=RED))
        .mappings([ValueMap({value: ValueMappingResult(text=text) for value, text in words.items()})])
        .show_value(VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .with_target(_target(query, 0))
    )


def rows(
    title: str,
    expression: str,
    description: str,
    *,
    columns: Sequence[str],
    value: str,
    width: int = 12,
) -> AnyPanel:
    """A table: one row for each series, its labels as ``columns``, its value last."""
    order = {name: place for place, name in enumerate((*columns, "Value"))}
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .span(width)
        .height(LINES_HEIGHT)
        .no_value("Nothing.")
        .show_header(show_header=True)
        .with_target(_target(Query(expression), 0).instant().format(PromQueryFormat.TABLE))
        .with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": order,
                    "renameByName": {"Value": value},
                },
            )
        )
    )


def _target(query: Query, place: int) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expression)
        .legend_format(query.legend or "__auto")
        .ref_id("ABCDEFGHIJ"[place])
        .datasource(SOURCE)
    )


def _thresholds(steps: Sequence[Step], *, below: str) -> ThresholdsConfig:
    first = Threshold(value=None, color=below)
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([first, *(Threshold(value=step.value, color=step.colour) for step in steps)])
    )
