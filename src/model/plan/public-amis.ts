/** The room for an image's AMIs in a region's quota of public AMIs. */

/** Numbers of AMIs in one region, as they were when the plan was made. */
export interface PublicAmis {
  readonly quota: number;
  /** Why `quota` is EC2's default and not the account's own value. */
  readonly assumed?: string;
  /** The account's public AMIs. */
  readonly there: number;
  /** AMIs of the compose's images that are planned before this one, as far as they are not public yet. */
  readonly ahead: number;
  /** AMIs of this image that are not public yet. */
  readonly needed: number;
}

/** The quota that the region needs for this image and for those before it. */
export function neededQuota({ there, ahead, needed }: PublicAmis): number {
  return there + ahead + needed;
}

export function hasRoom(count: PublicAmis): boolean {
  // More public AMIs than an assumed quota allows: the account's own quota is higher, and only AWS knows it.
  const isUnknown = count.assumed !== undefined && count.there > count.quota;
  return count.needed === 0 || isUnknown || neededQuota(count) <= count.quota;
}

/** `5 allowed, 4 public, 2 more needed` */
export function countText({ quota, assumed, there, ahead, needed }: PublicAmis): string {
  const allowed = `${quota} allowed${assumed === undefined ? '' : ' (assumed)'}`;
  const before = ahead === 0 ? '' : `, ${ahead} of the compose's other images come first`;
  return `${allowed}, ${there} public${before}, ${needed} more needed`;
}
