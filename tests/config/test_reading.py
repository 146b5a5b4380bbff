from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.config import Configuration, ConfigurationError, Problem, configuration_text, read_configuration
from watchkeeper.domain.endpoints import Endpoint
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.verdicts import Component

Read = Callable[..., Configuration]


def test_the_smallest_file(read: Read, shop: str) -> None:
    configuration = read(shop)
    project = configuration.project("shop")
    assert project.components == {Component.BUILDS}
    assert project.circleci is not None
    assert (project.circleci.organization, project.circleci.branch) == ("gh/acme", "main")
    assert (project.credentials, project.slack_channel, project.slack_credentials) == ("default", "", "default")
    assert (configuration.timezone, configuration.connectivity, configuration.broken) == ("UTC", (), ())
    assert configuration.zone == ZoneInfo("UTC")


def test_the_limits_are_those_of_the_house_unless_said_otherwise(read: Read, shop: str) -> None:
    assert read(shop).projects[0].health_limits == HealthLimits()


def test_limits_are_given_in_percent_minutes_and_days(read: Read, shop: str) -> None:
    text = f"""{shop}    limits:
      errors: {{warning_percent: 1, critical_percent: 2.5}}
      endpoints: {{certificate_warning_days: 30}}
      delivery: {{stuck_after_minutes: 20}}
      builds: {{on_hold_after_hours: 48}}
      health: {{warning_score: 80}}
"""
    limits = read(text).projects[0].health_limits
    assert (limits.errors.warning, limits.errors.critical, limits.errors.emergency) == (0.01, 0.025, 0.1)
    assert limits.endpoints.certificate_warning == timedelta(days=30)
    assert limits.delivery.stuck_after == timedelta(minutes=20)
    assert limits.builds.on_hold_after == timedelta(hours=48)
    assert (limits.warning_score, limits.critical_score) == (80, 50)


def test_endpoints_become_values(read: Read, shop: str) -> None:
    text = f"""{shop}    endpoints:
      - {{name: home, url: "https://shop.example.com/", expected_status: [200, 204], body_contains: Welcome}}
      - {{name: health, url: "http://[::1]:8400/h", json_condition: 'checks.0.up != false', latency_warning_ms: 800}}
"""
    assert read(text).projects[0].endpoint_values == (
        Endpoint("home", "https://shop.example.com/", expected_status=(200, 204), body_contains="Welcome"),
        Endpoint("health", "http://[::1]:8400/h", json_condition="checks.0.up != false", latency_warning_ms=800),
    )


def test_defaults_hold_key_by_key(read: Read, shop: str) -> None:
    text = f"""{shop}    limits: {{errors: {{critical_percent: 4}}}}
    maintenance: [{{start: 2026-12-24T23:00:00+01:00, end: 2026-12-25T02:00:00Z}}]
defaults:
  credentials: sandbox
  limits: {{errors: {{warning_percent: 1, critical_percent: 3}}, health: {{warning_score: 90}}}}
  maintenance: [{{cron: "0 2 * * 0", minutes: 60}}]
slack: {{channel: "#all", credentials: other}}
"""
    configuration = read(text)
    project = configuration.projects[0]
    assert (project.limits.errors.warning_percent, project.limits.errors.critical_percent) == (1, 4)
    assert project.limits.health.warning_score == 90
    assert [(entry.cron, entry.start) for entry in project.maintenance] == [
        (None, datetime(2026, 12, 24, 22, tzinfo=UTC)),
        ("0 2 * * 0", None),
    ]
    assert (project.slack_channel, project.slack_credentials) == ("#all", "sandbox")
    assert (configuration.slack.channel, configuration.slack_credentials) == ("#all", "other")


@pytest.mark.parametrize(
    ("slack", "channel"),
    [
        pytest.param("", "#all", id="of the file"),
        pytest.param("defaults: {slack: {channel: '#most'}}", "#most", id="of the defaults"),
    ],
)
def test_the_nearest_channel_wins(read: Read, shop: str, slack: str, channel: str) -> None:
    assert read(f"{shop}slack: {{channel: '#all'}}\n{slack}\n").projects[0].slack_channel == channel
    own = f"{shop}    slack: {{channel: '#own'}}\nslack: {{channel: '#all'}}\n{slack}\n"
    assert read(own).projects[0].slack_channel == "#own"


def test_a_key_with_nothing_behind_it_is_not_there(read: Read, shop: str) -> None:
    assert read(f"{shop}    limits:\n    endpoints:\nslack:\ndefaults:\n  weights:\n") == read(shop)


def test_plain_words_stay_text_as_in_yaml_1_2(read: Read, shop: str) -> None:
    text = shop.replace("name: Shop", "name: no").replace("acme/shop}", "acme/shop, branch: on}")
    project = read(text).projects[0]
    assert project.name == "no"
    assert project.circleci is not None
    assert project.circleci.branch == "on"


def test_anchors_and_merge_keys(read: Read) -> None:
    text = """
x-strict: &strict {errors: {warning_percent: 1}}
x-ci: &ci {project: gh/acme/shop, branch: next}
projects:
  - {slug: a, name: A, circleci: *ci, limits: *strict}
  - {slug: b, name: B, circleci: {<<: *ci, branch: main}, limits: {<<: [*strict]}}
"""
    first, second = read(text).projects
    assert first.circleci is not None
    assert second.circleci is not None
    assert (first.circleci.branch, second.circleci.branch) == ("next", "main")
    assert first.limits == second.limits


@pytest.mark.parametrize(
    ("url", "environment", "result"),
    [
        pytest.param("http://a:${PORT}/", {"PORT": "81"}, "http://a:81/", id="set"),
        pytest.param("http://a:${PORT:-80}/", {}, "http://a:80/", id="default"),
        pytest.param("http://a:${PORT:-80}/", {"PORT": ""}, "http://a:80/", id="empty takes the default"),
        pytest.param("http://a/$${PORT}", {"PORT": "81"}, "http://a/${PORT}", id="escaped"),
        pytest.param("http://a/$PORT", {"PORT": "81"}, "http://a/$PORT", id="only with braces"),
        pytest.param("${A}${B}", {"A": "http://a/", "B": "b"}, "http://a/b", id="two"),
        pytest.param("http://a/${A}", {"A": "${B}", "B": "b"}, "http://a/${B}", id="filled in once"),
    ],
)
def test_values_from_the_environment(
    read: Read, shop: str, url: str, environment: Mapping[str, str], result: str
) -> None:
    configuration = read(f"{shop}    endpoints: [{{name: a, url: '{url}'}}]\n", environment)
    assert configuration.projects[0].endpoints[0].url == result


def test_a_number_from_the_environment_is_a_number(read: Read, shop: str) -> None:
    text = shop + "    limits:\n      errors:\n        min_total: ${LEAST}\n"
    assert read(text, {"LEAST": "40"}).projects[0].limits.errors.min_total == 40


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("${NOWHERE}", "the variable NOWHERE is not set", id="not set"),
        pytest.param("${NOWHERE", "expected ${NAME}", id="not closed"),
        pytest.param("${NO-WHERE}", "expected ${NAME}", id="another form of the shell"),
    ],
)
def test_a_reference_that_leads_nowhere(read: Read, shop: str, value: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"{shop}    github: {{repository: '{value}'}}\n")
    (problem,) = caught.value.problems
    assert problem.key == "projects[0].github.repository"
    assert words in problem.message


def test_a_broken_project_is_left_out_alone(read: Read, shop: str) -> None:
    text = f"""{shop}  - slug: portal
    name: Portal
    circleci: {{project: wrong}}
  - name: Nameless
  - slug: shop
    name: Twin
    circleci: {{project: gh/acme/twin}}
  - slug: api
    name: API
    circleci: {{project: gh/acme/api}}
"""
    configuration = read(text, isolate=True)
    assert [project.slug for project in configuration.projects] == ["shop", "api"]
    assert [broken.slug for broken in configuration.broken] == ["portal", "project-3", "project-4"]
    assert configuration.broken[0].reason.startswith("the configuration of this project is wrong: line 7: projects[1]")
    with pytest.raises(ConfigurationError):
        read(text)


def test_a_secret_or_an_unset_variable_breaks_only_its_project(read: Read, shop: str) -> None:
    text = f"{shop}  - {{slug: b, name: B, circleci: {{project: gh/acme/b}}, github: {{repository: '${{NOWHERE}}'}}}}\n"
    configuration = read(text, isolate=True)
    assert [broken.slug for broken in configuration.broken] == ["b"]


def test_a_mistake_outside_projects_refuses_the_file(read: Read, shop: str) -> None:
    with pytest.raises(ConfigurationError):
        read(f"{shop}defaults: {{limits: {{errors: {{warning_percent: 50}}}}}}\n", isolate=True)


def test_an_unknown_project_names_the_nearest(read: Read, shop: str) -> None:
    with pytest.raises(LookupError, match='did you mean "shop"'):
        read(shop).project("shp")


def test_a_thousand_projects_are_read_within_a_second() -> None:
    text = Path("deployments/projects.yaml").read_text(encoding="utf-8")
    head, projects = text.split("projects:\n", 1)
    one = projects[: projects.index("  - slug: portal")]
    many = head + "projects:\n" + "".join(one.replace("slug: shop", f"slug: p{n:04}") for n in range(1_000))
    started = perf_counter()
    assert len(read_configuration(many, {}).projects) == 1_000
    assert perf_counter() - started < 3, "about 0.5 s alone on the machine"


def test_the_file_is_read_as_text(tmp_path: Path, shop: str) -> None:
    file = tmp_path / "projects.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + shop.encode())
    assert configuration_text(file) == shop


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read.*WATCHKEEPER_PROJECTS"):
        configuration_text(tmp_path / "nowhere.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not text in UTF-8"):
        configuration_text(tmp_path / "binary")


_WORDS = """
projects slug name sentry organization circleci project limits errors warning_percent weights endpoints url maintenance
cron minutes start end defaults slack channel timezone connectivity json_condition expected_status gh/acme/shop shop UTC
<< *a &a !!x !!str ${X} ${X:-1} ${A_TOKEN} true 1 -1 1e999 ~ 2026-01-01 'q' "w" : - , [ ] { } # | > 0 * --- ...
"""
_words = st.sampled_from([*_WORDS.split(), "\n", "\n  ", "\t", "0 2 * * 0", "x: 1\n"])
_yaml_like = st.lists(st.one_of(_words, st.text(max_size=4)), max_size=40).map(" ".join)
_plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), _words),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(_words, st.text(max_size=6)), inner, max_size=5)
    ),
    max_leaves=30,
)


def _is_understood(text: str) -> None:
    for isolate in (False, True):
        try:
            result: Configuration | tuple[Problem, ...] = read_configuration(text, {"X": "x"}, isolate=isolate)
        except ConfigurationError as error:
            result = error.problems
        assert isinstance(result, Configuration) or all(p.message and p.line >= 1 for p in result)
        assert result


@given(st.one_of(st.text(), _yaml_like))
def test_any_text_is_a_configuration_or_a_mistake(text: str) -> None:
    _is_understood(text)


@given(st.dictionaries(_words, _plain, max_size=6), st.lists(_plain, max_size=3))
@settings(deadline=None)
def test_any_data_is_a_configuration_or_a_mistake(data: dict[str, object], projects: list[object]) -> None:
    _is_understood(yaml.safe_dump({**data, "projects": projects}, allow_unicode=True))
