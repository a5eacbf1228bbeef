"""What a person does on pages."""

from __future__ import annotations

from pathlib import Path

from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import js, walk
from tests.support.runs import node


def count(name: str = "n") -> dict[str, object]:
    return dict(js(f"document.getElementById('{name}').textContent"))


def test_clicks_keys_and_what_comes_of_them(site: Site) -> None:
    seen = walk(
        site,
        "/acts",
        click=node("ClickElementNode", selector="#plus"),
        once=count(),
        trial=node("ClickElementNode", selector="#plus", trial=True),
        still=count(),
        right=node("ClickElementNode", selector="#plus", button="right"),
        was_right=count(),
        double=node("ClickElementNode", selector="#plus", click_count=2),
        was_double=count(),
        late=node("ClickElementNode", selector="text=late", fast_mode=True, modifiers=["Shift"]),
        came=node("WaitForElementNode", selector="#came", highlight_on_find=True),
        beside=node(
            "TypeTextNode",
            selector="input",
            text="abc",
            anchor_config={"text": "Word", "position": "right"},
        ),
        focus=node("ClickElementNode", selector="#w", position_x=3, position_y=3),
        all=node("PressKeyNode", key="Ctrl+A"),
        gone=node("PressKeyNode", key="del"),
        letter=node("PressKeyNode", key="x"),
        word=js("document.getElementById('w').value"),
        no_key=node("PressKeyNode", key="NoSuchKey"),
        no_button=node("ClickElementNode", selector="#plus", button="third"),
    )
    assert set(seen.failures) == {"no_key", "no_button"}
    assert [seen[n]["result"] for n in ("once", "still")] == ["1", "1"]
    assert [seen[n]["result"] for n in ("was_right", "was_double")] == ["right", "double"]
    assert seen["word"]["result"] == "x"
    assert {code for code, _ in seen.failures.values()} == {"INVALID_INPUT"}


def test_what_cannot_be_clicked_says_how_it_is_and_leaves_a_picture(
    site: Site, tmp_path: Path
) -> None:
    brief = {"timeout": 400}
    seen = walk(
        site,
        folder=tmp_path,
        nobody=node("ClickElementNode", selector="#nobody", screenshot_on_fail=True, **brief),
        hidden=node("ClickElementNode", selector="#hidden", **brief),
        off=node("ClickElementNode", selector="#off", **brief),
        under=node("ClickElementNode", selector="#under", **brief),
        forced=node("ClickElementNode", selector="#under", force=True),
        type=node("TypeTextNode", selector="#head", text="x"),
        choose=node("SelectDropdownNode", selector="#head", value="x", **brief),
        closed=node("CloseBrowserNode"),
        after=node("ClickElementNode", selector="#next", page="{{open.page}}"),
    )
    assert {name: code for name, (code, _) in seen.failures.items()} == {
        "nobody": "ELEMENT_NOT_FOUND",
        "hidden": "ELEMENT_NOT_VISIBLE",
        "off": "ELEMENT_NOT_ENABLED",
        "under": "CLICK_FAILED",
        "type": "TYPE_FAILED",
        "choose": "ELEMENT_NOT_FOUND",
        "after": "BROWSER_CLOSED",
    }
    assert (tmp_path / "nobody-failure.png").read_bytes()[:4] == b"\x89PNG"
    assert "something else lies over it" in seen.failures["under"][1]


def test_forms_are_filled_in_and_sent(site: Site, tmp_path: Path) -> None:
    (tmp_path / "up.txt").write_text("x")
    values = (
        "[...document.querySelectorAll('#f input, #f select, #f textarea')].map("
        "e => e.type === 'checkbox' || e.type === 'radio' ? e.checked : e.value)"
    )
    seen = walk(
        site,
        "/form",
        folder=tmp_path,
        name=node("TypeTextNode", selector="[name=name]", text="Ada", clear_first=False),
        note=node("TypeTextNode", selector="[name=note]", text="hi", press_sequentially=True),
        land=node("SelectDropdownNode", selector="select", value="France", select_by="label"),
        file=node("TypeTextNode", selector="[name=file]", text="up.txt"),
        no_file=node("TypeTextNode", selector="[name=file]", text="/etc/shadow"),
        keys=js("document.querySelector('[name=note]').dataset.keys"),
        one=js(values),
        first=node("SelectDropdownNode", selector="select", value="0", select_by="index"),
        field=node("FormFieldNode", selector="//textarea", value="b", clear_first=False),
        more=node(
            "FormFieldNode", selector="[name=note]", value="n", fields_in="{{field.fields_out}}"
        ),
        rest=node(
            "FormFillerNode",
            field_mapping='{"Full name": "Bo", "password": "pw-17", "news": "yes", "size": "l"}',
            fields_in="{{more.fields_out}}",
            auto_submit=True,
        ),
        done=node("WaitForElementNode", selector="#q"),
        sent=node("ExtractTextNode", selector="#q"),
        none=node("FormFillerNode"),
        nobody=node("FormFillerNode", field_mapping={"nobody": 1}, timeout=300),
    )
    assert set(seen.failures) == {"no_file", "none", "nobody"}, seen.failures
    assert seen.failures["no_file"][0] == "PERMISSION_DENIED"
    assert seen["keys"]["result"].endswith("hi")
    assert seen["one"]["result"][:5] == ["oldAda", "", "hi", "fr", False]
    assert "up.txt" in seen["one"]["result"][-1]
    assert seen["rest"]["fields_filled"] == 6
    assert seen["rest"]["form_data"]["password"] == "***"
    assert seen["rest"]["form_data"]["//textarea"] == "ab"
    query = dict(pair.split("=") for pair in seen["sent"]["text"].split("&"))
    assert {name: query.get(name) for name in ("name", "password", "news", "size", "note")} == {
        **{"name": "Bo", "password": "pw-17", "news": "on", "size": "l", "note": "n"}
    }
    assert seen.failures["nobody"][0] == "ELEMENT_NOT_FOUND"


def test_dialogs_wait_for_their_answer(site: Site) -> None:
    seen = walk(
        site,
        "/acts",
        ask=node("ClickElementNode", selector="#ask"),
        yes=node("BrowserAlertHandleNode"),
        said=count("a"),
        who=node("BrowserAlertHandleNode", trigger_selector="#name", prompt_text="Ada"),
        named=count("a"),
        again=node("ClickElementNode", selector="#ask"),
        other=count("a"),
        script=js("confirm('x') + ''"),
        none=node("BrowserAlertHandleNode", timeout=200),
        late=node("ClickElementNode", selector="#ask"),
    )
    assert set(seen.failures) == {"none"}
    assert {**seen["yes"], "page": ""} == {
        **{"page": "", "message": "Sure?", "dialog_type": "confirm", "action_taken": "accept"},
        "success": True,
    }
    assert [seen[n]["result"] for n in ("said", "named", "other", "script")] == [
        *("true", "Ada", "false", "false")
    ]
    assert any("nobody answered the page's confirm: it is dismissed" in line for line in seen.said)


def test_cookies_are_kept_and_taken(site: Site) -> None:
    expected = '[{"name": "b", "value": "2", "domain": "127.0.0.1", "sameSite": "no_restriction"}]'
    seen = walk(
        site,
        got=node("CookieManagementNode", cookie_name="session"),
        set=node("CookieManagementNode", operation="set", cookie_name="a", cookie_value="1"),
        take=node("CookieManagementNode", operation="import", cookies_json=expected),
        again=node("GoToURLNode", url=f"{site.url}/next"),
        all=node("CookieManagementNode", operation="export"),
        less=node("CookieManagementNode", operation="delete", cookie_name="a"),
        none=node("CookieManagementNode", operation="delete_all"),
        left=node("CookieManagementNode"),
        bad=node("CookieManagementNode", operation="import", cookies_json="{"),
        nameless=node("CookieManagementNode", operation="set"),
    )
    assert set(seen.failures) == {"bad", "nameless"}, seen.failures
    assert (seen["got"]["cookie"]["value"], seen["got"]["count"]) == ("abc", 1)
    assert "session=abc" in site.cookies
    assert seen["all"]["count"] == 3
    assert (seen["less"]["count"], seen["none"]["count"], seen["left"]["count"]) == (1, 2, 0)
    assert seen["left"]["success"] is True


def test_a_place_is_clicked_that_looks_like_a_picture(site: Site, tmp_path: Path) -> None:
    seen = walk(
        site,
        "/acts",
        folder=tmp_path,
        shot=node("ScreenshotNode", file_path="blue.png", selector="#blue", scale="css"),
        click=node("ImageClickNode", image_template="blue.png", click_offset_x=5),
        where=count(),
        move=js("document.getElementById('blue').remove()"),
        gone=node("ImageClickNode", image_template="blue.png", timeout=300),
        none=node("ImageClickNode", image_template="no.png"),
    )
    assert set(seen.failures) == {"gone", "none"}, seen.failures
    assert seen["where"]["result"] == "blue 35"
    code, message = seen.failures["gone"]
    assert (code, "the best match within 300 ms is" in message) == ("ELEMENT_NOT_FOUND", True)
    assert seen.failures["none"][0] == "FILE_NOT_FOUND"
