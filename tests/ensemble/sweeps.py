"""A scenario that takes a tenth of a second, and what tests of sweeps do with it."""

from pathlib import Path

SCENARIO = """
[simulation]
name = "tiny"
duration = "20m"

[consensus]
block_time = "60s"

[participants.alpha]
kind = "mining-pool"
hashrate = 60

[participants.beta]
kind = "mining-pool"
hashrate = 40

[participants.block-controller]
kind = "block-controller"
"""

BLOCKS = "miners.alpha.blocks"

MOODY = '''
"""An actor that has its moods."""

import os
import signal
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim import Behaviour, Config


class MoodyConfig(Config, frozen=True):
    does: Annotated[str, Meta(description="What: raise or die.")] = "raise"
    seed: Annotated[int, Meta(description="Only in runs of this seed; 0 for all.")] = 0
    once: Annotated[str, Meta(description="A file that it leaves, and does nothing where it is.")] = ""


class Moody(Behaviour[MoodyConfig]):
    """Raises, or takes its process with it."""

    essential: ClassVar[bool] = True

    def begin(self) -> None:
        self.after(1, self.act)

    def act(self) -> None:
        if self.config.seed not in (0, self.host.plan.seed):
            return
        if self.config.once and Path(self.config.once).exists():
            return
        if self.config.once:
            Path(self.config.once).touch()
        if self.config.does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("in a mood")
'''


def write(folder: Path, text: str = SCENARIO) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text)
    return path
