// The interactive figures, operated by keyboard in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { look, missing, open } from "./browser.mjs";

const why = await missing();
if (why) console.log(`skipped: ${why}`);

let shop;
before(async () => {
  if (!why) shop = await open();
});
after(async () => {
  await shop?.close();
});

/** The figure, its table as an object, and its sentence. */
async function figure(name, pageName) {
  const { page, seen, close } = await look(shop, pageName);
  const root = page.locator(`.wt-figure[data-figure="${name}"]`);
  await root.locator(".wt-counts").waitFor();
  const counts = () =>
    root
      .locator(".wt-counts tr")
      .evaluateAll((rows) => Object.fromEntries(rows.map((row) => [...row.children].map((c) => c.textContent))));
  const said = () => root.locator(".wt-status").textContent();
  /** Moves a slider by the keyboard. */
  const press = async (label, key, times = 1) => {
    const slider = root.getByRole("slider", { name: label });
    await slider.focus();
    for (let n = 0; n < times; n += 1) await page.keyboard.press(key);
  };
  return { page, root, counts, said, press, seen, close };
}

test("the queue: each policy does with a full queue what its name says", { skip: why }, async () => {
  const { page, root, counts, said, press, seen, close } = await figure("queue", "03-bounded-queue.html");
  const does = {
    Block: "ticks the producer waited",
    Reject: "handed back",
    CallerRuns: "run by the producer",
    DiscardOldest: "thrown out",
  };
  for (const [policy, row] of Object.entries(does)) {
    await root.getByLabel(policy, { exact: true }).focus();
    await page.keyboard.press("Space");
    for (let n = 0; n < 12; n += 1) {
      await root.getByRole("button", { name: "Step" }).press("Enter");
    }
    const now = await counts();
    assert.ok(Number(now[row]) > 0, `${policy}: ${JSON.stringify(now)}`);
    for (const other of Object.values(does).filter((other) => other !== row)) {
      assert.equal(Number(now[other]), 0, `${policy}, ${other}`);
    }
    assert.match(await said(), /^Tick 24: /);
  }
  await press("Places", "End");
  assert.match(await root.locator("svg").getAttribute("aria-label"), /of 8 places/);
  assert.deepEqual(seen.errors, []);
  await close();
});

test("the queue runs and pauses", { skip: why }, async () => {
  const { root, said, close } = await figure("queue", "03-bounded-queue.html");
  const before = await said();
  await root.getByRole("button", { name: "Run" }).press("Enter");
  await root.locator(".wt-status", { hasText: "Tick 14" }).waitFor();
  await root.getByRole("button", { name: "Pause" }).press("Enter");
  assert.notEqual(await said(), before);
  await root.getByRole("button", { name: "Start again" }).press("Enter");
  assert.equal(await said(), before);
  await close();
});

test("the hand-over: only a copy copies, only a move is alone", { skip: why }, async () => {
  const { page, root, counts, press, seen, close } = await figure("hand-over", "06-move-the-buffer.html");
  await press("Workers", "End");
  await press("Size", "End");
  const rows = {};
  for (const way of ["copied", "moved", "shared"]) {
    await root.getByLabel(way).focus();
    await page.keyboard.press("Space");
    rows[way] = await counts();
  }
  assert.equal(rows.copied["bytes copied"], "1024 MiB");
  assert.equal(rows.copied["memory at the peak"], "1280 MiB");
  assert.equal(rows.moved["bytes copied"], "0 MiB");
  assert.equal(rows.moved["workers that can read at the same time"], "1");
  assert.equal(rows.shared["memory at the peak"], "256 MiB");
  assert.equal(rows.shared["workers that can read at the same time"], "4");
  assert.deepEqual(seen.errors, []);
  await close();
});

test("the pool: jobs that compute want a worker for each core, jobs that wait want more", { skip: why }, async () => {
  const { page, root, counts, press, said, seen, close } = await figure("pool", "05-pool-sizing.html");
  const fewest = {};
  for (const mix of ["only compute", "mostly waiting"]) {
    await root.getByLabel(mix).focus();
    await page.keyboard.press("Space");
    fewest[mix] = Number((await counts())["fewest workers that are as fast as any"]);
  }
  assert.equal(fewest["only compute"], 2);
  assert.ok(fewest["mostly waiting"] > 4, JSON.stringify(fewest));
  const before = Number((await counts())["ticks until the last one is done"]);
  await press("Workers", "End");
  assert.ok(Number((await counts())["ticks until the last one is done"]) < before);
  assert.match(await said(), /^12 workers need/);
  assert.deepEqual(seen.errors, []);
  await close();
});

test("every control and picture has a name for those who listen", { skip: why }, async () => {
  for (const [name, pageName] of [
    ["queue", "03-bounded-queue.html"],
    ["pool", "05-pool-sizing.html"],
    ["hand-over", "06-move-the-buffer.html"],
  ]) {
    const { root, close } = await figure(name, pageName);
    const nameless = await root
      .locator("input, button, svg")
      .evaluateAll((all) =>
        all.filter((e) => !(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label"))).length,
      );
    assert.equal(nameless, 0);
    assert.equal(await root.locator('[aria-live][role="status"]').count(), 1);
    await close();
  }
});
