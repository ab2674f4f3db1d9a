/** Permissions for everyone or for accounts, as images and snapshots both have them. */

import { invalidCombination, invalidValue, missingParameter } from '../../errors.js';
import { list, oneOf, structure, text } from '../../input.js';
import type { SharingPermissions } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';

/** EC2 can share images with organizations; this cloud refuses every organization as unknown. */
export const sharingInput = list(
  structure({
    Group: oneOf('all'),
    UserId: text,
    OrganizationArn: text,
    OrganizationalUnitArn: text,
  }),
);
type SharingItems = ReturnType<typeof sharingInput>;

export interface SharingChange {
  readonly addsEveryone: boolean;
  readonly removesEveryone: boolean;
  readonly addedAccounts: readonly string[];
  readonly removedAccounts: readonly string[];
}

interface SharingRequest {
  readonly structured: { readonly Add: SharingItems; readonly Remove: SharingItems } | undefined;
  readonly groups: readonly string[];
  readonly users: readonly string[];
  readonly operation: 'add' | 'remove' | undefined;
  /** The attribute's name, for errors. */
  readonly name: string;
}

/** Either the structured parameter or the older flat ones, not both (ModifyImageAttribute: OperationType). */
export function readSharing(request: SharingRequest): SharingChange {
  const flat = request.groups.length > 0 || request.users.length > 0;
  if (flat && request.structured !== undefined) {
    throw invalidCombination(`${request.name} cannot be given with UserGroup or UserId.`);
  }
  if (!flat && request.structured === undefined) throw missingParameter(request.name);
  if (flat && request.operation === undefined) throw missingParameter('operationType');
  const isRemoval = request.operation === 'remove';
  for (const group of request.groups) {
    if (group !== 'all') throw invalidValue(`Value (${group}) for parameter userGroup is invalid.`);
  }
  const flatItems: SharingItems = [
    ...request.groups.map(() => ({ Group: 'all' as const })),
    ...request.users.map((UserId) => ({ UserId })),
  ].map((item) => ({
    Group: undefined,
    UserId: undefined,
    OrganizationArn: undefined,
    OrganizationalUnitArn: undefined,
    ...item,
  }));
  const added = request.structured?.Add ?? (isRemoval ? [] : flatItems);
  const removed = request.structured?.Remove ?? (isRemoval ? flatItems : []);
  if (added.length + removed.length === 0) throw missingParameter(request.name);
  return {
    addsEveryone: added.some((item) => item.Group === 'all'),
    removesEveryone: removed.some((item) => item.Group === 'all'),
    addedAccounts: accountsOf(added),
    removedAccounts: accountsOf(removed),
  };
}

function accountsOf(items: SharingItems): string[] {
  return items.flatMap((item) => {
    const organization = item.OrganizationArn ?? item.OrganizationalUnitArn;
    if (organization !== undefined) {
      throw invalidValue(`Value (${organization}) is invalid: the organization does not exist.`);
    }
    if (item.UserId === undefined) return [];
    const account = item.UserId.replaceAll('-', '');
    if (!/^\d{12}$/.test(account)) {
      throw invalidValue(
        `Value (${item.UserId}) for parameter userId is invalid. Must be an AWS account ID.`,
      );
    }
    return [account];
  });
}

export function applySharing(
  permissions: SharingPermissions,
  change: SharingChange,
): SharingPermissions {
  const accounts = new Set([...permissions.accounts, ...change.addedAccounts]);
  for (const account of change.removedAccounts) accounts.delete(account);
  return {
    everyone: (permissions.everyone || change.addsEveryone) && !change.removesEveryone,
    accounts: [...accounts],
  };
}

export function sharingXml(permissions: SharingPermissions): XmlFields[] {
  return [
    ...(permissions.everyone ? [{ group: 'all' }] : []),
    ...permissions.accounts.map((userId) => ({ userId })),
  ];
}
