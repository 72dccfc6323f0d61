// Given to Node with --import: appends the name of every package that is loaded to a file.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env['LIST_MODULES_TO'];
registerHooks({
  load(url, context, next) {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name) appendFileSync(file, `${name}\n`);
    return next(url, context);
  },
});
