"""What `doctor` looks at: one theme a file, one function a check, one line a finding."""

from __future__ import annotations

from collections.abc import Iterator

from casare_cli.checks import orchestrator, robot, settings, this_machine
from casare_cli.checks.finding import Check, Finding, failed, skipped
from casare_cli.context import App
from casare_cli.profiles.configuring import with_line
from casare_rpa.errors import CasareError, ConfigInvalid

CHECKS: tuple[Check, ...] = (
    *settings.CHECKS,
    *orchestrator.CHECKS,
    *this_machine.CHECKS,
    *robot.CHECKS,
)


def examine(app: App) -> Iterator[Finding]:
    """What every check finds, as soon as it is found; a check that breaks is a finding, too."""
    told: set[str] = set()
    for check in CHECKS:
        try:
            yield from check(app)
        except CasareError as error:
            yield _broken(check, error, told)
        except Exception as error:  # one broken check must not hide what the others find
            message = f"cannot be checked: {type(error).__name__}: {error}"
            yield failed(_name(check), message, "Send casare-rpa doctor --bundle FILE to support")


def _broken(check: Check, error: CasareError, told: set[str]) -> Finding:
    """The error of a check; one that others have met before is not told again."""
    name = _name(check)
    if isinstance(error, ConfigInvalid):
        error = with_line(error)
    if error.message in told:
        wrong_setting = isinstance(error, ConfigInvalid)
        why = "the settings cannot be used" if wrong_setting else "the orchestrator does not answer"
        return skipped(name, why)
    told.add(error.message)
    return failed(name, error.message, error.hint or "Correct what is named here")


def _name(check: Check) -> str:
    return check.__name__.replace("_", " ")
