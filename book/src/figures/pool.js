// How long the same jobs take with more or fewer workers.
(function () {
  "use strict";
  const { svg, slider, choice, place, table } = globalThis.WtParts;
  const { schedule } = globalThis.WtModel;

  const JOBS = 24;
  const MIXES = {
    compute: { text: "only compute", compute: 8, wait: 0 },
    half: { text: "half of it waiting", compute: 4, wait: 4 },
    wait: { text: "mostly waiting", compute: 1, wait: 7 },
  };
  const MOST = 12;

  place("pool", "How many workers for these jobs?", ({ controls, picture, status }) => {
    const options = { workers: 2, cores: 2, mix: "half" };
    const set = (key) => (value) => {
      options[key] = value;
      show();
    };
    controls.append(
      choice(
        "What a job does",
        Object.entries(MIXES).map(([value, { text }]) => [value, text]),
        options.mix,
        set("mix"),
      ),
      slider("Workers", { min: 1, max: MOST, value: options.workers }, set("workers")),
      slider("Cores", { min: 1, max: 4, value: options.cores }, set("cores")),
    );

    function show() {
      const { compute, wait } = MIXES[options.mix];
      const jobs = Array.from({ length: JOBS }, () => ({ compute, wait }));
      const sweep = Array.from(
        { length: MOST },
        (_, n) => schedule({ workers: n + 1, cores: options.cores, jobs }).makespan,
      );
      const now = schedule({ ...options, jobs });
      const best = sweep.indexOf(Math.min(...sweep)) + 1;
      picture.replaceChildren(
        lanes(now, options.workers),
        bars(sweep, options.workers),
        table(`${JOBS} jobs of ${compute + wait} ticks`, [
          ["ticks until the last one is done", now.makespan],
          ["share of the time that the cores compute", `${Math.round(now.coresBusy * 100)} %`],
          ["fewest workers that are as fast as any", best],
        ]),
      );
      const one = options.workers === 1;
      status.textContent =
        `${options.workers} ${one ? "worker needs" : "workers need"} ${now.makespan} ticks; ` +
        `the cores compute ${Math.round(now.coresBusy * 100)} % of the time. ` +
        (options.workers < best
          ? "More workers would be faster."
          : options.workers > best
            ? `So would ${best}: the rest only wait for a core.`
            : "More workers would not be faster.");
    }
    show();
  });

  /** A lane per worker: dark computes, hatched waits for a core, light waits for something else. */
  function lanes({ bars, makespan }, workers) {
    const scale = 560 / Math.max(makespan, 24);
    const height = 18;
    const piece = (from, to, lane, kind) =>
      to > from
        ? [svg("rect", { x: 30 + from * scale, y: 4 + lane * height, width: (to - from) * scale - 0.5, height: height - 4, class: kind })]
        : [];
    return svg(
      "svg",
      {
        viewBox: `0 0 600 ${workers * height + 8}`,
        role: "img",
        "aria-label": `a lane for each of ${workers} workers over ${makespan} ticks`,
      },
      ...Array.from({ length: workers }, (_, n) => svg("text", { x: 2, y: 16 + n * height }, `w${n + 1}`)),
      ...bars.flatMap((bar) => [
        ...piece(bar.start, bar.computeFrom, bar.lane, "wt-blocked"),
        ...piece(bar.computeFrom, bar.computeTo, bar.lane, "wt-runs"),
        ...piece(bar.computeTo, bar.end, bar.lane, "wt-waits"),
      ]),
    );
  }

  /** The makespan for each number of workers. */
  function bars(sweep, workers) {
    const most = Math.max(...sweep);
    return svg(
      "svg",
      {
        viewBox: "0 0 600 130",
        role: "img",
        "aria-label": `ticks for 1 to ${sweep.length} workers: ${sweep.join(", ")}`,
      },
      ...sweep.flatMap((ticks, n) => {
        const height = (ticks / most) * 90;
        const x = 30 + n * 46;
        return [
          svg("rect", { x, y: 108 - height, width: 34, height, class: n + 1 === workers ? "wt-runs" : "wt-empty" }),
          svg("text", { x: x + 17, y: 104 - height, "text-anchor": "middle" }, String(ticks)),
          svg("text", { x: x + 17, y: 124, "text-anchor": "middle" }, String(n + 1)),
        ];
      }),
    );
  }
})();
