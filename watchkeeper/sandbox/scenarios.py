"""What can be made to happen, by name."""

from dataclasses import dataclass

VENDORS = (
    "sentry", "vercel", "vercel-status", "circleci", "github", "slack", "pagerduty", "jira", "datadog", "products",
)  # fmt: skip

SCENARIOS: dict[str, str] = {
    "calm": "Everything works. Ends every other scenario, and any custody with it.",
    "bad-release": "A release went live ten minutes ago and fails about 30 % of its requests. A rollback cures it.",
    "repair": "Somebody pushes a repair: it goes live, or is built and waits while production is held at a rollback.",
    "rolling-release": "A release that fails about 12 % of its requests is given to a quarter of the visitors.",
    "bad-flag": "Half of the visitors get a new checkout that fails about 12 % of its requests: a percentage cures it.",
    "slow-burn": "Failures have been rising for two hours, by 1.5 percentage points an hour.",
    "low-traffic": "Hardly anybody is there: about 3 requests in 15 minutes.",
    "vendor-down": "A vendor answers 503.",
    "vendor-slow": "A vendor answers after 60 seconds.",
    "rate-limited": "A vendor answers 429, with its headers.",
    "garbage": "A vendor answers nonsense: HTML, half a document, wrong types, 200 MB, missing keys, in turn.",
    "platform-incident": "Vercel reports a major outage, and the products fail with it.",
    "certificate-expiring": "The certificate of the products' TLS port ends in two days.",
}
OF_A_VENDOR = frozenset({"vendor-down", "vendor-slow", "rate-limited", "garbage"})
OF_A_PROJECT = frozenset({"bad-release", "repair", "rolling-release", "bad-flag", "slow-burn"})


class UnknownScenarioError(ValueError):
    """A scenario, vendor or project that does not exist; the message names those that do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that is on. `vendor` or `project` is "" when it has none; `at` is when it began, epoch seconds."""

    name: str
    vendor: str
    project: str
    at: float


def begin(name: str, vendor: str, project: str, at: float, projects: list[str]) -> Scenario:
    """Return the scenario asked for; `projects` are the slugs that exist.

    Raises:
        UnknownScenarioError: no such scenario, vendor or project.
    """
    if name not in SCENARIOS:
        raise UnknownScenarioError(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    if name in OF_A_VENDOR and vendor not in VENDORS:
        raise UnknownScenarioError(f"{name} needs a vendor, one of {', '.join(VENDORS)}; got {vendor!r}")
    if name in OF_A_PROJECT and project not in projects:
        raise UnknownScenarioError(f"no project {project!r}; there are {', '.join(projects[:5])} ...")
    return Scenario(name, vendor if name in OF_A_VENDOR else "", project if name in OF_A_PROJECT else "", at)
