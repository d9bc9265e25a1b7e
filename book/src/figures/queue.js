// A bounded queue with each rejection policy, and a consumer that may be slow.
(function () {
  "use strict";
  const { html, svg, slider, choice, button, place, table } = globalThis.WtParts;
  const { Line } = globalThis.WtModel;
  const TICK = 600; // milliseconds

  place("queue", "A bounded queue and a slow consumer", ({ controls, picture, status }) => {
    const options = { capacity: 4, policy: "Block", every: 1, takes: 3 };
    let line, timer;

    const again = () => {
      line = new Line(options);
      for (let tick = 0; tick < 12; tick += 1) line.step();
      show(["twelve ticks have passed; step on, or let it run"]);
    };
    const set = (key) => (value) => {
      options[key] = value;
      again();
    };
    const step = () => show(line.step());
    const run = button("Run", () => {
      if (timer) clearInterval(timer);
      timer = timer ? undefined : setInterval(step, TICK);
      run.textContent = timer ? "Pause" : "Run";
      // While it runs, nobody wants every tick read aloud.
      status.setAttribute("aria-live", timer ? "off" : "polite");
    });

    const ticks = (n) => (n === 1 ? "1 tick" : `${n} ticks`);
    controls.append(
      choice(
        "When the queue is full",
        [
          ["Block", "Block"],
          ["Reject", "Reject"],
          ["CallerRuns", "CallerRuns"],
          ["DiscardOldest", "DiscardOldest"],
        ],
        options.policy,
        set("policy"),
      ),
      slider("Places", { min: 1, max: 8, value: options.capacity }, set("capacity")),
      slider("Producer: an item every", { min: 1, max: 6, value: options.every, text: ticks }, set("every")),
      slider("Consumer: an item takes", { min: 1, max: 6, value: options.takes, text: ticks }, set("takes")),
      html("div", { class: "wt-buttons" }, button("Step", step), run, button("Start again", again)),
    );

    function show(said) {
      const { queue, hand, callers, counts, tick } = line;
      picture.replaceChildren(
        drawing(line),
        table(`After tick ${tick}`, [
          ["made", counts.made],
          ["consumed", counts.consumed],
          ["in the queue", queue.items.length],
          ["in hand", (hand ? 1 : 0) + (callers ? 1 : 0)],
          ["handed back", counts.rejected],
          ["thrown out", counts.discarded],
          ["run by the producer", counts.byCaller],
          ["ticks the producer waited", counts.waited],
        ]),
      );
      status.textContent = `Tick ${tick}: ${said.length ? said.join("; ") : "nothing new"}.`;
    }
    again();
  });

  function drawing({ queue, hand, callers }) {
    const size = 44;
    const width = 150 + queue.capacity * size + 110;
    const places = Array.from({ length: queue.capacity }, (_, n) => {
      const x = 150 + n * size;
      // The oldest is at the right, next to the consumer.
      const item = queue.items[queue.capacity - 1 - n];
      return svg(
        "g",
        {},
        svg("rect", { x, y: 20, width: size - 4, height: 40, class: item === undefined ? "wt-empty" : "wt-item" }),
        ...(item === undefined ? [] : [label(x + size / 2 - 2, 45, item)]),
      );
    });
    const producer =
      queue.waiting !== null ? `waits with ${queue.waiting}` : callers ? `runs ${callers.item}` : "produces";
    const waits = queue.waiting !== null;
    return svg(
      "svg",
      {
        viewBox: `0 0 ${width} 80`,
        role: "img",
        "aria-label": `${queue.items.length} of ${queue.capacity} places are taken; the producer ${producer}`,
      },
      svg("rect", { x: 4, y: 20, width: 120, height: 40, class: waits ? "wt-waits" : "wt-runs" }),
      label(64, 45, producer),
      label(137, 45, "→"),
      ...places,
      label(158 + queue.capacity * size, 45, "→"),
      svg("rect", {
        x: 172 + queue.capacity * size,
        y: 20,
        width: 84,
        height: 40,
        class: hand ? "wt-runs" : "wt-waits",
      }),
      label(214 + queue.capacity * size, 45, hand ? `works on ${hand.item}` : "waits"),
    );
  }

  function label(x, y, text) {
    return svg("text", { x, y, "text-anchor": "middle" }, String(text));
  }
})();
