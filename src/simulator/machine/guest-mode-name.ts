/** How a guest is fenced off from its host. */

/**
 * - `loop`: Linux namespaces, an overlay over the host's files, disks are real block devices (root only).
 * - `files`: the same, but disks are regular files under device names.
 * - `shims`: no namespaces; only the tools on the PATH and rewritten paths make the difference.
 *
 * All three keep accidents away from the host; they do not stop a hostile program. The network is the
 * host's in all of them, and no instance metadata service answers in it.
 */
export type GuestMode = 'loop' | 'files' | 'shims';
