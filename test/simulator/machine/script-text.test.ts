/** How a script's text is adapted where a guest has no namespaces or no block devices. */

import assert from 'node:assert/strict';

import { adaptScript } from '../../../src/simulator/machine/script-text.js';

const home = '/srv/state/i-1';
const adapt = (text: string): string => adaptScript(text, 'shims', home);

describe('the text of a script', () => {
  it('is left alone where the guest has real block devices', () => {
    const script = '[ -b /dev/nvme1n1 ] && /sbin/shutdown -P +1 > /run/x';
    assert.equal(adaptScript(script, 'loop', home), script);
  });

  it('asks for existence instead of a block device where a file stands for it', () => {
    assert.equal(
      adaptScript('[ -b $d ] || [[ ! -b $d ]]; test -b $d', 'files', home),
      '[ -e $d ] || [[ ! -e $d ]]; test -e $d',
    );
    assert.equal(adaptScript('lsblk -b -o SIZE', 'files', home), 'lsblk -b -o SIZE');
  });

  it('never reaches the host’s /run, /var/lib, disks, console or power switch', () => {
    assert.equal(
      adapt('echo x > /run/a; cat "/var/lib/b" < /dev/console'),
      `echo x > ${home}/run/a; cat "${home}/var/lib/b" < ${home}/dev/console`,
    );
    assert.equal(
      adapt('/sbin/shutdown -P +5; /usr/bin/systemctl x'),
      `${home}/local-cloud/bin/shutdown -P +5; ${home}/local-cloud/bin/systemctl x`,
    );
    assert.equal(adapt('of=/dev/nvme1n1 if=/dev/zero'), `of=${home}/dev/nvme1n1 if=/dev/zero`);
    assert.equal(adapt('cd /tmp; ls /root'), `cd ${home}/tmp; ls ${home}/root`);
  });

  it('keeps URLs, longer names, relative paths and what is the machine’s own already', () => {
    for (const text of [
      'curl http://host/tmp/file',
      'ls ./tmp/x a/run/b',
      'ls /runner /tmpfiles /usr/bin/dddd',
      `dd of=${home}/dev/nvme1n1`,
      `cat ${home}/run/x "${home}/var/lib/y"`,
    ]) {
      assert.equal(adapt(text), text);
    }
  });

  it('adapts a machine’s folder that is itself below /tmp only once', () => {
    const below = '/tmp/state/i-1';
    const once = adaptScript('cat /tmp/x', 'shims', below);
    assert.equal(once, `cat ${below}/tmp/x`);
    assert.equal(adaptScript(once, 'shims', below), once);
  });
});
