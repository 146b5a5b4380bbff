"""A report to be stored, and a place to deliver it to."""

from datetime import timedelta

from tests.store.samples import NOON
from watchkeeper.domain.deliveries import ChannelKind
from watchkeeper.domain.period_reports import Recommendation, ReportPeriod
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.report_deliveries import DeliveryPlan
from watchkeeper.store.reports import StoredProject, StoredReport

DAY = timedelta(days=1)
YESTERDAY = Window(NOON - DAY, NOON)


def advice(project: str = "shop", measured: float = 12.0) -> Recommendation:
    return Recommendation(
        project=project,
        rule="flaky_tests",
        subject="test_checkout",
        severity="warning",
        sentence="Mend test_checkout",
        evidence="12 reruns",
        effect="saves 40 min a week",
        weight=3.5,
        measured=measured,
        url="https://ci.example/1",
        follow_up="was 20",
    )


def report(
    window: Window = YESTERDAY,
    period: ReportPeriod = ReportPeriod.DAILY,
    digest: str = "d1",
    scope: str = "",
    projects: tuple[str, ...] = ("shop", "api"),
) -> StoredReport:
    figures = {"score": {"value": 91.5, "unit": "points", "source": "24 of 24 hours"}}
    return StoredReport(
        period=period,
        window=window,
        scope=scope,
        zone="Europe/Berlin",
        verdict=Verdict.WARNING,
        headline="One product needs a look",
        file="daily-2026-02-28.html",
        link="https://reports.example/daily-2026-02-28.html",
        digest=digest,
        generated_at=NOON,
        projects={slug: StoredProject(Verdict.WARNING, 91.5, figures, (advice(slug),)) for slug in projects},
    )


def plan(destination: str = "#reports", digest: str = "d1", kind: ChannelKind = ChannelKind.SLACK) -> DeliveryPlan:
    return DeliveryPlan(kind, "default", destination, {"text": "One product needs a look", "blocks": []}, digest)
