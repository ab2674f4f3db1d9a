/** A region's switches of the account, as the API or the settings have set them. */

import type { Cloud } from '../../cloud.js';
import type { RegionSettings } from '../../settings.js';
import type { AccountRecord } from '../../store/state.js';

const untouched: AccountRecord = {
  ebsEncryptionByDefault: false,
  imageBlockPublicAccess: 'unblocked',
  snapshotBlockPublicAccess: 'unblocked',
};

/** The region's switches: as the API has set them, else as the settings do, else as in a new account. */
export function accountOf(cloud: Cloud, region: string): AccountRecord {
  const set = settingsOf(cloud, region);
  const kept = cloud.accounts.get(region);
  const start: AccountRecord = {
    ebsEncryptionByDefault: set.ebsEncryptionByDefault ?? untouched.ebsEncryptionByDefault,
    imageBlockPublicAccess: set.imageBlockPublicAccess ?? untouched.imageBlockPublicAccess,
    snapshotBlockPublicAccess: set.snapshotBlockPublicAccess ?? untouched.snapshotBlockPublicAccess,
  };
  return kept ?? start;
}

export function settingsOf({ settings }: Cloud, region: string): RegionSettings {
  return { ...settings.regions['*'], ...settings.regions[region] };
}
