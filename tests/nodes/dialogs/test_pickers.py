"""Files, folders, moments and colours, at a pseudo-terminal."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.person import CTRL_D, ENTER, asked, outputs
from tests.support.runs import run_node

FILE, FOLDER = "FilePickerDialogNode", "FolderPickerDialogNode"
MOMENT, COLOUR = "DateTimePickerDialogNode", "ColorPickerDialogNode"
TABLES = "Tables (*.csv *.xlsx);;Texts (*.txt)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "may.CSV").touch()
    for name in ("june.csv", "july.csv", "photo.png", ".hidden.csv"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_file_is_chosen_by_its_number_among_those_that_fit(folder: Path) -> None:
    result, seen = asked(FILE, {"filter": TABLES}, ("path: ", "3\n"), folder=folder)
    assert result.outputs["n"] == {"file_path": str(folder / "june.csv"), "selected": True}
    assert f"{folder}:\n1  old/\n2  july.csv\n3  june.csv\n" in seen


def test_a_path_leads_into_folders_and_out_of_them(folder: Path) -> None:
    start = str(folder / "old")
    script = (
        ("may.CSV\n", ""),
        ("path: ", "..\n"),
        ("june.csv\n", ""),
        ("path: ", "old/may.CSV\n"),
    )
    found = outputs(FILE, {"filter": TABLES, "start_directory": start}, *script)
    assert found["file_path"] == str(folder / "old" / "may.CSV")


def test_the_name_of_a_file_is_one_line_and_forges_no_entry(tmp_path: Path) -> None:
    forged = "a\n2  safe.csv"
    (tmp_path / forged).touch()
    (tmp_path / "b.csv").touch()
    script = (("1  a\\n2  safe.csv\n2  b.csv\n", ""), ("path: ", "1\n"))
    found = outputs(FILE, {"start_directory": str(tmp_path)}, *script)
    assert found["file_path"] == str(tmp_path / forged)


def test_the_name_of_a_folder_is_one_line(tmp_path: Path) -> None:
    inside = tmp_path / "a\n1  b"
    inside.mkdir()
    _, seen = asked(FILE, {"start_directory": str(inside)}, ("path: ", CTRL_D))
    assert f"{tmp_path}/a\\n1  b:\n" in seen


@pytest.mark.parametrize("typed", ["x" * 300, "~nobody-knows-them/a"])
@pytest.mark.parametrize("picker", [FILE, FOLDER])
def test_what_can_be_no_path_is_asked_for_again(picker: str, typed: str) -> None:
    script = (("path: ", f"{typed}\n"), (f"{typed}\n", ""), ("path: ", CTRL_D))
    assert outputs(picker, {}, *script)["selected"] is False


def test_a_word_makes_a_long_folder_shorter(tmp_path: Path) -> None:
    for n in range(1, 201):
        (tmp_path / f"Bill {n:03}.csv").touch()
    found = outputs(
        FILE,
        {"start_directory": str(tmp_path)},
        ("\n 50  Bill 050.csv\n… and 150 more: give a word to look for\n", ""),
        ("path: ", "190\n"),
    )
    assert found["file_path"] == str(tmp_path / "Bill 190.csv")
    script = (
        ("path: ", "bill 11\n"),
        ("bill 11\n110  Bill 110.csv\n", ""),
        ("119  Bill 119.csv\nFile: number or path: ", "nobody\n"),
        (f"no such file: {tmp_path}/nobody\n", ""),
        ("path: ", "115\n"),
    )
    found = outputs(FILE, {"start_directory": str(tmp_path)}, *script)
    assert found["file_path"] == str(tmp_path / "Bill 115.csv")


def test_a_word_finds_folders_too(tmp_path: Path) -> None:
    for name in ("may", "june", "july"):
        (tmp_path / name).mkdir()
    script = (("]: ", "JU\n"), ("JU\n1  july/\n2  june/\n", ""), ("]: ", "2\n"))
    found = outputs(FOLDER, {"start_directory": str(tmp_path)}, *script)
    assert found["folder_path"] == str(tmp_path / "june")


def test_what_is_no_such_file_is_asked_for_again(folder: Path) -> None:
    found = outputs(
        FILE,
        {"filter": TABLES, "start_directory": str(folder)},
        ("path: ", "august.csv\n"),
        (f"no such file: {folder}/august.csv\n", "photo.png\n"),
        ("photo.png is none of *.csv *.xlsx *.txt.", f"{folder}/june.csv\n"),
    )
    assert found["selected"] is True


def test_a_person_reaches_no_further_than_the_run(folder: Path) -> None:
    _, seen = asked(
        FILE,
        {"start_directory": str(folder / "old")},
        ("path: ", "../june.csv\n"),
        ("path: ", CTRL_D),
        allowed_paths=(str(folder / "old"),),
    )
    assert "june.csv' is refused: it is outside the allowed folders" in seen


@pytest.mark.parametrize(
    ("typed", "names"), [(["2\n", "3\n", ENTER], ["july.csv", "june.csv"]), ([ENTER], [])]
)
def test_several_files_are_chosen_until_an_empty_answer(
    folder: Path, typed: list[str], names: list[str]
) -> None:
    config = {"filter": TABLES, "multi_select": True, "start_directory": str(folder)}
    found = outputs(FILE, config, *(("path: ", answer) for answer in typed))
    assert found["file_path"] == [str(folder / name) for name in names]
    assert found["selected"] is bool(names)


def test_a_folder_is_chosen(folder: Path) -> None:
    start = {"start_directory": str(folder)}
    here = outputs(FOLDER, {"initial_path": str(folder)}, ("1  old/\n", ""), ("]: ", ENTER))
    assert here == {"folder_path": str(folder), "selected": True}
    script = (("]: ", "june.csv\n"), ("is a file, not a folder", "1\n"))
    assert outputs(FOLDER, start, *script)["folder_path"] == str(folder / "old")
    assert outputs(FOLDER, {}, (": ", ENTER)) == {"folder_path": "", "selected": False}


def test_a_start_that_is_not_there_fails() -> None:
    with_it = {"start_directory": "/no/such"}
    result, _ = asked(FILE, with_it)
    assert result.error is not None
    assert result.error.message.endswith("no such folder: /no/such")


@pytest.mark.parametrize(
    ("config", "typed", "value", "at"),
    [
        ({}, "2026-11-30 14:05\n", "2026-11-30 14:05:00", "2026-11-30 14:05"),
        ({"mode": "date"}, "2026-11-30\n", "2026-11-30", "2026-11-30"),
        (
            {"format": "d.M.yy h:mm ap 'o''clock'"},
            "2026-11-03 00:05\n",
            "3.11.26 12:05 am o'clock",
            "2026-11-03 00:05",
        ),
        ({"format": "dd/MM"}, "2026-11-03\n", "03/11", "2026-11-03"),
    ],
)
def test_a_moment_is_typed(config: dict[str, Any], typed: str, value: str, at: str) -> None:
    found = outputs(MOMENT, config, ("]: ", typed))
    seconds = datetime.fromisoformat(at).timestamp()
    assert found == {"value": value, "timestamp": int(seconds), "selected": True}


def test_a_time_is_one_of_today() -> None:
    before = datetime.now(UTC).astimezone().date()
    found = outputs(MOMENT, {"mode": "time"}, ("HH:MM [", ""), ("]: ", "9:30\n"))
    assert found["value"] == "09:30:00"
    assert datetime.fromtimestamp(found["timestamp"], UTC).astimezone().date() in (
        before,
        before + timedelta(days=1),
    )


def test_now_is_offered() -> None:
    before = int(time.time())
    found = outputs(MOMENT, {}, ("]: ", ENTER))
    assert before <= found["timestamp"] <= time.time()
    assert outputs(MOMENT, {}, ("]: ", CTRL_D))["selected"] is False


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"min_date": "2999-01-02 03:04"}, "2999-01-02 03:04:00"),
        ({"min_date": "2999-01-02 03:04:05.25"}, "2999-01-02 03:04:06"),
        ({"max_date": "2001-01-02"}, "2001-01-02 23:59:59"),
        ({"mode": "date", "min_date": "2999-01-02 03:04"}, "2999-01-02"),
        ({"mode": "date", "max_date": "2001-01-02 03:04"}, "2001-01-02"),
    ],
)
def test_what_is_offered_is_taken(config: dict[str, str], value: str) -> None:
    found = outputs(MOMENT, config, (f" [{value}]: ", ENTER))
    assert (found["value"], found["selected"]) == (value, True)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"min_date": "2027-01-02", "max_date": "2027-01-01"}, "min_date 2027-01-02 is after"),
        ({"mode": "time", "min_date": "2999-01-02"}, "no time of today is between"),
        ({"mode": "time", "max_date": "2001-01-02"}, "no time of today is between"),
    ],
)
def test_limits_that_leave_nothing_are_refused(config: dict[str, str], words: str) -> None:
    result, _ = asked(MOMENT, config)
    assert result.error is not None
    assert words in result.error.message


def test_a_moment_out_of_bounds_is_asked_for_again() -> None:
    found = outputs(
        MOMENT,
        {"mode": "date", "min_date": "2026-01-01 12:00", "max_date": "2026-12-31"},
        ("]: ", "2025-12-31\n"),
        ("Not before 2026-01-01 12:00", "2027-01-01\n"),
        ("Not after 2026-12-31", "30.11.2026\n"),
        ("30.11.2026 is not read: YYYY-MM-DD", "2026-01-01\n"),
    )
    assert found["value"] == "2026-01-01"
    error = run_node(MOMENT, {"min_date": "soon"}).error
    assert error is not None
    assert "min_date: 'soon' is no date" in error.message


@pytest.mark.parametrize(
    ("config", "typed", "color", "rgb"),
    [
        ({}, ENTER, "#ffffff", (255, 255, 255)),
        ({}, "#F80\n", "#ff8800", (255, 136, 0)),
        ({}, "ff880040\n", "#ff8800", (255, 136, 0)),
        ({}, "0, 128,255\n", "#0080ff", (0, 128, 255)),
        ({}, "Teal\n", "#008080", (0, 128, 128)),
        ({"show_alpha": True}, "#ff880040\n", "#ff880040", (255, 136, 0, 64)),
        ({"show_alpha": True}, "red\n", "#ff0000ff", (255, 0, 0, 255)),
    ],
)
def test_a_colour_is_typed(
    config: dict[str, Any], typed: str, color: str, rgb: tuple[int, ...]
) -> None:
    found = outputs(COLOUR, config, ("[#ffffff]: ", typed))
    assert (found["color"], tuple(found["rgb"].values())) == (color, rgb)


def test_what_is_no_colour_is_asked_for_again() -> None:
    script = (("]: ", "1,2,256\n"), ("1,2,256 is not read", ""), ("]: ", CTRL_D))
    assert outputs(COLOUR, {}, *script) == {"color": "", "selected": False, "rgb": {}}
