/** Which commands of the pages are run, in which order, and which are not. */

export interface Act {
  /** As a page shows it; undefined for what only prepares the next ones. */
  readonly page?: string;
  /** What is run in its place: the page's placeholders are filled in. */
  readonly run?: string;
  /** Exit status; 0 by default. */
  readonly status?: number;
  /** It runs until Ctrl-C: what it prints when it is ready. */
  readonly ready?: string;
}

const on = (page: string, run?: string, status = 0): Act => ({
  ...{ page, status },
  ...(run === undefined ? {} : { run }),
});

const serves = (page: string, ready: string, run = page): Act => ({ page, run, ready });

const FREE = '127.0.0.1:0';

/** One shell beside `npx fedimg dev` and `npx fedimg sample`, after the file of variables of `dev`. */
export const SESSION: readonly Act[] = [
  on('npx fedimg plan sample/message.json'),
  on('npx fedimg plan', 'npx fedimg plan http://127.0.0.1:8000/my-image.raw.xz --arch x86_64'),
  on('npx fedimg doctor'),
  on('fedimg doctor'),
  on('fedimg status'),
  // An image under way, for the acts of an operator.
  on('fedimg publish', 'fedimg publish http://127.0.0.1:8000/my-image.raw.xz --arch x86_64'),
  on('fedimg pause ID --reason "…"', 'fedimg pause @latest --reason "a question"'),
  on('fedimg status ID -o json', 'fedimg status @latest -o json', 8),
  // It waits for no approval.
  on('fedimg approve ID', 'fedimg approve @latest', 1),
  on(
    'fedimg skip ID --region REGION --reason "…"',
    'fedimg skip @latest --region eu-west-1 --reason "a storm"',
  ),
  on('fedimg resume ID', 'fedimg resume @latest'),
  on(
    'fedimg publish … --watch',
    'fedimg publish http://127.0.0.1:8000/my-image.raw.xz --arch x86_64 --watch',
    3,
  ),
  on('fedimg retry ID --region REGION', 'fedimg retry @latest --region eu-west-1'),
  on('npx fedimg publish http://127.0.0.1:8000/my-image.raw.xz --arch x86_64 --watch'),
  on('npx fedimg compose signal sample/message.json --watch'),
  on('npx fedimg compose signal FILE', 'npx fedimg compose signal sample/message.json'),
  on('npx fedimg status @latest'),
  on('npx fedimg status ID', 'npx fedimg status @latest'),
  on('fedimg status ID', 'fedimg status @latest'),
  on('fedimg status ID --watch', 'fedimg status @latest --watch'),
  on('fedimg status --attention'),
  on('fedimg status --phase PHASE', 'fedimg status --phase publish'),
  on('npx fedimg retry ID', 'npx fedimg retry @latest'),
  on('fedimg retry ID', 'fedimg retry @latest'),
  on('fedimg cancel ID', 'fedimg cancel @latest'),
  // The configuration of `dev` names no log file.
  on('fedimg logs ID', 'fedimg logs @latest', 2),
  on('fedimg logs Fedora-Cloud-43-20251021.0', 'fedimg logs @latest', 2),
  on('npx fedimg amis -o json'),
  on('fedimg amis'),
  on('fedimg amis --from ec2'),
  on('fedimg amis --compose ID', 'fedimg amis --compose @latest'),
  on('npx fedimg amis --release 43 --arch x86_64 -o terraform'),
  // The sample compose has no label.
  on('npx fedimg amis -o fedora-websites --ga 43-1.6 --beta 44-1.2', undefined, 6),
  on('fedimg site DIR', 'fedimg site site'),
  on(
    'npx fedimg site /var/www/amis --base-url https://example.org/amis/',
    'npx fedimg site www --base-url https://example.org/amis/',
  ),
  on('npx fedimg sweep --dry-run'),
  on('fedimg sweep --dry-run'),
  on('fedimg sweep --dry-run --verbose'),
  on('fedimg sweep'),
  serves('npx fedimg dashboard', 'http://127.0.0.1', `npx fedimg dashboard --listen ${FREE}`),
  serves(
    'npx fedimg dashboard --acts token',
    'http://127.0.0.1',
    `npx fedimg dashboard --acts token --listen ${FREE}`,
  ),
  serves(
    'npx fedimg dashboard --acts header:X-Remote-User --public-url https://fedimg.example.org',
    'https://fedimg.example.org',
    `npx fedimg dashboard --acts header:X-Remote-User --public-url https://fedimg.example.org --listen ${FREE}`,
  ),
  serves(
    'fedimg worker --metrics 127.0.0.1:9464',
    'worker is ready',
    `fedimg worker --metrics ${FREE}`,
  ),
  serves(
    'fedimg simulator --port 8234 --state ./cloud --latency fast',
    'EC2 and SSM',
    'fedimg simulator --port 0 --state ./cloud --latency fast',
  ),
  serves('fedimg simulator --iam FILE', 'EC2 and SSM', `fedimg simulator --iam iam.json`),
  on('fedimg --version'),
  on('fedimg config check'),
  on('fedimg config show --changed'),
  on('fedimg config show'),
  on('fedimg config schema'),
  on(
    'fedimg completion bash >/usr/share/bash-completion/completions/fedimg',
    'fedimg completion bash > completion.bash',
  ),
  on(
    'fedimg completion zsh >/usr/local/share/zsh/site-functions/_fedimg',
    'fedimg completion zsh > completion.zsh',
  ),
  on(
    'fedimg completion fish >/usr/share/fish/vendor_completions.d/fedimg.fish',
    'fedimg completion fish > completion.fish',
  ),
  // No channel is set.
  on('fedimg notify test', undefined, 2),
  on(
    `curl -X PUT localhost:8234/_fedimg/settings -d '{"throttling": true, "regions": {"eu-west-1": {"imageBlockPublicAccess": "block-new-sharing"}}}'`,
    `curl -fsS -X PUT $AWS_ENDPOINT_URL/_fedimg/settings -d '{"throttling": true, "regions": {"eu-west-1": {"imageBlockPublicAccess": "block-new-sharing"}}}'`,
  ),
  on(
    `curl -X POST localhost:8234/_fedimg/faults -d '{"id": "lost", "action": "RegisterImage", "region": "us-east-1", "kind": "lost-answer", "occurrence": 2}'`,
    `curl -fsS -X POST $AWS_ENDPOINT_URL/_fedimg/faults -d '{"id": "lost", "action": "RegisterImage", "region": "us-east-1", "kind": "lost-answer", "occurrence": 2}'`,
  ),
  on('curl localhost:8234/_fedimg/faults/lost', 'curl -fsS $AWS_ENDPOINT_URL/_fedimg/faults/lost'),
  on(
    'curl -X DELETE localhost:8234/_fedimg/faults/lost',
    'curl -fsS -X DELETE $AWS_ENDPOINT_URL/_fedimg/faults/lost',
  ),
  on('aws sts get-caller-identity'),
  on('aws ec2 disable-image-block-public-access'),
  on('aws ec2 disable-snapshot-block-public-access'),
  on('aws ec2 disable-ebs-encryption-by-default'),
  on(
    'aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0E3CBAB9 --desired-value N --region R',
    'aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0E3CBAB9 --desired-value 2000000 --region us-east-1',
    // The account of `dev` has no limit, so there is no greater one.
    255,
  ),
  on(
    `temporal workflow list --query 'ExecutionStatus="Running" AND WorkflowType IN ("compose","publishImage","sweep")'`,
  ),
  on(
    `temporal workflow list --query '…'`,
    `temporal workflow list --query 'Attention IS NOT NULL'`,
  ),
  on(
    'temporal schedule toggle --schedule-id fedimg-sweep --pause --reason "…"',
    'temporal schedule toggle --schedule-id dev/fedimg-sweep --pause --reason "a look"',
  ),
];

/** Commands that no test runs as they stand, with the reason. */
export const EXCEPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^npm (?:ci|test)\b/, 'the installation, and the suite that this test belongs to'],
  [
    /^(?:npm run|FEDIMG_RECORD=1 npx mocha|npx mocha) /,
    'parts of the suite; their names are compared with package.json and the tree',
  ],
  [
    /^npx tsx scripts\//,
    'they write files of the tree or take minutes; their names are compared with the tree',
  ],
  [/^export (?:HTTPS|NO)_PROXY=/, 'test/proxy sets them in front of real proxies'],
  [
    /^(?:AWS_PROFILE=fedimg )?aws (?:configure|cloudformation|sts get)/,
    'getting-started.test.ts runs them with other values',
  ],
  [
    /^temporal (?:operator search-attribute create|server start-dev)/,
    'getting-started.test.ts runs them',
  ],
  [
    /^aws account enable-region$/,
    'the local cloud has no Account API; its setting optedInRegions enables a region',
  ],
  [/^aws sts (?:assume-role|decode-authorization-message)$/, 'test/simulator/iam calls both'],
  [/^fedora-messaging publish /, 'test/messaging runs the library against a real broker'],
  [/^(?:npx )?fedimg listen\b/, 'test/messaging/listener.test.ts runs it against a real broker'],
  [/^(?:npx )?fedimg config import /, 'test/commands/config-import.test.ts runs it'],
  [
    /^(?:npx )?fedimg (?:dev|sample|worker)$/,
    'the session runs beside the first two, and `dev` starts a worker',
  ],
  [
    /^fedimg (?:approve|compose signal(?: (?:FILE|message\.json))?|dashboard|logs|plan|retry|simulator|site|skip)$/,
    'the name of a command; the session runs it with its arguments',
  ],
  [/^(?:npx )?fedimg demo$/, 'test/local/stack.test.ts runs it'],
  [
    /^(?:npm install --global|npx --package|npm (?:pack|sbom|publish|version)\b|man |install -m |cd \/usr\/local\/)/,
    'the installation and the release: test/package and `npm run package:try` install the package elsewhere',
  ],
  [/^journalctl /, 'it needs a running systemd: `npm run units:try` boots one'],
  [/^promtool test rules /, 'test/telemetry/ops.test.ts runs it'],
  [/^systemctl /, 'it needs a running systemd'],
  [
    /^(?:\$EDITOR stack\/|git checkout v|docker compose |ops\/stack\/prepare\.sh$)/,
    'they need a Docker engine: test/stack reads docker-compose.yml and runs prepare.sh, and `npm run stack` runs the same parts without containers',
  ],
  [
    /^(?:export AWS_PROFILE=images-china|npx fedimg (?:doctor|worker) --config china\.toml|npx fedimg simulator --partition aws-cn)$/,
    'test/incidents/partitions.test.ts publishes in this partition',
  ],
  [/^aws ec2 modify-instance-metadata-options /, 'it is for the machine that the stack runs on'],
  [/^tcld /, 'it needs an account of Temporal Cloud'],
  [
    /^temporal (?:operator namespace update|workflow update-options) /,
    'the session shares its server and its runs with the other commands',
  ],
  [/^curl \\\| xz -dc > file$/, 'the name of what a benchmark compares with'],
  [/^terraform validate$/, 'it needs the provider from a registry'],
];
