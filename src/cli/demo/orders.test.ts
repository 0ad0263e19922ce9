import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closingOrder,
  differences,
  lagMs,
  makeOrders,
  markerOf,
  type Order,
  sumsOf,
} from "./orders.ts";

const timeOf = ({ event_time }: Order) => Date.parse(`${event_time.replace(" ", "T")}Z`);

test("the same seed makes the same orders, another others", () => {
  assert.deepEqual(makeOrders(7, 0, 100), makeOrders(7, 0, 100));
  assert.notDeepEqual(makeOrders(7, 0, 100), makeOrders(8, 0, 100));
});

test("amounts are whole cents, and every order carries the marker", () => {
  for (const { amount, note, order_id } of makeOrders(7, 0, 1000)) {
    assert.ok(Number.isSafeInteger(amount) && amount > 0);
    assert.equal(note, `${markerOf(7)}-${order_id}`);
  }
});

test("no order is late: the disorder is less than the watermark's lag, also between rounds", () => {
  const orders = [...makeOrders(7, 0, 5000), ...makeOrders(7, 5000, 5000), closingOrder(7, 10_000)];
  let latest = 0;
  for (const order of orders) {
    assert.ok(timeOf(order) > latest - lagMs, order.order_id);
    latest = Math.max(latest, timeOf(order));
  }
});

const order = (region: string, amount: number, time: string): Order => ({
  order_id: "o",
  region,
  amount,
  event_time: `2026-01-01 00:00:${time}`,
  note: "",
});

test("sums are of closed windows, by window and region", () => {
  const orders = [
    order("eu", 5, "01.000"),
    order("eu", 7, "09.999"),
    order("us", 1, "00.000"),
    order("eu", 9, "10.000"),
    order("none", 9, "14.999"),
  ];
  assert.deepEqual(
    [...sumsOf(orders)],
    [
      ["2026-01-01 00:00:00 eu", { orders: 2, cents: 12 }],
      ["2026-01-01 00:00:00 us", { orders: 1, cents: 1 }],
    ],
  );
});

test("a window is open until the watermark has passed its last instant", () => {
  assert.equal(sumsOf([order("eu", 1, "00.000"), order("eu", 1, "14.998")]).size, 0);
  assert.equal(sumsOf([order("eu", 1, "00.000"), order("eu", 1, "14.999")]).size, 1);
});

test("a sum that differs, is missing or is too many is told", () => {
  const expected = new Map([
    ["a", { orders: 1, cents: 2 }],
    ["b", { orders: 1, cents: 2 }],
  ]);
  const found = new Map([
    ["a", { orders: 1, cents: 3 }],
    ["c", { orders: 1, cents: 2 }],
  ]);
  assert.deepEqual(differences(expected, expected), []);
  assert.deepEqual(differences(expected, found), [
    "a: 1 orders of 3, not 1 of 2",
    "b is missing",
    "c should not be there",
  ]);
});
