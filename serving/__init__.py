"""How marts reach people and tools: versions, published whole and switched at once. No KPI is computed here."""

from serving.publishing import Code, publish
from serving.tables import funnel_table, kpi_table, open_marts
from serving.versions import Version, current, rollback, versions

__all__ = ["Code", "Version", "current", "funnel_table", "kpi_table", "open_marts", "publish", "rollback", "versions"]
