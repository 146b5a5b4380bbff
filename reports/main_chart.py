"""The one picture of a report: how each project went, the worst first."""

import altair as alt

from watchkeeper.domain.period_reports import PeriodReport


def main_chart(report: PeriodReport) -> alt.LayerChart:
    rows = [{"a": 1}]
    return alt.layer(alt.Chart(alt.Data(values=rows)).mark_point())
