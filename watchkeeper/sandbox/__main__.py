"""Run the sandbox: `python -m watchkeeper.sandbox --port 8400`."""

import argparse

from watchkeeper.sandbox.run import run_sandbox


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m watchkeeper.sandbox", description="A make-believe company behind HTTP."
    )
    parser.add_argument("--port", type=int, default=8400, help="port on the loopback interface (%(default)s)")
    parser.add_argument("--projects", type=int, default=3, help="how many products the company has (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same company (%(default)s)")
    parser.add_argument("--tls-port", type=int, default=0, help="port of the products over TLS (0: none)")
    options = parser.parse_args()
    run_sandbox(options.port, options.projects, options.seed, options.tls_port)


if __name__ == "__main__":
    main()
