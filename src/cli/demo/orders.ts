/** An order as it is written to the stream. */
export interface Order {
  readonly order_id: string;
  readonly region: string;
  /** Whole cents. */
  readonly amount: number;
  /** `2026-01-01 00:00:00.000`, as Flink's JSON format reads a TIMESTAMP. */
  readonly event_time: string;
  /** Plain text that must be found nowhere on disk. */
  readonly note: string;
}

/** The sum of one region in one window. */
export interface Sum {
  readonly orders: number;
  readonly cents: number;
}

/** Sums by `2026-01-01 00:00:00 eu`. */
export type Sums = ReadonlyMap<string, Sum>;

export const windowMs = 10_000;
/** How far the watermark stays behind the latest order: more than the disorder, so that none is late. */
export const lagMs = 5_000;
const disorderMs = 3_000;
const spacingMs = 20;
const firstMs = Date.UTC(2026, 0, 1);
const regions = ["africa", "americas", "asia", "europe", "oceania"] as const;

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What each note begins with. */
export const markerOf = (seed: number): string =>
  `bonded-goods-${(seed >>> 0).toString(16).padStart(8, "0")}`;

const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");
const timeOf = ({ event_time }: Order): number => Date.parse(`${event_time.replace(" ", "T")}Z`);

/** Orders number `first` up to `first + count`, 50 a second by their own time, a little out of order. */
export function makeOrders(seed: number, first: number, count: number): Order[] {
  const draw = seeded(seed + first);
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const order_id = `order-${String(number).padStart(8, "0")}`;
    const early = Math.floor(draw() * disorderMs);
    return {
      order_id,
      region: regions[Math.floor(draw() * regions.length)] ?? regions[0],
      amount: 1 + Math.floor(draw() * 1_000_000),
      event_time: timeText(firstMs + disorderMs + number * spacingMs - early),
      note: `${markerOf(seed)}-${order_id}`,
    };
  });
}

/** A record of no region, so late that every window before it closes. */
export function closingOrder(seed: number, orders: number): Order {
  return {
    order_id: "order-closing",
    region: "none",
    amount: 0,
    event_time: timeText(firstMs + orders * spacingMs + 60_000),
    note: `${markerOf(seed)}-closing`,
  };
}

/** Sums of all windows that are closed once these orders have been read, computed without Bondstore. */
export function sumsOf(orders: readonly Order[]): Sums {
  const sums = new Map<string, Sum>();
  const watermark = orders.reduce((latest, order) => Math.max(latest, timeOf(order)), 0) - lagMs;
  for (const order of orders) {
    const start = Math.floor(timeOf(order) / windowMs) * windowMs;
    if (order.region === "none" || start + windowMs - 1 > watermark) continue;
    const key = `${timeText(start).slice(0, 19)} ${order.region}`;
    const before = sums.get(key) ?? { orders: 0, cents: 0 };
    sums.set(key, { orders: before.orders + 1, cents: before.cents + order.amount });
  }
  return sums;
}

/** What differs between two sets of sums, in words; empty where nothing does. */
export function differences(expected: Sums, found: Sums): string[] {
  const lines: string[] = [];
  for (const [key, { orders, cents }] of expected) {
    const other = found.get(key);
    if (!other) lines.push(`${key} is missing`);
    else if (other.orders !== orders || other.cents !== cents) {
      lines.push(`${key}: ${other.orders} orders of ${other.cents}, not ${orders} of ${cents}`);
    }
  }
  for (const key of found.keys()) if (!expected.has(key)) lines.push(`${key} should not be there`);
  return lines;
}
