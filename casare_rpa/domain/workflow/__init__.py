"""Workflows: one model, and readers for every shape of document it comes in.

from casare_rpa.domain.workflow import check_workflow

workflow, problems = check_workflow(text)
for problem in problems:
    ...  # problem.line, problem.message, problem.hint
"""

from casare_rpa.domain.workflow.model import Connection, NodeSpec, Variable, Workflow
from casare_rpa.domain.workflow.parse import Parsed, active_nodes_in, on_lost_in
from casare_rpa.domain.workflow.ports import Catalogue, NamedCatalogue, is_exec_connection
from casare_rpa.domain.workflow.problems import Findings, Problem, Severity
from casare_rpa.domain.workflow.read import (
    check_workflow,
    invalid,
    load_workflow,
    parse_workflow,
    read_workflow_file,
)
from casare_rpa.domain.workflow.validate import UNREACHABLE

__all__ = [
    "UNREACHABLE",
    "Catalogue",
    "Connection",
    "Findings",
    "NamedCatalogue",
    "NodeSpec",
    "Parsed",
    "Problem",
    "Severity",
    "Variable",
    "Workflow",
    "active_nodes_in",
    "check_workflow",
    "invalid",
    "is_exec_connection",
    "load_workflow",
    "on_lost_in",
    "parse_workflow",
    "read_workflow_file",
]
