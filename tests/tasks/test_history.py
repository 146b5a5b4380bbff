"""Past hours of all projects, read from a real company over HTTP by real task runs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml
from prefect import flow
from pydantic import SecretStr

from blocks.circleci import CircleCI
from blocks.github import GitHub
from blocks.sentry import Sentry
from blocks.vercel import Vercel
from tasks.asking import at_once
from tasks.history import MOST_HOURS, read_history
from tasks.vendors import slots
from tests.flows.company import Company, open_for_business
from tests.tasks.limits import create_limit
from watchkeeper.clients.circleci import CircleCIClient
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.history import BuildHistory, ErrorHistory, ErrorHour, History
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window, floor

HOUR = timedelta(hours=1)
PARTS = {"sentry": "errors", "vercel": "delivery", "circleci": "builds", "github": "commits"}
WRONG = SecretStr("make-believe-expired-token")


@pytest.fixture(scope="module")
def open_company() -> Iterator[Company]:
    with open_for_business() as company:
        yield company


@pytest.fixture
async def company(prefect_server: None, open_company: Company) -> Company:
    """A calm company, with the blocks that reach it."""
    open_company.restart()
    for vendor in ("sentry", "vercel", "circleci", "history"):
        await create_limit(vendor)
    await save_blocks(open_company, "history")
    return open_company


async def save_blocks(company: Company, name: str) -> None:
    url = company.url
    await Sentry(auth_token=SecretStr("sandbox-sentry-token"), base_url=f"{url}/sentry").save(name, overwrite=True)
    await CircleCI(token=SecretStr("sandbox-circleci-token"), base_url=f"{url}/circleci/api/v2").save(
        name, overwrite=True
    )
    await Vercel(token=SecretStr("sandbox-vercel-token"), base_url=f"{url}/vercel").save(name, overwrite=True)
    await GitHub(token=SecretStr("sandbox-github-token"), base_url=f"{url}/github").save(name, overwrite=True)


def project(slug: str, **more: Any) -> dict[str, Any]:
    whole = {
        "slug": slug,
        "name": slug.title(),
        "sentry": {"organization": "acme", "projects": [f"{slug}-web"]},
        "vercel": {"team": "team_sandboxacme", "project": f"prj_{slug}"},
        "circleci": {"project": f"gh/acme/{slug}"},
        "github": {"repository": f"acme/{slug}"},
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def configured(*projects: dict[str, Any]) -> Configuration:
    document = {"defaults": {"credentials": "history"}, "projects": list(projects)}
    return read_configuration(yaml.safe_dump(document), {})


def hours(count: int, *, days_ago: int = 0) -> tuple[datetime, ...]:
    last = floor(datetime.now(UTC), HOUR) - timedelta(days=days_ago)
    return tuple(last - n * HOUR for n in range(1, count + 1))


def begin_to_note(company: Company) -> None:
    httpx.post(f"{company.url}/sandbox/requests")


def noted(company: Company) -> list[str]:
    """Return what the company has been asked since."""
    return [path for _, path in httpx.get(f"{company.url}/sandbox/requests").json()["requests"]]


async def pipelines_of_a_month(company: Company) -> tuple[Pipeline, ...]:
    """Return the pipelines of portal's default branch, newest first: weekends may have none."""
    now = datetime.now(UTC)
    async with CircleCIClient("sandbox-circleci-token", f"{company.url}/circleci/api/v2") as client:
        month = Window(now - timedelta(days=30), now - timedelta(days=2))
        found = (await client.build_history("gh/acme", {"gh/acme/portal": "main"}, month, {}, now))["gh/acme/portal"]
    assert isinstance(found, BuildHistory)
    return found.pipelines


@flow
async def reading(
    configuration: Configuration, asked: tuple[datetime, ...], known: Mapping[str, Sequence[Pipeline]] | None = None
) -> dict[str, History]:
    return await read_history(configuration, asked, datetime.now(UTC), known)


def parts(history: History) -> tuple[ErrorHistory, BuildHistory, DeliveryReport]:
    assert isinstance(history.errors, ErrorHistory), history.errors
    assert isinstance(history.builds, BuildHistory), history.builds
    assert isinstance(history.delivery, DeliveryReport), history.delivery
    return history.errors, history.builds, history.delivery


async def test_every_vendor_tells_of_every_project(company: Company) -> None:
    asked = hours(24, days_ago=2)
    found = await reading(configured(project("shop"), project("portal"), project("api")), asked)
    assert list(found) == ["shop", "portal", "api"]
    for slug, history in found.items():
        errors, builds, delivery = parts(history)
        assert set(errors.hours) == set(asked)
        assert all(isinstance(hour, ErrorHour) for hour in errors.hours.values())
        assert errors.warnings == builds.warnings == delivery.warnings == ()
        assert all(pipeline.project == f"gh/acme/{slug}" for pipeline in builds.pipelines)
        assert builds.credits_until >= max(asked) + HOUR
        assert isinstance(history.commits, tuple)
        assert history.commits


async def test_what_was_begun_shortly_before_the_hours_is_read_as_well(company: Company) -> None:
    begun = (await pipelines_of_a_month(company))[0].created_at
    (found,) = (await reading(configured(project("portal")), (floor(begun, HOUR) + 2 * HOUR,))).values()
    _, builds, delivery = parts(found)
    assert begun in {pipeline.created_at for pipeline in builds.pipelines}
    assert any(abs(deployment.created_at - begun) < HOUR for deployment in delivery.deployments)


async def test_a_project_with_several_sentry_projects_gets_their_sum(company: Company) -> None:
    asked = hours(3)
    sentry = {"organization": "acme", "projects": ["shop-web", "api-web"]}
    both = project("both", sentry=sentry, vercel=None, circleci=None, github=None)
    found = await reading(configured(project("shop"), project("api"), both), asked)

    def total(slug: str) -> int:
        errors = found[slug].errors
        assert isinstance(errors, ErrorHistory)
        read = [hour for hour in errors.hours.values() if isinstance(hour, ErrorHour)]
        return sum(count.total for hour in read for count in hour.counts)

    assert total("both") == total("shop") + total("api") > 0


async def test_what_is_not_used_is_not_asked_for(company: Company) -> None:
    found = await reading(configured(project("shop", vercel=None, circleci=None, github=None)), hours(1))
    shop = found["shop"]
    assert isinstance(shop.errors, ErrorHistory)
    for part in (shop.delivery, shop.builds, shop.commits):
        assert isinstance(part, Missing)
        assert part.gap is Gap.NOT_CONFIGURED


@pytest.mark.slow
@pytest.mark.parametrize("vendor", PARTS)
async def test_one_vendor_down_leaves_the_others(vendor: str, company: Company) -> None:
    company.play("vendor-down", vendor)
    shop = (await reading(configured(project("shop")), hours(2)))["shop"]
    for name, part in PARTS.items():
        found = getattr(shop, part)
        assert isinstance(found, Missing) is (name == vendor), found
    gone = getattr(shop, PARTS[vendor])
    assert gone.gap is Gap.UNAVAILABLE


@pytest.mark.parametrize(
    ("vendor", "block"),
    [("sentry", Sentry), ("vercel", Vercel), ("circleci", CircleCI), ("github", GitHub)],
)
async def test_a_wrong_token_names_the_block_and_touches_nothing_else(
    vendor: str, block: type[Any], company: Company
) -> None:
    saved = await block.aload("history")
    secret = "auth_token" if vendor == "sentry" else "token"
    await saved.model_copy(update={secret: WRONG}).save("outdated", overwrite=True)
    expired = project("api", credentials="outdated")
    found = await reading(configured(project("shop"), expired), hours(1))
    gone = getattr(found["api"], PARTS[vendor])
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED
    assert f"the block Watchkeeper {block.__name__}" in gone.reason
    assert WRONG.get_secret_value() not in gone.reason
    assert not isinstance(getattr(found["shop"], PARTS[vendor]), Missing)


async def test_pipelines_that_are_known_and_past_are_not_asked_for_again(company: Company) -> None:
    begun = floor((await pipelines_of_a_month(company))[0].created_at, HOUR)
    asked, configuration = (begun, begun - 20 * HOUR), configured(project("portal"))
    _, builds, _ = parts((await reading(configuration, asked))["portal"])
    assert builds.pipelines
    begin_to_note(company)
    again = (await reading(configuration, asked, {"portal": builds.pipelines}))["portal"].builds
    assert again == builds
    paths = noted(company)
    assert any("/insights/" in path for path in paths)
    assert [path for path in paths if path.startswith("/circleci/") and path.endswith(("/workflow", "/job"))] == []


@pytest.mark.parametrize("count", [0, MOST_HOURS + 1])
async def test_the_hours_of_one_call_are_bounded(count: int, company: Company) -> None:
    with pytest.raises(ValueError, match="1 to 48 hours"):
        await read_history(configured(project("shop")), hours(count), datetime.now(UTC))


async def test_without_a_slot_nothing_is_asked(company: Company) -> None:
    await create_limit("circleci", slots=1)
    asked: list[str] = []

    async def ask() -> dict[str, Any]:
        asked.append("sentry")
        return {}

    shop = configured(project("shop")).projects
    async with slots("circleci"):
        (found,) = await at_once((shop, ask()), seconds=1)
    assert found["shop"].gap is Gap.UNAVAILABLE
    assert "for 1 s: no slot free" in found["shop"].reason
    assert asked == []
