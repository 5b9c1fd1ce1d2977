import { environmentName, type SettingRow, settingRows } from './settings.ts';

/** The text of `docs/reference/configuration.md`. */
export function renderReference(): string {
  return `${HEAD}\n${TABLE_HEAD}\n${settingRows.map(renderRow).join('\n')}\n\n${TAIL}`;
}

const HEAD = `# Configuration

<!-- Made from src/cli/config/settings.ts; renew with \`npx vitest run src/cli/config -u\`. -->

Every setting can be given as a flag, as an environment variable, or in a config file. When several are given, the
flag wins over the environment, the environment over the file, and the file over the default.
\`syncline config print --origin\` shows each value and where it came from.

## Settings
`;

const TABLE_HEAD = `| Flag and config key | Environment | Type | Default | Meaning |
| --- | --- | --- | --- | --- |`;

function renderRow({ key, setting, fileOf }: SettingRow): string {
  const isBoolean = setting.type.name === 'boolean';
  const flag = isBoolean && setting.fallback === true ? `--no-${key}` : `--${key}`;
  const shownKey = setting.isFileKey ? (isBoolean ? `\`${key}\`` : '') : 'flag and environment only';
  const cells = [
    [`\`${flag}\``, shownKey].filter((text) => text !== '').join('<br>'),
    `\`${environmentName(key)}\``,
    typeText({ key, setting, fileOf }),
    defaultText(setting),
    isBoolean && setting.fallback === true ? (setting.negativeDoc ?? setting.doc) : setting.doc,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeText({ setting }: SettingRow): string {
  const { name } = setting.type;
  const type = setting.isList ? `list of ${name}` : name;
  return setting.isSecret ? `${type}, secret` : type;
}

function defaultText({ fallback, fallbackText, type }: SettingRow['setting']): string {
  if (fallbackText !== null) return fallbackText.startsWith('.') ? `\`${fallbackText}\`` : fallbackText;
  return fallback === null ? 'none' : `\`${type.format(fallback)}\``;
}

const TAIL = `A boolean \`x\` is switched with \`--x\` and \`--no-x\`. Durations are written \`500ms\`, \`5s\`, \`2m\`, \`2h\`, \`1d\`; sizes
\`512KiB\`, \`64MiB\`, \`2GB\`. A list is given by repeating the flag, by commas in an environment variable, or as a list in
a file. An empty environment variable counts as unset, and an unknown name that begins with \`SYNCLINE_\` is warned about.
Paths are relative to the working directory. Secrets are shown as \`***\` wherever settings are shown, and so are user,
password and query of a source's URL.

## Config files

\`--config FILE\` names one; it ends in \`.yaml\`, \`.yml\`, \`.toml\` or \`.json\`. Without it \`syncline.yaml\` in the working
directory is read, else \`syncline/syncline.yaml\` in the XDG config folder (\`$XDG_CONFIG_HOME\`, or \`~/.config\`). Keys are
the flags' names, nested at their dots or written in full. An unknown key is an error.

\`\`\`yaml
network: starknet-mainnet
data-dir: /var/lib/syncline
source:
  - https://feeder.alpha-mainnet.starknet.io/feeder_gateway
gateway:
  key-file: /run/secrets/gateway-key
http.addr: 127.0.0.1:9545
sync:
  window-bytes: 256MiB
\`\`\`

## A network of your own

\`--network FILE\` (\`.yaml\`, \`.yml\`, \`.toml\` or \`.json\`) describes one. \`family\` says which chain it is (otherwise the part of
\`name\` before the first dash); the other keys are the family's. Of the keys below only \`name\` is needed; the rest shows
what holds when a key is left out.

\`\`\`yaml
family: starknet
name: starknet-private
chainIds: [SN_DEVNET]      # a text of at most 31 characters
gatewayUrls: []            # used when no --source is given
publicKey: null            # of the sequencer; without it signatures are not verified
l1ChainId: null            # of the Ethereum chain that it settles on
coreContract: null         # its contract there, 0x and 40 digits; both are needed for --l1.url
genesisHash: null          # hash of block 0; without it the first source to answer decides
\`\`\`
`;
