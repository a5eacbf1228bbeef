"""Numbers, texts, lists, maps, dates."""

from __future__ import annotations

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_set = "SetVariableNode"
_people = [
    {"name": "Ada", "age": 36, "city": "London"},
    {"name": "Linus", "age": 21, "city": "Helsinki"},
    {"name": "Grace", "age": 85, "city": "New York"},
]

CASES = [
    Case(
        name="build, change, merge and read a map",
        document=document(
            {
                "user": node(
                    "CreateDictNode", key_1="name", value_1="Ada", key_2="age", value_2=36
                ),
                "city": node("DictSetNode", dict="{{user.dict}}", key="city", value="London"),
                "more": node("CreateDictNode", key_1="age", value_1=37, key_2="id", value_2="u1"),
                "merged": node("DictMergeNode", dict1="{{city.dict}}", dict2="{{more.dict}}"),
                "less": node("DictRemoveNode", dict="{{merged.dict}}", key="id"),
                "keys": node("DictKeysNode", dict="{{less.result}}"),
                "values": node("DictValuesNode", dict="{{less.dict}}"),
                "items": node("DictItemsNode", dict="{{user.dict}}"),
                "has": node("DictHasKeyNode", dict="{{less.result}}", key="id"),
                "get": node("DictGetNode", dict="{{less.result}}", key="age"),
                "none": node("DictGetNode", dict="{{less.result}}", key="x", default="?"),
                "json": node("DictToJsonNode", dict="{{less.result}}", sort_keys=True),
                "say": node(_log, message="{{get.value}} {{none.value}} {{has.has_key}}"),
            },
            chain("user", "city", "more", "merged", "less", "keys", "values", "items", "has"),
            chain("has", "get", "none", "json", "say"),
        ),
        outputs={
            "less.result": {"name": "Ada", "age": 37, "city": "London"},
            "less.removed_value": "u1",
            "keys.keys": ["name", "age", "city"],
            "values.values": ["Ada", 37, "London"],
            "items.items": [{"key": "name", "value": "Ada"}, {"key": "age", "value": 36}],
            "json.json_string": '{"age": 37, "city": "London", "name": "Ada"}',
        },
        log=("37 ? False",),
    ),
    Case(
        name="lists: sort, unique, slice, join, flatten, reverse, map, reduce",
        document=document(
            {
                "set": node(_set, variable_name="nums", value=[3, 1, 2, 3, 1]),
                "unique": node("ListUniqueNode", list="{{nums}}"),
                "sort": node("ListSortNode", list="{{unique.unique_list}}"),
                "down": node("ListSortNode", list="nums", reverse=True),
                "reverse": node("ListReverseNode", list="{{sort.sorted_list}}"),
                "slice": node("ListSliceNode", list="{{nums}}", start=1, end=-1),
                "join": node("ListJoinNode", list="{{sort.result}}", separator="-"),
                "flat": node("ListFlattenNode", list=[[1, 2], [3, [4]]], depth=2),
                "text": node("ListMapNode", items="{{nums}}", transform="to_string"),
                "sum": node("ListReduceNode", list="{{nums}}", operation="sum"),
                "max": node("ListReduceNode", list="{{nums}}", operation="max"),
                "has": node("ListContainsNode", list="{{nums}}", item=2),
                "first": node("ListGetItemNode", list="{{nums}}", index=0),
                "last": node("ListGetItemNode", list="{{nums}}", index=-1),
            },
            chain("set", "unique", "sort", "down", "reverse", "slice", "join", "flat", "text"),
            chain("text", "sum", "max", "has", "first", "last"),
        ),
        outputs={
            "unique.result": [3, 1, 2],
            "sort.result": [1, 2, 3],
            "down.result": [3, 3, 2, 1, 1],
            "reverse.result": [3, 2, 1],
            "slice.result": [1, 2, 3],
            "join.result": "1-2-3",
            "flat.result": [1, 2, 3, 4],
            "text.result": ["3", "1", "2", "3", "1"],
            "sum.result": 10,
            "max.result": 3,
            "has.contains": True,
            "has.index": 2,
            "first.item": 3,
            "last.item": 1,
        },
    ),
    Case(
        name="lists of objects: filter, sort and map by key",
        document=document(
            {
                "adults": node(
                    "ListFilterNode",
                    items="{{people}}",
                    condition="greater_than",
                    value=30,
                    key_path="age",
                ),
                "sorted": node("ListSortNode", list="{{people}}", key_path="age"),
                "names": node(
                    "ListMapNode",
                    list="{{sorted.result}}",
                    transform="get_property",
                    key_path="name",
                ),
                "say": node(_log, message="{{people[1].name}} of {{people|length}}: {{names}}"),
            },
            chain("adults", "sorted", "names", "say"),
            variables={"people": _people},
        ),
        outputs={
            "adults.result": [_people[0], _people[2]],
            "adults.removed": [_people[1]],
            "names.result": ["Linus", "Ada", "Grace"],
        },
        log=("Linus of 3: {'result': ['Linus', 'Ada', 'Grace']}",),
    ),
    Case(
        name="list of four and five items",
        document=document(
            {
                "list": node("CreateListNode", item_1="a", item_2="b", item_3=3, item_4=4.5),
                "add": node("ListAppendNode", list="{{list.list}}", item={"k": "{{list.list[0]}}"}),
            },
            chain("list", "add"),
        ),
        outputs={"list.list": ["a", "b", 3, 4.5], "add.result": ["a", "b", 3, 4.5, {"k": "a"}]},
    ),
    Case(
        name="parse JSON and pick",
        document=document(
            {
                "parse": node(
                    "ParseJSONNode",
                    json_string='{"user": {"id": 7, "tags": ["a", "b"]}, "ok": true}',
                ),
                "pick": node(_set, variable_name="tag", value="{{parse.data.user.tags[1]}}"),
                "id": node(_set, variable_name="id", value="{{parse.data.user.id}}"),
                "ok": node("IfNode", condition="{{parse.data.ok}}"),
                "say": node(_log, message="user {{parse.data.user.id}} has {{tag}}"),
            },
            chain("parse", "pick", "id", "ok.true", "say"),
        ),
        variables={"tag": "b", "id": 7},
        log=("user 7 has b",),
    ),
    Case(
        name="parse JSON that is made from a placeholder",
        document=document(
            {
                "raw": node(_set, variable_name="raw", value='[{"n": 1}, {"n": 2}]'),
                "parse": node("JsonParseNode", json_string="{{raw}}"),
                "each": node("ForLoopStartNode", items="{{parse.data}}", item_var="row"),
                "say": node(_log, message="n={{row.n}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
            },
            chain("raw", "parse", "each.body", "say", "end"),
        ),
        log=("n=1", "n=2"),
    ),
    Case(
        name="arithmetic with numbers in texts",
        document=document(
            {
                "price": node(_set, variable_name="price", value="19.99"),
                "count": node(_set, variable_name="count", value="3"),
                "total": node(
                    "MathOperationNode",
                    a="{{price}}",
                    b="{{count}}",
                    operation="multiply",
                    round_digits=2,
                ),
                "by_name": node("MathOperationNode", a="count", b="2", operation="power"),
                "rest": node("MathOperationNode", a="17", b="5", operation="modulo"),
                "root": node("MathOperationNode", a=16, operation="sqrt"),
                "third": node("MathOperationNode", a=10, b=3, operation="divide", round_digits=3),
            },
            chain("price", "count", "total", "by_name", "rest", "root", "third"),
        ),
        outputs={
            "total.result": 59.97,
            "by_name.result": 9,
            "rest.result": 2,
            "root.result": 4,
            "third.result": 3.333,
        },
    ),
    Case(
        name="format a text from variables and from a map",
        document=document(
            {
                "name": node(_set, variable_name="name", value="World"),
                "a": node("FormatStringNode", template="Hello {name}", variables={"name": "Ada"}),
                "b": node(
                    "FormatStringNode",
                    template="{greeting}, {who}! {n:.2f}",
                    variables={"greeting": "Hi", "who": "{{name}}", "n": 3.14159},
                ),
                "c": node("FormatStringNode", template="Hello {{name}}"),
                "d": node("ConcatenateNode", string1="Hello", string2="{{name}}", separator=", "),
                "say": node(_log, message="{{a.result}} / {{b.result}} / {{c.result}}"),
            },
            chain("name", "a", "b", "c", "d", "say"),
        ),
        outputs={"d.result": "Hello, World"},
        log=("Hello Ada / Hi, World! 3.14 / Hello World",),
    ),
    Case(
        name="work on texts",
        document=document(
            {
                "t": node(_set, variable_name="t", value="  The quick brown fox  "),
                "trim": node("TextTrimNode", text="{{t}}"),
                "upper": node("TextCaseNode", text="{{trim.result}}", case="upper"),
                "replace": node("TextReplaceNode", text="{{trim.result}}", old="quick", new="slow"),
                "split": node("TextSplitNode", text="a;b;c", delimiter=";"),
                "join": node("TextJoinNode", items="{{split.parts}}", separator="+"),
                "pad": node("TextPadNode", text="7", width=3, pad_char="0", side="left"),
                "sub": node("TextSubstringNode", text="{{trim.result}}", start=4, end=9),
                "has": node("TextContainsNode", text="{{trim.result}}", search="fox"),
                "begins": node("TextStartsWithNode", text="{{trim.result}}", prefix="The"),
                "ends": node("TextEndsWithNode", text="{{trim.result}}", suffix="dog"),
                "count": node("TextCountNode", text="{{trim.result}}", mode="words"),
                "back": node("TextReverseNode", text="abc"),
                "lines": node("TextLinesNode", text="one\ntwo\nthree"),
            },
            chain("t", "trim", "upper", "replace", "split", "join", "pad", "sub", "has", "begins"),
            chain("begins", "ends", "count", "back", "lines"),
        ),
        outputs={
            "trim.result": "The quick brown fox",
            "upper.result": "THE QUICK BROWN FOX",
            "replace.result": "The slow brown fox",
            "split.result": ["a", "b", "c"],
            "join.result": "a+b+c",
            "pad.result": "007",
            "sub.result": "quick",
            "has.contains": True,
            "begins.result": True,
            "ends.result": False,
            "count.count": 4,
            "back.result": "cba",
            "lines.count": 3,
        },
    ),
    Case(
        name="regular expressions",
        document=document(
            {
                "mail": node(
                    "TextExtractNode", text="mail bob@example.org now", pattern=r"(\w+)@([\w.]+)"
                ),
                "all": node("RegexMatchNode", text="a1 b22 c333", pattern=r"\d+"),
                "no": node("RegexMatchNode", text="abc", pattern=r"\d+"),
                "if": node("IfNode", condition="{{all.match_found}} and not {{no.match_found}}"),
                "say": node(_log, message="{{mail.match}} {{all.match_count}} {{all.all_matches}}"),
            },
            chain("mail", "all", "no", "if.true", "say"),
        ),
        outputs={"mail.groups": ["bob", "example.org"], "all.first_match": "1"},
        log=("bob@example.org 3 ['1', '22', '333']",),
    ),
    Case(
        name="dates",
        document=document(
            {
                "later": node("DateTimeAddNode", datetime="2024-01-31T10:00:00Z", days=1, hours=2),
                "diff": node(
                    "DateTimeDiffNode",
                    datetime_1="2024-01-01T00:00:00",
                    datetime_2="2024-01-03T12:30:00",
                ),
                "now": node("GetCurrentDateTimeNode", format="%Y"),
                "if": node("IfNode", condition="{{now.year}} >= 2024"),
                "say": node(_log, message="{{diff.days}} days {{diff.hours}} hours"),
            },
            chain("later", "diff", "now", "if.true", "say"),
        ),
        outputs={"later.result": "2024-02-01T12:00:00+00:00", "diff.total_hours": 60.5},
        log=("2 days 12 hours",),
    ),
    Case(
        name="compare and increment",
        document=document(
            {
                "set": node(_set, variable_name="score", value=90),
                "more": node("IncrementVariableNode", variable_name="score", increment=5),
                "cmp": node("ComparisonNode", a="{{score}}", b=95, operator="equals (==)"),
                "get": node("GetVariableNode", variable_name="score"),
                "none": node("GetVariableNode", variable_name="nothing", default_value="n/a"),
                "if": node("IfNode", condition="{{cmp.result}} == true"),
                "say": node(_log, message="{{get.value}} {{none.value}}"),
            },
            chain("set", "more", "cmp", "get", "none", "if.true", "say"),
        ),
        variables={"score": 95},
        log=("95 n/a",),
    ),
    Case(
        name="random things have their shape",
        document=document(
            {
                "n": node("RandomNumberNode", min=1, max=6, integer_only=True),
                "s": node("RandomStringNode", length=12),
                "u": node("RandomUUIDNode"),
                "c": node("RandomChoiceNode", items=["only"]),
                "h": node("ShuffleListNode", list=[1, 1]),
                "ok": node(
                    "IfNode",
                    condition=(
                        "1 <= {{n.result}} <= 6 and len({{s.result}}) == 12"
                        " and len({{u.uuid}}) == 36"
                    ),
                ),
                "say": node(_log, message="{{c.result}} {{h.result}}"),
            },
            chain("n", "s", "u", "c", "h", "ok.true", "say"),
        ),
        log=("only [1, 1]",),
    ),
    Case(
        name="scripts",
        document=document(
            {
                "nums": node(_set, variable_name="nums", value=[1, 2, 3]),
                "py": node(
                    "RunPythonScriptNode",
                    script="result = sum(x * factor for x in values)",
                    variables={"values": "{{nums}}", "factor": 10},
                ),
                "eval": node("EvaluateExpressionNode", expression="{{py.result}} + 1"),
                "len": node("EvaluateExpressionNode", expression="len({{nums}}) * 2"),
                "say": node(_log, message="{{py.result}} {{eval.result}} {{len.result}}"),
            },
            chain("nums", "py", "eval", "len", "say"),
        ),
        log=("60 61 6",),
    ),
    Case(
        name="types of variables",
        document=document(
            {
                "flag": node(_set, variable_name="flag", value="yes", variable_type="Boolean"),
                "list": node(_set, variable_name="l", value="a, b,c", variable_type="List"),
                "map": node(_set, variable_name="m", value='{"a": [1]}', variable_type="Dict"),
                "float": node(_set, variable_name="f", value="2.5", variable_type="Float"),
                "text": node(_set, variable_name="t", value="007"),
                "default": node(_set, variable_name="d", default_value="fallback"),
                "copy": node(_set, variable_name="c", value={"first": "{{l[0]}}", "m": "{{m}}"}),
            },
            chain("flag", "list", "map", "float", "text", "default", "copy"),
        ),
        variables={
            "flag": True,
            "l": ["a", "b", "c"],
            "m": {"a": [1]},
            "f": 2.5,
            "t": "007",
            "d": "fallback",
            "c": {"first": "a", "m": {"a": [1]}},
        },
    ),
    Case(
        name="transforms",
        document=document(
            {
                "t": node("TransformNode", value="a,b", transform_type="split"),
                "j": node("TransformNode", value=["x", "y"], transform_type="join", param="-"),
                "i": node("TransformNode", value="42", transform_type="to_integer"),
                "say": node(_log, message="{{t.result}} {{j.result}} {{i.result}}"),
            },
            chain("t", "j", "i", "say"),
        ),
        log=("['a', 'b'] x-y 42",),
    ),
]
