"""How a node is written: one class with parameters, ports and a `run`.

    class TextReverseNode(Node):
        '''Turn a text around.'''

        category = "text"
        text: str = param("", kind="string")
        outputs = (Output("result", "STRING"),)

        def run(self, ctx: Context) -> Outputs:
            return {"result": self.text[::-1]}

The class is the node's help, JSON schema, catalogue entry and docs page at once. To add a node,
add a class to the file of its family; importing the family registers it.

A parameter is read in this order: a value delivered by a data connection to the port of its name,
the key of that name in `config` (then its aliases), the default. Placeholders are resolved and text
is coerced to the parameter's kind before `run`; a value of another type passes as it is.
`run` is called on a fresh instance each time, so it may keep state on `self` while it runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, dataclass_transform

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_rpa.domain.events import DomainEvent
    from casare_rpa.nodes.person import Person

Json: TypeAlias = Any
Outputs: TypeAlias = dict[str, Any]

#: Kinds of parameters in the catalogue's words. `expression` is parsed, never resolved as text.
KINDS = frozenset(
    {
        *("any", "boolean", "integer", "float", "number", "choice", "multi_choice"),
        *("string", "text", "code", "expression", "selector", "file_path", "directory_path"),
        *("json", "list", "dict"),
    }
)


class NodeError(CasareError):
    """A node could not do its job: the run fails unless the workflow catches it.

    `code` is the ErrorCode's name. `business=True` says that the data is at fault, not the robot,
    so that a retry is pointless. `outputs` is what the node's ports hold where a workflow goes on
    after the failure.
    """

    code = "NODE_FAILED"

    def __init__(
        self,
        message: str,
        code: ErrorCode = ErrorCode.UNKNOWN_ERROR,
        *,
        business: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.error_code = code
        self.business = business
        self.outputs: Outputs = {}


@dataclass(frozen=True, slots=True)
class Leave:
    """What `run` returns to leave by another port than `exec_out`."""

    port: str
    outputs: Outputs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """A data port that the node fills. `kind` is a DataType name of the catalogue."""

    name: str
    kind: str = "ANY"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragments:
    """A text of the file with the values of its placeholders beside it: see `fragments`.

    `texts` stand around the `values` and are one more than these.
    """

    texts: tuple[str, ...]
    values: tuple[Any, ...]


class Param:
    """A parameter: a config key, an input port, or both."""

    __slots__ = (
        "aliases",
        "apart",
        "choices",
        "default",
        "help",
        "if_missing",
        "input",
        "key",
        "kind",
        "maximum",
        "minimum",
        "name",
        "port_kind",
        "property",
        "raw",
        "required",
    )

    def __init__(
        self,
        default: Any,
        *,
        kind: str,
        help: str,
        required: bool,
        choices: Sequence[Any],
        minimum: float | None,
        maximum: float | None,
        aliases: Sequence[str],
        key: str | None,
        input: bool,
        property: bool,
        port_kind: str | None,
        if_missing: str = "",
    ) -> None:
        if kind not in KINDS:
            raise TypeError(f"no parameter kind {kind!r}")
        self.name = ""
        self.default = default
        self.kind = kind
        self.help = help
        self.required = required
        self.if_missing = if_missing
        self.choices = tuple(choices)
        self.minimum = minimum
        self.maximum = maximum
        self.aliases = tuple(aliases)
        self.key = key or ""
        self.input = input
        self.property = property
        self.port_kind = port_kind
        self.raw = False
        self.apart = False

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.key = self.key or name


def param(
    default: Any = None,
    *,
    kind: str = "any",
    help: str = "",
    required: bool = False,
    choices: Sequence[Any] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    aliases: Sequence[str] = (),
    key: str | None = None,
    port_kind: str | None = None,
    if_missing: str = "",
) -> Any:
    """A parameter that is a config key and an input port.

    `aliases` are other spellings of the key that real files use; `key` is the spelling in files
    where that is no Python name; `port_kind` the DataType name of the port (default: by `kind`);
    `required` makes a missing value fail the node before `run`, with `if_missing` as the mend.
    """
    return Param(
        default,
        kind=kind,
        help=help,
        required=required,
        choices=choices,
        minimum=minimum,
        maximum=maximum,
        aliases=aliases,
        key=key,
        input=True,
        property=True,
        port_kind=port_kind,
        if_missing=if_missing,
    )


def prop(default: Any = None, **about: Any) -> Any:
    """A parameter listed as a config key only; a port of its name works all the same."""
    item: Param = param(default, **about)
    item.input = False
    return item


def port(default: Any = None, **about: Any) -> Any:
    """A parameter listed as an input port only; a config key works all the same."""
    item: Param = param(default, **about)
    item.property = False
    return item


def unlisted(default: Any = None, **about: Any) -> Any:
    """A parameter that files may set though the node's lists of keys and ports leave it out."""
    item: Param = prop(default, **about)
    item.property = False
    return item


def raw(default: Any = None, **about: Any) -> Any:
    """A config key whose text reaches the node as written, placeholders and all.

    The node hands it to `ctx.evaluate` or `ctx.resolve` itself.
    """
    item: Param = prop(default, **about)
    item.raw = True
    return item


def fragments(default: Any = None, **about: Any) -> Any:
    """A parameter for a language into which no value may be written, such as SQL.

    A text with placeholders arrives as Fragments, also inside lists and maps; JSON text of the
    kinds `json` and `list` is read first. A single placeholder arrives as its value, and what a
    connection delivers as it is. `%name%` is no placeholder here, and one that names nothing fails
    the node.
    """
    item: Param = param(default, **about)
    item.apart = True
    return item


class Context(Protocol):
    """What a running node may touch. The engine implements it."""

    @property
    def node_id(self) -> str: ...

    @property
    def node_type(self) -> str: ...

    @property
    def variables(self) -> Mapping[str, Any]:
        """The run's variables; change them with set_variable."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """The process environment that nodes may see: without CASARE_* and keys.

        Change it with set_environment.
        """
        ...

    @property
    def cancelled(self) -> bool:
        """True once the run is to stop: long synchronous work looks here now and then."""
        ...

    @property
    def resources(self) -> dict[str, Any]:
        """Things shared by the nodes of one run: connections, sessions. See on_close."""
        ...

    @property
    def person(self) -> Person | None:
        """Who can be asked at a terminal; None where nobody can: on a robot, in a pipeline."""
        ...

    def get_variable(self, name: str, default: Any = None) -> Any:
        """A variable by name or path (`user.name`, `rows[0]`)."""
        ...

    def set_variable(self, name: str, value: Any) -> None:
        """Store a variable and publish VariableSet. Raises NodeError for a name that is no name."""
        ...

    def set_environment(self, name: str, value: str) -> None:
        """Set an environment variable for the rest of the run, not for the process."""
        ...

    def log(self, message: str, level: str = "info", data: Any = None) -> None:
        """Write a line to the run's log (published as LogMessage)."""
        ...

    def publish(self, event: DomainEvent) -> None:
        """Publish an event of the node's own; what may be secret in it goes through `masked`."""
        ...

    def evaluate(
        self, expression: str, names: Mapping[str, Any] | None = None, *, full: bool = False
    ) -> Any:
        """The value of a restricted Python expression; variables are visible by bare name.

        A *full* one may use comprehensions, lambdas as arguments, and f-strings. One that is a
        placeholder alone may stand for the text of the expression.
        Raises NodeError with EXPRESSION_ERROR.
        """
        ...

    def resolve(self, value: Any) -> Any:
        """Replace placeholders in text, and in items of lists and values of maps."""
        ...

    async def secret(self, name: str) -> Mapping[str, Any]:
        """The fields of a stored secret, one that is a text as `value`; all masked from now on.

        Raises NodeError: RESOURCE_NOT_FOUND if there is none, others when a place where secrets
        are kept cannot be read. Nodes with a `credential_name` use `_credentials` instead.
        """
        ...

    def masked(self, text: str) -> str:
        """*text* with secrets as `***`: for a log of the node's own."""
        ...

    def conceal(self, value: Any) -> None:
        """Take *value*, or every scalar in it, for a secret from now on: others see `***`."""
        ...

    def path(self, text: str, *, dangerous: bool = False) -> Path:
        """An absolute path for a file parameter, below the run's working folder if relative.

        Raises NodeError for a `..` segment or NUL (unless *dangerous*), and for a path outside
        the allowed folders.
        """
        ...

    def on_close(self, close: Callable[[], Any]) -> None:
        """Call *close* when the run ends, last registered first; it may be a coroutine function."""
        ...

    async def call_workflow(
        self, path: str, inputs: Mapping[str, Any], *, declared_only: bool = False
    ) -> Mapping[str, Any]:
        """Run the workflow file *path* inside this run; its public variables.

        Of a subflow that declares outputs they are among these; with *declared_only* nothing else.
        Raises NodeError when it fails, lacks an input or is nested deeper than 10.
        """
        ...


Result: TypeAlias = Outputs | Leave | None
NodeType: TypeAlias = "type[Node]"


@dataclass_transform(
    kw_only_default=True, field_specifiers=(param, prop, port, unlisted, raw, fragments)
)
class Node:
    """A step of a workflow. Subclasses declare parameters and ports; the docstring is the help."""

    #: Registered name; the class's own unless set.
    type: ClassVar[str] = ""
    category: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[tuple[Output, ...]] = ()
    exec_inputs: ClassVar[tuple[str, ...]] = ("exec_in",)
    exec_outputs: ClassVar[tuple[str, ...]] = ("exec_out",)
    runs_on: ClassVar[str] = "any"
    #: True when running it twice acts twice on the outside world.
    side_effect: ClassVar[bool] = False
    #: Capabilities a robot must announce to run it.
    requires: ClassVar[tuple[str, ...]] = ()
    #: Importable modules it needs beyond the base install, with the extra that brings them.
    needs: ClassVar[Mapping[str, str]] = {}
    #: Set by the engine's control nodes: which part of the engine drives them.
    control: ClassVar[str] = ""
    #: An example config, shown in help and docs and run by a test.
    example: ClassVar[Mapping[str, Any]] = {}
    #: True: config keys and ports that are not declared arrive in `self.others`.
    takes_others: ClassVar[bool] = False
    #: Parameters whose choices, minimum and maximum are advice only.
    beyond_limits: ClassVar[frozenset[str]] = frozenset()
    #: Longest run in seconds: None takes the run's node timeout, 0 means no limit.
    timeout_seconds: ClassVar[float | None] = None

    params: ClassVar[dict[str, Param]] = {}
    registry: ClassVar[dict[str, NodeType]] = {}

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.params = _collect_params(cls)
        if abstract:
            return
        cls.type = cls.__dict__.get("type") or cls.__name__
        if not cls.__doc__ or not cls.category:
            raise TypeError(f"{cls.__name__} needs a docstring (its help) and a category")
        for name in (cls.type, *cls.aliases):
            if Node.registry.setdefault(name, cls) is not cls:
                raise TypeError(f"two nodes are called {name!r}")

    def __init__(self, **values: Any) -> None:
        """For tests and for nodes that use another node; the engine fills instances by itself."""
        for item in self.params.values():
            setattr(self, item.name, values.pop(item.name, item.default))
        if values:
            raise TypeError(f"{self.type} has no parameter {next(iter(values))!r}")

    @classmethod
    def exec_outputs_for(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The execution ports of a node with this *config*; overridden where they depend on it."""
        return cls.exec_outputs

    @classmethod
    def lacking(cls) -> tuple[str, str] | None:
        """What this machine lacks for it beside libraries, and the command that mends it."""
        return None

    def run(self, ctx: Context) -> Result | Awaitable[Result]:
        """Do the work: a plain function if it never waits, a coroutine function if it does.

        Returns the outputs by port (leaving by `exec_out`), Leave(port, outputs), or None.
        Raises NodeError; other exceptions become one, by ErrorCode.from_exception.
        """
        raise NotImplementedError


def _collect_params(cls: type[Node]) -> dict[str, Param]:
    found: dict[str, Param] = {}
    for base in reversed(cls.__mro__):
        found |= {k: v for k, v in vars(base).items() if isinstance(v, Param)}
    return found
