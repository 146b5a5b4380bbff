import pytest

from tests.domain.makers import NEW, OLD
from watchkeeper.domain.commits import commit_of, same_commit, short_name


@pytest.mark.parametrize(
    ("version", "sha"),
    [
        pytest.param(NEW, NEW, id="a SHA"),
        pytest.param(NEW.upper(), NEW, id="in capitals"),
        pytest.param(NEW[:7], NEW[:7], id="a short SHA"),
        pytest.param(NEW[:6], "", id="too short to be one"),
        pytest.param(f"web@{NEW}", NEW, id="package and SHA"),
        pytest.param(f"@acme/web@1.2.3+{NEW[:12]}", NEW[:12], id="package, version and SHA"),
        pytest.param("v1.2.3-5-g3f2c1ab", "3f2c1ab", id="git describe"),
        pytest.param("web@1.2.3", "", id="a version alone"),
        pytest.param("web@1.2.3+20260922.3f2c1ab", "3f2c1ab", id="a date beside the SHA"),
        pytest.param("web@3f2c1ab-77aa001", "", id="two SHAs"),
        pytest.param("deadbeef-release", "deadbeef", id="a SHA with a suffix"),
        pytest.param("", "", id="nothing"),
        pytest.param("production", "", id="a word"),
    ],
)
def test_the_commit_that_a_version_names(version: str, sha: str) -> None:
    assert commit_of(version) == sha


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (NEW, NEW, True),
        (NEW, NEW[:7], True),
        (f"web@1.2.3+{NEW[:9]}", NEW, True),
        (NEW, OLD, False),
        (NEW[:7], NEW[:6], False),
        ("web@1.2.3", "web@1.2.3", False),
        ("", "", False),
    ],
)
def test_same_commit(a: str, b: str, *, same: bool) -> None:
    assert same_commit(a, b) is same
    assert same_commit(b, a) is same


def test_a_name_for_a_sentence() -> None:
    assert short_name(f"web@1.2.3+{NEW}") == "3f2c1ab"
    assert short_name("web@1.2.3") == "web@1.2.3"
    assert short_name("x" * 100) == "x" * 40
