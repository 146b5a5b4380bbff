"""Whether the custody that a rollback left was ended by somebody else than us."""

from collections.abc import Sequence
from datetime import datetime

from watchkeeper.domain.production import AliasJob, Production
from watchkeeper.domain.rollback import Rollback


def why_over(held: Rollback, under_way: Sequence[Rollback], production: Production, since: datetime) -> str:
    """Return why new builds go live again after a rollback, as a sentence; "" while they do not, or nobody can tell.

    Args:
        held: the rollback by which the project is in custody.
        under_way: the project's ways back that are not over: what they change, they write down themselves.
        production: as it is now.
        since: begin of the window that was looked at. Before the rollback was over it tells nothing of its custody.
    """
    if under_way or held.finished_at is None or since < held.finished_at:
        return ""
    request = production.last_alias_request
    if request is not None and request.kind == "promote" and request.job is AliasJob.SUCCEEDED:
        return "somebody has promoted another release in Vercel: the custody is over"
    if production.auto_assigns_domains is True:
        return "somebody has let new builds go live again in Vercel: the custody is over"
    return ""
