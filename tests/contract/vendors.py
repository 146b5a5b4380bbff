"""Where each vendor lives in the sandbox, and where its service is known to differ from its document."""

from base64 import b64encode
from dataclasses import dataclass

from tests.contract.documents import Correction
from watchkeeper.sandbox import jira, pagerduty

NULL = {"nullable": True}
_ITEM = "content application/json schema properties"


@dataclass(frozen=True)
class Vendor:
    """A vendor of the sandbox. `prefix` stands before the paths of its document, `scheme` before the token."""

    prefix: str
    token: str
    corrections: tuple[Correction, ...] = ()
    token_header: str = "Authorization"
    scheme: str = "Bearer "

    @property
    def headers(self) -> dict[str, str]:
        return {self.token_header: f"{self.scheme}{self.token}"} if self.token else {}


def _running(path: str, key: str) -> Correction:
    return Correction(
        f"paths {path} get responses 200 {_ITEM} items items properties {key}", NULL, "null until it begins or ends"
    )


_CIRCLECI = (
    *(
        Correction(f"paths {path} get responses 200 {_ITEM} next_page_token", NULL, "null ends the pages")
        for path in (
            "/pipeline",
            "/pipeline/{pipeline-id}/workflow",
            "/workflow/{id}/job",
            "/project/{project-slug}/pipeline",
            "/insights/{project-slug}/workflows",
            "/insights/{project-slug}/workflows/{workflow-name}",
        )
    ),
    _running("/pipeline/{pipeline-id}/workflow", "stopped_at"),
    _running("/workflow/{id}/job", "started_at"),
    Correction(f"paths /workflow/{{id}} get responses 200 {_ITEM} stopped_at", NULL, "null until it ends"),
)
_SLACK = (
    Correction(
        "paths /chat.update post responses 200 content application/json schema properties message properties blocks",
        {"type": "array"},
        "blocks are a list, as the rest of the document says",
    ),
    Correction(
        "components schemas objs_message properties attachments items",
        {"additionalProperties": True},
        "attachments hold blocks and a color today, as the pages say; the document is of 2021",
    ),
    *(
        Correction(
            f"paths {path} post requestBody",
            {"content": {"application/json": {"schema": {"type": "object"}}}},
            "calls take JSON with the token in the header today; the document is of 2021",
        )
        for path in ("/chat.postMessage", "/chat.update")
    ),
)
_REFUSED = "paths /chat.postMessage post responses default content application/json schema"
_SLACK_REFUSALS = (
    Correction(_REFUSED, {"additionalProperties": True}, "a missing scope is named as `needed`, beside `provided`"),
    Correction(f"{_REFUSED} properties error", {"enum": None}, "a missing scope is not among the errors of 2021"),
)
_GITHUB = (
    Correction(
        "paths /repos/{owner}/{repo}/contents/{path} get responses 200 content application/json schema",
        {"discriminator": None},
        "it tells objects apart, but a folder is a list",
    ),
)
_VERCEL = (
    Correction(
        "paths /v1/edge-config/{edgeConfigId}/items patch requestBody content application/json schema "
        "properties items items anyOf properties key",
        {"pattern": "^[\\w-]+$"},
        "keys have letters; the document escapes the backslash twice",
    ),
)

VENDORS = {
    "sentry": Vendor("/sentry", "sandbox-sentry-token"),
    "vercel": Vendor("/vercel", "sandbox-vercel-token", _VERCEL),
    "circleci": Vendor("/circleci/api/v2", "sandbox-circleci-token", _CIRCLECI, "Circle-Token", ""),
    "github": Vendor("/github", "sandbox-github-token", _GITHUB),
    "slack": Vendor("/slack/api", "sandbox-slack-token", (*_SLACK, *_SLACK_REFUSALS)),
    "pagerduty": Vendor("/pagerduty", pagerduty.TOKEN, scheme="Token token="),
    "pagerduty with a wrong token": Vendor("/pagerduty", "sandbox-of-somebody-else", scheme="Token token="),
    "pagerduty.events-v2": Vendor("/pagerduty-events/v2", ""),  # the key is in the body
    "jira": Vendor("/jira", b64encode(f"{jira.EMAIL}:{jira.TOKEN}".encode()).decode(), scheme="Basic "),
}
