"""The steps of a way back that ask or tell somebody: what the plan is made from, the move, what came of it."""

from tasks.rollback_measures import measure
from tasks.rollback_moves import move_production
from tasks.rollback_plan import read_plan_input

__all__ = ["measure", "move_production", "read_plan_input"]
