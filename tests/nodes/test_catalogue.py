"""The catalogue of the format, and that every node class keeps to it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain import capabilities
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.nodes import catalogue
from casare_rpa.nodes._differences import INTENDED
from casare_rpa.nodes.base import Node, NodeType, Output, param
from casare_rpa.nodes.capabilities import required_by
from casare_rpa.nodes.catalogue import NodeCatalogue, NodeNotAvailable, UnknownNodeType
from tests.nodes.conformance import differences
from tests.support.runs import run_node


def every_class() -> list[NodeType]:
    return [catalogue.node_class(name) for name in sorted(catalogue.implemented())]


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.type)
def test_a_class_declares_what_the_format_does(cls: NodeType) -> None:
    found = [
        f"{cls.type}: {field} {how}"
        for field, how in differences(cls, catalogue.entries()[cls.type])
        if (cls.type, field) not in INTENDED
    ]
    assert not found, "\n".join(found)


def test_every_intended_difference_still_is_one() -> None:
    entries = catalogue.entries()
    real = {(c.type, field) for c in every_class() for field, _ in differences(c, entries[c.type])}
    assert not INTENDED.keys() - real


def test_a_class_without_a_declared_property_is_found() -> None:
    class Lacking(Node, abstract=True):
        """Lacks `operator`, and has an output under another name."""

        category = "data"
        a: Any = param(None)
        b: Any = param(0)
        outputs = (Output("outcome", "BOOLEAN"),)

    found = dict(differences(Lacking, catalogue.entries()["ComparisonNode"]))
    assert found == {
        "property operator": "is missing",
        "property b.default": "is 0, not None",
        "output result": "is missing",
        "output outcome": "is not declared by the format",
    }


def test_every_registered_class_is_a_type_of_the_format() -> None:
    catalogue.load_families()
    ours = {name for name, cls in Node.registry.items() if cls.__module__.startswith("casare_rpa.")}
    assert not {n for n in ours if catalogue.canonical(n) is None}


def test_every_type_that_needs_nothing_special_is_served() -> None:
    entries = catalogue.entries().values()
    total = Counter(entry.category for entry in entries)
    running = Counter(entry.category for entry in entries if entry.type in catalogue.implemented())
    for category, count in sorted(total.items()):
        sys.stdout.write(f"{category}: {running[category]}/{count}\n")
    assert sum(total.values()) == 466
    anywhere = {entry.type for entry in entries if entry.runs_on == "any"}
    assert len(anywhere) == 195
    # What only carries the name of others is refused with words of its own; see below.
    missing = anywhere - catalogue.implemented() - {"HttpBaseNode"}
    assert not missing


def test_a_type_that_others_have_in_common_says_which_to_place() -> None:
    with pytest.raises(NodeNotAvailable, match="does nothing by itself") as caught:
        catalogue.node_class("HttpBaseNode")
    assert caught.value.hint == "place one of those: casare-rpa nodes list --category http"
    assert run_node("BaseTriggerNode", {"name": "any"}).success


def test_a_type_without_its_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue.runnable_class("QRCodeNode").type == "QRCodeNode"
    monkeypatch.setitem(sys.modules, "segno", None)  # As if it were not installed.
    with pytest.raises(NodeNotAvailable) as caught:
        catalogue.runnable_class("QRCodeNode")
    assert caught.value.message == "QRCodeNode needs the extra 'images', which is not installed"
    assert caught.value.hint == "pip install 'casare-rpa[images]'"
    line = catalogue.item("QRCodeNode")
    assert (line["implemented"], line["missing_extras"]) == (True, ["images"])
    with pytest.raises(WorkflowInvalid, match="needs the extra 'images'"):
        run_node("QRCodeNode", {})


def test_a_library_that_a_type_needs_comes_with_an_extra() -> None:
    pyproject = Path(catalogue.__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(pyproject.read_text())["project"]["optional-dependencies"]
    needed = {extra for cls in every_class() for extra in cls.needs.values()}
    assert needed <= extras.keys()


def test_no_library_is_loaded_before_a_node_needs_it() -> None:
    modules = sorted({m for cls in every_class() for m in cls.needs})
    script = (
        "import sys; from casare_rpa.nodes import catalogue; catalogue.load_families();"
        f"print(*[m for m in {modules!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == ([], "")


def test_the_capabilities_that_nodes_of_this_version_use_are_listed() -> None:
    used = {required_by(cls.type) for cls in every_class()} - {None}
    assert used == capabilities.IMPLEMENTED
    assert not [cls.type for cls in every_class() if set(cls.requires) - capabilities.IMPLEMENTED]
    entries = catalogue.entries().values()
    asked = {name for entry in entries for name in (entry.runs_on, *entry.requires)} - {"any"}
    assert asked == set(capabilities.MEANING)


def test_the_capability_that_a_type_asks_for_is_known_by_any_name() -> None:
    asked = {name: required_by(name) for name in NodeCatalogue().names()}
    assert asked["FindElementNode"] == "windows"
    assert asked["MoveWindowNode"] == "desktop", "made for Windows, and here it drives X"
    assert asked["LogNode"] is None
    assert asked["GmailTriggerNode"] is None, "what it waits for happens elsewhere"
    assert required_by("DocsGetTextNode") == "external-account"
    assert required_by("NoSuchNode") is None


def test_a_type_that_is_left_out_of_a_capability_is_refused_as_that() -> None:
    with pytest.raises(NodeNotAvailable, match="this version does not implement") as caught:
        catalogue.node_class("HotkeyWaitNode")
    assert caught.value.details["requires"] == ["desktop-session"]


def test_a_dialog_asks_for_a_person_unless_it_closes_by_itself() -> None:
    assert required_by("ConfirmDialogNode") == "person"
    assert required_by("MessageBoxNode") == "person"
    assert required_by("MessageBoxNode", {"auto_close_timeout": 0}) == "person"
    assert required_by("MessageBoxNode", {"auto_close_timeout": "{{seconds}}"}) == "person"
    assert required_by("MessageBoxNode", {"auto_close_timeout": 5}) is None
    assert required_by("ProgressDialogNode") is None


def test_a_login_of_the_workflow_s_own_asks_nothing_of_a_robot() -> None:
    accounts = [e for e in catalogue.entries().values() if e.runs_on == "external-account"]
    anywhere = {
        e.type for e in accounts if required_by(e.type) is None and e.category != "triggers"
    }
    assert anywhere == {
        e.type for e in accounts if e.category in ("email", "file", "google", "http", "messaging")
    }
    assert required_by("SolveCaptchaNode") == "external-account"
    assert "external-account" not in capabilities.IMPLEMENTED


def test_an_alias_stands_for_its_type() -> None:
    assert catalogue.canonical("BrowserWaitNode") == "WaitNode"
    assert catalogue.canonical("ParseJSONNode") == "JsonParseNode"
    assert catalogue.canonical("HttpGetNode") == "HttpRequestNode"
    assert catalogue.canonical("LogNode") == "LogNode"
    assert catalogue.canonical("NoSuchNode") is None
    assert catalogue.node_class("BrowserWaitNode").type == "WaitNode"


def test_a_misspelt_type_is_told_the_closest_names() -> None:
    with pytest.raises(UnknownNodeType, match="'LogNod'") as caught:
        catalogue.node_class("LogNod")
    assert isinstance(caught.value, WorkflowInvalid)
    assert caught.value.hint == "did you mean LogNode?"


def test_a_type_that_cannot_run_here_says_what_it_needs() -> None:
    with pytest.raises(NodeNotAvailable, match="'windows'") as caught:
        catalogue.node_class("OutlookSendEmailNode")
    assert caught.value.details["requires"] == ["windows"]
    with pytest.raises(NodeNotAvailable, match="through Windows UI Automation") as caught:
        catalogue.node_class("FindElementNode")
    assert caught.value.details["requires"] == ["windows"]


def test_a_type_of_an_earlier_format_is_known_and_not_available() -> None:
    with pytest.raises(NodeNotAvailable, match="external-account"):
        catalogue.node_class("DocsGetTextNode")


def test_a_schema_says_types_limits_choices_and_defaults() -> None:
    schema = catalogue.schema(catalogue.node_class("MathOperationNode"))
    about = schema["properties"]
    assert about["operation"]["enum"][:2] == ["add", "subtract"]
    assert about["operation"] | {"enum": [], "description": ""} == {
        **{"type": "string", "default": "add", "enum": [], "description": ""}
    }
    assert (about["round_digits"]["type"], about["round_digits"]["minimum"]) == ("integer", 0)
    assert "type" not in about["a"]
    needed = catalogue.schema(catalogue.node_class("TextExtractNode"))["required"]
    assert needed == ["pattern"]


def test_every_schema_is_json() -> None:
    for cls in every_class():
        assert json.loads(json.dumps(catalogue.schema(cls)))["title"] == cls.type


def test_a_line_of_the_list_says_whether_the_type_runs() -> None:
    line = catalogue.item("BrowserWaitNode")
    assert line["type"] == "WaitNode"
    assert (line["implemented"], line["requires"]) == (True, [])
    line = catalogue.item("FindElementNode")
    assert (line["implemented"], line["requires"]) == (False, ["windows"])


def test_the_ports_of_a_type_depend_on_its_config() -> None:
    known = NodeCatalogue()
    assert known.exec_outputs("ValidateNode", {}) == frozenset({"valid", "invalid"})
    assert "case_b" in (known.exec_outputs("SwitchNode", {"cases": ["a", "b"]}) or ())
    assert known.exec_outputs("NoSuchNode", {}) is None
    assert known.exec_outputs("FindElementNode", {}) == frozenset({"exec_out"})
    assert known.canonical("DocsGetTextNode") == "DocsGetTextNode"
    assert known.canonical("ForLoopNode") is None
    assert known.is_trigger("WebhookTriggerNode")
    assert not known.is_trigger("LogNode")
    assert "BrowserWaitNode" in known.names()


def test_reading_the_facts_imports_no_family() -> None:
    script = (
        "import sys; from casare_rpa.nodes import catalogue;"
        "assert catalogue.canonical('LogNode') == 'LogNode';"
        "print(*sorted(m for m in sys.modules if m.startswith('casare_rpa.nodes.')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    loaded = {name.removeprefix("casare_rpa.nodes.") for name in done.stdout.split()}
    assert loaded == {"_asks", "_facts", "_homes", "base", "capabilities", "catalogue"}


def test_asking_for_a_class_imports_its_module_and_no_other_family() -> None:
    script = (
        "import sys; from casare_rpa.nodes import catalogue;"
        "catalogue.node_class('LogNode'), catalogue.node_class('ParseJSONNode');"
        "print(*sorted(m for m in sys.modules if m.startswith('casare_rpa.nodes.')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    loaded = {name.split(".")[2] for name in done.stdout.split()}
    families = {name for name in loaded if not name.startswith("_")}
    assert families == {"base", "capabilities", "catalogue", "data", "utility", "values"}


def test_listing_the_nodes_loads_no_third_party_package_beyond_pydantic() -> None:
    script = (
        "import sys, sysconfig; from casare_rpa.nodes import catalogue;"
        "lines = [catalogue.item(name) for name in catalogue.entries()];"
        "assert any(line['implemented'] for line in lines);"
        "others = sysconfig.get_path('purelib');"
        "files = {n: getattr(m, '__file__', None) or '' for n, m in sys.modules.items()};"
        "print(*sorted({n.partition('.')[0] for n, f in files.items() if f.startswith(others)}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    started_with = {"_virtualenv", "sitecustomize"}
    pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
    pydantic |= {"typing_inspection"}
    assert set(done.stdout.split()) <= pydantic | started_with
