"""The charts of the pack: each takes the rows of the query of its name, and is drawn as SVG without scripts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

Row = dict[str, Any]
Words = dict[str, str]

FONT = "Noto Sans CJK JP, Hiragino Sans, Yu Gothic UI, Meiryo, Helvetica, Arial, sans-serif"
BLUE, GREY, RED, GREEN = "#2563a8", "#b8c0cc", "#c2412d", "#2f855a"
SHORT = alt.Axis(format="~s", tickCount=4)
PERCENT = alt.Axis(format="%", tickCount=5)


def svg(chart: alt.TopLevelMixin) -> str:
    """Return a chart as SVG text."""
    styled = (
        chart.configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(  # type: ignore[attr-defined]
            grid=False, labelFontSize=11, titleFontSize=11, titleFontWeight="normal", labelLimit=220
        )
    )
    return str(vl_convert.vegalite_to_svg(styled.to_dict()))


def _frame(rows: list[Row]) -> pd.DataFrame:
    """Return rows as a frame that can be drawn: charts know no decimals."""
    return pd.DataFrame(rows).map(lambda value: float(value) if isinstance(value, Decimal) else value)


def trend(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return a year of each top KPI beside its target, each on a scale of its own."""
    data = _frame(rows).assign(period_start=lambda frame: pd.to_datetime(frame["period_start"]))
    month = alt.X("yearmonth(period_start):O", title=None, axis=alt.Axis(format="%y-%m", labelAngle=-60))
    base = alt.Chart().encode(x=month)
    bars = base.mark_bar(color=BLUE, opacity=0.85).encode(y=alt.Y("value:Q", title=None, axis=SHORT))
    targets = base.mark_tick(color=RED, thickness=2, width=14).encode(y="target:Q")
    chart: alt.TopLevelMixin = (
        alt.layer(bars, targets, data=data)
        .properties(width=270, height=90)
        .facet(alt.Facet("kpi_name:N", title=None, sort=list(dict.fromkeys(data["kpi_name"]))), columns=3)
        .resolve_scale(y="independent")
    )
    return chart


def funnel(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return the journeys that entered each step, and the rate that passed with its 95 % interval, in both views."""
    data = _frame(rows).assign(
        step=lambda frame: frame["step"].map(lambda step: words[f"step_{step}"]),
        view=lambda frame: frame["view"].map(lambda view: words[f"view_{view}"]),
    )
    order = list(dict.fromkeys(data.sort_values("step_order")["step"]))
    step = alt.Y("step:N", title=None, sort=order)
    entered = alt.Chart().mark_bar(color=BLUE).encode(y=step, x=alt.X("entered:Q", title=words["entered"]))
    counted = entered.mark_text(align="left", dx=3, fontSize=11).encode(text=alt.Text("entered:Q", format=","))
    unlabelled = alt.Y("step:N", title=None, sort=order, axis=None)
    share = alt.X("pass_rate:Q", title=words["pass_rate"], axis=PERCENT)
    rate = alt.Chart().mark_point(color=BLUE, filled=True, size=50).encode(y=unlabelled, x=share)
    interval = alt.Chart().mark_rule(color=BLUE).encode(y=unlabelled, x="pass_rate_low:Q", x2="pass_rate_high:Q")
    views = [
        alt.hconcat(
            alt.layer(entered, counted, data=part).properties(width=220, height=150, title=str(view)),
            alt.layer(rate, interval, data=part.dropna(subset=["pass_rate"])).properties(width=170, height=150),
        )
        for view, part in data.groupby("view", sort=False)
    ]
    return alt.hconcat(*views)


def decomposition(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return a waterfall: each step's part of the difference in revenue, from nothing to the whole."""
    data = _frame(rows)
    data["start"] = data["reached"] - data["effect"]
    total = {"step_name": words["sum"], "start": 0.0, "reached": data["gap"].iloc[0], "effect": data["gap"].iloc[0]}
    data = pd.concat([data, pd.DataFrame([total])])
    data["top"] = data[["start", "reached"]].max(axis=1)
    step = alt.X("step_name:N", title=None, sort=None, axis=alt.Axis(labelAngle=-30))
    colour = alt.condition("datum.effect < 0", alt.value(RED), alt.value(GREEN))
    base = alt.Chart(data).encode(x=step)
    return alt.layer(
        base.mark_bar(size=36).encode(y=alt.Y("start:Q", title=None, axis=SHORT), y2="reached:Q", color=colour),
        base.mark_text(dy=-6, fontSize=11).encode(y="top:Q", text=alt.Text("effect:Q", format="+.3~s")),
    ).properties(width=860, height=200)


def response_times(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return a box plot an owner: working hours from MQL to SAL, whiskers at the 5 % and 95 % quantiles."""
    data = _frame(rows).dropna(subset=["median_business_minutes"])
    for quantile in ("p5", "p25", "median", "p75", "p95"):
        data[quantile] = data[f"{quantile}_business_minutes"] / 60
    owner = alt.Y("owner_name:N", title=None, sort=None)
    base = alt.Chart(data)
    hours = alt.X("p5:Q", title=words["working_hours"])
    return alt.layer(
        base.mark_rule(color=GREY).encode(y=owner, x=hours, x2="p95:Q"),
        base.mark_bar(color=BLUE, opacity=0.55, size=12).encode(y=owner, x="p25:Q", x2="p75:Q"),
        base.mark_tick(color=RED, thickness=2, size=14).encode(y=owner, x="median:Q"),
    ).properties(width=520, height=alt.Step(22))


def micro_conversions(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return phi with its 95 % interval for each micro-conversion, coloured by verdict."""
    data = _frame(rows).dropna(subset=["phi"])
    data["verdict_name"] = data["verdict"].map(lambda verdict: words[f"verdict_{verdict}"])
    colours = alt.Color(
        "verdict_name:N",
        title=None,
        scale=alt.Scale(
            domain=[words["verdict_keep"], words["verdict_review"], words["verdict_drop"]], range=[GREEN, GREY, RED]
        ),
    )
    name = alt.Y("mcv_name:N", title=None, sort="-x")
    base = alt.Chart(data)
    return alt.layer(
        base.mark_rule().encode(y=name, x=alt.X("phi_low:Q", title=words["phi"]), x2="phi_high:Q", color=colours),
        base.mark_point(filled=True, size=60).encode(y=name, x="phi:Q", color=colours),
        alt.Chart().mark_rule(color=GREY, strokeDash=[3, 3]).encode(x=alt.datum(0)),
    ).properties(width=420, height=alt.Step(26))


def contents(rows: list[Row], words: Words) -> alt.TopLevelMixin:
    """Return the leads of each content, those with a meeting marked."""
    data = _frame(rows)
    name = alt.Y("content_name:N", title=None, sort=None)
    base = alt.Chart(data)
    return alt.layer(
        base.mark_bar(color=GREY).encode(y=name, x=alt.X("leads:Q", title=words["leads"])),
        base.mark_bar(color=BLUE).encode(y=name, x="leads_with_meeting:Q"),
    ).properties(width=520, height=alt.Step(20))


# By the name of the query whose rows they draw.
CHARTS: dict[str, Callable[[list[Row], Words], alt.TopLevelMixin]] = {
    "trend": trend,
    "funnel": funnel,
    "decomposition": decomposition,
    "response_times": response_times,
    "micro_conversions": micro_conversions,
    "contents": contents,
}
