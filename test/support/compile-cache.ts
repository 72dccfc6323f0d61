import { Folder } from './folder.ts';

/**
 * A global set-up that has the processes of a run share compiled code: tests start beat hundreds of times, and a
 * sixth of a start is compiling.
 */
export default function setUp(): () => void {
  const folder = new Folder();
  process.env['NODE_COMPILE_CACHE'] = folder.path;
  return () => folder[Symbol.dispose]();
}
