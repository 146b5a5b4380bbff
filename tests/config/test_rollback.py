"""What the file says of ways back."""

from datetime import timedelta

import pytest

from tests.config.conftest import Mistakes
from watchkeeper.config import read_configuration
from watchkeeper.domain.rollback import AutoRollback, PercentageItem, RollbackPolicy

ALL = """
    rollback:
      auto: approve_then_run
      approvers: [Ada Okafor, "Björn <bjorn@example.com>"]
      two_person: true
      requesters: [Zoe]
      cooldown_minutes: 45
      max_release_age_hours: 12
      migration_paths: ["db/**"]
      percentage: {edge_config: ecfg_shop, key: new_checkout_percent}
      approval_timeout_minutes: 20
      verify_minutes: 5
"""


def test_what_is_not_said_is_the_habit_of_the_house(shop: str) -> None:
    (project,) = read_configuration(shop, {}).projects
    assert project.rollback_policy == RollbackPolicy()


def test_everything_can_be_said(shop: str) -> None:
    (project,) = read_configuration(shop + ALL, {}).projects
    assert project.rollback_policy == RollbackPolicy(
        auto=AutoRollback.APPROVE_THEN_RUN,
        approvers=("Ada Okafor", "Björn <bjorn@example.com>"),
        requesters=("Zoe",),
        two_person=True,
        cooldown=timedelta(minutes=45),
        max_release_age=timedelta(hours=12),
        migration_paths=("db/**",),
        percentage=PercentageItem("ecfg_shop", "new_checkout_percent"),
        approval_timeout=timedelta(minutes=20),
        verify_for=timedelta(minutes=5),
    )


def test_off_needs_no_quotes_and_defaults_hold_key_by_key(shop: str) -> None:
    text = f"defaults: {{rollback: {{auto: off, verify_minutes: 3}}}}\n{shop}    rollback: {{cooldown_minutes: 1}}\n"
    (project,) = read_configuration(text, {}).projects
    policy = project.rollback_policy
    assert (policy.auto, policy.verify_for, policy.cooldown) == (
        AutoRollback.OFF,
        timedelta(minutes=3),
        timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("written", "key", "words"),
    [
        ("{auto: always}", "rollback.auto", "propose"),
        ("{approvers: [Ada], two_person: true}", "rollback.approvers", "at least two"),
        ("{approvers: ['']}", "rollback.approvers", "e-mail address"),
        ("{two_person: true}", "rollback.two_person", "expected approvers"),
        ("{approvers: [Ada, ada, Grace]}", "rollback.approvers[1]", "one person"),
        ("{approvers: [Ada <a@x.example>, Bob <a@x.example>]}", "rollback.approvers[1]", "one person"),
        ("{approvers: [José, Jose\u0301]}", "rollback.approvers[1]", "one person"),
        ("{approvers: [Ada], requesters: [ADA]}", "rollback.requesters[0]", "one person"),
        ("{approvers: [Ada, Ada Okafor], two_person: true}", "rollback.approvers[1]", "could be one person"),
        ("{approvers: [Ada Okafor, ada@x.example], two_person: true}", "rollback.approvers[1]", "could be one person"),
        ("{approvers: [Watchkeeper]}", "rollback.approvers", "no person"),
        ('{approvers: ["A\\u200Bda"]}', "rollback.approvers", "U+200B"),
        ('{approvers: ["\\u0410da"]}', "rollback.approvers", "look alike"),
        ("{percentage: {edge_config: shop, key: x}}", "rollback.percentage.edge_config", "ecfg_"),
        ("{percentage: {edge_config: ecfg_x, key: 'a b'}}", "rollback.percentage.key", "letters, digits"),
        ("{migration_paths: ['!x']}", "rollback.migration_paths", "a pattern of files"),
        ("{cooldown_minutes: 0}", "rollback.cooldown_minutes", "minutes"),
        ("{approver: [Ada]}", "rollback.approver", "approvers"),
    ],
)
def test_a_mistake_is_said_by_its_key(written: str, key: str, words: str, shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"{shop}    rollback: {written}\n")
    assert len(found) == 1
    ((place, problem),) = found.items()
    assert key in place
    assert words in problem.message


def test_one_person_who_is_listed_twice_is_not_two_people(shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"{shop}    rollback: {{approvers: [Ada, ADA], two_person: true}}\n")
    assert [place.rpartition(".")[2] for place in found] == ["approvers[1]", "approvers"]


@pytest.mark.parametrize(
    "written", ["{approvers: [Ada], requesters: [Zoe], two_person: true}", "{approvers: [Ada, Ada Okafor]}"]
)
def test_one_approver_and_one_who_asks_are_two_people(written: str, shop: str) -> None:
    assert len(read_configuration(f"{shop}    rollback: {written}\n", {}).projects) == 1


def test_two_people_may_be_asked_for_in_the_defaults_and_listed_in_the_project(shop: str) -> None:
    text = f"defaults: {{rollback: {{two_person: true}}}}\n{shop}    rollback: {{approvers: [Ada, Grace]}}\n"
    (project,) = read_configuration(text, {}).projects
    assert project.rollback_policy.two_person
