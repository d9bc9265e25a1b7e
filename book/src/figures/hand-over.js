// What it takes to give a buffer to workers: copy it, move it, share it.
(function () {
  "use strict";
  const { svg, slider, choice, place, table } = globalThis.WtParts;
  const { handOver } = globalThis.WtModel;
  const MIB = 1 << 20;

  place("hand-over", "Copy, move or share", ({ controls, picture, status }) => {
    const options = { way: "copy", workers: 3, size: 64 };
    const set = (key) => (value) => {
      options[key] = value;
      show();
    };
    const mebibytes = (n) => `${n} MiB`;
    controls.append(
      choice(
        "The buffer is",
        [
          ["copy", "copied (clone)"],
          ["move", "moved (send)"],
          ["share", "shared (Arc)"],
        ],
        options.way,
        set("way"),
      ),
      slider("Workers", { min: 1, max: 4, value: options.workers }, set("workers")),
      slider("Size", { min: 16, max: 256, value: options.size, text: mebibytes }, set("size")),
    );

    function show() {
      const done = handOver({ ...options, size: options.size * MIB });
      const copied = mebibytes(done.copied / MIB);
      const peak = mebibytes(done.peak / MIB);
      picture.replaceChildren(
        drawing(options),
        table("What it takes", [
          ["bytes copied", copied],
          ["memory at the peak", peak],
          ["workers that can read at the same time", done.atOnce],
          ["whoever has it may write to it", done.canWrite ? "yes" : "no"],
        ]),
      );
      status.textContent =
        `${copied} copied, ${peak} at the peak; ` +
        (done.atOnce === 1
          ? "one worker has it at a time."
          : `${done.atOnce} workers read at the same time${done.canWrite ? ", each its own copy" : ""}.`);
    }
    show();
  });

  /** The owner at the left, the workers at the right; a block for every buffer in memory. */
  function drawing({ way, workers, size }) {
    const height = 16 + (size / 256) * 30;
    const row = 62;
    const middle = (workers * row) / 2;
    const block = (x, y, kind) => svg("rect", { x, y: y - height / 2, width: 70, height, class: kind });
    const shapes = [];
    const gone = way === "move";
    shapes.push(block(90, middle, gone ? "wt-empty" : "wt-item"));
    shapes.push(svg("text", { x: 4, y: middle + 5 }, gone ? "you: moved" : "you"));
    for (let n = 0; n < workers; n += 1) {
      const y = row * n + row / 2;
      const reached = way !== "move" || n === 0;
      shapes.push(svg("text", { x: 380, y: y + 5 }, `worker ${n + 1}`));
      if (!reached) continue;
      if (way === "share") {
        shapes.push(svg("line", { x1: 162, y1: middle, x2: 372, y2: y, class: "wt-line" }));
        continue;
      }
      shapes.push(svg("line", { x1: 162, y1: middle, x2: 288, y2: y, class: "wt-line" }));
      shapes.push(block(290, y, "wt-item"));
    }
    const words = { copy: `${workers + 1} buffers`, move: "1 buffer, at one worker", share: "1 buffer, seen by all" };
    return svg(
      "svg",
      { viewBox: `0 0 460 ${workers * row}`, role: "img", "aria-label": `in memory: ${words[way]}` },
      ...shapes,
    );
  }
})();
