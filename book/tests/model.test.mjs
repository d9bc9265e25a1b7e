// The models behind the figures do what the library did on the same scripts.
// node --test book/tests/model.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
vm.runInThisContext(read("../src/figures/model.js"));
const { Queue, Line, schedule, handOver } = globalThis.WtModel;
const library = JSON.parse(read("model.json"));

test("a queue answers every call as the library's pool does, under every policy", () => {
  assert.ok(library.queues.length >= 36);
  for (const { policy, capacity, did } of library.queues) {
    const queue = new Queue(capacity, policy);
    let next = 1;
    for (const [n, [call, answer]] of did.entries()) {
      const where = `${policy}, ${capacity} places, call ${n}`;
      if (call === "c") {
        assert.equal(queue.pop(), answer, where);
        continue;
      }
      const item = next++;
      const { what, item: out } = queue.push(item);
      assert.equal(what, answer.what, where);
      if (what !== "queued") assert.equal(out, answer.item ?? item, where);
    }
  }
});

test("jobs begin, compute and end when they do on the library's pool", () => {
  assert.ok(library.schedules.length >= 24);
  for (const { workers, cores, jobs, times } of library.schedules) {
    const { bars } = schedule({
      workers,
      cores,
      jobs: jobs.map(([compute, wait]) => ({ compute, wait })),
    });
    assert.deepEqual(
      bars.map((bar) => [bar.start, bar.computeFrom, bar.computeTo, bar.end]),
      times,
      `${workers} workers, ${cores} cores`,
    );
  }
});

test("a buffer that is handed over takes what it takes in the library", () => {
  assert.ok(library.handOvers.length >= 18);
  for (const { way, size, workers, copied, peak, atOnce } of library.handOvers) {
    const done = handOver({ way, size, workers });
    assert.deepEqual([done.copied, done.peak, done.atOnce], [copied, peak, atOnce], `${way}, ${workers} workers`);
  }
});

test("no item of the line is lost or there twice", () => {
  for (const policy of ["Block", "Reject", "CallerRuns", "DiscardOldest"]) {
    for (const [capacity, every, takes] of [[1, 1, 3], [4, 1, 3], [4, 2, 2], [8, 3, 1], [2, 1, 6]]) {
      const line = new Line({ capacity, policy, every, takes });
      for (let tick = 0; tick < 200; tick += 1) {
        line.step();
        const { made, consumed, rejected, discarded, byCaller } = line.counts;
        const inside =
          line.queue.items.length +
          (line.queue.waiting === null ? 0 : 1) +
          (line.hand ? 1 : 0) +
          (line.callers ? 1 : 0);
        assert.equal(made, consumed + rejected + discarded + byCaller + inside, `${policy} at tick ${tick}`);
        assert.ok(line.queue.items.length <= capacity);
      }
      assert.ok(line.counts.consumed > 20, policy);
    }
  }
});
