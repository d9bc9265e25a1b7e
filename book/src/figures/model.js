// The models behind the book's figures: plain functions without a page or a clock.
// `crates/wt-core/tests/figures.rs` runs the same scripts on the library and writes
// what it did; `book/tests/model.test.mjs` compares.
(function (root) {
  "use strict";

  /** What a bounded queue does, one call at a time. `policy` is a name of `RejectionPolicy`. */
  class Queue {
    constructor(capacity, policy) {
      this.capacity = capacity;
      this.policy = policy;
      this.items = [];
      /** The item of a producer that waits for room under `Block`. */
      this.waiting = null;
    }

    /** Returns what became of the item: `{what, item}`; `item` is the one that is not in the queue. */
    push(item) {
      if (this.items.length < this.capacity) {
        this.items.push(item);
        return { what: "queued" };
      }
      switch (this.policy) {
        case "Block":
          this.waiting = item;
          return { what: "waits", item };
        case "Reject":
          return { what: "rejected", item };
        case "CallerRuns":
          return { what: "run by the caller", item };
        case "DiscardOldest": {
          const oldest = this.items.shift();
          this.items.push(item);
          return { what: "discarded", item: oldest };
        }
        default:
          throw new Error(`there is no policy ${this.policy}`);
      }
    }

    /** Takes the oldest item out, or returns null. A producer that waits comes in. */
    pop() {
      if (this.items.length === 0) return null;
      const item = this.items.shift();
      if (this.waiting !== null) {
        this.items.push(this.waiting);
        this.waiting = null;
      }
      return item;
    }
  }

  /**
   * A producer, a queue and a consumer, tick by tick. The producer makes an item every
   * `every` ticks; to consume one takes `takes` ticks, whoever does it.
   */
  class Line {
    constructor({ capacity, policy, every, takes }) {
      Object.assign(this, { every, takes, tick: 0, next: 1, dueAt: 1 });
      this.queue = new Queue(capacity, policy);
      this.hand = null; // what the consumer works on: {item, left}
      this.callers = null; // what the producer must run itself
      this.counts = { made: 0, consumed: 0, rejected: 0, discarded: 0, byCaller: 0, waited: 0 };
    }

    /** One tick. Returns what happened, as sentences. */
    step() {
      this.tick += 1;
      const said = [];
      this.consume(said);
      this.produce(said);
      return said;
    }

    consume(said) {
      if (this.hand && --this.hand.left === 0) {
        this.counts.consumed += 1;
        said.push(`item ${this.hand.item} is consumed`);
        this.hand = null;
      }
      if (this.hand) return;
      const entering = this.queue.waiting;
      const item = this.queue.pop();
      if (item === null) return;
      this.hand = { item, left: this.takes };
      if (entering !== null) {
        said.push(`there is room: item ${entering} is queued`);
        this.dueAt = this.tick + this.every;
      }
    }

    produce(said) {
      if (this.queue.waiting !== null) {
        this.counts.waited += 1;
        return;
      }
      if (this.callers) {
        if (--this.callers.left > 0) return;
        this.counts.byCaller += 1;
        said.push(`the producer has run item ${this.callers.item} itself`);
        this.callers = null;
        this.dueAt = this.tick + this.every;
      }
      if (this.tick < this.dueAt) return;
      const item = this.next++;
      this.counts.made += 1;
      this.dueAt = this.tick + this.every;
      this.place(item, said);
    }

    place(item, said) {
      const outcome = this.queue.push(item);
      switch (outcome.what) {
        case "queued":
          said.push(`item ${item} is queued`);
          break;
        case "waits":
          this.counts.waited += 1;
          said.push(`the queue is full: the producer waits with item ${item}`);
          break;
        case "rejected":
          this.counts.rejected += 1;
          said.push(`the queue is full: item ${item} is handed back`);
          break;
        case "discarded":
          this.counts.discarded += 1;
          said.push(`the queue is full: item ${outcome.item} is thrown out for item ${item}`);
          break;
        default:
          this.callers = { item, left: this.takes };
          said.push(`the queue is full: the producer runs item ${item} itself`);
      }
    }
  }

  /**
   * Jobs on workers that share cores. A job needs a core for `compute` ticks, then waits
   * for something else for `wait` ticks; its worker is taken all the time. Jobs are taken
   * in order, and so are cores.
   */
  function schedule({ workers, cores, jobs }) {
    const bars = [];
    const free = Array.from({ length: workers }, (_, lane) => ({ lane, at: 0 }));
    const coreFreeAt = Array.from({ length: cores }, () => 0);
    for (const [job, { compute, wait }] of jobs.entries()) {
      const worker = free.reduce((best, one) => (one.at < best.at ? one : best));
      const start = worker.at;
      const core = coreFreeAt.reduce((best, at, n) => (at < coreFreeAt[best] ? n : best), 0);
      const computeFrom = Math.max(start, compute > 0 ? coreFreeAt[core] : start);
      const computeTo = computeFrom + compute;
      if (compute > 0) coreFreeAt[core] = computeTo;
      const end = computeTo + wait;
      worker.at = end;
      bars.push({ job, lane: worker.lane, start, computeFrom, computeTo, end });
    }
    const makespan = bars.reduce((last, bar) => Math.max(last, bar.end), 0);
    const computed = jobs.reduce((sum, job) => sum + job.compute, 0);
    return { bars, makespan, coresBusy: makespan ? computed / (makespan * cores) : 0 };
  }

  /**
   * A buffer of `size` bytes for `workers` workers. Bytes are those of whole buffers:
   * the few that a message or an `Arc` takes do not count.
   */
  function handOver({ way, size, workers }) {
    switch (way) {
      case "copy":
        return { copied: workers * size, peak: (workers + 1) * size, atOnce: workers, canWrite: true };
      case "move":
        return { copied: 0, peak: size, atOnce: 1, canWrite: true };
      case "share":
        return { copied: 0, peak: size, atOnce: workers, canWrite: false };
      default:
        throw new Error(`there is no way ${way}`);
    }
  }

  root.WtModel = { Queue, Line, schedule, handOver };
})(typeof globalThis === "object" ? globalThis : this);
