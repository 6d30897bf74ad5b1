// The tests that run inside VS Code's extension host.
import { runAll } from "./runner";

export function run(): Promise<void> {
  return runAll(() => {
    require("./server.test");
    require("./hanging.test");
    require("./documents.test"); // before the settings: they have the server started anew
    require("./settings.test");
    require("./secrets.test");
    require("./applying.test");
  });
}
