// PouchDB to express-pouchdb: pushes documents to an empty server, then pulls them into an empty phone.
// node bench.mjs DOCUMENTS BYTES BATCH -> {"push": documents a second, "pull": documents a second}
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const PouchDB = require("pouchdb");

// The server has a process, and so a core, of its own.
if (process.send) {
  const express = require("express");
  const folder = process.argv[2];
  const Served = PouchDB.defaults({ prefix: `${folder}/` });
  const app = express();
  const pouch = require("express-pouchdb")(Served, {
    inMemoryConfig: true,
    logPath: join(folder, "log.txt"),
    configPath: join(folder, "config.json"),
  });
  app.use("/db", pouch);
  const server = app.listen(0, "127.0.0.1", () => process.send(server.address().port));
} else {
  const [documents, bytes, batch] = process.argv.slice(2).map(Number);
  const folder = mkdtempSync(join(tmpdir(), "pouch-"));
  const server = fork(import.meta.filename, [folder], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  try {
    const port = await new Promise((resolve, reject) => {
      server.once("message", resolve);
      server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    // Without the folder that `Local` puts before every name.
    const remote = new PouchDB(`http://127.0.0.1:${port}/db/shift`);
    const Local = PouchDB.defaults({ prefix: `${folder}/phone-` });
    const phone = new Local("one");
    // As much that is random as an event has, and text for the rest.
    const random = 160;
    for (let from = 0; from < documents; from += 1000) {
      const count = Math.min(1000, documents - from);
      await phone.bulkDocs(
        Array.from({ length: count }, (_, at) => ({
          _id: String(from + at).padStart(8, "0"),
          random: randomBytes(random).toString("hex"),
          text: "a".repeat(Math.max(0, bytes - 2 * random)),
        })),
      );
    }
    const rate = async (work) => {
      const begun = performance.now();
      const done = await work();
      if (done.docs_written !== documents) throw new Error(`${done.docs_written} of ${documents} documents`);
      return (documents * 1000) / (performance.now() - begun);
    };
    const options = { batch_size: batch, batches_limit: 10 };
    const push = await rate(() => phone.replicate.to(remote, options));
    const other = new Local("two");
    const pull = await rate(() => other.replicate.from(remote, options));
    console.log(JSON.stringify({ push, pull }));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
