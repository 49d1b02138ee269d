import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** Unpacks a zip file of less than 4 GB, as a VSIX is. @returns the paths of its files, below `folder` */
export function unpack(zip: string, folder: string): string[] {
  const bytes = readFileSync(zip);
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006'));
  const paths: string[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const method = bytes.readUInt16LE(at + 10);
    const size = bytes.readUInt32LE(at + 20);
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = bytes.readUInt32LE(at + 42);
    const path = bytes.toString('utf8', at + 46, at + 46 + name);
    at += 46 + name + extra + comment;
    if (path.endsWith('/')) continue;
    const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(data, data + size);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), method === 0 ? content : inflateRawSync(content));
    paths.push(path);
  }
  return paths;
}
