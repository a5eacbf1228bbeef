"""Dialogs that show many things: a list to choose from, a table."""

from __future__ import annotations

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.dialogs._choosing import chosen
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode
from casare_rpa.nodes.dialogs._lines import fitted
from casare_rpa.nodes.dialogs._table import GAP, table
from casare_rpa.nodes.values.reading import as_list, as_text, comma_separated


class ListPickerDialogNode(DialogNode):
    """Have a person choose from a list.

    `items` is a list, JSON, or texts between commas. The answer is a number, with `multi_select`
    several (`1,3-5`), or with `search_enabled` a word: the items that hold it are listed, and one
    that is left alone is chosen. Enter alone takes `default_selection`. Without one, and with
    Ctrl-D, the dialog is cancelled: `confirmed` is false, and `selected` nothing, with
    `multi_select` an empty list.
    """

    example = {"title": "Customer", "items": ["Miller", "Meyer"]}
    title: str = prop("Select Item", kind="string", help="The headline.")
    items: Json = param("", kind="string", port_kind="ANY", help="What there is to choose.")
    multi_select: bool = prop(False, kind="boolean", help="Several may be chosen.")
    search_enabled: bool = prop(True, kind="boolean", help="A word finds what holds it.")
    default_selection: str = prop(
        "", kind="string", help="The item that Enter alone takes; several between commas."
    )
    outputs = (Output("selected", "ANY"), Output("confirmed", "BOOLEAN"))

    def check(self, ctx: Context) -> None:
        self.choices = as_list(ctx, self.items, "items")
        if not self.choices:
            raise NodeError("items is empty: there is nothing to choose", ErrorCode.INVALID_INPUT)
        self.labels = [as_text(choice) for choice in self.choices]

    async def ask(self, asking: Asking) -> Outputs:
        many = bool(self.multi_select)
        found = await chosen(
            asking,
            self.labels,
            many=many,
            searchable=bool(self.search_enabled),
            default=self._default(),
        )
        selected = [self.choices[index] for index in found]
        return {"selected": selected if many else selected[0], "confirmed": True}

    def left(self) -> Outputs:
        return {"selected": [] if self.multi_select else None, "confirmed": False}

    def _default(self) -> list[int]:
        whole = as_text(self.default_selection).strip()
        wanted = comma_separated(whole) if self.multi_select else [whole]
        names = [" ".join(label.split()) for label in self.labels]
        found = [" ".join(name.split()) for name in wanted]
        return [names.index(name) for name in found if name in names]


class TableDialogNode(DialogNode):
    """Show a person a table and, with `selectable`, have them choose a row.

    `data` is a list of maps or of lists; `columns` names the columns that are shown, between
    commas, and their order. A row is chosen by its number, or by a word that it alone holds. Enter
    alone confirms a table that is only shown; an empty answer to a choice, and Ctrl-D, cancel:
    `confirmed` is false and `selected_index` -1, which it also is where nothing is to be chosen.
    """

    example = {"data": [{"no": 1, "sum": 30}, {"no": 2, "sum": 12}], "selectable": True}
    title: str = prop("Data Table", kind="string", help="The headline.")
    data: Json = param("[]", kind="json", port_kind="ANY", help="The rows.")
    columns: str = prop("", kind="string", help="Which columns, between commas; empty: all.")
    selectable: bool = prop(False, kind="boolean", help="A row is to be chosen.")
    outputs = (
        Output("selected_row", "ANY"),
        Output("selected_index", "INTEGER"),
        Output("confirmed", "BOOLEAN"),
    )

    def check(self, ctx: Context) -> None:
        self.rows = as_list(ctx, self.data, "data")
        if self.selectable and not self.rows:
            raise NodeError("data has no rows: there is nothing to choose", ErrorCode.INVALID_INPUT)
        names = self.columns if isinstance(self.columns, list) else as_text(self.columns)
        wanted = comma_separated(names) if isinstance(names, str) else [*map(as_text, names)]
        self.wanted = wanted

    async def ask(self, asking: Asking) -> Outputs:
        before = " " * len(str(len(self.rows))) + GAP if self.selectable else ""
        room = asking.width - 1 - len(before)
        shown = table(asking.ctx, self.rows, self.wanted, room)
        asking.show(before + fitted(shown.head, room))
        if not self.selectable:
            asking.show("\n".join(fitted(line, room) for line in shown.lines))
            _tell_of_columns(asking, shown.columns_left_out)
            await asking.line("Enter to go on: ")
            return {"selected_row": None, "selected_index": -1, "confirmed": True}
        _tell_of_columns(asking, shown.columns_left_out)
        (index,) = await chosen(
            asking, shown.lines, many=False, searchable=True, searched=shown.texts
        )
        return {"selected_row": self.rows[index], "selected_index": index, "confirmed": True}

    def left(self) -> Outputs:
        return {"selected_row": None, "selected_index": -1, "confirmed": False}


def _tell_of_columns(asking: Asking, count: int) -> None:
    if count:
        asking.show(f"… and {count} more column{'s' if count > 1 else ''}")
