"""Where a node declares something else than the format, on purpose, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SOME_ACTIONS_ONLY = "needed by some of the actions only"
_NOT_NEEDED = "the node can do its job without it"
_IS_PARSED = "an expression is parsed, not resolved as text"
_KEEPS_INTEGERS = "a whole number stays one"
_STARTED_BY_HAND = "a trigger that a person starts waits for nothing"
_LAST_PARSED = "without text it works on the document parsed last"
_NAMES_VARIABLES = "text that is no number names a variable"
_LETTERS_DO = "a column's letters do as well as its number"
_LAST_OPENED = "without one it works on the one opened last"
_ON_THE_FILE = "it works on the file itself, without Excel or Word"

_EXCEL = ("ExcelCloseNode", "ExcelGetRangeNode", "ExcelReadCellNode", "ExcelWriteCellNode")
_WORD = ("WordCloseNode", "WordGetTextNode", "WordReplaceTextNode")
_OFFICE = ("ExcelOpenNode", *_EXCEL, "WordOpenNode", *_WORD)

#: By type and by what differs of it.
INTENDED: Final[Mapping[tuple[str, str], str]] = {
    ("LaunchBrowserNode", "property headless.default"): "unset, the robot's own setting decides",
    ("FormFillerNode", "property field_mapping.required"): "fields of FormFieldNode do as well",
    ("AssertNode", "property condition.kind"): "text that is an expression is evaluated",
    ("DictSuperNode", "property dict.required"): _SOME_ACTIONS_ONLY,
    ("DictSuperNode", "property key.required"): _SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property url.required"): _SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property save_path.required"): _SOME_ACTIONS_ONLY,
    ("HttpSuperNode", "property file_path.required"): _SOME_ACTIONS_ONLY,
    ("ListSuperNode", "property list.required"): _SOME_ACTIONS_ONLY,
    ("ListSuperNode", "property index.required"): _SOME_ACTIONS_ONLY,
    ("TextSuperNode", "property text.required"): _SOME_ACTIONS_ONLY,
    ("TextSuperNode", "property search.required"): _SOME_ACTIONS_ONLY,
    ("TextToSpeechNode", "property text.required"): "`speech_text` does as well",
    ("IfNode", "property expression.kind"): _IS_PARSED,
    ("IfNode", "input condition.kind"): _IS_PARSED,
    ("SwitchNode", "property expression.kind"): _IS_PARSED,
    ("WhileLoopStartNode", "property expression.kind"): _IS_PARSED,
    ("IncrementVariableNode", "property increment.kind"): _KEEPS_INTEGERS,
    ("IncrementVariableNode", "input increment.kind"): _KEEPS_INTEGERS,
    ("MathOperationNode", "property a.kind"): _NAMES_VARIABLES,
    ("MathOperationNode", "property b.kind"): _NAMES_VARIABLES,
    ("LogErrorNode", "property error_message.required"): _NOT_NEEDED,
    ("LogErrorNode", "property error_type.required"): _NOT_NEEDED,
    ("LogErrorNode", "property context.required"): _NOT_NEEDED,
    ("RetryFailNode", "property error_message.required"): _NOT_NEEDED,
    ("WebhookNotifyNode", "property error_details.required"): _NOT_NEEDED,
    ("GetXMLAttributeNode", "property xml_string.required"): _LAST_PARSED,
    ("GetXMLElementNode", "property xml_string.required"): _LAST_PARSED,
    ("XMLToJsonNode", "property xml_string.required"): _LAST_PARSED,
    ("XPathQueryNode", "property xml_string.required"): _LAST_PARSED,
    ("FileWatchTriggerNode", "property watch_path.required"): _STARTED_BY_HAND,
    ("RSSFeedTriggerNode", "property feed_url.required"): _STARTED_BY_HAND,
    ("SSETriggerNode", "property sse_url.required"): _STARTED_BY_HAND,
    ("WorkflowCallTriggerNode", "property call_alias.required"): _STARTED_BY_HAND,
    ("SheetsDeleteColumnNode", "property start_column.kind"): _LETTERS_DO,
    ("SheetsInsertColumnNode", "property column_index.kind"): _LETTERS_DO,
    ("ValidateNode", "property value.required"): "that there is no value is what it may find",
    **{(name, "runs_on"): _ON_THE_FILE for name in _OFFICE},
    **{(name, "property workbook.required"): _LAST_OPENED for name in _EXCEL},
    **{(name, "property document.required"): _LAST_OPENED for name in _WORD},
    ("ExcelGetRangeNode", "property range.required"): "without one it gives all that is used",
}
