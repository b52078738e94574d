# A scenario of the swarm has this graph beside it.
graph [
  directed 0
  node [
    id 0
    label "west"
    host_bandwidth_up "20 Mbit"
    host_bandwidth_down "100 Mbit"
  ]
  node [
    id 1
    label "middle"
  ]
  node [
    id 2
    label "east"
    host_bandwidth_up "1 Gbit"
    host_bandwidth_down "1 Gbit"
  ]
  edge [
    source 0
    target 0
    latency "5 ms"
  ]
  edge [
    source 0
    target 1
    latency "30 ms"
    packet_loss 0.001
  ]
  edge [
    source 1
    target 2
    latency "40 ms"
  ]
]
