import { sh } from '#activities/hosts/script.ts';
import type { Service } from '../service.ts';
import type { Server } from './server.ts';

/** Debian's pg_ctlcluster comes first (it asks systemd where that runs), then the systemd unit that the server was seen in, then pg_ctl. */
export function serviceOf(server: Server): Service {
  return {
    dataDirectory: server.dataDirectory,
    waysToStart: 'no cluster of pg_lsclusters, no systemd unit, no postgresql.conf in it',
    functions: functionsOf(server),
  };
}

function functionsOf(server: Server): string {
  return sh`data=${server.dataDirectory} bin=${server.binDirectory} owner=${server.owner} unit=${server.unit}
cluster() {
  command -v pg_lsclusters >/dev/null || return 0
  local version name port status user rest
  pg_lsclusters -h | while read -r version name port status user rest; do
    rest=\${rest% *} # without the log file, and without the blanks that align the columns
    while [ "\${rest% }" != "$rest" ]; do rest=\${rest% }; done
    [ "$(realpath -m -- "$rest")" != "$data" ] || echo "$version $name"
  done
}
as_owner() { (cd / && runuser -u "$owner" -- "$@"); }
control() {
  local of; of=$(cluster)
  cd /
  if [ -n "$of" ]; then
    case "$1" in stop) pg_ctlcluster $of stop -m fast -- -t 3600 ;; start) pg_ctlcluster $of start ;; esac
  elif [ -n "$unit" ] && [ -d /run/systemd/system ]; then
    systemctl "$1" "$unit"
  else
    case "$1" in stop) as_owner "$bin/pg_ctl" -D "$data" -w -t 3600 -m fast stop ;; start) as_owner "$bin/pg_ctl" -D "$data" -w -t 240 -l "$data/startup.log" start ;; esac
  fi
}
can_be_started() { [ -n "$(cluster)" ] || { [ -n "$unit" ] && [ -d /run/systemd/system ]; } || [ -f "$data/postgresql.conf" ]; }
is_running() {
  local pid; pid=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(as_owner readlink "/proc/$pid/cwd")" = "$data" ]
}
`;
}
