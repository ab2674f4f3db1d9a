/** Constraints of the members that several actions have (EBS direct APIs reference). */

export const snapshotId = { min: 1, max: 64, pattern: /^snap-[0-9a-f]+$/ };
export const checksum = { max: 64, pattern: /^[A-Za-z0-9+/=]+$/ };
export const token = { max: 256, pattern: /^[A-Za-z0-9+/=]+$/ };
export const checksumAlgorithm = { oneOf: ['SHA256'] };

/** StartSnapshot, ListSnapshotBlocks: BlockSize. */
export const blockBytes = 512 * 1024;

export function blocksOf({ sizeGiB }: { readonly sizeGiB: number }): number {
  return (sizeGiB * 1024 ** 3) / blockBytes;
}
