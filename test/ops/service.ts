/** A service with the log and the notifications of worker and listener, for `systemd-stand-in.py`. */

import { createLog } from '../../src/commands/shared/log.js';
import { serviceManager } from '../../src/commands/shared/service-manager.js';

const log = createLog('info');
const workflow = 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64';
const amis = { 'us-east-1': { 'hvm-gp2': 'ami-0123456789abcdef0' } };
log.info({ workflow, region: 'us-east-1', amis }, 'publication closed');
log.error({ workflow, activity: 'copyRegion', err: new Error('line one\nPRIORITY=0') }, 'failed');

const manager = serviceManager(log);
manager.ready('polls the task queue fedimg');
process.once('SIGTERM', () => {
  manager.close();
  log.info('the last line');
  process.exit();
});
setInterval(() => undefined, 1_000);
