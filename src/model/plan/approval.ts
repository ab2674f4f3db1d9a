/** Where an image waits for a person before it goes on. */
export const APPROVALS = ['none', 'before-copy', 'before-publish'] as const;
export type Approval = (typeof APPROVALS)[number];
