/** The smallest programs that BIOS and UEFI firmware accept, so that a sample image really boots. */

export type ImageArchitecture = 'x86_64' | 'aarch64';

/** The file name of the boot program that UEFI firmware looks for on removable and on new disks. */
export const efiFileNames: Readonly<Record<ImageArchitecture, string>> = {
  x86_64: 'BOOTX64.EFI',
  aarch64: 'BOOTAA64.EFI',
};

const machineCodes: Readonly<Record<ImageArchitecture, number>> = {
  x86_64: 0x8664,
  aarch64: 0xaa64,
};

/** Instructions of "return success". */
const returnZero: Readonly<Record<ImageArchitecture, readonly number[]>> = {
  // xor eax, eax; ret
  x86_64: [0x31, 0xc0, 0xc3],
  // mov x0, xzr; ret
  aarch64: [0xe0, 0x03, 0x1f, 0xaa, 0xc0, 0x03, 0x5f, 0xd6],
};

/** Boot code for the first sector: prints a line by BIOS calls and halts. At most 440 bytes. */
export function biosBootCode(): Buffer {
  const code = [
    0xfc, // cld
    ...[0x31, 0xc0], // xor ax, ax
    ...[0x8e, 0xd8], // mov ds, ax
    ...[0xbe, 0x16, 0x7c], // mov si, text
    0xac, // next: lodsb
    ...[0x84, 0xc0], // test al, al
    ...[0x74, 0x06], // jz halt
    ...[0xb4, 0x0e], // mov ah, 0x0e: print one character
    ...[0xcd, 0x10], // int 0x10
    ...[0xeb, 0xf5], // jmp next
    0xf4, // halt: hlt
    ...[0xeb, 0xfd], // jmp halt
  ];
  return Buffer.concat([Buffer.from(code), Buffer.from('fedimg sample disk\r\n\0', 'latin1')]);
}

/** A PE32+ program for UEFI: one section of code that returns at once. */
export function efiProgram(architecture: ImageArchitecture): Buffer {
  const headerOffset = 0x80;
  const optionalOffset = headerOffset + 24;
  const optionalBytes = 240;
  const sectionOffset = optionalOffset + optionalBytes;
  const fileAlignment = 0x200;
  const sectionAlignment = 0x1000;
  const code = Buffer.from(returnZero[architecture]);
  const image = Buffer.alloc(2 * fileAlignment);

  image.write('MZ', 0, 'latin1');
  image.writeUInt32LE(headerOffset, 0x3c);
  image.write('PE\0\0', headerOffset, 'latin1');
  image.writeUInt16LE(machineCodes[architecture], headerOffset + 4);
  image.writeUInt16LE(1, headerOffset + 6);
  image.writeUInt16LE(optionalBytes, headerOffset + 20);
  // Executable, no line numbers, large addresses.
  image.writeUInt16LE(0x0026, headerOffset + 22);

  image.writeUInt16LE(0x020b, optionalOffset);
  image.writeUInt32LE(fileAlignment, optionalOffset + 4);
  image.writeUInt32LE(sectionAlignment, optionalOffset + 16);
  image.writeUInt32LE(sectionAlignment, optionalOffset + 20);
  image.writeUInt32LE(sectionAlignment, optionalOffset + 32);
  image.writeUInt32LE(fileAlignment, optionalOffset + 36);
  image.writeUInt32LE(2 * sectionAlignment, optionalOffset + 56);
  image.writeUInt32LE(fileAlignment, optionalOffset + 60);
  // Subsystem 10: an EFI application.
  image.writeUInt16LE(10, optionalOffset + 68);
  image.writeUInt32LE(16, optionalOffset + 108);

  image.write('.text', sectionOffset, 'latin1');
  image.writeUInt32LE(code.length, sectionOffset + 8);
  image.writeUInt32LE(sectionAlignment, sectionOffset + 12);
  image.writeUInt32LE(fileAlignment, sectionOffset + 16);
  image.writeUInt32LE(fileAlignment, sectionOffset + 20);
  // Code, executable, readable.
  image.writeUInt32LE(0x60000020, sectionOffset + 36);
  code.copy(image, fileAlignment);
  return image;
}
