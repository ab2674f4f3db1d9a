import { startSimulator } from '/tmp/wt/direct/src/simulator/index.js';
const s = await startSimulator({ stateDir: '/tmp/direct-cloud', latency: 'instant', credentials: { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: 'secret' } });
console.log(s.url);
process.stdin.resume();
process.stdin.on('end', () => s.close());
