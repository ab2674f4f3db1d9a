#!/usr/bin/env node
/** Checks Node's version and the build, then runs the command line. */

import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const cli = new URL('../dist/cli.js', import.meta.url);

function refuse(why, next) {
  process.stderr.write(`fedimg: ${why}\n  next: ${next}\n`);
  process.exitCode = 2;
}

if (major < 20 || (major === 20 && minor < 19)) {
  refuse(`Node ${process.versions.node} is too old`, 'install Node 20.19 or newer');
} else if (!existsSync(fileURLToPath(cli))) {
  refuse('fedimg is not built yet', 'npm run build');
} else {
  await import(cli.href);
}
