"""Every morning, Monday and first of the month: how are we doing?

Order: which period -> gather what is stored -> sum up -> draw the page -> keep it -> deliver it.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import AwareDatetime, Field

from tasks.configuration import load_configuration
from tasks.report_facts import gather, incidents_told, sent_messages
from tasks.reports import deliver_report, draw, keep, show
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.report_figures import calendar_of, summarise

Zone = Annotated[str, Field(json_schema_extra={"enum": sorted(available_timezones())})]


@flow(name="period-report", timeout_seconds=900, persist_result=False)
async def period_report(  # noqa: PLR0913, PLR0917 - the form of a run
    period: ReportPeriod = ReportPeriod.DAILY,
    projects: list[str] | None = None,
    start: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
    compare_to: AwareDatetime | None = None,
    timezone: Zone | None = None,
    deliver: bool = False,  # noqa: FBT001 - a box to tick
) -> State[Any]:
    """Write one report over all projects, and deliver it. Doing it again updates the report and the messages there are.

    Args:
        period: daily, weekly, monthly: the last one that is over, or the one that `start` lies in. Custom: from `start`
            to `end`.
        projects: slugs of the projects to report on; all when left out.
        start: of a custom period; of any other one, a moment in it.
        end: of a custom period; not included.
        compare_to: a moment in another period to compare with, beside the one before and the one of last week.
        timezone: in which days begin; left out, that of the configuration.
        deliver: whether it is sent to the channels of the configuration.
    """
    loaded, _ = load_configuration()
    configuration = loaded.only(projects)
    asked = flow_run.scheduled_start_time or datetime.now(UTC)
    now = datetime.fromtimestamp(asked.timestamp(), UTC)  # Prefect's own type is not a datetime
    zone = timezone or configuration.timezone
    calendar = calendar_of(period, now, zone, start=start, end=end, compare_to=compare_to)
    facts, incidents = gather(configuration, calendar), incidents_told(configuration, calendar)
    report = summarise(facts, calendar, sent_messages(calendar), incidents)
    kept = await keep(configuration, draw(report), now)
    await show(kept)
    delivered = await deliver_report(configuration, kept, now) if deliver else ()
    missed = [each for each in delivered if not each.arrived]
    message = "; ".join([report.headline, *(each.sentence for each in delivered)])
    return Failed(message=message) if missed else Completed(message=message, data=kept)
