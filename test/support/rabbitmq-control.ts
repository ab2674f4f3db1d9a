/**
 * Questions and orders to a running RabbitMQ node. By `erl_call`, which costs some milliseconds; rabbitmqctl
 * boots an Erlang of its own each time, which takes seconds.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { VHOST } from './rabbitmq-definitions.js';

export interface QueueDepth {
  /** Waiting for a consumer. */
  readonly ready: number;
  /** Delivered, and neither acknowledged nor refused. */
  readonly unacked: number;
  readonly consumers: number;
}

export interface BrokerConnection {
  readonly user: string;
  /** `running`, `blocked`, `flow` and so on. */
  readonly state: string;
  readonly tls: boolean;
  readonly mechanism: string;
  readonly channels: number;
  readonly clientPort: number;
  /** What the client says of itself, as far as it is text: `app`, `connection_name`. */
  readonly clientProperties: Readonly<Record<string, string>>;
}

export interface Permission {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

const run = promisify(execFile);
const ANSWER_LIMIT_MS = 60_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const WATERMARK = 0.4;

export class RabbitControl {
  readonly #address: string;
  readonly #home: string;

  /** The port of the node's distribution, and the folder of its cookie. */
  constructor(distributionPort: number, home: string) {
    this.#address = `127.0.0.1:${distributionPort}`;
    this.#home = home;
  }

  /** Whether it is up and listens at the ports itself: somebody else may answer there while it gives up. */
  async isServing(ports: readonly number[]): Promise<boolean> {
    const served = '[element(6, Listener) || Listener <- rabbit_networking:node_listeners(node())]';
    return (
      (await this.#ask(
        `rabbit_boot_state:get() =:= ready andalso [${ports.join()}] -- ${served} =:= []`,
      )) === true
    );
  }

  /** What the node does of its own every minute. */
  async lookAfterEpmd(): Promise<void> {
    await this.#ask('rabbit_nodes:ensure_epmd()');
  }

  async depth(queue: string): Promise<QueueDepth> {
    const depth = await this.#ask(
      `case rabbit_amqqueue:lookup(rabbit_misc:r(${text(VHOST)}, queue, ${text(queue)})) of
        {ok, Queue} ->
          Keys = [messages_ready, messages_unacknowledged, consumers],
          [Value || {_, Value} <- rabbit_amqqueue:info(Queue, Keys)];
        _ -> null
      end`,
    );
    if (depth === null) throw new Error(`the broker has no queue ${queue}`);
    const [ready, unacked, consumers] = depth as [number, number, number];
    return { ready, unacked, consumers };
  }

  async connections(): Promise<BrokerConnection[]> {
    const keys = 'user, state, ssl, auth_mechanism, channels, peer_port, client_properties';
    return (await this.#ask(
      `[#{user => User, state => State, tls => Tls, mechanism => Mechanism, channels => Channels,
          clientPort => Port,
          clientProperties => maps:from_list([{K, V} || {K, longstr, V} <- Properties])}
        || [{_, User}, {_, State}, {_, Tls}, {_, Mechanism}, {_, Channels}, {_, Port}, {_, Properties}]
          <- rabbit_networking:connection_info_all([${keys}])]`,
    )) as BrokerConnection[];
  }

  /** As an administrator does it: the client is told CONNECTION_FORCED. Returns how many were closed. */
  async closeConnections(user?: string): Promise<number> {
    return (await this.#ask(
      `length([catch rabbit_networking:close_connection(Pid, <<"closed by the test">>)
        || [{_, Pid}, {_, User}] <- rabbit_networking:connection_info_all([pid, user]),
          ${user === undefined ? 'true' : `User =:= ${text(user)}`}])`,
    )) as number;
  }

  async setPermission(user: string, { configure, write, read }: Permission): Promise<void> {
    const words = [user, VHOST, configure, write, read, 'test'].map(text).join();
    await this.#ask(`rabbit_auth_backend_internal:set_permissions(${words})`);
  }

  async setTopicPermission(
    user: string,
    exchange: string,
    { write, read }: Omit<Permission, 'configure'>,
  ): Promise<void> {
    const words = [user, VHOST, exchange, write, read, 'test'].map(text).join();
    await this.#ask(`rabbit_auth_backend_internal:set_topic_permissions(${words})`);
  }

  /** Returns when the alarm is up, or down; the connections hear of it at that moment. */
  async setMemoryAlarm(isOn: boolean): Promise<void> {
    await this.#ask(
      `begin
        vm_memory_monitor:set_vm_memory_high_watermark(${isOn ? 0 : WATERMARK}),
        Wait = fun(Again) ->
          case lists:any(fun({{_, Kind, _}, _}) -> Kind =:= memory; (_) -> false end,
                         rabbit_alarm:get_alarms()) of
            ${isOn} -> ok;
            _ -> timer:sleep(10), Again(Again)
          end
        end,
        Wait(Wait)
      end`,
    );
  }

  async #ask(expression: string): Promise<unknown> {
    // A term that is returned is cut short when it is long; what is printed is not.
    const asked = run('erl_call', ['-address', this.#address, '-fetch_stdout', '-e'], {
      // The cookie is in this folder, so that no list of processes shows it.
      env: { PATH: process.env['PATH'], HOME: this.#home },
      timeout: ANSWER_LIMIT_MS,
      maxBuffer: ANSWER_BYTES_MAX,
    });
    asked.child.stdin?.on('error', () => undefined);
    asked.child.stdin?.end(`io:put_chars(rabbit_json:encode(${expression})).\n`);
    const { stdout } = await asked;
    const answer = /^(.*)\{ok, ok\}\s*$/s.exec(stdout)?.[1];
    if (answer === undefined) throw new Error(`the broker answers ${stdout.trim()}`);
    return JSON.parse(answer);
  }
}

/** A text as an Erlang binary; by its bytes, so that nothing in it is ever Erlang. */
function text(value: string): string {
  return `<<${[...Buffer.from(value)].join()}>>`;
}
