import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addAccountCommands } from './account.ts';
import { addBackupCommands } from './backups.ts';
import { addDatabaseCommands } from './databases.ts';
import { CommandError, exitCodes } from './failures.ts';
import { addExamples } from './help.ts';
import type { Invocation } from './invocation.ts';
import { writeError } from './output.ts';
import { addPolicyCommands } from './policies.ts';
import { addRestoreCommands } from './restores.ts';
import { addTaskCommands } from './tasks.ts';

const surroundingsHelp = `
Environment:
  TIDEMARK_URL, TIDEMARK_TOKEN  where the API is, and a token of it; they go before what login kept
  XDG_CONFIG_HOME               login keeps both in its folder tidemark/ (default ~/.config)
  NODE_EXTRA_CA_CERTS           a PEM file of the authority that signed the API's certificate, if it is a private one
  NO_COLOR                      plain text

Exit codes: 0 good, 1 the task or the request failed, 2 wrong use, 3 the API cannot be reached and nothing was begun,
4 it may have begun, or goes on: see tidemark tasks before asking again.
Databases and policies are given by name or id. Times are UTC.`;

/** Runs one command, and returns the exit code. */
export async function runCommand(args: readonly string[], invocation: Invocation): Promise<number> {
  try {
    await createProgram(invocation).parseAsync(args, { from: 'user' });
    return exitCodes.good;
  } catch (error) {
    // what commander refuses it has told already; help and version are no failure
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.good : exitCodes.wrongUse;
    const failure = error instanceof CommandError ? error : new CommandError('failed', (error as Error).message);
    writeError(invocation.terminal.errors, failure);
    return exitCodes[failure.ending];
  }
}

function createProgram(invocation: Invocation): Command {
  const { output, errors } = invocation.terminal;
  const program = new Command('tidemark')
    .description('Tidemark: backs up databases by policy and brings them back to any second.')
    .version(packageJson.version)
    // else a list would take the options of its `show` for its own
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('Run it with --help for what it takes, and examples.')
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'tidemark: ')),
    });
  for (const add of [addAccountCommands, addDatabaseCommands, addPolicyCommands, addBackupCommands, addRestoreCommands, addTaskCommands])
    add(program, invocation);
  addExamples(program, ['tidemark databases', 'tidemark backup orders-db --watch', 'tidemark tasks --status failed --json']);
  return program.addHelpText('after', surroundingsHelp);
}
