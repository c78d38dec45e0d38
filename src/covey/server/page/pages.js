// A long list that comes in pages by cursor: only from the start on, as far as it is needed.

import { get } from "./api.js";

const FIRST = 60;
const LATER = 500;

export class Pages {
  /**
   * @param path What is asked for.
   * @param field Where the rows are in the answer.
   * @param query Order and filters.
   * @param onmore Called when rows came, with the first new index and the answer.
   * @param onfail Called with what was refused.
   */
  constructor(path, field, query, onmore, onfail) {
    Object.assign(this, { path, field, query, onmore, onfail });
    this.stopped = new AbortController();
    this.start();
  }

  start() {
    this.rows = [];
    this.total = 0;
    this.known = false;
    this.next = null;
    this.wanted = 0;
    this.running = false;
  }

  /** Sees to it that rows up to an index come. */
  need(index) {
    this.wanted = Math.max(this.wanted, index);
    if (!this.running) this.load();
  }

  /** Reads again, as far as was read; what is shown stays until the new rows are there. */
  async reload() {
    const held = this.rows.length;
    const fresh = new Pages(this.path, this.field, this.query, () => {}, this.onfail);
    this.stopped.abort();
    this.stopped = fresh.stopped;
    fresh.wanted = Math.max(0, held - 1);
    await fresh.load();
    if (this.stopped !== fresh.stopped || !fresh.known) return;
    Object.assign(this, { rows: fresh.rows, total: fresh.total, next: fresh.next, known: true });
    this.running = false;
    this.onmore(0, fresh.last);
  }

  /** Whether an item is there yet. */
  at(index) {
    return this.rows[index];
  }

  stop() {
    this.stopped.abort();
  }

  async load() {
    this.running = true;
    const { signal } = this.stopped;
    try {
      while (!this.known || (this.next !== null && this.rows.length <= this.wanted)) {
        const limit = this.rows.length ? LATER : Math.min(LATER, Math.max(FIRST, this.wanted + 1));
        const query = { ...this.query, limit, cursor: this.next };
        const answer = await get(this.path, query, { signal });
        if (signal.aborted) return;
        const from = this.rows.length;
        this.rows.push(...answer[this.field]);
        this.total = answer.total;
        this.next = answer.next ?? null;
        this.known = true;
        this.last = answer;
        this.onmore(from, answer);
      }
    } catch (error) {
      if (error.name !== "AbortError") this.onfail(error);
    } finally {
      if (!signal.aborted) this.running = false;
    }
  }
}
