#!/bin/bash
# l2tpns as LNS in a namespace, with a FreeRADIUS of its own beside it on loopback.
#   l2tpns.sh start NETNS ADDRESS SECRET USER PASSWORD    SECRET '' = no tunnel authentication; gives out 10.64.0.0/16, itself 10.63.0.1
#                                                         PPPOE_IF=DEVICE in the environment: a PPPoE server on it too, named l2tpns
#                                                         FORWARD='MASK ADDRESS PORT SECRET': callers whose name contains MASK go to that LNS
#   l2tpns.sh cli NETNS 'show session' | log NETNS | stop NETNS
# Packages: l2tpns freeradius
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
command=$1 netns=$2
D=$RUN/l2tpns-$netns
bound() { for _ in $(seq 200); do ip netns exec "$netns" ss -Hlun "sport = :$1" | grep -q . && return 0; sleep 0.05; done; return 1; }
radius() {
  local R=$RUN/radius-$netns
  rm -rf "$R"
  mkdir -p "$R/log"
  printf '%s\tCleartext-Password := "%s"\n\tService-Type = Framed-User,\n\tFramed-Protocol = PPP\n' "$1" "$2" >"$R/users"
  cat >"$R/radiusd.conf" <<X
prefix = /usr
libdir = /usr/lib/freeradius
logdir = $R/log
raddbdir = $R
run_dir = $R
db_dir = $R
pidfile = $R/radiusd.pid
max_request_time = 30
cleanup_delay = 0
max_requests = 4096
hostname_lookups = no
proxy_requests = no
log {
  destination = stdout
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = no
}
thread pool {
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
  max_requests_per_server = 0
}
client local {
  ipaddr = 127.0.0.1
  secret = radiussecret
}
modules {
  files {
    usersfile = $R/users
    key = "%{User-Name}"
  }
  pap {
  }
  chap {
  }
  always ok {
    rcode = ok
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }
  authorize {
    chap
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
  }
  post-auth {
    ok
  }
}
X
  spawn "radius-$netns" ip netns exec "$netns" freeradius -f -l stdout -d "$R" -n radiusd
  bound 1812 || { cat "$RUN/radius-$netns.log"; die "freeradius did not start"; }
}
case $command in
start)
  [ $# -ge 6 ] || usage
  need l2tpns l2tpns
  need freeradius freeradius
  mkdir -p "$D"
  radius "$5" "$6"
  # It ignores SCCRQ until it has elected itself master: the heartbeat times are tenths of a second.
  cat >"$D/startup-config" <<X
set debug 2
set pid_file "$D/l2tpns.pid"
set hostname "l2tpns"
$([ -z "$4" ] || echo "set l2tp_secret \"$4\"")
set primary_dns 192.0.2.53
set primary_radius 127.0.0.1
set primary_radius_port 1812
set radius_secret "radiussecret"
set radius_authtypes "chap, pap"
set radius_accounting no
set allow_duplicate_users yes
set bind_address $3
set peer_address 10.63.0.1
set cli_bind_address 127.0.0.1
set l2tp_mtu 1500
set packet_limit 0
set cluster_interface lo
set cluster_hb_interval 3
set cluster_hb_timeout 7
$([ -z "${PPPOE_IF:-}" ] || printf 'set pppoe_if_to_bind "%s"\nset pppoe_ac_name "l2tpns"' "$PPPOE_IF")
$([ -z "${FORWARD:-}" ] || echo "setforward $FORWARD")
X
  echo 10.64.0.0/16 >"$D/ip_pool"
  : >"$D/users"
  ip -n "$netns" addr replace 10.63.0.1/32 dev lo
  spawn "l2tpns-$netns" ip netns exec "$netns" unshare -m sh -c "mount --bind '$D' /etc/l2tpns && mkdir -p /var/run && exec l2tpns -h l2tpns"
  bound 1701 || { cat "$RUN/l2tpns-$netns.log"; die "l2tpns did not start"; }
  for _ in $(seq 100); do grep -q 'declaring myself the master' "$RUN/l2tpns-$netns.log" && exit 0; sleep 0.05; done
  die "l2tpns did not become master" ;;
cli) ip netns exec "$netns" timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/23; (printf "%s\r\n" "$1" >&3; sleep 0.3; printf "quit\r\n" >&3) & cat <&3 2>/dev/null' - "$3" | LC_ALL=C tr -d '\000-\010\013-\037\177-\377' || true ;;
log) cat "$RUN/l2tpns-$netns.log" ;;
stop) reap "l2tpns-$netns"; reap "radius-$netns" ;;
*) usage ;;
esac
