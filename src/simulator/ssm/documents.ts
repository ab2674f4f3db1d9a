/** DescribeDocument, for the only document that exists here. */

import { checkDocument, runShellScript } from './run-shell-script.js';
import type { SsmCall } from './ssm-call.js';

export function describeDocument({ members }: SsmCall): unknown {
  const name = members.requiredText('Name', { pattern: /^[a-zA-Z0-9_\-.:/]{3,128}$/ });
  const version = members.text('DocumentVersion', {
    pattern: /^(?:\$LATEST|\$DEFAULT|[1-9][0-9]*)$/,
  });
  members.check();
  checkDocument(name, version);
  return {
    Document: {
      Name: runShellScript.name,
      Owner: 'Amazon',
      Status: 'Active',
      DocumentVersion: runShellScript.version,
      LatestVersion: runShellScript.version,
      DefaultVersion: runShellScript.version,
      Description: 'Run a shell script or specify the commands to run.',
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      SchemaVersion: '1.2',
      PlatformTypes: ['Linux', 'MacOS'],
      Tags: [],
      Parameters: [
        {
          Name: 'commands',
          Type: 'StringList',
          Description: '(Required) Specify a shell script or a command to run.',
        },
        {
          Name: 'workingDirectory',
          Type: 'String',
          Description: '(Optional) The path to the working directory on your instance.',
          DefaultValue: '',
        },
        {
          Name: 'executionTimeout',
          Type: 'String',
          Description:
            '(Optional) The time in seconds for a command to complete before it is considered to have failed.',
          DefaultValue: '3600',
        },
      ],
    },
  };
}
