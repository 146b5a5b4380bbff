"""What projects.yaml says of reports: where they are kept and delivered, what things cost, what was promised."""

from typing import Literal

from pydantic import Field

from watchkeeper.config import values as v
from watchkeeper.config.limits import Section
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.slo import SloTarget

OFF = "off"


class ReportDelivery(Section):
    """Where a report is delivered. What is left out is as it is said further out; `off` says nowhere."""

    channel: v.ReportChannel | None = Field(None, examples=["#reports"])
    """The Slack channel, in quotes, or its id; `off` for nothing in Slack."""
    credentials: v.BlockName | None = None
    """Name of the Slack block; else the one of `slack`."""
    apprise: v.BlockName | None = Field(None, examples=["default"])
    """Name of the Apprise block, for e-mail and everything else; `off` (as without it) for nothing that way."""


class ReportDeliveries(ReportDelivery):
    """Where the reports on a project are delivered, for all periods and for each one."""

    daily: ReportDelivery = ReportDelivery()
    weekly: ReportDelivery = ReportDelivery()
    monthly: ReportDelivery = ReportDelivery()
    custom: ReportDelivery = ReportDelivery()

    def of(self, period: ReportPeriod) -> tuple[ReportDelivery, ReportDelivery]:
        """Return what is said of this period, and what is said of all."""
        return getattr(self, period.value), self


class GitHubPages(Section):
    """The branch that reports are published to. Others may write to it: its other files stay as they are."""

    repository: v.Repository = Field(examples=["acme/reports"])
    """Owner and name."""
    branch: v.Branch = "gh-pages"
    """The branch that GitHub Pages is set to; it is made when it is not there."""
    credentials: v.BlockName = "default"
    """Name of the GitHub block; its token needs Contents: write."""


class Reports(ReportDeliveries):
    """Where reports are kept, published and delivered."""

    storage: v.Storage = Field("", examples=["/var/lib/reports", "s3://acme-reports/watch", "s3-bucket/reports"])
    """A folder, an address that fsspec knows, or a storage block of Prefect."""
    publish: Literal["folder", "github_pages"] = "folder"
    """Whether the files are published as GitHub Pages, too."""
    pages: GitHubPages | None = None
    link: v.Url | None = Field(None, examples=["https://reports.example.com"])
    """Address at which people find the files, for links in messages."""


class Costs(Section):
    """What things cost. What is not known is left out of the sum, and said so."""

    currency: v.Currency = "USD"
    """Three letters."""
    circleci_credit: v.Money = 0.0006
    """Money for one credit of CircleCI."""
    vercel_per_month: v.Money | None = Field(None, examples=[20])
    """Money for a calendar month of Vercel, as far as it is this project's."""
    other_per_month: v.Money | None = Field(None, examples=[50])
    """Money for a calendar month of everything else."""

    @property
    def value(self) -> Prices:
        return Prices(
            currency=self.currency,
            circleci_credit=self.circleci_credit,
            vercel_per_month=self.vercel_per_month,
            other_per_month=self.other_per_month,
        )


class Objectives(Section):
    """What is promised to users, over the period of a report."""

    availability_percent: v.Target = 99.5
    """Percent of probes that succeed; 0 for no objective."""
    success_percent: v.Target = 99.0
    """Percent of requests or sessions that do not fail; 0 for no objective."""

    @property
    def values(self) -> tuple[SloTarget, ...]:
        targets = (
            SloTarget("Availability", self.availability_percent / 100, "availability"),
            SloTarget("Success rate", self.success_percent / 100, "failures"),
        )
        return tuple(target for target in targets if target.target > 0)
