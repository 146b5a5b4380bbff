"""The credentials that the environment or a `.env` file holds, under their usual names."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values


def read_credentials(file: Path = Path(".env")) -> Mapping[str, str]:
    """Return all values of `file` and of the environment; the environment wins, empty ones are left out."""
    found = {**dotenv_values(file), **os.environ}
    return {name: value.strip() for name, value in found.items() if value and value.strip()}
