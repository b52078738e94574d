"""What actors stand on: clocks, timers, random numbers and the actor base, on threads or on a virtual clock."""
