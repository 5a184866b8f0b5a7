// Writes what follows from the tables of configuration keys: the files in etc/ and the tables in docs/configuration.md.
// With --check it writes nothing and fails if any of them is not current. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { formatEntry } from '../dist/config/conf-file.js';
import { features } from '../dist/config/features.js';
import { asksForNothing, isPattern, sampleName } from '../dist/config/key.js';
import { confFiles } from '../dist/config/known-keys.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const width = 100;

const isBuilt = (key) => key.feature === undefined || features[key.feature];
const isHarmless = (key) => isBuilt(key) || asksForNothing(key, key.fallback);
const isSet = (key) => !isPattern(key.name) && key.fallback !== '' && isHarmless(key);
const exampleOf = (key) => formatEntry(sampleName(key.name), key.example ?? key.fallback);

function note(key) {
  if (isBuilt(key)) return '';
  return isSet(key) ? ` Only ${key.fallback} is supported yet.` : ' Not supported yet.';
}

function wrap(text) {
  const lines = [];
  let line = '##';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = '##';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function keyBlock(key) {
  const comment = [
    ...wrap(key.summary + note(key)),
    '##',
    ...wrap(`Value: ${key.type.allowed}`),
    ...(isPattern(key.name) ? [] : wrap(`Default: ${key.fallback === '' ? 'none' : key.fallback}`)),
  ];
  if (isSet(key) && key.example !== undefined) comment.push(...wrap(`Example: ${exampleOf(key)}`));
  return [...comment, isSet(key) ? formatEntry(key.name, key.fallback) : `# ${exampleOf(key)}`, ''];
}

const shown = (file) =>
  file.sections
    .map(({ title, keys }) => ({ title, keys: Object.values(keys).filter((key) => key.retired === undefined) }))
    .filter(({ keys }) => keys.length > 0);

function confText(file) {
  const rule = `##${'-'.repeat(width - 2)}`;
  return [
    `## ${file.title}`,
    '##',
    '## Lines are comments (#) or key = value; docs/configuration.md tells more. A line with a single # is',
    '## a setting that is not in force: take the # away to use it.',
    '',
    ...shown(file).flatMap(({ title, keys }) => [rule, `## ${title}`, rule, '', ...keys.flatMap(keyBlock)]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (text) => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);

/** A table as the formatter leaves it: every column as wide as its widest cell. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  const rule = line(widths.map((size) => '-'.repeat(size)));
  return [line(rows[0]), rule, ...rows.slice(1).map(line)];
}

function tables(file) {
  return file.sections
    .flatMap(({ title, keys }) => [
      `### ${title}`,
      '',
      ...table([['Key', 'Value', 'Default', 'What it does'], ...Object.values(keys).map(keyRow)]),
      '',
    ])
    .join('\n');
}

const keyRow = (key) => [
  code(key.name),
  cell(key.type.allowed),
  code(isPattern(key.name) ? '' : key.fallback),
  cell(key.summary + (key.retired === undefined ? note(key) : ` No effect: ${key.retired}.`)),
];

function docsText(before) {
  let text = before;
  for (const file of confFiles) {
    const [start, end] = [`<!-- keys of ${file.name} -->`, `<!-- end of ${file.name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/configuration.md has no place for ${file.name}`);
    text = `${text.slice(0, from + start.length)}\n\n${tables(file)}\n${text.slice(to)}`;
  }
  return text;
}

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
const docs = join(root, 'docs', 'configuration.md');
const wanted = [
  ...confFiles.map((file) => [join(root, 'etc', file.name), confText(file)]),
  [docs, docsText(read(docs))],
];
const stale = wanted.filter(([path, text]) => read(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) process.stderr.write(`${path} is not current: run node scripts/config-docs.mjs\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) writeFileSync(path, text);
}
