// Where the map is looked at from: which point is in the middle, and how large everything is.

const CLOSEST = 60; // times as large as when all of it is shown
const FARTHEST = 1 / 4;

export class Camera {
  /** @param size Gives width and height of what is looked through, in pixels. */
  constructor(size) {
    Object.assign(this, { size, x: 0, y: 0, scale: 1, whole: 1, ready: false });
  }

  /** How large everything is, as against when all of it is shown. */
  get closeness() {
    return this.scale / this.whole;
  }

  /** Shows all points. */
  fit({ x, y }) {
    const [wide, high] = this.size();
    const [x0, x1] = ends(x);
    const [y0, y1] = ends(y);
    const scale = 0.94 * Math.min(wide / Math.max(1e-9, x1 - x0), high / Math.max(1e-9, y1 - y0));
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    this.scale = this.whole = scale;
    this.ready = true;
  }

  /** Makes everything larger about a pixel that stays where it is. */
  zoom(by, x = this.size()[0] / 2, y = this.size()[1] / 2) {
    const [wide, high] = this.size();
    const scale = Math.max(this.whole * FARTHEST, Math.min(this.whole * CLOSEST, this.scale * by));
    this.x += (x - wide / 2) * (1 / this.scale - 1 / scale);
    this.y += (y - high / 2) * (1 / this.scale - 1 / scale);
    this.scale = scale;
  }

  /** Moves everything by pixels. */
  pan(x, y) {
    this.x -= x / this.scale;
    this.y -= y / this.scale;
  }

  /** Pixels of points, pair after pair. */
  project({ x, y }) {
    const [wide, high] = this.size();
    const found = new Float32Array(2 * x.length);
    for (let at = 0; at < x.length; at++) {
      found[2 * at] = (x[at] - this.x) * this.scale + wide / 2;
      found[2 * at + 1] = (y[at] - this.y) * this.scale + high / 2;
    }
    return found;
  }
}

/** Least and greatest; spreading a long array into Math.min would overflow the stack. */
function ends(values) {
  let least = Infinity, most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** Places of the pixels that a closed line goes around: a ray crosses it an odd number of times. */
export function inside(line, pixels) {
  const found = [];
  for (let at = 0; at < pixels.length / 2; at++) {
    const x = pixels[2 * at], y = pixels[2 * at + 1];
    let odd = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const [xi, yi] = line[i], [xj, yj] = line[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
    }
    if (odd) found.push(at);
  }
  return found;
}

/** The place of the pixel that is nearest, within a reach; -1 if there is none. */
export function nearest(x, y, pixels, reach) {
  let best = -1, least = reach * reach;
  for (let at = 0; at < pixels.length / 2; at++) {
    const far = (pixels[2 * at] - x) ** 2 + (pixels[2 * at + 1] - y) ** 2;
    if (far < least) [best, least] = [at, far];
  }
  return best;
}
