"""``monerosim new-actor``: an actor of one's own to start from."""

from pathlib import Path

import click

from monerosim.catalogue.skeleton import SkeletonError, class_of, write_skeleton


@click.command("new-actor")
@click.argument("name")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
def new_actor(name: str, directory: Path) -> None:
    """Write an actor called NAME to DIRECTORY (the current one if left out), with a scenario to try it in and a test.

    NAME is made of words in small letters with "-" between them. Existing files are kept.
    """
    try:
        actor, scenario, test = write_skeleton(name, directory)
    except SkeletonError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{actor}: the actor. It works as it is; change it.\n"
        f"{scenario}: a network with it\n"
        f"{test}: its test, for pytest (python3 -m pip install pytest)\n"
        "\n"
        "Next:\n"
        f"    monerosim run {scenario}\n"
        f"    pytest {test}\n"
        "\n"
        f'In a scenario beside it: actors = [{{ use = "./{actor.name}:{class_of(name)}" }}]\n'
        "In a package of your own, with an entry point, it has a name everywhere:\n"
        '    [project.entry-points."monerosim.actors"]\n'
        f'    {name} = "YOUR_PACKAGE.{actor.stem}:{class_of(name)}"'
    )
