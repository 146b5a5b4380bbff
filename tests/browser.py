"""The real browser of the tests: where it is, and how it is started."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Without a graphics card, what Prefect's UI draws in three dimensions keeps a whole core busy.
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
]
