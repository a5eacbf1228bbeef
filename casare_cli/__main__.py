"""Start of the program. What must answer at once is answered before typer is imported."""

from __future__ import annotations

import sys

from casare_rpa.streams import open_missing_streams


def main() -> int:
    """Run the program with the arguments it was called with; the exit code."""
    open_missing_streams()
    words = sys.argv[1:]
    if words[:1] == ["agent"] and (not words[1:] or words[1] == "start" or words[1][:1] == "-"):
        # Before the slow imports: a supervisor may stop an agent in its first moments.
        from agent.machine.signals import leave_on_stop

        leave_on_stop()
    if words == ["--version"] and sys.stdout is not None:
        from casare_rpa import __version__

        try:
            sys.stdout.write(f"casare-rpa {__version__}\n")
            sys.stdout.flush()
            return 0
        except OSError:
            pass  # said in the usual way below
    if words[:1] == ["__complete"]:
        from casare_cli.completing import complete

        return complete(words[1:])
    from casare_cli.app import main as run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
