from __future__ import annotations

from casare_rpa import errors


def every_error() -> list[type[errors.CasareError]]:
    found, queue = [], [errors.CasareError]
    while queue:
        kind = queue.pop()
        found.append(kind)
        queue += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


def test_each_class_of_error_is_in_the_drawn_tree_with_its_status_and_exit_code() -> None:
    tree = errors.__doc__ or ""
    for kind in every_error():
        line = next(line for line in tree.splitlines() if f"{kind.__name__} " in line)
        assert f" {kind.http_status} " in line
        assert f"exit {kind.exit_code}" in line


def test_each_code_belongs_to_one_class() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(codes) == len(set(codes))
    assert all(errors.CasareError.by_code[kind.code] is kind for kind in every_error())
