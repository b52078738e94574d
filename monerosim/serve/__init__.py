"""A server on loopback that shows runs while they are played and afterwards, and passes commands on to them.

It reads run directories and writes requests into their folders ``control``, nothing else of them: it is another process
than the run, may be started again at any time, and knows no engine. What it needs comes with ``monerosim[serve]``.
"""
