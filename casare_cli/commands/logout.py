"""`casare-rpa logout`."""

from __future__ import annotations

import typer

from casare_cli.context import App


def run(ctx: typer.Context) -> None:
    """Forget the key that login keeps for this orchestrator, or for this profile.

    The key itself goes on working until it is revoked: casare-rpa keys revoke.

    Examples:
        casare-rpa logout
        casare-rpa logout --profile production
    """
    from casare_cli.keys.sources import entry_names
    from casare_cli.profiles.signing_in import forget

    app: App = ctx.obj
    settings = app.settings
    url, profile = settings.orchestrator_url, settings.profile
    gone = forget(entry_names(url, profile)[0])
    result = {"orchestrator_url": url, "profile": profile, "removed_from": gone}
    where = f"{url} (profile {profile})" if profile else url
    told = (
        f"the key for {where} is forgotten: {', '.join(gone)}"
        if gone
        else f"no key for {where} was kept"
    )
    app.out.done(result, name="orchestrator_url", text=told)
    if left := app.find_key(settings):
        app.out.note(f"note: another key is left and will be used: {left.place}")
