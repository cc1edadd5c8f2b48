"""The published facts in pandas, and how sums, ratios, medians and distinct counts are made of them anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd

from leadmill.settings import Home
from tests.nights import TOKYO

GRAINS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q"}  # pandas' names
ABSENT = {"segment": "unknown", "owner": "unassigned"}  # of the others: unattributed
DAY = timedelta(days=1)

EMAIL = {"channel": "channel", "campaign": "campaign_id", "content": "content_id"}
WEB = {"channel": "channel", "campaign": "campaign_id", "content": "landing_path"}
JOURNEY = {**EMAIL, "segment": "segment", "owner": "owner_id", "conversion_point": "conversion_point"}
SEMINAR = STEP_MAIL = {"channel": "channel", "content": "content_id"}
CALL = {"campaign": "campaign_id", "owner": "owner_id"}
DOWNLOAD = {"campaign": "campaign_id", "content": "content_id", "conversion_point": "conversion_point"}
SPENT = {"channel": "channel", "campaign": "campaign_id"}


class Part(NamedTuple):
    """What is counted: rows with their day and dimensions, and what each row adds."""

    rows: pd.DataFrame
    dimensions: tuple[str, ...]


class Facts:
    """The published facts as data frames, with the columns that several KPIs need."""

    def __init__(self, home: Path) -> None:
        self._connection = duckdb.connect()
        self._connection.execute(f"attach '{Home(path=home).published}/current/marts.duckdb' as p (read_only)")
        self.as_of = self._connection.execute("select as_of from p.marts.mart_run").fetchall()[0][0]
        self.values = self.table("mart_kpi_values")
        self.sessions = self.table("fct_sessions")
        self.mails = self.table("fct_email_messages").assign(channel="email")
        self.journeys = self.table("fct_lead_lifecycle")
        woken = self.table("fct_lead_stage_events")
        woken = woken.loc[woken["stage"] == "reactivated", ["lead_id", "entered_at"]]
        self.reactivations = self.journeys.merge(woken, on="lead_id")
        self.opportunities = self.table("fct_opportunities")
        self.costs = self.table("fct_costs")
        self.calls = self.table("fct_calls")
        self.listed = self.table("fct_call_list_members")
        self.enrolments = self.table("fct_step_mail_enrolments").assign(channel="email")
        self.contents = self.table("dim_content")
        self.submissions = self._connection.execute(
            "from p.marts.fct_events where event_name = 'form_submit' and person_id is not null"
        ).df()
        self.seminars = self.table("fct_seminar_attendance").assign(channel="event")
        self._mark_conversions()
        self._mark_meetings()

    def table(self, name: str) -> pd.DataFrame:
        frame = self._connection.execute(f"from p.marts.{name}").df()
        amounts = [column for column in frame if "amount" in str(column) or str(column) == "value"]
        return frame.astype(dict.fromkeys(amounts, float))

    def _mark_conversions(self) -> None:
        """Mark delivered mails whose person sent a form within 24 hours after the first click."""
        clicked = self.mails[self.mails["delivered_at"].notna() & self.mails["first_clicked_at"].notna()]
        pairs = clicked[["message_id", "person_id", "first_clicked_at"]].merge(
            self.submissions[["person_id", "occurred_at"]], on="person_id"
        )
        waited = pairs["occurred_at"] - pairs["first_clicked_at"]
        converted = pairs[(waited >= timedelta(0)) & (waited < DAY)]["message_id"]
        self.mails["is_converted"] = self.mails["message_id"].isin(converted)
        ordered = self.mails[self.mails["content_id"].notna()].sort_values(["sent_at", "message_id"])
        self.mails["is_broadcast"] = self.mails["message_id"].isin(ordered.drop_duplicates("content_id")["message_id"])

    def _mark_meetings(self) -> None:
        """Mark attendances and downloads whose person's journey had its first meeting soon after."""
        meetings = self.journeys[self.journeys["meeting_at"].notna()][["person_id", "meeting_at"]]

        def followed(frame: pd.DataFrame, key: str, time: str, within: timedelta) -> pd.Series:
            pairs = frame[[key, "person_id", time]].merge(meetings, on="person_id")
            waited = pairs["meeting_at"] - pairs[time]
            return frame[key].isin(pairs[(waited >= timedelta(0)) & (waited < within)][key])

        self.seminars["has_meeting"] = followed(self.seminars, "attendance_id", "seminar_started_at", 30 * DAY)
        self.seminars["has_started"] = self.seminars["seminar_started_at"] < pd.Timestamp(self.as_of)
        forms = self.contents[
            (self.contents["content_type"] == "form")
            & self.contents["conversion_point"].isin(["document", "whitepaper", "pricing"])
        ]
        self.downloads = self.submissions.merge(forms[["content_id", "conversion_point"]], on="content_id")
        self.downloads["has_meeting"] = followed(self.downloads, "event_id", "occurred_at", 3 * DAY)


def part(
    frame: pd.DataFrame,
    time: str,
    dimensions: dict[str, str],
    where: pd.Series | None = None,
    amount: pd.Series | str | float = 1,
) -> Part:
    """Return what is counted of a fact: rows that meet a condition, on the business day of a time."""
    kept = frame[frame[time].notna() & (True if where is None else where.fillna(False).astype(bool))]
    days = kept[time]
    if time != "occurred_on":
        days = days.dt.tz_localize("UTC").dt.tz_convert(TOKYO).dt.tz_localize(None).dt.normalize()
    amounts = (
        kept[amount] if isinstance(amount, str) else amount.loc[kept.index] if isinstance(amount, pd.Series) else amount
    )
    rows = pd.DataFrame({"on": pd.to_datetime(days), "amount": amounts})
    for dimension, column in dimensions.items():
        rows[dimension] = kept[column].fillna(ABSENT.get(dimension, "unattributed"))
    shown = tuple(dimensions)
    if {"channel", "conversion_point"} <= dimensions.keys():
        rows["channel_x_conversion_point"] = rows["channel"] + " × " + rows["conversion_point"]
        shown += ("channel_x_conversion_point",)
    for grain, starts in _period_starts(rows["on"]).items():
        rows[grain] = starts
    rows["overall"] = "all"
    return Part(rows.astype(dict.fromkeys(("overall", *shown), "category")), ("overall", *shown))


def grouped(counted: Part, grain: str, dimension: str, how: str = "sum") -> pd.Series:
    amounts = counted.rows.groupby([grain, dimension], observed=True)["amount"].agg(how)
    return amounts.set_axis(amounts.index.set_levels(amounts.index.levels[1].astype(object), level=1))


def _period_starts(days: pd.Series) -> dict[str, np.ndarray]:
    """Return the first day of each grain's period."""
    day = days.to_numpy().astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    starts = {
        "day": day,
        "week": day - (day.astype(int) + 3) % 7,  # 1970-01-01 was a Thursday
        "month": month,
        "quarter": month - month.astype(int) % 3,
    }
    return {grain: start.astype("datetime64[us]") for grain, start in starts.items()}


def sum_of(counted: Part) -> Callable[[str, str], pd.DataFrame]:
    def computed(grain: str, dimension: str) -> pd.DataFrame:
        total = grouped(counted, grain, dimension)
        total = total[total != 0]
        return pd.DataFrame({"numerator": total, "denominator": np.nan, "value": total})

    return computed


def ratio_of(above: Part, below: Part) -> Callable[[str, str], pd.DataFrame]:
    def computed(grain: str, dimension: str) -> pd.DataFrame:
        both = pd.DataFrame(
            {"numerator": grouped(above, grain, dimension), "denominator": grouped(below, grain, dimension)}
        ).fillna(0)
        both = both[(both["numerator"] != 0) | (both["denominator"] != 0)]
        return both.assign(value=both["numerator"] / both["denominator"].replace(0, np.nan))

    return computed


def median_of(observed: Part) -> Callable[[str, str], pd.DataFrame]:
    def computed(grain: str, dimension: str) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "numerator": np.nan,
                "denominator": grouped(observed, grain, dimension, "size"),
                "value": grouped(observed, grain, dimension, "median"),
            }
        )

    return computed


def distinct_of(observed: Part) -> Callable[[str, str], pd.DataFrame]:
    def computed(grain: str, dimension: str) -> pd.DataFrame:
        members = grouped(observed, grain, dimension, "nunique")
        return pd.DataFrame({"numerator": members, "denominator": np.nan, "value": members})

    return computed


def fall_of(above: Part, below: Part) -> Callable[[str, str], pd.DataFrame]:
    def computed(grain: str, dimension: str) -> pd.DataFrame:
        now = ratio_of(above, below)(grain, dimension)["value"].dropna()
        before = now.copy()
        before.index = before.index.set_levels(
            (before.index.levels[0].to_period(GRAINS[grain]) + 1).start_time, level=0
        )
        both = pd.DataFrame({"now": now, "before": before}).dropna()
        fall = both["before"] - both["now"]
        return pd.DataFrame(
            {"numerator": fall, "denominator": both["before"], "value": fall / both["before"].replace(0, np.nan)}
        )

    return computed


class Again(NamedTuple):
    """A KPI computed again."""

    computed: Callable[[str, str], pd.DataFrame]
    dimensions: tuple[str, ...]
