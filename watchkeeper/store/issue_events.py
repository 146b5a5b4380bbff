"""When issues showed up, came back and were resolved, as far as looking at them has told."""

from datetime import datetime

from sqlmodel import Field

from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base


class IssueEventRow(Base, table=True):
    __tablename__ = "issue_events"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    at: datetime = Field(primary_key=True)
    issue: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    level: str
