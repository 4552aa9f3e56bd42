// A ZIP archive as programs write it that do not know a file's size before: sizes follow each file. It knows no files.
import { crc32, deflateRawSync } from 'node:zlib';

export function zip(files: readonly { name: string; text: string }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text } of files) {
    const content = Buffer.from(text);
    const packed = deflateRawSync(content);
    const nameBytes = Buffer.from(name);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(content), 0);
    sizes.writeUInt32LE(packed.length, 4);
    sizes.writeUInt32LE(content.length, 8);
    /** Version, flags (sizes follow), method (deflate), time and date. */
    const common = Buffer.from([20, 0, 8, 0, 8, 0, 0, 0, 0x21, 0]);
    const nameLength = Buffer.from([nameBytes.length, 0, 0, 0]);
    const local = Buffer.concat([
      Buffer.from('PK\u0003\u0004', 'latin1'),
      common,
      Buffer.alloc(12),
      nameLength,
      nameBytes,
      packed,
      Buffer.from('PK\u0007\u0008', 'latin1'),
      sizes,
    ]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    directory.push(
      Buffer.from('PK\u0001\u0002', 'latin1'),
      Buffer.from([20, 0]),
      common,
      sizes,
      nameLength,
      entry,
      nameBytes,
    );
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\u0005\u0006', 'latin1'), end]);
}
