"""Draws a report, keeps it, shows it in Prefect's UI, and has it delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from prefect import get_run_logger, task
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

from reports.charts import main_chart_png
from reports.period_message import file_stem, report_title
from reports.period_report import render_report
from reports.report_index import IndexEntry, render_index
from reports.report_markdown import key_figures
from tasks import report_ledger as ledger
from tasks.report_delivery import deliver, not_delivered
from tasks.report_files import address_of, report_files
from tasks.report_plans import INDEX, Kept, plans_of
from tasks.store import database
from watchkeeper.clients.report_files import ReportFiles
from watchkeeper.clients.vendor_errors import VendorError
from watchkeeper.config import Configuration
from watchkeeper.domain.deliveries import Delivered
from watchkeeper.domain.period_reports import Figure, PeriodReport, ProjectReport, Recommendation, ReportPeriod
from watchkeeper.domain.windows import Window
from watchkeeper.store import reports as store
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.report_deliveries import Delivery

LISTED: Final = timedelta(days=400)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report as a page and as a picture."""

    report: PeriodReport
    html: str
    png: bytes


def earlier_recommendations(period: ReportPeriod, window: Window) -> tuple[Recommendation, ...]:
    """Return what the newest report of this kind on an earlier window has recommended."""
    with reading(database()) as session:
        return store.earlier_recommendations(session, period, window)


def has_reports(since: datetime) -> bool:
    """Return True when there is a report on a period that ended after this moment."""
    with reading(database()) as session:
        return bool(store.reports_since(session, since))


def draw(report: PeriodReport) -> Drawn:
    """Draw the page and the picture."""
    # Unquoted, Prefect looks for futures in each of the values.
    return _draw(quote(report))  # type: ignore[call-overload, no-any-return]  # the task gets what is quoted


async def keep(configuration: Configuration, drawn: Drawn, now: datetime) -> Kept:
    """Write the files, remember what the report says, and list it; in the place of an earlier one on the same.

    Raises:
        VendorError: the files could not be written; nothing is half-written.
    """
    return await _keep(quote(configuration), quote(drawn), now)  # type: ignore[call-overload, no-any-return]  # as above


async def show(kept: Kept) -> None:
    """Show the report in Prefect's UI: the link `report-<period>` and the table `report-<period>-figures`."""
    await _show(quote(kept))  # type: ignore[call-overload]  # as above


async def deliver_report(configuration: Configuration, kept: Kept, now: datetime) -> tuple[Delivered, ...]:
    """Bring the report to every place that the configuration names, and return what came of each.

    What is there already is brought up to date, and left alone where it says the same.

    Args:
        now: for a day from then on, what does not arrive is tried again.
    """
    planned = ledger.plan(kept.number, plans_of(configuration, kept), now)
    files = await report_files(configuration)
    return tuple([await _deliver(delivery, files, kept.files) for delivery in planned])


async def retry_deliveries(configuration: Configuration, now: datetime) -> tuple[Delivered, ...]:
    """Try again what earlier runs could not deliver and is due now; return what came of each."""
    due = ledger.due(now)
    if not due:
        return ()
    files = await report_files(configuration)
    delivered = tuple([await _deliver(delivery, files, {}) for delivery in due])
    for each in delivered:
        log = get_run_logger().info if each.arrived else get_run_logger().warning
        log("A report from earlier: %s.", each.sentence)
    return delivered


@task(name="draw", cache_policy=NO_CACHE, persist_result=False)
def _draw(report: PeriodReport) -> Drawn:
    return Drawn(report, render_report(report), main_chart_png(report))


@task(name="keep", cache_policy=NO_CACHE, persist_result=False)
async def _keep(configuration: Configuration, drawn: Drawn, now: datetime) -> Kept:
    report, scope = drawn.report, ",".join(configuration.chosen)
    stem = file_stem(report, scope)
    file, chart = f"{stem}.html", f"{stem}.png"
    link, storage = address_of(configuration.reports, file), await report_files(configuration)
    content = {file: drawn.html.encode(), chart: drawn.png}
    for name, each in content.items():
        await storage.write(name, each)
    stored = _stored(report, scope, file, link)
    with transaction(database()) as session:
        number = store.save_report(session, stored, now)
    index = await _write_index(storage)
    return Kept(
        report=report,
        number=number,
        scope=scope,
        file=file,
        chart=chart,
        place=f"{storage.place}/{file}",
        link=link,
        digest=stored.digest,
        files={**content, INDEX: index},
    )


@task(name="show", cache_policy=NO_CACHE, persist_result=False)
async def _show(kept: Kept) -> None:
    period, title = kept.report.period.value, report_title(kept.report)
    if kept.link:
        await acreate_link_artifact(key=f"report-{period}", link=kept.link, link_text=title, description=title)
    figures = f"{key_figures(kept.report)}\n\nThe whole report: `{kept.place}`"
    await acreate_markdown_artifact(key=f"report-{period}-figures", markdown=figures, description=title)


async def _deliver(delivery: Delivery, storage: ReportFiles, at_hand: Mapping[str, bytes]) -> Delivered:
    """Deliver with the files that its plan names, read from the storage where they are not at hand."""
    try:
        files = {
            name: at_hand[name] if name in at_hand else await storage.read(name)
            for name in delivery.plan.content["carries"]
        }
    except VendorError as error:
        return not_delivered(delivery, error.missing())
    return await deliver(delivery, files)


async def _write_index(storage: ReportFiles) -> bytes:
    """Write the list of all reports, again when another run has added one meanwhile; return it."""
    page, listed = b"", None
    for _ in range(_MOST_LOOKS):
        entries = _entries()
        if entries == listed:
            break
        page, listed = render_index(entries).encode(), entries
        await storage.write(INDEX, page)
    return page


def _entries() -> list[IndexEntry]:
    with reading(database()) as session:
        stored = store.reports_since(session, datetime.now(UTC) - LISTED)
    return [
        IndexEntry(
            period=each.period,
            window=each.window,
            zone=each.zone,
            file=each.file,
            headline=each.headline,
            verdict=each.verdict,
            scores={slug: part.score for slug, part in each.projects.items()},
            generated_at=each.generated_at,
        )
        for each in stored
    ]


def _stored(report: PeriodReport, scope: str, file: str, link: str) -> store.StoredReport:
    return store.StoredReport(
        period=report.period,
        window=report.window,
        scope=scope,
        zone=report.zone,
        verdict=report.verdict,
        headline=report.why_empty or report.headline,
        file=file,
        link=link,
        digest=_digest(report),
        generated_at=report.generated_at,
        projects={project.slug: _part(project) for project in report.projects},
    )


def _part(project: ProjectReport) -> store.StoredProject:
    figures = {name: _figure(figure) for name, figure in project.figures.items()}
    return store.StoredProject(project.verdict, project.score, figures, project.recommendations)


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "title": figure.title,
        "value": figure.value,
        "unit": figure.unit,
        "interval": figure.interval and list(figure.interval),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "sample": figure.sample,
        "source": figure.source,
        "note": figure.note,
    }


def _digest(report: PeriodReport) -> str:
    """Return what stands for all that the report says, but for the moment at which it was made."""
    return sha256(repr(replace(report, generated_at=_EPOCH)).encode(errors="replace")).hexdigest()
