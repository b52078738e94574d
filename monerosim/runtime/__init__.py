"""The runtimes of actors, on threads or on a virtual clock: clocks, timers and random numbers."""
