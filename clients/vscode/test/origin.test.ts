import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { originOf } from "../src/origin";

describe("what a key is for", () => {
  it("is named as the server names it", () => {
    for (const [address, origin] of [
      ["https://api.example.com/v1", "https://api.example.com"],
      [" HTTPS://API.Example.com:443/v1/ ", "https://api.example.com"],
      ["http://192.0.2.7:8000/v1", "http://192.0.2.7:8000"],
      ["https://[2001:db8::1]:8443/v1", "https://[2001:db8::1]:8443"],
    ] as const) {
      assert.equal(originOf(address), origin);
    }
  });

  it("is no other address, and none with a password in it", () => {
    for (const address of ["", "api.example.com", "file:///etc", "https://me:it@a.example/v1"]) {
      assert.equal(originOf(address), undefined, address);
    }
  });
});
