/** The instance types that exist here and what they can run. */

import { paravirtualKernels } from '../../regions.js';
import type { Architecture, VirtualizationType } from '../../store/state.js';

export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architectures: readonly Architecture[];
  readonly virtualizationTypes: readonly VirtualizationType[];
  /** Nitro types boot UEFI too, require ENA, and show the latest console output. */
  readonly nitro: boolean;
  readonly ena: 'required' | 'supported' | 'unsupported';
  readonly currentGeneration: boolean;
  readonly burstable: boolean;
}

type Row = readonly [name: string, vcpus: number, memoryGiB: number];

function nitro(
  architecture: Architecture,
  burstable: boolean,
  rows: readonly Row[],
): InstanceType[] {
  return rows.map(([name, vcpus, memoryGiB]) => ({
    name,
    vcpus,
    memoryMiB: memoryGiB * 1024,
    architectures: [architecture],
    virtualizationTypes: ['hvm'],
    nitro: true,
    ena: 'required',
    currentGeneration: true,
    burstable,
  }));
}

function xen(
  virtualizationTypes: readonly VirtualizationType[],
  ena: InstanceType['ena'],
  rows: readonly (readonly [...Row, current: boolean])[],
): InstanceType[] {
  return rows.map(([name, vcpus, memoryGiB, currentGeneration]) => ({
    name,
    vcpus,
    memoryMiB: Math.round(memoryGiB * 1024),
    architectures: ['i386', 'x86_64'],
    virtualizationTypes,
    nitro: false,
    ena,
    currentGeneration,
    burstable: name.startsWith('t2.'),
  }));
}

/** Amazon EC2 Instance Types guide; PV runs on C1, C3, M1, M2, M3 and T1 only (EC2 user guide, "AMI types"). */
const catalog: ReadonlyMap<string, InstanceType> = new Map(
  [
    ...nitro('x86_64', true, [
      ['t3.nano', 2, 0.5],
      ['t3.micro', 2, 1],
      ['t3.small', 2, 2],
      ['t3.medium', 2, 4],
      ['t3.large', 2, 8],
      ['t3.xlarge', 4, 16],
      ['t3a.micro', 2, 1],
      ['t3a.small', 2, 2],
      ['t3a.medium', 2, 4],
    ]),
    ...nitro('arm64', true, [
      ['t4g.nano', 2, 0.5],
      ['t4g.micro', 2, 1],
      ['t4g.small', 2, 2],
      ['t4g.medium', 2, 4],
      ['t4g.large', 2, 8],
    ]),
    ...nitro('x86_64', false, [
      ['m5.large', 2, 8],
      ['m5.xlarge', 4, 16],
      ['m6i.large', 2, 8],
      ['m6i.xlarge', 4, 16],
      ['m7i.large', 2, 8],
      ['c5.large', 2, 4],
      ['c5.xlarge', 4, 8],
      ['c6i.large', 2, 4],
    ]),
    ...nitro('arm64', false, [
      ['m6g.medium', 1, 4],
      ['m6g.large', 2, 8],
      ['m7g.medium', 1, 4],
      ['m7g.large', 2, 8],
      ['c6g.medium', 1, 2],
      ['c6g.large', 2, 4],
    ]),
    ...xen(['hvm'], 'unsupported', [
      ['t2.nano', 1, 0.5, true],
      ['t2.micro', 1, 1, true],
      ['t2.small', 1, 2, true],
      ['t2.medium', 2, 4, true],
    ]),
    ...xen(['hvm'], 'supported', [['m4.large', 2, 8, true]]),
    ...xen(['hvm', 'paravirtual'], 'unsupported', [
      ['c3.large', 2, 3.75, false],
      ['m3.medium', 1, 3.75, false],
    ]),
    ...xen(['paravirtual'], 'unsupported', [
      ['t1.micro', 1, 0.6123, false],
      ['m1.small', 1, 1.7, false],
    ]),
  ].map((type) => [type.name, type]),
);

/** The types that the region offers: those that can run PV exist only where PV does. */
export function typesIn(region: string): InstanceType[] {
  return [...catalog.values()].filter((type) => isOffered(type, region));
}

export function typeIn(region: string, name: string): InstanceType | undefined {
  const type = catalog.get(name);
  return type !== undefined && isOffered(type, region) ? type : undefined;
}

/** Whether any region has it; a known type that is not offered here is `Unsupported`, not invalid. */
export function isKnownType(name: string): boolean {
  return catalog.has(name);
}

export function typeOf(name: string): InstanceType | undefined {
  return catalog.get(name);
}

function isOffered(type: InstanceType, region: string): boolean {
  return !type.virtualizationTypes.includes('paravirtual') || paravirtualKernels.has(region);
}
