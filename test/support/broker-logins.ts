/** How the users of a test's broker log in: by password without TLS, or by certificate. */

import { randomBytes } from 'node:crypto';
import type { CertificateAuthority } from './certificates.js';
import type { BrokerUser } from './rabbitmq-definitions.js';
import { USERS, VHOST } from './rabbitmq-definitions.js';

/** What a client needs to log in by certificate (SASL EXTERNAL). */
export interface TlsLogin {
  readonly url: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface Ports {
  readonly amqp: number;
  readonly amqps: number;
}

const VHOST_IN_URL = encodeURIComponent(VHOST);

export class BrokerLogins {
  readonly passwords: Readonly<Record<BrokerUser, string>>;
  readonly #ports: Ports;
  readonly #authority: CertificateAuthority;
  readonly #byCertificate = new Map<string, Promise<TlsLogin>>();

  constructor(ports: Ports, authority: CertificateAuthority) {
    this.#ports = ports;
    this.#authority = authority;
    this.passwords = Object.fromEntries(
      USERS.map((user) => [user, randomBytes(12).toString('hex')]),
    ) as Record<BrokerUser, string>;
  }

  url(user: BrokerUser): string {
    return `amqp://${user}:${this.passwords[user]}@127.0.0.1:${this.#ports.amqp}/${VHOST_IN_URL}`;
  }

  /** A certificate for any user name, made once. The broker accepts only the users in its definitions. */
  tlsFor(user: string): Promise<TlsLogin> {
    const login = this.#byCertificate.get(user) ?? this.#issue(user);
    this.#byCertificate.set(user, login);
    return login;
  }

  async #issue(user: string): Promise<TlsLogin> {
    const request = { name: user, commonName: user, usage: 'clientAuth' } as const;
    const certificate = await this.#authority.issue(request);
    // A name, not an address: that the certificate's name is checked is part of what is tested.
    const url = `amqps://${user}:@localhost:${this.#ports.amqps}/${VHOST_IN_URL}`;
    return { url, caFile: this.#authority.caFile, ...certificate };
  }
}
