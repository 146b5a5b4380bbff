from typing import Any

import pytest

from tests.domain.makers import NEW, OLD, STATUS_BAD, STATUS_FINE, judged, missing, parts, release, sample
from watchkeeper.domain.blame import Blame, Fault, Suspects, assign_blame
from watchkeeper.domain.delivery import PlatformStatus
from watchkeeper.domain.errors import Denominator, ErrorCount
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Missing, Verdict

NOW_SERVING, BEFORE, OLDER = release(NEW, 20), release(OLD, 60), release("b" * 40, 90)
BAD, WARNED = judged(Verdict.CRITICAL), judged(Verdict.WARNING)


def blame(components: dict[Component, Judgement], *counts: tuple[str, int, int], **other: Any) -> Blame:
    values: dict[str, Any] = {
        "sample": sample(*counts),
        "releases": (NOW_SERVING, BEFORE, OLDER),
        "serving": NOW_SERVING,
        "before": BEFORE,
        "status": STATUS_FINE,
    }
    return assign_blame(components, Suspects(**(values | other)))


def test_nothing_is_wrong() -> None:
    assert blame(parts(), (NEW, 40, 300), (OLD, 2, 900)) == Blame(Fault.NONE, "nothing is wrong")


def test_nothing_known_is_not_nothing_wrong() -> None:
    assert blame(dict.fromkeys(Component, missing())).fault is Fault.UNKNOWN


def test_the_release_that_fails_more_than_the_one_before_it() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), (OLD, 2, 900))
    assert (found.fault, found.release) == (Fault.RELEASE, NEW)
    assert found.reason == (
        "release 3f2c1ab fails 40 of 300 requests, the one before it (77aa001) 2 of 900: 60 times as often (p < 0.0001)"
    )


def test_sessions_are_called_sessions() -> None:
    counted = sample((NEW, 40, 300), (OLD, 2, 900), denominator=Denominator.SESSIONS)
    assert "40 of 300 sessions" in blame(parts(errors=BAD), sample=counted).reason


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        pytest.param([(NEW, 40, 300), (OLD, 120, 900)], "not the cause by these numbers", id="both fail as often"),
        pytest.param([(NEW, 60, 300), (OLD, 120, 900)], "too little of a difference", id="less than twice"),
        pytest.param([(NEW, 2, 3), (OLD, 2, 900)], "2 failures prove nothing", id="two failures"),
        pytest.param([(NEW, 40, 300)], "nothing to compare with", id="the one before has no traffic left"),
        pytest.param([(OLD, 2, 900)], "no errors were counted under its name", id="no traffic yet"),
        pytest.param([("", 40, 300)], "no errors were counted under its name", id="errors without a release"),
    ],
)
def test_what_the_numbers_do_not_prove(counts: list[tuple[str, int, int]], reason: str) -> None:
    found = blame(parts(errors=BAD), *counts)
    assert (found.fault, found.release) == (Fault.UNKNOWN, "")
    assert reason in found.reason
    assert found.reason.endswith("(release 3f2c1ab went live at 2026-09-22 10:10 UTC, which alone proves nothing)")


def test_a_bad_release_with_few_requests_is_found() -> None:
    assert blame(parts(errors=WARNED), (NEW, 3, 5), (OLD, 2, 900)).fault is Fault.RELEASE


def test_the_one_before_may_be_known_from_earlier() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), earlier=(ErrorCount(OLD[:7], 5, 5_000),))
    assert (found.fault, found.release) == (Fault.RELEASE, NEW)
    assert found.reason.endswith("(p < 0.0001), which was counted before this window")


def test_earlier_numbers_may_acquit_as_well() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), earlier=(ErrorCount(OLD, 700, 5_000),))
    assert found.fault is Fault.UNKNOWN
    assert "700 of 5,000" in found.reason


def test_fewer_earlier_numbers_than_in_the_window_are_not_used() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), (OLD, 120, 900), earlier=(ErrorCount(OLD, 0, 800),))
    assert found.fault is Fault.UNKNOWN


@pytest.mark.parametrize(
    ("bad", "status", "fault"),
    [
        pytest.param({"errors": BAD}, STATUS_BAD, Fault.PLATFORM, id="errors in an outage"),
        pytest.param({"endpoints": BAD}, STATUS_BAD, Fault.PLATFORM, id="endpoints in an outage"),
        pytest.param({"delivery": WARNED}, STATUS_BAD, Fault.PLATFORM, id="delivery in an outage"),
        pytest.param({"builds": WARNED}, STATUS_BAD, Fault.UNKNOWN, id="the platform does not build"),
        pytest.param({"endpoints": BAD}, PlatformStatus("minor", "Slow"), Fault.PLATFORM, id="endpoints, a minor one"),
        pytest.param({"errors": BAD}, PlatformStatus("minor", "Slow"), Fault.UNKNOWN, id="errors, a minor one"),
        pytest.param({"endpoints": BAD}, PlatformStatus("maintenance", "x"), Fault.UNKNOWN, id="maintenance"),
        pytest.param({"endpoints": BAD}, STATUS_FINE, Fault.UNKNOWN, id="no outage"),
        pytest.param({"endpoints": BAD}, Missing(Gap.UNAVAILABLE, "x"), Fault.UNKNOWN, id="a silent status page"),
        pytest.param({"endpoints": BAD}, None, Fault.UNKNOWN, id="no status page"),
    ],
)
def test_the_platform(bad: dict[str, Judgement], status: PlatformStatus | Missing | None, fault: Fault) -> None:
    assert blame(parts(**bad), status=status).fault is fault


def test_the_platform_is_named_in_its_own_words() -> None:
    found = blame(parts(endpoints=BAD), status=STATUS_BAD)
    assert found.reason == "Vercel's status page says major: Elevated errors in the edge network"


def test_numbers_of_one_window_outweigh_the_status_page() -> None:
    assert blame(parts(errors=BAD), (NEW, 40, 300), (OLD, 2, 900), status=STATUS_BAD).fault is Fault.RELEASE


def test_the_status_page_outweighs_numbers_of_different_times() -> None:
    earlier = (ErrorCount(OLD, 5, 5_000),)
    assert blame(parts(errors=BAD), (NEW, 40, 300), earlier=earlier, status=STATUS_BAD).fault is Fault.PLATFORM


def test_our_own_connectivity() -> None:
    offline = missing(Gap.OFFLINE)
    assert blame(parts(endpoints=offline), online=False).fault is Fault.US
    assert blame(parts(endpoints=offline, delivery=WARNED), online=False).fault is Fault.US


def test_errors_that_were_counted_are_no_fault_of_our_connectivity() -> None:
    components = parts(errors=BAD, endpoints=missing(Gap.OFFLINE))
    assert blame(components, (NEW, 40, 300), (OLD, 2, 900), online=False).fault is Fault.RELEASE


def test_an_old_release_that_still_runs_in_browsers() -> None:
    found = blame(parts(errors=BAD), (NEW, 1, 900), (OLD, 40, 100))
    assert (found.fault, found.release) == (Fault.RELEASE, OLD)
    assert found.reason == (
        "release 77aa001 fails 40 of 100 requests, the one that serves now (3f2c1ab) 1 of 900:"
        " 360 times as often (p < 0.0001); it does not serve production any more, so going back does not help"
    )


def test_the_base_of_a_rolling_release_still_serves() -> None:
    found = blame(parts(errors=BAD), (NEW, 1, 100), (OLD, 90, 900), both_serve=True)
    assert (found.fault, found.release) == (Fault.RELEASE, OLD)
    assert found.reason.startswith(
        "release 77aa001 fails 90 of 900 requests, the one that is rolling out (3f2c1ab) 1 of"
    )


def test_where_the_one_before_is_not_known_the_busiest_other_is_taken() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), ("web@1.2.3", 2, 900), ("x", 0, 3), before=None)
    assert (found.fault, found.release) == (Fault.RELEASE, NEW)
    assert "(web@1.2.3) 2 of 900" in found.reason


def test_the_first_release_of_all() -> None:
    found = blame(parts(errors=BAD), (NEW, 40, 300), before=None)
    assert found.fault is Fault.UNKNOWN
    assert "could not be held against another: there is no release before it" in found.reason


@pytest.mark.parametrize(
    ("bad", "other", "reason"),
    [
        ({"errors": BAD}, {"serving": None}, "it is not known which release serves production"),
        ({"errors": BAD}, {"sample": Missing(Gap.NO_EVIDENCE, "x")}, "no errors were counted under its name"),
        ({"builds": WARNED}, {}, "what is wrong stands before production, so no serving release is to blame"),
        ({"builds": WARNED, "delivery": WARNED}, {}, "what is wrong stands before production"),
        ({"endpoints": BAD}, {}, "no failures by release speak for or against one (release 3f2c1ab went live at"),
        ({"endpoints": BAD}, {"serving": None}, "no failures by release speak for or against one"),
        ({"endpoints": BAD}, {"serving": release(live_at=None)}, "no failures by release speak for or against one"),
    ],
)
def test_why_the_fault_is_not_known(bad: dict[str, Judgement], other: dict[str, Any], reason: str) -> None:
    found = blame(parts(**bad), **other)
    assert found.fault is Fault.UNKNOWN
    assert found.reason.startswith(reason) or reason in found.reason


def test_the_order_of_releases_does_not_matter() -> None:
    counts = ((NEW, 1, 900), (OLD, 40, 100), ("b" * 40, 40, 100))
    usual = blame(parts(errors=BAD), *counts)
    assert blame(parts(errors=BAD), *counts[::-1], releases=(OLDER, BEFORE, NOW_SERVING)) == usual
