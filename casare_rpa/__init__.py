"""CasareRPA: the shared language of workflows, jobs and events, and the orchestrator."""

__version__ = "0.1.0"
