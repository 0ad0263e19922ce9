import assert from "node:assert/strict";
import { test } from "node:test";
import { isOutward } from "./xks.ts";

const addresses: readonly (readonly [string, boolean])[] = [
  ["93.184.216.34", true],
  ["8.8.8.8", true],
  ["2606:4700:4700::1111", true],
  ["0.0.0.0", false],
  ["10.255.255.255", false],
  ["100.127.0.1", false],
  ["127.0.0.1", false],
  ["169.254.169.254", false],
  ["172.31.0.1", false],
  ["172.32.0.1", true],
  ["192.0.2.1", false],
  ["192.168.0.1", false],
  ["198.19.0.1", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:8.8.8.8", false],
  ["64:ff9b::7f00:1", false],
  ["2001:db8::1", false],
  ["2001::1", false],
  ["2002:7f00:1::", false],
  ["fc00::1", false],
  ["fe80::1", false],
  ["fe80::1%lo", false],
  ["fd00:ec2::254", false],
  ["ff02::1", false],
  ["localhost", false],
  ["", false],
];

for (const [address, outward] of addresses) {
  test(`${address || "nothing"} is ${outward ? "on the internet" : "inward"}`, () => {
    assert.equal(isOutward(address), outward);
  });
}
