"""``monerosim completion``: what makes a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

_PROGRAM = "monerosim"
_WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/monerosim.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that makes SHELL complete the commands of monerosim and their options.

    bash needs version 4.4 or later. Keep it with `monerosim completion bash >> ~/.bashrc`, `monerosim completion zsh >>
    ~/.zshrc` or `monerosim completion fish > ~/.config/fish/completions/monerosim.fish`, and open a new shell.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"click has no completion for {shell}")
    script = kind(context.find_root().command, {}, _PROGRAM, f"_{_PROGRAM.upper()}_COMPLETE")
    # click's own source() asks bash for its version, which need not be installed where this is printed.
    click.echo(script.source_template % script.source_vars())
