"""The command ``aniworld``."""

from importlib import import_module

import click

from aniworld import __version__


class _Lazy(click.Group):
    """Imports a command's module only when it is called: ``aniworld parse`` need not load a web server."""

    commands_in = {  # noqa: RUF012 - a table
        "serve": ("serve", "serve"),
        "demo": ("serve", "demo"),
        "search": ("shelf", "search"),
        "add": ("shelf", "add"),
        "list": ("shelf", "list_"),
        "queue": ("queue", "queue"),
        "fetch": ("fetch", "fetch"),
        "nfo": ("nfo", "nfo"),
        "scan": ("scan", "scan"),
        "organise": ("organise", "organise"),
        "parse": ("names", "parse"),
        "provider": ("provider", "provider"),
        "config": ("configuration", "config"),
        "password": ("owner", "password"),
        "openapi": ("document", "openapi"),
    }
    """Command → its module and its name there."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_in)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_in:
            return None
        module, name = self.commands_in[cmd_name]
        command: click.Command = getattr(import_module(f"aniworld.cli.{module}"), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aniworld")
def main() -> None:
    """Keeps an anime library whole: finds what is missing, downloads it, names it, describes it."""


if __name__ == "__main__":
    main()
