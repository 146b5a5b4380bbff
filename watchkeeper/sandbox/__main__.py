"""Run the sandbox: `python -m watchkeeper.sandbox --port 8400`."""

import argparse
from datetime import UTC, datetime

from watchkeeper.sandbox.app import TlsPlace, run_sandbox


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m watchkeeper.sandbox", description="A make-believe company behind HTTP."
    )
    parser.add_argument("--port", type=int, default=8400, help="port on the loopback interface (%(default)s)")
    parser.add_argument("--projects", type=int, default=3, help="how many products the company has (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same company (%(default)s)")
    parser.add_argument("--tls-port", type=int, default=0, help="port where all is served over TLS too (0: none)")
    parser.add_argument("--tls-folder", default="", help="where authority.pem is put, to be trusted by callers")
    parser.add_argument(
        "--born",
        type=_day,
        metavar="YYYY-MM-DD",
        help="the UTC day before which the company's story happened; the same day gives the same history (today)",
    )
    options = parser.parse_args()
    tls = TlsPlace(options.tls_port, options.tls_folder) if options.tls_port else None
    run_sandbox(options.port, options.projects, options.seed, tls, options.born)


def _day(text: str) -> float:
    """Return when the day begins, epoch seconds.

    Raises:
        ValueError: it is not a day.
    """
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    main()
