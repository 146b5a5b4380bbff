"""What a parameter or a state does to a vendor's answer where no schema says so.

Each fact has its source, which is the vendor's own code, document or recorded answer, never our sandbox. The sandbox
and the clients are both held against this table (`test_facts.py`), so that they cannot share a mistake.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fact:
    """One fact.

    Attributes:
        name: unique; a check of the sandbox goes by the same name.
        subject: the call and the parameter or state; `effect`: what that does to the answer.
        client: the test that holds the client to it, as `file::test`.
        sandbox: why the sandbox does not show it; "" where it does, which a check proves.
    """

    name: str
    vendor: str
    subject: str
    effect: str
    source: str
    client: str
    sandbox: str = ""


_GROUP: Final = "getsentry/sentry src/sentry/api/serializers/models/group.py, group_stream.py"
_SENTRY: Final = "tests/clients/test_sentry.py"
_GITHUB: Final = "tests/clients/test_github.py"
_GITHUB_ISSUES: Final = "tests/clients/test_github_issues.py"
_SLACK: Final = "tests/clients/test_slack_files.py"
_CIRCLECI: Final = "tests/clients/test_circleci.py"
_VERCEL: Final = "tests/clients/test_vercel.py"
_MOVES: Final = "tests/clients/test_vercel_moves.py"
_SENTRY_SESSIONS: Final = "tests/clients/test_sentry_sessions.py"
_SESSIONS: Final = (
    "getsentry/sentry src/sentry/api/endpoints/organization_sessions.py, src/sentry/snuba/sessions_v2.py, "
    "src/sentry/release_health/metrics_sessions_v2.py"
)

FACTS: Final = (
    Fact(
        "sentry-collapse-stats",
        "sentry",
        "GET issues, collapse=stats",
        "leaves out count, userCount, firstSeen, lastSeen, lifetime and filtered as well as stats",
        f"{_GROUP}: _get_seen_stats, StreamGroupSerializerSnuba.serialize",
        f"{_SENTRY}::test_nothing_that_is_read_is_collapsed",
    ),
    Fact(
        "sentry-issues-of-a-range",
        "sentry",
        "GET issues, start and end",
        "count, userCount, firstSeen and lastSeen at the top are of the range; the whole life is under lifetime",
        f"{_GROUP}: _seen_stats_impl; grafana/sentry-datasource#726; getsentry/sentry#79622",
        f"{_SENTRY}::test_an_old_issue_is_not_new_because_the_range_is",
    ),
    Fact(
        "sentry-collapse-lifetime",
        "sentry",
        "GET issues, collapse=lifetime",
        "leaves out lifetime",
        _GROUP,
        f"{_SENTRY}::test_nothing_that_is_read_is_collapsed",
    ),
    Fact(
        "sentry-issue-dates-null",
        "sentry",
        "GET issues, no event of the issue in the environment or the range",
        "firstSeen and lastSeen are null, at the top or of the life",
        f"{_GROUP}: _parse_seen_stats_results",
        f"{_SENTRY}::test_what_sentry_does_not_say_of_an_issue_is_unknown",
        sandbox="each of its issues has events in the environment and in the range",
    ),
    Fact(
        "sentry-count-is-text",
        "sentry",
        "GET issues",
        "count is text, userCount a number",
        f"{_GROUP}: _convert_seen_stats",
        f"{_SENTRY}::test_issues_are_read_with_what_a_person_needs",
    ),
    Fact(
        "sentry-sessions-without-per-page",
        "sentry",
        "GET sessions without per_page",
        "keeps floor(10000 / (intervals + 1)) groups, and the next link says that there is nothing more",
        f"{_SESSIONS}; getsentry/sentry#48327, #48692, #62260",
        f"{_SENTRY_SESSIONS}::test_sessions_of_many_releases_are_asked_for_in_halves",
    ),
    Fact(
        "sentry-sessions-in-pages",
        "sentry",
        "GET sessions with per_page",
        "says that there is more, unless the page is as large as what fits",
        f"{_SESSIONS}: SessionsDataSeriesPaginator, max_groups",
        f"{_SENTRY_SESSIONS}::test_sessions_are_not_asked_for_in_pages",
    ),
    Fact(
        "sentry-sessions-by-status-in-pages",
        "sentry",
        "GET sessions with per_page, groupBy=session.status",
        "answers with a page of the other groups and one more, each in five, and says that there is nothing more",
        f"{_SESSIONS}: SessionsDataSeriesPaginator, ensure_status_groups",
        f"{_SENTRY_SESSIONS}::test_sessions_are_not_asked_for_in_pages",
    ),
    Fact(
        "sentry-sessions-older-limit",
        "sentry",
        "GET sessions on an older Sentry of one's own",
        "keeps floor(5000 / intervals) groups",
        "getsentry/sentry src/sentry/snuba/sessions_v2.py: SNUBA_LIMIT",
        f"{_SENTRY_SESSIONS}::test_an_older_sentry_keeps_half_as_many",
        sandbox="it is a Sentry of today",
    ),
    Fact(
        "sentry-sessions-whole-hours",
        "sentry",
        "GET sessions, start and end",
        "the range is widened to whole intervals",
        f"{_SESSIONS}: get_constrained_date_range",
        f"{_SENTRY}::test_requests_name_environment_time_and_groups",
    ),
    Fact(
        "sentry-session-project-is-an-id",
        "sentry",
        "GET sessions, groupBy=project",
        "the project is its id, a number",
        f"{_SESSIONS}: GroupKey",
        f"{_SENTRY}::test_sessions_are_read_hour_by_hour_and_handled_errors_are_no_failures",
    ),
    Fact(
        "sentry-span-project-is-a-slug",
        "sentry",
        "GET events, field=project",
        "the project is its slug",
        "https://docs.sentry.io/api/explore/query-explore-events-in-table-format/",
        f"{_SENTRY}::test_spans_are_counted_by_release",
    ),
    Fact(
        "sentry-unknown-environment",
        "sentry",
        "any call, an environment that the organization has not",
        "404",
        "getsentry/sentry src/sentry/api/helpers/environments.py: get_environments raises ResourceDoesNotExist",
        f"{_SENTRY}::test_an_environment_that_is_not_there_is_named",
    ),
    Fact(
        "sentry-new-groups-by-project",
        "sentry",
        "GET releases",
        "newGroups at the top is the sum over projects; projects[].newGroups is each one's, of all environments",
        "getsentry/sentry src/sentry/api/serializers/models/release.py",
        f"{_SENTRY}::test_new_issues_of_a_release_are_those_of_the_project",
        sandbox="each of its releases is of one project",
    ),
    Fact(
        "sentry-new-groups-null",
        "sentry",
        "GET releases, a project without new issues in the release",
        "projects[].newGroups may be null, which the sum counts as none",
        "getsentry/sentry src/sentry/api/serializers/models/release.py: new_groups__isnull=False",
        f"{_SENTRY}::test_new_issues_that_are_null_are_none",
        sandbox="it counts each of them",
    ),
    Fact(
        "sentry-no-failure-count",
        "sentry",
        "GET events, dataset=spans, failure_count() on a Sentry of one's own before July 2025",
        "400, Unknown function failure_count",
        "getsentry/sentry#94471; src/sentry/search/eap/resolver.py: get_function_definition",
        f"{_SENTRY}::test_a_sentry_without_failure_counts_is_read_by_its_failure_rate",
        sandbox="it is a Sentry of today",
    ),
    Fact(
        "vercel-entry-without-project",
        "vercel",
        "GET deployments",
        "entries without projectId occur, and with `id` in the place of `uid`; target null is a preview",
        "answers of 2024 recorded by public deploy actions",
        f"{_VERCEL}::test_an_entry_without_the_id_of_its_project_is_known_by_the_name",
        sandbox="it answers as the document says today",
    ),
    Fact(
        "vercel-linear-shift",
        "vercel",
        "GET rolling-release, 2026",
        "currentCanaryPercentage is what visitors get now; substate PAUSED; linearShift",
        "Vercel's SDK documents of 2026",
        f"{_VERCEL}::test_a_rolling_release_of_2026_says_what_visitors_get_now",
        sandbox="its stages have no shift",
    ),
    Fact(
        "vercel-invalid-token",
        "vercel",
        "any call, 403 with invalidToken: true",
        "the token itself is dead, not only without access",
        "vercel/vercel, packages/cli: the client's handling of invalidToken",
        f"{_VERCEL}::test_a_token_that_is_dead_is_told_from_one_that_may_not_see_something",
        sandbox="its refusal keeps to the document's error",
    ),
    Fact(
        "vercel-rollback-stops-assignment",
        "vercel",
        "POST rollback",
        "autoAssignCustomDomains becomes false: later builds do not go live until one is promoted",
        "https://vercel.com/docs/instant-rollback",
        f"{_MOVES}::test_a_promotion_ends_custody_even_of_what_serves",
    ),
    Fact(
        "github-issues-by-cursor",
        "github",
        "GET issues of a repository",
        "pages by `after` in the next link; `page` alone is 422 on large sets",
        "google/go-github#3565",
        f"{_GITHUB_ISSUES}::test_lists_that_page_by_a_cursor_are_read_to_the_end",
    ),
    Fact(
        "github-secondary-limit",
        "github",
        "any call, too many at once",
        "403 or 429 without Retry-After and with x-ratelimit-remaining above 0: wait a minute at least",
        "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api; hub4j/github-api#2009, #1805",
        f"{_GITHUB}::test_a_limit_that_no_header_names_is_waited_for_and_the_token_is_fine",
        sandbox="it has no limit of things at once",
    ),
    Fact(
        "github-renamed-repository",
        "github",
        "any call, a repository that was renamed or moved",
        "301 for reads and 307 for writes, both within the host of the API",
        "18F/charlie#85; google/go-github#184",
        f"{_GITHUB_ISSUES}::test_a_repository_that_was_renamed_is_written_to_where_it_is",
        sandbox="none of its repositories was renamed",
    ),
    Fact(
        "slack-replies-in-pages",
        "slack",
        "GET conversations.replies, limit and cursor",
        "oldest first; what was answered stands on the first page only; next_cursor is empty or missing on the last",
        "https://docs.slack.dev/reference/methods/conversations.replies; simstudioai/sim#4934",
        f"{_SLACK}::test_a_file_is_found_on_whatever_page_of_a_thread",
    ),
    Fact(
        "slack-replies-since",
        "slack",
        "GET conversations.replies, oldest",
        "leaves out the answers before it; whether what was answered is left out is not documented",
        "https://docs.slack.dev/reference/methods/conversations.replies",
        f"{_SLACK}::test_files_of_a_thread_are_found_by_name_and_time",
    ),
    Fact(
        "slack-history-in-pages",
        "slack",
        "GET conversations.history, limit and cursor",
        "newest first, the older ones behind next_cursor",
        "https://docs.slack.dev/reference/methods/conversations.history",
        f"{_SLACK}::test_a_message_is_found_on_whatever_page_of_a_channel",
    ),
    Fact(
        "slack-short-pages",
        "slack",
        "GET conversations.*, limit",
        "fewer may come, even none, though there are more; 15 at most for apps sold outside the Marketplace",
        "https://docs.slack.dev/reference/methods/conversations.replies, argument limit and the note of May 29, 2025",
        f"{_SLACK}::test_a_file_is_found_on_whatever_page_of_a_thread",
        sandbox="its pages are as long as they were asked to be",
    ),
    Fact(
        "circleci-only-followed-projects",
        "circleci",
        "GET pipeline, org-slug",
        "lists only the most recently built projects that the token's user follows, at most 250",
        "CircleCI's OpenAPI document of API v2; CircleCI-Archived/api-preview-docs#65, #97",
        f"{_CIRCLECI}::test_a_project_that_the_tokens_user_does_not_follow_is_asked_for_by_itself",
    ),
    Fact(
        "circleci-pipelines-without-vcs",
        "circleci",
        "GET pipeline",
        "pipelines without vcs occur, and errors null",
        "apache/incubator-devlake, its e2e tables of CircleCI",
        f"{_CIRCLECI}::test_a_pipeline_without_vcs_is_found_on_the_branch_that_was_asked_for",
        sandbox="all its pipelines are of GitHub",
    ),
    Fact(
        "circleci-workflows-without-created-at",
        "circleci",
        "GET pipeline workflow",
        "workflows without created_at occur",
        "apache/incubator-devlake, its e2e tables of CircleCI",
        f"{_CIRCLECI}::test_a_workflow_that_was_never_dated_still_counts",
        sandbox="it answers as the document says",
    ),
    Fact(
        "circleci-final-statuses",
        "circleci",
        "GET pipeline workflow, status",
        "needs_setup and terminated-unknown occur beside those of the document",
        "apache/incubator-devlake, its e2e tables of CircleCI; circleci-docs#3088",
        f"{_CIRCLECI}::test_an_end_that_nobody_knows_is_an_end_and_no_success",
        sandbox="its workflows have the document's statuses",
    ),
    Fact(
        "sentry-unknown-function",
        "sentry",
        "GET events, dataset=spans, a function that it has not",
        "400, and the detail names the function without its brackets",
        "getsentry/sentry src/sentry/search/eap/resolver.py: get_function_definition",
        f"{_SENTRY}::test_a_sentry_without_failure_rates_is_read_by_sessions",
    ),
    Fact(
        "sentry-failure-rate",
        "sentry",
        "GET events, dataset=spans, failure_rate()",
        "failures as a fraction 0..1 of all, since March 2025",
        "getsentry/sentry#87323",
        f"{_SENTRY}::test_a_sentry_without_failure_counts_is_read_by_its_failure_rate",
    ),
    Fact(
        "sentry-links",
        "sentry",
        "any list",
        "both links are always sent; results says whether there is anything to follow",
        "https://docs.sentry.io/api/pagination/",
        f"{_SENTRY}::test_pages_are_followed_to_the_end",
    ),
    Fact(
        "sentry-largest-page",
        "sentry",
        "any list but sessions, more than 100 entries a page",
        "400",
        "https://docs.sentry.io/api/pagination/; getsentry/sentry src/sentry/api/base.py: get_per_page",
        f"{_SENTRY}::test_no_page_is_larger_than_sentry_allows",
    ),
    Fact(
        "sentry-limit-headers",
        "sentry",
        "any call",
        "X-Sentry-Rate-Limit-Reset is in seconds since 1970, UTC",
        "https://docs.sentry.io/api/ratelimits/; getsentry/sentry src/sentry/middleware/ratelimit.py",
        f"{_SENTRY}::test_the_limit_is_told_in_epoch_seconds",
    ),
)
