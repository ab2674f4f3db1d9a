import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AGENT_KEY, keyringOf, publishedKeyring } from '../../src/guest/agent-key.js';
import type { AgentReport } from '../../src/guest/agent-report.js';
import { parseAgentReport, pvGrubError } from '../../src/guest/agent-report.js';
import { userData, withArguments } from '../../src/guest/guest-script.js';
import { agentKeyFile } from '../../src/simulator/index.js';

const run = promisify(execFile);
const URL_OF_AGENT = 'https://s3.eu-west-1.amazonaws.com/amazon-ssm-eu-west-1/latest/linux_amd64';
const BUCKET = new URL('../../src/simulator/machine/guest/agent-bucket/', import.meta.url);

/** The host's tools that the script uses besides those of the image. */
const HOST_TOOLS = ['bash', 'base64', 'cat', 'mkdir', 'mktemp', 'rm', 'tail', 'tr', 'sleep'];

interface Image {
  readonly folder: string;
  /** What the tools were called with, one call a line. */
  readonly calls: () => Promise<string>;
  readonly boot: (keyring?: string) => Promise<AgentReport | undefined>;
}

interface ImageOptions {
  /** Spoils the package or its signature on its way. */
  readonly spoil?: (folder: string) => Promise<unknown>;
  /** Tools of the image, in place of or beside the usual ones: a script each. */
  readonly tools?: Readonly<Record<string, string>>;
  readonly gpg?: readonly string[];
}

/** A folder of tools that stands for an image without agent: nothing else is on the script's PATH. */
async function withImage(
  options: ImageOptions,
  body: (image: Image) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-agent-'));
  try {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const own = Object.keys(options.tools ?? {});
    for (const tool of [...HOST_TOOLS, ...(options.gpg ?? ['gpgv'])]) {
      if (own.includes(tool)) continue;
      const { stdout } = await run('bash', ['-c', `command -v ${tool}`]).catch(() => {
        throw new Error(`this test needs ${tool}: install GnuPG (apt-get install gnupg)`);
      });
      await symlink(stdout.trim(), join(bin, tool));
    }
    for (const suffix of ['', '.sig']) {
      const content = await readFile(new URL(`linux_amd64.rpm${suffix}`, BUCKET));
      await writeFile(join(folder, `amazon-ssm-agent.rpm${suffix}`), content);
    }
    await options.spoil?.(folder);
    const tools: Record<string, string> = {
      curl: `while [ "$1" ]; do case $1 in --output) to=$2 ;; https:*) from=\${1##*/} ;; esac; shift; done
[ -e '${folder}'/"$from" ] || { printf 403; exit 22; }
cat '${folder}'/"$from" >"$to"; printf 200`,
      rpm: `echo "rpm $*" >>'${folder}/calls'; cat "\${@: -1}" >'${folder}/installed'`,
      dnf: `echo "dnf $*" >>'${folder}/calls'; exit 1`,
      systemctl: `[ "$1" = enable ] && [ -e '${folder}/installed' ]`,
      ...options.tools,
    };
    for (const [name, text] of Object.entries(tools)) {
      // Never through a link to the host's tool.
      await writeFile(join(bin, name), `#!/bin/bash\n${text}\n`, { flag: 'wx', mode: 0o755 });
    }
    await body({
      folder,
      calls: () => readFile(join(folder, 'calls'), 'utf8').catch(() => ''),
      boot: async (keyring) => {
        const key = keyring ?? keyringOf(await readFile(agentKeyFile, 'utf8')) ?? '';
        const script = withArguments('ssm-user-data', [URL_OF_AGENT, key]);
        const { stdout } = await run('bash', ['-c', script], { env: { PATH: bin } });
        return parseAgentReport(stdout);
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the SSM agent on an image that has none', () => {
  it('is installed without the package’s own SHA-1 signature, after the detached one is verified', async () => {
    for (const gpg of ['gpgv', 'gpg']) {
      await withImage({ gpg: [gpg] }, async ({ boot, calls }) => {
        assert.equal((await boot())?.code, 'installed');
        assert.match(await calls(), /^rpm -U --nosignature --nodigest \S+amazon-ssm-agent\.rpm\n$/);
      });
    }
  });

  it('is not installed from a package that was changed on its way', async () => {
    const spoil = (folder: string) => appendFile(join(folder, 'amazon-ssm-agent.rpm'), 'x');
    for (const gpg of ['gpgv', 'gpg']) {
      await withImage({ spoil, gpg: [gpg] }, async ({ boot, calls }) => {
        assert.equal((await boot())?.code, 'bad-signature');
        assert.equal(await calls(), '');
      });
    }
  });

  it('is not installed from a package that somebody else has signed, whose key fedimg does not have', async () => {
    const other = async (folder: string) =>
      writeFile(
        join(folder, 'amazon-ssm-agent.rpm.sig'),
        await readFile(new URL('linux_amd64.rpm.other-sig', BUCKET)),
      );
    await withImage({ spoil: other }, async ({ boot, calls }) => {
      assert.equal((await boot())?.code, 'unknown-key');
      assert.equal(await calls(), '');
    });
    // By default fedimg trusts AWS alone, so the local cloud's own package is a stranger's.
    await withImage({}, async ({ boot }) => {
      assert.equal((await boot(publishedKeyring()))?.code, 'unknown-key');
    });
  });

  it('names each reason in its own words', async () => {
    const without = (file: string) => ({ spoil: (folder: string) => rm(join(folder, file)) });
    const cases: [string, ImageOptions, RegExp][] = [
      ['no-package', without('amazon-ssm-agent.rpm'), /answered 403 for https:\S+\.rpm$/],
      ['no-signature', without('amazon-ssm-agent.rpm.sig'), /answered 403 for https:\S+\.sig$/],
      [
        'no-network',
        { tools: { curl: 'echo "curl: (6) no such host" >&2; exit 6', sleep: 'exit 0' } },
        /cannot be reached: curl: \(6\) no such host/,
      ],
      ['no-gpg-tool', { gpg: [], tools: { dnf: 'echo "no repository"; exit 1' } }, /no repository/],
      [
        'install-refused',
        { tools: { rpm: 'echo "no room"; exit 1' } },
        /refused the package: no room/,
      ],
      [
        'bad-signature',
        { spoil: (folder) => writeFile(join(folder, 'amazon-ssm-agent.rpm.sig'), 'no signature') },
        /cannot be read/,
      ],
    ];
    for (const [code, options, text] of cases) {
      await withImage(options, async ({ boot }) => {
        const report = await boot();
        assert.equal(report?.code, code);
        assert.match(report.text, text);
      });
    }
  });

  it('gets a verifier from the repositories of the distribution where the image has none', async () => {
    const dnf = `[ "$*" = "install -y /usr/bin/gpgv" ] && ln -s "$HOST_GPGV" "\${0%/*}/gpgv"`;
    const { stdout } = await run('bash', ['-c', 'command -v gpgv; command -v ln']);
    const [gpgv = '', ln = ''] = stdout.trim().split('\n');
    const tools = { dnf: dnf.replace('"$HOST_GPGV"', gpgv).replace('ln', ln) };
    await withImage({ gpg: [], tools }, async ({ boot }) => {
      assert.equal((await boot())?.code, 'installed');
    });
  });

  it('is only switched on where the image has it', async () => {
    await withImage({ tools: { systemctl: '[ "$1" = enable ]' } }, async ({ boot, calls }) => {
      assert.equal((await boot())?.code, 'present');
      assert.equal(await calls(), '');
    });
  });
});

describe('the key of the SSM agent', () => {
  it('is the one of AWS’s documentation, and one that has not expired', async () => {
    const home = await mkdtemp(join(tmpdir(), 'fedimg-test-gpg-'));
    try {
      const file = AGENT_KEY.file.pathname;
      const { stdout } = await run('gpg', [
        '--homedir',
        home,
        '--show-keys',
        '--with-colons',
        file,
      ]);
      const lines = stdout.split('\n').map((line) => line.split(':'));
      const keys = lines.filter(([kind]) => kind === 'fpr').map((line) => line[9]);
      assert.deepEqual(keys, [AGENT_KEY.fingerprint]);
      const expires = Number(lines.find(([kind]) => kind === 'pub')?.[6]) * 1000;
      assert.equal(new Date(expires).toISOString().slice(0, 10), AGENT_KEY.expires);
      assert(expires > Date.now(), 'AWS has published a new key: put it in place of this one');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  it('fits into user-data beside the script', () => {
    const script = withArguments('ssm-user-data', [URL_OF_AGENT, publishedKeyring()]);
    assert(Buffer.byteLength(userData(1440, script)) < 12 * 1024, 'the user data is too large');
  });

  it('is read from a text with several keys, and from none', () => {
    assert.equal(keyringOf('nothing'), undefined);
    const block = (body: string) =>
      `-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\n${body}\n=aaaa\n-----END PGP PUBLIC KEY BLOCK-----\n`;
    assert.equal(keyringOf(`${block('AAAA')}text\n${block('BBBB')}`), 'AAAABBBB');
  });
});

describe('a boot by PV-GRUB', () => {
  it('that found nothing is known by the error of GRUB, and by its prompt', () => {
    assert.equal(
      pvGrubError('root (hd0,0)\r\n\r\nError 15: File not found\r\n'),
      'Error 15: File not found',
    );
    assert.equal(pvGrubError('GNU GRUB\r\ngrubdom> '), 'no menu');
    assert.equal(pvGrubError('[ 0.0] Linux version 6\r\nsshd: Error 15 of nothing\r\n'), undefined);
  });
});
