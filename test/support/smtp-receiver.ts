/** A small SMTP server (RFC 5321, with STARTTLS of RFC 3207 and AUTH PLAIN of RFC 4954): keeps what it accepts. */

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
}

export interface SmtpSettings {
  /** Offers STARTTLS with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** The only login that is accepted. */
  readonly login?: { readonly user: string; readonly password: string };
  /** The answer to each mail; by default it is accepted. */
  readonly answer?: () => string;
}

export interface SmtpReceiver {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  readonly close: () => void;
}

export async function startSmtpReceiver(settings: SmtpSettings = {}): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.write('220 receiver ESMTP\r\n');
    new Conversation(socket, settings, mails).listen();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

class Conversation {
  #socket: Socket;
  readonly #settings: SmtpSettings;
  readonly #mails: ReceivedMail[];
  #text = '';
  #from = '';
  #to: string[] = [];
  #user: string | undefined;
  #data: string[] | undefined;

  constructor(socket: Socket, settings: SmtpSettings, mails: ReceivedMail[]) {
    this.#socket = socket;
    this.#settings = settings;
    this.#mails = mails;
  }

  listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      for (let end = this.#text.indexOf('\r\n'); end >= 0; end = this.#text.indexOf('\r\n')) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (this.#data === undefined) this.#command(line);
        else this.#collect(line, this.#data);
      }
    });
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  #command(line: string): void {
    const [verb = '', ...rest] = line.split(' ');
    const { tls, login } = this.#settings;
    const mayMail = login === undefined || this.#user !== undefined;
    switch (verb.toUpperCase()) {
      case 'EHLO': {
        const offers = ['receiver'];
        if (tls !== undefined && !this.#isEncrypted) offers.push('STARTTLS');
        if (login !== undefined) offers.push('AUTH PLAIN');
        offers.forEach((offer, index) =>
          this.#say(`250${index + 1 < offers.length ? '-' : ' '}${offer}`),
        );
        return;
      }
      case 'STARTTLS':
        if (tls === undefined) return this.#say('502 5.5.1 not known');
        this.#say('220 go ahead');
        return this.#encrypt();
      case 'AUTH':
        return this.#login(rest[1] ?? '');
      case 'MAIL':
        if (!mayMail) return this.#say('530 5.7.0 authentication required');
        this.#from = addressIn(line);
        this.#to = [];
        return this.#say('250 ok');
      case 'RCPT':
        this.#to.push(addressIn(line));
        return this.#say('250 ok');
      case 'DATA':
        this.#data = [];
        return this.#say('354 end with a dot');
      case 'QUIT':
        this.#say('221 bye');
        this.#socket.end();
        return;
      default:
        return this.#say('250 ok');
    }
  }

  get #isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  #encrypt(): void {
    const { key, cert } = this.#settings.tls ?? { key: '', cert: '' };
    this.#socket.removeAllListeners('data');
    const secureContext = createSecureContext({ key, cert });
    this.#socket = new TLSSocket(this.#socket, { isServer: true, secureContext });
    this.#socket.on('error', () => undefined);
    this.listen();
  }

  #login(encoded: string): void {
    const [, user = '', password] = Buffer.from(encoded, 'base64').toString().split('\0');
    const { login } = this.#settings;
    if (user !== login?.user || password !== login.password) return this.#say('535 5.7.8 refused');
    this.#user = user;
    this.#say('235 2.7.0 welcome');
  }

  #collect(line: string, data: string[]): void {
    if (line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line);
      return;
    }
    this.#data = undefined;
    const answer = this.#settings.answer?.() ?? '250 accepted';
    if (answer.startsWith('250')) {
      const isEncrypted = this.#isEncrypted;
      const mail = { from: this.#from, to: this.#to, user: this.#user, isEncrypted };
      this.#mails.push({ ...mail, data: data.join('\n') });
    }
    this.#say(answer);
  }
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
