"""What a run took of the machine."""

from monerosim.report.charts import Chart, nominal, quantitative

CHARTS = (
    Chart(
        name="resources",
        title="What did the run take, and which programs took it?",
        section="Cost",
        note="Bars: CPU time to the end, the most memory that was seen, and files in the run directory at the end; "
        "processes of all participants together.",
        sql="""
with programs as (
    select run, process, regexp_extract(process, '[^/]*$') as program, max(cpu_s) as cpu, max(rss) / 1e6 as memory,
        max(disk) / 1e6 as disk
    from resources group by all
), taken as (
    select run, regexp_replace(program, '-\\d+$', '') as program, count(*) as processes, sum(cpu) as "CPU (s)",
        sum(memory) as "memory (MB)", sum(disk) as "disk (MB)"
    from programs group by all
)
unpivot taken on "CPU (s)", "memory (MB)", "disk (MB)" into name measure value taken order by run, measure, program
""",
        count="select count(*) from resources",
        of="looks at a process",
        absent="Nobody looked at this run's processes: plain shadow played it, or an older version.",
        drawing={
            "mark": {"type": "bar", "opacity": 0.7},
            "encoding": {
                "row": {"field": "measure", "type": "nominal", "title": None},
                "x": quantitative("taken", ""),
                "y": nominal("program", None),
                "yOffset": {"field": "run"},
            },
            "height": {"step": 26},
            "resolve": {"scale": {"x": "independent"}},
        },
    ),
)
