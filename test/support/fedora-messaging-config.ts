/** The configuration file of a fedora-messaging client, as Fedora's own applications have it. */

import type { TlsLogin } from './broker-logins.js';
import { EXCHANGE } from './rabbitmq-definitions.js';

export interface FedoraMessagingClient {
  readonly login: TlsLogin | { readonly url: string };
  readonly queue: string;
  /** What the client says it is. */
  readonly app: string;
  /** For the callback: after how many messages it halts its consumer. */
  readonly count: number;
}

export function fedoraMessagingConfig({ login, queue, app, count }: FedoraMessagingClient): string {
  return `
amqp_url = ${text(login.url)}
# Who may not configure can only look whether things are there; the bindings are the broker's, too.
passive_declares = true
${'certFile' in login ? tlsTable(login) : ''}
[client_properties]
app = ${text(app)}
[queues.${text(queue)}]
durable = true
auto_delete = false
exclusive = false
arguments = {}
[[bindings]]
queue = ${text(queue)}
exchange = ${text(EXCHANGE)}
routing_keys = []
[consumer_config]
count = ${count}
`;
}

function tlsTable({ caFile, certFile, keyFile }: TlsLogin): string {
  return `[tls]
ca_cert = ${text(caFile)}
certfile = ${text(certFile)}
keyfile = ${text(keyFile)}
`;
}

/** A TOML string; for plain text, JSON writes the same. */
function text(value: string): string {
  return JSON.stringify(value);
}
