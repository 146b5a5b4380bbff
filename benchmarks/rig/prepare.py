"""The child that makes a Prefect server and a store ready for the make-believe vendors.

Run by the benchmark: python -m benchmarks.rig.prepare SANDBOX_PORT
"""

import asyncio
import sys

from deployments.bootstrap import bootstrap
from watchkeeper.config import Credentials, read_settings
from watchkeeper.store.database import migrate


def main() -> None:
    settings = read_settings()
    migrate(settings.database)
    asyncio.run(bootstrap(Credentials(_env_file=None), settings.home / "blocks.json", int(sys.argv[1])))


if __name__ == "__main__":
    main()
