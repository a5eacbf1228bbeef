"""The orchestrator: keeps workflows, jobs and robots; answers REST and live sockets.

`casare_rpa.orchestrator.app.create_app` builds the application, `casare_rpa.orchestrator.server`
runs it. Nothing happens on import.
"""
