"""Start of the program. What must answer at once is answered before typer is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program with the arguments it was called with; the exit code."""
    words = sys.argv[1:]
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
