"""`python -m watchkeeper.web`: our own pages, for `watchkeeper up`."""

import uvicorn

from watchkeeper.config import read_settings
from watchkeeper.web.app import create

if __name__ == "__main__":
    settings = read_settings()
    uvicorn.run(create(settings.home / "reports"), host="127.0.0.1", port=settings.web_port, log_level="warning")
