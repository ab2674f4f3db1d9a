/** A region's switches of the account, as the API or the settings have set them. */

import type { Cloud } from '../../cloud.js';
import type { RegionSettings } from '../../settings.js';
import type { AccountRecord } from '../../store/state.js';

/** EBS user guide, "Block public access for snapshots" and "Encryption by default": off until an account enables them. */
const untouched: Omit<AccountRecord, 'imageBlockPublicAccess'> = {
  ebsEncryptionByDefault: false,
  snapshotBlockPublicAccess: 'unblocked',
};

/** The region's switches: as the API has set them, else as the settings do, else as in a new account. */
export function accountOf(cloud: Cloud, region: string): AccountRecord {
  const set = settingsOf(cloud, region);
  const kept = cloud.accounts.get(region);
  const start: AccountRecord = {
    ebsEncryptionByDefault: set.ebsEncryptionByDefault ?? untouched.ebsEncryptionByDefault,
    imageBlockPublicAccess: set.imageBlockPublicAccess ?? cloud.settings.imageBlockPublicAccess,
    snapshotBlockPublicAccess: set.snapshotBlockPublicAccess ?? untouched.snapshotBlockPublicAccess,
  };
  return kept ?? start;
}

/**
 * The block on public images that is in force now, which Describe calls show, too. EC2 API reference,
 * EnableImageBlockPublicAccess and DisableImageBlockPublicAccess: a change "can take up to 10 minutes", and until
 * then the state is the earlier one.
 */
export function imageBlockOf(
  cloud: Cloud,
  region: string,
): AccountRecord['imageBlockPublicAccess'] {
  const { imageBlockPublicAccess, earlierImageBlock: earlier } = accountOf(cloud, region);
  const isLate = earlier !== undefined && earlier.until > cloud.clock.now();
  return isLate ? earlier.state : imageBlockPublicAccess;
}

export function settingsOf({ settings }: Cloud, region: string): RegionSettings {
  return { ...settings.regions['*'], ...settings.regions[region] };
}
