"""Facts about PagerDuty and Jira, as in `facts.py`."""

from typing import Final

from tests.contract.fact import Fact

_EVENTS: Final = "PagerDuty/developer-docs docs/events-API-v2"
_EVENTS_DOCUMENT: Final = "PagerDuty/api-schema reference/events-v2/openapiv3.json"
_REST: Final = "PagerDuty/developer-docs docs/REST-API"
_INCIDENTS: Final = "PagerDuty/api-schema reference/REST/openapiv3.json"
_JIRA_DOCUMENT: Final = "Atlassian's OpenAPI document of the platform API v3 (swagger-v3.v3.json)"
_PAGERDUTY: Final = "tests/clients/test_pagerduty.py"
_JIRA: Final = "tests/clients/test_jira.py"
_JIRA_TASK: Final = "tests/tasks/test_jira.py"

PAGERDUTY_FACTS: Final = (
    Fact(
        "pagerduty-event-accepted",
        "pagerduty",
        "POST enqueue",
        "202 with the dedup_key, which PagerDuty makes up for a trigger that has none",
        f"{_EVENTS}/01-Overview.md, 02-Trigger-Events.md; {_EVENTS_DOCUMENT}: Success",
        f"{_PAGERDUTY}::test_a_trigger_tells_what_is_known_and_nothing_empty",
    ),
    Fact(
        "pagerduty-one-open-alert-a-key",
        "pagerduty",
        "POST enqueue, dedup_key",
        "joins the open alert of the key; after a resolve a trigger opens a new one, and anything else is dropped",
        f"{_EVENTS}/02-Trigger-Events.md, Alert De-Duplication",
        f"{_PAGERDUTY}::test_what_is_over_or_taken_on_needs_its_key_alone",
    ),
    Fact(
        "pagerduty-invalid-event",
        "pagerduty",
        "POST enqueue, an event that is wrong",
        "400 with status, message and errors; it is not to be sent again",
        f"{_EVENTS}/01-Overview.md; {_EVENTS_DOCUMENT}: Error; envato/pagerduty#70",
        f"{_PAGERDUTY}::test_an_event_that_is_wrong_is_refused_and_not_sent_again",
    ),
    Fact(
        "pagerduty-event-lengths",
        "pagerduty",
        "POST enqueue, dedup_key and summary",
        "255 and 1024 characters are permitted",
        f"{_EVENTS}/02-Trigger-Events.md",
        "tests/reports/test_pagerduty.py::test_hostile_text_stays_within_the_limits",
    ),
    Fact(
        "pagerduty-wrong-routing-key",
        "pagerduty",
        "POST enqueue, a routing_key that is wrong",
        "400 and not 401: errors name routing_key, or the body is the text Invalid routing key",
        "answers recorded in envato/pagerduty#70, blockpane/tenderduty#10, robusta-dev/robusta#571",
        f"{_PAGERDUTY}::test_a_wrong_routing_key_is_a_credential_to_mend",
    ),
    Fact(
        "pagerduty-too-many-events",
        "pagerduty",
        "POST enqueue, more than some 120 events a minute for one routing_key",
        "429, and the event is not taken: send it again later",
        f"{_EVENTS}/05-Rate-Limits.md, 01-Overview.md",
        f"{_PAGERDUTY}::test_an_event_too_many_was_not_taken",
        sandbox="it counts requests and enforces no limit",
    ),
    Fact(
        "pagerduty-incidents-in-pages",
        "pagerduty",
        "GET incidents, limit and offset",
        "25 a page, 100 at most; more says whether there are more, total is null; offset + limit above 10000 is 400",
        f"{_REST}/09-Pagination.md",
        f"{_PAGERDUTY}::test_all_pages_are_read",
    ),
    Fact(
        "pagerduty-joined-alerts-have-no-key",
        "pagerduty",
        "GET incidents, incident_key",
        "an incident with child alerts has no incident_key, and is found by the key of each of its alerts",
        f"{_INCIDENTS}: parameter incident_key",
        f"{_PAGERDUTY}::test_an_incident_without_its_key_is_asked_for_by_the_keys_that_are_open",
        sandbox="none of its incidents joins alerts",
    ),
    Fact(
        "pagerduty-acknowledgements",
        "pagerduty",
        "GET incidents, acknowledgements",
        "empty once an incident is triggered or resolved",
        f"{_INCIDENTS}: Incident.acknowledgements",
        f"{_PAGERDUTY}::test_the_last_person_who_acknowledged_is_named",
    ),
    Fact(
        "pagerduty-whole-acknowledgers",
        "pagerduty",
        "GET incidents, include[]=acknowledgers",
        "acknowledgers are whole users or services with a name; else references with a summary",
        f"{_INCIDENTS}: Incident.acknowledgements, AcknowledgerReference, User, Service",
        f"{_PAGERDUTY}::test_the_last_person_who_acknowledged_is_named",
    ),
    Fact(
        "pagerduty-limit-headers",
        "pagerduty",
        "any call of the REST API",
        "ratelimit-reset is in seconds from now",
        f"{_REST}/04-Rate-Limits.md",
        f"{_PAGERDUTY}::test_the_limit_is_told_in_seconds_from_now",
    ),
    Fact(
        "pagerduty-wrong-token",
        "pagerduty",
        "any call of the REST API, a token that is wrong",
        "401",
        f"{_REST}/14-Errors.md",
        f"{_PAGERDUTY}::test_a_wrong_token_is_refused",
    ),
)

JIRA_FACTS: Final = (
    Fact(
        "jira-comments-in-pages",
        "jira",
        "GET comments of an issue, startAt and maxResults",
        "100 a page at most, whatever is asked for; maxResults says what holds, total counts all pages",
        f"{_JIRA_DOCUMENT}; https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination; "
        "answers recorded in brekkylab/backlot#163, #165; pycontribs/jira#1938",
        f"{_JIRA}::test_a_comment_is_found_on_any_page_and_pages_before_its_time_are_not_asked_for",
    ),
    Fact(
        "jira-comments-newest-first",
        "jira",
        "GET comments of an issue, orderBy=-created",
        "the newest first; any field but created is 400",
        _JIRA_DOCUMENT,
        f"{_JIRA}::test_a_comment_is_found_on_any_page_and_pages_before_its_time_are_not_asked_for",
    ),
    Fact(
        "jira-search-lags",
        "jira",
        "GET search/jql",
        "may not know yet what was made or changed just now",
        f"{_JIRA_DOCUMENT}; port-labs/ocean#2765",
        f"{_JIRA_TASK}::test_a_lost_answer_makes_no_second_issue",
    ),
    Fact(
        "jira-search-ids-only",
        "jira",
        "GET search/jql without fields",
        "answers with ids alone",
        _JIRA_DOCUMENT,
        f"{_JIRA}::test_a_search_names_a_field_or_it_would_get_no_key",
    ),
    Fact(
        "jira-search-without-total",
        "jira",
        "GET search/jql",
        "says isLast and has no total",
        f"{_JIRA_DOCUMENT}: SearchAndReconcileResults",
        f"{_JIRA}::test_names_cannot_bend_a_search",
    ),
    Fact(
        "jira-search-unbounded",
        "jira",
        "GET search/jql, a query that restricts nothing",
        "400",
        _JIRA_DOCUMENT,
        f"{_JIRA}::test_names_cannot_bend_a_search",
    ),
    Fact(
        "jira-refused-fields",
        "jira",
        "POST issue, a field that cannot be set",
        "400, and errors names the field; nothing is made",
        f"{_JIRA_DOCUMENT}: ErrorCollection; answer recorded in activepieces/activepieces#3476",
        f"{_JIRA_TASK}::test_a_project_without_priorities_gets_its_issue_all_the_same",
    ),
    Fact(
        "jira-texts-are-documents",
        "jira",
        "POST issue and POST comment",
        "description and body are in the Atlassian Document Format, not text",
        _JIRA_DOCUMENT,
        f"{_JIRA_TASK}::test_an_issue_is_made_commented_and_closed",
    ),
    Fact(
        "jira-transitions-of-a-status",
        "jira",
        "GET and POST transitions of an issue",
        "lists what leads on from its status; one is made by its id, 204, and one that is not listed is 400",
        _JIRA_DOCUMENT,
        f"{_JIRA_TASK}::test_a_transition_that_is_not_there_says_which_are",
    ),
    Fact(
        "jira-changelog-newest-first",
        "jira",
        "GET issue, expand=changelog",
        "lists recent changes, the newest first, 100 at most",
        f"{_JIRA_DOCUMENT}; pycontribs/jira#911",
        f"{_JIRA}::test_who_moved_an_issue_last",
    ),
    Fact(
        "jira-history-metadata",
        "jira",
        "POST transitions with historyMetadata",
        "the change has the same historyMetadata in the changelog",
        f"{_JIRA_DOCUMENT}: IssueUpdateDetails, Changelog",
        f"{_JIRA}::test_who_moved_an_issue_last",
    ),
    Fact(
        "jira-hidden-issue",
        "jira",
        "GET issue, one that is not there or may not be seen",
        "404",
        _JIRA_DOCUMENT,
        f"{_JIRA}::test_a_key_is_one_segment_of_the_path",
    ),
    Fact(
        "jira-limit-headers",
        "jira",
        "any call, too many requests",
        "429 with Retry-After in seconds; X-RateLimit-Reset is a date in ISO 8601, no number",
        "https://jira.atlassian.com/browse/JRACLOUD-69262; "
        "https://developer.atlassian.com/cloud/jira/platform/rate-limiting/",
        f"{_JIRA}::test_the_pause_is_read_from_retry_after",
        sandbox="it counts requests and enforces no limit",
    ),
)
