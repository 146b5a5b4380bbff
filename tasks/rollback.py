"""The steps of a way back that ask or tell somebody: what it is planned from, the move, the proof, the people."""

from tasks.rollback_measures import measure
from tasks.rollback_moves import move_production
from tasks.rollback_people import remind_of_rollback, show_rollback_plan, tell_rollback, tell_rollback_news
from tasks.rollback_plan import read_plan_input

__all__ = [
    "measure",
    "move_production",
    "read_plan_input",
    "remind_of_rollback",
    "show_rollback_plan",
    "tell_rollback",
    "tell_rollback_news",
]
