"""Times in which a project was critical."""

from datetime import datetime

from sqlmodel import Field

from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base


class IncidentRow(Base, table=True):
    __tablename__ = "incidents"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    started_at: datetime = Field(primary_key=True)
    ended_at: datetime | None
    fault: str
    release: str
    reason: str
    from_history: bool
