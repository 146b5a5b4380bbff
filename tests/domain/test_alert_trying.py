"""A rule over the past: how often, how long, how many messages."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.domain.alert_rule_makers import rule, signal
from tests.domain.makers import MINUTES, NOW
from watchkeeper.domain.alert_trying import Moment, Trial, try_rule
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.windows import HOUR

QUARTER = 15 * MINUTES


def past(*values: float | None, projects: Sequence[str] = ("shop",)) -> list[Moment]:
    moments = [NOW + number * QUARTER for number in range(len(values))]
    return [
        (moment, [signal(value, (moment - NOW) / MINUTES, project=project) for project in projects])
        for moment, value in zip(moments, values, strict=True)
    ]


def tried(*values: float | None, **other: object) -> Trial:
    history = past(*values)
    return try_rule([rule(**other)], history, history[-1][0])


def test_episodes() -> None:
    trial = tried(1, 9, 9, 1, None, 9, 1)
    assert (trial.rule, trial.moments, trial.since) == ("error-rate", 7, NOW)
    assert [(e.since, e.until) for e in trial.episodes] == [
        (NOW + QUARTER, NOW + 3 * QUARTER),
        (NOW + 5 * QUARTER, NOW + 6 * QUARTER),
    ]
    assert (trial.firing, trial.longest, trial.messages) == (3 * QUARTER, 2 * QUARTER, 4)


@pytest.mark.parametrize(
    ("values", "other", "messages"),
    [
        pytest.param((1, 1), {}, 0, id="nothing"),
        pytest.param((9, 9), {}, 1, id="still firing"),
        pytest.param((9, 1), {}, 2, id="firing and resolved"),
        pytest.param((9,) * 17 + (1,), {}, 3, id="reminded once in four hours"),
        pytest.param((9,) * 33, {}, 3, id="reminded twice in eight"),
        pytest.param((9,) * 33, {"severity": Severity.INFO}, 1, id="information is recalled once a day"),
        pytest.param((9, 1), {"for_": 30 * MINUTES}, 0, id="it did not hold long enough"),
    ],
)
def test_messages(values: Sequence[float], other: dict[str, object], messages: int) -> None:
    assert tried(*values, **other).messages == messages


def test_changes_within_the_group_interval_are_one_message() -> None:
    one = [(NOW + n * MINUTES, [signal(9 if n % 2 else 1, n)]) for n in range(11)]
    trial = try_rule([rule()], one, NOW + 10 * MINUTES)
    assert len(trial.episodes) == 5
    assert trial.messages == 3


def test_what_is_over_within_the_group_wait_is_never_told() -> None:
    seconds = [(NOW + timedelta(seconds=20 * n), [signal(9 if n == 1 else 1, n / 3)]) for n in range(4)]
    trial = try_rule([rule()], seconds, NOW + HOUR)
    assert (len(trial.episodes), trial.messages) == (1, 0)


def test_projects_are_told_each_for_itself_by_their_own_limits() -> None:
    rules = [rule(), rule(project="blog", enter=20)]
    trial = try_rule(rules, past(9, 9, 1, projects=("shop", "blog", "docs")), NOW + HOUR)
    assert [episode.project for episode in trial.episodes] == ["shop", "docs"]
    assert trial.messages == 4


def test_no_history() -> None:
    assert try_rule([rule()], [], NOW) == Trial("error-rate", NOW)
