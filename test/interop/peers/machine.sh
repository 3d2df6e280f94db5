#!/bin/bash
# Boots a peer machine with a kernel of its own (user-mode Linux: L2TP, PPP, PPPoE and ESP in the kernel).
#   machine.sh start NAME NETNS TAP BRIDGE ADDRESS/LENGTH    its eth0 is TAP in NETNS, put into BRIDGE
#   machine.sh exec NAME [-t SECONDS] ['shell text']         text from standard input when absent; output and exit code come through
#   machine.sh stop NAME | log NAME
# The machine's root is this host's root, read-only under a memory overlay: every program installed here runs there.
# PEER_WORDS: more words for its kernel (a serial line: ssl0=tty:/dev/pts/N is its /dev/ttyS0).
# Packages: user-mode-linux kmod iproute2 ethtool busybox-static procps psmisc
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
command=$1 name=$2
shift 2
DIR=$RUN/$name SPOOL=$RUN/$name/spool
case $command in
start)
  [ $# -ge 4 ] || usage
  netns=$1 tap=$2 bridge=$3 address=$4
  need linux.uml user-mode-linux
  alive "$DIR/pid" && die "$name is already running"
  rm -rf "$DIR"
  mkdir -p "$SPOOL/q"
  ip -n "$netns" tuntap add dev "$tap" mode tap
  ip -n "$netns" link set "$tap" master "$bridge" up
  echo "$netns $tap" >"$DIR/tap"
  mac=$(printf '02:00:%02x:%02x:%02x:01' $((RANDOM & 255)) $((RANDOM & 255)) $((RANDOM & 255)))
  # Generic receive offload stays off: with it plain TCP through such a machine crawls.
  cat >"$SPOOL/setup" <<X
ip link set vec0 name eth0; ip link set eth0 up; ethtool -K eth0 gro off >/dev/null 2>&1
ip addr add $address dev eth0
X
  # TMPDIR must be mounted exec: the machine maps its memory from a file there.
  export TMPDIR=/dev/shm
  (
    for fd in /proc/"$BASHPID"/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done 2>/dev/null
    exec setsid ip netns exec "$netns" linux.uml mem=192M root=/dev/root rootfstype=hostfs rootflags=/ ro \
      init="$PEERS/guest.sh" con=null con0=null,fd:1 ssl=null ${PEER_WORDS:-} "umid=$name" "uml_dir=$DIR/" quiet loglevel=4 \
      "vec0:transport=tap,ifname=$tap,depth=64,mac=$mac" "peer_init=$PEERS/guest.sh" "peer_dir=$SPOOL" "peer_name=$name" >"$DIR/console" 2>&1 </dev/null
  ) &
  echo $! >"$DIR/pid"
  for _ in $(seq 1200); do
    [ -e "$SPOOL/ready" ] && exit 0
    alive "$DIR/pid" || { tail -5 "$DIR/console" >&2; die "$name died while it booted"; }
    sleep 0.05
  done
  tail -5 "$DIR/console" >&2
  kill -KILL -- "-$(cat "$DIR/pid")"
  die "$name did not come up" ;;
exec)
  limit=60
  [ "${1:-}" != -t ] || { limit=$2; shift 2; }
  alive "$DIR/pid" || die "$name is not running"
  text=${1-}
  [ $# -gt 0 ] || text=$(cat)
  exec 9>"$DIR/lock"
  flock 9
  n=$(($(cat "$DIR/n" 2>/dev/null || echo 0) + 1))
  echo $n >"$DIR/n"
  printf '%s\n' "$text" >"$SPOOL/q/.$n"
  mv "$SPOOL/q/.$n" "$SPOOL/q/$n.cmd"
  flock -u 9
  end=$(($(date +%s) + limit))
  until [ -e "$SPOOL/q/$n.rc" ]; do
    [ "$(date +%s)" -le $end ] || die "$name: still running after $limit s: ${text:0:80}"
    alive "$DIR/pid" || die "$name died"
    sleep 0.03
  done
  cat "$SPOOL/q/$n.out"
  cat "$SPOOL/q/$n.err" >&2
  exit "$(cat "$SPOOL/q/$n.rc")" ;;
stop)
  [ -e "$DIR/pid" ] || exit 0
  pid=$(cat "$DIR/pid")
  : >"$SPOOL/stop"
  for _ in $(seq 60); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  kill -KILL -- "-$pid" 2>/dev/null || true
  read -r netns tap <"$DIR/tap"
  ip -n "$netns" link del "$tap" 2>/dev/null || true
  rm -f "$DIR/pid" ;;
log) cat "$DIR/console" ;;
*) usage ;;
esac
