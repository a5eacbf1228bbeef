"""Which command runs a failed job again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient


def again(client: OrchestratorClient, job_id: str) -> str:
    """The command that goes on where the job failed or, if that cannot be, what the refusal names.

    That is an earlier node where what a node had opened ended with the run. Who may not ask, or
    gets no answer, is told the usual one.
    """
    usual = f"casare-rpa jobs rerun {job_id} --failed"
    try:
        client.rerun(job_id, {"start": "failed", "dry_run": True})
    except CasareError as refused:
        is_command = str(refused.hint or "").startswith(f"casare-rpa jobs rerun {job_id} ")
        return str(refused.hint) if is_command else usual
    return usual
