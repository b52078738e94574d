"""Charts are drawn in processes of their own, which may die."""

import os
import signal

import pytest

from monerosim.serve.drawing import Drawing, DrawingError


class Told:
    """Stands for what a chart comes to."""

    rows = ("one",)

    def svg(self):
        return f"drawn by {os.getpid()}"


class Deadly(Told):
    def svg(self):
        os.kill(os.getpid(), signal.SIGKILL)


def test_one_that_dies_is_told_and_the_next_chart_is_drawn():
    with Drawing() as drawing:
        with pytest.raises(DrawingError, match="has died"):
            drawing.chart(Deadly())
        drawn = drawing.chart(Told())
    assert drawn.startswith("drawn by ")
    assert drawn != Told().svg()
