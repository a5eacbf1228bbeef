"""How each command of the tree is called: one line a command. A command without one fails a test.

Words in braces are things that the world makes (`tests/cli/contract/world.py`): `{job}` is the same
one each time, `{new_job}` another one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Case:
    """What succeeds, and what is refused with the exit code `code`."""

    words: str
    fails: str
    code: int
    #: It changes nothing: the same again gives the same.
    looks: bool = False
    #: The exit code of what succeeds.
    exits: int = 0
    #: It asks the orchestrator.
    remote: bool = True
    #: Why it is not run to its end here.
    elsewhere: str = ""


def look(words: str, *, fails: str, code: int = 2, exits: int = 0, remote: bool = True) -> Case:
    return Case(words=words, fails=fails, code=code, exits=exits, looks=True, remote=remote)


def act(
    words: str,
    *,
    fails: str,
    code: int = 2,
    exits: int = 0,
    remote: bool = True,
    elsewhere: str = "",
) -> Case:
    return Case(
        words=words, fails=fails, code=code, exits=exits, remote=remote, elsewhere=elsewhere
    )


CASES: dict[str, Case] = {
    "agent check": look(
        "--api-key file:{key_file} --state-dir {folder}", fails="--nope", remote=False
    ),
    "agent drain": act("", fails="", code=4, remote=False, elsewhere="tests/cli/agent"),
    "agent install": look("--user --dry-run", fails="--user --system", remote=False),
    "agent journal flush": act(
        "--state-dir {new_folder} --api-key file:{key_file}", fails="--timeout soon", remote=False
    ),
    "agent journal list": look("--state-dir {agent}", fails="--nope", remote=False),
    "agent journal show": look(
        "{journal} --state-dir {folder}", fails="nope", code=4, remote=False
    ),
    "agent pause": act("--state-dir {folder}", fails="--for never", remote=False),
    "agent resume": act("--state-dir {folder}", fails="--nope", remote=False),
    "agent start": act("", fails="--nope", remote=False, elsewhere="tests/cli/agent"),
    "agent status": look("--state-dir {agent}", fails="", code=4, remote=False),
    "agent stop": act("--state-dir {folder}", fails="--wait-timeout soon", remote=False),
    "agent timeline": look("--state-dir {agent}", fails="--since soon", remote=False),
    "agent uninstall": look(
        "--user --name {service} --dry-run", fails="--user", code=4, remote=False
    ),
    "api": look("GET /jobs", fails="GET /nope", code=4),
    "completion": look("bash", fails="basic", remote=False),
    "config get": look("port", fails="prot", code=6, remote=False),
    "config list": look("--show-origin", fails="--nope", remote=False),
    "config set": act("robot_name contract", fails="port many", code=6, remote=False),
    "config unset": act("robot_name --profile {new_profile}", fails="port", code=4, remote=False),
    "demo": act("", fails="--nope", remote=False, elsewhere="tests/cli/test_demo.py"),
    "doctor": act("", fails="--bundle /nope/x.zip", remote=False),
    "help": look("exit-codes", fails="nope", code=4, remote=False),
    "jobs cancel": act("{new_job}", fails="nope", code=4),
    "jobs dead-letters get": look("{dead_job}", fails="nope", code=4),
    "jobs dead-letters list": look("", fails="--limit 0"),
    "jobs dead-letters purge": act("{new_dead_job} --yes", fails="nope --yes", code=4),
    "jobs dead-letters retry": act("{new_dead_job}", fails="nope", code=4),
    "jobs diff": look("{job} {job}", fails="{job} nope", code=4),
    "jobs events": look("{job}", fails="nope", code=4),
    "jobs get": look("{job}", fails="nope", code=4),
    "jobs list": look("", fails="--limit 0"),
    "jobs logs": look("{job}", fails="nope", code=4),
    "jobs rerun": act("{new_dead_job} --all", fails="nope --all", code=4),
    "jobs resolve": act(
        "{new_dead_job} --as succeeded --reason seen",
        fails="nope --as failed --reason seen",
        code=4,
    ),
    "jobs result": look("{job}", fails="nope", code=4),
    "jobs retry": act("{new_dead_job}", fails="nope", code=4),
    "jobs side-log": look("{job}", fails="nope", code=4),
    "jobs submit": act("{workflow} --robot nobody", fails="nope", code=4),
    "jobs trace": look("{job}", fails="nope", code=4),
    "jobs wait": look("{job}", fails="nope", code=4),
    "jobs watch": look("{job}", fails="nope", code=4),
    "jobs why": look("{job}", fails="nope", code=4),
    "keys create": act("--role viewer", fails="--role king"),
    "keys list": look("", fails="--nope"),
    "keys revoke": act("{new_key}", fails="nope", code=4),
    "keys rotate": act("{new_key}", fails="nope", code=4),
    "login": act("--in file --api-key file:{key_file}", fails="--in pocket"),
    "logout": act("", fails="--nope", remote=False),
    "man": act("jobs", fails="--nope", remote=False),
    "nodes list": look("--category basic", fails="--category nope", remote=False),
    "nodes show": look("LogNode", fails="nope", code=4, remote=False),
    "orchestrator backup": act(
        "--state-dir {database} {new_file}", fails="--state-dir {folder} x.db", code=4, remote=False
    ),
    "orchestrator db-status": look("--state-dir {database}", fails="--nope", remote=False),
    "orchestrator init-db": act(
        "--state-dir {new_folder}", fails="--state-dir {database}", code=9, remote=False
    ),
    "orchestrator migrate": act(
        "--state-dir {database}", fails="--state-dir {folder}", code=4, remote=False
    ),
    "orchestrator migrate-from": act(
        "", fails="sqlite:///nope.db", remote=False, elsewhere="tests/cli/orchestrator"
    ),
    "orchestrator prune": act("--older-than 99d --yes", fails="--older-than soon --yes"),
    "orchestrator restore": act(
        "--state-dir {new_folder} {saved}",
        fails="--state-dir {new_folder} nope",
        code=4,
        remote=False,
    ),
    "orchestrator start": act(
        "", fails="--port many", remote=False, elsewhere="tests/cli/orchestrator"
    ),
    "profiles delete": act("{new_profile} --yes", fails="nope --yes", code=4, remote=False),
    "profiles list": look("", fails="--nope", remote=False),
    "profiles show": look("{profile}", fails="nope", code=4, remote=False),
    "profiles use": act("{profile}", fails="nope", code=4, remote=False),
    "robots delete": act("{new_robot} --yes", fails="nope --yes", code=4),
    "robots drain": act("{new_robot}", fails="nope", code=4),
    "robots get": look("{robot}", fails="nope", code=4),
    "robots keys create": act("{robot}", fails="{robot} --expires-in soon"),
    "robots keys list": look("", fails="--nope"),
    "robots keys revoke": act("{new_robot_key}", fails="nope", code=4),
    "robots keys rotate": act("{new_robot_key}", fails="nope", code=4),
    "robots list": look("", fails="--limit 0"),
    "robots pause": act("{new_robot}", fails="nope", code=4),
    "robots resume": act("{new_robot}", fails="nope", code=4),
    "run": look("{file}", fails="nope.json", remote=False),
    "schedules create": act("{workflow} --cron @yearly", fails="{workflow} --cron daily"),
    "schedules delete": act("{new_schedule} --yes", fails="nope --yes", code=4),
    "schedules disable": act("{new_schedule}", fails="nope", code=4),
    "schedules enable": act("{new_schedule}", fails="nope", code=4),
    "schedules get": look("{schedule}", fails="nope", code=4),
    "schedules list": look("", fails="--limit 0"),
    "schedules next": look("{schedule}", fails="nope", code=4),
    "schedules trigger": act("{new_schedule}", fails="nope", code=4),
    "secrets delete": act("{new_secret} --yes", fails="nope --yes", code=4, remote=False),
    "secrets list": look("", fails="--nope", remote=False),
    "secrets set": act("erp", fails="erp", remote=False, elsewhere="tests/cli/secrets"),
    "whoami": look("", fails="--nope"),
    "top": look("", fails="--interval never"),
    "workflows delete": act("{new_workflow} --yes", fails="nope --yes", code=4),
    "workflows diff": look("{workflow} {file}", fails="{workflow} nope", code=4),
    "workflows get": look("{workflow}", fails="nope", code=4),
    "workflows graph": look("{workflow}", fails="nope", code=4),
    "workflows list": look("", fails="--limit 0"),
    "workflows pull": act("{workflow} -f {new_file}", fails="nope", code=4),
    "workflows push": act("{file}", fails="nope.json"),
    "workflows validate": look("{file}", fails="nope.json", remote=False),
}
