/** How a call is named, from what the SDK's middleware knows of it. */

export interface CallName {
  /** As the SDK names it: `EC2`, `SSM`, `Service Quotas`. */
  readonly service: string;
  /** `CopySnapshot` */
  readonly action: string;
}

export function callName(context: {
  readonly clientName?: string;
  readonly commandName?: string;
}): CallName {
  const { clientName = '', commandName = '' } = context;
  return {
    service: clientName.replace(/Client$/, ''),
    action: commandName.replace(/Command$/, ''),
  };
}
