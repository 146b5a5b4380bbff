from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.github import GitHub
from tasks.github import fetch_commits
from tests.sandbox.serving import serving
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.sandbox.app import create_app

pytestmark = pytest.mark.usefixtures("prefect_server")


async def test_commits_come_back_by_repository_and_one_that_is_hidden_leaves_the_others() -> None:
    since = datetime.now(UTC) - timedelta(days=5)

    @flow
    async def asking(github: GitHub) -> dict[str, tuple[Commit, ...] | Missing]:
        return await fetch_commits(github, (("acme/shop", "main"), ("acme/gone", "main")), since)

    async with serving(create_app()) as url:
        found = await asking(GitHub(token=SecretStr("sandbox-github-token"), base_url=f"{url}/github"))
    shop, gone = found["acme/shop"], found["acme/gone"]
    assert not isinstance(shop, Missing)
    assert shop
    assert all(each.sha and each.title and each.author for each in shop)
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED
