"""See and deliver what the agent on this machine has written down of its jobs.

An agent writes everything about a job into a journal before anyone is told, and removes it when the
orchestrator has it all. What is left after a crash is delivered by the next start of the agent, or
by `agent journal flush`.

Examples:
    casare-rpa agent journal list
    casare-rpa agent journal flush --api-key file:robot.key
"""
