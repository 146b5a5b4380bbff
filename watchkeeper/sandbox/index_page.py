"""The sandbox's own page: what there is, what goes on, and buttons."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.sandbox import circleci, datadog, github, jira, pagerduty, sentry, slack, vercel_errors
from watchkeeper.sandbox.scenarios import OF_A_PROJECT, OF_A_VENDOR, SCENARIOS, VENDORS
from watchkeeper.sandbox.slack_page import templates
from watchkeeper.sandbox.world import World

_PLACES = (
    ("Sentry", "/sentry", sentry.TOKEN),
    ("Vercel", "/vercel", vercel_errors.TOKEN),
    ("Vercel's status page", "/vercel-status", ""),
    ("CircleCI", "/circleci/api/v2", circleci.TOKEN),
    ("GitHub", "/github", github.TOKEN),
    ("Slack", "/slack/api/", slack.TOKEN),
    ("Slack, incoming webhook", f"/slack/services/{slack.WEBHOOK_SECRET}", ""),
    ("PagerDuty, REST", "/pagerduty", pagerduty.TOKEN),
    ("PagerDuty, events", "/pagerduty-events/v2", pagerduty.ROUTING_KEY),
    ("Jira", "/jira", jira.TOKEN),
    ("Datadog", "/datadog", datadog.TOKEN),
    ("A hook that takes anything", "/sandbox/hook/reports", ""),
    ("The products", "/products/shop/health", ""),
)


def render(world: World, state: Mapping[str, Any]) -> str:
    return templates.get_template("index.html").render(
        state=state,
        scenarios=SCENARIOS,
        active={scenario["name"] for scenario in state["scenarios"]},
        of_a_vendor=OF_A_VENDOR,
        of_a_project=OF_A_PROJECT,
        vendors=VENDORS,
        projects=[project.slug for project in world.projects[:50]],
        places=_PLACES,
    )
