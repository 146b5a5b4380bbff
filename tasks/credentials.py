"""Loads the blocks that hold what a person typed."""

from typing import TypeVar

from prefect.blocks.core import Block

from watchkeeper.clients.vendor_errors import MissingCredential
from watchkeeper.domain.verdicts import Gap, Missing

B = TypeVar("B", bound=Block)


async def load_block(kind: type[B], name: str) -> B | Missing:
    """Return the block `name` of `kind`, or what a person can do about its absence."""
    try:
        return await kind.aload(name)
    except ValueError:  # Prefect's answer for a document that is not there, or does not fit its type any more
        vendor = kind.get_block_type_name()
        return Missing(
            Gap.NO_CREDENTIAL,
            f'there are no credentials: the block "{vendor}" named "{name}" is missing. '
            f"Create it in the Prefect UI under Blocks, or put its token into .env and start again",
        )


async def require_block(kind: type[B], name: str) -> B:
    """Return the block `name` of `kind`.

    Raises:
        MissingCredential: there is none, or it does not fit its type any more.
    """
    block = await load_block(kind, name)
    if isinstance(block, Missing):
        raise MissingCredential(kind.__name__, block.reason)
    return block
