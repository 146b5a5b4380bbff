"""Moves of the production domains (Vercel): promotions and rollbacks."""

from datetime import datetime

from sqlmodel import Field

from watchkeeper.store.tables import IN_ORDER_OF_KEY, Base


class AliasRequestRow(Base, table=True):
    __tablename__ = "alias_requests"
    __table_args__ = (IN_ORDER_OF_KEY,)

    project: str = Field(primary_key=True)
    requested_at: datetime = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    from_deployment: str
    to_deployment: str
    job: str
