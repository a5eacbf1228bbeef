from __future__ import annotations

import importlib
import pkgutil

import agent
import casare_rpa
from casare_rpa import errors


def every_error() -> list[type[errors.CasareError]]:
    found, queue = [], [errors.CasareError]
    while queue:
        kind = queue.pop()
        found.append(kind)
        queue += kind.__subclasses__()
    return found


def the_tree() -> list[type[errors.CasareError]]:
    return [kind for kind in every_error() if kind.__module__ == errors.__name__]


def test_each_class_of_error_is_in_the_drawn_tree_with_its_status_and_exit_code() -> None:
    tree = errors.__doc__ or ""
    for kind in the_tree():
        line = next(line for line in tree.splitlines() if f"{kind.__name__} " in line)
        assert f" {kind.http_status} " in line
        assert f"exit {kind.exit_code}" in line


def test_each_code_belongs_to_one_class() -> None:
    codes = [kind.code for kind in the_tree()]
    assert len(codes) == len(set(codes))
    assert all(errors.CasareError.by_code[kind.code] is kind for kind in the_tree())


def test_what_a_server_or_a_robot_may_tell_of_is_in_the_tree() -> None:
    """Else a client knew the class only where the module that defines it was imported."""
    for package in (casare_rpa, agent):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__") and ".migrations." not in found.name:
                importlib.import_module(found.name)
    outside = {
        kind
        for kind in every_error()
        if kind.__module__.partition(".")[0] in ("casare_rpa", "agent")
        and kind.__module__ != errors.__name__
        # Runs tell of nodes' errors by their ErrorCode, checks of a workflow by its problems.
        and not kind.__module__.startswith(("casare_rpa.nodes.", "casare_rpa.engine."))
    }
    assert outside == set()
