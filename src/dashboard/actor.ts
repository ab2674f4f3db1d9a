/** Who acts through the page. */

export interface Actor {
  /** The record of each act keeps it. */
  readonly by: string;
  /** Every form of this visitor carries it; another site cannot know it. */
  readonly csrf: string;
  /** False where a proxy says who the visitor is. */
  readonly canSignOut: boolean;
}
