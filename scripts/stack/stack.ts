/**
 * `npm run stack`: the stack of docker-compose.yml without containers. Publishes two composes while a worker is killed,
 * PostgreSQL is restarted and the workers are upgraded, and checks the result. Exits with 1 if a check fails.
 */

import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { connectToTemporal } from '../../src/client/connection.js';
import type { Session } from '../../src/client/session.js';
import type { ComposeStatus, ImageStatus } from '../../src/client/status.js';
import { readStatus } from '../../src/client/status.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { BOOT_SECTOR_TEST, writeLocalConfig } from '../../src/local/config.js';
import { createChildProcesses } from '../../src/local/processes/child-processes.js';
import { until } from '../../test/support/until.js';
import { temporalPrograms } from './binaries.js';
import type { Ended } from './checks.js';
import { checkAll } from './checks.js';
import { PostgreSql } from './postgresql.js';
import type { Program } from './programs.js';
import { Programs } from './programs.js';
import { Prometheus } from './prometheus.js';
import { Broker } from './rabbitmq.js';
import { Timeline, writeResult } from './result.js';
import { NAMESPACE, Temporal } from './temporal.js';

const PREPARE = fileURLToPath(new URL('../../ops/stack/prepare.sh', import.meta.url));
const TOPIC_PREFIX = 'org.fedoraproject.prod';
const OLD = '1.0.0';
const NEW = '1.1.0';
/** A publication on a busy machine. */
const PATIENCE_MS = 15 * 60_000;

const { values } = parseArgs({
  options: {
    /** Writes the result into docs/production.md. */
    write: { type: 'boolean', default: false },
    /** Keeps the folder with all logs. */
    keep: { type: 'boolean', default: false },
  },
});

const timeline = new Timeline();
const directory = await mkdtemp(path.join(tmpdir(), 'fedimg-stack-'));
const logs = path.join(directory, 'logs');
await mkdir(logs);
/** Those that this script ends from outside. */
const ENDED_ON_PURPOSE = ['worker-1', 'postgresql'];
const processes = createChildProcesses({
  logDir: logs,
  log: (line) => {
    if (!ENDED_ON_PURPOSE.some((name) => line.startsWith(`${name} ended`))) console.error(line);
  },
  onUnexpectedExit: ({ child, message }) => {
    if (ENDED_ON_PURPOSE.includes(child)) return;
    timeline.add(`WRONG: ${message}`);
    void end(1);
  },
});
const open: (() => Promise<unknown>)[] = [];
let ending: Promise<never> | undefined;
/** What goes when no process uses it any more. */
const leftForEnd: (() => Promise<unknown>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130));
try {
  await run();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
await end(process.exitCode);

function end(code: string | number | null | undefined): Promise<never> {
  return (ending ??= endOnce(code));
}

async function endOnce(code: string | number | null | undefined): Promise<never> {
  for (const close of open.reverse()) await close().catch(console.error);
  await processes.stopAll();
  for (const remove of leftForEnd) await remove().catch(console.error);
  if (values.keep || code === 1) console.error(`All logs: ${logs}`);
  else await rm(directory, { recursive: true, force: true });
  process.exit(code ?? 0);
}

interface Parts {
  readonly postgresql: PostgreSql;
  readonly temporal: Temporal;
  readonly broker: Broker;
  readonly programs: Programs;
  readonly prometheus: Prometheus;
  readonly listener: Program;
  readonly dashboard: Program;
  readonly server: ComposeServer;
  readonly session: Session;
}

async function run(): Promise<void> {
  const parts = await start();
  const { programs, temporal, prometheus, listener, session } = parts;
  const killed = await programs.worker('worker-1', OLD);
  const drained = await programs.worker('worker-2', OLD);
  await temporal.firstVersion(OLD);
  const scrape = (...workers: Program[]): Promise<void> =>
    prometheus.scrape({
      'fedimg-worker': workers.map(({ address }) => address),
      'fedimg-listener': [listener.address],
      temporal: [temporal.metrics],
    });
  await scrape(killed, drained);
  timeline.add(`Two workers of version ${OLD}, listener, dashboard and Prometheus are ready`);

  const first = await announce(parts, 0);
  await untilStep(session, first, 'write');
  process.kill(killed.child.pid, 'SIGKILL');
  await killed.child.ended;
  const replaced = await programs.worker('worker-1-again', OLD);
  timeline.add('While an image was written: a worker was killed (SIGKILL) and started again');

  await untilStep(session, first, 'test');
  await parts.postgresql.stop();
  timeline.add('While an image was tested: PostgreSQL was stopped');
  await parts.postgresql.start();
  timeline.add('PostgreSQL is back');

  const upgraded = await programs.worker('worker-3', NEW);
  // Temporal refuses until it knows all task queues of the new version.
  await until('Temporal takes the new version', () => temporal.setCurrentVersion(NEW));
  await drained.child.stop();
  await scrape(replaced, upgraded);
  timeline.add(
    `Upgrade: a worker of version ${NEW} is current; one of version ${OLD} was drained (SIGTERM)`,
  );

  const second = await announce(parts, 1);
  const ended: Ended[] = [
    { compose: first, status: await untilClosed(session, first), buildId: OLD },
    { compose: second, status: await untilClosed(session, second), buildId: NEW },
  ];
  timeline.add('Both composes have ended');
  await check(parts, ended);
  timeline.add(
    `Temporal shows version ${OLD} as ${await temporal.drainage(OLD)}; it looks every few minutes`,
  );
  for (const { child } of [replaced, upgraded, listener, parts.dashboard]) await child.stop();
  timeline.add('Workers, listener and dashboard ended at SIGTERM');
  if (values.write && process.exitCode === undefined) await writeResult(timeline);
}

async function start(): Promise<Parts> {
  const programsOfTemporal = await temporalPrograms((line) => timeline.add(line));
  const stack = path.join(directory, 'stack');
  await execa(PREPARE, [stack]);
  const secrets = path.join(stack, 'secrets');
  const passwordFile = path.join(secrets, 'postgres-password');
  const composes = path.join(directory, 'composes');
  await mkdir(composes);
  const server = await startComposeServer({ directory: composes });
  open.push(() => server.close());
  const broker = await Broker.start(secrets);
  open.push(() => broker.close());
  const prometheus = await Prometheus.start(processes, directory);
  const postgresql = await PostgreSql.create(processes, passwordFile);
  leftForEnd.push(() => postgresql.remove());
  timeline.add('PostgreSQL, RabbitMQ and Prometheus are ready');
  const temporal = await Temporal.start({
    ...{ processes, directory, passwordFile },
    programs: programsOfTemporal,
    postgresqlPort: postgresql.port,
  });
  timeline.add(
    'Temporal is ready: schema, server, namespace and search attributes by the scripts of ops/temporal',
  );
  const configFile = await writeConfig(server.url, broker);
  const programs = await Programs.start({
    ...{ processes, directory, configFile },
    temporalAddress: temporal.address,
  });
  const access = await connectToTemporal({ env: programs.env });
  open.push(() => access.close());
  const session = { access, uiUrl: undefined, deployment: 'fedimg' };
  const [listener, dashboard] = await Promise.all([programs.listener(), programs.dashboard()]);
  return {
    postgresql,
    temporal,
    broker,
    programs,
    prometheus,
    listener,
    dashboard,
    server,
    session,
  };
}

async function writeConfig(url: string, broker: Broker): Promise<string> {
  const settings = { deployment: 'fedimg', taskQueue: 'fedimg', allow: [`${url}/`] };
  const file = await writeLocalConfig(directory, settings, { content: BOOT_SECTOR_TEST });
  const messaging = {
    url: broker.url,
    password_file: broker.passwordFile,
    topic_prefix: TOPIC_PREFIX,
    queue: 'fedimg',
  };
  const lines = Object.entries(messaging).map(
    ([key, value]) => `${key} = ${JSON.stringify(value)}`,
  );
  await appendFile(file, ['', '[messaging]', ...lines, ''].join('\n'));
  return file;
}

/** By the broker, as a distribution's bridge does it. */
async function announce({ server, broker }: Parts, respin: number): Promise<SampleCompose> {
  const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const compose = await writeSampleCompose({
    directory: path.join(directory, 'composes'),
    rawDirectory: path.join(directory, 'raw'),
    composeId: `Fedora-Cloud-43-${date}.${respin}`,
    baseUrl: server.url,
    rawSizeBytes: 64 * 1024 * 1024,
  });
  await broker.announceCompose(TOPIC_PREFIX, compose.message);
  timeline.add(`${compose.composeId} was announced to the broker`);
  return compose;
}

/** Undefined before the listener has signalled it, and while Temporal is without its database. */
async function statusOf(
  session: Session,
  { composeId }: SampleCompose,
): Promise<ComposeStatus | undefined> {
  try {
    const status = await readStatus(session, { workflowId: `compose/${composeId}` });
    return status.kind === 'compose' ? status : undefined;
  } catch {
    return undefined;
  }
}

async function untilStep(
  session: Session,
  compose: SampleCompose,
  step: 'write' | 'test',
): Promise<void> {
  const isAtWork = ({ progress }: ImageStatus): boolean =>
    progress?.steps[step].state === 'running';
  const isThere = async (): Promise<boolean> => {
    const status = await statusOf(session, compose);
    if (status !== undefined && status.outcome !== 'running') {
      throw new Error(`${compose.composeId} is ${status.outcome} before step ${step} was seen`);
    }
    return status?.images.some(isAtWork) ?? false;
  };
  await until(`an image of ${compose.composeId} is in step ${step}`, isThere, PATIENCE_MS);
}

async function untilClosed(session: Session, compose: SampleCompose): Promise<ComposeStatus> {
  let last: ComposeStatus | undefined;
  const isClosed = async (): Promise<boolean> => {
    last = await statusOf(session, compose);
    return last !== undefined && last.outcome !== 'running';
  };
  await until(`${compose.composeId} has ended`, isClosed, PATIENCE_MS);
  if (last === undefined) throw new TypeError(`${compose.composeId} has no status`);
  return last;
}

async function check(parts: Parts, ended: readonly Ended[]): Promise<void> {
  const { session, programs, broker, prometheus, dashboard } = parts;
  const announcements = await broker.announcements();
  const found = await checkAll(session, programs.simulatorUrl, { ended, announcements });
  const problems = [...found.problems];
  const waiting = await broker.waiting();
  if (waiting > 0) problems.push(`${waiting} messages about composes were not taken`);
  const isSeen = async (): Promise<boolean> =>
    (await prometheus.query('up{job=~"fedimg-.*"} == 1')).length === 3 &&
    (await prometheus.query('fedimg_recent_publications{outcome="published"} > 2')).length > 0;
  await until('Prometheus has the metrics of both workers and the listener', isSeen);
  problems.push(...(await prometheus.brokenRules()));
  const page = await (await fetch(`http://${dashboard.address}/index.json`)).text();
  for (const { compose } of ended) {
    if (!page.includes(compose.composeId))
      problems.push(`the dashboard does not show ${compose.composeId}`);
  }
  for (const line of found.lines) timeline.add(line);
  for (const problem of problems) timeline.add(`WRONG: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else timeline.add(`All checks passed; namespace ${NAMESPACE} on PostgreSQL`);
}
