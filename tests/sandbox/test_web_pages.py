"""The links that vendors hand out lead to a page."""

import pytest

from tests.sandbox.visitor import Visitor


async def _follow(visitor: Visitor, url: str) -> str:
    response = await visitor.http.get(url)
    assert response.status_code == 200, url
    return response.text


async def test_an_issue_is_found_by_its_permalink(visitor: Visitor) -> None:
    await visitor.play("bad-release")
    (fatal,) = await visitor.issues(query="is:unresolved level:fatal")
    page = await _follow(visitor, fatal["permalink"])
    assert "&lt;script&gt;total()&lt;/script&gt;" in page
    assert "<script>total()" not in page


async def test_a_project_lists_its_issues(visitor: Visitor) -> None:
    page = await _follow(visitor, "/sentry/organizations/acme/projects/portal-web/")
    assert "sessions failed" in page


async def test_a_deployment_is_found_by_its_inspector_url(visitor: Visitor) -> None:
    deployment = (await visitor.deployments())[0]
    assert 'Serves production</th><td dir="auto">yes' in await _follow(visitor, deployment["inspectorUrl"])


async def test_a_pipeline_is_found_by_its_number(visitor: Visitor) -> None:
    page = await visitor.get("/circleci/api/v2/pipeline", **{"org-slug": "gh/acme"})
    newest = page["items"][0]
    slug = newest["project_slug"].removeprefix("gh/")
    assert newest["vcs"]["revision"][:12] in await _follow(
        visitor, f"/circleci/pipelines/github/{slug}/{newest['number']}"
    )


@pytest.mark.parametrize(
    "path", ["/sentry/organizations/acme/issues/1/", "/vercel/acme/shop/1", "/circleci/pipelines/gh/acme/shop/1"]
)
async def test_what_is_not_there_says_so(path: str, visitor: Visitor) -> None:
    assert (await visitor.http.get(path)).status_code == 404
