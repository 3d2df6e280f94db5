#!/usr/bin/env bash
# Debian's FreeRADIUS on 127.0.0.1, ports 1645 and 1646, in the namespace it is called in.
#   radius.sh start NAME SECRET USERS    USERS: a file in the format of FreeRADIUS' users file
#   radius.sh detail NAME                the accounting records received so far
#   radius.sh ask coa|disconnect SECRET 'Attribute = value, ...'    by radclient, to port 3799; exit code 0 = acknowledged
#   radius.sh stop NAME
# In the environment: RADIUS_ADDRESS where it listens instead, for clients of any address (127.0.0.1)   RADIUS_NAS whom it asks (127.0.0.1)
. "$(dirname "$0")/common.sh"
[ $# -ge 2 ] || usage
D=$RUN/radius-$2 address=${RADIUS_ADDRESS:-127.0.0.1}
case $1 in
start)
  [ $# -eq 4 ] || usage
  need freeradius freeradius
  rm -rf "$D"
  mkdir -p "$D"
  cp "$4" "$D/users"
  # Only what PPP needs: names and passwords of a file, three ways to prove them, a log of accounting.
  cat >"$D/radiusd.conf" <<END
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = $D
logdir = $D
run_dir = $D
db_dir = $D
pidfile = $D/pid
proxy_requests = no
cleanup_delay = 2
max_requests = 65536
log {
  destination = stdout
}
security {
  reject_delay = 0
  status_server = no
}
thread pool {
  start_servers = 2
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
}
client here {
  ipaddr = $([ "$address" = 127.0.0.1 ] && echo 127.0.0.1 || echo 0.0.0.0/0)
  secret = "$3"
  require_message_authenticator = yes
}
modules {
  files {
    usersfile = $D/users
    key = "%{User-Name}"
  }
  detail {
    filename = $D/detail
    permissions = 0600
  }
  pap {
  }
  chap {
  }
  mschap {
  }
}
server router {
  listen {
    type = auth
    ipaddr = $address
    port = 1645
  }
  listen {
    type = acct
    ipaddr = $address
    port = 1646
  }
  authorize {
    chap
    mschap
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
    Auth-Type MS-CHAP {
      mschap
    }
  }
  preacct {
  }
  accounting {
    detail
  }
  # Debian's version signs nothing by itself; user "unsigned" gets answers as it gives them.
  post-auth {
    if (&User-Name != "unsigned") {
      update reply {
        Message-Authenticator := 0x00
      }
    }
    Post-Auth-Type REJECT {
      update reply {
        Message-Authenticator := 0x00
      }
    }
  }
}
END
  spawn "radius-$2" freeradius -f ${DEBUG:+-X} -l stdout -d "$D" -n radiusd
  for _ in $(seq 100); do
    ss -lun | grep -qF "$address:1646 " && exit 0
    sleep 0.1
  done
  cat "$RUN/radius-$2.log" >&2
  die "freeradius did not start"
  ;;
detail) cat "$D/detail" 2>/dev/null || true ;;
ask)
  [ $# -eq 4 ] || usage
  need radclient freeradius-utils
  echo "$4" | radclient -x -r 1 -t 3 "${RADIUS_NAS:-127.0.0.1}:3799" "$2" "$3" 2>&1
  ;;
stop) reap "radius-$2" ;;
*) usage ;;
esac
