"""The limits that the tasks want to find on the server."""

from prefect.client.orchestration import get_client


async def create_limit(vendor: str, slots: int = 5) -> None:
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(f"watchkeeper-{vendor}", slots)
