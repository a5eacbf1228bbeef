"""Run a robot: claim jobs, run them, report. Pause, drain and stop the one on this machine.

Without a verb it starts the robot, as `agent start` does. The other verbs speak to the agent that
uses the same state folder; they need no orchestrator and no key.

Examples:
    casare-rpa agent --url http://orchestrator:8000 --api-key file:robot.key
    casare-rpa agent --once --name cron-robot
    casare-rpa agent pause --for 30m --note "I need the screen"
"""
