/** Who calls: the users and roles of the account, their keys, and the sessions that AssumeRole opens. */

import { randomBytes } from 'node:crypto';
import type { Credentials } from '../credentials.js';
import type { PartitionName } from '../partition.js';
import { arnOf } from '../partition.js';
import type { Decision } from './decision.js';
import type { IamRole, IamSetup, PolicyDocument } from './setup.js';
import { parseIamSetup } from './setup.js';

/** The principal of a call (IAM user guide, "Principal"). */
export interface Caller {
  readonly arn: string;
  /** As GetCallerIdentity answers it. */
  readonly userId: string;
  readonly type: 'Account' | 'User' | 'AssumedRole';
  /** The name of the user; roles have none. */
  readonly userName?: string;
  /** The role of a session: `aws:PrincipalArn` is its ARN, not that of the session. */
  readonly roleArn?: string;
  /** The account's root user has none, and IAM refuses it nothing. */
  readonly policies: ReadonlyMap<string, PolicyDocument>;
}

export interface Session {
  readonly credentials: Required<Credentials>;
  readonly role: IamRole;
  readonly sessionName: string;
  readonly expiresAt: number;
}

/** More than one publication makes; beyond it the oldest are forgotten. */
const decisionsMax = 20_000;

interface Account {
  readonly accountId: string;
  readonly partition: PartitionName;
}

/** In memory: a restart has the setup of its start, and sessions end with the process. */
export class IamBook {
  #setup: IamSetup = parseIamSetup({});
  readonly #sessions = new Map<string, Session>();
  readonly #decisions = new Map<string, Decision>();
  readonly #accountId: string;
  readonly #partition: PartitionName;
  readonly #now: () => number;

  constructor(account: Account, now: () => number) {
    this.#accountId = account.accountId;
    this.#partition = account.partition;
    this.#now = now;
  }

  /** Without principals every caller may do everything. */
  get isOn(): boolean {
    return this.#setup.users.length > 0 || this.#setup.roles.length > 0;
  }

  /** Puts another setup in place; sessions of its predecessor end. Throws CloudError, and keeps the old one. */
  replace(value: unknown): void {
    this.#setup = parseIamSetup(value);
    this.#sessions.clear();
    this.#decisions.clear();
  }

  /** Without secret keys. */
  shown(): unknown {
    const { users, ...others } = this.#setup;
    return {
      users: users.map(({ name, accessKeyId, policies }) => ({
        ...{ name, accessKeyId: accessKeyId ?? null, policies },
      })),
      ...others,
    };
  }

  /** The keys of a user or of a session; undefined for the pair of the cloud itself. */
  credentialsOf(accessKeyId: string): Credentials | undefined {
    const user = this.#setup.users.find((one) => one.accessKeyId === accessKeyId);
    if (user?.secretAccessKey !== undefined) {
      return { accessKeyId, secretAccessKey: user.secretAccessKey };
    }
    return this.#sessions.get(accessKeyId)?.credentials;
  }

  isExpired(accessKeyId: string): boolean {
    const session = this.#sessions.get(accessKeyId);
    return session !== undefined && session.expiresAt <= this.#now();
  }

  callerOf(accessKeyId: string): Caller {
    const session = this.#sessions.get(accessKeyId);
    if (session !== undefined) return this.#sessionCaller(session);
    const users = this.#setup.users;
    const user =
      users.find((one) => one.accessKeyId === accessKeyId) ??
      users.find((one) => one.accessKeyId === undefined);
    if (user === undefined) {
      const arn = this.#arn('iam', 'root');
      return { arn, userId: this.#accountId, type: 'Account', policies: new Map() };
    }
    return {
      arn: this.#arn('iam', `user/${user.name}`),
      userId: uniqueId('AIDA', user.name),
      type: 'User',
      userName: user.name,
      policies: new Map(Object.entries(user.policies)),
    };
  }

  role(name: string): IamRole | undefined {
    return this.#setup.roles.find((one) => one.name === name);
  }

  /** The role that an instance of the profile gets. IAM's console names a profile as its role. */
  roleOfProfile(profile: string): string {
    return this.#setup.instanceProfiles.find((one) => one.name === profile)?.role ?? profile;
  }

  /** STS API reference, AssumeRole: keys with a token, for a limited time. */
  openSession(role: IamRole, sessionName: string, durationMs: number): Session {
    const session = {
      credentials: {
        accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(120).toString('base64'),
      },
      ...{ role, sessionName },
      expiresAt: this.#now() + durationMs,
    };
    this.#sessions.set(session.credentials.accessKeyId, session);
    return session;
  }

  note({ context, ...asked }: Decision): void {
    const lasting = Object.entries(context).filter(([name]) => name !== 'aws:CurrentTime');
    const decision = { ...asked, context: Object.fromEntries(lasting) };
    const key = JSON.stringify(decision);
    if (this.#decisions.has(key)) return;
    if (this.#decisions.size >= decisionsMax) {
      const [oldest] = this.#decisions.keys();
      if (oldest !== undefined) this.#decisions.delete(oldest);
    }
    this.#decisions.set(key, decision);
  }

  /** Each question that was put to the policies, once, with its answer. */
  decisions(): Decision[] {
    return [...this.#decisions.values()];
  }

  #arn(service: string, resource: string): string {
    return arnOf(service, { partition: this.#partition, account: this.#accountId, resource });
  }

  #sessionCaller({ role, sessionName }: Session): Caller {
    return {
      arn: this.#arn('sts', `assumed-role/${role.name}/${sessionName}`),
      userId: `${uniqueId('AROA', role.name)}:${sessionName}`,
      type: 'AssumedRole',
      roleArn: this.#arn('iam', `role/${role.name}`),
      policies: new Map(Object.entries(role.policies)),
    };
  }
}

/** IAM user guide, "IAM identifiers", unique ids: a prefix by type, then letters and digits. */
export function uniqueId(prefix: 'AIDA' | 'AROA', name: string): string {
  const letters = Buffer.from(name).toString('hex').toUpperCase();
  return `${prefix}${letters.slice(-17).padStart(17, '0')}`;
}
