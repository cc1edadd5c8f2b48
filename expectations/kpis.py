"""The KPI values: rates are shares, and the parts of an additive KPI are its whole."""

from __future__ import annotations

from expectations.checks import Check

A_THOUSANDTH = 0.001  # KPIs are floating-point numbers


def checks() -> list[Check]:
    """Return the checks of the KPI values at the marts gate."""
    return [_every_kpi_is_known(), _rates(), _parts_are_the_whole()]


def _every_kpi_is_known() -> Check:
    return Check(
        id="marts.kpis_are_known",
        table="marts.mart_kpi_values",
        expects="every KPI is in dim_kpi",
        because="a number without a formula can't be read",
        rows="select distinct kpi_id from {batch} anti join marts.dim_kpi using (kpi_id)",
    )


def _rates() -> Check:
    return Check(
        id="marts.rates_are_shares",
        table="marts.mart_kpi_values",
        expects="each rate lies between 0 and 1 and is its numerator over its denominator",
        because="a rate above 1 counts people above the line who are not below it",
        rows="""
            select kpi_id, period_grain, period_start, dimension, dimension_value, numerator, denominator, value
            from {batch}
            semi join (from marts.dim_kpi where unit = 'ratio' and aggregation = 'ratio') as rates using (kpi_id)
            where value not between 0 and 1
                or numerator > denominator
                or (value is null) <> (coalesce(denominator, 0) = 0)
                or abs(value - numerator / nullif(denominator, 0)) > 1e-9
        """,
    )


def _parts_are_the_whole() -> Check:
    return Check(
        id="marts.kpi_parts_are_the_whole",
        table="marts.mart_kpi_values",
        expects="the values of an additive KPI, summed over any dimension, are those of the company",
        because="a channel or owner that is missing from a break-down makes the others look better",
        rows=f"""
            with told as (
                select kpi_id, period_grain, dimension, period_start, sum(value) as value
                from {{batch}}
                semi join (from marts.dim_kpi where is_additive) as additive using (kpi_id)
                group by all
            )
            select parts.kpi_id, parts.period_grain, parts.dimension, period_start, parts.value as told,
                whole.value as expected
            from told as parts
            left join (from told where dimension = 'overall') as whole using (kpi_id, period_grain, period_start)
            where abs(parts.value - coalesce(whole.value, 0)) > {A_THOUSANDTH} * greatest(1, abs(parts.value))
        """,
    )
