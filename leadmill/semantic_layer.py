"""The KPI catalogue as dbt semantic models and metrics, which MetricFlow queries.

`python -m leadmill.semantic_layer` writes them anew after the seed kpi_catalogue changed; a test holds both in step.
The metrics are no second computation: their measures are the rows that mart_kpi_values rolls up.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

from leadmill.errors import InputError

PROJECT = Path(__file__).parents[1] / "dbt_project"
CATALOGUE = PROJECT / "seeds" / "kpi_catalogue.csv"
METRICS = PROJECT / "models" / "semantic" / "kpis.yml"

# "The period before" has no length of its own, and MetricFlow's offsets need one (1 month).
NOT_A_METRIC = "change"

_HEADER = """\
# Written by `python -m leadmill.semantic_layer` from the seed kpi_catalogue. Don't edit: change the seed.
"""
# What every metric may be grouped by: the entity and its column.
_ENTITIES = {
    "channel": "channel",
    "campaign": "campaign_id",
    "content": "content_id",
    "segment": "segment",
    "owner": "owner_id",
    "conversion_point": "conversion_point",
}
_MODELS = {
    "kpi_measures": (
        "int_kpi__measures",
        "The additive measures that the KPIs are made of. A dimension that a measure does not have is unattributed, "
        "unknown or unassigned as a whole: dim_kpi.dimensions tells by which each KPI may be shown.",
    ),
    "kpi_observations": (
        "int_kpi__observations",
        "What the KPIs that are distinct counts and medians are taken of.",
    ),
}

Kpi = dict[str, str]


def read_catalogue(path: Path = CATALOGUE) -> list[Kpi]:
    """Return the rows of the seed kpi_catalogue, values as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def semantic_layer(catalogue: list[Kpi]) -> str:
    """Return the YAML of the semantic models and metrics of a catalogue.

    Raises:
        InputError: a KPI is named like a measure, or a part of a ratio, that counts something else.
    """
    kpis = [kpi for kpi in catalogue if kpi["aggregation"] != NOT_A_METRIC]
    _refuse_namesakes(kpis)
    layer = {
        "version": 2,
        "semantic_models": [_semantic_model(name, kpis) for name in _MODELS],
        "metrics": [*_parts(kpis), *(_metric(kpi) for kpi in kpis)],
    }
    return _HEADER + yaml.safe_dump(layer, allow_unicode=True, sort_keys=False, width=120)


def _semantic_model(name: str, kpis: list[Kpi]) -> dict[str, Any]:
    model, description = _MODELS[name]
    aggregations = {
        measure: kpi["aggregation"] for kpi in kpis for measure in _measures(kpi) if _home(kpi["aggregation"]) == name
    }
    return {
        "name": name,
        "description": description,
        "model": f"ref('{model}')",
        "defaults": {"agg_time_dimension": "date_on"},
        "primary_entity": name.removesuffix("s"),
        "entities": [{"name": entity, "type": "foreign", "expr": column} for entity, column in _ENTITIES.items()],
        "dimensions": [{"name": "date_on", "type": "time", "type_params": {"time_granularity": "day"}}],
        "measures": [
            {"name": measure, **_aggregated(measure, aggregation)} for measure, aggregation in aggregations.items()
        ],
    }


def _aggregated(measure: str, aggregation: str) -> dict[str, str]:
    """Return how MetricFlow aggregates a measure's rows."""
    column = "member_id" if aggregation == "distinct" else "quantity"
    method = {"distinct": "count_distinct", "median": "median"}.get(aggregation, "sum")
    return {"agg": method, "expr": f"case when measure = '{measure}' then {column} end"}


def _parts(kpis: list[Kpi]) -> list[dict[str, Any]]:
    """Return a metric for each measure that a ratio is made of, also where a KPI is the same number.

    A ratio whose numerator has no rows is 0, not unknown; a KPI without rows stays unknown. So they are not one metric.
    """
    wordings: dict[str, str] = {}
    for kpi in kpis:
        if kpi["aggregation"] == "ratio":
            wordings.setdefault(kpi["numerator_measure"], f"Numerator of {kpi['kpi_id']}: {kpi['numerator']}")
            wordings.setdefault(kpi["denominator_measure"], f"Denominator of {kpi['kpi_id']}: {kpi['denominator']}")
    return [
        _simple(_part(measure), measure.replace("_", " ").capitalize(), wording, measure, fills=True)
        for measure, wording in wordings.items()
    ]


def _part(measure: str) -> str:
    return f"{measure}_part"


def _refuse_namesakes(kpis: list[Kpi]) -> None:
    measures = {measure for kpi in kpis for measure in _measures(kpi)}
    for kpi in kpis:
        name = kpi["kpi_id"]
        is_measure = kpi["numerator_measure"] == name and kpi["aggregation"] != "ratio"
        if (name in measures and not is_measure) or name in map(_part, measures):
            raise InputError(f"KPI {name} is named like a measure that counts something else: choose another kpi_id")


def _metric(kpi: Kpi) -> dict[str, Any]:
    label = f"{kpi['name_en']} / {kpi['name_ja']}"
    description = f"{kpi['formula']} (by {kpi['anchor']})"
    if kpi["aggregation"] != "ratio":
        return _simple(kpi["kpi_id"], label, description, kpi["numerator_measure"])
    return {
        "name": kpi["kpi_id"],
        "label": label,
        "description": description,
        "type": "ratio",
        "type_params": {
            "numerator": _part(kpi["numerator_measure"]),
            "denominator": _part(kpi["denominator_measure"]),
        },
    }


def _simple(name: str, label: str, description: str, measure: str, *, fills: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "description": description,
        "type": "simple",
        "type_params": {"measure": {"name": measure, **({"fill_nulls_with": 0} if fills else {})}},
    }


def _measures(kpi: Kpi) -> list[str]:
    return [measure for measure in (kpi["numerator_measure"], kpi["denominator_measure"]) if measure]


def _home(aggregation: str) -> str:
    return "kpi_observations" if aggregation in ("distinct", "median") else "kpi_measures"


if __name__ == "__main__":
    METRICS.write_text(semantic_layer(read_catalogue()), encoding="utf-8")
