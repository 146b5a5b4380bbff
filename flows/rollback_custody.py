"""What follows from a health check: custody that somebody has ended in Vercel is over for us as well."""

from collections.abc import Mapping

from tasks.rollback_record import custodies, end_custody, ways_back_under_way
from watchkeeper.domain.custody import why_over
from watchkeeper.domain.production import DeliveryReport
from watchkeeper.domain.project_health import Observed
from watchkeeper.domain.windows import Window


def see_to_custody(seen: Mapping[str, Observed], window: Window) -> None:
    """End the custody of every project of which Vercel says that new builds go live again."""
    held = custodies(tuple(seen))
    if not held:
        return
    under_way = ways_back_under_way()
    for slug, rollback in held.items():
        delivery = seen[slug].delivery
        if not isinstance(delivery, DeliveryReport):
            continue
        others = [each for each in under_way if each.project == slug]
        why = why_over(rollback, others, delivery.production, window.start)
        if why:
            end_custody(rollback, why)
