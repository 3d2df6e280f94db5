# Shared by the peer scripts; source it. RUN is where everything is written: logs, pids, configurations.
set -eu
PEERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RUN=${RUN:-/tmp/hashi-interop}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export RUN PATH
mkdir -p "$RUN"

die() { echo "ERROR: $*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "missing command $1 (Debian package $2)"; }
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
# Text that another shell will read.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
alive() { [ -e "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# spawn NAME COMMAND...: in the background, in a process group of its own, without the caller's descriptors
spawn() {
  local name=$1
  shift
  alive "$RUN/$name.pid" && die "$name already runs"
  (
    for fd in /proc/"$BASHPID"/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done 2>/dev/null
    exec setsid "$@" >"$RUN/$name.log" 2>&1 </dev/null
  ) &
  echo $! >"$RUN/$name.pid"
}

# reap NAME: stops what spawn started, by its process group only
reap() {
  local file=$RUN/$1.pid pid
  [ -f "$file" ] || return 0
  pid=$(cat "$file")
  kill -TERM -- "-$pid" 2>/dev/null || true
  for _ in $(seq 20); do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
  kill -KILL -- "-$pid" 2>/dev/null || true
  rm -f "$file"
}
