"""Telling the right person once: one pass over all that is open."""

from watchkeeper.domain.alert_passes import Known, Message, Pass

__all__ = ["Known", "Message", "Pass"]
