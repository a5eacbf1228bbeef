"""`python -m agent`: the robot without the command line, set up by its environment."""

from __future__ import annotations

import argparse
import sys

from agent.app import run
from agent.exit_codes import BAD_CONFIGURATION
from agent.options import AgentOptions
from casare_rpa.errors import ConfigInvalid
from casare_rpa.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m agent", description="Claim jobs and run them. Settings: CASARE_*."
    )
    parser.add_argument("--once", action="store_true", help="run one job, exit with its outcome")
    parser.add_argument("--idle-timeout", type=float, metavar="SECONDS")
    parser.add_argument("--max-uptime", type=float, metavar="SECONDS")
    given = parser.parse_args()
    try:
        settings = Settings.load()
    except ConfigInvalid as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION
    return run(
        settings,
        AgentOptions(
            once=given.once,
            idle_timeout_seconds=given.idle_timeout,
            max_uptime_seconds=given.max_uptime,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
