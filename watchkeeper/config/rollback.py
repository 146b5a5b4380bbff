"""What projects.yaml says of ways back: who may say yes, what happens by itself, what cannot be taken back."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from watchkeeper.config import values as v
from watchkeeper.config.limits import Section
from watchkeeper.domain.rollback_policy import AutoRollback, PercentageItem, RollbackPolicy


class Percentage(Section):
    """The item that says which share of visitors gets the new way, where the rollout of the project is one."""

    edge_config: v.EdgeConfig = Field(examples=["ecfg_shop"])
    """Id of the Edge Config (Global Config) store."""
    key: v.ItemKey = Field(examples=["new_checkout_percent"])
    """Key of the item; its value is a number from 0 to 100."""


class Rollbacks(Section):
    """How production is taken back to an earlier release."""

    auto: Literal["off", "propose", "approve_then_run", "automatic"] = "propose"
    """What happens by itself when a release is bad: nothing, an alert with a prepared run, a run that waits for a YES,
    or a run that asks nobody (only after seven days of shadow mode)."""
    approvers: tuple[v.Person, ...] = Field((), max_length=50, examples=[["Ada Okafor <ada@example.com>"]])
    """Names, e-mail addresses, or best both of those who may say YES; empty for anybody who gives a name."""
    two_person: bool = False
    """The requester cannot approve alone (four eyes). Needs two `approvers`, or one beside `requesters`; who asks must
    be one of them."""
    requesters: tuple[v.Person, ...] = Field((), max_length=200, examples=[["Zoe Lind <zoe@example.com>"]])
    """Who may ask beside the approvers where two people are needed, and may not approve."""
    cooldown_minutes: v.Minutes = 30
    """Minutes that lie between two ways back."""
    max_release_age_hours: v.Hours = 24
    """Hours after which a release is too old for a way back to be proposed by itself."""
    migration_paths: tuple[v.PathPattern, ...] = Field(RollbackPolicy().migration_paths, max_length=50)
    """Patterns of files that older code may not understand: such a change between two releases blocks the way back."""
    percentage: Percentage | None = None
    approval_timeout_minutes: v.Minutes = 60
    """Minutes that a run waits for an answer."""
    verify_minutes: v.Minutes = 15
    """Minutes over which it is measured whether it has helped."""

    @property
    def value(self) -> RollbackPolicy:
        item = self.percentage
        return RollbackPolicy(
            auto=AutoRollback(self.auto),
            approvers=self.approvers,
            requesters=self.requesters,
            two_person=self.two_person,
            cooldown=timedelta(minutes=self.cooldown_minutes),
            max_release_age=timedelta(hours=self.max_release_age_hours),
            migration_paths=self.migration_paths,
            percentage=PercentageItem(item.edge_config, item.key) if item else None,
            approval_timeout=timedelta(minutes=self.approval_timeout_minutes),
            verify_for=timedelta(minutes=self.verify_minutes),
        )
