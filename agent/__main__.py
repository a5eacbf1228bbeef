"""`python -m agent`: the robot without the command line, set up by its environment."""

from __future__ import annotations

import sys

from agent.machine.signals import leave_on_stop
from casare_rpa.streams import open_missing_streams


def main() -> int:
    leave_on_stop()
    open_missing_streams()
    # Imported now: loading them takes longer than anything before them.
    import argparse

    from agent.app import run
    from agent.exit_codes import BAD_CONFIGURATION
    from agent.options import AgentOptions
    from agent.uplink.keys import KeySource
    from casare_rpa.errors import ConfigInvalid
    from casare_rpa.settings import Settings, gather

    parser = argparse.ArgumentParser(
        prog="python -m agent", description="Claim jobs and run them. Settings: CASARE_*."
    )
    parser.add_argument("--once", action="store_true", help="run one job, exit with its outcome")
    parser.add_argument("--idle-timeout", type=float, metavar="SECONDS")
    parser.add_argument("--max-uptime", type=float, metavar="SECONDS")
    parser.add_argument("--max-jobs", type=int, metavar="N")
    given = parser.parse_args()
    try:
        found = gather()
        settings = Settings.of(found)
    except ConfigInvalid as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION
    return run(
        settings,
        AgentOptions(
            once=given.once,
            idle_timeout_seconds=given.idle_timeout,
            max_uptime_seconds=given.max_uptime,
            max_jobs=given.max_jobs,
        ),
        KeySource.of_setting(found.get("api_key")),
    )


if __name__ == "__main__":
    sys.exit(main())
