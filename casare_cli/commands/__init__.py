"""One file per command: `commands/jobs/submit.py` is `casare-rpa jobs submit`.

A command module has one function `run(ctx: typer.Context, ...)`. Its parameters are the command's
arguments and options, its docstring the help, what it returns the exit code (None is 0), and
`ctx.obj` the `casare_cli.context.App`. A package is a noun; its docstring is the noun's help.
"""
