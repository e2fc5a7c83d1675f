import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { unitFunction } from '#activities/engines/service.ts';

/** On a host where every process runs in agent.service; `systemctl` is what systemd answers about its main process. */
function runOnHost(systemctl: string, script: string): string {
  const { stdout, stderr, status } = spawnSync('bash', ['-euo', 'pipefail', '-s'], {
    input: `${unitFunction}
sed() { case "$*" in *cgroup) command sed "$1" "$2" <<<0::/system.slice/agent.service ;; *) command sed "$@" ;; esac; }
systemctl() { ${systemctl}; }
${script}`,
  });
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  return stdout.toString().trim();
}

describe('the unit of a server', () => {
  const child = 'sleep 60 & unit_of $!; kill $!';

  it('is the one whose main process it is', () => {
    expect(runOnHost('echo $$', 'unit_of $$')).toBe('agent.service');
  });

  it('is the one whose main process is the safe script around it', () => {
    expect(runOnHost('echo $$', `printf mysqld_safe >/proc/$$/comm; ${child}`)).toBe('agent.service');
  });

  it("is not the one of an agent that started it, be it the agent's child", () => {
    expect(runOnHost('echo $$', child)).toBe('');
    expect(runOnHost('echo 1', 'unit_of $$')).toBe('');
  });

  it.each(['echo 0', 'true', 'false'])('is none where systemd tells of no main process (%s)', (systemctl) => {
    expect(runOnHost(systemctl, 'unit_of $$')).toBe('');
  });
});
