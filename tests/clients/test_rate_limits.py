from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.clients.rate_limits import LimitHeaders, pause_asked

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
BY_EPOCH = LimitHeaders(pairs=(("x-left", "x-reset"),), reset_is_epoch=True)
BY_SECONDS = LimitHeaders(pairs=(("left", "reset"), ("x-left", "x-reset")), reset_is_epoch=False)


@pytest.mark.parametrize(
    ("headers", "limit", "seconds"),
    [
        pytest.param({}, BY_EPOCH, None, id="nothing said"),
        pytest.param({"x-left": "1", "x-reset": f"{EPOCH + 9}"}, BY_EPOCH, None, id="one left"),
        pytest.param({"x-left": "0", "x-reset": f"{EPOCH + 9}"}, BY_EPOCH, 9, id="none left until an epoch second"),
        pytest.param({"x-left": "0", "x-reset": "9"}, BY_SECONDS, 9, id="none left for some seconds"),
        pytest.param({"left": "3", "reset": "1", "x-left": "0", "x-reset": "9"}, BY_SECONDS, 9, id="the lower holds"),
        pytest.param({"left": "0", "reset": "1", "x-left": "0", "x-reset": "9"}, BY_SECONDS, 9, id="the longer holds"),
        pytest.param({"x-left": "0"}, BY_SECONDS, None, id="none left but no reset"),
        pytest.param({"x-left": "many", "x-reset": "soon"}, BY_SECONDS, None, id="no numbers"),
        pytest.param({"x-left": "0", "x-reset": "nan"}, BY_SECONDS, None, id="a number that is none"),
        pytest.param({"x-left": "0", "x-reset": f"{EPOCH - 9}"}, BY_EPOCH, 0, id="a reset that is over"),
        pytest.param({"x-left": "0", "x-reset": "1e300"}, BY_SECONDS, 86_400, id="a reset beyond time"),
        pytest.param({"retry-after": "30"}, BY_EPOCH, 30, id="retry after seconds"),
        pytest.param({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, BY_EPOCH, 30, id="retry after a date"),
        pytest.param(
            {"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, BY_EPOCH, 0, id="retry after a date in the past"
        ),
        pytest.param({"retry-after": "tomorrow"}, BY_EPOCH, None, id="retry after nonsense"),
        pytest.param({"retry-after": "-5"}, BY_EPOCH, 0, id="retry after less than nothing"),
        pytest.param(
            {"date": "Sun, 01 Mar 2026 13:00:00 GMT", "x-left": "0", "x-reset": f"{EPOCH + 3605}"},
            BY_EPOCH,
            5,
            id="a vendor whose clock is an hour ahead",
        ),
        pytest.param(
            {"date": "Sun, 01 Mar 2026 13:00:00 GMT", "retry-after": "Sun, 01 Mar 2026 13:00:05 GMT"},
            BY_EPOCH,
            5,
            id="a date by a clock that is an hour ahead",
        ),
    ],
)
def test_the_pause_is_read_in_every_form(headers: dict[str, str], limit: LimitHeaders, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert pause_asked(headers, limit, NOW) == expected
