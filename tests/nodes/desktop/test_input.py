"""What is clicked, dragged and typed reaches the window as a person's hands would do it."""

from __future__ import annotations

from contextlib import closing

import pytest
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.nodes.desktop.screen import Screen, display_running


def test_the_pointer_goes_where_it_is_told(screen: Screen) -> None:
    assert screen.one("MoveMouseNode", x=10, y=20) == {
        "success": True,
        "final_x": 10,
        "final_y": 20,
    }
    assert screen.one("GetMousePositionNode") == {"x": 10, "y": 20}
    window = screen.open("Paint")
    screen.one("MoveWindowNode", window="Paint", x=0, y=0)
    screen.one("MoveMouseNode", x=50, y=100)
    screen.one("MoveMouseNode", x=150, y=100, duration=0.05, steps=5, ease="ease_in")
    window.has_got(lambda seen: {"moved": [150, 100]} in seen)
    moves = [line["moved"][0] for line in window.seen if "moved" in line]
    assert moves[-6:] == [50, 54, 66, 86, 114, 150]


def test_a_click_has_its_button_its_count_and_its_modifiers(screen: Screen) -> None:
    window = screen.open("Paint")
    screen.one("MoveWindowNode", window="Paint", x=0, y=0)
    where = {"success": True, "click_x": 60, "click_y": 90}
    assert screen.one("MouseClickNode", x=60, y=90, click_type="double", delay=1) == where
    assert screen.one("MouseClickNode", button="right", click_count=3, with_ctrl=True) == where
    window.has_got(lambda seen: sum("release" in line for line in seen) == 5)
    presses = [line for line in window.seen if "press" in line]
    assert [line["press"] for line in presses] == [1, 1, 3, 3, 3]
    assert [line["at"] for line in presses] == [[60, 90]] * 5
    assert [line["held"] for line in presses] == [[], [], *[["ctrl"]] * 3]


def test_a_drag_presses_moves_and_releases(screen: Screen) -> None:
    window = screen.open("Paint")
    screen.one("MoveWindowNode", window="Paint", x=0, y=0)
    screen.one("DragMouseNode", from_x=60, from_y=90, to_x=160, to_y=110, button="middle")
    window.has_got(lambda seen: any("release" in line for line in seen))
    lines = [line for line in window.seen if {"press", "moved", "release"} & line.keys()]
    start = next(n for n, line in enumerate(lines) if "press" in line)
    pressed, *moves, released = lines[start:]
    assert (pressed["press"], pressed["at"]) == (2, [60, 90])
    assert (released["release"], released["at"]) == (2, [160, 110])
    moved = [line["moved"] for line in moves]
    # The first of them may be swallowed by the window manager.
    assert [120, 102] in moved
    assert moved == sorted(moved)


@pytest.mark.parametrize(
    ("node_type", "config", "wanted"),
    [
        ("MouseClickNode", {"x": 5000, "y": 1}, "x 5000, y 1 is not on the screen"),
        ("MoveMouseNode", {"x": 1, "y": -1}, "which is 1280 x 800 pixels"),
        ("DragMouseNode", {"start_x": 1, "start_y": 1, "end_x": 1, "end_y": 900}, "end_y 900"),
        ("MoveMouseNode", {"x": "left", "y": 1}, "must be a whole number"),
        ("MouseClickNode", {"x": 1, "y": 1, "button": "fourth"}, "there is no 'fourth'"),
        ("MoveMouseNode", {"x": 1, "y": 1, "duration": -1}, "duration must be from 0"),
    ],
)
def test_what_no_mouse_can_do_is_told(
    screen: Screen, node_type: str, config: dict[str, object], wanted: str
) -> None:
    assert wanted in screen.failure(node_type, **config)[1]


def test_any_text_is_typed_as_it_is(screen: Screen) -> None:
    window = screen.open("Editor")
    text = "Größe: 50% + 3^2 = ~[ąж日本😀]\tÉnd"
    sent = screen.one("SendKeysNode", keys=text, interval=0)
    wanted = [{"\t": "Tab"}.get(character, character) for character in text]
    window.has_typed(*wanted)
    assert sent == {"success": True, "keys_sent": len(text)}


def test_more_strange_characters_than_there_are_spare_keys_are_typed_in_turn(
    screen: Screen,
) -> None:
    window = screen.open("Editor")
    text = "".join(chr(0x0400 + number) for number in range(25))
    screen.one("SendKeysNode", keys=text, interval=0)
    window.has_typed(*text)
    with closing(Display()) as display:
        rows = display.get_keyboard_mapping(8, 248)
    assert not {row[0] for row in rows} & {0x01000000 | ord(letter) for letter in text}


def test_braces_name_keys(screen: Screen) -> None:
    window = screen.open("Editor")
    screen.one(
        "SendKeysNode",
        keys="a{Enter}{tab 2}{Ctrl+Shift+s}{Alt}f{Ctrl}(xY)z{{}{}}{b 2}{Win}",
        interval=0,
    )
    window.has_typed(
        *("a", "Return", "Tab", "Tab", "ctrl+S", "alt+f", "ctrl+x", "ctrl+y", "z", "{", "}"),
        *("b", "b", "Super_L"),
    )


def test_values_in_a_text_are_typed_and_not_read(screen: Screen) -> None:
    window = screen.open("Editor")
    screen.run(
        {"name": "{Enter}", "keys": "{Escape}"},
        text=("SendKeysNode", {"keys": "A{{name}}{Tab}", "interval": 0}),
        whole=("SendKeysNode", {"keys": "{{keys}}", "interval": 0}),
    )
    window.has_typed("A", *"{Enter}", "Tab", "Escape")


def test_a_secret_is_typed_whatever_braces_it_has(screen: Screen) -> None:
    window = screen.open("Editor")
    screen.run(
        None,
        "pa{Enter}ss{word",
        alone=("SendKeysNode", {"keys": "{{$secret:pin}}", "interval": 0}),
        within=("SendKeysNode", {"keys": "{{$secret:pin}}{Tab}", "interval": 0}),
    )
    window.has_typed(*"pa{Enter}ss{word" * 2, "Tab")


def test_what_is_around_the_keys_is_typed_too(screen: Screen) -> None:
    window = screen.open("Editor")
    sent = screen.one(
        "SendKeysNode", keys="ab", interval=0, clear_first=True, press_enter_after=True
    )
    screen.one("SendKeysNode", keys="Cd", interval=0.001, with_ctrl=True, with_alt=True)
    screen.one("SendKeysNode", keys="e1", interval=0, with_shift=True)
    window.has_typed("ctrl+a", "Delete", "a", "b", "Return", "ctrl+alt+c", "ctrl+alt+d", "E", "!")
    assert sent["keys_sent"] == 2


def test_a_combination_is_pressed(screen: Screen) -> None:
    window = screen.open("Editor")
    screen.one("SendHotKeyNode")
    screen.one("SendHotKeyNode", modifier="Ctrl", key="C")
    screen.one("SendHotKeyNode", hotkey="ctrl + shift + Tab", wait_time=0.001)
    screen.one("SendHotKeyNode", keys="Ctrl++")
    # Shift and Tab are a key of their own, ISO_Left_Tab.
    window.has_typed("Return", "ctrl+c", "ctrl+0xfe20", "ctrl++")


@pytest.mark.parametrize(
    ("node_type", "config", "wanted"),
    [
        ("SendKeysNode", {"keys": "{Entr}"}, "no key is called 'Entr'"),
        ("SendKeysNode", {"keys": '{"a": 1}'}, "no key is called"),
        ("SendKeysNode", {"keys": "a{"}, "no key is called '{'"),
        ("SendKeysNode", {"keys": "\x07"}, "U+0007"),
        ("SendKeysNode", {"keys": "{Tab 5000}"}, "repeats more than 1000 times"),
        ("SendHotKeyNode", {"keys": "Hyper+A"}, "'Hyper' is no modifier"),
        ("SendHotKeyNode", {"key": ""}, "key and keys are empty"),
    ],
)
def test_what_no_keyboard_has_is_told_before_anything_is_typed(
    screen: Screen, node_type: str, config: dict[str, object], wanted: str
) -> None:
    window = screen.open("Editor")
    assert wanted in screen.failure(node_type, **config)[1]
    screen.one("SendHotKeyNode", key="F5")
    window.has_typed("F5")


def test_nobody_to_type_to_is_told(screen: Screen) -> None:
    code, message = screen.failure("SendKeysNode", keys="lost")
    assert (code, "no window has the keyboard" in message) == ("KEYBOARD_INPUT_FAILED", True)


def test_caps_lock_changes_nothing_and_stays(screen: Screen) -> None:
    window = screen.open("Editor")
    display = Display()
    caps_lock = display.keysym_to_keycode(XK.XK_Caps_Lock)

    def switch() -> None:
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(display, kind, caps_lock)
        display.sync()

    def is_on() -> bool:
        return bool(display.screen().root.query_pointer().mask & X.LockMask)

    switch()
    assert is_on()
    try:
        screen.one("SendKeysNode", keys="aBж", interval=0)
        assert is_on()
    finally:
        switch()
        display.close()
    window.has_typed("a", "B", "ж")


def test_another_layout_is_typed_on_as_well(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with display_running() as name:
        monkeypatch.setenv("DISPLAY", name)
        window = screen.open("Editor")
        display = Display(name)
        # A keyboard where the key of the letter a types a Cyrillic one, as in the layout `ru`.
        code = display.keysym_to_keycode(XK.XK_a)
        display.change_keyboard_mapping(code, [[0x06C6, 0x06E6] * 2])
        display.sync()
        screen.one("SendKeysNode", keys="aA{Ctrl+A}b", interval=0)
        window.has_typed("a", "A", "ctrl+a", "b")
        display.close()
