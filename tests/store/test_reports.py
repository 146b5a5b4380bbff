from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, text

from tests.store.report_samples import DAY, YESTERDAY, advice, plan, report
from tests.store.samples import NOON
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.projects import forget_project, see_projects
from watchkeeper.store.report_deliveries import deliveries, plan_deliveries
from watchkeeper.store.reports import StoredReport, earlier_recommendations, reports_since, save_report
from watchkeeper.store.retention import prune

LONG_AGO = NOON - timedelta(days=1000)


def save(engine: Engine, *reports: StoredReport) -> list[int]:
    with transaction(engine) as session:
        return [save_report(session, each, NOON) for each in reports]


def stored(engine: Engine) -> tuple[StoredReport, ...]:
    with reading(engine) as session:
        return reports_since(session, LONG_AGO)


def back(days: int, length: int = 1) -> Window:
    return Window(YESTERDAY.start - days * DAY, YESTERDAY.start + (length - days) * DAY)


def bare(of: StoredReport) -> StoredReport:
    """Return the report as a list of reports gives it."""
    return replace(of, projects={slug: replace(p, figures={}, recommendations=()) for slug, p in of.projects.items()})


def test_a_report_that_is_made_again_is_the_same_report(engine: Engine) -> None:
    (first,) = save(engine, report())
    again = report(digest="d2", projects=("shop",))
    assert save(engine, again) == [first]
    assert stored(engine) == (bare(again),)


def test_reports_on_other_spans_periods_and_projects_are_others(engine: Engine) -> None:
    several = (
        report(),
        report(window=back(1)),
        report(period=ReportPeriod.CUSTOM),
        report(scope="shop", projects=("shop",)),
    )
    assert len(set(save(engine, *several))) == 4
    found = stored(engine)
    assert found[-1] == bare(several[1])
    assert {(each.period, each.scope) for each in found} == {
        (ReportPeriod.DAILY, ""),
        (ReportPeriod.DAILY, "shop"),
        (ReportPeriod.CUSTOM, ""),
    }


def test_figures_are_kept_as_they_are(engine: Engine) -> None:
    save(engine, report())
    with reading(engine) as session:
        query = text("SELECT figures FROM report_projects WHERE project = 'shop'")
        assert "91.5" in str(session.connection().execute(query).scalar_one())


def test_only_reports_since_then_are_listed(engine: Engine) -> None:
    save(engine, report(), report(window=back(5)))
    with reading(engine) as session:
        assert [each.window for each in reports_since(session, NOON - 3 * DAY)] == [YESTERDAY]


def test_what_was_recommended_is_that_of_the_newest_report_before(engine: Engine) -> None:
    old, newer, later = report(window=back(3)), report(window=back(2)), report()
    weekly = report(window=back(1), period=ReportPeriod.WEEKLY, projects=("portal",))
    save(engine, later, newer, old, weekly)
    with reading(engine) as session:
        found = earlier_recommendations(session, ReportPeriod.DAILY, YESTERDAY)
        assert found == (advice("api"), advice("shop"))
        assert earlier_recommendations(session, ReportPeriod.DAILY, back(3)) == ()
        assert earlier_recommendations(session, ReportPeriod.WEEKLY, YESTERDAY) == (advice("portal"),)


def test_of_two_reports_on_the_same_span_the_one_made_last_counts(engine: Engine) -> None:
    whole = report(window=back(1))
    part = report(window=back(1), scope="shop", projects=("shop",))
    newest = replace(
        part,
        generated_at=NOON + DAY,
        projects={"shop": replace(part.projects["shop"], recommendations=(advice("shop", measured=3.0),))},
    )
    save(engine, newest, whole)
    with reading(engine) as session:
        found = earlier_recommendations(session, ReportPeriod.DAILY, YESTERDAY)
    assert found == (advice("api"), advice("shop", measured=3.0))


def test_a_forgotten_project_leaves_the_reports_of_the_others(engine: Engine) -> None:
    save(engine, report())
    with transaction(engine) as session:
        see_projects(session, ["shop"], NOON)
        assert {name: n for name, n in forget_project(session, "shop").items() if n} == {
            "projects": 1,
            "report_projects": 1,
        }
    assert list(stored(engine)[0].projects) == ["api"]


def test_old_reports_go_with_all_that_hangs_on_them(engine: Engine) -> None:
    (number,) = save(engine, report())
    with transaction(engine) as session:
        plan_deliveries(session, number, [plan()], NOON)
    assert prune(engine, NOON + 399 * DAY)["reports"] == 0
    assert prune(engine, NOON + 402 * DAY)["reports"] == 1
    with reading(engine) as session:
        assert deliveries(session, number) == ()
        assert session.connection().execute(text("SELECT count(*) FROM report_projects")).scalar_one() == 0


def test_text_that_no_database_stores_does_no_harm(engine: Engine) -> None:
    hostile = replace(report(), headline="NUL \x00 and half \ud800 a character")
    save(engine, hostile)
    assert stored(engine)[0].headline.startswith("NUL ")
