"""Signals of endpoints: down, slow, and how long the certificate holds."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_facts import STALE, US, AlertFacts, cause_of
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import Labels, labels_of
from watchkeeper.domain.endpoints import ENOUGH_ANSWERS, Endpoint, EndpointState, endpoint_states, told_down
from watchkeeper.domain.phrases import clock, milliseconds
from watchkeeper.domain.verdicts import Component, Gap

BACK: Final = timedelta(hours=1)  # whose probes tell how an endpoint stands
TOGETHER: Final = timedelta(seconds=90)  # within which something else must have answered, or our own line may be down


def endpoint_down(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield for each endpoint whether it is down; not known until enough probes in a row say the same."""
    for endpoint, state, labels in _states(facts, now):
        if state is None:
            yield Signal(facts.project, "endpoint_down", None, now, labels, url=endpoint.url)
            continue
        down, last = _is_down(facts, state, now), state.last
        why = next((probe.detail for probe in reversed(state.probes) if not probe.ok), "")
        yield Signal(
            facts.project,
            "endpoint_down",
            None if down is None else float(down),
            last.at,
            labels,
            details=(f"{endpoint.name} is down: {why}" if why else f"{endpoint.name} is down",),
            release=_release(facts, now),
            cause=cause_of(facts.check_at(now)),
            url=endpoint.url,
        )


def endpoint_latency(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the median time to answer of each endpoint, in milliseconds."""
    return _latencies(facts, now, "endpoint_latency", is_share=False)


def endpoint_slowness(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the median time to answer of each endpoint, in multiples of its own limit."""
    return _latencies(facts, now, "endpoint_slowness", is_share=True)


def certificate(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the days until the certificate of each endpoint ends; nothing for one that has none."""
    for endpoint, state, labels in _states(facts, now):
        ends = state.certificate_expires_at if state else None
        if ends is None:
            if state is None or not state.last.ok:
                yield Signal(facts.project, "certificate", None, now, labels, url=endpoint.url)
            continue
        days = (ends - now) / timedelta(days=1)
        told = f"the certificate of {endpoint.name} {'expires' if days > 0 else 'expired'} on {clock(ends)}"
        yield Signal(facts.project, "certificate", days, now, labels, details=(told,), url=endpoint.url)


def _states(facts: AlertFacts, now: datetime) -> Iterator[tuple[Endpoint, EndpointState | None, Labels]]:
    """Yield each endpoint with where it stands; None when nobody has asked it lately."""
    states = endpoint_states(facts.probes_between(now - BACK, now), facts.limits.endpoints)
    for endpoint in facts.endpoints:
        state = states.get(endpoint.name)
        is_known = state is not None and now - state.last.at <= STALE
        yield endpoint, state if is_known else None, labels_of(endpoint=endpoint.name)


def _is_down(facts: AlertFacts, state: EndpointState, now: datetime) -> bool | None:
    if not state.down:
        was_right = all(probe.ok for probe in state.probes)
        enough = state.last.ok and state.in_a_row >= facts.limits.endpoints.successes_to_recover
        return False if was_right or enough else None
    if state.last.ok:
        return None  # it answered again, and not yet often enough
    return True if state.last.status is not None or _we_are_online(facts, state, now) else None


def _we_are_online(facts: AlertFacts, state: EndpointState, now: datetime) -> bool:
    """Return True when it is the endpoint that does not answer, and not our own line that is down."""
    if facts.was_online(state.last.at - TOGETHER, min(state.last.at + TOGETHER, now)):
        return True
    check = facts.check_at(now)
    judgement = check.components.get(Component.ENDPOINTS) if check else None
    if check is None or judgement is None or judgement.gap is Gap.OFFLINE or cause_of(check) == US:
        return False
    return check.window.end >= (state.since or now) and state.last.endpoint in told_down(judgement)


def _latencies(facts: AlertFacts, now: datetime, name: str, *, is_share: bool) -> Iterator[Signal]:
    for endpoint, state, labels in _states(facts, now):
        latency = state.latency_ms if state and len(state.answers) >= ENOUGH_ANSWERS else None
        if state is None or latency is None:
            yield Signal(facts.project, name, None, now, labels, url=endpoint.url)
            continue
        own = endpoint.latency_warning_ms
        limit = facts.limits.endpoints.latency_warning_ms if own is None else own
        told = f"{endpoint.name} answers in {milliseconds(latency)}, limit {milliseconds(limit)}"
        value = latency / limit if is_share else latency
        yield Signal(facts.project, name, value, state.last.at, labels, details=(told,), url=endpoint.url)


def _release(facts: AlertFacts, now: datetime) -> str:
    check = facts.check_at(now)
    return check.blame.release if check else ""
