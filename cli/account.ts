import type { Command } from 'commander';
import type { User } from './answers.ts';
import { ask, type Client } from './client.ts';
import { findClient, forgetClient, keepClient, parseUrl, requireToken } from './credentials.ts';
import { addExamples, jsonFlag } from './help.ts';
import type { Invocation } from './invocation.ts';
import { writeFacts, writeJson, writeLine } from './output.ts';
import { askLine } from './prompt.ts';

export function addAccountCommands(program: Command, invocation: Invocation): void {
  const loginCommand = program
    .command('login')
    .description('keep an address and a token for the commands that follow; the token is asked for, or read from a pipe')
    .requiredOption('--url <url>', 'where the API is', invocation.surroundings.url)
    .action((options: { url: string }) => login(invocation, options.url));
  addExamples(loginCommand, [
    'tidemark login --url https://tidemark.example.com',
    'tidemark login --url http://127.0.0.1:8700 < token.txt',
  ]);

  const logoutCommand = program
    .command('logout')
    .description('forget what login kept; the token itself stays valid until it is revoked or expires')
    .action(() => forgetClient(invocation.surroundings));
  addExamples(logoutCommand, ['tidemark logout']);

  const who = program
    .command('whoami')
    .description('show whose token is used, and where')
    .option(...jsonFlag)
    .action((options: { json?: true }) => whoAmI(invocation, options));
  addExamples(who, ['tidemark whoami', 'tidemark whoami --json']);
}

async function login({ terminal, surroundings }: Invocation, given: string): Promise<void> {
  const url = parseUrl(given);
  if (url.startsWith('http:') && !isOwnMachine(url)) writeLine(terminal.errors, `${url} is not HTTPS: the token can be read on its way.`);
  const token = requireToken((await askLine(terminal, 'Token: ', { isSecret: true }))?.trim() ?? '');
  const client = { url, token };
  const user = await askWho(client);
  const file = await keepClient(surroundings, client);
  writeLine(terminal.output, `Signed in as ${user.email}; kept in ${file}`);
}

async function whoAmI({ terminal, surroundings }: Invocation, { json }: { json?: true }): Promise<void> {
  const client = await findClient(surroundings);
  const user = await askWho(client);
  if (json === true) return writeJson(terminal.output, user);
  writeFacts(terminal.output, [
    ['e-mail', user.email],
    ['name', user.name],
    ['role', user.role],
    ['api', client.url],
  ]);
}

async function askWho(client: Client): Promise<User> {
  return ask(client, 'GET', '/me');
}

function isOwnMachine(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}
