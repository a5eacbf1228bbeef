"""`casare-rpa secrets set`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.profiles.secret_stores import SecretName, Store, read_value, store


def run(
    ctx: typer.Context,
    name: SecretName,
    source: Annotated[
        str | None, typer.Argument(metavar="-", help="- reads the value from stdin.")
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="One part of it, such as username or password."),
    ] = None,
    where: Annotated[
        Store, typer.Option("--in", help="The user's own file (0600), or the system's keyring.")
    ] = Store.FILE,
) -> None:
    """Store a secret for the workflows that this user's robot runs.

    The value is typed at a terminal, without echo, or read from stdin where - says so; it is never
    an argument, which others could see. A workflow uses it as {{$secret:NAME}}, one field as
    {{$secret:NAME.FIELD}}, and all fields together as `credential_name`. Other fields of the same
    secret stay. Do it as the user that the robot runs as; jobs that start later see it at once.

    Examples:
        casare-rpa secrets set erp --field password
        casare-rpa secrets set tls-key - < key.pem
        pass show mail | casare-rpa secrets set mail - --field password
        sudo -u robot casare-rpa secrets set erp --in file
    """
    from casare_rpa.secrets.secret import check_field, check_name

    app: App = ctx.obj
    check_name(name)
    if field is not None:
        check_field(field)
    target = store(where, app.settings)
    target.set(name, field or "", read_value(name, source))
    shown = f"{name}.{field}" if field else name
    result = {"name": name, "field": field, "store": where.value}
    app.out.done(result, name="name", text=f"stored the secret {shown} in {target.place(name)}")
