"""What a newcomer types in the first ten minutes, chapter by chapter."""

from __future__ import annotations

from dataclasses import dataclass

#: How a key is written down. Typed, it is the last key that was shown.
SHORT_KEY = "sk_live_..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command of the tour."""

    command: str
    #: It stays, in a terminal of its own; the tour goes on when it has printed this.
    ready: str = ""
    #: It shows steps as they happen.
    live: bool = False
    #: Of long output the first and the last lines are kept; 0 keeps all.
    head: int = 0
    tail: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    title: str
    prose: str
    steps: tuple[Step, ...]
    in_readme: bool = False


HELLO = """cat > hello.json <<'END'
{
  "metadata": {"name": "Hello"},
  "variables": {"who": "world"},
  "nodes": {
    "greet": {
      "node_type": "SetVariableNode",
      "config": {"variable_name": "greeting", "value": "Hello, {{who}}!"}
    },
    "say": {"node_type": "LogNode", "config": {"message": "{{greeting}}", "level": "info"}}
  },
  "connections": [{"source": "greet.exec_out", "target": "say.exec_in"}]
}
END"""

PRICES = """cat > prices.json <<'END'
{
  "metadata": {"name": "Prices"},
  "variables": {"file": ""},
  "nodes": {
    "read": {"node_type": "ReadFileNode", "config": {"file_path": "{{file}}"}},
    "say": {"node_type": "LogNode", "config": {"message": "{{read.content}}", "level": "info"}}
  },
  "connections": [{"source": "read.exec_out", "target": "say.exec_in"}]
}
END"""

CHAPTERS = (
    Chapter(
        title="See it all at once",
        prose="An orchestrator, a robot and a job on real input, all on this machine; nothing is"
        " left running.",
        steps=(Step(command="casare-rpa demo", live=True, head=9, tail=11),),
    ),
    Chapter(
        title="A workflow, here and now",
        prose="A workflow is a JSON file: nodes, and what follows what. No orchestrator is needed"
        " to run it;\n`run` and the robot are the same engine.",
        steps=(
            Step(command=HELLO),
            Step(command="casare-rpa run hello.json --var who=operator", live=True),
            Step(command="casare-rpa run hello.json -o json --query variables"),
        ),
        in_readme=True,
    ),
    Chapter(
        title="A mistake and its mend",
        prose="Validating names every problem at once, with its line and a way out.",
        steps=(
            Step(command="sed -i 's/LogNode/LogNod/; s/{{greeting}}/{{greting}}/' hello.json"),
            Step(command="casare-rpa workflows validate hello.json"),
            Step(command="sed -i 's/LogNod/LogNode/; s/{{greting}}/{{greeting}}/' hello.json"),
            Step(command="casare-rpa workflows validate hello.json"),
        ),
        in_readme=True,
    ),
    Chapter(
        title="An orchestrator and a robot",
        prose="The orchestrator keeps workflows and hands out jobs; robots fetch them. Here"
        " both run\non this machine.",
        steps=(
            Step(
                command="casare-rpa orchestrator start  # in a terminal of its own",
                ready="listening on",
            ),
            Step(command=f"export CASARE_API_KEY={SHORT_KEY}"),
            Step(command="casare-rpa robots keys create robot-1 > robot.key"),
            Step(
                command="casare-rpa agent --name robot-1 --api-key file:robot.key  # in another",
                ready="switched off",
            ),
            Step(command="casare-rpa robots list"),
        ),
    ),
    Chapter(
        title="A job",
        prose="Push the workflow once, then submit jobs of it. `--follow` shows the steps and exits"
        " with the\njob's outcome.",
        steps=(
            Step(command="casare-rpa workflows push hello.json"),
            Step(command="casare-rpa jobs submit hello --input who=fleet --follow", live=True),
            Step(command="casare-rpa jobs list"),
            Step(command="casare-rpa jobs logs @latest"),
        ),
    ),
    Chapter(
        title="A job that fails, and once more",
        prose="The exit code is the outcome: 1 is a job that failed.",
        steps=(
            Step(command=PRICES),
            Step(
                command="casare-rpa jobs submit prices.json --input file=$HOME/prices.txt --wait;"
                " echo $?"
            ),
            Step(command="echo '12 EUR' > prices.txt"),
            Step(command="casare-rpa jobs wait $(casare-rpa jobs retry @latest -o name); echo $?"),
        ),
    ),
    Chapter(
        title="By the clock",
        prose="The orchestrator submits jobs at the times of a cron expression, in a time zone.",
        steps=(
            Step(
                command="casare-rpa schedules create hello --cron '0 6 * * 1-5'"
                " --timezone Europe/Berlin"
            ),
            Step(command="casare-rpa schedules trigger hello"),
        ),
    ),
    Chapter(
        title="A secret",
        prose="Workflows name secrets, `{{$secret:erp.password}}`; the value stays on the robot's"
        " machine and is\nnever printed.",
        steps=(
            Step(
                command="printf 'correct horse' | casare-rpa secrets set erp - --field password"
                " --in file"
            ),
            Step(command="casare-rpa secrets list"),
        ),
    ),
)
