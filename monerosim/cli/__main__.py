"""``python -m monerosim.cli``."""

from monerosim.cli import main

main(prog_name="monerosim")
