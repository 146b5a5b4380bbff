"""Whether the deployments that a server has are those of this version."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import prefect
import yaml
from prefect.client.orchestration import get_client

PACKAGES: Final = ("flows", "tasks", "blocks", "reports", "watchkeeper")


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered last, remembered in a file of the state folder.

    Attributes:
        repository: where prefect.yaml and the code are; a deployment holds both its place and its flow's parameters.
        record: the file.
    """

    repository: Path
    record: Path

    async def is_done(self) -> bool:
        """Return whether nothing has changed since, and the server still has every deployment.

        What a person has changed in the UI since, as a paused schedule, stays so until the version changes.
        """
        if not self.record.exists() or self.record.read_text() != self._version():
            return False
        async with get_client() as client:
            there = {(each.name, each.entrypoint) for each in await client.read_deployments(limit=200)}
        return self._wanted() <= there

    def remember(self) -> None:
        self.record.write_text(self._version())

    def _wanted(self) -> set[tuple[str, str]]:
        document = yaml.safe_load((self.repository / "prefect.yaml").read_bytes())
        return {(each["name"], each["entrypoint"]) for each in document["deployments"]}

    def _version(self) -> str:
        files = [self.repository / "prefect.yaml"]
        files += sorted(file for package in PACKAGES for file in (self.repository / package).rglob("*.py"))
        digest = hashlib.sha256(f"{prefect.__version__} {self.repository}".encode())
        for file in files:
            digest.update(str(file).encode() + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()
