// Given to Node with --import: appends the name of every package that is loaded to a file, also of packages in the bundle
// of beat, and the paths of beat's own modules. The bundle names the file of each module in a comment.
import { appendFileSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const file = process.env['LIST_MODULES_TO'];
const PACKAGE = /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//;

registerHooks({
  load(url, context, next) {
    const paths = [url];
    if (/\/bundle\/(?!.*\/node_modules\/)/.test(url)) {
      const text = readFileSync(fileURLToPath(url), 'utf8');
      paths.push(...Array.from(text.matchAll(/^\/\/ ((?:node_modules|dist)\/.*)/gm), ([, path]) => path));
    }
    const names = paths.map((path) => PACKAGE.exec(path)?.[1] ?? path);
    appendFileSync(file, names.map((name) => `${name}\n`).join(''));
    return next(url, context);
  },
});
