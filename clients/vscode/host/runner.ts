// Runs tests inside VS Code's extension host.
import { format } from "node:util";
import Mocha from "mocha";

/** Run what `load` describes; rejects when one of the tests fails, or there is none. */
export async function runAll(load: () => void): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 180_000, reporter: "spec", color: false });
  // whoever reads the console outside gets the words, not the forms that they are put into
  Mocha.reporters.Base.consoleLog = (...words: unknown[]) => console.log(format(...words));
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  load();
  let passed = 0;
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve).on("pass", () => passed++);
  });
  if (failures > 0 || passed === 0) {
    throw new Error(`${failures} failed, ${passed} passed`);
  }
}
