"""The logs of runs: a record is one line, whatever a vendor or a person has put into it, and shows no token."""

import logging
from traceback import TracebackException
from typing import Final

from watchkeeper.domain.redaction import redacted
from watchkeeper.domain.text import one_line, visible

RUN_LOGGERS: Final = ("prefect.flow_runs", "prefect.task_runs")


class CarefulRecords(logging.Filter):
    """Lets every record through, its message as one line; a traceback keeps its lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True  # a mistake in the call, which `logging` tells itself
        record.msg, record.args = redacted(one_line(message)), ()
        if record.exc_info and record.exc_info[1] and not record.exc_text:
            record.exc_text = _traceback(record.exc_info[1])
        return True


def _traceback(error: BaseException) -> str:
    """Return a traceback in which each exception is one line."""
    parts = TracebackException.from_exception(error).format()
    shown = (visible(part) if part.startswith("  ") else f"{one_line(part)}\n" for part in parts)
    return redacted("".join(shown).rstrip("\n"))


def guard_run_logs() -> None:
    """Have the logs of flow and task runs in this process go through `CarefulRecords`; once, however often called."""
    for name in RUN_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, CarefulRecords) for each in logger.filters):
            logger.addFilter(CarefulRecords())
