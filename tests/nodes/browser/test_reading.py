"""What pages say."""

from __future__ import annotations

from tests.nodes.browser.site import Site
from tests.nodes.browser.walks import js, walk
from tests.support.runs import node


def test_texts_attributes_tables_and_pictures(site: Site) -> None:
    seen = walk(
        site,
        text=node("ExtractTextNode", selector="#head"),
        shown=node("ExtractTextNode", selector="//h1", use_inner_text=True, variable_name="s"),
        by_text=node("ExtractTextNode", selector="text=next page", trim_whitespace=False),
        sku=node("GetAttributeNode", selector="xpath=//a", attribute="data-sku"),
        none=node("GetAttributeNode", selector="#next", attribute="title", variable_name=""),
        wait=node("WaitForElementNode", selector="#next"),
        gone=node("WaitForElementNode", selector="#nobody", state="detached"),
        dicts=node("TableScraperNode", table_selector="#prices", output_variable="rows"),
        lists=node(
            "TableScraperNode",
            table_selector="#bare",
            output_format="list_of_lists",
            include_headers=False,
            skip_rows=1,
        ),
        csv=node(
            "TableScraperNode", table_selector="#prices", output_format="csv_string", max_rows=1
        ),
        images=node("GetAllImagesNode"),
        some=node("GetAllImagesNode", min_width=20, file_types="svg", include_backgrounds=False),
        beside=node(
            "ExtractTextNode", selector="td", anchor_config={"text": "Ink", "position": "right"}
        ),
        inside=node(
            "ExtractTextNode",
            selector="td",
            anchor_config='{"selector": "#bare", "position": "inside"}',
        ),
    )
    assert seen.failures == {}
    assert seen["text"]["text"] == "Our prices x"
    assert seen["shown"]["text"] == "Our prices"
    assert seen.result.variables["extracted_text"] == "a"
    assert seen["by_text"]["text"] == "to the next page"
    assert (seen["sku"]["value"], "value" in seen["none"]) == ("17", False)
    assert (seen["wait"]["found"], seen["gone"]["found"]) == (True, False)
    assert seen["dicts"] == {
        "data": [
            {"Item": "Pen", "Price": "1.20", "Price_3": "1.20"},
            {"Item": "Ink", "Price": "3", "Price_3": "4"},
        ],
        "row_count": 2,
        "headers": ["Item", "Price", "Price"],
    }
    assert seen.result.variables["rows"] == seen["dicts"]["data"]
    assert seen["lists"]["data"] == [["c", "d"]]
    assert seen["csv"]["data"] == "Item,Price,Price\nPen,1.20,1.20\n"
    assert [image["url"][len(site.url) :] for image in seen["images"]["images"]] == [
        "/dot.svg",
        "/back.png",
    ]
    assert seen["some"]["images"] == [{"url": f"{site.url}/dot.svg", "width": 40, "height": 30}]
    assert seen["beside"]["text"] in ("3", "4")
    assert seen["inside"]["text"] == "a"


def test_an_element_that_cannot_be_read_is_told_with_selector_page_and_time(site: Site) -> None:
    brief = {"timeout": 300}
    seen = walk(
        site,
        empty=node("ExtractTextNode", **brief),
        nobody=node("ExtractTextNode", selector="#nobody", **brief),
        css=node("ExtractTextNode", selector="a[["),
        xpath=node("GetAttributeNode", selector="//a[", attribute="href"),
        several=node("ExtractTextNode", selector=".many", strict=True),
        first=node("ExtractTextNode", selector=".many"),
        hidden=node("WaitForElementNode", selector="#hidden", **brief),
        stays=node("WaitForElementNode", selector="#head", state="hidden", **brief),
        attribute=node("GetAttributeNode", selector="a", **brief),
        table=node("TableScraperNode", table_selector="#nobody", **brief),
        anchor=node("ExtractTextNode", selector="td", anchor_config={"position": "over"}, **brief),
    )
    assert {name: code for name, (code, _) in seen.failures.items()} == {
        "empty": "MISSING_REQUIRED_FIELD",
        "nobody": "ELEMENT_NOT_FOUND",
        "css": "SELECTOR_INVALID",
        "xpath": "SELECTOR_INVALID",
        "several": "SELECTOR_INVALID",
        "hidden": "ELEMENT_NOT_VISIBLE",
        "stays": "TIMEOUT",
        "attribute": "MISSING_REQUIRED_FIELD",
        "table": "ELEMENT_NOT_FOUND",
        "anchor": "INVALID_INPUT",
    }
    wanted = (
        f"reading '#nobody' on {site.url}/: no such element within 300 ms"
        " - check the selector, or give it more time with `timeout` (milliseconds)"
    )
    assert seen.failures["nobody"][1] == wanted
    assert "finds 2 elements" in seen.failures["several"][1]
    assert seen["first"]["text"] == "1"


def test_scripts_get_values_as_data_and_give_values_back(site: Site) -> None:
    wicked = "'; document.title = 'taken'; '\"`${1}\n</script>"
    seen = walk(
        site,
        variables={"wicked": wicked, "rows": [{"a": None, "b": True}], "text": '{"theme": "dark"}'},
        one=js("document.links.length", store_variable="links"),
        quoted=js("'{{wicked}}'"),
        ticked=js("return `{{wicked}} ${1 + 1}`;"),
        bare=js("{{wicked}}.length"),
        rows=js("{{rows}}[0].b"),
        parsed=js("const data = JSON.parse('{{text}}');\\nreturn data.theme; // 'x\\n'"),
        object=js("({{text}}).theme"),
        pattern=js("return 'a\\nb'.split(/\\n/).length;"),
        arrow=js("(x) => x.n * 2", arg={"n": 21}),
        waits=js("const v = await new Promise(go => setTimeout(() => go(7), 20)); return v"),
        text=js("({a: [1]})", return_json=False),
        after=js("1", wait_for_selector="#nobody", timeout=200),
        throws=js("throw new Error('no price')"),
        lines=js("document.body.dataset.a = 'b'\ndocument.body.dataset.c = 'd'"),
        both=js("document.body.dataset.a + document.body.dataset.c"),
        title=js("document.title"),
        run=node("BrowserRunScriptNode", script="return document.title + {{one.result}}"),
        broken=node("BrowserRunScriptNode", script="return ("),
        python=node("BrowserRunScriptNode", script="await page.goto('x')\nresult = 1"),
        none=node("BrowserRunScriptNode"),
        endless=node("BrowserRunScriptNode", script="for (;;) {}", timeout=300),
    )
    assert set(seen.failures) == {"after", "broken", "python", "none", "endless"}
    got = {name: seen[name].get("result") for name in ("one", "quoted", "ticked", "bare", "rows")}
    assert got == {
        **{"one": 1, "quoted": wicked, "ticked": f"{wicked} 2", "bare": len(wicked)},
        "rows": True,
    }
    assert seen.result.variables["links"] == 1
    assert [seen[n]["result"] for n in ("parsed", "object", "pattern")] == ["dark", "dark", 2]
    assert [seen[n]["result"] for n in ("arrow", "waits", "text")] == [42, 7, '{"a": [1]}']
    assert (seen["throws"]["success"], "no price" in seen["throws"]["error"]) == (False, True)
    assert (seen["title"]["result"], seen["both"]["result"]) == ("Shop", "bd")
    assert seen["run"]["result"] == "Shop1"
    codes = {name: code for name, (code, _) in seen.failures.items()}
    assert codes["broken"] == "JAVASCRIPT_ERROR"
    assert codes["endless"] == "TIMEOUT"
    assert "the script is Python" in seen.failures["python"][1]


def test_captchas_are_seen_and_forms_are_told(site: Site) -> None:
    seen = walk(
        site,
        "/captcha",
        yes=node("DetectCaptchaNode", captcha_type="hcaptcha"),
        on=node("GoToURLNode", url=f"{site.url}/form"),
        no=node("DetectCaptchaNode"),
        forms=node("DetectFormsNode", output_variable="forms"),
        all=node("DetectFormsNode", include_hidden=True, container="#f"),
        none=node("DetectFormsNode", container="#nobody"),
    )
    assert {**seen["yes"], "page": ""} == {
        **{"page": "", "captcha_detected": True, "captcha_type": "recaptcha_v2", "sitekey": "k17"},
        "page_url": f"{site.url}/captcha",
    }
    assert seen["no"]["captcha_detected"] is False
    assert (seen["forms"]["form_count"], seen["forms"]["field_count"]) == (1, 9)
    assert seen["all"]["field_count"] == 10
    fields = {field["name"]: field for field in seen["forms"]["fields"]}
    assert (fields["name"]["label"], fields["name"]["value"]) == ("Full name", "old")
    assert [option["value"] for option in fields["land"]["options"]] == ["de", "fr"]
    assert seen.result.variables["forms"][0]["selector"] == "#f"
    assert seen.failures["none"][0] == "ELEMENT_NOT_FOUND"
