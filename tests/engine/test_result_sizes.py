from __future__ import annotations

import subprocess
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casare_rpa.engine.result import json_size

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

#: Measures a value when there is less memory left than a copy of it takes.
MEASURES = """
import resource, sys
from pathlib import Path
from casare_rpa.domain.events import LogMessage, NodeCompleted
from casare_rpa.engine.envelopes import envelope
from casare_rpa.engine.result import fit
from agent.job.process import _publish

class Kept:
    def add(self, data, *, acted):
        assert len(data) < 10_000, len(data)

big = {big}
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (8 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
assert fit({{"big": big}}, {{}}, 1 << 20)[0]["big"]["_truncated"]
assert envelope(NodeCompleted(output_data={{"big": big}}))["data"]["output_data"]["_truncated"]
if isinstance(big, str):
    _publish(LogMessage(message=big), Kept())
print("measured")
"""


@given(_values)
def test_the_size_of_a_value_is_that_of_its_json(value: object) -> None:
    assert json_size(value) == len(orjson.dumps(value))


@pytest.mark.parametrize(
    "value",
    [
        '"\n\x00é漢\N{GRINNING FACE}' * 50_000,
        list(range(3001)),
        [["x" * 2000, 1.5]] * 1001,
        {str(n): {"n": n} for n in range(2500)},
        [[], {}, ""],
    ],
    ids=["text", "numbers", "rows", "object", "empty"],
)
def test_the_size_of_a_large_value_is_that_of_its_json(value: object) -> None:
    assert json_size(value) == len(orjson.dumps(value))


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of the Linux kernel")
@pytest.mark.parametrize(
    "big", ["'x' * (60 << 20)", "'\"' * (60 << 20)", "[['y' * 1000] * 1000] * 60"]
)
def test_a_value_that_fills_the_memory_ends_no_process(big: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURES.format(big=big)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "measured\n"), done.stderr
