"""Run a robot: claim jobs, run them, report.

Without a verb it starts the robot, as `agent start` does.

Examples:
    casare-rpa agent --url http://orchestrator:8000 --api-key file:robot.key
    casare-rpa agent --once --name cron-robot
"""
