import { statSync } from 'node:fs';

/** Whether there is a folder of this name that can be looked at. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
