"""What can be made to go wrong at a single place, by name: more exact than a scenario, and mostly for tests."""

from dataclasses import dataclass

SWITCHES: dict[str, str] = {
    "change-402": "Vercel refuses the next changes: the plan does not allow them.",
    "change-409": "Vercel refuses the next changes: another one is under way.",
    "change-410": "Vercel refuses the next changes: the deployment is gone.",
    "change-422": "Vercel refuses the next changes: the deployment is no candidate.",
    "change-429": "Vercel has had too many changes.",
    "change-500": "Vercel answers changes with an error, and does nothing.",
    "change-500-done": "Vercel answers changes with an error, and has done them all the same.",
    "change-lost": "Vercel makes the change, and its answer comes a minute later (`value`: seconds).",
    "job-fails": "Vercel cannot move the domains: the job fails and production stays.",
    "alias-stays": "Vercel says that the domains have moved, and production stays.",
    "slow-alias": "Vercel takes 20 seconds to move the domains (`value`: seconds).",
    "deleted": "The deployment named in `subject` is gone.",
    "hobby": "The account is on Vercel's free plan: only the previous deployment can be gone back to.",
    "permissions-unsaid": "Vercel does not say what the token may do.",
    "env-changed": "An environment variable of production was changed just now.",
    "cron-changed": "What serves now brought another cron job along.",
    "migration": "What serves now came with a database migration.",
    "no-rollback-label": "The pull request of what serves now has the label no-rollback.",
    "many-commits": "500 commits lie between any two (`value`: how many).",
}


class UnknownSwitchError(ValueError):
    """A switch that does not exist, or a project; the message names those that do."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that is on.

    Attributes:
        project: the slug; "" for every project.
        at: when it was set, epoch seconds.
        times: how often it works still; None for as long as it is on.
    """

    name: str
    project: str
    at: float
    value: float | None = None
    subject: str = ""
    times: int | None = None


class Switches:
    """Those that are on. `generation` changes whenever any of them does: who waits for one looks at it."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, str, str], Switch] = {}
        self.generation = 0

    def set(self, switch: Switch) -> None:
        """Set a switch; one of the same name, project and subject goes off.

        Raises:
            UnknownSwitchError: there is none of that name.
        """
        if switch.name not in SWITCHES:
            raise UnknownSwitchError(f"no switch {switch.name!r}; there are {', '.join(SWITCHES)}, and none for none")
        self._on[switch.name, switch.project, switch.subject] = switch
        self.generation += 1

    def clear(self) -> None:
        self._on.clear()
        self.generation += 1

    def get(self, name: str, project: str = "", subject: str = "") -> Switch | None:
        """Return the switch that is on for a project."""
        return self._on.get((name, project, subject)) or self._on.get((name, "", subject))

    def take(self, name: str, project: str) -> Switch | None:
        """Return the switch that is on, and count it as used once."""
        found = self.get(name, project)
        if found is not None and found.times is not None:
            key = (found.name, found.project, found.subject)
            del self._on[key]
            if found.times > 1:
                left = found.times - 1
                self._on[key] = Switch(found.name, found.project, found.at, found.value, found.subject, left)
        return found

    def all(self) -> list[Switch]:
        return list(self._on.values())
