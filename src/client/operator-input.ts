/** Who acts on a run and why, for commands: they do not know the contract with workflows. */

export type { OperatorInput } from '../contract.js';
