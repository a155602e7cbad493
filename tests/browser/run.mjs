// Starts the demo, runs every *.test.mjs of this folder against it with node's own runner, stops the demo.
//
//   node run.mjs [FILE…]     only these test files
//   FIRSTHOURS_URL=… node run.mjs     against something already running
//
// Exit code 0 only if every test passed and at least one ran.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const DEMO = here("../../target/debug/demo");
const DEMO_LOG = here("../../target/browser/demo.log");
const READY_WITHIN_MS = 60_000;

function start() {
  mkdirSync(here("../../target/browser/"), { recursive: true });
  const log = openSync(DEMO_LOG, "w");
  const demo = spawn(DEMO, ["--serve-only", "--port", "0"], { stdio: ["ignore", "pipe", log] });
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo was not ready in ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
    demo.once("error", reject);
    demo.once("exit", (code) => reject(new Error(`the demo ended with ${code} before it was ready; see ${DEMO_LOG}`)));
    createInterface({ input: demo.stdout }).on("line", (line) => {
      const found = /^ready (http:\/\/127\.0\.0\.1:\d+\/)$/.exec(line.trim());
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
  });
  return { demo, ready };
}

// Only the process started above is ended, and by its own handle.
async function stop(demo) {
  if (demo.exitCode !== null || demo.signalCode !== null) return;
  const ended = new Promise((resolve) => demo.once("exit", resolve));
  demo.kill("SIGTERM");
  const hard = setTimeout(() => demo.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(hard);
}

function run(files, url) {
  return new Promise((resolve, reject) => {
    const runner = spawn(process.execPath, ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files], {
      cwd: here("."),
      env: { ...process.env, FIRSTHOURS_URL: url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let executed = 0;
    createInterface({ input: runner.stdout }).on("line", (line) => {
      console.log(line);
      executed = Number(/^\S+ tests (\d+)$/.exec(line)?.[1] ?? executed);
    });
    runner.once("error", reject);
    runner.once("close", (code) => resolve(executed > 0 ? (code ?? 1) : 1));
  });
}

const named = process.argv.slice(2);
const files = named.length > 0 ? named : readdirSync(here(".")).filter((name) => name.endsWith(".test.mjs")).sort();
if (files.length === 0) {
  console.error("no *.test.mjs here: nothing was tested");
  process.exit(1);
}

let code = 1;
if (process.env.FIRSTHOURS_URL) {
  code = await run(files, process.env.FIRSTHOURS_URL);
} else {
  const { demo, ready } = start();
  try {
    code = await run(files, await ready);
  } catch (error) {
    console.error(error.message);
  } finally {
    await stop(demo);
  }
}
process.exit(code);
